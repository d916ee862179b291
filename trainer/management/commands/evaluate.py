"""`manage.py evaluate VERSION`: measure a version and write a report about it."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from trainer.management.measuring import MeasuringCommand, explained


class Command(MeasuringCommand):
    """Evaluate."""

    help = (
        "Let a version read handwriting that it has not learned from; print its figures and write "
        "an HTML report with confusion matrices, calibration and pictures of the mistakes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "version", help="its number, champion, anchor, or the path of a version folder"
        )
        super().add_arguments(parser)

    def handle(self, *, version: str, **options: Any) -> None:
        """Measure, write, tell."""
        from trainer import evaluating, subjects  # noqa: PLC0415 - torch
        from trainer.assessment.files import write_report  # noqa: PLC0415

        with explained():
            look = evaluating.look(subjects.find(version), self.request(options))
            told = {
                "version": look.subject.card.number,
                "name": look.subject.card.name,
                "model_sha256": look.subject.digest,
                "split": look.split.name,
                "split_sha256": look.split_sha256,
                "notes": list(look.split.notes),
            }
            name = f"version-{look.subject.card.number}-{look.split.name}"
            folder = self.folder(options, name)
            if folder is not None:
                page = write_report(
                    folder, look.assessment, look.answered, evaluating.about(look),
                    history=look.history, more=told,
                )  # fmt: skip
                told["report"] = str(page)
        lines = [evaluating.about(look).title, *look.split.notes, *summary(look.assessment)]
        if folder is not None:
            lines.append(f"Report: {page}")
        self.say({**told, **look.assessment.as_json()}, "\n".join(lines), as_json=options["json"])


def summary(found: Any) -> Iterator[str]:
    """Yield the figures worth a look, a line each."""
    yield f"{'':24}{'samples':>8}{'hint':>9}{'all 36':>9}{'top 3':>9}{'grouped':>9}{'not sure':>9}"
    for part in (*found.device_kinds, found.overall):
        shares = (part.hinted, part.joint, part.top3, part.grouped, part.turned_away)
        yield f"{part.name:24}{part.samples:8,}" + "".join(f"{share:9.2%}" for share in shares)
    if found.writers:
        worst = ", ".join(f"{each.name} {each.hinted:.1%}" for each in found.writers[:5])
        yield f"worst of {len(found.writers)} writers: {worst}"
    ranked = sorted(
        (each for each in found.hinted_classes if each.recall is not None),
        key=lambda each: each.recall,
    )
    yield "worst classes: " + ", ".join(f"{each.label} {each.recall:.1%}" for each in ranked[:5])
    for part in found.reliability:
        risk = next(each for each in found.risk if each.charset == part.charset)
        away = next(each for each in found.abstention if each.charset == part.charset)
        caught = "" if away.caught is None else f", of scribbles {away.caught:.1%}"
        yield (
            f"{part.charset}: calibration error {part.error:.2%} "
            f"({part.by_chance:.2%} if every confidence were true) · error {risk.error:.2%}, "
            f"{risk.error_at_90:.2%} at 90 % coverage · not sure of {away.turned_away:.2%}{caught}"
        )
    yield f"{len(found.mistakes)} misread with the hint"
