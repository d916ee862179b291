"""`manage.py doctor`: whether this installation is in order, and what to do where it is not."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from digitsite.diagnosis import LOOKS


class Command(BaseCommand):
    """Look at everything; the exit status is 1 if something is broken."""

    requires_system_checks = ()  # what they would refuse is told as a finding
    help = "Look at packages, torch, Redis, database, champion, disk and settings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; `commandline.py` has turned --state into a setting by now."""
        parser.add_argument("--state", help="directory of the site")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, **options: Any) -> None:
        """Look and tell."""
        findings = [look() for look in LOOKS]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in findings], indent=2))
        else:
            for one in findings:
                self.stdout.write(f"{one.status:<8} {one.name}: {one.says}")
                if one.status != "ok":
                    self.stdout.write(f"{'':<8} → {one.advice}")
        if broken := [one.name for one in findings if one.status == "broken"]:
            raise CommandError(f"Broken: {', '.join(broken)}.")
