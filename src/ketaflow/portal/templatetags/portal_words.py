"""Days and moments as each language writes them."""

from datetime import date, datetime

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def day(at: date | datetime) -> str:
    """A day: Monday 2 March 2026."""
    # Translators: how a day is written, in the letters of Django's date filter.
    return date_format(_local(at), _("l j F Y"))


@register.filter
def moment(at: datetime) -> str:
    """A day and a time."""
    # Translators: how a day with a time is written, in the letters of Django's date filter.
    return date_format(_local(at), _("l j F Y, H:i"))


@register.filter
def short_day(at: date | datetime) -> str:
    """A day in a table."""
    # Translators: how a day is written in a table, in the letters of Django's date filter.
    return date_format(_local(at), _("j M Y"))


@register.filter
def clock(at: datetime) -> str:
    """A time."""
    return date_format(_local(at), "H:i")


def _local(at: date | datetime) -> date | datetime:
    return localtime(at) if isinstance(at, datetime) else at
