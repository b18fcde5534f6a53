"""Official checkpoints: tables of their keys, random weights under those names, a second way to compute with them.

The tables in checkpoints/ list names and shapes inside `latest_net_G.pth` of pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from animelab import zoo
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.nn import compat, cyclegan, pix2pix

TABLES = Path(__file__).parent / "checkpoints"


def official(table, shrink=1):
    """Random weights under the official names; channels divided by `shrink`, pictures and kernels left alone."""
    state, generator = {}, torch.Generator().manual_seed(0)
    for line in (TABLES / table).read_text().splitlines():
        if line.startswith("#"):
            continue
        name, shape = line.split(" ", 1)
        shape = [side if side <= 7 else side // shrink for side in json.loads(shape)]
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        elif name.endswith("running_var"):
            state[name] = torch.rand(shape, generator=generator) + 0.5
        else:
            state[name] = 0.05 * torch.randn(shape, generator=generator)
    return state


def normed(state, kind):
    """The same network with another norm: theirs has biases where InstanceNorm follows, and otherwise none."""
    strength = 2 if kind == "none" else 1  # nothing else keeps the signal alive
    found = {name: strength * value for name, value in state.items() if value.ndim == 4 or name in LAST}
    for name, value in list(found.items()):
        channels = value.shape[1 if is_transposed(name) else 0]
        layer = name.removesuffix(".weight")
        if not name.endswith(".weight") or f"{layer}.bias" in LAST:
            continue
        if kind == "instance":
            found[f"{layer}.bias"] = torch.randn(channels) * 0.1
        parts = layer.split(".")
        norm = ".".join([*parts[:-1], str(int(parts[-1]) + 1)])
        unnormed = layer == "model.model.0" or (layer.endswith(".1") and f"{layer[:-1]}5.weight" not in state)
        if kind == "batch" and not (layer.startswith("model.model") and unnormed):
            found |= {f"{norm}.{part}": torch.rand(channels) + 0.5 for part in ("weight", "running_var")}
            found |= {f"{norm}.{part}": torch.randn(channels) * 0.1 for part in ("bias", "running_mean")}
    return found


LAST = ("model.model.3.bias", "model.26.bias")


def is_transposed(name):
    return name in ("model.19.weight", "model.22.weight") or (name.startswith("model.model") and name[-8] in "35")


def norm(state, x, key, convolution):
    if f"{key}.weight" in state:
        parts = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(state[f"{key}.{part}"] for part in parts))
    return F.instance_norm(x) if f"{convolution}.bias" in state else x


def unet(state, x, prefix="model.", level=0):
    """The official nesting, written down as their forward pass goes through it; in evaluation mode."""

    def leaky(x):
        return F.leaky_relu(x, 0.2)

    inner = f"{prefix}model."

    def layer(key):
        return state[f"{inner}{key}.weight"], state.get(f"{inner}{key}.bias")

    if level == 0:
        middle = unet(state, F.conv2d(x, *layer("0"), 2, 1), f"{inner}1.", 1)
        return F.conv_transpose2d(middle.relu(), state[f"{inner}3.weight"], state[f"{inner}3.bias"], 2, 1).tanh()
    x = leaky(x)  # in place there, so that the shortcut has it, too
    down = F.conv2d(x, *layer("1"), 2, 1)
    if f"{inner}5.weight" in state:
        middle = unet(state, norm(state, down, f"{inner}2", f"{inner}1"), f"{inner}3.", level + 1)
        up = norm(state, F.conv_transpose2d(middle.relu(), *layer("5"), 2, 1), f"{inner}6", f"{inner}5")
    else:
        up = norm(state, F.conv_transpose2d(down.relu(), *layer("3"), 2, 1), f"{inner}4", f"{inner}3")
    return torch.cat([x, up], 1)


def resnet(state, x):
    """The official list of layers by their numbers."""

    def conv(x, key, stride=1, reflect=0, padding=0):
        x = F.pad(x, [reflect] * 4, mode="reflect") if reflect else x
        return F.conv2d(x, state[f"model.{key}.weight"], state.get(f"model.{key}.bias"), stride, padding)

    def doubled(x, key):
        return F.conv_transpose2d(x, state[f"model.{key}.weight"], state.get(f"model.{key}.bias"), 2, 1, 1)

    def same(x, key, after):
        return norm(state, x, f"model.{after}", f"model.{key}")

    x = same(conv(x, 1, reflect=3), 1, 2).relu()
    for key in (4, 7):
        x = same(conv(x, key, stride=2, padding=1), key, key + 1).relu()
    for block in range(10, 19):
        inner = f"{block}.conv_block."
        y = same(conv(x, f"{inner}1", reflect=1), f"{inner}1", f"{inner}2").relu()
        x = x + same(conv(y, f"{inner}5", reflect=1), f"{inner}5", f"{inner}6")
    for key in (19, 22):
        x = same(doubled(x, key), key, key + 1).relu()
    return conv(x, 26, reflect=3).tanh()


def saved(tmp_path, state):
    torch.save(state, tmp_path / "latest_net_G.pth")
    return tmp_path / "latest_net_G.pth"


@pytest.mark.parametrize(
    ("table", "kind", "count"),
    [
        ("pix2pix-unet_256.txt", pix2pix.Generator, 54_413_955),
        ("cyclegan-resnet_9blocks.txt", cyclegan.Generator, 11_378_179),
    ],
)
def test_the_whole_official_file_fits(table: str, kind: type, count: int, tmp_path: Path) -> None:
    network = compat.load_generator(saved(tmp_path, official(table)))
    assert isinstance(network, kind) and not network.training
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_u_net_computes_what_the_official_nesting_does(prefix: str, tmp_path: Path) -> None:
    state = official("pix2pix-unet_256.txt", shrink=16)
    x = torch.rand(2, 3, 256, 256) * 2 - 1
    old = {prefix + name: value for name, value in state.items() if "num_batches" not in name}  # old files lack them
    with torch.no_grad():
        found, expected = compat.load_generator(saved(tmp_path, old))(x), unet(state, x)
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("old", [False, True])
def test_the_resnet_computes_what_the_official_list_does(old: bool, tmp_path: Path) -> None:
    state = official("cyclegan-resnet_9blocks.txt", shrink=8)
    expected = resnet(state, x := torch.rand(1, 3, 32, 48) * 2 - 1)
    if old:  # behind a dropout, and with statistics that InstanceNorm never used
        state = {name.replace("conv_block.5", "conv_block.6"): value for name, value in state.items()}
        state |= {"model.2.running_mean": torch.zeros(8), "model.2.running_var": torch.ones(8)}
    with torch.no_grad():
        found = compat.load_generator(saved(tmp_path, state))(x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["instance", "none", "batch"])
def test_every_norm_of_the_official_options_loads(kind: str, tmp_path: Path) -> None:
    state = normed(official("pix2pix-unet_256.txt", shrink=32), kind)
    x = torch.rand(1, 3, 256, 256) * 2 - 1
    with torch.no_grad():
        found, expected = compat.load_generator(saved(tmp_path, state))(x), unet(state, x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    state = normed(official("cyclegan-resnet_9blocks.txt", shrink=16), kind)
    state["model.26.weight"], state["model.26.bias"] = state["model.26.weight"][:1], state["model.26.bias"][:1]
    x = torch.rand(1, 3, 32, 48) * 2 - 1
    path = saved(tmp_path, state)
    with torch.no_grad():
        found, expected = compat.load_generator(path)(x), resnet(state, x)
    assert found.shape == (1, 1, 32, 48) and expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert zoo.open_translator(path).translate(x[..., :30]).shape == (1, 1, 32, 30)


def test_a_generator_for_gray_pictures_gets_gray_ones(tmp_path: Path) -> None:
    state = official("cyclegan-resnet_9blocks.txt", shrink=16)
    state["model.1.weight"] = state["model.1.weight"][:, :1].clone()
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    gray = 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:]
    found = zoo.open_translator(saved(tmp_path, state)).translate(x)
    torch.testing.assert_close(found, resnet(state, gray), rtol=1e-4, atol=1e-5)


def pytorch_example(latent=10, width=4):
    """Random weights under the names of the example's netG: `main` counts every layer."""
    state, before = {}, latent
    for place, after in zip((0, 3, 6, 9, 12), (8 * width, 4 * width, 2 * width, width, 3)):
        state[f"main.{place}.weight"] = torch.randn(before, after, 4, 4) * 0.2
        if after != 3:
            norm = f"main.{place + 1}."
            state |= {f"{norm}weight": torch.rand(after) + 0.5, f"{norm}bias": torch.randn(after) * 0.1}
            state |= {f"{norm}running_mean": torch.randn(after) * 0.1, f"{norm}running_var": torch.rand(after) + 0.5}
            state[f"{norm}num_batches_tracked"] = torch.tensor(3)
        before = after
    return state


