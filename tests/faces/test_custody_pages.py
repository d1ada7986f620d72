"""The custodian's pages: a day from the delivery to the discrepancy, by the forms people use."""

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.custody import queries
from ketaflow.custody.counting import queries as counting
from ketaflow.custody.items import Details, Form
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import Terms
from ketaflow.custody.proof.queries import verify
from ketaflow.custody.setting import actions as setting
from ketaflow.protocol.library import Drug

from ..access import stages

GTIN = "00312345678906"
FORM_OF = {
    "supplier": "Elm Pharma", "address": "2 Elm Street", "registration": "RE1",
    "line-TOTAL_FORMS": 2, "line-INITIAL_FORMS": 0,
}  # fmt: skip


class Day:
    """A clinic that keeps custody today, and whoever signs in."""

    def __init__(self, team=None):
        self.team = team or fictional.open_clinic(timezone.now())
        self.id = self.team.clinic.id
        keeper, at = self.team.staff["custodian"].author, timezone.now()
        self.places = {
            kind: setting.add_place(name=kind.label.capitalize(), kind=kind, by=keeper, at=at)
            for kind in PlaceKind
        }
        details = Details(Drug.KETAMINE, Form.VIAL, Decimal(50), Decimal(10), "CIII", gtin=GTIN)
        self.item = setting.add_item(details=details, by=keeper, at=at)
        terms = Terms("us-federal", Decimal(1), 24, 0)
        setting.sign_terms(terms=terms, seen=0, by=self.team.staff["director"].author, at=at)

    def page(self, who):
        client = Client()
        client.force_login(self.team.staff[who].user)
        return client

    @property
    def expires_on(self):
        return timezone.localdate() + timedelta(days=300)

    @property
    def box(self):
        return f"]d201{GTIN}17{self.expires_on:%y%m%d}10A12"

    def receive(self, containers=1, invoice="I-1", **said):
        """Take in one line, typed; or whatever else is said."""
        typed = {"item": self.item, "lot": "A12", "expires_on": self.expires_on}
        line = {f"line-0-{key}": one for key, one in (typed | {"containers": containers}).items()}
        told = {"invoice": invoice, "place": self.places[PlaceKind.VAULT], "take": "yes"}
        return self.page("custodian").post("/custody/receive/", FORM_OF | told | line | said)

    def vials(self):
        return queries.held(clinic=self.id)


@pytest.fixture
def day(db):
    return Day()


@pytest.fixture
def chair(day):
    """A patient who was just checked in."""
    return stages.just_come(day.team, 8)["session"]


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


SIGNED = {"email": "nurse2@example.org", "password": fictional.PASSWORD}


def draw(day, chair, **said):
    return day.page("nurse").post(
        f"/custody/sessions/{chair}/draw/", {f"draw-{key}": value for key, value in said.items()}
    )


def test_a_delivery_is_scanned_in_and_stands_in_the_vault(day):
    assert day.receive(3).status_code == 302
    found = words(day.page("custodian").get("/custody/"))
    assert "ketamine 50 mg/mL, vial of 10 mL" in found
    assert "A12" in found
    assert "Count now" in found
    again = day.receive(3)
    assert again.status_code == 409
    assert "sent twice and kept once" in words(again)


@pytest.mark.parametrize(
    ("said", "why"),
    [({"scan": "4006381333931"}, "not the code of a box of medicine"),
     ({"scan": "hello"}, "not the code of a box of medicine"),
     ({"scan": "0109501101530003172712311099"}, "Add that item first"),
     ({"scan": f"01{GTIN}"}, "does not say its lot and expiry"),
     ({"line-0-lot": ""}, "Enter the Lot of this line"),
     ({"line-0-item": "", "line-0-lot": "", "line-0-expires_on": "", "line-0-containers": ""},
      "1 to 500 containers"),
     ({"line-0-expires_on": "2020-01-01"}, "do not take it in"),
     ({"line-0-containers": "-1"}, "greater than or equal to 1"),
     ({"supplier": ""}, "required")],
)  # fmt: skip
def test_a_delivery_that_cannot_be_is_refused_with_what_was_typed(day, said, why):
    answer = day.receive(1, **said)
    assert answer.status_code == 422
    assert why in words(answer)
    assert 'value="I-1"' in answer.content.decode()
    assert not day.vials()


