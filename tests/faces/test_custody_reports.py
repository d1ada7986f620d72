"""What an inspector gets: four reports as page, file and paper, and the signals beside them."""

import asyncio
import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import AsyncRequestFactory, Client
from django.utils import timezone

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.cli.fictional import vault as told
from ketaflow.custody import queries as custody
from ketaflow.custody.answers import queries
from ketaflow.custody.answers.reports import Asked, Name
from ketaflow.custody.counting import actions as counting
from ketaflow.custody.counting import queries as sheets
from ketaflow.custody.counts import Found, Method, Moment
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import Terms
from ketaflow.custody.proof.queries import verify
from ketaflow.custody.setting import actions as setting
from ketaflow.custody.witness import Witness
from ketaflow.journal import queries as journal
from ketaflow.web.custody_answers import flowing, written

from ..laws.a_vault import Vault, at

DAYS = f"first={at(-2000):%Y-%m-%d}&last={at(2000):%Y-%m-%d}"


@pytest.fixture
def vault(clinic_a):
    """A day: two sessions, a waste, an inventory, and a count that did not agree."""
    found = Vault(clinic_a)
    first, second, _ = found.receive(3)
    session, other = found.account(), found.account()
    draw = found.draw(first, session, "1", minute=-50)
    sworn = found.sworn(-49, reason="=HYPERLINK(1)")
    said = {"draw": draw, "quantity": Decimal("0.2"), "sworn": sworn}
    found.do(counting.actions.waste, first, -49, **said)
    found.close(session, "40", minute=-40)
    found.draw(second, other, minute=-30)
    found.close(other, "40", minute=-20)
    counting.take_inventory(
        sheet=sheet(found, None), taken=counting.Taken(Moment.CLOSE, Method.EXACT),
        witness=Witness(found.nurse.author, at(-10)), by=found.custodian.author, at=at(-10),
    )  # fmt: skip
    vault = found.places[PlaceKind.VAULT]
    counting.count(sheet=sheet(found, vault, short=True), by=found.nurse.author, at=at(-5))
    return found


def sheet(vault, place, short=False):
    """Everything found as it should be; one sealed vial fewer where it is `short`."""
    lines = sheets.sheet(clinic=vault.clinic.id, place=place)
    return counting.Sheet(
        place,
        {one.key: Found(one.expected - (short and not one.open), one.mark) for one in lines},
    )


def page(vault, who="custodian"):
    client = Client()
    client.force_login(getattr(vault, who).user)
    return client


SAYS = {
    "dispensing": ("Cy Patient", "Nell Nurse", "Noah Nurse", "Administered", "40"),
    "waste": ("Wasted", "Noah Nurse", "=HYPERLINK(1)", "10"),
    "inventory": ("close of business", "Kim Custodian", "Nell Nurse", "9.2", "exact"),
    "discrepancies": ("-500", "Nell Nurse", "not yet judged", "0 found, 1 expected"),
}


@pytest.mark.parametrize(("report", "says"), SAYS.items(), ids=list(SAYS))
def test_a_report_says_the_same_as_page_file_and_paper(
    vault, report, says, django_assert_max_num_queries
):
    client, url = page(vault), f"/custody/report/?report={report}&{DAYS}"
    with django_assert_max_num_queries(20):
        shown = client.get(url).content.decode()
    assert [one for one in says if one not in shown.replace("&#x27;", "'")] == []
    file = b"".join(client.get(f"{url}&as=csv").streaming_content).decode()
    lines = list(csv.DictReader(io.StringIO(file)))
    assert lines
    cells = [cell for line in lines for cell in line.values()]
    assert not [one for one in says if not any(one in cell for cell in cells)]
    assert not [one for one in cells if one.startswith("=")], "a formula must not run"
    before = queries.sealed(clinic=vault.clinic.id)
    paper = client.get(f"{url}&as=pdf")
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert client.get(f"{url}&as=pdf").content == paper.content, "the same record, the same bytes"
    assert queries.sealed(clinic=vault.clinic.id) == before
    taken = journal.entries(clinic=vault.clinic.id, stream=f"report/{vault.clinic.id}")
    assert [one.payload["form"] for one in taken] == ["csv", "pdf", "pdf"]
    vault.draw(vault.receive()[0], vault.account())
    assert client.get(f"{url}&as=pdf").content != paper.content, "the seal is of a newer record"


