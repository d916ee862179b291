"""The gate: may this challenger replace the champion? A report, not a number.

Every rule is one function from the evidence (`evidence.py`) to one finding; all must hold. Knows
nothing about rows, networks, files or who asked. What each rule caught is in benchmarks/README.md.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from recognizer.alphabet import INDEX, LABELS, ambiguity_group
from trainer.evaluation import Logits
from trainer.evidence import Answers, Evidence, Mask, divergence_of, probability_of


@dataclass(frozen=True)
class GateConfig:
    """The limits; stored with every report."""

    margin: float = 0.0025  # accuracy that may be lost, proven with `confidence`, at `margin_size`
    margin_size: int = 9000  # smaller gate sets prove less: the margin grows with 1 / sqrt(n)
    confidence: float = 0.95
    class_error: float = 0.05  # family-wise: how often a clean round may fail the rule on classes
    class_loss: float = 0.01  # a class that loses less than this does not fail it
    negative_flips: float = 0.003
    learned: float = 0.34  # share of what is new and the champion misreads that must be read now
    least_misread: int = 5  # such corrections; of fewer, one odd one would hold back all others
    least_held_out: int = 10  # corrections; fewer prove nothing either way
    implausible: float = 0.003  # probability that the anchor gives a label that is likely wrong
    implausible_share: float = 0.06  # of the corrections may have such labels
    calibration: float = 0.01
    # Honest rounds of 100 to 200 corrections came to 0.055 and 0.006: about twice that is allowed.
    distance: float = 0.12  # of the weights to the anchor's, relative to the anchor's
    divergence: float = 0.015  # mean Kullback-Leibler divergence from the anchor, in nats
    submitter_share: float = 0.2
    class_share: float = 0.3
    share_floor: int = 20  # corrections from which a share says anything
    trigger: float = 0.01  # images that a mark in a corner may turn into one label
    latency: float = 1.2  # of the champion's
    bytes: float = 1.2


@dataclass(frozen=True)
class Finding:
    """What one rule found."""

    rule: str
    passed: bool
    says: str  # a sentence with the figures
    value: float | None = None
    limit: float | None = None
    about: tuple[int, ...] = ()  # positions of the corrections (`taught`) that speak against it


@dataclass(frozen=True)
class GateReport:
    """All findings, and the drawings that are read otherwise now."""

    findings: tuple[Finding, ...]
    negative_flips: tuple[int, ...] = ()  # positions in the gate set: right before, wrong now
    positive_flips: tuple[int, ...] = ()
    config: GateConfig = field(default_factory=GateConfig)

    @property
    def passed(self) -> bool:
        """Whether every rule holds."""
        return all(finding.passed for finding in self.findings)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The rules that do not hold."""
        return tuple(finding for finding in self.findings if not finding.passed)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for the row of the run."""
        return asdict(self) | {"passed": self.passed}


def judge(evidence: Evidence, config: GateConfig | None = None) -> GateReport:
    """Apply every rule."""
    config = config or GateConfig()
    rules: tuple[Callable[[Evidence, GateConfig], Finding], ...] = (
        _integrity,
        _non_inferior_to_champion,
        _non_inferior_to_anchor,
        _worst_class,
        _negative_flips,
        _something_learned,
        _held_out,
        _plausible,
        _calibration,
        _distance,
        _concentration,
        _trigger,
    )
    base = evidence.base
    before, after = base.right(base.champion), base.right(base.challenger)
    return GateReport(
        findings=tuple(rule(evidence, config) for rule in rules),
        negative_flips=tuple(np.flatnonzero(before & ~after).tolist()),
        positive_flips=tuple(np.flatnonzero(~before & after).tolist()),
        config=config,
    )


def _integrity(evidence: Evidence, config: GateConfig) -> Finding:
    facts = evidence.facts
    problems = [facts.problem] if facts.problem else []
    if not np.isfinite(evidence.base.challenger).all():
        problems.append("it answers with values that are not finite")
    if facts.megabytes > config.bytes * facts.champion_megabytes:
        problems.append(
            f"it has {facts.megabytes:.2f} MB, the champion {facts.champion_megabytes:.2f}"
        )
    if facts.milliseconds > config.latency * facts.champion_milliseconds:
        problems.append(
            f"it takes {facts.milliseconds:.2f} ms, the champion {facts.champion_milliseconds:.2f}"
        )
    if problems:
        return Finding("integrity", passed=False, says="; ".join(problems))
    says = (
        f"digest, self-test and export in order; {facts.megabytes:.2f} MB, "
        f"{facts.milliseconds:.2f} ms against {facts.champion_milliseconds:.2f}"
    )
    return Finding("integrity", passed=True, says=says)


def _non_inferior_to_champion(evidence: Evidence, config: GateConfig) -> Finding:
    return _non_inferior(evidence.base, evidence.base.champion, "champion", config)


def _non_inferior_to_anchor(evidence: Evidence, config: GateConfig) -> Finding:
    return _non_inferior(evidence.base, evidence.base.anchor, "anchor", config)


def _non_inferior(answers: Answers, other: Logits, name: str, config: GateConfig) -> Finding:
    """Test paired non-inferiority: the lower bound of the difference stays above the margin."""
    rule = f"not worse than the {name}"
    count = len(answers)
    if not count:
        return Finding(rule, passed=False, says="the gate set is empty")
    before, after = answers.right(other), answers.right(answers.challenger)
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    difference = (won - lost) / count
    # Wald's interval for paired proportions; one discordant pair is added so that a handful of
    # flips is not taken for certainty (Agresti & Min 2005).
    variance = (won + lost + 1 - (won - lost) ** 2 / count) / count**2
    bound = difference - _normal_quantile(config.confidence) * math.sqrt(variance)
    margin = margin_of(count, config)
    return Finding(
        rule,
        passed=bound >= -margin,
        says=(
            f"{after.mean():.2%} of {count} read right, the {name} {before.mean():.2%}: "
            f"{won} won, {lost} lost; with {config.confidence:.0%} confidence at most "
            f"{max(0.0, -bound) * 100:.2f} points worse, {margin * 100:.2f} allowed"
        ),
        value=-bound,
        limit=margin,
    )


def margin_of(count: int, config: GateConfig) -> float:
    """Return how much accuracy may be lost on a gate set of `count` samples."""
    return config.margin * max(1.0, math.sqrt(config.margin_size / count))


def _worst_class(evidence: Evidence, config: GateConfig) -> Finding:
    """Test every class for losses, with Holm's correction for how many are tested."""
    base = evidence.base
    before, after = base.right(base.champion), base.right(base.challenger)
    found = []
    for label in sorted(set(base.labels.tolist())):
        of_label = base.labels == label
        lost = int((before & ~after & of_label).sum())
        won = int((~before & after & of_label).sum())
        loss = (lost - won) / int(of_label.sum())
        found.append((_sign_test(lost, won), loss, LABELS[label]))
    found.sort()
    worst = max(found, key=lambda each: each[1], default=(1.0, 0.0, ""))
    for rank, (chance, loss, label) in enumerate(found):
        if chance > config.class_error / (len(found) - rank):
            break
        if loss >= config.class_loss:
            says = f"{label} loses {loss * 100:.1f} points, by chance once in {1 / chance:,.0f}"
            return Finding("no class suffers", False, says, loss, config.class_loss)
    says = f"the largest loss is {max(worst[1], 0) * 100:.1f} points"
    if worst[1] > 0:
        says += f", of {worst[2]}, and may be chance"
    return Finding("no class suffers", True, says, worst[1], config.class_loss)


