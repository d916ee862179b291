"""`manage.py compare V1 V2`: is the second version better, for whom, and where do they differ."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from trainer.management.measuring import MeasuringCommand, explained


class Command(MeasuringCommand):
    """Compare."""

    help = (
        "Let two versions read the same handwriting: McNemar's test, each class, and what is read "
        "otherwise as pictures."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        what = "a number, champion, anchor, or the path of a version folder"
        parser.add_argument("before", metavar="V1", help=what)
        parser.add_argument("after", metavar="V2", help=what)
        super().add_arguments(parser)

    def handle(self, *, before: str, after: str, **options: Any) -> None:
        """Compare, write, tell."""
        from trainer import evaluating, subjects  # noqa: PLC0415 - torch
        from trainer.assessment.comparison_report import verdict  # noqa: PLC0415
        from trainer.assessment.files import write_comparison  # noqa: PLC0415

        with explained():
            first, second = subjects.find(before), subjects.find(after)
            pair = evaluating.look_at_both(first, second, self.request(options))
            names = (first.name, second.name)
            told: dict[str, Any] = {
                "versions": [
                    {
                        "version": each.card.number,
                        "name": each.card.name,
                        "model_sha256": each.digest,
                    }
                    for each in (first, second)
                ],
                "split": pair.split.name,
                "split_sha256": pair.split_sha256,
                "notes": list(pair.split.notes),
            }
            name = f"versions-{first.card.number}-{second.card.number}-{pair.split.name}"
            folder = self.folder(options, name)
            if folder is not None:
                page = write_comparison(
                    folder, pair.comparison, pair.answered, evaluating.about_both(pair),
                    names=names, more=told,
                )  # fmt: skip
                told["report"] = str(page)
        lines = [evaluating.about_both(pair).title, *pair.split.notes]
        lines += [*summary(pair.comparison), verdict(pair.comparison, names)]
        if folder is not None:
            lines.append(f"Report: {page}")
        figures = {**told, **pair.comparison.as_json()}
        self.say(figures, "\n".join(lines), as_json=options["json"])


def summary(found: Any) -> Iterator[str]:
    """Yield the figures worth a look, a line each."""
    yield (
        f"with the hint {found.before:.2%}, then {found.after:.2%}: {found.difference * 100:+.2f} "
        f"points, 95 % interval {found.low * 100:+.2f} to {found.high * 100:+.2f}"
    )
    yield f"among all 36 {found.joint_before:.2%}, then {found.joint_after:.2%}"
    changed = [each for each in found.classes if each.lost or each.won]
    for title, parts in (
        ("largest losses", [each for each in changed if each.after < each.before][:5]),
        ("largest gains", [each for each in changed[::-1] if each.after > each.before][:5]),
    ):
        if parts:
            shown = (f"{each.label} {(each.after - each.before) * 100:+.1f}" for each in parts)
            yield f"{title}, points of recall: " + ", ".join(shown)
