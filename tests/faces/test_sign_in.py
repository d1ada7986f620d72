"""Signing in, being locked out, the screen that locks itself, and the second step."""

import os
import re
import subprocess
import sys
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from ketaflow.people.models import Staff
from ketaflow.people.roles import Role

PASSWORD = "correct horse battery"
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.S)


def sign_in(client: Client, staff: Staff, password: str = PASSWORD) -> HttpResponse:
    return client.post(reverse("account_login"), {"login": staff.user.email, "password": password})


def heading(response: HttpResponse) -> str:
    return HEADING.search(response.content.decode()).group(1).strip()


@pytest.fixture
def client(nurse: Staff) -> Client:
    client = Client()
    assert sign_in(client, nurse)["Location"] == "/"
    return client


def leave_alone(client: Client, minutes: float = 16) -> None:
    """Make everything that this session remembers `minutes` older."""
    session = client.session
    session["seen_at"] = session.get("seen_at", time.time()) - minutes * 60
    for record in session.get("account_authentication_methods", []):
        record["at"] -= minutes * 60
    session.save()


def test_a_nurse_signs_in_with_address_and_password(nurse):
    client = Client()
    assert sign_in(client, nurse).status_code == 302
    assert client.session["_auth_user_id"] == str(nurse.user.pk)


def test_a_clinic_keeps_passwords_as_argon2():
    # Only tests hash in a hurry: a process without pytest shows what a clinic gets.
    asked = (
        "import django; django.setup();"
        "from django.contrib.auth.hashers import make_password; print(make_password('x'))"
    )
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "ketaflow.config.settings"}
    hashed = subprocess.run(
        [sys.executable, "-c", asked], check=True, env=given, capture_output=True, text=True
    )
    assert hashed.stdout.startswith("argon2$argon2id$")


def test_a_wrong_password_says_so_and_lets_nobody_in(nurse):
    response = sign_in(Client(), nurse, "wrong horse battery")
    assert "do not belong together" in response.content.decode()
    assert "<title>Error: Sign in" in response.content.decode()


def test_five_wrong_passwords_lock_even_the_right_one_out(nurse):
    client = Client()
    for _ in range(5):
        sign_in(client, nurse, "wrong horse battery")
    response = sign_in(client, nurse)
    assert "Locked: too many wrong passwords. Wait 15 minutes" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_lockout_of_one_is_not_a_lockout_of_another(nurse, prescriber):
    for _ in range(6):
        sign_in(Client(), nurse, "wrong horse battery")
    assert sign_in(Client(), prescriber).status_code == 302


