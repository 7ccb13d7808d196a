"""The list of accounts, and its forms."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from integrations.exports.log import filters_of, record_export
from integrations.exports.spreadsheet import csv_response
from integrations.exports.walk import walk
from pipeline import operations, queries
from pipeline.forms.accounts import AccountForm, account_values
from pipeline.forms.filters import AccountFilterForm
from pipeline.models import Account, ListName
from pipeline.queries.accounts import SORTS
from pipeline.queries.search import Kind, search
from pipeline.querysets import AccountQuerySet
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
from pipeline.views.saved_views import views_bar
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.keyset import InvalidCursor
from tenancy.money import from_minor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def accounts(request: MemberRequest) -> HttpResponse:
    """Show the list of accounts."""
    views = views_bar(request, ListName.ACCOUNTS)
    if views.leads_to:
        return redirect(views.leads_to)
    now = timezone.now()
    today = local_day(request.organization, now)
    choices = queries.account_choices(organization=request.organization)
    filters = AccountFilterForm(request.GET)
    filters.offer(owner=choices.owners, region=choices.values)
    read_filters(filters)
    sort = read_sort(request, SORTS)
    try:
        found = queries.accounts_page(
            organization=request.organization,
            member=request.member,
            as_of=now,
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
        "page": found.page,
        "rows": [(account, found.facts[account.pk]) for account in found.page.rows],
        "total": found.total,
        "bulk": bulk_bar(request, "account", total=found.total.count, is_capped=found.total.is_capped, filters=filters),
        "sort": sort.parameter,
        "now": now,
        "today": today,
        "deleted": deleted_of_address(request, ACCOUNTS),
    }
    return render_list(request, "pipeline/accounts.html", context)


@member_can(Action.EXPORT_ACCOUNTS)
@require_safe
def accounts_export(request: MemberRequest) -> HttpResponseBase:
    """Send the list of accounts, as it is narrowed, as CSV."""
    now = timezone.now()
    today = local_day(request.organization, now)
    organization, member = request.organization, request.member
    choices = queries.account_choices(organization=organization)
    filters = AccountFilterForm(request.GET)
    filters.offer(owner=choices.owners, region=choices.values)
    read_filters(filters)
    narrowed = filters.narrowed()

    def rows() -> AccountQuerySet:
        found = queries.accounts(
            organization=organization, member=member, today=today, narrowed=narrowed, action=Action.EXPORT_ACCOUNTS
        )
        return queries.with_score(found).select_related("owner")

    record_export(
        organization=organization,
        member=member,
        what="accounts",
        exported_at=now,
        rows=rows().count(),
        filters=filters_of(request.GET),
    )
    header = (
        *("id", "name", "state", "segment", "industry", "region", "city", "country", "website", "employees"),
        *("potential", "currency", "owner", "customer since", "score", "source", "external id"),
    )
    chunks = walk(rows, organization=organization, member=member, sort=SORTS[0], task="export accounts")
    return csv_response("accounts.csv", header, ([_cells(account) for account in chunk] for chunk in chunks))


def _cells(account: Account) -> tuple[object, ...]:
    potential = account.potential_minor
    return (
        *(account.pk, account.name, account.lifecycle, account.segment, account.industry, account.region),
        *(account.city, account.country, account.website, account.employees),
        *(None if potential is None else from_minor(potential, account.currency), account.currency),
        *(account.owner.name if account.owner else "", account.customer_since, getattr(account, "score_now", None)),
        *(account.source, account.external_id),
    )


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def account_suggestions(request: MemberRequest) -> HttpResponse:
    """Suggest names of accounts for a field in which one is typed: what the search finds, the best first."""
    typed = str(next((value for value in request.GET.values() if value), "")).strip()
    found = search(
        organization=request.organization,
        member=request.member,
        text=typed,
        today=local_day(request.organization, timezone.now()),
        kinds=(Kind.ACCOUNT,),
        limit=20,
    )
    return render(request, "pipeline/account_names.html", {"accounts": [one.record for one in found[Kind.ACCOUNT]]})


def _found(request: MemberRequest) -> AccountQuerySet:
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_ACCOUNTS, as_of=today)
    return found.select_related("owner", "parent")


def _form(request: MemberRequest, account: Account | None, **data: Any) -> AccountForm:
    today = local_day(request.organization, timezone.now())
    return AccountForm(
        organization=request.organization,
        owners=queries.owner_choices(organization=request.organization),
        accounts=queries.accounts(organization=request.organization, member=request.member, today=today),
        current_parent=account.parent if account else None,
        **data,
    )


ACCOUNTS = RecordKind(
    name="account",
    model=Account,
    list_page="accounts",
    list_name=gettext_lazy("Accounts"),
    action=Action.EDIT_ACCOUNTS,
    found=_found,
    make_form=_form,
    values=account_values,
    update=operations.update_account,
    title=gettext_lazy("Edit %s"),
    added=gettext_lazy("%s was added."),
)


@member_can(Action.EDIT_ACCOUNTS)
def account_new(request: MemberRequest) -> HttpResponse:
    """Add an account."""
    return add_record(
        request,
        ACCOUNTS,
        title=_("New account"),
        save_word=_("Add account"),
        create=partial(operations.create_account, created_at=timezone.now()),
        initial={
            "owner": str(request.member.pk),
            "currency": request.organization.currency,
            "lifecycle": "prospect",
        },
    )


@member_can(Action.EDIT_ACCOUNTS)
def account_edit(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Change an account."""
    return edit_record(request, ACCOUNTS, editable(request, ACCOUNTS, account_id))


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def account_delete(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Delete an account; the list offers to take it back."""
    return delete_record(request, ACCOUNTS, account_id)


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def account_restore(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    return restore_record(request, ACCOUNTS, account_id)
