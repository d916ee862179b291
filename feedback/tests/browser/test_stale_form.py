"""A form of the admin whose page was open while somebody signed in anew: nothing typed is lost."""

from playwright.sync_api import expect

from feedback.tests.browser.conftest import NewScreen
from feedback.tests.browser.test_review_accessibility import violations


def test_what_was_typed_is_sent_once_more(new_screen: NewScreen) -> None:
    screen = new_screen().review("stale")
    item = screen.card.locator("a[href*='/change/']").first.get_attribute("href")
    screen.press("a")
    screen.settle()
    screen.expected = "403"
    page = screen.page
    page.goto(f"{screen.origin}{item}")
    page.locator("[name=reason]").fill("it is a <6>")
    screen.context.clear_cookies(name="csrftoken")
    page.locator("form:has([name=reason]) [type=submit]").click()
    expect(page.locator("h1")).to_have_text("This form was not accepted")
    expect(page.locator("[name=reason]")).to_have_value("it is a <6>")
    assert not violations(screen)
    page.get_by_role("button", name="Send it once more").click()
    expect(page.locator("body")).to_contain_text("it is a <6>")
