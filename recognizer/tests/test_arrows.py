"""The rooms of docs/architecture.md: every import points the allowed way.

Reads the import lines of every module, so a wrong arrow fails here before it can run.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("trainer", "feedback", "recognizer")  # each may import those to its right

PURE = {
    "recognizer/alphabet.py": set(),
    "recognizer/strokes.py": {"numpy"},
    "recognizer/rasterizer.py": {"numpy", "cv2", "recognizer.strokes"},
    "recognizer/directions.py": {"numpy", "cv2", "recognizer.rasterizer", "recognizer.strokes"},
    "recognizer/apart.py": {"numpy", "recognizer.strokes"},
    "recognizer/images.py": {"numpy", "cv2", "PIL", "recognizer.rasterizer"},
    "recognizer/saliency.py": {
        "numpy",
        "recognizer.alphabet",
        "recognizer.directions",
        "recognizer.rasterizer",
    },
    "recognizer/heat.py": {"numpy", "cv2", "recognizer.rasterizer", "recognizer.saliency"},
    "recognizer/aside.py": set(),
    "recognizer/batching.py": set(),
    "recognizer/quotas.py": set(),
    "recognizer/live.py": set(),
    "recognizer/model_card.py": {"recognizer.model_card_figures", "recognizer.model_card_parts"},
    "recognizer/model_card_figures.py": {"recognizer.model_card_parts"},
    "recognizer/model_card_parts.py": set(),
    "recognizer/pace.py": set(),
    "recognizer/memory.py": {"numpy", "recognizer.alphabet"},
    "recognizer/folders.py": set(),
    "recognizer/messages.py": {"pydantic", "pydantic_core", "recognizer.alphabet"},
    "recognizer/checkpoints.py": {
        "numpy",
        "pydantic",
        "onnxruntime",
        "recognizer.alphabet",
        "recognizer.directions",
        "recognizer.rasterizer",
    },
    "recognizer/predictor.py": {
        "numpy",
        "onnxruntime",
        "recognizer.alphabet",
        "recognizer.apart",
        "recognizer.checkpoints",
        "recognizer.memory",
        "recognizer.directions",
        "recognizer.rasterizer",
        "recognizer.saliency",
        "recognizer.strokes",
    },
    "recognizer/session.py": {
        "recognizer.alphabet",
        "recognizer.memory",
        "recognizer.messages",
        "recognizer.predictor",
        "recognizer.strokes",
    },
    "feedback/drift.py": set(),
    "trainer/numpy_nn.py": {"numpy"},
    "trainer/numpy_convolution.py": {"numpy", "trainer.numpy_nn"},
    "trainer/numpy_training.py": {"numpy", "trainer.numpy_convolution", "trainer.numpy_nn"},
    "trainer/paths.py": {"numpy"},
    "trainer/allographs.py": {"recognizer.alphabet"},
    "trainer/synthesis.py": {
        "numpy",
        "recognizer.alphabet",
        "recognizer.directions",
        "recognizer.rasterizer",
        "trainer.allographs",
        "trainer.characters",
        "trainer.paths",
    },
}


def modules() -> Iterator[Path]:
    for room in (*ROOMS, "digitsite"):
        yield from sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import: write it out"
            assert node.module is not None
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def top(name: str) -> str:
    return name.partition(".")[0]


def is_test(path: Path) -> bool:
    return "tests" in path.parts


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_import_points_left(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    rooms = {top(name) for name in imported(path)} & {*ROOMS, "digitsite"}
    if room == "digitsite" or is_test(path):
        allowed = {*ROOMS, "digitsite"}
    else:
        allowed = set(ROOMS[ROOMS.index(room) :])
    assert rooms <= allowed


def test_only_the_trainer_knows_torch() -> None:
    for path in modules():
        if path.relative_to(ROOT).parts[0] != "trainer" and not is_test(path):
            assert not {top(name) for name in imported(path)} & {"torch", "torchvision"}, path


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_only_what_it_may(name: str) -> None:
    ours = {found for found in imported(ROOT / name) if top(found) not in sys.stdlib_module_names}
    allowed = PURE[name]
    for found in ours:
        assert any(found == known or found.startswith(f"{known}.") for known in allowed), found


WITH_DJANGO = (
    "admin", "api", "apps", "evaluating", "field", "leases", "lesson", "losses", "models",
    "opening", "outlook", "pausing", "pipeline", "preparing", "progress", "reasons", "signs",
    "subjects", "tasks",
    "workshop",
)  # fmt: skip


def test_the_trainer_s_pure_modules_know_no_django() -> None:
    pure = [*(ROOT / "trainer").glob("*.py"), *(ROOT / "trainer/assessment").glob("*.py")]
    for path in pure:
        if path.stem not in WITH_DJANGO:
            found = {top(name) for name in imported(path)}
            assert not found & {"django", "celery", "feedback"}, path


def test_a_web_process_loads_no_torch() -> None:
    script = (
        "import digitsite.asgi, sys; from recognizer import serving; serving.boot();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "print('torch' in sys.modules, 'onnxruntime' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "True"]
