"""What must hold before the site starts, each with an id and one sentence that says what to do.

Bad values of single settings are refused earlier, when they are read; see `environment.py`.
"""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from packaging.version import Version

from recognizer import checkpoints, serving

# Below these a published vulnerability concerns us: oversized frames, request bodies.
LEAST = {"daphne": "4.2.2", "django": "5.2.14"}
ANCHOR_HINT = (
    "Restore it with `git checkout -- recognizer/weights`, or train one with `make train`."
)
PINNED_HINT = (
    "Name a whole version folder with DIGITSITE_MODEL, or leave it unset to serve the champion."
)


@register(Tags.security)
def check_versions(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Refuse releases with known holes, whatever the requirements say."""
    return [
        Error(
            f"{name} {version(name)} is too old: install the versions of requirements.txt "
            f"(at least {least}) with `make setup`.",
            id="digitsite.E001",
        )
        for name, least in LEAST.items()
        if Version(version(name)) < Version(least)
    ]


def pinned_problem() -> str | None:
    """Return why the version that DIGITSITE_MODEL names cannot be served."""
    return _problem(settings.MODEL_DIR) if settings.MODEL_DIR else None


def anchor_problem() -> str | None:
    """Return why the version that comes with the code cannot be served."""
    return _problem(serving.PACKAGED_ANCHOR)


def _problem(folder: Path) -> str | None:
    try:
        checkpoints.verify(folder)
    except checkpoints.CheckpointError as error:
        return f"The model version in {folder} cannot be served: {error}."
    return None


@register(Tags.files)
def check_model(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Report weights that are missing or altered.

    An error where somebody pinned them: others would answer in their place. A warning where they
    came with the code, because `train` makes weights where there are none; `serve` and `web`
    refuse either.
    """
    if settings.MODEL_DIR:
        pinned = pinned_problem()
        return [Error(pinned, hint=PINNED_HINT, id="digitsite.E002")] if pinned else []
    anchor = anchor_problem()
    return [Caution(anchor, hint=ANCHOR_HINT, id="digitsite.W002")] if anchor else []


@register(Tags.security, deploy=True)
def check_debug_and_origins(
    app_configs: Sequence[AppConfig] | None,
    **_: Any,
) -> list[CheckMessage]:
    """Warn about what is right on a desk and wrong on the open network."""
    if any(origin.startswith("http://") for origin in settings.ALLOWED_ORIGINS):
        return [
            Caution(
                "An origin without TLS may use the site.",
                hint="Set DIGITSITE_ORIGINS to https:// origins only.",
                id="digitsite.W001",
            )
        ]
    return []