@pytest.mark.parametrize(
    ("more", "lines"),
    [("drug=ketamine", 3), ("drug=esketamine", 0), ("person=Nell+Nurse", 3), ("person=Nobody", 0),
     ("report=waste", 1), ("report=waste&person=Noah+Nurse", 0),
     ("report=inventory&person=Nell+Nurse", 3), ("report=inventory&drug=esketamine", 0),
     ("report=discrepancies&person=Nell+Nurse&drug=ketamine", 1),
     ("report=discrepancies&drug=esketamine", 0)],
)  # fmt: skip
def test_a_report_is_of_one_drug_or_person_where_that_is_asked(vault, more, lines):
    found = page(vault).get(f"/custody/report/?{DAYS}&{more}")
    assert len(found.context["lines"]) == lines


def test_more_than_anybody_reads_is_cut_on_the_page_and_refused_on_paper(vault, monkeypatch):
    monkeypatch.setattr("ketaflow.web.custody_answers.MOST_SHOWN", 2)
    monkeypatch.setattr("ketaflow.web.custody_answers.MOST_ON_PAPER", 2)
    client = page(vault)
    shown = client.get(f"/custody/report/?{DAYS}").content.decode()
    assert "The first 2 lines are shown" in shown
    assert "By the rules of United States, federal" in shown
    assert "must be kept until" in shown
    paper = client.get(f"/custody/report/?{DAYS}&as=pdf")
    assert paper.status_code == 422
    assert "Choose fewer days for paper" in paper.content.decode()
    wrong = client.get("/custody/report/?first=2026-02-01&last=2026-01-01")
    assert "ends before it begins" in wrong.content.decode()


def test_a_file_flows_part_by_part_from_a_server_too():
    async def read(answer):
        return [part async for part in answer]

    request = AsyncRequestFactory().get("/")
    rows = [("a", "b")] * 1200
    parts = asyncio.run(read(flowing(request, written(rows))))
    assert len(parts) == 3
    assert b"".join(parts) == b"a,b\r\n" * 1200


def test_signals_show_figure_and_rank_and_mark_only_what_the_director_signed(
    vault, django_assert_max_num_queries
):
    client, url = page(vault), f"/custody/signals/?{DAYS}"
    with django_assert_max_num_queries(20):
        shown = client.get(url).content.decode()
    assert "accuses nobody" in shown
    assert "10 ÷ 90 × 100" in shown
    assert "no source names one" in shown
    assert ">Look<" not in "".join(shown.split())
    terms = Terms("us-federal", Decimal(1), 24, 0, {"waste": Decimal("5.5")})
    setting.sign_terms(terms=terms, seen=1, by=vault.director.author, at=at())
    shown = client.get(url).content.decode()
    assert "look from above 5.5 %" in shown
    assert ">Look<" in "".join(shown.split())
    assert page(vault, "nurse").get(url).status_code == 403


def test_signals_know_the_opening_hours_and_the_days_before_today(vault):
    from ketaflow.custody.answers.reports import Asked

    today = timezone.localdate()
    period = queries.period(
        clinic=vault.clinic.id, asked=Asked(today - timedelta(days=9000), today, "ketamine")
    )
    assert not any(one.outside for one in period.seen), "nobody said when the clinic is open"
    (found,) = period.discrepancies
    # The inventory that agreed was a count of the vault too.
    assert (found.place, found.since) == (vault.places[PlaceKind.VAULT], at(-10))


def test_the_demonstrations_year_of_custody_verifies_and_fills_every_report(db):
    team = fictional.open_clinic(timezone.now())
    told.stock(team)
    told.count_today(team)
    assert verify().containers > 20
    assert custody.incidents(clinic=team.clinic.id) == []
    (found,) = custody.incidents(clinic=team.clinic.id, closed=True)
    assert found.notice_on
    assert found.finding
    asked = Asked(team.today - timedelta(days=366), team.today)
    # Nobody is treated yet: what left custody was destroyed or lost.
    for report in Name:
        assert list(queries.lines(clinic=team.clinic.id, report=report, asked=asked)), report
    counts = sheets.counts(clinic=team.clinic.id)
    assert len(counts) > 40
    assert [one.agrees for one in counts].count(False) == 1
