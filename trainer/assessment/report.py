"""One self-contained page about one reader on one split.

Every plot has its numbers printed beside it. Knows nothing about where the answers came from: what
is to be said about that comes in `About`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recognizer.alphabet import LABELS, ambiguity_group
from trainer.assessment import plots
from trainer.assessment.answers import Answered
from trainer.assessment.figures import (
    Abstention,
    Assessment,
    ClassFigures,
    Counts,
    Mistake,
    Reliability,
    RiskCoverage,
    Slice,
)
from trainer.assessment.markup import (
    Markup,
    element,
    figure,
    page,
    percent,
    prose,
    section,
    table,
)
from trainer.assessment.pictures import data_uri

SHOWN: Final = 150  # pictures of mistakes by a device on a page; the files have all
_CONFUSIONS: Final = 12
_WORST: Final = 10  # writers


@dataclass(frozen=True)
class About:
    """What a report says about its reader and its samples."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()  # what a reader of the figures has to know


@dataclass(frozen=True)
class Milestone:
    """One published version on the learning curve."""

    name: str
    accuracy: float  # on the gate set of its run, with the hint
    limit: float | None  # below which the gate refuses, None where there was no gate
    corrections: int  # that it has learned from


def report(
    assessment: Assessment,
    answered: Answered,
    about: About,
    history: Sequence[Milestone] = (),
) -> str:
    """Return the page.

    Args:
        assessment: the figures.
        answered: the samples that were assessed, for the pictures of the mistakes.
        about: title, facts and notes.
        history: earlier versions and this one, oldest first.
    """
    return page(
        about.title,
        facts(about),
        _headline(assessment),
        _slices(assessment),
        _writers(assessment.writers),
        _classes(assessment),
        _confusion(assessment),
        _reliability(assessment.reliability),
        _risk(assessment.risk),
        _abstention(assessment.abstention),
        _mistakes(assessment, answered),
        *([_history(history)] if history else []),
        _method(),
    )


def facts(about: About) -> Markup:
    """Return what the reader and the samples are, and warnings."""
    pairs = [
        part for name, value in about.facts for part in (element("dt", name), element("dd", value))
    ]
    notes = [element("p", prose(note), class_="warn") for note in about.notes]
    return element("div", *notes, element("dl", *pairs))


def headline(figures: Sequence[tuple[str, str]]) -> Markup:
    """Return a few large numbers."""
    return element(
        "ul",
        *(element("li", element("b", value), name) for name, value in figures),
        class_="headline",
    )


def _headline(found: Assessment) -> Markup:
    overall = found.overall
    worst = max(found.reliability, key=lambda each: each.error)
    return headline(
        [
            ("samples", f"{overall.samples:,}"),
            ("right with the hint", percent(overall.hinted, 2)),
            ("right among all 36", percent(overall.joint, 2)),
            ("among the first three of 36", percent(overall.top3, 2)),
            ("look-alikes counted as one", percent(overall.grouped, 2)),
            (f"largest calibration error ({worst.charset})", percent(worst.error, 2)),
        ]
    )


_SLICE_HEAD: Final = (
    "", "samples", "hint", "95 % interval", "hint, top 3", "all 36", "all 36, top 3", "grouped",
    "not sure",
)  # fmt: skip


def _slice_row(part: Slice) -> list[str]:
    return [
        part.name,
        f"{part.samples:,}",
        percent(part.hinted, 2),
        f"{percent(part.low)} to {percent(part.high)}",
        percent(part.hinted_top3, 2),
        percent(part.joint, 2),
        percent(part.top3, 2),
        percent(part.grouped, 2),
        percent(part.turned_away, 2),
    ]


def _slices(found: Assessment) -> Markup:
    groups = (
        ("By device and kind of character", found.device_kinds),
        ("By kind of character", found.kinds),
        ("By device", found.devices),
        ("By source", found.sources),
    )
    return section(
        "Accuracy",
        *(
            table(_SLICE_HEAD, [_slice_row(part) for part in parts], caption)
            for caption, parts in groups
        ),
    )


