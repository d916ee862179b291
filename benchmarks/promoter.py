"""A process that makes versions and promotes them for `swap.py`: one JSON command a line.

Runs with the settings of the site that is measured. Versions are the anchor under other numbers:
loading and warming up cost what any version costs.
"""

import json
import sys
import time
from typing import Any, Final

import django

django.setup()

from recognizer import notices, publishing, registry  # noqa: E402 - Django has to be set up
from recognizer.checkpoints import CARD, MODEL, WEIGHTS  # noqa: E402
from recognizer.models import ServingProcess  # noqa: E402

LOOK_EVERY: Final = 0.03  # s between looks at who serves what
PATIENCE: Final = 60.0  # s

_committed: list[tuple[float, float]] = []  # by the wall and by the monotonic clock
_announce = notices.announce


def announce() -> None:
    """Note the moment of the commit, then go on."""
    _committed.append((time.time(), time.monotonic()))
    _announce()


def make(count: int) -> list[int]:
    """Publish and register so many versions."""
    return [_make() for _ in range(count)]


def promote(number: int, processes: int) -> dict[str, float | None]:
    """Promote a version; return when that was committed and how long until it was everywhere."""
    current = registry.champion().version_id
    registry.promote(number, reason="benchmark", expected=current)
    return _spread(number, processes)


def rollback(processes: int) -> dict[str, float | None]:
    """Go back to the champion before this; return the same."""
    line = registry.rollback(None, "benchmark")
    return _spread(line.to_version_id, processes)


def _make() -> int:
    number = registry.reserve_number()
    anchor = publishing.PACKAGED_ANCHOR
    card = json.loads((anchor / CARD).read_bytes()) | {"number": number}
    files = {name: (anchor / name).read_bytes() for name in (MODEL, WEIGHTS)}
    files[CARD] = json.dumps(card).encode()
    folder = publishing.publish(files, number)
    registry.register(number, folder, publishing.sha256_of(files[CARD]), {}, {}, parent=1)
    return number


def _spread(number: int, processes: int) -> dict[str, float | None]:
    wall, monotonic = _committed[-1]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        rows = list(ServingProcess.objects.values_list("version", "loaded_at"))
        moments = [at.timestamp() for version, at in rows if version == number and at]
        if len(moments) == processes:
            return {"version": number, "committed": monotonic, "seconds": max(moments) - wall}
        time.sleep(LOOK_EVERY)
    return {"version": number, "committed": monotonic, "seconds": None}


def main() -> None:
    """Answer until there is no more to read."""
    notices.announce = announce
    commands: dict[str, Any] = {"make": make, "promote": promote, "rollback": rollback}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
