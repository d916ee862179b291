"""`manage.py backup FILE`: everything that a site cannot make again, in one file."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from digitsite import backups
from recognizer.management.commandline import counted

PG_DUMP = (
    "The database is PostgreSQL and is not in it: save that first, with `pg_dump --format=custom "
    "--file=FILE` and the address of DIGITSITE_DATABASE_URL, or this may lack a version that it "
    "names. README.md says how to restore both."
)


class Command(BaseCommand):
    """Back up while the site runs."""

    requires_system_checks = ()  # what is out of order can be saved, too
    help = (
        "Write database, versions and secret key into a new tar file that only its owner can read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; `commandline.py` has turned --state into a setting by now."""
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file, such as site.tar")
        parser.add_argument("--state", help="directory of the site")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Write it and say what is in it."""
        try:
            done = backups.write(file)
        except backups.Refused as refused:
            raise CommandError(f"There is no backup: {refused}.") from refused
        except OSError as error:
            raise CommandError(f"{file} cannot be written ({error.strerror}).") from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done), indent=2))
        else:
            parts = [
                *(["the database"] if done.database else []),
                counted(done.versions, "version"),
                *(["the secret key"] if done.secret_key else []),
            ]
            *most, last = parts
            has = f"{', '.join(most)} and {last}" if most else last
            self.stdout.write(f"{file} ({done.bytes:,} bytes) has {has}.")
        if not done.database:
            self.stderr.write(PG_DUMP)
