"""Setting a score by hand, and the way back to automatic."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coe.forms.score_feedback import OverrideForm
from pipeline.models import AccountScore, ScoreOverride
from pipeline.operations import UnableToOverride, override_score, return_to_automatic
from pipeline.queries import priorities as queries
from tenancy.access import Action, denial, member_can
from tenancy.http import MemberRequest
from tenancy.working_time import local_day


def score_to_set(request: MemberRequest, account_id: UUID) -> AccountScore:
    """Return the score; 404 when the member can't see it, 403 when they only can."""
    today = local_day(request.organization, timezone.now())
    seen = queries.priorities(organization=request.organization, member=request.member, today=today)
    found = seen.select_related("account").filter(account_id=account_id).first()
    if found is None:
        raise Http404
    may = queries.priorities(
        organization=request.organization, member=request.member, today=today, action=Action.OVERRIDE_SCORES
    )
    if not may.filter(pk=found.pk).exists():
        raise PermissionDenied(denial(Action.OVERRIDE_SCORES))
    return found


@member_can(Action.OVERRIDE_SCORES)
def score_override(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Let a score count that the person believes in, for a while."""
    found = score_to_set(request, account_id)
    now = timezone.now()
    today = local_day(request.organization, now)
    if request.method != "POST":
        form = OverrideForm(initial=OverrideForm.first_values(found.score, today))
        return render(request, "coe/override.html", {"form": form, "account": found.account, "score": found})
    form = OverrideForm(request.POST)
    if form.is_valid():
        try:
            override_score(
                organization=request.organization,
                account=found.account,
                set_by=request.member,
                set_at=now,
                today=today,
                **form.cleaned_data,
            )
        except UnableToOverride as error:
            form.add_error("expires_on", str(error))
        else:
            messages.success(request, _("Set by hand. The model's own score stays beside it."))
            return redirect("coe:score", organization=request.organization.slug, account_id=account_id)
    context = {"form": form, "account": found.account, "score": found}
    return render(request, "coe/override.html", context, status=422)


@member_can(Action.OVERRIDE_SCORES)
@require_POST
def score_automatic(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Let the model's own score count again."""
    found = score_to_set(request, account_id)
    overrides = ScoreOverride.objects.for_organization(request.organization).in_force()
    override = overrides.filter(account=found.account_id).first()
    if override is not None:
        return_to_automatic(
            organization=request.organization, override=override, ended_by=request.member, ended_at=timezone.now()
        )
        messages.success(request, _("Automatic again."))
    return redirect("coe:score", organization=request.organization.slug, account_id=account_id)
