"""Checkpoints of other people's code, read into our networks: nothing in a file can run code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from animelab import foreign
from animelab.errors import LabError
from animelab.nn import animegan, cartoongan, cyclegan, dcgan, pix2pix, ugatit
from animelab.nn.layout import prepared

WRONG: tuple[type[Exception], ...] = (LabError, *foreign.ODD)
Read = tuple[nn.Module, dict[str, str]]  # a network without weights, and {our module: their module}


def load_generator(path: str | Path, tensors: dict[str, Tensor] | None = None) -> nn.Module:
    """The generator in a checkpoint of its authors' code, in evaluation mode, on the CPU.

    `latest_net_G.pth` of junyanz/pytorch-CycleGAN-and-pix2pix becomes pix2pix.Generator (unet_*) or cyclegan.Generator
    (resnet_*); `*_params_*.pt` of znxlwm/UGATIT-pytorch becomes ugatit.Pair, or ugatit.Generator where it holds one
    direction; a `.pt` of bryandlee/animegan2-pytorch becomes animegan.Generator; one of znxlwm/pytorch-CartoonGAN
    cartoongan.Generator; `netG_epoch_*.pth` of pytorch/examples dcgan.Generator; each of the size and width that the
    file has, a light U-GAT-IT, whose file names no size, of its authors' 256. tensors: what `foreign.tensors` found in
    the file, if it was read before. Raises LabError as that does, and for files that fit none.
    """
    path = Path(path)
    tensors = foreign.tensors(path) if tensors is None else tensors
    all_found = {sign: places for sign in READERS if (places := foreign.below(tensors, sign))}
    kinds = dict.fromkeys(READERS[sign][0] for sign in all_found)
    if len(kinds) > 1:
        raise LabError(f"{path} holds {' and '.join(kinds)}; give a file with one generator.")
    for sign, found in all_found.items():
        kind, read = READERS[sign]
        places = {place.rstrip(".").rpartition(".")[2]: state for place, state in found.items()}
        if places.keys() >= {"genA2B", "genB2A"}:
            pair: nn.Module = ugatit.Pair(16, 1, 1, light=True)  # of no size yet
            pair.a_to_b = _filled(path, places["genA2B"], kind, read)
            pair.b_to_a = _filled(path, places["genB2A"], kind, read)
            return prepared(pair.eval())
        if len(found) > 1:
            names = ", ".join(place.rstrip(".") or "the file itself" for place in found)
            raise LabError(f"{path} holds more than one generator ({names}); give a file with one of them.")
        return prepared(_filled(path, next(iter(found.values())), kind, read))
    first = f"begins with '{min(tensors)}'" if any(tensors) else "holds one tensor" if tensors else "holds no tensors"
    reading = "is no generator that this course knows (a discriminator draws nothing)"
    raise LabError(f"{path} {first} and {reading}; give a generator's file.")


def _filled(path: Path, state: dict[str, Tensor], kind: str, read: Callable[[dict[str, Tensor]], Read]) -> nn.Module:
    """The network that these tensors fit, with them."""
    foreign.check(path, state)
    try:
        with torch.device("meta"):
            network, modules = read(state)
        ours = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
        names = {name: modules[name.rpartition(".")[0]] + "." + name.rpartition(".")[2] for name in ours}
    except WRONG as error:
        raise misfit(path, kind, error) from error
    # InstanceNorm of very old files carries statistics nobody uses; what else is left over means another network.
    statistics = "" if any(name.endswith("running_var") for name in ours) else "|running_(mean|var)"
    ignored = re.compile(rf"(num_batches_tracked{statistics})$")
    odd = sorted(key for key in state.keys() - names.values() if not ignored.search(key))
    odd += [
        theirs
        for name, theirs in names.items()
        if theirs not in state or state[theirs].shape != ours[name].shape or not state[theirs].is_floating_point()
    ]
    if odd:
        raise LabError(f"{path} looks like {kind} and does not fit: the first difference is at '{odd[0]}'.")
    try:
        weights = {name: single(state, theirs) for name, theirs in names.items()}
    except LabError as error:
        raise misfit(path, kind, error) from error
    network.load_state_dict(weights, strict=False, assign=True)
    for name, buffer in network.named_buffers():
        if buffer.is_meta:  # the batch counters, which old files lack
            owner, _, own = name.rpartition(".")
            network.get_submodule(owner).register_buffer(own, torch.zeros((), dtype=torch.int64))
    return network.eval()


def misfit(path: Path, kind: str, error: Exception) -> LabError:
    """What to say where tensors are not this network's: in words of ours, since Python's are for its programmers."""
    words = f"it has no {error}." if isinstance(error, KeyError) else "its tensors have other shapes."
    return LabError(f"{path} looks like {kind} and does not fit: {error if isinstance(error, LabError) else words}")


def single(state: dict[str, Tensor], name: str) -> Tensor:
    """A tensor of a file in float32; LabError for NaN, whose pictures would be blamed on a training."""
    found = state[name].to(torch.float32, copy=True)
    if not found.isfinite().all():
        raise LabError(f"it has NaN, infinity or too large a number in '{name}'; get the original again.")
    return found


def colors(channels: int) -> str:
    """What a network draws that does not draw RGB, in words."""
    return {1: "in gray", 4: "with transparency (RGBA)"}.get(channels, f"pictures of {channels} channels")


def _no_zeros(theirs: dict[str, Tensor]) -> Read:
    raise LabError("its blocks are padded with zeros, which is not supported.")


def _norm(state: dict[str, Tensor], convolution: str, norm: str) -> str:
    """Which norm follows a convolution: without one of its own, its bias tells."""
    return "batch" if f"{norm}.weight" in state else "instance" if f"{convolution}.bias" in state else "none"


def _unet(theirs: dict[str, Tensor]) -> Read:
    """The U-Net that fits, and {our module: their module}. Theirs are nested: each level contains the next."""
    depth = sum(value.ndim == 4 for value in theirs.values()) // 2
    width, channels_in = theirs["model.model.0.weight"].shape[:2]
    norm = _norm(theirs, "model.model.1.model.1", "model.model.1.model.2")
    network = pix2pix.Generator(2**depth, width, channels_in, theirs["model.model.3.weight"].shape[1], norm)
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
    return network, modules


def _resnet(theirs: dict[str, Tensor]) -> Read:
    """The ResNet generator that fits, and {our module: their module}. Theirs counts the padding layers, too."""
    inside = {
        int(found[1]): int(found[2]) for key in theirs if (found := re.match(r"model\.(\d+)\.conv_block\.(\d)", key))
    }
    blocks = len(inside)
    norm, last = _norm(theirs, "model.1", "model.2"), f"model.{17 + blocks}"
    width, channels_in = theirs["model.1.weight"].shape[:2]
    network = cyclegan.Generator(blocks, width, channels_in, len(theirs[f"{last}.weight"]), norm)
    modules = {str(ours): f"model.{ours + 1}" for ours in (0, 1, 3, 4, 6, 7)}
    for block in range(blocks):
        theirs_, ours_ = f"model.{10 + block}.conv_block", f"{9 + block}.body"
        second = 5 if f"{theirs_}.5.weight" in theirs else 6  # without a dropout before, or behind one
        modules |= {f"{ours_}.0": f"{theirs_}.1", f"{ours_}.1": f"{theirs_}.2"}
        modules |= {f"{ours_}.3": f"{theirs_}.{second}", f"{ours_}.4": f"{theirs_}.{second + 1}"}
    modules |= {str(ours + blocks): f"model.{ours + 1 + blocks}" for ours in (9, 10, 12, 13)}
    modules[str(15 + blocks)] = last
    return network, modules


def _ugatit(theirs: dict[str, Tensor]) -> Read:
    """One generator of U-GAT-IT, light or full, and {our module: their module}."""
    width, blocks = len(theirs["DownBlock.1.weight"]), sum(key.startswith("UpBlock1_") for key in theirs) // 4
    inner, outer = theirs["FC.0.weight"].shape[::-1]
    light = inner == outer  # sees the mean of each channel, of pictures of any size
    network = ugatit.Generator(256 if light else 4 * round((inner / outer) ** 0.5), width, blocks, light)
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
    return network, modules


def _cartoongan(theirs: dict[str, Tensor]) -> Read:
    """CartoonGAN's generator as znxlwm has it, whose norms have no weights, and {our module: their module}."""
    width, blocks = len(theirs["down_convs.0.weight"]), len({key[:16] for key in theirs if "resnet_blocks" in key})
    network = cartoongan.Generator(blocks, width, plain=True)
    modules = {str(place): f"down_convs.{place}" for place in (0, 3, 4, 7, 8)}
    for block in range(blocks):
        for ours, other in ((0, 1), (3, 2)):
            modules[f"{11 + block}.body.{ours}"] = f"resnet_blocks.{block}.conv{other}"
    return network, modules | {str(11 + blocks + place): f"up_convs.{place}" for place in (0, 1, 4, 5, 8)}


