"""A socket ends with the login that it was opened with, and with nothing else."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Event
from typing import Any
from unittest.mock import patch

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client as Browser
from django.test import TestCase, override_settings
from django.utils import timezone

from feedback import logins, people
from feedback.models import Correction
from feedback.tests.making import SEVEN, user_with
from feedback.tests.sockets import PATIENCE, Client, connected, key

SELDOM, OFTEN = 3600.0, 0.05


@sync_to_async
def logged_in(name: str = "mo") -> Browser:
    browser = Browser()
    browser.force_login(user_with(name))
    return browser


def session(browser: Browser) -> str:
    return str(browser.cookies["sessionid"].value)


@asynccontextmanager
async def member(browser: Browser, **cookies: str) -> AsyncIterator[Client]:
    """Open a socket whose user is known: somebody is looked up aside, and errands go in turn."""
    async with connected(sessionid=session(browser), **cookies) as client:
        await judged(client, label="3")
        await client.until("receipt")
        yield client


def rounds_go() -> bool:
    return logins.rounds.is_going


@sync_to_async
def submitters() -> list[str]:
    return list(Correction.objects.filter(label="7").values_list("submitter", flat=True))


def log_out(browser: Browser) -> None:
    browser.logout()


def change_password(browser: Browser) -> None:
    user = User.objects.get()
    user.set_password("another one")
    user.save()


def deactivate(browser: Browser) -> None:
    User.objects.update(is_active=False)


def delete_the_user(browser: Browser) -> None:
    User.objects.all().delete()


def let_it_expire(browser: Browser) -> None:
    Session.objects.update(expire_date=timezone.now())


def log_in_as_somebody_else(browser: Browser) -> None:
    browser.force_login(user_with("other"))


ENDINGS: list[Callable[[Browser], None]] = [
    log_out,
    change_password,
    deactivate,
    delete_the_user,
    let_it_expire,
    log_in_as_somebody_else,
]


async def judged(client: Client, label: str = "7", **fields: Any) -> None:
    await client.draw(SEVEN)
    await client.send("verdict", label=label, **fields)


@override_settings(LOGIN_POLL_SECONDS=SELDOM)
class BeforeAnythingIsDone(TestCase):
    async def test_a_verdict_after_the_end_of_a_login_is_not_stored_and_closes(self) -> None:
        for end in ENDINGS:
            with self.subTest(end.__name__):
                await sync_to_async(User.objects.all().delete)()
                browser = await logged_in()
                async with member(browser) as client:
                    await sync_to_async(end)(browser)
                    await judged(client)
                    code, reason = await client.closed()
                    assert (code, bool(reason)) == (4401, True)
                assert await submitters() == []

    async def test_what_waits_behind_it_is_not_stored_either(self) -> None:
        browser = await logged_in()
        async with member(browser) as client:
            await client.draw(SEVEN)
            await sync_to_async(browser.logout)()
            for _ in range(5):
                await client.send("verdict", label="7")
            assert (await client.closed())[0] == 4401
        assert await submitters() == []

    async def test_the_memory_is_not_emptied_by_somebody_who_has_left(self) -> None:
        browser = await logged_in()
        async with member(browser) as client:
            await judged(client)
            await client.until("receipt")
            await sync_to_async(browser.logout)()
            await client.send("forget")
            assert (await client.closed())[0] == 4401
        assert await sync_to_async(Correction.objects.remembered().count)() == 2

    async def test_who_is_logged_in_is_taken_at_their_word(self) -> None:
        browser = await logged_in()
        async with member(browser, person=key()) as client:
            await judged(client)
            await client.until("receipt")
        user = await User.objects.aget()
        assert await submitters() == [f"user:{user.pk}"]

    async def test_whoever_connects_again_is_somebody_else(self) -> None:
        browser, person = await logged_in(), key()
        cookie, proposed = session(browser), str(uuid.uuid4())
        async with member(browser, person=person) as client:
            await sync_to_async(browser.logout)()
            await judged(client, id=proposed)
            await client.closed()
        async with connected(sessionid=cookie, person=person) as client:
            await judged(client, id=proposed)
            await client.until("receipt", id=proposed)
        (submitter,) = await submitters()
        assert submitter.startswith("anonymous:")

    async def test_a_database_that_does_not_answer_closes_nothing_and_stores_nothing(self) -> None:
        browser = await logged_in()
        async with member(browser) as client:
            with patch.object(people, "get_user", side_effect=OperationalError("gone")):
                for kind, fields in (("verdict", {"label": "7"}), ("forget", {})):
                    await client.draw(SEVEN)
                    await client.send(kind, **fields)
                    error = await client.until("error")
                    assert (error["code"], error["n"]) == ("unavailable", client.n)
            assert await submitters() == []
            await judged(client)
            await client.until("receipt")

    async def test_who_could_not_be_looked_up_is_asked_after_again_before_anything_is_stored(
        self,
    ) -> None:
        for name, fault in (("al", OperationalError("gone")), ("bo", RuntimeError("ours"))):
            with self.subTest(name):
                browser, before = await logged_in(name), await submitters()
                cookies = {"sessionid": session(browser), "person": key()}
                at_fault = patch.object(people, "get_user", side_effect=fault)
                at_fault.start()
                self.addCleanup(at_fault.stop)
                async with connected(**cookies) as client:
                    for kind, fields in (("verdict", {"label": "7"}), ("forget", {})):
                        await client.draw(SEVEN)
                        await client.send(kind, **fields)
                        error = await client.until("error")
                        assert (error["code"], error["n"]) == ("unavailable", client.n)
                    assert await submitters() == before
                    at_fault.stop()
                    await judged(client)
                    await client.until("receipt")
                user = await User.objects.aget(username=name)
                assert set(await submitters()) - set(before) == {f"user:{user.pk}"}

    async def test_who_has_left_before_they_could_be_looked_up_is_nobody_else(self) -> None:
        browser = await logged_in()
        at_fault = patch.object(people, "get_user", side_effect=OperationalError("gone"))
        at_fault.start()
        self.addCleanup(at_fault.stop)
        async with connected(sessionid=session(browser), person=key()) as client:
            await judged(client)
            await client.until("error")
            at_fault.stop()
            await sync_to_async(browser.logout)()
            await judged(client)
            assert (await client.closed())[0] == 4401
        assert await submitters() == []


@override_settings(LOGIN_POLL_SECONDS=OFTEN)
class NowAndThen(TestCase):
    async def test_a_socket_that_says_nothing_is_closed_as_well(self) -> None:
        for end in ENDINGS:
            with self.subTest(end.__name__):
                await sync_to_async(User.objects.all().delete)()
                browser = await logged_in()
                async with (
                    member(browser) as client,
                    member(browser) as tab,
                ):
                    await sync_to_async(end)(browser)
                    assert (await client.closed())[0] == (await tab.closed())[0] == 4401

    async def test_everybody_else_s_sockets_stay(self) -> None:
        browser, other = await logged_in(), await logged_in("other")
        async with (
            member(browser) as client,
            member(other) as stays,
            connected(person=key()) as visitor,
        ):
            await sync_to_async(browser.logout)()
            await client.closed()
            await asyncio.sleep(4 * OFTEN)
            for each in (stays, visitor):
                await judged(each)
                await each.until("receipt")

    async def test_an_outage_of_the_database_closes_nobody(self) -> None:
        browser = await logged_in()
        async with member(browser) as client:
            asked: list[object] = []
            again = Event()

            def gone(request: object) -> None:
                asked.append(request)
                if len(asked) > 1:
                    again.set()
                raise OperationalError("gone")

            with patch.object(people, "get_user", gone):
                assert await asyncio.to_thread(again.wait, PATIENCE)
            await judged(client)
            await client.until("receipt")
            await sync_to_async(browser.logout)()
            assert (await client.closed())[0] == 4401

    @override_settings(LOGIN_POLL_SECONDS=SELDOM)  # this one is counted
    async def test_tabs_of_one_login_cost_one_question_and_visitors_none(self) -> None:
        browser = await logged_in()
        async with connected(person=key()) as visitor:
            await judged(visitor)
            await visitor.until("receipt")
            assert not rounds_go()
            async with member(browser, person=key()), member(browser):
                assert rounds_go()
                with patch.object(people, "user_of", wraps=people.user_of) as asked:
                    await logins.rounds._ask()
                assert asked.call_count == 1
        assert not rounds_go()


def test_a_session_is_not_shown_in_a_log() -> None:
    person = people.Person("user:1", ("user:1",), 1, session="s3cret")
    assert "s3cret" not in repr(person)
