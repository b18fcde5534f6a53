"""Official StyleGAN2 files: random weights under the official names, and a second way to compute with them.

The tables in checkpoints/ list names and shapes inside rosinality's `g_ema` and NVIDIA's `G_ema`, 256 pixels.
"""

from __future__ import annotations

import argparse
import collections
import io
import json
import math
import os
import pickle
import re
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from animelab import zoo
from animelab.cli import main
from animelab.errors import LabError
from animelab.nn.compat_stylegan2 import load_generator
from animelab.viz import as_pixels

TABLES = Path(__file__).parent / "checkpoints"
KERNEL = torch.outer(*[torch.tensor([1.0, 3, 3, 1])] * 2) / 64


def official(table: str, shrink: int = 16) -> dict[str, Tensor]:
    """Random weights under the official names, of a network with so many times fewer channels."""
    random, state = torch.Generator().manual_seed(0), {}
    for line in (TABLES / table).read_text().splitlines()[1:]:
        name, shape = line.split(" ", 1)
        sides = json.loads(shape)
        if not name.endswith(("noise_const",)) and not name.startswith("noises."):
            sides = [side if side <= 7 else side // shrink for side in sides]
        if name.endswith("kernel") or name.endswith("resample_filter"):
            state[name] = KERNEL
        else:
            state[name] = torch.randn(sides, generator=random)
    return state


def act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def dense(x: Tensor, weight: Tensor, bias: Tensor, lr: float = 1.0) -> Tensor:
    return F.linear(x, weight * lr / math.sqrt(weight.shape[1]), bias * lr)


def enlarged(x: Tensor) -> Tensor:
    """upfirdn2d with up=2: zeros between, two before and one behind, then the filter times 4."""
    holes = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    holes[:, :, ::2, ::2] = x
    return F.conv2d(F.pad(holes, (2, 1, 2, 1)), (4 * KERNEL).expand(x.shape[1], 1, 4, 4), groups=x.shape[1])


def layer(x: Tensor, weight: Tensor, style: Tensor, up: bool) -> Tensor:
    """One picture, with weights of its own."""
    own = weight * style[None, :, None, None]
    own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
    if not up:
        return F.conv2d(x, own, padding=1)
    large = F.pad(F.conv_transpose2d(x, own.transpose(0, 1), stride=2), (1, 1, 1, 1))
    return F.conv2d(large, (4 * KERNEL).expand(len(own), 1, 4, 4), groups=len(own))


def painted(z: Tensor, mapping: list, start: Tensor, layers: list, rgbs: list) -> Tensor:
    """The official forward pass for one latent, from (weight, bias, affine weight, affine bias, strength, noise)s."""
    w = z / (z.square().mean() + 1e-8).sqrt()
    for weight, bias in mapping:
        w = act(dense(w, weight, bias, 0.01))
    x, picture = start[None], None
    for index, (weight, bias, affine, affine_bias, strength, noise) in enumerate(layers):
        x = layer(x, weight, dense(w, affine, affine_bias), up=index % 2 == 1)
        x = act(x + strength * noise + bias.view(-1, 1, 1))
        if index % 2 == 0:
            weight, bias, affine, affine_bias = rgbs[index // 2]
            style = dense(w, affine, affine_bias) / math.sqrt(len(affine))
            part = F.conv2d(x, weight * style[None, :, None, None]) + bias.view(3, 1, 1)
            picture = part if picture is None else enlarged(picture) + part
    assert picture is not None
    return picture


def rosinality(state: dict[str, Tensor], z: Tensor) -> Tensor:
    def conv(name: str, noise: int) -> tuple[Tensor, ...]:
        names = ("conv.weight", "activate.bias", "conv.modulation.weight", "conv.modulation.bias", "noise.weight")
        weight, *others = (state[f"{name}.{part}"] for part in names)
        return weight[0], *others, state[f"noises.noise_{noise}"][0, 0]

    def rgb(name: str) -> tuple[Tensor, ...]:
        weight, bias, *affine = (
            state[f"{name}.{part}"]
            for part in ("conv.weight", "bias", "conv.modulation.weight", "conv.modulation.bias")
        )
        return weight[0], bias.flatten(), *affine

    mapping = [(state[f"style.{i}.weight"], state[f"style.{i}.bias"]) for i in range(1, 9)]
    layers = [conv("conv1", 0), *(conv(f"convs.{i}", i + 1) for i in range(12))]
    return painted(
        z, mapping, state["input.input"][0], layers, [rgb("to_rgb1"), *(rgb(f"to_rgbs.{i}") for i in range(6))]
    )


def nvidia(state: dict[str, Tensor], z: Tensor) -> Tensor:
    def parts(name: str, *more: str) -> tuple[Tensor, ...]:
        return tuple(state[f"synthesis.{name}.{p}"] for p in ("weight", "bias", "affine.weight", "affine.bias", *more))

    mapping = [(state[f"mapping.fc{i}.weight"], state[f"mapping.fc{i}.bias"]) for i in range(8)]
    names = ["b4.conv1", *(f"b{2**level}.conv{i}" for level in range(3, 9) for i in range(2))]
    layers = [parts(name, "noise_strength", "noise_const") for name in names]
    return painted(
        z, mapping, state["synthesis.b4.const"], layers, [parts(f"b{2**level}.torgb") for level in range(2, 9)]
    )


class Persistent:
    """Pickles itself as NVIDIA's networks do: a function's name, the class's source, and the state."""

    def __init__(self, tensors: dict[str, Tensor], source: str) -> None:
        self.source = source
        own = {name: value for name, value in tensors.items() if "." not in name}
        buffers = {"w_avg", "noise_const", "resample_filter"}
        self.state: dict[str, Any] = {
            "_parameters": collections.OrderedDict(
                (name, torch.nn.Parameter(value)) for name, value in own.items() if name not in buffers
            ),
            "_buffers": collections.OrderedDict((name, value) for name, value in own.items() if name in buffers),
            "_modules": collections.OrderedDict(),
            "_non_persistent_buffers_set": set(),
            "training": False,
        }
        for child in dict.fromkeys(name.split(".")[0] for name in tensors if "." in name):
            inner = {name[len(child) + 1 :]: value for name, value in tensors.items() if name.startswith(f"{child}.")}
            self.state["_modules"][child] = Persistent(inner, source)

    def __reduce__(self) -> Any:
        meta = {
            "type": "class",
            "version": 6,
            "module_src": self.source,
            "class_name": "Generator",
            "state": self.state,
        }
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)  # type: ignore[attr-defined]


@pytest.fixture
def pkl(tmp_path, monkeypatch):
    """Writes a file as stylegan2-ada-pytorch does; the names it asks for exist only while it is written."""

    def write(networks: dict[str, Any], protocol: int = 4) -> Path:
        path = tmp_path / "network.pkl"
        with monkeypatch.context() as patch:
            for module, name, thing in (
                ("torch_utils.persistence", "_reconstruct_persistent_obj", lambda meta: meta),
                ("dnnlib.util", "EasyDict", type("EasyDict", (dict,), {})),
            ):
                made: Any = types.ModuleType(module)
                thing.__name__, thing.__qualname__, thing.__module__ = name, name, module
                setattr(made, name, thing)
                patch.setitem(sys.modules, module.split(".")[0], types.ModuleType(module.split(".")[0]))
                patch.setitem(sys.modules, module, made)
            easy = sys.modules["dnnlib.util"].EasyDict(max_size=7, mean=np.float64(0.5))  # type: ignore[attr-defined]
            with path.open("wb") as file:
                pickle.dump({"training_set_kwargs": easy, "G": None, "D": None, **networks}, file, protocol)
        return path

    return write


@pytest.mark.parametrize("kind", ["converted", "in training", "in training, on several GPUs", "of an older PyTorch"])
def test_rosinalitys_file_paints_the_same_picture(kind: str, tmp_path: Path) -> None:
    state = official("stylegan2-rosinality.txt")
    whole: dict[str, Any] = {"g_ema": state, "latent_avg": torch.randn(32)}
    if kind != "converted":
        other = {name: value + 1 for name, value in state.items()}
        whole = {"g": other, "d": {"convs.0.0.weight": torch.zeros(2)}, "args": argparse.Namespace(size=256), **whole}
        whole["g_optim"] = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(4)}}, "param_groups": [{}]}
    if "GPUs" in kind:
        whole["g_ema"] = {f"module.{name}": value for name, value in state.items()}
    torch.save(whole, tmp_path / "550000.pth", _use_new_zipfile_serialization="older" not in kind)
    network, arguments = load_generator(tmp_path / "550000.pth")
    z = torch.randn(2, 32)
    with torch.no_grad():
        expected = torch.cat([rosinality(state, one) for one in z])
        torch.testing.assert_close(network(z), expected, rtol=1e-3, atol=1e-3 * float(expected.std()))
    assert arguments["size"] == 256 and arguments["mapping_layers"] == 8


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_nvidias_file_paints_the_same_picture_and_its_source_never_runs(pkl, tmp_path: Path, protocol: int) -> None:
    state = official("stylegan2-nvlabs.txt")
    trap = tmp_path / "ran"
    path = pkl({"G_ema": Persistent(state, f"open({str(trap)!r}, 'w')")}, protocol)
    network, _ = load_generator(path)
    z = torch.randn(2, 32)
    with torch.no_grad():
        expected = torch.cat([nvidia(state, one) for one in z])
        torch.testing.assert_close(network(z), expected, rtol=1e-3, atol=1e-3 * float(expected.std()))
    torch.testing.assert_close(network.mapping.mean, state["mapping.w_avg"])
    assert not trap.exists()
    model = zoo.open_model(path)
    assert (model.size, model.latent) == (256, 32)
    torch.testing.assert_close(model.sample(1, seed=3), network(model.latents(1, 3)).detach().clamp(-1, 1))