def _dcgan(theirs: dict[str, Tensor]) -> Read:
    """The PyTorch example's generator, and {our module: their module}. Ours begins with a reshaping."""
    layers = sorted(int(key.split(".")[1]) for key, value in theirs.items() if value.ndim == 4)
    latent, (width, drawn) = theirs["main.0.weight"].shape[0], theirs[f"main.{layers[-1]}.weight"].shape[:2]
    if drawn != 3:
        raise LabError(f"it draws {colors(drawn)}, which is not supported; this course's draws RGB.")
    network = dcgan.Generator(4 * 2 ** (len(layers) - 1), latent, width)
    return network, {str(place + 1): f"main.{place}" for layer in layers for place in (layer, layer + 1)}


def _animegan(theirs: dict[str, Tensor]) -> Read:
    """AnimeGANv2's generator, and {our module: their module}. Theirs counts the padding layers, too."""
    blocks = len({key.split(".")[1] for key in theirs if key.startswith("block_c") and ".layers." in key})
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
    return network, modules


# By a key that only this kind of file has.
READERS: dict[str, tuple[str, Callable[[dict[str, Tensor]], Read]]] = {
    "model.model.0.weight": ("pix2pix's U-Net", _unet),
    "model.10.conv_block.0.weight": ("CycleGAN's ResNet", _no_zeros),  # whose batch norm has the next one's name
    "model.10.conv_block.1.weight": ("CycleGAN's ResNet", _resnet),
    "DownBlock.1.weight": ("U-GAT-IT's generator", _ugatit),
    "block_a.0.1.weight": ("AnimeGANv2's generator", _animegan),
    "resnet_blocks.0.conv1.weight": ("CartoonGAN's generator", _cartoongan),
    "main.1.running_mean": ("DCGAN's generator", _dcgan),
}
