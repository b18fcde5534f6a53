"""Every built notebook runs from top to bottom, offline and at smoke scale: the student's, and the solved one.

Errors are looked for where they hide, too: inside the Output widgets that a notebook keeps in its metadata.
"""

# ruff: noqa: E501 - claims are lines of a notebook

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import ForkedKernelManager
from nbclient import NotebookClient

from animelab import authoring

ROOT = Path(__file__).parents[2]
FOUND = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "notebooks/solutions").glob("*.ipynb"))]
NOTEBOOKS = [path for path in FOUND if "-Copy" not in path.stem]  # students work on copies
SOLVED = {path.name for path in NOTEBOOKS if path.parent.name == "solutions"}
WIDGETS = "application/vnd.jupyter.widget-state+json"
IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"""\balt=(["'])\s*\S""", re.IGNORECASE)
VERDICT = re.compile(r"^check (\d+\.\d+)  (Correct\.|Not yet\.|Not solved yet:|It stopped:)", re.MULTILINE)


# What a lesson's prose says about its own results, as a last cell: it fails when the prose would be wrong.
CLAIMS = {
    "01_dcgan": """
for steps in ("1 step", "50 steps"):
    assert abs(games[f"minimax, {steps} of D"][-1] + 4) < 0.2, "without overlap, minimax stands still"
    assert abs(games[f"non-saturating, {steps} of D"][-1] - 4) < 0.3, "the non-saturating generator arrives"
swings = [place > 4 for place in games["non-saturating, 1 step of D"]]
assert sum(a != b for a, b in zip(swings, swings[1:])) >= 3, "it overshoots and comes back"
assert abs(toy_game(losses.minimax, 1, distance=2)[-1] - 1) < 0.3, "close together, minimax moves too"
assert count == 3_576_704
cpu = dcgan.PRESETS["cpu"]
assert (cpu.steps, cpu.ema, cpu.checkpoint_every) == (2800, 0.998, 500), "numbers that the prose names"
assert cpu.lr_G == 4 * cpu.lr_D == 0.001 and dcgan.Config().lr_G == 2e-4
assert set(my_parts) == set(dcgan.DCGAN.parts) if result_1_2 and result_1_5 and result_1_6 else not my_parts
import inspect
step = inspect.getsource(dcgan.DCGAN.step)
for line in ("loss_G = self.loss.generator(self.D(fake))", "with frozen(self.D):", "self.G_ema.update(self.G, self.update_average)"):
    assert line in step, "the step that the lesson quotes"
step = inspect.getsource(r3gan.R3GAN.step)
for line in ("loss_D = self.loss(real_logits, fake_logits)", "steep = r3gan.steepness(self.penalty, self.D.score, real, fake)",
             "loss_G = self.loss(fake_logits, self.D.score(real))"):
    assert line in step, "the other step that it quotes"
of = {name: zoo.load(name).sample(crowd, seed=0) for name in ("dcgan-faces-64", "r3gan-faces-64")}
far, spread = [metrics.fd_studio(drawn_faces, each) for each in of.values()], [metrics.variety(each, drawn_faces) for each in of.values()]
assert far[1] < 0.7 * far[0] and spread[1]["rank"] > 1.4 * spread[0]["rank"] and spread[1]["twins"] < 0.1 < 0.5 < spread[0]["twins"]
""",
    "02_studio": '''
assert (LABELS["hair"], LABELS["clothes"], LABELS["brow"]) == (1, 10, 5), "numbers that the prose names"
grays = [[int(square[0, 0, 0]) for square in in_gray(strip)] for strip in (hsv, oklch)]
assert np.ptp(grays[0]) > 4 * np.ptp(grays[1]), "OKLCH stays even, HSV does not"
assert [shape.part for shape in drawing.shapes if shape.part in ("hair", "face")][0] == "hair", "hair comes first"
assert rendering.draw(hero).shapes[-1].part != "face"
assert strangers.sum() > 200, "labels that glitter"
from animelab.studio import hair
bob = """[my bob] short
back:
  h back_fill/hair_line 1.9: 0,38 24,42 43,56 55,80 59,106
    68,136 73,164 71,188 58,203! 40,206 0,206
  =~ hair_deep: 60,140,0 63,168,1.1 61,196,0
front:
  =m: 53,96,6 61,138,11 60,172,10 43,196,0"""
drawn_bobs = []
studio.add_hairstyle(bob)
assert np.array_equal(*(studio.render(hero.replace(hair_style=name), 64) for name in ("bob", "my bob"))), "the bob that the lesson quotes"
assert error(lazy_colorist(known_lines), known_colors) == 0
assert error(lazy_colorist(leaky_lines), leaky_colors) < error(average.expand_as(colors), colors) < error(lazy_colorist(lines), colors)
assert (exam_maps == same_map).float().mean() > 0.8, "the same map for all is right for most pixels"
assert frechet_1d(0, 1, 0, 4) > frechet_1d(0, 1, 2, 1)
assert candidates["an untrained generator (ceiling)"].std(0).max() < 0.01, "the same even gray"
far = [distance(fake, real) for fake in candidates.values()]
assert max(far[0], far[2]) < far[3] < far[1] < far[5] < far[4], "the order that the lesson tells"
assert distance(others[:270], real[:270]) > distance(others, real), "fewer pictures, larger distance"
''',
    "03_attributes": """
near = [float((line[72:80].diff() * 99 / 4).mean()) for line in trained.values()]  # numbers from 0.9 to 1.2
assert 7 < near[0] < 9 and 0.6 < near[1] < 1.5, "about 8, and held near 1 by the penalty"
assert slope_after(published_penalty) > 20, "the bug makes D steep"
assert recipe.replaced.keys() == ({"classification_loss", "generator_loss", "penalty"} if result_3_1 else set())
assert count_parameters(makegirlsmoe.Generator()) == 4_352_643 and count_parameters(makegirlsmoe.Discriminator()) == 19_078_531
assert len(GROUPS["hair color"]) == 13 and len(GROUPS["eye color"]) == 10
from animelab.data import Cast
frontal = [Cast("frontal")[i].tags() for i in range(500)]
assert not any(tags["hat"] or tags["glasses"] for tags in frontal), "what the preset's prior never has"
cpu = recipes.PRESETS["cpu"]
assert (cpu.adversarial_weight, cpu.penalty_every, cpu.name_fakes) == (3, 4, False), "numbers that the prose names"
z = torch.randn(256, model.latent, generator=torch.Generator().manual_seed(0))
asked = model.orders(256)
from animelab import metrics as measured
obeyed = measured.attribute_accuracy(model.generate(z, asked), asked)
assert obeyed["hair color"] > 0.9 and min(obeyed["hat"], obeyed["glasses"]) > 0.7, "hair, hats and glasses follow the order"
assert {"hat", "glasses"} < CharacterMaker(model).values.keys(), "and the widget offers them"
everybody = [Cast("full", 0, "test")[i].tags() for i in range(2000)]
shares = [sum(tags[name] for tags in everybody) / 2000 for name in ("hat", "glasses")]
assert abs(shares[0] - 1 / 10) < 0.02 > abs(shares[1] - 1 / 7), "one in ten has a hat, one in seven glasses"
far = {name: metrics.fd_studio(games["drawn"][0], games[name][0]) for name in games if name != "drawn"}
assert far["r3gan-attributes-64"] < 0.7 * far["makegirlsmoe-faces-64"], "the newer game is nearer to the drawings"
fine = {name: float(fine_detail(made) / fine_detail(games["drawn"][0])) for name, (made, _) in games.items()}
assert fine["makegirlsmoe-faces-64"] > 1.7 > 1.3 > fine["r3gan-attributes-64"], "specks, and none"
assert made.shape[-1] == 128 and 0.7 < float(fine_detail(made) / fine_detail(full[0])) < 1, "nor in the larger one, which is softer"
seen = [metrics.attribute_accuracy(*each)["eye color"] for each in ((made, model.orders(crowd)), full)]
assert crowd == len(made) and seen[0] > seen[1], "eyes are read more often than in drawings"
assert [count_parameters(each.generator) for each in (model, one)] == [2_338_659, 1_074_507]
large = zoo.card("r3gan-full-128")["config"]
assert (large["width"], large["width_G"], large["gamma"], large["longest"], large["faces"]) == (32, 32, 2.0, 5.0, 20_000), "what is different"
""",
    "04_pix2pix": """
plain = [studio.render(hero.replace(hair_color=hair, eye_color="blue"), 64, "line") for hair in studio.OPTIONS["hair_color"]]
assert all(np.array_equal(plain[0], other) for other in plain), "the lines of all are the same"
assert len(answers) == 130
grayness = [float(picture.std(1).mean()) for picture in candidates.values()]
assert max(grayness[:3]) < 0.5 * min(grayness[3:]), "the mean, the safest answer and L1 are gray"
assert [window(depth)[2] - window(depth)[0] + 1 for depth in (1, 2, 3)] == [16, 34, 70]
assert count_parameters(networks.Generator()) == 54_413_955 and count_parameters(networks.Discriminator()) == 2_768_705
l1, with_D = (by_distance.translate(lines), classic.translate(lines))
assert metrics.psnr(l1, colors).mean() > metrics.psnr(with_D, colors).mean() + 1, "L1 is nearer to the right answer"
assert metrics.perceptual(l1, colors).mean() < metrics.perceptual(with_D, colors).mean(), "in the tagger's layers, too"
assert metrics.fd_studio(colors, l1) > 1.5 * metrics.fd_studio(colors, with_D), "and farther from the crowd"
ink = lines[:64].mean(1) < -0.6
darkness = [float((with_cuts(classic.network, lines[:64], cut).mean(1)[ink]).mean()) for cut in (0, 1)]
assert darkness[1] > darkness[0] + 0.1, "one cut, and thin lines are gone"
assert field(layers) == 70, "computed and measured agree"
assert recipe.replaced.keys() == ({"unet", "discriminator_loss"} if result_4_4 else set()), "the learner's code trains"
assert eyes_agree(colors) == 1 and eyes_agree(classic.translate(lines)) + 0.5 < 0.95 < eyes_agree(halved), "eyes of one color"
assert spread_of_hair(colors) < spread_of_hair(halved) < 0.8 * spread_of_hair(classic.translate(lines))
assert metrics.fd_studio(colors, halved) < 0.5 * metrics.fd_studio(colors, with_D), "nearer to the crowd"
tints = [(avg_pool2d(each, 2) * hair[5]).sum((2, 3)) / hair[5].sum() for each in (by_chance, ordered)]
assert tints[0].std(0).mean() > 0.15 and tints[0].std(0).mean() > 2 * tints[1].std(0).mean(), "eight answers, and one order"
ink = line_art[5, 0] < 0
assert by_chance.mean(1)[:, ~ink].mean() - by_chance.mean(1)[:, ink].mean() > 0.4, "and the lines of one drawing"
wish = latent.attributes("blue hair, green eyes").expand(16, -1)
found = metrics.attribute_accuracy(model.translate(line_art, attributes=wish), wish)
assert min(found["hair color"], found["eye color"]) > 0.85, "what is ordered is drawn"
import inspect
from animelab.nn import r3gan as of_today
assert "return relu(self.layer(self.enlarge(x)) * (1 + scale) + shift)" in inspect.getsource(of_today.Told), "the lines that the lesson quotes"
assert "scale, shift = self.told(code)[:, :, None, None].chunk(2, 1)" in inspect.getsource(of_today.Told)
""",
    "05_cyclegan": """
assert count_parameters(networks.Generator()) == 11_378_179 and count_parameters(networks.Discriminator()) == 2_764_737
assert (held_out.truth(range(64)) - translated[:64]).abs().mean() < 0.6 * (held_out.truth(range(64)) - portraits[:64]).abs().mean()
swapped = [(from_home(drawn + coarse(ours, p) - coarse(drawn, p)), from_home(ours - coarse(ours, p) + coarse(drawn, p))) for p in (1, 4)]
assert recipe.replaced.keys() == ({"cycle_loss", "loss", "pool"} if result_5_1 else set())
assert swapped[0][0] < swapped[0][1] < honest and swapped[1][1] < swapped[1][0] < honest, "grain speaks; details of 1 to 4 px say most"
before, after = inside.values()
assert [a < b for a, b in zip(before, after)] == [part in ("mouth", "clothes") for part in looked_at], "what it made worse"
assert recognized["the portrait"] > 0.99 and 3 / 256 > recognized["somebody else's cel"]
assert all(0.03 < recognized[name] < 0.05 for name in ("its true cel", "CycleGAN's cel")), "four times of a hundred"
assert [count_parameters(each()) for each in (cut.Generator, cut.Discriminator, cut.Patches)] == [11_378_179, 2_764_737, 560_384]
import inspect
from animelab.recipes.backtranslation import BackTranslation
step = inspect.getsource(BackTranslation)
for line in ("fake_a = self.translated(self.G.b_to_a, real_b)", "asked = torch.cat([real_a, self.exercise(fake_a)])",
             "fake_b, back_b = self.translated(self.G.a_to_b, asked).split([len(real_a), len(real_b)])",
             "back_a = self.translated(self.G.b_to_a, self.exercise(fake_b))", "return fakes.detach() + ",
             "back = (back_a - real_a).abs().mean() + (back_b - real_b).abs().mean()"):
    assert line in step, "the step that the lesson quotes"
new, old = kept["back-translation"], kept["CycleGAN"]
assert min(new["hair color"], new["open mouth"]) > 0.9 > old["open mouth"] + 0.1 and new["eye color"] > 0.7 > 0.3 > old["eye color"]
apart = [float((each - true_cels[:few]).abs().mean()) for each in (rows["CycleGAN"], rows["back-translation"])]
assert apart[1] < 0.85 * apart[0], "nearer to the truth"
own, noisy, drawn_home, own_before_drawn, drawn_before_own = homes.values()
assert abs(noisy - own) < 0.1 * own < own < drawn_before_own < own_before_drawn < drawn_home, "the wall leads home, and is not hidden in grain"
assert own_before_drawn - own > 0.5 * (drawn_home - own), "most of the lead"
near, between, far = (unlike[name][1] for name in ("its true cel", "CycleGAN's cel", "somebody else's cel"))
assert abs(between - near) < 0.3 * (far - near), "CycleGAN's structure is as near as the truth"
assert unlike["somebody else's cel"][0] < 1.06 * unlike["its true cel"][0], "and pixels do not tell"
""",
    "06_stylegan2": """
assert not torch.allclose(demodulated, broken) and max(without_it) > 3 * max(with_it), "without demodulation numbers grow"
assert stylegan2.StyledConv.conv is layer and (pictures_of(w) - pictures).abs().max() < 1e-3, "the learner's layer draws the same"
assert difference < 1e-3, "and so do weights of each picture's own"
assert abs(float((one_index_wrong(x, weight, torch.rand(1, 8) + 0.1) - one).abs().max())) < 1e-5, "the bug: styles cancel"
radius = {name: max(abs(fake) for fake in fakes[-100:]) for name, (_, fakes) in games.items()}
assert abs(radius["gamma = 0.0"] - 0.2**0.5) < 0.002 and abs(radius["gamma = 0.0"] - 0.447) < 0.002, "a ring without R1"
assert max(map(abs, games["gamma = 0.0"][1][2000:2100])) < 0.45 < 0.5 < max(map(abs, games["gamma = 0.0"][1][400:500]))
assert max(radius["gamma = 0.3"], radius["gamma = 1.0"]) < 1e-3, "an end with it"
assert float(spread["the same face four times"]) < 1e-3 < float(spread["four drawn faces"])
assert len(sides) == 9 and recipe.penalty is (r1 if result_6_3 else recipes.StyleGAN2.penalty), "the learner's R1 trains"
everybody = pictures_of(G.truncated(w, 0.0))
assert torch.allclose(everybody[0], everybody[1]), "at psi = 0 everybody is one person"
from animelab.data import Cast
assert not any(Cast("frontal")[i].tags()["hat"] for i in range(500)), "the bundled generator never saw a hat"
cpu = recipes.PRESETS["cpu"]
assert cpu.prior == "frontal+headwear=beret" and cpu.start == "stylegan2-faces-64" and cpu.path_weight == 0
assert all(recipes.PRESETS[name].mixing == 0.5 and recipes.PRESETS[name].r1_every == 16 for name in ("faces", "cpu"))
assert card["images"] == 264_000 and 20 < card["steps"] / cpu.steps < 21, "the transfer took about a twentieth of its steps"
assert max(map(abs, strengths)) < 0.002, "noise is off"
hair = metrics.attribute_accuracy(model.sample(256), model.orders(256))["hair color"]
assert hair > 0.85, "it obeys"
""",
    "07_latent_editing": """
assert points.shape == (16, 10, 512)
lengths = {kind: sum(stride) for kind, (_, stride) in strides.items()}
assert abs(float((components @ components.T - torch.eye(10)).abs().max())) < 1e-3
blonde, pushed = (metrics.predicted(space.pictures(each))[:, TAGS.index("blonde hair")].mean()
                  for each in (exam, latent.edit(exam, found["blonde hair"], 3 * step)))
assert pushed > blonde + 1, "the direction of blonde hair makes hair blonde, says the examiner, who had no part in it"
by_layers = {name: (tags[:, features["length"]] == reads["fathers"][:, features["length"]]).all(1).float().mean()
             for name, tags in list(reads.items())[2:]}
assert max(by_layers, key=by_layers.get).endswith("sides 4 and 8"), "the length of the hair comes with the first layers"
assert all(float((cleaner[goal] @ found[other]).abs()) < 1e-3 for goal in GOALS for other in GOALS if other != goal)
assert all(torch.allclose(cleaner[goal], latent.conditional(found[goal], *(found[other] for other in GOALS if other != goal)), atol=1e-3)
           for goal in GOALS), "Gram and Schmidt do what the library does"
""",
    "00_start": """
assert characters.size == 128 and characters.learned_from()[0] == "full"
assert all(difference.any() for difference in (render(hero, 64) != render(one, 64) for one in variants[1:]))
""",
    "08_colorization": """
assert all((each == inked[0]).all() for each in inked), "the same lines to the last pixel"
warm = {name: float((each[:, 0] - each[:, 2]).mean()) for name, each in by_palette.items()}
assert warm["maple"] > warm["no palette"] > warm["hydrangea"], "palettes are heard"
assert colorization.ways(torch.tensor([[[False, True, False]]]), torch.ones(1, 1, 3))[0].tolist() == [[[1.0, 0.0, 1.0]]]
many = colorization.hints(colors, torch.full((64,), 20), 1, lines[:, :1] > 0.4)
maple = colorization.palette(colorization.stripes(colorization.SCHEMES["maple"])).expand(64, -1)
with torch.no_grad():
    heard = [colorist(lines[:, :1], many, many, taste)[1] for taste in (maple * 0, maple)]
assert max(float(metrics.obedience(each, many)) for each in heard) < 12, "dots win, over a scheme, too"
assert float(metrics.obedience(obeying("plain", plain), odd)) > 100 > 12 > float(metrics.obedience(obeying("gated", gated), odd))
error = {name: float((each - colors[:8]).abs().mean()) for name, each in {"spoiled": spoiled, "repaired": repaired}.items()}
assert error["repaired"] < 0.8 * error["spoiled"], "the second stage repairs"
mean = {words: float(torch.stack(each).mean()) for words, each in scores.items()}
assert mean["from the outline"] > mean["from the paint"] > mean["no light"]
precise, complete = agreement(sketch.translate(colors), lines[:, :1])
assert min(precise, complete) > 0.8, "the network finds the studio's lines"
assert sorted(desk.render(desk.lines, desk.dots, desk.scheme, desk.light)) == ["colors", "draft", "light", "lines"]
greener = [float((each[:, 1] - each[:, [0, 2]].mean(1)).mean()) for each in (colors[:8], there_and_back)]
assert greener[1] > greener[0] + 0.5, "everything is green"
assert recipe.replaced.keys() == ({"hints", "flawed"} if result_8_1 else set())
assert (way_back(to_yuv(shares)) - shares).abs().max() < 0.02, "the repaired way leads back, the library's or the learner's"
""",
    "09_cartoongan": """
assert count_parameters(cartoongan.Generator()) == 11_129_667 and count_parameters(animegan.Generator()) == 2_143_552
zoos = cartoon.translate(new_photos)
assert (zoos - truth).abs().mean() < (new_photos - truth).abs().mean(), "nearer to the drawings than the photographs are"
assert metrics.perceptual(zoos, truth).mean() < 0.85 * metrics.perceptual(new_photos, truth).mean()
assert sharpness(zoos)[0] > sharpness(new_photos)[0], "and edges are sharper"
calm = second.translate(new_photos)
assert sharpness(calm)[0] < sharpness(new_photos)[0], "AnimeGANv2's are softer"
assert sharpness(calm)[1] < min(sharpness(zoos)[1], sharpness(new_photos)[1]), "and its flat places are calmer"
assert (calm - new_photos).abs().mean() < (zoos - new_photos).abs().mean(), "nearer to the photograph's colors"
far = [(each - truth).abs().mean() for each in (zoos, calm, new_photos)]
assert far[0] < far[1] < far[2], "and between CartoonGAN and the photographs"
for each in (cartoon, second):
    assert (each.translate(new_photos[:4] / 2) - each.translate(new_photos[:4])).abs().max() < 1e-3, "no strength of light"
assert len(candidates) == 1 or slope.abs().max() > 0, "the learner's content is heard"
seams = [float((each - steps_between["one piece"]).abs().mean((0, 1, 2)).max()) for each in steps_between.values()]
assert seams[1] > 2 * seams[2], "tiles that fade have no such column"
apart = [float((each - pieces["one piece"]).abs().mean()) for each in pieces.values()]
assert apart[3] < 0.3 * apart[2], "tiles that share a norm agree"
assert not lovely_but_deaf(lambda x: x, new_photos[:1].requires_grad_(), new_photos[1:2]).requires_grad
back = [float((each - photos[3:]).abs().mean()) for each in rebuilt.values()]
assert back[0] < 0.9 * back[1], "the first map holds on to more than the second"
once = [conv_transpose2d(torch.ones(1, 1, 12, 12), torch.ones(1, 1, side, side), stride=2, padding=1) for side in (3, 4)]
ways = [conv_transpose2d(each, torch.ones(1, 1, side, side), stride=2, padding=1)[0, 0, 16:24, 16:24] for each, side in zip(once, (3, 4))]
assert ways[0].amax() == 9 * ways[0].amin() and ways[0].roll(4, 1).equal(ways[0]) and (ways[1] == 16).all(), "windows that a stride divides"
spectra = dict(zip(by_all, spectrum(sky)[:, 0]))
dots = {name: float(each[16::32, 16::32].mean() - each.median()) for name, each in spectra.items()}
assert dots["CartoonGAN"] > 0.4 > 0.2 > max(dots["photo"], dots["back-translation"]), "dots 16 steps from the middle, across"
grids = {name: metrics.grid_energy(each, 4) for name, each in by_all.items()}
assert grids["back-translation"] < 1.2 * grids["the truth"] < 0.5 * grids["CartoonGAN"], "no grid, by the drawings' own"
far = {name: float((each - truth_256).abs().mean()) for name, each in by_all.items()}
assert far["CartoonGAN"] < far["back-translation"] < far["photo"]
calm_256 = {name: sharpness(each, truth_256)[1] for name, each in by_all.items() if name != "the truth"}
assert min(calm_256, key=calm_256.get) == "back-translation", "the calmest flat places"
held = truth_256 + interpolate(torch.nn.functional.avg_pool2d(photos_256 - truth_256, 8), scale_factor=8)
assert 0.11 < (held.clamp(-1, 1) - truth_256).abs().mean() < 0.13, "what holding colors costs"
assert best.direction().size == 128 and at_once(torch.zeros(1, 3, 800, 1280)).shape[2:] == (400, 640)
assert (at_once(photos_256[:1]) - best_256[:1]).abs().max() < 1e-4
""",
    "10_ugatit": """
assert [count_parameters(each) for each in list(networks.values())[:4]] == [278_959_808, 10_589_888, 53_130_176, 3_290_560]
assert 256 * 64 * 64 * 256 / 278_959_808 > 0.95, "nearly all of the full generator is one matrix"
assert both[:8].mean() > both[8:].mean() + 0.5, "the classifier argues for portraits in portraits"
assert int(both[:8].mean(0).argmin()) // 16 in (8, 9), "the eyes of portraits argue most strongly for a cel"
assert both[8:].mean() < 0 < both[8:].amax((1, 2)).min(), "a cel is gray, not dark"
moved_by = (there - here).mean(0)
assert 3 < moved_by[:2, 1].min() and moved_by[:2, 1].max() < 4.2 and moved_by[1, 0] - moved_by[0, 0] > 2
tints = [ugatit.normalized(cels[:8], kind).mean((2, 3)).std(0).mean() for kind in ("instance", "layer")]
assert tints[1] > 5 * tints[0], "instance norm takes the tint away"
assert off["as it is"][2] > 1.25 * off["as it is"][0] > 1.25 * off["true eyes"][2], "ten degrees cost a third"
assert max(abs(a - b) for a, b in zip(off["true eyes"][:6], off["found eyes"])) < 0.01 < off["found eyes"][6] - off["true eyes"][6]
assert all(weight.grad is None for weight in G.parameters()) == bool(result_10_4), "the bug pulls G, the solution does not"
assert all(weight.grad is not None for weight in D.parameters())
import inspect
step = " ".join(inspect.getsource(recipes.UGATIT.step).split())
for line in ("answers = [D(fake) for D in discriminators]", "cycle = (back(fake).out - real).abs().mean()", "identity = (same - other).abs().mean()",
             "adversarial = sum(self.loss.generator(each.out) + self.loss.generator(each.guess) for each in answers)"):
    assert line in step, "the step that the lesson quotes"
kept = [metrics.attribute_accuracy(each, tags) for each in (faces, rows["CycleGAN"])]
assert 0.02 < kept[1]["hair color"] - kept[0]["hair color"] < 0.15, "CycleGAN keeps hair a little more often"
assert max(each["eye color"] for each in kept) < 0.25, "eyes are lost by both"
known = metrics.attribute_accuracy(told, tags)
assert min(known["hair color"], known["eye color"]) > 0.95 and (told - truth).abs().mean() < 0.75 * (faces - truth).abs().mean()
miss = [float((metrics.landmarks(rows[name]) - where).norm(dim=2).mean()) for name in ("the portraits", "CycleGAN", "the zoo's", "the truth")]
assert miss[0] > 2 > 0.9 > miss[1] > miss[2] + 0.1 and 0.3 < miss[3] < miss[2] < 0.7, "points travel"
assert abs(metrics.perceptual(faces, truth).mean() - metrics.perceptual(rows["CycleGAN"], truth).mean()) < 0.05, "nearly a draw"
""",
    "11_repair": """
assert [count_parameters(each) for each, _ in networks.values()] == [290_467, 994_976, 552_480, 153_100], "numbers that the prose names"
assert exact.reach == model.reach == 18, "18 convolutions"
assert float((squares + mended - exact(small)).abs().max()) < 1e-4, "by hand, the same"
assert metrics.psnr(ours, large).mean() > metrics.psnr(smooth, large).mean() + 1.5
three = [float((guess - either).square().mean()) for guess in guesses.values()]
assert abs(10 * np.log10(three[0] / three[2]) - 3.01) < 0.02 and len({round(float((guess - either).abs().mean()), 4) for guess in guesses.values()}) == 1
clean, spoiled_scores = ({name: found for (words, name), found in table.items() if words == kind} for kind in ("clean", "damaged"))
assert clean["ours, L1"][0] > clean["Lanczos"][0] + 1.5 > clean["bicubic"][0] + 1.5, "ours is nearer than Lanczos, and that than bicubic"
assert clean["ours, SRGAN"][2] > clean["ours, L1"][2] > clean["Lanczos"][2] + 0.1, "and sharper, by SRGAN most"
assert spoiled_scores["ours, L1"][0] > spoiled_scores["Lanczos"][0] + 0.8, "and of damaged pictures"
assert float((told_level - one).abs().mean()) < float((told_clean - one).abs().mean()), "who was told the level is nearer"
assert float(seams["with 18 around"].max()) < 1e-4 < 1e-2 < float(seams["with none"].max())
from animelab.nn import inpainting
with torch.device("meta"):
    assert [count_parameters(each) for each in (inpainting.UNet(8), inpainting.UNet(7))] == [32_859_732, 25_779_796]
assert float(closing[2].amin()) == 0 and float(closing[3].amin()) == 1, "after three layers no hole is left"
assert told_of["spread"]["style"] > 1.5 * told_of["nearest"]["style"] and abs(float(told_of["spread"]["hole"] / told_of["nearest"]["hole"]) - 1) < 0.1
assert float(told_of["the truth"]["variation"]) > max(float(told_of[name]["variation"]) for name in ("mean", "nearest", "spread", "the network"))
assert repair_recipe.replaced.keys() == ({"convolution"} if result_11_4 else set()) | ({"loss"} if result_11_5 else set())
far = {thing: {name: float(found[0].mean()) for name, found in row.items()} for thing, row in scoreboard.items()}
assert far["hat"]["partial"] < far["hat"]["nearest"] and far["watermark"]["spread"] < far["watermark"]["partial"], "wide holes and narrow ones"
assert all(row["gated, of four"] <= row["gated"] for row in far.values())
assert torch.equal(spread(damaged, 0 * masks), 0 * damaged), "where nothing is known, it ends"
apart = torch.stack(proposals).std(0).mul(1 - bubble_masks).sum() / (1 - bubble_masks).sum() / 3
assert 0 < float(apart) < 0.1, "the four hardly differ"
""",
    "12_painting": """
assert [count_parameters(each) for each in list(networks.values())[:4]] == [96_492_483, 97_480_899, 5_836_930, 10_463_424]
assert len([m for m in spade.Generator(5, 64, 2, 4).modules() if isinstance(m, spade.SPADE)]) == 18
assert strength["and a norm"][0] > 3 > 0.01 > strength["and a norm"][-1] and apart["and a norm"][-1] < 1e-3 < apart["and SPADE"][-1]
for share, value in zip(shares[:-1], strength["and a norm"]):
    assert abs(value - ((1 - share) / share) ** 0.5) < 0.25 * value + 0.05, "the root of (1 - s) / s"
grays = [[float(each[0].mean()) for each in channels(whole, how)] for how in hows]
assert np.ptp(grays[1]) < 1e-3 < 0.02 < min(np.ptp(grays[0]), np.ptp(grays[2])), "three times the same gray"
assert 0.5 * kept[0] < own[0] < 0.85 * kept[0], "weakened, and not gone"
assert reference.parts_at(face_maps[:1], 17, 4).sum() == 16
cpu = recipes.PRESETS["cpu"]
sizes = {name: getattr(cpu, name) for name in ("size", "width", "hidden", "latent", "channel_max", "width_E")}
assert cpu.steps * cpu.batch == 6_400 and count_parameters(spade.StyledGenerator(17, **sizes)) < 0.28 * count_parameters(lesson_4.network)
assert sum(each > 1 for each in paid) == 4 and sum(each < 0.2 for each in paid) == 10, "what a style pays"
with torch.no_grad():
    hues = faces(face_maps[:6], faces.style(face_truth[:6])), faces(face_maps[:6], faces.style(face_truth[7:8]).expand(6, -1))
off = [(each - face_truth[:6]).abs().mean() for each in hues]
assert off[0] < 0.7 * off[1], "its own style brings the colors"
with torch.no_grad():
    hours = [places(place_maps[1:4], places.style(place_truth[k : k + 1]).expand(3, -1))[..., 30:56, :].mean((0, 2, 3)) for k in (1, 3)]
assert hours[0][0] > hours[0][2] and hours[1][2] > hours[1][0], "dusk is red, day is blue"
""",
}


