"""`manage.py export`: corrections as a file."""

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from feedback.exports import FORMATS, WITH_COPIES
from feedback.models import Correction, CorrectionQuerySet, Status
from recognizer.management.commandline import counted

_DEFAULT = "jsonl"


class Command(BaseCommand):
    """Write CSV (label and 784 pixels), JSONL (strokes and history) or NPZ."""

    help = (
        "Export corrections; the file appears when it is whole, for its owner alone. CSV and NPZ "
        "are for training, so copies, which are counted in the item that they repeat, are left "
        "out; JSONL has all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--format",
            choices=sorted(FORMATS),
            help=f"(default: what the file's name ends with, else {_DEFAULT})",
        )
        parser.add_argument(
            "--output", default="-", help="a file; - is the standard output (%(default)s)"
        )
        parser.add_argument(
            "--json", action="store_true", help="with --output FILE: print what was written as JSON"
        )
        parser.add_argument(
            "--status", action="append", choices=Status.values, help="only these; may be repeated"
        )
        parser.add_argument(
            "--since", type=_moment, help="only what came in since, for example 2026-01-31"
        )

    def handle(self, **options: Any) -> None:
        """Write the file."""
        corrections = _chosen(options["status"], options["since"])
        name = options["output"]
        form = _form(options["format"], name)
        if options["json"] and name == "-":
            raise CommandError("--json needs --output FILE: the export itself would be in its way.")
        if form == "npz" and name == "-" and sys.stdout.isatty():
            raise CommandError("npz is nothing to read on a terminal: name a file with --output.")
        written = (corrections if form in WITH_COPIES else corrections.items()).count()
        copies = corrections.count() - written
        if not written:
            raise CommandError(
                "There is nothing to export: no correction is stored, or none of that kind."
            )
        pieces = FORMATS[form](corrections)
        if name == "-":
            _write(pieces, sys.stdout.buffer.fileno())
        else:
            try:
                _write_whole(pieces, Path(name))
            except OSError as error:
                raise CommandError(f"{name} cannot be written ({error.strerror}).") from error
        if options["json"]:
            told = {"file": name, "format": form, "written": written, "copies_left_out": copies}
            self.stdout.write(json.dumps(told))
        else:
            left = (
                f"; without {counted(copies, 'copy', 'copies')} (jsonl has all)" if copies else ""
            )
            where = "the standard output" if name == "-" else name
            self.stderr.write(f"Written to {where}: {counted(written, 'correction')}{left}.")


def _form(asked: str | None, name: str) -> str:
    """Return the format that is asked for, or else the one that a file's name ends with."""
    suffix = Path(name).suffix.lower().removeprefix(".")
    named = suffix if suffix in FORMATS else None
    if asked and named and asked != named:
        raise CommandError(f"{name} would hold {asked}: name it .{asked}, or leave out --format.")
    if suffix and not asked and not named:
        endings = ", ".join(f".{form}" for form in FORMATS)
        raise CommandError(f"{name} could hold anything: end it in {endings}, or add --format.")
    return asked or named or _DEFAULT


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not a time like 2026-01-31 or 2026-01-31T10:00:00Z"
        ) from error
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _chosen(status: list[str] | None, since: datetime | None) -> CorrectionQuerySet:
    corrections: CorrectionQuerySet = Correction.objects.all()
    if status:
        corrections = corrections.filter(status__in=status)
    return corrections.filter(created__gte=since) if since else corrections


def _write(pieces: Iterator[bytes], descriptor: int) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as output:
        for piece in pieces:
            output.write(piece)


def _write_whole(pieces: Iterator[bytes], path: Path) -> None:
    """Write a file whole or not at all; for its owner alone: it says who drew what."""
    aside = path.with_name(f".{path.name}.part")
    aside.unlink(missing_ok=True)  # of an export that was killed
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as output:
            output.writelines(pieces)
            output.flush()
            os.fsync(output.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
