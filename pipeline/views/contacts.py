"""Contacts: the list, one of them, the forms."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.contacts import ContactForm, contact_values
from pipeline.forms.filters import ContactFilterForm
from pipeline.models import Account, Contact, ListName
from pipeline.queries.badges import score_badge
from pipeline.queries.contacts import SORTS
from pipeline.querysets import ContactQuerySet
from pipeline.views.bulk import bulk_bar
from pipeline.views.listing import from_the_beginning, read_cursor, read_filters, read_sort, render_list
from pipeline.views.record_pages import (
    RecordKind,
    add_record,
    delete_record,
    deleted_of_address,
    edit_record,
    editable,
    restore_record,
)
from pipeline.views.removing import address
from pipeline.views.saved_views import views_bar
from tenancy.access import Action, blank_hidden, hidden_fields, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def contacts(request: MemberRequest) -> HttpResponse:
    """Show the list of contacts."""
    views = views_bar(request, ListName.CONTACTS)
    if views.leads_to:
        return redirect(views.leads_to)
    now = timezone.now()
    today = local_day(request.organization, now)
    filters = ContactFilterForm(request.GET)
    read_filters(filters)
    sort = read_sort(request, SORTS)
    try:
        page, total = queries.contacts_page(
            organization=request.organization,
            member=request.member,
            today=today,
            narrowed=filters.narrowed(),
            sort=sort,
            cursor=read_cursor(request),
        )
    except InvalidCursor:
        return from_the_beginning(request)
    context = {
        "views": views,
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "total": total,
        "bulk": bulk_bar(request, "contact", total=total.count, is_capped=total.is_capped, filters=filters),
        "sort": sort.parameter,
        "now": now,
        "deleted": deleted_of_address(request, CONTACTS),
    }
    return render_list(request, "pipeline/contacts.html", context)


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def contact(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Show a contact and what was done with them."""
    now = timezone.now()
    today = local_day(request.organization, now)
    found = queries.contacts(organization=request.organization, member=request.member, today=today)
    found = queries.with_last_touch(found).with_editable(request.member, Action.EDIT_ACCOUNTS, as_of=today)
    found = found.annotate(score_badge=score_badge()).select_related("account", "owner")
    one = get_object_or_404(found, pk=contact_id)
    blank_hidden(request.member, [one])
    context = {
        "contact": one,
        "hidden": hidden_fields(request.member, "contact"),
        "activities": queries.contact_activities(organization=request.organization, member=request.member, contact=one),
        "undone": queries.undone_of(organization=request.organization, subject_type="contact", subject_id=one.pk),
        "now": now,
    }
    return render(request, "pipeline/contact.html", context)


def account_of_address(request: MemberRequest) -> Account | None:
    """Return the account that an address names (`?account=`), when the member may see it."""
    try:
        account_id = UUID(request.GET.get("account", ""))
    except ValueError:
        return None
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    return found.filter(pk=account_id).first()


def _found(request: MemberRequest) -> ContactQuerySet:
    today = local_day(request.organization, timezone.now())
    found = queries.contacts(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_ACCOUNTS, as_of=today)
    return found.select_related("account", "owner")


def _form(request: MemberRequest, one: Contact, **data: Any) -> ContactForm:
    return _form_at(request, one.account, **data)


def _form_at(request: MemberRequest, account: Account | None, **data: Any) -> ContactForm:
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    return ContactForm(organization=request.organization, accounts=found, current_account=account, **data)


CONTACTS = RecordKind(
    name="contact",
    model=Contact,
    list_page="contacts",
    list_name=gettext_lazy("Contacts"),
    action=Action.EDIT_ACCOUNTS,
    found=_found,
    make_form=_form,
    values=contact_values,
    update=operations.update_contact,
    title=gettext_lazy("Edit %s"),
    added=gettext_lazy("%s was added."),
)


@member_can(Action.EDIT_ACCOUNTS)
def contact_new(request: MemberRequest) -> HttpResponse:
    """Add a contact."""
    account = account_of_address(request)
    return add_record(
        request,
        CONTACTS,
        title=_("New contact"),
        save_word=_("Add contact"),
        create=partial(operations.create_contact, created_at=timezone.now(), owner=request.member),
        initial={"account": account.name if account else ""},
        back_url=address(request, "account", account.pk) if account else "",
        make_form=partial(_form_at, request, account),
    )


@member_can(Action.EDIT_ACCOUNTS)
def contact_edit(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Change a contact."""
    return edit_record(request, CONTACTS, editable(request, CONTACTS, contact_id))


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def contact_delete(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Delete a contact; the list offers to take it back."""
    return delete_record(request, CONTACTS, contact_id)


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def contact_restore(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    return restore_record(request, CONTACTS, contact_id)
