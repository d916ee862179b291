"""Reports that are opened from a disk: nothing in them needs anything else."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.assessment import plots
from trainer.assessment.answers import UNCALIBRATED, Answered
from trainer.assessment.comparison import compare
from trainer.assessment.comparison_report import verdict
from trainer.assessment.figures import assess
from trainer.assessment.files import write_comparison, write_report
from trainer.assessment.markup import element, percent, table
from trainer.assessment.pictures import contact_sheet, png
from trainer.assessment.report import About, Milestone, report
from trainer.tests.test_assessment import answers

ABOUT = About("Version 3 on <nobody>", (("Split", "made up & small"),), ("Take care.",))


def some() -> Answered:
    return answers(("3", "8", 5), ("3", "3", 5), ("8", "8", 5), ("A", "a", 5), ("b", "6", 5))


def page_of(history: tuple[Milestone, ...] = ()) -> str:
    part = some()
    return report(assess(part, UNCALIBRATED), part, ABOUT, history)


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    page = page_of()
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "url(" not in page
    assert "light-dark(" in page


def test_what_is_said_about_it_is_escaped() -> None:
    page = page_of()
    assert "Version 3 on &lt;nobody&gt;" in page
    assert "made up &amp; small" in page
    assert "Take care." in page


def test_a_command_in_a_note_is_shown_as_code() -> None:
    part = some()
    about = About("Version 3", (), ("`manage.py fetch <it>` downloads.",))
    page = report(assess(part, UNCALIBRATED), part, about)
    assert '<p class="warn"><code>manage.py fetch &lt;it&gt;</code> downloads.</p>' in page
    assert "`" not in page


def test_the_numbers_of_every_plot_are_printed() -> None:
    part = some()
    found = assess(part, UNCALIBRATED)
    page = page_of()
    for each in found.reliability:
        for filled in each.bins:
            assert f"<td>{percent(filled.accuracy)}</td>" in page
    for risk in found.risk:
        assert percent(risk.error_at_90, 2) in page
    assert "3 read as 8: 1 of 2, 50.0 %" in page
    assert page.count("<svg") == 4 + 3 + 3  # matrices, charsets, charsets


def test_every_mistake_is_a_picture_with_both_labels() -> None:
    page = page_of()
    assert "3 → 8" in page
    # With the hint the 3 and the b, which is a 6 to it; without, a b for a 6 is no mistake.
    assert page.count("data:image/png;base64,") == 3


def test_the_learning_curve_has_the_gate_s_line() -> None:
    history = (Milestone("1 (anchor)", 0.99, None, 0), Milestone("2", 0.992, 0.985, 100))
    page = page_of(history)
    assert 'class="limit"' in page
    assert "98.50 %" in page
    assert "Learning curve" not in page_of()


def test_a_folder_holds_page_figures_and_every_mistake(tmp_path: Path) -> None:
    part = some()
    found = assess(part, UNCALIBRATED)
    page = write_report(tmp_path / "out", found, part, ABOUT, more={"version": 3})
    figures = json.loads((tmp_path / "out/report.json").read_text())
    assert figures["version"] == 3
    assert figures["overall"]["samples"] == 5
    names = sorted(path.name for path in (tmp_path / "out/errors").iterdir())
    assert len(names) == len(found.mistakes) == 2
    assert names[0].startswith("3_as_8_0.94_made-up_000000")
    assert opened((tmp_path / "out/errors" / names[0]).read_bytes()).size == (112, 112)
    assert opened((tmp_path / "out/errors.png").read_bytes()).size[0] > 2 * 84
    assert page.read_text().startswith("<!doctype html>")


def test_a_second_report_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "errors").mkdir()
    (tmp_path / "errors/mine.png").write_bytes(b"kept: no report was here")
    part = some()
    write_report(tmp_path, assess(part, UNCALIBRATED), part, ABOUT)
    assert (tmp_path / "errors/mine.png").exists()
    right = part.take(np.array([1, 2]))
    (tmp_path / "notes.txt").write_text("mine")
    write_report(tmp_path, assess(right, UNCALIBRATED), right, ABOUT)
    assert list((tmp_path / "errors").iterdir()) == []
    assert not (tmp_path / "errors.png").exists()
    assert (tmp_path / "notes.txt").exists()


def test_a_comparison_shows_flips_both_ways(tmp_path: Path) -> None:
    before = answers(("3", "3", 5), ("8", "3", 5), ("9", "9", 5))
    after = answers(("3", "8", 5), ("8", "8", 5), ("9", "9", 5))
    found = compare(before, after, UNCALIBRATED, UNCALIBRATED)
    names = ("version 1", "version 2")
    page = write_comparison(tmp_path, found, after, ABOUT, names=names).read_text()
    assert "Lost: right with version 1, wrong with version 2 (1)" in page
    assert "3 → 8" in page
    assert "exact binomial, p = 1" in page
    assert "1 other classes" in page
    files = sorted(path.name for path in (tmp_path / "errors").iterdir())
    assert files == ["lost_3_3-8_000000.png", "won_8_3-8_000001.png"]


def test_a_verdict_says_better_only_where_it_is_proven() -> None:
    wrong, right = [("3", "8", 5.0)] * 9, [("3", "3", 5.0)] * 9
    names = ("version 1", "version 2")

    def said(before: Answered, after: Answered) -> str:
        return verdict(compare(before, after, UNCALIBRATED, UNCALIBRATED), names)

    better = said(answers(*wrong), answers(*right))
    assert better.startswith("Version 2 is better: 9 won, 0 lost of 9; ")
    assert said(answers(*right), answers(*wrong)).startswith("Version 2 is worse")
    few = said(answers(*wrong[:3]), answers(*right[:3]))
    assert few.startswith("The difference may be chance")


def test_a_matrix_is_grey_where_it_is_right_and_coloured_where_it_is_wrong() -> None:
    drawn = plots.matrix(assess(some(), UNCALIBRATED).hinted_confusion)
    assert drawn.count('class="hit"') == 3
    assert drawn.count('class="miss"') == 2


def test_pictures_are_ink_on_paper_and_a_sheet_has_room_for_all() -> None:
    ink = np.zeros((28, 28), np.uint8)
    ink[4] = 255
    picture = opened(png(ink))
    assert picture.getpixel((0, 0)) == 255
    assert picture.getpixel((0, 4)) == 0
    one, many = (opened(contact_sheet(np.stack([ink] * n), ["3 as 8"] * n)) for n in (1, 25))
    assert one.size[0] < many.size[0]
    assert many.size[1] > 2 * one.size[1]


def test_markup_is_escaped_unless_it_is_markup() -> None:
    inner = element("b", "a < b")
    assert element("p", inner, " & c", class_="x", data_y='"') == (
        '<p class="x" data-y="&quot;"><b>a &lt; b</b> &amp; c</p>'
    )
    assert element("img", alt="") == '<img alt="">'
    assert "<caption>C</caption>" in table(("", "n"), [("row", "1")], "C")


@pytest.mark.parametrize(("share", "text"), [(0.99571, "99.6 %"), (None, "–"), (0.0, "0.0 %")])  # noqa: RUF001
def test_shares_are_written_as_people_read_them(share: float | None, text: str) -> None:
    assert percent(share) == text
