"""Forms about who works here and what they hold."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from ketaflow.people.roles import CREDENTIALS, Role
from ketaflow.web.forms import DayInput


class EmployForm(forms.Form):
    """Somebody who is to sign in."""

    name = forms.CharField(label="Name", max_length=200)
    email = forms.EmailField(label="E-mail address", help_text="They sign in with it.")
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role.value, role.label) for role in Role],
        widget=forms.CheckboxSelectMultiple,
    )
    password = forms.CharField(
        label="First password",
        strip=False,
        help_text="At least 12 characters. Tell it to them yourself; they change it after "
        "signing in.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        """A password nobody guesses."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    def chosen(self) -> tuple[Role, ...]:
        """The roles as the action takes them."""
        return tuple(Role(role) for role in self.cleaned_data["roles"])


class CredentialForm(forms.Form):
    """A licence or certificate; a new date replaces the old."""

    kind = forms.ChoiceField(label="Credential", choices=[(one, one) for one in CREDENTIALS])
    number = forms.CharField(label="Number", max_length=80, required=False)
    expires_on = forms.DateField(label="Valid until", widget=DayInput)


class LeaveForm(forms.Form):
    """Why somebody's way in is closed."""

    reason = forms.CharField(label="Why?", max_length=400)
    sure = forms.BooleanField(label="They shall no longer be able to sign in")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sure"].error_messages["required"] = "Tick this to close their way in."
