"""From a command line to a Django command, with mistakes in the settings told in one sentence.

`--state`, and `--host` and `--port` of the commands that listen, decide what the settings are, so
they become environment variables before the settings are read. That also hands them to every
child process.
"""

import os
import signal
import sys
from collections.abc import MutableMapping, Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError

LISTENING = {"serve", "web"}
EVERYWHERE = {"--state": "DIGITSITE_STATE"}
WHEN_LISTENING = {"--host": "DIGITSITE_HOST", "--port": "DIGITSITE_PORT"}


class CannotRun(Exception):
    """Why a command cannot go on, as a sentence for the person at the terminal."""


def options_to_environment(argv: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """Move the options that are settings from `argv` into `environ`; return what is left."""
    options = dict(EVERYWHERE)
    if len(argv) > 1 and argv[1] in LISTENING:
        options |= WHEN_LISTENING
    left: list[str] = []
    arguments = iter(argv)
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if option not in options:
            left.append(argument)
            continue
        value = value if equals else next(arguments, "")
        if not value or value.startswith("--"):
            raise ImproperlyConfigured(f"{option} needs a value, for example {option}=…")
        environ[options[option]] = value
    return left


def run(argv: Sequence[str]) -> None:
    """Run one command; what a person has to put right ends it with a sentence and status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    try:
        execute_from_command_line(options_to_environment(argv, os.environ))
    except (ImproperlyConfigured, CannotRun) as error:
        sys.exit(f"digitsite: {error}")
    except DatabaseError as error:
        if not _says_that_a_table_is_missing(error):
            raise
        sys.exit(
            "digitsite: there is no database of this version yet: start the site once (`make run`) "
            "or run `manage.py migrate`; --state names another folder"
        )
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _says_that_a_table_is_missing(error: DatabaseError) -> bool:
    """SQLite has no code for it, PostgreSQL has (42P01, undefined_table)."""
    return "no such table" in str(error) or getattr(error.__cause__, "sqlstate", "") == "42P01"
