"""The night: its steps, its marks, and what it leaves behind."""

import json
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from agile_sales import nightly
from agile_sales.night_calendar import new_night
from agile_sales.night_words import step_sentence
from coe.models import ScoringRun
from coe.queries.explanations import learned_levers
from pipeline.models import AccountScore, AccountScoreHistory, NextAction, OpportunitySnapshot, ScorePublication
from tenancy.models import DomainEvent, Outbox, Run, RunStep
from tenancy.scoping import organization_scope
from tests.coe.records import NOW, Records
from tests.coe.test_learning_in_the_night import give_history


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def tonight(organization, as_of=NOW):
    with organization_scope(organization):
        return new_night(organization=organization, requested_by=None, as_of=as_of, now=NOW)


def run_night(organization, as_of=NOW):
    return nightly.run_night(organization=organization, run_id=tonight(organization, as_of).pk)


def scores(organization):
    with organization_scope(organization):
        return list(AccountScore.objects.for_organization(organization).order_by("rank").select_related("account"))


def steps(organization, run):
    with organization_scope(organization):
        return list(RunStep.objects.for_organization(organization).filter(run=run).order_by("position"))


def events(organization, type_):
    with organization_scope(organization):
        return list(DomainEvent.objects.for_organization(organization).filter(type=type_))


def test_it_ranks_every_account_and_says_why(cast, customers):
    run = run_night(cast.acme)

    first, *_ = ranked = scores(cast.acme)
    assert first.account == customers.eager
    assert {score.account for score in ranked} == {customers.eager, customers.gone, customers.unknown}
    assert [score.rank for score in ranked] == [1, 2, 3]
    assert [reason["code"] for reason in first.reasons] == ["inquiry_recent", "open_deal_late"]
    assert (first.band, first.previous_score, first.run_id) == ("act", None, run.pk)
    assert first.value_basis["deals_minor"] == 5_000_000
    assert (run.status, run.error) == ("done", "")
    assert run.data_up_to == NOW - timedelta(days=3)


def test_each_step_says_what_it_did(cast, customers):
    run = run_night(cast.acme)

    done = steps(cast.acme, run)
    assert [(step.name, step.status, step.rows_written) for step in done] == [
        ("snapshot_pipeline", "done", 1),
        ("learn", "done", 0),
        ("score_accounts", "done", 3),
        ("learn_stage_days", "done", 0),
        ("learn_season", "done", 0),
        ("train_deal_models", "done", 0),
        ("score_opportunities", "done", 1),
        ("forecast_periods", "done", 4),
        ("value_accounts", "done", 3),
        ("plan_week", "done", 3),
        ("keep_overrides", "done", 0),
        ("publish_changes", "done", 1),
        ("purge_imports", "done", 0),
    ]
    assert done[2].model_version == "rule-card-shipped"
    assert done[2].detail["accounts"] == 3
    with organization_scope(cast.acme):
        log = ScoringRun.objects.for_organization(cast.acme).get(run=run)
        assert (log.scored, log.positives, log.accounts, log.horizon_days) == (3, 0, 3, 90)
        assert OpportunitySnapshot.objects.for_organization(cast.acme).get().snapshot_date.isoformat() == "2026-11-22"


def test_an_account_has_one_place_by_what_an_hour_adds_and_bands_end_where_hours_end(cast, customers):
    run_night(cast.acme)

    ranked = scores(cast.acme)
    per_hour = [score.per_hour_minor for score in ranked]
    assert per_hour == sorted(per_hour, reverse=True)
    assert per_hour[0] > 0
    # Rui and Mia have two hours a week: what comes first takes today's share and most of the week's.
    assert [score.band for score in ranked] == ["act", "week", "steady"]
    with organization_scope(cast.acme):
        actions = NextAction.objects.for_organization(cast.acme).order_by("rank")
        assert [(one.account_id, one.per_hour_minor) for one in actions] == [
            (score.account_id, score.per_hour_minor) for score in ranked
        ]
        history = AccountScoreHistory.objects.for_organization(cast.acme).order_by("rank")
        assert [(one.account_id, one.band) for one in history] == [(score.account_id, score.band) for score in ranked]
    with organization_scope(cast.globex):
        assert not NextAction.objects.exists()


def test_until_everybody_has_a_place_the_scores_of_last_night_count(cast, customers, monkeypatch):
    run_night(cast.acme)
    before = [(score.run_id, score.score, score.rank) for score in scores(cast.acme)]
    with organization_scope(cast.acme):
        Records(cast.acme).deal(customers.unknown, stage="Proposal", days=1, amount_minor=90_000_000)
    run = tonight(cast.acme)

    def killed(**_):
        raise Killed

    with monkeypatch.context() as patched:
        steps_then = tuple((name, killed if name == "plan_week" else step) for name, step in nightly.STEPS)
        patched.setattr(nightly, "STEPS", steps_then)
        with pytest.raises(Killed):
            nightly.run_night(organization=cast.acme, run_id=run.pk)
    assert [(score.run_id, score.score, score.rank) for score in scores(cast.acme)] == before

    nightly.run_night(organization=cast.acme, run_id=run.pk)

    first, *_ = scores(cast.acme)
    assert (first.account, first.rank, first.run_id) == (customers.unknown, 1, run.pk)


