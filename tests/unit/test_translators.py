"""Conditional models and models that translate: sizes, directions, seeds; and the command `translate`."""

from __future__ import annotations

import dataclasses

import numpy as np
import processes
import pytest
import torch
from PIL import Image

from animelab import latent, losses, metrics, zoo
from animelab.cli import main
from animelab.data import StudioPairs, StudioUnpaired, fitted
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.nn import cyclegan, pix2pix, r3gan, ugatit
from animelab.recipes import cyclegan as cyclegan_recipe
from animelab.studio import TAGS, Character, render
from animelab.viz import as_pixels


@pytest.fixture(scope="module")
def model() -> zoo.Conditional:
    return zoo.load("makegirlsmoe-faces-64")


def test_orders_are_of_characters_it_never_saw_and_go_together(model: zoo.Conditional) -> None:
    orders = model.orders(64, seed=3)
    assert orders.shape == (64, len(TAGS)) and torch.equal(orders, model.orders(64, seed=3))
    others = [model.orders(64, seed) for seed in (103, 2**63 - 1, -(2**63))]
    assert all(not torch.equal(orders, each) for each in others), "any seed that PyTorch takes"
    assert torch.equal(others[0][:2], model.orders(2, 103))
    assert not torch.equal(orders, model.orders(64, seed=4))
    hair = [i for i, tag in enumerate(TAGS) if tag.endswith(" hair")]
    assert torch.equal(orders[:, hair].sum(1), torch.ones(64))


def test_a_sample_follows_its_condition_and_the_first_do_not_depend_on_how_many(model: zoo.Conditional) -> None:
    torch.testing.assert_close(model.sample(5, seed=1)[:2], model.sample(2, seed=1), rtol=0, atol=1e-3)
    blonde, blue = (latent.attributes(f"{hair} hair, green eyes, short") for hair in ("blonde", "blue"))
    one, other = (model.sample(64, seed=1, attributes=words) for words in (blonde, blue))
    assert torch.equal(model.sample(64, seed=1, attributes=blonde), one)
    assert metrics.attribute_accuracy(one, blonde.expand(64, -1))["hair color"] > 0.8
    assert metrics.attribute_accuracy(other, blue.expand(64, -1))["hair color"] > 0.8


@pytest.mark.parametrize("name", ["pix2pix-color-64", "pix2pix-parts-64", "cyclegan-portrait-cel-64"])
@pytest.mark.parametrize("size", [(64, 64), (100, 40), (17, 130)])
def test_pictures_of_any_size_come_back_in_their_size(name: str, size: tuple[int, int]) -> None:
    pictures = torch.rand(2, 3, *size) * 2 - 1
    out = zoo.load(name).translate(pictures)
    assert out.shape == pictures.shape and out.abs().max() <= 1


def test_padding_does_not_move_the_picture() -> None:
    model = zoo.load("cyclegan-portrait-cel-64")
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 9), (64, 72), mode="bilinear") * 2 - 1
    whole, cut = model.translate(picture), model.translate(picture[..., :61, :70])
    away = (whole[..., :40, :48] - cut[..., :40, :48]).abs().mean()
    moved = (whole[..., :40, 1:49] - cut[..., :40, :48]).abs().mean()
    assert away < 0.5 * moved


def test_the_colorist_keeps_lines_and_decides_where_l1_is_gray() -> None:
    lines, colors = StudioPairs("line", "color", 64, 64, prior="frontal", split="test").batch(range(64))
    answers = {name: zoo.load(f"pix2pix-{name}-64").translate(lines) for name in ("color", "l1")}
    ink = lines.mean(1) < -0.6
    gray = {name: picture.std(1).mean() for name, picture in answers.items()}
    assert answers["color"].mean(1)[ink].mean() < answers["color"].mean(1)[~ink].mean() - 0.5, "ink stays dark"
    assert gray["color"] > 2 * gray["l1"], "with a discriminator it is more colorful"
    close = {name: (picture - colors).abs().mean() for name, picture in answers.items()}
    assert close["l1"] < close["color"], "and farther from the one right answer"


