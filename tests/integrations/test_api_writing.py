"""Around every change of the API: bodies held against a list, versions, keys, and nothing left behind by a refusal."""

import json
from typing import Any

import pytest

from pipeline.models import Account
from tenancy.models import AuditEntry, DomainEvent
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.integrations.api_caller import Caller, a_token, the_problem
from tests.pipeline.records import an_account

ADDRESS = "/api/v1/accounts"


@pytest.fixture
def acme(cast: Cast) -> Caller:
    return Caller(a_token(cast.acme))


@pytest.fixture
def account(cast: Cast) -> Account:
    with organization_scope(cast.acme):
        return an_account(cast.acme, owner=cast.rui)


def one(account: Account) -> str:
    return f"{ADDRESS}/{account.pk}"


def body(answer: Any) -> Any:
    return json.loads(answer.content)


def accounts_of(organization: Any) -> int:
    with organization_scope(organization):
        return Account.objects.alive().count()


class TestBodies:
    """ASVS V2.2.1, V15.3.3: a body says what the allow-list of its address has, and nothing else."""

    NOT_TO_BE_SET = (
        *("id", "version", "created_at", "updated_at", "organization", "organization_id", "deleted_at", "owner"),
        *("recorded_at", "reconstructed", "name_key", "currency", "potential_minor", "__class__", "pk", "_state"),
    )

    @pytest.mark.parametrize("name", NOT_TO_BE_SET)
    @pytest.mark.parametrize("method", ["post", "patch"])
    def test_a_field_that_is_not_on_the_list_is_refused_by_name(
        self, cast: Cast, acme: Caller, account: Account, method: str, name: str
    ) -> None:
        sent = {"name": "Kelp Marine", name: str(cast.globex.pk)}
        answer = acme.post(ADDRESS, sent) if method == "post" else acme.patch(one(account), sent)

        problem = the_problem(answer, 422)

        assert [fault["name"] for fault in problem["errors"]] == [name]
        assert accounts_of(cast.acme) == 1
        with organization_scope(cast.acme):
            assert Account.objects.get().version == 1

    def test_all_faults_are_named_at_once_with_what_to_do(self, acme: Caller) -> None:
        sent = {
            "colour": "red",
            "segment": "huge",
            "employees": -1,
            "potential": {"amount_minor": 1.5, "currency": "EUR"},
            "annual_revenue": {"amount_minor": 1, "currency": "XQZ"},
            "customer_since": "01.05.2021",
            "owner_id": "rui",
            "country": "nl",
            "lifecycle": None,
        }

        problem = the_problem(acme.post(ADDRESS, sent), 422)

        assert [fault["name"] for fault in problem["errors"]] == [*sent, "name"]
        assert problem["code"] == "invalid_body"
        details = {fault["name"]: fault["detail"] for fault in problem["errors"]}
        assert details["segment"] == "segment takes one of key, large, medium, small."
        assert details["name"] == "name is missing."
        assert details["lifecycle"] == "lifecycle can't be null."

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            *((value, "takes a text of 1 to 300 characters on one line") for value in ("", "   ", "x" * 301, 7, True)),
            *((value, "takes a text of 1 to 300 characters on one line") for value in (["Kelp"], {"a": 1})),
            ("a\x00b", "holds the control character U+0000: remove it"),
            ("\x1b[31m", "holds the control character U+001B: remove it"),
            ("two\nlines", "holds a line break: write it on one line"),
        ],
    )
    def test_a_text_is_a_text(self, acme: Caller, value: Any, words: str) -> None:
        problem = the_problem(acme.post(ADDRESS, {"name": value}), 422)

        assert problem["errors"] == [{"name": "name", "detail": f"name {words}."}]

    @pytest.mark.parametrize("sent", [b"{", b"[1", b"\xff", b'{"name": NaN}', b"name=Kelp", b"[" * 100_000])
    def test_what_is_no_json_is_told_as_such(self, acme: Caller, sent: bytes) -> None:
        assert the_problem(acme.post(ADDRESS, sent), 400)["code"] == "unreadable_body"

    @pytest.mark.parametrize("sent", [[], "Kelp", 7, None, [{"name": "Kelp"}]])
    def test_what_is_no_object_is_told_as_such(self, acme: Caller, sent: Any) -> None:
        the_problem(acme.post(ADDRESS, json.dumps(sent).encode()), 422)

    @pytest.mark.parametrize("kind", ["text/csv", "application/x-www-form-urlencoded", "multipart/form-data", ""])
    def test_a_body_comes_as_json(self, acme: Caller, kind: str) -> None:
        the_problem(acme.post(ADDRESS, {"name": "Kelp"}, **{"Content-Type": kind}), 415)

    def test_a_change_may_call_itself_a_merge_patch(self, acme: Caller, account: Account) -> None:
        answer = acme.patch(one(account), {"city": "Lagos"}, **{"Content-Type": "application/merge-patch+json"})

        assert body(answer)["city"] == "Lagos"

    def test_a_body_that_is_too_large_is_refused_unread(self, cast: Cast, acme: Caller) -> None:
        problem = the_problem(acme.post(ADDRESS, b'{"name": "' + b"x" * 2_700_000 + b'"}'), 413)

        assert problem["code"] == "content_too_large"
        assert accounts_of(cast.acme) == 0

    @pytest.mark.parametrize("owner", ["sam", "nobody"])
    def test_an_id_of_a_stranger_means_as_little_as_one_of_nobody(self, cast: Cast, acme: Caller, owner: str) -> None:
        """ASVS V8.4.1: a reference can't reach into another organisation, and can't find out what is there."""
        chosen = cast.sam.pk if owner == "sam" else "0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"

        problem = the_problem(acme.post(ADDRESS, {"name": "Kelp", "owner_id": str(chosen)}), 422)

        detail = "There is no active member with this owner_id in your organisation."
        assert problem["errors"] == [{"name": "owner_id", "detail": detail}]
        assert accounts_of(cast.acme) == 0


