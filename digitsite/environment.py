"""Strict readers of environment variables: an odd value is refused, never guessed at.

An empty value means "not set", because that is what compose files and shells make of a blank.
Every reader remembers its name, so that a misspelt variable can be refused as well.
"""

import difflib
import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from digitsite.origins import Origin, OriginError

PREFIX = "DIGITSITE_"
FLAGS = {"1": True, "true": True, "yes": True, "on": True}
FLAGS |= {"0": False, "false": False, "no": False, "off": False}

P = TypeVar("P", Path, None)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Environment:
    """The variables of one process whose names start with DIGITSITE_."""

    def __init__(self, variables: Mapping[str, str], *, ignored: frozenset[str] = frozenset()):
        self._variables = variables
        self._known = set(ignored)

    def text(self, name: str, default: str = "") -> str:
        """Any text, without the white space around it."""
        self._known.add(PREFIX + name)
        return self._variables.get(PREFIX + name, "").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        """1, true, yes, on or 0, false, no, off."""
        value = self.text(name)
        if value and value.lower() not in FLAGS:
            raise self._refuse(name, value, "use 1 or 0")
        return FLAGS[value.lower()] if value else default

    def integer(self, name: str, default: int, *, least: int = 1, most: int = 2**31 - 1) -> int:
        """A whole number in plain digits, within its bounds."""
        value = self.text(name, str(default))
        # isdecimal alone would take the digits of other scripts.
        if not (value.isascii() and value.isdecimal()) or not least <= int(value) <= most:
            raise self._refuse(name, value, f"use a whole number from {least} to {most}")
        return int(value)

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """One of `options`; the first is the default."""
        value = self.text(name, options[0])
        if value not in options:
            raise self._refuse(name, value, f"use one of: {', '.join(options)}")
        return value

    def path(self, name: str, default: P) -> Path | P:
        """A path; `~` is the home directory, a relative one starts where the process runs."""
        value = self.text(name)
        if "\0" in value:
            raise self._refuse(name, value, "use a path")
        return Path(value).expanduser().absolute() if value else default

    def words(self, name: str) -> list[str]:
        """What stands between commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def origins(self, name: str) -> list[Origin]:
        """Full origins between commas: scheme, host and, where it is not the usual one, port."""
        try:
            return [Origin.parse(word) for word in self.words(name)]
        except OriginError as error:
            raise ImproperlyConfigured(f"{PREFIX}{name}: {error}") from None

    def networks(self, name: str) -> list[Network]:
        """IP addresses or networks between commas."""
        networks = []
        for word in self.words(name):
            try:
                networks.append(ipaddress.ip_network(word))
            except ValueError:
                advice = "use addresses or networks such as 10.0.0.0/8"
                raise self._refuse(name, word, advice) from None
        return networks

    def refuse_unknown(self) -> None:
        """Refuse every DIGITSITE_ variable that no reader has asked for: a typo changes nothing."""
        for name in sorted(self._variables):
            if name.startswith(PREFIX) and name not in self._known:
                near = difflib.get_close_matches(name, sorted(self._known), n=1)
                hint = f"did you mean {near[0]}?" if near else "remove it."
                raise ImproperlyConfigured(f"{name} is set but is not a setting: {hint}")

    @staticmethod
    def _refuse(name: str, value: str, advice: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"{PREFIX}{name} is {value!r}: {advice}.")
