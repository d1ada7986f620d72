"""Every instrument of the library on its page: asked, taken as a total, or not there at all."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.urls import reverse

from ketaflow.instruments.library import Verdict, instrument, lend, library
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.people.roles import Role

NOT_TAKEN = {name for name, one in library().items() if one.verdict is Verdict.LINK} | {"bpi-sf"}


@pytest.fixture
def open_page(signed_in, patient):
    client = signed_in(Role.NURSE)

    def opened(name, sent=None):
        url = reverse("outcome_give", args=[patient.id, name])
        if sent is None:
            return client.get(url)
        return client.post(url, {"sheet": uuid4(), "occasion": "BASELINE", **sent})

    return opened


@pytest.fixture
def licensed():
    def lent(name):
        one = instrument(name)
        items = tuple(replace(item, text=f"Made-up {item.key}") for item in one.items)
        made = replace(one, verdict=Verdict.LICENSED, notice="Licensed to us.", items=items)
        lend({name: made})

    yield lent
    lend({})


@pytest.mark.parametrize("name", library())
def test_an_instrument_has_its_page_unless_it_may_only_be_named_or_has_no_total(open_page, name):
    got = open_page(name)
    assert got.status_code == (404 if name in NOT_TAKEN else 200)
    if got.status_code == 200 and instrument(name).needs_paper:
        assert "may not be shown here" in got.content.decode()


@pytest.mark.parametrize(("suicide", "tasks"), [("0", 0), ("1", 1), (None, 1)])
def test_the_hamilton_scale_is_rated_item_by_item_and_its_third_opens_a_task(
    open_page, suicide, tasks
):
    sent = {f"item-{number}": "1" for number in range(1, 18)} | {"item-3": suicide}
    sent = {key: value for key, value in sent.items() if value is not None}
    assert open_page("ham-d", sent | {"incomplete": "yes"}).status_code == 302
    assert SafetyTask.objects.count() == tasks
    assert Answered.objects.get().total == (None if suicide is None else 16 + int(suicide))


def test_a_licensed_questionnaire_asks_its_questions_with_its_licence_below(open_page, licensed):
    licensed("qids-sr16")
    page = open_page("qids-sr16").content.decode()
    assert "Made-up 16" in page
    assert "Licensed to us." in page
    sent = {f"item-{number}": "1" for number in range(1, 17) if number not in {7, 8}}
    assert open_page("qids-sr16", sent | {"item-12": "0"}).status_code == 302
    assert Answered.objects.get().total == 8


def test_a_licensed_questionnaire_asks_once_for_what_was_left_open(open_page, licensed):
    licensed("qids-sr16")
    sent = {f"item-{number}": "0" for number in range(1, 17) if number not in {6, 7, 16}}
    got = open_page("qids-sr16", sent)
    assert got.status_code == 422
    assert "Not answered: 6, 7, 16." in got.content.decode()