class TestVersions:
    def test_an_etag_comes_with_every_whole_record(self, acme: Caller, account: Account) -> None:
        got = acme.get(one(account))
        made = acme.post(ADDRESS, {"name": "Kelp"})
        changed = acme.patch(one(account), {"city": "Lagos"}, got["ETag"])

        assert got["ETag"].startswith('"1-')
        assert changed["ETag"] == acme.get(one(account))["ETag"]
        assert changed["ETag"].startswith('"2-')
        assert made["ETag"] == acme.get(made["Location"])["ETag"]

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_a_change_says_what_it_is_based_on(self, cast: Cast, acme: Caller, account: Account, method: str) -> None:
        assert the_problem(acme.send(method, one(account), {}), 428)["code"] == "precondition_required"
        assert accounts_of(cast.acme) == 1

    @pytest.mark.parametrize("seen", ['"2"', '"0"', 'W/"1"', '"1x"', '"2", "3"', '"*"', '""'])
    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_a_change_based_on_another_version_is_refused(
        self, cast: Cast, acme: Caller, account: Account, method: str, seen: str
    ) -> None:
        problem = the_problem(acme.send(method, one(account), {"city": "Lagos"}, If_Match=seen), 412)

        assert "version 1" in problem["detail"]
        with organization_scope(cast.acme):
            assert Account.objects.alive().get().city == ""

    @pytest.mark.parametrize("seen", ['"1"', '"1-anything"', '"7", "1"', "*"])
    def test_the_version_in_quotes_is_enough(self, acme: Caller, account: Account, seen: str) -> None:
        assert acme.patch(one(account), {"city": "Lagos"}, seen).status_code == 200

    @pytest.mark.parametrize("seen", ["1", '"1', "'1'", '"a" "b"'])
    def test_an_if_match_that_is_none_is_told_as_such(self, acme: Caller, account: Account, seen: str) -> None:
        problem = the_problem(acme.patch(one(account), {"city": "Lagos"}, seen), 400)

        assert problem["errors"][0]["name"] == "If-Match"

    def test_who_has_the_newest_answer_gets_no_other(self, cast: Cast, acme: Caller, account: Account) -> None:
        first = acme.get(one(account))

        again = acme.get(one(account), None, **{"If-None-Match": f'"x", {first["ETag"]}'})
        with organization_scope(cast.acme):
            type(cast.rui).objects.filter(pk=cast.rui.pk).update(name="Rui Prado-Lima")
        renamed = acme.get(one(account), None, **{"If-None-Match": first["ETag"]})

        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        # The account is the same; its owner's name, which the answer shows, is not.
        assert body(renamed)["owner"]["name"] == "Rui Prado-Lima"

    def test_a_change_that_changes_nothing_leaves_the_version(self, acme: Caller, account: Account) -> None:
        answer = acme.patch(one(account), {"name": account.name, "city": None}, 1)

        assert body(answer)["version"] == 1


