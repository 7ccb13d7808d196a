"""Who takes part in a deal: the customer's people, and the units that share it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pipeline import operations
from pipeline.forms.deal_parties import PeopleForm, SplitsForm
from pipeline.models import Contact, DealContact, DealSplit, Opportunity
from pipeline.operations import StaleVersion, UnableToSetParties
from pipeline.views.opportunity import DEALS
from pipeline.views.record_pages import editable
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.units import open_units
from tenancy.working_time import local_day


@member_can(Action.EDIT_OPPORTUNITIES)
@require_http_methods(["GET", "HEAD", "POST"])
def opportunity_people(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Say which people of the account take part in a deal, and as what."""
    deal: Opportunity = editable(request, DEALS, opportunity_id)
    found: Any = Contact.objects.for_organization(request.organization)
    at_account = found.alive().filter(account=deal.account_id).order_by("name_key", "id")
    people = list(at_account[:50]) if deal.account_id else []
    rows: Any = DealContact.objects.for_organization(request.organization).filter(opportunity=deal)
    roles = dict(rows.values_list("contact", "role"))

    def make(data: Any, version: int) -> PeopleForm:
        return PeopleForm(data, people=people, roles=roles, initial={"version": version})

    return _answer(request, deal, _("People in this deal"), make, operations.set_deal_people)


@member_can(Action.EDIT_OPPORTUNITIES)
@require_http_methods(["GET", "HEAD", "POST"])
def opportunity_splits(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Share a deal between units."""
    deal: Opportunity = editable(request, DEALS, opportunity_id)
    units = open_units(organization=request.organization, on=local_day(request.organization, timezone.now()))
    rows: Any = DealSplit.objects.for_organization(request.organization).filter(opportunity=deal)
    shares = dict(rows.values_list("unit", "share_bp"))

    def make(data: Any, version: int) -> SplitsForm:
        return SplitsForm(data, units=list(units), shares=shares, initial={"version": version})

    return _answer(request, deal, _("Shares of this deal"), make, operations.set_splits)


def _answer(
    request: MemberRequest, deal: Opportunity, title: str, make: Callable[[Any, int], Any], save: Callable[..., Any]
) -> HttpResponse:
    form, status = make(request.POST if request.method == "POST" else None, deal.version), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save(
                    organization=request.organization,
                    opportunity=deal,
                    version=form.cleaned_data["version"],
                    actor=request.member,
                    at=timezone.now(),
                    **form.stated(),
                )
            except UnableToSetParties as error:
                undo_changes(request)
                form.add_error(None, str(error))
            except StaleVersion as error:
                undo_changes(request)
                status = 409
                form = make({**request.POST.dict(), "version": error.current.version}, error.current.version)
                form.is_valid()
                form.add_error(None, _("The deal changed meanwhile. Look, then save again."))
            else:
                messages.success(request, _("Saved."))
                return redirect(DEALS.url(request, deal))
    context = {"form": form, "deal": deal, "title": title}
    return render(request, "pipeline/deal_parties_form.html", context, status=status)
