"""The picture of what decided: seen in both themes, and not by colour alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizer.heat import CELL, picture, png
from recognizer.rasterizer import SIDE, Raster
from recognizer.saliency import TELLING, Saliency, Window

# Weights of relative luminance (WCAG 2.2), in OpenCV's order.
LUMINANCE = np.array([0.0722, 0.7152, 0.2126])


def saliency(heat: NDArray[np.float64], window: Window | None = None) -> Saliency:
    return Saliency("8", heat, window, 1)


def ink() -> Raster:
    raster = np.zeros((SIDE, SIDE), np.uint8)
    raster[10:18, 4:24] = 255
    return raster


def ramp(low: float, high: float) -> NDArray[np.float64]:
    """Return heat that grows from left to right."""
    heat = np.zeros((SIDE, SIDE))
    heat[10:18, 4:24] = np.linspace(low, high, 20)
    return heat


def brightness(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return (pixels / 255.0) ** 2.2 @ LUMINANCE


def test_ink_is_the_brighter_the_more_it_counts() -> None:
    row = brightness(picture(ink(), saliency(ramp(0.0, 9.0))))[14 * CELL, 4 * CELL : 24 * CELL]
    assert (np.diff(row) >= 0).all()
    assert row[-1] > 4 * row[0] > 0


def test_ink_against_the_label_is_striped_and_no_other() -> None:
    pixels = picture(ink(), saliency(ramp(-9.0, 9.0)))
    cells = brightness(pixels)[14 * CELL : 15 * CELL].reshape(CELL, SIDE, CELL)
    contrast = cells.max(axis=(0, 2)) / np.maximum(cells.min(axis=(0, 2)), 1e-9)
    assert (contrast[4:10] > 3).all()
    assert np.allclose(contrast[14:24], 1.0)


def test_paper_is_dark_whatever_the_theme() -> None:
    pixels = picture(ink(), saliency(ramp(-9.0, 9.0)))
    paper = ink().repeat(CELL, axis=0).repeat(CELL, axis=1) == 0
    assert not pixels[paper].any()


def test_where_nothing_counts_nothing_glows() -> None:
    faint = brightness(picture(ink(), saliency(ramp(0.0, TELLING / 10))))
    strong = brightness(picture(ink(), saliency(ramp(0.0, 10.0))))
    assert faint.max() < strong.max() / 2


def test_the_decisive_window_is_framed_if_it_tells() -> None:
    def framed(loss: float) -> bool:
        window = Window(8, 4, 6, loss, np.zeros(36, np.float32))
        pixels = picture(ink(), saliency(ramp(0.0, 1.0), window))
        return bool((pixels[4 * CELL, 8 * CELL : 14 * CELL] == 255).all())

    assert framed(TELLING)
    assert not framed(TELLING / 2)


def test_it_is_a_png_with_whole_pixels_for_each_of_the_image() -> None:
    read = cv2.imdecode(np.frombuffer(png(ink(), saliency(ramp(0, 1))), np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    assert read.shape == (SIDE * CELL, SIDE * CELL, 3)
