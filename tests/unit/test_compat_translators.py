"""Official checkpoints of U-GAT-IT and AnimeGANv2: their keys, random weights, a second way to compute with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from animelab import zoo
from animelab.cli import main
from animelab.errors import LabError
from animelab.nn import animegan, compat, pix2pix, ugatit
from animelab.nn.layout import prepared

TABLES = Path(__file__).parent / "checkpoints"


def official(table: str, shrink: int = 1, seed: int = 0) -> dict:
    """Random weights under the official names; channels divided by `shrink`, pictures and kernels left alone."""
    state, generator = {}, torch.Generator().manual_seed(seed)
    for line in (TABLES / table).read_text().splitlines():
        if not line.startswith("#"):
            name, shape = line.split(" ", 1)
            sides = [side if side <= 7 else side // shrink for side in json.loads(shape)]
            state[name] = torch.randn(sides, generator=generator) * 0.2
            if name.endswith("rho"):
                state[name] = torch.rand(sides, generator=generator)
    return state


def saved(tmp_path: Path, state: dict) -> Path:
    torch.save(state, tmp_path / "generator.pt")
    return tmp_path / "generator.pt"


def their_ugatit(s: dict, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """znxlwm's generator, by the numbers of its layers."""

    def conv(x, key, reflect, stride=1):
        return F.conv2d(F.pad(x, [reflect] * 4, mode="reflect"), s[f"{key}.weight"], None, stride)

    def mixed(x, rho, gamma, beta):
        flat = x.flatten(2)
        one = (x - flat.mean(2)[..., None, None]) / torch.sqrt(flat.var(2)[..., None, None] + 1e-5)
        all_ = (x - x.flatten(1).mean(1)[:, None, None, None]) / torch.sqrt(
            x.flatten(1).var(1)[:, None, None, None] + 1e-5
        )
        return (rho * one + (1 - rho) * all_) * gamma + beta

    x = F.instance_norm(conv(x, "DownBlock.1", 3)).relu()
    for key in (5, 9):
        x = F.instance_norm(conv(x, f"DownBlock.{key}", 1, 2)).relu()
    for block in (12, 13, 14, 15):
        y = F.instance_norm(conv(x, f"DownBlock.{block}.conv_block.1", 1)).relu()
        x = x + F.instance_norm(conv(y, f"DownBlock.{block}.conv_block.5", 1))
    averaged, largest = x.mean((2, 3)) @ s["gap_fc.weight"].T, x.amax((2, 3)) @ s["gmp_fc.weight"].T
    both = torch.cat([x * s["gap_fc.weight"][..., None, None], x * s["gmp_fc.weight"][..., None, None]], 1)
    x = F.conv2d(both, s["conv1x1.weight"], s["conv1x1.bias"]).relu()
    heat = x.sum(1)
    style = (x.flatten(1) if "full" in s else x.mean((2, 3))) @ s["FC.0.weight"].T
    style = (style.relu() @ s["FC.2.weight"].T).relu()
    gamma, beta = ((style @ s[f"{name}.weight"].T)[..., None, None] for name in ("gamma", "beta"))
    for block in (1, 2, 3, 4):
        key = f"UpBlock1_{block}"
        y = mixed(conv(x, f"{key}.conv1", 1), s[f"{key}.norm1.rho"], gamma, beta).relu()
        x = x + mixed(conv(y, f"{key}.conv2", 1), s[f"{key}.norm2.rho"], gamma, beta)
    for key in (2, 7):
        x = conv(F.interpolate(x, scale_factor=2), f"UpBlock2.{key}", 1)
        x = mixed(x, *(s[f"UpBlock2.{key + 1}.{name}"] for name in ("rho", "gamma", "beta"))).relu()
    return conv(x, "UpBlock2.11", 3).tanh(), torch.cat([averaged, largest], 1), heat


