"""Drawings and folders as people have them, and as they should not be."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from animelab import zoo
from animelab.cli import main
from animelab.data import ImageFolder, PairedFolder, UnpairedFolder
from animelab.engine.weights import save_weights
from animelab.nn import stylegan2
from animelab.studio import Character, render
from animelab.widgets import ColorStudio, LatentExplorer

LINES = np.asarray(Image.fromarray(render(Character(seed=3), 64, layer="line")).convert("L"))
WHITE = Image.fromarray(LINES)
STYLEGAN2 = {"size": 16, "channel_base": 64, "channel_max": 8, "mapping_layers": 1, "latent": 8, "classes": 0}


def on(paper: tuple[int, int, int], ink: tuple[int, int, int] = (0, 0, 0), grain: float = 0) -> Image.Image:
    share = LINES[..., None] / 255
    noise = np.random.default_rng(0).normal(0, grain, (64, 64, 3))
    pixels = np.array(paper) * share + np.array(ink) * (1 - share) + noise
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


def ink(*color: int) -> Image.Image:
    picture = Image.new("RGBA", (64, 64), color)
    picture.putalpha(Image.fromarray(255 - LINES))
    return picture


# What should give the same as black on white, and the format it comes in.
DRAWINGS: dict[str, tuple[Image.Image, str]] = {
    "cream paper": (on((255, 245, 220)), "PNG"),
    "gray paper": (on((200, 200, 200)), "JPEG"),
    "grainy paper": (on((230, 225, 210), grain=4), "PNG"),
    "kraft paper": (on((190, 150, 100)), "WEBP"),
    "white on black": (on((0, 0, 0), (255, 255, 255)), "PNG"),
    "a blueprint": (on((20, 60, 160), (255, 255, 255)), "BMP"),
    "ink on transparency": (ink(0, 0, 0), "PNG"),
    "white ink on transparency": (ink(255, 255, 255), "PNG"),
    "gray and alpha": (ink(0, 0, 0).convert("LA"), "TIFF"),
    "16 bits": (Image.fromarray(LINES.astype(np.uint16) * 257), "PNG"),
    "16 bits in TIFF": (Image.fromarray(LINES.astype(np.uint16) * 257), "TIFF"),
    "32 bits": (Image.fromarray(LINES.astype(np.int32) * 257), "TIFF"),
    "12 bits in a file of 16": (Image.fromarray(LINES.astype(np.uint16) * 16), "PNG"),
    "8 bits in a file of 32": (Image.fromarray(LINES.astype(np.int32)), "TIFF"),
    "floats to 1": (Image.fromarray(LINES.astype(np.float32) / 255), "TIFF"),
    "a palette": (on((255, 245, 220)).quantize(64), "PNG"),
    "a GIF": (on((255, 245, 220)).quantize(64), "GIF"),
    "four inks": (WHITE.convert("CMYK"), "TIFF"),
}
SEEDS = ("3-1", "", "a", "1,", "-1", "0-99999999", "1-2-3", "1.5", "0x10", "9" * 30)


class Gray(torch.nn.Module):
    """A colorist that gives every drawing the same color."""

    def forward(self, lines: torch.Tensor, *_: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (torch.zeros(1, 3, *lines.shape[2:]),) * 2


def stored(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 95} if kind in ("JPEG", "WEBP") else {}))
    return buffer.getvalue()


def colored(image: Image.Image, kind: str, folder: Path) -> None:
    """`animelab translate` gives what it gives from black on white, and as opaque."""
    (folder / "drawing.png").write_bytes(stored(image, kind))
    (folder / "white.png").write_bytes(stored(WHITE))
    for name in ("drawing", "white"):
        command = ["translate", "pix2pix-color-64", str(folder / f"{name}.png"), "--out", str(folder / name)]
        assert main(command) == 0
    there, wanted = (Image.open(folder / name / f"{name}.png") for name in ("drawing", "white"))
    assert there.mode == wanted.mode == "RGB"
    assert np.abs(np.asarray(there).astype(int) - np.asarray(wanted)).mean() < 12


def opaque(alpha: int, folder: Path) -> int:
    """What is nowhere solid is no figure that was cut out, and its result would be half visible, or not at all."""
    picture = WHITE.convert("RGB")
    picture.putalpha(alpha)
    picture.save(folder / "a.png")
    code = main(["translate", "pix2pix-color-64", str(folder / "a.png"), "--out", str(folder / "out")])
    assert Image.open(folder / "out" / "a.png").mode == "RGB"
    return code


def results_among_inputs(command: str, out: str, folder: Path) -> int:
    paint(folder / "in" / "a.png")
    try:
        return main([*command.split(" "), str(folder / "in"), "--out", str(folder / "in" / out)])
    finally:
        assert [path.name for path in (folder / "in").iterdir()] == ["a.png"]


def given_twice(folder: Path) -> int:
    paint(folder / "in" / "a.png")
    inputs = [folder / "in", folder / "in" / "a.png", folder / "in" / ".." / "in"]
    code = main(["translate", "sketch-128", *map(str, inputs), "--out", str(folder / "out")])
    assert [path.name for path in (folder / "out").rglob("*")] == ["a.png"]
    return code


def there_already(words: str, make: Callable[[Path], object], name: str, folder: Path) -> int:
    """A file, a link or a FIFO of the user's stays as it is."""
    make(folder / name)
    before = os.lstat(folder / name)
    try:
        return main([*words.split(" "), "--out", str(folder / name)])
    finally:
        after = os.lstat(folder / name)
        assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def at_the_desk(image: Image.Image, kind: str, folder: Path) -> None:
    """Opened in the browser: the lines are those of black on white."""
    desk = ColorStudio(Gray(), torch.ones(1, 3, 64, 64), 32, folder=folder)
    desk.given("open", stored(image, kind))
    assert np.abs(desk.lines.mean(-1) - LINES).mean() < 6, desk.words


