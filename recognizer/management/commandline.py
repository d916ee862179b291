"""What the commands about versions have in common."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from recognizer import pausing, publishing, registry, serving, withdrawals
from recognizer.models import Promotion
from recognizer.predictor import Predictor


class VersionsCommand(BaseCommand):
    """A command that people read and, with --json, programs."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the option of all."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def say(self, data: object, text: str, *, as_json: bool) -> None:
        """Print one or the other."""
        self.stdout.write(json.dumps(data, indent=2) if as_json else text)


class MovingCommand(VersionsCommand):
    """A command that moves the champion."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare who does it and why."""
        super().add_arguments(parser)
        parser.add_argument("--by", required=True, metavar="USER", help="who does it")
        parser.add_argument("--reason", required=True, help="kept in the ledger")

    def report(self, line: Promotion, *, as_json: bool) -> None:
        """Say what has been done, and what it has stopped."""
        pause = pausing.pause(line.actor) if line.actor else None
        paused = f" Learning is paused: {pause.why}." if pause else ""
        warning = withdrawals.warning(line.to_version_id)
        warned = f" {warning}." if warning else ""
        self.say(
            line_of(line),
            f"Version {line.to_version_id} is the champion now, after version "
            f"{line.from_version_id}. Web processes follow within seconds.{warned}{paused}",
            as_json=as_json,
        )


def at_least(smallest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers of at least `smallest`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = smallest - 1
        if value < smallest:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {smallest} up")
        return value

    return read


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with what it counts, in one form or the other."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def to_be_served() -> Predictor:
    """Return what every web process ought to answer with: what is pinned, or the champion.

    Raises:
        CheckpointError, OSError: it is not whole, or cannot be fetched.
    """
    if settings.MODEL_DIR:
        return serving.load(settings.MODEL_DIR)
    version = registry.champion().version
    return serving.load(publishing.fetch(version.folder, version.sha256))


def user_named(name: str) -> User:
    """Return the active user of that name, or end the command with a sentence."""
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(
            f"There is no active user {name!r}: `manage.py createsuperuser` or /admin/ makes one."
        )
    return user


def refuse_without(action: str, **options: Any) -> None:
    """Refuse options that nothing would be done with.

    Raises:
        CommandError: naming the first of them and the action that it goes with.
    """
    for name, value in options.items():
        if value:
            raise CommandError(f"--{name} does nothing without {action}.", returncode=2)


@contextmanager
def told_plainly(by: str) -> Iterator[User]:
    """Look a user up; end the command with a sentence where something is refused."""
    actor = user_named(by)
    try:
        yield actor
    except PermissionDenied as error:
        raise CommandError(f"{by} may not do this: {error}.") from error
    except registry.Refused as error:
        raise CommandError(f"Nothing was changed: {error}.") from error


def line_of(line: Promotion) -> dict[str, Any]:
    """Return a line of the ledger for programs."""
    return {
        "kind": line.kind,
        "from": line.from_version_id,
        "to": line.to_version_id,
        "by": line.actor_name,
        "run": line.run,
        "reason": line.reason,
        "override": line.override,
        "created": line.created.isoformat(),
    }
