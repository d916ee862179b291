"""Varies handwriting the way hands, pens and cameras do; the label stays true.

Strokes are varied as strokes and drawn afterwards, so pen width and smoothness stay real. Images
are varied by one warp and a change of thickness. Everything is drawn from the generator that the
caller passes in: the same generator state gives the same bytes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from recognizer.directions import Seen, planes
from recognizer.rasterizer import PEN, SIDE, Raster, rasterise
from recognizer.strokes import Ink

Vectors = NDArray[np.float64]  # (n, 2)


@dataclass(frozen=True)
class StrokeVariation:
    """How far strokes may vary; lengths are shares of the drawing's longer side."""

    rotation: float = 8.0  # standard deviation, degrees
    rotation_limit: float = 20.0
    shear: float = 0.16
    aspect: float = 0.13  # standard deviation of the log of width over height
    bend: float = 0.05  # quadratic warp
    waves: int = 3  # elastic warp: smooth plane waves of displacement
    wave: float = 0.022  # standard deviation of each wave's amplitude
    apart: float = 0.025  # strokes move against each other
    stroke_scale: float = 0.05
    tremor: float = 0.008  # smooth noise along the pen's path
    pen: float = 0.22  # standard deviation of the log of the pen's width
    pen_limits: tuple[float, float] = (1.5, 5.0)
    unfinished: float = 0.08  # how often the last points are missing
    unfinished_share: float = 0.08  # at most this share of the last stroke
    coarse: float = 0.12  # how often points lie on a coarse grid, as in a tiny drawing
    sparse: float = 0.12  # how often only every second to fourth point is there, as by a mouse
    stray: float = 0.0  # how often the pen touched the paper once beside the character


@dataclass(frozen=True)
class ImageVariation:
    """How far images may vary; lengths are pixels of 28."""

    plain: float = 0.4  # how often an image stays as it is: every warp smooths
    rotation: float = 6.5  # standard deviation, degrees
    rotation_limit: float = 15.0
    shift: float = 0.9
    shift_limit: float = 2.8  # a tenth of the side
    scale: float = 0.07
    shear: float = 0.10
    elastic: float = 0.75  # standard deviation of the displacement at a 5x5 grid of knots
    thickness: float = 0.35  # how often ink grows or shrinks
    blur: float = 0.15
    bold: float = 0.1  # how often a broad pen is imitated: every line 2 to 4 pixels wider


# Named choices, so that a command can repeat what a card states. "light" is for a last phase on
# images: what is left to learn there are the rare shapes, not warped copies of the common ones.
IMAGE_VARIATIONS: dict[str, ImageVariation] = {
    "standard": ImageVariation(),
    "light": ImageVariation(
        rotation=5.0, shift=0.5, scale=0.05, shear=0.07, elastic=0.45, thickness=0.2, blur=0.08
    ),
}


def vary_strokes(ink: Ink, rng: Generator, amount: StrokeVariation) -> Ink:
    """Return another drawing of the same character, about one unit large around the origin."""
    lengths = [len(points) for points in ink]
    points = np.concatenate(ink)  # (p, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    if extent <= 0:
        return ink
    points = (points - (low + high) / 2) / extent  # within ±0.5
    points = _coarsen(points, rng, amount)
    points = _move_apart(points, lengths, rng, amount)
    points = _wave(points, rng, amount) + _tremor(len(points), rng, amount)
    points = points @ _affine(rng, amount).T
    strokes = _thin_out(np.split(points, np.cumsum(lengths)[:-1]), rng, amount)
    return _touch(strokes, rng, amount)


def draw_varied(
    ink: Ink, rng: Generator, amount: StrokeVariation, *, directed: bool = False
) -> Seen:
    """Vary a drawing and draw it with a pen of varied width, with its directions if asked to."""
    pen = PEN * float(np.exp(rng.normal(0, amount.pen)))
    pen = min(max(pen, amount.pen_limits[0]), amount.pen_limits[1])
    varied = vary_strokes(ink, rng, amount)
    return planes(varied, pen) if directed else rasterise(varied, pen=pen)


def _coarsen(points: Vectors, rng: Generator, amount: StrokeVariation) -> Vectors:
    if rng.random() >= amount.coarse:
        return points
    steps = rng.uniform(20, 60)
    return np.rint(points * steps) / steps


def _move_apart(
    points: Vectors, lengths: list[int], rng: Generator, amount: StrokeVariation
) -> Vectors:
    if len(lengths) == 1:
        return points
    moved = []
    for part in np.split(points, np.cumsum(lengths)[:-1]):
        middle = part.mean(axis=0)
        scale = np.exp(rng.normal(0, amount.stroke_scale))
        moved.append((part - middle) * scale + middle + rng.normal(0, amount.apart, 2))
    return np.concatenate(moved)


