"""Which rows follow from the entries of this stage."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from ketaflow.journal.projecting import Projection, row_id
from ketaflow.schedule.models import BookedSlot, Booking, Chair, OpeningHours, Preparation, Shift
from ketaflow.schedule.slots import slots
from ketaflow.schedule.standing import Standing


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _chair_added(entry: Any) -> None:
    said = entry.payload
    Chair.objects.create(
        id=UUID(said["chair"]), clinic_id=entry.clinic, name=said["name"], place=said["place"]
    )


def _chair_used(entry: Any) -> None:
    Chair.objects.filter(id=entry.payload["chair"]).update(active=entry.payload["active"])


def _hours_set(entry: Any) -> None:
    said = entry.payload
    if said["opens"] is None:
        OpeningHours.objects.filter(clinic_id=entry.clinic, weekday=said["weekday"]).delete()
        return
    times = {name: time.fromisoformat(said[name]) for name in ("opens", "closes")}
    OpeningHours.objects.update_or_create(
        clinic_id=entry.clinic,
        weekday=said["weekday"],
        defaults=times,
        create_defaults={"id": row_id(entry), **times},
    )


def _preparation_set(entry: Any) -> None:
    Preparation.objects.update_or_create(
        clinic_id=entry.clinic,
        defaults={"minutes": entry.payload["minutes"]},
        create_defaults={"id": row_id(entry), "minutes": entry.payload["minutes"]},
    )


def _on_duty(entry: Any) -> None:
    for day, starts_at, ends_at in entry.payload["shifts"]:
        times = {
            "starts_at": datetime.fromisoformat(starts_at),
            "ends_at": datetime.fromisoformat(ends_at),
        }
        Shift.objects.update_or_create(
            clinic_id=entry.clinic,
            staff_id=_about(entry),
            day=date.fromisoformat(day),
            defaults=times,
            create_defaults={"id": row_id(entry, day), **times},
        )


def _off_duty(entry: Any) -> None:
    Shift.objects.filter(staff_id=_about(entry), day=entry.payload["day"]).delete()


def _booked(entry: Any) -> None:
    said = entry.payload
    booking = Booking.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        course_id=UUID(said["course"]),
        patient_id=UUID(said["patient"]),
        ordinal=entry.ordinal,
        **_seat(entry),
    )
    _hold(entry, booking)


def _moved(entry: Any) -> None:
    booking = Booking.objects.get(id=_about(entry))
    BookedSlot.objects.filter(booking=booking).delete()
    Booking.objects.filter(id=booking.id).update(ordinal=entry.ordinal, **_seat(entry))
    booking.refresh_from_db()
    _hold(entry, booking)


def _seat(entry: Any) -> dict[str, Any]:
    said = entry.payload
    return {
        "chair_id": UUID(said["chair"]),
        "nurse_id": UUID(said["nurse"]),
        "starts_at": datetime.fromisoformat(said["starts_at"]),
        "ends_at": datetime.fromisoformat(said["ends_at"]),
        "prepare_min": said["prepare_min"],
        "treat_min": said["treat_min"],
    }


def _hold(entry: Any, booking: Booking) -> None:
    """Take the quarter hours, in order of time: two that want the same ones queue, never cross."""
    wanted = slots(booking.starts_at, booking.ends_at)
    BookedSlot.objects.bulk_create(
        BookedSlot(
            id=row_id(entry, slot.isoformat()),
            clinic_id=entry.clinic,
            booking=booking,
            chair_id=booking.chair_id,
            nurse_id=booking.nurse_id,
            patient_id=booking.patient_id,
            slot=slot,
            place=place,
        )
        for slot, place in zip(wanted, entry.payload["places"], strict=True)
    )


def _let_go(standing: Standing) -> Any:
    """The handler that ends a booking and gives its quarter hours back."""

    def handler(entry: Any) -> None:
        BookedSlot.objects.filter(booking_id=_about(entry)).delete()
        Booking.objects.filter(id=_about(entry)).update(
            status=standing.value, reason=entry.payload["reason"][:400], ordinal=entry.ordinal
        )

    return handler


def _checked_in(entry: Any) -> None:
    Booking.objects.filter(id=_about(entry)).update(
        status=Standing.CHECKED_IN.value,
        session_number=entry.payload["session_number"],
        ordinal=entry.ordinal,
    )


def _done(entry: Any) -> None:
    Booking.objects.filter(id=_about(entry)).update(
        status=Standing.DONE.value, ordinal=entry.ordinal
    )


PROJECTION = Projection(
    stage="schedule",
    tables=(Chair, OpeningHours, Preparation, Shift, Booking, BookedSlot),
    handlers={
        "chair.added": _chair_added,
        "chair.used": _chair_used,
        "hours.set": _hours_set,
        "preparation.set": _preparation_set,
        "duty.on": _on_duty,
        "duty.off": _off_duty,
        "booking.booked": _booked,
        "booking.moved": _moved,
        "booking.cancelled": _let_go(Standing.CANCELLED),
        "booking.missed": _let_go(Standing.MISSED),
        "booking.checked_in": _checked_in,
        "booking.done": _done,
    },
)
