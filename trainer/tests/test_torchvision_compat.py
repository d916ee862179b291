"""torchvision's data sets can be imported beside a torch of another build."""

import subprocess
import sys

import pytest


def run(program: str) -> list[str]:
    """Run a program in a fresh interpreter: an import happens only once in ours."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split()


def test_data_sets_can_be_imported() -> None:
    program = (
        "from trainer.torchvision_compat import import_datasets\n"
        "print(import_datasets().MNIST.__name__, import_datasets().EMNIST.__name__)\n"
    )
    assert run(program) == ["MNIST", "EMNIST"]


@pytest.mark.parametrize("defined", ["nms", "nms qnms"])
def test_operators_that_a_library_defined_are_left_alone(defined: str) -> None:
    program = (
        "import torch\n"
        "from trainer import torchvision_compat as compat\n"
        "library = torch.library.Library('torchvision', 'FRAGMENT')\n"
        f"for name in {defined!r}.split():\n"
        "    library.define(name + compat._SIGNATURE)\n"
        "compat._declare_missing_operators()\n"
        "compat._declare_missing_operators()\n"
        "print(hasattr(torch.ops.torchvision, 'qnms'), compat._library is None)\n"
    )
    assert run(program) == ["True", str("qnms" in defined)]
