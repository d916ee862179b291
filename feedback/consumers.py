"""The drawing socket of people who teach: verdicts in, receipts out, a memory of their own.

The stroke path is that of `DrawConsumer` and asks for no thread: what touches the database is done
aside, one errand after the other, and the frame that asked for it returns at once. Only the first
answer to somebody who is known waits for it, and not for long.
"""

import asyncio
import contextlib
import logging
from collections.abc import Set
from functools import partial
from typing import Final
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import Error

from feedback import logins, people
from feedback.errands import Errands
from feedback.models import Correction, Device, Verdict
from feedback.people import Person
from feedback.receipts import News, Receipt, receipts_of, watcher
from feedback.remembering import Remembering
from feedback.submissions import (
    NotALabel,
    Refused,
    Shown,
    Submission,
    TooMany,
    Unwritable,
    checked_label,
    forget,
    submit,
)
from feedback.together import Together
from recognizer import serving
from recognizer.consumers import DrawConsumer
from recognizer.messages import BadFrame, ErrorCode, ForgetFrame, ReceiptFrame, VerdictFrame
from recognizer.rasterizer import is_degenerate, rasterise

logger = logging.getLogger(__name__)

LOGGED_OUT: Final = 4401  # 4000 to 4999 are an application's; this one after HTTP's 401
_PATIENCE: Final = 0.3  # s that the first answer waits for a memory
_LATER: Final = "this cannot be stored at the moment: try again later"
_ERRANDS: Final = 32  # waiting on one connection; more is nobody's handwriting

_recognising: Final = Together(people.of_scopes)