def _writers(writers: Sequence[Slice]) -> Markup:
    if not writers:
        return section("Writers", element("p", "No sample names its writer.", class_="note"))
    shares = np.array([part.hinted for part in writers])
    worst = writers[0]
    said = (
        f"{len(writers)} writers. The hand that is read worst is {worst.name}: "
        f"{percent(worst.hinted)} of {worst.samples}. Half of all writers are read to "
        f"{percent(float(np.median(shares)))} or better; {int((shares == 1).sum())} without a "
        "mistake."
    )
    shown = [table(_SLICE_HEAD, [_slice_row(part) for part in writers[:_WORST]], "The worst")]
    if len(writers) > _WORST:
        rest = table(_SLICE_HEAD, [_slice_row(part) for part in writers[_WORST:]])
        shown.append(element("details", element("summary", "All others"), rest))
    return section("Writers", element("p", said), *shown)


_CLASS_HEAD: Final = ("", "samples", "answered", "precision", "recall", "F1")


def _classes(found: Assessment) -> Markup:
    parts = [
        element("div", table(_CLASS_HEAD, [_class_row(each) for each in classes], caption))
        for caption, classes in (
            ("With the hint", found.hinted_classes),
            ("Among all 36", found.joint_classes),
        )
    ]
    return section("Classes", element("div", *parts, class_="columns"))


def _class_row(part: ClassFigures) -> list[str]:
    return [
        part.label,
        str(part.samples),
        str(part.guessed),
        percent(part.precision),
        percent(part.recall),
        percent(part.f1),
    ]


def _confusion(found: Assessment) -> Markup:
    return section(
        "Confusion",
        element("p", "Rows were written, columns were read. Grey is right, colour is an error."),
        element("h3", "With the hint"),
        *_matrices(found.hinted_confusion),
        element("h3", "Among all 36"),
        *_matrices(found.joint_confusion),
    )


def _matrices(counts: Counts) -> list[Markup]:
    return [
        table(("written", "read as", "how often", "of that label", ""), _frequent(counts),
              "Most frequent"),
        element(
            "div",
            figure(plots.matrix(counts), "Counts."),
            figure(plots.matrix(counts, normalised=True), "Share of each row, in per cent."),
            class_="columns",
        ),
    ]  # fmt: skip


def _frequent(counts: Counts) -> list[list[str]]:
    """List the largest confusions."""
    wrong = counts * (1 - np.eye(len(LABELS), dtype=np.int64))
    totals = counts.sum(axis=1)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSIONS]
    rows = []
    for flat in order.tolist():
        row, column = divmod(flat, len(LABELS))
        if wrong[row, column]:
            alike = LABELS[column] in ambiguity_group(LABELS[row])
            rows.append(
                [
                    LABELS[row],
                    LABELS[column],
                    str(wrong[row, column]),
                    percent(float(wrong[row, column] / totals[row])),
                    "look-alikes" if alike else "",
                ]
            )
    return rows


def _reliability(parts: Sequence[Reliability]) -> Markup:
    shown = [
        figure(
            plots.reliability(part),
            f"{part.charset}: expected calibration error {percent(part.error, 2)} of "
            f"{part.samples:,} answers. Were every confidence true, so few would show "
            f"{percent(part.by_chance, 2)} on average, and up to "
            f"{percent(part.by_chance_at_most, 2)} in 95 of 100 cases. A dot's area is the number "
            "of its answers.",
            table(
                ("sure", "answers", "mean", "right"),
                [
                    [
                        f"{each.low:.2f} to {each.high:.2f}",
                        str(each.samples),
                        percent(each.confidence),
                        percent(each.accuracy),
                    ]
                    for each in part.bins
                ],
            ),
        )
        for part in parts
    ]
    return section(
        "Calibration",
        element("p", "Is what is said to be 80 % sure right four times in five?"),
        element("div", *shown, class_="columns"),
    )


