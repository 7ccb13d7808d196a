"""What a person says of a score: another one, a doubt, the answer to a doubt."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coe.models import Doubt, Verdict
from pipeline.models import OverrideReason
from tenancy.form_fields import DayField, LinesField

WEEKS = 4


class OverrideForm(forms.Form):
    """A score set by hand, why, and until when."""

    score = forms.IntegerField(
        label=_("Chance to buy, in per cent"),
        min_value=1,
        max_value=99,
        widget=forms.NumberInput(attrs={"min": 1, "max": 99}),
    )
    reason = forms.ChoiceField(label=_("Why"), choices=OverrideReason.choices)
    words = LinesField(
        label=_("In your words"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "class": "area"})
    )
    expires_on = DayField(label=_("Automatic again on"), help_text=_("At most half a year from now."))

    @staticmethod
    def first_values(score: int, today: date) -> dict[str, Any]:
        """Return what the form begins with."""
        return {"score": score, "expires_on": today + timedelta(weeks=WEEKS)}


class ReportForm(forms.Form):
    """What looks wrong about a score."""

    doubt = forms.ChoiceField(label=_("What looks wrong"), choices=Doubt.choices, widget=forms.RadioSelect)
    words = LinesField(
        label=_("What do you know?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4, "class": "area"})
    )


class AnswerForm(forms.Form):
    """What came of a doubt."""

    verdict = forms.ChoiceField(label=_("What came of it"), choices=Verdict.choices, widget=forms.RadioSelect)
    answer = LinesField(
        label=_("Answer"),
        max_length=1000,
        help_text=_("Shown to who asked, with the score's explanation."),
        widget=forms.Textarea(attrs={"rows": 4, "class": "area"}),
    )
