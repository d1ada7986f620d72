"""In which language a page speaks: as chosen in this browser, else as on record, else as asked."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation

CHOSEN = "portal_language"
LANGUAGES: Mapping[str, str] = dict(settings.PORTAL_LANGUAGES)


def choose(request: Any) -> str:
    """The language of this page; `?language=` chooses one for as long as the browser is open."""
    asked = request.GET.get("language", "")
    if asked in LANGUAGES:
        request.session[CHOSEN] = asked
    contact = getattr(request.invitation.patient, "contact", None)
    for one in (request.session.get(CHOSEN, ""), contact.language if contact else ""):
        if one in LANGUAGES:
            return str(one)
    return _accepted(request)


def _accepted(request: Any) -> str:
    found = translation.get_language_from_request(request).partition("-")[0]
    return found if found in LANGUAGES else "en"
