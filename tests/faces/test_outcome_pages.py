"""Questionnaires and safety tasks as a nurse meets them on the page."""

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ketaflow.journal import queries as journal
from ketaflow.outcomes import actions
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.roles import Role
from ketaflow.web.outcomes import course_panels, course_words

from ..conftest import NOW, register
from ..laws.test_outcomes_rows import CALM, DARK, DAY, WORSE, filled, plan, treat
from .test_look import look, sign_in

PHQ = [f"item-{key}" for key in [*map(str, range(1, 10)), "function"]]
COLUMBIA = [f"item-{key}" for key in ["1", "2", "3", "4", "5", "6", "6-recent"]]


def answers(names, values):
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def phq(values, **more):
    return {"sheet": uuid4(), "occasion": "BASELINE", **answers(PHQ, values), **more}


@pytest.fixture
def nurse_client(signed_in):
    return signed_in(Role.NURSE)


@pytest.fixture
def give(nurse_client, patient):
    def given(values=CALM, instrument="phq-9", **more):
        url = reverse("outcome_give", args=[patient.id, instrument])
        return nurse_client.post(url, phq(values, **more))

    return given


@pytest.fixture
def story(patient, prescriber, nurse):
    """A course that helps: depression before, during and after six infusions."""
    answer(patient, nurse, WORSE, NOW, Occasion.BASELINE)
    course = plan(patient, prescriber)
    treat(course, nurse, 6)
    for week, total in enumerate((WORSE, CALM, CALM)):
        answer(patient, nurse, total, NOW + (4 + 7 * week) * DAY, Occasion.AFTER_SESSION)
    answer(patient, nurse, (4,), NOW + 5 * DAY, Occasion.FOLLOW_UP, "nrs-pain")
    return course


def answer(patient, nurse, values, at, occasion, instrument="phq-9"):
    sheet = filled(values, instrument, occasion)
    return actions.answer(patient=patient, sheet=sheet, by=nurse.author, at=at)


@pytest.fixture
def task(patient, nurse):
    return answer(patient, nurse, DARK, NOW, Occasion.BASELINE).task


def page_of(task):
    return reverse("safety_task", args=[task.id])


def test_calm_answers_go_back_to_the_outcomes(give, patient):
    said = give(CALM)
    assert said["Location"] == reverse("outcomes", args=[patient.id])
    assert not SafetyTask.objects.exists()


@pytest.mark.parametrize("item_nine", [1, 2, 3])
def test_an_answer_about_suicide_leads_straight_to_its_task(give, item_nine):
    said = give((*CALM[:8], item_nine, None))
    assert said["Location"] == page_of(SafetyTask.objects.get())


def test_an_answer_about_suicide_is_recorded_whatever_else_was_left_out(give):
    assert give((None,) * 8 + (1, None)).status_code == 302
    assert SafetyTask.objects.get().answered.complete is False


def test_questions_left_out_are_named_before_anything_is_recorded(give):
    said = give((1, None, 1, 1, 1, 1, 1, 1, None, None))
    assert said.status_code == 422
    assert "Not answered: 2, 9." in said.content.decode()
    assert "opens a safety task" in said.content.decode()
    assert not Answered.objects.exists()


def test_left_open_on_purpose_the_question_about_suicide_opens_a_task(give):
    said = give((*CALM[:8], None, None), incomplete="yes")
    assert said["Location"] == page_of(SafetyTask.objects.get())


def test_a_form_sent_twice_is_one_sheet_and_one_task(give):
    sheet = uuid4()
    first, second = give(DARK, sheet=sheet), give(DARK, sheet=sheet)
    assert first["Location"] == second["Location"]
    assert Answered.objects.count() == SafetyTask.objects.count() == 1


def test_the_same_form_with_other_answers_is_shown_again_as_a_new_sheet(give):
    sheet = uuid4()
    give(CALM, sheet=sheet)
    said = give(DARK, sheet=sheet)
    assert said.status_code == 422
    assert str(sheet) not in said.content.decode()
    assert give(DARK, sheet=said.context["form"]["sheet"].value()).status_code == 302


@pytest.mark.parametrize("broken", [{"item-1": "7"}, {"sheet": "x"}, {"occasion": "NEVER"}])
def test_what_cannot_be_read_is_said_and_not_kept(give, broken):
    assert give(CALM, **broken).status_code == 422
    assert not Answered.objects.exists()


def test_the_numbers_to_call_are_read_before_the_answers_are_sent(nurse_client, patient):
    url = reverse("outcome_give", args=[patient.id, "phq-9"])
    page = nurse_client.get(url).content.decode()
    assert page.index("988") < page.index("Thoughts that you would be better off dead")
    assert "No permission required" in page