class TestEffects:
    def test_the_trail_names_the_token_and_an_event_tells_it(self, cast: Cast, acme: Caller) -> None:
        made = body(acme.post(ADDRESS, {"name": "Kelp Marine"}))

        with organization_scope(cast.acme):
            entry = AuditEntry.objects.get(table_name="pipeline_account", row_id=made["id"])
            event = DomainEvent.objects.get(subject_id=made["id"])
        assert entry.task.startswith("api token ")
        assert event.type == "account.created"

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_a_stranger_changes_nothing_and_learns_nothing(
        self, cast: Cast, acme: Caller, account: Account, method: str
    ) -> None:
        """ASVS V8.2.2, V8.4.1: another organisation's record is not there, whatever is asked of it."""
        stranger = Caller(a_token(cast.globex))
        absent = f"{ADDRESS}/0192f0c1-7b2a-7c3e-9a53-0b6f5d1e2a10"

        answers = [
            the_problem(stranger.send(method, path, {"name": "Mine"}, If_Match=seen), 404)
            for path in (one(account), absent)
            for seen in ("*", '"1"', '"2"')
        ]

        assert all(answer == answers[0] for answer in answers)
        with organization_scope(cast.acme):
            assert Account.objects.alive().get().name == account.name

    def test_writing_needs_its_own_scope(self, cast: Cast, account: Account) -> None:
        """ASVS V8.2.1: a token that reads does not write."""
        reader = Caller(a_token(cast.acme, ["accounts:read", "opportunities:write"]))

        for answer in (
            reader.post(ADDRESS, {"name": "Kelp"}),
            reader.patch(one(account), {"name": "Kelp"}),
            reader.delete(one(account)),
        ):
            problem = the_problem(answer, 403)
            assert problem["code"] == "missing_scope"
            assert "accounts:write" in problem["detail"]

    def test_who_may_write_but_not_read_is_told_id_and_version_only(self, cast: Cast, account: Account) -> None:
        writer = Caller(a_token(cast.acme, ["accounts:write"]))

        made = body(writer.post(ADDRESS, {"name": "Kelp"}))
        changed = body(writer.patch(one(account), {}, "*"))

        assert made.keys() == changed.keys() == {"id", "version"}
        the_problem(writer.get(one(account)), 403)

    def test_a_refused_change_leaves_nothing(self, cast: Cast, acme: Caller, account: Account) -> None:
        """ASVS V2.3.3: one change is one transaction."""
        the_problem(acme.patch(one(account), {"name": "Kelp", "parent_id": str(account.pk)}), 422)

        with organization_scope(cast.acme):
            assert Account.objects.get().name == account.name
            assert not DomainEvent.objects.filter(type="account.updated").exists()

    @pytest.mark.parametrize("query", ["?fields=id", "?limit=1", "?x=1"])
    def test_changes_take_no_parameters(self, acme: Caller, account: Account, query: str) -> None:
        the_problem(acme.post(ADDRESS + query, {"name": "Kelp"}), 400)
        the_problem(acme.patch(one(account) + query, {"name": "Kelp"}), 400)
        the_problem(acme.delete(one(account) + query), 400)
