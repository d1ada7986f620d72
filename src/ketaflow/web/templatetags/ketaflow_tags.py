"""Tags and filters every template may use; what they draw is in `templates/components/`."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version as installed
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms.formsets import BaseFormSet
from django.forms.widgets import Input
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ketaflow.people import queries as people
from ketaflow.people.chart import Kind
from ketaflow.people.registration import age_on
from ketaflow.people.roles import Duty, may
from ketaflow.web.charts import Chart

register = template.Library()

PLACES = (
    ("board", "Board"),
    ("schedule", "Schedule"),
    ("patients", "Patients"),
    ("due", "Due"),
    ("safety_tasks", "Tasks"),
    ("monitoring_forms", "Forms"),
    ("custody", "Custody"),
    ("monitors", "Monitors"),
    ("policy", "Policy"),
    ("record", "Record"),
    ("staff", "Staff"),
)
# In the order in which a patient meets them; a page that does not exist yet is left out.
PATIENT_PLACES = (
    ("patient", "Overview"),
    ("chart", "Chart"),
    ("screening", "Screening"),
    ("course", "Course"),
    ("sessions", "Sessions"),
    ("outcomes", "Outcomes"),
    ("aftercare", "Aftercare"),
    ("patient_record", "Record"),
)
COLOURS = {"grey", "green", "teal", "blue", "purple", "magenta", "red", "orange", "yellow"}
CARE_WORDS = {"note": "For information", "caution": "Take care", "urgent": "Stop"}

# How each widget is dressed: the kit's class, and which markup goes around it.
WIDGETS: tuple[tuple[type[forms.Widget], str, str], ...] = (
    (forms.CheckboxSelectMultiple, "checkboxes", "govuk-checkboxes__input"),
    (forms.RadioSelect, "radios", "govuk-radios__input"),
    (forms.CheckboxInput, "checkbox", "govuk-checkboxes__input"),
    (forms.Select, "plain", "govuk-select"),
    (forms.Textarea, "plain", "govuk-textarea"),
    (forms.FileInput, "plain", "govuk-file-upload"),
    (Input, "input", "govuk-input"),
)


@register.filter
def dress(field: forms.BoundField) -> str:
    """Give the widget of `field` the kit's class; return which markup it needs around it."""
    widget = field.field.widget
    found = (known for known in WIDGETS if isinstance(widget, known[0]))
    _, kind, style = next(found, (forms.Widget, "plain", ""))
    if field.errors and kind in ("plain", "input"):
        style += f" {style}--error"
    given = widget.attrs.get("class", "")
    if style and not set(style.split()) <= set(given.split()):
        widget.attrs["class"] = f"{style} {given}".strip()
    if isinstance(widget, forms.NumberInput):
        # A mouse wheel over a focused number box changes what was typed: never for a dose.
        whole = isinstance(field.field, forms.IntegerField) and not isinstance(
            field.field, forms.DecimalField | forms.FloatField
        )
        widget.input_type = "text"
        widget.attrs |= {"inputmode": "numeric" if whole else "decimal", "autocomplete": "off"}
        for unwanted in ("min", "max", "step"):
            widget.attrs.pop(unwanted, None)
    return kind


@register.simple_tag(takes_context=True)
def places(context: template.Context) -> list[dict[str, Any]]:
    """The pages of the clinic that this person may open."""
    return list(_reachable(context, PLACES))


@register.simple_tag(takes_context=True)
def patient_places(context: template.Context, patient: Any) -> list[dict[str, Any]]:
    """The pages of one patient that this person may open."""
    return list(_reachable(context, PATIENT_PLACES, {"patient": patient.id}))


