"""Tensors and facts on disk without pickle: safetensors files with JSON in their header.

Every file is written beside its place and renamed into it, so a reader finds the old file or the
new one, never half of one. Knows nothing about what the tensors mean.
"""

import json
import os
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load, save
from torch import Tensor

_FACTS = "facts"


class TensorFileError(ValueError):
    """A file that is damaged or not one of ours; the message names it."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors with `facts` (anything that JSON can hold) beside them."""
    write_bytes(path, bytes_of(tensors, facts))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_tensors` wrote.

    Raises:
        TensorFileError: the file is missing, damaged or was not written by us.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[_FACTS])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except FileNotFoundError as error:
        raise TensorFileError(f"there is no file {path}") from error
    except (OSError, safetensors.SafetensorError, KeyError, ValueError) as error:
        raise TensorFileError(f"{path} is not a file of tensors that we wrote: {error}") from error


def tensors_of(data: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return tensors and facts of a file's bytes.

    Raises:
        TensorFileError: they are damaged or were not written by us.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        facts = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][_FACTS])
        return load(data), facts
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise TensorFileError(f"these are not tensors that we wrote: {error}") from error


def bytes_of(tensors: dict[str, Tensor], facts: dict[str, Any]) -> bytes:
    """Return what `write_tensors` would write."""
    whole = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    return save(whole, {_FACTS: json.dumps(facts, sort_keys=True)})
