"""The filters of the board, and the move of a card."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.filters import FilterForm, choice_filter, search_filter
from pipeline.queries.opportunities import OpportunityFilter


class BoardFilterForm(FilterForm):
    """What the board can be narrowed to."""

    name = search_filter(_("Name begins with"))
    owner = choice_filter(_("Any owner"))
    pipeline = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def narrowed(self) -> OpportunityFilter:
        """Return the filter as the query takes it."""
        return OpportunityFilter(name=self.cleaned_data["name"], owner_id=self._id("owner"))

    @property
    def pipeline_id(self) -> UUID | None:
        """The pipeline that was asked for."""
        found: UUID | None = self.cleaned_data["pipeline"]
        return found