def their_animegan(s: dict, x: torch.Tensor, align_corners: bool = False) -> torch.Tensor:
    """bryandlee's generator, with its upsampling as its test.py has it."""

    def block(x, key, kernel, stride=1, groups=1):
        sides = (0, 1, 0, 1) if stride == 2 else [kernel // 2] * 4
        x = F.pad(x, sides, mode="reflect")
        x = F.conv2d(x, s[f"{key}.1.weight"], s.get(f"{key}.1.bias"), stride, groups=groups)
        return F.leaky_relu(F.group_norm(x, 1, s[f"{key}.2.weight"], s[f"{key}.2.bias"]), 0.2)

    def doubled(x):
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=align_corners)

    x = block(block(block(x, "block_a.0", 7), "block_a.1", 3, 2), "block_a.2", 3)
    x = block(block(x, "block_b.0", 3, 2), "block_b.1", 3)
    x = block(x, "block_c.0", 3)
    for i in (1, 2, 3, 4):
        key = f"block_c.{i}.layers"
        y = block(x, f"{key}.0", 1)
        y = block(y, f"{key}.1", 3, groups=y.shape[1])
        y = F.conv2d(y, s[f"{key}.2.weight"])
        y = F.group_norm(y, 1, s[f"{key}.3.weight"], s[f"{key}.3.bias"])
        x = x + y if x.shape == y.shape else y
    x = block(x, "block_c.5", 3)
    x = block(block(doubled(x), "block_d.0", 3), "block_d.1", 3)
    x = block(block(block(doubled(x), "block_e.0", 3), "block_e.1", 3), "block_e.2", 7)
    return F.conv2d(x, s["out_layer.0.weight"]).tanh()


def test_the_whole_official_files_fit(tmp_path: Path) -> None:
    network = compat.load_generator(saved(tmp_path, official("animeganv2-bryandlee.txt")))
    assert isinstance(network, animegan.Generator) and not network.training
    assert sum(p.numel() for p in network.parameters()) == 2_143_552
    both = {name: official("ugatit-light-256.txt") for name in ("genA2B", "genB2A", "disLA")}
    network = compat.load_generator(saved(tmp_path, both))
    assert isinstance(network, ugatit.Pair)
    assert sum(p.numel() for p in network.parameters()) == 2 * 10_589_888


@pytest.mark.parametrize("full", [False, True])
def test_u_gat_it_computes_what_the_official_code_does_in_both_directions(full: bool, tmp_path: Path) -> None:
    sides = {name: official("ugatit-light-256.txt", 16, seed) for seed, name in enumerate(("genA2B", "genB2A"))}
    for state in sides.values() if full else ():
        state["FC.0.weight"] = torch.randn(16, 16 * 8 * 8) * 0.1  # of 32 pixels
    network = compat.load_generator(saved(tmp_path, sides))
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    for ours, theirs in ((network.a_to_b, "genA2B"), (network.b_to_a, "genB2A")):
        with torch.no_grad():
            found, expected = ours(x), their_ugatit(sides[theirs] | ({"full": 1} if full else {}), x)
        for a, b in zip(found, expected):
            assert torch.allclose(a, b, atol=1e-4, rtol=1e-3)
    assert torch.equal(network(x), network.a_to_b(x).out)
    if full:
        with pytest.raises(LabError, match="32 x 32 pixels"):
            network(torch.zeros(1, 3, 64, 64))


def test_animeganv2_computes_what_the_official_port_does_in_both_its_ways(tmp_path: Path) -> None:
    state = official("animeganv2-bryandlee.txt", 8)
    for name, value in state.items():
        value += value.ndim == 1 and name.endswith("weight")  # norms that let the picture through
    path, x = saved(tmp_path, state), torch.rand(2, 3, 48, 64) * 2 - 1
    usual, hub = their_animegan(state, x), their_animegan(state, x, align_corners=True)
    assert (usual - hub).abs().max() > 0.01
    torch.testing.assert_close(zoo.open_translator(path).translate(x), usual, rtol=0, atol=1e-5)
    torch.testing.assert_close(zoo.open_translator(path, "align_corners").translate(x), hub, rtol=0, atol=1e-5)
    with pytest.raises(LabError, match="has no option 'dropout'; it has: align_corners"):
        zoo.open_translator(path, "dropout")


def test_pix2pix_can_draw_as_in_training() -> None:
    usual, restless = (zoo.open_translator("pix2pix-color-64", *options) for options in ((), ("dropout",)))
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    network = prepared(pix2pix.Generator(64, 16))  # dropout draws in the order of memory
    network.load_state_dict(usual.network.state_dict())
    network.train()
    torch.manual_seed(3)
    expected = torch.cat([network(one[None]).detach() for one in x])  # each by itself
    torch.manual_seed(3)
    assert torch.equal(restless.translate(x), expected)
    assert not torch.equal(restless.translate(x), expected), "no two are alike"
    assert torch.equal(usual.translate(x), usual.translate(x))
    with pytest.raises(LabError, match="as a whole, up to 640 x 640 px"):
        restless.translate(torch.zeros(1, 3, 64, 704))


