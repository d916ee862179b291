"""The queue by keyboard alone."""

import re

from playwright.sync_api import Route

from feedback.tests.browser.conftest import NewScreen
from feedback.tests.browser.screen import Screen


def test_thirty_decisions_by_keys_alone(new_screen: NewScreen) -> None:
    screen = new_screen().review("pace")
    waiting, decided = screen.waiting, []
    for number in range(30):
        decided.append(screen.current)
        match number % 3:
            case 0:
                screen.press_and_see_the_next("a")
            case 1:
                screen.press_and_see_the_next("r")
            case 2:
                screen.press_and_see_the_next("l", "7")
    screen.settle()
    assert len(set(decided)) == 30
    assert screen.waiting == waiting - 30
    assert screen.status(decided[0]) == "approved"
    assert screen.status(decided[1]) == "rejected"
    assert screen.status(decided[29]) == "approved"


def test_the_next_card_is_there_before_the_server_has_answered(new_screen: NewScreen) -> None:
    screen = new_screen().review("ahead")
    held: list[Route] = []
    # A lambda, because Playwright cannot wrap a method of a list.
    screen.page.route("**/decide/**", lambda route: held.append(route))  # noqa: PLW0108
    first, second, third = screen.strip()[:3]
    screen.settle()  # what comes next is fetched ahead
    screen.press("a")
    screen.wait_for_item(second)
    screen.press("r")
    screen.wait_for_item(third)
    screen.wait(lambda: held, "the request")
    held.pop().continue_()
    screen.wait(lambda: held, "the request after it")  # only now: they are sent in order
    held.pop().continue_()
    screen.settle()
    assert [screen.status(pk) for pk in (first, second)] == ["approved", "rejected"]


def test_symbols_act_only_after_l(new_screen: NewScreen) -> None:
    screen = new_screen().review("labels")
    first = screen.current
    screen.press(*"0123456789bcdefghimnoqtwyz")
    screen.page.wait_for_timeout(100)
    assert screen.current == first
    assert screen.status(first) == "pending"
    screen.press("l")
    assert screen.page.locator("#symbols").is_visible()
    screen.press("Escape")
    assert not screen.page.locator("#symbols").is_visible()
    assert screen.current == first
    for label in ("a", "r"):  # each is a command when it does not follow L
        now = screen.current
        screen.press_and_see_the_next("l", label)
        screen.settle()
        assert screen.status(now) == "approved"
        assert f"as {label}" in screen.said or "Approved." in screen.said


def test_undo_brings_back_what_was_decided(new_screen: NewScreen) -> None:
    screen = new_screen().review("undo")
    order = screen.strip()
    for key in ("a", "r", "a"):
        screen.press_and_see_the_next(key)
    for expected in (order[2], order[1], order[0]):
        screen.press("u")
        screen.wait_for_item(expected)
    screen.settle()
    assert screen.strip() == order
    assert {screen.status(pk) for pk in order[:3]} == {"pending"}
    screen.press("u")
    screen.wait(lambda: screen.said == "Nothing to undo.", "the answer")


def test_keys_are_asleep_outside_and_when_switched_off(new_screen: NewScreen) -> None:
    screen = new_screen().review("asleep")
    first = screen.current
    hint = screen.page.locator(".asleep")
    assert not hint.is_visible()
    screen.page.locator("#help-button").focus()
    screen.press("a")
    assert screen.current == first
    assert hint.is_visible()
    screen.page.locator("#keys").uncheck()
    screen.page.locator("#review").focus()
    screen.press("a")
    screen.page.wait_for_timeout(100)
    assert screen.current == first
    screen.page.reload()
    screen.card.wait_for()
    assert not screen.page.locator("#keys").is_checked()
    screen.page.locator("#wake").click()
    screen.press_and_see_the_next("a")


def test_a_switch_by_mouse_leaves_the_keys_awake_and_by_tab_the_focus(
    new_screen: NewScreen,
) -> None:
    screen = new_screen().review("asleep")
    box = screen.page.locator("#blind")
    for press in (box.click, screen.page.get_by_text("Blind", exact=True).click):
        press()
        assert not screen.page.locator(".asleep").is_visible()
    assert not box.is_checked()
    box.focus()
    screen.press("Space")
    assert box.is_checked()
    assert box.evaluate("box => box === document.activeElement")
    screen.press("Space")


def test_what_a_card_tells_of_others_is_as_of_the_last_decision(new_screen: NewScreen) -> None:
    screen = new_screen().review("fresh")
    record = screen.page.locator("#place .facts")
    screen.settle()  # what comes next is fetched ahead
    screen.press_and_see_the_next("a")
    screen.wait(lambda: "100 % of 1 approved" in record.inner_text(), "the record")
    screen.press_and_see_the_next("r")
    screen.wait(lambda: "50 % of 2 approved" in record.inner_text(), "the record after it")


def test_a_selection_is_decided_at_once(new_screen: NewScreen) -> None:
    screen = new_screen().review("select")
    order = screen.strip()
    screen.press("x", "j", "j", "x", "ArrowRight", "k")
    assert screen.page.locator("#selected-count").inner_text() == "2 selected"
    screen.press("Shift+R")
    screen.wait(lambda: order[0] not in screen.strip(), "the strip")
    screen.settle()
    assert [screen.status(pk) for pk in order[:4]] == ["rejected", "pending", "rejected", "pending"]
    assert "Rejected 2 items" in screen.said
    screen.press("u")
    screen.wait(lambda: screen.strip() == order, "both to come back")


