"""Records are written by statements that are made once and are Django's own; the database fills in what it does."""

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Value, sql
from django.db.models.functions import Upper

from integrations.models import IdempotencyKey
from pipeline.models import Account, Contact, Opportunity
from tenancy.inserting import insert_statement
from tenancy.models import DomainEvent
from tenancy.scoping import organization_scope
from tenancy.tenant_model import TenantModel
from tests.cast import Cast


@pytest.mark.parametrize("model", [one for one in apps.get_models() if issubclass(one, TenantModel)], ids=str)
def test_it_is_the_statement_that_django_makes(model: type[TenantModel], db: None) -> None:
    statement = insert_statement(model)
    fields = [field for field in model._meta.local_concrete_fields if not field.generated]
    query = sql.InsertQuery(model)
    query.insert_values(fields, [model()], raw=True)
    compiler = query.get_compiler(connection=connection)
    compiler.returning_fields = model._meta.db_returning_fields
    ((text, _),) = compiler.as_sql()

    assert statement in (None, text)
    if model in (Account, Contact, Opportunity, DomainEvent, IdempotencyKey):
        assert statement


def test_the_record_has_what_the_database_made(cast: Cast) -> None:
    with organization_scope(cast.acme):
        account = Account.objects.create(organization=cast.acme, name="Müller & SÖHNE")

        assert account.name_key == "müller & söhne"
        assert Account.objects.get(pk=account.pk).name_key == "müller & söhne"
    with organization_scope(cast.globex):
        assert not Account.objects.filter(pk=account.pk).exists()


def test_a_value_that_the_database_works_out_is_written(cast: Cast) -> None:
    with organization_scope(cast.acme):
        account = Account.objects.create(organization=cast.acme, name=Upper(Value("velora")))

        assert Account.objects.get(pk=account.pk).name == "VELORA"


def test_a_row_that_contradicts_another_is_refused_as_ever(cast: Cast) -> None:
    with organization_scope(cast.acme):
        Account.objects.create(organization=cast.acme, name="Velora", source="erp", external_id="1")
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.create(organization=cast.acme, name="Velora", source="erp", external_id="1")


def test_a_row_of_another_organization_is_refused_by_the_database(cast: Cast) -> None:
    refused = pytest.raises(DatabaseError, match="row-level security")
    with organization_scope(cast.acme), refused, transaction.atomic():
        Account.objects.create(organization=cast.globex, name="Theirs")
