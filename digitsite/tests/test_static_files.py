"""What a browser is sent: small, and saying the same as what we wrote."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings

from digitsite.static_files import minified
from digitsite.tests.processes import Web

BUDGET = 40_000  # bytes as sent, of everything that a browser fetches when the page opens
LATER_BUDGET = 5_200  # the same, of what is fetched when somebody asks for what it does
ROOT = Path(settings.BASE_DIR)
OUR_SCRIPTS = sorted([*ROOT.glob("static/js/*.js"), *ROOT.glob("feedback/static/**/*.js")])


def received(server: Web, path: str) -> tuple[int, str]:
    """Return how many bytes a browser is sent for a path, and what they say."""
    status, headers, body = server.get(path, Accept_Encoding="gzip")
    assert status == 200, path
    text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    return len(body), text.decode()


def fetch(server: Web, paths: Iterable[str], fetched: dict[str, tuple[int, str]]) -> None:
    """Fetch what is not there yet, with the modules that it imports."""
    for path in paths:
        if path not in fetched:
            fetched[path] = received(server, path)
            imported = re.findall(r'from ?"\./([^"]+)"', fetched[path][1])
            fetch(server, [f"/static/js/{name}" for name in imported], fetched)


def weights(server: Web) -> tuple[int, int]:
    """Return what the page weighs when it opens, and what it fetches later."""
    size, page = received(server, "/")
    page = re.sub(r'<link rel="apple-touch-icon".*', "", page)  # for who keeps it on a home screen
    files: dict[str, tuple[int, str]] = {}
    fetch(server, re.findall(r'(?:src|href)="(/static/[^"]+)"', page), files)
    at_start = size + sum(size for size, _ in files.values())
    later = re.findall(r'import\("\./([^"]+)"\)', "".join(text for _, text in files.values()))
    assert later
    fetch(server, [f"/static/js/{name}" for name in later], files)
    return at_start, size + sum(size for size, _ in files.values()) - at_start


def test_the_page_stays_within_its_budget(server: Web) -> None:
    at_start, later = weights(server)
    assert 20_000 < at_start <= BUDGET
    assert 2_000 < later <= LATER_BUDGET


def test_minifying_takes_comments_and_keeps_texts() -> None:
    script = "// A reason.\nexport const text = `Two  ${  spaces  } // stay`; /* gone */\n"
    assert minified("a.js", script) == "export const text=`Two  ${  spaces  } // stay`;"
    assert minified("a.css", ".a { color : red; } /* gone */") == ".a{color:red}"
    assert minified("a.svg", "<svg> </svg>") == "<svg> </svg>"


@pytest.mark.parametrize("path", OUR_SCRIPTS, ids=lambda path: path.name)
def test_no_template_literal_stands_inside_another(path: Path) -> None:
    """The minifier would take the spaces out of the inner one's text."""
    literals = re.findall(r"`(?:[^`\\]|\\.)*`", path.read_text(), re.DOTALL)
    for literal in literals:
        assert literal.count("${") == literal.count("}"), literal
