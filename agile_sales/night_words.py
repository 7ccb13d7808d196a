"""What a night's steps are called, and what they say they did."""

from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenancy.models import Run, RunStep
from ui.formats import format_day, format_money, format_number, format_span


def step_name(name: str) -> str:
    """Return a step as people say it."""
    names = {
        "snapshot_pipeline": _("Photograph the open pipeline"),
        "learn": _("Learn who buys"),
        "score_accounts": _("Score the accounts"),
        "keep_overrides": _("Keep scores set by hand"),
        "value_accounts": _("Value the accounts"),
        "plan_week": _("Plan the week and rank the accounts"),
        "learn_stage_days": _("Learn how long deals stay in a stage"),
        "learn_season": _("Learn how a year falls on its months"),
        "train_deal_models": _("Learn from closed deals"),
        "score_opportunities": _("Score the open deals"),
        "forecast_periods": _("Forecast the quarter and the month"),
        "publish_changes": _("Publish what changed"),
        "purge_imports": _("Remove old uploads"),
    }
    return names.get(name, name.replace("_", " ").capitalize())


def step_sentence(step: RunStep, *, today: date) -> str:
    """Return in one or two sentences what a step did, skipped or came to grief over."""
    if step.status == RunStep.Status.FAILED:
        return _("Failed: %(error)s") % {"error": step.error}
    if step.status != RunStep.Status.DONE:
        return _("Running") if step.status == RunStep.Status.RUNNING else _("Waiting")
    if step.detail.get("why_skipped") == "past":
        return _("Skipped: the past can be scored, not photographed.")
    if step.name == "snapshot_pipeline":
        return _snapshot(step, today)
    if step.name == "learn":
        return _learnt(step)
    if step.name == "score_accounts":
        return _scores(step)
    if step.name == "keep_overrides":
        return _overrides(step)
    if step.name == "value_accounts":
        return _values(step)
    if step.name == "plan_week":
        return _plan(step)
    if step.name == "learn_stage_days":
        return ngettext(
            "Learnt from %(stays)s stay of won deals.", "Learnt from %(stays)s stays of won deals.", step.rows_read
        ) % {"stays": format_number(step.rows_read)}
    if step.name == "learn_season":
        return ngettext("Learnt from %(years)s whole year.", "Learnt from %(years)s whole years.", step.rows_read) % {
            "years": format_number(step.rows_read)
        }
    if step.name == "train_deal_models":
        return _deal_training(step)
    if step.name == "score_opportunities":
        return _deal_scores(step)
    if step.name == "forecast_periods":
        return _forecasts(step)
    if step.name == "publish_changes":
        return _changes(step)
    if step.name == "purge_imports":
        return _purged(step)
    return ngettext("%(count)s row written.", "%(count)s rows written.", step.rows_written) % {
        "count": format_number(step.rows_written)
    }


def _deal_training(step: RunStep) -> str:
    if step.detail["error"]:
        return _("Nothing was learnt: %(error)s The model before still counts.") % {"error": step.detail["error"]}
    if step.detail["queued"]:
        return _("%(count)s closed deals are learnt from beside the night; the next one scores by it.") % {
            "count": format_number(step.rows_read)
        }
    if not step.rows_written:
        lately = _("Nothing new to learn from deals: that was done less than a week ago.")
        return lately if step.rows_read else _("Nothing to learn from: no deal is closed yet.")
    questions = {"opportunity_win": _("Won or lost:"), "opportunity_slip": _("In time or later:")}
    return " ".join(
        f"{questions.get(model['purpose'], '')} {_once(model['sentence'], model['decision'])}".strip()
        for model in step.detail["models"]
    )


def _once(sentence: str, decision: str) -> str:
    """Return what a version is and what was decided about it; a decision may begin with what it is."""
    return decision if decision.startswith(sentence) else f"{sentence} {decision}".strip()


def _deal_scores(step: RunStep) -> str:
    words = ngettext("%(count)s open deal scored.", "%(count)s open deals scored.", step.rows_written) % {
        "count": format_number(step.rows_written)
    }
    return f"{words} {step.detail['note']}".strip()


def _forecasts(step: RunStep) -> str:
    words = ngettext(
        "%(count)s open deal in the forecast.", "%(count)s open deals in the forecast.", step.rows_read
    ) % {"count": format_number(step.rows_read)}
    if not step.detail["told"]:
        words += " " + _("Too few deals were won so far to say when open ones will be.")
    if step.skipped:
        words += " " + ngettext(
            "%(count)s was left out: no rate for its currency, or no amount.",
            "%(count)s were left out: no rate for their currency, or no amount.",
            step.skipped,
        ) % {"count": format_number(step.skipped)}
    return words


def _purged(step: RunStep) -> str:
    if not step.rows_written:
        return _("No uploaded file is old enough.")
    words = ngettext(
        "The files of %(count)s import removed (%(megabytes)s MB).",
        "The files of %(count)s imports removed (%(megabytes)s MB).",
        step.rows_written,
    )
    words += " " + _("What was written stays, but can no longer be undone.")
    return words % {"count": format_number(step.rows_written), "megabytes": step.detail["megabytes"]}


