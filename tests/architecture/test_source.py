"""Laws of the source tree that no linter knows."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINE_CEILING = 420


def packages() -> list[str]:
    """Return the top packages that ship (not the tests)."""
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    return sorted(found - {"tests", "benchmarks"})


def sources(*endings: str) -> Iterator[Path]:
    """Yield the files that we wrote."""
    for folder in [*packages(), "tests", "templates", "static", "benchmarks"]:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and "0001_initial" not in path.name:
                yield path


def test_files_stay_small_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(".py", ".html", ".js")
        if (lines := len(path.read_text().splitlines())) > LINE_CEILING
    }

    assert long == {}


def test_no_file_is_named_after_nothing() -> None:
    nothing = {"utils.py", "helpers.py", "common.py", "misc.py", "core.py"}

    assert [str(path) for path in sources(".py") if path.name in nothing] == []


def test_every_package_has_its_place_in_the_line_of_imports() -> None:
    linter = PYPROJECT["tool"]["importlinter"]
    line = next(contract for contract in linter["contracts"] if contract["id"] == "line")

    assert sorted(linter["root_packages"]) == packages()
    assert set(packages()) <= {layer.strip("()") for layer in line["layers"]}


def queued_names() -> Iterator[tuple[str, str]]:
    """Yield each task name that the code queues by text, with the file."""
    for path in sources(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("enqueue", "send_task") and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), str(path.relative_to(ROOT))


def test_every_queued_name_is_a_registered_task() -> None:
    current_app.loader.import_default_modules()
    queued = {name: file for name, file in queued_names() if not file.startswith("tests/")}

    assert queued
    assert {name: file for name, file in queued.items() if name not in current_app.tasks} == {}


def commands() -> list[str]:
    """Return the management commands that we wrote."""
    return sorted(
        path.stem
        for path in ROOT.glob("*/management/commands/*.py")
        if path.stem != "__init__" and "tests" not in path.parts
    )


@pytest.mark.parametrize("command", commands())
def test_every_command_is_used_by_a_test(command: str) -> None:
    here = Path(__file__)
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != here]

    assert any(f'"{command}"' in path.read_text() or f"manage.py {command}" in path.read_text() for path in tests)
