"""Token buckets, strikes and connection counts."""

from recognizer.quotas import Buckets, Connections, Strikes, TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_allows_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=8, burst=5, clock=clock)
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]
    clock.now += 0.125
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_a_bucket_saves_no_more_than_its_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=10, burst=3, clock=clock)
    clock.now += 3600
    assert [bucket.take() for _ in range(4)] == [True] * 3 + [False]


def test_a_token_that_was_not_used_is_there_again_and_no_more_than_the_burst() -> None:
    bucket = TokenBucket(rate=10, burst=1, clock=Clock())
    assert bucket.take()
    bucket.give_back()
    bucket.give_back()
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_an_empty_bucket_says_when_to_come_back() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=4, burst=1, clock=clock)
    assert bucket.retry_after() == 0
    bucket.take()
    assert bucket.retry_after() == 0.25


def test_each_key_has_its_own_bucket_and_the_oldest_is_forgotten() -> None:
    buckets = Buckets(rate=1, burst=1, keys=2, clock=Clock())
    assert buckets.of("a").take()
    assert buckets.of("b").take()
    assert not buckets.of("a").take()
    assert buckets.of("c").take()  # drops b, the one not seen for longest
    assert not buckets.of("a").take()
    assert buckets.of("b").take()


def test_strikes_reach_the_limit_only_within_the_window() -> None:
    clock = Clock()
    strikes = Strikes(limit=3, window=60, clock=clock)
    assert not strikes.strike()
    clock.now += 50
    assert not strikes.strike()
    clock.now += 20  # the first one is 70 s old
    assert not strikes.strike()
    clock.now += 1
    assert strikes.strike()


def test_connections_are_limited_by_address_and_in_all() -> None:
    connections = Connections()
    assert connections.enter("a", per_address=1, total=2)
    assert not connections.enter("a", per_address=1, total=2)
    assert connections.enter("b", per_address=1, total=2)
    assert not connections.enter("c", per_address=1, total=2)
    connections.leave("a")
    assert connections.enter("c", per_address=1, total=2)
    assert len(connections) == 2
