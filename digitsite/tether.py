"""Run a program that does not outlive its parent: `python tether.py PARENT PROGRAM [ARGUMENT…]`.

The supervisor starts its children through this file, so that they stop even when it is killed in
a way that it cannot answer. Only Linux can do that; elsewhere the next start finds what was left.
Imports nothing of ours: it is run by path and replaced at once.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Ask for SIGTERM at the parent's death, then become `command`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)  # it died before we could ask
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
