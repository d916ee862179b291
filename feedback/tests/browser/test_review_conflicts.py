"""Two moderators at once, and servers that do not answer."""

from feedback.tests.browser.conftest import NewScreen


def test_who_comes_second_is_told_and_goes_on(new_screen: NewScreen) -> None:
    mia, noor = new_screen("mia").review("second"), new_screen("noor").review("second")
    mia.expected = "409"
    contested = mia.current
    assert noor.decide("reject", contested) == 200
    mia.press_and_see_the_next("a")
    mia.wait(lambda: "already decided by noor" in mia.notice, "the notice")
    assert "rejected" in mia.notice
    assert mia.said.startswith(f"Approving drawing {contested[:8]} did not count. Next: ")
    assert mia.status(contested) == "rejected"
    mia.page.get_by_role("button", name="Close").last.click()
    assert mia.notice == ""
    mia.press_and_see_the_next("a")  # the focus is back where keys act


def test_who_decides_the_same_a_moment_later_does_not_hear_that_it_is_not_so(
    new_screen: NewScreen,
) -> None:
    mia, noor = new_screen("mia").review("same"), new_screen("noor").review("same")
    mia.expected = "409"
    contested = mia.current
    assert noor.decide("approve", contested) == 200
    mia.press_and_see_the_next("a")
    mia.wait(lambda: "already decided by noor" in mia.notice, "the notice")
    assert "approved" in mia.notice
    assert "not approved" not in mia.said
    assert mia.said.startswith(f"Approving drawing {contested[:8]} did not count.")


def test_nobody_is_given_what_another_one_reads(new_screen: NewScreen) -> None:
    mia = new_screen("mia").review("lease")
    mia.settle()
    reading = mia.strip()[:3]  # the card that is shown and those fetched ahead
    noor = new_screen("noor").review("lease")
    assert not set(reading) & set(noor.strip())
    assert "Kept for you until" in mia.page.locator(".lease").inner_text()
    noor.open(f"{reading[0]}/change/")
    assert "Kept for mia until" in noor.page.locator(".lease").inner_text()
    mia.open("")  # leaving lets go
    noor.review("lease")
    noor.wait(lambda: set(reading) <= set(noor.review("lease").strip()), "the leases to end")


def test_what_did_not_reach_the_server_is_not_lost(new_screen: NewScreen) -> None:
    screen = new_screen().review("offline")
    screen.expected = "Failed to load resource|net::ERR"
    order, waiting = screen.strip(), screen.waiting
    screen.settle()
    screen.page.route("**/decide/**", lambda route: route.abort())
    screen.press("a")
    screen.wait(lambda: "Not saved" in screen.notice, "the notice")
    screen.wait(lambda: screen.current == order[0], "the item to come back")
    assert screen.strip() == order
    assert screen.waiting == waiting
    assert screen.said.startswith(f"Approving drawing {order[0][:8]} did not count. Next: ")
    screen.page.unroute("**/decide/**")
    screen.press_and_see_the_next("a")
    screen.settle()
    assert screen.status(order[0]) == "approved"


def test_a_session_that_has_ended_is_said_with_the_way_back_here(new_screen: NewScreen) -> None:
    screen = new_screen().review("offline")
    screen.expected = "Failed to load resource|net::ERR|redirect"
    screen.settle()
    here = screen.page.url
    screen.context.clear_cookies(name="sessionid")
    screen.press("a")
    screen.wait(lambda: "not signed in any more" in screen.notice, "the notice")
    screen.page.locator("#notice a", has_text="Sign in again").click()
    screen.page.fill("#id_username", screen.name)
    screen.page.fill("#id_password", screen.name)
    screen.page.click("input[type=submit]")
    screen.card.wait_for()
    assert screen.page.url == here


def test_what_comes_in_wakes_a_queue_that_was_empty(new_screen: NewScreen) -> None:
    screen = new_screen()
    screen.page.clock.install()
    screen.review("wakes")
    pk = screen.current
    screen.press("r")
    screen.page.get_by_text("Nothing waits here").wait_for()
    screen.settle()
    elsewhere = new_screen().open(f"{pk}/change/")
    elsewhere.page.get_by_role("button", name="Undo this decision").click()
    elsewhere.page.get_by_text("1 correction is pending again").wait_for()
    screen.page.clock.fast_forward(30_000)
    screen.wait_for_item(pk)
    assert screen.waiting == 1
    said = f"Something has come in: Drawing {pk[:8]}"  # a moment after it shows
    screen.page.locator("#voice", has_text=said).wait_for(state="attached")
