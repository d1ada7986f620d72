"""Every read about what comes next, and the proposal that a prescriber signs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet

from ketaflow.aftercare import induction, plan, relapse
from ketaflow.aftercare.induction import Induction, NotOver
from ketaflow.aftercare.maintenance import Maintained
from ketaflow.aftercare.models import CheckInDue, Plan
from ketaflow.aftercare.notes import kind
from ketaflow.aftercare.plan import AftercarePlan, Known
from ketaflow.aftercare.relapse import Found
from ketaflow.journal import queries as journal
from ketaflow.journal.models import Entry
from ketaflow.outcomes import queries as outcomes
from ketaflow.outcomes.change import Change, History, Measurement, assess, describe
from ketaflow.outcomes.lead import lead_instrument, treats_bipolar, treats_pain
from ketaflow.outcomes.standing import Standing, Word, stands, words
from ketaflow.people.models import Clinic
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.models import Course
from ketaflow.protocol.queries import courses_of

YEAR = timedelta(days=365)
MOST_ENTRIES = 100


@dataclass(frozen=True)
class Proposal:
    """The plan as it stands now, and what it rests on."""

    plan: AftercarePlan
    change: Change
    says: str
    instrument: str
    relapse: Found


@dataclass(frozen=True)
class Troubled:
    """A course that has relapsed or is slipping, and why in one sentence."""

    course: Course
    word: Word
    because: str


def signed(*, clinic: UUID, course: UUID) -> Sequence[Plan]:
    """Every signed version, newest first; the first is in force."""
    found = Plan.objects.filter(clinic_id=clinic, course_id=course)
    return list(found.order_by("-version")[:50])


def version(*, clinic: UUID, course: UUID) -> int:
    """The version in force; 0 while none is signed."""
    found = Plan.objects.filter(clinic_id=clinic, course_id=course)
    return found.aggregate(top=Max("version"))["top"] or 0


def check_ins(*, clinic: UUID, course: UUID) -> Sequence[CheckInDue]:
    """What the plan asks for: open ones by day, then those done last."""
    found = CheckInDue.objects.filter(clinic_id=clinic, course_id=course)
    waiting = found.filter(done_at=None).order_by("due_at", "kind")
    return [*waiting, *found.exclude(done_at=None).order_by("-done_at", "kind")[:20]]


def due(*, clinic: UUID, before: datetime) -> QuerySet[CheckInDue]:
    """What the clinic owes its patients before a moment, oldest first. Page it by slicing."""
    found = CheckInDue.objects.filter(clinic_id=clinic, done_at=None, due_at__lt=before)
    return found.select_related("patient", "course").order_by("due_at", "id")


def happened(*, clinic: UUID, course: UUID) -> Sequence[Entry]:
    """Check-ins, relapses and notes, newest first."""
    kinds = ["aftercare.checked_in", "aftercare.relapse_noted", "aftercare.noted"]
    found = Entry.objects.filter(clinic=clinic, stream=f"aftercare/{course}", kind__in=kinds)
    return list(found.order_by("-ordinal")[:MOST_ENTRIES])


def relapses(*, clinic: UUID, course: UUID) -> tuple[datetime, ...]:
    """When something happened that is a relapse by itself."""
    found = happened(clinic=clinic, course=course)
    return tuple(one.at for one in found if one.kind == "aftercare.relapse_noted")


def in_trouble(*, clinic: UUID, courses: Sequence[Course]) -> Sequence[Troubled]:
    """Which of `courses` have relapsed or are slipping, relapses first; three reads in all."""
    treated = [one for one in courses if one.sessions_given]
    events = _relapse_events(clinic, treated)
    histories = outcomes.lead_histories(
        clinic=clinic,
        courses=treated,
        events={course: [at for at, _ in found] for course, found in events.items()},
    )
    policy = protocol.policy(clinic=clinic)
    found = []
    for one in treated:
        change = assess(histories[one.id])
        said = events[one.id][0][1] if events[one.id] else ""
        later = _since_induction(one, histories[one.id])
        relapsed = relapse.find(change, later, policy, event=said)
        word = words()[Standing.RELAPSE] if relapsed.relapse else stands(change)
        if word.standing in (Standing.RELAPSE, Standing.SLIPPING):
            found.append(Troubled(one, word, relapsed.because or describe(histories[one.id])))
    return sorted(found, key=lambda one: one.word.standing is not Standing.RELAPSE)


def _since_induction(course: Course, history: History) -> Sequence[Measurement]:
    """The complete totals since induction was over, in order of time; none before."""
    given = tuple(sorted(datetime.fromisoformat(said) for said in course.given_at.values()))
    try:
        over_at = induction.ended_at(Induction(course.sessions_planned, given, course.ended_at))
    except NotOver:
        return ()
    return [one for one in history.measurements if one.total is not None and one.at > over_at]


def _relapse_events(
    clinic: UUID, courses: Sequence[Course]
) -> Mapping[UUID, list[tuple[datetime, str]]]:
    """Events that are a relapse by themselves, by course, newest first."""
    found: dict[UUID, list[tuple[datetime, str]]] = defaultdict(list)
    streams = [f"aftercare/{one.id}" for one in courses]
    rows = journal.of_streams(clinic=clinic, streams=streams).filter(kind="aftercare.relapse_noted")
    for row in rows.order_by("-at"):
        about = UUID(row.stream.partition("/")[2])
        found[about].append((row.at, row.payload["what"]))
    return found


def latest_course(*, clinic: UUID, patient: UUID) -> Course | None:
    """The patient's newest course in which something was given."""
    found = courses_of(clinic=clinic, patient=patient)
    return next((one for one in found if one.sessions_given), None)