def outputs(book: nbformat.NotebookNode) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every output with its place: those of the cells, and those inside Output widgets."""
    for number, cell in enumerate(book.cells, 1):
        for output in cell.get("outputs", ()):
            yield f"cell {number}", output
    for name, model in widgets(book):
        for output in model["state"].get("outputs", ()):
            yield name, output


def widgets(book: nbformat.NotebookNode) -> Iterator[tuple[str, dict[str, Any]]]:
    for identity, model in book.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {}).items():
        yield f"widget {model['model_name']} {identity}", model


def problems(book: nbformat.NotebookNode) -> list[str]:
    """What went wrong in an executed notebook: errors, tracebacks on stderr, pictures without alt text."""
    found = []
    for place, output in outputs(book):
        kind, data = output["output_type"], output.get("data", {})
        if kind == "error":
            found.append(f"{place}: {output['ename']}: {output['evalue']}")
        if kind == "stream" and output["name"] == "stderr" and "Traceback (most recent call last)" in output["text"]:
            found.append(f"{place}: a traceback on stderr: {output['text'][-300:]}")
        markup = "".join(data.get("text/html", ""))
        drawing = "".join(data.get("image/svg+xml", ""))
        if any(not ALT.search(tag) for tag in IMAGE.findall(markup)):
            found.append(f"{place}: an <img> without alt text")
        if drawing and "aria-label=" not in drawing and "<title" not in drawing:
            found.append(f"{place}: an SVG without a title")
        if not markup and {"image/png", "image/jpeg", "image/gif"} & set(data):
            found.append(f"{place}: a raw picture without alt text; show it as a Figure")
    for place, model in widgets(book):
        if model["model_name"] == "ImageModel":
            found.append(f"{place}: an Image widget has no alt text; use an HTML widget")
        value = model["state"].get("value")
        if isinstance(value, str) and any(not ALT.search(tag) for tag in IMAGE.findall(value)):
            found.append(f"{place}: an <img> without alt text")
    return found


def verdicts(book: nbformat.NotebookNode) -> dict[str, set[str]]:
    """What the checks said, by exercise."""
    said: dict[str, set[str]] = {}
    for _, output in outputs(book):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        for exercise, opening in VERDICT.findall("".join(text)):
            said.setdefault(exercise, set()).add(opening)
    return said


def expected_verdicts(book: nbformat.NotebookNode, solved: bool) -> dict[str, set[str]]:
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    calls = {f"{lesson}.{number}" for lesson, number in re.findall(r"\bcheck_(\d+)_(\d+)\(", code)}
    return {exercise: {"Correct." if solved else "Not solved yet:"} for exercise in calls}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures that one notebook drew are there for the next, in whichever worker it runs."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def execute(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a notebook in an empty folder beside links to course/ and datasets/, without a way to the network."""
    (tmp_path / "notebooks" / "solutions").mkdir(parents=True)
    for name in ("course", "datasets"):
        (tmp_path / name).symlink_to(ROOT / name)
    places = {"ANIMELAB_CACHE": cache, "ANIMELAB_RUNS": tmp_path / "runs", "IPYTHONDIR": tmp_path / "ipython"}
    nowhere = "http://127.0.0.1:9"  # the port that discards: a download fails at once
    for name, value in {
        **places,
        "ANIMELAB_SCALE": "smoke",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere),
        "no_proxy": "localhost,127.0.0.1",
    }.items():
        monkeypatch.setenv(name, str(value))

    def run(book: nbformat.NotebookNode, folder: str = "notebooks") -> nbformat.NotebookNode:
        resources = {"metadata": {"path": str(tmp_path / folder)}}
        settings = {"kernel_manager_class": ForkedKernelManager, "allow_errors": True, "resources": resources}
        NotebookClient(book, timeout=600, kernel_name="python3", **settings).execute()
        return book

    return run


