"""What the palette offers: records that match, what can be done here, and where one can go."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agile_sales.navigation import Navigation, navigation
from pipeline.models import Account
from pipeline.queries.badges import Badge
from pipeline.queries.search import Found, Kind, records, search
from tenancy.http import MemberRequest

MOST = 8
"""Options in a group."""
VISITED = 10
"""Pages that are remembered."""


@dataclass(frozen=True)
class Option:
    """A line of the palette or of the search page."""

    label: str
    url: str
    icon: str
    note: str = ""
    keys: tuple[str, ...] = ()
    hue: str = ""
    account: Account | None = None  # whose score it shows, with what the badge says
    badge: Badge | None = None


@dataclass(frozen=True)
class Group:
    """Options of one kind under their heading."""

    label: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Command:
    """Something to do that begins on a page of its own."""

    label: str | Promise
    url_name: str
    needs: str
    icon: str = "plus"
    on: str = ""  # the beginning of the URL names where C does it


COMMANDS = (
    Command(gettext_lazy("New deal"), "pipeline:opportunity-new", "edit_opportunities", on="pipeline:opportunities"),
    Command(gettext_lazy("New account"), "pipeline:account-new", "edit_accounts", on="pipeline:accounts"),
    Command(gettext_lazy("New contact"), "pipeline:contact-new", "edit_accounts", on="pipeline:contacts"),
    Command(gettext_lazy("New order"), "pipeline:order-new", "edit_orders", on="pipeline:orders"),
    Command(gettext_lazy("New product"), "pipeline:product-new", "edit_products", on="pipeline:products"),
    Command(gettext_lazy("New inquiry"), "pipeline:inquiry-new", "edit_inquiries", on="pipeline:inquiries"),
    Command(gettext_lazy("New import"), "integrations:import-new", "import_records", "upload", "integrations:imports"),
    Command(gettext_lazy("Invite a member"), "people:invite", "manage_members", "people", "people:members"),
)
RECORD_PAGES: dict[str, tuple[Kind, str]] = {
    "pipeline:account": (Kind.ACCOUNT, "account_id"),
    "pipeline:opportunity": (Kind.OPPORTUNITY, "opportunity_id"),
    "pipeline:contact": (Kind.CONTACT, "contact_id"),
    "people:member": (Kind.MEMBER, "member_id"),
}
"""URL name of a record's page → its kind and the parameter that holds its id."""
PAGE_OF = {kind: (url_name, parameter) for url_name, (kind, parameter) in RECORD_PAGES.items()}


def answer(request: MemberRequest, *, text: str, here: str, visited: Sequence[str], today: date) -> list[Group]:
    """Return the groups for what was typed on the page `here`; without text, the pages visited last come first."""
    nav = navigation(organization_slug=request.organization.slug, rights=request.rights, url_name="")
    groups = (
        _records(request, text=text, today=today)
        if text
        else [Group(_("Visited"), visited_pages(request, nav=nav, paths=visited, today=today))]
    )
    groups.append(Group(_("Do"), list(_matching(_commands(request, here=here, today=today), text))[:MOST]))
    pages = [
        Option(str(link.label), link.url, link.icon, keys=("G", link.key.upper()) if link.key else ())
        for link in nav.links
    ]
    places = list(_matching(pages, text))[: MOST - 1 if text else MOST]
    if text and any(group.options for group in groups[:-1]):
        where = reverse("search", args=[request.organization.slug])
        places.append(Option(_("All results for “%s”") % text, f"{where}?{urlencode({'q': text})}", "search"))
    groups.append(Group(_("Go to"), places))
    return [group for group in groups if group.options]


def _records(request: MemberRequest, *, text: str, today: date) -> list[Group]:
    found = search(organization=request.organization, member=request.member, text=text, today=today, limit=MOST)
    slug = request.organization.slug
    return [
        Group(_("Accounts"), [option_of(slug, one) for one in found[Kind.ACCOUNT]]),
        Group(_("Deals"), [option_of(slug, one) for one in found[Kind.OPPORTUNITY]]),
        Group(_("People"), people(slug, found[Kind.CONTACT], found[Kind.MEMBER])),
    ]


