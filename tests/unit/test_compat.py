"""Official checkpoints: tables of their keys, random weights under those names, a second way to compute with them.

The tables in checkpoints/ list names and shapes inside `latest_net_G.pth` of pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

import json
import os
import pickle
import re
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from animelab import zoo
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


def unet(state, x, prefix="model.", level=0):
    """The official nesting, written down as their forward pass goes through it; in evaluation mode."""

    def norm(x, key):
        return F.batch_norm(x, *(state[f"{key}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))

    def leaky(x):
        return F.leaky_relu(x, 0.2)

    inner = f"{prefix}model."
    if level == 0:
        middle = unet(state, F.conv2d(x, state[f"{inner}0.weight"], None, 2, 1), f"{inner}1.", 1)
        return F.conv_transpose2d(middle.relu(), state[f"{inner}3.weight"], state[f"{inner}3.bias"], 2, 1).tanh()
    x = leaky(x)  # in place there, so that the shortcut has it, too
    down = F.conv2d(x, state[f"{inner}1.weight"], None, 2, 1)
    if f"{inner}5.weight" in state:
        middle = unet(state, norm(down, f"{inner}2"), f"{inner}3.", level + 1)
        up = norm(F.conv_transpose2d(middle.relu(), state[f"{inner}5.weight"], None, 2, 1), f"{inner}6")
    else:
        up = norm(F.conv_transpose2d(down.relu(), state[f"{inner}3.weight"], None, 2, 1), f"{inner}4")
    return torch.cat([x, up], 1)


def resnet(state, x):
    """The official list of layers by their numbers."""

    def conv(x, key, stride=1, reflect=0, padding=0):
        x = F.pad(x, [reflect] * 4, mode="reflect") if reflect else x
        return F.conv2d(x, state[f"model.{key}.weight"], state[f"model.{key}.bias"], stride, padding)

    def doubled(x, key):
        return F.conv_transpose2d(x, state[f"model.{key}.weight"], state[f"model.{key}.bias"], 2, 1, 1)

    x = F.instance_norm(conv(x, 1, reflect=3)).relu()
    for key in (4, 7):
        x = F.instance_norm(conv(x, key, stride=2, padding=1)).relu()
    for block in range(10, 19):
        y = F.instance_norm(conv(x, f"{block}.conv_block.1", reflect=1)).relu()
        x = x + F.instance_norm(conv(y, f"{block}.conv_block.5", reflect=1))
    for key in (19, 22):
        x = F.instance_norm(doubled(x, key)).relu()
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