def conditional(classes: int = 3) -> dict[str, Tensor]:
    state = official("stylegan2-nvlabs.txt")
    state |= {"mapping.embed.weight": torch.randn(32, classes), "mapping.embed.bias": torch.randn(32)}
    state |= {f"mapping.fc{i}.weight": 100 * torch.randn(32, 32 if i else 64) for i in range(8)}  # of size 1 / lr
    return state


def test_a_conditional_network_draws_the_class_that_is_asked_for(pkl, tmp_path: Path) -> None:
    state = conditional()
    path, out = pkl({"G_ema": Persistent(state, "")}), tmp_path / "a.png"
    model = zoo.open_model(path)
    z = torch.randn(1, 32)
    embedded = dense(torch.eye(3)[1:2], state["mapping.embed.weight"], state["mapping.embed.bias"])
    w = torch.cat([x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt() for x in (z, embedded)], 1)
    for i in range(8):
        w = act(dense(w, state[f"mapping.fc{i}.weight"], state[f"mapping.fc{i}.bias"], 0.01))
    torch.testing.assert_close(model.generator.mapping(z, torch.eye(3)[1:2]), w, rtol=1e-4, atol=1e-5)
    assert torch.equal(model.generate(z, 1), model.generator(z, torch.eye(3)[1:2]).detach().clamp(-1, 1))
    assert not torch.equal(model.generate(z, 1), model.generate(z, 2))
    each = model.sample(3, seed=2)  # every class in turn
    torch.testing.assert_close(each[2:], model.generate(model.latents(3, 2)[2:], 2), rtol=0, atol=1e-3)
    assert main(["sample", str(path), "--class", "2", "--count", "1", "--out", str(out)]) == 0
    shown = np.asarray(Image.open(out)).astype(int)
    assert abs(shown - as_pixels(model.sample(1, 0, 2))[0]).max() <= 1


