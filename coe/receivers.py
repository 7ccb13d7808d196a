"""Answers to what lower apps ask of the methods."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from coe.queries import explained_now
from pipeline.operations import Explained
from pipeline.queries.explained import explanations_wanted
from tenancy.models import Organization


@receiver(explanations_wanted)
def explain(sender: Any, organization: Organization, account_ids: Sequence[UUID], **_: Any) -> Mapping[UUID, Explained]:
    """Say why accounts have the scores that are published."""
    return explained_now(organization=organization, account_ids=account_ids)
