"""The page of the people's forecast: rows that one may see, submitting in place, quotas, and the export."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from pipeline.models import ForecastSubmission, Opportunity, Quota
from tenancy.models import DomainEvent, Member, Unit, UnitMembership
from tenancy.rates import choose_currency, set_rates
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.forecast_records import NOW, TODAY, a_due_deal, close, euros, grid_of, submit, unit
from tests.pipeline.pages import ClientFor, text_of, url
from tests.pipeline.records import an_account
from tests.pipeline.test_quotas import a_quota


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def deals(cast: Cast) -> list[Opportunity]:
    """Rui: 70 committed, 20 won in November. Mia: 40 committed. Nobody: 5 in the pipeline."""
    with organization_scope(cast.acme):
        account = an_account(cast.acme, region="Benelux", segment="key")
        return [
            a_due_deal(cast.acme, cast.rui, "Negotiate", 70, account=account),
            close(a_due_deal(cast.acme, cast.rui, "Proposal", 20)),
            a_due_deal(cast.acme, cast.mia, "Negotiate", 40),
            a_due_deal(cast.acme, None, "Qualify", 5),
        ]


def shown(client_for: ClientFor, who: Member, **asked: str) -> Any:
    response = client_for(who).get(url("forecast", **asked))
    assert response.status_code == 200, response.content
    return response


def names(response: Any) -> list[str]:
    return [one["row"].name for one in response.context["rows"]]


def sent(who: Member, **changed: str) -> dict[str, str]:
    return {"row": f"member:{who.pk}", "currency": "EUR", "commit": "90", "best_case": "90", **changed}


def test_each_row_is_one_that_the_viewer_may_see(cast: Cast, deals: list[Opportunity], client_for: ClientFor) -> None:
    everybody = ["Acme Drives", "Marine", "Mia Kranz", "North", "Mobility", "Rui Prado", "Sil Marten", "Nobody’s"]

    for who in (cast.lena, cast.ada, cast.ana, cast.abe, cast.cora):
        assert names(shown(client_for, who)) == everybody
    assert names(shown(client_for, cast.rui)) == ["Mobility", "Rui Prado", "Sil Marten"]
    assert names(shown(client_for, cast.sil)) == ["Mobility", "Rui Prado", "Sil Marten"]
    assert names(shown(client_for, cast.mia)) == ["Marine", "Mia Kranz"]
    assert client_for(cast.eva).get(url("forecast")).status_code == 403
    assert client_for(cast.sam).get(url("forecast")).status_code == 404
    assert names(client_for(cast.sam).get(url("forecast", organization="globex"))) == []


def test_groups_add_up_to_the_same_whole(cast: Cast, deals: list[Opportunity]) -> None:
    with organization_scope(cast.acme):
        whole = euros(grid_of(cast.acme, cast.lena), f"unit:{unit('acme').pk}")
        assert whole == {"commit": 110, "pipeline": 5, "won": 20}
        expected = {
            "squad": {"Mobility": 90, "Marine": 40, "Not in a squad": 5},
            "territory": {"Benelux": 70, "No territory": 65},
            "segment": {"Key": 70, "No segment": 65},
            "month": {"Nov 2026": 20, "Dec 2026": 115},
        }
        for by, rows in expected.items():
            grid = grid_of(cast.acme, cast.lena, by=by)
            assert {row.name: sum(euros(grid, row.key).values()) for row in grid.tops} == rows
            assert {c: total.amount_minor // 100 for c, total, _ in grid.total_figures if total.amount_minor} == whole
        cumulative = grid_of(cast.acme, cast.lena, is_cumulative=True)
        found = euros(cumulative, f"unit:{unit('acme').pk}")
        assert found == {"commit": 130, "best_case": 130, "pipeline": 135, "won": 20}


def test_a_seller_submits_in_place_and_says_why_it_is_another_number(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    client = client_for(cast.rui)
    panel = text_of(client.get(url("forecast", at=f"member:{cast.rui.pk}")))
    assert 'name="commit" value="90"' in panel

    refused = client.post(url("forecast-submit"), sent(cast.rui, commit="80"))
    assert refused.status_code == 422
    assert "Say why: it adds up to €90 committed" in text_of(refused)
    assert 'name="commit" value="80"' in text_of(refused)
    done = client.post(url("forecast-submit"), sent(cast.rui, commit="80", reason="Lawyers"), follow=True)

    page = text_of(done)
    assert "The forecast of Rui Prado is submitted." in page
    assert "another number than it adds up to" in page
    with organization_scope(cast.acme):
        made = ForecastSubmission.objects.get()
        assert (made.member_id, made.commit_minor, made.submitted_by_id) == (cast.rui.pk, 8_000, cast.rui.pk)


def test_one_submits_for_oneself_a_lead_for_the_squad_and_a_leader_for_all(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        mobility = f"unit:{unit('mobility').pk}"
    for_squad = {**sent(cast.rui), "row": mobility}

    def status(who: Member, data: dict[str, str]) -> int:
        return int(client_for(who).post(url("forecast-submit"), data).status_code)

    assert [status(one, sent(cast.rui)) for one in (cast.rui, cast.sil, cast.lena)] == [302, 302, 302]
    assert [status(one, for_squad) for one in (cast.rui, cast.sil, cast.lena)] == [403, 302, 302]
    assert status(cast.mia, sent(cast.rui)) == 404  # a row that she does not see
    assert [status(one, sent(cast.rui)) for one in (cast.cora, cast.ana, cast.abe, cast.eva)] == [403] * 4
    assert status(cast.sam, sent(cast.rui)) == 404


def test_a_period_that_is_over_refuses_with_words(cast: Cast, deals: list[Opportunity], client_for: ClientFor) -> None:
    client = client_for(cast.rui)

    answer = client.post(url("forecast-submit", period="quarter-2026-07-01"), sent(cast.rui))

    assert answer.status_code == 422
    assert "Q3 2026 ended on 30 Sep." in text_of(answer)
    page = text_of(client.get(url("forecast", period="quarter-2026-07-01", at=f"member:{cast.rui.pk}")))
    assert "Q3 2026 is over." in page
    assert 'name="commit"' not in page
    for wrong in ("quarter-2026-08-01", "year-2026-01-01", "quarter-x", "week-2026-01-01"):
        assert client.get(url("forecast", period=wrong)).status_code == 400


def test_rows_open_and_close_and_the_address_keeps_it(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        root = f"unit:{unit('acme').pk}"

    closed = shown(client_for, cast.lena, open="")
    assert names(closed) == ["Acme Drives"]
    (top,) = closed.context["rows"]
    assert names(client_for(cast.lena).get(top["twig_url"])) == ["Acme Drives", "Marine", "North", "Nobody’s"]
    assert f'id="{root}"' in text_of(closed)


def test_a_leader_sets_quotas_and_others_may_not(cast: Cast, deals: list[Opportunity], client_for: ClientFor) -> None:
    data = {"row": f"member:{cast.rui.pk}", "currency": "EUR", "amount": "1200", "year_start": "2026-01-01"}

    assert client_for(cast.sil).post(url("forecast-quota"), data).status_code == 403
    assert client_for(cast.sam).post(url("forecast-quota"), data).status_code == 404
    client = client_for(cast.lena)
    assert client.post(url("forecast-quota"), data).status_code == 302
    page = text_of(client.get(url("forecast", at=f"member:{cast.rui.pk}")))
    assert "€300" in page
    assert "evenly" in page
    stale = client.post(url("forecast-quota"), {**data, "amount": "1", "version": "7"}, follow=True)
    assert "Somebody else changed this quota" in text_of(stale)
    assert "Say a number" in text_of(client.post(url("forecast-quota"), {**data, "amount": ""}))
    assert client.post(url("forecast-quota"), {**data, "version": "1", "do": "delete"}).status_code == 302
    with organization_scope(cast.acme):
        assert not Quota.objects.exists()


def test_figures_are_in_the_viewer_s_currency_and_what_has_no_rate_is_said(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        set_rates(organization=cast.acme, rates={"USD": "0.5"}, on=date(2026, 1, 1))
        choose_currency(member=cast.lena, currency="USD", today=TODAY)
        a_due_deal(cast.acme, cast.rui, "Negotiate", 3, currency="CHF")

    page = text_of(shown(client_for, cast.lena))

    assert "In USD." in page
    assert "$220" in page  # 110 euros committed
    assert "without CHF" in page.replace("\N{NO-BREAK SPACE}", "")
    assert "a currency has no rate" in page


def test_the_export_has_every_row_and_the_same_figures(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        a_quota(cast.rui)
        submit(cast.rui, 90, 90, by=cast.rui, note="=1+1")
    client = client_for(cast.lena)

    answer: Any = client.get(url("forecast-export", open=""))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    assert len(rows) == 8
    rui = rows["Rui Prado"]
    assert (rui["commit"], rui["won"], rui["quota"], rui["submitted commit"]) == ("70.00", "20.00", "300.00", "90.00")
    assert (rui["note"], rui["stale"]) == ("'=1+1", "")
    assert rows["Acme Drives"]["commit"] == "110.00"
    with organization_scope(cast.acme):
        assert DomainEvent.objects.get(type="export.made").payload["what"] == "forecast"
    assert client_for(cast.cora).get(url("forecast-export")).status_code == 403
    assert client_for(cast.sam).get(url("forecast-export")).status_code == 404


def test_what_was_due_before_and_what_has_no_day_is_said(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    with organization_scope(cast.acme):
        a_due_deal(cast.acme, cast.rui, "Qualify", 1, close_date=date(2026, 9, 30))
        a_due_deal(cast.acme, cast.rui, "Qualify", 1, close_date=None)

    page = text_of(shown(client_for, cast.rui))

    assert "1 open deal was due before and counts nowhere here." in page
    assert "1 has no close date." in page


def test_rows_are_of_those_who_sell_or_have_something_to_show(
    cast: Cast, deals: list[Opportunity], client_for: ClientFor
) -> None:
    acme, since = cast.acme, date(2025, 1, 1)
    with organization_scope(acme):
        lab = Unit.objects.create(
            organization=acme, parent=unit("acme"), kind="squad", name="Lab", code="lab", active_from=since
        )
        UnitMembership.objects.create(organization=acme, unit=lab, member=cast.eva, active_from=since)
    assert "Lab" not in names(shown(client_for, cast.lena))

    with organization_scope(acme):
        a_due_deal(acme, cast.eva, "Qualify", 9)
    assert names(shown(client_for, cast.lena))[:3] == ["Acme Drives", "Lab", "Eva Lind"]
    assert "of 3 people have submitted" in text_of(shown(client_for, cast.lena))  # Sil has nothing to submit
