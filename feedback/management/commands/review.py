"""`manage.py review`: the decisions of the review screen from the command line."""

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from feedback import scoring
from feedback.decisions import decide, undo
from feedback.events import latest_decisions
from feedback.models import Correction, CorrectionQuerySet, Status
from feedback.moves import Conflict, Outcome
from recognizer.management.commandline import at_least, counted, user_named

_DECISIONS = {
    "approve": Status.PENDING,
    "reject": Status.PENDING,
    "relabel": Status.PENDING,
    "revoke": Status.APPROVED,
}
_ORDERS = ("newest", "oldest", "risk", "value")
_SHOWN = 50
_WHOLE = 32  # hexadecimal digits of an id


class Command(BaseCommand):
    """List the queue and decide, through the same code as the admin."""

    help = "Review corrections: list, approve, reject, relabel, revoke, undo, rescore."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the actions and their options."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="action")
        listing = actions.add_parser("list", help="show the queue")
        listing.add_argument("--status", choices=Status.values, default=Status.PENDING.value)
        listing.add_argument("--order", choices=_ORDERS, default="risk")
        listing.add_argument("--limit", type=at_least(1), default=_SHOWN, help="(%(default)s)")
        _add_json(listing)
        for action in (*_DECISIONS, "undo"):
            deciding = actions.add_parser(action, help=f"{action} items")
            deciding.add_argument("ids", nargs="*", type=_start, metavar="ID", help="or its start")
            deciding.add_argument("--by", required=True, metavar="USER", help="who decides")
            deciding.add_argument("--reason", default="", help="kept in the audit")
            if action in ("approve", "reject"):
                deciding.add_argument("--all-pending", action="store_true", help="the whole queue")
            if action == "relabel":
                deciding.add_argument("--label", required=True, help="what it is: 0-9 or a-z")
            _add_json(deciding)
        rescoring = actions.add_parser("rescore", help="compute risk and value anew")
        rescoring.add_argument("--all", action="store_true", help="not only after another anchor")
        _add_json(rescoring)

    def handle(self, **options: Any) -> None:
        """Do one action; conflicts are told and end with status 1."""
        if options["action"] == "list":
            self._list(**options)
        elif options["action"] == "rescore":
            rows: CorrectionQuerySet = (
                Correction.objects.all() if options["all"] else scoring.stale()
            )
            count = scoring.rescore(rows)
            self._say(
                {"rescored": count}, f"{counted(count, 'correction')} scored anew.", options["json"]
            )
        else:
            self._decide(**options)

    def _list(self, *, status: str, order: str, limit: int, **options: Any) -> None:
        items = Correction.objects.items().filter(status=status).without_blobs()
        ordered = {
            "newest": items.newest_first,
            "oldest": items.oldest_first,
            "risk": items.in_risk_order,
            "value": items.in_value_order,
        }[order]()
        rows = [_row(item) for item in ordered[:limit]]
        lines = [
            "{id}  {status:<8}  {predicted} → {label}  confidence {confidence:.2f}  "
            "risk {risk:.2f}  value {value:.2f}  copies {copies}".format(
                **{**row, "predicted": row["predicted"] or "-"}
            )
            for row in rows
        ]
        self._say(rows, "\n".join(lines) or f"No {status} corrections.", options["json"])

    def _decide(self, *, action: str, ids: list[str], by: str, **options: Any) -> None:
        actor = user_named(by)
        if options.get("all_pending"):
            if ids:
                raise CommandError("Name corrections by their ids, or --all-pending: not both.")
            items = list(Correction.objects.pending().values_list("pk", flat=True))
        elif not ids:
            raise CommandError("Name at least one correction by its id.")
        else:
            items = [_named(start) for start in ids]
        try:
            outcome = _outcome(action, items, actor, options)
        except PermissionDenied as error:
            raise CommandError(f"{by} may not do this: {error}.") from error
        except ValueError as error:
            raise CommandError(f"{error}.") from error
        self._report(action, outcome, as_json=options["json"])

    def _report(self, action: str, outcome: Outcome, *, as_json: bool) -> None:
        told = {
            "action": action,
            "decided": [
                {
                    "id": str(item.id),
                    "status": item.status,
                    "label": item.label,
                    "event": item.event,
                }
                for item in outcome.decided
            ],
            "copies": outcome.copies,
            "conflicts": [
                {"id": str(item.id), "status": item.status, "by": item.by, "why": item.why}
                for item in outcome.conflicts
            ],
        }
        lines = [
            _decided(outcome),
            *(f"{item.id}: {item.why}." for item in outcome.conflicts),
        ]
        self._say(told, "\n".join(lines), as_json)
        if outcome.conflicts:
            raise CommandError(_undecided(len(outcome.conflicts)))

    def _say(self, data: object, text: str, as_json: bool) -> None:
        self.stdout.write(json.dumps(data, indent=2) if as_json else text)


def _start(text: str) -> str:
    """Read an id, or its start as the admin shows it."""
    if not re.fullmatch(r"[0-9a-f]{8,32}", start := text.lower().replace("-", "")):
        raise ArgumentTypeError(f"{text!r} is not an id, or the first 8 characters of one or more")
    return start


def _named(start: str) -> UUID:
    """Return the id that begins like this; a whole one is not looked for."""
    if len(start) == _WHOLE:
        return UUID(start)
    groups = (start[:8], start[8:12], start[12:16], start[16:20], start[20:])
    written = "-".join(filter(None, groups))  # PostgreSQL compares it with the dashes
    found = Correction.objects.filter(pk__startswith=written).values_list("pk", flat=True)[:2]
    if len(found) != 1:
        what = "More than one correction begins" if found else "No correction begins"
        raise CommandError(f"{what} with {start}.")
    return found[0]


def _add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _decided(outcome: Outcome) -> str:
    said = f"{counted(len(outcome.decided), 'item')} decided"
    if not outcome.copies:
        return f"{said}."
    copies = counted(outcome.copies, "copy", "copies")
    return f"{said}, and {copies} with {'it' if len(outcome.decided) == 1 else 'them'}."


def _undecided(count: int) -> str:
    return f"{counted(count, 'item')} {'was' if count == 1 else 'were'} not decided."


def _outcome(action: str, ids: list[UUID], actor: User, options: dict[str, Any]) -> Outcome:
    if action == "undo":
        latest = latest_decisions(ids)
        outcome = undo(latest.values(), actor, options["reason"])
        outcome.conflicts += [
            Conflict(one, "there is no decision on it to take back")
            for one in dict.fromkeys(ids)
            if one not in latest
        ]
        return outcome
    return decide(
        ids,
        action,
        actor,
        _DECISIONS[action],
        label=options.get("label"),
        reason=options["reason"],
    )


def _row(item: Correction) -> dict[str, Any]:
    return {
        "id": str(item.pk),
        "status": item.status,
        "label": item.label,
        "submitted_label": item.submitted_label,
        "predicted": item.predicted,
        "confidence": round(item.confidence, 4),
        "version": item.version,
        "personal": item.personal,
        "risk": round(item.risk, 4),
        "value": round(item.value, 4),
        "copies": item.duplicates,
        "device": item.device,
        "created": item.created.isoformat(),
    }
