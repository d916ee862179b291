"""What a browser is sent: small, and saying the same as what we wrote."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from digitsite.static_files import minified

BUDGET = 40_000  # bytes, gzipped, of everything that the page needs to work
# Fetched when somebody asks for what they do.
LATER = ("model.js", "picture.js", "samples.js", "sees.js", "training.js", "why.js")
LATER_BUDGET = 4_800
ROOT = Path(settings.BASE_DIR)
OUR_SCRIPTS = sorted([*ROOT.glob("static/js/*.js"), *ROOT.glob("feedback/static/**/*.js")])


def parts_of_the_page() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the page's files as they are sent, before compression."""
    for path in [*ROOT.glob("static/js/*.js"), *ROOT.glob("static/css/*.css")]:
        yield path.name, minified(path.name, path.read_text()).encode()
    for path in ROOT.glob("templates/*.html"):
        yield path.name, path.read_bytes()


def weights() -> tuple[int, int]:
    """Return what the page weighs, and what is fetched later."""
    sizes = {
        name: len(gzip.compress(part, 9))
        for name, part in parts_of_the_page()
        if not name.startswith("refused.")  # another page, for who may not do something
    }
    later = sum(sizes.pop(name) for name in LATER)
    return sum(sizes.values()), later


def test_the_page_stays_within_its_budget() -> None:
    total, later = weights()
    assert 20_000 < total <= BUDGET
    assert later <= LATER_BUDGET


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