@pytest.mark.parametrize("label", ["3", "1000000"])
def test_a_class_that_is_not_there_is_one_sentence(label: str, pkl, tmp_path: Path, capsys) -> None:
    path = pkl({"G_ema": Persistent(conditional(), "")})
    assert main(["sample", str(path), "--class", label, "--count", "1", "--out", str(tmp_path / "a.png")]) == 1
    assert f"draws classes 0 to 2, not {label}" in capsys.readouterr().err
    assert main(["sample", "dcgan-faces-64", "--class", "1", "--out", str(tmp_path / "a.png")]) == 1
    assert "has no numbered classes" in capsys.readouterr().err


@pytest.mark.parametrize(("channels", "says"), [(1, "in gray"), (4, "with transparency (RGBA)"), (2, "2 channels")])
def test_what_draws_no_rgb_is_named(channels: int, says: str, pkl, tmp_path: Path) -> None:
    state = official("stylegan2-rosinality.txt")
    for name, value in state.items():
        if "to_rgb" in name and name.endswith(("conv.weight", "s.0.bias", "1.bias")):
            state[name] = value.repeat_interleave(2, 1)[:, :channels]
    torch.save({"g_ema": state}, tmp_path / "a.pt")
    with pytest.raises(LabError, match=re.escape(f"draws {says}" if channels != 2 else says)):
        load_generator(tmp_path / "a.pt")
    state = official("stylegan2-nvlabs.txt")
    for name, value in state.items():
        if name.endswith(("torgb.weight", "torgb.bias")):
            state[name] = value.repeat_interleave(2, 0)[:channels]
    with pytest.raises(LabError, match="not supported"):
        load_generator(pkl({"G_ema": Persistent(state, "")}))