def test_a_questionnaire_that_may_not_be_shown_takes_its_total(nurse_client, patient):
    url = reverse("outcome_give", args=[patient.id, "madrs"])
    assert "Item 10, about suicide" in nurse_client.get(url).content.decode()
    sent = {"sheet": uuid4(), "occasion": "BASELINE", "total": "61", "suicide_item": "0"}
    assert nurse_client.post(url, sent).status_code == 422
    assert nurse_client.post(url, {**sent, "total": "20"}).status_code == 302
    assert Answered.objects.get().total == 20


@pytest.mark.parametrize(("item", "opens"), [("0", 0), ("3", 1), ("none", 1)])
def test_the_total_alone_asks_for_the_answer_about_suicide(nurse_client, patient, item, opens):
    url = reverse("outcome_give", args=[patient.id, "madrs"])
    sent = {"sheet": uuid4(), "occasion": "BASELINE", "total": "20"}
    assert nurse_client.post(url, sent).status_code == 422
    assert nurse_client.post(url, {**sent, "suicide_item": item}).status_code == 302
    assert SafetyTask.objects.count() == opens


@pytest.mark.parametrize("name", ["phq-9", "madrs", "c-ssrs-screener", "cadss-6", "nrs-pain"])
def test_each_instrument_has_its_page(nurse_client, patient, name):
    url = reverse("outcome_give", args=[patient.id, name])
    assert nurse_client.get(url).status_code == 200


@pytest.mark.parametrize("wrong", ["?course=x", f"?course={UUID(int=7)}"])
def test_a_course_that_is_not_the_patients_is_not_found(nurse_client, patient, wrong):
    url = reverse("outcome_give", args=[patient.id, "phq-9"])
    assert nurse_client.get(url + wrong).status_code == 404
    assert nurse_client.get(reverse("outcome_give", args=[patient.id, "tarot"])).status_code == 404


def test_another_patients_course_is_not_found(nurse_client, nurse, prescriber, patient):
    other = plan(register(nurse, "K-2", "Bo", "Other"), prescriber)
    url = reverse("outcome_give", args=[patient.id, "phq-9"])
    assert nurse_client.get(f"{url}?course={other.id}").status_code == 404


def test_another_clinic_finds_nothing(client, dee, task):
    client.force_login(dee.user)
    for url in (
        page_of(task),
        reverse("outcomes", args=[task.patient_id]),
        reverse("outcome_give", args=[task.patient_id, "phq-9"]),
    ):
        assert client.get(url).status_code == 404
    assert "Cy Patient" not in client.get(reverse("safety_tasks")).content.decode()


def test_an_empty_page_says_what_to_do_first(nurse_client, patient):
    page = nurse_client.get(reverse("outcomes", args=[patient.id])).content.decode()
    assert "Give PHQ-9 before the first session" in page


def test_the_page_says_in_words_whether_it_helps(nurse_client, patient, story):
    page = nurse_client.get(reverse("outcomes", args=[patient.id])).content.decode()
    assert "PHQ-9 fell from 24 to 8" in page
    assert page.count('class="trend__session"') == 6
    assert page.count('<svg class="trend"') == 1  # One pain score alone makes no picture.
    assert "Matters: 5 below baseline" in page
    assert "S32b" in page
    assert "Opened" not in page


def test_the_course_page_gets_every_measure_and_its_sentence(rf, clinic_a, story):
    request = rf.get("/")
    request.clinic = clinic_a
    found = course_panels(request, story)
    assert [one.trend.instrument for one in found] == ["phq-9", "nrs-pain"]
    assert found[0].stands.label == "Response"
    assert "fell from 24" in course_words(request, story)


def test_the_outcomes_cost_as_many_reads_whatever_was_answered(nurse_client, patient, nurse, story):
    def reads():
        with CaptureQueriesContext(connection) as asked:
            nurse_client.get(reverse("outcomes", args=[patient.id]))
        return len(asked)

    reads()
    before = reads()
    for day in range(10):
        answer(patient, nurse, CALM, NOW + (40 + day) * DAY, Occasion.FOLLOW_UP)
    treat(story, nurse, 3, first=NOW + 40 * DAY)
    assert reads() == before <= 30


def test_the_list_costs_as_many_reads_however_many_wait(nurse_client, patient, nurse, task):
    def reads():
        with CaptureQueriesContext(connection) as asked:
            nurse_client.get(reverse("safety_tasks"))
        return len(asked)

    reads()
    before = reads()
    for number in range(10):
        someone = register(nurse, f"K-1{number}", "Di", "Other")
        answer(someone, nurse, DARK, NOW, Occasion.BASELINE)
    assert reads() == before <= 15


def test_the_list_puts_the_overdue_first_and_says_so(nurse_client, task):
    page = nurse_client.get(reverse("safety_tasks")).content.decode()
    assert "Overdue" in page
    assert "every task is due at once" in page


def test_an_empty_list_says_when_a_task_opens(nurse_client):
    page = nurse_client.get(reverse("safety_tasks")).content.decode()
    assert "No safety task is open" in page


def ask(client, task, values, **more):
    sent = {"step": "ask", "sheet": uuid4(), **answers(COLUMBIA, values), **more}
    return client.post(page_of(task), sent)


