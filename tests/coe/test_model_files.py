"""Stored models: the same to the bit, and no file can do harm or give a wrong score."""

import base64
import hashlib
import json
import pickle
import zlib

import numpy as np
import pytest

from coe.scoring.learners import Boosting, Outcomes
from coe.scoring.model_files import UnusableModelError, dump, load
from coe.scoring.selection import State, choose_model
from tests.coe.learning import company


def stored():
    table, y, _ = company(300, seed=1)
    choice = choose_model(table, y)
    return table, choice, dump(choice, code_version="1.2.3")


def boosted():
    from dataclasses import replace

    from coe.scoring.selection import Scorer

    table, y, _ = company(300, seed=2)
    choice = choose_model(table, y)
    choice = replace(choice, scorer=Scorer(Boosting(20).fit(Outcomes(table, y))), code="boosting")
    return table, choice, dump(choice, code_version="1.2.3")


@pytest.mark.parametrize("make", [stored, boosted])
def test_a_stored_model_scores_the_same_to_the_bit(make):
    table, choice, file = make()

    model = load(file)

    assert model.scorer.probabilities(table).tobytes() == choice.scorer.probabilities(table).tobytes()
    assert model.scorer.interval(0.3) == choice.scorer.interval(0.3)
    assert (model.code, model.state) == (choice.code, State.LEARNED)
    assert model.about["code_version"] == "1.2.3"
    assert model.about["rows"] == 300
    assert model.about["candidates"][0]["code"] == "base_rate"
    assert "Visited" in model.about["columns"]


def rewritten(file, change):
    """Return the file with another body and a checksum that fits."""
    first, _, rest = file.partition(b"\n")
    body = json.loads(zlib.decompress(rest.partition(b"\n")[2]))
    change(body)
    packed = zlib.compress(json.dumps(body).encode())
    return first + b"\n" + hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed


def test_what_is_no_model_of_ours_is_refused_with_a_reason():
    _, _, file = stored()
    middle = len(file) // 2
    for broken, why in (
        (b"", "no model of ours"),
        (pickle.dumps({"model": 1}), "no model of ours"),
        (file[:middle], "damaged"),
        (file[:middle] + bytes([file[middle] ^ 1]) + file[middle + 1 :], "damaged"),
        (file.replace(b"model 1\n", b"model 99\n", 1), "version 99"),
        (file.replace(b"model 1\n", b"model x\n", 1), "damaged"),
        (rewritten(file, lambda body: body.pop("curve")), "can't be read"),
        (rewritten(file, lambda body: body["model"].update(kind="deep")), "isn't known here"),
        (rewritten(file, lambda body: body["model"]["coefficients"].pop()), "don't fit"),
    ):
        with pytest.raises(UnusableModelError, match=why):
            load(broken)


class Harm:
    """What a pickle would run."""

    def __reduce__(self):
        return (print, ("harm",))


def test_trees_that_hold_something_else_are_refused(capsys):
    import skops.io

    _, _, file = boosted()

    def smuggle(body):
        body["model"]["trees"] = base64.b64encode(skops.io.dumps({"x": Harm()})).decode()

    with pytest.raises(UnusableModelError):
        load(rewritten(file, smuggle))
    with pytest.raises(UnusableModelError, match="can't be read"):
        load(rewritten(file, lambda body: body["model"].update(trees="AAAA")))
    with pytest.raises(UnusableModelError, match="learn anew"):
        load(rewritten(file, lambda body: body["model"].update(sklearn="0.9.1")))
    assert capsys.readouterr().out == ""


def test_an_unknown_category_of_a_later_file_is_no_failure():
    from coe.scoring.table import read_table

    _, choice, file = stored()
    later = read_table({"Region": ["Mars"], "Visited": ["perhaps"], "number 0": ["many"]})

    assert np.isfinite(load(file).scorer.log_odds(later)).all()
    assert choice.columns