def test_many_boxes_are_scanned_onto_one_list_and_taken_in_at_once(day):
    """As a scanner does it, without a script: each Enter sends the form and gets it back."""
    clerk, sent = day.page("custodian"), FORM_OF | {"invoice": "I-9"}
    sent |= {"place": day.places[PlaceKind.VAULT]}
    for serial in ("S1", "S2", ""):
        scan = f"{day.box}\x1d21{serial}" if serial else day.box
        page = clerk.post("/custody/receive/", sent | {"scan": scan})
        assert page.status_code == 200
        sent |= listed(page)
    assert not day.vials(), "nothing is kept before it is taken in"
    twice = clerk.post("/custody/receive/", sent | {"scan": f"{day.box}\x1d21S2"})
    assert "S2 is on the list already" in words(twice)
    assert (twice.status_code, "required" in words(twice)) == (422, False)
    sent |= {"line-2-item": day.item, "line-2-lot": "B7", "line-2-containers": 4}
    sent |= {"line-2-expires_on": day.expires_on, "take": "yes"}
    assert clerk.post("/custody/receive/", sent).status_code == 302
    assert Counter((one.lot, one.serial) for one in day.vials()) == {
        ("A12", "S1"): 1, ("A12", "S2"): 1, ("A12", ""): 1, ("B7", ""): 4,
    }  # fmt: skip
    first = queries.container(clinic=day.id, id=day.vials()[0].id)
    assert first.receipt.invoice == "I-9"
    verify()


def listed(page):
    """What a browser would send back of the list."""
    lines = page.context["lines"]
    counts = {"TOTAL_FORMS": lines.total_form_count(), "INITIAL_FORMS": lines.initial_form_count()}
    fields = {one.html_name: one.value() for line in lines for one in line}
    told = fields | {f"line-{key}": value for key, value in counts.items()}
    return {name: "" if value is None else value for name, value in told.items()}


def test_the_ordered_volume_is_proposed_and_a_scan_is_enough(day, chair):
    day.receive()
    page = day.page("nurse").get(f"/custody/sessions/{chair}/")
    account = queries.account(clinic=day.id, session=chair)
    assert f'value="{account.quantity.normalize():f}"' in page.content.decode()
    assert draw(day, chair, scan=day.box, quantity=f"{account.quantity:f}").status_code == 302
    assert queries.account(clinic=day.id, session=chair).drawn == account.quantity * 50
    verify()


@pytest.mark.parametrize(
    ("said", "why"),
    [({"quantity": "-1"}, "must be more than 0"),
     ({"quantity": "0.8000001"}, "7 decimals"),
     ({"quantity": "11"}, "meant to be"),
     ({"scan": "0109501101530003172712311099", "container": ""}, "nothing of it is there"),
     ({"container": ""}, "Scan the box, or choose the container"),
     ({"container": "nonsense"}, "Select a valid choice")],
)  # fmt: skip
def test_what_cannot_be_drawn_comes_back_with_what_was_typed(day, chair, said, why):
    day.receive()
    (vial,) = day.vials()
    told = {"container": f"{vial.id}:{vial.ordinal}", "quantity": "0.8"} | said
    answer = draw(day, chair, **told)
    assert answer.status_code == 422
    assert why in words(answer)
    assert queries.account(clinic=day.id, session=chair).drawn == 0


def test_a_stale_page_is_told_and_shows_what_is_there_now(day, chair):
    day.receive()
    (vial,) = day.vials()
    stale = f"{vial.id}:{vial.ordinal}"
    draw(day, chair, container=stale, quantity="0.3")
    answer = draw(day, chair, container=stale, quantity="0.4")
    assert answer.status_code in {409, 422}
    assert queries.account(clinic=day.id, session=chair).drawn == 15


def test_waste_wants_another_person_with_their_own_password(day, chair):
    day.receive()
    draw(day, chair, scan=day.box, quantity="0.8")
    (one,) = queries.draws(clinic=day.id, session=chair)
    url = f"/custody/sessions/{chair}/waste-{one.id}/"
    seen = one.container.ordinal
    told = {"seen": seen, "quantity": "0.3", "reason": "left over"}

    def waste(**signed):
        sent = {f"waste-{one.id}-{key}": value for key, value in (told | signed).items()}
        return day.page("nurse").post(url, sent)

    own = waste(email="nurse@example.org", password=fictional.PASSWORD)
    assert "cannot witness their own work" in words(own)
    wrong = waste(email="nurse2@example.org", password="not it")
    assert "Type them again" in words(wrong)
    desk = waste(email="desk@example.org", password=fictional.PASSWORD)
    assert desk.status_code == 403
    assert waste(**SIGNED).status_code == 302
    assert queries.account(clinic=day.id, session=chair).wasted == 15
    verify()


def test_a_count_is_blind_and_a_discrepancy_opens_an_incident_with_its_clocks(day):
    day.receive(3)
    vault = day.places[PlaceKind.VAULT]
    sheet = day.page("nurse").get(f"/custody/places/{vault}/count/")
    assert "expected" not in words(sheet).replace("What is expected is shown once", "")
    (line,) = counting.sheet(clinic=day.id, place=vault)
    told = {"found-0": "2", "key-0": line.key, "mark-0": line.mark}
    answer = day.page("nurse").post(f"/custody/places/{vault}/count/", told, follow=True)
    assert "Does not agree" in words(answer)
    (incident,) = queries.incidents(clinic=day.id)
    assert incident.difference_mg == -500
    assert incident.notice_on > timezone.localdate()
    page = words(day.page("custodian").get(f"/custody/incidents/{incident.id}/"))
    assert "Received" in page
    assert "since the first delivery" in page


