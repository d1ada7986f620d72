"""One page with every component on it, as a patient page of the clinic: only for looking at."""

from pathlib import Path

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from ketaflow.people import queries as people
from ketaflow.people.roles import Duty
from ketaflow.web import home
from ketaflow.web.charts import Chart, Giving, Level, Line, Mark
from ketaflow.web.forms import DayInput, MomentInput
from ketaflow.web.gate import duty

PAGE = Path(__file__).with_suffix(".html")


class EverythingForm(forms.Form):
    weight = forms.DecimalField(
        min_value=20,
        max_value=300,
        help_text="Measured today, in light clothes.",
        widget=forms.NumberInput(attrs={"unit": "kg", "class": "govuk-input--width-5"}),
    )
    pulse = forms.IntegerField(required=False, label="Heart rate")
    born_on = forms.DateField(label="Born on", widget=DayInput)
    at = forms.DateTimeField(label="Given at", widget=MomentInput)
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    route = forms.ChoiceField(choices=[("iv", "Infusion"), ("nasal", "Nasal spray")])
    fasting = forms.ChoiceField(
        label="Has the patient fasted?",
        help_text="No solid food for the hours your clinic's policy names.",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
    )
    seen = forms.MultipleChoiceField(
        label="What was seen?",
        choices=[("nausea", "Nausea"), ("dizzy", "Dizziness")],
        widget=forms.CheckboxSelectMultiple,
    )
    escort = forms.BooleanField(label="An escort is here")
    bundle = forms.FileField(label="Referral bundle", required=False)


def chart() -> Chart:
    times = tuple(float(minute) for minute in range(0, 125, 5))
    level = tuple(100 * (min(t, 40) / 40) * (1 if t <= 40 else 0.97 ** (t - 40)) for t in times)
    return Chart(
        title="Forecast of ketamine in plasma",
        x=times,
        lines=(
            Line(
                "Ketamine",
                level,
                tuple(0.6 * one for one in level),
                tuple(1.5 * one for one in level),
            ),
            Line("Norketamine", tuple(0.4 * t for t in times)),
            Line("Measured", tuple(80.0 if t == 60 else None for t in times), dots=True),
        ),
        y_label="ng/mL",
        words="Ketamine rises to 100 ng/mL at minute 40 and falls below 10 by minute 120.",
        now=55,
        marks=(Mark(20, "Nausea"), Mark(38, "Paused"), Mark(115, "Discharge possible")),
        levels=(Level(130, "Clinic's limit"),),
        giving=(Giving(0, 40, "35 mg"),),
        table_every=6,
    )


@duty(Duty.SEE_CHART)
def gallery(request: HttpRequest, patient: str) -> HttpResponse:
    form = EverythingForm(request.POST or None)
    context = {
        "patient": people.patient(clinic=request.clinic.id, id=patient),
        "form": form,
        "chart": chart(),
        "minutes": range(0, 90, 5),
        "names": ["Systolic, mmHg", "Diastolic, mmHg", "Heart rate, /min", "SpO2, %"],
        "rows": [("Protocol", "Depression, twice weekly"), ("Dose", "35 mg over 40 min", "/")],
        "page": Paginator(range(100), 10).page(2),
    }
    page = engines["django"].from_string(PAGE.read_text()).render(context, request)
    return HttpResponse(page, status=422 if form.errors else 200)


@duty(Duty.SEE_BOARD)
def nothing(request: HttpRequest, patient: str = "") -> HttpResponse:
    return HttpResponse("")


urlpatterns = [
    path("account/", include("allauth.urls")),
    path("", home.start, name="home"),
    path("still-here", home.still_here, name="still_here"),
    path("patients", nothing, name="patients"),
    path("schedule", nothing, name="schedule"),
    path("tasks", nothing, name="safety_tasks"),
    path("patients/<uuid:patient>", gallery, name="patient"),
    path("patients/<uuid:patient>/screening", nothing, name="screening"),
    path("patients/<uuid:patient>/outcomes", nothing, name="outcomes"),
]
