"""Between rows and arrays: what a worker does with a run once it has claimed a part of it.

The only module that knows both the database's runs and torch. Everything that decides the outcome
comes from the run's row, the anchor's folder and the base; nothing from the worker.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import torch
from django.conf import settings

from feedback import lessons
from recognizer import publishing, registry
from recognizer.alphabet import LABELS
from recognizer.checkpoints import WEIGHTS, Card, read_card
from recognizer.models import ModelVersion
from trainer import evidence, gate, lesson, preparing, synthesis
from trainer.assessment.answers import DEVICES, Answered
from trainer.assessment.figures import assess
from trainer.assessment.slices import slices
from trainer.base import Base, prepare
from trainer.calibration import Calibration
from trainer.challenger import (
    Challenger,
    Standing,
    averaged,
    hold_out,
    make,
    moved_on,
)
from trainer.characters import pictures_of
from trainer.choosing import MEAN, PARITY_IMAGES, Judgement, News, best
from trainer.datasets import SOURCES
from trainer.export import network_of, read_network, version_files, weights_of
from trainer.finetune import Corrections, Report
from trainer.finetuning import config_of
from trainer.models import TrainingRun
from trainer.network import Network
from trainer.tensor_files import bytes_of, tensors_of

GATE: Final = gate.GateConfig()

_NETWORK, _EARLY = "network.", "early."


@dataclass(frozen=True)
class Candidate:
    """The challenger that a run puts forward, with what the gate says of it."""

    network: Network
    calibration: Calibration
    report: dict[str, Any]
    manifest: dict[str, Any]
    metrics: dict[str, Any]
    anchor: int
    passed: bool
    summary: str
    why_not: str
    images: Any  # (n, 28, 28) for the parity check

    def files(self, number: int, created: date) -> dict[str, bytes]:
        """Return the version's files."""
        card = {
            "schema": 1,
            "number": number,
            "name": "learned",
            "created": created.isoformat(),
            "labels": list(LABELS),
            "temperature": self.calibration.temperature,
            "abstain": {
                "confidence": self.calibration.confidence,
                "energy": self.calibration.energy,
            },
            "data": self.manifest,
            "metrics": self.metrics,
        }
        return version_files(self.network, self.images, card)


@dataclass(frozen=True)
class Ground:
    """The immutable anchor and what surrounds it."""

    anchor: Network
    version: int
    digest: str  # of the anchor's weights
    base: Base
    card: Card  # the anchor's

    @property
    def calibration(self) -> Calibration:
        """What the anchor was released with."""
        return Calibration.of(self.card)


def ground(version: int | None = None) -> Ground:
    """Load the anchor of the champion (or of a version) and the base for it.

    Raises:
        CheckpointError: the anchor's folder is not whole.
        DataError: a file in the data folder is unusable.
    """
    torch.set_num_threads(1)
    number = registry.champion().version_id if version is None else version
    row = ModelVersion.objects.select_related("parent").get(pk=number)
    anchor = row.parent or row
    folder = publishing.fetch(anchor.folder, anchor.sha256)
    card = read_card(folder)
    digest = card.sha256[WEIGHTS]
    network = read_network(folder / WEIGHTS)
    scale = 0.1 if settings.TRAIN_SMALL else 1.0
    base = prepare(network, digest, Path(settings.DATA_DIR), preparing.folder(), scale)
    return Ground(network, anchor.number, digest, base, card)


def build(run: TrainingRun, index: int, report: Report) -> bytes:
    """Build one challenger; return what `judge` needs of it.

    Raises:
        Changed: what it was to learn is not approved any more.
    """
    corrections = lesson.gather(run.corrections)
    there = ground(run.base_version)
    config = config_of(run.config[index])
    made = make(there.anchor, corrections, there.base, config, report)
    tensors = {_NETWORK + name: value for name, value in made.network.state_dict().items()}
    if made.early is not None:
        tensors |= {_EARLY + name: value for name, value in made.early.state_dict().items()}
    return bytes_of(tensors, made.network.config.facts())