def test_twice_on_the_same_facts_gives_the_same(cast, customers):
    def said():
        return [
            (score.account_id, score.score, score.probability, score.rank, score.band, score.value_minor, score.reasons)
            for score in scores(cast.acme)
        ]

    run_night(cast.acme)
    first = said()
    run_night(cast.acme)

    assert said() == first
    assert [(score.previous_score, score.previous_rank) for score in scores(cast.acme)] == [
        (score.score, score.rank) for score in scores(cast.acme)
    ]


def test_a_night_in_pieces_says_the_same_and_leaves_work_for_others(cast, customers, settings):
    run_night(cast.acme)
    in_one = [(score.account_id, score.probability, score.rank, score.reasons) for score in scores(cast.acme)]
    settings.SCORING_CHUNK = 1
    in_pieces = run_night(cast.acme)

    assert [(score.account_id, score.probability, score.rank, score.reasons) for score in scores(cast.acme)] == in_one
    with organization_scope(cast.acme):
        assert Outbox.objects.for_organization(cast.acme).filter(task="coe.tasks.score_chunk").count() == 3
        assert ScorePublication.objects.for_organization(cast.acme).get().run == in_pieces


def test_a_redelivered_night_does_nothing_again(cast, customers):
    run = run_night(cast.acme)
    before = [(step.started_at, step.finished_at) for step in steps(cast.acme, run)]

    nightly.run_night(organization=cast.acme, run_id=run.pk)

    assert [(step.started_at, step.finished_at) for step in steps(cast.acme, run)] == before
    assert len(events(cast.acme, "score.published")) == 1


class Killed(BaseException):
    """What a kill looks like from inside: nothing gets to say anything."""


@pytest.mark.parametrize(
    "broken", ["snapshot_pipeline", "score_accounts", "value_accounts", "plan_week", "publish_changes"]
)
@pytest.mark.parametrize("after_its_work", [False, True])
def test_killed_in_any_step_it_goes_on_there_and_nothing_is_doubled(
    cast, customers, monkeypatch, broken, after_its_work
):
    run = tonight(cast.acme)
    calls = []

    def killed_once(name, step):
        def wrapped(**given):
            calls.append(name)
            killed = name == broken and calls.count(name) == 1
            if killed and not after_its_work:
                raise Killed
            result = step(**given)
            if killed:
                raise Killed
            return result

        return wrapped

    monkeypatch.setattr(nightly, "STEPS", tuple((name, killed_once(name, step)) for name, step in nightly.STEPS))

    with pytest.raises(Killed):
        nightly.run_night(organization=cast.acme, run_id=run.pk)
    done = nightly.run_night(organization=cast.acme, run_id=run.pk)

    assert done.status == "done"
    assert sorted(calls) == sorted([*(name for name, _ in nightly.STEPS), broken])
    with organization_scope(cast.acme):
        assert AccountScoreHistory.objects.for_organization(cast.acme).count() == 3
        assert OpportunitySnapshot.objects.for_organization(cast.acme).count() == 1
    assert len(events(cast.acme, "score.published")) == 1


def test_a_failed_step_keeps_last_nights_scores_and_says_what_is_wrong(cast, customers):
    run_night(cast.acme)
    before = [(score.run_id, score.score) for score in scores(cast.acme)]
    cast.acme.settings = {"score_bands": {"act_percent": 90, "week_percent": 20}}
    cast.acme.save(update_fields=["settings"])
    failing = tonight(cast.acme)

    with pytest.raises(ValueError, match="doesn't hold"):
        nightly.run_night(organization=cast.acme, run_id=failing.pk)

    assert [(score.run_id, score.score) for score in scores(cast.acme)] == before
    with organization_scope(cast.acme):
        failing.refresh_from_db()
    assert failing.status == "failed"
    assert "act 90" in failing.error
    first, second, third, *rest = [step.status for step in steps(cast.acme, failing)]
    assert (first, second, third, set(rest)) == ("done", "done", "failed", {"queued"})


def test_a_database_that_went_away_is_no_failure_of_the_night(cast, customers, monkeypatch):
    run = tonight(cast.acme)

    def lost(**_):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(nightly, "STEPS", (("score_accounts", lost),))

    with pytest.raises(OperationalError):
        nightly.run_night(organization=cast.acme, run_id=run.pk)

    with organization_scope(cast.acme):
        run.refresh_from_db()
    assert run.status == "running"