class FeedbackConsumer(DrawConsumer):
    """One person's canvas, with what they said about it."""

    async def connect(self) -> None:
        """Accept, then look up aside who this is and what they have taught."""
        self._errands = Errands(_ERRANDS)
        self._own: set[UUID] = set()  # what came over this socket, or was told over it
        self._gone = False
        # By the key of the browser alone, until a session has been looked up.
        self._person = people.without_session(self.scope)
        self._is_recognised = not people.has_session(self.scope)
        await super().connect()
        self._remembering = Remembering(self._session, self._changed)
        if not self._counted:
            return
        if not self._is_recognised:
            self._errands.add(self._recognise)
            return
        self._remembering.of(self._person)
        if not self._person.is_new:
            self._listen()

    async def disconnect(self, code: int) -> None:
        """Leave; what was sent before is still stored."""
        self._leave()
        await super().disconnect(code)

    def on_verdict(self, frame: VerdictFrame) -> None:
        """Take the drawing as it stands now; storing it is done aside."""
        ink = self._session.drawing.ink()
        if is_degenerate(ink):
            raise BadFrame("empty", "there is no drawing to judge", frame.n)
        try:
            shown = self._shown or self._session.predict()
        except serving.Unavailable as error:
            raise BadFrame("unavailable", str(error), frame.n) from error
        label = _label(frame, shown.label)
        submission = partial(
            Submission,
            address=self._address,
            label=label,
            verdict=Verdict.CONFIRMED if label == shown.label else Verdict.CORRECTED,
            shown=Shown(
                label=shown.label,
                confidence=shown.confidence,
                version=shown.version,
                personal=shown.renamed,
            ),
            charset=self._session.charset,
            strokes=self._session.drawing.samples(),
            raster=rasterise(ink),
            device=Device(frame.device),
            id=frame.id,
            names=frame.label is not None,
        )
        if not self._errands.add(partial(self._submit, submission, frame.n)):
            raise BadFrame("rate", "too many verdicts at once: slow down", frame.n)

    def on_forget(self, frame: ForgetFrame) -> None:
        """Answer without the memory from this moment on; emptying it is done aside."""
        if not self._errands.add(partial(self._forget, frame.n)):
            raise BadFrame("rate", "too much at once: slow down", frame.n)
        self._remembering.forget()

    async def tell(self, news: News) -> None:
        """Pass on what became of it; learn from what the same person taught elsewhere."""
        if not news.submitted:
            await self._send_receipt(news.receipt)
        elif news.receipt.id not in self._own:  # else it is in the memory already
            self._remembering.rebuild()
        self._own.add(news.receipt.id)

    def unlearn(self) -> None:
        """Answer without what was taken back elsewhere."""
        self._remembering.unlearn()

    async def lose(self, corrections: Set[UUID]) -> None:
        """Tell the page which of its person's are deleted, wherever that was done."""
        if corrections & self._remembering.rows:
            self.unlearn()
        for pk in corrections & (self._own | self._remembering.seen):
            await self._send(ReceiptFrame(id=pk, status="deleted"))

    def log_out(self) -> None:
        """The login has ended: close, after what waits, which will not be taken any more."""
        self._errands.add(self._log_out)

    async def _log_out(self) -> None:
        if self._gone:
            return
        self._leave()
        self._session.memory = None
        await self.close(LOGGED_OUT, "this login has ended: connect again")

    def _leave(self) -> None:
        self._gone = True
        self._remembering.leave()
        watcher.leave(self)
        logins.rounds.leave(self)

    async def _answer(self) -> None:
        known = self._remembering.known
        if not known.is_set():
            # Who comes back is answered with what they have taught from the first time on.
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`, which in Python 3.11 may forget that it was cancelled.
                async with asyncio.timeout(_PATIENCE):
                    await known.wait()
            known.set()
            self._live.opened = asyncio.get_running_loop().time()  # that was no queue
        await super()._answer()
        self._remembering.follow()

    async def _recognise(self) -> None:
        try:
            self._person = await _recognising.ask(self.scope)
            self._is_recognised = True
        except Error:
            logger.warning("a session could not be looked up: the database does not answer")
        self._remembering.of(self._person)
        self._listen()

    async def _require_recognised(self) -> None:
        """Ask once more where nobody could say who this is: nothing becomes somebody else's."""
        if is_late := not self._is_recognised:
            await self._recognise()
        if not self._is_recognised:
            raise Unwritable(_LATER)
        if is_late and self._person.session is None:  # it may have ended since the socket opened
            raise logins.LoggedOut

    async def _submit(self, submission: "partial[Submission]", n: int | None) -> None:
        try:
            await self._require_recognised()
            complete = submission(person=self._person)
            receipt, row, is_new = await database_sync_to_async(_store)(complete)
        except logins.LoggedOut:
            await self._log_out()  # unanswered: whoever sends it again says it as somebody else
            return
        except Refused as error:
            await self._error(BadFrame(_code(error), str(error), n))
            return
        except Exception:
            await self._error(BadFrame("unavailable", "this could not be stored: try again", n))
            raise
        self._own.add(receipt.id)
        self._listen()
        await self._send_receipt(receipt)
        if is_new:
            self._remembering.learn(row)

    async def _forget(self, n: int | None) -> None:
        try:
            await self._require_recognised()
            await database_sync_to_async(_forget)(self._person)
        except logins.LoggedOut:
            await self._log_out()
            return
        except Unwritable as error:
            await self._error(BadFrame("unavailable", str(error), n))
            return
        except Exception:
            await self._error(BadFrame("unavailable", _LATER, n))
            raise
        finally:
            self._remembering.forgot()
        watcher.taught_otherwise(self._person.keys, but=self)

    def _changed(self) -> None:
        if self._session.drawing and not self._gone:
            self._live.notify()

    def _listen(self) -> None:
        if not self._gone:
            watcher.enter(self._person.keys, self)
            logins.rounds.enter(self._person, self)

    async def _send_receipt(self, receipt: Receipt) -> None:
        await self._send(
            ReceiptFrame(
                id=receipt.id,
                status=receipt.status,
                version=receipt.version,
                serving=receipt.serving,
                label=receipt.label,
                paused=receipt.paused,
            )
        )


def _label(frame: VerdictFrame, shown: str | None) -> str:
    """Return what a verdict says the drawing is."""
    if frame.label is not None:
        try:
            return checked_label(str(frame.label))
        except NotALabel as error:
            raise BadFrame("field", f"label: {error}", frame.n) from error
    if not frame.correct:
        raise BadFrame("field", "correct: say what it is by sending its label", frame.n)
    if shown is None:
        raise BadFrame("empty", "there was no answer to confirm: send the label", frame.n)
    return shown


def _store(submission: Submission) -> tuple[Receipt, Correction, bool]:
    """Store a correction; return with it whether it is a new one."""
    _require_login(submission.person)
    row, is_new = submit(submission)
    (receipt,) = receipts_of([row])
    return receipt, row, is_new


def _forget(person: Person) -> None:
    _require_login(person)
    forget(person)


def _require_login(person: Person) -> None:
    try:
        logins.require(person)
    except Error as error:
        raise Unwritable(_LATER) from error


def _code(error: Refused) -> ErrorCode:
    if isinstance(error, Unwritable):
        return "unavailable"
    return "rate" if isinstance(error, TooMany) else "field"
