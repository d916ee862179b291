"""The sections of a model card that say what was measured, and what was found wanting."""

from collections.abc import Mapping
from typing import Any

from recognizer.model_card_parts import Section, Table, percent


def metrics(card: Mapping[str, Any]) -> Section:
    """Return what was measured before the version was released."""
    metrics = card.get("metrics", {})
    tables = []
    if kinds := metrics.get("validation", {}).get("kinds"):
        tables.append(_shares("validation, by source and kind", kinds.items()))
    if slices := metrics.get("slices"):
        parts = [*slices.get("device_kinds", []), *slices.get("sources", [])]
        tables.append(_shares("by device and kind, and by source", ((p["name"], p) for p in parts)))
    if "gate_set" in metrics:
        rows = [
            ("Gate set", f"{metrics['gate_set']:,} drawings, with the hint"),
            ("Read right", percent(metrics.get("base"))),
            ("by the champion before", percent(metrics.get("base_before"))),
            ("by the anchor", percent(metrics.get("base_anchor"))),
            ("Its corrections read right, with the hint", percent(metrics.get("taught"))),
            ("by the champion before", percent(metrics.get("taught_before"))),
        ]
        if "taught_unaided" in metrics:
            before = percent(metrics.get("taught_unaided_before"))
            rows += [
                ("Its corrections read right, all 36", percent(metrics["taught_unaided"])),
                ("by the champion before", before),
            ]
        tables.append(Table(rows))
    if "forward_ms" in metrics:
        rows = [("Forward pass, one drawing, one thread", f"{metrics['forward_ms']} ms")]
        tables.append(Table(rows))
    says = (
        "“Hint” tells the network whether a drawing is a digit or a letter; “grouped” counts "
        "look-alikes (0 and o; 1, l and i; …) as one. Everything was chosen by validation."
        if tables
        else ""
    )
    return Section("Metrics", [says] if says else [], tables)


def _shares(name: str, parts: Any) -> Table:
    rows = [
        (
            str(part_name),
            f"{part.get('samples', 0):,}",
            percent(part.get("top1_hinted", part.get("hinted"))),
            percent(part.get("top1", part.get("joint"))),
            percent(part.get("top3")),
            percent(part.get("grouped")),
        )
        for part_name, part in parts
    ]
    return Table(rows, (name, "samples", "hint", "all 36", "all 36, top 3", "grouped"))


def limits(card: Mapping[str, Any]) -> Section:
    """Return which hands, classes and scribbles it reads badly."""
    slices = card.get("metrics", {}).get("slices")
    says, tables = [], []
    if slices:
        if writers := slices.get("worst_writers"):
            says.append(
                f"Hands that it reads badly: of {slices.get('writers')} writers that it never saw, "
                "these are read worst. Their samples are few; a new hand may be read worse."
            )
            rows = [(w["name"], f"{w['samples']:,}", percent(w["hinted"])) for w in writers]
            tables.append(Table(rows, ("writer", "samples", "hint")))
        if classes := slices.get("worst_classes"):
            listed = [
                (c["label"], f"{c['samples']:,}", percent(c["recall"]), c.get("read_as", ""))
                for c in classes
            ]
            tables.append(Table(listed, ("class", "samples", "recall, hint", "most often read as")))
    scribbles = card.get("metrics", {}).get("scribbles", {})
    families = {
        name: share
        for key in ("trained_families_alone", "held_out_families_alone")
        for name, share in scribbles.get(key, {}).items()
        if share < 1
    }
    if families:
        missed = ", ".join(
            f"{name.replace('_', ' ')} {percent(share)}" for name, share in families.items()
        )
        says.append(f"Not all that is no character is turned away. Caught: {missed}.")
    if slices or families:
        says.append(
            "The sets tell neither age nor hand of their writers: children, left-handed people and "
            "trembling hands were not measured apart."
        )
    return Section("Limits", says, tables)


def _measured(measured: Mapping[str, Any], charset: str) -> tuple[str, ...]:
    errors = measured.get("error_at_90", {}).get(charset, {})
    shares = (
        measured.get("ece", {}).get(charset),
        measured.get("abstain", {}).get(charset),
        errors.get("all"),
        errors.get("confident"),
    )
    return tuple(percent(share) for share in shares)


def calibration(card: Mapping[str, Any]) -> Section:
    """Return temperatures and thresholds, and how good they are."""
    abstain = card.get("abstain", {})
    metrics = card.get("metrics", {})
    measured = metrics.get("validation", {}).get("strokes") or {}
    rows: list[tuple[str, ...]] = [
        (
            charset,
            f"{temperature:.4f}",
            f"{abstain.get('confidence', {}).get(charset, 0):.4f}",
        )
        for charset, temperature in card.get("temperature", {}).items()
    ]
    if not rows:
        return Section("Calibration")
    head: tuple[str, ...] = ("characters", "temperature", "“not sure” below")
    if measured:
        head += ("calibration error", "“not sure”", "error", "error at 90 % coverage")
        rows = [(*row, *_measured(measured, row[0])) for row in rows]
    says = [f"It also answers “not sure” below an energy of {abstain.get('energy')}."]
    if measured:
        says.append("Measured on the pen strokes of validation writers.")
    if "calibration_error" in metrics:
        mean = percent(metrics["calibration_error"])
        says.append(f"Mean calibration error over the character sets, on the gate set: {mean}.")
    return Section("Calibration", says, [Table(rows, head)])


def tests(card: Mapping[str, Any]) -> Section:
    """Return what the test splits said, each opened once."""
    tested = card.get("metrics", {}).get("test", {})
    if not tested:
        return Section("Test sets")
    rows = [
        (
            f"{name}-test",
            str(card.get("created", "")),
            f"{part.get('samples', 0):,}",
            percent(part.get("top1_hinted"), 2),
            percent(part.get("top1"), 2),
            percent(part.get("ece"), 2),
        )
        for name, part in tested.items()
    ]
    head = ("split", "opened", "samples", "hint", "all 36", "calibration error")
    says = (
        "Opened once, after everything had been chosen. Later looks are kept in the site's "
        "database and shown on the page of this card.",
    )
    return Section("Test sets", says, [Table(rows, head)])
