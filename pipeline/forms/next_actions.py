"""What somebody says to a next action, checked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.models import Choice
from tenancy.form_fields import DayField


class ChoiceForm(forms.Form):
    """Yes, later or no."""

    choice = forms.ChoiceField(choices=[*Choice.choices, ("", _("Taken back"))], required=False)
    until = DayField(label=_("Put off until"), required=False)
