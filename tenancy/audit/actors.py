"""Who did it, by kind: told from the member and the words that the scope carried when it was written."""

from enum import StrEnum
from uuid import UUID

from django.db.models import Q

API_TOKEN = "api token "  # noqa: S105 - how the scope of a token's request begins
SUPPORT = "support"
IMPORTS = ("import_records", "check an import", "commit an import", "undo an import", "import")


class ActorKind(StrEnum):
    """The kinds of actors that an audit trail tells apart."""

    MEMBER = "member"
    TOKEN = "token"  # noqa: S105 - a word
    IMPORT = "import"
    SUPPORT = "support"
    SYSTEM = "system"


def kind_of(actor_id: UUID | None, task: str) -> ActorKind:
    """Return the kind of an actor."""
    if task.startswith(API_TOKEN):
        return ActorKind.TOKEN
    if task.startswith(SUPPORT):
        return ActorKind.SUPPORT
    if task.startswith(IMPORTS):
        return ActorKind.IMPORT
    return ActorKind.MEMBER if actor_id else ActorKind.SYSTEM


def of_kind(kind: ActorKind) -> Q:
    """Return the condition that `kind_of` gives this kind."""
    token, support, imports = Q(task__startswith=API_TOKEN), Q(task__startswith=SUPPORT), Q()
    for beginning in IMPORTS:
        imports |= Q(task__startswith=beginning)
    if kind == ActorKind.TOKEN:
        return token
    if kind == ActorKind.SUPPORT:
        return support
    if kind == ActorKind.IMPORT:
        return imports
    return Q(actor_id__isnull=kind == ActorKind.SYSTEM) & ~token & ~support & ~imports