def test_the_pytorch_examples_generator_draws_the_same(tmp_path: Path) -> None:
    state = pytorch_example()
    z = torch.randn(3, 10)
    x = F.conv_transpose2d(z[:, :, None, None], state["main.0.weight"])
    for place in (1, 4, 7, 10):
        x = norm(state, x, f"main.{place}", "").relu()
        x = F.conv_transpose2d(x, state[f"main.{place + 2}.weight"], None, 2, 1)
    model = zoo.open_model(saved(tmp_path, state))
    assert (model.size, model.latent) == (64, 10)
    assert torch.equal(model.generate(z), x.tanh())
    with pytest.raises(LabError, match="draws pictures and translates none"):
        zoo.open_translator(tmp_path / "latest_net_G.pth")


@pytest.mark.parametrize("name", ["a.pth", "a.pt", "a.pkl", "a.ckpt", "a.safetensors", "a", "a.png"])
def test_a_file_is_what_it_holds_whatever_its_name(name: str, tmp_path: Path) -> None:
    state = official("cyclegan-resnet_9blocks.txt", shrink=16)
    torch.save(state, tmp_path / name)
    assert isinstance(zoo.open_translator(tmp_path / name).network, cyclegan.Generator)
    save_file(state, tmp_path / name)
    assert isinstance(zoo.open_translator(tmp_path / name).network, cyclegan.Generator)
    save_weights(tmp_path / name, "cyclegan.generator", {"blocks": 1, "width": 2}, cyclegan.Generator(1, 2))
    assert len(zoo.open_translator(tmp_path / name).network) == 18
    with pytest.raises(LabError, match="translates pictures and draws none"):
        zoo.open_model(tmp_path / name)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "netG.module."])
