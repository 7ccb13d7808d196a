"""The settings of an organisation."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agile_sales.organization_forms import OrganizationForm
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.identity import recently_authenticated
from tenancy.invitations import mails_left
from tenancy.models import Organization
from tenancy.organization_settings import (
    StaleOrganization,
    UnableToChangeSettings,
    change_settings,
    settings_of,
)
from tenancy.rates import newest_rates


@member_can(Action.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: MemberRequest) -> HttpResponseBase:
    """Show the settings; change them."""
    if request.method == "POST":
        return _save(request)
    return _page(request, _form_of(request.organization))


def _form_of(organization: Organization) -> OrganizationForm:
    return OrganizationForm.of(settings_of(organization), version=organization.version)


def _page(request: MemberRequest, form: OrganizationForm, *, status: int = 200, is_stale: bool = False) -> HttpResponse:
    context = {
        "form": form,
        "is_stale": is_stale,
        "rates": sorted(newest_rates(organization=request.organization).items()),
        "invitations_a_day": request.organization.setting("invitations_per_day"),
        "invitations_left": mails_left(organization=request.organization, now=timezone.now()),
    }
    return render(request, "people/organization.html", context, status=status)


@recently_authenticated
def _save(request: MemberRequest) -> HttpResponse:
    form = OrganizationForm(request.POST, currency=request.organization.currency)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        change_settings(
            organization=request.organization,
            version=form.cleaned_data["version"],
            wanted=form.wanted(),
            actor=request.member,
            at=timezone.now(),
        )
    except StaleOrganization as error:
        undo_changes(request)
        return _page(request, _form_of(error.current), status=409, is_stale=True)
    except UnableToChangeSettings as error:
        undo_changes(request)
        form.add_error(None, str(error))
        return _page(request, form, status=422)
    messages.success(request, _("Saved."))
    return redirect("people:settings", organization=request.organization.slug)