def people(slug: str, contacts: Sequence[Found], members: Sequence[Found]) -> list[Option]:
    """Return contacts and colleagues in one list, both with a fair share of it."""
    colleagues = max(MOST // 2, MOST - len(contacts))
    options = [option_of(slug, one) for one in members[:colleagues]]
    return [*(option_of(slug, one) for one in contacts[: MOST - len(options)]), *options]


def option_of(slug: str, found: Found) -> Option:
    """Return the line of a record."""
    record, kind = found.record, found.kind
    url_name, parameter = PAGE_OF[kind]
    label, icon, note = DRAWN[kind](record)
    return Option(
        label,
        reverse(url_name, kwargs={"organization": slug, parameter: record.pk}),
        icon,
        note,
        account=record if kind == Kind.ACCOUNT else getattr(record, "account", None),
        badge=getattr(record, "score_badge", None),
    )


def _account(record: Any) -> tuple[str, str, str]:
    score = _("score %s") % record.score_now if record.score_now is not None else ""
    segment = record.get_segment_display() if record.segment else ""
    return record.name, "building", _joined(record.city, segment, score)


def _deal(record: Any) -> tuple[str, str, str]:
    account = record.account.name if record.account else ""
    return record.name, "pipe", _joined(account, record.stage.name)


def _contact(record: Any) -> tuple[str, str, str]:
    return record.name, "user", _joined(record.title, record.account.name if record.account else "")


def _member(record: Any) -> tuple[str, str, str]:
    gone = "" if record.is_active else _("no longer active")
    return record.name, "people", _joined(record.title or record.get_role_display(), gone)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


DRAWN: dict[Kind, Callable[[Any], tuple[str, str, str]]] = {
    Kind.ACCOUNT: _account,
    Kind.OPPORTUNITY: _deal,
    Kind.CONTACT: _contact,
    Kind.MEMBER: _member,
}
"""How each kind is drawn: its name, its icon, and what tells it from others of that name."""


def visited_pages(request: MemberRequest, *, nav: Navigation, paths: Sequence[str], today: date) -> list[Option]:
    """Return the pages behind addresses that the browser remembers, the last one first.

    The browser keeps addresses and no names: each is looked up anew, so what was deleted, or is no longer the person's
    to see, is left out.
    """
    slug = request.organization.slug
    pages = {link.url: link for link in nav.links}
    wanted = [(path, _record_at(request, path)) for path in dict.fromkeys(paths[:VISITED])]
    rows: dict[tuple[Kind, UUID], Any] = {}
    for kind in {record[0] for _path, record in wanted if record}:
        found = records(
            organization=request.organization,
            member=request.member,
            today=today,
            kind=kind,
            ids=[record[1] for _path, record in wanted if record and record[0] == kind],
        )
        rows.update({(kind, pk): row for pk, row in found.items()})
    options = []
    for path, record in wanted:
        if record and record in rows:
            options.append(option_of(slug, Found(record[0], rows[record], is_guess=False)))
        elif path in pages:
            options.append(Option(str(pages[path].label), path, pages[path].icon))
    return options


def _match(request: MemberRequest, path: str) -> ResolverMatch | None:
    """Return what an address of this organisation means."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if match.kwargs.get("organization") == request.organization.slug else None


def _record_at(request: MemberRequest, path: str) -> tuple[Kind, UUID] | None:
    match = _match(request, path)
    if match is None or match.view_name not in RECORD_PAGES:
        return None
    kind, parameter = RECORD_PAGES[match.view_name]
    return kind, match.kwargs[parameter]


def _commands(request: MemberRequest, *, here: str, today: date) -> Iterable[Option]:
    """Yield what the person can do, what belongs to the page first."""
    slug, match = request.organization.slug, _match(request, here)
    name = match.view_name if match else ""
    account, deal = _account_here(request, here, today)
    if account is not None and "log_activity" in request.rights:
        url = reverse("pipeline:activity-new", args=[slug, account.pk])
        about = f"?{urlencode({'opportunity': deal})}" if deal else ""
        keys = ("L",) if name in ("pipeline:account", "pipeline:opportunity") else ()
        yield Option(_("Log a call with %s") % account.name, url + about, "phone", keys=keys)
    can = [command for command in COMMANDS if command.needs in request.rights]
    for command in sorted(can, key=lambda one: one.on != name):
        keys = ("C",) if command.on == name else ()
        yield Option(str(command.label), reverse(command.url_name, args=[slug]), command.icon, keys=keys)


def _account_here(request: MemberRequest, here: str, today: date) -> tuple[Account | None, UUID | None]:
    """Return the account that the page is about, and the deal if it is about one."""
    record = _record_at(request, here)
    if record is None or record[0] == Kind.MEMBER:
        return None, None
    kind, pk = record
    rows = records(organization=request.organization, member=request.member, today=today, kind=kind, ids=[pk])
    row = rows.get(pk)
    if row is None or kind == Kind.ACCOUNT:
        return row, None
    account = row.account if row.account and row.account.deleted_at is None else None
    return account, pk if kind == Kind.OPPORTUNITY else None


def _matching(options: Iterable[Option], text: str) -> Iterable[Option]:
    """Yield the options in whose label each word of the text begins a word, in any order."""
    words = text.casefold().split()
    for option in options:
        own = option.label.casefold().split()
        if all(any(one.startswith(word) for one in own) for word in words):
            yield option
