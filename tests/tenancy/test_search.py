"""The function that searches: what it finds, in which order, and that it never looks over the fence."""

from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.models import Account, Contact, Opportunity
from pipeline.operations import delete_record, restore_record
from tenancy.models import SearchWord
from tenancy.scoping import organization_scope
from tenancy.search import find
from tests.cast import Cast
from tests.pipeline import records

KINDS = ("account", "opportunity", "contact", "member")


def ids(text: str, kind: str = "account", **narrower: Any) -> list[UUID]:
    return [match.id for match in find(text=text, kinds=[kind], limit=8, **narrower)]


def names(text: str, kind: str = "account", **narrower: Any) -> list[str]:
    model: Any = {"account": Account, "opportunity": Opportunity, "contact": Contact}[kind]
    found = model.objects.in_bulk(ids(text, kind, **narrower))
    return [found[one].name for one in ids(text, kind, **narrower)]


@pytest.mark.usefixtures("acme_scope")
class TestWhatItFinds:
    @pytest.mark.parametrize(
        "text",
        [
            "Velora E-Bikes GmbH",
            "velora",
            "vel",
            "e-bikes vel",
            "gmbh bikes velora",
            "velroa",
            "velorra",
            "elora bikes",
            "VELORA",
            "vélora",
            "linz",
            "velora linz",
            "www.velora.example",
            "K-4711",
            "v",
            "velora e",
        ],
    )
    def test_an_account_by_what_a_person_remembers_of_it(self, text: str, cast: Cast) -> None:
        velora = records.an_account(
            cast.acme,
            name="Velora E-Bikes GmbH",
            city="Linz",
            website="https://www.velora.example/",
            source="erp",
            external_id="K-4711",
        )
        records.an_account(cast.acme, name="Brightway Charging", city="Graz")

        assert ids(text) == [velora.pk]

    @pytest.mark.parametrize("text", ["müller", "muller", "Mueller", "söhne", "sohne muller", "łódź", "lodz", "straße"])
    def test_names_with_and_without_their_accents(self, text: str, cast: Cast) -> None:
        muller = records.an_account(cast.acme, name="Müller & Söhne, Łódźer Strasse")

        assert ids(text) == [muller.pk]

    def test_a_deal_by_its_name_and_its_account_s(self, cast: Cast) -> None:
        velora = records.an_account(cast.acme)
        deal = records.a_deal(cast.acme, velora, name="Retrofit 2027")
        records.a_deal(cast.acme, records.an_account(cast.acme, name="Brightway"), name="Retrofit 2027")

        assert ids("velora retrofit", "opportunity") == [deal.pk]
        assert ids("2027 vel", "opportunity") == [deal.pk]
        assert ids("velora", "opportunity") == [deal.pk]

    def test_a_contact_by_its_name_and_its_account_s(self, cast: Cast) -> None:
        velora, brightway = records.an_account(cast.acme), records.an_account(cast.acme, name="Brightway")
        sanne = records.a_contact(cast.acme, velora, name="Sanne de Wit")
        records.a_contact(cast.acme, brightway, name="Sanne Kok")

        assert ids("sanne velora", "contact") == [sanne.pk]
        assert ids("velora", "contact") == [sanne.pk]

        velora.name = "Kelp"
        velora.save(update_fields=["name"])
        assert (ids("velora", "contact"), ids("kelp", "contact")) == ([], [sanne.pk])

        sanne.account = brightway
        sanne.save(update_fields=["account"])
        assert ids("kelp", "contact") == []
        assert sanne.pk in ids("brightway", "contact")

    def test_a_contact_by_address_only_for_whom_addresses_are(self, cast: Cast) -> None:
        sanne = records.a_contact(cast.acme, name="Sanne de Wit", email="s.dewit@velora.example")

        assert ids("sanne", "contact") == [sanne.pk]
        assert ids("dewit@velora", "contact", private=True) == [sanne.pk]
        assert ids("dewit@velora", "contact") == []
        assert ids("dewit", "contact") == []
        assert not SearchWord.objects.filter(word="dewit").exists()

    def test_colleagues(self, cast: Cast) -> None:
        assert ids("lena vogt", "member") == [cast.lena.pk]
        assert ids("vgot", "member") == [cast.lena.pk]

    @pytest.mark.parametrize("text", ["", " ", "%", "_", "'", "\\", "***", "&|!()", ":*", "~", "\x00", "a" * 5000])
    def test_what_is_no_word_finds_nothing(self, text: str, cast: Cast) -> None:
        records.an_account(cast.acme)

        assert find(text=text, kinds=KINDS, limit=8, member=cast.lena, private=True) == []

    def test_a_guess_is_made_only_when_nothing_has_the_words(self, cast: Cast) -> None:
        records.an_account(cast.acme, name="Velora")
        exact = records.an_account(cast.acme, name="Velroa")

        assert [(match.id, match.tier) for match in find(text="velroa", kinds=["account"], limit=8)] == [(exact.pk, 0)]


