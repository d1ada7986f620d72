"""How the pages about monitors look and work, at a desk and on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ketaflow.cli.fictional import clinic
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as sessions
from ketaflow.session.monitors import actions
from ketaflow.session.monitors.arrivals import By

from ..access import stages
from ..arriving import arrival
from .test_look import look, sign_in

pytestmark = pytest.mark.browser


def test_a_nurse_assigns_binds_and_confirms_without_a_barrier(page, committed):
    team = clinic.open_clinic(timezone.now())
    ids = stages.in_the_chair(team, 1, 45)
    held = sessions.session(clinic=team.clinic.id, id=ids["session"])
    chair = next(o for o in schedule.chairs(clinic=team.clinic.id) if o.name == held.chair)
    now, nurse = timezone.now(), team.staff["nurse"]
    actions.bind(monitor=By.DEVICE, value="OX-7", chair=chair.id, by=nurse.author, at=now)
    stray = {"place": "HO Surgery^OR^1", "patients": ("HO2009001",)}
    told = [
        arrival(now - timedelta(seconds=9), "1", systolic=131, diastolic=77, spo2=97, **stray),
        arrival(now - timedelta(seconds=8), "2", heart_rate=71, devices=("OX-7",)),
    ]
    actions.receive(arrivals=told, clinic=team.clinic.id, at=now)
    sign_in(page, nurse)
    page.goto("/monitors/")
    page.get_by_text("Assign or discard").click()
    look(page, "monitors")
    page.get_by_label("Whose readings these are").select_option(str(held.id))
    page.get_by_role("button", name="Assign").click()
    assert page.title().startswith("Error: ")
    page.get_by_text("Assign or discard").click()
    page.get_by_label("How you know").fill("I read the name on the screen")
    page.get_by_role("button", name="Assign").click()
    assert page.get_by_text("1 message joined the session").is_visible()
    page.goto(f"/sessions/{held.id}/")
    look(page, "session-monitor")
    for left in (1, 0):
        page.get_by_role("button", name="Confirm").first.click()
        assert page.get_by_text("The row is confirmed.").is_visible()
        assert page.locator("#flow").get_by_text("not yet confirmed").count() == left
