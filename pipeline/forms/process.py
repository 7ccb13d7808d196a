"""Forms about the process: pipelines and their stages."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pipeline.models import CriterionCode, ForecastCategory, Mover, Pipeline, Stage, StageKind
from tenancy.form_fields import LineField, LinesField
from tenancy.models import Unit

READ_FROM_THE_DEAL = [choice for choice in CriterionCode.choices if choice[0] != CriterionCode.CONFIRMED]


class WhyForm(forms.Form):
    """What every change of the process says beside the change: the version that was seen, and why."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=1)
    reason = LineField(label=_("Why"), max_length=300, required=False, help_text=_("It stands in the log of changes"))


class PipelineForm(WhyForm):
    """A pipeline: its name, and whom it is for."""

    name = LineField(label=_("Name"), max_length=80)
    units = forms.MultipleChoiceField(
        label=_("For these units"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("With all below them. Without any it is for everybody."),
    )
    field_order = ("version", "name", "units", "reason")

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(unit.pk): unit for unit in units}
        units_field = self.fields["units"]
        assert isinstance(units_field, forms.MultipleChoiceField)
        units_field.choices = [(key, unit.name) for key, unit in self.offered.items()]

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operations take it."""
        data = self.cleaned_data
        units = [self.offered[key] for key in data["units"]]
        return {"name": data["name"], "units": units, "reason": data["reason"]}


def pipeline_values(pipeline: Pipeline, units: Iterable[Any]) -> dict[str, Any]:
    """Return what the form shows of a pipeline."""
    return {"name": pipeline.name, "version": pipeline.version, "units": [str(unit) for unit in units]}


def _asked(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=READ_FROM_THE_DEAL, required=False, widget=forms.CheckboxSelectMultiple
    )


def _confirmed(label: Any) -> LinesField:
    return LinesField(
        label=label,
        max_length=2_500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One line for each thing that the customer can prove; a person ticks it on the deal"),
    )


class StageForm(WhyForm):
    """A stage: its figures, who may move deals there, and what it asks for."""

    name = LineField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Deals in it are"), choices=StageKind.choices, required=False)
    chance = forms.DecimalField(
        label=_("Chance in percent"), min_value=Decimal(0), max_value=Decimal(100), decimal_places=2, required=False
    )
    forecast_category = forms.ChoiceField(label=_("Forecast"), choices=ForecastCategory.choices)
    expected_days = forms.IntegerField(
        label=_("Usual days"),
        min_value=0,
        max_value=3_650,
        required=False,
        help_text=_("Working days; 0: nobody knows"),
    )
    warning_days = forms.IntegerField(
        label=_("Late after days"),
        min_value=0,
        max_value=3_650,
        required=False,
        help_text=_("Working days; 0: as it is learnt"),
    )
    moved_by = forms.ChoiceField(label=_("Who may move deals into it"), choices=Mover.choices)
    entry = _asked(_("To come in"))
    entry_confirmed = _confirmed(_("Confirmed to come in"))
    exit = _asked(_("To go on"))
    exit_confirmed = _confirmed(_("Confirmed to go on"))
    is_strict = forms.BooleanField(
        label=_("Refuse a move that lacks something"),
        required=False,
        help_text=_("Else it is only counted"),
    )

    def clean(self) -> dict[str, Any]:
        """Return the data with the criteria as the process keeps them."""
        data = self.cleaned_data
        for side in ("entry", "exit"):
            lines = [" ".join(line.split()) for line in data.get(f"{side}_confirmed", "").splitlines()]
            data[f"{side}_criteria"] = [
                *({"code": code} for code in data.get(side, ())),
                *({"code": "confirmed", "text": line} for line in lines if line),
            ]
        return data

    def stated(self) -> dict[str, Any]:
        """Return what the form says, as the operations take it."""
        data = self.cleaned_data
        same = ("name", "forecast_category", "moved_by", "entry_criteria", "exit_criteria", "is_strict", "reason")
        return {
            **{name: data[name] for name in same},
            "probability_bp": int((data["chance"] or 0) * 100),
            "expected_days": data["expected_days"] or 0,
            "warning_days": data["warning_days"] or 0,
        }


def stage_values(stage: Stage) -> dict[str, Any]:
    """Return what the form shows of a stage."""
    values = {
        name: getattr(stage, name)
        for name in ("version", "name", "kind", "forecast_category", "expected_days", "warning_days", "moved_by")
    }
    for side, criteria in (("entry", stage.entry_criteria), ("exit", stage.exit_criteria)):
        values[side] = [one["code"] for one in criteria if one["code"] != CriterionCode.CONFIRMED]
        values[f"{side}_confirmed"] = "\n".join(one["text"] for one in criteria if one.get("text"))
    return {**values, "is_strict": stage.is_strict, "chance": f"{Decimal(stage.probability_bp) / 100:f}"}