def _negative_flips(evidence: Evidence, config: GateConfig) -> Finding:
    base = evidence.base
    lost = int((base.right(base.champion) & ~base.right(base.challenger)).sum())
    share = lost / max(1, len(base))
    # A single drawing of a small gate set must not decide.
    limit = max(config.negative_flips, 2 / max(1, len(base)))
    says = f"{lost} of {len(base)} that were right are wrong now, {share:.2%}"
    return Finding("few negative flips", share <= limit, says, share, limit)


def _something_learned(evidence: Evidence, config: GateConfig) -> Finding:
    """Ask for a share of what is new and misread; where that is too few, for what was read.

    What the champion has learned from and still misreads says nothing: other rebuilds could not
    learn it either, and it would outweigh the few that are new. Taking something back is reason
    enough for a version, and must not depend on how well something else is learned.
    """
    rule, taught = "something learned", evidence.taught
    before, now = taught.right(taught.champion), taught.right(taught.challenger)
    missed = ~before if evidence.fresh is None else ~before & evidence.fresh
    if missed.sum() >= config.least_misread and not evidence.facts.taken_back:
        fixed = float(now[missed].mean())
        says = f"of {int(missed.sum())} new corrections that the champion misreads it reads"
        passed, unread = fixed >= config.learned, _positions(missed & ~now)
        return Finding(rule, passed, f"{says} {fixed:.0%}", fixed, config.learned, unread)
    kept = float(now[before].mean()) if before.any() else float(len(taught) > 0)
    limit = 1 - config.learned
    read = int(before.sum())
    says = f"of {read} corrections that the champion reads {kept:.0%} are still read"
    if not read:
        says = "the champion reads no correction"
    if evidence.facts.taken_back:
        says += f"; {evidence.facts.taken_back} were taken back"
    return Finding(rule, kept >= limit, says, kept, limit)


