"""Pages and answers of the interface itself: what a person prefers, and every component on one page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tenancy.access import signed_in
from tenancy.models import User
from ui import charts


class PreferencesForm(forms.Form):
    """What a person set; a field that was not sent stays as it is."""

    theme = forms.ChoiceField(choices=User.Theme.choices, required=False)
    density = forms.ChoiceField(choices=User.Density.choices, required=False)
    keys = forms.ChoiceField(choices=[("", "on"), ("off", "off")], required=False)


@signed_in
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Store theme, row height or single keys on the user; with HTMX or script nothing is drawn, else the page is."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    user = cast("User", request.user)
    changed = []
    for name in ("theme", "density"):
        if name in request.POST:
            setattr(user, name, form.cleaned_data[name])
            changed.append(name)
    if "keys" in request.POST:
        user.single_keys = form.cleaned_data["keys"] != "off"
        changed.append("single_keys")
    if changed:
        user.save(update_fields=changed)
    if "HX-Request" in request.headers:
        return HttpResponse(status=204)
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else "/")


class SampleForm(forms.Form):
    """The fields of the components page, one of each kind."""

    name = forms.CharField(
        label="Deal name", initial="2027 drive framework", help_text="Shown to the customer on quotes"
    )
    close_date = forms.DateField(label="Closes")
    stage = forms.ChoiceField(label="Stage", choices=[("qualify", "Qualify"), ("propose", "Propose")], required=False)
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    reach = forms.ChoiceField(
        label="Who sees it",
        choices=[("squad", "The squad"), ("all", "Everybody")],
        widget=forms.RadioSelect,
        initial="all",
    )
    tell = forms.BooleanField(label="Tell the squad", required=False)


REASONS = [
    {"text": "Framework price request, 4 days ago", "points": 1.1},
    {"text": "3 portal visits to torque drives", "points": 0.7, "url": "#reasons"},
    {"text": "Two deliveries late in Q3", "points": -0.6},
]


@dataclass(frozen=True)
class SamplePerson:
    """Somebody to draw."""

    pk: int
    name: str


@signed_in
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every part in every state; what a template needs and is not here is added here first."""
    now = timezone.now()
    form = SampleForm({"name": "2027 drive framework", "close_date": "31 Nov", "reach": "all", "tell": "on"})
    form.is_valid()
    form.errors["close_date"] = form.error_class(["November has 30 days. Did you mean 30 Nov?"])
    weeks = [0.0, 0.6, 1.5, 2.7, 4.3, 5.7, 7.4, 8.9]
    likely = [8.9, 10.4, 12.0, 13.6, 15.3, 17.0, 18.5]
    context = {
        "now": now,
        "form": form,
        "broken": _broken_form(),
        "moments": [
            now - timedelta(seconds=20),
            now - timedelta(minutes=12),
            now - timedelta(days=1),
            now - timedelta(days=3),
            now - timedelta(days=40),
            now - timedelta(days=500),
        ],
        "trend": [3, 4, 4, 6, 5, 7, 8],
        "people": [SamplePerson(i, name) for i, name in enumerate(["Mara Lindqvist", "Priya Nair", "Wei Chen"])],
        "rows": [
            ("Velora E-Bikes", "E-bike makers", 120_000_000, "Mara Lindqvist"),
            ("Lumen Lighting", "Lighting", 86_000_000, "Wei Chen"),
            ("Tramont Rail", "Rail and bus", 240_000_000, "Tomás Ferreira"),
        ],
        "reasons": REASONS,
        "line_chart": charts.line_chart(
            [
                charts.Series(list(enumerate(weeks)), filled=True),
                charts.Series([(7.0 + i, v) for i, v in enumerate(likely)], dashed=True, end_label="18.5m likely"),
            ],
            bands=[
                charts.Band(
                    [(7.0 + i, v - i * 0.25) for i, v in enumerate(likely)],
                    [(7.0 + i, v + i * 0.25) for i, v in enumerate(likely)],
                )
            ],
            now=(7.0, "today"),
            x_labels=[(float(i), f"w{i}") for i in range(1, 14, 2)],
            label="Closed 8.9 million euro in week 7, likely 18.5 million by week 13.",
            size=charts.Size(540, 240, right=88),
        ),
        "dot_chart": charts.dot_chart(
            [charts.Mark(float(i), v, f"Week {i}") for i, v in enumerate([9.0, 6.0, 10.0, 8.0, 9.0, 3.0, 10.0])],
            x_labels=[(float(i), f"w{i}") for i in range(7)],
            y_range=(0, 10),
            label="Seven answers, most of them 8 and above.",
        ),
        "bar_chart": charts.bar_chart(
            [charts.Bar("Act today", 24), charts.Bar("This week", 61), charts.Bar("Steady", 140, "f0")],
            label="24 accounts to act on today, 61 this week, 140 steady.",
        ),
    }
    return render(request, "ui/components.html", context)


@signed_in
@require_safe
def component_reasons(request: HttpRequest) -> HttpResponse:
    """Show the reasons that a score in a list asks for when it is opened."""
    if not request.htmx:  # type: ignore[attr-defined]
        return components(request)  # type: ignore[return-value]
    return render(request, "ui/components.html#reasons", {"reasons": REASONS})


def _broken_form() -> SampleForm:
    form = SampleForm({})
    form.add_error(None, "Somebody else changed this deal at 09:12.")
    return form
