"""The side bar as data: the five trademarks with the pages that exist, and who may open them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Item:
    """A page in the side bar."""

    label: str | Promise
    url_name: str
    icon: str
    needs: str  # the value of the Action that opens the page
    covers: tuple[str, ...] = ()  # beginnings of URL names that belong to this page
    key: str = ""  # G, then this letter, goes there
    on_phone: bool = False  # one of the places in the phone's tab bar


@dataclass(frozen=True)
class Section:
    """One of the five trademarks, or what stands apart from them: the organisation itself."""

    label: str | Promise
    icon: str
    hue: str
    items: tuple[Item, ...]
    apart: bool = False


HOME = Item(_("Home"), "home", "home", "view_home", ("home",), key="h", on_phone=True)

SECTIONS = (
    Section(
        _("Squads"),
        "squad",
        "t2",
        (
            Item(
                _("Priorities"),
                "pipeline:priorities",
                "spark",
                "view_priorities",
                ("pipeline:priorities",),
                key="r",
                on_phone=True,
            ),
            Item(
                _("Accounts"),
                "pipeline:accounts",
                "building",
                "view_accounts",
                ("pipeline:account", "pipeline:activity"),
                key="a",
                on_phone=True,
            ),
            Item(_("Contacts"), "pipeline:contacts", "user", "view_accounts", ("pipeline:contact",)),
            Item(_("Inquiries"), "pipeline:inquiries", "inbox", "view_inquiries", ("pipeline:inquir",), key="q"),
        ),
    ),
    Section(
        _("Pipeline"),
        "pipe",
        "t3",
        (
            Item(
                _("Deals"),
                "pipeline:opportunities",
                "pipe",
                "view_opportunities",
                ("pipeline:opportunit", "pipeline:board", "pipeline:process"),
                key="p",
                on_phone=True,
            ),
            Item(
                _("Forecast"),
                "pipeline:forecast",
                "compass",
                "view_forecast",
                ("pipeline:forecast", "coe:forecast"),
                key="f",
            ),
            Item(_("What changed"), "pipeline:changes", "clock", "view_opportunities", ("pipeline:changes",)),
            Item(
                _("Review"),
                "pipeline:review",
                "check",
                "view_opportunities",
                ("pipeline:review", "pipeline:decision"),
                key="v",
            ),
            Item(_("Orders"), "pipeline:orders", "box", "view_orders", ("pipeline:order",), key="o"),
            Item(_("Products"), "pipeline:products", "tag", "view_products", ("pipeline:product",), key="t"),
        ),
    ),
    Section(
        _("Technology"),
        "tech",
        "t5",
        (
            Item(_("Imports"), "integrations:imports", "upload", "import_records", ("integrations:import",), key="i"),
            Item(_("API tokens"), "integrations:tokens", "key", "manage_tokens", ("integrations:token",)),
            Item(_("Model quality"), "coe:models", "spark", "view_models", ("coe:model", "coe:score-report"), key="m"),
            Item(_("Nights"), "nights", "moon", "view_runs", ("night",), key="n"),
        ),
    ),
    Section(
        _("Organisation"),
        "building",
        "org",
        (
            Item(
                _("Members"),
                "people:members",
                "people",
                "view_members",
                ("people:member", "people:role", "people:invit"),
            ),
            Item(_("Units"), "people:units", "squad", "view_members", ("people:unit",)),
            Item(_("Settings"), "people:settings", "gear", "manage_organization", ("people:settings",)),
            Item(_("Support sessions"), "people:support", "help", "view_support", ("people:support",)),
            Item(_("Audit"), "audit", "list", "view_audit", ("audit",)),
        ),
        apart=True,
    ),
)


@dataclass(frozen=True)
class Link:
    """An item for one person in one organisation on one page."""

    label: str | Promise
    url: str
    icon: str
    current: bool
    key: str
    on_phone: bool


@dataclass(frozen=True)
class Group:
    """A section for one person, with what they may open."""

    label: str | Promise
    icon: str
    hue: str
    links: tuple[Link, ...]
    apart: bool = False

    @property
    def current(self) -> bool:
        """Whether the page is in this section."""
        return any(link.current for link in self.links)


@dataclass(frozen=True)
class Navigation:
    """What the side bar, the tab bar and the palette show."""

    home: Link | None = None
    groups: Sequence[Group] = field(default_factory=tuple)

    @property
    def trademarks(self) -> list[Group]:
        """The groups of the five trademarks (outside an organisation: the ways into one)."""
        return [group for group in self.groups if not group.apart]

    @property
    def apart(self) -> list[Group]:
        """The groups that are none of the trademarks."""
        return [group for group in self.groups if group.apart]

    @property
    def links(self) -> list[Link]:
        """All the pages in order."""
        links = [self.home] if self.home else []
        return [*links, *(link for group in self.groups for link in group.links)]

    @property
    def tabs(self) -> list[Link]:
        """The places a person needs with one thumb; the fifth tab holds the rest."""
        return [link for link in self.links if link.on_phone][:4]

    @property
    def trail(self) -> Group | None:
        """The section the page is in."""
        return next((group for group in self.groups if group.current), None)


def navigation(*, organization_slug: str, rights: frozenset[str], url_name: str) -> Navigation:
    """Return the pages the person may open; a role hides what it can't open, and never greys it."""
    home = next(iter(_links((HOME,), organization_slug, rights, url_name)), None)
    groups = []
    for section in SECTIONS:
        links = tuple(_links(section.items, organization_slug, rights, url_name))
        if links:
            groups.append(Group(section.label, section.icon, section.hue, links, section.apart))
    return Navigation(home, groups)


def doorways(memberships: Sequence[tuple[str, str]]) -> Navigation:
    """Return the ways into the person's organisations (slug and name), for pages outside of them."""
    links = tuple(
        Link(name, reverse("home", kwargs={"organization": slug}), "building", False, "", False)
        for slug, name in memberships
    )
    return Navigation(groups=(Group(_("Organisations"), "building", "", links),) if links else ())


def _links(items: Sequence[Item], slug: str, rights: frozenset[str], url_name: str) -> Iterator[Link]:
    for item in items:
        if item.needs not in rights:
            continue
        url = reverse(item.url_name, kwargs={"organization": slug})
        current = any(url_name.startswith(beginning) for beginning in item.covers)
        yield Link(item.label, url, item.icon, current, item.key, item.on_phone)
