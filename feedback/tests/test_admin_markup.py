"""Pages of the admin keep to the content policy: nothing inline, nothing from elsewhere."""

import re
from collections.abc import Callable

import pytest

from feedback.tests.making import correction, moderator
from feedback.tests.reviewing import Reviewer

pytestmark = pytest.mark.django_db

PAGES: dict[str, Callable[[Reviewer], str]] = {
    "queue": lambda reviewer: reviewer.text("review/"),
    "card": lambda reviewer: reviewer.card(correction(1).pk),
    "list": lambda reviewer: reviewer.text(),
    "item": lambda reviewer: reviewer.text(f"{correction(1).pk}/change/"),
    "confirmation": lambda reviewer: reviewer.ask_for("approve", correction(1)).content.decode(),
    "charts": lambda reviewer: reviewer.text("charts/"),
    "audit": lambda reviewer: reviewer.client.get("/admin/feedback/reviewevent/").content.decode(),
    "home": lambda reviewer: reviewer.client.get("/admin/").content.decode(),
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(name: str) -> None:
    correction()
    page = PAGES[name](Reviewer(moderator()))
    assert not re.findall(r"\sstyle=", page)
    assert "<style" not in page
    assert not re.findall(r"\son[a-z]+=", page)
    for script in re.findall(r"<script\b[^>]*>", page):
        assert "src=" in script or 'type="application/json"' in script
    for source in re.findall(r"(?:src|href|action)=\"([^\"]*)\"", page):
        assert not re.match(r"(?:https?:|//|javascript:|data:)", source), source


@pytest.mark.parametrize("name", [name for name in PAGES if name != "card"])
def test_every_page_has_the_stylesheet_that_mends_the_admin(name: str) -> None:
    page = PAGES[name](Reviewer(moderator()))
    assert "/static/feedback/admin.css" in page
