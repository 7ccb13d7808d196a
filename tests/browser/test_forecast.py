"""The forecast by key alone, and on the narrowest phone."""

from collections.abc import Callable

from playwright.sync_api import expect

from pipeline.models import ForecastSubmission
from tenancy.scoping import organization_scope
from tests.browser.conftest import Window
from tests.browser.customer_pages import a_forecast
from tests.cast import Cast

Open = Callable[..., Window]


def test_rows_open_and_close_and_a_number_is_submitted_by_key(people: Cast, open_window: Open) -> None:
    address = a_forecast(people)
    window = open_window(people.sil)
    window.open(address)
    page = window.page
    rui = page.get_by_role("row", name="Rui Prado")
    expect(rui).to_be_visible()

    marked = page.locator("tr.cur")  # comes back when the new rows have settled

    page.keyboard.press("j")
    page.keyboard.press("ArrowLeft")
    expect(rui).to_have_count(0)
    expect(marked).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(rui).to_be_visible()
    expect(marked).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rui Prado, Q")).to_be_visible()
    commit = page.get_by_label("Committed, with what is won")
    commit.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("350000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Say why: it adds up to €380,000 committed")).to_be_visible()
    page.get_by_label("Why another number").focus()
    page.keyboard.type("Half of it slips")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The forecast of Rui Prado is submitted.")).to_be_visible()

    with organization_scope(people.acme):
        newest = ForecastSubmission.objects.filter(member=people.rui).latest("submitted_at")
        assert (newest.commit_minor, newest.submitted_by_id) == (35_000_000, people.sil.pk)


def test_the_grid_works_at_360_px(people: Cast, open_window: Open) -> None:
    window = open_window(people.lena)
    window.resize({"width": 360, "height": 740})
    window.open(a_forecast(people))
    page = window.page

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="Rows below Mobility").click()
    expect(page.get_by_role("link", name="Rui Prado")).to_have_count(0)
    page.get_by_role("link", name="Rows below Mobility").click()
    page.get_by_role("link", name="Rui Prado").click()
    expect(page.get_by_role("button", name="Submit")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.get_by_role("link", name="Rows below Mobility").bounding_box()
    assert box is not None
    frame = page.locator(".tablewrap").bounding_box()
    assert frame is not None
    assert box["x"] + box["width"] <= frame["x"] + frame["width"]  # else it is cut off
    assert min(box["width"], box["height"]) >= 24
