"""The page of API tokens: who holds which, when it was last used, a new one, the end of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from uuid_utils.compat import uuid7

from tenancy.access import API_SCOPES, Action, member_can
from tenancy.form_fields import LineField
from tenancy.http import MemberRequest
from tenancy.identity import recently_authenticated
from tenancy.models import ApiToken, Organization
from tenancy.tokens import issue_token, revoke_token

SCOPE_WORDS = {
    "accounts:read": gettext_lazy("Read accounts"),
    "accounts:write": gettext_lazy("Create, change and delete accounts"),
    "opportunities:read": gettext_lazy("Read deals"),
    "opportunities:write": gettext_lazy("Create, change and delete deals"),
    "pipelines:write": gettext_lazy("Change pipelines and their stages"),
    "decisions:read": gettext_lazy("Read decisions"),
    "decisions:write": gettext_lazy("Ask for decisions, and record what was decided"),
    "contacts:write": gettext_lazy("Create, change and delete contacts"),
    "activities:write": gettext_lazy("Log, change and delete activities"),
    "products:write": gettext_lazy("Create, change and delete products"),
    "orders:write": gettext_lazy("Create, change and delete orders"),
    "satisfaction-responses:write": gettext_lazy("Add answers of customers"),
    "inquiries:write": gettext_lazy("Create, change and delete inquiries"),
    "units:write": gettext_lazy("Create, rename, move and close units"),
    "members:write": gettext_lazy("Add, change and let go members, but no administrators"),
    "forecasts:read": gettext_lazy("Read forecasts of the model"),
    "forecast-submissions:read": gettext_lazy("Read submitted forecasts"),
    "forecast-submissions:write": gettext_lazy("Submit forecasts"),
    "quotas:read": gettext_lazy("Read quotas"),
    "quotas:write": gettext_lazy("Set quotas"),
    "scores:read": gettext_lazy("Read scores and their reasons"),
    "scores:write": gettext_lazy("Give scores of another system"),
    "score-overrides:write": gettext_lazy("Set scores by hand, and back to automatic"),
    "contacts:read": gettext_lazy("Read contacts"),
    "activities:read": gettext_lazy("Read activities"),
    "products:read": gettext_lazy("Read products"),
    "orders:read": gettext_lazy("Read orders with their lines"),
    "satisfaction-responses:read": gettext_lazy("Read answers of customers"),
    "inquiries:read": gettext_lazy("Read inquiries"),
    "units:read": gettext_lazy("Read the tree of units"),
    "members:read": gettext_lazy("Read members, your people with their roles"),
    "exchange-rates:read": gettext_lazy("Read exchange rates"),
    "exchange-rates:write": gettext_lazy("Set exchange rates"),
    "nightly-runs:read": gettext_lazy("Read what the nights did"),
    "imports:read": gettext_lazy("Read how far imports are"),
    "events:read": gettext_lazy("Follow what changes, and who changed it"),
    "personal:read": gettext_lazy(
        "Also e-mail addresses, telephone numbers, texts of activities, inquiries and answers"
    ),
    "costs:read": gettext_lazy("Also what order lines cost us"),
}
LIFETIMES = {
    "30": gettext_lazy("In 30 days"),
    "90": gettext_lazy("In 90 days"),
    "365": gettext_lazy("In a year"),
    "never": gettext_lazy("Never"),
}


def _scope_choices() -> list[tuple[str, str]]:
    return [(scope, f"{SCOPE_WORDS.get(scope, scope)} ({scope})") for scope in API_SCOPES]


class TokenForm(forms.Form):
    """Who gets a token, for what, and for how long."""

    name = LineField(
        label=gettext_lazy("Who uses it"), max_length=120, help_text=gettext_lazy("For example: ERP, nightly copy")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), choices=_scope_choices, widget=forms.CheckboxSelectMultiple
    )
    expires = forms.ChoiceField(label=gettext_lazy("It ends"), choices=list(LIFETIMES.items()), initial="90")
    # The id that the token will have: the same form sent twice, by a reload say, can't make two tokens.
    key = forms.UUIDField(widget=forms.HiddenInput)

    def expires_at(self, *, now: datetime) -> datetime | None:
        """Return when the token ends, None for never."""
        days = self.cleaned_data["expires"]
        return None if days == "never" else now + timedelta(days=int(days))


@dataclass(frozen=True)
class Line:
    """A token as the page shows it."""

    token: ApiToken
    state: str
    tone: str
    is_alive: bool

    @property
    def scopes(self) -> list[str]:
        """What it may do, in words, in the order in which it is chosen."""
        return [str(SCOPE_WORDS.get(scope, scope)) for scope in API_SCOPES if scope in self.token.scopes]


def _line(token: ApiToken, now: datetime) -> Line:
    if token.revoked_at is not None:
        return Line(token, gettext("Revoked"), "line", is_alive=False)
    if token.expires_at is not None and token.expires_at <= now:
        return Line(token, gettext("Expired"), "line", is_alive=False)
    return Line(token, gettext("Active"), "good", is_alive=True)


def _page(
    request: HttpRequest, organization: Organization, form: TokenForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    now = timezone.now()
    tokens = ApiToken.objects.for_organization(organization).select_related("created_by").order_by("-created_at", "-id")
    lines = [_line(token, now) for token in tokens]
    context |= {"form": form, "now": now, "lines": sorted(lines, key=lambda line: not line.is_alive)}
    return render(request, "integrations/tokens.html", context, status=status)


def _blank_form() -> TokenForm:
    return TokenForm(initial={"key": uuid7()})


@member_can(Action.MANAGE_TOKENS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: MemberRequest) -> HttpResponseBase:
    """Show the tokens; issue one. Its text is in this one answer and nowhere else: no address, no session has it."""
    if request.method != "POST":
        return _page(request, request.organization, _blank_form())
    return _issue(request)


@recently_authenticated
def _issue(request: MemberRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        if "key" in form.errors:
            form.add_error(None, gettext("The page was open for too long. Load it again."))
        return _page(request, request.organization, form, status=422)
    now = timezone.now()
    try:
        with transaction.atomic():
            token, text = issue_token(
                organization=request.organization,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                issued_at=now,
                expires_at=form.expires_at(now=now),
                issued_by=request.member,
                token_id=form.cleaned_data["key"],
            )
    except IntegrityError:
        return _page(request, request.organization, _blank_form(), status=409, was_issued=True)
    return _page(request, request.organization, _blank_form(), issued=token, text=text)


@member_can(Action.MANAGE_TOKENS)
@require_POST
def revoke(request: MemberRequest, token_id: UUID) -> HttpResponse:
    """End a token: it is refused from the next request on."""
    token = get_object_or_404(ApiToken.objects.for_organization(request.organization), pk=token_id)
    revoke_token(organization=request.organization, token=token, actor=request.member, revoked_at=timezone.now())
    messages.success(request, gettext("%(name)s was revoked.") % {"name": token.name})
    return redirect("integrations:tokens", organization=request.organization.slug)
