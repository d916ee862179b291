#!/usr/bin/env python3
"""The command line of the site: `serve`, `web`, `train`, and Django's own commands."""

import sys


def main():  # type: () -> None
    """Refuse what cannot work with one sentence, then hand over to Django.

    The type comment keeps this file readable for the old interpreters that it has to refuse.
    """
    if sys.version_info < (3, 11):
        sys.exit(
            "digitsite needs Python 3.11 or newer and this is {}.{}: install a newer Python, then "
            "run `make run PYTHON=python3.11`.".format(*sys.version_info[:2])
        )
    try:
        from digitsite.commandline import run
    except ModuleNotFoundError as error:
        sys.exit(
            "The package {} is missing in this Python: run `make setup`, then use "
            "`.venv/bin/python manage.py`.".format(error.name)
        )
    run(sys.argv)


if __name__ == "__main__":
    main()
