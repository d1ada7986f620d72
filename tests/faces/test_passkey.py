"""A passkey is made and used, with the authenticator that Chromium brings for tests."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


@pytest.fixture
def authenticator(page: Page):
    """A built-in authenticator whose owner always agrees."""
    page.set_default_timeout(8_000)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return lambda: devtools.send("WebAuthn.getCredentials", made)["credentials"]


def test_a_nurse_makes_a_passkey_and_signs_in_with_it(committed, nurse, page, authenticator):
    page.goto("/account/login/")
    page.get_by_label("Email").fill(nurse.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/board/")
    page.goto("/account/2fa/webauthn/add/")
    # Whoever changes how they sign in proves once more who they are.
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    page.get_by_label("Name").fill("Ward tablet")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/account/2fa/**")
    expect(page.locator("body")).to_contain_text("recovery codes", ignore_case=True)
    assert len(authenticator()) == 1
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/board/")
    expect(page.get_by_role("link", name="Ada")).to_be_visible()
