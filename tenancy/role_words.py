"""What a role may do, in words, made from the table that decides it: the page can't say anything else than the code."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenancy.access import ALLOWED, Action, Reach
from tenancy.models import Member

Words = str | Promise

REACH_WORDS: dict[Reach, Words] = {
    Reach.OWN: _("their own"),
    Reach.SQUAD: _("their squads’"),
    Reach.TRIBE: _("their tribe’s"),
    Reach.ALL: _("all"),
}

ACTION_WORDS: dict[Action, Words] = {
    Action.VIEW_HOME: _("See the home page"),
    Action.VIEW_ACCOUNTS: _("See accounts and contacts"),
    Action.EDIT_ACCOUNTS: _("Change accounts and contacts"),
    Action.EXPORT_ACCOUNTS: _("Export accounts"),
    Action.VIEW_OPPORTUNITIES: _("See deals"),
    Action.EDIT_OPPORTUNITIES: _("Change deals"),
    Action.EXPORT_OPPORTUNITIES: _("Export deals"),
    Action.MANAGE_PIPELINES: _("Change pipelines and stages"),
    Action.VIEW_FORECAST: _("See forecasts and quotas"),
    Action.EXPORT_FORECAST: _("Export forecasts"),
    Action.SUBMIT_FORECAST: _("Submit a forecast"),
    Action.SET_QUOTAS: _("Set quotas"),
    Action.LOG_ACTIVITY: _("Log calls and notes"),
    Action.VIEW_INQUIRIES: _("See inquiries"),
    Action.EDIT_INQUIRIES: _("Change inquiries"),
    Action.VIEW_ORDERS: _("See orders"),
    Action.EDIT_ORDERS: _("Change orders"),
    Action.EXPORT_ORDERS: _("Export orders"),
    Action.VIEW_PRODUCTS: _("See products"),
    Action.EDIT_PRODUCTS: _("Change products"),
    Action.VIEW_PRIORITIES: _("See priorities and scores"),
    Action.EXPORT_PRIORITIES: _("Export priorities"),
    Action.OVERRIDE_SCORES: _("Set a score by hand"),
    Action.REPORT_SCORES: _("Say that a score looks wrong"),
    Action.VIEW_MODELS: _("See whether the scores can be trusted"),
    Action.MANAGE_MODELS: _("Roll a model back, answer doubts about scores"),
    Action.IMPORT_RECORDS: _("Import records"),
    Action.VIEW_RUNS: _("See nights"),
    Action.RUN_NIGHT: _("Run a night by hand"),
    Action.MANAGE_TOKENS: _("Make and end API tokens"),
    Action.VIEW_MEMBERS: _("See members and units"),
    Action.MANAGE_MEMBERS: _("Invite members, change roles, deactivate"),
    Action.MANAGE_UNITS: _("Change units and who belongs to them"),
    Action.MANAGE_ORGANIZATION: _("Change the organisation’s settings"),
    Action.VIEW_AS: _("Look at the product as another member"),
    Action.VIEW_SUPPORT: _("See what our support opened"),
    Action.VIEW_AUDIT: _("Read the audit trail"),
    Action.SHARE_VIEWS: _("Share views of lists"),
    Action.MANAGE_VIEWS: _("Change views that others share"),
    Action.VIEW_CONTACT_DATA: _("See e-mail addresses and telephone numbers of contacts"),
    Action.VIEW_NOTES: _("See the texts of calls and notes"),
    Action.VIEW_ADDRESSES: _("See the e-mail addresses of colleagues"),
    Action.VIEW_COSTS: _("See what order lines cost us"),
}


def action_words(action: Action) -> Words:
    """Return what an action is called; one without words of its own is called by its name."""
    return ACTION_WORDS.get(action) or action.value.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Right:
    """One action, and how far it reaches for a role; None when it is not theirs."""

    words: Words
    reach: Words | None


def rights_in_words(role: str) -> list[Right]:
    """Return every action with its reach for a role, those that are allowed first, in the order of the table."""
    rights = [
        Right(action_words(action), REACH_WORDS[reach] if (reach := allowed.get(Member.Role(role))) else None)
        for action, allowed in ALLOWED.items()
    ]
    return sorted(rights, key=lambda right: right.reach is None)


def matrix() -> list[tuple[Words, list[Words | None]]]:
    """Return the whole table: each action with the reach of each role, in the order of the roles."""
    return [
        (
            action_words(action),
            [REACH_WORDS[allowed[role]] if role in allowed else None for role in Member.Role],
        )
        for action, allowed in ALLOWED.items()
    ]