# --- the notebooks ----------------------------------------------------------------------------------------------------


def case(path: Path) -> object:
    """The solved build says more of a lesson; the other follows in `make test-all`."""
    marks = () if path.parent.name == "solutions" or path.name not in SOLVED else pytest.mark.slow
    return pytest.param(path, id=path.relative_to(ROOT / "notebooks").as_posix(), marks=marks)


@pytest.mark.parametrize("path", [*map(case, NOTEBOOKS)])
def test_notebook_runs(path: Path, execute) -> None:
    book = nbformat.read(path, as_version=4)
    book.cells.append(nbformat.v4.new_code_cell(CLAIMS.get(path.stem, "")))
    execute(book, path.parent.relative_to(ROOT).as_posix())
    assert problems(book) == []
    assert verdicts(book) == expected_verdicts(book, solved=path.parent.name == "solutions")


# --- the way we look at them ------------------------------------------------------------------------------------------

SAMPLE = """\
# %% [markdown]
# # A sample

# %% tags=["setup"]
from animelab import env

env.start()

# %%
from animelab.checks import check_1_2
from torch.nn.functional import softplus


# %%
def discriminator_loss(real_logits, fake_logits):
    ### BEGIN SOLUTION 1.2: two softplus terms
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()
    ### END SOLUTION


check_1_2(discriminator_loss)

# %%
result = check_1_2(discriminator_loss); "shown though it is not the last expression"

# %%
result
"""


