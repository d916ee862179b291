"""A memory that is being built keeps nothing waiting that its person says meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

from django.db import OperationalError
from django.test import TestCase

from feedback import building, memories, submissions
from feedback.tests.making import SEVEN, scrawl
from feedback.tests.sockets import connected, key
from feedback.tests.standin import predictor
from feedback.tests.test_consumer import correct, stored
from recognizer import serving


@asynccontextmanager
async def others_first() -> AsyncIterator[None]:
    """Let other people's memories be built meanwhile, however small anybody's is."""
    turns = (asyncio.Lock(), asyncio.Lock())
    building._turns[asyncio.get_running_loop()] = turns
    async with turns[False], turns[True]:
        yield


async def taught() -> str:
    """Return the cookie of somebody who has corrected a drawing."""
    cookie = key()
    async with connected(person=cookie) as client:
        await correct(client, "7")
    return cookie


class WhileOthersAreFirst(TestCase):
    async def test_a_verdict_is_stored_and_acknowledged(self) -> None:
        cookie = await taught()
        async with others_first(), connected(person=cookie) as client:
            await correct(client, "1", scrawl(1))
            assert len(await stored()) == 2
            assert (await client.until("prediction", personal=True))["label"] == "1"

    async def test_forgetting_is_stored(self) -> None:
        cookie = await taught()
        async with others_first(), connected(person=cookie) as client:
            await client.draw(SEVEN)
            await client.send("forget")
            await client.until("prediction", covers=client.n)
            await correct(client, "1", scrawl(1))  # which comes after it
            assert [row.remembered for row in await stored()] == [False, True]
        async with connected(person=cookie) as client:
            assert not (await client.draw(SEVEN))["personal"]

    async def test_what_was_taught_meanwhile_is_remembered_with_what_was_before(self) -> None:
        cookie = await taught()
        async with connected(person=cookie) as client:
            async with others_first():
                await correct(client, "1", scrawl(1))
            for drawing, label in ((scrawl(1), "1"), (SEVEN, "7")):
                answer = await client.draw_until(drawing, personal=True)
                assert answer["label"] == label

    async def test_one_memory_is_built_for_a_new_version_however_many_answers(self) -> None:
        cookie = await taught()
        async with connected(person=cookie) as client:
            await client.draw_until(SEVEN, personal=True)
            with patch.object(building, "_rows", wraps=building._rows) as asked:
                async with others_first():
                    serving.serve(predictor(number=8))
                    await client.send("clear")
                    for seed in range(5):
                        await client.draw(scrawl(seed))
                await client.draw_until(SEVEN, version=8, personal=True)
            assert asked.call_count == 1

    async def test_nothing_is_built_for_sockets_that_have_gone(self) -> None:
        cookie = await taught()
        with patch.object(building, "_rows", wraps=building._rows) as asked:
            async with others_first():
                for _ in range(5):
                    async with connected(person=cookie) as client:
                        await client.draw(SEVEN)
            async with connected(person=cookie) as client:
                await client.draw_until(SEVEN, personal=True)
            assert asked.call_count == 1


class OncePerBuild(TestCase):
    async def test_who_teaches_steadily_has_a_whole_memory_after_one_build(self) -> None:
        cookie = await taught()
        with patch.object(building, "_rows", wraps=building._rows) as asked:
            async with connected(person=cookie) as client:
                async with others_first():
                    for seed in range(4):
                        await correct(client, "1", scrawl(seed))
                for drawing, label in ((SEVEN, "7"), (scrawl(0), "1"), (scrawl(3), "1")):
                    answer = await client.draw_until(drawing, personal=True)
                    assert answer["label"] == label
            assert asked.call_count == 1

    async def test_who_comes_back_is_answered_once_and_with_what_they_taught(self) -> None:
        cookie = await taught()
        with patch("feedback.consumers._PATIENCE", 10.0):
            async with connected(person=cookie) as client:
                assert (await client.draw(SEVEN))["label"] == "7"
                assert await client.is_silent()

    async def test_what_is_taken_back_elsewhere_is_not_answered_with_while_others_are_first(
        self,
    ) -> None:
        cookie = await taught()
        async with connected(person=cookie) as client, connected(person=cookie) as tab:
            await tab.draw_until(SEVEN, personal=True)
            async with others_first():
                await client.send("forget")
                await tab.until("prediction", personal=False)
                assert not (await tab.draw(SEVEN))["personal"]


class Outages(TestCase):
    async def test_a_memory_that_could_not_be_built_is_tried_again_later(self) -> None:
        cookie = await taught()
        with patch("feedback.remembering._RETRY", 0.05):
            async with connected(person=cookie) as client:
                with patch.object(building, "_rows", side_effect=OperationalError) as asked:
                    async with asyncio.timeout(10):
                        while asked.call_count < 2:
                            assert not (await client.draw(SEVEN))["personal"]
                assert (await client.draw_until(SEVEN, personal=True))["label"] == "7"

    async def test_what_could_not_be_forgotten_comes_back_with_the_database(self) -> None:
        async with connected() as client:
            await correct(client, "7")
            await client.until("prediction", personal=True)
            with (
                patch("feedback.consumers.forget", side_effect=submissions.Unwritable("no")),
                patch.object(building, "_rows", side_effect=OperationalError),
            ):
                await client.send("forget")
                await client.until("error")
                assert not (await client.draw(scrawl(1)))["personal"]
                await correct(client, "4", scrawl(2))  # known by itself, for lack of all else
                assert (await client.draw_until(scrawl(2), personal=True))["label"] == "4"
            await correct(client, "1", scrawl(1))
            assert (await client.draw_until(SEVEN, personal=True))["label"] == "7"


class ByHTTP(TestCase):
    async def test_requests_at_the_same_moment_build_one_memory(self) -> None:
        await taught()
        ids = [row.pk for row in await stored()]
        with patch.object(building, "_rows", wraps=building._rows) as asked:
            found = await asyncio.gather(
                *(memories._built_once(ids, predictor()) for _ in range(12))
            )
        assert asked.call_count == 1
        assert all(memory is found[0] for memory in found)
        assert not memories._builds
