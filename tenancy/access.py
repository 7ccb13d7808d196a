"""Who may do what, and how far it reaches: one table, read by pages, API, exports and tests alike."""

from collections.abc import Callable, Iterable
from datetime import date
from enum import IntEnum, StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from tenancy.http import MemberRequest
from tenancy.models import Member, Unit, UnitMembership

P = ParamSpec("P")
Role = Member.Role


class Action(StrEnum):
    """Everything that a person can be allowed to do."""

    VIEW_HOME = "view_home"
    VIEW_ACCOUNTS = "view_accounts"
    EDIT_ACCOUNTS = "edit_accounts"
    EXPORT_ACCOUNTS = "export_accounts"
    VIEW_OPPORTUNITIES = "view_opportunities"
    EDIT_OPPORTUNITIES = "edit_opportunities"
    EXPORT_OPPORTUNITIES = "export_opportunities"
    MANAGE_PIPELINES = "manage_pipelines"
    VIEW_FORECAST = "view_forecast"
    EXPORT_FORECAST = "export_forecast"
    SUBMIT_FORECAST = "submit_forecast"
    SET_QUOTAS = "set_quotas"
    LOG_ACTIVITY = "log_activity"
    VIEW_INQUIRIES = "view_inquiries"
    EDIT_INQUIRIES = "edit_inquiries"
    VIEW_ORDERS = "view_orders"
    EDIT_ORDERS = "edit_orders"
    EXPORT_ORDERS = "export_orders"
    VIEW_PRODUCTS = "view_products"
    EDIT_PRODUCTS = "edit_products"
    VIEW_PRIORITIES = "view_priorities"
    EXPORT_PRIORITIES = "export_priorities"
    OVERRIDE_SCORES = "override_scores"
    REPORT_SCORES = "report_scores"
    VIEW_MODELS = "view_models"
    MANAGE_MODELS = "manage_models"
    IMPORT_RECORDS = "import_records"
    VIEW_RUNS = "view_runs"
    RUN_NIGHT = "run_night"
    MANAGE_TOKENS = "manage_tokens"
    VIEW_MEMBERS = "view_members"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_UNITS = "manage_units"
    MANAGE_ORGANIZATION = "manage_organization"
    VIEW_AS = "view_as"
    VIEW_SUPPORT = "view_support"
    VIEW_AUDIT = "view_audit"
    SHARE_VIEWS = "share_views"
    MANAGE_VIEWS = "manage_views"
    VIEW_CONTACT_DATA = "view_contact_data"
    VIEW_NOTES = "view_notes"
    VIEW_COSTS = "view_costs"
    VIEW_ADDRESSES = "view_addresses"


class Reach(IntEnum):
    """How far an allowed action reaches, by who owns the record."""

    OWN = 1
    SQUAD = 2
    TRIBE = 3
    ALL = 4


# Support sees records and mends them where an organisation lets it; it exports nothing, manages nothing, and sees
# neither how to reach a customer's people nor what was written about them.
_EVERYBODY = tuple(Role)
_SELLING = (Role.ADMIN, Role.LEADER, Role.SQUAD_LEAD, Role.MEMBER)


def _all(*roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, Reach.ALL)


def _selling(member: Reach, squad_lead: Reach) -> dict[Role, Reach]:
    return {**_all(Role.ADMIN, Role.LEADER), Role.SQUAD_LEAD: squad_lead, Role.MEMBER: member}


def _mending(rights: dict[Role, Reach]) -> dict[Role, Reach]:
    return {**rights, **_all(Role.SUPPORT)}


