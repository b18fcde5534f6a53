"""Numbers, shapes and words that no command, setting or function of the lessons can use."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from animelab import config, env, latent, limits, metrics, zoo
from animelab.cli import main
from animelab.data import ImageFolder, PairedFolder, Pictures, StudioFaces, fitted
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.nn import cyclegan, stylegan2
from animelab.recipes import RECIPES
from animelab.studio import (
    Character,
    Prior,
    Scene,
    contact_sheet,
    label_map,
    lit,
    paint,
    paint_labels,
    rasterize,
    render,
)
from animelab.studio import landmarks as studio_landmarks
from animelab.widgets import CharacterDesigner
from animelab.zoo.pretrained import Pretrained, Translator

ENDLESS = (10**12, 2**70, -(2**70), 10**20, 10**5000)
NAN = float("nan")
GOOD = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
BAD_PICTURES: dict[str, tuple[Any, str]] = {
    "NaN": (torch.full((3, 3, 64, 64), NAN), "NaN"),
    "one NaN": (GOOD.index_fill(0, torch.tensor(1), NAN), "NaN"),
    "infinity": (GOOD / 0, "NaN or infinity"),
    "bytes": ((GOOD * 127 + 127).byte(), "bytes"),
    "0 to 255": ((GOOD + 1) * 127, "in -1 to 1"),
    "whole numbers to 255": (((GOOD + 1) * 127).long(), "in -1 to 1"),
    "one picture": (GOOD[0], "picture[None]"),
    "two channels": (GOOD[:, :2], "shape"),
    "no picture": (GOOD[:0], "shape"),
    "channels last": (GOOD.permute(0, 2, 3, 1), "shape"),
    "complex numbers": (GOOD + 1j, "shape"),
    "a sparse tensor": (GOOD.to_sparse(), "shape"),
    "a name": ("pictures.png", "tensor"),
    "nothing": (None, "tensor"),
    "an image": ([Image.new("RGB", (64, 64))], "tensor"),
    "NumPy's bytes": (np.zeros((3, 3, 64, 64), np.uint8), "bytes"),
}
BAD_LATENTS: dict[str, tuple[Any, str]] = {
    "NaN": (torch.full((2, 16), NAN), "NaN"),
    "another length": (torch.zeros(2, 17), "shape"),
    "one latent": (torch.zeros(16), "shape"),
    "none": (torch.zeros(0, 16), "shape"),
    "words": (["a", "b"], "tensor"),
}


@lru_cache(maxsize=1)
def faces() -> Pretrained:
    generator = stylegan2.Generator(32, 256, 16, latent=16, mapping_layers=2).eval()
    return Pretrained("tiny", generator, 16, 32, {"data": "studio faces (frontal)"})


@lru_cache(maxsize=1)
def translator() -> Translator:
    return Translator("tiny", cyclegan.Pair(1, 4).eval(), {})


def space() -> latent.Styles:
    return latent.Styles(faces().generator)


def w(count: int = 40) -> torch.Tensor:
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(0))


def command(words: str, folder: Path) -> int:
    return main([word.replace("OUT", str(folder / "out")) for word in words.split(" ")])


def untouched(words: str, folder: Path) -> int:
    """A command that fails before it writes anything."""
    try:
        return command(words, folder)
    finally:
        assert not list(folder.iterdir())


def setting(recipe: str, name: str, value: object, folder: Path) -> None:
    """The same in Python and as text from a command line."""
    try:
        config.change(RECIPES[recipe].presets["cpu"], **{name: value})
    except LabError:
        if value != 10**5000:  # which Python does not print
            config.change(RECIPES[recipe].presets["cpu"], **{name: str(value)})
        raise


def beyond(recipe: str) -> list[tuple[str, Callable[[Path], object], str]]:
    """Every number of a recipe, below its least, beyond its greatest, and what is no number."""
    cases = []
    for field in dataclasses.fields(RECIPES[recipe].presets["cpu"]):
        if field.type not in ("int", "float"):
            continue
        least, greatest = limits.SETTINGS.get(field.name, limits.OTHER_SETTINGS[str(field.type)])
        step = 1 if field.type == "int" else 1e-9 + greatest * 1e-9
        for value in (least - step, greatest + step, *ENDLESS, NAN, float("inf")):
            words = f"'{field.name}' takes a {'whole number' if field.type == 'int' else 'number'} from"
            cases.append((f"{recipe}: {field.name}={value if abs(value) < 1e30 else 'endless'}",
                          partial(setting, recipe, field.name, value), words))  # fmt: skip
    return cases


def all_of(recipe: str, folder: Path) -> None:
    """All of those at once: as cases of their own they would be thousands."""
    cases = beyond(recipe)
    assert len(cases) > 100
    for name, run, words in cases:
        said = f"{name} was taken"
        try:
            run(folder)
        except LabError as error:
            said = str(error)
        assert words in said, said
    config.change(RECIPES[recipe].presets["cpu"], batch=0)


def long_picture(folder: Path) -> int:
    """16 x 4,000 pixels and --side 4096: a million pixels wide."""
    run = folder / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    save_weights(run / "weights.safetensors", "cyclegan.pair", {"blocks": 1, "width": 4}, cyclegan.Pair(1, 4))
    Image.new("RGB", (16, 4000)).save(folder / "long.png")
    return main(["translate", str(run), str(folder / "long.png"), "--side", "4096", "--out", str(folder / "out")])


def file_in_the_way(name: str, words: str, folder: Path) -> int:
    (folder / "out").write_text("mine")
    try:
        return main([*words.split(" "), "--out", str(folder / "out" / name)])
    finally:
        assert (folder / "out").read_text() == "mine"


def taken(*calls: Callable[[], object]) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        for call in calls:
            call()

    return run


def python(call: Callable[[], object]) -> Callable[[Path], object]:
    return lambda folder: call()


SEES: dict[str, Callable[[Any], object]] = {
    "features": metrics.features,
    "guessed": metrics.guessed,
    "predicted": metrics.predicted,
    "landmarks": metrics.landmarks,
    "perceptual": lambda pictures: metrics.perceptual(pictures, pictures),
    "leak": lambda pictures: metrics.leak(pictures, pictures, GOOD[:, :1] > 0),
    "translate": lambda pictures: translator().translate(pictures),
    "fd_studio": lambda pictures: metrics.fd_studio(pictures, GOOD),
    "kd_studio": lambda pictures: metrics.kd_studio(GOOD, pictures, 2),
    "attribute_accuracy": lambda pictures: metrics.attribute_accuracy(pictures, torch.zeros(3, 34)),
    "project": lambda pictures: latent.project(space(), pictures, 1),
}
ANY_CHANNELS = {
    "psnr": lambda pictures: metrics.psnr(pictures, pictures),
    "variety": lambda pictures: metrics.variety(pictures, GOOD),
}
PYTHON: list[tuple[str, Callable[[], object], str]] = [
    ("frechet of NaN", lambda: metrics.frechet(torch.full((40, 16), NAN), w()), "NaN"),
    ("frechet of other lengths", lambda: metrics.frechet(w(), w()[:, :8]), "shape"),
    ("frechet of too few", lambda: metrics.frechet(w(5), w(5)), "at least 17"),
    ("kernel_distance, subset=-5", lambda: metrics.kernel_distance(w(), w(), -5), "subset takes a whole number from 2"),
    ("kernel_distance, subset=1", lambda: metrics.kernel_distance(w(), w(), 1), "subset takes"),
    ("kernel_distance, subset=2.5", lambda: metrics.kernel_distance(w(), w(), 2.5), "subset takes"),
    ("kernel_distance, subsets=0", lambda: metrics.kernel_distance(w(), w(), 8, 0), "subsets takes"),
    ("kernel_distance, seed=2**70", lambda: metrics.kernel_distance(w(), w(), 8, seed=2**70), "seed takes"),
    ("predicted by nobody", lambda: metrics.predicted(GOOD, "tager"), "did you mean 'tagger'"),
    ("labels of NaN", lambda: metrics.attribute_accuracy(GOOD, torch.full((3, 34), NAN)), "NaN"),
    ("evaluate, count=1", lambda: metrics.evaluate(["dcgan-faces-64"], 1), "count takes a whole number from 257"),
    ("evaluate, a name", lambda: metrics.evaluate("dcgan-faces-64"), "list of names"),
    ("a model called 5", lambda: zoo.load(5), "The zoo has no model '5'"),
    ("a model called []", lambda: zoo.load([]), "The zoo has no model"),
    ("a run of None", lambda: zoo.load_run(None), "is asked for"),
    ("a run without a name", lambda: zoo.open_model(""), "is asked for"),
    ("evaluate, 5", lambda: metrics.evaluate(5), "list of names"),
    ("pixels that are a list", lambda: Pictures([[0]], "mine"), "NumPy array"),
    ("a split called 5", lambda: StudioFaces(16, 4, split=5), "no split '5'"),
    ("a side called None", lambda: StudioFaces(16, 4, side=None), "draws no 'None'"),
    ("a text fitted", lambda: fitted("a", 64, "cropped"), "uint8 (H, W, 3)"),
    ("fitted to 0", lambda: fitted(np.zeros((9, 9, 3), np.uint8), 0, "cropped"), "size takes"),
    ("fitted to 10**9", lambda: fitted(np.zeros((9, 9, 3), np.uint8), 10**9, "letterboxed"), "size takes"),
    ("crossed from layer 1.5", lambda: latent.crossed(w(8), w(8), 1.5, 3), "A layer takes"),
    ("slerp, t='a'", lambda: latent.slerp(w()[0], w()[1], "a"), "t takes"),
    ("a child of None", lambda: latent.fuse(None, None), "A parent is"),
    ("a light from None", lambda: lit(Character(), 16, None), "three numbers"),
    ("a light from NaN", lambda: lit(Character(), 16, (NAN, 0, 1)), "A light takes"),
    ("a renderer called []", lambda: render(Character(), 16, renderer=[]), "no renderer"),
    ("a designer of 5", lambda: CharacterDesigner(5), "begins with a Character"),
    ("eyes of a tensor", lambda: metrics.guessed_eyes(GOOD[0]), "bytes"),
    ("hints of another size", lambda: metrics.obedience(GOOD, torch.zeros(3, 4, 32, 32)), "one size"),
    ("sample, count=0", lambda: faces().sample(0), "count takes a whole number from 1"),
    ("sample, count=10**12", lambda: faces().sample(10**12), "count takes"),
    ("sample, count=2.5", lambda: faces().sample(2.5), "count takes"),
    ("sample, seed=2**64", lambda: faces().sample(1, 2**64), "seed takes"),
    ("sample, seed='a'", lambda: faces().sample(1, "a"), "seed takes"),
    ("sample, truncation NaN", lambda: faces().sample(1, truncation=NAN), "truncation takes a number from -2 to 2"),
    ("too many at once", lambda: dataclasses.replace(faces(), size=1024).sample(10_000), "too many at once"),
    ("a condition of NaN", lambda: zoo.load("makegirlsmoe-faces-64").sample(1, 0, torch.full((34,), NAN)), "NaN"),
    ("ganspace of NaN", lambda: latent.ganspace(torch.full((40, 16), NAN)), "NaN"),
    ("ganspace, count=-1", lambda: latent.ganspace(w(), -1), "count takes"),
    ("sefa of a model", lambda: latent.sefa(faces()), "model.generator"),
    ("sefa, count=99", lambda: latent.sefa(faces().generator, 99), "count takes a whole number from 1 to 16"),
    ("sefa, layer 99", lambda: latent.sefa(faces().generator, 2, [99]), "A layer takes"),
    ("Styles of a model", lambda: latent.Styles(faces()), "model.generator"),
    ("Styles with a direction of NaN", lambda: latent.Styles(faces().generator, {"up": torch.full((16,), NAN)}), "NaN"),
    ("Latents of no function", lambda: latent.Latents("tiny", 16), "function"),
    ("Latents of NaN", lambda: latent.Latents(lambda z: torch.full((len(z), 3, 16, 16), NAN), 8).principal(), "NaN"),
    ("principal_directions of NaN",
     lambda: latent.principal_directions(lambda z: torch.full((len(z), 3, 16, 16), NAN), 8), "NaN"),
    ("principal_directions of no pictures", lambda: latent.principal_directions(lambda z: z, 8), "shape"),
    ("principal_directions of 10**20", lambda: latent.principal_directions(lambda z: z, 10**20), "latent takes"),
    ("a point of seed 2**70", lambda: space().point(2**70), "seed takes"),
    ("interfacegan of constant w", lambda: latent.interfacegan(torch.ones(100, 16), w(100)[:, 0]), "the same"),
    ("interfacegan of NaN", lambda: latent.interfacegan(torch.full((100, 16), NAN), w(100)[:, 0]), "NaN"),
    ("interfacegan, share=2", lambda: latent.interfacegan(w(100), w(100)[:, 0], 2), "share takes"),
    ("conditional of NaN", lambda: latent.conditional(w()[0], torch.full((16,), NAN)), "NaN"),
    ("conditional of other lengths", lambda: latent.conditional(w()[0], w()[0, :8]), "shape"),
    ("perpendicular to NaN", lambda: latent.perpendicular(w(8), torch.full((16,), NAN)), "NaN"),
    ("perpendicular to nothing", lambda: latent.perpendicular(w(8)), "at least one other"),
    ("a number perpendicular to a row", lambda: latent.perpendicular(1.0, w()[0]), "a row of numbers"),
    ("edit in layer 99", lambda: latent.edit(w(8)[None], w()[0], 1.0, [99]), "A layer takes"),
    ("edit by NaN", lambda: latent.edit(w(8)[None], w()[0], NAN), "amount takes"),
    ("edit by another length", lambda: latent.edit(w(8)[None], w()[0, :8], 1.0), "shape"),
    ("slerp of NaN", lambda: latent.slerp(w()[0], w()[0] * NAN, 0.5), "NaN"),
    ("walk in 10**12 steps", lambda: latent.walk(w()[0], w()[1], 10**12), "steps takes"),
    ("fuse, t=NaN", lambda: latent.fuse((w()[0], torch.zeros(34)), (w()[1], torch.zeros(34)), NAN), "t takes"),
    ("fuse of 3 attributes", lambda: latent.fuse((w()[0], torch.zeros(3)), (w()[1], torch.zeros(3))), "shape"),
    ("attributes of numbers", lambda: latent.attributes([1, 2]), "words"),
    ("attributes of nothing", lambda: latent.attributes(None), "words"),
    ("project, steps=10**12", lambda: latent.project(space(), GOOD, 10**12), "steps takes"),
    ("project into a model", lambda: latent.project(faces(), GOOD), "latent.Styles"),
    *((f"render in {size!r:.9}", lambda size=size: render(Character(), size), "size takes a whole number from 8")
      for size in (0, -1, 16.5, "64", None, 100_000, 10**12, True)),
    ("render of a number", lambda: render(5), "Character.random(3)"),
    ("render of layer []", lambda: render(Character(), 32, []), "There is no layer"),
    ("render of style 3", lambda: render(Character(), 32, style=3), "There is no style"),
    ("label_map in 16.5", lambda: label_map(Character(), 16.5), "size takes"),
    ("landmarks in 0", lambda: studio_landmarks(Character(), 0), "size takes"),
    ("rasterize of a number", lambda: rasterize(5), "An SVG is a text"),
    ("rasterize in 10**6", lambda: rasterize("<svg/>", 10**6), "size takes"),
    ("paint_labels of floats", lambda: paint_labels(np.zeros((4, 4))), "whole numbers"),
    ("paint_labels of 99", lambda: paint_labels(np.full((4, 4), 99)), "whole numbers"),
    ("contact_sheet, columns=0", lambda: contact_sheet([Character()], 0), "columns takes"),
    ("contact_sheet of none", lambda: contact_sheet([]), "a list of characters"),
    ("contact_sheet of one", lambda: contact_sheet(Character()), "a list of characters"),
    ("a sheet of 10**9 pixels", lambda: contact_sheet([Character()] * 64, 8, 4096), "pixels"),
    ("Character(hair_style=[])", lambda: Character(hair_style=[]), "hair_style=[] is not drawn"),
    ("Character(yaw=NaN)", lambda: Character(yaw=NAN), "yaw takes a number from -1 to 1"),
    ("Character(seed=2**64)", lambda: Character(seed=2**64), "seed takes"),
    *((f"Character.random({seed!r:.9})", lambda seed=seed: Character.random(seed), "seed takes")
      for seed in (-1, 1.5, "3", None, 2**64, 10**4000)),
    *((f"the prior {prior}", lambda prior=prior: Character.random(0, prior), words) for prior, words in (
        ("frontl", "'frontal'"), ("frontal+hair_style=nope", "hair_style='nope' is not drawn; the nearest"),
        ("frontal+hair_stile=bob", "'hair_style'"), ("frontal+hair_color", "is not drawn"), ("frontal+", "attribute"),
        ("frontal+roll=5", "roll takes"), (5, "studio.PRIORS"))),
    *((f"a prior of {weights}", lambda weights=weights: Prior("mine", "", weights, {}), words) for weights, words in (
        ({"hair_color": {"red": 0}}, "a weight above 0"), ({"hair_color": {}}, "a weight above 0"),
        ({"hair_color": {"red": -1}}, "takes a number from 0"), ({"hair_color": {"red": NAN}}, "takes a number from 0"),
        ({"hair_color": {"rad": 1}}, "nearest is 'red'"), ({"hair_colour": {"red": 1}}, "nearest is 'hair_color'"),
        ({"hair_color": "red"}, "dictionary"), ({"expression": {"joy": 1}}, "is not drawn"))),
    ("a prior of a range beyond", lambda: Prior("mine", "", {}, {"yaw": (0, 9)}), "from -1 to 1"),
    ("a prior of half a range", lambda: Prior("mine", "", {}, {"yaw": (0,)}), "least and its greatest"),
    ("Scene.random(-1)", lambda: Scene.random(-1), "seed takes"),
    ("Scene([])", lambda: Scene([]), "There is no"),
    ("paint in 0", lambda: paint(Scene.random(1), 0), "size takes"),
    *((f"CharacterDesigner(size={size})", lambda size=size: CharacterDesigner(size=size), "size takes")
      for size in (0, -5, 10**6, 20.5)),
    *((f"ImageFolder(size={size})", lambda size=size: ImageFolder(".", size), "size takes")
      for size in (0, -5, 10**6, 20.5, "64")),
    ("ImageFolder of nothing", lambda: ImageFolder(""), "name of a folder"),
    ("PairedFolder of None", lambda: PairedFolder(None), "name of a folder"),
    *((f"StudioFaces({size}, {count}, {seed})", lambda a=(size, count, seed): StudioFaces(*a), words)
      for size, count, seed, words in ((0, 4, 0, "size takes"), (16.5, 4, 0, "size takes"), (16, 0, 0, "count takes"),
                                       (16, 10**12, 0, "count takes"), (16, 4, 2**70, "seed of a drawn set takes"),
                                       (16, 4, -1, "seed of a drawn set takes"), (16, 4, 0.5, "seed of a drawn set"))),
    *((f"the device {name!r}", lambda name=name: env.pick_device(name), "is not available here")
      for name in ("cpu:-1", "cpu:1", "cpu:", "cuda:99", "cuda:-1", "tpu", "meta", "", "\x1b[2J")),
]  # fmt: skip
COMMANDS = [
    ("sample dcgan-faces-64 --count 1000000000000 --out OUT.png", "--count: it takes a whole number from 1 to 100,000"),
    ("sample dcgan-faces-64 --count 0 --out OUT.png", "--count: it takes"),
    ("sample dcgan-faces-64 --count 1.5 --out OUT.png", "--count: it takes"),
    ("sample dcgan-faces-64 --count " + "9" * 5000 + " --out OUT.png", "--count: it takes"),
    ("sample dcgan-faces-64 --seed 1180591620717411303424 --out OUT.png", "--seed: it takes"),
    ("sample dcgan-faces-64 --seed -9223372036854775809 --out OUT.png", "--seed: it takes"),
    ("sample dcgan-faces-64 --truncation nan --out OUT.png", "--truncation: it takes a number from -2 to 2"),
    ("sample dcgan-faces-64 --truncation inf --out OUT.png", "--truncation: it takes"),
    ("sample dcgan-faces-64 --class 99999999999999999999 --out OUT.png", "--class: it takes"),
    ("sample dcgan-faces-64 --out OUT.jpg", "ends in .png"),
    ("data draw faces --size 100000 --out OUT", "--size: it takes a whole number from 8 to 1,024"),
    ("data draw faces --size 0 --out OUT", "--size: it takes"),
    ("data draw faces --count 1000000000000 --out OUT", "--count: it takes"),
    ("data draw faces --seed 1180591620717411303424 --out OUT", "--seed: it takes"),
    ("data draw faces --seed 100 --out OUT", "--seed: it takes a whole number from 0 to 99, not 100"),
    ("sample dcgan-faces-64 --class cat --out OUT.png", "--class: it takes a whole number from 0 to 1,000,000"),
    ("sample stylegan2-faces-64 --class 1 --attributes smile --out OUT.png", "has no numbered classes"),
    ("train DCGAN --preset smoke --out OUT", "did you mean 'dcgan'?"),
    ("train dcgan --preset SMOKE --out OUT", "did you mean 'smoke'?"),
    ("lab /etc/passwd", "/etc/passwd is no lesson"),
    ("data draw faces --prior frontal+hair_style=nope --out OUT", "hair_style='nope' is not drawn; the nearest"),
    ("data gallery --out OUT", "ends in .html"),
    ("data gallery --seed -1 --out OUT.html", "--seed: it takes"),
    ("evaluate dcgan-faces-64 --count 1", "--count: it takes a whole number from 257"),
    ("evaluate dcgan-faces-64 --out OUT.txt", "ends in .json"),
    ("train dcgan --preset smoke --device cpu:-1 --out OUT", "'cpu:-1' is not available here"),
    ("train dcgan --preset smoke --data  --out OUT", "--data: it takes a path"),
    ("train dcgan --preset smoke --out ", "--out: it takes a path"),
    ("train dcgan --preset smoke --set steps= --steps 1 --out OUT", "'steps' is given twice"),
    ("train dcgan --preset smoke --set steps= --out OUT", "'steps' takes a whole number"),
    ("train dcgan --preset smoke --set seed=1 --set seed=2 --out OUT", "'seed' is given twice"),
    ("train dcgan --preset smoke --steps 99999999999999999999 --out OUT", "--steps: it takes"),
    ("train ugatit --preset smoke --set layers_global=99999999999999999999 --out OUT", "'layers_global' takes"),
    *((f"train {recipe} --preset smoke --set batch=99999999999999999999 --out OUT", "'batch' takes")
      for recipe in RECIPES),
    *((f"train {recipe} --preset smoke --set beta1=2 --out OUT", "'beta1' takes a number from 0 to below 1")
      for recipe in RECIPES if hasattr(RECIPES[recipe].presets["smoke"], "beta1")),
    ("translate pix2pix-sketch-color-64 a.png --side 99999 --out OUT", "--side: it takes a whole number from 16"),
    ("translate pix2pix-sketch-color-64  --out OUT", "it takes a path"),
    ("lab 99_nothing.ipynb --no-browser", "99_nothing.ipynb does not exist"),
    ("lab --no-browser 99_nothing.ipynb", "99_nothing.ipynb does not exist"),
]  # fmt: skip
CASES = [
    *((f"animelab {words:.70}", partial(untouched, words), said) for words, said in COMMANDS),
    *((f"settings of {recipe}", partial(all_of, recipe), "'batch' takes a whole") for recipe in RECIPES),
    *((f"{name} of {what}", python(partial(see, pictures)), words)
      for name, see in SEES.items() for what, (pictures, words) in BAD_PICTURES.items()),
    *((f"{name} of {what}", python(partial(see, pictures)), words)
      for name, see in ANY_CHANNELS.items() for what, (pictures, words) in BAD_PICTURES.items()
      if what not in ("two channels", "channels last")),
    *((f"generate of {what}", python(partial(faces().generate, latents)), words)
      for what, (latents, words) in BAD_LATENTS.items()),
    *((name, python(call), words) for name, call, words in PYTHON),
    ("a long picture", long_picture, "it would become"),
    ("a gallery below a file", partial(file_in_the_way, "a.html", "data gallery"), "cannot be written"),
    ("scores below a file", partial(file_in_the_way, "a.json", "evaluate dcgan-faces-64"), "cannot be written"),
    ("a grid below a file", partial(file_in_the_way, "a.png", "sample dcgan-faces-64"), "cannot be written"),
    ("what is harmless", taken(
        lambda: Character.random(np.int64(3)) == Character.random(3) or 1 / 0,
        lambda: Character(yaw=np.float32(0.5), blush=1, seed=np.int64(3)),
        lambda: render(Character(), np.int64(16)),
        lambda: metrics.features(GOOD.numpy()),
        lambda: metrics.features(GOOD.double()),
        lambda: metrics.guessed(GOOD * 1.2),
        lambda: translator().translate(GOOD.numpy()),
        lambda: translator().translate(torch.zeros(1, 3, 5, 9)),
        lambda: faces().generate(np.zeros((1, 16))),
        lambda: faces().sample(np.int64(2), np.int64(5), np.float64(0.7)),
        lambda: faces().sample(2, -5),
        lambda: latent.slerp(np.zeros(4) + 1, np.ones(4), 0.5),
        lambda: latent.attributes(word for word in ("blue hair", "smile")),
        lambda: latent.attributes("BLUE HAIR, Smile"),
        lambda: config.change(RECIPES["dcgan"].presets["cpu"], batch=np.int64(8), lr_G=np.float32(0.1), steps=100.0),
        lambda: metrics.variety(GOOD[:1].repeat(3, 1, 1, 1), GOOD)["rank"] == 0 or 1 / 0,
    ), None),
    ("seeds beyond 99", taken(*(
        lambda name=name, seed=seed: zoo.load(name).sample(2, seed=seed)
        for name in ("stylegan2-faces-64", "makegirlsmoe-faces-64") for seed in (100, 500, 2**40, -3))), None),
    *((f"{recipe} of too large patches", partial(untouched,
       f"train {recipe} --preset smoke --set size=32 --set patch_layers=6 --out OUT"), "at least 192")
      for recipe in ("pix2pix", "cyclegan", "colorization")),
    ("animelab sample --seed 100",
     partial(command, "sample stylegan2-faces-64 --count 2 --seed 100 --out OUT.png"), None),
]  # fmt: skip
if hasattr(os, "geteuid") and os.geteuid():
    CASES.append(("a grid in a folder of others", lambda folder: main(
        ["sample", "dcgan-faces-64", "--out", "/usr/bin/a/b.png"]), "cannot be written"))  # fmt: skip