def test_a_high_risk_says_what_to_do_now(nurse_client, task):
    ask(nurse_client, task, (1, 1, 1, 1, 0, 0, None))
    page = nurse_client.get(page_of(task)).content.decode()
    assert "Fetch a clinician to the patient now" in page
    assert "A prescriber closes this" in page


def test_open_questions_of_the_screener_are_named(nurse_client, task):
    said = ask(nurse_client, task, (0, None, None, None, None, 0, None))
    assert said.status_code == 422
    assert "Not answered: 2" in said.content.decode()
    said = ask(nurse_client, task, (0, None, None, None, None, 0, None), incomplete="yes")
    assert said.status_code == 302
    task.refresh_from_db()
    assert task.level == "follow-up"


def test_a_task_is_taken_on_by_name_once(nurse_client, signed_in, task):
    nurse_client.post(page_of(task), {"step": "take"})
    said = signed_in(Role.PRESCRIBER).post(page_of(task), {"step": "take"}, follow=True)
    assert "Ada Nurse has taken this task on already." in said.content.decode()


def close(client, task, **more):
    seen = journal.last_ordinal(clinic=task.clinic_id, stream=task.stream)
    sent = {"step": "close", "outcome": "RESOURCES", "reason": "Given the card.", "seen": seen}
    return client.post(page_of(task), {**sent, **more})


def test_a_task_is_closed_only_when_its_risk_is_answered(nurse_client, task):
    said = close(nurse_client, task)
    assert said.status_code == 422
    assert "ask the Columbia screener first" in said.content.decode()
    assert "Given the card." in said.content.decode()
    ask(nurse_client, task, (1, 0, None, None, None, 0, None))
    assert close(nurse_client, task).status_code == 302
    assert "Closed" in nurse_client.get(page_of(task)).content.decode()


def test_closing_on_an_old_page_shows_what_is_there_now_first(nurse_client, task):
    ask(nurse_client, task, (1, 0, None, None, None, 0, None))
    said = close(nurse_client, task, seen=1)
    assert said.status_code == 422
    assert "Someone else changed this" in said.content.decode()
    again = said.context["close_form"]["seen"].value()
    assert close(nurse_client, task, seen=again).status_code == 302


def test_a_step_that_does_not_exist_is_not_found(nurse_client, task):
    assert nurse_client.post(page_of(task), {"step": "forget"}).status_code == 404


def test_an_outcome_that_lacks_its_reason_is_not_kept(nurse_client, task):
    assert close(nurse_client, task, reason="").status_code == 422


@pytest.mark.browser
def test_the_outcome_pages_have_no_barrier(committed, page, patient, nurse, story, task):
    sign_in(page, nurse)
    answer(patient, nurse, (3, *CALM[1:]), NOW + 30 * DAY, Occasion.FOLLOW_UP)
    page.goto(reverse("outcomes", args=[patient.id]))
    look(page, "outcomes")
    page.goto(reverse("outcome_give", args=[patient.id, "phq-9"]))
    look(page, "outcome-phq-9")
    page.get_by_role("button", name="Record PHQ-9").click()
    look(page, "outcome-phq-9-open")
    page.goto(reverse("outcome_give", args=[patient.id, "madrs"]))
    look(page, "outcome-madrs")
    page.goto(reverse("outcome_give", args=[patient.id, "nrs-pain"]))
    look(page, "outcome-pain")


@pytest.mark.browser
def test_a_nurse_answers_by_keyboard_and_follows_the_task_up(committed, page, patient, nurse):
    sign_in(page, nurse)
    page.goto(reverse("outcome_give", args=[patient.id, "phq-9"]))
    page.get_by_label("Not at all").first.focus()
    for question in range(9):
        page.keyboard.press("ArrowRight" if question == 8 else "Space")
        page.keyboard.press("Tab")
    page.get_by_role("button", name="Record PHQ-9").click()
    page.wait_for_url("**/tasks/**")
    look(page, "task-new")
    for question in page.locator("fieldset").filter(has=page.get_by_label("Yes")).all():
        question.get_by_label("Yes").check()
    page.get_by_role("button", name="Record the answers").click()
    page.get_by_text("Fetch a clinician").wait_for()
    look(page, "task-high")
    page.goto(reverse("safety_tasks"))
    look(page, "tasks")


def test_a_task_waiting_is_said_on_the_outcomes(nurse_client, task):
    page = nurse_client.get(reverse("outcomes", args=[task.patient_id])).content.decode()
    assert "A safety task waits" in page


def test_a_session_after_which_it_was_given_is_asked_for(nurse_client, patient, story):
    url = reverse("outcome_give", args=[patient.id, "phq-9"])
    page = nurse_client.get(f"{url}?course={story.id}&occasion=AFTER_SESSION&session=3")
    assert page.context["form"]["occasion"].value() == "AFTER_SESSION"
    assert page.context["form"]["session_number"].value() == "3"
