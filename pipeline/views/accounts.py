"""The list of accounts, and its forms."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from integrations.exports.spreadsheet import csv_response
from integrations.exports.walk import walk
from pipeline import operations, queries
from pipeline.forms.accounts import AccountForm, account_values
from pipeline.forms.filters import AccountFilterForm
from pipeline.forms.record import RecordForm
from pipeline.models import Account
from pipeline.queries.accounts import SORTS
from pipeline.querysets import AccountQuerySet
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
from tenancy.money import from_minor
from tenancy.working_time import local_day


@member_can(Action.VIEW_ACCOUNTS)
@require_safe
def accounts(request: MemberRequest) -> HttpResponse:
    """Show the list of accounts."""
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
        "filters": filters,
        "in_force": filters.in_force(),
        "page": found.page,
        "rows": [(account, found.facts[account.pk]) for account in found.page.rows],
        "total": found.total,
        "sort": sort.parameter,
        "now": now,
        "today": today,
        "deleted": just_deleted(request, _deleted(request)),
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

    operations.record_export(organization=organization, member=member, what="accounts", exported_at=now)
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
    """Suggest names of accounts for a field in which one is typed."""
    typed = str(next((value for value in request.GET.values() if value), "")).strip()
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    names = found.named_like(typed).order_by("name_key", "id")[:20] if typed else []
    return render(request, "pipeline/account_names.html", {"accounts": names})


@member_can(Action.EDIT_ACCOUNTS)
def account_new(request: MemberRequest) -> HttpResponse:
    """Add an account."""
    now = timezone.now()

    def save(form: RecordForm) -> str:
        account = operations.create_account(
            organization=request.organization, actor=request.member, created_at=now, **form.stated()
        )
        messages.success(request, _("%s was added.") % account.name)
        return address(request, "account", account.pk)

    initial = {
        "owner": str(request.member.pk),
        "currency": request.organization.currency,
        "lifecycle": "prospect",
    }
    page = FormPage(
        title=_("New account"),
        save_word=_("Add account"),
        list_name=_("Accounts"),
        list_url=address(request, "accounts"),
        back_url=address(request, "accounts"),
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: _form(request, None, **data),
        initial=initial,
        values=account_values,
        save=save,
    )


@member_can(Action.EDIT_ACCOUNTS)
def account_edit(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Change an account."""
    now = timezone.now()
    account = _editable(request, account_id)
    here = address(request, "account", account.pk)

    def save(form: RecordForm) -> str:
        operations.update_account(
            organization=request.organization,
            account=account,
            version=form.cleaned_data["version"] or 0,
            actor=request.member,
            updated_at=now,
            **form.stated(),
        )
        messages.success(request, _("Saved."))
        return here

    page = FormPage(
        title=_("Edit %s") % account.name,
        save_word=_("Save"),
        list_name=_("Accounts"),
        list_url=address(request, "accounts"),
        back_url=here,
        extra={"delete_url": address(request, "account-delete", account.pk), "record": account},
    )
    return answer_form(
        request,
        page=page,
        make_form=lambda **data: _form(request, account, **data),
        initial={**account_values(account), "version": account.version},
        values=account_values,
        save=save,
    )


def _form(request: MemberRequest, account: Account | None, **data: Any) -> AccountForm:
    today = local_day(request.organization, timezone.now())
    return AccountForm(
        organization=request.organization,
        owners=queries.owner_choices(organization=request.organization),
        accounts=queries.accounts(organization=request.organization, member=request.member, today=today),
        current_parent=account.parent if account else None,
        **data,
    )


def _editable(request: MemberRequest, account_id: UUID) -> Account:
    """Return the account that the member may change; 404 when they can't see it, 403 when they only can."""
    today = local_day(request.organization, timezone.now())
    found = queries.accounts(organization=request.organization, member=request.member, today=today)
    found = found.with_editable(request.member, Action.EDIT_ACCOUNTS, as_of=today)
    account: Account = get_object_or_404(found.select_related("owner", "parent"), pk=account_id)
    refuse_unless_editable(account)
    return account


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def account_delete(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Delete an account; the list offers to take it back."""
    account = _editable(request, account_id)
    here = address(request, "account", account.pk)
    return remove(request, record=account, list_url=address(request, "accounts"), page_url=here)


@member_can(Action.EDIT_ACCOUNTS)
@require_POST
def account_restore(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    account = get_object_or_404(_restorable(request), pk=account_id)
    here = address(request, "account", account.pk)
    return bring_back(request, record=account, list_url=address(request, "accounts"), page_url=here)


def _deleted(request: MemberRequest) -> AccountQuerySet:
    return _restorable(request).deleted()


def _restorable(request: MemberRequest) -> AccountQuerySet:
    today = local_day(request.organization, timezone.now())
    found: AccountQuerySet = Account.objects.for_organization(request.organization)
    return found.visible_to(request.member, Action.EDIT_ACCOUNTS, as_of=today)
