"""The champion moves by compare-and-set, and every move is a line that nobody changes."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from digitsite.tests import processes
from recognizer import publishing, registry
from recognizer.append_only import AppendOnly
from recognizer.checkpoints import CARD, MODEL, CheckpointError, digest
from recognizer.models import Champion, ModelVersion, Promotion, ServingProcess
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.registry import LostRace, Refused
from recognizer.tests.making_versions import files_of, flip_a_bit, folder_of, made, promoter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("state")]


def champion() -> int:
    return registry.champion().version_id


def test_the_packaged_anchor_is_version_1_and_the_first_champion() -> None:
    current = registry.champion()
    anchor = current.version
    assert (anchor.number, anchor.folder, anchor.parent) == (1, publishing.ANCHOR, None)
    assert anchor.sha256 == digest(PACKAGED_ANCHOR / CARD)
    assert anchor.model_sha256 == digest(PACKAGED_ANCHOR / MODEL)
    assert anchor.metrics
    line = current.promotion
    assert (line.kind, line.from_version, line.to_version) == ("initial", None, anchor)
    assert registry.previous() is None


def test_numbers_are_given_once() -> None:
    assert [registry.reserve_number() for _ in range(3)] == [2, 3, 4]


def test_a_published_folder_is_registered_once_and_twice_is_the_same() -> None:
    version = made()
    again = registry.register(2, version.folder, version.sha256, {"x": 1}, {})
    assert again == version
    assert again.manifest == {}
    assert version.model_sha256 == digest(folder_of(version) / MODEL)
    assert ModelVersion.objects.count() == 2


def test_a_number_does_not_name_two_folders() -> None:
    version = made()
    other = files_of(2, "other")
    folder = publishing.publish(files_of(3), 3)
    with pytest.raises(Refused, match="version 3, not 2"):
        registry.register(2, folder, publishing.sha256_of(files_of(3)[CARD]), {}, {})
    (folder_of(version) / CARD).write_bytes(other[CARD])
    with pytest.raises(Refused, match="other files"):
        registry.register(2, version.folder, publishing.sha256_of(other[CARD]), {}, {})


def test_what_is_not_whole_is_not_registered() -> None:
    files = files_of(2)
    folder = publishing.publish(files, 2)
    sha256 = publishing.sha256_of(files[CARD])
    flip_a_bit(publishing.fetch(folder, sha256) / MODEL)
    with pytest.raises(CheckpointError, match="does not match"):
        registry.register(2, folder, sha256, {}, {})
    assert ModelVersion.objects.count() == 1


def test_a_promotion_moves_the_champion_and_writes_a_line() -> None:
    version, pro = made(), promoter()
    line = registry.promote(2, actor=pro, run=5, reason=" better ", expected=1, override=True)
    current = registry.champion()
    assert (current.version, current.promotion, current.last_number) == (version, line, 2)
    assert (line.from_version_id, line.to_version_id, line.kind) == (1, 2, "promote")
    assert (line.actor, line.actor_name, line.run) == (pro, "pro", 5)
    assert (line.reason, line.override) == ("better", True)


def test_who_saw_another_champion_is_told_who_came_first() -> None:
    made(), made()
    registry.promote(2, actor=promoter("first"), reason="x", expected=1)
    with pytest.raises(LostRace, match=r"version 2 became champion meanwhile, by first") as lost:
        registry.promote(3, reason="x", expected=1)
    assert lost.value.champion == 2
    assert champion() == 2
    assert Promotion.objects.count() == 2


def test_what_makes_no_sense_is_refused_and_changes_nothing() -> None:
    version = made()
    for number, reason, why in (
        (9, "x", "no version 9"),
        (1, "x", "is the champion already"),
        (2, "  ", "a reason is needed"),
        (2, "x" * 501, "at most 500"),
    ):
        with pytest.raises(Refused, match=why):
            registry.promote(number, reason=reason, expected=1)
    with pytest.raises(PermissionDenied):
        registry.promote(2, actor=User.objects.create_user("any"), reason="x", expected=1)
    registry.mark_broken(2)
    with pytest.raises(Refused, match="marked as broken"):
        registry.promote(2, reason="x", expected=1)
    ModelVersion.objects.update(status="registered")
    flip_a_bit(folder_of(version) / MODEL)
    with pytest.raises(Refused, match=r"cannot be served: .*does not match"):
        registry.promote(2, reason="x", expected=1)
    assert champion() == 1
    assert Promotion.objects.count() == 1


def test_rolling_back_twice_goes_back_two_steps() -> None:
    made(), made()
    registry.promote(2, reason="x", expected=1)
    registry.promote(3, reason="x", expected=2)
    pro = promoter()
    assert registry.rollback(pro, "bad").kind == "rollback"
    assert champion() == 2
    registry.rollback(pro, "bad too")
    assert champion() == 1
    with pytest.raises(Refused, match="no version before version 1"):
        registry.rollback(pro, "more")
    registry.promote(3, reason="again", expected=1)
    assert registry.previous() == 1


def test_a_broken_version_is_skipped_on_the_way_back() -> None:
    made(), made()
    registry.promote(2, reason="x", expected=1)
    registry.promote(3, reason="x", expected=2)
    registry.mark_broken(2)
    registry.rollback(None, "bad")
    assert champion() == 1


def test_a_rollback_leads_to_an_earlier_champion_alone() -> None:
    made(), made()
    registry.promote(2, reason="x", expected=1)
    with pytest.raises(Refused, match="never champion"):
        registry.rollback(None, "x", to=3)
    with pytest.raises(LostRace):
        registry.rollback(None, "x", to=1, expected=3)
    registry.rollback(None, "x", to=1)
    assert champion() == 1


def test_the_ledger_says_who_served_when() -> None:
    made()
    before = timezone.now()
    line = registry.promote(2, reason="x", expected=1)
    served = registry.who_served(before)
    assert served is not None
    assert served.to_version_id == 1
    assert registry.who_served(line.created) == line
    assert registry.who_served(before - timedelta(days=9999)) is None


def test_the_ledger_stays_in_order_where_the_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made()
    first = registry.champion().promotion
    monkeypatch.setattr(timezone, "now", lambda: first.created - timedelta(hours=1))
    assert registry.promote(2, reason="x", expected=1).created == first.created


def test_ledger_and_versions_are_written_once() -> None:
    line, version = Promotion.objects.get(), ModelVersion.objects.get()
    line.reason = version.folder = "other"
    for change in (
        line.save,
        line.delete,
        version.save,
        version.delete,
        lambda: Promotion.objects.update(reason="x"),
        lambda: Promotion.objects.all().delete(),
        lambda: Promotion.objects.bulk_update([line], ["reason"]),
    ):
        with pytest.raises(AppendOnly):
            change()


def test_there_is_one_champion() -> None:
    current = registry.champion()
    with pytest.raises(IntegrityError), transaction.atomic():
        Champion.objects.create(
            id=2, version=current.version, promotion=current.promotion, last_number=1
        )


def test_processes_that_are_silent_do_not_count() -> None:
    now = timezone.now()
    for name, version, age in (("a", 2, 0), ("b", 1, 10), ("c", 2, 20)):
        ServingProcess.objects.create(
            process=name, version=version, seen_at=now - timedelta(seconds=age)
        )
    assert registry.serving_counts(2) == (1, 2)
    assert registry.serving_counts(1) == (1, 2)


RACE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import connection
from recognizer import registry
from recognizer.tests.making_versions import made
versions = [made().number for _ in range(6)]
barrier = Barrier(len(versions))
def race(number):
    barrier.wait()
    try:
        return registry.promote(number, reason="race", expected=1).to_version_id
    except registry.LostRace:
        return None
    finally:
        connection.close()
with ThreadPoolExecutor(len(versions)) as threads:
    won = [number for number in threads.map(race, versions) if number]
from recognizer.models import Promotion
print(won == [registry.champion().version_id], Promotion.objects.count())
"""

KILLED = """
import os, signal
from recognizer import publishing, registry
from recognizer.tests.making_versions import files_of
publishing.publish(files_of(registry.reserve_number()), 2)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Return a state directory with a database in a file."""
    if connection.vendor != "sqlite":
        pytest.skip("its processes have SQLite in any case")
    status, said = processes.run("migrate", "-v0", state=tmp_path / "real")
    assert status == 0, said
    return tmp_path / "real"


def test_of_many_who_promote_at_once_one_wins(real: Path) -> None:
    status, said = processes.run("shell", "-v0", "-c", RACE, state=real)
    assert (status, said.splitlines()[-1]) == (0, "True 2"), said


def test_killed_between_folder_and_row_nothing_is_active(real: Path) -> None:
    status, _ = processes.run("shell", "-v0", "-c", KILLED, state=real)
    assert status == -9
    assert [folder.name for folder in (real / "versions").iterdir()] == ["v000002"]
    told = json.loads(processes.run("versions", "--json", state=real)[1])
    assert told["champion"] == 1
    assert [version["number"] for version in told["versions"]] == [1]
    script = "from recognizer.tests.making_versions import made; print(made().number)"
    assert processes.run("shell", "-v0", "-c", script, state=real)[1].split()[-1] == "3"