@pytest.mark.usefixtures("acme_scope")
class TestOrder:
    def test_exact_then_beginning_then_word_then_elsewhere(self, cast: Cast) -> None:
        for name, city in [("Nova Linz", ""), ("Linz Steel", ""), ("Brightway", "Linz"), ("Linz", "")]:
            records.an_account(cast.acme, name=name, city=city)

        assert names("linz") == ["Linz", "Linz Steel", "Nova Linz", "Brightway"]

    def test_active_ones_then_one_s_own_come_first(self, cast: Cast) -> None:
        records.an_account(cast.acme, name="Nova A", lifecycle="former")
        records.an_account(cast.acme, name="Nova B")
        records.an_account(cast.acme, cast.rui, name="Nova C")

        assert names("nova", member=cast.rui) == ["Nova C", "Nova B", "Nova A"]

    def test_one_s_own_is_found_among_hundreds(self, cast: Cast) -> None:
        Account.objects.bulk_create(
            Account(organization=cast.acme, name=f"{number:03} Works GmbH", external_id=str(number))
            for number in range(400)
        )
        records.an_account(cast.acme, cast.rui, name="Zeta Works GmbH")

        assert names("gmbh", member=cast.rui)[0] == "Zeta Works GmbH"
        assert len(names("gmbh works")) == 8


@pytest.mark.usefixtures("acme_scope")
class TestWhatChanges:
    def test_a_deleted_record_is_gone_until_it_comes_back(self, cast: Cast) -> None:
        velora = records.an_account(cast.acme)
        delete_record(organization=cast.acme, record=velora, version=1, actor=cast.lena, deleted_at=records.NOON)
        assert ids("velora") == []

        restore_record(organization=cast.acme, record=velora, version=2, actor=cast.lena, restored_at=records.NOON)
        assert ids("velora") == [velora.pk]

        Account.objects.filter(pk=velora.pk).delete()
        assert ids("velora") == []

    def test_another_name_takes_the_deals_along(self, cast: Cast) -> None:
        velora = records.an_account(cast.acme)
        deal = records.a_deal(cast.acme, velora)

        Account.objects.filter(pk=velora.pk).update(name="Lumen")

        assert ids("velora") == ids("velora", "opportunity") == []
        assert ids("lumen") == [velora.pk]
        assert ids("lumen", "opportunity") == [deal.pk]

    def test_another_account_and_another_outcome(self, cast: Cast) -> None:
        deal = records.a_deal(cast.acme, records.an_account(cast.acme), name="Retrofit")
        lumen = records.an_account(cast.acme, name="Lumen")

        Opportunity.objects.filter(pk=deal.pk).update(account=lumen, outcome="won", closed_at=records.NOON)

        assert ids("velora", "opportunity") == []
        assert ids("lumen", "opportunity") == [deal.pk]

    def test_a_change_of_anything_else_writes_no_entry(self, cast: Cast) -> None:
        deal = records.a_deal(cast.acme, records.an_account(cast.acme))
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text, ctid::text FROM tenancy_searchentry WHERE id = %s", [deal.pk])
            before = cursor.fetchone()
            Opportunity.objects.filter(pk=deal.pk).update(next_step="Call", version=2)
            cursor.execute("SELECT xmin::text, ctid::text FROM tenancy_searchentry WHERE id = %s", [deal.pk])
            assert cursor.fetchone() == before


