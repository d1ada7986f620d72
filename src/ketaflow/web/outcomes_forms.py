"""The forms by which a questionnaire is given and a safety task is answered."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django import forms

from ketaflow.instruments.library import Instrument, Item, instrument
from ketaflow.instruments.scoring import match, missing
from ketaflow.outcomes import sheet as sheets
from ketaflow.outcomes.safety import Closing, Outcome
from ketaflow.outcomes.sheet import Occasion, Sheet
from ketaflow.outcomes.suicidality import COLUMBIA

INCOMPLETE = "incomplete"
NOT_ANSWERED = "none"
# MADRS item 10 goes furthest; no item about suicide of an instrument known here goes beyond.
MOST_SUICIDE_POINTS = 6


class GivenForm(forms.Form):
    """When in the course a sheet was given; `sheet` is the paper's own number."""

    occasion = forms.ChoiceField(
        label="When is it given?", choices=[(one.value, one.label) for one in Occasion]
    )
    session_number = forms.IntegerField(
        label="Session",
        required=False,
        min_value=1,
        max_value=999,
        widget=forms.NumberInput(attrs={"class": "govuk-input govuk-input--width-3"}),
    )
    sheet = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def renew(self) -> None:
        """Give the paper a new number: what is sent next is another sheet."""
        sent: Any = self.data
        self.data = {**sent.dict(), self.add_prefix("sheet"): str(uuid4())}

    def _sheet(self, name: str, course: Any, **filled: Any) -> Sheet:
        said = self.cleaned_data
        return Sheet(
            id=said["sheet"],
            instrument=name,
            occasion=Occasion(said.get("occasion") or Occasion.FOLLOW_UP),
            course=course.id if course else None,
            session_number=said.get("session_number"),
            **filled,
        )


class QuestionsForm(GivenForm):
    """All questions of an instrument, each a row of answers; none must be answered."""

    def __init__(self, *args: Any, asked: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        for item in asked.items:
            self.fields[_name(item)] = forms.TypedChoiceField(
                label=item.text or f"Item {item.key}",
                choices=_choices(item),
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
            )

    def questions(self) -> Iterator[tuple[Item, Any]]:
        """Each item with its field, as the template draws them."""
        for item in self.asked.items:
            yield item, self[_name(item)]

    def answers(self) -> tuple[int | None, ...]:
        """The answers in the order of the items."""
        return tuple(self.cleaned_data.get(_name(item)) for item in self.asked.items)

    def filled(self, course: Any = None) -> Sheet:
        """The sheet as it was filled in."""
        return self._sheet(self.asked.id, course, answers=self.answers())

    def clean(self) -> dict[str, Any]:
        """Ask once whether questions were left out on purpose; a given alarm never waits."""
        said = super().clean() or {}
        given = self.answers()
        alarm = any(
            answer and item.suicidality
            for item, answer in zip(self.asked.items, given, strict=True)
        )
        if not self.errors and not alarm and INCOMPLETE not in self.data:
            self._ask_for_missing(given)
        return said

    def _ask_for_missing(self, given: tuple[int | None, ...]) -> None:
        open_ones = missing(self.asked, match(self.asked.id, given))
        if not open_ones:
            return
        self.incomplete = True
        numbers = ", ".join(item.key for item in open_ones)
        warning = f"Not answered: {numbers}. There is no total then."
        if any(item.suicidality for item in open_ones):
            warning += " A question about suicide is among them: that opens a safety task."
        self.add_error(None, f"{warning} Answer them, or record the sheet as incomplete.")

    incomplete = False


class TotalForm(GivenForm):
    """The total of an instrument whose wording may not ship."""

    total = forms.DecimalField(
        label="Total",
        max_digits=6,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"class": "govuk-input govuk-input--width-5"}),
    )
    suicide_item = forms.TypedChoiceField(
        choices=[
            ("", "Choose"),
            *((str(value), str(value)) for value in range(MOST_SUICIDE_POINTS + 1)),
            (NOT_ANSWERED, "Not answered"),
        ],
        coerce=lambda said: None if said == NOT_ANSWERED else int(said),
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        low, high = sheets.limits_of(name)
        self.fields["total"].help_text = f"From {low} to {high}, as the sheet says."
        if item := sheets.suicide_item(name):
            self.fields["suicide_item"].label = f"Item {item}, about suicide"
        else:
            del self.fields["suicide_item"]
        self.order_fields(["total", "suicide_item", "occasion", "session_number"])

    def filled(self, course: Any = None) -> Sheet:
        """The sheet as it was filled in."""
        said = self.cleaned_data
        item = said.get("suicide_item")
        return self._sheet(self.name, course, total=said["total"], suicide_item=item)


class ColumbiaForm(QuestionsForm):
    """The Columbia screener on a safety task: asked now, in this encounter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, asked=instrument(COLUMBIA), **kwargs)
        del self.fields["occasion"], self.fields["session_number"]


class CloseForm(forms.Form):
    """How a safety task ended."""

    outcome = forms.ChoiceField(
        label="How did it end?",
        choices=[(one.value, one.label) for one in Outcome],
        widget=forms.RadioSelect,
    )
    safety_plan = forms.BooleanField(
        label="A safety plan was agreed with the patient", required=False
    )
    reason = forms.CharField(
        label="What was done, and why it can be closed",
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def closing(self) -> Closing:
        """What these fields say."""
        said = self.cleaned_data
        return Closing(Outcome(said["outcome"]), said["safety_plan"], said["reason"])


def _name(item: Item) -> str:
    return f"item-{item.key}"


def _choices(item: Item) -> list[tuple[int, str]]:
    if item.labels:
        return list(enumerate(item.labels, start=item.low))
    return [(value, str(value)) for value in range(item.low, item.high + 1)]
