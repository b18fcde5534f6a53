"""The command line: `animelab --help`. Heavy imports happen inside the commands, so that help is instant."""

from __future__ import annotations

import argparse
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, NoReturn

from animelab import __version__, limits
from animelab.errors import LabError, reason, say, shown
from animelab.homework import command

FIRST_LESSON = "00_start.ipynb"
FITS = ("letterboxed", "cropped", "aligned")
FOLDER, PAGE = "the folder to write to", "a .html to write; it needs nothing beside it"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a user's mistake is one sentence on stderr and exit code 1 (2 for a wrong command line)."""
    for stream in (sys.stdout, sys.stderr):  # a name that the console has no letters for is no reason to stop
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(_lesson_first(sys.argv[1:] if arguments is None else list(arguments)))
    try:
        code = options.command(options) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read it, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LabError, OSError) as error:  # an OSError names its file: no space, no permission, no such folder
        file = getattr(error, "filename", None)
        say(f"animelab: {error if file is None else f'{shown(file)}: {reason(error)}; check the path.'}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(shown(message, 500))  # it quotes arguments, which may be names of files


def _lesson_first(arguments: list[str]) -> list[str]:
    """`lab` with its lesson before all options: argparse hands on what follows a name, but nothing that comes first."""
    command, *rest = arguments or [""]
    if command != "lab" or rest[:1] in (["-h"], ["--help"]):
        return arguments
    named = [i for i, each in enumerate(rest) if each[:1] != "-" and (i == 0 or each.endswith(".ipynb"))]
    return [command, rest.pop(named[0]) if named else FIRST_LESSON, *rest]


def _within(least_and_greatest: limits.Range, kind: type = int) -> Callable[[str], float]:
    """What argparse makes a number with: its mistakes are told before any work starts."""

    def convert(text: str) -> float:
        try:
            value: object = kind(text)
        except ValueError:
            value = text
        try:
            return (limits.whole if kind is int else limits.number)("it", value, least_and_greatest)
        except LabError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _seeds(text: str) -> list[int]:
    """Seeds in words, such as "0-50" or "1,5,9"; each once, in this order."""
    seeds: dict[int, None] = {}
    for part in text.replace("\N{EN DASH}", "-").split(","):
        match = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not 0 <= last - first < limits.COUNT[1] - len(seeds):
            some = f"up to {limits.COUNT[1]:,} seeds of up to 18 digits"
            raise argparse.ArgumentTypeError(f"it takes {some}, as 0-50 or 1,5,9, not {shown(text)}")
        seeds.update(dict.fromkeys(range(first, last + 1)))
    return list(seeds)


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:  # an empty one would be the current folder
        raise argparse.ArgumentTypeError(f"it takes a path, not {text!r}")
    try:
        return Path(text).expanduser()  # a shell does not for --out=~/pictures
    except (RuntimeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"there is no home for {text!r}") from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="animelab", description="GANs for anime: a course and its small library.")
    parser.add_argument("--version", action="version", version=f"animelab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: object, text: str, where: Any = commands, out: str = "") -> argparse.ArgumentParser:
        sub = where.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(command=command)
        if out:
            sub.add_argument("--out", type=_path, required=True, help=out)
        return sub

    def group(name: str, text: str, where: Any = commands) -> Any:
        return where.add_parser(name, help=text).add_subparsers(required=True, metavar="ACTION")

    add("doctor", doctor, "check this machine, and say what to do about each problem")

    sub = add("lab", lab, "open the course in JupyterLab")
    sub.add_argument("notebook", nargs="?", default=FIRST_LESSON, help=f"a lesson in notebooks/ ({FIRST_LESSON})")
    sub.add_argument("jupyter", nargs=argparse.REMAINDER, help="options for JupyterLab, such as --no-browser")

    kinds = group("data", "draw datasets, or get those of others")
    draw = group("draw", "draw pictures as PNG files", kinds)
    sub = add("faces", draw_faces, "draw characters as PNG files", draw, FOLDER)
    sub.add_argument("--size", type=_within(limits.SETTINGS["size"]), default=64, help="side in pixels (64)")
    sub.add_argument("--count", type=_within(limits.DRAWN), default=100, help="how many (100)")
    sub.add_argument("--seed", type=_within(limits.SETS), default=0, help="another seed, other characters (0)")
    sub.add_argument("--prior", default="frontal", help="frontal: lesson 1's faces; full, expressive: more (frontal)")
    sub.add_argument("--split", default="train", help="train, validation or test: no character is in two (train)")
    sub.add_argument("--side", default="color", help="a layer such as line or segmentation, or a style (color)")

    sub = add("gallery", gallery, "make a page of all that the studio draws: styles, layers, options", kinds, PAGE)
    sub.add_argument("--seed", type=_within(limits.CHARACTERS), default=0, help="another seed, other characters (0)")

    sub = add("get", get_dataset, "download a dataset that others made, check and unpack it", kinds)
    sub.add_argument("name", help="such as selfie2anime; datasets/ has a card for each")
    sub.add_argument("--out", type=_path, help="the folder to unpack to (a folder of its own in the cache)")
    sub.add_argument("--from", dest="archive", type=_path, help="an archive that you downloaded by hand")

    sub = add("train", train, "train a recipe (with ANIMELAB_TENSORBOARD=1 TensorBoard's files are written, too)")
    sub.add_argument("recipe", help="dcgan, pix2pix, stylegan2, cartoongan, ugatit, … (a wrong one lists them)")
    sub.add_argument("--preset", default="cpu", help="smoke, cpu, t4 or h100, for stylegan2 also small and faces (cpu)")
    sub.add_argument("--out", type=_path, required=True, help="the folder of this run")
    sub.add_argument("--data", type=_path, help="a folder of your own pictures or pairs (otherwise drawn ones)")
    sub.add_argument("--direction", choices=("AtoB", "BtoA"), help="of your own pairs: BtoA from right to left (AtoB)")
    sub.add_argument("--steps", type=_within(limits.SETTINGS["steps"]), help="another length than the preset's")
    sub.add_argument("--resume", action="store_true", help="go on from the newest checkpoint in the run's folder")
    sub.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parts = "batches N times as large, in N parts one after the other, which need less memory"
    sub.add_argument("--accumulate", metavar="N", type=_within((1, 1024)), default=1, help=parts)
    sub.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="change a setting of the preset")

    sub = add("sample", sample, "draw pictures with a trained model")
    sub.add_argument("model", metavar="MODEL", help="a run's folder, a bundled model, or another's StyleGAN2 or DCGAN")
    sub.add_argument("--count", type=_within(limits.COUNT), help="how many (64)")
    seeds = sub.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=_within(limits.SEEDS), default=0, help="another seed, other pictures (0)")
    seeds.add_argument("--seeds", type=_seeds, help="the first picture of each of these seeds: 0-50, or 1,5,9")
    sub.add_argument("--out", type=_path, required=True, help="a .png for one grid, or a folder for one file a picture")
    sub.add_argument(
        "--truncation", type=_within(limits.TRUNCATION, float), default=1.0, help="below 1: nearer w's mean"
    )
    sub.add_argument("--attributes", help="what to draw, for conditional models: 'blue hair, red eyes, smile'")
    sub.add_argument("--class", dest="label", type=_within(limits.CLASS), help="of numbered classes one (each in turn)")

    sub = add("project", project, "find pictures in a StyleGAN2's W and W+: points, and what is there", out=FOLDER)
    sub.add_argument("model", metavar="MODEL", help="a run's folder, a bundled model, or a StyleGAN2 of others")
    sub.add_argument("inputs", metavar="PICTURE", type=_path, nargs="+", help="pictures, or folders of pictures")
    sub.add_argument("--steps", type=_within((1, 10_000)), default=200, help="of gradient descent (200)")
    sub.add_argument("--fit", choices=FITS, default="cropped", help="make each a square (cropped)")

    sub = add("translate", translate, "turn pictures into other pictures, such as line art into color", out=FOLDER)
    sub.add_argument("model", metavar="RUN_OR_ZOO", help="a run's folder, a bundled model, or a file of others")
    sub.add_argument("inputs", metavar="INPUT", type=_path, nargs="+", help="pictures, or folders of pictures")
    sub.add_argument("--side", type=_within(limits.SIDE), help="resize to this shorter side first (each keeps its own)")
    sub.add_argument("--fit", choices=FITS, help="first make each a square, of --side, on white; aligned: by its eyes")
    sub.add_argument("--back", action="store_true", help="from B to A, with a model that knows both ways")
    sub.add_argument("--seed", type=_within(limits.SEEDS), default=0, help="other colors, where many are known (0)")
    sub.add_argument("--attributes", help="colors to order, where a model takes orders: 'blue hair, red eyes'")
    words = "align_corners: AnimeGANv2 enlarges as face2paint does; dropout: pix2pix as in training"
    sub.add_argument("--option", action="append", default=[], help=words)

    sub = add("enlarge", enlarge, "enlarge pictures, and take away the damage of JPEG files", out=FOLDER)
    sub.add_argument("inputs", metavar="INPUT", type=_path, nargs="+", help="pictures, or folders of pictures")
    sub.add_argument("--by", type=int, choices=(2, 4), default=2, help="how many times as high and wide (2)")
    sub.add_argument("--denoise", type=int, choices=range(4), default=0, help="damage to take away: 0 none, 3 much (0)")

    sub = add("export", export_model, "write a trained network as ONNX, which runs in a page or on a phone", out=FOLDER)
    sub.add_argument("model", help="a run's folder, a bundled model's name, or a file")
    sub.add_argument("--format", choices=("onnx",), default="onnx", help="onnx is the only one so far")
    sub = add("evaluate", evaluate, "score models against held-out drawn faces")
    sub.add_argument("models", metavar="RUN_OR_ZOO", nargs="+", help="runs' folders, or bundled models")
    sub.add_argument("--count", type=_within(limits.SCORED), default=2048, help="of each; compare equal counts (2048)")
    sub.add_argument("--seed", type=_within(limits.SEEDS), default=0, help="another seed, other pictures (0)")
    sub.add_argument("--out", type=_path, help="a .json to keep the scores in")
    sub.add_argument("--inception", action="store_true", help="FID and KID as well; downloads Inception's weights once")

    sub = add("report", report, "make a page of runs: curves, pictures, scores and settings side by side", out=PAGE)
    sub.add_argument("runs", nargs="+", type=_path, metavar="RUN", help="the folder of a run")

    kinds = group("zoo", "build the bundled models again, or better")
    sub = add("build", zoo_build, "train what the plan names, at low priority, and measure every stage", kinds)
    sub.add_argument("names", metavar="NAME", nargs="*", help="bundled models (all, in the plan's order)")
    sub.add_argument("--hours", type=_within(limits.HOURS, float), default=2.5, help="stop and save after these (2.5)")
    sub.add_argument("--out", type=_path, default=Path("runs/zoo"), help="the folder of its runs (runs/zoo)")
    sub = add("add", zoo_add, "put a finished build into the zoo, with its card and scores", kinds)
    sub.add_argument("--out", type=_path, default=Path("runs/zoo"), help="where it was built (runs/zoo)")
    sub.add_argument("name", metavar="NAME", help="what was built")
    sub.add_argument("--machine", required=True, help="where it was trained, in words")

    command.add_to(group("homework", "issue homework, pack it, grade it"), add, _path, _within)

    sub = add("models", models, "list every network in its paper's configuration, with its parameters")
    sub.add_argument("--json", action="store_true", help="as JSON")
    return parser


