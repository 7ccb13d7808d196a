"""A file of a shape that nobody has seen becomes a model by its mapping alone; what knows the outcome is left out."""

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from agile_sales.night_calendar import new_night
from coe import operations
from coe.models import TrainedModel
from coe.scoring.measures import auc
from integrations.models import Import
from integrations.operations.checking import check_import
from integrations.operations.committing import commit_import
from integrations.operations.values import value_questions
from pipeline.models import CustomColumn, Opportunity, OpportunityScore
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patience")]

HEADER = "Vorgang;Ausgang;Budget frei;Mitbewerber;Wetter;Alter;Lieferschein;Rechnung am"
OPEN = 12


@pytest.fixture
def patience(db: Any) -> None:
    """Let statements take as long as they need on a busy machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")


def a_file(rows: int = 300) -> tuple[str, float]:
    """Deals as some other system writes them, and how well their outcome can be told beforehand at best."""
    chance = np.random.default_rng(11)
    budget, rivals = chance.random(rows) < 0.5, chance.integers(0, 5, rows)
    truth = 1 / (1 + np.exp(-(-0.2 + 1.8 * budget - 0.6 * rivals)))
    won = chance.random(rows) < truth
    lines = [HEADER]
    for row in range(rows):
        is_open = row < OPEN
        ended = "Läuft" if is_open else "Gewonnen" if won[row] else "Verloren"
        late = won[row] and not is_open
        lines.append(
            f"V-{row:04};{ended};{'ja' if budget[row] else 'nein'};{rivals[row]};"
            f"{chance.choice(['Sonne', 'Regen', 'Schnee'])};{chance.integers(25, 65)};"
            f"{f'L-{row % 7}' if late else ''};{'2026-05-01' if late else ''}"
        )
    return "\n".join(lines) + "\n", auc(won[OPEN:].astype(float), truth[OPEN:])


def the_import(cast: Cast) -> Import:
    with organization_scope(cast.acme):
        found: Import = Import.objects.order_by("-created_at")[0]
        return found


def work(cast: Cast) -> None:
    """Do what the worker would do."""
    made, now = the_import(cast), timezone.now()
    check_import(organization=cast.acme, import_id=made.pk, now=now)
    commit_import(organization=cast.acme, import_id=made.pk, now=now)


def bring(cast: Cast, client: Any, text: str) -> None:
    """Import the file as a person does it on the page: say what the rows are, what their end means, keep the rest."""

    def url(name: str) -> str:
        return reverse(f"integrations:{name}", kwargs={"organization": "acme", "import_id": the_import(cast).pk})

    upload = SimpleUploadedFile("vorgaenge.csv", text.encode())
    client.post(
        reverse("integrations:import-new", kwargs={"organization": "acme"}),
        {"uploads": [upload], "source": "alt", "format": "csv"},
    )
    client.post(url("import"), {"file": 0, "target": "opportunities"})
    fields = {"file": 0, "target": "opportunities", "field-0": "external_id", "field-1": "stage", "keep": "all"}
    client.post(url("import"), fields | {f"field-{index}": "" for index in range(2, 8)})
    work(cast)
    with organization_scope(cast.acme):
        (question,) = value_questions(organization=cast.acme, import_file=the_import(cast).files.get())
    kinds = {"Gewonnen": "won", "Verloren": "lost", "Läuft": "open"}
    decided = {f"value-stage-{place}": f"create:{kinds[one.text]}" for place, one in enumerate(question.decisions)}
    client.post(url("import"), {"file": 0, "target": "opportunities", "at-closing-7": ["off", "on"], **decided})
    work(cast)
    client.post(url("import-commit"))
    work(cast)


def test_a_file_of_a_shape_never_seen_becomes_a_model_by_its_mapping_alone(cast: Cast, client_for: Any) -> None:
    text, best = a_file()
    bring(cast, client_for(cast.lena), text)
    now = timezone.now()
    with organization_scope(cast.acme):
        assert Opportunity.objects.count() == 300
        kinds = dict(CustomColumn.objects.values_list("name", "kind"))
        assert (kinds["Budget frei"], kinds["Mitbewerber"], kinds["Wetter"]) == ("flag", "number", "category")
        run = new_night(organization=cast.acme, requested_by=None, as_of=now, now=now)
        operations.train_deal_models(organization=cast.acme, as_of=now, trained_at=now)
        operations.score_opportunities(organization=cast.acme, run=run, as_of=now, scored_at=now)

        model = TrainedModel.objects.get(purpose="opportunity_win")
        said = {one["column"]: (one["code"], one["why"]) for one in model.left_out}
        assert (model.state, model.status, model.rows) == ("learned", "champion", 300 - OPEN)
        assert said["custom.Lieferschein"][0] == "filled_after"
        assert said["custom.Lieferschein"][1].startswith("Lieferschein is filled in 100% of the good outcomes")
        assert said["custom.Rechnung am"][0] == "closing"
        assert said["custom.Alter"][0] == "personal"
        assert all(name.startswith("custom.") for name in said)
        assert model.metrics["auc"]["value"] == pytest.approx(best, abs=0.06)
        assert {"custom.Budget frei", "custom.Mitbewerber"} <= set(model.columns)
        scores = list(OpportunityScore.objects.select_related("opportunity"))
        assert len(scores) == OPEN
        by_budget = {
            flag: [one.score for one in scores if one.opportunity.custom["budget_frei"] is flag]
            for flag in (True, False)
        }
        assert np.mean(by_budget[True]) > np.mean(by_budget[False]) + 15
        texts = {reason["fact"]["text"] for one in scores for reason in one.reasons}
        assert any(text.startswith("Budget frei") for text in texts)
        assert not any("Lieferschein" in text or "Alter" in text for text in texts)
    (told,) = Caller(a_token(cast.acme)).get("/api/v1/scoring-models", {"purpose": "opportunity_win"}).json()["results"]
    assert told["figures"]["auc"]["value"] == pytest.approx(best, abs=0.06)
    assert "Lieferschein" in " ".join(one["why"] for one in told["left_out"])
    assert Caller(a_token(cast.globex)).get("/api/v1/scoring-models").json()["results"] == []


REAL = {
    # name: file, column with the outcome, what its words mean, columns that are a field of ours
    "salvirt": ("salvirt-b2b/Salvirt_B2B_ML_dataset_HF.csv", "Status", {"Won": "won", "Lost": "lost"}, {}, 0.77),
    "telco": (
        "telco-churn/Telco-Customer-Churn.csv",
        "Churn",
        {"No": "won", "Yes": "lost"},
        {"customerID": "external_id"},
        0.82,
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_learnt_from_by_their_mapping_alone(cast: Cast, tmp_path: Path, name: str) -> None:
    path, outcome, kinds, fields, least = REAL[name]
    source = Path(os.environ.get("AGILE_SALES_DATA") or "nowhere") / "benchmarks" / path
    if not source.exists():
        pytest.skip("AGILE_SALES_DATA names no folder with benchmarks")
    if name == "telco" and not os.environ.get("AGILE_SALES_LONG"):
        pytest.skip("seven thousand rows and boosting: AGILE_SALES_LONG")
    text = source.read_text(encoding="utf-8-sig")
    header = text.splitlines()[0].replace(";", ",").split(",")
    columns = {one: fields.get(one, "custom") for one in header} | {outcome: "stage"}
    decided = {word: {"create": f"{word} ({kind})", "kind": kind} for word, kind in kinds.items()}
    given = tmp_path / "map.json"
    file = {"target": "opportunities", "columns": columns, "values": {"stage": decided}}
    given.write_text(json.dumps({"source": name, "files": {source.name: file}}))
    call_command("import_records", str(source), organization="acme", map=str(given), stdout=StringIO())
    now = timezone.now()
    with organization_scope(cast.acme):
        operations.train_deal_models(organization=cast.acme, as_of=now, trained_at=now)
        model = TrainedModel.objects.get(purpose="opportunity_win")
        found = model.metrics["auc"]
    assert model.state == "learned"
    assert found["value"] >= least
