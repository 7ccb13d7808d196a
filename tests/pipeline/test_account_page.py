"""An account's own page, and logging what was done with it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline.models import Account, AccountScore, AccountScoreHistory, Activity, SatisfactionResponse
from pipeline.operations import log_activity
from tenancy.models import Run
from tenancy.scoping import organization_scope
from tenancy.working_time import local_day
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import a_contact, a_deal, an_account, an_order

BUDGET = 12


@pytest.fixture
def velora(cast: Cast) -> Account:
    """An account with something of everything."""
    now = timezone.now()
    with organization_scope(cast.acme):
        account = an_account(
            cast.acme, cast.rui, city="Utrecht", country="NL", segment="key", potential_minor=90_000_00
        )
        deal = a_deal(cast.acme, account, cast.rui, opened_at=now - timedelta(days=30))
        a_deal(cast.acme, account, cast.rui, name="Sensor retrofit", next_step="Call", opened_at=now)
        promised = local_day(cast.acme, now) - timedelta(days=4)
        an_order(cast.acme, account, promised_date=promised, order_date=date(2026, 2, 20))
        sanne = a_contact(cast.acme, account, role="decides", is_decision_maker=True)
        log_activity(
            organization=cast.acme,
            member=cast.rui,
            kind="call",
            occurred_at=now - timedelta(hours=3),
            logged_at=now,
            contact=sanne,
            opportunity=deal,
            subject="Service levels",
            body="<script>alert(1)</script>",
        )
        for days, score in [(100, 3), (5, 10), (5, 9), (5, 8)]:
            SatisfactionResponse.objects.create(
                organization=cast.acme, account=account, score=score, responded_at=now - timedelta(days=days)
            )
        for nights, score in [(2, 73), (1, 74), (0, 82)]:
            at = now - timedelta(days=nights)
            run = Run.objects.create(
                organization=cast.acme,
                kind="night",
                key=str(at.date()),
                status="done",
                scheduled_for=at.date(),
                created_at=at,
                finished_at=at,
            )
            AccountScoreHistory.objects.create(
                organization=cast.acme, account=account, run=run, score=score, rank=3, band="act", as_of=at
            )
        reason = {
            "code": "open_deal_early",
            "points": 0.4,
            "fact": {"count": 1, "stage": "Qualify", "date": "2026-02-01"},
            "records": [{"type": "opportunity", "id": str(deal.pk), "label": deal.name}],
        }
        AccountScore.objects.create(
            organization=cast.acme,
            account=account,
            run=run,
            score=82,
            previous_score=74,
            probability=0.82,
            rank=3,
            band="act",
            value_minor=5_000_000,
            currency="EUR",
            reasons=[reason],
            model_version="rule-card-1",
            as_of=now,
            scored_at=now,
        )
    return account


def test_it_shows_what_there_is(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    page = text_of(client_for(cast.cora).get(url("account", velora.pk)))

    for words in (
        "Velora E-Bikes",
        "up 8",
        "Explain score of ",
        "Customer" if velora.lifecycle == "customer" else "Prospect",
        "Utrecht, NL",
        "in 2 deals",
        "No next step",
        "Score rose from 74 to 82",
        '<b class="med">Rui Prado</b> called Sanne de Wit',
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "4 answers in a year",
        "2 promoters",
        "Late 4 d",
        "Decides",
    ):
        assert words in page, words
    assert "<script>alert" not in page
    assert "coming soon" not in page.lower()


def test_it_keeps_its_budget_of_queries(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    client.get(url("account", velora.pk))

    for tab in ("overview", "deals", "orders", "contacts", "timeline"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("account", velora.pk, tab=tab)).status_code == 200
        assert len(queries) <= BUDGET, "\n".join(query["sql"] for query in queries.captured_queries)


def test_an_empty_account_says_so(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, None)

    page = text_of(client_for(cast.lena).get(url("account", account.pk)))

    assert "No open deal with this account" in page
    assert "Nothing happened yet" in page
    assert "Nobody owns it" in page
    assert "Satisfaction" not in page.split("Account facts")[1]


@pytest.mark.parametrize(("show", "kept"), [("people", "called"), ("orders", "HD-20418"), ("system", "Score rose")])
def test_the_timeline_narrows(show: str, kept: str, cast: Cast, velora: Account, client_for: ClientFor) -> None:
    response = client_for(cast.rui).get(url("account", velora.pk, show=show), headers={"HX-Request": "true"})

    page = text_of(response)
    assert page.startswith('<section id="timeline"')
    others = {"called", "HD-20418", "Score rose"} - {kept}
    assert kept in page
    assert not [other for other in others if other in page]


@pytest.mark.parametrize("query", [{"tab": "files"}, {"show": "nothing"}])
def test_it_knows_no_other_part(query: dict[str, str], cast: Cast, velora: Account, client_for: ClientFor) -> None:
    assert client_for(cast.rui).get(url("account", velora.pk, **query)).status_code == 404


def test_a_call_is_logged(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.cora)
    form = client.get(url("activity-new", velora.pk)).context["form"]
    contact = next(key for key, _ in form.fields["contact"].choices if key)

    response = client.post(
        url("activity-new", velora.pk),
        as_typed(form, subject="Wants a demo", contact=contact, occurred_at="2026-03-02T10:00", is_two_way="on"),
    )

    assert response["Location"] == url("account", velora.pk)
    with organization_scope(cast.acme):
        logged = Activity.objects.get(subject="Wants a demo")
    assert (logged.account_id, str(logged.contact_id), logged.member_id) == (velora.pk, contact, cast.cora.pk)
    assert logged.is_two_way


def test_a_note_is_added_from_the_timeline(cast: Cast, velora: Account, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    typed_now = client.get(url("account", velora.pk)).context["typed_now"]

    response = client.post(
        url("activity-new", velora.pk),
        {"kind": "note", "occurred_at": typed_now, "subject": "Board meets"},
        follow=True,
    )

    assert '<b class="med">Rui Prado</b> noted' in text_of(response)
    assert "Board meets" in text_of(response)


def test_a_log_entry_of_the_future_or_about_nothing_is_refused(
    cast: Cast, velora: Account, client_for: ClientFor
) -> None:
    client = client_for(cast.rui)

    ahead = client.post(url("activity-new", velora.pk), {"kind": "call", "occurred_at": "2040-01-01T10:00"})
    empty = client.post(url("activity-new", velora.pk), {"kind": "note", "occurred_at": "2026-01-01T10:00"})

    assert (ahead.status_code, empty.status_code) == (422, 422)
    assert "That is still to come" in text_of(ahead)
    assert "Write what it is about" in text_of(empty)
    assert client_for(cast.ana).get(url("activity-new", velora.pk)).status_code == 403
    assert client_for(cast.sam).get(url("activity-new", velora.pk)).status_code == 404