def _risk(parts: Sequence[RiskCoverage]) -> Markup:
    shown = [
        figure(
            plots.risk_coverage(part),
            f"{part.charset}: {percent(part.error, 2)} of all answers are wrong, and "
            f"{percent(part.error_at_90, 2)} of the 90 % that are surest"
            + (f" ({part.error_at_90 / part.error:.2f} of it)" if part.error else "")
            + f". Area under the curve {part.area:.5f}.",
            table(
                ("answers kept", "error among them"),
                [[percent(at, 0), percent(risk, 2)] for at, risk in part.curve[9::10]],
            ),
        )
        for part in parts
    ]
    return section(
        "Error by coverage",
        element("p", "What is left of the error if the least sure answers are not given."),
        element("div", *shown, class_="columns"),
    )


def _abstention(parts: Sequence[Abstention]) -> Markup:
    rows = [
        [
            part.charset,
            f"{part.samples:,}",
            percent(part.turned_away, 2),
            percent(part.caught),
            percent(part.caught_held_out),
        ]
        for part in parts
    ]
    head = (
        "", "characters", "answered “not sure”", "scribbles caught", "of kinds never trained on",
    )  # fmt: skip
    shown = [table(head, rows)]
    families = next((part.families for part in parts if part.charset == "all"), None)
    if families:
        ranked = sorted(families.items(), key=lambda each: (each[1], each[0]))
        caught = [[name.replace("_", " "), percent(share)] for name, share in ranked]
        shown.append(table(("kind of scribble, all 36", "caught"), caught))
    return section("Not sure", element("div", *shown, class_="columns"))


def _mistakes(found: Assessment, answered: Answered) -> Markup:
    groups = (
        ("With the hint", found.mistakes),
        ("Among all 36, look-alikes left out", found.joint_mistakes),
    )
    parts: list[Markup] = []
    for title, mistakes in groups:
        parts.append(element("h3", f"{title}: {len(mistakes):,}"))
        for device in sorted({str(answered.devices[each.position]) for each in mistakes}):
            these = [each for each in mistakes if answered.devices[each.position] == device]
            more = f", the {SHOWN} that it was surest of" * (len(these) > SHOWN)
            parts.append(element("p", f"{device}: {len(these):,}{more}", class_="note"))
            tiles = (_tile(mistake, answered) for mistake in these[:SHOWN])
            parts.append(element("ul", *tiles, class_="sheet"))
    return section("What it misread", *parts)


def _tile(mistake: Mistake, answered: Answered) -> Markup:
    position = mistake.position
    whose = answered.writers[position] or answered.sources[position]
    return tile(
        data_uri(answered.images[position]),
        f"{answered.characters[position]} → {mistake.guess}",
        f"{percent(mistake.confidence, 0)} sure",
        str(whose),
    )


def tile(address: str, title: str, *lines: str) -> Markup:
    """Return one picture of a contact sheet with its caption."""
    return element(
        "li",
        element("img", src=address, alt="", width=56, height=56),
        element("b", title),
        *(part for line in lines for part in (Markup("<br>"), element("span", line))),
    )


def _history(history: Sequence[Milestone]) -> Markup:
    points = [(each.name, each.accuracy) for each in history]
    rows = [
        [each.name, percent(each.accuracy, 2), percent(each.limit, 2), f"{each.corrections:,}"]
        for each in history
    ]
    head = ("version", "read right", "the gate's line", "corrections learned")
    return section(
        "Learning curve",
        figure(
            plots.curve(points, [each.limit for each in history]),
            "Each version on the gate set of its own run, with the hint. Dashed: the anchor's "
            "accuracy less the gate's margin, which a version has to stay above with 95 % "
            "confidence.",
            table(head, rows),
        ),
    )


def _method() -> Markup:
    said = (
        "“With the hint” tells the reader whether a drawing is a digit or a letter, as the switch "
        "on the page does. “Grouped” counts look-alikes (0 and o; 1, l and i; 5 and s; 2 and z; 9, "
        "g and q; 6 and b) as one.",
        "Intervals are Wilson's (1927); samples of one writer are more alike than that assumes, so "
        "few writers prove less than the interval says. Calibration error: 15 bins of equal width "
        "(Guo et al. 2017); what chance makes of it: consistency resampling (Bröcker and Smith "
        "2007). Error by coverage: El-Yaniv and Wiener (2010), ranked by confidence.",
    )
    return section("How it is measured", *(element("p", text, class_="note") for text in said))
