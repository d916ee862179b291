"""Verdicts over the socket: stored and acknowledged, remembered at once, and told about later."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import timedelta
from threading import Event
from typing import Any
from unittest.mock import patch

from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import TestCase, override_settings
from django.utils import timezone

from feedback import building, lessons, processes, receipts
from feedback.decisions import decide, undo
from feedback.erasure import expire, withdraw
from feedback.models import Correction, Device, ReceiptStatus, Verdict
from feedback.tests.making import SEVEN, moderator, scrawl
from feedback.tests.sockets import PATIENCE, Client, connected, key
from feedback.tests.standin import predictor
from recognizer import consumers, pausing, serving
from recognizer.messages import PredictionFrame
from recognizer.pausing import Pause
from recognizer.session import DrawSession

NO_LABELS: list[Any] = ["99", "abc", "../x", "10", "3.7", True, " 4 ", "٤", "\uff14", "", 10, 3.7]


@sync_to_async
def stored() -> list[Correction]:
    return list(Correction.objects.order_by("created"))


async def correct(client: Client, label: str, strokes: Any = SEVEN, **fields: Any) -> str:
    """Draw, correct, and return the id on the receipt."""
    await client.draw(strokes)
    await client.send("verdict", label=label, **fields)
    receipt = await client.until("receipt")
    assert receipt["status"] == "pending"
    return str(receipt["id"])


class Verdicts(TestCase):
    async def test_the_drawing_as_the_server_has_it_is_stored_and_acknowledged(self) -> None:
        async with connected() as client:
            told = await correct(client, "7", device="pen")
            (row,) = await stored()
            assert str(row.pk) == told
            assert row.strokes == SEVEN
            assert (row.label, row.predicted, row.version) == ("7", "3", 7)
            assert (row.verdict, row.device) == (Verdict.CORRECTED, Device.PEN)
            assert row.confidence > 0.9

    async def test_the_receipt_is_the_one_of_the_protocol(self) -> None:
        async with connected() as client:
            proposed = str(uuid.uuid4())
            await client.draw(SEVEN)
            await client.send("verdict", label="7", id=proposed)
            assert await client.until("receipt") == {
                "type": "receipt",
                "id": proposed,
                "status": "pending",
                "version": None,
                "serving": None,
            }

    async def test_a_right_answer_is_confirmed(self) -> None:
        async with connected() as client:
            await client.draw(SEVEN)
            await client.send("verdict", correct=True)
            await client.until("receipt")
            (row,) = await stored()
            assert (row.label, row.verdict) == ("3", Verdict.CONFIRMED)

    async def test_what_is_confirmed_is_what_was_shown(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            await correct(client, "7")
        release = Event()
        rows = building._rows

        def late(ids: Sequence[uuid.UUID]) -> list[Correction]:
            assert release.wait(PATIENCE)
            return rows(ids)

        with patch.object(building, "_rows", late):
            async with connected(person=cookie) as client:
                assert (await client.draw(SEVEN))["label"] == "3"  # it waits, but not for long
                await client.send("verdict", correct=True)
                await client.until("prediction", covers=client.n)
                release.set()
                await client.until("receipt")
        assert [row.label for row in await stored()] == ["7", "3"]

    async def test_an_answer_that_comes_too_late_is_not_what_is_confirmed(self) -> None:
        serving.serve(predictor(logits={"3": 8.0, "q": 6.0}))
        ask = consumers._batch.ask
        asked, overtaken = asyncio.Event(), asyncio.Event()

        async def late(session: DrawSession) -> PredictionFrame:
            answer = await ask(session)
            asked.set()
            await overtaken.wait()
            return answer

        async with connected() as client:
            with patch.object(consumers._batch, "ask", late):
                await client.send("drawing", strokes=SEVEN)
                await asyncio.wait_for(asked.wait(), PATIENCE)
                await client.send("charset", charset="letters")
                assert await client.is_silent(0.05)
                overtaken.set()
                assert (await client.until("prediction"))["label"] == "3"
                await client.send("verdict", correct=True)
                await client.until("receipt")
            (row,) = await stored()
            assert (row.label, row.verdict) == ("q", Verdict.CONFIRMED)

    async def test_it_is_kept_whether_their_own_memory_had_answered(self) -> None:
        async with connected() as client:
            await correct(client, "7")
            await client.until("prediction", personal=True)
            await client.send("verdict", correct=True)
            await client.until("receipt")
        first, second = await stored()
        assert (first.predicted, first.personal) == ("3", False)
        assert (second.predicted, second.personal) == ("7", True)

    async def test_the_same_id_twice_is_one_correction(self) -> None:
        async with connected() as client:
            proposed = str(uuid.uuid4())
            assert await correct(client, "7", id=proposed) == proposed
            assert await correct(client, "7", id=proposed) == proposed
            assert len(await stored()) == 1

    async def test_an_id_is_for_one_drawing_and_one_label(self) -> None:
        async with connected() as client:
            proposed = await correct(client, "7", id=str(uuid.uuid4()))
            for label, strokes in (("1", SEVEN), ("7", scrawl(1))):
                await client.draw(strokes)
                await client.send("verdict", label=label, id=proposed)
                error = await client.until("error")
                assert (error["code"], error["n"]) == ("field", client.n)
            assert await correct(client, "7", id=proposed) == proposed
        (row,) = await stored()
        assert (row.label, row.strokes) == ("7", SEVEN)

    async def test_zero_is_a_label(self) -> None:
        async with connected() as client:
            await correct(client, "0")
            await client.send("verdict", label=0)
            await client.until("receipt")
            assert {row.label for row in await stored()} == {"0"}

    async def test_what_is_no_label_is_refused_and_the_socket_stays(self) -> None:
        async with connected() as client:
            for label in NO_LABELS[:8]:
                await client.draw(SEVEN)
                await client.send("verdict", label=label)
                assert (await client.until("error"))["code"] == "field"
        async with connected() as client:
            for label in NO_LABELS[8:]:
                await client.draw(SEVEN)
                await client.send("verdict", label=label)
                error = await client.until("error")
                assert (error["code"], error["n"]) == ("field", client.n)
            await correct(client, "7")
        assert len(await stored()) == 1

    async def test_an_empty_canvas_a_dot_and_an_abstention_cannot_be_judged(self) -> None:
        async with connected() as client:
            await client.send("verdict", label="7")
            assert (await client.until("error"))["code"] == "empty"
            await client.draw([[[5, 5]]])
            await client.send("verdict", label="7")
            assert (await client.until("error"))["code"] == "empty"
            serving.serve(predictor(logits={}))
            await client.send("clear")
            await client.draw(SEVEN)
            await client.send("verdict", correct=True)
            assert (await client.until("error"))["code"] == "empty"
            await client.send("verdict", correct=False)
            assert (await client.until("error"))["code"] == "field"
        assert not await stored()

    async def test_without_a_model_it_is_unavailable(self) -> None:
        async with connected() as client:
            serving.serve(None)
            await client.send("drawing", strokes=SEVEN)
            await client.until("error", code="unavailable")
            await client.send("verdict", label="7")
            await client.until("error", code="unavailable")

    async def test_when_nothing_can_be_stored_the_person_is_told_and_sends_it_again(self) -> None:
        async with connected() as client:
            proposed = str(uuid.uuid4())
            await client.draw(SEVEN)
            with patch.object(Correction, "save", side_effect=OperationalError("disk is full")):
                await client.send("verdict", label="7", id=proposed)
                error = await client.until("error")
            assert (error["code"], error["n"]) == ("unavailable", client.n)
            assert "disk" not in error["message"]
            assert await correct(client, "7", id=proposed) == proposed

    async def test_a_fault_of_ours_is_told_and_the_next_verdict_is_taken(self) -> None:
        async with connected() as client:
            await client.draw(SEVEN)
            with patch("feedback.scoring.score", side_effect=RuntimeError):
                await client.send("verdict", label="7")
                assert (await client.until("error"))["code"] == "unavailable"
            await correct(client, "7")

    @override_settings(CORRECTIONS_PER_HOUR=1)
    async def test_too_many_are_refused_without_closing_the_socket(self) -> None:
        async with connected() as client:
            await correct(client, "7")
            await client.send("verdict", label="7")
            error = await client.until("error")
            assert (error["code"], error["n"]) == ("rate", client.n)

    async def test_an_id_of_somebody_else_is_refused(self) -> None:
        proposed = str(uuid.uuid4())
        async with connected() as one, connected(person=key()) as other:
            await correct(one, "7", id=proposed)
            await other.draw(SEVEN)
            await other.send("verdict", label="7", id=proposed)
            assert (await other.until("error"))["code"] == "field"

    async def test_who_never_had_a_cookie_may_send_again_on_a_new_connection(self) -> None:
        proposed = str(uuid.uuid4())
        async with connected() as first:
            await correct(first, "7", id=proposed)
        async with connected() as second:
            assert await correct(second, "7", id=proposed) == proposed
            assert len(await stored()) == 1

    async def test_strokes_are_answered_while_a_verdict_is_being_stored(self) -> None:
        """However long the database takes, the frame that asked for it has returned."""
        waiting = asyncio.Event()

        async def slow(*_: object) -> tuple[receipts.Receipt, Correction, bool]:
            await waiting.wait()
            return receipts.Receipt(uuid.uuid4(), ReceiptStatus.PENDING), Correction(), False

        async with connected() as client:
            await client.draw(SEVEN)
            with patch("feedback.consumers.database_sync_to_async", lambda _: slow):
                await client.send("verdict", label="7")
                assert (await client.draw(scrawl(1)))["covers"] == client.n
                waiting.set()
                await client.until("receipt")

    async def test_mere_predictions_store_nothing(self) -> None:
        async with connected(person=key()) as client:
            for seed in range(3):
                await client.draw(scrawl(seed))
        assert not await stored()


class Receipts(TestCase):
    async def test_a_decision_made_elsewhere_reaches_its_submitter_and_nobody_else(self) -> None:
        mo = await sync_to_async(moderator)()
        async with connected(person=key()) as one, connected(person=key()) as other:
            told = await correct(one, "7", scrawl(1))
            await correct(other, "7", scrawl(2))
            await sync_to_async(decide)([uuid.UUID(told)], "approve", mo)
            receipt = await one.until("receipt", id=told)
            assert (receipt["status"], receipt["version"]) == ("approved", None)
            await asyncio.sleep(0.3)
            await other.draw(SEVEN)
            assert told not in {frame.get("id") for frame in other.seen}

    async def test_it_is_told_of_training_until_it_is_live_everywhere(self) -> None:
        mo = await sync_to_async(moderator)()
        served = [1, 13]
        with patch.object(processes, "served", lambda: served):
            async with connected(person=key()) as client:
                told = await correct(client, "7")
                pk = uuid.UUID(told)
                await sync_to_async(decide)([pk], "approve", mo)
                await client.until("receipt", status="approved")
                await sync_to_async(lessons.begin)(5, [pk])
                await client.until("receipt", id=told, status="training", version=None)
                await sync_to_async(lessons.teach)(13, [(pk, "7")])
                await sync_to_async(lessons.follow)(13)
                await client.until("receipt", id=told, status="live", version=13, serving=[1, 2])
                served[:] = [13, 13]
                await sync_to_async(lessons.note_everywhere)()
                await client.until("receipt", id=told, status="live", version=13, serving=[2, 2])
                await sync_to_async(lessons.follow)(1)
                await client.until("receipt", id=told, status="approved", version=None)

    async def test_who_said_otherwise_is_told_what_a_reviewer_says(self) -> None:
        mo = await sync_to_async(moderator)()
        async with connected(person=key()) as client:
            told = await correct(client, "7")
            await sync_to_async(decide)([uuid.UUID(told)], "relabel", mo, label="1")
            assert await client.until("receipt", id=told) == {
                "type": "receipt",
                "id": told,
                "status": "approved",
                "version": None,
                "serving": None,
                "label": "1",
            }

    async def test_while_learning_is_paused_a_receipt_says_that_nothing_learns_it(self) -> None:
        mo = await sync_to_async(moderator)()
        with patch.object(pausing, "_ask", lambda _: Pause("somebody rolled back", "")):
            async with connected(person=key()) as client:
                told = await correct(client, "7")
                await sync_to_async(decide)([uuid.UUID(told)], "approve", mo)
                assert await client.until("receipt", id=told) == {
                    "type": "receipt",
                    "id": told,
                    "status": "approved",
                    "version": None,
                    "serving": None,
                    "paused": True,
                }

    async def test_what_waits_is_told_when_learning_is_paused_and_when_it_goes_on(self) -> None:
        mo, cookie = await sync_to_async(moderator)(), key()
        pauses: list[Pause | None] = [None]
        with (
            patch.object(pausing, "_ask", lambda _: pauses[-1]),
            patch.object(serving, "served", lambda: len(pauses)),
        ):
            async with connected(person=cookie) as one, connected(person=cookie) as tab:
                await tab.draw(SEVEN)
                told, other = await correct(one, "7"), await correct(one, "7", scrawl(1))
                await sync_to_async(decide)([uuid.UUID(told)], "approve", mo)
                for client in (one, tab):
                    assert "paused" not in await client.until("receipt", id=told)
                pauses.append(Pause("somebody rolled back", ""))
                for client in (one, tab):
                    await client.until("receipt", id=told, status="approved", paused=True)
                pauses.append(None)
                for client in (one, tab):
                    assert "paused" not in await client.until("receipt", id=told)
                await asyncio.sleep(0.3)
                assert other not in {frame.get("id") for frame in tab.seen}

    async def test_an_approval_that_finds_it_learned_already_says_so(self) -> None:
        mo = await sync_to_async(moderator)()
        async with connected(person=key()) as client:
            told = await correct(client, "7")
            await sync_to_async(lessons.teach)(13, [(uuid.UUID(told), "7")])
            await sync_to_async(lessons.follow)(13)
            await sync_to_async(decide)([uuid.UUID(told)], "approve", mo)
            await client.until("receipt", id=told, status="live", version=13)

    async def test_every_tab_of_the_person_is_told_once(self) -> None:
        mo, cookie = await sync_to_async(moderator)(), key()
        async with connected(person=cookie) as one, connected(person=cookie) as tab:
            await tab.draw(SEVEN)
            told = await correct(one, "7")
            await tab.until("prediction", personal=True)  # it knows of the correction
            (done,) = (await sync_to_async(decide)([uuid.UUID(told)], "reject", mo)).decided
            for client in (one, tab):
                assert (await client.until("receipt", id=told))["status"] == "rejected"
            await sync_to_async(undo)([done.event], mo)
            for client in (one, tab):
                assert (await client.until("receipt", id=told))["status"] == "pending"
            await asyncio.sleep(0.3)
            assert [f["status"] for f in tab.seen if f["type"] == "receipt"] == [
                "rejected",
                "pending",
            ]

    async def test_a_deletion_made_elsewhere_is_told_to_all_of_its_person(self) -> None:
        cookie = key()
        async with connected(person=cookie) as one, connected(person=key()) as other:
            earlier, told = await correct(one, "7", scrawl(1)), await correct(one, "7")
            keys = {row.submitter for row in await stored()}
            async with connected(person=cookie) as tab:
                await tab.draw_until(SEVEN, personal=True)
                await other.draw(SEVEN)
                # As in another process: nobody but the audit tells.
                assert await sync_to_async(withdraw)([uuid.UUID(told)], keys) == 1
                gone = {"id": told, "status": "deleted", "version": None, "serving": None}
                for client in (one, tab):
                    assert await client.until("receipt", **gone)
                    await client.until("prediction", personal=False)
                await sync_to_async(withdraw)([uuid.UUID(earlier)], keys)
                await tab.until("receipt", id=earlier, status="deleted")
            assert await other.is_silent()

    async def test_who_has_forgotten_is_told_of_a_deletion_too(self) -> None:
        cookie = key()
        async with connected(person=cookie) as client:
            told = await correct(client, "7")
        async with connected(person=cookie) as client:
            await client.draw_until(SEVEN, personal=True)
            await client.send("forget")
            await client.until("prediction", covers=client.n, personal=False)
            await sync_to_async(expire)(timezone.now() + timedelta(days=1000))
            await client.until("receipt", id=told, status="deleted")
        assert not await stored()

    async def test_a_copy_s_submitter_is_told_as_well(self) -> None:
        mo = await sync_to_async(moderator)()
        async with connected(person=key()) as one, connected(person=key()) as other:
            item, copy = await correct(one, "7"), await correct(other, "7")
            await sync_to_async(decide)([uuid.UUID(item)], "approve", mo)
            assert (await other.until("receipt", id=copy))["status"] == "approved"

    async def test_the_watch_ends_with_the_last_socket(self) -> None:
        async with connected(person=key()) as client:
            await correct(client, "7")
            assert receipts.watcher.is_watching
        assert not receipts.watcher.is_watching

    async def test_an_outage_of_the_database_delays_receipts_and_loses_none(self) -> None:
        mo = await sync_to_async(moderator)()
        async with connected(person=key()) as client:
            told = await correct(client, "7")
            with patch.object(receipts.Watcher, "_read", side_effect=OperationalError):
                await sync_to_async(decide)([uuid.UUID(told)], "approve", mo)
                await asyncio.sleep(0.2)
            assert (await client.until("receipt", id=told))["status"] == "approved"

    async def test_a_socket_with_nobody_s_key_asks_the_database_nothing(self) -> None:
        with (
            patch("feedback.consumers.database_sync_to_async", side_effect=AssertionError),
            patch("feedback.together.database_sync_to_async", side_effect=AssertionError),
            patch("channels.db.database_sync_to_async", side_effect=AssertionError),
        ):
            async with connected() as client:
                assert (await client.draw(SEVEN))["covers"] == 1
        assert not receipts.watcher.is_watching