def test_only_accounts_that_changed_their_band_are_announced(cast, customers):
    cast.acme.settings = {"score_bands": {"act_percent": 20, "week_percent": 40}}
    cast.acme.save(update_fields=["settings"])
    run_night(cast.acme)
    assert events(cast.acme, "account.score_changed") == []
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        deal = customers.eager.opportunities.get()
        records.moved(deal, "Proposal", "Lost", days=0)
        type(deal).objects.filter(pk=deal.pk).update(
            stage=records.stage("Lost"), outcome="lost", closed_at=NOW, lost_reason="competitor"
        )
        records.deal(customers.gone, stage="Proposal", days=1, amount_minor=9_000_000)

    run_night(cast.acme)

    changed = {event.subject_id: event.payload for event in events(cast.acme, "account.score_changed")}
    assert next(iter(scores(cast.acme))).account == customers.gone
    for score in scores(cast.acme):
        if score.account_id in changed:
            assert changed[score.account_id]["band"] == score.band != changed[score.account_id]["previous_band"]
    assert changed


def test_the_past_is_scored_and_not_photographed(cast, customers):
    run = run_night(cast.acme, as_of=NOW - timedelta(days=60))

    said = {score.account: [reason["code"] for reason in score.reasons] for score in scores(cast.acme)}
    # The deal and the inquiry came later.
    assert said[customers.eager] == ["never_bought_silent"]
    assert said[customers.gone] == ["order_long_overdue", "margin_down"]
    assert steps(cast.acme, run)[0].detail == {"why_skipped": "past"}
    with organization_scope(cast.acme):
        assert not OpportunitySnapshot.objects.for_organization(cast.acme).exists()


def test_an_empty_organisation_has_an_empty_night(cast):
    run = run_night(cast.globex)

    assert run.status == "done"
    assert scores(cast.globex) == []


def test_the_other_organisation_keeps_its_scores(cast, customers):
    run_night(cast.acme)
    run_night(cast.globex)

    assert len(scores(cast.acme)) == 3
    assert scores(cast.globex) == []


def test_the_command_runs_it_and_prints_json(cast, customers):
    out = StringIO()

    call_command("run_night", organization="acme", as_of="2026-11-20", as_json=True, stdout=out)

    said = json.loads(out.getvalue())
    assert said["status"] == "done"
    assert said["as_of"].startswith("2026-11-20T22:59:59")
    assert [step["name"] for step in said["steps"]] == [name for name, _ in nightly.STEPS]
    with organization_scope(cast.acme):
        assert str(Run.objects.for_organization(cast.acme).get().pk) == said["id"]


def test_the_command_prints_its_steps_to_people(cast, customers):
    out = StringIO()

    call_command("run_night", organization="acme", stdout=out)

    assert "score_accounts" in out.getvalue()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"organization": "nobody"}, "no organisation"),
        ({"organization": "acme", "as_of": "soon"}, "is no moment"),
        ({"organization": "acme", "as_of": "2026-02-31"}, "no day"),
        ({"organization": "acme", "as_of": "2027-01-01"}, "in the future"),
    ],
)
def test_the_command_says_what_it_cannot_do(cast, given, words):
    with pytest.raises(CommandError, match=words):
        call_command("run_night", **given)


def test_it_scores_by_what_it_has_just_learnt_and_says_what_that_rests_on(cast):
    with organization_scope(cast.acme):
        give_history(cast)

    run = run_night(cast.acme)

    done = {step.name: step for step in steps(cast.acme, run)}
    assert done["learn"].model_version == "model-1-learned"
    assert done["learn"].detail["promoted"]
    assert {score.model_version for score in scores(cast.acme)} == {"model-1-learned"}
    best = max(scores(cast.acme), key=lambda score: score.score)
    assert best.score > 80 > 50 > min(score.score for score in scores(cast.acme))
    assert {reason["code"] for reason in best.reasons} >= {"learned"}
    with organization_scope(cast.acme):
        log = ScoringRun.objects.for_organization(cast.acme).get(run=run)
        assert (log.state, log.note) == ("learned", "")
    assert "It counts from now on. Who falls silent: " in step_sentence(done["learn"], today=NOW.date())


def test_what_would_raise_a_learnt_score_is_asked_of_the_model_that_made_it(cast, monkeypatch):
    with organization_scope(cast.acme):
        give_history(cast)
    run_night(cast.acme)
    worst = scores(cast.acme)[-1]
    asked = []

    def would_be(scorer, table, points=None):
        asked.append(table.columns["open_deals"].numbers.tolist())
        return np.array([0.2 + 0.3 * (asked[-1] == [1.0])])

    monkeypatch.setattr("coe.scoring.selection.Scorer.probabilities", would_be)
    with organization_scope(cast.acme):
        levers = learned_levers(organization=cast.acme, account_id=worst.account_id)
    with organization_scope(cast.globex):
        assert learned_levers(organization=cast.globex, account_id=worst.account_id) == []

    assert asked[0] == [0.0]
    assert [(lever.code, lever.gain) for lever in levers] == [("open_deal_early", 30)]
