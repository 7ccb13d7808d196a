"""What lists can be narrowed to, and what forms can choose from."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Value, When

from pipeline.models import Account, Product, Stage
from pipeline.querysets import ProductQuerySet
from tenancy.models import Member, Organization

MOST_CHOICES = 200


@dataclass(frozen=True)
class Choices:
    """Values with their labels, as forms take them."""

    owners: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()


# The values are found by jumping through the index from one to the next (PostgreSQL has no skip scan for DISTINCT): a
# dozen look-ups, however many rows there are. One statement, because a page has twelve.
_CHOICES = """
WITH RECURSIVE step(value) AS (
    (SELECT {column} FROM {table} WHERE organization_id = %(organization)s ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT t.{column} FROM {table} t
             WHERE t.organization_id = %(organization)s AND t.{column} > step.value ORDER BY t.{column} LIMIT 1)
      FROM step WHERE step.value IS NOT NULL
)
(SELECT 'value', '', value FROM step WHERE value <> '' LIMIT %(most)s)
UNION ALL
(SELECT 'owner', id::text, name FROM tenancy_member
  WHERE organization_id = %(organization)s AND is_active ORDER BY name, id LIMIT %(most_owners)s)
"""


def account_choices(*, organization: Organization) -> Choices:
    """Return the owners and the regions that accounts can have."""
    return _choices(organization, Account._meta.db_table, "region")


def product_families(*, organization: Organization) -> Choices:
    """Return the families of products."""
    return _choices(organization, Product._meta.db_table, "family", most_owners=0)


def _choices(organization: Organization, table: str, column: str, *, most_owners: int = 1_000) -> Choices:
    with connection.cursor() as cursor:
        cursor.execute(
            _CHOICES.format(table=table, column=column),
            {"organization": organization.pk, "most": MOST_CHOICES, "most_owners": most_owners},
        )
        rows = cursor.fetchall()
    return Choices(
        owners=tuple((key, label) for kind, key, label in rows if kind == "owner"),
        values=tuple((label, label) for kind, _, label in rows if kind == "value"),
    )


def owner_choices(*, organization: Organization) -> list[tuple[str, str]]:
    """Return the active members by name."""
    members = Member.objects.for_organization(organization).filter(is_active=True).order_by("name", "id")
    return [(str(pk), name) for pk, name in members.values_list("pk", "name")]


def deal_choices(*, organization: Organization) -> Choices:
    """Return the owners and the stages that deals can have, read in one statement: a list of deals asks for much."""
    members = Member.objects.for_organization(organization).filter(is_active=True)
    owners = members.values(
        what=Value("owner"), key=F("pk"), label=F("name"), group=Value(""), later=Value(0), place=Value(0)
    )
    in_use = Stage.objects.for_organization(organization).filter(retired_at=None, pipeline__is_active=True)
    stages = in_use.values(
        what=Value("stage"),
        key=F("pk"),
        label=F("name"),
        group=F("pipeline__name"),
        later=Case(When(pipeline__is_default=True, then=0), default=1),
        place=F("position"),
    )
    rows = list(owners.union(stages, all=True).order_by("what", "later", "group", "place", "label", "key"))
    several = len({row["group"] for row in rows if row["what"] == "stage"}) > 1
    return Choices(
        owners=tuple((str(row["key"]), row["label"]) for row in rows if row["what"] == "owner"),
        values=tuple(
            (str(row["key"]), f"{row['group']}: {row['label']}" if several else row["label"])
            for row in rows
            if row["what"] == "stage"
        ),
    )


def stages_in_use(*, organization: Organization) -> list[Stage]:
    """Return the stages of all active pipelines in their order, the default pipeline first."""
    stages = Stage.objects.for_organization(organization).filter(retired_at=None, pipeline__is_active=True)
    return list(stages.select_related("pipeline").order_by("-pipeline__is_default", "pipeline__name", "position", "id"))


def stages_of(*, organization: Organization, pipeline_id: UUID) -> list[Stage]:
    """Return the stages of one pipeline that deals can move to."""
    stages = Stage.objects.for_organization(organization).filter(pipeline=pipeline_id, retired_at=None)
    return list(stages.order_by("position", "id"))


def product_choices(*, organization: Organization, most: int = 500) -> list[Product]:
    """Return the products that can be sold, by name."""
    found: ProductQuerySet = Product.objects.for_organization(organization)
    return list(found.alive().active().order_by("name_key", "id")[:most])
