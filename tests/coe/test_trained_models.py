"""Versions of a model: trained, measured, promoted only when not worse, and taken back by one click."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from coe.models import ModelStatus, Purpose, TrainedModel, TrainedModelFile
from coe.operations import (
    UnableToPromote,
    UnableToRevert,
    promote_if_better,
    promote_model,
    revert_model,
    train_model,
)
from coe.queries import champion, trained_models
from coe.scoring.examples import Examples
from coe.scoring.table import Table
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tests.coe.learning import company, noise
from tests.coe.records import NOW

WIN = Purpose.OPPORTUNITY_WIN


def examples(rows=300, *, seed=1, make=company, shuffled=False):
    table, y, *_ = make(rows, seed=seed)
    random = np.random.default_rng(seed)
    if shuffled:
        y = random.permutation(y)
    names = random.choice(["Marine", "Rail"], rows).tolist()
    return Examples(table, y, horizon_days=90, panels={"segment": names})


def train(cast, of=None, *, days=0.0):
    return train_model(
        organization=cast.acme,
        purpose=WIN,
        examples=of or examples(),
        trained_at=NOW + timedelta(days=days),
        trained_by=cast.ana,
    )


def promoted(cast, of=None, *, days=0.0):
    training = train(cast, of, days=days)
    promote_if_better(organization=cast.acme, training=training, decided_at=NOW + timedelta(days=days))
    training.model.refresh_from_db()
    return training


@pytest.fixture
def two(cast, acme_scope):
    """A live version, and one before it."""
    return promoted(cast), promoted(cast, examples(400), days=7)


@pytest.mark.usefixtures("acme_scope")
def test_a_version_keeps_everything_a_person_may_ask_about_it(cast):
    training = promoted(cast)
    model = TrainedModel.objects.get()

    assert (model.version, model.status, model.state) == (1, ModelStatus.CHAMPION, "learned")
    assert (model.rows, model.positives) == (300, training.learned.choice.positives)
    assert model.columns["Region"] == "category"
    assert model.candidates[0]["code"] == "base_rate"
    assert model.decision.startswith("Learned from 300 outcomes")
    figures = model.metrics
    assert figures["auc"]["low"] < figures["auc"]["value"] < figures["auc"]["high"]
    assert figures["log_loss"]["value"] < figures["base_log_loss"]["value"]
    assert sum(part["rows"] for part in figures["bins"]) == 300
    assert {one["name"] for one in figures["by"]["segment"]} == {"Marine", "Rail"}
    assert sum(one["positives"] for one in figures["by"]["segment"]) == figures["positives"]
    assert set(model.typical) == {"", "Marine", "Rail"}
    assert sum(model.inputs["Region"]["counts"]) == 300
    assert [event.payload["version"] for event in DomainEvent.objects.filter(type="model.promoted")] == [1]


@pytest.mark.usefixtures("acme_scope")
def test_the_champion_scores_to_the_bit_as_what_was_trained(cast):
    training = promoted(cast)
    table = training.learned.examples.table

    found = champion(organization=cast.acme, purpose=WIN)

    assert found.note == ""
    assert found.scorer is not None
    assert found.scorer.probabilities(table).tobytes() == training.learned.choice.scorer.probabilities(table).tobytes()


def test_a_version_that_has_seen_more_and_is_not_worse_takes_its_place(two, cast):
    first, second = two
    first.model.refresh_from_db()

    assert (first.model.status, second.model.status) == (ModelStatus.RETIRED, ModelStatus.CHAMPION)
    assert second.model.comparison["against"] == "version 1"
    assert [one.version for one in trained_models(organization=cast.acme, purpose=WIN)] == [2, 1]


@pytest.mark.usefixtures("acme_scope")
def test_a_version_that_is_worse_on_rows_new_to_both_stays_a_challenger(cast):
    table, y, _ = company(760, seed=3)
    table = replace(table, known_at=np.arange(19_000.0, 19_760.0))
    much, little = np.arange(600), np.arange(600, 760)
    live = promoted(cast, Examples(table.take(much), y[much], horizon_days=90, embargo_days=0))

    worse = promoted(cast, Examples(table.take(little), y[little], horizon_days=90, embargo_days=0), days=7)

    assert live.model.window_end.isoformat() == "2023-08-30"
    assert worse.model.comparison["basis"] == "new rows"
    assert worse.model.comparison["log_loss"] > worse.model.comparison["other_log_loss"]
    assert worse.model.status == ModelStatus.CHALLENGER
    assert "worse" in worse.model.decision
    assert champion(organization=cast.acme, purpose=WIN).model == live.model


@pytest.mark.usefixtures("acme_scope")
def test_when_what_was_learnt_holds_no_longer_the_next_version_says_so(cast):
    promoted(cast)

    honest = promoted(cast, examples(400, shuffled=True), days=7)

    assert honest.model.state == "no_reliable_signal"
    assert honest.model.status == ModelStatus.CHAMPION
    assert "log-loss" in honest.model.decision


def test_one_click_goes_back_and_tells_it(two, cast):
    first, second = two

    back = revert_model(organization=cast.acme, purpose=WIN, reverted_by=cast.lena, reverted_at=NOW + timedelta(days=8))

    assert back == first.model
    assert champion(organization=cast.acme, purpose=WIN).model == first.model
    second.model.refresh_from_db()
    assert (second.model.status, second.model.retired_by) == (ModelStatus.RETIRED, cast.lena)
    event = DomainEvent.objects.get(type="model.reverted")
    assert (event.actor, event.payload["version"], event.payload["instead_of"]) == (cast.lena, 1, 2)
    with pytest.raises(UnableToRevert, match="before version 1"):
        revert_model(organization=cast.acme, purpose=WIN, reverted_by=cast.lena, reverted_at=NOW)
    again = promote_model(organization=cast.acme, model=second.model, promoted_by=cast.ana, promoted_at=NOW)
    assert again.status == ModelStatus.CHAMPION
    with pytest.raises(UnableToPromote, match="live already"):
        promote_model(organization=cast.acme, model=again, promoted_by=cast.ana, promoted_at=NOW)


def test_a_damaged_file_is_stood_in_for_and_said(two, cast):
    first, second = two
    file = TrainedModelFile.objects.get(model=second.model)
    file.data = bytes(file.data)[:-20]
    file.save(update_fields=["data"])

    found = champion(organization=cast.acme, purpose=WIN)

    assert found.model == first.model
    assert found.note.startswith("Version 2 can't be used: its file is damaged")
    assert found.note.endswith("Version 1 is used instead.")
    TrainedModelFile.objects.filter(model=first.model).delete()
    found = champion(organization=cast.acme, purpose=WIN)
    assert (found.model, found.scorer) == (None, None)
    assert found.note.endswith("The rule card is used instead.")
    # And the next training takes the place of what can't be used.
    third = promoted(cast, examples(300, seed=4), days=14)
    assert third.model.status == ModelStatus.CHAMPION
    assert third.model.decision.startswith("Version 2 can't be used")


@pytest.mark.usefixtures("acme_scope")
@pytest.mark.parametrize(
    ("make", "state"),
    [
        (lambda rows, seed: (company(rows, seed=seed)[0], np.ones(rows)), "too_few_outcomes"),
        (lambda rows, seed: (company(rows, seed=seed)[0], np.zeros(rows)), "too_few_outcomes"),
        (lambda rows, seed: (Table(rows, {}), company(rows, seed=seed)[1]), "too_few_outcomes"),
        (noise, "no_reliable_signal"),
    ],
)
def test_whatever_the_outcomes_are_like_a_model_says_what_it_is(cast, make, state):
    training = promoted(cast, examples(200, make=make))

    assert training.model.state == state
    assert training.model.sentence
    assert champion(organization=cast.acme, purpose=WIN).scorer is not None


def test_the_other_organisation_has_no_model(two, cast):
    model = two[0].model
    with organization_scope(cast.globex):
        assert not TrainedModel.objects.exists()
        assert champion(organization=cast.globex, purpose=WIN).model is None
        with pytest.raises(TrainedModel.DoesNotExist):
            promote_model(organization=cast.globex, model=model, promoted_by=cast.sam, promoted_at=NOW)
        with pytest.raises(UnableToRevert):
            revert_model(organization=cast.globex, purpose=WIN, reverted_by=cast.sam, reverted_at=NOW)
