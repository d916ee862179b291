"""Who may ask how often: token buckets, strike counters and connection counts.

In memory and per process, so that no limit needs a round trip; behind several processes the limits
multiply by their number. Knows nothing about Django or sockets.
"""

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

Clock = Callable[[], float]


class TokenBucket:
    """`rate` tokens a second, at most `burst` saved up."""

    __slots__ = ("_burst", "_clock", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._updated = clock()

    def take(self) -> bool:
        """Take one token; False when there is none."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
        self._updated = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Return a token that was taken and not used."""
        self._tokens = min(self._burst, self._tokens + 1)

    def retry_after(self) -> float:
        """Return the seconds until the next token."""
        return max(0.0, (1 - self._tokens) / self._rate)


class Buckets:
    """One token bucket for each key, forgetting the keys not seen for longest."""

    def __init__(
        self, rate: float, burst: float, keys: int = 10_000, clock: Clock = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._keys = keys
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def of(self, key: str) -> TokenBucket:
        """Return the bucket of `key`."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst, self._clock)
            if len(self._buckets) > self._keys:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket


class Strikes:
    """Counts what went wrong within the last `window` seconds."""

    __slots__ = ("_clock", "_times", "_window")

    def __init__(self, limit: int, window: float = 60.0, clock: Clock = time.monotonic) -> None:
        self._times: deque[float] = deque(maxlen=limit)
        self._window = window
        self._clock = clock

    def strike(self) -> bool:
        """Count one; True when the limit is reached within the window."""
        now = self._clock()
        self._times.append(now)
        return len(self._times) == self._times.maxlen and now - self._times[0] < self._window


class Connections:
    """Counts open connections, in all and for each address."""

    def __init__(self) -> None:
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._by_address.total()

    def enter(self, address: str, per_address: int, total: int) -> bool:
        """Count one more; False, and nothing counted, when a limit would be exceeded."""
        if self._by_address[address] >= per_address or len(self) >= total:
            return False
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Undo one `enter` that returned True."""
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]
