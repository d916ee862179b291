"""The review screen as a test sees it."""

import re
import time
from collections.abc import Callable
from typing import Self

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator

PATIENCE = 20.0  # seconds; a shared machine can be slow
ROOT = "/admin/feedback/correction/"
_CSP = (
    "document.addEventListener('securitypolicyviolation',"
    " e => console.error(`CSP ${e.blockedURI}`))"
)


class Screen:
    """One moderator's page in a browser context of its own."""

    def __init__(self, context: BrowserContext, origin: str, name: str) -> None:
        self.context = context
        self.origin = origin
        self.name = name
        self.page = context.new_page()
        self.expected = ""  # a pattern of errors that the test brings about
        self._errors: list[str] = []
        self.page.add_init_script(_CSP)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._errors.append(f"uncaught: {error}"))

    def sign_in(self) -> Self:
        self.page.goto(f"{self.origin}/admin/login/?next=/admin/")
        self.page.fill("#id_username", self.name)
        self.page.fill("#id_password", self.name)
        self.page.click("input[type=submit]")
        self.page.wait_for_url("**/admin/")
        return self

    def open(self, path: str) -> Self:
        self.page.goto(self.origin + ROOT + path)
        return self

    def review(self, group: str) -> Self:
        """Open the queue of one test's items."""
        self.open(f"review/?order=newest&submitter=anonymous%3A{group}")
        self.card.wait_for()
        return self

    def complaints(self) -> list[str]:
        """Return the errors of the page's console that the test has not declared."""
        return [
            error
            for error in self._errors
            if not (self.expected and re.search(self.expected, error))
        ]

    @property
    def card(self) -> Locator:
        return self.page.locator("#place .card")

    @property
    def current(self) -> str:
        """The id of the item that is shown."""
        return self.page.evaluate("document.querySelector('#place .card')?.dataset.id ?? ''")

    @property
    def waiting(self) -> int:
        return int(self.page.locator("#waiting").inner_text())

    @property
    def said(self) -> str:
        """What was announced last."""
        return self.page.locator("#voice").text_content() or ""

    @property
    def notice(self) -> str:
        return self.page.locator("#notice").inner_text()

    def strip(self) -> list[str]:
        """Return the ids of the strip, in order."""
        ids: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('#strip button')].map(b => b.dataset.id)"
        )
        return ids

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Let the page run until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
            self.page.wait_for_timeout(15)

    def press_and_see_the_next(self, *keys: str) -> None:
        """Press keys that decide, and wait until another item is shown."""
        before = self.current
        self.press(*keys)
        self.wait(lambda: self.current != before, "the next card")

    def wait_for_item(self, pk: str) -> None:
        """Wait until this item is shown."""
        self.wait(lambda: self.current == pk, f"item {pk}")

    def settle(self) -> None:
        """Wait until the server has been told of everything and the next cards are here."""
        saving = self.page.locator("#saving")
        self.wait(lambda: not saving.text_content(), "what is being saved")
        self.page.wait_for_load_state("networkidle")

    def status(self, pk: str) -> str:
        """Ask the server for the state of an item, as it is on its page."""
        html = self.context.request.get(f"{self.origin}{ROOT}{pk}/change/").text()
        found = re.search(r'<article class="card" data-id="[^"]*" data-status="([^"]*)"', html)
        assert found, html
        return found.group(1)

    def decide(self, action: str, pk: str) -> int:
        """Decide without the screen, as another window would."""
        token = self.page.locator("#review [name=csrfmiddlewaretoken]").input_value()
        form: dict[str, str | float | bool] = {
            "csrfmiddlewaretoken": token,
            "action": action,
            "ids": pk,
            "expected": "pending",
        }
        headers = {"Referer": self.origin}
        url = f"{self.origin}{ROOT}review/decide/"
        return self.context.request.post(url, form=form, headers=headers).status

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(message.text)