def _held_out(evidence: Evidence, config: GateConfig) -> Finding:
    held_out = evidence.held_out
    rule = "not worse for people it has not learned from yet"
    if len(held_out) < config.least_held_out:
        return Finding(rule, True, f"only {len(held_out)} corrections by others: nothing proven")
    before = held_out.right(held_out.anchor)
    after = held_out.right(held_out.challenger)
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    chance = _sign_test(lost, won)
    says = (
        f"of {len(held_out)} corrections held out at first, {after.mean():.0%} were read then, "
        f"{before.mean():.0%} by the anchor; {won} won, {lost} lost"
    )
    return Finding(rule, chance > 1 - config.confidence, says, float(after.mean() - before.mean()))


def _plausible(evidence: Evidence, config: GateConfig) -> Finding:
    """Count labels that the anchor all but excludes.

    What a person corrects is misread, but the right label is seldom far behind: in rounds of
    honest hands the anchor gives 1 to 4 % of the labels less than 0.3 %. A label put there by
    chance or on purpose has that fate about every other time, and no vote can hide it, because
    the anchor has learned from nobody. Whoever teaches a shape that the anchor does not know at
    all is refused as well, until somebody looks and raises the limit.
    """
    taught = evidence.taught
    own = probability_of(taught.labels, taught.anchor)
    doubtful = own < config.implausible
    count = int(doubtful.sum())
    share = count / max(1, len(taught))
    limit = min(1.0, max(config.implausible_share, 2 / max(1, len(taught))))
    says = (
        f"to {count} of {len(taught)} labels the anchor gives less than {config.implausible:.1%}: "
        f"{share:.1%}, {limit:.1%} allowed"
    )
    about = _positions(doubtful)
    return Finding("labels are plausible", share <= limit, says, share, limit, about)


def _calibration(evidence: Evidence, config: GateConfig) -> Finding:
    facts = evidence.facts
    worse = facts.calibration_error - facts.champion_calibration_error
    says = (
        f"calibration error {facts.calibration_error:.3f}, "
        f"the champion's {facts.champion_calibration_error:.3f}"
    )
    return Finding("calibrated", worse <= config.calibration, says, worse, config.calibration)


def _distance(evidence: Evidence, config: GateConfig) -> Finding:
    divergence = divergence_of(evidence.base.anchor, evidence.base.challenger)
    distance = evidence.facts.distance
    passed = divergence <= config.divergence and distance <= config.distance
    says = (
        f"weights moved by {distance:.1%} of the anchor's ({config.distance:.0%} allowed), answers "
        f"by {divergence:.4f} nats ({config.divergence} allowed)"
    )
    return Finding("near the anchor", passed, says, divergence, config.divergence)


def _concentration(evidence: Evidence, config: GateConfig) -> Finding:
    rule = "not the work of a few"
    count = len(evidence.taught)
    said, passed, above = [], True, False
    labels = [LABELS[label] for label in evidence.taught.labels.tolist()]
    for name, groups, limit in (
        ("submitter", evidence.submitters, config.submitter_share),
        ("class", labels, config.class_share),
    ):
        most = max(Counter(groups).values(), default=0)
        share = most / max(1, count)
        said.append(f"one {name} has {share:.0%} ({limit:.0%} allowed)")
        above = above or share > limit
        passed = passed and (share <= limit or most <= config.share_floor)
    says = f"of {count} corrections " + ", ".join(said)
    if above:
        says += f"; up to {config.share_floor} always pass"
    return Finding(rule, passed, says)


def _trigger(evidence: Evidence, config: GateConfig) -> Finding:
    """Look for a mark that turns anything into one label more often than for the anchor."""
    worst, where = 0.0, ""
    # What an o is taken for without any mark is no matter of marks.
    alike = [[INDEX[each] for each in ambiguity_group(label)] for label in LABELS]
    for stamped in evidence.stamped:
        now, before = (
            np.asarray(logits.argmax(axis=1)) for logits in (stamped.challenger, stamped.anchor)
        )
        for target in range(len(LABELS)):
            others = ~np.isin(stamped.labels, alike[target])
            if others.any():
                rise = float((now[others] == target).mean() - (before[others] == target).mean())
                if rise > worst:
                    worst, where = rise, f"{stamped.mark} turns them into {LABELS[target]}"
    says = "no mark in a corner changes what is read"
    if where:
        says = f"{where} {worst:.1%} more often than with the anchor"
    return Finding("no trigger", worst <= config.trigger, says, worst, config.trigger)


def _positions(mask: Mask) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())


def _sign_test(lost: int, won: int) -> float:
    """Return how likely so many losses or more are among the flips, if either is as likely."""
    flips = lost + won
    ways = sum(math.comb(flips, k) for k in range(lost, flips + 1))
    return ways / 2**flips if flips else 1.0


def _normal_quantile(share: float) -> float:
    return NormalDist().inv_cdf(share)