@pytest.mark.parametrize("solved", [False, True])
def test_a_sample_lesson_in_both_builds(tmp_path: Path, execute, solved: bool) -> None:
    master = tmp_path / "master" / "01_sample.py"
    master.parent.mkdir()
    master.write_text(SAMPLE)
    book = execute(nbformat.reads(authoring.build_lesson(authoring.read(master, tmp_path), solved), as_version=4))
    assert problems(book) == []
    assert verdicts(book) == expected_verdicts(book, solved) == {"1.2": {"Correct." if solved else "Not solved yet:"}}
    for cell in book.cells[-3:]:  # each shows the result exactly once
        shown = [output for output in cell.outputs if "check 1.2" in output.get("data", {}).get("text/plain", "")]
        assert len(shown) == 1
        assert shown[0].data["text/markdown"].startswith("`check 1.2` **")


BAD = {  # a cell, and what is to be found in it
    "1 / 0": "cell 1: ZeroDivisionError",
    "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()": "cell 2: a traceback",
    "from IPython.display import HTML\nHTML('<img src=\"a.png\">')": "cell 3: an <img> without alt text",
    "from PIL import Image\nImage.new('RGB', (2, 2))": "cell 4: a raw picture",
    "from IPython.display import SVG\nSVG('<svg></svg>')": "cell 5: an SVG without a title",
    "import urllib.request\nurllib.request.urlopen('http://example.com')": "cell 6: URLError",
    "import ipywidgets\nimage = ipywidgets.Image(value=b'')": "an Image widget",
    "markup = ipywidgets.HTML('<img src=\"a.png\">')": "widget HTMLModel",
    "output = ipywidgets.Output()\nwith output:\n    raise ValueError('nobody sees me')": "widget OutputModel",
}


def test_the_scanner_finds_everything(execute) -> None:
    cells = [nbformat.v4.new_code_cell(code) for code in BAD]
    book = execute(nbformat.v4.new_notebook(cells=cells))
    found = problems(book)
    assert len(found) == len(BAD), found
    for complaint in BAD.values():
        assert any(complaint in problem for problem in found), (complaint, found)
    assert book.cells[-1].outputs == []  # whoever looks at cells only sees nothing of the last one
    assert any(problem.endswith("ValueError: nobody sees me") for problem in found)


def test_the_scanner_leaves_a_good_notebook_alone(execute) -> None:
    code = (
        "import ipywidgets, sys\nimport numpy as np\nfrom animelab.viz import Figure\n"
        "output = ipywidgets.Output()\nwith output:\n    print('well')\n"
        "print('a warning', file=sys.stderr)\ndisplay(output)\n"
        "Figure(np.zeros((2, 2, 3), np.uint8), alt='a black square')"
    )
    book = execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]))
    assert problems(book) == []
    assert any("OutputModel" in name for name, _ in widgets(book))
