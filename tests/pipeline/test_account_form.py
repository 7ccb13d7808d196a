"""Adding and changing an account by form."""

from pipeline.models import Account
from pipeline.operations import update_account
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.pipeline.pages import ClientFor, as_typed, text_of, url
from tests.pipeline.records import NOON, an_account


def test_it_adds_what_was_typed(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    form = client.get(url("account-new")).context["form"]

    response = client.post(
        url("account-new"), as_typed(form, name="Velora", potential="1200.5", country="nl", segment="key")
    )

    with organization_scope(cast.acme):
        account = Account.objects.get()
    assert response["Location"] == url("account", account.pk)
    assert (account.name, account.potential_minor, account.currency, account.country) == (
        "Velora",
        120_050,
        "EUR",
        "NL",
    )
    assert account.owner_id == cast.rui.pk


def test_it_keeps_what_was_typed_when_something_is_wrong(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.rui)
    form = client.get(url("account-new")).context["form"]

    response = client.post(
        url("account-new"),
        as_typed(form, name="Velora", potential="1.005", currency="EUR", country="ZZ", parent="No such"),
    )

    page = text_of(response)
    assert response.status_code == 422
    assert 'value="Velora"' in page
    assert "EUR has 2 decimals" in page
    assert "Use the two letters of the country" in page
    assert "There is no account called “No such”" in page


def test_it_shows_both_values_when_two_change_the_same(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui, city="Utrecht", region="North")
    client = client_for(cast.rui)
    form = client.get(url("account-edit", account.pk)).context["form"]
    with organization_scope(cast.acme):
        update_account(
            organization=cast.acme,
            account=account,
            version=1,
            actor=cast.lena,
            updated_at=NOON,
            city="Delft",
            region="South",
        )

    response = client.post(url("account-edit", account.pk), as_typed(form, city="Leiden"))

    page = text_of(response)
    assert response.status_code == 409
    assert "Lena Vogt changed this while you wrote" in page
    assert 'they set <b class="med">Delft</b>, you wrote <b class="med">Leiden</b>' in page
    with organization_scope(cast.acme):
        account.refresh_from_db()
    assert account.city == "Delft"

    again = response.context["form"]
    assert (again["city"].value(), again["region"].value()) == ("Leiden", "South")
    data = {name: value for name, value in again.data.items() if name != "csrfmiddlewaretoken"}
    assert client.post(url("account-edit", account.pk), data).status_code == 302
    with organization_scope(cast.acme):
        account.refresh_from_db()
    assert (account.city, account.region, account.version) == ("Leiden", "South", 3)


def test_it_merges_changes_of_different_fields(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        account = an_account(cast.acme, cast.rui, city="Utrecht")
    client = client_for(cast.rui)
    form = client.get(url("account-edit", account.pk)).context["form"]
    with organization_scope(cast.acme):
        update_account(
            organization=cast.acme, account=account, version=1, actor=cast.lena, updated_at=NOON, industry="Rail"
        )

    response = client.post(url("account-edit", account.pk), as_typed(form, city="Leiden"))

    assert response.status_code == 409
    assert response.context["conflicts"] == []
    assert "You changed different things" in text_of(response)
    assert response.context["form"]["industry"].value() == "Rail"


def test_a_member_changes_only_what_their_squad_owns(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        ours = an_account(cast.acme, cast.sil, name="Ours")
        theirs = an_account(cast.acme, cast.mia, name="Theirs")
    client = client_for(cast.rui)

    assert client.get(url("account-edit", ours.pk)).status_code == 200
    refused = client.get(url("account-edit", theirs.pk))
    assert refused.status_code == 403
    assert "This belongs to Mia Kranz" in text_of(refused)
    assert client.get(url("account", theirs.pk)).status_code == 200
    assert client_for(cast.cora).get(url("account-edit", ours.pk)).status_code == 403
    assert client_for(cast.sam).get(url("account-edit", ours.pk)).status_code == 404


def test_it_suggests_accounts_by_words_of_their_name(cast: Cast, client_for: ClientFor) -> None:
    with organization_scope(cast.acme):
        an_account(cast.acme, name="Velora <b>", city="Utrecht")
        an_account(cast.acme, name="Tramont")

    for typed in ("ve", "b velora", "velroa", "utrecht"):
        page = text_of(client_for(cast.rui).get(url("account-names", parent=typed)))
        assert page == '<option value="Velora &lt;b&gt;">Utrecht</option>', typed