def judge(run: TrainingRun, alive: Callable[[], None] = lambda: None) -> Candidate:
    """Let the gate look at the mean of the challengers, or at each; return who goes forward.

    Args:
        run: whose challengers are all built.
        alive: called after each of them.

    Raises:
        Changed: what it has learned is not approved any more.
    """
    corrections = lesson.gather(run.corrections)
    there = ground(run.base_version)
    champion, card = _champion(run.base_version)
    temperature = dict(card.temperature)
    standing = Standing(there.anchor, champion, temperature, there.base, there.calibration)
    built = {
        f"challenger {row.index}": _read(bytes(row.weights or b""), corrections)
        for row in run.challengers.exclude(weights=None).order_by("index")
    }
    name, chosen, judged = best(
        built, standing, corrections, _limits(), news=_news(run), alive=alive
    )
    return _candidate(run, there, name, chosen, judged)


def reproduce(version: ModelVersion) -> str:
    """Build a version again from its manifest; return the digest of the weights.

    Raises:
        Changed: a correction that it learned from is gone.
        ValueError: it was not made by a run, or base or settings are others by now.
    """
    manifest = version.manifest
    if "corrections" not in manifest:
        raise ValueError(f"version {version.pk} was not made from corrections")
    corrections = lesson.gather(manifest["corrections"], still_approved=False)
    there = ground(version.pk)
    if there.base.digest != manifest["base"]["digest"]:
        raise ValueError(
            "the base is not the one that it was made with: "
            f"then {', '.join(manifest['base']['sources'])}, now {', '.join(there.base.sources)}; "
            "from the same sources, another release of this product made it, or one with another "
            "DIGITSITE_TRAIN_SMALL"
        )
    networks = [
        make(there.anchor, corrections, there.base, config_of(kept)).network
        for kept in manifest["settings"]
    ]
    # Manifests from before means were moved on do not say how far: theirs were not.
    network = moved_on(averaged(networks), there.anchor, manifest.get("further", 1.0))
    return publishing.sha256_of(weights_of(network))


def _champion(number: int) -> tuple[Network, Card]:
    row = ModelVersion.objects.get(pk=number)
    folder = publishing.fetch(row.folder, row.sha256)
    return read_network(folder / WEIGHTS), read_card(folder)


def _read(data: bytes, corrections: Corrections) -> Challenger:
    tensors, facts = tensors_of(data)

    def network(prefix: str) -> Network | None:
        state = {
            name.removeprefix(prefix): value
            for name, value in tensors.items()
            if name.startswith(prefix)
        }
        return network_of(bytes_of(state, facts)) if state else None

    made = network(_NETWORK)
    if made is None:
        raise ValueError("a challenger has no weights")
    return Challenger(made, network(_EARLY), hold_out(corrections))


def _news(run: TrainingRun) -> News:
    known = lessons.learned(run.base_version)
    entries = [(UUID(entry[0]), entry[1]) for entry in run.corrections]
    fresh = np.array([entry not in known for entry in entries], bool)
    return News(fresh, len(known.difference(entries)))


def _limits() -> gate.GateConfig:
    return replace(
        GATE,
        submitter_share=settings.GATE_SUBMITTER_PERCENT / 100,
        class_share=settings.GATE_CLASS_PERCENT / 100,
        implausible_share=settings.GATE_IMPLAUSIBLE_PERCENT / 100,
    )


