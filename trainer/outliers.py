"""Drawings that are no character: what the network must not be sure about.

Outlier exposure (Hendrycks et al. 2019) needs examples of "something else". Each family draws one
kind of it as strokes about one unit large. Nothing here may look like a character: no bare bar
(1, l, i), no ring (0, o), no short zigzag (z, w, m), no two crossing bars (x, t). Some families
are kept for testing alone, so that the figures say what happens with scribbles never trained on.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from recognizer.strokes import Ink

Points = NDArray[np.float64]
Family = Callable[[Generator, Sequence[Ink]], Ink]  # the inks: real characters to spoil


def _turned(points: Points, rng: Generator, limit: float = np.pi) -> Points:
    angle = rng.uniform(-limit, limit)
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, -sin], [sin, cos]]).T


def _smooth(corners: Points, per_corner: int = 8) -> Points:
    """Round a polyline off: Chaikin's corner cutting, twice, then evenly many points."""
    for _ in range(3):
        first, second = corners[:-1], corners[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1)
        corners = np.concatenate([corners[:1], cut.reshape(-1, 2), corners[-1:]])
    at = np.linspace(0, len(corners) - 1, per_corner * 8)
    places = np.arange(len(corners))
    return np.stack([np.interp(at, places, corners[:, axis]) for axis in (0, 1)], axis=1)


def _unit(ink: Ink) -> Ink:
    points = np.concatenate(ink)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-9)
    return tuple((part - (low + high) / 2) / extent for part in ink)


def random_walk(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A pen that wanders with some inertia."""
    steps = rng.normal(0, 1, (int(rng.integers(80, 220)), 2))
    inertia = rng.uniform(0.5, 0.9)
    for index in range(1, len(steps)):
        steps[index] += inertia * steps[index - 1]
    walk = np.cumsum(steps, axis=0)
    pull = rng.uniform(0.4, 1.0)  # held together: a free walk is a lone thin line
    return (walk - pull * np.linspace(0, 1, len(walk))[:, None] * walk[-1],)


def tangle(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A smooth curve through many random places."""
    return (_smooth(rng.uniform(-0.5, 0.5, (int(rng.integers(14, 34)), 2)), 30),)


def corners(rng: Generator, _: Sequence[Ink]) -> Ink:
    """Straight lines between many random places."""
    return (rng.uniform(-0.5, 0.5, (int(rng.integers(11, 24)), 2)),)


def zigzag(rng: Generator, _: Sequence[Ink]) -> Ink:
    """Back and forth many times, at any angle."""
    turns = int(rng.integers(9, 24))
    along = np.linspace(-0.5, 0.5, turns) + rng.normal(0, 0.01, turns)
    across = np.where(np.arange(turns) % 2 == 0, 0.5, -0.5) * rng.uniform(0.25, 1.0)
    across = across * rng.uniform(0.6, 1.0, turns)
    return (_turned(np.stack([along, across], axis=1), rng),)


def hatching(rng: Generator, _: Sequence[Ink]) -> Ink:
    """Many parallel strokes, sometimes crossed by as many."""
    strokes: list[Points] = []
    for angle in rng.uniform(0, np.pi, int(rng.integers(1, 3))):
        for offset in np.linspace(-0.45, 0.45, int(rng.integers(5, 12))):
            ends = np.array([[-0.5, offset], [0.5, offset]]) + rng.normal(0, 0.03, (2, 2))
            cos, sin = np.cos(angle), np.sin(angle)
            strokes.append(ends @ np.array([[cos, -sin], [sin, cos]]).T)
    return tuple(strokes)


def spiral(rng: Generator, _: Sequence[Ink]) -> Ink:
    """At least two and a half turns, so that it is neither 6, 9, e nor @."""
    turns = rng.uniform(2.6, 7.0)
    at = np.linspace(0, 1, int(40 * turns))
    radius = rng.uniform(0.02, 0.15) + 0.5 * at ** rng.uniform(0.7, 1.3)
    angle = rng.choice([-1, 1]) * 2 * np.pi * turns * at + rng.uniform(0, 2 * np.pi)
    squash = rng.uniform(0.5, 1.0)
    points = np.stack([radius * np.cos(angle), squash * radius * np.sin(angle)], axis=1)
    return (_turned(points, rng),)


def ball(rng: Generator, _: Sequence[Ink]) -> Ink:
    """Round and round over the same place: a blotted spot or a ball of wool."""
    turns = int(rng.integers(5, 14))
    angle = np.linspace(0, 2 * np.pi * turns, 24 * turns)
    radius = 0.5 * np.abs(
        np.interp(angle, np.linspace(0, angle[-1], 2 * turns), rng.uniform(0.0, 1.0, 2 * turns))
    )
    centre = np.stack(
        [
            np.interp(angle, np.linspace(0, angle[-1], turns), part)
            for part in rng.normal(0, 0.08, (2, turns))
        ],
        axis=1,
    )
    return (centre + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1),)


