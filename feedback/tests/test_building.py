"""Memories are built in small steps, one after the other, from rows that were read before."""

import asyncio
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from feedback import building
from feedback.building import Named, built, empty, remember
from feedback.models import Correction, Verdict
from feedback.tests.making import scrawl
from feedback.tests.standin import predictor
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing


def rows(count: int, label: str = "7") -> list[Correction]:
    """Return what somebody has named, as it is read from the database, which has none of it."""
    found = []
    for seed in range(count):
        strokes = scrawl(seed)
        pixels = rasterise(Drawing.of(strokes).ink()).tobytes()
        verdict = Verdict.CORRECTED if seed % 2 else Verdict.CONFIRMED
        found.append(
            Correction(strokes=strokes, pixels=pixels, submitted_label=label, verdict=verdict)
        )
    return found


async def test_it_holds_what_was_named_as_if_remembered_one_by_one() -> None:
    anchor, named = predictor(), rows(10)
    one_by_one = empty(anchor)
    for row in named:
        one_by_one = remember(one_by_one, anchor, row)
    memory = await built(named, anchor)
    assert memory.version == anchor.version
    assert memory.corrections.tolist() == one_by_one.corrections.tolist()
    assert memory.labels.tolist() == [7] * 10
    np.testing.assert_allclose(memory.features, one_by_one.features, atol=1e-6)


async def test_a_picture_without_strokes_is_remembered_as_it_is() -> None:
    (row,) = rows(1)
    drawn = await built([row], predictor())
    row.strokes = None
    uploaded = await built([row], predictor())
    np.testing.assert_allclose(uploaded.features, drawn.features, atol=1e-6)


async def test_of_nothing_it_is_empty() -> None:
    assert not await built([], predictor())


async def test_others_have_their_turn_between_the_steps() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(others())
    await built(rows(40), predictor())
    ticking.cancel()
    assert turns >= 40 / building._STEP


async def test_one_memory_is_built_after_the_other() -> None:
    steps: list[str] = []
    step = building._with

    def noted(memory: Any, named: Named, anchor: Any) -> Any:
        steps.append(named[0].submitted_label)
        return step(memory, named, anchor)

    with patch.object(building, "_with", noted):
        await asyncio.gather(*(built(rows(12, label), predictor()) for label in "123"))
    assert steps == sorted(steps)
    assert len(steps) == 3 * 12 / building._STEP


async def test_who_leaves_keeps_nobody_waiting() -> None:
    first, second, third = (
        asyncio.create_task(built(rows(12, label), predictor())) for label in "123"
    )
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    assert len(await asyncio.wait_for(third, 10)) == 12
    with pytest.raises(asyncio.CancelledError):
        await second
