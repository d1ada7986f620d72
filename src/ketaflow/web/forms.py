"""How forms are drawn and answered. Django writes the ARIA; our templates give the ids it names."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ketaflow.refusals import Refused

WRONG = 422


class Renderer(TemplatesSetting):
    """Draws each field with the clinic's own component."""

    field_template_name = "components/field.html"
    form_template_name = "components/form.html"


def ordinal(said: str) -> int | None:
    """The number of an entry as a page hands it out and gets it back; None for anything else."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 9 else None


class DayInput(forms.DateInput):
    """A calendar day."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """A day and a time, in the clinic's time zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


def refuse(form: forms.BaseForm, refusal: Refused, field: str | None = None) -> None:
    """Show what an action refused at the top of `form`, or at the `field` that caused it."""
    form.is_valid()  # an unvalidated form has nowhere to put an error
    form.add_error(field, str(refusal))


def answer(
    request: HttpRequest, template: str, context: Mapping[str, Any], form: forms.BaseForm
) -> HttpResponse:
    """Render `template` with `form`: 200, or 422 when the form was sent and is wrong."""
    wrong = form.is_bound and bool(form.errors)
    whole = {"form": form, **context}
    return render(request, template, whole, status=WRONG if wrong else 200)
