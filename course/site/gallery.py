"""The gallery of the site: a page for the studio, and one for every bundled model with a sheet and its card."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from animelab import data, studio, zoo
from animelab.data.drawing import Places
from animelab.files import save_picture
from animelab.nn import colorization
from animelab.viz import grid
from animelab.zoo import manifest
from PIL import Image

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "build" / "sheets"
COUNT = 8  # pictures of a translator's row; a generator has three rows
CARD = {  # what a card says, in this order
    "data": "learned from",
    "images": "pictures seen",
    "steps": "steps",
    "minutes": "minutes",
    "machine": "machine",
    "precision": "precision",
    "seed": "seed",
    "torch": "torch",
    "licence": "license",
    "sha256": "SHA-256",
}
KINDS = {
    "Draw characters": "From numbers alone, or to order. Of each twenty-four pictures of seed 0, unpicked.",
    "Translate pictures": "The first held-out pictures, which none has seen, unpicked, and below them the truth.",
    "Color line art": "Two stages: a bold draft, and a careful second network. Twenty dots of the right colors each.",
    "Read and judge": "These draw nothing. They find attributes and points, enlarge pictures, or tell real from made.",
}


def kind(name: str) -> str:
    """Which part of the gallery a model belongs to."""
    network = zoo.card(name)["network"]
    if name in zoo.names("translator"):
        return "Translate pictures"
    if network.endswith("unet"):
        return "Color line art"
    return "Draw characters" if name in zoo.names() else "Read and judge"


def pages() -> Iterator[tuple[str, str]]:
    """Site paths and Markdown of the gallery; the pictures that they show are in SHEETS."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    yield "gallery/studio.md", the_studio()
    parts = []
    for title, words in KINDS.items():
        names = [name for name in sorted(manifest.read()) if kind(name) == title]
        parts += [f"## {title}", words]
        if title == "Read and judge":
            parts.append("\n".join(f"- [{name}](models/{name}.md)" for name in names))
        else:
            shown = [each for each in names if not each.endswith("-discriminator")]
            parts += [
                ":::{container} cards sheets",
                *(
                    f"[![{sheet(each)[1]}](/{place(each)})\n**{each}**](models/{each}.md) *"
                    f"{zoo.card(each)['images']:,} pictures seen*\n"
                    for each in shown
                ),
                ":::",
            ]
        for name in names:
            yield f"gallery/models/{name}.md", model(name)
    yield "gallery/index.md", FRONT + "\n\n".join(parts) + "\n"


FRONT = """# Gallery

What the course draws by rule, and what its networks have learned to draw. No picture is picked.

## The studio

[![One character eight times: finished, in flat color, as ink lines, as a sketch, as a map of its parts, as surface
directions, as shading, and lit from the right.](../course/figures/layers.jpg)](studio.md)

All training pictures are drawn by the course itself: [every style, layer and option](studio.md).

```{toctree}
:hidden:

studio
```

"""


def place(name: str) -> str:
    """Where the sheet of a model lies in the site's source."""
    return f"sheets/{sheet(name)[0].name}"


def sheet(name: str) -> tuple[Path, str]:
    """The file of a model's sheet, drawn when it is not kept from before, and what is seen on it."""
    makes: dict[str, Callable[[str], tuple[np.ndarray, str]]] = {
        "Draw characters": samples,
        "Translate pictures": translations,
        "Color line art": colorings,
    }
    make = makes[kind(name)]
    key = hashlib.sha256((zoo.card(name)["sha256"] + inspect.getsource(make)).encode()).hexdigest()
    path, words = SHEETS / f"{name}-{key[:12]}.jpg", SHEETS / f"{name}-{key[:12]}.txt"
    if not words.exists():
        torch.manual_seed(0)
        pixels, said = make(name)
        save_picture(Image.fromarray(pixels), path)
        words.write_text(said, encoding="utf-8")
    return path, words.read_text(encoding="utf-8")


