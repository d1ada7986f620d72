"""Everything the clinic holds about one patient, as plain values: what a download is made of.

`FORMAT` names the shape, which docs/reference/patient-record.md describes. Keys are only added.
Amounts are text, so that none is rounded; moments carry their offset.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ketaflow.correspondence.home import queries as home
from ketaflow.outcomes import queries as outcomes
from ketaflow.people import queries as people
from ketaflow.people.consent import consent_texts
from ketaflow.protocol import queries as protocol
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as sessions
from ketaflow.session.fold import SessionState

FORMAT = "ketaflow-patient-record/1"
# What only the clinic's own work needs, and no reading of the patient's.
NOT_HERS = frozenset({"by", "prepared_by"})


def whole(patient: Any, *, at: datetime) -> dict[str, Any]:
    """The whole record of `patient`, made at `at`."""
    clinic, id = patient.clinic_id, patient.id
    return {
        "format": FORMAT,
        "made_at": at.isoformat(),
        "clinic": {"name": patient.clinic.name, "phone": patient.clinic.phone},
        "patient": _who(patient),
        "chart": [_fact(one) for one in people.facts(clinic=clinic, patient=id)],
        "referrals": [_referral(one) for one in people.referrals(clinic=clinic, patient=id)],
        "courses": [_course(one) for one in protocol.courses_of(clinic=clinic, patient=id)],
        "appointments": [_visit(one) for one in schedule.all_of_patient(clinic=clinic, patient=id)],
        "sessions": [_session(*one) for one in sessions.told_all(clinic=clinic, patient=id)],
        "scores": [_score(one) for one in outcomes.all_answered(clinic=clinic, patient=id)],
        "consents": [_consent(one) for one in people.consents(clinic=clinic, patient=id)],
        "said_before_visits": [_ready(one) for one in home.said_by(clinic=clinic, patient=id)],
        "links": [_link(one) for one in home.links_of(clinic=clinic, patient=id)],
        "messages": [_message(one) for one in home.messages_to(clinic=clinic, patient=id)],
    }


def _who(patient: Any) -> dict[str, Any]:
    return {
        "number": patient.number,
        "given": patient.given,
        "family": patient.family,
        "born_on": patient.born_on.isoformat(),
        "sex": patient.sex,
        "phone": patient.phone,
        "email": patient.email,
        "address": patient.address,
    }


def _fact(one: Any) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "what": one.text,
        "active": one.active,
        "value": str(one.value) if one.value is not None else None,
        "unit": one.unit,
        "started_at": _iso(one.started_at),
        "ended_at": _iso(one.ended_at),
    }


def _referral(one: Any) -> dict[str, Any]:
    return {"from": one.referrer, "reason": one.reason, "at": _iso(one.received_at)}


def _course(one: Any) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "protocol": one.protocol,
        "for": one.indication,
        "drug": one.drug,
        "route": one.route,
        "status": one.status,
        "dose_mg": str(one.dose_mg),
        "sessions_planned": one.sessions_planned,
        "sessions_given": one.sessions_given,
        "given_mg": str(one.given_mg),
        "planned_by": one.planned_by,
        "planned_at": _iso(one.planned_at),
        "ended_at": _iso(one.ended_at),
    }


def _visit(one: Any) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "course": str(one.course),
        "starts_at": _iso(one.starts_at),
        "ends_at": _iso(one.ends_at),
        "standing": str(one.standing.value),
        "session": one.number,
        "reason": one.reason,
    }


def _session(row: Any, state: SessionState) -> dict[str, Any]:
    end = state.ended_at or max((line.at for line in state.lines), default=row.checked_in_at)
    return {
        "id": str(row.id),
        "course": str(row.course_id),
        "number": row.number,
        "phase": state.phase.value,
        "drug": row.order["drug"],
        "route": row.order["route"],
        "ordered_mg": str(row.order["dose_mg"]),
        "given_mg": str(round(state.given_mg(end), 2)),
        "checked_in_at": _iso(state.checked_in_at),
        "started_at": _iso(state.started_at),
        "stopped_at": _iso(state.stopped_at),
        "ended_at": _iso(state.ended_at),
        "readings": [
            {
                "at": _iso(one.at),
                **{name: str(value) for name, value in one.vitals.measured.items()},
            }
            for one in state.readings
        ],
        "scales": [
            {"at": _iso(one.line.at), "scale": one.instrument, "total": one.total}
            for one in (*state.scores, *state.discharge_scores)
        ],
        "entries": list(_entries(state)),
    }


def _entries(state: SessionState) -> Iterator[dict[str, Any]]:
    for line in state.lines:
        yield {
            "at": _iso(line.at),
            "what": line.kind.value,
            "written_by": line.by_name,
            "corrected": line.corrected,
            "no_longer_counts": line.struck,
            "said": _said(line.payload or {}),
        }


def _said(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in NOT_HERS}


def _score(one: Any) -> dict[str, Any]:
    return {
        "at": _iso(one.answered_at),
        "instrument": one.instrument,
        "version": one.version,
        "occasion": one.occasion,
        "answers": one.answers,
        "total": str(one.total) if one.total is not None else None,
        "band": one.band,
        "complete": one.complete,
        "written_by": one.recorded_by,
    }


def _consent(one: Any) -> dict[str, Any]:
    text = consent_texts().get(one.text_id)
    # The words themselves, as long as they are the very ones that were agreed to.
    same = text is not None and text.sha256 == one.text_sha256
    return {
        "course": str(one.course),
        "text": one.text_id,
        "version": one.text_version,
        "sha256": one.text_sha256,
        "agreed_at": _iso(one.agreed_at),
        "taken_by": one.taken_by,
        "withdrawn_at": _iso(one.withdrawn_at),
        "statements": [
            {"heading": each.heading, "text": each.text}
            for each in (text.statements if text and same else ())
        ],
    }


def _ready(one: Any) -> dict[str, Any]:
    return {
        "visit": str(one.booking_id),
        "coming": one.coming,
        "escort": one.escort,
        "words": one.words,
        "said_at": _iso(one.said_at),
        "said_by": one.said_by,
    }


def _link(one: Any) -> dict[str, Any]:
    return {
        "opens": one.purpose,
        "questionnaire": one.instrument,
        "made_at": _iso(one.made_at),
        "expires_at": _iso(one.expires_at),
        "sent_in_at": _iso(one.submitted_at),
        "withdrawn_at": _iso(one.withdrawn_at),
        "helper": one.helper.name if one.helper else None,
        "answers_so_far": one.given,
    }


def _message(one: Any) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "to": one.to,
        "opens": one.invitation.purpose,
        "state": one.state,
        "since": _iso(one.state_at),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
