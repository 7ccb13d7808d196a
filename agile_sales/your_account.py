"""What people change of themselves."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tenancy import doors
from tenancy.models import Member, User
from tenancy.scoping import organization_scope


@transaction.atomic
def rename_person(*, user: User, name: str) -> None:
    """Give a person another name, in their organisations too, unless one of them calls them something else."""
    before = user.get_full_name()
    user.name = name
    user.save(update_fields=["name"])
    for membership in doors.memberships_of(user.pk):
        with organization_scope(membership.organization_id, actor=membership.member_id):
            Member.objects.filter(pk=membership.member_id, name=before).update(
                name=name, version=F("version") + 1, updated_at=timezone.now()
            )
