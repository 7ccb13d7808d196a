"""A model as bytes that can run no code: own coefficients as JSON, trees through skops with every type named.

A file is one line that says what it is, one with the SHA-256 of the rest, and deflated JSON. Whatever is wrong with it
(cut off, altered, of another program, of a newer version) ends in ``UnusableModelError`` with a reason, never in a
wrong score: the night then uses the model before or the rules, and says so. The checksum finds damage, not malice;
that a file can do no harm rests on JSON and on ``TRUSTED``.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from coe.scoring.calibration import Curve, Evidence
from coe.scoring.encoding import Encoder
from coe.scoring.learners import BoostedModel, LinearModel, Model
from coe.scoring.selection import Choice, Scorer, State

MAGIC = b"agile-sales-model "
VERSION = 1
LARGEST = 64 * 1024 * 1024
# What skops would otherwise not build. Each is a plain holder of arrays, or a function of scikit-learn that checks
# them; skops looks at what is inside the partial, too.
TRUSTED = (
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)


class UnusableModelError(ValueError):
    """The bytes are no model that can be used here; the text says why."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A scorer with what was known of it when it was made."""

    scorer: Scorer
    code: str
    state: State
    about: Mapping[str, Any]  # rows, positives, window, columns, figures of every candidate, what was left out


def dump(choice: Choice, *, code_version: str) -> bytes:
    """Return the chosen model as bytes, with its window, columns and figures, and the version of the code."""
    scorer = choice.scorer
    body = {
        "code": choice.code,
        "state": choice.state.value,
        "model": _stored(scorer.model),
        "curve": asdict(scorer.curve),
        "shift": scorer.shift,
        "evidence": scorer.evidence.as_json(),
        "about": {
            "code_version": code_version,
            "rows": choice.rows,
            "positives": choice.positives,
            "rate": choice.rate,
            "window": choice.window,
            "split": choice.split,
            "columns": choice.columns,
            "candidates": [asdict(figures) for figures in choice.candidates],
            "left_out": [{"column": one.column, "code": one.code, "why": one.sentence} for one in choice.left_out],
        },
    }
    packed = zlib.compress(json.dumps(body, sort_keys=True).encode(), 6)
    return MAGIC + b"%d\n" % VERSION + hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed


def load(stored: bytes) -> StoredModel:
    """Return the model of these bytes.

    :raises UnusableModelError: if they are damaged, foreign, newer than this code or of another scikit-learn.
    """
    if not stored.startswith(MAGIC):
        raise UnusableModelError("This is no model of ours.")
    first, _, rest = stored.partition(b"\n")
    version = first.removeprefix(MAGIC)
    if not version.isdigit():
        raise UnusableModelError("The model file is damaged: it doesn't say which version it is.")
    if int(version) > VERSION:
        raise UnusableModelError(f"The model file is of version {int(version)}; this code reads up to {VERSION}.")
    checksum, _, packed = rest.partition(b"\n")
    if hashlib.sha256(packed).hexdigest().encode() != checksum:
        raise UnusableModelError("The model file is damaged: its checksum doesn't match.")
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, LARGEST)
        if unpacking.unconsumed_tail:
            raise UnusableModelError("The model file is larger than any model of ours.")
        body = json.loads(text)
        scorer = Scorer(
            model=_restored(body["model"]),
            curve=Curve(**body["curve"]),
            shift=float(body["shift"]),
            evidence=Evidence.from_json(body["evidence"]),
        )
        return StoredModel(scorer, str(body["code"]), State(body["state"]), dict(body["about"]))
    except (zlib.error, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, UnusableModelError):
            raise
        raise UnusableModelError(f"The model file can't be read: {error}") from error


def _stored(model: Model) -> dict[str, Any]:
    if isinstance(model, LinearModel):
        return {
            "kind": model.kind,
            "intercept": model.intercept,
            "slope": model.slope,
            "coefficients": model.coefficients,
            "encoder": model.encoder.as_json(),
        }
    if isinstance(model, BoostedModel):
        import sklearn  # only where trees are stored
        import skops.io

        return {
            "kind": model.kind,
            "encoder": model.encoder.as_json(),
            "sklearn": sklearn.__version__,
            "trees": base64.b64encode(skops.io.dumps(model.trees)).decode(),
        }
    raise TypeError(f"no way is known to store a {type(model).__name__}")


def _restored(stored: Mapping[str, Any]) -> Model:
    encoder = Encoder.from_json(stored["encoder"])
    if stored["kind"] == "linear":
        coefficients = tuple(float(value) for value in stored["coefficients"])
        if len(coefficients) not in (0, len(encoder.labels)):
            raise UnusableModelError("The model file is damaged: its coefficients don't fit its columns.")
        return LinearModel(float(stored["intercept"]), float(stored["slope"]), coefficients, encoder)
    if stored["kind"] != "boosted":
        raise UnusableModelError(f"The model file holds a kind of model that isn't known here: {stored['kind']}.")
    import sklearn  # only where trees are read
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    here = sklearn.__version__
    if stored["sklearn"].split(".")[:2] != here.split(".")[:2]:
        raise UnusableModelError(
            f"The trees were grown by scikit-learn {stored['sklearn']}, here is {here}: learn anew."
        )
    try:
        trees = skops.io.loads(base64.b64decode(stored["trees"], validate=True), trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise UnusableModelError(f"The model file holds something that is no model: {error}") from error
    except Exception as error:
        # skops fails with whatever the first strange byte leads to; all of it means the same.
        raise UnusableModelError(f"The trees of the model file can't be read: {error}") from error
    return BoostedModel(trees=trees, encoder=encoder)