def test_nobody_signs_up_by_themselves(db):
    response = Client().get(reverse("account_signup"))
    assert heading(response) == "Ask your administrator"
    sent = Client().post(
        reverse("account_signup"),
        {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert heading(sent) == "Ask your administrator"


def test_signing_out_needs_a_press_and_ends_the_session(client):
    assert client.get(reverse("account_logout")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get("/board/")["Location"].startswith(reverse("account_login"))


def test_somebody_who_left_is_signed_out_at_once(client, nurse):
    Staff.objects.filter(id=nurse.id).update(active=False)
    response = client.get("/", follow=True)
    assert "belongs to nobody at work here" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_screen_left_alone_locks_and_the_password_unlocks_it(client):
    leave_alone(client)
    locked = client.get("/", follow=True)
    assert heading(locked) == "Locked: enter your password to go on"
    unlock = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": "/"})
    assert unlock["Location"] == "/"
    assert client.get("/board/").status_code == 200


def test_a_wrong_password_leaves_it_locked(client):
    leave_alone(client)
    wrong = client.post(reverse("account_reauthenticate"), {"password": "wrong", "next": "/"})
    assert "That password is not right" in wrong.content.decode()
    assert client.get("/board/").status_code == 302


def test_a_screen_in_use_stays_open_and_a_page_that_refreshes_itself_is_no_use(client):
    leave_alone(client, minutes=14)
    client.get("/", headers={"X-Background": "1"})
    leave_alone(client, minutes=2)
    assert client.get("/", headers={"X-Background": "1"}).status_code == 302
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    leave_alone(client, minutes=14)
    client.get("/board/")
    leave_alone(client, minutes=14)
    assert client.get("/board/").status_code == 200


def test_a_locked_screen_opens_no_account_page_either(client):
    leave_alone(client)
    for name in ("mfa_index", "account_change_password", "account_email"):
        assert "reauthenticate" in client.get(reverse(name))["Location"]


def test_a_form_sent_to_a_locked_screen_waits_and_is_sent_on_unlocking(client):
    leave_alone(client)
    page = reverse("patient_new")
    typed = {"family": "typed before", "dose-password": "somebody else's"}
    held = client.post(page, typed)
    assert held.status_code == 423
    assert 'name="family" value="typed before"' in held.content.decode()
    assert "somebody else" not in held.content.decode(), "a page keeps nobody's password"
    again = client.post(page, typed | {"unlock_password": "wrong"})
    assert (again.status_code, "not right" in again.content.decode()) == (423, True)
    sent = client.post(page, typed | {"unlock_password": PASSWORD})
    assert sent.status_code == 422
    assert 'value="typed before"' in sent.content.decode()
    assert client.get("/patients/").status_code == 200


def test_a_form_from_elsewhere_is_never_held(nurse):
    client = Client(enforce_csrf_checks=True)
    client.force_login(nurse.user)
    client.get("/board/")
    leave_alone(client)
    assert client.post("/", {"dose": "400"}).status_code == 403


def test_guessing_at_a_locked_screen_is_locked_out_too(client):
    leave_alone(client)
    for _ in range(6):
        response = client.post("/", {"unlock_password": "wrong"})
    assert "too many wrong passwords" in response.content.decode()


def test_a_locked_page_that_asks_with_htmx_is_sent_to_unlock(client):
    leave_alone(client)
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/board?day=2"}
    response = client.post("/", headers=asked)
    assert response.status_code == 423
    assert response["HX-Redirect"].endswith("next=%2Fboard%3Fday%3D2")


def test_an_authenticator_app_becomes_the_second_step(client, nurse):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    assert heading(page) == "Activate Authenticator App"
    secret = client.session["mfa.totp.secret"]
    counters = list(yield_hotp_counters_from_time())
    code = format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    kept = Authenticator.objects.get(user=nurse.user, type="totp").data["secret"]
    assert secret not in kept, "the database holds the secret in the clear"
    asked = Client()
    assert sign_in(asked, nurse)["Location"] == reverse("mfa_authenticate")
    assert asked.get("/")["Location"].startswith(reverse("account_login"))
    check_frame(asked.get(reverse("mfa_authenticate")))
    code = format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))
    allowed = asked.post(reverse("mfa_authenticate"), {"code": code})
    assert allowed.status_code == 302
    for name in ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_index"):
        check_frame(client.get(reverse(name), follow=True))


PAGES = [
    "account_change_password",
    "account_email",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_generate_recovery_codes",
]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_sign_in_has_title_heading_language_and_policy(client, name):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    check_frame(client.get(reverse(name), follow=True))


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
def test_every_page_before_signing_in_has_them_too(db, name):
    check_frame(Client().get(reverse(name)))


def check_frame(response: HttpResponse) -> None:
    page = response.content.decode()
    assert response.status_code == 200
    assert '<html lang="en"' in page
    assert re.search(r"<title>[^<]{5,} – ", page)
    assert len(HEADING.findall(page)) == 1
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert " style=" not in page
    assert not re.search(r"<script>|\son\w+=", page)


def test_no_role_is_turned_away_from_the_start(signed_in):
    for role in Role:
        assert signed_in(role).get("/").status_code in (200, 302)


def test_what_a_patient_page_said_does_not_come_back_after_signing_out(client):
    assert "no-store" in client.get("/board/")["Cache-Control"]


def test_no_message_boasts(client):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    new = "a rather longer phrase"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    page = client.post(reverse("account_change_password"), sent, follow=True).content.decode()
    assert "Your password is changed." in page
    assert "uccessfully" not in page