def test_filter_and_help_open_and_give_the_focus_back(new_screen: NewScreen) -> None:
    screen = new_screen().review("panels")
    focused = "document.activeElement.closest('#filters, #help, #review')?.id"
    screen.press("/")
    assert screen.page.evaluate(focused) == "filters"
    screen.press("Escape")
    assert screen.page.evaluate(focused) == "review"
    screen.press("?")
    assert screen.page.locator("#help").is_visible()
    screen.press("a", "Escape")
    screen.wait(lambda: screen.page.evaluate(focused) == "review", "the focus")
    assert screen.waiting == 4


def test_the_queue_is_narrowed_by_the_filter(new_screen: NewScreen) -> None:
    screen = new_screen().review("narrow")
    screen.press("/")
    screen.page.locator("#filters [name=device]").select_option("pen")
    screen.page.get_by_role("button", name="Apply").click()
    screen.page.wait_for_url(re.compile("device=pen"))
    assert "order=newest" in screen.page.url
    assert "narrow" in screen.page.url


def test_a_skipped_item_comes_last_and_stays_pending(new_screen: NewScreen) -> None:
    screen = new_screen().review("skip")
    first = screen.current
    screen.press_and_see_the_next("s")
    assert screen.strip()[-1] == first
    screen.settle()
    assert screen.status(first) == "pending"


def test_the_end_of_the_queue_is_said(new_screen: NewScreen) -> None:
    screen = new_screen().review("end")
    screen.press_and_see_the_next("a")
    screen.press("a")
    screen.page.get_by_text("Nothing waits here").wait_for()
    buttons = screen.page.locator(".deciding")
    for name in ("Approve", "Reject", "Relabel", "Skip", "Replay"):
        assert buttons.get_by_role("button", name=name).is_disabled(), name
    screen.press("a", "r", "x", "s", "j", "l")  # nothing to act on, nothing breaks
    screen.settle()
    assert screen.waiting == 0
    screen.press("u")
    screen.card.wait_for()
    buttons.get_by_role("button", name="Approve").click()
    screen.page.get_by_text("Nothing waits here").wait_for()
    screen.press("u")  # the button that is disabled now had the focus
    screen.card.wait_for()
    assert buttons.get_by_role("button", name="Approve").is_enabled()


def test_blind_mode_hides_what_was_said_until_it_is_named(new_screen: NewScreen) -> None:
    screen = new_screen().review("blind")
    screen.page.locator("#blind").check()
    screen.page.locator("#review").focus()
    assert not screen.page.locator(".pairs").is_visible()
    assert not screen.page.locator(".guesses").is_visible()
    assert not screen.page.locator(".timeline").is_visible()
    assert screen.page.locator("#strip img").first.get_attribute("alt") == (
        f"Drawing {screen.current[:8]}"
    )
    first = screen.current
    screen.press("a")
    screen.wait(lambda: "Blind" in screen.said, "the hint")
    assert screen.current == first
    screen.press("v")
    assert screen.page.locator(".pairs").is_visible()
    screen.press_and_see_the_next("a")
    assert not screen.page.locator(".pairs").is_visible()
    second = screen.current
    screen.press_and_see_the_next("l", "q")
    screen.settle()
    assert [screen.status(pk) for pk in (first, second)] == ["approved", "approved"]
    page = screen.context.request.get(f"{screen.origin}/admin/feedback/reviewevent/?q={second}")
    assert "blind reading" in page.text()


def test_decisions_are_announced_with_what_comes_next(new_screen: NewScreen) -> None:
    screen = new_screen().review("replay")
    assert screen.page.locator("#voice").get_attribute("role") == "status"
    screen.press_and_see_the_next("a")
    assert screen.said.startswith(f"Approved. Next: Drawing {screen.current[:8]}, user says ")
    screen.press_and_see_the_next("j")
    assert screen.said.startswith(f"Drawing {screen.current[:8]}, user says ")
    screen.press("x")
    first = screen.said
    screen.press_and_see_the_next("s")
    assert screen.said.startswith(f"Skipped. Next: Drawing {screen.current[:8]}, user says ")
    assert first.strip() == "Selected."


def test_what_is_said_twice_is_heard_twice(new_screen: NewScreen) -> None:
    """A live region that is given the text that it has stays silent."""
    screen = new_screen().review("replay")
    screen.page.locator("#blind").check()
    screen.page.locator("#review").focus()
    screen.press("a")
    first = screen.said
    screen.press("a")
    assert first != screen.said
    assert first.strip() == screen.said.strip()


DRAWN = "[...document.querySelectorAll('#place polyline')].map(l => l.getAttribute('points'))"


def _find_strokes(screen: Screen, count: int) -> list[str]:
    """Go on to a drawing of so many strokes at least; an uploaded picture has none."""
    while len(strokes := screen.page.evaluate(DRAWN)) < count:
        screen.press_and_see_the_next("j")
    return list(strokes)


def test_strokes_are_replayed_and_whole_again(new_screen: NewScreen) -> None:
    screen = new_screen().review("replay")
    whole = _find_strokes(screen, 1)
    screen.press("p")
    screen.wait(lambda: screen.page.evaluate(DRAWN) != whole, "the replay to start")
    screen.wait(lambda: screen.page.evaluate(DRAWN) == whole, "the replay to end")


def test_who_wants_no_motion_sees_whole_strokes(new_screen: NewScreen) -> None:
    screen = new_screen(reduced_motion="reduce").review("replay")
    whole = _find_strokes(screen, 2)
    screen.press("p")
    seen: set[str] = set()

    def ended() -> bool:
        shown = screen.page.evaluate(DRAWN)
        seen.update(shown)
        return "" in seen and shown == whole

    screen.wait(ended, "the replay to start and to end")
    assert seen == {*whole, ""}
