"""From a command line to a Django command, with mistakes in the settings told in one sentence.

`--state`, and `--host` and `--port` of the commands that listen, decide what the settings are, so
they become environment variables before the settings are read. That also hands them to every
child process.
"""

import os
import signal
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error

from digitsite import databases
from recognizer import outages

LISTENING = {"serve", "web"}
LOOKING = {"backup", "doctor"}  # at a site that is there: others make the folder that --state names
EVERYWHERE = {"--state": "DIGITSITE_STATE"}
POOL = "DIGITSITE_DATABASE_POOL"
WHEN_LISTENING = {"--host": "DIGITSITE_HOST", "--port": "DIGITSITE_PORT"}


class CannotRun(Exception):
    """Why a command cannot go on, as a sentence for the person at the terminal."""


def options_to_environment(argv: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """Move the options that are settings from `argv` into `environ`; return what is left."""
    options = _options(argv)
    left: list[str] = []
    given: dict[str, str] = {}
    arguments = iter(argv)
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if option not in options:
            left.append(argument)
            continue
        value = value if equals else next(arguments, "")
        if not value or value.startswith("--"):
            raise ImproperlyConfigured(f"{option} needs a value, for example {option}=…")
        given[option] = value
    if "--state" in given and _command(left) in LOOKING:
        _require_folder(given["--state"])
    environ.update({options[option]: value for option, value in given.items()})
    return left


def in_the_words_of(argv: Sequence[str], text: str) -> str:
    """Name the option in what is said of a value where it was an option that gave it."""
    given = {argument.partition("=")[0] for argument in argv}
    for option, name in _options(argv).items():
        if option in given:
            text = text.replace(f"{name} is ", f"{option} is ")
    return text


def _options(argv: Sequence[str]) -> dict[str, str]:
    """Return the options of this command that are settings."""
    return EVERYWHERE | (WHEN_LISTENING if _command(argv) in LISTENING else {})


def _command(argv: Sequence[str]) -> str:
    return argv[1] if len(argv) > 1 else ""


def _require_folder(value: str) -> None:
    try:
        is_there = Path(value).expanduser().is_dir()
    except OSError as error:  # of a folder on the way there
        why = error.strerror
        raise ImproperlyConfigured(f"--state is {value!r}: it cannot be used ({why}).") from error
    if not is_there:
        raise ImproperlyConfigured(f"--state is {value!r}: there is no such folder.")


def run(argv: Sequence[str]) -> None:
    """Run one command; what a person has to put right ends it with a sentence and status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    try:
        left = options_to_environment(argv, os.environ)
        _go_without_a_pool(left, os.environ)
        execute_from_command_line(left)
    except ImproperlyConfigured as error:
        sys.exit(f"digitsite: {in_the_words_of(argv, str(error))}")
    except CannotRun as error:
        sys.exit(f"digitsite: {error}")
    except Error as error:
        if "--traceback" in argv or not outages.is_outage(error):
            raise
        sys.exit(f"digitsite: {_told(error)}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _go_without_a_pool(argv: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Let a command connect by itself: a pool waits for seconds, and does not say why it cannot.

    What the settings refuse stays.
    """
    size = environ.get(POOL) or "0"
    if _command(argv) not in LISTENING and size.isdecimal() and int(size) <= databases.MOST:
        environ[POOL] = "0"


def _told(error: Error) -> str:
    if outages.is_behind(error):
        return (
            "there is no database of this version yet: start the site once (`make run`) or run "
            "`manage.py prepare`; --state names another folder"
        )
    return (
        f"the database does not answer ({outages.reason(error)}): {outages.advice(error)}; "
        "`manage.py doctor` looks further"
    )
