"""Deals from files, with the history that the file implies."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from integrations.imports.dates import day_start
from integrations.imports.fields import Field
from integrations.imports.record_changes import Columns, RowChange
from integrations.imports.row_parser import Values
from integrations.imports.targets import ImportContext, ImportRecord, ValueOption
from integrations.imports.undoing import Undone
from integrations.imports.values import name_key
from pipeline.models import Opportunity, StageKind
from pipeline.operations.imports.buyers import SeenAccounts
from pipeline.operations.imports.crm_target import CrmTarget, Money, moment_of
from pipeline.operations.imports.custom_values import CustomHistory
from pipeline.operations.imports.deal_history import deal_history
from pipeline.operations.imports.stages import ChosenStage, chosen_stages, stages_of
from pipeline.readers.import_fields import OPPORTUNITIES, with_crm_names
from tenancy.bulk import CopiedRows, insert_copied
from tenancy.models import Organization

STAGE_COLUMNS = ("stage_id", "pipeline_id", "outcome", "opened_at", "closed_at", "stage_entered_at")


class DealTarget(CrmTarget):
    """Opportunities. The stage comes from what a person decided about each of the file's stages."""

    name, label, label_one = "opportunities", "Deals", "deal"
    fields = with_crm_names("opportunities", OPPORTUNITIES)
    file_words = ("opportunities", "deals", "pipeline", "sales pipeline", "Verkaufschancen", "Chancen")
    model = Opportunity
    texts = {"name": "name", "next_step": "next_step", "lost_reason": "lost_reason"}
    plain = {"close_date": "close_date", "next_step_date": "next_step_date"}
    pointers = {"account": "account_id", "owner": "owner_id", "product": "product_id"}
    amounts = (Money("amount", "amount_minor"),)
    columns = (
        *texts.values(), *plain.values(), *pointers.values(), *STAGE_COLUMNS, "amount_minor", "currency", "custom",
        "deleted_at",
    )  # fmt: skip
    json_columns = ("custom",)
    custom_history = CustomHistory("opportunity", lambda columns: (columns["opened_at"], columns["closed_at"]))
    always = frozenset({"deleted_at", "closed_at"})
    date_fields = ("opened_at", "close_date")
    undated_at_end = True
    labels = {
        "name": "Name",
        "account_id": "Account",
        "owner_id": "Owner",
        "product_id": "Product",
        "stage_id": "Stage",
        "amount_minor": "Amount",
        "currency": "Currency",
        "close_date": "Close date",
        "opened_at": "Opened",
        "closed_at": "Closed",
        "next_step": "Next step",
        "next_step_date": "Next step date",
        "lost_reason": "Lost reason",
        "deleted_at": "Deleted",
    }

    def natural_key(self, values: Values) -> str:
        """Deals without an id are known by name, account and beginning."""
        parts = (values.get("name"), values.get("account"), values.get("product"), values.get("opened_at"))
        return name_key("|".join(str(part or "") for part in parts)) if any(parts) else ""

    def kind_of(self, found: Field, values: Values) -> str:
        """What the file's own flags say of the deal's stage; never what the stage is called."""
        if values.get("is_won"):
            return StageKind.WON.value
        if values.get("is_lost") or (values.get("is_closed") and values.get("is_won") is False):
            return StageKind.LOST.value
        return StageKind.OPEN.value if values.get("is_closed") is False else ""

    def value_options(self, *, organization: Organization, found: Field) -> list[ValueOption]:
        """The stages there are."""
        return [
            ValueOption(str(stage.pk), f"{stage.name} ({stage.pipeline.name})", stage.kind, stage.name)
            for stage in stages_of(organization)
        ]

    def mapped_values(
        self, *, organization: Organization, found: Field, value_map: Mapping[str, Mapping[str, str]], create: bool
    ) -> dict[str, Any]:
        """The stage behind each of the file's values."""
        return chosen_stages(organization=organization, value_map=value_map, create=create)

    def mapped_columns(self, context: ImportContext, record: ImportRecord, old: Columns | None) -> Columns:
        """What the row says, with all that follows from its stage."""
        found = super().mapped_columns(context, record, old)
        stage: ChosenStage = context.mapped["stage"][name_key(record.values["stage"])]
        opened_at = moment_of(record.values.get("opened_at"))
        if opened_at is None:
            opened_at = self._unknown_opening(context, record) if old is None else old["opened_at"]
        closed_at = self._closed_at(context, record, stage, opened_at, old)
        return found | {
            "stage_id": stage.id,
            "pipeline_id": stage.pipeline_id,
            "outcome": stage.kind,
            "opened_at": opened_at,
            "closed_at": closed_at,
            "stage_entered_at": _entered_at(context, stage, opened_at, closed_at, old),
        }

    def _unknown_opening(self, context: ImportContext, record: ImportRecord) -> datetime:
        # An old beginning would make the deal look stale, so it begins where the files end.
        opened_at = min(context.latest_at or context.now, context.now)
        closed_on = record.values.get("close_date")
        return min(opened_at, day_start(date.fromisoformat(closed_on), context.zone)) if closed_on else opened_at

    def _closed_at(
        self, context: ImportContext, record: ImportRecord, stage: ChosenStage, opened_at: datetime, old: Columns | None
    ) -> datetime | None:
        if stage.kind == StageKind.OPEN:
            return None
        closed_on = record.values.get("close_date")
        if closed_on:
            closed_at = day_start(date.fromisoformat(closed_on), context.zone)
        elif old is not None and old["closed_at"] is not None:
            closed_at = old["closed_at"]
        else:
            closed_at = min(context.latest_at or context.now, context.now)
        return max(closed_at, opened_at)

    def new_columns(self, context: ImportContext, record: ImportRecord) -> Columns:
        """A deal needs a name: that of its account and product, or else its id."""
        values = record.values
        words = [str(values[name]) for name in ("account", "product") if values.get(name)]
        name = ": ".join(words) if len(words) == 2 else f"{words[0] if words else 'Deal'} ({record.key})"
        return super().new_columns(context, record) | {"name": name[:300], "outcome": StageKind.OPEN.value}

    def recorded(self, context: ImportContext, record: ImportRecord) -> datetime:
        """The source knew the deal when it was opened."""
        opened_at = moment_of(record.values.get("opened_at")) or self._unknown_opening(context, record)
        return min(opened_at, context.now)

    def undone(self, context: ImportContext, done: Undone) -> None:
        """Keep in the history of each deal that it is again what it was."""
        super().undone(context, done)
        insert_copied(organization=context.organization, copied=deal_history(context, done.restored))

    def following(self, context: ImportContext, changes: Sequence[RowChange]) -> list[CopiedRows]:
        """Keep the history of each deal."""
        return [deal_history(context, changes), *super().following(context, changes)]

    def written(self, context: ImportContext, changes: Sequence[RowChange]) -> None:
        """Keep what the deals tell of their accounts."""
        seen = SeenAccounts()
        for change in changes:
            new = change.new
            won_on = new["closed_at"].astimezone(context.zone).date() if new["outcome"] == StageKind.WON else None
            seen.add(new["account_id"], min(new["opened_at"], context.now), won_on)
        seen.write(context.organization)


def _entered_at(
    context: ImportContext, stage: ChosenStage, opened_at: datetime, closed_at: datetime | None, old: Columns | None
) -> datetime:
    if closed_at is not None:
        return closed_at
    if old is None:
        return opened_at
    return old["stage_entered_at"] if old["stage_id"] == stage.id else context.now
