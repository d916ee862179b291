"""Memories are built in small steps and one after the other, from the rows of what was named."""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
import pytest

from feedback import building
from feedback.building import built, empty, remember
from feedback.models import Correction, Verdict
from feedback.tests.making import scrawl
from feedback.tests.standin import predictor
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing

MANY = building._FEW + 4

Ids = Callable[..., list[UUID]]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Ids:
    """Return a way to name drawings, each of which a database without any of them has."""
    rows: dict[UUID, Correction] = {}

    def name(count: int, label: str = "7") -> list[UUID]:
        ids = []
        for seed in range(count):
            strokes = scrawl(seed)
            row = Correction(
                strokes=strokes,
                pixels=rasterise(Drawing.of(strokes).ink()).tobytes(),
                submitted_label=label,
                verdict=Verdict.CORRECTED if seed % 2 else Verdict.CONFIRMED,
            )
            rows[row.pk] = row
            ids.append(row.pk)
        return ids

    async def at_once(ids: Sequence[UUID]) -> list[Correction]:
        return [rows[pk] for pk in ids]

    monkeypatch.setattr(building, "database_sync_to_async", lambda _: at_once)
    name.rows = rows  # type: ignore[attr-defined]
    return name


async def test_it_holds_what_was_named_as_if_remembered_one_by_one(named: Ids) -> None:
    anchor, ids = predictor(), named(MANY)
    one_by_one = empty(anchor)
    for pk in ids:
        one_by_one = remember(one_by_one, anchor, named.rows[pk])  # type: ignore[attr-defined]
    memory = await built(ids, anchor)
    assert memory is not None
    assert memory.version == anchor.version
    assert memory.corrections.tolist() == one_by_one.corrections.tolist()
    assert memory.labels.tolist() == [7] * MANY
    np.testing.assert_array_equal(memory.features, one_by_one.features)


async def test_a_picture_without_strokes_is_remembered_as_it_is(named: Ids) -> None:
    (pk,) = named(1)
    drawn = await built([pk], predictor())
    named.rows[pk].strokes = None  # type: ignore[attr-defined]
    uploaded = await built([pk], predictor())
    assert drawn
    assert uploaded
    np.testing.assert_array_equal(uploaded.features, drawn.features)


async def test_of_nothing_it_is_empty_and_nobody_is_asked() -> None:
    memory = await built([], predictor())  # no database in this test
    assert memory is not None
    assert len(memory) == 0


async def test_others_have_their_turn_between_the_steps(
    named: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_STEP", 0.0)
    turns, seen, rested = 0, [], []
    step, sleep = remember, asyncio.sleep

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await sleep(0)

    def noted(*arguments: Any) -> Any:
        seen.append(turns)
        time.sleep(0.002)
        return step(*arguments)

    async def rest(seconds: float) -> None:
        rested.append(seconds)
        await sleep(seconds)

    ids = named(MANY)
    ticking = asyncio.create_task(others())
    with patch.object(building, "remember", noted), patch.object(asyncio, "sleep", rest):
        await built(ids, predictor())
    ticking.cancel()
    assert len(seen) == MANY
    assert all(before < after for before, after in pairwise(seen))
    assert min(rested) >= 0.002 * building._REST


def steps_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every drawing be a step of its own; return the labels in the order of the steps."""
    steps: list[str] = []
    step = remember

    def noted(memory: Any, anchor: Any, row: Correction) -> Any:
        steps.append(row.submitted_label)
        return step(memory, anchor, row)

    monkeypatch.setattr(building, "_STEP", 0.0)
    monkeypatch.setattr(building, "remember", noted)
    return steps


async def test_one_memory_is_built_after_the_other(
    named: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = steps_of(monkeypatch)
    await asyncio.gather(*(built(named(MANY, label), predictor()) for label in "123"))
    assert "".join(steps) == "1" * MANY + "2" * MANY + "3" * MANY


async def test_a_small_one_does_not_wait_for_large_ones(
    named: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = steps_of(monkeypatch)
    large = asyncio.create_task(built(named(10 * MANY, "1"), predictor()))
    await asyncio.sleep(0)
    assert steps == ["1"]
    assert await built(named(1, "2"), predictor())
    assert not large.done()
    await large


async def test_small_ones_wait_for_each_other(named: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = steps_of(monkeypatch)
    await asyncio.gather(*(built(named(3, label), predictor()) for label in "123"))
    assert "".join(steps) == "111222333"


async def test_who_leaves_keeps_nobody_waiting(named: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    steps_of(monkeypatch)
    first, second, third = (
        asyncio.create_task(built(named(MANY, label), predictor())) for label in "123"
    )
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    assert await asyncio.wait_for(third, 10)
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_nothing_is_built_for_who_has_left_meanwhile(
    named: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = steps_of(monkeypatch)
    assert await built(named(MANY), predictor(), lambda: False) is None
    assert steps == []
    assert await built(named(MANY), predictor(), lambda: len(steps) < 3) is None
    assert len(steps) == 3
