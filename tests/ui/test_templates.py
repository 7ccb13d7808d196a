"""The rules of templates, styles and scripts, read from the files themselves."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(settings.BASE_DIR)
PARTS = ("agile_sales", "coe", "integrations", "pipeline", "simulation", "tenancy", "ui")
TEMPLATES = sorted(
    path
    for folder in ("templates", *(f"{part}/templates" for part in PARTS))
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".html", ".txt"}
)
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
SAMPLES = ("templates/ui/components.html", "templates/ui/more_components.html")  # show what people would write

FORBIDDEN = {
    "style attribute": r"\sstyle\s*=",
    "event attribute": r"\son[a-z]+\s*=",
    "style element": r"<style\b",
    "inline script": r"<script\b(?![^>]*\bsrc=)",
    "hx-on": r"\bhx-on\b",
    "hx-vars": r"\bhx-vars\b",
    "expression in hx-vals": r"\bjs:|\bjavascript:",
    "filter in hx-trigger": r"hx-trigger\s*=\s*(\"[^\"]*\[|'[^']*\[)",
    "unsafe filter": r"\|\s*safe\b|\|\s*safeseq\b",
    "colour": r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}(?=[\"';\s)])",
    "table head without scope": r"<th(?![^>]*\bscope=)[\s>]",
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_with(pattern: str, path: Path) -> list[str]:
    text = path.read_text()
    return [
        f"{relative(path)}:{text.count(chr(10), 0, found.start()) + 1}: {found.group(0).strip()}"
        for found in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_it_has_no(rule: str) -> None:
    found = [line for path in PAGES for line in lines_with(FORBIDDEN[rule], path)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_it_compiles(path: Path) -> None:
    get_template(path.relative_to(ROOT).as_posix().split("templates/", 1)[1])


def url_names(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield namespace + pattern.name
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from url_names(pattern, inner)


def test_every_address_it_names_exists() -> None:
    known = set(url_names())
    unknown = [
        line
        for path in TEMPLATES
        for line in lines_with(r"\{%\s*url\s+['\"][^'\"]+['\"]", path)
        if line.split("url", 1)[1].strip().strip("'\"") not in known
    ]

    assert not unknown, "\n".join(unknown)


def test_every_target_exists() -> None:
    texts = {path: path.read_text() for path in PAGES}
    ids = {found for text in texts.values() for found in re.findall(r'\sid="([^"{}]+)"', text)}
    missing = [
        f"{relative(path)}: {attribute}=#{target}"
        for path, text in texts.items()
        for attribute, target in re.findall(r'(hx-target|popovertarget|aria-controls)="#?([\w-]+)"', text)
        if target not in ids and target not in {"this", "body"}
    ]

    assert not missing, "\n".join(missing)


def test_every_icon_exists() -> None:
    known = set(re.findall(r'<symbol id="i-([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    used = {
        (name, relative(path))
        for path in PAGES
        for name in re.findall(r"\{%\s*icon\s+['\"](\w+)['\"]", path.read_text())
    }
    badges = {
        (name, relative(path))
        for path in PAGES
        for name in re.findall(r"\{%\s*badge\s+\S+\s+['\"]\w*['\"]\s+['\"](\w+)['\"]", path.read_text())
    }

    assert not {one for one in used | badges if one[0] not in known}


def test_a_download_is_never_boosted() -> None:
    wrong = [
        line
        for path in PAGES
        for line in lines_with(r"<a\b[^>]*\sdownload\b[^>]*>", path)
        if 'hx-boost="false"' not in line
    ]

    assert not wrong, 'HTMX would swap the file into the page; add hx-boost="false":\n' + "\n".join(wrong)


def test_every_word_can_be_translated() -> None:
    found = [line for path in PAGES if relative(path) not in SAMPLES for line in plain_words(path)]

    assert not found, "Words outside {% translate %}:\n" + "\n".join(found)


def plain_words(path: Path) -> Iterator[str]:
    """Find text between tags, and in the attributes that people read, which no template tag makes."""
    text = path.read_text()
    blank = lambda found: re.sub(r"[^\n]", " ", found.group(0))  # noqa: E731 - keeps the line numbers
    for pattern in (
        r"\{%\s*comment.*?endcomment\s*%\}",
        r"\{#.*?#\}",
        r"\{%\s*blocktranslate.*?endblocktranslate\s*%\}",
        r"<kbd\b.*?</kbd>",
        r"<(svg|script|template data-raw)\b.*?</\1>",
        r"<!doctype[^>]*>",
    ):
        text = re.sub(pattern, blank, text, flags=re.DOTALL)
    text = re.sub(r"\{[{%].*?[%}]\}", blank, text, flags=re.DOTALL)
    read_aloud = r"(?:aria-label|placeholder|title|alt|data-busy)=([\"'])([^\"']*[A-Za-z]{2}[^\"']*)\1"
    for found in re.finditer(read_aloud, text):
        yield f"{relative(path)}:{text.count(chr(10), 0, found.start()) + 1}: {found.group(2).strip()}"
    bare = re.sub(r"<[^>]*>", blank, text, flags=re.DOTALL)
    for number, line in enumerate(bare.splitlines(), 1):
        words = re.sub(r"&\w+;", " ", line)
        if re.search(r"[A-Za-z]{2}", words):
            yield f"{relative(path)}:{number}: {words.strip()}"


def test_only_three_files_mark_text_as_safe() -> None:
    allowed = {"ui/charts.py", "ui/flows.py", "ui/templatetags/ui.py"}
    wrong = [
        line
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        if relative(path) not in allowed
        for line in lines_with(r"\bmark_safe\b|\bSafeString\(|\bSafeText\(", path)
    ]

    assert not wrong, "\n".join(wrong)


def test_colours_live_in_the_tokens() -> None:
    files = [*(ROOT / "static/css").glob("*.css"), *(ROOT / "static/js").glob("*.js")]
    wrong = [
        line
        for path in files
        if path.name != "tokens.css"
        for line in lines_with(r"#[0-9a-fA-F]{3,8}\b(?![\w-]*\s*\{)|\brgba?\(|\bhsla?\(", path)
    ]

    assert not wrong, "\n".join(wrong)


def test_scripts_make_no_code_of_text() -> None:
    wrong = [
        line
        for path in (ROOT / "static/js").glob("*.js")
        for line in lines_with(r"\beval\(|\bnew Function\b|document\.write\b|insertAdjacentHTML|\.outerHTML\s*=", path)
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("pattern", "limit_kb"),
    [("css/*.css", 16), ("icons.svg", 6)],
    ids=["styles", "icons"],
)
def test_it_stays_light(pattern: str, limit_kb: int) -> None:
    together = b"".join(path.read_bytes() for path in sorted((ROOT / "static").glob(pattern)))

    assert len(gzip.compress(together, 9)) <= limit_kb * 1024


def test_the_scripts_of_every_page_stay_light_and_so_does_each_that_comes_later() -> None:
    base = (ROOT / "templates/base.html").read_text()
    everywhere = [path for path in sorted((ROOT / "static/js").glob("*.js")) if f"js/{path.name}" in base]
    later = [path for path in sorted((ROOT / "static/js").glob("*.js")) if path not in everywhere]

    assert len(everywhere) >= 6
    assert len(gzip.compress(b"".join(path.read_bytes() for path in everywhere), 9)) <= 8 * 1024
    assert {path.name for path in later if len(gzip.compress(path.read_bytes(), 9)) > 3 * 1024} == set()
