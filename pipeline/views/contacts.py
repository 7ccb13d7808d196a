"""Contacts: the list, one of them, the forms."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.contacts import ContactForm, contact_values
from pipeline.forms.filters import ContactFilterForm
from pipeline.forms.record import RecordForm
from pipeline.models import Account, Contact
from pipeline.queries.contacts import SORTS
from pipeline.querysets import ContactQuerySet
from pipeline.views.editing import FormPage, answer_form
from pipeline.views.listing import (
    from_the_beginning,
    read_cursor,
    read_filters,
    read_sort,
    refuse_unless_editable,
    render_list,
)
from pipeline.views.removing import address, bring_back, just_deleted, remove
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def contacts(request: MemberRequest) -> HttpResponse:
    """Show the list of contacts."""
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
        "filters": filters,
        "in_force": filters.in_force(),
        "page": page,
        "total": total,
        "sort": sort.parameter,
        "now": now,
        "deleted": just_deleted(request, _deleted(request)),
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
    one = get_object_or_404(found.select_related("account", "owner"), pk=contact_id)
    context = {
        "contact": one,
        "activities": queries.contact_activities(organization=request.organization, contact=one),
        "now": now,
    }
    return render(request, "pipeline/contact.html", context)


@member_can(Action.EDIT_ACCOUNTS)
def contact_new(request: MemberRequest) -> HttpResponse:
    """Add a contact."""
    now = timezone.now()
    account = account_of_address(request)

    def save(form: RecordForm) -> str:
        new = operations.create_contact(
            organization=request.organization,
            actor=request.member,
            created_at=now,
            owner=request.member,
            **form.stated(),
        )
        messages.success(request, _("%s was added.") % new.name)
        return address(request, "contact", new.pk)

    back = address(request, "account", account.pk) if account else address(request, "contacts")
    page = FormPage(
        title=_("New contact"),
        save_word=_("Add contact"),
        list_name=_("Contacts"),
        list_url=address(request, "contacts"),
        back_url=back,
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: _form(request, account, **data),
        initial={"account": account.name if account else ""},
        values=contact_values,
        save=save,
    )


def account_of_address(request: MemberRequest) -> Account | None:
    """Return the account that an address names (`?account=`), when the member may see it."""
    try:
        account_id = UUID(request.GET.get("account", ""))
    except ValueError:
        return None
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    return found.filter(pk=account_id).first()


@member_can(Action.EDIT_ACCOUNTS)
def contact_edit(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Change a contact."""
    now = timezone.now()
    one = _editable(request, contact_id)
    here = address(request, "contact", one.pk)

    def save(form: RecordForm) -> str:
        operations.update_contact(
            organization=request.organization,
            contact=one,
            version=form.cleaned_data["version"] or 0,
            actor=request.member,
            updated_at=now,
            **form.stated(),
        )
        messages.success(request, _("Saved."))
        return here

    page = FormPage(
        title=_("Edit %s") % one.name,
        save_word=_("Save"),
        list_name=_("Contacts"),
        list_url=address(request, "contacts"),
        back_url=here,
        extra={"delete_url": address(request, "contact-delete", one.pk), "record": one},
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: _form(request, one.account, **data),
        initial={**contact_values(one), "version": one.version},
        values=contact_values,
        save=save,
    )


def _form(request: MemberRequest, account: Account | None, **data: Any) -> ContactForm:
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    return ContactForm(organization=request.organization, accounts=found, current_account=account, **data)


def _editable(request: MemberRequest, contact_id: UUID) -> Contact:
    today = local_day(request.organization, timezone.now())
    found = queries.contacts(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_ACCOUNTS, as_of=today)
    one: Contact = get_object_or_404(found.select_related("account", "owner"), pk=contact_id)
    refuse_unless_editable(one)
    return one


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def contact_delete(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Delete a contact; the list offers to take it back."""
    one = _editable(request, contact_id)
    here = address(request, "contact", one.pk)
    return remove(request, record=one, list_url=address(request, "contacts"), page_url=here)


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def contact_restore(request: MemberRequest, contact_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    one = get_object_or_404(_restorable(request), pk=contact_id)
    here = address(request, "contact", one.pk)
    return bring_back(request, record=one, list_url=address(request, "contacts"), page_url=here)


def _deleted(request: MemberRequest) -> ContactQuerySet:
    return _restorable(request).deleted()


def _restorable(request: MemberRequest) -> ContactQuerySet:
    today = local_day(request.organization, timezone.now())
    found: ContactQuerySet = Contact.objects.for_organization(request.organization)
    return found.visible_to(request.member, Action.EDIT_ACCOUNTS, as_of=today)
