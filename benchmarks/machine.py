"""What a measurement was made on: cores, versions, and how busy the machine was already."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("daphne", "autobahn", "channels", "onnxruntime", "websockets", "numpy")


def describe() -> dict[str, str]:
    """Return lines for the head of a report."""
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return {
        "machine": f"{os.cpu_count()} cores, {_processor()}, {platform.system()}",
        "versions": f"Python {platform.python_version()}, {versions}",
        "load before": f"{os.getloadavg()[0]:.2f} (others' work on this machine disturbs timings)",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
