"""The first page after signing in."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch

from ketaflow.people.roles import Duty
from ketaflow.web.gate import StaffRequest, duty


@duty(Duty.SEE_BOARD)
def start(request: StaffRequest) -> HttpResponse:
    """Go to the board, where a clinic's day begins."""
    try:
        return redirect("board")
    except NoReverseMatch:
        return render(request, "home.html")


@duty(Duty.SEE_BOARD)
def still_here(request: StaffRequest) -> HttpResponse:
    """Say that somebody is typing, so that a long note does not lock the screen."""
    return HttpResponse(status=204)
