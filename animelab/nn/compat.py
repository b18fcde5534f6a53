"""Checkpoints of other people's code, read into our networks: nothing in a file can run code."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn import cyclegan, pix2pix

LARGEST = 2**30  # bytes; the largest generator of the official code has 218 MB


def load_generator(path: str | Path) -> nn.Module:
    """The generator in a `latest_net_G.pth` of junyanz/pytorch-CycleGAN-and-pix2pix, in evaluation mode, on the CPU.

    unet_* becomes pix2pix.Generator, resnet_* becomes cyclegan.Generator, of the size and width that the file has.
    Raises LabError for files that are unreadable, hold anything but tensors, or fit neither.
    """
    path = Path(path)
    if not path.is_file():
        raise LabError(f"There is no file {path}; check the path.")
    if path.stat().st_size > LARGEST:
        raise LabError(
            f"{path} has {path.stat().st_size / 1e9:.1f} GB, too much for a generator of pix2pix or CycleGAN."
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError) as error:
        raise LabError(
            f"{path} is not a file of weights alone, so it was not opened; get the original again."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise LabError(f"{path} holds more than one network's tensors; give latest_net_G.pth, latest_net_G_A.pth, …")
    theirs = {str(key).removeprefix("module."): value for key, value in state.items()}
    try:
        network, names = _unet(theirs) if "model.model.0.weight" in theirs else _resnet(theirs)
    except (KeyError, LabError) as error:
        raise LabError(f"{path} is no generator of pix2pix or CycleGAN: {error} does not fit.") from error
    # InstanceNorm of very old files carries statistics nobody uses; what else is left over means another network.
    ignored = re.compile(r"num_batches_tracked$" + ("" if isinstance(network, pix2pix.Generator) else r"|running_"))
    odd = sorted(key for key in theirs.keys() - names.values() if not ignored.search(key))
    ours = network.state_dict()
    missing = [
        theirs_ for name, theirs_ in names.items() if theirs_ not in theirs or theirs[theirs_].shape != ours[name].shape
    ]
    if odd or missing:
        raise LabError(f"{path} does not fit: the first difference is at '{(odd + missing)[0]}'.")
    network.load_state_dict({name: theirs[key].float() for name, key in names.items()}, strict=False, assign=True)
    for name, buffer in network.named_buffers():
        if buffer.is_meta:  # the batch counters, which old files lack
            owner, _, own = name.rpartition(".")
            network.get_submodule(owner).register_buffer(own, torch.zeros((), dtype=torch.int64))
    return network.eval()


def _unet(theirs: dict[str, Tensor]) -> tuple[nn.Module, dict[str, str]]:
    """The U-Net that fits, and {our name: their name}. Theirs are nested: each level contains the next."""
    depth = sum(value.ndim == 4 for value in theirs.values()) // 2
    first = theirs["model.model.0.weight"].shape
    with torch.device("meta"):
        network = pix2pix.Generator(2**depth, first[0], first[1], theirs["model.model.3.weight"].shape[1])
    modules: dict[str, str] = {}
    prefix = "model.model."
    for level in range(depth):
        down, up, last = f"down.{level}", f"up.{depth - 1 - level}", level == depth - 1
        if level == 0:
            modules |= {f"{down}.0": f"{prefix}0", f"{up}.1": f"{prefix}3"}
        elif last:
            modules |= {f"{down}.1": f"{prefix}1", f"{up}.1": f"{prefix}3", f"{up}.2": f"{prefix}4"}
        else:
            modules |= {f"{down}.1": f"{prefix}1", f"{down}.2": f"{prefix}2"}
            modules |= {f"{up}.1": f"{prefix}5", f"{up}.2": f"{prefix}6"}
        prefix += "3.model." if level else "1.model."
    return network, _renamed(network, modules)


def _resnet(theirs: dict[str, Tensor]) -> tuple[nn.Module, dict[str, str]]:
    """The ResNet generator that fits, and {our name: their name}. Theirs counts the padding layers, too."""
    inside = {
        int(found[1]): int(found[2]) for key in theirs if (found := re.match(r"model\.(\d+)\.conv_block\.(\d)", key))
    }
    blocks = len(inside)
    with torch.device("meta"):
        network = cyclegan.Generator(blocks, *theirs["model.1.weight"].shape[:2])
    modules = {"0": "model.1", "3": "model.4", "6": "model.7"}
    for block in range(blocks):
        second = 6 if f"model.{10 + block}.conv_block.6.weight" in theirs else 5  # behind a dropout, or not
        modules[f"{9 + block}.body.0"] = f"model.{10 + block}.conv_block.1"
        modules[f"{9 + block}.body.3"] = f"model.{10 + block}.conv_block.{second}"
    for ours, other in ((9, 10), (12, 13), (15, 17)):
        modules[str(ours + blocks)] = f"model.{other + blocks}"
    return network, _renamed(network, modules)


def _renamed(network: nn.Module, modules: dict[str, str]) -> dict[str, str]:
    names = [name for name in network.state_dict() if not name.endswith("num_batches_tracked")]
    return {name: modules[name.rpartition(".")[0]] + "." + name.rpartition(".")[2] for name in names}