def _candidate(
    run: TrainingRun,
    there: Ground,
    name: str,
    challenger: Challenger,
    judged: Judgement,
) -> Candidate:
    seen, report, calibration = judged.seen, judged.report, judged.calibration
    built = run.challengers.exclude(weights=None).order_by("index").values_list("index", flat=True)
    chosen = list(built) if name == MEAN else [int(name.rpartition(" ")[2])]
    why_not = "; ".join(f"{found.rule}: {found.says}" for found in report.failures)
    verdict = "passes the gate" if report.passed else f"is refused. {why_not}"
    base, taught = seen.base, seen.taught
    metrics = {
        "gate_set": len(base),
        "base": float(base.right(base.challenger).mean()),
        "base_before": float(base.right(base.champion).mean()),
        "base_anchor": float(base.right(base.anchor).mean()),
        "taught": float(taught.right(taught.challenger).mean()),
        "taught_before": float(taught.right(taught.champion).mean()),
        "taught_unaided": float(taught.right_unaided(taught.challenger).mean()),
        "taught_unaided_before": float(taught.right_unaided(taught.champion).mean()),
        "calibration_error": seen.facts.calibration_error,
        "corrections": len(taught),
        "slices": _sliced(there.base, seen, calibration),
    }
    manifest = {
        "anchor": {"version": there.version, "weights": there.digest},
        "base": {"digest": there.base.digest, "sources": list(there.base.sources)},
        "licences": _licences(there),
        "settings": [run.config[index] for index in chosen],
        "chosen": chosen,
        "further": challenger.further,
        "corrections": run.corrections,
        "run": run.pk,
    }
    step = max(1, len(there.base.gate.images) // PARITY_IMAGES)
    return Candidate(
        network=challenger.network,
        calibration=calibration,
        report=report.as_json() | {"flips": _flips(there.base, seen, report)},
        manifest=manifest,
        metrics=metrics,
        anchor=there.version,
        passed=report.passed,
        summary=f"{name} {verdict}",
        why_not=why_not,
        images=there.base.gate.images[::step],
    )


def _sliced(base: Base, seen: evidence.Evidence, calibration: Calibration) -> dict[str, Any]:
    """Return what the card says of who is read badly: by kind and class of the gate set."""
    judged = base.gate
    names, kinds = zip(*(group.split("/") for group in judged.groups), strict=True)
    characters = [
        LABELS[label].upper() if kind == "upper" else LABELS[label]
        for label, kind in zip(judged.labels.tolist(), kinds, strict=True)
    ]
    answered = Answered(
        images=judged.images,
        characters=np.array(characters),
        logits=seen.base.challenger,
        writers=np.full(len(judged), "", "<U1"),  # the base does not keep them
        sources=np.array(names),
        devices=np.array([DEVICES.get(name, "unknown") for name in names]),
    )
    return slices(assess(answered, calibration))


def _licences(there: Ground) -> dict[str, dict[str, str]]:
    """Return titles and licences of the data that the weights descend from."""
    ours = {
        name: {"title": source["title"], "licence": source["licence"]}
        for name, source in there.card.data.get("sources", {}).items()
    }
    return ours | {name: _licence(name) for name in there.base.sources}


def _licence(name: str) -> dict[str, str]:
    if name == synthesis.NAME:
        return {"title": "our own parametric handwriting", "licence": "MIT"}
    return {"title": SOURCES[name].title, "licence": SOURCES[name].licence}


_SHOWN: Final = 24  # flipped drawings that a report shows


def _flips(base: Base, seen: evidence.Evidence, report: gate.GateReport) -> list[dict[str, Any]]:
    """Return drawings of the gate set that are read otherwise now, the losses first."""
    answers = seen.base
    before = evidence.hinted(answers.champion, answers.labels)
    after = evidence.hinted(answers.challenger, answers.labels)
    pictures = pictures_of(base.gate.images)
    return [
        {
            "pixels": np.packbits(pictures[index] > 127).tobytes().hex(),
            "label": LABELS[answers.labels[index]],
            "before": LABELS[before[index]],
            "after": LABELS[after[index]],
        }
        for index in (*report.negative_flips[:_SHOWN], *report.positive_flips[:_SHOWN])
    ]
