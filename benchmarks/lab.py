"""The same list as Django REST framework gives it without effort: the reference that any machine can install."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import CharField, ModelSerializer
from rest_framework.test import APIRequestFactory

from pipeline.models import Opportunity
from tenancy.models import Organization
from tenancy.scoping import organization_scope


class LabSerializer(ModelSerializer[Opportunity]):
    """Fifteen fields, the names of related records among them."""

    account_name = CharField(source="account.name", default=None)
    owner_name = CharField(source="owner.name", default=None)
    stage_name = CharField(source="stage.name")
    pipeline_name = CharField(source="pipeline.name")

    class Meta:
        model = Opportunity
        fields = (
            *("id", "name", "version", "amount_minor", "currency", "close_date", "outcome", "account", "account_name"),
            *("owner", "owner_name", "stage", "stage_name", "pipeline_name"),
        )


class LabPages(PageNumberPagination):
    """Pages by number, with the count that comes with them."""

    page_size = 50


class LabView(ListAPIView[Opportunity]):
    """The view."""

    serializer_class = LabSerializer
    pagination_class = LabPages
    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)

    def get_queryset(self) -> QuerySet[Opportunity]:
        """Return the open deals, the largest first."""
        deals: QuerySet[Opportunity] = Opportunity.objects.filter(outcome="open", deleted_at=None)
        return deals.select_related("account", "owner", "stage", "pipeline").order_by("-amount_minor", "-id")


class LabDeals:
    """Asks the view, inside an organisation."""

    def __init__(self, organization: Organization) -> None:
        self.organization, self.view, self.requests = organization, LabView.as_view(), APIRequestFactory()

    def list(self) -> Any:
        """Return the first page."""
        with organization_scope(self.organization):
            return self.view(self.requests.get("/")).render().content
