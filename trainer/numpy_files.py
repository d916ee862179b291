"""The NumPy network on disk: weights as safetensors, everything that is known of them as JSON.

Knows nothing about training or figures: what is known is the caller's to say.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from trainer.numpy_nn import Network
from trainer.numpy_training import Architecture
from trainer.tensor_files import TensorFileError, write_bytes

WEIGHTS: Final = "weights.safetensors"
FACTS: Final = "network.json"


def write_network(folder: Path, network: Network, facts: dict[str, Any]) -> str:
    """Write weights and what is known of them, whole; return the SHA-256 of the weights.

    Args:
        folder: made if it is not there.
        network: whose weights.
        facts: anything that JSON can hold; "architecture" must be what the network was built from.
    """
    data = save_arrays(network.state())
    digest = hashlib.sha256(data).hexdigest()
    facts = facts | {"sha256": {WEIGHTS: digest}}
    write_bytes(folder / WEIGHTS, data)
    write_bytes(folder / FACTS, json.dumps(facts, indent=1).encode() + b"\n")
    return digest


def read_network(folder: Path) -> tuple[Network, dict[str, Any]]:
    """Return a network that `write_network` wrote, and what is known of it.

    Raises:
        TensorFileError: a file is missing, damaged or does not belong to the other.
    """
    try:
        facts = json.loads((folder / FACTS).read_bytes())
        data = (folder / WEIGHTS).read_bytes()
        if hashlib.sha256(data).hexdigest() != facts["sha256"][WEIGHTS]:
            raise TensorFileError(f"{folder / WEIGHTS} is not the file that {FACTS} describes")
        described = facts["architecture"]
        described["hidden"] = tuple(described["hidden"])
        network = Architecture(**described).build(np.random.default_rng(0))
        network.load(load_arrays(data))
    except TensorFileError:
        raise
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise TensorFileError(f"{folder} holds no NumPy network that we wrote: {error}") from error
    return network, facts
