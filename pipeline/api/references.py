"""What ids in bodies may mean: records of the organisation that can be chosen on its pages as well."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pipeline.models import Account, Contact, Opportunity, Pipeline, Product, Stage
from tenancy.models import Member, Unit


def members(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the people who are still here."""
    found: QuerySet[Any, Any] = Member.objects.for_organization(organization_id).active()
    return found


def units(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the units, closed ones among them."""
    found: QuerySet[Any, Any] = Unit.objects.for_organization(organization_id)
    return found


def accounts(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the accounts that were not deleted."""
    found: QuerySet[Any, Any] = Account.objects.for_organization(organization_id).alive()
    return found


def contacts(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the contacts that were not deleted."""
    found: QuerySet[Any, Any] = Contact.objects.for_organization(organization_id).alive()
    return found


def opportunities(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the deals that were not deleted."""
    found: QuerySet[Any, Any] = Opportunity.objects.for_organization(organization_id).alive()
    return found


def products(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the products that were not deleted."""
    found: QuerySet[Any, Any] = Product.objects.for_organization(organization_id).alive()
    return found


def stages(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the stages in use."""
    found: QuerySet[Any, Any] = Stage.objects.for_organization(organization_id).filter(retired_at=None)
    return found


def pipelines(organization_id: UUID) -> QuerySet[Any, Any]:
    """Return the pipelines, retired ones too: they can be changed as well."""
    found: QuerySet[Any, Any] = Pipeline.objects.for_organization(organization_id)
    return found