def test_a_light_u_gat_it_names_no_size_and_gets_its_authors(tmp_path: Path, capsys) -> None:
    state, photo = official("ugatit-light-256.txt", 16), tmp_path / "face.png"
    Image.new("RGB", (40, 24), "white").save(photo)
    path = tmp_path / "selfie2anime_params_latest.pt"
    torch.save({"genA2B": state, "genB2A": state}, path)
    assert zoo.open_translator(path).square == 256
    assert main(["translate", str(path), str(photo), "--fit", "letterboxed", "--out", str(tmp_path / "a")]) == 0
    assert Image.open(tmp_path / "a" / "face.png").size == (256, 256)
    assert "256 px" in capsys.readouterr().out
    options = ["--fit", "letterboxed", "--side", "32", "--out", str(tmp_path / "b")]
    assert main(["translate", str(path), str(photo), *options]) == 0
    assert Image.open(tmp_path / "b" / "face.png").size == (32, 32)


@pytest.mark.parametrize("way", ["genA2B alone", "genB2A alone", "its tensors alone", "on several GPUs", "flat"])
def test_one_direction_alone_is_a_network(way: str, tmp_path: Path) -> None:
    state = official("ugatit-light-256.txt", 16)
    whole = {"genA2B alone": {"genA2B": state}, "genB2A alone": {"genB2A": state}, "its tensors alone": state}
    whole["on several GPUs"] = {"genA2B": {f"module.{key}": value for key, value in state.items()}}
    whole["flat"] = {f"genA2B.{key}": value for key, value in state.items()}
    model = zoo.open_translator(saved(tmp_path, whole[way]))
    assert isinstance(model.network, ugatit.Generator)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    torch.testing.assert_close(model.translate(x), their_ugatit(state, x)[0], rtol=1e-3, atol=1e-4)
    with pytest.raises(LabError, match="one direction"):
        model.translate(x, back=True)


def znxlwm(blocks: int = 8, width: int = 64) -> dict:
    """Random weights under the names of znxlwm's CartoonGAN; its norms have none."""
    w = width
    down = {
        0: (w, 3, 7, 7),
        3: (2 * w, w, 3, 3),
        4: (2 * w, 2 * w, 3, 3),
        7: (4 * w, 2 * w, 3, 3),
        8: (4 * w, 4 * w, 3, 3),
    }
    up = {0: (4 * w, 2 * w, 3, 3), 1: (2 * w, 2 * w, 3, 3), 4: (2 * w, w, 3, 3), 5: (w, w, 3, 3), 8: (3, w, 7, 7)}
    shapes = {f"down_convs.{place}": shape for place, shape in down.items()}
    shapes |= {f"resnet_blocks.{i}.conv{k}": (4 * w, 4 * w, 3, 3) for i in range(blocks) for k in (1, 2)}
    shapes |= {f"up_convs.{place}": shape for place, shape in up.items()}
    state = {f"{name}.weight": torch.randn(shape) * 0.1 for name, shape in shapes.items()}
    transposed = ("up_convs.0", "up_convs.4")
    return state | {f"{n}.bias": torch.randn(s[1 if n in transposed else 0]) * 0.1 for n, s in shapes.items()}


