"""Twisted's reactor on asyncio's event loop: importing this module installs it.

It has to happen before anything else imports the reactor, so our server modules take it from here.
"""

from typing import Any

import daphne.server  # noqa: F401 - installs the asyncio reactor
from twisted.internet import reactor as _reactor

reactor: Any = _reactor
