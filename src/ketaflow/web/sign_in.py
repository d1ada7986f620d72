"""Signing in: staff only, by e-mail address; nobody signs up by themselves."""

import base64
from functools import cache
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
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


class SecondStepAdapter(DefaultMFAAdapter):
    """Keeps the secrets of the second step unreadable in the database and in its copies."""

    def encrypt(self, text: str) -> str:
        """`text` as the database keeps it."""
        return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given."""
        return _cipher(settings.SECRET_KEY).decrypt(encrypted_text).decode()


@cache
def _cipher(secret: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"ketaflow second step")
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))
