"""Updates of the code that bring another anchor."""

import json
import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from recognizer import anchors, publishing, registry
from recognizer.checkpoints import CARD, WEIGHTS, CheckpointCorrupt
from recognizer.models import ModelVersion, Promotion
from recognizer.tests.making_versions import made, promoter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("state")]


def update(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the code come with another anchor."""
    folder = tmp_path / "packaged"
    shutil.copytree(publishing.PACKAGED_ANCHOR, folder)
    card = json.loads((folder / CARD).read_bytes())
    (folder / CARD).write_text(json.dumps(card | {"name": "a better anchor"}))
    monkeypatch.setattr(publishing, "PACKAGED_ANCHOR", folder)


def test_the_anchor_that_is_known_is_not_adopted_again() -> None:
    assert anchors.adopt() is None
    assert ModelVersion.objects.count() == 1


def test_where_nothing_was_learned_the_new_anchor_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    update(monkeypatch, tmp_path)
    version = anchors.adopt()
    assert version is not None
    assert (version.number, version.parent) == (2, None)
    assert registry.champion().version_id == 2
    assert anchors.adopt() is None


def test_what_was_learned_goes_on_and_the_new_anchor_waits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    learned = made()
    registry.promote(learned.number, reason="it learned", expected=1)
    anchors.keep()
    update(monkeypatch, tmp_path)
    version = anchors.adopt()
    assert version is not None
    assert registry.champion().version_id == learned.number
    old = ModelVersion.objects.get(pk=1)
    assert publishing.fetch(old.folder, old.sha256).name.startswith("anchor-")
    registry.promote(version.number, reason="on purpose", expected=learned.number)
    registry.rollback(None, "not so good", to=1)
    assert Promotion.objects.count() == 4


def test_without_a_copy_the_old_anchor_is_missed_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    update(monkeypatch, tmp_path)
    old = ModelVersion.objects.get(pk=1)
    with pytest.raises(CheckpointCorrupt, match="is not the card"):
        publishing.fetch(old.folder, old.sha256)


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_anchor_that_somebody_chose_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, by_hand: bool
) -> None:
    learned = made()
    registry.promote(learned.number, reason="it learned", expected=1)
    if by_hand:
        registry.promote(1, actor=promoter(), reason="it was better", expected=learned.number)
    else:
        registry.rollback(None, "it was better")
    anchors.keep()
    update(monkeypatch, tmp_path)
    assert anchors.adopt() is not None
    assert registry.champion().version_id == 1


def test_a_torn_copy_is_made_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    anchors.keep()
    old = ModelVersion.objects.get(pk=1)
    (publishing.copy_of_anchor(old.sha256) / WEIGHTS).write_bytes(b"half")
    anchors.keep()
    update(monkeypatch, tmp_path)
    assert publishing.fetch(old.folder, old.sha256) == publishing.copy_of_anchor(old.sha256)


def test_a_machine_without_a_copy_has_it_from_the_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    settings.STORAGES = settings.STORAGES | {
        "versions": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "store"},
        }
    }
    anchors.keep()
    old = ModelVersion.objects.get(pk=1)
    update(monkeypatch, tmp_path)
    settings.VERSIONS_DIR = tmp_path / "another machine"
    assert publishing.fetch(old.folder, old.sha256).parent == tmp_path / "another machine"


def test_keeping_twice_is_keeping_once() -> None:
    anchors.keep()
    anchors.keep()
    old = ModelVersion.objects.get(pk=1)
    assert publishing.copy_of_anchor(old.sha256).is_dir()
