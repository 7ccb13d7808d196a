"""The base of every table that belongs to an organisation."""

from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models
from uuid_utils.compat import uuid7

from tenancy.inserting import insert_row
from tenancy.scoping import NoActiveOrganization, OrganizationMismatch, active_scope

M = TypeVar("M", bound=models.Model)


class TenantQuerySet(models.QuerySet[M, M], Generic[M]):
    """A queryset that knows organisations; the domain's own vocabulary is added by its subclasses."""

    def for_organization(self, organization: "models.Model | UUID") -> Self:
        """Say the organisation in the query itself, beside the scope that must be active.

        :raises OrganizationMismatch: when another organisation is active.
        """
        organization_id = organization if isinstance(organization, UUID) else organization.pk
        scope = active_scope()
        if scope is not None and scope.organization_id is not None and scope.organization_id != organization_id:
            raise OrganizationMismatch(
                f"The query names organisation {organization_id}, but {scope.organization_id} is active."
            )
        return self.filter(organization_id=organization_id)


class TenantManager(models.Manager[M]):
    """Refuses to read without an active organisation, and reads nothing but that organisation's rows."""

    def get_queryset(self) -> models.QuerySet[M]:
        """Return the rows of the active organisation.

        :raises NoActiveOrganization: when none is active and no `every_organization` block is open.
        """
        scope = active_scope()
        if scope is None:
            raise NoActiveOrganization(
                f"{self.model.__name__} was read while no organisation is active; open organization_scope(…) first."
            )
        queryset = super().get_queryset()
        if scope.organization_id is None:
            return queryset
        return queryset.filter(organization_id=scope.organization_id)


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference inside one organisation.

    The constraint is composite, (organization_id, x_id) → (organization_id, id), and is made with its index by
    `tenancy.row_security.SecureTable`: a plain one would let a row point at another organisation's.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs["db_index"] = False
        kwargs.setdefault("related_name", "+")
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        """Describe the field for migrations; the two fixed arguments are left out."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        kwargs.pop("db_index", None)
        return name, path, args, kwargs


class TenantModel(models.Model):
    """One row of one organisation. Ids are UUIDv7, so rows of two databases never collide and sort by creation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey("tenancy.Organization", models.PROTECT, related_name="+", db_index=False)

    # Any, so that a model may put a manager with its own vocabulary here.
    objects: ClassVar[Any] = TenantManager.from_queryset(TenantQuerySet)()

    class Meta:
        abstract = True

    def _do_insert(self, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: bool) -> Any:
        """Write the row by the statement that is made once, where there is one."""
        row = None if raw or using != DEFAULT_DB_ALIAS else insert_row(self, fields)
        return super()._do_insert(manager, using, fields, returning_fields, raw) if row is None else row  # type: ignore[misc]
