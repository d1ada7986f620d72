"""When, where, with whom: the day board and the week."""

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ketaflow.people.roles import Duty
from ketaflow.schedule import queries
from ketaflow.schedule.standing import STANDING
from ketaflow.web.gate import StaffRequest, duty

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
YEARS = range(2000, 2200)


def day_asked(request: StaffRequest) -> date:
    """The day in the address; today where there is none that can be read."""
    try:
        asked = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return timezone.localdate()
    # Years on either side of any clinic's: beyond them the calendar itself ends.
    return asked if asked.year in YEARS else timezone.localdate()


@duty(Duty.SEE_BOARD)
def day(request: StaffRequest) -> HttpResponse:
    """Show one day: chairs across, quarter hours down, and the same visits as a list."""
    on, clinic, now = day_asked(request), request.clinic.id, timezone.now()
    visits = queries.on_days(clinic=clinic, first=on, last=on)
    context = {
        "day": on,
        "today": timezone.localdate(),
        "before": on - DAY,
        "after": on + DAY,
        "board": queries.day_board(clinic=clinic, day=on, visits=visits, at=now),
        "visits": visits,
        "shifts": queries.shifts(clinic=clinic, first=on, last=on),
        "lacking": queries.lacking(clinic=clinic),
    }
    return render(request, "schedule/day.html", context)


@duty(Duty.SEE_BOARD)
def week(request: StaffRequest) -> HttpResponse:
    """Show a week: each day with who is on duty and who comes."""
    asked, clinic = day_asked(request), request.clinic.id
    monday = asked - timedelta(days=asked.weekday())
    days = [monday + timedelta(days=ahead) for ahead in range(7)]
    known = queries.on_days(clinic=clinic, first=days[0], last=days[-1])
    visits = [one for one in known if one.standing in STANDING]
    shifts = queries.shifts(clinic=clinic, first=days[0], last=days[-1])
    opened = queries.week_hours(clinic=clinic)
    context = {
        "monday": monday,
        "sunday": days[-1],
        "today": timezone.localdate(),
        "before": monday - WEEK,
        "after": monday + WEEK,
        "lacking": queries.lacking(clinic=clinic),
        "days": [
            {
                "day": on,
                "hours": opened.get(on.weekday()),
                "shifts": [one for one in shifts if one.day == on],
                "visits": [one for one in visits if timezone.localtime(one.starts_at).date() == on],
            }
            for on in days
        ],
    }
    return render(request, "schedule/week.html", context)
