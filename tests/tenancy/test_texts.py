"""What a text may hold, what a web address is, which days can be meant: the rules behind every door."""

from datetime import date

import pytest

from tenancy.likely_days import HAPPENED, PLANNED, UnlikelyDay, likely_day
from tenancy.texts import UnfitText, clean_text
from tenancy.web_addresses import NoWebAddress, web_address


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Velora  ", "Velora"),
        ("Mu\u0308ller", "Müller"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("\u200bVelora\ufeff \u2060", "Velora"),
        ("Acme\tDrives", "Acme Drives"),
        ("محمد\u200cی", "محمد\u200cی"),
        ("👩\u200d🔧", "👩\u200d🔧"),
        ("(!)", "(!)"),
        ("七", "七"),
    ],
)
def test_a_text_is_kept_as_it_was_meant(given: str, kept: str) -> None:
    assert clean_text(given) == clean_text(kept) == kept


@pytest.mark.parametrize(
    "nothing",
    [
        *("", "  ", "\u200b", "\u00a0", "\u200d\u200c", "\u3164"),
        *("\u2800", "\u202e", "\ufe0f", "\u0301", "\U000e0041"),
    ],
)
def test_a_text_of_which_nothing_is_seen_is_empty(nothing: str) -> None:
    assert clean_text(nothing) == clean_text(nothing, lines=True) == ""


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9f"])
def test_control_characters_are_refused_by_name(control: str) -> None:
    with pytest.raises(UnfitText, match=f"U\\+00{ord(control):02X}: remove it"):
        clean_text(f"Velora{control}Bikes", lines=True)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\u2029"])
def test_only_texts_of_several_lines_have_ends_of_lines(end: str) -> None:
    assert clean_text(f"one{end}two", lines=True) == f"one{end}two"
    with pytest.raises(UnfitText, match="line break"):
        clean_text(f"one{end}two")


@pytest.mark.parametrize(
    "address",
    [
        *("velora.example", "www.velora.example", "http://velora.example", "HTTPS://Velora.example:8443/de?a=1#top"),
        *("bücher.example", "xn--bcher-kva.example", "a-b.co.uk/path", "例え.テスト"),
    ],
)
def test_a_host_name_is_a_web_address_with_its_scheme_or_without(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    "nonsense",
    [
        *("javascript:alert(1)", "JavaScript:alert(1)//velora.example", "data:text/html,<b>", "vbscript:x"),
        *("ftp://velora.example", "mailto:a@velora.example", "file:///etc/passwd", "//velora.example", "https://"),
        *("velora", "see below", "-a.example", "a b.example", "http://velora.example/<script>"),
        *("https://user@velora.example", "http://java script:1", "a..example", "https://javascript:alert(1)"),
        *("1.2", "10.0.0.1", "velora.example\nx", "x" * 400 + ".example"),
    ],
)
def test_any_other_scheme_and_nonsense_is_none(nonsense: str) -> None:
    with pytest.raises(NoWebAddress, match="web address such as"):
        web_address(nonsense)


@pytest.mark.parametrize(
    ("day", "years_ahead", "can_be"),
    [
        (date(1, 1, 1), PLANNED, False),
        (date(1899, 12, 31), PLANNED, False),
        (date(1900, 1, 1), PLANNED, True),
        (date(2027, 12, 31), HAPPENED, True),
        (date(2028, 1, 1), HAPPENED, False),
        (date(2046, 12, 31), PLANNED, True),
        (date(9999, 12, 31), PLANNED, False),
    ],
)
def test_a_day_that_nobody_can_mean_is_refused_with_those_that_can(day: date, years_ahead: int, can_be: bool) -> None:
    today = date(2026, 11, 23)
    if can_be:
        assert likely_day(day, today=today, years_ahead=years_ahead) == day
    else:
        with pytest.raises(UnlikelyDay, match=r"takes a day from 1900-01-01 to 20[24][67]-12-31"):
            likely_day(day, today=today, years_ahead=years_ahead)
