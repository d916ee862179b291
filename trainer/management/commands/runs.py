"""`manage.py runs`: what was learned when, why it was refused; start, cancel, override."""

import textwrap
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recognizer.management.commandline import (
    VersionsCommand,
    counted,
    refuse_without,
    told_plainly,
)
from trainer import opening, progress, reasons
from trainer.finetuning import config_of
from trainer.models import TrainingRun


class Command(VersionsCommand):
    """List, show, start, cancel, override."""

    help = "List training runs; show one with the gate's report; start, cancel; override the gate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--show", type=int, metavar="RUN", help="one run, with its report")
        what.add_argument("--start", action="store_true", help="open a run now")
        what.add_argument("--cancel", type=int, metavar="RUN", help="end a run that is open")
        what.add_argument("--override", type=int, metavar="RUN", help="promote what was refused")
        parser.add_argument(
            "--again",
            action="store_true",
            help="with --start: even if nothing is new, as after a change of settings or data",
        )
        parser.add_argument("--challengers", type=int, help="with --start: how many to build")
        parser.add_argument("--by", metavar="USER", help="who starts, cancels or overrides")
        parser.add_argument(
            "--reason", default="", help="with --override: kept in the ledger; with --cancel: why"
        )

    def handle(self, **options: Any) -> None:
        """Do one of these."""
        _refuse_unused(options)
        try:
            if options["start"]:
                self._start(options)
            elif options["cancel"] is not None:
                self._cancel(options)
            elif options["override"] is not None:
                self._override(options)
            elif options["show"] is not None:
                self._show(options)
            else:
                self._list(options)
        except reasons.NotOpened as error:
            raise CommandError(f"Nothing was changed: {error}.") from error

    def _start(self, options: dict[str, Any]) -> None:
        with told_plainly(_required(options, "by")) as actor:
            try:
                run = opening.open_now(actor, options["challengers"], anew=options["again"])
            except reasons.NothingNew as error:
                raise reasons.NotOpened(f"{error}, or add --again to learn the same anew") from None
        # The run keeps them from now on: what the worker has in its environment is not asked.
        count, steps = len(run.config), config_of(run.config[0]).steps_for(len(run.corrections))
        by_settings = "TRAIN_CHALLENGERS and TRAIN_SMALL as they are"
        if options["challengers"] is not None:
            by_settings = "TRAIN_SMALL as it is"
        given = (
            f" It has {counted(count, 'challenger')} of {counted(steps, 'step')}, by "
            f"{by_settings} here; data and the gate's limits are the worker's."
        )
        self._opened(run, given, {"challengers": count, "steps": steps}, options)

    def _cancel(self, options: dict[str, Any]) -> None:
        run = _find(options["cancel"])
        with told_plainly(_required(options, "by")) as actor:
            opening.cancel(run, actor, options["reason"])
        self.say({"run": run.pk}, f"Run {run.pk} is cancelled.", as_json=options["json"])

    def _override(self, options: dict[str, Any]) -> None:
        run = _find(options["override"])
        with told_plainly(_required(options, "by")) as actor:
            opening.override(run, actor, _required(options, "reason"))
        self._opened(run, "", {}, options)

    def _opened(
        self, run: TrainingRun, more: str, facts: dict[str, int], options: dict[str, Any]
    ) -> None:
        learns_from = counted(len(run.corrections), "correction")
        text = f"Run {run.pk} is open with {learns_from}: a worker takes it.{more}"
        self.say({"run": run.pk, **facts}, text, as_json=options["json"])

    def _show(self, options: dict[str, Any]) -> None:
        run = _find(options["show"])
        findings = (run.report or {}).get("findings", [])
        told = {
            "id": run.pk,
            "status": run.status,
            "problem": run.problem,
            "override": _override(run),
            "version": run.version,
            "base_version": run.base_version,
            "corrections": run.corrections,
            "metrics": run.metrics,
            "report": run.report,
            "log": [f"{line.created.isoformat()} {line.text}" for line in run.lines.all()],
        }
        lines = [f"Run {run.pk}: {run.status}{f' ({run.problem})' if run.problem else ''}"]
        if override := told["override"]:
            lines.append(f"  gate overridden by {override['by']}: {override['reason']}")
        lines += [
            f"  {'passed' if found['passed'] else 'FAILED'}  {found['rule']}: {found['says']}"
            for found in findings
        ]
        lines += [f"  {line.created:%H:%M:%S}  {line.text}" for line in run.lines.all()]
        self.say(told, "\n".join(lines), as_json=options["json"])

    def _list(self, options: dict[str, Any]) -> None:
        runs = progress.latest()
        lines = [
            f"{run['id']:>6}  {run['status']:<11}  {run['created']:.19}  "
            f"{run['added']} new, {run['removed']} gone  "
            + (f"version {run['version']}" if run["version"] else _brief(run["problem"]))
            + (", gate overridden" if run["overridden"] and run["version"] else "")
            for run in runs
        ]
        lines = lines or ["There was no training run yet."]
        paused = reasons.paused()
        if paused:
            lines.insert(0, f"Learning is paused: {paused}.")
        self.say({"runs": runs, "paused": paused}, "\n".join(lines), as_json=options["json"])


def _refuse_unused(options: dict[str, Any]) -> None:
    ending = options["cancel"] is not None or options["override"] is not None
    if not options["start"]:
        refuse_without("--start", again=options["again"], challengers=options["challengers"])
    if not ending:
        refuse_without("--cancel or --override", reason=options["reason"])
    if not (options["start"] or ending):
        refuse_without("--start, --cancel or --override", by=options["by"])


def _override(run: TrainingRun) -> dict[str, str] | None:
    if run.override_by is None:
        return None
    return {"by": run.override_by.get_username(), "reason": run.override_reason}


def _brief(problem: str) -> str:
    return textwrap.shorten(problem, 60, placeholder=" …")


def _find(number: int) -> TrainingRun:
    run = TrainingRun.objects.filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no run {number}.")
    return run


def _required(options: dict[str, Any], name: str) -> str:
    value = options[name]
    if not value:
        raise CommandError(f"--{name} is needed for this.")
    return str(value)
