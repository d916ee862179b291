"""A memory of one's own over the socket: right at once, in every tab, for nobody else, and gone."""

import asyncio
import time
from contextlib import AsyncExitStack
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY

from feedback import building, consumers, submissions
from feedback.erasure import withdraw_all
from feedback.models import Status
from feedback.tests.making import SEVEN, scrawl
from feedback.tests.sockets import PATIENCE, Client, connected, key
from feedback.tests.standin import predictor
from feedback.tests.test_consumer import correct, stored
from recognizer import serving


class Remembering(TestCase):
    async def test_the_answer_is_right_for_its_person_from_that_moment(self) -> None:
        async with connected() as client:
            assert (await client.draw(SEVEN))["label"] == "3"
            await client.send("verdict", label="7")
            await client.until("receipt")
            answer = await client.until("prediction", personal=True)
            assert answer["label"] == "7"
            await client.send("clear")
            again = await client.draw(SEVEN)
            assert (again["label"], again["personal"]) == ("7", True)
            assert sum(again["probabilities"]) == pytest.approx(1, abs=1e-4)

    async def test_everybody_else_s_answers_are_bit_identical(self) -> None:
        drawings = [SEVEN, *(scrawl(seed) for seed in range(5))]

        async def answers(client: Client) -> list[Any]:
            return [{**await client.draw(drawing), "covers": None} for drawing in drawings]

        async with connected(person=key()) as other:
            before = await answers(other)
            async with connected(person=key()) as teacher:
                for drawing in drawings:
                    await correct(teacher, "7", drawing)
                assert await answers(other) == before
            async with connected() as third:
                assert await answers(third) == before

    async def test_a_memory_is_loaded_once_and_never_on_the_stroke_path(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            await correct(client, "7")
        with (
            patch.object(building, "_rows", wraps=building._rows) as asked,
            patch.object(consumers, "_PATIENCE", PATIENCE),  # the machine may be slow
        ):
            async with connected(person=cookie) as client:
                for _ in range(6):
                    answer = await client.draw(SEVEN)
                    assert (answer["label"], answer["personal"]) == ("7", True)
            assert asked.call_count == 1

    async def test_waiting_for_a_memory_is_no_queue(self) -> None:
        def queued() -> float:
            return REGISTRY.get_sample_value("predict_seconds_sum", {"stage": "queue"}) or 0.0

        cookie, release = key(), Event()
        async with connected(person=cookie) as client:
            await correct(client, "7")
        with (
            patch.object(building, "_rows", lambda _: [release.wait(PATIENCE)][:0]),
            patch.object(consumers, "_PATIENCE", 1.0),
        ):
            async with connected(person=cookie) as client:
                begin, before = time.monotonic(), queued()
                await client.draw(SEVEN)
                waited, counted = time.monotonic() - begin, queued() - before
                release.set()
        assert waited > 0.9
        assert counted < waited - 0.9

    async def test_those_who_come_back_together_are_looked_up_together(self) -> None:
        taught = key()
        async with connected(person=taught) as client:
            await correct(client, "7")
        crowd, are_there = [key() for _ in range(12)], Event()
        queries = CaptureQueriesContext(connection)
        await sync_to_async(queries.__enter__)()
        async with AsyncExitStack() as stack:
            busy = asyncio.create_task(sync_to_async(are_there.wait)(PATIENCE))
            clients = [
                await stack.enter_async_context(connected(person=one)) for one in (*crowd, taught)
            ]
            are_there.set()
            answer = await clients[-1].draw_until(SEVEN, personal=True)
            assert answer["label"] == "7"
            assert await busy
        await sync_to_async(queries.__exit__)(None, None, None)
        texts = await sync_to_async(lambda: [query["sql"] for query in queries])()
        assert 0 < sum("feedback_correction" in text for text in texts) <= 6

    async def test_forgetting_is_at_once_for_every_socket_and_for_good(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client, connected(person=cookie) as tab:
            await correct(client, "7")
            await client.until("prediction", personal=True)
            await tab.draw_until(SEVEN, personal=True)
            await client.send("forget")
            answer = await client.until("prediction", covers=client.n)
            assert (answer["label"], answer["personal"]) == ("3", False)
            await tab.until("prediction", personal=False)
        async with connected(person=cookie) as client:
            assert not (await client.draw(SEVEN))["personal"]
            assert await client.is_silent()
        (row,) = await stored()
        assert (row.status, row.remembered) == (Status.PENDING, False)

    async def test_a_forgetting_that_cannot_be_stored_is_told_and_undone(self) -> None:
        async with connected(person=key()) as client:
            await correct(client, "7")
            await client.until("prediction", personal=True)
            with patch("feedback.consumers.forget", side_effect=submissions.Unwritable("no")):
                await client.send("forget")
                error = await client.until("error")
            assert (error["code"], error["n"]) == ("unavailable", client.n)
            await client.until("prediction", personal=True)

    async def test_what_is_taught_after_forgetting_counts(self) -> None:
        async with connected() as client:
            await correct(client, "7")
            await client.send("forget")
            await client.until("prediction", covers=client.n)
            await correct(client, "1")
            assert (await client.until("prediction", personal=True))["label"] == "1"

    async def test_another_version_gets_a_memory_of_its_own(self) -> None:
        async with connected() as client:
            await correct(client, "7")
            await client.until("prediction", personal=True)
            serving.serve(predictor(number=8))
            await client.send("clear")
            answer = await client.draw_until(SEVEN, version=8, personal=True)
            assert answer["label"] == "7"

    async def test_what_the_same_person_teaches_in_another_tab_counts(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client, connected(person=cookie) as tab:
            await tab.draw(SEVEN)
            await correct(client, "7")
            assert (await tab.until("prediction", personal=True))["label"] == "7"

    async def test_the_last_word_about_a_drawing_counts(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            for label in ("7", "1", "7"):
                await correct(client, label)
        async with connected(person=cookie) as client:
            assert (await client.draw_until(SEVEN, personal=True))["label"] == "7"

    async def test_deleted_corrections_are_not_remembered(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            await correct(client, "7")
        keys = {row.submitter for row in await stored()}
        await sync_to_async(withdraw_all)(keys)
        async with connected(person=cookie) as client:
            assert not (await client.draw(SEVEN))["personal"]
            assert await client.is_silent()

    async def test_a_memory_that_cannot_be_built_leaves_the_network_s_answers(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            await correct(client, "7")
        with patch.object(building, "_rows", side_effect=OperationalError):
            async with connected(person=cookie) as client:
                assert not (await client.draw(SEVEN))["personal"]
                await correct(client, "1", scrawl(1))  # which needs no memory of before
                assert (await client.draw_until(scrawl(1), personal=True))["label"] == "1"
                assert not (await client.draw(SEVEN))["personal"]
