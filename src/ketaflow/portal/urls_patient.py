"""The pages that a signed link opens for one patient. No page here knows anybody else."""

from django.urls import path

from ketaflow.portal.patient import agreement, data, form, own, settings

urlpatterns = [
    path("<str:link>/", form.start, name="portal_start"),
    path("<str:link>/question/<slug:item>/", form.question, name="portal_question"),
    path("<str:link>/check/", form.check, name="portal_check"),
    path("<str:link>/sent/", form.sent, name="portal_sent"),
    path("<str:link>/mine/", own.mine, name="portal_mine"),
    path("<str:link>/visit/<uuid:booking>/", own.visit, name="portal_visit"),
    path("<str:link>/scores/", own.scores, name="portal_scores"),
    path("<str:link>/sessions/", own.all_sessions, name="portal_sessions"),
    path("<str:link>/sessions/<uuid:session>/", own.session, name="portal_session"),
    path("<str:link>/agreements/", agreement.agreements, name="portal_agreements"),
    path("<str:link>/agreements/<uuid:course>/", agreement.sign, name="portal_sign"),
    path("<str:link>/agreements/<uuid:course>/back/", agreement.withdraw, name="portal_withdraw"),
    path("<str:link>/contact/", settings.contact, name="portal_contact"),
    path("<str:link>/helper/", settings.helper, name="portal_helper"),
    path("<str:link>/helper/none/", settings.no_helper, name="portal_no_helper"),
    path("<str:link>/data/", data.data, name="portal_data"),
    path("<str:link>/data/<str:key>/record.json", data.as_json, name="portal_record_json"),
    path("<str:link>/data/<str:key>/record.pdf", data.as_pdf, name="portal_record_pdf"),
]
