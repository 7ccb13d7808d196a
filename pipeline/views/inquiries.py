"""Inquiries: the list, one of them with its answer, the forms."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from pipeline import operations, queries
from pipeline.forms.filters import InquiryFilterForm
from pipeline.forms.inquiries import InquiryForm, inquiry_values, to_the_minute
from pipeline.models import Account, Inquiry, InquiryState
from pipeline.operations import StaleVersion, UnableToChangeInquiry, noted_changes
from pipeline.queries.badges import score_badge
from pipeline.queries.choices import owner_choices
from pipeline.queries.inquiries import SORTS, WAITING
from pipeline.querysets import InquiryQuerySet
from pipeline.views.contacts import account_of_address
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
from pipeline.views.undo import say_done
from tenancy.access import Action, blank_hidden, hidden_fields, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.working_time import local_day


@member_can(Action.VIEW_INQUIRIES)
@require_safe
def inquiries(request: MemberRequest) -> HttpResponse:
    """Show the list of inquiries, the newest first."""
    now = timezone.now()
    today = local_day(request.organization, now)
    filters = InquiryFilterForm(request.GET)
    filters.offer(owner=owner_choices(organization=request.organization))
    read_filters(filters)
    sort = read_sort(request, SORTS)
    try:
        page, total = queries.inquiries_page(
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
        "waiting": WAITING,
        "now": now,
        "deleted": deleted_of_address(request, INQUIRIES),
    }
    return render_list(request, "pipeline/inquiries.html", context)


@member_can(Action.VIEW_INQUIRIES)
@require_safe
def inquiry(request: MemberRequest, inquiry_id: UUID) -> HttpResponse:
    """Show what somebody asked, and what can be done next."""
    one = get_object_or_404(_found(request), pk=inquiry_id)
    hides_text = "text" in hidden_fields(request.member, "inquiry")
    blank_hidden(request.member, [one])
    context = {
        "inquiry": one,
        "hides_text": hides_text,
        "is_mine": one.owner_id == request.member.pk,
        "now": timezone.now(),
    }
    return render(request, "pipeline/inquiry.html", context)


def _found(request: MemberRequest) -> InquiryQuerySet:
    today = local_day(request.organization, timezone.now())
    found = queries.inquiries(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_INQUIRIES, as_of=today)
    return found.annotate(score_badge=score_badge()).select_related("account", "contact__account", "owner")


def _form(request: MemberRequest, one: Inquiry, **data: Any) -> InquiryForm:
    return _form_at(request, one.account, **data)


def _form_at(request: MemberRequest, account: Account | None, **data: Any) -> InquiryForm:
    now = timezone.now()
    found = queries.accounts(
        organization=request.organization, member=request.member, today=local_day(request.organization, now)
    )
    return InquiryForm(
        organization=request.organization,
        accounts=found,
        current_account=account,
        now=now,
        shows_text="text" not in hidden_fields(request.member, "inquiry"),
        **data,
    )


def _update(*, inquiry: Inquiry, **said: Any) -> Inquiry:
    """Change an inquiry by its form, which knows the minute of its arrival where the record knows the second."""
    if said["received_at"] == to_the_minute(inquiry.received_at):
        del said["received_at"]
    return operations.update_inquiry(inquiry=inquiry, **said)


INQUIRIES = RecordKind(
    name="inquiry",
    model=Inquiry,
    list_page="inquiries",
    list_name=gettext_lazy("Inquiries"),
    action=Action.EDIT_INQUIRIES,
    found=_found,
    make_form=_form,
    values=inquiry_values,
    update=_update,
    title=gettext_lazy("Edit %s"),
    added=gettext_lazy("%s was added."),
)


@member_can(Action.EDIT_INQUIRIES)
def inquiry_new(request: MemberRequest) -> HttpResponse:
    """Keep a question."""
    account, now = account_of_address(request), timezone.now()
    return add_record(
        request,
        INQUIRIES,
        title=_("New inquiry"),
        save_word=_("Add inquiry"),
        create=partial(operations.receive_inquiry, created_at=now),
        initial={"account": account.name if account else "", "received_at": now, "channel": "phone"},
        back_url=address(request, "account", account.pk) if account else "",
        make_form=partial(_form_at, request, account),
    )


@member_can(Action.EDIT_INQUIRIES)
def inquiry_edit(request: MemberRequest, inquiry_id: UUID) -> HttpResponse:
    """Change an inquiry."""
    return edit_record(request, INQUIRIES, editable(request, INQUIRIES, inquiry_id))


@member_can(Action.EDIT_INQUIRIES)
@require_POST
def inquiry_move(request: MemberRequest, inquiry_id: UUID) -> HttpResponse:
    """Take an inquiry, say that it is answered, close it, or open it again."""
    one = editable(request, INQUIRIES, inquiry_id)
    wanted, version = request.POST.get("to", ""), request.POST.get("version", "")
    changes: dict[str, Any] = {"take": {"owner": request.member}}.get(wanted, {"state": wanted})
    if wanted not in ("take", InquiryState.OPEN, InquiryState.ANSWERED, InquiryState.CLOSED):
        raise BadRequest(_("An inquiry can be taken, answered, closed or opened again."))
    if one.owner_id is None and wanted == InquiryState.ANSWERED:
        changes["owner"] = request.member  # whoever answers has it
    here = address(request, "inquiry", one.pk)
    try:
        with noted_changes() as noted:
            operations.update_inquiry(
                organization=request.organization,
                inquiry=one,
                version=int(version) if version.isdecimal() else 0,
                actor=request.member,
                updated_at=timezone.now(),
                **changes,
            )
        say_done(request, _("Saved."), noted, page=here)
    except StaleVersion:
        messages.warning(request, _("Somebody changed this meanwhile. Look at it again first."))
    except UnableToChangeInquiry as error:
        messages.warning(request, str(error))
    return redirect(here)


@member_can(Action.EDIT_INQUIRIES)
@require_POST
def inquiry_delete(request: MemberRequest, inquiry_id: UUID) -> HttpResponse:
    """Delete an inquiry; the list offers to take it back."""
    return delete_record(request, INQUIRIES, inquiry_id)


@member_can(Action.EDIT_INQUIRIES)
@require_POST
def inquiry_restore(request: MemberRequest, inquiry_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    return restore_record(request, INQUIRIES, inquiry_id)
