"""What the review can be narrowed to, and the word that closes an exception."""

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.filters import FilterForm, choice_filter
from pipeline.models import ReviewReason
from pipeline.queries.review import ReviewFilter
from tenancy.form_fields import LineField


class ReviewFilterForm(FilterForm):
    """Whose deals, and which exceptions."""

    owner = choice_filter(_("Any owner"))
    reason = choice_filter(_("All exceptions"), ReviewReason.choices)

    def narrowed(self) -> ReviewFilter:
        """Return the filter as the query takes it."""
        return ReviewFilter(owner_id=self._id("owner"), reason=self.cleaned_data["reason"])


class NoChangeForm(forms.Form):
    """It was looked at, and stays as it is."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = LineField(label=_("Why it stays so"), max_length=300, required=False)
    auto_id = "same-%s"
