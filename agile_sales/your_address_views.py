"""The pages for another e-mail address."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agile_sales.sign_in_limits import count_mail
from agile_sales.sign_up_forms import AddressForm
from agile_sales.your_address import UnableToChangeAddress, change_address, read_link, send_address_mail
from tenancy.access import signed_in
from tenancy.identity import recently_authenticated
from tenancy.models import User


@signed_in
@never_cache
@recently_authenticated
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Ask for the new address, and send it a link. Nothing changes before that link is opened."""
    user = request.user
    assert isinstance(user, User)
    form = AddressForm(request.POST or None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        if email == user.email:
            form.add_error("email", gettext("You sign in with this address already."))
        else:
            count_mail(request, email=email, kind="address")
            send_address_mail(request, user=user, email=email)
            messages.success(request, gettext("A link is on its way to %(email)s.") % {"email": email})
            return redirect("mfa_index")
    return render(request, "agile_sales/you_address.html", {"form": form}, status=422 if form.errors else 200)


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link changes, and do it. It is good for whoever asked for it and nobody else."""
    user = request.user
    assert isinstance(user, User)
    link = read_link(token)
    if link is None or link.user_id != user.pk or link.old != user.email:
        return render(request, "agile_sales/you_address_stale.html", status=410)
    if request.method != "POST":
        return render(request, "agile_sales/you_address_confirm.html", {"link": link})
    try:
        change_address(request, link=link)
    except UnableToChangeAddress:
        return render(request, "agile_sales/you_address_stale.html", status=410)
    messages.success(request, gettext("You sign in with %(email)s now.") % {"email": link.new})
    return redirect("mfa_index")
