"""A process that reviews, promotes and sends messages for a test: a command and an answer a line.

Runs with the settings of the site under test, which are not those of the tests themselves.
"""

import json
import sys
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django has to be set up

from digitsite.celery import app  # noqa: E402
from feedback import decisions  # noqa: E402
from feedback.models import Action, Correction  # noqa: E402
from recognizer import registry  # noqa: E402
from recognizer.tests.making_versions import made  # noqa: E402
from trainer.tasks import kick, wake  # noqa: E402


def approve() -> list[str]:
    """Approve everything that waits, in one transaction."""
    reviewer = User.objects.filter(username="mo").first()
    if reviewer is None:
        reviewer = User.objects.create_superuser("mo")
    ids = list(Correction.objects.pending().values_list("pk", flat=True))
    outcome = decisions.decide(ids, Action.APPROVE, reviewer)
    return [str(item.id) for item in outcome.decided]


def promote() -> int:
    """Make a new version, and the champion of it; return its number."""
    number: int = made().number
    registry.promote(number, reason="a test", expected=registry.champion().version_id)
    return number


def send(count: str) -> int:
    """Send so many messages that ask for work."""
    for _ in range(int(count)):
        wake()
    return int(count)


def look(count: str) -> int:
    """Send so many kicks at once: more than one worker can answer before the others."""
    for _ in range(int(count)):
        kick.apply_async()
    return int(count)


def main() -> None:
    """Answer until there is no more to read."""
    app.set_default()
    commands: dict[str, Any] = {"approve": approve, "promote": promote, "send": send, "look": look}
    for line in sys.stdin:
        name, *arguments = line.split()
        sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
