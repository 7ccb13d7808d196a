"""The pages of models: which there are, whether one can be trusted and where not, how it was tried, the way back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coe.models import Purpose, TrainedModel
from coe.operations import UnableToPromote, UnableToRevert, promote_model, revert_model
from coe.queries import closed_loop as loop_queries
from coe.queries import model_page as queries
from coe.queries.fairness import latest_shares
from coe.queries.method import territory_corrections
from coe.views import model_figures as drawn
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest
from tenancy.jobs import enqueue

TITLES = ("segment", "territory")


@member_can(Action.VIEW_MODELS)
@require_safe
def models(request: MemberRequest) -> HttpResponse:
    """Show the models, each with the version that counts."""
    live = {one.purpose: one for one in queries.live_models(organization=request.organization)}
    rows = [
        {
            "purpose": purpose,
            "name": drawn.NAMES[purpose],
            "question": Purpose(purpose).label,
            "model": live.get(purpose),
            "state": drawn.STATES.get(live[purpose].state, "") if purpose in live else "",
            "auc": drawn.figure(live[purpose].metrics, "auc") if purpose in live else None,
        }
        for purpose in Purpose.values
        if purpose in live or purpose == Purpose.ACCOUNT_PURCHASE
    ]
    context = {
        "rows": rows,
        "use": queries.use_of_scores(organization=request.organization, now=timezone.now()),
        "now": timezone.now(),
    }
    return render(request, "coe/models.html", context)


def versions_of(request: MemberRequest, purpose: str) -> queries.Versions:
    """Return the versions that the address asks for.

    :raises Http404: when there is no such question, or no such version.
    """
    number = request.GET.get("version", "")
    if purpose not in Purpose.values or not (
        number == "" or (number.isascii() and number.isdigit() and len(number) < 9)
    ):
        raise Http404
    try:
        return queries.versions(
            organization=request.organization, purpose=purpose, number=int(number) if number else None
        )
    except TrainedModel.DoesNotExist as error:
        raise Http404 from error


@member_can(Action.VIEW_MODELS)
@require_safe
def model(request: MemberRequest, purpose: str) -> HttpResponse:
    """Show whether a model can be trusted, and where not."""
    now = timezone.now()
    found = versions_of(request, purpose)
    context = page_of(request, purpose, found) | {
        "now": now,
        "use": queries.use_of_scores(organization=request.organization, now=now),
    }
    if purpose == Purpose.ACCOUNT_PURCHASE and found.shown is not None:
        title = context["by"] if context["by"] in TITLES else TITLES[0]
        context["fairness"] = drawn.fairness(latest_shares(organization=request.organization, title=title))
        context["corrected"] = drawn.corrected(territory_corrections(found.shown)) if title == "territory" else ""
    return render(request, "coe/model.html", context)


def page_of(request: MemberRequest, purpose: str, found: queries.Versions) -> dict[str, Any]:
    """Return what both pages of a model show."""
    context: dict[str, Any] = {"purpose": purpose, "name": drawn.NAMES[purpose], "found": found, "model": found.shown}
    if found.shown is None:
        return context
    look = queries.look_at(organization=request.organization, model=found.shown)
    title = request.GET.get("by", TITLES[0])
    rows = look.by.get(title, []) if title in TITLES else []
    chosen = next((one for one in rows if one["name"] == request.GET.get("segment")), None)
    bins = look.figures.get("bins", [])
    drawing, table = drawn.calibration(bins, chosen) if bins else ("", [])
    judged = found.newer or (found.shown if found.shown.comparison else None)
    return context | {
        "state": drawn.STATES.get(found.shown.state, ""),
        "sentence": sentence(found.shown, look),
        "look": look,
        "strip": drawn.strip(look),
        "calibration": drawing,
        "calibration_rows": table,
        "by": title,
        "titles": [(one, name) for one, name in zip(TITLES, (_("Segment"), _("Territory")), strict=True)],
        "panel": drawn.panel(rows),
        "chosen": chosen,
        "largest": [one["name"] for one in rows if one.get("held") != "thin_data"][:3],
        "drift": drawn.drift_rows(look.drift),
        "judged": judged,
        "comparison": drawn.comparison(judged.comparison) if judged else [],
        "against": (judged.comparison.get("against", "") if judged else "").capitalize(),
        "tried": drawn.tried(found.shown.candidates, found.shown.method),
    }


def sentence(shown: TrainedModel, look: queries.Look) -> str:
    """Return whether it can be trusted and where not."""
    if look.alarms:
        return look.alarms[0]
    # What its trials said of a territory is put right before anybody sees a score.
    right = set() if look.said_at is not None else set(territory_corrections(shown))
    too_sure = [
        one["name"]
        for title, rows in look.by.items()
        for one in rows
        if one.get("held") == "too_sure" and not (title == "territory" and one["name"] in right)
    ]
    if too_sure:
        return _("Too sure about %(names)s: less came than was said. Elsewhere it holds.") % {
            "names": ", ".join(too_sure[:3])
        }
    if not look.figures:
        return shown.sentence
    return _("%(sentence)s It holds wherever there are enough outcomes to tell.") % {"sentence": shown.sentence}


@member_can(Action.VIEW_MODELS)
@require_safe
def model_trials(request: MemberRequest, purpose: str) -> HttpResponse:
    """Show how a version was tried: in time, against the base rate and the rule card, by territory and segment."""
    found = versions_of(request, purpose)
    context = page_of(request, purpose, found)
    if found.shown is not None:
        figures = found.shown.metrics
        context["split"] = drawn.SPLITS.get(found.shown.split, "")
        context["figures"] = [
            {"name": name, **one, "interval": drawn.interval_words(one, digits), "digits": digits}
            for name, code, digits in (
                (_("Rank quality, AUC"), "auc", 3),
                (_("Lift in the first tenth"), "lift_10", 2),
                (_("Lift in the first fifth"), "lift_20", 2),
                (_("Share of all good outcomes in the first tenth"), "capture_10", 2),
                (_("Log-loss"), "log_loss", 4),
                (_("Log-loss of the base rate"), "base_log_loss", 4),
                (_("Gain over the base rate, a row"), "gain", 4),
                (_("Brier score"), "brier", 4),
                (_("Calibration slope"), "calibration_slope", 2),
                (_("Calibration error beyond chance"), "ece_beyond_chance", 3),
                (_("Came ÷ said"), "observed_over_expected", 2),
            )
            if (one := drawn.figure(figures, code))["value"] is not None or one["why"]
        ]
        folds = figures.get("folds", [])
        context |= {"folds": drawn.fold_rows(folds), "folds_sentence": drawn.folds_sentence(folds)}
        context["panels"] = [(title, drawn.panel(figures.get("by", {}).get(title, []))) for title in TITLES]
    return render(request, "coe/trials.html", context)


@member_can(Action.MANAGE_MODELS)
@require_POST
def model_revert(request: MemberRequest, purpose: str) -> HttpResponse:
    """Go back to the version before."""
    if purpose not in Purpose.values:
        raise Http404
    try:
        now_live = revert_model(
            organization=request.organization,
            purpose=purpose,
            reverted_by=request.member,
            reverted_at=timezone.now(),
        )
    except UnableToRevert as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("Version %(version)s counts from the next night on.") % {"version": now_live.version}
        )
    return redirect("coe:model", organization=request.organization.slug, purpose=purpose)


@member_can(Action.MANAGE_MODELS)
@require_POST
def model_promote(request: MemberRequest, purpose: str) -> HttpResponse:
    """Let a version count because a person says so."""
    found = versions_of(request, purpose)
    version = request.POST.get("version", "")
    if not version:
        messages.error(request, _("Choose the version that is to count."))
        return redirect("coe:model", organization=request.organization.slug, purpose=purpose)
    chosen = next((one for one in found.all if str(one.version) == version), None)
    if chosen is None:
        raise Http404
    try:
        promote_model(
            organization=request.organization, model=chosen, promoted_by=request.member, promoted_at=timezone.now()
        )
    except UnableToPromote as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Version %(version)s counts from the next night on.") % {"version": version})
    return redirect("coe:model", organization=request.organization.slug, purpose=purpose)


@member_can(Action.MANAGE_MODELS)
@require_POST
def model_learn(request: MemberRequest) -> HttpResponse:
    """Learn anew who buys, beside the night."""
    enqueue(
        "coe.tasks.learn_accounts",
        organization=request.organization,
        as_of=timezone.now().isoformat(),
        because=f"Asked for by {request.member.name}.",
    )
    messages.success(request, _("Learning has begun. The new version appears here, and counts if it is not worse."))
    return redirect("coe:model", organization=request.organization.slug, purpose=Purpose.ACCOUNT_PURCHASE)


@member_can(Action.VIEW_MODELS)
@require_safe
def closed_loop(request: MemberRequest) -> HttpResponse:
    """Show whether following the list paid: what came of what was acted on, ignored, overridden and picked to learn."""
    loops = loop_queries.closed_loop(organization=request.organization, now=timezone.now())
    groups = [(group, drawn.GROUPS[group]) for group in loop_queries.GROUPS]
    context = {
        "loops": [drawn.loop_row(loop) for loop in loops],
        "groups": [
            {"name": name, "rates": [drawn.rate_words(loop.rates[group]) for loop in loops]} for group, name in groups
        ],
        "has_cases": any(loop.cases for loop in loops),
    }
    return render(request, "coe/closed_loop.html", context)
