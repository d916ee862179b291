"""What must hold before the site starts, each with an id and one sentence that says what to do.

Bad values of single settings are refused earlier, when they are read; see `environment.py`.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from packaging.version import Version

from recognizer import checkpoints, serving

# Below these a published vulnerability concerns us: oversized frames, request bodies.
LEAST = {"daphne": "4.2.2", "django": "5.2.14"}
MODEL_HINT = (
    "Restore it with `git checkout -- recognizer/weights`, train one with `make train`, or name a "
    "whole version folder with DIGITSITE_MODEL."
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


def model_problems() -> tuple[list[str], bool]:
    """Return what is wrong with the versions tried, and whether one is left to be served.

    A web process tries a pinned version first and the one that comes with the code last; what is in
    between may become whole while it runs.
    """
    problems = []
    pinned = [settings.MODEL_DIR] if settings.MODEL_DIR else []
    for folder in dict.fromkeys([*pinned, serving.PACKAGED_ANCHOR]):
        try:
            checkpoints.verify(folder)
        except checkpoints.CheckpointError as error:
            problems.append(f"The model version in {folder} cannot be served: {error}.")
        else:
            return problems, True
    return problems, False


@register(Tags.files)
def check_model(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Report weights that are missing or altered.

    A warning, because `train` makes weights where there are none; `serve` and `web` refuse.
    """
    problems, _servable = model_problems()
    return [Caution(text, hint=MODEL_HINT, id="digitsite.W002") for text in problems]


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