def test_the_translator_of_styles_comes_nearer_to_the_truth_and_back() -> None:
    held_out = StudioUnpaired("portrait", "cel", 64, 48, prior="frontal", split="test")
    portraits, cels = held_out.batch(range(48))
    model = zoo.load("cyclegan-portrait-cel-64")
    truth, back = held_out.truth(range(48)), held_out.truth(range(48), to="a")
    assert (model.translate(portraits) - truth).abs().mean() < 0.6 * (portraits - truth).abs().mean()
    assert (model.translate(cels, back=True) - back).abs().mean() < 0.6 * (cels - back).abs().mean()


def test_one_direction_is_not_two() -> None:
    with pytest.raises(LabError, match="one direction"):
        zoo.load("pix2pix-color-64").translate(torch.zeros(1, 3, 64, 64), back=True)
    with pytest.raises(LabError, match="animelab sample"):
        zoo.open_translator("dcgan-faces-64")
    with pytest.raises(LabError, match="animelab translate"):
        zoo.open_model("pix2pix-color-64")
    with pytest.raises(LabError, match="pix2pix-color-64"):
        zoo.open_translator("pix2pix-colour-64")


@pytest.fixture
def translate(tmp_path):
    """`animelab translate` with a tiny untrained network, in a process of its own."""
    torch.manual_seed(0)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    save_weights(folder / "weights.safetensors", "cyclegan.pair", {"blocks": 1, "width": 4}, cyclegan.Pair(1, 4))

    def command(*arguments, code=0):
        result = processes.run(["animelab", "translate", folder, *arguments])
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result.stdout if code == 0 else result.stderr

    return command


