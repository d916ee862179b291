"""The CPU time and the memory of a process are read from outside."""

import os
import time

import pytest

from benchmarks import usage


def test_it_sees_this_process_work() -> None:
    before = usage.cpu_seconds(os.getpid())
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert usage.cpu_seconds(os.getpid()) - before >= 0.05
    assert usage.rss_bytes(os.getpid()) > 5_000_000


@pytest.mark.parametrize(
    ("text", "seconds"), [(" 0:01.50\n", 1.5), ("02:03:04", 7384.0), ("1-00:00:01", 86_401.0)]
)
def test_it_reads_the_times_that_ps_prints(text: str, seconds: float) -> None:
    assert usage.parse_time(text) == seconds
