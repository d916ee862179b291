"""One self-contained page about two readers on the same samples."""

from collections.abc import Sequence
from typing import Final

from trainer.assessment import plots
from trainer.assessment.answers import Answered
from trainer.assessment.comparison import ClassChange, Comparison, Flip
from trainer.assessment.markup import Markup, element, page, percent, section, table
from trainer.assessment.pictures import data_uri
from trainer.assessment.report import SHOWN, About, facts, headline, tile

SURE: Final = 0.05


def verdict(found: Comparison, names: tuple[str, str]) -> str:
    """Say in a sentence what the test says."""
    test = found.test
    if test.p >= SURE:
        said = "the difference may be chance"
    else:
        said = f"{names[1]} is {'better' if test.won > test.lost else 'worse'}"
    return (
        f"{said[0].upper()}{said[1:]}: {test.won} won, {test.lost} lost of {found.samples:,}; "
        f"McNemar's test, {test.method}, p = {test.p:.2g}."
    )


def comparison_report(
    found: Comparison, answered: Answered, about: About, names: tuple[str, str]
) -> str:
    """Return the page.

    Args:
        found: what was found.
        answered: the samples, for the pictures.
        about: title, facts and notes.
        names: what the two readers are called, the earlier first.
    """
    return page(
        about.title,
        facts(about),
        headline(
            [
                (f"{names[0]}, with the hint", percent(found.before, 2)),
                (f"{names[1]}, with the hint", percent(found.after, 2)),
                ("difference, points", f"{found.difference * 100:+.2f}"),
                ("95 % interval", f"{found.low * 100:+.2f} to {found.high * 100:+.2f}"),
            ]
        ),
        element("p", verdict(found, names)),
        element(
            "p",
            f"Among all 36: {percent(found.joint_before, 2)}, then "
            f"{percent(found.joint_after, 2)}. Interval: Agresti and Min (2005).",
            class_="note",
        ),
        _classes(found.classes, names),
        _flips(f"Lost: right with {names[0]}, wrong with {names[1]}", found.lost, answered),
        _flips(f"Won: wrong with {names[0]}, right with {names[1]}", found.won, answered),
    )


def _classes(classes: Sequence[ClassChange], names: tuple[str, str]) -> Markup:
    changed = [each for each in classes if each.lost or each.won]
    if not changed:
        return section("Classes", element("p", "No class is read otherwise."))
    most = max(abs(each.after - each.before) for each in changed)
    rows = [
        [
            each.label,
            str(each.samples),
            percent(each.before),
            percent(each.after),
            f"{(each.after - each.before) * 100:+.1f}",
            plots.change(each.after - each.before, most),
            str(each.lost),
            str(each.won),
        ]
        for each in changed
    ]
    head = ("", "samples", *names, "points", "", "lost", "won")
    same = len(classes) - len(changed)
    shown = [table(head, rows, "Recall with the hint, the largest loss first")]
    if same:
        shown.append(element("p", f"{same} other classes are read as before.", class_="note"))
    return section("Classes", *shown)


def _flips(title: str, flips: Sequence[Flip], answered: Answered) -> Markup:
    if not flips:
        return section(title, element("p", "None."))
    tiles = (
        tile(
            data_uri(answered.images[flip.position]),
            str(answered.characters[flip.position]),
            f"{flip.before} → {flip.after}",
            f"{percent(flip.confidence, 0)} sure",
            str(answered.writers[flip.position] or answered.sources[flip.position]),
        )
        for flip in flips[:SHOWN]
    )
    more = [element("p", f"{SHOWN} of {len(flips):,}.", class_="note")] * (len(flips) > SHOWN)
    return section(f"{title} ({len(flips):,})", *more, element("ul", *tiles, class_="sheet"))