def samples(name: str) -> tuple[np.ndarray, str]:
    """Twenty-four pictures of a generator."""
    generator = zoo.load(name)
    return grid(generator.sample(3 * COUNT, seed=0), COUNT, 128 // generator.size), f"Twenty-four characters by {name}."


def translations(name: str) -> tuple[np.ndarray, str]:
    """Held-out pictures, their translations, and the truth; of two directions both."""
    translator = zoo.load(name)
    first, second, prior = re.match(r"studio (\w+) and (\w+) \((\w+)", zoo.card(name)["data"]).groups()  # type: ignore[union-attr]
    size = translator.side or 128
    sides, cast = (first, second), (Places if prior == "scenes" else data.Cast)(prior, 0, "test")
    pictures = [as_tensors(drawings(cast, side, size)) for side in sides]
    rows, said = (
        [pictures[0], translator.translate(pictures[0]), pictures[1]],
        [first, f"{second} by the network", f"{second} by the studio"],
    )
    if zoo.card(name)["network"].endswith(".pair"):
        rows.append(translator.translate(pictures[1], back=True))
        said.append(f"{first} by the network, from the row above")
    return grid(
        torch.cat([each.expand(-1, 3, -1, -1) for each in rows]), COUNT, max(1, 128 // size)
    ), f"{COUNT} pictures, from above: {', '.join(said)}."


def as_tensors(drawn: np.ndarray) -> torch.Tensor:
    """Pictures uint8 (B, H, W, 3) as float (B, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(drawn).permute(0, 3, 1, 2) / 127.5 - 1


def drawings(cast: data.Cast, side: str, size: int) -> np.ndarray:
    """The first pictures of one side, uint8 (COUNT, size, size, 3)."""
    if isinstance(cast, Places):
        return np.stack([studio.paint(cast[i], size, side) for i in range(COUNT)])
    layer, style = data.Side.named(side)
    drawn = np.stack([studio.render(cast[i], size, layer, style) for i in range(COUNT)])
    return np.stack([studio.paint_labels(each) for each in drawn]) if layer == "segmentation" else drawn


def colorings(name: str) -> tuple[np.ndarray, str]:
    """Line drawings with dots, the draft, the final picture, the truth."""
    craft = name.split("-")[0]
    colorist = zoo.colorist(f"{craft}-draft-128", f"{craft}-refine-128")
    cast = data.Cast("full", 0, "test")
    lines, colors = (as_tensors(drawings(cast, side, 128)) for side in ("line", "color"))
    dots = colorization.hints(colors, torch.full((COUNT,), 20), 1, lines[:, :1] > 0.4)
    with torch.no_grad():
        draft, final = colorist(lines[:, :1], dots, dots, torch.zeros(COUNT, colorization.PALETTE))
    asked = torch.where(dots[:, 3:] > 0, dots[:, :3], lines[:, :1].expand(-1, 3, -1, -1))
    said = f"{COUNT} characters, from above: lines with twenty dots of color, the draft, the final picture, the truth."
    return grid(torch.cat([asked, draft, final, colors]), COUNT), said


def model(name: str) -> str:
    """The page of one model: its sheet, how to use it, and its card."""
    card, part = zoo.card(name), kind(name)
    size = (Path(zoo.__file__).parent / "weights" / card["file"]).stat().st_size
    lessons = [
        path.stem
        for path in sorted((ROOT / "course" / "lessons").glob("*.py"))
        if f'"{name}"' in path.read_text(encoding="utf-8")
    ]
    words = ["---\norphan: true\n---", f"# {name}"]
    if part != "Read and judge":
        said = sheet(name)[1]
        words += [f"![{said}](/{place(name)})", f"*{said} Unpicked.*"]
    anchor = part.lower().replace(" ", "-")
    words.append(f"`{card['network']}`, {size / 1e6:.1f} MB. [Gallery: {part.lower()}](../index.md#{anchor}).")
    if lessons:
        links = ", ".join(f"[{int(each[:2])}](../../lessons/{each}.ipynb)" for each in lessons)
        words.append(f"Met in lesson{'s' * (len(lessons) > 1)} {links}.")
    call = "zoo.network" if part in ("Color line art", "Read and judge") else "zoo.load"
    words += ["## Use it", f'```python\nfrom animelab import zoo\n\nmodel = {call}("{name}")\n```']
    words += [
        "## Card",
        "```{list-table}\n:stub-columns: 1\n\n"
        + "\n".join(f"* - {title}\n  - {cell(card[key])}" for key, title in CARD.items() if key in card)
        + "\n```",
    ]
    words += ["Made by:", f"```\n{card['command']}\n```"]
    if card["scores"]:
        words += [
            "## Scores",
            scores(card["scores"]),
            "What each means, and how it was measured: [Measurements](../../course/measurements.md).",
        ]
    return "\n\n".join(words) + "\n"


def cell(value: object) -> str:
    """A value in a table."""
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", r"\|") if " " in str(value) or len(str(value)) < 40 else f"`{value}`"


def scores(found: dict[str, Any]) -> str:
    """Scores as a table; those of several tests have a column each."""
    columns = {title: each for title, each in found.items() if isinstance(each, dict)}
    columns |= (
        {"": rest} if (rest := {title: each for title, each in found.items() if not isinstance(each, dict)}) else {}
    )
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    lines = [f"| score | {' | '.join(title or 'value' for title in columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = (f"{column[row]:,.4g}" if row in column else "" for column in columns.values())
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


def the_studio() -> str:
    """The page of all that the studio draws."""
    cast = [studio.Character.random(seed) for seed in range(COUNT)]
    hero = studio.Character(framing="face", bangs="curtain")
    words = ["# The studio", "Characters 0 to 7 in every style and layer, then every option of one character. "
             "All of it is drawn by rule, in about a millisecond a picture, with its answers known: "
             "[the card of the data](../datasets/studio/index.md), "
             "[lesson 2](../lessons/02_studio.ipynb)."]  # fmt: skip

    def row(
        title: str, characters: list[studio.Character], layer: str = "color", style: str = "cel", names: str = ""
    ) -> None:
        columns, size = min(len(characters), 3 if len(characters) in (5, 6, 9) else 4), 176
        file = f"studio-{studio.fingerprint()[:8]}-{re.sub(r'[^a-z]+', '-', title.lower())}-{columns}x{size}.jpg"
        if not (SHEETS / file).exists():
            pixels = studio.contact_sheet(characters, columns, size, layer, style)
            save_picture(Image.fromarray(pixels), SHEETS / file)
        said = title.replace("_", " ")
        words.append(f"### {said.capitalize()}\n\n{names}\n\n![{said}: {names or 'eight characters'}](/sheets/{file})")

    words.append("## Styles")
    for style in studio.STYLES:
        row(f"{style} style", cast, style=style)
    words.append("## Layers")
    for layer in studio.LAYERS:
        row(f"{layer} layer", cast, layer)
    words.append("## Options")
    for name, values in studio.OPTIONS.items():
        view = "bust" if name in ("clothes", "scheme", "background", "headwear", "hair_style") else "face"
        row(name, [hero.replace(**{"framing": view, name: each}) for each in values], names=", ".join(values))
    words.append("## Measures")
    for name, (low, high) in studio.RANGES.items():
        spoken = {"mouth": "spoken"} if name.startswith("mouth_") else {}
        steps = [round(low + (high - low) * i / 7, 3) for i in range(8)]
        row(name, [hero.replace(**spoken, **{name: each}) for each in steps], names=f"from {low} to {high}")
    return "\n\n".join(words) + "\n"
