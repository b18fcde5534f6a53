"""StyleGAN2 generators of other people's code, read into ours: rosinality's .pt and NVIDIA's .pkl.

How a file is read without running what is in it: animelab/foreign.py. Taught in 07_latent_editing.
"""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch import Tensor

from animelab import foreign
from animelab.errors import LabError
from animelab.nn import stylegan2
from animelab.nn.compat import WRONG, colors, misfit, single


def load_generator(
    path: str | Path, tensors: dict[str, Tensor] | None = None
) -> tuple[stylegan2.Generator, dict[str, int]]:
    """The averaged generator in a file of rosinality/stylegan2-pytorch or of NVIDIA, and its arguments.

    In evaluation mode, on the CPU. NVIDIA's are those of stylegan2-ada-pytorch, and of stylegan3 where they hold a
    StyleGAN2. tensors: what `foreign.tensors` found in the file, if it was read before. Raises LabError as that does,
    and for files that hold another network.
    """
    path = Path(path)
    tensors = foreign.tensors(path) if tensors is None else tensors
    signs = [sign for sign in SIGNS if foreign.below(tensors, sign)]
    if not signs:
        raise LabError(f"{path} holds no StyleGAN2 generator of rosinality's code or NVIDIA's.")
    if signs[0] == STYLEGAN3:
        raise LabError(f"{path} is a StyleGAN3, which is not supported; give a StyleGAN2.")
    found = foreign.below(tensors, signs[0])
    if len(found) > 1:
        names = ", ".join(place.rstrip(".") or "the file itself" for place in found)
        raise LabError(f"{path} holds more than one generator ({names}), and no average; give a file with one of them.")
    (state,) = found.values()
    foreign.check(path, state)
    try:
        return _filled(_from_rosinality(state, tensors) if signs[0] == ROSINALITY else _from_nvidia(state))
    except WRONG as error:
        raise misfit(path, "a StyleGAN2", error) from error


def is_one(tensors: dict[str, Tensor]) -> bool:
    """Whether a file's tensors are a StyleGAN's."""
    return any(foreign.below(tensors, sign) for sign in SIGNS)


def _filled(theirs: dict[str, Tensor]) -> tuple[stylegan2.Generator, dict[str, int]]:
    """A generator of the size that the tensors have, holding them."""
    channels: list[int] = []
    while (name := f"synthesis.to_rgb.{len(channels)}.weight") in theirs:
        channels.append(theirs[name].shape[1])
    size = 4 * 2 ** (len(channels) - 1)
    if size > 1024:
        raise LabError(f"it draws {size} px, more than 1024.")
    drawn = len(theirs["synthesis.to_rgb.0.weight"])
    if drawn != 3:
        raise LabError(f"it draws {colors(drawn)}, which is not supported; this course's draws RGB.")
    arguments = {
        "size": size,
        "channel_base": size * channels[-1],
        "channel_max": channels[0],
        "mapping_layers": sum(bool(re.fullmatch(r"mapping\.layers\.\d+\.weight", name)) for name in theirs),
        "latent": theirs["mapping.layers.0.weight"].shape[0],
        "classes": theirs["mapping.embed.weight"].shape[1] if "mapping.embed.weight" in theirs else 0,
    }
    with torch.device("meta"):
        network = stylegan2.Generator(**arguments)
    theirs = {"mapping.mean": torch.zeros(arguments["latent"]), **theirs, "synthesis.kernel": stylegan2.fir()}
    wanted = {name: value.shape for name, value in network.state_dict().items()}
    odd = sorted(
        name for name in wanted.keys() | theirs.keys() if getattr(theirs.get(name), "shape", None) != wanted.get(name)
    )
    if odd:
        raise LabError(f"the first difference is at '{odd[0]}'.")
    network.load_state_dict({name: single(theirs, name) for name in theirs}, assign=True)
    if not theirs["mapping.mean"].any() and not arguments["classes"]:  # some files lack the mean w
        with torch.no_grad():
            latents = torch.randn(10_000, arguments["latent"], generator=torch.Generator().manual_seed(0))
            network.mapping.mean = network.eval().mapping(latents).mean(0)
    return network.eval(), arguments


def _from_rosinality(state: dict[str, Tensor], file: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our names for the tensors of `g_ema`; what it has besides keeps its own."""
    ours = {"mapping.mean": file["latent_avg"].flatten()} if "latent_avg" in file else {}
    for key, value in state.items():
        layer = re.fullmatch(r"(conv1|convs\.(\d+)|to_rgb1|to_rgbs\.(\d+))\.(.+)", key)
        if key == ROSINALITY:
            ours["synthesis.constant"] = value[0]
        elif found := re.fullmatch(r"style\.(\d+)\.(weight|bias)", key):
            ours[f"mapping.layers.{int(found[1]) - 1}.{found[2]}"] = value
        elif found := re.fullmatch(r"noises\.noise_(\d+)", key):
            ours[f"synthesis.convs.{found[1]}.noise"] = value[0, 0]
        elif layer and layer[4] in PARTS:
            kind = "to_rgb" if "rgb" in layer[1] else "convs"
            value = value[0] if layer[4] in ("conv.weight", "noise.weight") else value
            value = value.flatten() if layer[4] == "bias" else value
            ours[f"synthesis.{kind}.{int(layer[2] or layer[3] or -1) + 1}.{PARTS[layer[4]]}"] = value
        elif not (key.endswith("kernel") and _is_ours(value)):
            ours[key] = value
    return ours


def _from_nvidia(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our names for the tensors of `G_ema`."""
    ours = {}
    for key, value in state.items():
        name = key.replace("mapping.w_avg", "mapping.mean").replace("synthesis.b4.const", "synthesis.constant")
        name = re.sub(r"^mapping\.fc(\d+)", r"mapping.layers.\1", name).replace("noise_const", "noise")
        if found := re.match(r"synthesis\.b(\d+)\.(conv[01]|torgb)", name):
            level = int(found[1]).bit_length() - 3
            place = f"to_rgb.{level}" if found[2] == "torgb" else f"convs.{2 * level - 1 + int(found[2][-1])}"
            name = f"synthesis.{place}{name[found.end() :]}"
        if not (name.endswith("resample_filter") and _is_ours(value)):
            ours[name] = value
    return ours


def _is_ours(kernel: Tensor) -> bool:
    """Whether a filter is [1, 3, 3, 1] in both directions, of any sum."""
    return kernel.shape == (4, 4) and torch.allclose(kernel.float() / kernel.float().sum(), stylegan2.fir(), atol=1e-4)


# Keys that only these files have.
STYLEGAN3, ROSINALITY = "synthesis.input.weight", "input.input"
SIGNS = (STYLEGAN3, ROSINALITY, "synthesis.b4.const")
PARTS = {
    "conv.weight": "weight", "bias": "bias", "activate.bias": "bias", "noise.weight": "noise_strength",
    "conv.modulation.weight": "affine.weight", "conv.modulation.bias": "affine.bias",
}  # fmt: skip
