"""Tells people what becomes of their corrections: receipts, and one watcher a process.

Decisions are made anywhere, and so are versions: in this process, in another, from the command
line. The audit is where all of them meet, so the watcher reads its new events, once a second while
somebody is connected, with one query for all sockets. What it finds, and a swap, make it look
whether learning is paused. Knows nothing about frames or consumers.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Max

from feedback import lessons
from feedback.batches import batches
from feedback.models import Action, Correction, Learning, ReceiptStatus, ReviewEvent, Status
from recognizer import pausing, serving

logger = logging.getLogger(__name__)

_DELETED: Final = (Action.WITHDRAW, Action.EXPIRE)
# Where transactions overlap, an event may become visible after one with a larger number. Looking
# back this far finds it; what was told already is not told twice.
_LOOK_BACK: Final = 500
_STANDING: Final = (
    "submitter", "status", "label", "submitted_label", "duplicate_of", "learning", "live_version",
)  # fmt: skip
_ONCE_APPROVED: Final = (ReceiptStatus.APPROVED, ReceiptStatus.TRAINING, ReceiptStatus.LIVE)


@dataclass(frozen=True)
class Receipt:
    """What a person is told."""

    id: UUID
    status: ReceiptStatus
    version: int | None = None  # the one that learned from it, once it is live
    serving: lessons.Reach | None = None  # how far it has come by then
    label: str | None = None  # what a reviewer says that it is, where that is something else
    paused: bool = False  # it waits for a training, and none begins by itself


@dataclass(frozen=True)
class News:
    """Something that happened to a correction of somebody who is connected."""

    submitter: str
    receipt: Receipt
    submitted: bool  # it is new; otherwise it moved on


class Reader(Protocol):
    """An open socket, as the watcher sees it."""

    async def tell(self, news: News) -> None:
        """Pass news on."""

    def unlearn(self) -> None:
        """Answer without what was taken back elsewhere."""

    async def lose(self, corrections: Set[UUID]) -> None:
        """Take leave of those of these, which are deleted, that are this person's."""


def receipts_of(corrections: Sequence[Correction]) -> list[Receipt]:
    """Return where corrections stand, in as many queries as for one."""
    reach = lessons.reach(corrections)
    waiting = {row.pk for row in corrections if row.standing == ReceiptStatus.APPROVED}
    is_paused = bool(waiting) and pausing.is_paused()
    return [
        Receipt(
            row.pk,
            row.standing,
            row.live_version if row.standing == ReceiptStatus.LIVE else None,
            reach.get(row.pk),
            _relabelled(row),
            is_paused and row.pk in waiting,
        )
        for row in corrections
    ]


class Audience:
    """Who is connected to this process, by the keys of what they submit."""

    def __init__(self) -> None:
        self._readers: dict[str, set[Reader]] = {}

    def __bool__(self) -> bool:
        return bool(self._readers)

    def enter(self, keys: Iterable[str], reader: Reader) -> None:
        """Tell a reader about corrections with these keys from now on."""
        for key in keys:
            self._readers.setdefault(key, set()).add(reader)

    def leave(self, reader: Reader) -> None:
        """Tell a reader nothing any more."""
        for key in [key for key, readers in self._readers.items() if reader in readers]:
            self._readers[key].discard(reader)
            if not self._readers[key]:
                del self._readers[key]

    def of(self, keys: Iterable[str]) -> set[Reader]:
        """Return the readers with any of these keys."""
        return {reader for key in keys for reader in self._readers.get(key, ())}

    @property
    def keys(self) -> list[str]:
        """The keys with which somebody is connected."""
        return list(self._readers)

    def everybody(self) -> set[Reader]:
        """Return all readers."""
        return self.of(self._readers)


