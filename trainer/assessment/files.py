"""A report in a folder: the page, its figures as JSON, and every mistake as a picture.

What an earlier report left in the folder is replaced; nothing else in it is touched.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.assessment.answers import Answered
from trainer.assessment.comparison import Comparison
from trainer.assessment.comparison_report import comparison_report
from trainer.assessment.figures import Assessment, Mistake
from trainer.assessment.pictures import contact_sheet, png
from trainer.assessment.report import About, Milestone, report

PAGE: Final = "report.html"
FIGURES: Final = "report.json"
SHEET: Final = "errors.png"
ERRORS: Final = "errors"
_ENLARGED: Final = 4
_ON_A_SHEET: Final = 600


def write_report(
    folder: Path,
    assessment: Assessment,
    answered: Answered,
    about: About,
    *,
    history: Sequence[Milestone] = (),
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Write everything about one reader; return the page.

    Args:
        folder: made if it is not there.
        assessment: the figures.
        answered: the samples that were assessed.
        about: what the page says about them.
        history: for the learning curve.
        more: what else the JSON holds.

    Raises:
        OSError: it cannot be written.
    """
    figures = {**(more or {}), **assessment.as_json()}
    _begin(folder, report(assessment, answered, about, history), figures)
    captions = [
        f"{each.label} as {each.guess} {each.confidence:.0%}" for each in assessment.mistakes
    ]
    _pictures(
        folder,
        answered,
        [(each.position, _name(each, answered)) for each in assessment.mistakes],
        captions,
    )
    return folder / PAGE


def write_comparison(
    folder: Path,
    found: Comparison,
    answered: Answered,
    about: About,
    *,
    names: tuple[str, str],
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Write everything about two readers; return the page. Arguments as for `write_report`.

    Raises:
        OSError: it cannot be written.
    """
    page = comparison_report(found, answered, about, names)
    _begin(folder, page, {**(more or {}), **found.as_json()})
    flips = [("lost", flip) for flip in found.lost] + [("won", flip) for flip in found.won]
    _pictures(
        folder,
        answered,
        [
            (each.position, f"{way}_{each.label}_{each.before}-{each.after}_{each.position:06d}")
            for way, each in flips
        ],
        [f"{way} {each.label}: {each.before}-{each.after}" for way, each in flips],
    )
    return folder / PAGE


def _begin(folder: Path, page: str, figures: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / FIGURES).exists():  # what lies in `errors` is then ours
        for old in [*(folder / ERRORS).glob("*.png"), folder / SHEET]:
            old.unlink(missing_ok=True)
    (folder / FIGURES).write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    (folder / PAGE).write_text(page)


def _pictures(
    folder: Path, answered: Answered, named: Sequence[tuple[int, str]], captions: Sequence[str]
) -> None:
    if not named:
        return
    positions = np.array([position for position, _ in named])[:_ON_A_SHEET]
    sheet = contact_sheet(answered.images[positions], captions[:_ON_A_SHEET])
    (folder / SHEET).write_bytes(sheet)
    (folder / ERRORS).mkdir(exist_ok=True)
    for position, name in named:
        picture = png(answered.images[position], _ENLARGED)
        (folder / ERRORS / f"{name}.png").write_bytes(picture)


def _name(mistake: Mistake, answered: Answered) -> str:
    """Return a file name that sorts by label, then guess, then how sure the reader was."""
    source = str(answered.sources[mistake.position]).replace("/", "-").replace(" ", "-")
    sure = f"{mistake.confidence:.2f}"
    return f"{mistake.label}_as_{mistake.guess}_{sure}_{source}_{mistake.position:06d}"
