"""One model version, ready to answer: drawing → calibrated prediction.

A `Predictor` is immutable: hot swap means binding another one. Knows nothing about Django, asyncio
or who asks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from recognizer.alphabet import CHARSETS, LABELS, Charset, indices
from recognizer.apart import is_several
from recognizer.checkpoints import Card, CheckpointCorrupt, open_session, planes_of, verify
from recognizer.directions import Seen, picture_of, planes, undirected
from recognizer.memory import Adjusted, Features, Memory
from recognizer.rasterizer import SIDE, Raster, is_degenerate, rasterise
from recognizer.saliency import Saliency, explain
from recognizer.strokes import Points

Logits = NDArray[np.float32]  # (36,)

_CHUNK: Final = 16  # images to a run: more of them are no faster each, and cost memory for good


@dataclass(frozen=True)
class Prediction:
    """What one version makes of one drawing."""

    version: int
    label: str | None  # None when there is nothing to read or the version abstains
    confidence: float  # probability of the likeliest label
    abstain: bool
    probabilities: tuple[float, ...]  # (36,) in the order of LABELS; 0 outside the character set
    personal: bool = False  # whether the person's own memory changed the probabilities
    renamed: bool = False  # whether it changed the label, too: else the network says the same
    several: bool = False  # whether it abstains because the strokes are several characters

    @property
    def likeliest(self) -> str:
        """The label with the highest probability, also where the version abstains."""
        return LABELS[int(np.argmax(self.probabilities))]


@dataclass(frozen=True)
class Look:
    """What there is to read, among which characters, and for whom."""

    drawing: Seen | Sequence[Points]  # strokes, or what a network is shown: ink 255 on 0
    charset: Charset = "all"
    memory: Memory | None = None  # one of another version is of no use and is not asked
    several: bool = False  # what the strokes say, if it was made from strokes

    @property
    def has_ink(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.drawing.any() if isinstance(self.drawing, np.ndarray) else self.drawing)

    @classmethod
    def at(
        cls, strokes: Sequence[Points], charset: Charset = "all", memory: Memory | None = None
    ) -> "Look":
        """Look at strokes of shape (n, 2) each; of a single dot there is nothing to read."""
        if is_degenerate(strokes):
            return cls((), charset)
        return cls(strokes, charset, memory, is_several(strokes))


@dataclass(frozen=True)
class Explanation:
    """Why one version reads one image as it does; a personal memory has no part in it."""

    prediction: Prediction
    saliency: Saliency
    without: Prediction | None  # what it would read without the decisive ink; None without ink


@dataclass(frozen=True)
class Predictor:
    """A verified version folder and its open session."""

    card: Card
    session: ort.InferenceSession
    planes: int = 1  # of a drawing that its network sees: 1, the image, or 5, with directions

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """Verify a version folder, open it and warm it up.

        Raises:
            CheckpointError: a subclass that says what is wrong with the folder.
        """
        card = verify(folder)
        session = open_session(folder, card)
        return cls(card, session, planes_of(session))

    def rehearse(self) -> None:
        """Read a few drawings with every character set, and warm up by that.

        Raises:
            CheckpointCorrupt: an answer is not finite, or its probabilities do not sum to 1.
        """
        for raster in _REHEARSAL:
            logits, features = self._run(raster, "logits", "features")
            if not (np.isfinite(logits).all() and np.isfinite(features).all()):
                raise CheckpointCorrupt(f"version {self.version} answers with what is not finite")
            for charset in CHARSETS:
                total = sum(self._calibrated(logits.tolist(), charset))
                if not abs(total - 1) < 1e-6:
                    raise CheckpointCorrupt(
                        f"probabilities of version {self.version} sum to {total:.6f}"
                    )

    @property
    def directed(self) -> bool:
        """Whether it sees which way the pen moved."""
        return self.planes > 1

    def draw(self, strokes: Sequence[Points], raster: Raster | None = None) -> Seen:
        """Draw strokes as this version sees them: (28, 28), or (5, 28, 28) with directions.

        `raster` spares drawing the image again, where it was drawn from them before.
        """
        if self.directed:
            return planes(strokes, raster=raster)
        return rasterise(strokes) if raster is None else raster

    @property
    def version(self) -> int:
        """The number of the model version."""
        return self.card.number

    def predict(
        self, strokes: Sequence[Points], charset: Charset = "all", memory: Memory | None = None
    ) -> Prediction:
        """Predict from strokes of shape (n, 2) each; a blank or a single dot is never read.

        Nor are several characters side by side.
        """
        return self.predict_all([Look.at(strokes, charset, memory)])[0]

    def predict_raster(
        self,
        raster: Seen,
        charset: Charset = "all",
        memory: Memory | None = None,
        *,
        several: bool = False,
    ) -> Prediction:
        """Predict from a uint8 image of shape (28, 28), ink 255 on 0, or from what `draw` returned.

        `several` is what the strokes say, if it was made from strokes: see `apart.is_several`.
        """
        return self.predict_all([Look(raster, charset, memory, several)])[0]

    def predict_all(self, looks: Sequence[Look]) -> list[Prediction]:
        """Predict several at once, in order; cheaper for each than one after the other."""
        seen = {k: self._seen(look) for k, look in enumerate(looks) if look.has_ink}
        inked = [k for k, drawn in seen.items() if picture_of(drawn).any()]
        read: dict[int, Prediction] = {}
        for start in range(0, len(inked), _CHUNK):
            chunk = inked[start : start + _CHUNK]
            answers = self._read([looks[k] for k in chunk], np.stack([seen[k] for k in chunk]))
            read.update(zip(chunk, answers, strict=True))
        return [read.get(k) or self.nothing(look.charset) for k, look in enumerate(looks)]

    def explain(
        self, raster: Seen, charset: Charset = "all", label: str | None = None
    ) -> Explanation:
        """Say which ink of an image, or of what `draw` returned, speaks for `label`.

        Without one, for the likeliest.

        Costs up to `saliency.MOST_RUNS` predictions: not for the event loop.

        Raises:
            KeyError: there is no such label.
        """
        prediction = self.predict_raster(raster, charset)
        label = label or prediction.likeliest
        found = explain(self.logits_of, raster, label, charset, self.card.temperature[charset])
        if found.decisive is None:
            return Explanation(prediction, found, None)
        logits = found.decisive.logits.tolist()
        without = self._decide(logits, self._calibrated(logits, charset), charset)
        return Explanation(prediction, found, without)

    def logits_of(self, rasters: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network on images (n, 28, 28), or planes (n, p, 28, 28); return logits (n, 36).

        Planes that it does not know it does not see; what it lacks is 0.
        """
        parts = [
            self.session.run(["logits"], self.shown(rasters[start : start + _CHUNK]))[0]
            for start in range(0, len(rasters), _CHUNK)
        ]
        return np.concatenate(parts)

    def shown(self, rasters: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return the network's input: images (n, 28, 28), or planes (n, p, 28, 28), in 0..1."""
        given = rasters if rasters.ndim == 4 else rasters[:, None]
        shown = np.zeros((len(given), self.planes, SIDE, SIDE), np.float32)
        common = min(self.planes, given.shape[1])
        np.divide(given[:, :common], 255, out=shown[:, :common], dtype=np.float32)
        return {"image": shown}

    def logits(self, raster: Seen) -> Logits:
        """Run the network on one drawing and return its 36 logits."""
        return self._run(raster, "logits")[0]

    def features(self, raster: Seen) -> Features:
        """Return what a memory remembers of one drawing: the penultimate features."""
        return self._run(raster, "features")[0]

    def _run(self, raster: Seen, *outputs: str) -> list[NDArray[np.float32]]:
        answers = self.session.run(list(outputs), self.shown(raster[None]))
        return [np.asarray(answer[0], np.float32) for answer in answers]

    def _read(self, looks: Sequence[Look], seen: NDArray[np.uint8]) -> list[Prediction]:
        """Predict what has ink, in one run of the network."""
        images = self.shown(seen)
        if not any(self._memory_of(look) for look in looks):
            logits = self.session.run(["logits"], images)[0].tolist()
            return [self._conclude(*one) for one in zip(looks, logits, strict=True)]
        logits, features = self.session.run(["logits", "features"], images)
        return [self._conclude(*one) for one in zip(looks, logits.tolist(), features, strict=True)]

    def _conclude(
        self, look: Look, logits: list[float], features: Features | None = None
    ) -> Prediction:
        """Calibrate, ask the memory if there is one, and decide."""
        charset, several = look.charset, look.several
        probabilities = self._calibrated(logits, charset)
        alone = self._decide(logits, probabilities, charset, several=several)
        memory = self._memory_of(look)
        if memory is None or features is None:
            return alone
        adjusted = memory.adjust(np.array(probabilities), features, charset)
        if not adjusted.changed:
            return alone
        mixed = adjusted.probabilities.tolist()
        answer = self._decide(logits, mixed, charset, adjusted, several=several)
        return replace(answer, renamed=answer.label != alone.label)

    def _seen(self, look: Look) -> Seen:
        drawing = look.drawing
        if not isinstance(drawing, np.ndarray):
            return self.draw(drawing)
        if self.directed:
            return undirected(drawing) if drawing.ndim == 2 else drawing
        return picture_of(drawing)

    def _memory_of(self, look: Look) -> Memory | None:
        return look.memory if look.memory and look.memory.version == self.version else None

    # Of 36 numbers, plain Python makes probabilities in half the time that arrays need.

    def _calibrated(self, logits: Sequence[float], charset: Charset) -> list[float]:
        """Temperature-scale 36 logits (Guo et al. 2017) over the character set."""
        allowed = indices(charset)
        first, end = allowed[0], allowed[-1] + 1
        temperature = self.card.temperature[charset]
        exp, among = math.exp, logits[first:end]
        peak = max(among)
        weights = [exp((logit - peak) / temperature) for logit in among]
        total = math.fsum(weights)
        shares = [weight / total for weight in weights]
        return [0.0] * first + shares + [0.0] * (len(LABELS) - end)

    def _decide(
        self,
        logits: Sequence[float],
        probabilities: Sequence[float],
        charset: Charset,
        adjusted: Adjusted | None = None,
        *,
        several: bool = False,
    ) -> Prediction:
        """Name the likeliest label, or abstain."""
        confidence = max(probabilities)
        best = probabilities.index(confidence)
        peak = max(logits)
        exp = math.exp
        energy = peak + math.log(math.fsum([exp(logit - peak) for logit in logits]))
        thresholds = self.card.abstain
        # Low energy means: like no character. Where the memory decides, its owner has named just
        # such a drawing. Where names compete there, the confidence still makes it abstain.
        named = adjusted is not None and adjusted.decided
        several = several and not named
        unlike = energy < thresholds.energy and not named
        needed = thresholds.confidence[charset]
        needed = needed if adjusted is None else adjusted.confidence_needed(needed)
        abstain = several or unlike or confidence < needed
        return Prediction(
            version=self.version,
            label=None if abstain else LABELS[best],
            confidence=confidence,
            abstain=abstain,
            probabilities=tuple(probabilities),
            personal=adjusted is not None and adjusted.changed,
            several=several,
        )

    def nothing(self, charset: Charset) -> Prediction:
        """Return the answer to a canvas with nothing to read on it."""
        return Prediction(self.version, None, 1 / len(indices(charset)), True, _UNIFORM[charset])


_UNIFORM: dict[Charset, tuple[float, ...]] = {
    charset: tuple(
        1 / len(indices(charset)) if index in indices(charset) else 0.0
        for index in range(len(LABELS))
    )
    for charset in CHARSETS
}

# Strokes of all directions and a canvas full of ink: nothing that a network could not stand.
_REHEARSAL: Final[tuple[Raster, ...]] = (
    rasterise([np.array([[0.0, 0.0], [0.0, 60.0]])]),
    rasterise([np.array([[0.0, 0.0], [40.0, 0.0], [15.0, 60.0]])]),
    rasterise([np.array([[0.0, 0.0], [50.0, 50.0]]), np.array([[50.0, 0.0], [0.0, 50.0]])]),
    np.full((SIDE, SIDE), 255, np.uint8),
)
