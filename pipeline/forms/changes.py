"""What the page of changes is asked for, in its address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.forms.filters import FilterForm
from pipeline.queries.comparison import Due, Since
from pipeline.queries.movements import KIND_WORDS

SINCE = [
    (Since.YESTERDAY, _("Yesterday")),
    (Since.STAND_UP, _("Last stand-up")),
    (Since.WEEK, _("7 days")),
    (Since.DATES, _("Two dates")),
]
DUE = [(Due.QUARTER, _("Due this quarter")), (Due.NEXT_QUARTER, _("Due next quarter")), (Due.ALL, _("All open deals"))]


class ChangesForm(FilterForm):
    """Since when, of which deals, and the deals behind which figure."""

    since = forms.ChoiceField(choices=SINCE, required=False)
    due = forms.ChoiceField(choices=DUE, required=False, label=_("Due"), widget=forms.Select(attrs={"data-send": ""}))
    first = forms.DateField(required=False, label=_("From the end of"))
    last = forms.DateField(required=False, label=_("To the end of"))
    kind = forms.ChoiceField(choices=[(kind, words) for kind, words in KIND_WORDS.items()], required=False)
    source = forms.CharField(max_length=40, required=False)
    target = forms.CharField(max_length=40, required=False)

    def clean(self) -> dict[str, Any]:
        """Fill in what the address leaves out: the last seven days of what is due this quarter."""
        data = {**self.cleaned_data}
        data["since"] = Since(data.get("since") or (Since.DATES if data.get("first") else Since.WEEK))
        data["due"] = Due(data.get("due") or Due.QUARTER)
        return data