def doctor(options: argparse.Namespace) -> int:
    """Print one line for each thing the course needs; exit code 1 when something is missing."""
    healthy = True
    for subject, finding, remedy in _findings():
        healthy &= remedy is None
        print(f"{'problem' if remedy else 'ok     '}  {subject:<8} {finding}" + (f"  ->  {remedy}" if remedy else ""))
    return 0 if healthy else 1


def _findings() -> Iterator[tuple[str, str, str | None]]:
    """(subject, what was found, what to do about it or None)."""
    yield "python", sys.version.split()[0], None if sys.version_info >= (3, 10) else "install Python 3.10 or newer"
    try:
        import torch
        import torchvision
    except (ImportError, RuntimeError) as error:
        remedy = 'install both together: pip install --force-reinstall "torch>=2.5" torchvision'
        yield "torch", f"cannot be imported ({error})", remedy
        return
    import psutil

    from animelab import env

    old = tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 5)
    found = f"{torch.__version__}, torchvision {torchvision.__version__}"
    yield "torch", found, "install torch 2.5 or newer" if old else None
    device = env.pick_device()
    fast = "with" if env.runs_bfloat16_fast(device) else "without"
    yield "device", f"{env.describe(device)}, {fast} fast bfloat16", None
    free = psutil.virtual_memory().available / 2**30
    smaller = "close other programs, or train with --set batch=16"
    yield "memory", f"{free:.1f} GiB free, 2 needed", smaller if free < 2 else None
    cache = env.cache_dir()
    free = shutil.disk_usage(next(folder for folder in (cache, *cache.parents) if folder.exists())).free / 2**30
    room = "free some space, or set ANIMELAB_CACHE"
    yield "disk", f"{free:.0f} GiB free for {cache}, 2 needed", room if free < 2 else None
    try:
        from animelab.studio import Character, render

        render(Character.random(0), 16)
        yield "studio", "draws", None
    except (ImportError, OSError) as error:
        yield "studio", f"cannot draw ({error})", "pip install --force-reinstall thorvg-python"
    if env.on_colab():
        return  # it has a notebook of its own
    try:
        import jupyterlab

        yield "jupyter", f"JupyterLab {jupyterlab.__version__}", None
    except ImportError:
        yield "jupyter", "not installed", 'pip install -e ".[lab]"'


