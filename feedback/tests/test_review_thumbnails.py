"""Pictures of a drawing: PNG files, and strokes that can be replayed."""

import io

import numpy as np
import pytest
from PIL import Image

from feedback.models import Correction
from feedback.tests.making import SEVEN, correction, moderator
from feedback.tests.reviewing import Reviewer
from feedback.thumbnails import LONGEST_REPLAY, png, traces
from recognizer.rasterizer import Raster, rasterise
from recognizer.strokes import Drawing


def _opacity(content: bytes) -> Raster:
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.mode) == ("PNG", "LA")
    return np.asarray(picture.getchannel("A"), np.uint8)


def test_ink_is_opaque_and_paper_is_not() -> None:
    raster = rasterise(Drawing.of(SEVEN).ink())
    assert (_opacity(png(raster)) == raster).all()


@pytest.mark.django_db
def test_the_small_picture_is_what_the_network_saw() -> None:
    item = correction()
    seen = _opacity(Reviewer(moderator()).get(f"{item.pk}/28.png").content)
    assert (seen == item.raster).all()


@pytest.mark.django_db
def test_the_large_picture_is_drawn_from_the_strokes() -> None:
    item = correction()
    response = Reviewer(moderator()).get(f"{item.pk}/128.png")
    ink = item.ink
    assert ink is not None
    assert (_opacity(response.content) == rasterise(ink, 128)).all()


@pytest.mark.django_db
def test_an_upload_has_its_one_picture_in_every_size() -> None:
    item = correction()
    Correction.objects.filter(pk=item.pk).update(strokes=None)
    reviewer = Reviewer(moderator())
    assert reviewer.get(f"{item.pk}/128.png").content == reviewer.get(f"{item.pk}/28.png").content


@pytest.mark.django_db
def test_the_browser_keeps_it_and_nobody_in_between_does() -> None:
    response = Reviewer(moderator()).get(f"{correction().pk}/28.png")
    assert response["Content-Type"] == "image/png"
    kept = {part.strip() for part in response["Cache-Control"].split(",")}
    assert {"private", "immutable"} <= kept
    assert "no-store" not in kept


@pytest.mark.django_db
@pytest.mark.parametrize("side", [0, 1, 64, 4096, 10**9])
def test_other_sizes_are_not_made(side: int) -> None:
    assert Reviewer(moderator()).get(f"{correction().pk}/{side}.png").status_code == 404


def _times(strokes: list[list[list[float]]]) -> list[list[float]]:
    return [[float(time) for time in trace.times.split()] for trace in traces(strokes)]


def test_points_lie_where_the_rasteriser_puts_them() -> None:
    (trace,) = traces(SEVEN)
    points = np.array([[float(n) for n in point.split(",")] for point in trace.points.split()])
    ink = rasterise(Drawing.of(SEVEN).ink())
    for x, y in points:
        assert ink[int(y), int(x)] > 0


def test_a_replay_keeps_the_pace_of_the_hand() -> None:
    assert _times([[[0, 0, 1000], [1, 0, 1100], [9, 9, 1150]]]) == [[0, 100, 150]]


def test_a_replay_does_not_wait_for_who_stopped_to_think() -> None:
    first, second = _times([[[0, 0, 0], [9, 0, 100]], [[0, 9, 60_000], [9, 9, 60_100]]])
    assert first == [0, 100]
    assert second == [350, 450]


def test_strokes_without_times_are_replayed_at_an_even_pace() -> None:
    ((start, middle, end),) = _times([[[0, 0], [10, 0], [30, 0]]])
    assert start == 0
    assert (end - middle) / (middle - start) == pytest.approx(2, abs=0.02)


def test_times_that_run_back_are_not_believed() -> None:
    (times,) = _times([[[0, 0, 500], [10, 0, 100], [20, 0, 900]]])
    assert times == sorted(times)


def test_no_replay_takes_long() -> None:
    strokes = [[[float(x), y, 4e3 * y + x * 1e2] for x in range(40)] for y in range(4)]
    assert _times(strokes)[-1][-1] == LONGEST_REPLAY


def test_a_dot_is_drawn() -> None:
    (trace,) = traces([[[5, 5]]])
    assert len(set(trace.points.split())) == 1
    assert len(trace.points.split()) == len(trace.times.split()) == 2


def test_nothing_is_nothing() -> None:
    assert traces([]) == traces([[]]) == []