@pytest.mark.parametrize("around", [(), ("state_dict",), ("model", "netG")])
def test_what_others_put_around_a_network_is_taken_off(prefix: str, around: tuple, tmp_path: Path) -> None:
    state = official("cyclegan-resnet_9blocks.txt", shrink=16)
    whole = {f"{prefix}{name}": value for name, value in state.items()}
    for name in around:
        whole = {name: whole, "epoch": 3, "args": argparse.Namespace(lr=1e-4), "names": {"a"}, "best": np.float64(3)}
    network = compat.load_generator(saved(tmp_path, whole))
    assert torch.equal(network[0].weight, state["model.1.weight"])


def test_a_runs_checkpoint_is_called_one(tmp_path: Path) -> None:
    torch.save({"step": 1, "recipe": {"G": {"1.weight": torch.zeros(2)}}}, tmp_path / "step-00000001.pt")
    with pytest.raises(LabError, match="a checkpoint of a run"):
        zoo.open_model(tmp_path / "step-00000001.pt")


class Malicious:
    def __reduce__(self):
        return os.system, ("touch ran",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_would_run_code_is_refused_and_nothing_runs(zipped, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "latest_net_G.pth"
    if zipped:
        torch.save({"model.1.weight": Malicious()}, path)
    else:
        path.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(LabError, match="not opened"):
        compat.load_generator(path)
    assert not (tmp_path / "ran").exists()


def test_what_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    def says(path: Path, what: str) -> None:
        with pytest.raises(LabError, match=re.escape(what)) as caught:
            compat.load_generator(path)
        assert "\n" not in str(caught.value)

    state = official("cyclegan-resnet_9blocks.txt", shrink=8)
    says(tmp_path / "nothing.pth", "check the path")
    (tmp_path / "empty.pth").write_bytes(b"")
    says(tmp_path / "empty.pth", "not opened")
    says(saved(tmp_path, {"a": torch.zeros(3)}), "no generator that this course knows")
    says(saved(tmp_path, {"G_A": state, "G_B": state}), "more than one generator (")
    says(saved(tmp_path, [1, 2]), "no tensors")
    says(saved(tmp_path, {**state, "model.40.weight": torch.zeros(3)}), "model.40.weight")
    says(saved(tmp_path, {**state, "model.7.bias": torch.zeros(3)}), "model.7.bias")
    says(saved(tmp_path, {name: value for name, value in state.items() if name != "model.22.bias"}), "model.22.bias")


@pytest.mark.parametrize(
    "state",
    [
        {"model.model.0.weight": torch.zeros(4), "model.model.3.weight": torch.zeros(4)},
        {"model.model.0.weight": torch.zeros(4, 4, 4, 4), "model.model.3.weight": torch.zeros(4)},
        {"model.model.0.weight": torch.zeros(0, 3, 4, 4), "model.model.3.weight": torch.zeros(0, 3, 4, 4)},
        {"model.1.weight": torch.zeros(())},
        {"model.1.weight": torch.zeros(0, 16)},
    ],
    ids=lambda state: "-".join(str(tuple(value.shape)) for value in state.values()),
)
def test_tensors_of_odd_shapes_are_one_sentence(state: dict, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="latest_net_G.pth ") as caught:
        compat.load_generator(saved(tmp_path, state))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "pickled", [b"a.", b"K\x01\x85R.", b"}]K\x01s.", b"M\x01", b"J.", b"h\x07.", b"X\x01\x00\x00\x00\xff.", b""]
)
def test_damaged_files_are_one_sentence(pickled: bytes, tmp_path: Path) -> None:
    (tmp_path / "latest_net_G.pth").write_bytes(b"\x80\x02" + pickled)
    with pytest.raises(LabError, match="latest_net_G.pth was not opened"):
        compat.load_generator(tmp_path / "latest_net_G.pth")


def test_an_official_file_translates_pictures_of_any_size(tmp_path: Path) -> None:
    path = saved(tmp_path, official("cyclegan-resnet_9blocks.txt", shrink=8))
    model = zoo.open_translator(path)
    assert model.translate(torch.zeros(1, 3, 30, 41)).shape == (1, 3, 30, 41)
    with pytest.raises(LabError, match="one direction"):
        model.translate(torch.zeros(1, 3, 32, 32), back=True)
