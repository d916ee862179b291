"""CPU time, memory and open files of another process, from /proc or else from ps."""

import os
import subprocess
from pathlib import Path

import psutil

_PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process and its threads have used, in user and kernel mode."""
    if (_PROC / "self" / "stat").exists():
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return parse_time(_ps(pid, "time"))


def rss_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM."""
    if (_PROC / "self" / "stat").exists():
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return int(_ps(pid, "rss")) * 1024


def open_files(pid: int) -> int:
    """Return how many files, sockets and pipes a process has open."""
    return psutil.Process(pid).num_fds()


def parse_time(text: str) -> float:
    """Read the time that ps prints: [days-][hours:]minutes:seconds, perhaps with decimals."""
    days, _, clock = text.strip().rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0)


def _ps(pid: int, column: str) -> str:
    command = ["ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout
