"""Makes the playground: pages whose networks run in the visitor's own browser.

    python course/site/playground.py build/site/playground

Each page is a stage of the course's widgets (animelab/widgets/stage.js), declared here in Python and answered by a small
script beside this file; its first picture and the numbers that it needs lie in data/PAGE.json, its networks, exported to
ONNX, in models/. The runtime comes from npm, with the sum that package-lock.json names.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from animelab import studio, zoo
from animelab.data.real import real_photos
from animelab.errors import LabError, say
from animelab.export import export
from animelab.files import write_text
from animelab.latent import Ordered, Styles
from animelab.metrics.attributes import GROUPS
from animelab.nn import r3gan
from animelab.studio import TAGS
from animelab.studio.palette import EYES, HAIR
from animelab.viz import as_pixels
from animelab.widgets.latent_explorer import space_of
from animelab.widgets.picture import data_url
from animelab.widgets.samples import Samples
from animelab.widgets.stage import (
    Stage,
    button,
    choice,
    curtain,
    hidden,
    pad,
    past,
    picture,
    slider,
    swatches,
    toggle,
    tools,
    upload,
)

HERE = Path(__file__).parent
WIDGETS = Path(zoo.__file__).parents[1] / "widgets"
PACKAGES = HERE.parents[1] / "build" / "npm"
FACES, CHARACTERS, LINES = "stylegan2-faces-64", "r3gan-full-128", "pix2pix-orders-128"
PAINTERS = {
    "R3GAN's U-Net": "backtranslation-places-256",
    "AnimeGANv2": "animeganv2-scenes-128",
    "CartoonGAN": "cartoongan-scenes-128",
}
NAMED = 8  # sliders of the explorer
ORDERS = 200  # orders that go together, which faces are drawn with
RUNTIME = {  # what is loaded at once, and what on demand
    "ort.wasm.min.mjs": False,
    "ort-wasm-simd-threaded.mjs": False,
    "ort-wasm-simd-threaded.wasm": True,
    "ort.webgpu.min.mjs": False,
    "ort-wasm-simd-threaded.asyncify.mjs": False,
    "ort-wasm-simd-threaded.asyncify.wasm": True,
}  # name: whether it is compressed
FREE = "as it likes"
PAGES = {
    "faces": ("A face to explore", "Pull at the picture or at a slider: the network draws each face anew.", "06_stylegan2"),
    "order": ("A character to order", "Choose hair, eyes and the rest; the network draws a character to it.", "03_attributes"),
    "lines": ("Draw lines, see color", "Draw and erase; the network colors as you go, in the colors you choose.", "04_pix2pix"),
    "pick": ("Pick and refine", "Click a character, then its colors, its details, its shape.", "07_latent_editing"),
    "scene": ("A photograph becomes a scene", "Drop a photograph: it is painted here, and never leaves your machine.", "09_cartoongan"),
}  # name: title, what one does, the lesson that teaches it  # fmt: skip


def packed(numbers: torch.Tensor) -> str:
    """Numbers as page.js unpacks them."""
    return base64.b64encode(numbers.detach().float().numpy().astype("<f4").tobytes()).decode()


def bits(orders: torch.Tensor) -> list[str]:
    """Orders (N, 34) of 0 and 1 as words of 34 digits."""
    return ["".join(str(int(bit)) for bit in order) for order in orders]


def faces() -> tuple[Stage, dict[str, Any], list[str]]:
    """The explorer of StyleGAN2's faces."""
    model = zoo.load(FACES)
    space = space_of(model, None, None, None)
    assert isinstance(space, Styles) and space.labels is not None
    samples = Samples(space, read=True)
    while not samples.done:
        samples.piece()
    found = list(samples.named().items())[:NAMED]
    mean, far = model.generator.mapping.mean, 2
    directions = [{"name": name, "step": packed(step), "low": -far, "high": far} for name, step in found]
    ends = {"ends": ["", ""]}
    sliders = [{**slider(f"named_{i}", name.capitalize(), 0, -far, far, 0.1), **ends} for i, (name, _) in enumerate(found)]
    acts = [button("new", "New face", "shuffle"), *past(), button("keep", "Keep", "heart"), button("save", "Save")]
    way = [picture("kept", "Kept faces", "pick", value=None, columns=6), button("walk", "Walk", "play", selected=False)]
    stage = Stage(
        "explorer",
        [picture("face", "A face")],
        {
            "": acts,
            "What it can change": sliders,
            "A walk through the kept faces": way,
            "Nearer the mean face": [slider("truncation", "Truncation", 0.8, 0, 1.5, 0.1)],
        },
    )
    pixels = as_pixels(space.pictures(space.point(0)[None], 0.8))[0]
    stage.show("face", pixels, "A drawn face.")
    stage.show_all("kept", [None] * 6, ["An empty place"] * 6)
    networks = {"mapping": f"{FACES}-mapping", "synthesis": f"{FACES}-synthesis"}
    facts = {**networks, "layers": space.layers, "mean": packed(mean), "directions": directions}
    return stage, {**facts, "orders": bits(space.labels[:ORDERS])}, [FACES]


def order() -> tuple[Stage, dict[str, Any], list[str]]:
    """A conditional generator, and a control for each attribute."""
    model = zoo.load(CHARACTERS)
    space = space_of(model, None, None, None)
    assert isinstance(space, Ordered)
    orders, groups = model.orders(ORDERS), list(GROUPS.values())
    others = [i for i in range(len(TAGS)) if orders[:, i].any() and i not in [*groups[0], *groups[1]]]
    acts = [button("new", "Another with this order", "shuffle"), button("surprise", "Surprise me", "dot"), *past()]
    stage = Stage(
        "order",
        [picture("face", "A character")],
        {
            "": [*acts, button("save", "Save")],
            "Order": [
                swatches("hair", "Hair", HAIR),
                swatches("eyes", "Eyes", EYES),
                *(toggle(f"tag_{i}", TAGS[i].capitalize()) for i in others),
            ],
            "Others with the same order": [picture("others", "Others with the same order", "pick", value=None, columns=4)],
        },
    )
    pixels = as_pixels(model.sample(1, 0, orders[0]))[0]
    stage.show("face", pixels, "A drawn character.")
    stage.show_all("others", [None] * 8, ["Not drawn yet"] * 8)
    facts = {"generator": CHARACTERS, "latent": model.latent, "tags": list(TAGS), "hair": groups[0], "eyes": groups[1]}
    return stage, {**facts, "others": others, "orders": bits(orders), "first": bits(orders[:1])[0]}, [CHARACTERS]


def lines() -> tuple[Stage, dict[str, Any], list[str]]:
    """A drawing board in front of a U-Net that takes orders."""
    model = zoo.load(LINES)
    characters = [studio.Character.random(seed) for seed in (12, 3, 7, 21)]
    papers = [studio.render(each, 128, "line") for each in characters]
    blank = np.full((128, 128, 3), 255, np.uint8)
    draw = [tools("tool", "Tool", {"Pen": "pen", "Eraser": "erase"}), *past(), button("clear", "Empty paper")]
    ink = {"value": [0, ""], "tool": "tool", "width": "width", "eraser": "Eraser"}
    colors = [swatches(name, name.capitalize(), {FREE: "", **known}) for name, known in (("hair", HAIR), ("eyes", EYES))]
    stage = Stage(
        "board",
        [picture("lines", "Your drawing", "ink", **ink), picture("answer", "The network's answer")],
        {
            "Draw": [*draw, slider("width", "Line width", 1, 0.5, 4, 0.5, "px")],
            "Colors": [*colors, button("colors", "Other colors", "shuffle")],
            "Drawings": [
                button("another", "Another drawing", "next"),
                upload("photo", "Your own", tip="A line drawing of yours: dark on white"),
                button("save", "Save"),
            ],
        },
    )
    stage.show("lines", papers[0], "A line drawing to draw on.")
    pictures = torch.tensor(papers[0]).permute(2, 0, 1)[None] / 127.5 - 1
    stage.show("answer", as_pixels(model.translate(pictures, attributes=r3gan.colors(1, 0)[0]))[0], "The network's colors.")
    drawings = [data_url(each) for each in [*papers, blank]]
    facts = {"network": LINES, "latent": model.network.latent, "tags": list(TAGS), "free": FREE, "size": 128}
    return stage, {**facts, "drawings": drawings}, [LINES]


def pick() -> tuple[Stage, dict[str, Any], list[str]]:
    """Pick and refine, in the manner of Waifu Labs."""
    model, count = zoo.load(FACES), 16
    space = space_of(model, None, None, None)
    assert isinstance(space, Styles) and space.labels is not None
    choices = picture("choices", "Choices", "pick", value=None, columns=4)
    strip = picture("strip", "Your choices so far", "pick", value=None, columns=4)
    acts = [button("others", "Other choices", "shuffle"), *past()[:2], button("again", "Start again", "reset")]
    stage = Stage(
        "picker",
        [choices, picture("face", "Your character")],
        {"Your choices, to go back to": [strip], "": [*acts, button("save", "Save")]},
    )
    pixels = as_pixels(space.pictures(torch.stack([space.point(seed) for seed in range(count)]), 0.8))
    stage.show_all("choices", list(pixels), [f"Choice {i + 1}" for i in range(count)])
    stage.show("face", pixels[0], "Your character.")
    stage.update("face", hidden=True)
    stage.show_all("strip", [None] * 4, ["Not yet chosen"] * 4)
    groups = list(GROUPS.values())
    networks = {"mapping": f"{FACES}-mapping", "synthesis": f"{FACES}-synthesis"}
    facts = {**networks, "layers": space.layers, "mean": packed(model.generator.mapping.mean), "truncation": 0.8}
    return stage, {**facts, "orders": bits(space.labels), "hair": groups[0], "eyes": groups[1]}, [FACES]


def scene() -> tuple[Stage, dict[str, Any], list[str]]:
    """Translators of places, and photographs to try them on."""
    drawn = studio.paint(studio.Scene.random(3), 384, "photo")
    photos = [drawn, *real_photos()]
    controls = [choice("painter", "Network", list(PAINTERS)), choice("pixels", "Longer side, pixels", ["256", "384", "512"], "256")]
    acts = [upload("photo", "Your photograph", tip="A photograph: it stays on your machine"), button("another", "Another of ours", "next")]
    stage = Stage(
        "scene",
        [curtain("scene", "A scene", "photograph", "painted", "edge")],
        {"": [*acts, button("save", "Save")], "Painter": [*controls, hidden("edge", "Curtain", 50)]},
    )
    small = studio.paint(studio.Scene.random(3), 256, "photo")
    known = {kind: zoo.load(name) for kind, name in PAINTERS.items()}
    pictures = torch.tensor(small).permute(2, 0, 1)[None] / 127.5 - 1
    painted = as_pixels(next(iter(known.values())).translate(pictures))[0]
    stage.show("scene", {"photograph": small, "painted": painted}, "A photograph that the studio drew, and a painting of it.")
    painters = {
        kind: {
            "network": PAINTERS[kind],
            "latent": getattr(model.direction(), "latent", 0),
            "multiple": getattr(model.direction(), "multiple", getattr(model.direction(), "size", 4)),
        }
        for kind, model in known.items()
    }
    return stage, {"painters": painters, "photos": [data_url(each, "JPEG", quality=90) for each in photos]}, list(PAINTERS.values())


def state(stage: Stage) -> dict[str, Any]:
    """What stage.js asks a widget for, as it stands."""
    shared = ("token", "plan", "parts", "values", "words", "progress", "ends", "asks", "answered")
    pictures = [name for name in stage.trait_names() if name.startswith("picture_")]
    return {name: getattr(stage, name) for name in (*shared, *pictures)}


def page(name: str, lesson_page: str) -> str:
    """The page of that name."""
    title, does, lesson = PAGES[name]
    links = "".join(
        f'<a href="{each}.html"{" aria-current=page" if each == name else ""}>{html.escape(PAGES[each][0])}</a>'
        for each in PAGES
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)} · animelab</title>
<meta name="description" content="{html.escape(does)}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="stage.css">
<link rel="stylesheet" href="page.css">
<script type="module" src="{name}.js"></script>
</head>
<body data-page="{name}">
<header><a class="home" href="index.html">animelab playground</a><nav aria-label="Pages">{links}</nav></header>
<main>
<h1>{html.escape(title)}</h1>
<p class="does">{html.escape(does)}</p>
<div class="stage"></div>
<p class="loading" role="status">Opening …</p>
<p class="more">How it works, and how to train your own: <a href="../{lesson_page.format(lesson)}">lesson {int(lesson[:2])}</a>.</p>
<noscript><p>These pages compute in your browser and need its JavaScript.</p></noscript>
</main>
</body>
</html>
"""


def index(first: Mapping[str, str]) -> str:
    """The page of pages. first: of each its first picture, as a data URL."""
    cards = "".join(
        f'<a class="card" href="{name}.html"><img src="{first[name]}" alt="" width="256" height="256">'
        f"<strong>{html.escape(title)}</strong><span>{html.escape(does)}</span></a>"
        for name, (title, does, _) in PAGES.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playground · animelab</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
</head>
<body>
<header><a class="home" href="../index.html">animelab</a></header>
<main>
<h1>Playground</h1>
<p class="does">Five networks of the course, to play with. They run in this page, on your own machine: nothing is uploaded, and
after the first visit of a page nothing is fetched.</p>
<div class="cards">{cards}</div>
<p class="more">A page that was opened as a file cannot fetch its network: any local server can serve this folder, such as
<code>python -m http.server</code>.</p>
</main>
</body>
</html>
"""


def runtime(out: Path) -> None:
    """Put onnxruntime-web there, from npm; LabError where npm is missing or fails."""
    wanted = (HERE / "package-lock.json").read_text(encoding="utf-8")
    known = PACKAGES / "package-lock.json"
    if not known.exists() or known.read_text(encoding="utf-8") != wanted:
        npm = shutil.which("npm")
        if npm is None:
            raise LabError("npm is not installed, and brings what the playground runs on: install Node.js (nodejs.org).")
        PACKAGES.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, PACKAGES / name)
        try:
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=PACKAGES, check=True, stdout=sys.stderr)
        except subprocess.CalledProcessError as error:
            known.unlink()
            raise LabError("npm could not bring onnxruntime-web; what it says stands above.") from error
    for name, compress in RUNTIME.items():
        content = (PACKAGES / "node_modules" / "onnxruntime-web" / "dist" / name).read_bytes()
        file = out / (f"{name}.gz" if compress else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(content, 9, mtime=0) if compress else content)


def networks(names: Iterable[str], out: Path) -> None:
    """Export what is new, by the sums of its weights; what was exported stays beside it in `out`."""
    for name in names:
        seal, weights = out / f"{name}.sha256", zoo.card(name)["sha256"]
        if seal.exists() and seal.read_text() == weights:
            continue
        for each in export(zoo.load(name), out):
            say(f"{each.path.name}: {each.size / 1e6:.1f} MB, at most {each.difference:.1e} from PyTorch")
        write_text(seal, weights)


def main(out: Path, lesson_page: str = "lessons/{}.html") -> None:
    """Build all pages into `out`."""
    torch.manual_seed(0)
    makers = {"faces": faces, "order": order, "lines": lines, "pick": pick, "scene": scene}
    first = {}
    for name, make in makers.items():
        stage, facts, models = make()
        networks(models, out / "models")
        files = {file.stem for model in models for file in (out / "models").glob(f"{model}*.onnx")}
        now = state(stage)
        data = {"stage": now, "facts": facts, "models": sorted(files) if name != "scene" else models[:1]}
        write_text(out / "data" / f"{name}.json", json.dumps(data))
        write_text(out / f"{name}.html", page(name, lesson_page))
        shown = now[f"picture_{stage.plan['pictures'][-1 if name == 'lines' else 0]}"]
        first[name] = shown["grid"][0][0] if "grid" in shown else (shown.get("smooth") or shown["layers"])[list(shown["layers"])[-1]]
    write_text(out / "index.html", index(first))
    for file in [*(HERE / "playground").iterdir(), WIDGETS / "stage.js", WIDGETS / "stage.css"]:
        shutil.copy(file, out / file.name)
    runtime(out / "runtime")
    say(f"The playground is in {out}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