def lab(options: argparse.Namespace) -> int:
    """Open JupyterLab on a lesson."""
    places = Path.cwd(), Path(__file__).parents[1]
    course = next((folder for folder in places if (folder / "notebooks").is_dir()), None)
    if course is None:
        raise LabError("There is no notebooks/ folder here; run this in the course's folder (the one with the README).")
    notebook = Path("notebooks", Path(options.notebook).name)
    if not (course / notebook).exists():
        raise LabError(f"{options.notebook} is no lesson: {notebook} does not exist; README.md lists them.")
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # in a container, mostly
    root += [f"--ServerApp.root_dir={course}"]  # not the lesson's folder: the README is to be there as well
    # course/labconfig answers Jupyter's question about news, with which a first lesson should not open.
    own = os.pathsep.join(filter(None, [str(course / "course"), os.environ.get("JUPYTER_CONFIG_PATH")]))
    os.environ["JUPYTER_CONFIG_PATH"] = own
    command = [sys.executable, "-m", "jupyterlab", str(notebook), *root, *options.jupyter]
    if os.name == "posix":  # this very process becomes the server, so that what ends the one ends the other
        os.chdir(course)
        sys.stdout.flush()
        os.execv(sys.executable, command)
    try:
        return subprocess.call(command, cwd=course)
    except KeyboardInterrupt:
        return 0  # Ctrl-C is how a JupyterLab server is closed


