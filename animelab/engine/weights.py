"""A network's weights in one safetensors file that says which network it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from animelab import foreign
from animelab.errors import LabError, shown
from animelab.files import write_atomically
from animelab.nn import NETWORKS
from animelab.nn.layout import prepared

COUNTS = ("blocks", "layers", "mapping_layers")  # arguments of networks that say how many: before any is made,
MOST_LAYERS = 200  # not more than that, nor than there are tensors;
WIDEST = 2**20  # of all other arguments, such as channels and pixels


def save_weights(
    path: Path,
    name: str,
    arguments: dict[str, Any],
    network: nn.Module | dict[str, Tensor],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a network, or its state; the file's header has its name in nn.NETWORKS, its arguments, and a checksum."""
    state = network.state_dict() if isinstance(network, nn.Module) else network
    tensors = {
        key: value.detach().cpu().to(dtype if value.is_floating_point() else value.dtype).contiguous()
        for key, value in state.items()
    }
    header = {"network": name, "arguments": json.dumps(arguments)}
    header["sha256"] = _checksum(header, tensors)
    write_atomically(path, lambda temporary: save_file(tensors, temporary, metadata=header))


def load_weights(path: str | Path) -> tuple[str, dict[str, Any], nn.Module]:
    """The network in a file that `save_weights` wrote, in float32, evaluation mode, on the CPU.

    Nothing in the file can run code, and no memory is taken before names and shapes agree. Raises LabError when the
    file is no safetensors file, names no network of ours, its tensors do not fit, or a bit of it has changed.
    """
    path = Path(path)
    listed = foreign.header(path) or {}  # before anything is opened or built
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            shapes = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
            name, arguments = header.get("network", ""), json.loads(header.get("arguments", "null"))
            if name not in NETWORKS or not isinstance(arguments, dict):
                raise LabError(f"{path} does not say which network it holds; was it saved by animelab?")
            for key, value in arguments.items():
                most = min(len(listed), MOST_LAYERS) if key in COUNTS else WIDEST
                if key not in ("norm", "norm_E") and not (isinstance(value, int) and 0 <= value <= most):
                    raise ValueError(f"{key}={shown(value)} is out of bounds")
            try:
                with torch.device("meta"):
                    network = NETWORKS[name](**arguments)
            except LabError as error:
                raise LabError(f"{path} does not fit {name}: {error}") from error
            expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
            if shapes != expected:
                odd = sorted(key for key in shapes.keys() | expected.keys() if shapes.get(key) != expected.get(key))
                raise LabError(f"{path} does not fit {name} with {arguments}: first difference at '{odd[0]}'.")
            tensors = {key: file.get_tensor(key) for key in shapes}
            if "sha256" in header and header["sha256"] != _checksum(header, tensors):
                raise LabError(f"{path} is damaged: its checksum differs; download or train it again.")
    except (SafetensorError, OSError, TypeError, ValueError, KeyError, RuntimeError, RecursionError) as error:
        raise LabError(f"{path} is not a readable weights file ({error}); download or train it again.") from error
    # Copies: on Windows a tensor that is still mapped to the file would keep the next training from replacing it.
    wide = {key: torch.float32 if value.is_floating_point() else value.dtype for key, value in tensors.items()}
    network.load_state_dict({key: value.to(wide[key], copy=True) for key, value in tensors.items()}, assign=True)
    return name, arguments, prepared(network.eval())


def _checksum(header: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """Of all that makes the network; files from before it was written have none."""
    digest = hashlib.sha256(f"{header['network']} {header['arguments']}".encode())
    for key, value in sorted(tensors.items()):
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
