"""The browser that the tests start: the system's own."""

import os
import shutil

from digitsite.tests.processes import missing

# The first is the same engine without windows, which takes two thirds of the processor time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def path() -> str:
    """Return its path, which CHROMIUM may name; without one, what needs it is skipped."""
    names = filter(None, (os.environ.get("CHROMIUM"), *NAMES))
    found = next((found for found in map(shutil.which, names) if found), None)
    return found or missing(f"no browser: none of {', '.join(NAMES)} is on the path")