def _reachable(
    context: template.Context, listed: Sequence[tuple[str, str]], of: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    request = context["request"]
    open_page = getattr(request.resolver_match, "url_name", None)
    for name, label in listed:
        try:
            url = reverse(name, kwargs=of)
        except NoReverseMatch:
            continue
        # What the view itself asks for decides; a list of its own could disagree.
        asked: tuple[Duty, ...] = getattr(resolve(url).func, "duties", ())
        if any(may(request.author.roles, one) for one in asked):
            within = name != "patient" and request.path.startswith(url.rstrip("/") + "/")
            yield {"url": url, "label": label, "current": open_page == name or within}


@register.simple_tag(takes_context=True)
def allergies(context: template.Context, patient: Any) -> list[str] | None:
    """What the chart says about allergies; None for somebody who may not read charts."""
    author = context["request"].author
    if not may(author.roles, Duty.SEE_CHART):
        return None
    found = people.facts(clinic=author.clinic, patient=patient.id, kind=Kind.ALLERGY)
    return sorted({item.text for item in found if item.active})


@register.filter
def asking(label: str) -> str:
    """A label before what is wrong with it: a question keeps its mark, others get a colon."""
    return label if label.endswith("?") else f"{label}:"


@register.filter
def told_time(said: str) -> datetime:
    """A time as a row keeps it, ready to be shown in the clinic's zone."""
    return datetime.fromisoformat(said)


@register.filter
def exact(value: Decimal | None) -> str:
    """An amount with all of its decimals and no trailing zero."""
    return "" if value is None else f"{value.normalize():f}"


@register.filter
def age(born_on: date) -> int:
    """Completed years today, where the clinic is."""
    return age_on(born_on, timezone.localdate())


@register.simple_tag
@cache
def version() -> str:
    """The version that runs."""
    return installed("ketaflow")


@register.simple_tag
def tag(text: object, colour: str = "") -> SafeString:
    """A word in a box: the word says it, the colour repeats it."""
    if colour and colour not in COLOURS:
        raise template.TemplateSyntaxError(
            f"A tag cannot be {colour}; choose {', '.join(sorted(COLOURS))}."
        )
    style = f" govuk-tag--{colour}" if colour else ""
    return format_html('<strong class="govuk-tag{}">{}</strong>', style, text)


@register.simple_block_tag
def flowsheet(content: str, name: str) -> str:
    """A dense table in a named box that scrolls and takes the keyboard."""
    return render_to_string("components/flowsheet.html", {"content": content, "name": name})


@register.simple_block_tag
def care(content: str, level: str, title: str) -> str:
    """A care card of three levels: note, caution, urgent."""
    said = {"content": content, "level": level, "word": CARE_WORDS[level], "title": title}
    return render_to_string("components/care.html", said)


@register.simple_block_tag
def chart(content: str, drawn: Chart) -> str:
    """A chart beside its table: the block's own, or one made from the chart's values."""
    zone = str(timezone.get_current_timezone())
    data = drawn.for_browser() | {"zone": zone}
    said = {"content": mark_safe(content.strip()), "chart": drawn, "data": data}
    return render_to_string("components/chart.html", said)


@register.filter
def moment(x: float, unit: str) -> str:
    """A place on a chart's axis in words."""
    if unit != "time":
        return f"{x:g}"
    at = timezone.localtime(datetime.fromtimestamp(x, tz=UTC))
    return f"{at.day} {at:%b %Y, %H:%M}"


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Pairs of label and value; a third member is the address where it can be changed."""
    return {"rows": [(*row, "")[:3] for row in rows]}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any]) -> dict[str, Any]:
    """Previous and next, keeping what was searched for."""
    return {"page": page, "request": context["request"]}


@register.simple_tag(takes_context=True)
def error_summary(context: template.Context) -> str:
    """Every error of every form of the page, linked to its field."""
    wrong = list(_wrong_forms(context))
    return render_to_string("components/error_summary.html", {"forms": wrong}) if wrong else ""


@register.simple_tag(takes_context=True)
def error_prefix(context: template.Context) -> SafeString:
    """How the title of a page with errors begins."""
    return mark_safe("Error: " if any(_wrong_forms(context)) else "")


def _wrong_forms(context: template.Context) -> Iterator[forms.BaseForm]:
    met: set[int] = set()
    for value in context.flatten().values():
        for one in _forms_in(value):
            if id(one) not in met and one.is_bound and one.errors:
                met.add(id(one))
                yield one


def _forms_in(value: Any) -> Iterator[forms.BaseForm]:
    if isinstance(value, forms.BaseForm):
        yield value
    elif isinstance(value, BaseFormSet | list | tuple):
        for one in value:
            if isinstance(one, forms.BaseForm):
                yield one