def _snapshot(step: RunStep, today: date) -> str:
    day = format_day(date.fromisoformat(step.detail["day"]), today=today)
    return ngettext(
        "%(count)s open deal kept as the picture of %(day)s.",
        "%(count)s open deals kept as the picture of %(day)s.",
        step.rows_written,
    ) % {"count": format_number(step.rows_written), "day": day}


def _overrides(step: RunStep) -> str:
    kept, ended = (format_number(step.detail[name]) for name in ("kept", "ended"))
    if not step.rows_written:
        return _("No score is set by hand.")
    return _("Set by hand: %(kept)s kept, %(ended)s ended because their time was over.") % {
        "kept": kept,
        "ended": ended,
    }


def _learnt(step: RunStep) -> str:
    detail = step.detail
    if detail.get("error"):
        return _("Learning failed (%(error)s). Scores go by the model that counted before.") % {
            "error": detail["error"]
        }
    if detail.get("queued"):
        return _("%(because)s Learning goes on beside the night; the next one scores by it.") % {
            "because": detail["because"]
        }
    if "version" not in detail:
        return _("Nothing new to learn. %(why)s") % {"why": detail.get("why_not", "")}
    words = _("%(because)s Version %(version)s: %(sentence)s") % {
        "because": detail["because"],
        "version": detail["version"],
        "sentence": detail["sentence"],
    }
    if detail["promoted"]:
        words += " " + _("It counts from now on.")
    else:
        words += " " + _("The version before stays: %(decision)s") % {"decision": detail["decision"]}
    if detail.get("silence"):
        words += " " + _("Who falls silent: %(sentence)s") % {"sentence": detail["silence"]["sentence"]}
    if detail.get("silence_error"):
        words += " " + _("Learning who falls silent failed (%(error)s).") % {"error": detail["silence_error"]}
    return words


def _scores(step: RunStep) -> str:
    detail = step.detail
    words = ngettext("%(count)s account scored.", "%(count)s accounts scored.", step.rows_read) % {
        "count": format_number(step.rows_read)
    }
    words += " " + _(
        "%(positives)s of %(accounts)s bought in the %(days)s days before, so the usual chance is %(percent)s%%."
    ) % {
        "positives": format_number(detail["positives"]),
        "accounts": format_number(detail["accounts"]),
        "days": detail["horizon_days"],
        "percent": format_number(100 * detail["base_rate"]),
    }
    if step.skipped:
        words += " " + ngettext(
            "%(count)s account has amounts in other currencies than %(currency)s; they were not counted.",
            "%(count)s accounts have amounts in other currencies than %(currency)s; they were not counted.",
            step.skipped,
        ) % {"count": format_number(step.skipped), "currency": detail["currency"]}
    return f"{words} {detail.get('note', '')}".strip()


def _values(step: RunStep) -> str:
    words = ngettext("%(count)s account valued.", "%(count)s accounts valued.", step.rows_read) % {
        "count": format_number(step.rows_read)
    }
    if step.detail["margin"] is not None:
        words += " " + _("Of revenue %(percent)s%% is margin.") % {
            "percent": format_number(100 * step.detail["margin"])
        }
    elif step.rows_read:
        words += " " + _("Costs are not known well enough, so money is revenue.")
    return " ".join([words, *step.detail["notes"]])


def _plan(step: RunStep) -> str:
    detail = step.detail
    if not detail["people"]:
        return _("Nobody owns an account, so there is no week to plan.")
    words = ngettext(
        "%(planned)s of %(accounts)s accounts planned into %(hours)s of %(all)s hours of %(people)s person.",
        "%(planned)s of %(accounts)s accounts planned into %(hours)s of %(all)s hours of %(people)s people.",
        detail["people"],
    ) % {
        "planned": format_number(detail["planned"]),
        "accounts": format_number(step.rows_read),
        "hours": format_number(detail["planned_hours"]),
        "all": format_number(detail["hours"]),
        "people": format_number(detail["people"]),
    }
    if detail["lost_minor"]:
        lost = format_money(detail["lost_minor"], detail["currency"], short=True)
        words += " " + _("No plan could bring more than %(lost)s more.") % {"lost": lost}
    return words


def _changes(step: RunStep) -> str:
    if not step.rows_read:
        return _("New scores announced. No account changed its band.")
    return ngettext(
        "New scores announced, and %(count)s account that changed its band.",
        "New scores announced, and %(count)s accounts that changed their band.",
        step.rows_read,
    ) % {"count": format_number(step.rows_read)}


def duration_words(span: timedelta | None) -> str:
    """Return how long something took; below ten seconds to the tenth."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds < 10:
        return _("%(seconds)s\N{NO-BREAK SPACE}s") % {"seconds": format_number(seconds, 1)}
    return format_span(span)


def asked_words(run: Run) -> str:
    """Return who or what began a night."""
    if run.requested_by is not None:
        return _("Asked for by %(name)s.") % {"name": run.requested_by.name}
    return _("By the calendar.") if run.key == run.scheduled_for.isoformat() else _("By command.")


def run_tone(run: Run) -> str:
    """Return the tone of a run's state."""
    return {Run.Status.DONE: "good", Run.Status.FAILED: "bad"}.get(Run.Status(run.status), "info")