def dots(rng: Generator, _: Sequence[Ink]) -> Ink:
    """One dot alone, or four and more scattered."""
    count = 1 if rng.random() < 0.25 else int(rng.integers(4, 25))
    return tuple(point[None] for point in rng.uniform(-0.5, 0.5, (count, 2)))


def ticks(rng: Generator, _: Sequence[Ink]) -> Ink:
    """Many short strokes in all directions."""
    strokes: list[Points] = []
    for place in rng.uniform(-0.5, 0.5, (int(rng.integers(5, 20)), 2)):
        step = _turned(np.array([[0.0, rng.uniform(0.05, 0.25)]]), rng)[0]
        strokes.append(np.stack([place, place + step]))
    return tuple(strokes)


def dash(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A level line, straight or wavy: a minus, a tilde, a ruler's line."""
    x = np.linspace(-0.5, 0.5, 30)
    wave = rng.uniform(0, 0.07) * np.sin(2 * np.pi * rng.uniform(0.5, 4) * x + rng.uniform(0, 6.3))
    line = _turned(np.stack([x, wave], axis=1), rng, np.deg2rad(15))
    twice = rng.random() < 0.2  # an equals sign
    below = line + np.array([0.0, rng.uniform(0.2, 0.5)])
    return (line, below) if twice else (line,)


def row_of_characters(rng: Generator, inks: Sequence[Ink]) -> Ink:
    """Two to four characters side by side."""
    strokes: list[Points] = []
    left = 0.0
    for _ in range(int(rng.integers(2, 5))):
        ink = _unit(inks[int(rng.integers(len(inks)))])
        low = min(float(part[:, 0].min()) for part in ink)
        high = max(float(part[:, 0].max()) for part in ink)
        strokes += [part + np.array([left - low, rng.normal(0, 0.05)]) for part in ink]
        left += high - low + rng.uniform(0.08, 0.35)
    return tuple(strokes)


def struck_out(rng: Generator, inks: Sequence[Ink]) -> Ink:
    """A character scratched out."""
    ink = _unit(inks[int(rng.integers(len(inks)))])
    family = (zigzag, ball, hatching, tangle)[int(rng.integers(4))]
    return ink + tuple(part * rng.uniform(0.8, 1.1) for part in _unit(family(rng, inks)))


def coil(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A row of loops, like a telephone cord."""
    loops = int(rng.integers(5, 11))
    angle = np.linspace(0, 2 * np.pi * loops, 24 * loops)
    x = angle / (2 * np.pi * loops) + rng.uniform(0.06, 0.16) * np.cos(angle)
    y = rng.uniform(0.12, 0.35) * np.sin(angle)
    return (_turned(np.stack([x, y], axis=1), rng),)


def face(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A ring with two eyes and a mouth."""
    angle = np.linspace(0, 2 * np.pi, 40) + rng.uniform(0, 6.3)
    ring = np.stack([0.5 * np.cos(angle), rng.uniform(0.42, 0.55) * np.sin(angle)], axis=1)
    eyes = [
        np.array([[side * rng.uniform(0.13, 0.22), -rng.uniform(0.08, 0.2)]]) for side in (-1, 1)
    ]
    x = np.linspace(-1, 1, 15)
    mouth = np.stack([x * rng.uniform(0.15, 0.28), 0.2 - rng.uniform(-0.12, 0.15) * x**2], axis=1)
    return (ring, *eyes, mouth)


def star(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A star of five to nine points drawn in one stroke."""
    points = int(rng.choice([5, 7, 9]))
    angle = np.arange(points + 1) * (points // 2) * 2 * np.pi / points - np.pi / 2
    corner = np.stack([np.cos(angle), np.sin(angle)], axis=1) / 2
    return (_turned(corner + rng.normal(0, 0.02, corner.shape), rng, 0.3),)


def grid(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A lattice, or a house: boxes and straight lines."""
    if rng.random() < 0.5:
        lines = np.linspace(-0.5, 0.5, int(rng.integers(4, 6)))
        return tuple(np.array([[at, -0.5], [at, 0.5]]) for at in lines) + tuple(
            np.array([[-0.5, at], [0.5, at]]) for at in lines
        )
    wall = np.array([[-0.4, 0.5], [-0.4, -0.1], [0.4, -0.1], [0.4, 0.5], [-0.4, 0.5]])
    roof = np.array([[-0.45, -0.1], [0.0, -0.5], [0.45, -0.1]])
    door = np.array([[-0.1, 0.5], [-0.1, 0.2], [0.1, 0.2], [0.1, 0.5]])
    return tuple(part + rng.normal(0, 0.015, part.shape) for part in (wall, roof, door))


def cloud(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A closed outline of many bumps: a flower or a cloud."""
    bumps = int(rng.integers(5, 11))
    angle = np.linspace(0, 2 * np.pi, 160)
    radius = 0.35 + rng.uniform(0.08, 0.16) * np.abs(np.sin(bumps * angle / 2 + rng.uniform(0, 3)))
    outline = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return (outline, outline * 0.3) if rng.random() < 0.5 else (outline + 0.0, outline[::4] * 0.2)


def outline(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A triangle, a box or a diamond; with more corners it would be a 0."""
    count = int(rng.integers(3, 5))
    angle = np.linspace(0, 2 * np.pi, count + 1) + rng.uniform(0, 2 * np.pi)
    corner = np.stack([np.cos(angle), rng.uniform(0.6, 1.0) * np.sin(angle)], axis=1) / 2
    corner[:-1] += rng.normal(0, 0.04, (count, 2))
    corner[-1] = corner[0] + rng.normal(0, 0.015, 2)
    return (_turned(corner, rng, 0.3),)


def dented(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A kidney or a moon: a closed curve with a deep dent, not on its right, which would be a B."""
    angle = np.linspace(0, 2 * np.pi, 80)
    depth, width = rng.uniform(0.65, 0.85), rng.uniform(0.5, 0.9)
    radius = 0.5 * (1 - depth * np.exp(-(((angle - np.pi) / width) ** 2)))
    points = np.stack([radius * np.cos(angle), rng.uniform(0.8, 1.3) * radius * np.sin(angle)], 1)
    return (_turned(points, rng, np.deg2rad(120)),)


def sun(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A ring with rays."""
    angle = np.linspace(0, 2 * np.pi, 40)
    inner = rng.uniform(0.18, 0.3)
    ring = inner * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rays = np.linspace(0, 2 * np.pi, int(rng.integers(6, 13)), endpoint=False)
    ends = np.array([inner + rng.uniform(0.02, 0.08), 0.5])[:, None]
    return (ring, *(ends * [np.cos(at), np.sin(at)] for at in rays + rng.uniform(0, 1)))


def stick_figure(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A head, a body, arms and legs."""
    angle = np.linspace(0, 2 * np.pi, 24)
    head = rng.uniform(0.1, 0.17) * np.stack([np.cos(angle), np.sin(angle)], axis=1) - [0, 0.36]
    arms, feet = rng.uniform(-0.25, 0.1), rng.uniform(0.12, 0.28)
    limbs = (
        [[0, -0.22], [0, 0.15]],
        [[-0.25, arms], [0, -0.08], [0.25, arms]],
        [[-feet, 0.5], [0, 0.15], [feet, 0.5]],
    )
    return (head, *(np.array(limb) + rng.normal(0, 0.015, (len(limb), 2)) for limb in limbs))


def heart(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A heart, or two hearts in each other."""
    at = np.linspace(0, 2 * np.pi, 80)
    x = 16 * np.sin(at) ** 3
    y = -13 * np.cos(at) + 5 * np.cos(2 * at) + 2 * np.cos(3 * at) + np.cos(4 * at)
    outline = np.stack([x, y], axis=1) / 32 * [rng.uniform(0.85, 1.15), 1.0]
    return (outline, outline * rng.uniform(0.3, 0.6)) if rng.random() < 0.5 else (outline,)


def crossed_box(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A box with both diagonals, or with a line through it."""
    box = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    lines = (
        [np.array([[-0.5, -0.5], [0.5, 0.5]]), np.array([[0.5, -0.5], [-0.5, 0.5]])]
        if rng.random() < 0.7
        else [np.array([[-0.7, 0.4], [0.7, -0.4]]), np.array([[-0.7, 0.0], [0.7, 0.1]])]
    )
    return tuple(part + rng.normal(0, 0.03, part.shape) for part in (box, *lines))


def arrow(rng: Generator, _: Sequence[Ink]) -> Ink:
    """An arrow to the right or to the left: a shaft and a head of two strokes, or of one."""
    back, up = rng.uniform(0.15, 0.3), rng.uniform(0.12, 0.25)
    shaft, tip = np.array([[-0.5, 0.0], [0.5, 0.0]]), np.array([0.5, 0.0])
    barbs = np.array([[0.5 - back, -up], tip, [0.5 - back, up]])
    strokes = (shaft, barbs) if rng.random() < 0.5 else (shaft, barbs[:2], barbs[1:])
    mirror = np.array([rng.choice([-1.0, 1.0]), 1.0])
    angle = rng.uniform(-0.4, 0.4)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return tuple((part * mirror + rng.normal(0, 0.012, part.shape)) @ turn.T for part in strokes)


def tree(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A fir: three layers that grow wider, and a trunk."""
    widths, tops = np.array([0.16, 0.27, 0.38]) * rng.uniform(0.8, 1.2), (-0.2, 0.05, 0.3)
    right = [[0.0, -0.5]]
    for width, level in zip(widths, tops, strict=True):
        right += [[width, level], [width * 0.45, level]]
    side = np.array(right[:-1])
    outline_ = np.concatenate([side, (side * [-1, 1])[::-1]]) + rng.normal(0, 0.012, (12, 2))
    trunk = np.array([[-0.05, 0.3], [-0.05, 0.5], [0.05, 0.5], [0.05, 0.3]])
    return (np.concatenate([outline_, outline_[:1]]), trunk)


def umbrella(rng: Generator, _: Sequence[Ink]) -> Ink:
    """A dome with a scalloped rim, and a stick with a hook."""
    angle = np.linspace(np.pi, 2 * np.pi, 30)
    dome = np.stack([0.5 * np.cos(angle), rng.uniform(0.4, 0.5) * np.sin(angle)], axis=1)
    x = np.linspace(0.5, -0.5, 40)
    rim = np.stack([x, -0.08 * np.abs(np.sin(np.pi * int(rng.integers(3, 6)) * (x + 0.5)))], axis=1)
    bow = np.linspace(0, np.pi, 12)
    hook = np.stack([0.09 * np.cos(bow) - 0.09, 0.38 + 0.09 * np.sin(bow)], axis=1)
    return (np.concatenate([dome, rim]), np.concatenate([[[0.0, 0.0]], hook]))


TRAINED: dict[str, Family] = {
    family.__name__: family
    for family in (
        random_walk, tangle, corners, zigzag, hatching, spiral, ball, dots, ticks, dash,
        row_of_characters, struck_out, face, grid, cloud, outline, dented, sun, stick_figure,
    )
}  # fmt: skip
HELD_OUT: dict[str, Family] = {
    family.__name__: family for family in (coil, star, heart, crossed_box, arrow, tree, umbrella)
}


def draw_outlier(rng: Generator, inks: Sequence[Ink], families: Sequence[Family]) -> Ink:
    """Draw one of `families`, chosen evenly; `inks` are characters that some of them spoil."""
    return families[int(rng.integers(len(families)))](rng, inks)


def sample_outliers(
    seed: int, count: int, inks: Sequence[Ink], families: Sequence[Family]
) -> list[Ink]:
    """Return `count` drawings, the families in turn; the same arguments give the same drawings."""
    rng = np.random.default_rng(seed)
    return [families[index % len(families)](rng, inks) for index in range(count)]
