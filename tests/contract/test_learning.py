"""Every recipe learns: after some hundred small steps its pictures are measurably closer to the data."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from animelab import metrics, zoo
from animelab.data import StudioFaces, StudioPairs
from animelab.engine import train
from animelab.engine.weights import load_weights
from animelab.latent import attributes
from animelab.nn import colorization, inpainting, ugatit
from animelab.recipes import RECIPES, dcgan


def test_dcgan_moves_towards_its_data(tmp_path):
    faces = StudioFaces(32, 64, cache=tmp_path / "cache")
    real = faces.batch(range(64))
    errors = []
    for steps in (1, 200):
        config = dcgan.Config(size=32, width=8, batch=16, steps=steps, lr_G=1e-3, lr_D=5e-4, ema=0.9)
        train(dcgan.DCGAN(config, "cpu"), faces, tmp_path / str(steps), watch=lambda progress: None)
        fake = zoo.load_run(tmp_path / str(steps)).sample(64)
        errors.append(
            [(getattr(fake, how)(0) - getattr(real, how)(0)).square().mean().sqrt() for how in ("mean", "std")]
        )
    (mean_before, spread_before), (mean_after, spread_after) = errors
    assert mean_after < 0.8 * mean_before, "the average picture becomes the average face"
    assert spread_after < 0.9 * spread_before, "and the pictures differ from each other as faces do"


def trained(name, tmp_path, steps, **settings):
    """What a recipe's smoke preset makes after 1 step and after `steps` steps, and its data."""
    found = []
    for count in (1, steps):
        kind = RECIPES[name]
        config = dataclasses.replace(
            kind.presets["smoke"],
            steps=count,
            preview_every=1000,
            checkpoint_every=1000,
            **({"scenes": 64} if name in ("cartoongan", "animegan") else {"faces": 64}),
            **settings,
        )
        data = kind.data(config)
        train(kind(config, "cpu"), data, tmp_path / str(count), watch=lambda progress: None)
        found.append(zoo.load_run(tmp_path / str(count)))
    return *found, data


