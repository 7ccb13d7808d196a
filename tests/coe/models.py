"""Versions of models with figures, made without learning: for the pages that show them."""

import datetime
from typing import Any

from coe.models import TrainedModel
from tenancy.models import Organization
from tests.coe.records import NOW


def a_figure(value: float, low: float | None = None, high: float | None = None, why: str = "") -> dict[str, Any]:
    """A figure as it is kept."""
    return {"value": value, "low": low, "high": high, "why": why}


def a_segment(name: str, rows: int, said: float, came: float, held: str) -> dict[str, Any]:
    """What was said of a segment and what came."""
    return {
        "name": name,
        "rows": rows,
        "positives": round(rows * came),
        "expected": rows * said,
        "observed_over_expected": a_figure(came / said, 0.8 * came / said, 1.2 * came / said),
        "auc": a_figure(0.7),
        "held": held,
        "said": said,
        "came": came,
        "bins": [
            {"rows": rows // 2, "positives": 1, "said": s, "came": s * came / said, "low": 0.0, "high": 0.5}
            for s in (0.1, 0.3)
        ],
    }


METRICS: dict[str, Any] = {
    "rows": 2214,
    "positives": 310,
    "auc": a_figure(0.81, 0.78, 0.83),
    "lift_10": a_figure(3.4, 2.9, 3.8),
    "lift_20": a_figure(2.6, 2.3, 2.9),
    "capture_10": a_figure(0.34, 0.29, 0.38),
    "log_loss": a_figure(0.3321),
    "base_log_loss": a_figure(0.4051),
    "gain": a_figure(0.073, 0.061, 0.084),
    "brier": a_figure(0.0981),
    "calibration_slope": a_figure(0.97),
    "ece_beyond_chance": a_figure(0.023),
    "observed_over_expected": a_figure(1.02, 0.91, 1.14),
    "bins": [
        {"rows": 221, "positives": 4 * i, "said": 0.05 * i, "came": 0.05 * i + 0.01, "low": 0.04 * i, "high": 0.07 * i}
        for i in range(1, 11)
    ],
    "folds": [
        {
            "start": f"2025-{1 + 3 * i:02}-01",
            "end": f"2025-{3 + 3 * i:02}-28",
            "rows": 738,
            "positives": 100 + i,
            "log_loss": 0.33 + i / 100,
            "base_log_loss": 0.405,
            "gain": a_figure(0.075 - i / 100, 0.06 - i / 20, 0.09 - i / 100),
            "lift_10": a_figure(3.4 - i / 10, 2.5, 4.2),
        }
        for i in range(3)
    ],
    "by": {
        "segment": [
            a_segment("small", 640, 0.21, 0.22, "holds"),
            a_segment("key", 412, 0.46, 0.31, "too_sure"),
            a_segment("medium", 57, 0.2, 0.15, "thin_data"),
        ],
        "territory": [a_segment("North", 1100, 0.2, 0.24, "too_cautious")],
    },
}


def a_model(organization: Organization, version: int = 1, **changed: Any) -> TrainedModel:
    """A version, live unless something else is said."""
    values: dict[str, Any] = {
        "purpose": "account_purchase",
        "status": "champion",
        "state": "rules_corrected",
        "sentence": "Rules corrected by 310 outcomes.",
        "method": "card_correction_30",
        "split": "time",
        "horizon_days": 90,
        "window_start": NOW.date() - datetime.timedelta(days=720),
        "window_end": NOW.date() - datetime.timedelta(days=97),
        "rows": 2214,
        "positives": 310,
        "base_rate": 0.14,
        "left_out": [{"column": "won_at", "code": "leak", "why": "won_at is filled only when the outcome is known."}],
        "not_tried": ["Gradient boosting needs 400 outcomes."],
        "candidates": [
            {
                "code": "base_rate",
                "curve": "",
                "log_loss": 0.4051,
                "brier": 0.12,
                "auc": 0.5,
                "gain": 0,
                "gain_error": 0,
            },
            {
                "code": "card_correction_30",
                "curve": "",
                "log_loss": 0.3321,
                "brier": 0.0981,
                "auc": 0.81,
                "gain": 0.073,
                "gain_error": 0.006,
            },
        ],
        "metrics": METRICS,
        "code_version": "test",
        "trained_at": NOW - datetime.timedelta(days=42 - version),
        "trained_because": "A week has passed.",
        "active_from": NOW - datetime.timedelta(days=42 - version),
        "trained_until": NOW - datetime.timedelta(days=42 - version),
        **changed,
    }
    known = {field.name for field in TrainedModel._meta.fields}
    kept = {name: value for name, value in values.items() if name in known}
    made: TrainedModel = TrainedModel.objects.create(organization=organization, version=version, **kept)
    return made


def three_versions(organization: Organization) -> list[TrainedModel]:
    """One that was live, one that is, and one that the rule has held back."""
    judged = {"gain": 0.004, "gain_error": 0.003, "log_loss": 0.3281, "other_log_loss": 0.3321, "against": "version 2"}
    judged |= {"brier": 0.0975, "other_brier": 0.0981, "auc": 0.815, "other_auc": 0.81, "basis": "folds"}
    return [
        a_model(organization, 1, status="retired", retired_at=NOW),
        a_model(organization, 2, decision="It is better: log-loss 0.3321 against 0.3400 of version 1."),
        a_model(
            organization,
            3,
            status="challenger",
            active_from=None,
            comparison=judged,
            decision="A more complex method must be clearly better, and it is not.",
        ),
    ]