def paint(path: Path, size: tuple[int, int] = (40, 40), color: tuple[int, int, int] = (90, 60, 200)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def pairs(folder: Path, *files: tuple[str, tuple[int, int]], kind: type = PairedFolder) -> None:
    for name, size in files:
        paint(folder / "pairs" / name, size)
    kind(folder / "pairs", 16)


def train(folder: Path, *arguments: object, recipe: str = "dcgan") -> int:
    command = ["train", recipe, "--preset", "smoke", "--set", "width=4", "--device", "cpu", *map(str, arguments)]
    with redirect_stdout(io.StringIO()):
        return main(command)


def a_run_inside_its_data(folder: Path) -> int:
    """It is resumed, and another run on the same folder learns from the same pictures."""
    for number in range(4):
        paint(folder / f"{number}.png", color=(number, 0, 0))
    before = ImageFolder(folder, 32).fingerprint
    for more in (["--steps", 1], ["--steps", 2, "--resume"]):
        assert train(folder, "--data", folder, "--out", folder / "runs" / "mine", *more) == 0
    assert ImageFolder(folder, 32).fingerprint == before
    return 0


def translated(folder: Path, *names: str, results: set[str]) -> None:
    for name in names:
        paint(folder / "in" / name)
    assert main(["translate", "sketch-128", str(folder / "in"), "--out", str(folder / "out")]) == 0
    out = folder / "out"
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == results


def run(folder: Path) -> Path:
    torch.manual_seed(0)
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text("{}")
    generator = stylegan2.Generator(**STYLEGAN2)
    save_weights(folder / "run" / "weights.safetensors", "stylegan2-256.generator", STYLEGAN2, generator)
    return folder / "run"


def project(make: Callable[[Path], object], folder: Path) -> int:
    make(folder / "a.png")
    return main(["project", str(run(folder)), str(folder / "a.png"), "--out", str(folder / "out"), "--steps", "1"])


def loaded(make: Callable[[Path], object], folder: Path) -> None:
    """A point given to the explorer."""
    make(folder / "point.safetensors")
    LatentExplorer(zoo.load_run(run(folder))).load(folder / "point.safetensors")


def point(**tensors: torch.Tensor) -> Callable[[Path], None]:
    return lambda path: save_file(tensors, path)


CASES = [
    *((f"{name} translated", partial(colored, *drawing), None) for name, drawing in DRAWINGS.items()),
    *((f"{name} at the desk", partial(at_the_desk, *drawing), None) for name, drawing in DRAWINGS.items()),
    *((f"{alpha} of 255 everywhere", partial(opaque, alpha), None) for alpha in (0, 128, 249)),
    *((f"NaN in a TIFF to {command}", lambda folder, words=words: (Image.fromarray(np.full((40, 40), np.nan, np.float32)
     ).save(folder / "a.tiff"), main([*words.split(" "), str(folder / "a.tiff"), "--out", str(folder / "out")]))[1],
     "NaN or infinity") for command, words in (
         ("translate", "translate sketch-128"), ("project", "project stylegan2-faces-64"))),
    *((f"results of {command.split(' ')[0]} in {out}, among the inputs", partial(results_among_inputs, command, out),
     "whose pictures are asked for; choose a folder beside it") for command in (
         "translate sketch-128", "project stylegan2-faces-64") for out in ("out", "a/b")),
    ("the same picture three times", given_twice, None),
    ("a picture that is there and one that is not", lambda folder: main(["translate", "sketch-128",
     str(paint(folder / "a.png")), str(folder / "b.png"), "--out", str(folder / "out")]), "There is no file or folder"),
    ("pictures by a star", lambda folder: main(["translate", "sketch-128", str(folder / "*.png"), "--out",
     str(folder / "out")]), "give the folder"),
    *((f"{words.split(' ')[0]} to {kind} that is there", partial(there_already, words, make, f"a.{ending}"),
       "is there already") for kind, make in (
         ("a file", lambda path: path.write_text("mine")), ("a FIFO", os.mkfifo),
         ("a link to nothing", lambda path: path.symlink_to("nothing")))
      for words, ending in (("sample dcgan-faces-64", "png"), ("evaluate dcgan-faces-64", "json"))),
    *((f"{words.split(' ')[0]} to {out}", lambda folder, words=words, out=out: main([
       *words.split(" "), "--out", str(Path(folder, out))]), said)
      for words in ("sample dcgan-faces-64", "data draw faces --count 1", f"translate sketch-128 {__file__}")
      for out, said in ((name, f"{name} cannot become a folder") for name in ("/dev/null", "/proc/x"))
      if Path("/proc/self").exists()),
    ("faces to the name of a picture", lambda folder: main(["data", "draw", "faces", "--out", str(folder / "f.png")]),
     "is the name of a picture"),
    ("a grid to .png", lambda folder: main(["sample", "dcgan-faces-64", "--out", str(folder / ".png")]),
     "is the name of a picture"),
    ("a grid to a.PNG", lambda folder: main(["sample", "dcgan-faces-64", "--count", "1", "--out",
     str(folder / "a.PNG")]), None),
    ("a grid of a name of 5,000 letters", lambda folder: main(["sample", "dcgan-faces-64", "--out",
     str(folder / ("a" * 5000 + ".png"))]), "File name too long"),
    ("a model of a name of 5,000 letters", lambda folder: main(["sample", "a" * 5000, "--out",
     str(folder / "a.png")]), "longer than a name can be"),
    ("a model at an address", lambda folder: main(["sample", "https://a.b/c.pkl", "--out", str(folder / "a.png")]),
     "https://a.b/c.pkl is an address; download"),
    ("a home of nobody", lambda folder: main(["train", "dcgan", "--preset", "smoke", "--data", "~nosuch/x", "--out",
     str(folder / "run")]), "there is no home for '~nosuch/x'"),
    ("a grid too large", lambda folder: main(["sample", "dcgan-faces-64", "--count", "30000", "--out",
     str(folder / "a.png")]), "too many for one grid"),
    ("pairs whose names are written in two ways", lambda folder: pairs(
     folder, ("a/\u00e9.png", (40, 40)), ("b/e\u0301.png", (40, 40))), None),
    ("a source without a target", lambda folder: pairs(folder, *((name, (40, 40)) for name in (
     "a/1.png", "b/1.png", "b/2.png"))), "missing in"),
    ("a pair of two shapes", lambda folder: pairs(folder, ("a/1.png", (40, 40)), ("b/1.png", (40, 80))),
     "b/1.png 40 x 80; a pair has one shape"),
    ("a pair on its side", lambda folder: pairs(folder, ("a/1.png", (40, 60)), ("b/1.png", (60, 40))),
     "a/1.png is 40 x 60 px"),
    ("a pair of two sizes", lambda folder: pairs(folder, ("a/1.png", (41, 83)), ("b/1.png", (20, 41))), None),
    ("twice the same stem",
     lambda folder: pairs(folder, *((name, (40, 40)) for name in ("a/1.png", "a/1.bmp", "b/1.png"))),
     "a/1.bmp and 1.png would both"),
    ("twice the same stem on the other side",
     lambda folder: pairs(folder, *((name, (40, 40)) for name in ("a/1.png", "b/1.png", "b/1.gif"))), "rename one"),
    ("a picture without a partner", lambda folder: pairs(folder, ("a/1.png", (40, 40)), ("b/2.png", (40, 40))),
     "have no partner"),
    ("A/train and B/train", lambda folder: pairs(folder, *((f"{side}/{part}/{part}.png", (40, 40))
     for side in "AB" for part in ("train", "test"))), None),
    ("A/train and B/train of other pictures", lambda folder: pairs(folder, *((f"{side}/train/{side}.png", (40, 40))
     for side in "AB"), kind=UnpairedFolder), None),
    ("wide pairs that are not twice as wide", lambda folder: pairs(folder, ("train/1.png", (81, 40))), "81 x 40 px"),
    ("a direction without pairs", lambda folder: train(folder, "--direction", "BtoA", "--out", folder / "run",
     recipe="pix2pix"), "a folder of your own pairs"),
    ("a direction for what is no pair", lambda folder: train(folder, "--direction", "BtoA", "--data",
     paint(folder / "in" / "1.png").parent, "--out", folder / "run"), "'dcgan' learns from none"),
    ("a direction of no sense", lambda folder: train(folder, "--direction", "CtoA", "--out", folder / "run"), "CtoA"),
    ("a run inside its data", a_run_inside_its_data, None),
    ("a folder that holds only a run", lambda folder: ([(folder / "run").mkdir(), *(
        (folder / "run" / name).touch() for name in ("run.json", "log.jsonl", "1.png"))], ImageFolder(folder)),
     "There are no files"),
    ("a folder inside itself", lambda folder: (paint(folder / "1.png"), (folder / "loop").symlink_to(folder),
     ImageFolder(folder, 16)), None),
    ("cat.png beside cat.jpg", lambda folder: translated(folder, "cat.jpg", "cat.png",
     results={"cat.png", "cat.jpg.png"}), None),
    ("one name in two folders", lambda folder: translated(folder, "a/1.png", "b/1.png", "a/b/1.png",
     results={"a/1.png", "b/1.png", "a/b/1.png"}), None),
    ("a name that another would get", lambda folder: translated(folder, "cat.jpg", "cat.png", "cat.jpg.png", "cat.bmp",
     results={"cat.png", "cat.jpg.png", "cat.bmp.png", "in/cat.jpg.png"}), None),
    *((f"the seeds {seeds!r:.12}", lambda folder, seeds=seeds: main(["sample", "dcgan-faces-64", f"--seeds={seeds}",
     "--out", str(folder / "x.png")]), "digits, as 0-50 or 1,5,9") for seeds in SEEDS),
    ("seeds and a count", lambda folder: main(["sample", "dcgan-faces-64", "--seeds", "1", "--count", "2", "--out",
     str(folder / "x.png")]), "leave --count out"),
    ("a seed and seeds", lambda folder: main(["sample", "dcgan-faces-64", "--seeds", "1", "--seed", "2", "--out",
     str(folder / "x.png")]), "not allowed with"),
    ("seeds beyond 99", lambda folder: main(["sample", "makegirlsmoe-faces-64", "--seeds", f"100,12345,{10**17}",
     "--out", str(folder / "x.png")]), None),
    ("a picture to find", partial(project, paint), None),
    ("no picture to find", partial(project, lambda path: path.write_text("no picture")), "not a PNG"),
    ("a FIFO to find", partial(project, os.mkfifo), "a FIFO"),
    ("nothing to find", partial(project, lambda path: None), "There is no file or folder"),
    ("a picture to find in a DCGAN", lambda folder: main(["project", "dcgan-faces-64", str(paint(folder / "1.png")),
     "--out", str(folder / "out")]), "no StyleGAN2"),
    ("a picture to find in a translator", lambda folder: main(["project", "sketch-128", str(paint(folder / "1.png")),
     "--out", str(folder / "out")]), "animelab translate"),
    ("a point", partial(loaded, point(latent=torch.zeros(1, 6, 8))), None),
    ("a point of another generator", partial(loaded, point(latent=torch.zeros(1, 8, 8))), "no point of this generator"),
    ("a point that is no number", partial(loaded, point(latent=torch.full((1, 6, 8), float("inf")))), "no point"),
    ("a point of whole numbers", partial(loaded, point(latent=torch.zeros(1, 6, 8, dtype=torch.int64))), None),
    ("no point", partial(loaded, point(other=torch.zeros(1, 6, 8))), "no point of this generator"),
    ("a picture as a point", partial(loaded, lambda path: path.write_bytes(stored(WHITE))), "point.safetensors"),
    ("a FIFO as a point", partial(loaded, os.mkfifo), "point.safetensors"),
    ("nothing as a point", partial(loaded, lambda path: None), "point.safetensors"),
]  # fmt: skip
