"""How often somebody may guess a password: failures count, logins do not.

They are counted for a name at one address and for the address with all its names, so guessing locks
nobody out who logs in from elsewhere. Whoever guesses from very many addresses is not held up by
this; long passwords are against that. Counters are in memory and per process, as all limits.
"""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, wraps
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from digitsite.errors import page
from recognizer.quotas import Buckets, TokenBucket

WINDOW: Final = 15 * 60.0  # seconds in which so many failures are forgiven
_LONGEST_NAME: Final = 150  # Django's own
_IPV6_HOME: Final = 64  # bits that one subscriber is given: all addresses below are theirs
_lock = Lock()

View = Callable[[HttpRequest], HttpResponseBase]


def throttled(view: View) -> View:
    """Wrap a login view: after too many failures it is not asked, whatever the password."""

    @wraps(view)
    def login(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return view(request)
        buckets = _buckets(request)
        # Counted before the password is looked at, or many at once would all find it allowed.
        wait = _take(buckets)
        if wait:
            return _too_many(request, wait)
        failed = False
        try:
            response = view(request)
            failed = response.status_code == 200  # the form again
        finally:
            if not failed:
                _give_back(buckets)
        return response

    return login


def _buckets(request: HttpRequest) -> Sequence[TokenBucket]:
    address = _home(request.META.get("REMOTE_ADDR", "unknown"))
    name = unicodedata.normalize("NFKC", request.POST.get("username", "")[:_LONGEST_NAME])
    with _lock:
        return (
            _by_name().of(f"{address} {name.strip().casefold()}"),
            _by_address().of(address),
        )


def _home(address: str) -> str:
    """Return what one household cannot change about its address."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(known.ipv4_mapped or ip_network((known, _IPV6_HOME), strict=False))


def _take(buckets: Sequence[TokenBucket]) -> float:
    """Count one in each, or in none; return the seconds to wait, 0 where it was counted."""
    with _lock:
        for index, bucket in enumerate(buckets):
            if not bucket.take():
                for counted in buckets[:index]:
                    counted.give_back()
                return bucket.retry_after()
    return 0


def _give_back(buckets: Sequence[TokenBucket]) -> None:
    with _lock:
        for bucket in buckets:
            bucket.give_back()


def _too_many(request: HttpRequest, wait: float) -> HttpResponseBase:
    minutes = max(1, round(wait / 60))
    response = page(
        429,
        "Too many attempts",
        "There were too many attempts to log in with a wrong name or password. "
        f"Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
    )
    response["Retry-After"] = str(max(1, round(wait)))
    return response


@cache
def _by_name() -> Buckets:
    return Buckets(settings.LOGIN_FAILURES / WINDOW, settings.LOGIN_FAILURES)


@cache
def _by_address() -> Buckets:
    most = settings.LOGIN_FAILURES_PER_ADDRESS
    return Buckets(most / WINDOW, most)
