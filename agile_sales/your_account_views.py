"""The pages that belong to a person: what keeps the sign-in safe, who is signed in where, how the product looks."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.internal.flows.sessions import end_other_sessions as end_others
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agile_sales.browsers import browser_name
from agile_sales.sessions import sessions_of
from agile_sales.sign_in_records import recent_sign_ins
from agile_sales.your_account import NoSuchPlace, places_of, rename_person, show_totals_in
from agile_sales.your_account_forms import ProfileForm
from tenancy.access import signed_in
from tenancy.identity import recently_authenticated
from tenancy.models import User
from tenancy.rates import UnableToChooseCurrency
from tenancy.working_time import first_zone


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show name, time zone and looks; change them."""
    user = _person(request)
    if request.method != "POST":
        initial = {name: getattr(user, name) for name in ("name", "time_zone", "theme", "density")}
        return _page(request, "you_profile", form=ProfileForm(initial=initial))
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, "you_profile", status=422, form=form)
    if form.cleaned_data["name"] != user.name:
        rename_person(user=user, name=form.cleaned_data["name"])
    user.time_zone = form.cleaned_data["time_zone"]
    user.theme, user.density = form.cleaned_data["theme"], form.cleaned_data["density"]
    user.save(update_fields=["time_zone", "theme", "density"])
    messages.success(request, gettext("Saved"))
    return redirect("you")


@signed_in
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Show password, second factors and the newest sign-ins, with a way to change each."""
    user = _person(request)
    held = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    app = next((one for one in held if one.type == Authenticator.Type.TOTP), None)
    recovery = next((one for one in held if one.type == Authenticator.Type.RECOVERY_CODES), None)
    passkeys = [one for one in held if one.type == Authenticator.Type.WEBAUTHN]
    return _page(
        request,
        "you_security",
        app=app,
        passkeys=[{"row": one, "name": one.wrap().name} for one in passkeys],
        is_protected=bool(app or passkeys),
        codes_left=len(recovery.wrap().get_unused_codes()) if recovery else None,
        sessions=sessions_of(request),
        sign_ins=[{"record": one, "browser": browser_name(one.user_agent)} for one in recent_sign_ins(user)],
    )


@signed_in
@require_POST
@recently_authenticated
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one browser out: its next request is a stranger's."""
    row = get_object_or_404(UserSession, user=_person(request), pk=session_id)
    end_sessions(request, [row])
    if not request.user.is_authenticated:
        return redirect("account_login")
    messages.success(request, gettext("%(browser)s was signed out.") % {"browser": browser_name(row.user_agent)})
    return redirect("mfa_index")


@signed_in
@require_POST
@recently_authenticated
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign every other browser out."""
    end_others(request, _person(request))
    messages.success(request, gettext("All the others were signed out."))
    return redirect("mfa_index")


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organizations(request: HttpRequest) -> HttpResponse:
    """Show where the person belongs and as what; take the currency in which they see totals there."""
    user, now, refusal = _person(request), timezone.now(), ""
    if request.method == "POST":
        slug, currency = request.POST.get("organization", ""), request.POST.get("currency", "")
        try:
            show_totals_in(user=user, slug=slug, currency=currency, now=now)
        except NoSuchPlace:
            raise Http404 from None
        except UnableToChooseCurrency as error:
            refusal = str(error)
        else:
            messages.success(request, gettext("Saved"))
            return redirect("you-organizations")
    context = {"places": places_of(user=user, now=now), "sign_up": settings.SIGN_UP, "refusal": refusal}
    return _page(request, "you_organizations", status=422 if refusal else 200, **context)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    with timezone.override(first_zone(_person(request).time_zone)):
        return render(request, f"agile_sales/{template}.html", context, status=status)
