"""Lets torchvision be imported beside a torch build that its operators were not built for.

At import, torchvision registers fake kernels for the operators `torchvision::nms` and
`torchvision::qnms`, which its compiled library defines. That library loads only beside the very
torch build that it was compiled for: with a CPU torch and a CUDA torchvision, or the other way
round, it does not, and the import ends in "operator torchvision::nms does not exist". We use
torchvision for its data sets alone, so it is enough to declare the two operators where the library
has not; calling them still fails, as it should.
"""

import importlib
import importlib.machinery
import importlib.util
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import torch

_OPERATORS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# An operator lives as long as the Library object that defined it.
_library: torch.library.Library | None = None


def import_datasets() -> ModuleType:
    """Import `torchvision.datasets`, whatever torch build torchvision was compiled for."""
    _load_compiled_operators()
    _declare_missing_operators()
    return importlib.import_module("torchvision.datasets")


def _load_compiled_operators() -> None:
    """Load torchvision's library if it fits, before we look at what is missing.

    Declaring an operator first and loading the library afterwards would define it twice.
    """
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        for library in Path(found.origin).parent.glob(f"_C{suffix}"):
            with suppress(OSError):  # compiled for another torch build
                torch.ops.load_library(library)  # type: ignore[no-untyped-call]


def _declare_missing_operators() -> None:
    global _library
    missing = [name for name in _OPERATORS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        _library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for name in missing:
            _library.define(name + _SIGNATURE)  # type: ignore[no-untyped-call]