def proposal(
    *, clinic: UUID, course: Course, at: datetime, done_now: Sequence[str] = ()
) -> Proposal:
    """The plan that would be signed now; `done_now` are checks that are being ticked off.

    Raises:
        NotOver: induction goes on.
    """
    given = outcomes.sessions(clinic=clinic, courses=[course.id])
    over_at = induction.ended_at(Induction(course.sessions_planned, given, course.ended_at))
    instrument = lead_instrument(course.protocol)
    since = happened(clinic=clinic, course=course.id)
    events = [one for one in since if one.kind == "aftercare.relapse_noted"]
    history = outcomes.history_of(
        clinic=clinic, course=course, instrument=instrument, events=[one.at for one in events]
    )
    change = assess(history)
    policy = protocol.policy(clinic=clinic)
    found = relapse.find(
        change,
        _since_induction(course, history),
        policy,
        event=events[0].payload["what"] if events else "",
    )
    last = Plan.objects.filter(clinic_id=clinic, course=course).order_by("-version").first()
    zone = Clinic.objects.get(id=clinic).zone
    # Days are counted on the clinic's calendar, whoever asks and wherever they are.
    given = tuple(one.astimezone(zone) for one in given)
    over_at, at = over_at.astimezone(zone), at.astimezone(zone)
    maintained = Maintained(
        last_session_on=given[-1].date(),
        sessions=max(len(given) - course.sessions_planned, 0),
        interval_weeks=last.interval_weeks if last else None,
    )
    known = _known(clinic, course, over_at, given, at, since)
    known = replace(known, done_on={**known.done_on, **dict.fromkeys(done_now, at)}, relapse=found)
    proposed = plan.propose(known, maintained, change, policy, at=at)
    return Proposal(proposed, change, describe(history), instrument, found)


def _known(
    clinic: UUID,
    course: Course,
    over_at: datetime,
    given: Sequence[datetime],
    at: datetime,
    since: Sequence[Entry],
) -> Known:
    reviews = protocol.reviews(clinic=clinic, course=course.id)
    last = reviews[-1] if reviews else None
    done = CheckInDue.objects.filter(clinic_id=clinic, course=course).exclude(done_at=None)
    return Known(
        induction_ended_at=over_at,
        last_session_at=given[-1],
        sessions=len(given),
        given_mg=course.given_mg,
        sessions_since_review=len(given) - (last.after_session if last else 0),
        last_review_on=last.decided_at.astimezone(at.tzinfo).date() if last else None,
        sessions_last_year=sum(one > at - YEAR for one in given),
        misuse_signs=sum(
            one.kind == "aftercare.noted"
            and kind(one.payload["note"]).misuse
            and (last is None or one.at > last.decided_at)
            for one in since
        ),
        pain=treats_pain(course.protocol),
        bipolar=treats_bipolar(course.protocol),
        done_on=dict(done.values_list("kind").annotate(last=Max("done_at"))),
    )
