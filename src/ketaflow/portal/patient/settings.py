"""How the patient is reached, and who helps her."""

from django.conf import settings as deployment
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ketaflow.correspondence.home import actions
from ketaflow.correspondence.home import queries as home
from ketaflow.correspondence.home.contact import Language, NotANumber
from ketaflow.correspondence.invitation import NotToBeSent
from ketaflow.portal.patient import language
from ketaflow.portal.patient.forms import ContactForm, HelperForm
from ketaflow.portal.patient.gate import PatientRequest, invited, page

WRONG = 422


@invited()
def contact(request: PatientRequest) -> HttpResponse:
    """Choose the language, and whether text messages come too."""
    who = request.invitation
    known = home.contact(clinic=who.clinic_id, patient=who.patient_id)
    first = {
        "language": known.language if known else language.choose(request),
        "text_to": known.text_to if known else "",
    }
    sent = request.POST if request.method == "POST" else None
    texts = bool(deployment.TEXT_GATEWAY)
    form = ContactForm(sent, texts=texts, initial=first)
    if request.method == "POST" and form.is_valid():
        said = {"text_to": first["text_to"], **form.cleaned_data}
        try:
            actions.set_contact(
                patient=who.patient,
                text_to=said["text_to"],
                language=Language(said["language"]),
                by=request.author,
                at=request.at,
            )
            request.session[language.CHOSEN] = said["language"]
            return redirect(f"/p/{request.link}/mine/?done=contact")
        except NotANumber:
            form.add_error(
                "text_to", _("Write the number with its country, such as +1 202 555 0143.")
            )
    return page(request, "portal/contact.html", {"form": form}, WRONG if form.errors else 200)


@invited()
def helper(request: PatientRequest) -> HttpResponse:
    """Name somebody who may see the appointments and answer about them."""
    who = request.invitation
    form = HelperForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.name_helper(
                patient=who.patient, **form.cleaned_data, by=request.author, at=request.at
            )
            return redirect(f"/p/{request.link}/mine/?done=helper")
        except NotToBeSent:
            form.add_error("email", _("Enter an e-mail address, such as name@example.org."))
    held = home.helper(clinic=who.clinic_id, patient=who.patient_id)
    context = {"form": form, "held": held}
    return page(request, "portal/helper.html", context, WRONG if form.errors else 200)


@invited()
def no_helper(request: PatientRequest) -> HttpResponse:
    """Nobody helps any more."""
    if request.method != "POST":
        return redirect("portal_helper", link=request.link)
    actions.end_helper(patient=request.invitation.patient, by=request.author, at=request.at)
    return redirect(f"/p/{request.link}/mine/?done=no-helper")