ALLOWED: dict[Action, dict[Role, Reach]] = {
    Action.VIEW_HOME: _all(*_EVERYBODY),
    # Reading customer facts is open inside an organisation: squads share accounts, and coverage moves between them.
    Action.VIEW_ACCOUNTS: _all(*_EVERYBODY),
    Action.EDIT_ACCOUNTS: _mending(_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE)),
    Action.EXPORT_ACCOUNTS: {
        **_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE),
        **_all(Role.ANALYST, Role.AUDITOR),
    },
    Action.VIEW_OPPORTUNITIES: _all(*_EVERYBODY),
    Action.EDIT_OPPORTUNITIES: _mending(_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE)),
    Action.EXPORT_OPPORTUNITIES: {
        **_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE),
        **_all(Role.ANALYST, Role.AUDITOR),
    },
    # One process for everybody: who leads may change it, and each change is told.
    Action.MANAGE_PIPELINES: _all(Role.ADMIN, Role.LEADER),
    # Deals are open to all, what somebody promised and what is asked of them is for those who work with it.
    Action.VIEW_FORECAST: {
        **_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE),
        **_all(Role.COACH, Role.ANALYST, Role.AUDITOR),
    },
    Action.EXPORT_FORECAST: {
        **_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE),
        **_all(Role.ANALYST, Role.AUDITOR),
    },
    # A promise is one's own; who leads may say another number for those they lead, and for the squad.
    Action.SUBMIT_FORECAST: _selling(member=Reach.OWN, squad_lead=Reach.SQUAD),
    Action.SET_QUOTAS: _all(Role.ADMIN, Role.LEADER),
    Action.LOG_ACTIVITY: _all(*_SELLING, Role.COACH, Role.EXPERT),
    Action.VIEW_INQUIRIES: _all(*_EVERYBODY),
    # A question waits for whoever is free: anybody who sells may take it and answer.
    Action.EDIT_INQUIRIES: _all(*_SELLING),
    Action.VIEW_ORDERS: _all(*_EVERYBODY),
    Action.EDIT_ORDERS: _mending(_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE)),
    Action.EXPORT_ORDERS: {**_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE), **_all(Role.ANALYST, Role.AUDITOR)},
    Action.VIEW_PRODUCTS: _all(*_EVERYBODY),
    Action.EDIT_PRODUCTS: _all(Role.ADMIN, Role.LEADER, Role.SUPPORT),
    Action.VIEW_PRIORITIES: _all(*_EVERYBODY),
    Action.EXPORT_PRIORITIES: {
        **_selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE),
        **_all(Role.ANALYST, Role.AUDITOR),
    },
    Action.OVERRIDE_SCORES: _selling(member=Reach.SQUAD, squad_lead=Reach.TRIBE),
    # Who works with a score may say that it looks wrong; whose method it is answers.
    Action.REPORT_SCORES: _all(*_SELLING, Role.COACH, Role.EXPERT, Role.ANALYST),
    Action.VIEW_MODELS: _all(Role.ADMIN, Role.LEADER, Role.ANALYST, Role.AUDITOR),
    Action.MANAGE_MODELS: _all(Role.ADMIN, Role.LEADER, Role.ANALYST),
    Action.IMPORT_RECORDS: _all(Role.ADMIN, Role.LEADER, Role.ANALYST, Role.SUPPORT),
    Action.VIEW_RUNS: _all(*_EVERYBODY),
    Action.RUN_NIGHT: _all(Role.ADMIN, Role.LEADER, Role.ANALYST, Role.SUPPORT),
    Action.MANAGE_TOKENS: _all(Role.ADMIN),
    # Colleagues know each other; who may do what is no secret among them.
    Action.VIEW_MEMBERS: _all(*_EVERYBODY),
    Action.MANAGE_MEMBERS: _all(Role.ADMIN),
    Action.MANAGE_UNITS: _all(Role.ADMIN, Role.LEADER),
    Action.MANAGE_ORGANIZATION: _all(Role.ADMIN),
    Action.VIEW_AS: _all(Role.ADMIN),
    Action.VIEW_SUPPORT: _all(Role.ADMIN, Role.AUDITOR),
    Action.VIEW_AUDIT: _all(Role.ADMIN, Role.AUDITOR),
    # A shared view narrows a list; what each person may see stays their own. Others' views are for those who lead.
    Action.SHARE_VIEWS: _all(*_SELLING, Role.ANALYST, Role.COACH),
    Action.MANAGE_VIEWS: _all(Role.ADMIN, Role.LEADER),
    # Fields (FIELD_RIGHTS below). How to reach a person is for those who talk with customers; who studies figures or
    # proves what happened needs no one's telephone.
    Action.VIEW_CONTACT_DATA: _all(*_SELLING, Role.EXPERT),
    Action.VIEW_NOTES: _all(*_SELLING, Role.COACH, Role.EXPERT),
    Action.VIEW_COSTS: _all(Role.ADMIN, Role.LEADER, Role.SQUAD_LEAD, Role.ANALYST, Role.AUDITOR),
    # With the address of a colleague one signs in; others need the name alone.
    Action.VIEW_ADDRESSES: _all(Role.ADMIN, Role.LEADER),
}
"""Action × role → reach. What is not listed is refused."""


