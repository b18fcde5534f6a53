"""Makes the playground: pages whose networks run in the visitor's own browser.

    python course/site/playground.py build/site/playground

Each page is a stage of the course's widgets (animelab/widgets/stage.js), declared in pages.py and answered by a small
script in the folder playground/; its first picture and the numbers that it needs lie in data/PAGE.json, its networks,
exported to ONNX, in models/. The runtime comes from npm, with the sum that package-lock.json names.
"""

from __future__ import annotations

import gzip
import html
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import torch
from animelab import zoo
from animelab.errors import LabError, say
from animelab.export import export
from animelab.files import save_picture, write_text
from animelab.nn import colorization
from animelab.widgets.stage import Stage

from pages import PAGES, face

HERE = Path(__file__).parent
SCRIPTS, BUILD = HERE / "playground", HERE.parents[1] / "build"
PACKAGES, EXPORTED = BUILD / "npm", BUILD / "onnx"
RUNTIME = {  # whether it is compressed, since a plain file server compresses nothing; the larger ones come on demand
    "ort.wasm.min.mjs": False,
    "ort-wasm-simd-threaded.mjs": False,
    "ort-wasm-simd-threaded.wasm": True,
    "ort.webgpu.min.mjs": False,
    "ort-wasm-simd-threaded.asyncify.mjs": False,
    "ort-wasm-simd-threaded.asyncify.wasm": True,
}


def main(out: Path) -> None:
    """Build all pages into `out`."""
    torch.manual_seed(0)
    EXPORTED.mkdir(parents=True, exist_ok=True)
    page, index = (Template((SCRIPTS / name).read_text(encoding="utf-8")) for name in ("page.html", "index.html"))
    cards = []
    for name, (make, title, does, lesson) in PAGES.items():
        stage, facts, models = make()
        files = networks(models, out / "models")
        known = files[:1] if name == "scene" else files  # the other painters come when they are chosen
        write_text(out / "data" / f"{name}.json", json.dumps({"stage": state(stage), "facts": facts, "models": known}))
        words = {"name": name, "title": html.escape(title), "does": html.escape(does), "first": first(stage)}
        links = (
            f'<a href="{other}.html"{" aria-current=page" * (other == name)}>{html.escape(PAGES[other][1])}</a>'
            for other in PAGES
        )
        lesson_words = {"links": "".join(links), "lesson": lesson, "number": str(int(lesson[:2]))}
        write_text(out / f"{name}.html", page.substitute(words | lesson_words))
        cards.append(
            '<a class="card" href="{name}.html"><img src="{first}" alt="" width="256" height="256">'
            "<strong>{title}</strong><span>{does}</span></a>".format(**words)
        )
    save_picture(face(), out / "icon.png")
    write_text(out / "index.html", index.substitute(cards="\n".join(cards)))
    widgets = Path(zoo.__file__).parents[1] / "widgets"
    for file in [*SCRIPTS.glob("*.js"), *SCRIPTS.glob("*.css"), widgets / "stage.js", widgets / "stage.css"]:
        shutil.copy(file, out / file.name)
    runtime(out / "runtime")
    say(f"The playground is in {out}.")


def state(stage: Stage) -> dict[str, Any]:
    """What stage.js asks a widget for, as it stands."""
    shared = ("token", "plan", "parts", "values", "words", "progress", "ends", "asks", "answered")
    pictures = (name for name in stage.trait_names() if name.startswith("picture_"))
    return {name: getattr(stage, name) for name in (*shared, *pictures)}


def first(stage: Stage) -> str:
    """The picture of a page's card, as a data URL: the last that is seen, and of layers the last one."""
    shown = [
        getattr(stage, f"picture_{name}") for name in stage.plan["pictures"] if not stage.parts[name].get("hidden")
    ][-1]
    layers = shown.get("smooth") or shown.get("layers") or {"": shown["grid"][0][0]}
    return list(layers.values())[-1]


def opened(name: str) -> Any:
    """A bundled model; a stage of coloring, which alone makes no picture, as a translator."""
    network = zoo.network(name)
    stage = isinstance(network, colorization.UNet)
    return zoo.Translator(name, network, zoo.card(name)) if stage else zoo.load(name)


def networks(names: Iterable[str], out: Path) -> list[str]:
    """Put the networks of bundled models there, and give their files' names; what was exported before is kept."""
    files: list[Path] = []
    for name in names:
        folder = EXPORTED / f"{name}-{zoo.card(name)['sha256'][:16]}"
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=EXPORTED) as place:
                for each in export(opened(name), Path(place, "done")):
                    say(f"{each.path.name}: {each.size / 1e6:.1f} MB, at most {each.difference:.1e} from PyTorch")
                os.replace(Path(place, "done"), folder)  # whole, or not at all
        files += [file for file in sorted(folder.iterdir()) if not file.stem.endswith("-back")]
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, out / file.name)
    return [file.stem for file in files]


def runtime(out: Path) -> None:
    """Put onnxruntime-web there, from npm; LabError where npm is missing or fails."""
    wanted, known = (HERE / "package-lock.json").read_bytes(), PACKAGES / "package-lock.json"
    if not known.exists() or known.read_bytes() != wanted:
        npm = shutil.which("npm")
        if npm is None:
            raise LabError(
                "npm is not installed, and brings what the playground runs on: install Node.js (nodejs.org)."
            )
        PACKAGES.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", PACKAGES)
        shutil.copy(HERE / "package-lock.json", PACKAGES)
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=PACKAGES, stdout=sys.stderr
        )
        if done.returncode:
            known.unlink()
            raise LabError("npm could not bring onnxruntime-web; what it says stands above.")
    out.mkdir(parents=True, exist_ok=True)
    for name, compress in RUNTIME.items():
        content = (PACKAGES / "node_modules" / "onnxruntime-web" / "dist" / name).read_bytes()
        file = out / (f"{name}.gz" if compress else name)
        file.write_bytes(gzip.compress(content, 9, mtime=0) if compress else content)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except LabError as problem:
        sys.exit(f"playground: {problem}")