def test_a_folder_is_translated_with_alpha_and_sizes_kept(translate, tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    rgba = np.zeros((33, 50, 4), np.uint8)
    rgba[:, :25] = 200, 100, 50, 255
    Image.fromarray(rgba).save(pages / "sprite.png")
    Image.fromarray(rgba[..., :3]).save(pages / "photo.jpg")
    (pages / "broken.png").write_bytes(b"no picture")
    Image.new("RGB", (8, 300)).save(pages / "thin.png")
    translate(pages, "--out", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["photo.png", "sprite.png"]
    with Image.open(tmp_path / "out" / "sprite.png") as sprite, Image.open(tmp_path / "out" / "photo.png") as photo:
        assert sprite.mode == "RGBA" and photo.mode == "RGB" and sprite.size == photo.size == (50, 33)
        assert np.array_equal(np.asarray(sprite)[..., 3], rgba[..., 3])
        forth = np.asarray(photo)
    translate(pages / "photo.jpg", "--out", tmp_path / "back", "--back", "--side", 64)
    with Image.open(tmp_path / "back" / "photo.png") as back:
        assert back.size == (97, 64) and not np.array_equal(np.asarray(back.resize((50, 33))), forth)


def test_every_input_has_a_result_of_its_own(translate, tmp_path):
    """Sub-folders are kept, and so are cat.png beside cat.jpg, and one name in two inputs."""
    files = ["cat.png", "cat.jpg", "Cat.bmp", "a/1.png", "b/1.png", "a/b/1.jpeg"]
    for name in [*(f"pages/{name}" for name in files), "more/cat.png", "others/cat.png"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20)).save(tmp_path / name)
    translate(tmp_path / "pages", tmp_path / "more", tmp_path / "others" / "cat.png", "--out", tmp_path / "out")
    results = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert results == {"cat.png", "cat.jpg.png", "Cat.bmp.png", "a/1.png", "b/1.png", "a/b/1.png", "more/cat.png",
                       "others/cat.png"}  # fmt: skip


def test_ink_on_transparency_and_any_paper_give_what_black_on_white_gives(tmp_path, capsys):
    line = np.asarray(Image.fromarray(render(Character(seed=3), 64, layer="line")).convert("L"))
    share = line[..., None] / 255
    ink = np.zeros((64, 64, 4), np.uint8)
    ink[..., 3] = 255 - line
    drawings = {"white": line, "ink": ink, "black": 255 - line, "deep": line.astype(np.uint16) * 257,
                "cream": (share * [255, 245, 220]).round().astype(np.uint8)}  # fmt: skip
    for name, pixels in drawings.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    inputs = [str(tmp_path / f"{name}.png") for name in drawings]
    assert main(["translate", "pix2pix-color-64", *inputs, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "cream.png: its paper was brought to white." in said and "black.png: its light lines were made black" in said
    assert "white.png:" not in said and "ink.png:" not in said
    results = {name: Image.open(tmp_path / "out" / f"{name}.png") for name in drawings}
    assert {result.mode for result in results.values()} == {"RGB"}
    for name, result in results.items():
        assert np.abs(np.asarray(result).astype(int) - np.asarray(results["white"])).mean() < 2, name


def test_what_cannot_be_translated_is_one_sentence(translate, tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    Image.new("RGB", (20, 20)).save(one / "same.png")
    assert "from 16 to 4,096" in translate(one, "--out", tmp_path / "out", "--side", 3, code=2)
    (tmp_path / "text.png").write_text("hello")
    said = translate(tmp_path / "text.png", "--out", tmp_path / "out2", code=1)
    assert "text.png could not be translated (not a PNG" in said
    assert "not empty" in translate(one, "--out", one, code=1)


def test_a_photograph_is_fitted_to_a_model_of_one_size(translate, tmp_path):
    """The full U-GAT-IT takes one size only, and no U-GAT-IT a face in tiles."""
    pair = ugatit.Pair(32, 4, 1, light=False)
    save_weights(tmp_path / "run" / "weights.safetensors", "ugatit.pair", {"size": 32, "width": 4, "blocks": 1}, pair)
    photo = np.asarray(Image.fromarray(render(Character(seed=3), 96, style="portrait")).resize((160, 120)))
    Image.fromarray(photo).save(tmp_path / "me.png")
    assert "up to 32 x 32 px" in translate(tmp_path / "me.png", "--out", tmp_path / "as it is", code=1)
    for fit in ("letterboxed", "aligned"):
        translate(tmp_path / "me.png", "--out", tmp_path / fit, "--fit", fit)
        before = fitted(photo, 32, fit, metrics.guessed_eyes(photo))
        wanted = as_pixels(zoo.load_run(tmp_path / "run").translate(before))[0]
        assert np.abs(np.asarray(Image.open(tmp_path / fit / "me.png")).astype(int) - wanted).max() <= 1
    with pytest.raises(LabError, match="as a whole"):
        zoo.load("ugatit-portrait-cel-64").translate(torch.zeros(1, 3, 700, 64))


def test_a_u_net_says_which_sizes_it_takes():
    with pytest.raises(LabError, match="multiples of 16"):
        pix2pix.Generator(16, 4)(torch.zeros(1, 3, 24, 16))


def test_cyclegan_pays_for_a_learners_own_round_trip_and_translates_each_picture_once():
    seen = []

    def cycle_loss(to_b, to_a, real_a, real_b):
        passes = len(seen)
        loss = 7 * losses.cycle_loss(to_b, to_a, real_a, real_b)
        assert len(seen) == passes + 2, "the fakes are there already; only the ways back are new"
        return loss

    config = dataclasses.replace(cyclegan_recipe.PRESETS["smoke"], identity_weight=0.0)
    batch = torch.rand(2, 1, 3, 32, 32).unbind()
    theirs = cyclegan_recipe.CycleGAN(config, "cpu").step(batch)["cycle"]
    recipe = cyclegan_recipe.CycleGAN(config, "cpu", cycle_loss=cycle_loss)
    for way in (recipe.G.a_to_b, recipe.G.b_to_a):
        way.register_forward_hook(lambda *given: seen.append(1))
    assert float(recipe.step(batch)["cycle"]) == pytest.approx(7 * float(theirs), rel=1e-4)


def test_a_network_with_a_latent_has_an_answer_for_each_seed() -> None:
    torch.manual_seed(0)
    network = r3gan.UNet(32, 4, latent=6).eval()
    many, lines = zoo.Translator("many", network, {}), torch.rand(20, 3, 40, 32) * 2 - 1
    drawn = many.translate(lines)
    assert drawn.shape == lines.shape and torch.equal(drawn, many.translate(lines))
    assert torch.allclose(drawn[:3], many.translate(lines[:3]), atol=1e-5), "whatever comes after"
    assert not torch.allclose(drawn, many.translate(lines, seed=1), atol=1e-3)
    same = many.translate(lines[:1].expand(18, -1, -1, -1))
    assert not torch.allclose(same[0], same[1], atol=1e-3) and not torch.allclose(same[0], same[17], atol=1e-3)
    with pytest.raises(LabError, match="as a whole, up to 640 x 640 px"):
        many.translate(torch.zeros(1, 3, 704, 64))


def test_the_command_translate_hands_on_its_seed(tmp_path) -> None:
    torch.manual_seed(0)
    network, lines = r3gan.UNet(32, 4, latent=6).eval(), torch.rand(1, 3, 32, 32) * 2 - 1
    save_weights(tmp_path / "many.safetensors", "r3gan.unet", {"size": 32, "width": 4, "latent": 6}, network)
    Image.fromarray(as_pixels(lines)[0]).save(tmp_path / "lines.png")
    given = [str(tmp_path / each) for each in ("many.safetensors", "lines.png")]
    assert main(["translate", *given, "--seed", "-1", "--out", str(tmp_path / "out")]) == 0
    found = np.asarray(Image.open(tmp_path / "out" / "lines.png")).astype(int)
    many = zoo.Translator("many", network, {})
    far = [np.abs(found - as_pixels(many.translate(lines, seed=seed))[0]).mean() for seed in (-1, 0)]
    assert far[0] < 1 < far[1]


def test_a_network_that_takes_orders_gets_them_and_others_refuse(tmp_path, capsys) -> None:
    torch.manual_seed(0)
    network, lines = r3gan.UNet(32, 4, latent=6, tags=34).eval(), torch.rand(1, 3, 32, 32) * 2 - 1
    save_weights(
        tmp_path / "many.safetensors", "r3gan.unet", {"size": 32, "width": 4, "latent": 6, "tags": 34}, network
    )
    Image.fromarray(as_pixels(lines)[0]).save(tmp_path / "lines.png")
    given = [str(tmp_path / each) for each in ("many.safetensors", "lines.png")]
    ordered = "green eyes, red hair"
    assert main(["translate", *given, "--attributes", ordered, "--out", str(tmp_path / "out")]) == 0
    found = np.asarray(Image.open(tmp_path / "out" / "lines.png")).astype(int)
    wanted = network(lines, zoo.pretrained.latents_of(0, 1, 6), latent.attributes(ordered)[None])
    assert np.abs(found - as_pixels(wanted)[0]).max() <= 1
    by_chance = zoo.open_translator(given[0]).translate(lines, seed=7)
    wanted = network(lines, zoo.pretrained.latents_of(7, 1, 6), r3gan.colors(1, 7))
    assert torch.allclose(by_chance, wanted, atol=1e-5) and not torch.equal(r3gan.colors(1, 7), r3gan.colors(1, 0))
    assert main(["translate", *given, "--attributes", "smile", "--out", str(tmp_path / "no")]) == 1
    assert "colors of hair and eyes" in capsys.readouterr().err
    assert (
        main(["translate", "cyclegan-portrait-cel-64", given[1], "--attributes", ordered, "--out", str(tmp_path / "n")])
        == 1
    )
    assert "takes no attributes" in capsys.readouterr().err
