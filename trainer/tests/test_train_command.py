"""`manage.py train` end to end on a handful of drawings."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from trainer import anchor, nist, release, starting
from trainer.anchor import Recipe
from trainer.augment import IMAGE_VARIATIONS
from trainer.batches import SHARES
from trainer.management.commands import train as train_command
from trainer.network import RELEASED, Network, NetworkConfig
from trainer.stroke_files import read_strokes
from trainer.tensor_files import read_tensors, write_tensors
from trainer.tests.handwriting import write_everything, write_stroke_file
from trainer.training import Training, TrainingConfig

ROOT = Path(__file__).resolve().parents[2]

TINY = ("--epochs", "2", "--samples-per-epoch", "32", "--batch-size", "16", "--threads", "1")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a little of everything; with few scribbles, releasing is quick."""
    monkeypatch.setattr(release, "FITTED_SCRIBBLES", 30)
    monkeypatch.setattr(release, "REPORTED_SCRIBBLES", 30)
    return write_everything(tmp_path / "data")


def train(data: Path, *options: str) -> str:
    out = StringIO()
    folder = data.parent / "run"
    call_command(
        "train", "--data-dir", str(data), "--checkpoint-path", str(folder), *TINY, *options,
        stdout=out,
    )  # fmt: skip
    return out.getvalue()


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Press Ctrl-C while step `step` is being made."""
    make_step = Training._make_step

    def make_and_press(self: Training, *given: Any) -> None:
        if self.step == step:
            os.kill(os.getpid(), signal.SIGINT)
        make_step(self, *given)

    monkeypatch.setattr(Training, "_make_step", make_and_press)


def test_it_trains_and_writes_a_version_that_can_be_served(data: Path, tmp_path: Path) -> None:
    out = train(data, "--out", str(tmp_path / "version"), "--number", "4", "--test")
    lines = out.splitlines()
    assert lines[0] == "training on mnist, pendigits, uji2, chars74k, omniglot, kassel"
    assert [line[:9] for line in lines[1:3]] == ["epoch 1/2", "epoch 2/2"]
    assert "version 4 is in" in out
    predictor = Predictor.load(tmp_path / "version")
    assert predictor.version == 4
    drawing = read_strokes(data / "strokes/chars74k.jsonl.gz", "c").inks[0]
    assert sum(predictor.predict(drawing, "digits").probabilities) == pytest.approx(1.0)


def test_the_card_says_what_it_was_trained_on(data: Path, tmp_path: Path) -> None:
    train(data, "--out", str(tmp_path / "version"))
    card = json.loads((tmp_path / "version/card.json").read_text())
    sources = card["data"]["sources"]
    assert set(sources) == {"mnist", "pendigits", "uji2", "chars74k", "omniglot", "kassel"}
    assert sources["pendigits"]["licence"] == "CC BY 4.0"
    assert sources["chars74k"]["held_out_writers"]
    assert card["name"] == "own training"  # the released one alone is called anchor
    assert card["data"]["training"]["seed"] == 1
    assert card["data"]["training"]["batch"]["strokes"]["rotation"] > 0
    assert card["metrics"]["validation"]["strokes"]["samples"] > 0
    assert card["metrics"]["slices"]["worst_writers"]  # after two epochs there are some
    assert "cut out of words lower" not in str(card["metrics"]["slices"])
    assert "test" not in card["metrics"]  # looked at only when asked for
    assert str(tmp_path) not in json.dumps(card)


def test_an_interrupted_training_is_kept_and_goes_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_at(patch, step=2)
        with pytest.raises(CommandError, match="the same command with --resume"):
            train(data)
    with pytest.raises(CommandError, match="add --resume"):
        train(data)
    assert "version 1 is in" in train(data, "--resume")
    assert (data.parent / "run/version-1/card.json").exists()


def card_of(folder: Path) -> Any:
    return json.loads((folder / "card.json").read_text())


def test_shares_and_augmentation_follow_the_options(data: Path, tmp_path: Path) -> None:
    train(
        data, "--out", str(tmp_path / "version"), "--share", "mnist/digit=20", "--share",
        "kassel/lower=0.5", "--digits", "0.55", "--augmentation", "light", "--warm-up", "0.03",
    )  # fmt: skip
    training = card_of(tmp_path / "version")["data"]["training"]
    assert training["warm_up"] == 0.03
    batch = training["batch"]
    assert batch["shares"]["mnist/digit"] == 20
    assert batch["shares"]["kassel/lower"] == 0.5
    assert batch["shares"]["uji2/digit"] == SHARES["uji2/digit"]
    assert batch["digits"] == 0.55
    assert batch["images"] == asdict(IMAGE_VARIATIONS["light"])


def test_a_second_phase_starts_from_the_first_and_says_so(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="stopped"):
        train(data, "--stop-after", "3")
    latest = data.parent / "run/latest.safetensors"
    second = tmp_path / "second"
    train(
        data, "--checkpoint-path", str(second), "--start-from", str(latest), "--seed", "2",
        "--lr", "0.001",
    )  # fmt: skip
    said = card_of(second / "version-1")["data"]
    digest = hashlib.sha256(latest.read_bytes()).hexdigest()
    assert said["started_from"]["sha256"] == said["training"]["start"] == digest
    assert said["started_from"]["step"] == 3
    assert said["started_from"]["training"]["seed"] == 1
    assert said["started_from"]["started_from"] is None
    assert said["training"]["seed"] == 2


def test_a_version_can_be_trained_on(data: Path, tmp_path: Path) -> None:
    train(data)
    weights = data.parent / "run/version-1/weights.safetensors"
    train(data, "--checkpoint-path", str(tmp_path / "second"), "--start-from", str(weights))
    said = card_of(tmp_path / "second/version-1")["data"]["started_from"]
    assert said["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert said["training"] == card_of(weights.parent)["data"]["training"]
    assert said["started_from"] is None
    (weights.parent / "card.json").unlink()
    alone = starting.read_start(weights).described
    assert alone == {"sha256": said["sha256"]}  # nothing is said that nobody knows


def test_a_network_that_sees_images_learns_to_see_directions(data: Path, tmp_path: Path) -> None:
    train(data, "--checkpoint-path", str(tmp_path / "first"), "--no-directions")
    weights = tmp_path / "first/version-1/weights.safetensors"
    for name, options in (("from", ("--start-from", str(weights))), ("alone", ())):
        out = train(data, "--checkpoint-path", str(tmp_path / name), *options)
        assert "version 1 is in" in out
        folder = tmp_path / name / "version-1"
        assert Predictor.load(folder).directed
        card = card_of(folder)
        assert card["architecture"]["planes"] == card["data"]["training"]["network"]["planes"] == 5
        batch = card["data"]["training"]["batch"]
        assert (batch["directed"], batch["reversed"]) == (0.8, 0.04)
    assert "planes" not in card_of(weights.parent)["architecture"]
    with pytest.raises(CommandError, match="weights of another network"):  # it cannot unlearn it
        train(
            data, "--checkpoint-path", str(tmp_path / "back"), "--no-directions", "--start-from",
            str(tmp_path / "alone/version-1/weights.safetensors"),
        )  # fmt: skip


def test_what_teachers_say_is_followed_and_on_the_card(data: Path, tmp_path: Path) -> None:
    train(data, "--out", str(tmp_path / "plain"))
    teacher = ("--teacher", str(PACKAGED_ANCHOR))
    train(
        data, "--out", str(tmp_path / "taught"), "--checkpoint-path", str(tmp_path / "second"),
        *teacher,
    )  # fmt: skip
    plain, taught = (card_of(tmp_path / name) for name in ("plain", "taught"))
    assert plain["sha256"] != taught["sha256"]
    digest = card_of(PACKAGED_ANCHOR)["sha256"]["model.onnx"]
    assert taught["data"]["training"]["teachers"] == [digest]
    assert taught["data"]["teachers"] == [{"name": "anchor", "number": 1, "sha256": digest}]
    assert plain["data"]["teachers"] == []
    with pytest.raises(CommandError, match="teachers was"):  # another training cannot go on
        train(data, "--checkpoint-path", str(tmp_path / "second"), "--resume")


def test_a_teacher_that_is_none_is_said_before_training(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"card\.json cannot be read"):
        train(data, "--teacher", str(tmp_path))


def test_another_shape_of_network_can_be_trained(data: Path, tmp_path: Path) -> None:
    train(data, "--out", str(tmp_path / "wide"), "--widths", "4", "8")
    network = card_of(tmp_path / "wide")["data"]["training"]["network"]
    assert (network["widths"], network["depths"]) == ([4, 8], [])
    with pytest.raises(CommandError, match="room for 5 blocks"):
        train(data, "--widths", *"123456")


def test_make_anchor_ends_with_the_settings_of_the_released_anchor() -> None:
    command = ["make", "-n", "anchor", "ARGS="]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = [line.split("manage.py train")[1] for line in out.splitlines() if "train --" in line]
    first, images, taught, again = (recipe_of(shlex.split(line)) for line in lines)
    assert first.config == replace(recipe_of([]).config, threads=2, shards=1)
    assert first.config.network.directed
    assert images.config.network == RELEASED
    for before, after in ((first, taught), (taught, again)):
        assert after.start_from == before.out / "weights.safetensors"
        assert after.teachers == (before.out, images.out)
    assert {first.name, images.name, taught.name, again.name} == {"anchor"}
    ours = flat(asdict(again.config))
    # A setting that its card does not know had its default.
    released = flat(asdict(TrainingConfig())) | flat(card_of(PACKAGED_ANCHOR)["data"]["training"])
    # What it began with and followed are other weights each time they are trained.
    later = {"threads": 0, "start": "", "teachers": []}
    assert ours | later == released | later
    assert released["start"]
    assert len(released["teachers"]) == len(again.teachers)


def flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in json.loads(json.dumps(settings)).items():
        inner = isinstance(value, dict)
        found |= flat(value, f"{prefix}{key}.") if inner else {f"{prefix}{key}": value}
    return found


def recipe_of(arguments: list[str]) -> Recipe:
    parser = train_command.Command().create_parser("manage.py", "train")
    made = train_command.make_recipe(vars(parser.parse_args(arguments)))
    assert isinstance(made, Recipe)
    return made


def test_it_says_how_close_a_training_came_to_a_version(data: Path, tmp_path: Path) -> None:
    train(data)
    released = str(data.parent / "run/version-1")
    again = train(data, "--checkpoint-path", str(tmp_path / "again"), "--beside", released)
    assert (
        "beside version 1 (own training):\nthe weights are the released ones, to the byte" in again
    )
    other = train(
        data, "--checkpoint-path", str(tmp_path / "other"), "--beside", released, "--seed", "2"
    )
    pen = next(line for line in other.splitlines() if line.startswith("pen digits, digits hint"))
    first, second = (
        card_of(folder)["metrics"]["validation"]["strokes_digit"]["top1_hinted"]
        for folder in (data.parent / "run/version-1", tmp_path / "other/version-1")
    )
    assert pen.split()[-4:] == [
        f"{first:.2%}", f"{second:.2%}", f"{100 * (second - first):+.2f}", "points",
    ]  # fmt: skip


def test_beside_a_version_it_trains_on_the_same_sets_or_not_at_all(
    data: Path, tmp_path: Path
) -> None:
    train(data, "--sources", "mnist", "chars74k")
    released = data.parent / "run/version-1"
    again = ["--checkpoint-path", str(tmp_path / "again"), "--beside", str(released)]
    assert "training on mnist, chars74k\n" in train(data, *again)
    shutil.rmtree(data / "strokes")
    again[1] = str(tmp_path / "third")
    with pytest.raises(CommandError, match=r"more than .* has: chars74k \(Chars74K"):
        train(data, *again)
    assert not (tmp_path / "third").exists()
    less = train(data, *again, "--sources", "mnist")
    assert re.search("pen digits, digits hint +only the released has it", less)


def test_more_parts_than_samples_are_refused(data: Path) -> None:
    with pytest.raises(CommandError, match="--shards 17 is more parts"):
        train(data, "--shards", "17")


def test_nothing_to_be_beside_is_said_before_training(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        train(data, "--beside", str(tmp_path / "nowhere"))
    assert not (data.parent / "run/latest.safetensors").exists()


@pytest.mark.parametrize("option", ["--out", "--checkpoint-path"])
def test_a_folder_that_cannot_be_written_is_said_before_training(
    data: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=rf"{option} .*file.* cannot be written .*directory"):
        train(data, option, str(tmp_path / "file" / "x" / "version"))
    assert not (data.parent / "run").exists()


def test_a_folder_with_other_files_is_not_replaced(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("kept")
    with pytest.raises(CommandError, match="holds other files"):
        train(data, "--out", str(folder))
    assert (folder / "letter.txt").read_text() == "kept"
    assert not (data.parent / "run").exists()


def test_a_version_is_replaced_only_by_its_own_training(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    train(data, "--out", str(folder))
    before = (folder / "card.json").read_bytes()
    another = ("--checkpoint-path", str(tmp_path / "another"), "--seed", "2")
    with pytest.raises(CommandError, match=r"--out .*served holds a version already.*--resume"):
        train(data, "--out", str(folder), *another)
    assert (folder / "card.json").read_bytes() == before
    assert not (tmp_path / "another").exists()
    assert "version 1 is in" in train(data, "--out", str(folder), "--resume")
    (data.parent / "run" / "latest.safetensors").unlink()
    folder.rename(data.parent / "run" / "version-1")
    with pytest.raises(CommandError, match=r"--out .*version-1 holds a version already"):
        train(data)  # also where nobody named the folder


def test_the_help_shows_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    train_command.Command().create_parser("manage.py", "train").print_help()
    said = " ".join(capsys.readouterr().out.split())
    for shown in ("--epochs EPOCHS (24)", "on top (192)", "rate (0.004)", "weights (1)"):
        assert shown in said


def test_mnist_alone_is_enough(data: Path) -> None:
    out = train(data, "--sources", "mnist")
    assert "mnist/digit" in out
    card = json.loads((data.parent / "run/version-1/card.json").read_text())
    assert card["metrics"]["validation"]["strokes"] is None


def test_the_drawings_of_one_person_beside_others_are_enough(data: Path) -> None:
    write_stroke_file(data / "strokes/chars74k.jsonl.gz", writers=1)
    assert "version 1 is in" in train(data, "--sources", "mnist", "chars74k")
    with pytest.raises(CommandError, match="chars74k has one writer only"):
        train(data, "--sources", "chars74k", "--checkpoint-path", str(data.parent / "alone"))


def test_drawings_of_one_s_own_are_trained_on(data: Path) -> None:
    write_stroke_file(data / "strokes/mine.jsonl.gz", writers=3)
    assert "kassel, mine" in train(data).splitlines()[0]
    assert card_of(data.parent / "run/version-1")["data"]["sources"]["mine"]["validation"] > 0
    write_stroke_file(data / "strokes/mnist.jsonl.gz")
    with pytest.raises(CommandError, match=r"mnist\.jsonl\.gz cannot be called so"):
        train(data, "--checkpoint-path", str(data.parent / "other"))


def test_signal_handlers_are_put_back(data: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    train(data, "--sources", "chars74k")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_failing_download_says_how_to_leave_the_set_out(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Any:
        raise OSError("no network")

    monkeypatch.setattr(nist, "import_datasets", fail)
    with pytest.raises(CommandError, match=r"EMNIST could not be fetched.*leave emnist-letters"):
        train(data, "--sources", "chars74k", "emnist-letters")


def test_a_state_from_before_there_were_directions_goes_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_at(patch, step=2)
        with pytest.raises(CommandError):
            train(data, "--no-directions")
    latest = data.parent / "run/latest.safetensors"
    tensors, facts = read_tensors(latest)
    for part, name in (("network", "planes"), ("batch", "directed"), ("batch", "reversed")):
        del facts["config"][part][name]
    write_tensors(latest, tensors, facts)
    with pytest.raises(CommandError, match=r"network\.planes was 1"):
        train(data, "--resume")
    assert "version 1 is in" in train(data, "--no-directions", "--resume")


def test_nothing_to_resume_is_an_error(data: Path) -> None:
    with pytest.raises(CommandError, match=r"no earlier training in .*run: leave out --resume"):
        train(data, "--resume")
    assert not (data.parent / "run").exists()


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--start-from", "none", "there is no file .*none"),
        ("--start-from", "other.safetensors", "holds the weights of another network"),
        ("--teacher", "none", "none.*cannot be read"),
    ],
)
def test_what_a_training_cannot_begin_with_is_said_before_data_is_fetched(
    data: Path, monkeypatch: pytest.MonkeyPatch, option: str, name: str, says: str
) -> None:
    def fetch(*arguments: object) -> None:
        raise AssertionError("the data was read")

    monkeypatch.setattr(anchor, "load", fetch)
    write_tensors(data / "other.safetensors", Network(NetworkConfig(widths=(4,))).state_dict(), {})
    with pytest.raises(CommandError, match=says):
        train(data, option, str(data / name))


@pytest.mark.parametrize(
    "options",
    [("--epochs", "0"), ("--lr", "nan"), ("--lr", "fast"), ("--batch-size", "1"),
     ("--seed", "-1"), ("--digits", "1"), ("--share", "mnist=2"), ("--share", "mnist/digit=no"),
     ("--augmentation", "wild"), ("--stop-after", "0"), ("--threads", "0"), ("--number", "zero")],
)  # fmt: skip
def test_odd_values_are_refused(data: Path, options: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=options[0]):
        train(data, *options)


def test_a_full_disk_is_one_sentence(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device", "latest.safetensors")

    monkeypatch.setattr(anchor, "load", full)
    with pytest.raises(CommandError, match=r"latest\.safetensors: No space left on device"):
        train(data)
