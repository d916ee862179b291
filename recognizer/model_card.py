"""The model card: what a version's `card.json` says, for people to read.

One card becomes one list of sections, and both `card.md` in the version's folder and the page of
the site are those sections, so they cannot say different things. The fields are those of Hugging
Face's model cards (Mitchell et al. 2019, "Model Cards for Model Reporting"). What a card does not
have is left out. Knows nothing about Django or where cards are.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from recognizer.model_card_figures import calibration, limits, metrics, tests
from recognizer.model_card_parts import Section, Table, percent

FILE: Final = "card.md"


def sections(card: Mapping[str, Any]) -> list[Section]:
    """Return the card's sections; those that have nothing to say are left out."""
    made = (
        _details(card),
        _uses(),
        _data(card),
        _training(card),
        metrics(card),
        limits(card),
        calibration(card),
        tests(card),
    )
    return [section for section in made if section.says or section.tables]


def markdown(card: Mapping[str, Any]) -> str:
    """Return the card as Markdown, with the front matter that Hugging Face reads."""
    lines = [
        "---",
        "license: mit",
        "library_name: onnx",
        "pipeline_tag: image-classification",
        "tags: [handwriting-recognition, digits, letters, calibrated]",
        f"datasets: [{', '.join(_sources(card))}]",
        "metrics: [accuracy, expected-calibration-error]",
        "---",
        "",
        f"# {title(card)}",
    ]
    for section in sections(card):
        lines += ["", f"## {section.title}"]
        for sentence in section.says:
            lines += ["", sentence]
        for table in section.tables:
            lines += ["", *_markdown_table(table)]
    return "\n".join(lines) + "\n"


def of_file(content: bytes) -> bytes:
    """Return `card.md` for the bytes of a `card.json`."""
    return markdown(json.loads(content)).encode()


def title(card: Mapping[str, Any]) -> str:
    """Return what the card is about."""
    return f"Digitsite, version {card.get('number')} ({card.get('name')})"


def looks(openings: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return a section about the looks at test sets that a site keeps a record of."""
    rows = [
        (
            str(each["split"]),
            str(each["when"])[:19].replace("T", " "),
            str(each["by"]),
            "again" if each["again"] else "first",
            percent(each["result"].get("top1_hinted", each["result"].get("hinted")), 2),
        )
        for each in openings
    ]
    table = Table(rows, ("split", "opened", "by", "look", "hint"))
    return [Section("Looks at test sets", tables=[table])] if rows else []


def _markdown_table(table: Table) -> Iterator[str]:
    head = table.head or ("", "")
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from (_row(row) for row in table.rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _details(card: Mapping[str, Any]) -> Section:
    network = card.get("architecture", {})
    anchor = card.get("data", {}).get("anchor")
    rows = [
        ("Version", f"{card.get('number')} ({card.get('name')})"),
        ("Created", str(card.get("created", ""))),
        ("Reads", "one drawn character: 0 to 9, a to z; upper and lower case share a label"),
        ("Network", _network(network)),
    ]
    if network.get("planes", 1) > 1:
        sees = "an image and, where the strokes are known, which way the pen moved in it"
        rows.append(("Sees", sees))
    if anchor:
        weights = str(anchor.get("weights", ""))[:12]
        rows.append(("Parent", f"version {anchor.get('version')}, the anchor (weights {weights}…)"))
    rows += [(f"SHA-256 of {name}", value) for name, value in card.get("sha256", {}).items()]
    rows += [(f"Size of {name}", f"{size:,} bytes") for name, size in card.get("bytes", {}).items()]
    rows.append(("Licence of the weights", "MIT; that of the data is below"))
    return Section("Model details", tables=[Table(rows)])


def _network(network: Mapping[str, Any]) -> str:
    said = str(network.get("name", "")).upper()
    if network.get("widths"):
        said += f" with {', '.join(str(width) for width in network['widths'])} channels"
    if network.get("parameters"):
        said += f", {network['parameters']:,} parameters"
    return said


def _uses() -> Section:
    return Section(
        "Intended use",
        (
            "Reads single characters while they are drawn with a pen, a finger or a mouse, or from "
            "a picture of one character, and says how sure it is. It asks people to correct it.",
            "Not for words or several characters at once, other alphabets, signatures, telling who "
            "wrote something, or any decision about a person (cheques, forms, examinations) that "
            "nobody checks. It cannot tell upper from lower case, and without a hint nobody can "
            "tell 0 from o or 1 from l.",
        ),
    )


def _sources(card: Mapping[str, Any]) -> list[str]:
    data = card.get("data", {})
    return list(data.get("sources") or data.get("licences") or [])


def _data(card: Mapping[str, Any]) -> Section:
    data = card.get("data", {})
    says, tables = [], []
    if sources := data.get("sources"):
        rows = [
            (
                str(source.get("title", name)),
                str(source.get("licence", "")),
                f"{source.get('train', 0):,}",
                f"{source.get('validation', 0):,}",
                ", ".join([str(source.get("held_out", "")), *source.get("held_out_writers", [])]),
            )
            for name, source in sources.items()
        ]
        head = ("data", "licence", "trained on", "validated on", "set aside")
        tables.append(Table(rows, head))
        says.append("People, not images, were set aside for validation where a set names them.")
    if licences := data.get("licences"):
        rows_ = [(each["title"], each["licence"]) for each in licences.values()]
        tables.append(Table(rows_, ("learned from, by the anchor or since", "licence")))
    if "corrections" in data:
        lessons = data["corrections"]
        ids = hashlib.sha256("\n".join(sorted(entry[0] for entry in lessons)).encode()).hexdigest()
        says.append(
            f"Learned from {len(lessons):,} corrections that people sent and moderators approved. "
            f"Their ids are in card.json; the SHA-256 of the sorted ids is {ids}. Drawings of "
            "people are part of no version folder."
        )
    return Section("Data", says, tables)


def _training(card: Mapping[str, Any]) -> Section:
    data = card.get("data", {})
    rows: list[tuple[str, str]] = []
    if training := data.get("training"):
        rows += [
            (name.replace("_", " ").capitalize(), str(training[name]))
            for name in ("seed", "epochs", "samples_per_epoch", "lr", "weight_decay", "threads")
            if name in training
        ]
        rows.append(("Selected", f"step {data.get('released_step')}, the best by validation"))
    if start := data.get("started_from"):
        earlier = start.get("training", {})
        seed = f" (seed {earlier['seed']}, {earlier['epochs']} epochs)" if earlier else ""
        rows.append(("Started from", f"weights {str(start.get('sha256'))[:12]}…{seed}"))
    if teachers := data.get("teachers"):
        named = ", ".join(f"{each['name']} {each['sha256'][:8]}" for each in teachers)
        rows.append(("Taught by (distillation)", named))
    if "run" in data:
        rows.append(("Training run", str(data["run"])))
    for index, settings in enumerate(data.get("settings", [])):
        chosen = ("seed", "lr", "steps", "replay", "new")
        said = ", ".join(f"{name} {settings[name]}" for name in chosen if name in settings)
        rows.append((f"Fine-tuning {index + 1}", said))
    if base := data.get("base"):
        rows.append(("SHA-256 of what is replayed and judges", str(base.get("digest", ""))))
    if "run" in data:
        rows.append(("Build it again", f"manage.py reproduce {card.get('number')}"))
    return Section("Training", tables=[Table(rows)] if rows else [])
