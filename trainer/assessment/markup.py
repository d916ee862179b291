"""HTML and SVG from Python: elements whose texts are escaped, tables, and the page around them.

A page made here is opened from a disk: its style is inline, its pictures are data, it has no script
and asks nothing of a network. Knows nothing about what is written on it.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_VOID: Final = frozenset({"img", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: object) -> Markup:
    """Return an element; children that are no `Markup` are escaped, attributes always.

    A trailing underscore of an attribute is dropped, others become hyphens; None leaves it out.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{joined(children)}</{tag}>")


def joined(children: Iterable[str]) -> Markup:
    """Put pieces behind each other."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    )


def prose(text: str) -> Markup:
    """Return a sentence in which what stands between backticks is code."""
    parts = text.split("`")
    return joined(element("code", part) if at % 2 else part for at, part in enumerate(parts))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """Return a table whose first column names its row."""
    return element(
        "div",
        element(
            "table",
            *([element("caption", caption)] if caption else []),
            element("thead", element("tr", *(element("th", text, scope="col") for text in head))),
            element(
                "tbody",
                *(
                    element(
                        "tr",
                        element("th", row[0], scope="row"),
                        *(element("td", text) for text in row[1:]),
                    )
                    for row in rows
                ),
            ),
        ),
        class_="scroll",
    )


def section(title: str, *children: str) -> Markup:
    """Return a part of a page under a heading."""
    return element("section", element("h2", title), *children)


def figure(drawing: Markup, caption: str, *beside: str) -> Markup:
    """Return a plot, what it shows, and the numbers beside it."""
    return element(
        "figure", element("div", drawing, *beside, class_="beside"), element("figcaption", caption)
    )


def page(title: str, *children: str) -> str:
    """Return a whole page."""
    whole = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            element("style", Markup(_STYLE)),
        ),
        element("body", element("main", element("h1", title), *children)),
        lang="en",
    )
    return f"<!doctype html>\n{whole}\n"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share: 0.9957 as 99.6 %; what could not be measured as a dash."""
    if share is None or math.isnan(share):
        return "–"  # noqa: RUF001
    return f"{share * 100:.{digits}f} %"


# The colours are those of the site (static/css/tokens.css), which this page cannot load.
_STYLE: Final = """
:root{color-scheme:light dark;--ground:light-dark(#f6f5f1,#14161a);--paper:light-dark(#fff,#1c1f25);
--ink:light-dark(#16181d,#eef0f4);--muted:light-dark(#565a64,#aab0bb);--line:light-dark(#d6d3ca,#3a404a);
--accent:light-dark(#2b50c8,#93b2ff);--wrong:light-dark(#c2410c,#ff9b6a);--right:light-dark(#8b93a1,#6d7583)}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .25rem}p{max-width:46rem;margin:.4rem 0}
.scroll{overflow-x:auto;margin:.75rem 0}table{border-collapse:collapse;font-variant-numeric:tabular-nums;
font-size:.9rem}caption{text-align:left;color:var(--muted);padding-bottom:.25rem}
th,td{text-align:right;padding:.15rem .65rem;border-bottom:1px solid var(--line);font-weight:400;white-space:nowrap}
thead th{color:var(--muted);font-size:.8rem;vertical-align:bottom}th:first-child,td:first-child{text-align:left}
tbody th{font-weight:600}.columns{display:flex;flex-wrap:wrap;gap:0 2.5rem;align-items:start}.columns>*{min-width:0;max-width:100%}
.note{color:var(--muted)}.warn{border-left:.25rem solid var(--wrong);padding-left:.75rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.75rem 0}dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}code{font-size:.85em;overflow-wrap:anywhere}
.headline{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0;padding:0;list-style:none}
.headline li{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:.6rem .9rem}
.headline b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
figure{margin:1rem 0;max-width:100%}figcaption{color:var(--muted);font-size:.85rem;max-width:46rem}
.beside{display:flex;flex-wrap:wrap;gap:0 2rem;align-items:center}
svg{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;max-width:100%;height:auto}
svg text{fill:var(--ink);font:11px system-ui,sans-serif}svg .quiet{fill:var(--muted)}
svg .axis{stroke:var(--line)}svg .ideal{stroke:var(--muted);stroke-dasharray:4 4}
svg .curve{fill:none;stroke:var(--accent);stroke-width:2}svg .dot{fill:var(--accent)}
svg .limit{stroke:var(--wrong);stroke-dasharray:6 4;stroke-width:1.5}
svg .hit{fill:var(--right)}svg .miss{fill:var(--wrong)}svg .cell text,svg text.count{font-size:9px}
svg text.across{text-anchor:middle}svg text.down{text-anchor:end}
.sheet{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;list-style:none;margin:.75rem 0}
.sheet li{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.3rem;text-align:center;
font-size:.75rem;line-height:1.3;max-width:7.5rem}
.sheet img{display:block;margin:0 auto .2rem;width:56px;height:56px;image-rendering:pixelated}
.sheet b{font-size:.95rem}.sheet span{color:var(--muted);overflow-wrap:anywhere}
@media print{body{background:#fff}}
""".strip()  # noqa: E501