FIELD_RIGHTS: dict[str, dict[str, Action]] = {
    "contact": {"email": Action.VIEW_CONTACT_DATA, "phone": Action.VIEW_CONTACT_DATA},
    "activity": {"body": Action.VIEW_NOTES},
    "inquiry": {"text": Action.VIEW_NOTES},
    "orderline": {"cost_minor": Action.VIEW_COSTS},
    "satisfactionresponse": {"comment": Action.VIEW_NOTES},
    "member": {"email": Action.VIEW_ADDRESSES},
    "invitation": {"email": Action.MANAGE_MEMBERS},
    # The cells of a file as they came, whatever they hold.
    "importrow": {"raw": Action.IMPORT_RECORDS},
}
"""Record (the model's name) → field → the action that shows it. A field that is not listed is shown with its record.

Pages, exports, API, search and the audit trail all ask `hidden_fields` or `hidden_from_token`.
"""

FIELD_SCOPES: dict[Action, str] = {
    Action.VIEW_CONTACT_DATA: "personal:read",
    Action.VIEW_NOTES: "personal:read",
    Action.VIEW_COSTS: "costs:read",
    Action.VIEW_ADDRESSES: "personal:read",
    Action.MANAGE_MEMBERS: "members:write",
    Action.IMPORT_RECORDS: "imports:read",
}
"""The scope that a token needs, beside the record's own, for the fields that an action shows."""


class AccessPolicy:
    """What a view asks for; the architecture tests read it from the view."""

    def __init__(self, *, action: Action | None = None, reason: str = "") -> None:
        self.action = action
        self.reason = reason

    def __repr__(self) -> str:
        return f"AccessPolicy({self.action or self.reason})"


def reach_of(member: Member, action: Action) -> Reach | None:
    """Return how far the action reaches for the member, or None when it is not theirs."""
    return ALLOWED[action].get(Role(member.role)) if member.is_active else None


def rights_of(member: Member) -> frozenset[str]:
    """Return the values of all the actions that the member may do (templates hide the rest)."""
    return frozenset(action.value for action in Action if reach_of(member, action) is not None)


def roles_with(action: Action) -> list[str]:
    """Return the labels of the roles that may do it, for the page that says who can."""
    return [str(role.label) for role in ALLOWED[action] if role != Role.SUPPORT]


def owner_filter(member: Member, action: Action, *, as_of: date, field: str = "owner") -> Q:
    """Return the condition that keeps the records which the member may touch with this action.

    One predicate for list, detail, total, export, search and API. A record without an owner is nobody's: only a reach
    of ALL sees it.
    """
    reach = reach_of(member, action)
    if reach is None:
        return Q(pk__in=[])
    if reach == Reach.ALL:
        return Q()
    if reach == Reach.OWN:
        return Q(**{field: member})
    colleagues = unit_colleagues(member, as_of=as_of, tribe=reach == Reach.TRIBE)
    return Q(**{field: member}) | Q(**{f"{field}__in": colleagues})


def owners_in_reach(member: Member, action: Action, *, as_of: date) -> list[UUID] | None:
    """Return whose records the member reaches with this action, None for everybody's: `owner_filter` as a list."""
    reach = reach_of(member, action)
    if reach is None:
        return []
    if reach == Reach.ALL:
        return None
    if reach == Reach.OWN:
        return [member.pk]
    colleagues = unit_colleagues(member, as_of=as_of, tribe=reach == Reach.TRIBE)
    return [member.pk, *(row["member"] for row in colleagues)]


def unit_colleagues(member: Member, *, as_of: date, tribe: bool) -> Any:
    """Return a subquery of the members of the units that the member reaches."""
    return (
        UnitMembership.objects.for_organization(member.organization_id)
        .filter(unit__in=member_units(member, as_of=as_of, tribe=tribe), active_from__lte=as_of)
        .filter(Q(active_to=None) | Q(active_to__gt=as_of))
        .values("member")
    )


def member_units(member: Member, *, as_of: date, tribe: bool) -> Any:
    """Return a subquery of the units whose records the member reaches: theirs, or all with the same parent."""
    own = (
        UnitMembership.objects.for_organization(member.organization_id)
        .filter(member=member, active_from__lte=as_of)
        .filter(Q(active_to=None) | Q(active_to__gt=as_of))
    )
    if not tribe:
        return own.values("unit")
    return (
        Unit.objects.for_organization(member.organization_id)
        .filter(Q(pk__in=own.values("unit")) | Q(parent__in=own.values("unit__parent")))
        .values("pk")
    )


def hidden_fields(member: Member, record: str) -> frozenset[str]:
    """Return the fields of a record (named as its model) that the member may not see."""
    fields = FIELD_RIGHTS.get(record, {})
    return frozenset(field for field, action in fields.items() if reach_of(member, action) is None)


