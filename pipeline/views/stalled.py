"""The three ways on for a deal that stands still, from its own page."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from pipeline import operations
from pipeline.forms.stalled import PushForm, ReviveForm, StopForm
from pipeline.models import Opportunity
from pipeline.operations import StaleVersion, UnableToMoveStage, UnableToSettle, noted_changes
from pipeline.views.opportunity import DEALS, deal_page, ways_on
from pipeline.views.record_pages import editable
from pipeline.views.undo import say_done
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest

WAYS: dict[str, Any] = {"revive": operations.revive, "push": operations.push_out, "stop": operations.stop}
DONE = {
    "revive": gettext_lazy("It has a plan again."),
    "push": gettext_lazy("Pushed out, with your reason."),
    "stop": gettext_lazy("Stopped. That is time for other deals."),
}


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def opportunity_settle(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Revive, push or stop a deal; what was typed stays where it is refused."""
    deal: Opportunity = editable(request, DEALS, opportunity_id)
    do = request.POST.get("do", "")
    if do not in WAYS:
        raise BadRequest(_("There are three ways on, and this is none of them."))
    forms = ways_on(request, deal, data=request.POST, chosen=do)
    form = forms[do]
    if not form.is_valid():
        return deal_page(request, deal, status=422, ways=forms)
    here = DEALS.url(request, deal)
    try:
        with noted_changes() as noted:
            settle_as_stated(request, deal, do, form)
    except (UnableToSettle, UnableToMoveStage) as error:
        form.add_error(None, str(error))
        return deal_page(request, deal, status=422, ways=forms)
    except StaleVersion:
        fresh: Opportunity = editable(request, DEALS, opportunity_id)
        again = ways_on(request, fresh, data={**request.POST.dict(), "version": fresh.version}, chosen=do)
        again[do].is_valid()
        again[do].add_error(None, _("Nothing was saved: the deal changed meanwhile. Look, then choose again."))
        return deal_page(request, fresh, status=409, ways=again)
    say_done(request, str(DONE[do]), noted, page=here)
    return redirect(here)


def settle_as_stated(
    request: MemberRequest, deal: Opportunity, do: str, form: ReviveForm | PushForm | StopForm
) -> None:
    """Take the way on that a valid form says; what the operations raise is the page's to put into words."""
    WAYS[do](
        organization=request.organization,
        opportunity=deal,
        version=form.cleaned_data["version"],
        actor=request.member,
        at=timezone.now(),
        **form.stated(),
    )
