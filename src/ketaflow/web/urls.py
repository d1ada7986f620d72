"""The clinician's pages, in the order in which a patient meets them."""

from django.urls import path

from ketaflow.web import courses, home, policy

urlpatterns = [
    path("", home.start, name="home"),
    # protocol
    path("policy/", policy.policy, name="policy"),
    path("protocols/", policy.library, name="protocols"),
    path("patients/<uuid:patient>/courses/new/", courses.choose, name="course_choose"),
    path(
        "patients/<uuid:patient>/courses/new/<str:protocol>/", courses.plan, name="course_plan"
    ),
    path("courses/<uuid:course>/", courses.course, name="course"),
    path("courses/<uuid:course>/dose/", courses.change, name="course_change"),
    path("courses/<uuid:course>/review/", courses.review, name="course_review"),
    path("courses/<uuid:course>/end/", courses.end, name="course_end"),
    path("courses/<uuid:course>/consent/", courses.consent, name="consent"),
    path("courses/<uuid:course>/consent/withdraw/", courses.withdraw, name="consent_withdraw"),
]
