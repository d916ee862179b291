"""Which way to find the decisive ink is right, and what one explanation costs beside a prediction.

Asked of drawings by held-out writers, with the right hint, for the label that is answered:

- **pointing**: wipe a disc around the place that a method calls hottest, and divide what the label
  loses by what it loses around the worst of all places; all of them are tried. 1 is a method that
  always finds it.
- **deletion** and **insertion** (Petsiuk et al. 2018): the probability of the label while patches
  of 4x4 pixels are wiped, or laid on paper, hottest first; the mean over the share of ink moved.

The last table has the CPU time of explanation and prediction, turn by turn. The gradient needs
torch and is here for comparison alone: what is served knows none (Simonyan et al. 2013).
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import handwriting, machine, report
from benchmarks.limits import load_predictor
from recognizer.alphabet import INDEX, Charset, indices
from recognizer.directions import Seen, picture_of
from recognizer.heat import png
from recognizer.predictor import Predictor
from recognizer.publishing import PACKAGED_ANCHOR
from recognizer.rasterizer import SIDE, Raster
from recognizer.saliency import explain, log_odds
from trainer.export import WEIGHTS, read_network
from trainer.network import to_tensor

DRAWINGS: Final = 200
RADIUS: Final = 3.5  # pixels, of the disc that is wiped
PATCH: Final = 4  # pixels
GRIDS: Final = ((4, 2), (4, 3), (6, 2), (7, 3), (8, 4))  # window and stride

Heat = NDArray[np.float64]  # (28, 28)
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE]


@dataclass(frozen=True)
class Case:
    """A drawing and the answer that is to be explained."""

    seen: Seen
    charset: Charset
    label: str

    @property
    def raster(self) -> Raster:
        """Its image (28, 28)."""
        return picture_of(self.seen)


@dataclass(frozen=True)
class Judge:
    """Measures heat against what the network answers."""

    predictor: Predictor

    def odds(self, images: NDArray[np.uint8], case: Case) -> NDArray[np.float64]:
        """Return the log odds (n,) of the answered label for what is seen (n, 28, 28) or planes."""
        temperature = self.predictor.card.temperature[case.charset]
        logits = self.predictor.logits_of(images) / np.float32(temperature)
        return log_odds(logits, case.label, case.charset)

    def pointing(self, case: Case, losses: dict[tuple[int, int], float], heat: Heat) -> float:
        """Return the share of the worst loss that wiping the hottest disc brings about."""
        hottest = max(losses, key=lambda place: heat[_disc(*place)].sum())
        return losses[hottest] / max(losses.values())

    def losses(self, case: Case) -> dict[tuple[int, int], float]:
        """Return what the label loses around every place that has ink near."""
        places = [place for place in np.ndindex(SIDE, SIDE) if case.raster[_disc(*place)].any()]
        images = np.stack([case.seen, *(_without(case.seen, _disc(*p)) for p in places)])
        odds = self.odds(images, case)
        return dict(zip(places, odds[0] - odds[1:], strict=True))

    def curve(self, case: Case, heat: Heat, *, insert: bool) -> float:
        """Return the mean probability while patches are moved, hottest first."""
        corners = [(y, x) for y in range(0, SIDE, PATCH) for x in range(0, SIDE, PATCH)]
        patches = [np.s_[..., y : y + PATCH, x : x + PATCH] for y, x in corners]
        patches = [patch for patch in patches if case.raster[patch].any()]
        patches.sort(key=lambda patch: -heat[patch].sum())
        image = np.zeros_like(case.seen) if insert else case.seen.copy()
        images, moved = [image.copy()], [0.0]
        for patch in patches:
            image[patch] = case.seen[patch] if insert else 0
            images.append(image.copy())
            moved.append(moved[-1] + float(case.raster[patch].sum() / case.raster.sum(dtype=float)))
        probabilities = 1 / (1 + np.exp(-self.odds(np.stack(images), case)))
        return float(np.trapezoid(probabilities, moved))


Method = Callable[[Case], tuple[Heat, int]]  # heat, and how many images the network was shown


def occlusion(predictor: Predictor, window: int, stride: int) -> Method:
    """Return the method of the product with windows of a size and a distance."""

    def method(case: Case) -> tuple[Heat, int]:
        temperature = predictor.card.temperature[case.charset]
        found = explain(
            predictor.logits_of,
            case.seen,
            case.label,
            case.charset,
            temperature,
            window=window,
            stride=stride,
        )
        return found.heat, found.runs

    return method


def gradient(folder: Path) -> Method:
    """Return the gradient of the label's log odds, times the image."""
    network = read_network(folder / WEIGHTS)

    def method(case: Case) -> tuple[Heat, int]:
        image = to_tensor(case.seen[None])
        image.requires_grad_()
        logits = network(image)[0][0]
        own = INDEX[case.label]
        others = [index for index in indices(case.charset) if index != own]
        (logits[own] - torch.logsumexp(logits[others], 0)).backward()
        assert image.grad is not None
        return (image.grad * image.detach())[0].sum(dim=0).double().numpy(), 1

    return method


def methods(predictor: Predictor, seed: int) -> Iterator[tuple[str, Method]]:
    """Yield the methods by name."""
    for window, stride in GRIDS:
        yield f"occlusion, {window} px every {stride}", occlusion(predictor, window, stride)
    yield "gradient times input", gradient(PACKAGED_ANCHOR)
    yield "where most ink is", lambda case: (case.raster.astype(float), 0)
    chance = np.random.default_rng(seed)
    yield "chance", lambda _: (chance.random((SIDE, SIDE)), 0)


def cases(predictor: Predictor, characters: list[handwriting.Character]) -> list[Case]:
    """Return the drawings that get a label."""
    found = []
    for character in characters:
        seen = predictor.draw([stroke[:, :2] for stroke in character.strokes])
        answer = predictor.predict_raster(seen, character.hint)
        if answer.label is not None:
            found.append(Case(seen, character.hint, answer.label))
    return found


def compare(predictor: Predictor, chosen: list[Case], seed: int) -> Iterator[report.Figure]:
    """Judge every method on every drawing."""
    judge = Judge(predictor)
    report.progress("Wiping every place of every drawing")
    losses = [judge.losses(case) for case in chosen]
    for name, method in methods(predictor, seed):
        report.progress(name)
        heats, runs = zip(*(method(case) for case in chosen), strict=True)
        pairs = list(zip(chosen, heats, strict=True))
        pointing = [
            judge.pointing(case, lost, heat)
            for (case, heat), lost in zip(pairs, losses, strict=True)
        ]
        deletion, insertion = (
            float(np.mean([judge.curve(case, heat, insert=insert) for case, heat in pairs]))
            for insert in (False, True)
        )
        note = f"deletion {deletion:.3f}, insertion {insertion:.3f}, images {np.mean(runs):.0f}"
        yield report.Figure(name, float(np.mean(pointing)), "pointing", note=note)


def cost(predictor: Predictor, chosen: list[Case]) -> Iterator[report.Figure]:
    """Take the CPU time of prediction, explanation and picture, turn by turn."""
    clock = time.thread_time  # others' work on the machine would stretch the longer of them more
    spent: list[tuple[float, float, float, int]] = []
    for case in [*chosen[:10], *chosen]:  # the first ten warm up
        begin = clock()
        predictor.predict_raster(case.seen, case.charset)
        predicted = clock()
        explanation = predictor.explain(case.seen, case.charset)
        explained = clock()
        png(case.raster, explanation.saliency)
        times = (predicted - begin, explained - predicted, clock() - explained)
        spent.append((*times, explanation.saliency.runs))
    predictions, explanations, pictures, runs = zip(*spent[10:], strict=True)
    prediction = report.median(predictions)
    explanation_time = report.median(explanations)
    yield report.Figure("prediction without raster, p50, CPU", prediction * 1e3, "ms")
    yield report.Figure("explanation, p50, CPU", explanation_time * 1e3, "ms")
    yield report.Figure("explanation, p99, CPU", report.quantile(explanations, 0.99) * 1e3, "ms")
    yield report.Figure("explanation / prediction", explanation_time / prediction)
    yield report.Figure("images shown to the network, mean", float(np.mean(runs)))
    yield report.Figure("images shown to the network, most", max(runs))
    yield report.Figure("drawing its picture, p50, CPU", report.median(pictures) * 1e3, "ms")


def main() -> None:
    """Compare the methods and time the one that is served."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explaining", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--cost", action="store_true", help="only the cost")
    report.add_options(parser)
    parser.set_defaults(limit=DRAWINGS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    characters = handwriting.chosen(options)
    predictor = load_predictor()
    chosen = cases(predictor, characters)

    result = report.Report("Which ink decided")
    result.about(
        data=handwriting.describe(characters, options.seed),
        drawings=f"{len(chosen)} of them got a label",
        **machine.describe(),
    )
    if not options.cost:
        result.add(*compare(predictor, chosen, options.seed), section="Ways to find it")
    result.add(*cost(predictor, chosen), section="Cost")
    result.show(as_json=options.json)


def _disc(row: int, column: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (_ROWS - row) ** 2 + (_COLUMNS - column) ** 2 <= RADIUS**2
    return found


def _without(seen: Seen, where: NDArray[np.bool_]) -> Seen:
    return np.where(where, 0, seen).astype(np.uint8)


if __name__ == "__main__":
    main()
