"""StyleGAN2 generators of other people's code, read into ours: rosinality's .pt and NVIDIA's .pkl.

NVIDIA's files are pickles of whole objects with their source code inside, which the official loader runs. Ours knows
nine names, each of them inert, and refuses every other one; the source stays text. Taught in 07_latent_editing.
"""

from __future__ import annotations

import collections
import io
import pickle
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from animelab.errors import LabError
from animelab.nn import stylegan2

LARGEST = 2**30  # bytes; NVIDIA's files with G, D and the average have up to 382 MB


def load_generator(path: str | Path) -> tuple[stylegan2.Generator, dict[str, int]]:
    """The averaged generator in a file of rosinality/stylegan2-pytorch (.pt) or of NVIDIA (.pkl), and its arguments.

    In evaluation mode, on the CPU. NVIDIA's are those of stylegan2-ada-pytorch, and of stylegan3 where they hold a
    StyleGAN2. Raises LabError for files that are unreadable, could run code, or hold another network.
    """
    path = Path(path)
    if not path.is_file():
        raise LabError(f"There is no file {path}; check the path.")
    if path.stat().st_size > LARGEST:
        raise LabError(f"{path} has {path.stat().st_size / 1e9:.1f} GB, too much for a StyleGAN2.")
    try:
        if path.suffix == ".pkl":
            theirs = _from_nvidia(_tensors(_read(path.read_bytes())["G_ema"]))
        else:
            theirs = _from_rosinality(torch.load(path, map_location="cpu", weights_only=True))
        return _filled(theirs)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        AttributeError,
        ImportError,
        MemoryError,
    ) as error:
        raise LabError(f"{path} was not opened: it is damaged, or holds more than weights ({error}).") from error
    except (KeyError, TypeError, IndexError) as error:
        raise LabError(f"{path} holds no StyleGAN2 generator of these two codes: {error} does not fit.") from error


def _filled(theirs: dict[str, Tensor]) -> tuple[stylegan2.Generator, dict[str, int]]:
    """A generator of the size that the tensors have, holding them."""
    channels: list[int] = []
    while (name := f"synthesis.to_rgb.{len(channels)}.weight") in theirs:
        channels.append(theirs[name].shape[1])
    size = 4 * 2 ** (len(channels) - 1)
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
        raise KeyError(odd[0])
    network.load_state_dict({name: value.detach().float() for name, value in theirs.items()}, assign=True)
    if not theirs["mapping.mean"].any():  # some files lack the mean w
        with torch.no_grad():
            latents = torch.randn(10_000, arguments["latent"], generator=torch.Generator().manual_seed(0))
            network.mapping.mean = network.eval().mapping(latents).mean(0)
    return network.eval(), arguments


def _from_rosinality(file: dict[str, Any]) -> dict[str, Tensor]:
    """Our names for the tensors of `g_ema`."""
    state = file["g_ema"]
    ours = {"synthesis.constant": state["input.input"][0]}
    if "latent_avg" in file:
        ours["mapping.mean"] = file["latent_avg"].flatten()
    parts = {"affine.weight": "conv.modulation.weight", "affine.bias": "conv.modulation.bias"}
    for key in state:
        if found := re.fullmatch(r"style\.(\d+)\.(weight|bias)", key):
            ours[f"mapping.layers.{int(found[1]) - 1}.{found[2]}"] = state[key]
        elif found := re.fullmatch(r"(conv1|convs\.(\d+))\.conv\.weight", key):
            index = int(found[2] or -1) + 1
            layer = {name: state[f"{found[1]}.{theirs}"] for name, theirs in parts.items()}
            layer |= {"weight": state[key][0], "bias": state[f"{found[1]}.activate.bias"]}
            layer |= {
                "noise_strength": state[f"{found[1]}.noise.weight"][0],
                "noise": state[f"noises.noise_{index}"][0, 0],
            }
            ours |= {f"synthesis.convs.{index}.{name}": value for name, value in layer.items()}
        elif found := re.fullmatch(r"(to_rgb1|to_rgbs\.(\d+))\.conv\.weight", key):
            layer = {name: state[f"{found[1]}.{theirs}"] for name, theirs in parts.items()}
            layer |= {"weight": state[key][0], "bias": state[f"{found[1]}.bias"].flatten()}
            ours |= {f"synthesis.to_rgb.{int(found[2] or -1) + 1}.{name}": value for name, value in layer.items()}
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
        if not name.endswith("resample_filter"):
            ours[name] = value
    return ours


class _Inert:
    """Stands for whatever a pickle would have made; it keeps what it was given, and does nothing."""

    def __init__(self, *given: Any) -> None:
        self.given = given

    def __setstate__(self, state: Any) -> None:
        pass


class _Function:
    """A function to call and nothing else: a pickle could set attributes of a bare one, for the whole process."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *given: Any) -> Any:
        return self._call(*given)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it tries to change a function")


def _storage(data: bytes) -> Any:
    """A tensor's memory, as torch.storage._load_from_bytes reads it, but with weights alone."""
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


class _Reader(pickle.Unpickler):
    """Reads NVIDIA's pickles without running anything: names it does not know are refused."""

    known: ClassVar[dict[tuple[str, str], Any]] = {
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): _Inert,
        ("dnnlib.util", "EasyDict"): dict,
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _Function(torch._utils._rebuild_tensor_v2),
        ("torch._utils", "_rebuild_parameter"): _Function(torch._utils._rebuild_parameter),
        ("torch.storage", "_load_from_bytes"): _Function(_storage),
        ("numpy.core.multiarray", "scalar"): _Inert,
        ("numpy._core.multiarray", "scalar"): _Inert,
        ("numpy", "dtype"): _Inert,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.known:
            hint = "; TensorFlow's files are not supported" if module.startswith("dnnlib.tflib") else ""
            raise pickle.UnpicklingError(f"it asks for {module}.{name}{hint}")
        return self.known[module, name]


def _read(data: bytes) -> Any:
    """What a pickle holds; a place in its memo beyond its own length would take all memory, and is refused before."""
    for opcode, argument, _ in pickletools.genops(data):
        if "PUT" in opcode.name and int(argument or 0) > len(data):
            raise pickle.UnpicklingError("it asks for more memory than it could use")
    return _Reader(io.BytesIO(data)).load()


def _tensors(network: Any, prefix: str = "") -> dict[str, Tensor]:
    """All parameters and buffers of a network that `_Reader` read, with their full names."""
    state = network.given[0]["state"]
    own = {**state["_parameters"], **state["_buffers"]}
    found = {prefix + name: value for name, value in own.items() if isinstance(value, Tensor)}
    for name, module in state["_modules"].items():
        found |= _tensors(module, f"{prefix}{name}.")
    return found