def _wave(points: Vectors, rng: Generator, amount: StrokeVariation) -> Vectors:
    bend = rng.normal(0, amount.bend, (2, 2))
    warped = points + (points**2) @ bend.T
    angles = rng.uniform(0, 2 * np.pi, amount.waves)
    cycles = rng.uniform(0.4, 1.5, amount.waves)
    waves = np.stack([np.cos(angles), np.sin(angles)]) * cycles * 2 * np.pi  # (2, waves)
    phases = rng.uniform(0, 2 * np.pi, amount.waves)
    heights = rng.normal(0, amount.wave, (amount.waves, 2))
    return warped + np.sin(points @ waves + phases) @ heights


def _tremor(count: int, rng: Generator, amount: StrokeVariation) -> Vectors:
    """Noise that is smooth over about an eighth of the path and has the asked-for deviation."""
    knots = max(2, min(count, 8 + count // 12))
    noise = rng.normal(0, amount.tremor, (knots, 2))
    at = np.linspace(0, knots - 1, count)
    return np.stack([np.interp(at, np.arange(knots), noise[:, axis]) for axis in (0, 1)], axis=1)


def _affine(rng: Generator, amount: StrokeVariation) -> NDArray[np.float64]:
    limit = amount.rotation_limit
    angle = np.deg2rad(np.clip(rng.normal(0, amount.rotation), -limit, limit))
    aspect = np.exp(rng.normal(0, amount.aspect) / 2)
    shear = np.array([[1.0, rng.normal(0, amount.shear)], [0.0, 1.0]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ shear @ np.diag([aspect, 1 / aspect])


def _thin_out(strokes: list[Vectors], rng: Generator, amount: StrokeVariation) -> Ink:
    if rng.random() < amount.unfinished:
        missing = int(len(strokes[-1]) * rng.uniform(0, amount.unfinished_share))
        strokes[-1] = strokes[-1][: len(strokes[-1]) - missing]
    if rng.random() < amount.sparse:
        every = int(rng.integers(2, 5))
        # Only where enough points stay for the shape to stay.
        strokes = [
            np.concatenate([part[:-1:every], part[-1:]]) if len(part) >= 12 * every else part
            for part in strokes
        ]
    return tuple(strokes)


def _touch(ink: Ink, rng: Generator, amount: StrokeVariation) -> Ink:
    """Add a dot beside or below: above, it might turn a bar into an i."""
    if not amount.stray or rng.random() >= amount.stray:
        return ink
    return (*ink, np.array([[rng.uniform(-0.6, 0.6), rng.uniform(0.0, 0.65)]]))


_GRID_Y, _GRID_X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
_KERNELS = (
    cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_RECT, (2, 2)),
)


def vary_image(image: Raster, rng: Generator, amount: ImageVariation) -> Raster:
    """Return another picture of the same character: warped, thicker or thinner, blurred.

    Some stay as they are. A network that had only ever seen warped images, all a little smooth,
    read 99.4 % of warped training images and 98.7 % of the same ones unwarped.
    """
    if rng.random() < amount.plain:
        return image
    varied = cv2.remap(image, *_warp(rng, amount), cv2.INTER_LINEAR)
    if rng.random() < amount.thickness:
        kernel = _KERNELS[int(rng.integers(len(_KERNELS)))]
        grown = rng.random() < 0.5
        changed = cv2.dilate(varied, kernel) if grown else cv2.erode(varied, kernel)
        share = rng.uniform(0.2, 1.0 if grown else 0.6)
        mixed = cv2.addWeighted(varied, 1 - share, changed, share, 0)
        # Erosion must never eat a thin character.
        varied = mixed if int(mixed.max()) > 127 else varied
    if rng.random() < amount.bold:
        varied = cv2.dilate(varied, _KERNELS[0], iterations=int(rng.integers(1, 3)))
    if rng.random() < amount.blur:
        varied = cv2.GaussianBlur(varied, (3, 3), rng.uniform(0.4, 0.8))
    return np.asarray(varied, np.uint8)


def _warp(
    rng: Generator, amount: ImageVariation
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where each pixel of the result comes from: x and y, each (28, 28)."""
    limit = amount.rotation_limit
    angle = np.deg2rad(np.clip(rng.normal(0, amount.rotation), -limit, limit))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.diag(np.exp(np.clip(rng.normal(0, amount.scale, 2), -0.2, 0.2)))
    matrix = turn @ np.array([[1.0, rng.normal(0, amount.shear)], [0.0, 1.0]]) @ stretch
    shift = np.clip(rng.normal(0, amount.shift, 2), -amount.shift_limit, amount.shift_limit)
    centre = (SIDE - 1) / 2
    x, y = _GRID_X - centre, _GRID_Y - centre
    knots = rng.normal(0, amount.elastic, (2, 5, 5)).astype(np.float32)
    waves = [cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for grid in knots]
    map_x = matrix[0, 0] * x + matrix[0, 1] * y + (centre + shift[0]) + waves[0]
    map_y = matrix[1, 0] * x + matrix[1, 1] * y + (centre + shift[1]) + waves[1]
    return map_x.astype(np.float32), map_y.astype(np.float32)
