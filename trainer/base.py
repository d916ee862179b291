"""The base: what a challenger must not forget, what it is judged on, what calibrates it.

From real handwriting where the data folder has some, and always also from our own parametric
handwriting, so that a fresh clone can learn and judge without a download. What is replayed, what
judges and what calibrates never shares a writer (or, where a set names none, an image). Everything
carries the anchor's logits, computed once and kept on disk. Knows nothing about corrections.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from recognizer.alphabet import LABELS, indices
from trainer import synthesis
from trainer.augment import ImageVariation, vary_image
from trainer.characters import Handwriting, Images, ImageSet, Labels, StrokeSet
from trainer.datasets import SOURCES, known, load
from trainer.evaluation import Logits, Probabilities, probabilities
from trainer.finetune import OUTLIER, Exemplars
from trainer.marks import stamped
from trainer.network import Network
from trainer.release import scribbles
from trainer.replay import ClassBalancingReservoir, keep
from trainer.tensor_files import TensorFileError, read_tensors, write_tensors
from trainer.validation import logits_of

# Of the file, of how the base is chosen and of how its logits come about: raised with any of them.
SCHEMA: Final = 6
PER_CLASS: Final = 200  # exemplars of one label from one source
CANDIDATES: Final = 800  # of one label, among which the hardest are looked for
OUTLIERS: Final = 200  # replayed
SCRIBBLES: Final = 400  # that calibrate
WRITERS: Final = {"exemplars": (101, 200), "gate": (202, 120), "calibration": (303, 40)}
# After a source's name, and apart from it when classes and sources are balanced:
NEAR: Final = " near"  # those of its samples nearest to a mistake
AS_SCANNED: Final = " scanned"  # its digits as pictures
_NOT_ALONE: Final = frozenset({"kassel"})  # cut out of words: partly unreadable
FEWEST_JUDGES: Final = 100  # of one label: with a handful no loss of a class could be proven
SCANNED: Final = ImageVariation(plain=0.0, thickness=0.6, blur=0.4, bold=0.25)
_JUDGES: Final = 0.6  # of the writers set aside; the others calibrate


@dataclass(frozen=True)
class Judged:
    """Labelled images with the anchor's answers."""

    images: Images  # (n, 28, 28), or (n, 5, 28, 28)
    labels: Labels  # (n,)
    logits: Logits  # (n, 36) of the anchor
    groups: tuple[str, ...]  # "source/kind", which calibrates kind by kind

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Base:
    """Three disjoint sets, and what they are."""

    exemplars: Exemplars
    gate: Judged
    calibration: Judged
    scribbles: Images  # no characters; they calibrate as well
    sources: tuple[str, ...]
    digest: str  # of all of the above: the same digest is the same base
    marked: Mapping[str, Logits]  # of the anchor, by mark that lies over images of the gate set

    @property
    def real(self) -> bool:
        """Whether people wrote any of it."""
        return any(name != synthesis.NAME for name in self.sources)


def real_sources(root: Path) -> tuple[str, ...]:
    """Return the sets below a data folder that can serve; nothing is fetched for this.

    Stroke files of one's own do not: nobody reviewed them, and the anchor need not know them.
    """
    found = known(root) if root.is_dir() else ()
    there = [name for name in found if name != "mnist" or any(root.glob("MNIST/raw/train-images*"))]
    return tuple(name for name in there if name not in _NOT_ALONE)


def prepare(
    anchor: Network, anchor_digest: str, root: Path, cache: Path, scale: float = 1.0
) -> Base:
    """Return the base for an anchor, from `cache` if it was built before.

    Args:
        anchor: whose logits go with it.
        anchor_digest: identifies the anchor.
        root: the data folder; it need not exist.
        cache: where it is kept.
        scale: how much of it, 1 for all.

    Raises:
        DataError: a file in the data folder is unusable.
    """
    torch.set_num_threads(1)  # the logits are part of what must come out the same again
    sources = real_sources(root)
    key = hashlib.sha256(repr((SCHEMA, scale, anchor_digest, _inventory(root, sources))).encode())
    path = cache / f"base-{key.hexdigest()[:16]}.safetensors"
    if path.exists():
        try:
            return _read(path)
        except TensorFileError:
            path.unlink(missing_ok=True)  # it can be built again
    base = build(anchor, root, sources, scale=scale)
    _write(path, base)
    for other in cache.glob("base-*.safetensors"):
        if other != path:
            other.unlink(missing_ok=True)
    return base


