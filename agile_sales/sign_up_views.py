"""Beginning by oneself: a sign-in for a proved address, and an organisation."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from agile_sales.people_forms import JoinForm
from agile_sales.sign_in_limits import count_founding, count_mail
from agile_sales.sign_up import UnableToSignUp, proved_address, send_sign_up_mail, sign_up, signs_in_already
from agile_sales.sign_up_forms import AddressForm, OrganizationForm
from tenancy.access import public, signed_in
from tenancy.founding import UnableToFound, found_organization
from tenancy.models import User


@public(reason="whoever begins has no sign-in yet")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and send it a link. The answer is the same for every address."""
    if request.user.is_authenticated:
        return redirect("front-door")
    if not settings.SIGN_UP:
        return render(request, "account/signup_closed.html")
    form = AddressForm(request.POST or None)
    if form.is_valid():
        count_mail(request, email=form.cleaned_data["email"], kind="sign-up")
        send_sign_up_mail(request, email=form.cleaned_data["email"])
        return redirect("sign-up-sent")
    return render(request, "account/signup.html", {"form": form}, status=422 if form.errors else 200)


@public(reason="follows the page above")
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say where to look."""
    return render(request, "account/signup_sent.html")


@public(reason="the link of the mail is opened by somebody who has no sign-in yet; its signature is the key")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask whoever proved the address for name and password, and sign them in."""
    email = proved_address(token)
    if email is None or not settings.SIGN_UP:
        return render(request, "account/signup_stale.html", status=410)
    if signs_in_already(email):
        return render(request, "account/signup_known.html", {"email": email}, status=410)
    form = JoinForm(request.POST or None, email=email)
    if not form.is_valid():
        context = {"form": form, "email": email}
        return render(request, "account/signup_finish.html", context, status=422 if form.errors else 200)
    try:
        user = sign_up(email=email, name=form.cleaned_data["name"], password=form.cleaned_data["password"])
    except UnableToSignUp:
        return render(request, "account/signup_known.html", {"email": email}, status=410)
    record_authentication(request, user, method="password", email=user.email)
    answer: HttpResponseBase = perform_login(
        request, user, email_verification="none", redirect_url=reverse("you-organization-new")
    )
    return answer


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_organization(request: HttpRequest) -> HttpResponse:
    """Ask how an organisation is called, and begin it; whoever does that is its administrator."""
    if not settings.SIGN_UP:
        return render(request, "account/signup_closed.html", status=403)
    user = request.user
    assert isinstance(user, User)
    initial = {"time_zone": user.time_zone or "Europe/Berlin", "currency": "EUR"}
    form = OrganizationForm(request.POST or None, initial=initial)
    if form.is_valid():
        count_founding(request, user_id=user.pk)
        try:
            organization, _ = found_organization(
                slug=form.cleaned_data["slug"],
                name=form.cleaned_data["name"],
                currency=form.cleaned_data["currency"],
                time_zone=form.cleaned_data["time_zone"],
                admin_email=user.email,
                founded_at=timezone.now(),
            )
        except UnableToFound as error:
            form.add_error("slug", str(error))
        except IntegrityError:
            form.add_error("slug", gettext("Somebody took this address just now. Choose another one."))
        else:
            messages.success(request, gettext("%(name)s begins.") % {"name": organization.name})
            return redirect("home", organization=organization.slug)
    return render(request, "agile_sales/new_organization.html", {"form": form}, status=422 if form.errors else 200)
