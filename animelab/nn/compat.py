"""Checkpoints of other people's code, read into our networks: nothing in a file can run code."""

from __future__ import annotations

import pickle
import re
import struct
from pathlib import Path

import torch
from torch import Tensor, nn

from animelab.errors import LabError
from animelab.nn import animegan, cyclegan, pix2pix, ugatit

# What Python and PyTorch raise when a file, or a tensor in it, is not what it should be: many files, many ways.
WRONG = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
LARGEST = 3 * 2**30  # bytes; U-GAT-IT's file of two G and four D has 2.7 GB, pix2pix's generator 218 MB


def load_generator(path: str | Path) -> nn.Module:
    """The generator in a checkpoint of its authors' code, in evaluation mode, on the CPU.

    `latest_net_G.pth` of junyanz/pytorch-CycleGAN-and-pix2pix becomes pix2pix.Generator (unet_*) or cyclegan.Generator
    (resnet_*); `*_params_*.pt` of znxlwm/UGATIT-pytorch becomes ugatit.Pair; a `.pt` of bryandlee/animegan2-pytorch
    becomes animegan.Generator; each of the size and width that the file has. Raises LabError for files that are
    unreadable, hold anything but tensors, or fit none.
    """
    path = Path(path)
    if not path.is_file():
        raise LabError(f"There is no file {path}; check the path.")
    if path.stat().st_size > LARGEST:
        raise LabError(f"{path} has {path.stat().st_size / 1e9:.1f} GB, too much for any generator this course knows.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (*WRONG, pickle.UnpicklingError, struct.error, EOFError, OSError) as error:
        raise LabError(f"{path} is not a file of weights alone, so it was not opened; get the original.") from error
    if isinstance(state, dict) and isinstance(state.get("genA2B"), dict) and isinstance(state.get("genB2A"), dict):
        state = {f"{name}.{key}": value for name in ("genA2B", "genB2A") for key, value in state[name].items()}
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) and _plain(value) for value in state.values()):
        raise LabError(f"{path} holds more than one network's plain tensors; give one with a generator alone.")
    theirs = {str(key).removeprefix("module."): value for key, value in state.items()}
    read = next((each for key, each in READERS.items() if key in theirs), _resnet)
    try:
        network, names = read(theirs)
    except (*WRONG, LabError) as error:
        raise LabError(f"{path} is no generator this course knows: {error} does not fit.") from error
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


def _ugatit(theirs: dict[str, Tensor]) -> tuple[nn.Module, dict[str, str]]:
    """Both generators of U-GAT-IT, light or full, and {our name: their name}."""
    width, blocks = len(theirs["genA2B.DownBlock.1.weight"]), sum("genA2B.UpBlock1_" in key for key in theirs) // 4
    inner, outer = theirs["genA2B.FC.0.weight"].shape[::-1]
    with torch.device("meta"):
        network = ugatit.Pair(4 * round((inner / outer) ** 0.5), width, blocks, light=inner == outer)
    modules = {"gamma": "gamma", "beta": "beta", "style.0": "FC.0", "style.2": "FC.2", "paint": "UpBlock2.11"}
    modules |= {"encoder.0": "DownBlock.1", "encoder.3": "DownBlock.5", "encoder.6": "DownBlock.9"}
    modules |= {"attention.average": "gap_fc", "attention.largest": "gmp_fc", "attention.mix": "conv1x1"}
    modules |= {"grow.0": "UpBlock2.2", "norms.0": "UpBlock2.3", "grow.1": "UpBlock2.7", "norms.1": "UpBlock2.8"}
    for block in range(blocks):
        for ours, other in ((0, 1), (3, 5)):
            modules[f"encoder.{9 + block}.body.{ours}"] = f"DownBlock.{12 + block}.conv_block.{other}"
        for i in range(2):
            modules[f"blocks.{block}.convolutions.{i}"] = f"UpBlock1_{block + 1}.conv{i + 1}"
            modules[f"blocks.{block}.norms.{i}"] = f"UpBlock1_{block + 1}.norm{i + 1}"
    sides = (("a_to_b", "genA2B"), ("b_to_a", "genB2A"))
    return network, _renamed(
        network, {f"{o}.{key}": f"{t}.{value}" for o, t in sides for key, value in modules.items()}
    )


def _animegan(theirs: dict[str, Tensor]) -> tuple[nn.Module, dict[str, str]]:
    """AnimeGANv2's generator, and {our name: their name}. Theirs counts the padding layers, too."""
    blocks = len({key.split(".")[1] for key in theirs if key.startswith("block_c") and ".layers." in key})
    with torch.device("meta"):
        network = animegan.Generator(len(theirs["block_a.0.1.weight"]), blocks)
    modules = {"paint": "out_layer.0"}
    lengths = {"shrink": 3, "shrink_more": 2, "think": blocks + 2, "grow": 2, "grow_more": 3}
    for (ours, length), letter in zip(lengths.items(), "abcde"):
        for i in range(length):
            inner = ours == "think" and 0 < i <= blocks
            for k in range(2):
                if inner:
                    modules |= {f"think.{i}.body.{k}.{m}": f"block_c.{i}.layers.{k}.{m + 1}" for m in range(2)}
                    modules[f"think.{i}.body.{k + 2}"] = f"block_c.{i}.layers.{k + 2}"
                else:
                    modules[f"{ours}.{i}.{k}"] = f"block_{letter}.{i}.{k + 1}"
    return network, _renamed(network, modules)


def _plain(value: Tensor) -> bool:
    return value.layout == torch.strided and not (value.is_quantized or value.is_nested or value.is_meta)


def _renamed(network: nn.Module, modules: dict[str, str]) -> dict[str, str]:
    names = [name for name in network.state_dict() if not name.endswith("num_batches_tracked")]
    return {name: modules[name.rpartition(".")[0]] + "." + name.rpartition(".")[2] for name in names}


# By a key that only this kind of file has; what has none of them is taken for a resnet.
READERS = {"model.model.0.weight": _unet, "genA2B.DownBlock.1.weight": _ugatit, "block_a.0.1.weight": _animegan}
