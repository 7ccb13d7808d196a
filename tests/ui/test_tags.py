"""The small parts of pages: what they draw, and that text of people stays text."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

EVIL = "<script>alert(1)</script>\" onmouseover='x'"


def drawn(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    "source",
    [
        "{% avatar evil %}",
        "{% avatars people %}",
        "{% badge evil %}",
        "{% bar 3 label=evil %}",
        "{% ring 3 label=evil %}",
        "{% score 3 word=evil popover='p' about=evil %}",
        "{% score 3 word=evil url=evil about=evil %}",
        "{% delta evil 'up' %}",
        "{% spark trend label=evil %}",
        "{% money 3 evil %}",
        "{% why 'p' evil reasons headline=evil note=evil %}",
        "{% field form.name %}",
        "{% form_errors form %}",
        "{% filter_chip 'q' evil evil %}",
        "{% nothing evil evil action=evil url=evil %}",
        "{% sort_header 'name' evil %}",
        "{% pager after=evil words=evil %}",
    ],
)
def test_text_of_people_stays_text(source: str) -> None:
    class Form(forms.Form):
        name = forms.CharField(label=EVIL, help_text=EVIL)

    form = Form({"name": EVIL})
    form.add_error(None, EVIL)
    html = drawn(
        source,
        evil=EVIL,
        people=[SimpleNamespace(name=EVIL, pk=1)],
        trend=[1, 2],
        reasons=[{"text": EVIL, "points": 1, "url": EVIL}],
        form=form,
        request=RequestFactory().get("/", {"q": EVIL}),
    )

    assert "<script>" not in html
    assert "onmouseover='" not in html


def test_the_hue_is_always_the_same_for_the_same_id() -> None:
    key = UUID("0192b3c4-0000-7000-8000-000000000007")

    assert drawn("{% avatar 'Mara' key %}", key=key) == drawn("{% avatar 'Mara' key %}", key=key)
    assert f't{key.int % 5 + 1}"' in drawn("{% avatar 'Mara' key %}", key=key)


def test_a_share_beyond_its_scale_is_drawn_at_its_end() -> None:
    assert 'width="100.0" height="6"' in drawn("{% bar 140 %}")
    assert 'width="0.0" height="6"' in drawn("{% bar -3 %}")


def test_what_was_not_measured_is_hollow_and_says_so() -> None:
    assert "not measured" in drawn("{% ring None %}")
    assert "not scored" in drawn("{% score None %}")


@pytest.mark.parametrize(("change", "word"), [(9, "up 9"), (-4, "down 4")])
def test_a_score_says_its_change(change: int, word: str) -> None:
    assert f"<small>{word}</small>" in drawn("{% score 82 change=change %}", change=change)


def test_a_score_without_change_has_no_word() -> None:
    assert "<small>" not in drawn("{% score 82 change=0 %}")


def test_a_score_with_a_page_is_a_link_that_names_what_it_explains() -> None:
    html = drawn("{% score 82 url='/x/' about='Velora' %}")

    assert html.startswith("<a")
    assert 'href="/x/" data-peek="why"' in html
    assert "Explain score of Velora: 82" in html


def test_a_score_with_reasons_is_a_button_that_names_what_it_explains() -> None:
    html = drawn("{% score 82 popover='why-1' about='Velora' %}")

    assert html.startswith("<button")
    assert 'popovertarget="why-1"' in html
    assert "Explain score of Velora" in html


def test_reasons_have_sign_bar_and_link() -> None:
    reasons = [{"text": "Asked for a price", "points": 1.1, "url": "/x/"}, {"text": "Late", "points": -0.55}]

    html = drawn("{% why 'why-1' 'Why 82' reasons %}", reasons=reasons)

    assert "+1.1" in html
    assert "−0.6" in html
    assert 'href="/x/"' in html
    assert 'class="neg" x="19.0" y="2" width="17.0"' in html


def test_a_trend_of_one_value_is_no_trend() -> None:
    assert drawn("{% spark trend %}", trend=[3]) == ""


def test_a_flat_trend_lies_in_the_middle() -> None:
    assert "M2.5 14.0 L85.5 14.0" in drawn("{% spark trend %}", trend=[3, 3])


class DealForm(forms.Form):
    name = forms.CharField(help_text="Shown on quotes")
    closes = forms.DateField(required=False)
    stage = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    tell = forms.BooleanField(required=False)


def test_a_hint_is_tied_to_its_control() -> None:
    html = drawn("{% field form.name %}", form=DealForm())

    assert 'aria-describedby="id_name-hint"' in html
    assert 'id="id_name-hint" class="hint"' in html
    assert '<label for="id_name">' in html


def test_an_error_takes_the_place_of_the_hint() -> None:
    html = drawn("{% field form.name %}", form=DealForm({}))

    assert "Shown on quotes" not in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name-error"' in html
    assert html.count("id_name-error") == 2


def test_what_may_be_empty_says_so() -> None:
    assert "optional" in drawn("{% field form.closes %}", form=DealForm())
    assert "optional" not in drawn("{% field form.name %}", form=DealForm())


def test_choices_are_a_group_with_a_legend() -> None:
    html = drawn("{% field form.stage %}", form=DealForm())

    assert "<fieldset" in html
    assert "<legend" in html
    assert html.count('type="radio"') == 2


@pytest.mark.parametrize(
    ("query", "first", "url", "direction"),
    [
        ({}, "asc", "?sort=name", ""),
        ({}, "desc", "?sort=-name", ""),
        ({"sort": "name"}, "asc", "?sort=-name", 'aria-sort="ascending"'),
        ({"sort": "-name"}, "asc", "?sort=name", 'aria-sort="descending"'),
        ({"sort": "size", "q": "x", "after": "c"}, "asc", "?sort=name&amp;q=x", ""),
    ],
)
def test_a_head_sorts_and_starts_at_the_first_page(query: dict[str, str], first: str, url: str, direction: str) -> None:
    request = RequestFactory().get("/", query)

    html = drawn("{% sort_header 'name' 'Name' first=first %}", request=request, first=first)

    assert f'href="{url}"' in html
    assert direction in html


def test_a_chip_takes_only_its_own_filter_off() -> None:
    request = RequestFactory().get("/", {"owner": "mara", "segment": "key", "after": "c"})

    assert 'href="?segment=key"' in drawn("{% filter_chip 'owner' 'Owner' 'Mara' %}", request=request)


def test_an_unknown_tone_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown tone"):
        drawn("{% badge 'x' 'purple' %}")