def draw_faces(options: argparse.Namespace) -> None:
    """Write `count` characters as PNG files; a segmentation as labels with the documented palette."""
    from PIL import Image

    from animelab.data import Cast, Side, drawn
    from animelab.files import save_picture
    from animelab.studio import LABEL_COLORS

    cast, side = Cast(options.prior, options.seed, options.split), Side.named(options.side)
    _empty_folder(options.out)
    pictures, _ = drawn(cast, side, options.size, options.count)
    for index, pixels in enumerate(pictures):
        image = Image.fromarray(pixels)
        if side.layer == "segmentation":
            image.putpalette(bytes.fromhex("".join(LABEL_COLORS).replace("#", "")))
        save_picture(image, options.out / f"{index:06d}.png")
    say(f"{len(pictures)} faces in {options.out}")


def get_dataset(options: argparse.Namespace) -> None:
    """Download a dataset, and say whose pictures they are."""
    from animelab import env
    from animelab.data import download

    folder = download.get(options.name, options.out or env.cache_dir() / "datasets" / options.name, options.archive)
    source = download.SOURCES[options.name]
    print(source.rights)
    say(f"{folder} has {', '.join(source.folders.values())}")


def gallery(options: argparse.Namespace) -> None:
    """Write one HTML page with contact sheets of every style, layer and option."""
    from animelab import studio
    from animelab.files import write_text
    from animelab.viz import image_tag

    _new_file(options.out, ".html")
    cast = [studio.Character.random(options.seed + i) for i in range(8)]
    hero = studio.Character(framing="face", bangs="curtain")
    rows = {f"style: {style}": (cast, "color", style) for style in studio.STYLES}
    rows |= {f"layer: {layer}": (cast, layer, "cel") for layer in studio.LAYERS[1:]}
    for name, values in studio.OPTIONS.items():
        view = "bust" if name in ("clothes", "scheme", "background", "headwear", "hair_style") else "face"
        shown = [hero.replace(**{"framing": view, name: value}) for value in values]
        rows[f"{name}: {', '.join(values)}"] = (shown, "color", "cel")
    for name, (low, high) in studio.RANGES.items():
        spoken = {"mouth": "spoken"} if name.startswith("mouth_") else {}
        steps = [round(low + (high - low) * i / 7, 3) for i in range(8)]
        rows[f"{name}: {low} to {high}"] = ([hero.replace(**spoken, **{name: v}) for v in steps], "color", "cel")
    page = ["<!doctype html><html lang=en><meta charset=utf-8><title>The studio</title>"]
    page.append("<style>body{font-family:sans-serif;margin:2em auto;max-width:1100px}img{max-width:100%}</style>")
    page.append(f"<h1>The studio</h1><p>Characters {options.seed} to {options.seed + 7}, then every option of one.</p>")
    for title, (characters, layer, style) in rows.items():
        sheet = studio.contact_sheet(characters, min(8, len(characters)), 128, layer, style)
        tag = image_tag(sheet, f"Drawn characters. {title}", sheet.shape[1], "webp", quality=85)
        page.append(f"<h2>{html.escape(title)}</h2>{tag}")
    write_text(options.out, "\n".join(page))
    say(f"{len(rows)} sheets in {options.out}")


