"""Fields of forms that hold what is typed to the rules that the API and imports have as well."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from tenancy.likely_days import FIRST_DAY, PLANNED, UnlikelyDay, last_day, likely_day
from tenancy.texts import UnfitText, clean_text
from tenancy.web_addresses import NoWebAddress, web_address


class LineField(forms.CharField):
    """A text on one line, such as a name."""

    lines = False

    def to_python(self, value: Any) -> Any:
        """Return the text as it is kept.

        :raises forms.ValidationError: for characters that nobody can see or that end the line.
        """
        text = super().to_python(value)
        try:
            return clean_text(text, lines=self.lines) if text else text
        except UnfitText as error:
            raise forms.ValidationError(_("This %(fault)s.") % {"fault": error}, code="unfit") from None


class LinesField(LineField):
    """A text of several lines."""

    lines = True
    widget = forms.Textarea


class WebsiteField(LineField):
    """The address of a website."""

    def clean(self, value: Any) -> Any:
        """Return the address.

        :raises forms.ValidationError: for what is none.
        """
        text = super().clean(value)
        try:
            return web_address(text) if text else text
        except NoWebAddress as error:
            raise forms.ValidationError(_("This %(fault)s.") % {"fault": error}, code="invalid") from None


class _Likely:
    """Refuses days that nobody can mean."""

    years_ahead = PLANNED

    def held(self, day: date) -> None:
        """Hold a day to what can be meant.

        :raises forms.ValidationError: with the first and the last day.
        """
        today = timezone.localdate()
        try:
            likely_day(day, today=today, years_ahead=self.years_ahead)
        except UnlikelyDay:
            words = _("Choose a day from %(first)s to %(last)s. Look at the year.")
            shown = {"first": FIRST_DAY.isoformat(), "last": last_day(today, self.years_ahead).isoformat()}
            raise forms.ValidationError(words % shown, code="unlikely") from None


class DayField(_Likely, forms.DateField):
    """A calendar day."""

    def __init__(self, *, years_ahead: int = PLANNED, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, **kwargs})
        self.years_ahead = years_ahead

    def to_python(self, value: Any) -> date | None:
        """Return the day."""
        day = super().to_python(value)
        if day is not None:
            self.held(day)
        return day


class MomentField(_Likely, forms.DateTimeField):
    """A moment on the clock of the page, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        super().__init__(**{"widget": widget, "input_formats": formats, **kwargs})

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment."""
        moment = super().to_python(value)
        if moment is not None:
            self.held(moment.date())
        return moment
