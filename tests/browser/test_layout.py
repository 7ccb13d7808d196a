"""What stands where: long values stay in their boxes, labels beside values, nothing covers what can be pressed."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tenancy.models import Member
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.browser.import_pages import long_cells
from tests.cast import Cast
from tests.pipeline.records import an_account, an_order

Open = Callable[..., Window]

SPILLED = """() => [...document.querySelectorAll('.card')]
    .filter(card => card.scrollWidth > card.clientWidth + 1)
    .map(card => card.innerText.slice(0, 80))"""


def covered(page: Page, above: str, below: str) -> bool:
    """Return whether the box of one part lies over the box of another."""
    one, other = page.locator(above).bounding_box(), page.locator(below).bounding_box()
    assert one is not None
    assert other is not None
    apart = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    return not apart


def test_a_page_with_little_on_it_does_not_scroll(people: Cast, open_window: Open) -> None:
    window = open_window(people.ada)
    window.open("/acme/imports/new/")

    room, height = window.page.evaluate("() => [innerHeight, document.documentElement.scrollHeight]")
    assert height <= room


def test_a_long_cell_of_a_file_stays_in_its_box(people: Cast, open_window: Open) -> None:
    window = open_window(people.ada)
    window.open(long_cells(people))

    expect(window.page.locator(".errs").get_by_text("x" * 100)).to_be_visible()
    assert window.page.evaluate(SPILLED) == []
    window.assert_no_sideways_scroll()


def test_a_long_address_stays_on_the_card_of_a_member(people: Cast, open_window: Open) -> None:
    with organization_scope(people.acme):
        Member.objects.filter(pk=people.rui.pk).update(email="a.rather.long.address@of-a-long-company.example")
    window = open_window(people.ada)
    window.open(f"/acme/members/{people.rui.pk}/")

    expect(window.page.get_by_text("a.rather.long.address@")).to_be_visible()
    assert window.page.evaluate(SPILLED) == []
    label, address = window.page.evaluate(
        """() => {
            const range = document.createRange(), labels = [...document.querySelectorAll('dt')];
            const label = labels.find(one => one.innerText === 'Email');
            return [label, label.nextElementSibling].map(part => {
                const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
                range.selectNode(texts.nextNode());
                return range.getClientRects()[0].top;
            });
        }"""
    )
    assert abs(label - address) <= 1


def test_a_long_name_pushes_no_column_out_of_a_list(people: Cast, open_window: Open) -> None:
    name = "Gesellschaft für Antriebs- und Fördertechnik " * 6
    with organization_scope(people.acme):
        an_order(people.acme, an_account(people.acme, people.rui, name=name.strip()))
    window = open_window(people.rui)
    for path in ("/acme/accounts/", "/acme/orders/"):
        window.open(path)

        table = window.page.locator(".tablewrap")
        assert table.evaluate("table => table.scrollWidth - table.clientWidth") <= 0, path
        window.assert_no_violations()


def test_what_is_said_covers_no_key_of_the_bar(people: Cast, open_window: Open) -> None:
    with organization_scope(people.acme):
        for number in range(12):
            an_account(people.acme, people.rui, name=f"Velora {number}")
    for look in ("light", "phone"):
        window = open_window(people.rui, look=look)
        page = window.page
        page.set_viewport_size({"width": 1440 if look == "light" else 390, "height": 500})
        window.open("/acme/accounts/")
        page.locator("tbody input[type=checkbox]").first.check()
        page.evaluate("() => document.dispatchEvent(new CustomEvent('toast', { detail: 'View “Mine” saved.' }))")

        expect(page.locator(".toast")).to_be_visible()
        assert not covered(page, ".toast", ".bulk")
