"""What every page says about itself: it reminds, it does not watch and it runs nothing."""

import pytest
from django.urls import reverse

from ketaflow.people.roles import Role

SAYS = "It does not control a pump and is not an alarm"


@pytest.mark.parametrize("page", ["home", "board", "patients", "schedule", "safety_tasks"])
def test_every_page_says_that_it_is_no_alarm_and_runs_no_pump(page, signed_in):
    assert SAYS in signed_in(Role.NURSE).get(reverse(page), follow=True).content.decode()


def test_so_do_the_pages_of_a_patient_and_the_way_in(patient, signed_in, client):
    chart = signed_in(Role.NURSE).get(reverse("patient", args=[patient.id]))
    assert SAYS in chart.content.decode()
    assert SAYS in client.get("/", follow=True).content.decode()
