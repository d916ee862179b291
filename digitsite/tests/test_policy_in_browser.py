"""The policy as a browser applies it: no page of ours, of the admin or of the API needs more."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from digitsite.tests import chromium, processes
from digitsite.tests.processes import Web

pytestmark = pytest.mark.browser
SECRET = "a-pass-phrase-for-this-test"


def sign_in(page: Page, server: Web) -> None:
    page.goto(f"{server.origin}/admin/")
    page.fill("[name=username]", "root")
    page.fill("[name=password]", SECRET)
    page.click("[type=submit]")
    page.wait_for_selector("#user-tools")


def test_no_page_breaks_the_policy(
    state: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", SECRET)
    create = ("createsuperuser", "--noinput", "--username", "root", "--email", "a@b.org")
    assert processes.run(*create, state=state, MODEL=model)[0] == 0
    complaints: list[str] = []
    with (
        processes.web(state, tmp_path / "log", MODEL=model) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.path(), args=chromium.SWITCHES
        )
        page = browser.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Security Policy" in said.text else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                complaints.append(asked.url)
                if not asked.url.startswith((server.origin, "data:", "blob:"))
                else None
            ),
        )
        page.goto(f"{server.origin}/")
        page.wait_for_load_state("networkidle")
        sign_in(page, server)
        page.goto(f"{server.origin}/admin/auth/user/add/")
        page.goto(f"{server.origin}/admin/auth/user/1/change/")
        page.goto(f"{server.origin}/api/v1/docs")
        page.wait_for_selector(".opblock")
        browser.close()
    assert complaints == []