@pytest.mark.slow
def test_makegirlsmoe_learns_to_name_and_moves_towards_its_data(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    before, after, faces = trained(
        "makegirlsmoe", tmp_path, 60, batch=8, adversarial_weight=1.0, lr_G=5e-4, lr_D=2e-4, penalty_every=4, ema=0.9
    )  # gentle: at faster rates the average swings, and two seeds of three end farther away
    log = [json.loads(line)["names"] for line in (tmp_path / "60" / "log.jsonl").read_text().splitlines()]
    assert sum(log[-4:]) < 0.85 * sum(log[:4]), "D names what real faces have"
    real = faces.batch(range(64))[0].mean(0)
    errors = [(model.sample(64).mean(0) - real).square().mean().sqrt() for model in (before, after)]
    assert errors[1] < 0.95 * errors[0], "the average picture moves towards the average face"


def test_r3gan_moves_towards_its_data(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    before, after, faces = trained("r3gan", tmp_path, 200, size=32, batch=16, lr_G=1e-3, lr_D=1e-3, ema=0.9)
    real = faces.batch(range(64))
    for how, share in (("mean", 0.7), ("std", 0.9)):
        errors = [
            (getattr(model.sample(64), how)(0) - getattr(real, how)(0)).square().mean().sqrt()
            for model in (before, after)
        ]
        assert errors[1] < share * errors[0], how


def test_pix2pix_comes_nearer_to_the_right_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    before, after, pairs = trained("pix2pix", tmp_path, 150, batch=16)
    source, target = pairs.batch(range(64))
    errors = [(model.translate(source) - target).abs().mean() for model in (before, after)]
    assert errors[1] < 0.7 * errors[0]


def test_the_enlarger_comes_nearer_than_squares_and_sharper(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    kind, networks = RECIPES["enlarger"], []
    for steps in (1, 150):
        quiet = {"faces": 64, "preview_every": 1000, "checkpoint_every": 1000, "lr_G": 3e-3, "ema": 0.9, "batch": 8}
        config = dataclasses.replace(kind.presets["smoke"], steps=steps, **quiet)
        train(kind(config, "cpu"), kind.data(config), tmp_path / str(steps), watch=lambda progress: None)
        networks.append(load_weights(tmp_path / str(steps) / "weights.safetensors")[2])
    large = StudioFaces(64, 32, prior="full", split="test").batch(range(32))
    small = torch.nn.functional.interpolate(large, scale_factor=1 / 2, mode="bicubic", antialias=True).clamp(-1, 1)
    before, after = (float(metrics.psnr(network(small), large).mean()) for network in networks)
    assert after > before + 1, (before, after)


@pytest.mark.slow
def test_the_game_of_today_moves_towards_its_data_with_drawings_and_with_orders(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    rates = {"lr_G": 1e-3, "lr_D": 1e-3, "ema": 0.9, "batch": 16}
    before, after, pairs = trained("pix2pix", tmp_path / "drawings", 150, gamma=1.0, l1_weight=0.0, beta1=0.0, **rates)
    source, target = pairs.batch(range(64))
    errors = [(model.translate(source).mean(0) - target.mean(0)).abs().mean() for model in (before, after)]
    assert errors[1] < 0.7 * errors[0]
    before, after, faces = trained("r3gan", tmp_path / "orders", 200, size=32, attributes=True, width_G=8, **rates)
    real, orders = faces.batch(range(64))
    errors = [(model.sample(64, attributes=orders).mean(0) - real.mean(0)).abs().mean() for model in (before, after)]
    assert errors[1] < 0.8 * errors[0]


@pytest.mark.slow
def test_cyclegan_finds_its_way_back(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    before, after, unpaired = trained("cyclegan", tmp_path, 120, batch=4, width=8, lr=2e-3)
    a, b = unpaired.batch(range(32))
    for here, back in ((a, False), (b, True)):
        home = [model.translate(model.translate(here, back), not back) for model in (before, after)]
        errors = [(returned - here).abs().mean() for returned in home]
        assert errors[1] < 0.75 * errors[0]
    spread = [(model.translate(a).mean((0, 2, 3)) - b.mean((0, 2, 3))).abs().mean() for model in (before, after)]
    assert spread[1] < spread[0], "and the colors of its cels move towards those of cels"


@pytest.mark.slow
@pytest.mark.parametrize("game", [{}, {"gamma": 1.0, "l1_weight": 2.0}], ids=["squares", "pairs"])
def test_cut_lets_patches_recognize_themselves_and_moves_towards_cels(game, tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    before, after, unpaired = trained("cut", tmp_path, 150, batch=4, width=8, lr=2e-3, **game)
    log = [json.loads(line)["NCE"] for line in (tmp_path / "150" / "log.jsonl").read_text().splitlines()]
    assert sum(log[-5:]) < 0.8 * sum(log[:5])
    a, b = unpaired.batch(range(32))
    far = [(model.translate(a).mean((0, 2, 3)) - b.mean((0, 2, 3))).abs().mean() for model in (before, after)]
    assert far[1] < 0.8 * far[0], "its colors are more like those of cels"


@pytest.mark.slow
def test_both_stages_of_coloring_learn_to_use_what_they_are_given(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    torch.manual_seed(0)
    kind, networks = RECIPES["colorization"], {}
    for stage, last, lr in (("draft", 600, 2e-3), ("refine", 200, 5e-3)):
        for steps in (1, last):
            config = dataclasses.replace(
                kind.presets["smoke"],
                faces=512,
                stage=stage,
                steps=steps,
                batch=16,
                lr_G=lr,
                preview_every=1000,
                checkpoint_every=1000,
            )
            pairs, folder = kind.data(config), tmp_path / f"{stage}{steps}"
            train(kind(config, "cpu"), pairs, folder, watch=lambda progress: None)
            networks[stage, steps] = load_weights(folder / "weights.safetensors")[2].requires_grad_(False)
    lines, colors = StudioPairs("line", "color", 32, 64, split="test").batch(
        range(64)
    )  # it may know the others by heart
    ink, empty, nothing = (1 - lines[:, :1]) / 2, torch.zeros(64, 4, 32, 32), torch.zeros(64, colorization.PALETTE)
    dots = colorization.hints(colors, torch.full((64,), 8), 1, ink < 0.3)
    given = {"dots": (dots, nothing), "palette": (empty, colorization.palette(colors)), "nothing": (empty, nothing)}
    error = {
        (steps, name): float((networks["draft", steps](torch.cat([ink, hints], 1), taste) - colors).abs().mean())
        for steps in (1, 600)
        for name, (hints, taste) in given.items()
    }
    assert error[600, "dots"] < 0.85 * error[1, "dots"], "poured dots help from the first step on"
    assert max(error[600, "dots"], error[600, "palette"]) < 0.9 * error[600, "nothing"], "dots and palettes count"
    draft = colorization.flawed(colors)
    gaps = [
        float((networks["refine", steps](torch.cat([ink, empty, draft], 1)) - colors).abs().mean())
        for steps in (1, 200)
    ]
    assert gaps[1] < 0.6 * gaps[0] and gaps[1] < float((draft - colors).abs().mean()), (
        "the draft gets better, not worse"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cartoongan", "animegan"])
def test_generators_of_places_keep_the_photograph_and_move_towards_drawings(name, tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    settings = {"width": 8, "width_D": 8, "batch": 4, "picture": 32, "lr_first": 2e-3, "lr_G": 1e-3, "lr_D": 1e-3}
    if name == "animegan":
        settings["adversarial_weight"] = 1.0
    before, after, places = trained(name, tmp_path, 300, first=150, **settings)
    photos, drawings = places.batch(range(64))
    looks = metrics.perception.extractor("tagger")
    seen = [looks(each) for each in (photos, before.translate(photos), after.translate(photos))]
    apart = [metrics.perception.content_distance(seen[0], each, (0, 1, 2)) for each in seen[1:]]
    assert apart[1] < 0.85 * apart[0], "what is there stays"
    tones = [
        (model.translate(photos).mean((0, 2, 3)) - drawings.mean((0, 2, 3))).abs().mean() for model in (before, after)
    ]
    assert tones[1] < 0.9 * tones[0], "in the tones of drawings"


@pytest.mark.slow
def test_ugatit_finds_its_way_back_and_classifies_its_domains(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    settings = {"batch": 3, "width": 6, "lr_G": 2e-3, "lr_D": 2e-3, "attention_weight": 10.0, "prior": "frontal"}
    before, after, unpaired = trained("ugatit", tmp_path, 150, **settings)
    a, b = unpaired.batch(range(32))
    for here, back in ((a, False), (b, True)):
        home = [model.translate(model.translate(here, back), not back) for model in (before, after)]
        errors = [(returned - here).abs().mean() for returned in home]
        assert errors[1] < 0.75 * errors[0]
    G = after.network.a_to_b
    with torch.no_grad():
        knows = [(G(each).guess > 0).float().mean() for each in (a, b)]
    assert knows[0] > 0.8 and knows[1] < 0.2, "its auxiliary classifier tells portraits from cels"
    rhos = [norm.rho for norm in G.modules() if isinstance(norm, ugatit.AdaLIN)]
    assert all(rho.min() >= 0 and rho.max() <= 1 for rho in rhos) and any((rho != rho[0, 0]).any() for rho in rhos)


@pytest.mark.parametrize(
    "settings", [{"style_weight": 0.0}, {"network": "gated", "proposals": 2}], ids=["partial", "gated"]
)
def test_holes_are_filled_better_than_by_the_mean_of_what_is_known(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    kind, off = RECIPES["inpainting"], []
    for steps in (1, 150):
        config = dataclasses.replace(
            kind.presets["smoke"], steps=steps, batch=8, faces=16, width=8, lr=4e-3, ema=0.9, first=120,
            adversarial_weight=0.0, perceptual_weight=0.0, preview_every=1000, checkpoint_every=1000, prior="frontal",
            **settings,
        )  # fmt: skip
        faces = kind.data(config)
        train(kind(config, "cpu"), faces, tmp_path / str(steps), watch=lambda progress: None)
        network = load_weights(tmp_path / str(steps) / "weights.safetensors")[2]
        pictures = faces.batch(range(16))
        torch.manual_seed(0)
        mask = inpainting.holes(pictures)
        with torch.no_grad():
            answer = inpainting.filled(network, pictures, mask)
        off.append(float(((answer - pictures).abs() * (1 - mask)).sum() / (1 - mask).sum()))
    mean = (pictures * mask).sum((2, 3), keepdim=True) / mask.sum((2, 3), keepdim=True)
    off.append(float(((mean - pictures).abs() * (1 - mask)).sum() / (1 - mask).sum()))
    assert off[1] < 0.75 * min(off[0], off[2]), off


def test_the_finder_finds(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    kind, off = RECIPES["landmarks"], []
    for steps in (1, 120):
        config = dataclasses.replace(kind.presets["smoke"], steps=steps, batch=16, faces=16, width=8, lr=4e-3)
        faces, folder = kind.data(config), tmp_path / str(steps)
        train(kind(config, "cpu"), faces, folder, watch=lambda progress: None)
        finder = load_weights(folder / "weights.safetensors")[2]
        pictures, points = faces.batch(range(64))
        with torch.no_grad():
            off.append(float((finder(pictures) - points).norm(dim=2).mean()))
    assert off[1] < 0.6 * off[0] and off[1] < 8


def test_sketch_finds_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    before, after, pairs = trained("sketch", tmp_path, 200, batch=16)
    pictures, lines = pairs.batch(range(64))
    errors = [(model.translate(pictures) - lines[:, :1]).abs().mean() for model in (before, after)]
    assert errors[1] < 0.5 * errors[0]
    assert errors[1] < 0.95 * (1 - lines).abs().mean(), "better than empty paper"


def test_stylegan2_moves_towards_its_data_and_follows_its_condition(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    settings = {"batch": 16, "gamma": 0.5, "ema_images": 200, "lr_G": 4e-3, "path_weight": 0.0, "mixing": 0.5}
    before, after, faces = trained("stylegan2", tmp_path, 100, **settings)
    real = faces.batch(range(64))
    errors = [(model.sample(64).mean(0) - real.mean(0)).square().mean().sqrt() for model in (before, after)]
    assert errors[1] < 0.75 * errors[0], "the average picture becomes the average face"
    _, conditional, _ = trained("stylegan2", tmp_path / "conditional", 2, **settings, attributes=True)
    latents = conditional.latents(4, 0)
    blonde, blue = (conditional.generate(latents, attributes(f"{color} hair")) for color in ("blonde", "blue"))
    assert not torch.allclose(blonde, blue), "the condition reaches the picture"


@pytest.mark.slow
def test_spade_paints_what_the_map_says_in_the_style_of_the_truth(tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    kind, off = RECIPES["spade"], []
    for steps in (1, 120):
        config = dataclasses.replace(
            kind.presets["smoke"], steps=steps, batch=4, width=4, hidden=8, lr_G=3e-3, l1_weight=10.0, faces=64, ema=0.9
        )
        data = kind.data(config)
        train(kind(config, "cpu"), data, tmp_path / str(steps), watch=lambda progress: None)
        generator = load_weights(tmp_path / str(steps) / "weights.safetensors")[2]
        labels, truth = data.batch(range(32))
        with torch.no_grad():
            own, turned = (generator(maps, generator.style(truth)) for maps in (labels, labels.flip(1)))
        off.append([float((picture - truth).abs().mean()) for picture in (own, turned)])
    assert off[1][0] < 0.7 * off[0][0], "nearer to the truth"
    assert off[1][1] > 1.1 * off[1][0], "and by what the map says"