def hidden_from_token(scopes: Iterable[str], record: str) -> frozenset[str]:
    """Return the fields of a record that a token with these scopes is not shown."""
    held, fields = set(scopes), FIELD_RIGHTS.get(record, {})
    return frozenset(field for field, action in fields.items() if FIELD_SCOPES[action] not in held)


def blank_hidden(member: Member, records: Iterable[Model]) -> None:
    """Empty the fields that the member may not see, in records that are about to be shown (and never saved)."""
    for record in records:
        for field in hidden_fields(member, str(record._meta.model_name)):
            setattr(record, field, cast("Field[Any, Any]", record._meta.get_field(field)).get_default())


ViewFunction = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def member_can(action: Action) -> Callable[[ViewFunction[P]], Callable[..., HttpResponseBase]]:
    """Guard a page: signed in, else to the sign-in page; a member, else 404; with the right, else 403.

    The view is called without the `organization` part of the address: `request.organization` has it.
    """

    def decorate(view: ViewFunction[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            kwargs.pop("organization", None)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            member = getattr(request, "member", None)
            if member is None:
                raise Http404
            if reach_of(member, action) is None:
                raise PermissionDenied(denial(action))
            return view(cast("MemberRequest", request), *args, **kwargs)

        guarded.access_policy = AccessPolicy(action=action)  # type: ignore[attr-defined]
        return guarded

    return decorate


def denial(action: Action) -> str:
    """Return the sentence that says who could do it."""
    names = roles_with(action)
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return f"This needs the role {who}. Ask an administrator of your organisation."


def public(*, reason: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Mark a view that anybody may open, and say why."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        view.access_policy = AccessPolicy(reason=f"public: {reason}")  # type: ignore[attr-defined]
        return view

    return decorate


def signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Guard a page that belongs to a person, not to an organisation."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.access_policy = AccessPolicy(reason="signed in")  # type: ignore[attr-defined]
    return guarded


API_SCOPES: dict[str, Action] = {
    "accounts:read": Action.VIEW_ACCOUNTS,
    "opportunities:read": Action.VIEW_OPPORTUNITIES,
    "forecasts:read": Action.VIEW_FORECAST,
    "forecast-submissions:read": Action.VIEW_FORECAST,
    "quotas:read": Action.VIEW_FORECAST,
    "decisions:read": Action.VIEW_OPPORTUNITIES,
    "scores:read": Action.VIEW_PRIORITIES,
    "contacts:read": Action.VIEW_ACCOUNTS,
    "activities:read": Action.VIEW_ACCOUNTS,
    "products:read": Action.VIEW_PRODUCTS,
    "orders:read": Action.VIEW_ORDERS,
    "satisfaction-responses:read": Action.VIEW_ACCOUNTS,
    "inquiries:read": Action.VIEW_INQUIRIES,
    "units:read": Action.VIEW_MEMBERS,
    "members:read": Action.VIEW_MEMBERS,
    "exchange-rates:read": Action.VIEW_OPPORTUNITIES,
    "nightly-runs:read": Action.VIEW_RUNS,
    "imports:read": Action.IMPORT_RECORDS,
    # It names whatever anybody did to anything, as the audit trail does.
    "events:read": Action.VIEW_AUDIT,
    "personal:read": Action.VIEW_CONTACT_DATA,
    "costs:read": Action.VIEW_COSTS,
    "accounts:write": Action.EDIT_ACCOUNTS,
    "opportunities:write": Action.EDIT_OPPORTUNITIES,
    "forecast-submissions:write": Action.SUBMIT_FORECAST,
    "quotas:write": Action.SET_QUOTAS,
    "pipelines:write": Action.MANAGE_PIPELINES,
    "decisions:write": Action.EDIT_OPPORTUNITIES,
    "scores:write": Action.EDIT_ACCOUNTS,
    "contacts:write": Action.EDIT_ACCOUNTS,
    "activities:write": Action.LOG_ACTIVITY,
    "products:write": Action.EDIT_PRODUCTS,
    "orders:write": Action.EDIT_ORDERS,
    "satisfaction-responses:write": Action.EDIT_ACCOUNTS,
    "inquiries:write": Action.EDIT_INQUIRIES,
    "units:write": Action.MANAGE_UNITS,
    "members:write": Action.MANAGE_MEMBERS,
    "exchange-rates:write": Action.MANAGE_ORGANIZATION,
    "score-overrides:write": Action.OVERRIDE_SCORES,
}
"""Scopes of integrator tokens, and the action that each stands for. To write does not include to read.

The scopes of fields open no address alone.
"""


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Return those that no token can have."""
    return sorted(set(scopes) - set(API_SCOPES))
