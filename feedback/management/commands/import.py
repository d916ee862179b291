"""`manage.py import`: corrections from a JSONL export of ours."""
# ruff: noqa: N999 - the command has the name that people expect

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from feedback.imports import ADVICE, Imported, ImportProblem, read
from recognizer.management.commandline import counted


class Command(BaseCommand):
    """Read what `manage.py export --format jsonl` wrote."""

    help = "Import corrections; what is here already is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", help="a .jsonl file; - is the standard input")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, **options: Any) -> None:
        """Read and say what was done."""
        try:
            done = _read(options["file"])
        except ImportProblem as problem:
            raise CommandError(f"Nothing was imported: {problem}.") from problem
        except UnicodeDecodeError as error:
            raise CommandError(f"Nothing was imported: the file is not text: {ADVICE}.") from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read ({error.strerror}).") from error
        if done == Imported():
            raise CommandError("Nothing was imported: the file is empty.")
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done)))
            return
        self.stdout.write(
            f"{counted(done.stored, 'correction')} imported; {done.known} already here, "
            f"{done.erased} deleted here before: left so."
        )


def _read(name: str) -> Imported:
    if name == "-":
        return read(sys.stdin.readlines())
    with Path(name).open(encoding="utf-8") as lines:
        return read(lines)
