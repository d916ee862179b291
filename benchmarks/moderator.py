"""A process that sends corrections and approves them for `approval.py`: one JSON command a line.

Runs with the settings of the site that is measured. People are those of `crowd.py`, made-up hands
that the anchor reads badly.
"""

import json
import sys
from functools import cache
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django has to be set up
from django.utils import timezone  # noqa: E402

from benchmarks.crowd import Crowd, Sent, synthetic_drawings  # noqa: E402
from benchmarks.reading import Reader  # noqa: E402
from feedback import decisions, submissions  # noqa: E402
from feedback.models import Action, Correction, Learning, Status, Verdict  # noqa: E402
from feedback.people import Person  # noqa: E402
from feedback.submissions import Shown, Submission  # noqa: E402
from recognizer.alphabet import LABELS  # noqa: E402
from recognizer.checkpoints import WEIGHTS  # noqa: E402
from recognizer.publishing import PACKAGED_ANCHOR  # noqa: E402
from recognizer.rasterizer import rasterise  # noqa: E402
from trainer.export import read_network  # noqa: E402
from trainer.models import TrainingRun  # noqa: E402


def send(count: int, seed: int) -> int:
    """Let people send so many corrections; return how many wait for a review then."""
    for index, one in enumerate(_crowd(seed).send(count)):
        submissions.submit(_submission(one, index))
    return Correction.objects.pending().count()


def approve() -> int:
    """Approve everything that waits, at once; return how many that were."""
    moderator = User.objects.filter(username="moderator").first()
    if moderator is None:
        moderator = User.objects.create_superuser("moderator")
    waiting = list(Correction.objects.pending().values_list("pk", flat=True))
    return len(decisions.decide(waiting, Action.APPROVE, moderator).decided)


def state() -> dict[str, Any]:
    """Return how far learning is: approved items that are not live everywhere, and the last run."""
    approved = Correction.objects.items().filter(status=Status.APPROVED)
    run = TrainingRun.objects.order_by("-pk").first()
    return {
        "waiting": approved.exclude(learning=Learning.LIVE, live_at__isnull=False).count(),
        "run": run and [run.pk, run.status, run.problem],
        "now": timezone.now().timestamp(),
    }


def delays(since: float) -> list[float]:
    """Return the seconds from approval to live everywhere, of what was approved after a moment."""
    rows = (
        Correction.objects.items().filter(live_at__isnull=False).values_list("decided", "live_at")
    )
    return [
        (live - decided).total_seconds()
        for decided, live in rows
        if decided and live and decided.timestamp() >= since
    ]


@cache
def _crowd(seed: int) -> Crowd:
    reader = Reader(read_network(PACKAGED_ANCHOR / WEIGHTS))
    return Crowd(synthetic_drawings(), reader.logits, seed)


def _submission(one: Sent, index: int) -> Submission:
    assert one.ink is not None
    key = f"anonymous:{one.submitter}"
    return Submission(
        person=Person(key, (key,)),
        address=f"10.0.0.{index % 250}",
        label=LABELS[one.label],
        verdict=Verdict.CORRECTED,
        shown=Shown(label=None, confidence=0.5, version=1),
        charset="all",
        raster=rasterise(one.ink),
        strokes=[stroke[:, :2].tolist() for stroke in one.ink],
    )


def main() -> None:
    """Answer until there is no more to read."""
    commands: dict[str, Any] = {"send": send, "approve": approve, "state": state, "delays": delays}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
