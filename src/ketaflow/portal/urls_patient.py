"""The pages that a signed link opens for one patient. No page here knows anybody else."""

from django.urls import path

from ketaflow.portal.patient import form, own

urlpatterns = [
    path("<str:link>/", form.start, name="portal_start"),
    path("<str:link>/question/<slug:item>/", form.question, name="portal_question"),
    path("<str:link>/check/", form.check, name="portal_check"),
    path("<str:link>/sent/", form.sent, name="portal_sent"),
    path("<str:link>/mine/", own.mine, name="portal_mine"),
]
