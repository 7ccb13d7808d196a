"""A night scored in pieces, by anybody, in any order, killed anywhere, is the night scored in one."""

from importlib import import_module
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from coe import operations
from coe.models import ScoringChunk, ScoringPlan
from coe.queries import account_ranges, explained_now
from coe.scoring.base_rate import intercept_for, logistic
from coe.scoring.card import ScoredAccount
from coe.scoring.chunks import ROW, first_of_lists, ranking
from coe.scoring.features import ids_of
from coe.scoring.ranking import ACT, STEADY, WEEK, BandCuts, ranked
from coe.scoring.value import Stake
from pipeline.models import AccountScore, AccountScoreHistory, ScorePublication
from pipeline.queries.explained import explain
from tenancy.models import Outbox, Run
from tenancy.scoping import OrganizationMismatch, organization_scope
from tests.coe.records import NOW, Records

ACCOUNTS = 23
pieces = import_module("coe.operations.score_accounts")  # the package has a function of that name


@pytest.fixture
def company(cast):
    """Twenty-three customers, some of whom nobody can tell apart."""
    with organization_scope(cast.acme):
        records = Records(cast.acme)
        for place in range(ACCOUNTS):
            account = records.account(segment=("key", "small")[place % 2], owner=(cast.rui, cast.mia, None)[place % 3])
            for days in range(20, 40 * (place % 5), 30):
                records.order(account, days=days, amount_minor=1000 * place)
            if place % 4 == 0:
                records.deal(account, stage="Solution", days=12)
            if place % 6 == 0:
                records.activity(account, days=3, kind="inquiry", direction="in")
    return cast.acme


def a_night(organization, key):
    with organization_scope(organization):
        run = Run.objects.create(
            organization=organization, kind="night", key=key, scheduled_for=NOW.date(), as_of=NOW, created_at=NOW
        )
    return {"organization": organization, "run": run, "as_of": NOW, "scored_at": NOW}


def scored(night):
    with organization_scope(night["organization"]):
        return operations.score_accounts(**night)


def the_whole_night(night):
    operations.score_ahead(**night)
    return scored(night)


def said(organization):
    with organization_scope(organization):
        return list(
            AccountScore.objects.order_by("rank").values_list(
                "account_id", "score", "probability", "rank", "band", "value_minor", "value_basis", "reasons"
            )
        )


def test_in_pieces_it_says_the_same_as_in_one(company, settings):
    whole = scored(a_night(company, "whole"))
    of_the_whole = said(company)
    settings.SCORING_CHUNK = 5
    night = a_night(company, "pieces")

    assert operations.score_ahead(**night) == 5
    in_pieces = scored(night)

    assert in_pieces.checksum == whole.checksum
    assert said(company) == of_the_whole


def test_workers_do_pieces_in_any_order_and_none_twice(company, settings):
    settings.SCORING_CHUNK = 5
    whole, night = scored(a_night(company, "whole")), a_night(company, "pieces")
    with organization_scope(company):
        pieces._plan(company, night["run"], NOW, NOW)
        tasks = [UUID(row.kwargs["chunk_id"]) for row in Outbox.objects.filter(task=pieces.TASK)]
        tasks = [one for one in tasks if ScoringChunk.objects.filter(pk=one).exists()]
        done = [
            operations.score_chunk(organization=company, chunk_id=one, scored_at=NOW) for one in reversed(tasks[1:])
        ]
        again = operations.score_chunk(organization=company, chunk_id=tasks[1], scored_at=NOW)

    assert (done, again) == ([True] * 4, False)
    assert operations.score_ahead(**night) == 1
    assert scored(night).checksum == whole.checksum


class Killed(BaseException):
    """What a kill looks like from inside."""


@pytest.mark.parametrize("after", range(6))
def test_killed_after_any_piece_it_goes_on_behind_it(company, settings, monkeypatch, after):
    settings.SCORING_CHUNK = 5
    whole, night = scored(a_night(company, "whole")), a_night(company, "pieces")
    calls: list[None] = []
    score, record = pieces._score, pieces.record_scores

    def killed(work):
        def wrapped(*args, **kwargs):
            if len(calls) == after:
                calls.append(None)
                work(*args, **kwargs)
                raise Killed
            calls.append(None)
            return work(*args, **kwargs)

        return wrapped

    monkeypatch.setattr(pieces, "_score", killed(score))
    monkeypatch.setattr(pieces, "record_scores", killed(record))
    with pytest.raises(Killed):
        the_whole_night(night)
    with organization_scope(company):
        assert ScorePublication.objects.get().run.key == "whole"

    ended = the_whole_night(night)

    assert ended.checksum == whole.checksum
    assert len(calls) == 7  # five pieces and the publication; one of them twice
    with organization_scope(company):
        assert ScorePublication.objects.get().run == night["run"]
        assert not ScoringChunk.objects.exists()
        assert ScoringPlan.objects.get().run == night["run"]