def build(
    anchor: Network, root: Path, sources: Sequence[str], seed: int = 1, scale: float = 1.0
) -> Base:
    """Choose and draw the three sets."""
    rng = np.random.default_rng(seed)
    directed = anchor.config.directed
    written = _written("exemplars", scale, directed=directed)
    kept: list[Handwriting] = [written]
    if "mnist" not in sources:
        kept.append(_pictures(written, seed))
    gate: list[Handwriting] = []
    calibration: list[Handwriting] = []
    if sources:
        split = load(root, sources)
        for part in split.train:
            kept += _chosen(anchor, part, rng, scale)
        for part in split.validation:
            judging = judges(part)
            gate.append(part.take(judging))
            calibration.append(part.take(~judging))
    # A set of digits, or a few writers, must not leave letters without a judge.
    gate += _lacking(gate, "gate", scale, round(FEWEST_JUDGES * scale), directed=directed)
    calibration += _lacking(calibration, "calibration", scale, 1, directed=directed)
    inks = [ink for part in kept if isinstance(part, StrokeSet) for ink in part.inks[:500]]
    outliers = scribbles(seed, OUTLIERS, inks, held_out=False, directed=directed)
    images = np.concatenate([*(part.seen(directed=directed) for part in kept), outliers])
    labels = np.concatenate([*(part.labels for part in kept), np.full(len(outliers), OUTLIER)])
    names = [part.name for part in kept for _ in range(len(part))] + ["outliers"] * len(outliers)
    exemplars = Exemplars(images, labels, tuple(names), logits_of(anchor, images))
    parts = (
        exemplars,
        _judged(anchor, gate),
        _judged(anchor, calibration),
        scribbles(seed + 1, SCRIBBLES, inks, held_out=False, directed=directed),
    )
    names = sorted({part.name.split(" ")[0] for part in [*gate, *kept]})
    return Base(*parts, tuple(names), _digest(*parts), marked_by(anchor, parts[1]))


def marked_by(anchor: Network, gate: Judged) -> dict[str, Logits]:
    """Return what the anchor answers where a mark lies over images of the gate set, by mark."""
    shown = stamped(gate.images, gate.labels)
    return {name: logits_of(anchor, images) for name, _, images in shown}


def _written(role: str, scale: float, *, directed: bool) -> Handwriting:
    seed, writers = WRITERS[role]
    return synthesis.exemplars(seed, max(1, round(writers * scale)), 1, directed=directed)


def _pictures(written: Handwriting, seed: int) -> Handwriting:
    """Return the digits once more as if they had been scanned: broad, blurred, a little off.

    Nothing else in the parametric handwriting looks like MNIST, whose kind would be forgotten.
    """
    digits = written.take(np.isin(written.labels, indices("digits")))
    rng = np.random.default_rng([seed, 0x5CA7])
    images = np.stack([vary_image(image, rng, SCANNED) for image in digits.rasters()])
    return ImageSet(f"{synthesis.NAME}{AS_SCANNED}", digits.characters, digits.groups, images)


def _lacking(
    parts: Sequence[Handwriting], role: str, scale: float, fewest: int, *, directed: bool
) -> list[Handwriting]:
    """Return drawings of our own of each label of which the parts have fewer than `fewest`."""
    labels = [label for part in parts for label in part.labels.tolist()]
    lacking = np.flatnonzero(
        np.bincount(np.array(labels, int), minlength=len(LABELS)) < max(1, fewest)
    )
    if not len(lacking):
        return []
    written = _written(role, scale, directed=directed)
    return [written.take(np.isin(written.labels, lacking))]


def _chosen(
    anchor: Network, part: Handwriting, rng: np.random.Generator, scale: float
) -> list[Handwriting]:
    """Return samples of every label: any, and as a source of its own those nearest to a mistake.

    What a challenger would lose first is what the anchor only just reads; a random choice of easy
    samples does not hold it.
    """
    each = max(1, round(PER_CLASS * scale))
    candidates = part.take(_balanced(part, round(CANDIDATES * scale), rng))
    anyhow = _balanced(candidates, each, rng)
    rest = candidates.take(np.setdiff1d(np.arange(len(candidates)), anyhow))
    if not len(rest):
        return [candidates]
    logits = logits_of(anchor, rest.seen(directed=anchor.config.directed))
    near = _nearest(logits, rest.labels, each)
    return [candidates.take(anyhow), replace(rest.take(near), name=f"{part.name}{NEAR}")]


def _balanced(part: Handwriting, per_class: int, rng: np.random.Generator) -> NDArray[np.int64]:
    labels = part.labels.tolist()
    return keep(labels, ClassBalancingReservoir(per_class * len(set(labels)), rng))


def _nearest(logits: Logits, labels: Labels, each: int) -> NDArray[np.int64]:
    """Return so many positions of each label: those with the smallest margins for it."""
    margins = np.zeros(len(labels))
    for charset in ("digits", "letters"):
        kind = np.flatnonzero(np.isin(labels, indices(charset)))
        margins[kind] = _margins(probabilities(logits[kind], charset), labels[kind])
    order = np.argsort(margins, kind="stable")
    return np.concatenate([order[labels[order] == label][:each] for label in np.unique(labels)])


