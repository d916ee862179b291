"""`manage.py versions`: which versions there are, and which one is served where."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recognizer import registry
from recognizer.management.commandline import VersionsCommand, refuse_without, told_plainly
from recognizer.models import ModelVersion


class Command(VersionsCommand):
    """List versions, newest first, and the processes that serve them."""

    help = "List the model versions, the champion, and what each web process serves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--broken", type=int, metavar="N", help="let N never be champion again; for good"
        )
        parser.add_argument("--by", default="", metavar="USER", help="who marks it as broken")

    def handle(self, *, broken: int | None, by: str, **options: Any) -> None:
        """Mark a version where that is asked for, and list them all."""
        if broken is None:
            refuse_without("--broken N", by=by)
        else:
            if not by:
                raise CommandError("--by is needed for this: say who marks it as broken.")
            with told_plainly(by) as actor:
                registry.mark_broken(broken, actor)
        champion, previous = registry.champion().version_id, registry.previous()
        processes = list(registry.live_processes().order_by("process"))
        live = [process.version for process in processes]
        versions: list[dict[str, Any]] = [
            {
                "number": row.number,
                "role": _role(row.number, champion, previous),
                "status": row.status,
                "parent": row.parent_id,
                "folder": row.folder,
                "sha256": row.sha256,
                "model_sha256": row.model_sha256,
                "created": row.created.isoformat(),
                "serving": [live.count(row.number), len(live)],
            }
            for row in ModelVersion.objects.order_by("-number")
        ]
        told = {
            "champion": champion,
            "previous": previous,
            "versions": versions,
            "processes": [
                {
                    "process": process.process,
                    "version": process.version,
                    "refused": process.refused,
                    "problem": process.problem,
                }
                for process in processes
            ],
        }
        lines = [
            "{number:>6}  {role:<9}  {status:<10}  {created:.19}  {model_sha256:.12}  "
            "live in {serving[0]} of {serving[1]}".format(**row)
            for row in versions
        ]
        lines += [
            f"{process.process} refuses version {process.refused}: {process.problem}"
            for process in processes
            if process.refused
        ]
        self.say(told, "\n".join(lines), as_json=options["json"])


def _role(number: int, champion: int, previous: int | None) -> str:
    if number == champion:
        return "champion"
    return "previous" if number == previous else ""
