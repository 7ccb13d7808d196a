"""Decisions, as much of them as a member may see: those about deals and accounts that they see."""

from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from pipeline.models import Account, Decision
from pipeline.queries.opportunities import opportunities
from tenancy.access import Action
from tenancy.models import Member, Organization


def decisions(*, organization: Organization, member: Member, today: date) -> QuerySet[Any, Any]:
    """Return the decisions that the member may see, with what they are about and who asked, decides and decided."""
    deals = opportunities(organization=organization, member=member, today=today).values("pk")
    seen = Account.objects.for_organization(organization).alive()
    accounts = seen.visible_to(member, Action.VIEW_ACCOUNTS, as_of=today).values("pk")
    about = Q(opportunity__in=deals) | Q(opportunity=None, account__in=accounts)
    found: QuerySet[Any, Any] = Decision.objects.for_organization(organization).filter(about)
    return found.select_related("opportunity", "account", "asker", "decider", "decided_by")


def decisions_of_deal() -> ArraySubquery:
    """Return the decisions about each row, a deal, the newest first: read together with the deal."""
    own: Any = Decision.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    said = JSONObject(
        id="pk",
        question="question",
        decider="decider__name",
        due_on="due_on",
        outcome="outcome",
        reason="reason",
        by="decided_by__name",
    )
    return ArraySubquery(own.order_by("-asked_at", "-id").values(json=said)[:20])