def _margins(predicted: Probabilities, labels: Labels) -> NDArray[np.float64]:
    own = predicted[np.arange(len(labels)), labels]
    others = predicted.copy()
    others[np.arange(len(labels)), labels] = -1.0
    return np.asarray(own - others.max(axis=1))


def judges(part: Handwriting) -> NDArray[np.bool_]:
    """Return which samples judge: those of most writers; the other writers calibrate."""
    groups = sorted(set(part.groups))
    # Without writers the groups are images, in the order of the set: every so-manieth calibrates.
    chosen = {group for index, group in enumerate(groups) if index % 5 < _JUDGES * 5}
    return np.array([group in chosen for group in part.groups], bool)


def _judged(anchor: Network, parts: Sequence[Handwriting]) -> Judged:
    images = np.concatenate([part.seen(directed=anchor.config.directed) for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    groups = [f"{part.name}/{kind}" for part in parts for kind in part.kinds]
    return Judged(images, labels, logits_of(anchor, images), tuple(groups))


def _inventory(root: Path, sources: Sequence[str]) -> list[tuple[str, int]]:
    """Return what the sources consist of: names and sizes of their files."""
    found = []
    for name in sources:
        path = root / SOURCES[name].path
        files = sorted(path.glob("*")) if path.is_dir() else [path]
        found += [(str(file.relative_to(root)), file.stat().st_size) for file in files]
    return found


def _digest(exemplars: Exemplars, gate: Judged, calibration: Judged, drawn: Images) -> str:
    whole = hashlib.sha256()
    for part in (exemplars, gate, calibration):
        whole.update(part.images.tobytes() + part.labels.tobytes() + part.logits.tobytes())
    for names in (exemplars.sources, gate.groups, calibration.groups):
        whole.update("\n".join(names).encode() + b"\0")
    whole.update(drawn.tobytes())
    return whole.hexdigest()


def _digest_of_marked(base: Base) -> str:
    """Of what is no part of what a base is, as it follows from the rest and the anchor."""
    return hashlib.sha256(b"".join(logits.tobytes() for logits in base.marked.values())).hexdigest()


def _write(path: Path, base: Base) -> None:
    tensors = {"scribbles": torch.from_numpy(base.scribbles)}
    names: dict[str, list[str]] = {}
    for role, part, groups in (
        ("exemplars", base.exemplars, base.exemplars.sources),
        ("gate", base.gate, base.gate.groups),
        ("calibration", base.calibration, base.calibration.groups),
    ):
        known = sorted(set(groups))
        names[role] = known
        place = {name: index for index, name in enumerate(known)}
        tensors[f"{role}.images"] = torch.from_numpy(part.images)
        tensors[f"{role}.labels"] = torch.from_numpy(part.labels)
        tensors[f"{role}.logits"] = torch.from_numpy(part.logits)
        tensors[f"{role}.groups"] = torch.tensor([place[group] for group in groups])
    tensors["marked"] = torch.from_numpy(np.stack(list(base.marked.values())))
    facts = {
        "names": names,
        "sources": base.sources,
        "digest": base.digest,
        "labels": LABELS,
        "marks": list(base.marked),
        "marked": _digest_of_marked(base),
    }
    write_tensors(path, tensors, facts)


def _read(path: Path) -> Base:
    """Read a base that was built before, and check that it is whole."""
    tensors, facts = read_tensors(path)
    try:
        base = _unpacked(tensors, facts)
        marked = _digest_of_marked(base) == facts["marked"]
    except (KeyError, IndexError, TypeError) as error:
        raise TensorFileError(f"{path} is no base: it lacks {error}") from error
    whole = _digest(base.exemplars, base.gate, base.calibration, base.scribbles) == base.digest
    if not (whole and marked):
        raise TensorFileError(f"{path} is not what its digest says")
    return base


def _unpacked(tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> Base:
    def part(role: str) -> tuple[Images, Labels, tuple[str, ...], Logits]:
        known = facts["names"][role]
        arrays: tuple[Any, ...] = tuple(
            tensors[f"{role}.{what}"].numpy() for what in ("images", "labels", "logits")
        )
        groups = tuple(known[index] for index in tensors[f"{role}.groups"].tolist())
        return arrays[0], arrays[1], groups, arrays[2]

    def judged(role: str) -> Judged:
        images, labels, groups, logits = part(role)
        return Judged(images, labels, logits, groups)

    return Base(
        Exemplars(*part("exemplars")),
        judged("gate"),
        judged("calibration"),
        tensors["scribbles"].numpy(),
        tuple(facts["sources"]),
        facts["digest"],
        dict(zip(facts["marks"], tensors["marked"].numpy(), strict=True)),
    )