def _empty_folder(folder: Path) -> None:
    """Make the folder; pictures of another time in it would be counted with the new ones."""
    if re.search(r"(?i)\.(png|jpe?g|webp|gif|bmp|tiff?)$", folder.name):
        raise LabError(f"{folder} is the name of a picture; --out takes a folder for the pictures here.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except OSError as error:
        raise LabError(f"{folder} cannot become a folder ({reason(error)}); choose another for --out.") from error
    if not empty:
        raise LabError(f"{folder} is not empty; choose a new folder for the pictures, or empty it.")


def _new_file(path: Path, *suffixes: str) -> None:
    """LabError, before any work, for what cannot be written at its end, or is there already."""
    if path.suffix.lower() not in suffixes or path.is_dir():
        raise LabError(f"--out takes the name of a file that ends in {' or '.join(suffixes)}, not {path}.")
    if os.path.lexists(path):
        raise LabError(f"{path} is there already; take another name for --out, or remove it first.")
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise LabError(f"{path} cannot be written, since {parent} is no folder to write to; take another for --out.")


def train(options: argparse.Namespace) -> int:
    """Train a recipe into a run's folder; exit code 130 when it was interrupted (and saved)."""
    from animelab import engine

    with engine.joined(options.device) as device:  # where several processes share a mistake, one says it
        return _train(options, device)


def _train(options: argparse.Namespace, device: str) -> int:
    from animelab import config as settings
    from animelab import engine
    from animelab.data import PairedFolder
    from animelab.recipes import RECIPES

    if options.recipe not in RECIPES:
        raise LabError(f"There is no recipe '{options.recipe}': {settings.nearest(options.recipe, RECIPES)}")
    recipe_class = RECIPES[options.recipe]
    steps = [] if options.steps is None else [f"steps={options.steps}"]
    changes: dict[str, str] = {}
    for text in options.set + steps:
        key, equals, value = text.partition("=")
        if not equals:
            raise LabError(f"--set takes KEY=VALUE, for example --set lr_G=0.0001, not '{text}'.")
        if key in changes:
            raise LabError(f"The setting '{key}' is given twice; give it once.")
        changes[key] = value
    config = settings.change(settings.pick(recipe_class.presets, options.preset), **changes)
    if options.accumulate > 1:
        config = settings.change(config, batch=config.batch * options.accumulate)
    recipe = recipe_class(config, device)  # before the data: a mistake should not cost minutes of drawing
    recipe.share_batches(options.accumulate)
    if options.direction and options.data is None:
        raise LabError("--direction is for a folder of your own pairs; give one with --data, or leave it out.")
    data = recipe.data(config, options.data)
    if options.direction and not isinstance(data, PairedFolder):
        raise LabError(f"--direction is for pairs, and '{options.recipe}' learns from none; leave it out.")
    if isinstance(data, PairedFolder) and options.direction == "BtoA":
        data = data.turned()
    run = engine.train(recipe, data, options.out, resume=options.resume)
    if recipe.group.first:
        say(f"step {run.step}: weights, log, previews and time lapse are in {run.folder}")
    return 0 if run.finished else 130


def sample(options: argparse.Namespace) -> None:
    """Draw pictures with a trained model, as one grid or one file each."""
    import torch
    from PIL import Image

    from animelab import latent, zoo
    from animelab.files import save_picture
    from animelab.viz import as_pixels, grid

    if options.seeds and options.count:
        raise LabError("--seeds draws one picture of each seed; leave --count out.")
    if options.out.suffix:
        _new_file(options.out, ".png")
    model = zoo.open_model(options.model).to("auto")
    if options.label is not None and not isinstance(model, zoo.OfClasses):
        raise LabError(f"'{model.name}' has no numbered classes; leave --class out, or use a model that has.")
    if options.attributes is not None and not isinstance(model, zoo.Conditional):
        raise LabError(f"'{model.name}' takes no attributes; leave --attributes out, or use a model that does.")
    wishes = options.label, None if options.attributes is None else latent.attributes(options.attributes)
    wish: list[Any] = [each for each in wishes if each is not None]
    seeds, count = (options.seeds, 1) if options.seeds else ([options.seed], options.count or 64)
    numbers = [f"seed{seed:04d}" for seed in seeds] if options.seeds else [f"{index:06d}" for index in range(count)]
    pictures = (model.sample(count, seed, *wish, truncation=options.truncation) for seed in seeds)  # type: ignore[misc]
    if options.out.suffix:
        if len(numbers) * 3 * model.size**2 > limits.AT_ONCE / 8:
            raise LabError(f"{len(numbers):,} pictures of {model.size} px are too many for one grid; name a folder.")
        save_picture(Image.fromarray(grid(torch.cat(list(pictures)))), options.out)
    else:
        _empty_folder(options.out)
        for number, picture in zip(numbers, (each for batch in pictures for each in as_pixels(batch))):
            save_picture(Image.fromarray(picture), options.out / f"{number}.png")
    say(f"{_pictures(len(numbers))} in {options.out}")


def project(options: argparse.Namespace) -> None:
    """Write a folder for each picture: its points in W and W+, as LatentExplorer loads them, and what lies there."""
    import numpy as np
    from PIL import Image
    from torch.nn.functional import mse_loss

    from animelab import latent, metrics, zoo
    from animelab.data import fitted
    from animelab.files import opened, save_picture, write_text
    from animelab.latent.projection import save_point
    from animelab.viz import as_pixels

    space = latent.styles_of(zoo.open_model(options.model).to("auto"))
    found = _inputs(options.inputs, options.out)
    targets = []
    for file, _ in found:  # all of them, before the first is searched for: that takes long
        pixels = np.array(opened(file)[0])
        eyes = metrics.guessed_eyes(pixels) if options.fit == "aligned" else None
        targets.append(fitted(pixels, space.size, options.fit, eyes))
    _empty_folder(options.out)
    rows = []
    for (file, _), name, target in zip(found, _results(found), targets):
        folder = name.with_suffix("")
        row: dict[str, Any] = {"picture": str(file), "folder": folder.as_posix()}
        save_picture(Image.fromarray(as_pixels(target)[0]), options.out / folder / "target.png")
        for kind in ("w", "w+"):
            point = latent.project(space, target, options.steps, each_layer=kind == "w+").cpu()
            there = space.pictures(point)
            save_picture(Image.fromarray(as_pixels(there)[0]), options.out / folder / f"{kind}.png")
            save_point(options.out / folder / f"{kind}.safetensors", point, f"{folder.name} in {kind.upper()}")
            far = metrics.perceptual(there, target).item(), mse_loss(there, target).item()
            row[kind] = dict(zip(("perceptual", "mse"), far))
        rows.append(row)
        say(f"{file}: {row['w']['perceptual']:.3f} away from it in W, {row['w+']['perceptual']:.3f} in W+")
    about = {"model": options.model, "size": space.size, "steps": options.steps, "fit": options.fit, "pictures": rows}
    write_text(options.out / "project.json", json.dumps(about, indent=2) + "\n")
    say(f"{_pictures(len(rows))} in {options.out}; LatentExplorer(model).load(POINT) goes on from a point")


def translate(options: argparse.Namespace) -> None:
    """Translate every picture of the inputs into a PNG of the same name, in the same sub-folder.

    A cut-out figure stays one, unless it is fitted; where the transparency is the ink, the result is opaque.
    """
    import numpy as np
    import torch
    from PIL import Image

    from animelab import latent, metrics, zoo
    from animelab.data import fitted
    from animelab.data.paper import SOLID, is_ink, on_white
    from animelab.files import SMALLEST
    from animelab.viz import as_pixels

    order = None if options.attributes is None else latent.attributes(options.attributes)
    model = zoo.open_translator(options.model, *options.option).to("auto")
    model.direction(options.back)  # before the first picture: is there a way back?
    square: int = options.side or model.square or 0
    if options.fit and not square:
        raise LabError(f"'{model.name}' takes pictures of any size; to make them squares, say with --side how large.")
    for remark in () if options.option or options.side else model.remarks():
        say(remark)
    told = None

    def translated(file: Path, image: Image.Image, alpha: Image.Image | None) -> Image.Image:
        nonlocal told
        # Otherwise it is what a figure was cut out with, which is solid somewhere.
        inked = alpha is not None and (np.asarray(alpha).max() < SOLID or is_ink(image, alpha))
        if model.takes_lines:
            image, words = on_white(image, alpha)
            if words:
                say(f"{file}: {words}.")
        if options.side and not options.fit:
            sides = [max(16, round(side * options.side / min(image.size))) for side in image.size]
            if max(sides) > limits.LONGEST:
                raise LabError(f"it would become {sides[0]:,} x {sides[1]:,} px, over {limits.LONGEST:,}")
            image = image.resize(sides, Image.Resampling.BICUBIC)
        pixels = np.array(image)
        if options.fit:
            eyes = metrics.guessed_eyes(pixels) if options.fit == "aligned" else None
            picture = fitted(pixels, square, options.fit, eyes, 255 if model.takes_lines else 128)
        else:
            picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
        if not told and (told := model.unseen(*picture.shape[-2:])):
            say(told)
        result = Image.fromarray(as_pixels(model.translate(picture, options.back, options.seed, order))[0])
        if alpha is not None and not inked and not options.fit:
            result.putalpha(alpha.resize(result.size))
        return result

    _convert(options, translated, "translated", (SMALLEST, limits.LONGEST))


def enlarge(options: argparse.Namespace) -> None:
    """Enlarge every picture of the inputs into a PNG of the same name, in the same sub-folder, as `translate` does."""
    import numpy as np
    from PIL import Image

    from animelab import env, zoo
    from animelab.nn.enlarger import enlarged

    network: Any = zoo.network(f"enlarger-{options.by}x").to(env.pick_device())

    def large(file: Path, *parts: Image.Image | None) -> Image.Image:
        pixels = np.dstack([np.asarray(part) for part in parts if part])
        return Image.fromarray(enlarged(network, pixels, options.denoise))

    _convert(options, large, "enlarged", (1, limits.LONGEST // options.by))


def _convert(options: argparse.Namespace, convert: Any, word: str, sides: tuple[int, int]) -> None:
    """Write what `convert`(file, picture on white, transparency or None) makes of each picture of the inputs.

    What cannot be used is named and left out; LabError where nothing is left.
    """
    from animelab.bar import Bar
    from animelab.files import opened, save_picture

    found = _inputs(options.inputs, options.out)
    _empty_folder(options.out)
    skipped = 0
    for (file, _), name in zip(Bar(found, unit=" pictures", disable=len(found) < 5), _results(found)):
        try:
            result = convert(file, *opened(file, sides))
        except (LabError, RuntimeError, MemoryError) as problem:  # PyTorch's: too large for the memory
            why = (getattr(problem, "reason", None) or reason(problem)).rstrip(".")
            if len(found) == 1:
                raise LabError(f"{file} could not be {word} ({why}).") from problem
            say(f"animelab: {file} is left out ({why})", sys.stderr)
            skipped += 1
            continue
        save_picture(result, options.out / name)
    if skipped == len(found):
        raise LabError(f"None of the inputs could be {word}; nothing was written.")
    say(f"{_pictures(len(found) - skipped)} in {options.out}")


def _pictures(number: int) -> str:
    return f"{number:,} picture{'s' * (number != 1)}"


def _inputs(inputs: Sequence[Path], out: Path) -> list[tuple[Path, Path]]:
    """(file, given input) of all pictures that are asked for, each once; LabError where one is missing.

    Also for results inside of a folder of inputs, where the next translation would take them for some.
    """
    from animelab.data.image_folder import files_in

    found: dict[Path, tuple[Path, Path]] = {}
    for given in inputs:
        if not os.path.lexists(given):
            raise LabError(f"There is no file or folder {given}; check the path, or give the folder of the pictures.")
        if given.is_dir() and given.resolve() in out.resolve().parents:
            raise LabError(f"{out} lies in {given}, whose pictures are asked for; choose a folder beside it for --out.")
        for file in files_in(given) if given.is_dir() else [given]:
            found.setdefault(file.resolve(), (file, given))
    return list(found.values())


def _results(found: Sequence[tuple[Path, Path]]) -> list[Path]:
    """A name of its own for the result of each (file, given input), on systems that do not tell cat from Cat as well.

    Sub-folders are kept. Beside cat.png, cat.jpg becomes cat.jpg.png; what has its name in another input lies in a
    folder called as that one.
    """
    inner = [file.relative_to(given) if file != given else Path(file.name) for file, given in found]
    names: dict[int, Path] = {}
    taken: set[str] = set()
    for index in sorted(range(len(found)), key=lambda index: inner[index].suffix.lower() != ".png"):
        (file, given), path, short = found[index], inner[index], inner[index].with_suffix(".png")
        whole = short if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")
        source = (file.absolute().parent if file == given else given.absolute()).name
        numbered = (whole.with_stem(f"{whole.stem}-{number}") for number in count(2))
        ways = chain([short, whole, Path(source, whole)], numbered)
        names[index] = next(way for way in ways if str(way).casefold() not in taken)
        taken.add(str(names[index]).casefold())
    return [names[index] for index in range(len(found))]


def export_model(options: argparse.Namespace) -> None:
    """Write a trained network's ONNX files, and say how large they are and how far from PyTorch."""
    from animelab import zoo
    from animelab.export import export

    for file in export(zoo.open_either(options.model), options.out):
        say(f"{file.path}: {file.size / 1e6:.1f} MB, at most {file.difference:.1e} from PyTorch's pictures in [-1, 1].")


def evaluate(options: argparse.Namespace) -> None:
    """Print a table of scores, and keep them as JSON."""
    from animelab import metrics
    from animelab.files import write_text

    if options.out:
        _new_file(options.out, ".json")
    report = metrics.evaluate(options.models, options.count, options.seed, options.inception)
    print(metrics.table(report))
    if options.out:
        write_text(options.out, json.dumps(report, indent=2) + "\n")


def report(options: argparse.Namespace) -> None:
    """Write one HTML page about runs; those that are none are named and left out."""
    from animelab.engine import read_record
    from animelab.files import write_text
    from animelab.widgets.report import report as page

    _new_file(options.out, ".html")
    runs, problems = [], []
    for folder in options.runs:
        try:
            read_record(folder)
            runs.append(folder)
        except LabError as problem:
            problems.append(problem)
    if not runs:
        raise problems[0]
    write_text(options.out, page(runs))
    for left_out in problems:
        say(f"Left out: {left_out}")
    say(f"{len(runs)} run{'s' * (len(runs) > 1)} in {options.out}")


def zoo_build(options: argparse.Namespace) -> None:
    """Go on with the zoo's queue until the time is over."""
    from animelab.builds import build

    build(options.names, options.hours, options.out)


def zoo_add(options: argparse.Namespace) -> None:
    """Put a finished build into the zoo."""
    from animelab.builds import add

    say(add(options.name, options.out, options.machine))


def models(options: argparse.Namespace) -> None:
    """List every network of the course with its parameters, counted from the class."""
    from animelab.nn import official_counts

    counts = official_counts()
    if options.json:
        print(json.dumps([{"name": name, "parameters": count} for name, count in counts.items()], indent=2))
    else:
        for name, count in counts.items():
            print(f"{name:<28}{count:>14,}")
