"""Signing in: staff only, by e-mail address; nobody signs up by themselves."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest


class StaffOnlyAdapter(DefaultAccountAdapter):
    """Accounts are made by the clinic; the sign-up page is closed."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address and the password do not belong together.",
        "incorrect_password": "That password is not right. Type it again.",
        "too_many_login_attempts": (
            "Locked: too many wrong passwords. Wait 15 minutes and try again, "
            "or ask your clinic's administrator."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an administrator adds staff."""
        return False

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Whether `password` is that of `user`; wrong ones count towards the lockout."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk
