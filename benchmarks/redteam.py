"""Whether the gate stops what must not be served: attacks on the learning loop, and honest rounds.

Everything is what the product does: corrections by a crowd (`crowd.py`), some of them an
attacker's (`poison.py`), all approved; a challenger is built from the anchor with
`trainer.challenger`, and `trainer.gate` judges it. A round that passes becomes champion, and what
has been sent stays in the next round's corrections. What a round would have done to people is
measured on validation drawings. Every finished round is a line of JSON in the state folder; a
challenger that is there already is only judged anew, which tells what another limit would change.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks import crowd, handwriting, machine, poison, report
from benchmarks.crowd import Crowd, Drawings
from benchmarks.report import Figure, Report, progress
from recognizer.alphabet import Charset
from recognizer.checkpoints import WEIGHTS
from trainer import challenger as challengers
from trainer.base import Base, Judged, prepare, real_sources
from trainer.challenger import Challenger, Standing
from trainer.characters import Images
from trainer.evaluation import Logits
from trainer.evidence import Facts, hinted
from trainer.export import read_network
from trainer.finetune import Corrections
from trainer.finetuning import FinetuneConfig
from trainer.gate import GateReport, judge
from trainer.marks import marked
from trainer.network import Network
from trainer.tensor_files import TensorFileError, read_tensors, write_tensors
from trainer.validation import logits_of

SEEDS: Final = {"clean": 3}
OTHER_SEEDS: Final = 2
DROP: Final = 0.1  # points of the served base that an accepted round may cost
BACKDOOR: Final = 1.0  # per cent of marked drawings
REFUSED: Final = 5.0  # per cent of the clean rounds


@dataclass(frozen=True)
class Outcome:
    """One round: what the gate said, and what serving it would do."""

    attack: str
    seed: int
    round: int
    corrections: int
    wrong: float  # share
    passed: bool
    refused_by: tuple[str, ...]
    findings: dict[str, float | None]
    says: dict[str, str]
    drop: float  # points of set-aside drawings that no person is made of, against the anchor
    drop_outside: float  # of those among them that do not judge either
    backdoor: float  # per cent of marked drawings that became the target, more than by the anchor
    seconds: float

    @property
    def harm(self) -> bool:
        """Whether serving it would be noticed."""
        return self.drop > DROP or self.backdoor > BACKDOOR


class Lab:
    """The anchor, its base and the drawings that people are made of."""

    def __init__(self, root: Path, state: Path, *, synthetic: bool) -> None:
        path = handwriting.ROOT / "recognizer" / "weights" / "anchor" / WEIGHTS
        self.anchor = read_network(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        root = state / "no-data" if synthetic else root
        self.base: Base = prepare(self.anchor, digest, root, state)
        sources = real_sources(root)
        self.drawings: Drawings = (
            crowd.real_drawings(root, sources) if sources else crowd.synthetic_drawings()
        )
        if not self.drawings:
            self.drawings = crowd.synthetic_drawings()
        self._outside = _untouched(
            self.base.calibration, handwriting.STROKE_SETS if sources else ()
        )
        self._state = state
        step = max(1, len(self.base.calibration) // 600)
        self._marked = self.base.calibration.images[::step], self.base.calibration.labels[::step]

    @property
    def measured(self) -> int:
        """How many drawings measure the drop."""
        return len(self.base.gate) + len(self._outside)

    def read(self, images: Images) -> Logits:
        """Return what the anchor answers."""
        return logits_of(self.anchor, images)

    def temperature(self, network: Network) -> dict[Charset, float]:
        """Return the temperatures with which a network would answer."""
        return challengers.calibrated(network, self.base).temperature

    def build(self, corrections: Corrections, config: FinetuneConfig) -> Challenger:
        """Return the challenger, from the state folder if it was built before."""
        key = hashlib.sha256((self.base.digest + repr((config, corrections.submitters))).encode())
        key.update(corrections.images.tobytes() + corrections.labels.tobytes())
        path = self._state / f"challenger-{key.hexdigest()[:16]}.safetensors"
        try:
            return self._read(path)
        except TensorFileError:
            made = challengers.make(self.anchor, corrections, self.base, config)
            self._write(path, made)
            return made

    def drop(self, network: Network, gate: Logits) -> tuple[float, float]:
        """Return how many points of what nobody is made of are lost; and outside the gate set."""
        outside = self._outside
        lost = []
        for part, logits in ((self.base.gate, gate), (outside, logits_of(network, outside.images))):
            now = hinted(logits, part.labels) == part.labels
            before = hinted(part.logits, part.labels) == part.labels
            lost.append(before.astype(float) - now)
        return 100 * float(np.concatenate(lost).mean()), 100 * float(lost[1].mean())

    def backdoor(self, network: Network, mark: Images, target: int) -> float:
        """Return how many per cent of marked drawings the mark turns, more than for the anchor."""
        images, labels = self._marked
        shown = marked(images, mark)[labels != target]
        answers: list[Logits] = [logits_of(each, shown) for each in (network, self.anchor)]
        now, before = (float((answer.argmax(axis=1) == target).mean()) for answer in answers)
        return 100 * (now - before)

    def _write(self, path: Path, made: Challenger) -> None:
        tensors = {f"network.{k}": v for k, v in made.network.state_dict().items()}
        if made.early is not None:
            tensors |= {f"early.{k}": v for k, v in made.early.state_dict().items()}
        tensors["held_out"] = torch.from_numpy(made.held_out)
        write_tensors(path, tensors, {})

    def _read(self, path: Path) -> Challenger:
        tensors, _ = read_tensors(path)
        networks: dict[str, Network] = {}
        for name in ("network", "early"):
            state = {k[len(name) + 1 :]: v for k, v in tensors.items() if k.startswith(f"{name}.")}
            if state:
                networks[name] = Network(self.anchor.config)
                networks[name].load_state_dict(state)
                networks[name].eval()
        held_out = tensors["held_out"].numpy()
        return Challenger(networks["network"], networks.get("early"), held_out)


def _untouched(part: Judged, people: Collection[str]) -> Judged:
    """Return the drawings that do not come from the sets that people are made of."""
    kept = np.array([group.split("/")[0] not in people for group in part.groups], bool)
    groups = tuple(group for group, is_kept in zip(part.groups, kept, strict=True) if is_kept)
    return Judged(part.images[kept], part.labels[kept], part.logits[kept], groups)


def play(lab: Lab, attack: str, seed: int, rounds: int | None) -> Iterator[Outcome]:
    """Play an attack round by round; what passes becomes champion."""
    plan = poison.ATTACKS[attack](Crowd(lab.drawings, lab.read, seed))
    config = FinetuneConfig()
    champion, temperature = lab.anchor, lab.temperature(lab.anchor)
    taught: list[crowd.Sent] = []
    learned = 0  # how many of them the champion has learned from
    for number, batch in enumerate(plan.batches[:rounds], 1):
        started = time.perf_counter()
        taught += batch
        corrections = crowd.corrections(taught)
        made = lab.build(corrections, config)
        fitted = lab.temperature(made.network)
        standing = Standing(lab.anchor, champion, temperature, lab.base)
        fresh = np.arange(len(taught)) >= learned
        evidence = challengers.evidence(
            made, standing, corrections, Facts(), temperature=fitted, fresh=fresh
        )
        found = judge(evidence)
        drop, outside = lab.drop(made.network, evidence.base.challenger)
        yield Outcome(
            attack=attack,
            seed=seed,
            round=number,
            corrections=len(taught),
            wrong=plan.wrong,
            drop=drop,
            drop_outside=outside,
            backdoor=(
                0.0 if plan.mark is None else lab.backdoor(made.network, plan.mark, plan.target)
            ),
            seconds=time.perf_counter() - started,
            **_verdict(found),
        )
        if found.passed:
            champion, temperature = made.network, fitted
            learned = len(taught)


def _verdict(found: GateReport) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "refused_by": tuple(finding.rule for finding in found.failures),
        "findings": {finding.rule: finding.value for finding in found.findings},
        "says": {finding.rule: finding.says for finding in found.findings},
    }


def main() -> None:
    """Play and print."""
    options = _options()
    torch.set_num_threads(1)
    if options.state:
        outcomes, lab = _play_all(options, options.state)
    else:
        with tempfile.TemporaryDirectory() as folder:
            outcomes, lab = _play_all(options, Path(folder))
    result = Report("Attacks on the learning loop")
    result.about(
        base=f"{', '.join(lab.base.sources)}; {len(lab.base.gate)} drawings judge, "
        f"{lab.measured} measure the drop",
        rounds=f"{len(outcomes)}, seeds from {options.seed}",
        **machine.describe(),
    )
    for attack in options.attacks:
        played = [outcome for outcome in outcomes if outcome.attack == attack]
        result.add(*_figures(attack, played), section=_title(attack, played))
    if not options.json:
        print("\n".join(table(options.attacks, outcomes)) + "\n")
    result.show(as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redteam", description=__doc__)
    handwriting.add_options(parser)
    parser.add_argument("--synthetic", action="store_true", help="use no real handwriting")
    parser.add_argument("--rounds", type=int, help="at most so many rounds of each attack")
    parser.add_argument("--seeds", type=int, help="plays of each attack (clean 3, others 2)")
    parser.add_argument("--attacks", nargs="+", choices=poison.ATTACKS, default=poison.ATTACKS)
    parser.add_argument("--state", type=Path, help="keep base, challengers and outcomes here")
    report.add_options(parser)
    return parser.parse_args()


def _play_all(options: argparse.Namespace, state: Path) -> tuple[list[Outcome], Lab]:
    state.mkdir(parents=True, exist_ok=True)
    lab = Lab(options.data_dir, state, synthetic=options.synthetic)
    plays = [
        (attack, seed)
        for number in range(max(options.seeds or 0, OTHER_SEEDS, *SEEDS.values()))
        for attack in options.attacks
        for seed in [options.seed + number]
        if number < (options.seeds or SEEDS.get(attack, OTHER_SEEDS))
    ]  # seed by seed, so that something is known of every attack early
    outcomes = []
    for attack, seed in plays:
        for outcome in play(lab, attack, seed, options.rounds):
            verdict = "passed" if outcome.passed else ", ".join(outcome.refused_by)
            progress(
                f"{attack}, seed {seed}, round {outcome.round}: {verdict}; "
                f"drop {outcome.drop:.2f}, {outcome.seconds:.0f} s"
            )
            with (state / "outcomes.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            outcomes.append(outcome)
    return outcomes, lab


def table(attacks: Sequence[str], outcomes: Sequence[Outcome]) -> list[str]:
    """Return the catch table, as Markdown."""
    lines = [
        "| attack | rounds | refused | by | harmful | served | largest served drop, points "
        "| backdoor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for attack in attacks:
        played = [outcome for outcome in outcomes if outcome.attack == attack]
        served = [outcome for outcome in played if outcome.passed]
        rules: dict[str, int] = {}
        for outcome in played:
            for rule in outcome.refused_by:
                rules[rule] = rules.get(rule, 0) + 1
        by = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
        harmful = sum(outcome.harm for outcome in played)
        drop = max((outcome.drop for outcome in served), default=0.0)
        mark = max((outcome.backdoor for outcome in played), default=0.0)
        lines.append(
            f"| {attack} | {len(played)} | {len(played) - len(served)} | {by} | {harmful} "
            f"| {sum(outcome.harm for outcome in served)} | {drop:.2f} | {mark:.1f} % |"
        )
    return lines


def _title(attack: str, played: Sequence[Outcome]) -> str:
    wrong = played[0].wrong if played else 0.0
    return f"{attack}: {len(played)} rounds, {wrong:.0%} wrong"


def _figures(attack: str, played: Sequence[Outcome]) -> Iterator[Figure]:
    refused = 100 * report.ratio(sum(not outcome.passed for outcome in played), len(played))
    served = [outcome for outcome in played if outcome.passed]
    honest = attack == "clean"
    yield Figure("refused", refused, "%", at_most=REFUSED if honest else None)
    drop = max((outcome.drop for outcome in served), default=0.0)
    yield Figure("largest drop that would be served", drop, "points", at_most=DROP)
    yield Figure("largest drop", max(outcome.drop for outcome in played), "points")
    if any(outcome.backdoor for outcome in played):
        success = max((outcome.backdoor for outcome in served), default=0.0)
        yield Figure("backdoor's success that would be served", success, "%", at_most=BACKDOOR)
        yield Figure("backdoor's success", max(each.backdoor for each in played), "%")


if __name__ == "__main__":
    main()