def test_a_count_while_a_draw_is_in_flight_is_refused_and_begins_anew(day, chair):
    day.receive()
    vault = day.places[PlaceKind.VAULT]
    (line,) = counting.sheet(clinic=day.id, place=vault)
    told = {"found-0": "1", "key-0": line.key, "mark-0": line.mark}
    draw(day, chair, scan=day.box, quantity="0.8")
    answer = day.page("nurse2").post(f"/custody/places/{vault}/count/", told)
    assert answer.status_code == 422
    assert "while you counted. Count this place again" in words(answer)
    assert not counting.counts(clinic=day.id)


def test_an_incident_is_judged_reported_and_closed_in_that_order(day):
    test_a_count_is_blind_and_a_discrepancy_opens_an_incident_with_its_clocks(day)
    (incident,) = queries.incidents(clinic=day.id)

    def do(deed, **said):
        seen = queries.incident(clinic=day.id, id=incident.id).ordinal
        told = {f"{deed}-{key}": value for key, value in ({"seen": seen} | said).items()}
        return day.page("custodian").post(f"/custody/incidents/{incident.id}/{deed}/", told)

    assert "Decide first" in words(do("close", finding="found it"))
    assert do("judge", significant="yes", reason="a whole vial").status_code == 302
    assert "reported before it is closed" in words(do("close", finding="found it"))
    do("report", what="notice", reference="letter")
    do("report", what="form", reference="106-1")
    assert do("close", finding="behind the shelf").status_code == 302
    assert not queries.incidents(clinic=day.id)
    assert do("close", finding="again").status_code == 302


def test_an_inventory_is_signed_by_two(day):
    day.receive(2)
    (line,) = counting.sheet(clinic=day.id, place=None)
    told = {"found-0": "2", "key-0": line.key, "mark-0": line.mark, "moment": "CLOSE"}
    told |= {"method": "EXACT"} | SIGNED
    assert day.page("custodian").post("/custody/inventory/", told).status_code == 302
    last = counting.last_inventory(clinic=day.id)
    assert (last.agrees, last.witness_name, last.moment) == (True, "Noah Brandt", "CLOSE")


def test_the_day_is_set_up_by_moving_vials(day):
    day.receive(2)
    first, second = day.vials()
    marks = [f"{one.id}:{one.ordinal}" for one in (first, second)]
    told = {"containers": marks, "to": day.places[PlaceKind.WORKING]}
    assert day.page("nurse").post("/custody/move/", told).status_code == 302
    assert {one.place.kind for one in day.vials()} == {"WORKING"}
    again = day.page("nurse").post("/custody/move/", told)
    assert again.status_code == 422


def test_a_container_is_quarantined_released_and_destroyed(day):
    day.receive()
    (vial,) = day.vials()

    def do(deed, who="custodian", **said):
        seen = queries.container(clinic=day.id, id=vial.id).ordinal
        told = {f"{deed}-{key}": value for key, value in ({"seen": seen} | said).items()}
        return day.page(who).post(f"/custody/containers/{vial.id}/{deed}/", told)

    away, back = day.places[PlaceKind.QUARANTINE], day.places[PlaceKind.VAULT]
    assert do("quarantine", "nurse", place=away, reason="seal").status_code == 302
    assert do("release", place=back, reason="whole", **SIGNED).status_code == 302
    assert do("lose", "nurse", quantity="1", reason="spilt", **SIGNED).status_code == 302
    assert do("reverse", ordinal=4, reason="none spilt", **SIGNED).status_code == 302
    assert do("destroy", reason="old", reference="41", **SIGNED).status_code == 302
    assert do("send", to="nobody", reference="1").status_code == 302  # nothing is offered any more
    assert "left the clinic" not in words(day.page("nurse").get(f"/custody/containers/{vial.id}/"))
    verify()


def test_the_terms_are_the_directors_to_sign(day):
    told = {"do": "terms", "terms-seen": 1, "terms-jurisdiction": "us-iowa"}
    told |= {"terms-agreement_mg": "0", "terms-count_every_h": 8, "terms-open_vial_days": 0}
    assert day.page("custodian").post("/custody/setup/", told).status_code == 403
    assert day.page("director").post("/custody/setup/", told).status_code == 302
    assert queries.terms(clinic=day.id).jurisdiction == "us-iowa"


def test_somebody_at_the_desk_sees_no_drugs(day):
    assert day.page("desk").get("/custody/").status_code == 403
