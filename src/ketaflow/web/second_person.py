"""The second person at a screen: they prove who they are with their own e-mail and password."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError

from ketaflow.journal.author import Author
from ketaflow.people import queries as people
from ketaflow.refusals import Refused
from ketaflow.web.gate import StaffRequest


class NotThem(Refused):
    """The second person could not prove who they are."""


def proved(request: StaffRequest, email: str, password: str) -> Author:
    """Who signed with e-mail and password; wrong ones count towards the lockout.

    Raises:
        NotThem: they are nobody who works here, or were locked out.
    """
    try:
        user = get_adapter().authenticate(request, email=email, password=password)
    except ValidationError as locked:
        raise NotThem(locked.messages[0]) from None
    staff = people.staff_of(user) if user else None
    if staff is None or staff.clinic_id != request.clinic.id:
        raise NotThem(
            "The second person's e-mail address and password do not belong to anybody who works "
            "here. Type them again."
        )
    return staff.author