def test_a_second_night_without_news_writes_no_history(company):
    scored(a_night(company, "first"))
    scored(a_night(company, "second"))

    with organization_scope(company):
        assert AccountScoreHistory.objects.count() == ACCOUNTS
        assert set(AccountScore.objects.values_list("run__key", flat=True)) == {"second"}


def test_what_nobody_sees_first_is_left_alone_until_it_changes(company, monkeypatch):
    for limit in ("EXPLAIN_ALL", "EXPLAIN_OVERALL"):
        monkeypatch.setattr(pieces, limit, 3)
    monkeypatch.setattr(pieces, "EXPLAIN_OF_OWNER", 0)
    for key in ("first", "second", "third"):
        last = a_night(company, key)
        scored(last)

    with organization_scope(company):
        scores = AccountScore.objects.order_by("rank").select_related("run")
        # The second night still wrote that yesterday's score was the same.
        assert [score.run.key for score in scores] == ["third"] * 3 + ["second"] * (ACCOUNTS - 3)
        assert [bool(score.value_basis) for score in scores] == [True] * 3 + [False] * (ACCOUNTS - 3)
        assert ScorePublication.objects.get().run == last["run"]


def test_reasons_are_said_when_somebody_asks(company, monkeypatch):
    scored(a_night(company, "everybody"))
    everybody = {row[0]: row[-2:] for row in said(company)}
    for limit in ("EXPLAIN_ALL", "EXPLAIN_OVERALL", "EXPLAIN_OF_OWNER"):
        monkeypatch.setattr(pieces, limit, 0)
    with organization_scope(company):
        AccountScore.objects.all().delete()
    last = a_night(company, "nobody")
    scored(last)

    with organization_scope(company):
        scores = list(AccountScore.objects.all())
        assert all(not score.value_basis for score in scores)
        explain(organization=company, scores=scores)

    assert {score.account_id: (score.value_basis, score.reasons) for score in scores} == everybody
    assert {score.run_id for score in scores} == {last["run"].pk}


def test_a_stranger_is_told_nothing(company, cast):
    scored(a_night(company, "night"))
    with organization_scope(company):
        ids = list(AccountScore.objects.values_list("account_id", flat=True))

    with organization_scope(cast.globex):
        with pytest.raises(OrganizationMismatch):
            explained_now(organization=company, account_ids=ids)
        assert explained_now(organization=cast.globex, account_ids=ids) == {}
        assert account_ranges(organization=company) == []


def test_one_question_a_table_whatever_their_number(company, django_assert_max_num_queries):
    scored(a_night(company, "night"))
    with organization_scope(company), django_assert_max_num_queries(20):
        ids = list(AccountScore.objects.values_list("account_id", flat=True))
        assert len(explained_now(organization=company, account_ids=ids)) == ACCOUNTS
    assert connection.in_atomic_block


ROWS = st.lists(
    st.tuples(st.sampled_from([-0.5, 0.0, 0.4, 1.3]), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40
)


@given(given=ROWS)
def test_arrays_are_ranked_as_accounts_are(given):
    ids = [uuid4() for _ in given]
    rows = np.zeros(len(given), dtype=ROW)
    rows["id"] = ids_of(ids)
    rows["points"] = [points for points, _, _ in given]
    rows["typical_minor"] = [typical * 500 for _, typical, _ in given]
    rows["deals_minor"] = [deals * 777 for _, _, deals in given]
    cuts = BandCuts(act_percent=10, week_percent=40)
    intercept = intercept_for([points for points, _, _ in given], rate=0.2)
    accounts = [
        ScoredAccount(one, logistic(intercept + points), intercept + points, ())
        for one, (points, _, _) in zip(ids, given, strict=True)
    ]
    stakes = {
        one: Stake(typical * 500, deals * 777, 0, 0, (), "EUR")
        for one, (_, typical, deals) in zip(ids, given, strict=True)
    }

    found = ranking(rows, rate=0.2, is_learned=False, cuts=cuts, seed="acme")

    order = np.argsort(found.rank)
    expected = ranked(accounts, stakes, cuts=cuts, seed="acme")
    assert [ids[place] for place in order] == [one.scored.account_id for one in expected]
    assert [(found.score[p], found.value_minor[p], (ACT, WEEK, STEADY)[found.band[p]]) for p in order] == [
        (one.scored.score, one.value_minor, one.band) for one in expected
    ]


def test_the_first_of_each_owners_list_are_among_those_explained():
    rank = np.array([4, 2, 1, 3, 6, 5], dtype=np.int32)
    owners = np.array([b"a", b"a", b"a", b"a", b"b", b"b"], dtype="S16")

    assert sorted(first_of_lists(rank, owners, overall=1, of_owner=1, most=9)) == [2, 5]
    assert sorted(first_of_lists(rank, owners, overall=0, of_owner=2, most=9)) == [1, 2, 4, 5]
    assert list(first_of_lists(rank, owners, overall=6, of_owner=2, most=3)) == [2, 5, 1]


def test_an_empty_organisation_has_an_empty_night(cast):
    outcome = scored(a_night(cast.globex, "night"))

    assert (outcome.scored, outcome.written) == (0, 0)
    assert said(cast.globex) == []
