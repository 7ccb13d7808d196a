"""`manage.py backtest`: a person can check what the model would have said."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenancy.scoping import organization_scope
from tests.coe.records import NOW
from tests.coe.test_learning_in_the_night import give_history


def backtest(slug, *options):
    said = StringIO()
    call_command(
        "backtest", "--organization", slug, "--as-of", NOW.isoformat(), "--periods", "2", *options, stdout=said
    )
    return said.getvalue()


def test_it_learns_only_from_what_was_settled_and_says_how_good_that_was(cast):
    with organization_scope(cast.acme):
        give_history(cast)

    found = json.loads(backtest("acme", "--json"))

    assert found["positives"] <= found["rows"]
    first, second = found["periods"]
    assert first["from"] < second["from"] < (NOW - timedelta(days=97)).date().isoformat()
    assert first["tried"] == second["tried"] == 24
    assert first["learnt_from"] < second["learnt_from"]
    assert found["figures"]["log_loss"]["value"] < found["figures"]["base_log_loss"]["value"]
    assert set(found["baselines"]) == {"random", "revenue", "rule_card"}
    assert [one["name"] for one in found["by"]["segment"]] == ["key", "small"]
    assert found["why_not"] == "Not yet validated: 2 of 3 periods."
    words = backtest("acme")
    assert "rule_card" in words
    assert "Not yet validated" in words
    assert "segment key" in words


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--organization", "nobody"), "There is no organisation nobody"),
        (("--organization", "globex"), "No month lies far enough back"),
        (("--organization", "acme", "--as-of", "soon"), "soon is no day"),
    ],
)
def test_what_cannot_be_tried_is_said(cast, options, why):
    with organization_scope(cast.acme):
        give_history(cast, accounts=2)

    with pytest.raises(CommandError, match=why):
        call_command("backtest", *options)
