"""Who takes part in a deal, read together with it."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from pipeline.models import DealContact, DealSplit


def people_of_deal() -> ArraySubquery:
    """Return the people who have a role in each row, a deal, by name; who was deleted is left out."""
    own: Any = DealContact.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    said = JSONObject(id="contact_id", name="contact__name", role="role")
    return ArraySubquery(own.filter(contact__deleted_at=None).order_by("contact__name_key").values(json=said))


def splits_of_deal() -> ArraySubquery:
    """Return the units that share each row, a deal, the greatest share first."""
    own: Any = DealSplit.objects.filter(organization=OuterRef("organization"), opportunity=OuterRef("pk"))
    said = JSONObject(id="unit_id", name="unit__name", share="share_bp")
    return ArraySubquery(own.order_by("-share_bp", "unit__name").values(json=said))
