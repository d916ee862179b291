"""`manage.py predict`: let the champion read pictures."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError

from recognizer.alphabet import CHARSETS, LABELS, Charset
from recognizer.checkpoints import CheckpointError
from recognizer.images import ImageError, ImageLimits, rasterise_image
from recognizer.management.commandline import VersionsCommand, to_be_served
from recognizer.predictor import Prediction, Predictor

SHOWN: Final = 3  # likeliest labels


class Command(VersionsCommand):
    """Read files as the API reads uploads; what cannot be read is told, and the rest is read."""

    help = "Read pictures of one character each (PNG, JPEG, WebP) as the site would."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--charset", choices=CHARSETS, default="all", help="the hint (%(default)s)"
        )

    def handle(self, *, files: list[Path], charset: Charset, **options: Any) -> None:
        """Read and print."""
        try:
            predictor = to_be_served()
        except (CheckpointError, OSError) as error:
            raise CommandError(f"The version cannot be served: {error}.") from error
        rows = [read(predictor, file, charset) for file in files]
        self.say(rows, "\n".join(line_of(row) for row in rows), as_json=options["json"])
        if failed := sum("error" in row for row in rows):
            raise CommandError(f"{failed} of {len(rows)} files could not be read.")


def read(predictor: Predictor, file: Path, charset: Charset) -> dict[str, Any]:
    """Return what is in one file, for programs."""
    limits = ImageLimits(settings.IMAGE_BYTES, settings.IMAGE_PIXELS)
    try:
        raster = rasterise_image(file.read_bytes(), limits)
    except ImageError as error:
        return {"file": str(file), "error": str(error)}
    except OSError as error:
        return {"file": str(file), "error": f"it cannot be read ({error.strerror})"}
    return {"file": str(file), **answer(predictor.predict_raster(raster, charset))}


def answer(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction with its likeliest labels."""
    ranked = sorted(zip(prediction.probabilities, LABELS, strict=True), reverse=True)
    return {
        "label": prediction.label,
        "confidence": round(prediction.confidence, 6),
        "top": [
            {"label": label, "probability": round(probability, 6)}
            for probability, label in ranked[:SHOWN]
        ],
        "version": prediction.version,
    }


def line_of(row: dict[str, Any]) -> str:
    """Return what people read of a file."""
    if "error" in row:
        return f"{row['file']}: {row['error']}"
    top = ", ".join(f"{one['label']} {one['probability']:.1%}" for one in row["top"])
    said = f"{row['label']}, {row['confidence']:.1%} sure" if row["label"] else "not sure"
    return f"{row['file']}: {said} ({top})"
