"""Changes of products."""

from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction

from pipeline.models import Product
from pipeline.models.record import MANUAL
from pipeline.operations.changes import payload_of, write_changes
from pipeline.operations.noting import note_created
from tenancy.events import record_event
from tenancy.models import Member, Organization


class ProductFields(TypedDict, total=False):
    """What can be said of a product."""

    code: str
    name: str
    family: str
    list_price_minor: int | None
    currency: str
    is_active: bool


@transaction.atomic
def create_product(
    *,
    organization: Organization,
    actor: Member | None,
    created_at: datetime,
    source: str = MANUAL,
    external_id: str = "",
    **fields: Unpack[ProductFields],
) -> Product:
    """Add a product that was typed in here, or that another system knows by `source` and `external_id`.

    :raises django.db.IntegrityError: when there is one with that source and external id.
    """
    product: Product = Product.objects.create(
        organization=organization,
        source=source,
        external_id=external_id,
        created_at=created_at,
        updated_at=created_at,
        recorded_at=created_at,
        **fields,
    )
    note_created(product)
    record_event(
        organization=organization,
        type="product.created",
        subject=product,
        payload={"code": product.code, "name": product.name},
        actor=actor,
        occurred_at=created_at,
    )
    return product


@transaction.atomic
def update_product(
    *,
    organization: Organization,
    product: Product,
    version: int,
    actor: Member | None,
    updated_at: datetime,
    **fields: Unpack[ProductFields],
) -> Product:
    """Change a product; saying what it says already changes nothing.

    :raises StaleVersion: when somebody else changed it since `version` was read.
    """
    differences = write_changes(
        organization=organization, record=product, version=version, fields=fields, at=updated_at
    )
    if differences:
        record_event(
            organization=organization,
            type="product.updated",
            subject=product,
            payload=payload_of(differences),
            actor=actor,
            occurred_at=updated_at,
        )
    return product