class Watcher:
    """Reads new events and passes them on to those whom they concern."""

    def __init__(self) -> None:
        self.audience = Audience()
        self._task: asyncio.Task[None] | None = None
        self._last = 0  # the largest event seen
        self._told: set[int] = set()
        self._served: int | None = None
        self._paused = False

    def enter(self, keys: Iterable[str], reader: Reader) -> None:
        """Begin to tell a reader; the first of them starts the watch."""
        self.audience.enter(keys, reader)
        if not self.is_watching:
            self._task = asyncio.get_running_loop().create_task(self._watch())

    @property
    def is_watching(self) -> bool:
        """Whether the watch is on."""
        return self._task is not None and not self._task.done()

    def leave(self, reader: Reader) -> None:
        """Stop telling a reader; the last of them ends the watch."""
        self.audience.leave(reader)
        if not self.audience and self._task is not None:
            self._task.cancel()
            self._task = None

    def taught_otherwise(self, keys: Iterable[str], but: Reader | None = None) -> None:
        """Let sockets of one person know that something they remember was taken back."""
        for reader in self.audience.of(keys):
            if reader is not but:
                reader.unlearn()

    async def _watch(self) -> None:
        started = False
        while True:
            try:
                if not started:
                    await database_sync_to_async(self._start)()
                    started = True
                fresh, deleted = await database_sync_to_async(self._read)()
                for news in fresh:
                    await self._pass_on(news)
                await self._take_leave(deleted)
            except DatabaseError:
                # The rows are still there when the database is back.
                logger.warning("receipts are late: the database does not answer")
            except Exception:
                logger.exception("the watch for receipts has failed and goes on")
            await asyncio.sleep(settings.RECEIPT_POLL_SECONDS)

    async def _pass_on(self, news: News) -> None:
        for reader in self.audience.of([news.submitter]):
            try:
                await reader.tell(news)
            except Exception:
                logger.exception("a receipt could not be passed on")

    async def _take_leave(self, deleted: Set[UUID]) -> None:
        # What is deleted leaves no trace of whose it was: those who knew it know.
        for reader in self.audience.everybody() if deleted else ():
            try:
                await reader.lose(deleted)
            except Exception:
                logger.exception("a deletion could not be passed on")

    def _start(self) -> None:
        self._last = ReviewEvent.objects.aggregate(last=Max("pk"))["last"] or 0
        recent = ReviewEvent.objects.filter(pk__gt=self._last - _LOOK_BACK)
        self._told = set(recent.values_list("pk", flat=True))
        self._served, self._paused = serving.served(), pausing.is_paused()

    def _read(self) -> tuple[list[News], set[UUID]]:
        visible = ReviewEvent.objects.filter(pk__gt=self._last - _LOOK_BACK)
        fresh = [pk for pk in visible.values_list("pk", flat=True) if pk not in self._told]
        served = serving.served()
        if not fresh and served == self._served:
            return [], set()
        events = ReviewEvent.objects.filter(pk__in=fresh).order_by("pk")
        rows = list(events.values_list("action", "correction", "status_after"))
        news = list(_news(rows))
        deleted = {correction for action, correction, _ in rows if action in _DELETED}
        # A pause has no event: it begins with another version, and ends with that or with a run.
        paused = pausing.is_paused()
        if paused != self._paused:
            news += _waiting(self.audience.keys)
        self._served, self._paused = served, paused
        self._last = max([self._last, *fresh])
        self._told = {pk for pk in self._told.union(fresh) if pk > self._last - _LOOK_BACK}
        return list(dict.fromkeys(news)), deleted


def _news(rows: Sequence[tuple[str, UUID, str]]) -> Iterator[News]:
    """Yield what these events say, each (action, correction, status after it), once each."""
    concerned = Correction.objects.filter(pk__in={correction for _, correction, _ in rows})
    corrections = list(concerned.only(*_STANDING))
    now = {receipt.id: receipt for receipt in receipts_of(corrections)}
    submitters = {row.pk: row.submitter for row in corrections}
    labels = {row.pk: _relabelled(row) for row in corrections}
    told: set[News] = set()
    for action, correction, status in rows:
        if not status or correction not in now:  # erased, then or since
            continue
        receipt = Receipt(correction, ReceiptStatus(status), label=labels[correction])
        if status in _ONCE_APPROVED and now[correction].status in _ONCE_APPROVED:
            receipt = now[correction]  # the event does not know how far training has come
        news = News(submitters[correction], receipt, submitted=action == Action.SUBMIT)
        if news not in told:
            told.add(news)
            yield news


def _waiting(submitters: Iterable[str]) -> Iterator[News]:
    """Yield where that stands which these people sent and which waits to be learned."""
    waiting = Correction.objects.filter(status=Status.APPROVED, learning=Learning.NOTHING)
    for keys in batches(submitters):
        rows = list(waiting.filter(submitter__in=keys).only(*_STANDING))
        for row, receipt in zip(rows, receipts_of(rows), strict=True):
            yield News(row.submitter, receipt, submitted=False)


def _relabelled(row: Correction) -> str | None:
    return None if row.label == row.submitted_label else row.label


watcher = Watcher()
