"""What every page is built from says what it should, whoever uses it."""

import pytest
from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import RequestContext, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import path

from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people.roles import Duty, NotYours, Role
from ketaflow.refusals import BadFile, Refused
from ketaflow.web.charts import Chart, Line
from ketaflow.web.errors import status_of
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import duty


class WeightForm(forms.Form):
    weight_kg = forms.DecimalField(label="Weight", widget=forms.NumberInput(attrs={"unit": "kg"}))


def drawn(source: str, /, **context: object) -> str:
    request = RequestFactory().get("/list?search=cy&page=2")
    return Template(source).render(RequestContext(request, context))


def test_a_mouse_wheel_cannot_change_a_number():
    page = drawn("{{ form }}", form=WeightForm())
    assert 'type="text"' in page
    assert 'inputmode="decimal"' in page
    assert 'type="number"' not in page


def test_a_unit_is_seen_beside_its_box_and_heard_in_its_label():
    page = drawn("{{ form }}", form=WeightForm())
    assert '<div class="govuk-input__suffix" aria-hidden="true">kg</div>' in page
    assert '<span class="govuk-visually-hidden">, in kg</span>' in page


def test_a_wrong_answer_is_tied_to_its_box():
    page = drawn("{{ form }}", form=WeightForm({"weight_kg": "7o"}))
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_weight_kg_error"' in page
    assert 'id="id_weight_kg_error"' in page


def test_the_summary_finds_every_wrong_form_once():
    form = WeightForm({})
    page = drawn("{% error_summary %}", form=form, again=form, several=[WeightForm({})])
    assert page.count("Weight: This field is required.") == 2
    assert 'href="#id_weight_kg"' in page
    assert drawn("{% error_summary %}", form=WeightForm({"weight_kg": "70"})) == ""


def test_a_refusal_stands_on_its_form_and_the_answer_is_422(rf):
    form = WeightForm({"weight_kg": "700"})
    refuse(form, Refused("700 kg is ten times 70 kg: look at the scale again."))
    response = answer(signed_out(rf), "400.html", {}, form)
    assert response.status_code == 422
    assert "ten times 70 kg" in drawn("{% error_summary %}", form=form)


def test_a_form_not_sent_yet_answers_200(rf):
    assert answer(signed_out(rf), "400.html", {}, WeightForm()).status_code == 200


@pytest.mark.parametrize("page", ["400.html", "500.html"])
def test_the_page_of_a_fault_needs_nothing_that_could_fail_too(page):
    said = render_to_string(page)
    assert "<h1" in said
    assert "{%" not in said


def signed_out(rf: RequestFactory) -> HttpRequest:
    request = rf.post("/")
    request.staff = None
    return request


def test_what_comes_from_a_chart_is_never_markup():
    assert "&lt;script&gt;" in drawn("{% tag text 'red' %}", text="<script>")
    assert "&lt;script&gt;" in drawn("{% care 'note' title %}{% endcare %}", title="<script>")
    chart = Chart("</script><b>", (0.0,), (Line("x", (1.0,)),), words="w")
    assert "<b>" not in drawn("{% chart chart %}{% endchart %}", chart=chart)


def test_a_tag_has_only_colours_that_exist():
    with pytest.raises(TemplateSyntaxError, match="cannot be pink"):
        drawn("{% tag 'High' 'pink' %}")


def test_turning_the_page_keeps_the_search():
    page = drawn("{% pagination page %}", page=Paginator(range(100), 10).page(2))
    assert "?search=cy&amp;page=3" in page


def test_a_chart_always_has_its_table():
    chart = Chart(
        "Level", (0.0, 5.0), (Line("Ketamine", (0.0, 80.0), (0.0, 50.0), (0.0, 120.0)),), words="w"
    )
    page = drawn("{% chart chart %}{% endchart %}", chart=chart)
    assert "80 (50 to 120)" in page


def test_a_chart_with_a_value_missing_is_refused():
    with pytest.raises(ValueError, match="1 values for 2 moments"):
        Chart("Level", (0.0, 5.0), (Line("Ketamine", (0.0,)),), words="w")
    with pytest.raises(ValueError, match="must follow each other"):
        Chart("Level", (5.0, 5.0), (), words="w")


@pytest.mark.parametrize(
    ("refusal", "status"), [(NotYours, 403), (SomeoneElseMoved, 409), (BadFile, 422)]
)
def test_each_refusal_has_its_status(refusal, status):
    assert status_of(refusal("No.")) == status


@duty(Duty.SEE_BOARD)
def refusing(request: HttpRequest) -> None:
    raise SomeoneElseMoved("Someone else was first.")


@duty(Duty.SIGN_POLICY)
def for_the_director(request: HttpRequest) -> None:
    raise AssertionError("nobody else comes here")


urlpatterns = [path("refusing", refusing), path("policy", for_the_director, name="policy")]


def test_a_refusal_that_no_view_caught_is_a_page_of_one_sentence(signed_in, settings):
    from tests.faces import gallery

    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [*gallery.urlpatterns, *urlpatterns]})
    response = signed_in(Role.NURSE).get("/refusing")
    assert response.status_code == 409
    assert "Someone else was first." in response.content.decode()
    fragment = signed_in(Role.NURSE).get("/refusing", headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()


def test_a_page_of_another_role_says_whose_it_is_and_is_not_in_the_menu(signed_in, settings):
    from tests.faces import gallery

    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [*gallery.urlpatterns, *urlpatterns]})
    client: Client = signed_in(Role.NURSE)
    response = client.get("/policy")
    assert response.status_code == 403
    assert "Only a medical director may sign the clinic&#x27;s policy." in response.content.decode()
    menu = client.get("/").content.decode()
    assert "Patients</a>" in menu
    assert "Policy</a>" not in menu
