"""What anybody may read. Nothing here knows a clinic, a patient or who is asking."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ketaflow.portal.information import claims as said
from ketaflow.portal.information import options as choices
from ketaflow.portal.information.marks import Cited
from ketaflow.portal.information.pages import pages, parts

View = Callable[..., HttpResponse]
FEWEST = 2


def public(view: View) -> View:
    """Let anybody open a page that only reads; a test holds every such page to knowing nobody."""
    guarded: Any = require_safe(view)
    guarded.public = True
    return guarded


@public
def contents(request: HttpRequest) -> HttpResponse:
    """Every page of the library, by part."""
    context = {"parts": parts(), "groups": choices.groups().values()}
    return render(request, "information/contents.html", context)


@public
def page(request: HttpRequest, page: str) -> HttpResponse:
    """One page of the library."""
    if page not in pages():
        raise Http404
    one = pages()[page]
    content, sources = one.shown()
    context = {"page": one, "content": content, "sources": sources}
    return render(request, "information/page.html", context | _reviewed(one.reviewed_on))


@public
def options(request: HttpRequest, group: str) -> HttpResponse:
    """Every option for one condition, one below the other."""
    if group not in choices.groups():
        raise Http404
    one, cited = choices.groups()[group], Cited()
    told = [(option, _answers(option.shown(cited))) for option in one.options]
    context = {"group": one, "told": told, "sources": cited.sources()}
    return render(request, "information/options.html", context | _reviewed(one.reviewed_on))


@public
def compare(request: HttpRequest) -> HttpResponse:
    """The options somebody chose, side by side."""
    groups = choices.groups()
    group = groups.get(request.GET.get("for", ""))
    wanted = request.GET.getlist("option")
    chosen = group.chosen(wanted) if group else ()
    cited = Cited()
    columns = [(option, option.shown(cited)) for option in chosen]
    rows = [
        (question, [told[key] for _, told in columns]) for key, question in choices.ASKED.items()
    ]
    context = {
        "groups": groups.values(),
        "group": group,
        "wanted": [option.id for option in chosen],
        "chosen": chosen,
        "rows": rows if len(chosen) >= FEWEST else [],
        "too_few": bool(group and "show" in request.GET and len(chosen) < FEWEST),
        "sources": cited.sources() if len(chosen) >= FEWEST else (),
    }
    return render(request, "information/compare.html", context)


@public
def claims(request: HttpRequest) -> HttpResponse:
    """What is often said about ketamine, and what is so."""
    found, cited = said.claims(), Cited()
    told = [claim.shown(cited) for claim in found.every]
    context = {"told": told, "sources": cited.sources()}
    return render(request, "information/claims.html", context | _reviewed(found.reviewed_on))


def _answers(shown: Any) -> list[tuple[str, str]]:
    return [(question, shown[key]) for key, question in choices.ASKED.items()]


def _reviewed(on: date) -> dict[str, date]:
    return {"reviewed_on": on}