@pytest.mark.parametrize("name", ["convs.3.conv.extra", "more.weight", "noises.noise_99", "style.9.weight"])
def test_what_a_file_has_beside_its_network_is_named(name: str, tmp_path: Path) -> None:
    torch.save({"g_ema": official("stylegan2-rosinality.txt") | {name: torch.zeros(32)}}, tmp_path / "a.pt")
    with pytest.raises(LabError, match="does not fit") as caught:
        load_generator(tmp_path / "a.pt")
    assert name in str(caught.value) or "noises" in name or "style" in name


def test_another_filter_is_no_small_difference(tmp_path: Path) -> None:
    state = official("stylegan2-rosinality.txt")
    state["convs.0.conv.blur.kernel"] = torch.ones(4, 4)
    torch.save({"g_ema": state}, tmp_path / "a.pt")
    with pytest.raises(LabError, match="convs.0.conv.blur.kernel"):
        load_generator(tmp_path / "a.pt")


def test_two_generators_without_an_average_are_named(tmp_path: Path) -> None:
    state = official("stylegan2-rosinality.txt")
    torch.save({"one": state, "two": state}, tmp_path / "a.pt")
    with pytest.raises(LabError, match=r"more than one generator \((one, two|two, one)\)"):
        load_generator(tmp_path / "a.pt")


def test_a_file_without_the_mean_w_gets_it(tmp_path: Path) -> None:
    torch.save({"g_ema": official("stylegan2-rosinality.txt")}, tmp_path / "a.pt")
    network, _ = load_generator(tmp_path / "a.pt")
    mean = network.mapping(torch.randn(10_000, 32)).mean(0)
    assert (network.mapping.mean - mean).norm() < 0.1 * mean.norm()


class Attack:
    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trap),)


def attacks(trap: Path) -> dict[str, Any]:
    class InTheStorage:  # the bytes of a tensor are a file of their own
        def __reduce__(self) -> Any:
            buffer = io.BytesIO()
            torch.save(Attack(trap), buffer)
            return torch.storage._load_from_bytes, (buffer.getvalue(),)

    return {"plain": Attack(trap), "in the storage": InTheStorage()}


@pytest.mark.parametrize("kind", ["plain", "in the storage"])
def test_a_file_that_would_run_code_is_refused_with_a_sentence(tmp_path: Path, kind: str) -> None:
    trap = tmp_path / "ran"
    (tmp_path / "network.pkl").write_bytes(pickle.dumps({"G_ema": attacks(trap)[kind]}))
    with pytest.raises(LabError, match="not opened"):
        load_generator(tmp_path / "network.pkl")
    torch.save({"g_ema": Attack(trap)}, tmp_path / "bad.pt")
    with pytest.raises(LabError, match="not opened"):
        load_generator(tmp_path / "bad.pt")
    assert not trap.exists()


@pytest.mark.parametrize(
    "attack",
    [  # in the pickle's own opcodes: a function whose attributes are set, and places that would take 30 GB and more
        b"ctorch._utils\n_rebuild_tensor_v2\n(N}(X\x0c\x00\x00\x00__defaults__)tub.",
        b"ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__)s\x86b.",
        b"}r\xff\xff\xff\x7f.",
        b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"x.",
        b"\x80\x05\x96" + (2**40).to_bytes(8, "little") + b"x.",
    ],
)
def test_a_file_cannot_change_torch_nor_ask_for_all_memory(tmp_path: Path, attack: bytes) -> None:
    (tmp_path / "network.pkl").write_bytes(attack)
    with pytest.raises(LabError, match="not opened"):
        load_generator(tmp_path / "network.pkl")
    torch.save(torch.ones(2), tmp_path / "weights.pt")
    assert torch.load(tmp_path / "weights.pt").sum() == 2, "torch loads as before"


def test_other_files_are_refused_with_their_first_difference(pkl, tmp_path: Path) -> None:
    state = official("stylegan2-nvlabs.txt")
    del state["synthesis.b16.conv1.weight"]
    with pytest.raises(LabError, match=r"synthesis\.convs\.4\.weight"):
        load_generator(pkl({"G_ema": Persistent(state, "")}))
    torch.save({"generator": {}}, tmp_path / "other.pt")
    with pytest.raises(LabError, match="no StyleGAN2 generator"):
        load_generator(tmp_path / "other.pt")
    (tmp_path / "cut.pkl").write_bytes(b"\x80\x04}")
    with pytest.raises(LabError, match="not opened"):
        load_generator(tmp_path / "cut.pkl")
    with pytest.raises(LabError, match="no file"):
        load_generator(tmp_path / "none.pkl")
