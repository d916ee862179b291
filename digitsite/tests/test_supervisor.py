"""Keeping small processes running: prefixes, restarts, clean ends."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from digitsite import supervisor
from digitsite.supervisor import Failed, Spec, Supervisor, stop_leftovers
from digitsite.tests.processes import PATIENCE, ROOT, wait_for

LASTING = "import time; print('here', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN);" + LASTING


def python(name: str, code: str) -> Spec:
    return Spec(name, [sys.executable, "-c", code])


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in supervisor.STOP_SIGNALS}
    # Whatever runs in the background of a shell without job control ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


class Run:
    """A supervisor that is told to stop by what happens, as if a person had pressed Ctrl-C."""

    def __init__(self, record: Path, *specs: Spec) -> None:
        self.output = io.StringIO()
        self.supervisor = Supervisor(specs, record, output=self.output)

    def until(self, condition: Callable[[], bool], ready: bool = True) -> str:
        def interrupt() -> None:
            try:
                wait_for(condition, "the supervisor")
            finally:  # or the supervisor would run for ever
                os.kill(os.getpid(), signal.SIGINT)

        with ThreadPoolExecutor(1) as watchers:
            watcher = watchers.submit(interrupt)
            self.supervisor.run(lambda: ready, lambda: self.supervisor.say("serve", "ready"))
            watcher.result()
        return self.output.getvalue()

    def pid(self, index: int = 0) -> int:
        process = self.supervisor.children[index].process
        return process.pid if process else 0


def test_each_line_carries_the_name_of_its_process(record: Path) -> None:
    run = Run(record, python("a", LASTING), python("longer", LASTING))
    said = run.until(lambda: run.output.getvalue().count("here") == 2)
    assert "a      | here\n" in said
    assert "longer | here\n" in said
    assert "serve  | ready\n" in said


def test_what_dies_starts_again(record: Path) -> None:
    run = Run(record, python("a", LASTING))
    pids: list[int] = []

    def killed_once_and_back() -> bool:
        if not pids and "here" in run.output.getvalue():
            pids.append(run.pid())
            os.kill(pids[0], signal.SIGKILL)
        return run.output.getvalue().count("here") == 2

    said = run.until(killed_once_and_back)
    assert "a was killed by signal 9" in said


def test_the_pause_before_a_restart_grows(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.01)
    run = Run(record, python("a", "raise SystemExit(3)"))
    started = time.monotonic()
    said = run.until(lambda: run.output.getvalue().count("a ended with status 3") >= 4)
    assert "ready" in said
    assert time.monotonic() - started > 0.1 + 0.2 + 0.4


def test_a_process_that_ends_before_all_is_ready_ends_everything(record: Path) -> None:
    run = Run(record, python("lasting", LASTING), python("broken", "raise SystemExit('no')"))
    with pytest.raises(Failed, match="broken"):
        run.supervisor.run(lambda: False, lambda: None)
    assert "broken  | no\n" in run.output.getvalue()
    assert all(child.process is None for child in run.supervisor.children)


def test_a_stop_leaves_nothing_behind(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    run = Run(record, python("a", LASTING), python("stubborn", STUBBORN))
    pids: list[int] = []

    def both_here() -> bool:
        pids[:] = [run.pid(0), run.pid(1)]
        return run.output.getvalue().count("here") == 2

    said = run.until(both_here)
    assert "stubborn did not stop and is killed" in said
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not record.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_children_do_not_outlive_a_killed_supervisor(record: Path) -> None:
    code = (
        "import sys, pathlib; from digitsite.supervisor import *;"
        f"spec = Spec('a', [sys.executable, '-c', {LASTING!r}]);"
        "Supervisor([spec], pathlib.Path(sys.argv[1]), output=sys.stdout)"
        ".run(lambda: True, lambda: None)"
    )
    command = [sys.executable, "-c", code, str(record)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"here" in process.stdout.readline()
        (child,) = psutil.Process(process.pid).children()
        process.kill()
    child.wait(PATIENCE)


def test_the_next_start_stops_what_a_killed_one_left(record: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LASTING], stdout=subprocess.DEVNULL) as left:
        born = psutil.Process(left.pid).create_time()
        record.write_text(f'{{"{left.pid}": {born!r}, "1": 0.0}}')
        assert stop_leftovers(record) == 1
        assert not psutil.pid_exists(left.pid)
    assert not record.exists()


def test_a_process_that_got_the_number_later_is_left_alone(record: Path) -> None:
    record.write_text(f'{{"{os.getpid()}": 1.0}}')
    assert stop_leftovers(record) == 0


def test_what_is_late_starts_after_the_others_are_ready(record: Path) -> None:
    late = Spec("late", [sys.executable, "-c", LASTING], late=True)
    run = Run(record, late, python("first", LASTING))
    said = run.until(lambda: run.output.getvalue().count("here") == 2)
    assert said.index("ready") < said.index("late")


def test_a_late_process_that_fails_keeps_nobody_from_working(record: Path) -> None:
    late = Spec("late", [sys.executable, "-c", "raise SystemExit(3)"], late=True)
    run = Run(record, late, python("first", LASTING))
    said = run.until(lambda: run.output.getvalue().count("late ended with status 3") > 1)
    assert "ready" in said
