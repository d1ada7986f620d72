"""What anybody may read: it opens for everybody, writes nothing, and knows nobody."""

import pytest
from django.test import Client
from django.urls import reverse

from ketaflow.people.roles import Role
from ketaflow.portal.information.options import groups
from ketaflow.portal.information.pages import pages
from ketaflow.portal.urls import urlpatterns

from .test_every_url import URLS

PUBLIC = [
    "/information/",
    "/information/claims/",
    "/information/compare/",
    "/information/compare/?for=pain&show=yes&option=ketamine&option=opioids",
    *(reverse("information_page", args=[slug]) for slug in pages()),
    *(reverse("information_options", args=[name]) for name in groups()),
]


def test_every_page_of_the_portal_says_that_it_is_public():
    assert all(getattr(one.callback, "public", False) for one in urlpatterns)
    assert not any(route.startswith("information") for route in URLS)


@pytest.mark.parametrize("url", PUBLIC)
def test_anybody_may_read_it_and_nothing_is_looked_up(db, django_assert_num_queries, url):
    with django_assert_num_queries(0):
        got = Client().get(url)
    assert got.status_code == 200
    assert not got.cookies


@pytest.mark.parametrize("url", PUBLIC)
def test_it_says_nothing_of_a_clinic_or_of_who_reads_it(signed_in, people, clinic_a, url):
    page = signed_in(Role.MEDICAL_DIRECTOR).get(url).content.decode()
    secrets = [clinic_a.name, clinic_a.phone, clinic_a.address, clinic_a.crisis_line]
    secrets += [people[Role.MEDICAL_DIRECTOR].name, str(people[Role.MEDICAL_DIRECTOR].id)]
    said = page.replace("1,988", "")
    assert [one for one in secrets if one in said] == []


@pytest.mark.parametrize("url", PUBLIC)
def test_nothing_can_be_sent_to_it(db, url):
    assert Client(enforce_csrf_checks=False).post(url, {"option": "ect"}).status_code == 405


@pytest.mark.parametrize("url", ["/information/nowhere/", "/information/options/nowhere/"])
def test_what_is_not_there_is_not_found(db, url):
    assert Client().get(url).status_code == 404