class TestFences:
    def test_owners_narrow_and_nobody_is_nobody(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            mine = records.an_account(cast.acme, cast.rui)
            records.an_account(cast.acme, cast.mia)
            deal = records.a_deal(cast.acme, mine, owner=cast.mia)
            other = records.a_deal(cast.acme, owner=cast.mia, name="Velora")

            assert ids("velora", owners=[cast.rui.pk]) == [mine.pk]
            assert ids("v", owners=[cast.rui.pk]) == [mine.pk]
            assert ids("velora", "opportunity", owners=[cast.rui.pk]) == [deal.pk]
            assert set(ids("velora", "opportunity", owners=[cast.mia.pk])) == {deal.pk, other.pk}
            assert ids("velora", owners=[]) == []

    def test_the_stranger_finds_nothing_of_acme(self, cast: Cast) -> None:
        with organization_scope(cast.acme):
            records.a_deal(cast.acme, records.an_account(cast.acme, cast.rui))
        with organization_scope(cast.globex):
            assert find(text="velora", kinds=KINDS, limit=8, member=cast.rui, private=True) == []
            assert find(text="velroa", kinds=KINDS, limit=8, owners=[cast.rui.pk], private=True) == []

    @pytest.mark.django_db
    def test_without_an_organization_it_is_an_error(self) -> None:
        with pytest.raises(DatabaseError, match=r"app\.organization|uuid"), transaction.atomic():
            find(text="velora", kinds=KINDS, limit=8)

    @pytest.mark.django_db
    def test_it_belongs_to_the_role_that_passes_the_fence_and_takes_no_organization(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT proowner::regrole::text, prosecdef, proargnames::text[], proconfig::text[],"
                " has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc WHERE proname = 'tenancy_search'"
            )
            owner, definer, arguments, config, for_all = cursor.fetchone()
        assert (owner, definer, for_all) == ("agile_system", True, False)
        assert not any("organization" in name for name in arguments)
        assert "search_path=pg_catalog, public, pg_temp" in config

    def test_no_table_is_read_from_end_to_end(self, cast: Cast) -> None:
        with organization_scope(cast.acme), connection.cursor() as cursor:
            records.a_deal(cast.acme, records.an_account(cast.acme, cast.rui))
            scans = (
                "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
                " WHERE seq_scan > 0 AND relname IN ('tenancy_searchentry', 'tenancy_searchword')"
            )
            cursor.execute(scans)
            before = cursor.fetchall()
            for text in ("velora", "v", "ve", "velroa", "e-bikes gmbh", "K-4711", "dewit@velora"):
                find(text=text, kinds=KINDS, limit=8, member=cast.rui, private=True)
            cursor.execute(scans)
            assert cursor.fetchall() == before

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        text=st.one_of(
            st.text(max_size=80),
            st.text(alphabet="velora'\\\"%_:*&|!()<>~@ -\n\t0", max_size=40),
            st.lists(
                st.sampled_from(["velora", "velroa", "ve", "gmbh", "2027", "sam", "lena", "'", "drive"]), max_size=6
            ).map(" ".join),
        ),
        kinds=st.lists(st.one_of(st.sampled_from(KINDS), st.text(max_size=5)), max_size=5),
        limit=st.integers(-5, 2**31 - 1),
        private=st.booleans(),
        narrow=st.booleans(),
    )
    def test_it_never_fails_and_never_returns_a_row_of_another_organization(
        self, cast: Cast, text: str, kinds: list[str], limit: int, private: bool, narrow: bool
    ) -> None:
        """ASVS V8.4.1: what one organisation asks never shows what another one has."""
        with transaction.atomic():
            visible = self._the_same_records_in_both(cast)
            for organization, member in ((cast.acme, cast.rui), (cast.globex, cast.sam)):
                with organization_scope(organization):
                    # A member of the other organisation is no key to it either.
                    for who in (member, cast.sam, cast.rui):
                        found = find(
                            text=text,
                            kinds=[kind.replace("\x00", "") for kind in kinds],
                            limit=limit,
                            member=who,
                            owners=[who.pk] if narrow else None,
                            private=private,
                        )
                        assert {match.id for match in found} <= visible[organization.slug]
            transaction.set_rollback(True)

    @staticmethod
    def _the_same_records_in_both(cast: Cast) -> dict[str, set[UUID]]:
        visible = {}
        for organization, owner in ((cast.acme, cast.rui), (cast.globex, cast.sam)):
            with organization_scope(organization), connection.cursor() as cursor:
                account = records.an_account(organization, owner, name="Velora Drive GmbH", city="Linz")
                records.a_contact(organization, account, name="Sam Lena", email="sam@velora.example", owner=owner)
                records.a_deal(organization, account, owner=owner)
                cursor.execute("SELECT id FROM tenancy_searchentry")
                visible[organization.slug] = {row[0] for row in cursor.fetchall()}
        return visible