def test_the_other_cartoongan_computes_what_its_code_does(tmp_path: Path) -> None:
    state = znxlwm(3, 4)

    def conv(x, key, stride=1):
        weight = state[f"{key}.weight"]
        return F.conv2d(x, weight, state[f"{key}.bias"], stride, weight.shape[2] // 2)

    x = picture = torch.rand(1, 3, 32, 48) * 2 - 1
    x = F.instance_norm(conv(x, "down_convs.0")).relu()
    for place in (3, 7):
        x = F.instance_norm(conv(conv(x, f"down_convs.{place}", 2), f"down_convs.{place + 1}")).relu()
    for i in range(3):
        y = F.instance_norm(conv(x, f"resnet_blocks.{i}.conv1")).relu()
        x = x + F.instance_norm(conv(y, f"resnet_blocks.{i}.conv2"))
    for place in (0, 4):
        x = F.conv_transpose2d(x, *(state[f"up_convs.{place}.{part}"] for part in ("weight", "bias")), 2, 1, 1)
        x = F.instance_norm(conv(x, f"up_convs.{place + 1}")).relu()
    expected = conv(x, "up_convs.8").tanh()
    found = zoo.open_translator(saved(tmp_path, state)).translate(picture)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_whole_other_cartoongan_fits(tmp_path: Path) -> None:
    network = compat.load_generator(saved(tmp_path, znxlwm()))
    assert sum(p.numel() for p in network.parameters()) == 11_120_195
    plain = {"convs.0.weight": torch.zeros(32, 3, 3, 3), "convs.16.weight": torch.zeros(1, 256, 3, 3)}
    with pytest.raises(LabError, match="a discriminator draws nothing"):
        compat.load_generator(saved(tmp_path, plain))


@pytest.mark.parametrize(
    ("model", "size", "options", "says"),
    [
        ("pix2pix-color-64", (128, 128), [], "'pix2pix-color-64' learned from 64 px: --side 64"),
        ("pix2pix-color-64", (128, 128), ["--side", "64"], None),
        ("pix2pix-color-64", (64, 80), [], None),
        ("cyclegan-portrait-cel-64", (96, 128), [], "learned from 64 px: --side 64"),
        ("ugatit-portrait-cel-64", (64, 80), [], "learned from faces of 64 px: --fit aligned"),
        ("ugatit-portrait-cel-64", (64, 80), ["--fit", "cropped"], None),
    ],
)
def test_a_size_that_a_model_never_saw_is_said(model, size, options, says, tmp_path: Path, capsys) -> None:
    for name in ("a", "b"):
        Image.new("RGB", size, "white").save(tmp_path / f"{name}.png")
    inputs = [str(tmp_path / f"{name}.png") for name in ("a", "b")]
    assert main(["translate", model, *inputs, *options, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.count(says) == 1 if says else "learned from" not in said


def test_every_bundled_translator_says_its_size() -> None:
    for name in zoo.names("translator"):
        assert zoo.load(name).side == int(name.rpartition("-")[2])


def test_the_command_line_takes_an_option_and_says_which_way_is_usual(tmp_path: Path, capsys) -> None:
    path = saved(tmp_path, official("animeganv2-bryandlee.txt", 8))
    Image.new("RGB", (32, 32), "white").save(tmp_path / "a.png")
    command = ["translate", str(path), str(tmp_path / "a.png"), "--out"]
    assert main([*command, str(tmp_path / "one")]) == 0
    assert "--option align_corners" in capsys.readouterr().out
    assert main([*command, str(tmp_path / "two"), "--option", "align_corners"]) == 0
    assert "--option" not in capsys.readouterr().out
    assert main([*command, str(tmp_path / "three"), "--option", "nothing"]) == 1
    assert "has no option 'nothing'; it has: align_corners" in capsys.readouterr().err


def test_a_file_with_a_part_missing_or_too_much_is_refused(tmp_path: Path) -> None:
    state = official("animeganv2-bryandlee.txt", 8)
    for wrong in (
        {key: value for key, value in state.items() if key != "block_c.2.layers.3.bias"},
        state | {"block_f.0.weight": torch.zeros(1)},
    ):
        with pytest.raises(LabError, match="does not fit"):
            compat.load_generator(saved(tmp_path, wrong))


@pytest.mark.parametrize("shape", [(), (16,), (0, 16), (16, 0), (0, 3, 7, 7)])
@pytest.mark.parametrize("key", ["block_a.0.1.weight", "genA2B.DownBlock.1.weight", "genA2B.FC.0.weight"])
def test_tensors_of_odd_shapes_are_one_sentence(key: str, shape: tuple, tmp_path: Path) -> None:
    state = {"genA2B.DownBlock.1.weight": torch.zeros(4, 3, 7, 7), "genA2B.FC.0.weight": torch.zeros(16, 16)}
    state = (state if "gen" in key else {}) | {key: torch.zeros(shape)}
    with pytest.raises(LabError, match="generator.pt ") as caught:
        compat.load_generator(saved(tmp_path, state))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["sparse", "quantized", "meta"])
def test_tensors_without_plain_numbers_are_refused(kind: str, tmp_path: Path) -> None:
    state = official("animeganv2-bryandlee.txt", 8)
    last = state["out_layer.0.weight"]
    state["out_layer.0.weight"] = {
        "sparse": last.to_sparse(),
        "quantized": torch.quantize_per_tensor(last, 1.0, 0, torch.qint8),
        "meta": last.to("meta"),
    }[kind]
    with pytest.raises(LabError, match="generator.pt holds more than weights|does not fit"):
        compat.load_generator(saved(tmp_path, state))
