"""What each page of the playground shows and asks for: its stage, the numbers that its script needs, its models."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from animelab import studio, zoo
from animelab.data import Cast
from animelab.data.real import real_photos
from animelab.latent import Styles
from animelab.metrics.attributes import GROUPS
from animelab.nn.colorization import PALETTE, SCHEMES, palette, stripes
from animelab.studio import TAGS
from animelab.studio.palette import EYES, HAIR
from animelab.viz import as_pixels
from animelab.widgets.color_studio import FREE, HINT, KINDS, SHOWN, SWATCHES, ColorStudio
from animelab.widgets.exploration import space_of
from animelab.widgets.picture import data_url
from animelab.widgets.samples import Samples
from animelab.widgets.stage import (
    Stage,
    button,
    choice,
    curtain,
    file,
    hidden,
    past,
    picture,
    slider,
    swatches,
    toggle,
    tools,
)
from PIL import Image

Page = tuple[Stage, dict[str, Any], list[str]]
FACES, LINES = "stylegan2-faces-64", "pix2pix-orders-128"
PAINTERS = {
    "R3GAN's U-Net": "backtranslation-places-256",
    "AnimeGANv2": "animeganv2-scenes-128",
    "CartoonGAN": "cartoongan-scenes-128",
}
COLORISTS = ("colorist-draft-128", "colorist-refine-128")
FIRST_DOTS = [  # those of lesson 8: hair and its shade, skin, clothes, wall
    [x, y, color, "draft"]
    for color, places in {
        "#f2a0b4": ((0.5, 0.22), (0.28, 0.7), (0.73, 0.7), (0.29, 0.88), (0.72, 0.86)),
        "#c9748f": ((0.37, 0.73), (0.63, 0.73)),
        "#f8dcc8": ((0.47, 0.52), (0.5, 0.77)),
        "#3d7dca": ((0.45, 0.97),),
        "#dff0e4": ((0.06, 0.1),),
    }.items()
    for x, y in places
]
TRUNCATION = 0.8
NAMED = 8  # sliders of the explorer
FAR = 3  # standard deviations to their ends, at most
ORDERS = 200  # that go together, which faces are drawn with


def face() -> Image.Image:
    """The face that the site and the playground are known by."""
    return Image.fromarray(studio.render(studio.Character.random(25).replace(framing="face"), 128))


def packed(numbers: torch.Tensor) -> str:
    """Numbers as page.js unpacks them."""
    return base64.b64encode(numbers.detach().float().numpy().astype("<f4").tobytes()).decode()


def bits(orders: torch.Tensor) -> list[str]:
    """Orders (N, 34) of 0 and 1 as words of 34 digits."""
    return ["".join(str(int(bit)) for bit in order) for order in orders]


def normal(seed: int, count: int) -> torch.Tensor:
    """The normal random numbers of page.js, (count,), so that what is drawn here is what the page will draw."""
    state, most = (seed + 1) * 0x9E3779B9, 0xFFFFFFFF

    def uniform() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & most
        mixed = (state ^ state >> 15) * (1 | state) & most
        mixed ^= mixed + ((mixed ^ mixed >> 7) * (61 | mixed) & most) & most
        return ((mixed ^ mixed >> 14) & most) / 2**32

    pairs = ((uniform(), uniform()) for _ in range(count))
    return torch.tensor([math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v) for u, v in pairs])


def stylegan2(model: Any, space: Styles, start: int = 0) -> dict[str, Any]:
    """What stylegan2.js builds on; start: the seed that the page begins with."""
    assert space.labels is not None
    names = {each: f"{FACES}-{each}" for each in ("mapping", "synthesis")}
    facts = {"layers": space.layers, "latent": model.latent, "truncation": TRUNCATION, "start": start}
    return {**names, **facts, "mean": packed(model.generator.mapping.mean), "orders": bits(space.labels[:ORDERS])}


def first_faces(model: Any, space: Styles, seeds: Sequence[int]) -> np.ndarray:
    """The faces of seeds as the pages draw them, uint8 (N, size, size, 3)."""
    assert space.labels is not None
    latents = torch.stack([normal(seed, model.latent) for seed in seeds])
    return as_pixels(model.generate(latents, space.labels[torch.tensor(seeds) % ORDERS], TRUNCATION))


def faces() -> Page:
    """The explorer of StyleGAN2's faces."""
    model = zoo.load(FACES)
    space = space_of(model, None, None, None)
    assert isinstance(space, Styles)
    samples = Samples(space, read=True)
    while not samples.done:
        samples.piece()
    found = list(samples.named().items())[:NAMED]
    mean = model.generator.mapping.mean.expand(space.layers, -1)
    directions = [{"name": name, "step": packed(step), "reach": samples.reach(mean, step)} for name, step in found]
    sliders = [
        {**slider(f"named_{i}", name.capitalize(), 0, -FAR, FAR, 0.1), "ends": ["", ""]}
        for i, (name, _) in enumerate(found)
    ]
    acts = [
        button("new", "New face", "shuffle"),
        *past(),
        button("keep", "Keep", "heart"),
        button("save", "Save"),
    ]
    way = [
        picture("kept", "Kept faces", "pick", value=None, columns=6),
        button("walk", "Walk", "play", selected=False),
    ]
    stage = Stage(
        "explorer",
        [picture("face", "A face")],
        {
            "": acts,
            "What it can change": sliders,
            "A walk through the kept faces": way,
            "Nearer the mean face": [slider("truncation", "Truncation", TRUNCATION, 0, 1.5, 0.1)],
        },
    )
    stage.show("face", first_faces(model, space, [8])[0], "A drawn face.")
    stage.show_all("kept", [None] * 6, ["An empty place"] * 6)
    return stage, {**stylegan2(model, space, 8), "directions": directions}, [FACES]


def order() -> Page:
    """A generator that takes orders, and a control for each attribute."""
    model = zoo.load(FACES)
    space = space_of(model, None, None, None)
    assert isinstance(space, Styles) and space.labels is not None
    groups = list(GROUPS.values())
    others = [i for i in range(len(TAGS)) if space.labels[:, i].any() and i not in [*groups[0], *groups[1]]]
    acts = [
        button("new", "Another with this order", "shuffle"),
        button("surprise", "Surprise me", "dot"),
        *past(),
    ]
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
            "Others with the same order": [
                picture("others", "Others with the same order", "pick", value=None, columns=4)
            ],
        },
    )
    stage.show("face", first_faces(model, space, [4])[0], "A drawn character.")
    stage.show_all("others", [None] * 8, ["Not drawn yet"] * 8)
    facts = {
        **stylegan2(model, space, 4),
        "truncation": TRUNCATION,
        "tags": list(TAGS),
        "others": others,
    }
    return stage, {**facts, "hair": groups[0], "eyes": groups[1]}, [FACES]


def lines() -> Page:
    """A drawing board in front of a U-Net that takes orders."""
    model = zoo.load(LINES)
    characters = [studio.Character.random(seed, "frontal") for seed in (4, 8, 6, 0)]
    papers = [studio.render(each, 128, "line") for each in characters]
    blank = np.full((128, 128, 3), 255, np.uint8)
    draw = [
        tools("tool", "Tool", {"Pen": "pen", "Eraser": "erase"}),
        *past(),
        button("clear", "Empty paper"),
    ]
    ink = {"value": [0, ""], "tool": "tool", "width": "width", "eraser": "Eraser"}
    colors = [
        swatches(name, name.capitalize(), {FREE: "", **known}) for name, known in (("hair", HAIR), ("eyes", EYES))
    ]
    stage = Stage(
        "board",
        [
            picture("lines", "Your drawing", "ink", **ink),
            picture("answer", "The network's answer"),
        ],
        {
            "Draw": [*draw, slider("width", "Line width", 1, 0.5, 4, 0.5, "px")],
            "Colors": [*colors, button("colors", "Other colors", "shuffle")],
            "Drawings": [
                button("another", "Another drawing", "next"),
                file("photo", "Your own", tip="A line drawing of yours: dark on white"),
                button("save", "Save"),
            ],
        },
    )
    stage.show("lines", papers[0], "A line drawing to draw on.")
    pictures = torch.tensor(papers[0]).permute(2, 0, 1)[None] / 127.5 - 1
    network, order = model.network, torch.zeros(1, len(TAGS))
    for group, number in zip(GROUPS.values(), normal(0, 2)):  # as lines.js chooses what is left free
        order[0, group[abs(round(1e6 * float(number))) % len(group)]] = 1
    with torch.no_grad():
        answer = network(pictures, normal(0, network.latent)[None], order)
    stage.show("answer", as_pixels(answer)[0], "The network's colors.")
    drawings = [data_url(each) for each in [*papers, blank]]
    facts = {
        "network": LINES,
        "latent": model.network.latent,
        "tags": list(TAGS),
        "free": FREE,
        "size": 128,
    }
    return stage, {**facts, "drawings": drawings}, [LINES]


def dots() -> Page:
    """The coloring desk of lesson 8: dots of color, and two networks that paint by them."""
    cast, size = Cast("full", 0, "test"), 128
    papers = [studio.render(cast[i], SHOWN, "line") for i in (4, 8, 9, 7)]
    desk = ColorStudio(zoo.colorist(*COLORISTS), papers[0][None], size)
    desk.dots = FIRST_DOTS
    brush = {"value": [0, FIRST_DOTS], "tool": "tool", "color": "color", "kinds": KINDS}
    ink = {"value": [0, ""], "tool": "tool", "width": "width", "eraser": "Eraser"}
    look = [choice("scheme", "Scheme", [FREE, *SCHEMES]), choice("view", "At the right", ["final", "draft"])]
    kinds = tools(
        "tool",
        "Tool",
        {"Pen": "pen", "Eraser": "erase", "Draft dot": "dot", "Final dot": "final", "Erase dot": "erase"},
    )
    files = [
        button("another", "Another drawing", "next"),
        button("clear", "Empty paper"),
        file("open", "Your own", "open", "A line drawing of yours: dark on white"),
        file("lent", "Borrow colors", "colors", "A picture of yours whose colors to borrow"),
        button("save", "Save"),
    ]
    stage = Stage(
        "colors",
        [
            picture("lines", "Lines, with your dots", "dots", **brush),
            picture("ink", "Your lines", "ink", **ink),
            picture("result", "Final"),
        ],
        {
            "Dots and lines": [{**kinds, "value": "Draft dot"}, swatches("color", "Color", SWATCHES, others=True)],
            "Colors": [*look, slider("width", "Line width", 4, 1, 16, 1, "px")],
            "Drawing": [*past(), *files],
        },
    )
    for name in ("ink", "lines"):
        stage.show(name, papers[0], "A line drawing.")
    for name in ("ink", "width"):  # until a pen is taken up
        stage.update(name, hidden=True)
    stage.show("result", desk.final, "The colors that the networks gave the drawing.")
    stage.say(HINT)
    network = {"draft": COLORISTS[0], "refine": COLORISTS[1], "size": size}
    schemes = {FREE: [0.0] * PALETTE, **{words: palette(stripes(SCHEMES[words]))[0].tolist() for words in SCHEMES}}
    facts = {"network": network, "schemes": schemes, "first": FIRST_DOTS, "shown": SHOWN, "hint": HINT}
    return stage, {**facts, "drawings": [data_url(each[..., 0]) for each in papers]}, list(COLORISTS)


def pick() -> Page:
    """Pick and refine, in the manner of Waifu Labs."""
    model, count = zoo.load(FACES), 16
    space = space_of(model, None, None, None)
    assert isinstance(space, Styles)
    choices = picture("choices", "Choices", "pick", value=None, columns=4)
    strip = picture("strip", "Your choices so far", "pick", value=None, columns=4)
    acts = [
        button("others", "Other choices", "shuffle"),
        *past()[:2],
        button("again", "Start again", "reset"),
    ]
    stage = Stage(
        "picker",
        [choices, picture("face", "Your character")],
        {"Your choices, to go back to": [strip], "": [*acts, button("save", "Save")]},
    )
    pixels = first_faces(model, space, range(count))
    stage.show_all("choices", list(pixels), [f"Choice {i + 1}" for i in range(count)])
    stage.show("face", pixels[0], "Your character.")
    stage.update("face", hidden=True)
    stage.show_all("strip", [None] * 4, ["Not yet chosen"] * 4)
    groups = list(GROUPS.values())
    facts = {
        **stylegan2(model, space, 4),
        "truncation": TRUNCATION,
        "hair": groups[0],
        "eyes": groups[1],
    }
    return stage, facts, [FACES]


def scene() -> Page:
    """Translators of places, and photographs to try them on."""
    drawn = studio.paint(studio.Scene.random(3), 384, "photo")
    photos = [drawn, *real_photos()]
    controls = [
        choice("painter", "Network", list(PAINTERS)),
        choice("pixels", "Longer side, pixels", ["256", "384", "512"], "256"),
    ]
    acts = [
        file("photo", "Your photograph", tip="A photograph: it stays on your machine"),
        button("another", "Another of ours", "next"),
    ]
    stage = Stage(
        "scene",
        [curtain("scene", "A scene", "photograph", "painted", "edge")],
        {
            "": [*acts, button("save", "Save")],
            "Painter": [*controls, hidden("edge", "Curtain", 50)],
        },
    )
    small = studio.paint(studio.Scene.random(3), 256, "photo")
    known = {kind: zoo.load(name) for kind, name in PAINTERS.items()}
    pictures = torch.tensor(small).permute(2, 0, 1)[None] / 127.5 - 1
    painted = as_pixels(next(iter(known.values())).translate(pictures))[0]
    stage.show(
        "scene",
        {"photograph": small, "painted": painted},
        "A photograph that the studio drew, and a painting of it.",
    )
    painters = {
        kind: {
            "network": PAINTERS[kind],
            "latent": getattr(model.direction(), "latent", 0),
            "multiple": getattr(model.direction(), "multiple", getattr(model.direction(), "size", 4)),
        }
        for kind, model in known.items()
    }
    return (
        stage,
        {
            "painters": painters,
            "photos": [data_url(each, "JPEG", quality=90) for each in photos],
        },
        list(PAINTERS.values()),
    )


PAGES = {  # name: how it is made, its title, what one does, the lesson that teaches it
    "faces": (
        faces,
        "A face to explore",
        "Move a slider, or take a walk: each face is drawn anew.",
        "07_latent_editing",
    ),
    "order": (order, "A character to order", "Choose hair, eyes and the rest; it is drawn to order.", "06_stylegan2"),
    "lines": (lines, "Draw lines, see color", "Draw and erase; color follows, as you choose it.", "04_pix2pix"),
    "dots": (
        dots,
        "Dots of color",
        "Put a few dots of color on a drawing, or draw lines of your own: two networks paint by them.",
        "08_colorization",
    ),
    "pick": (
        pick,
        "Pick and refine",
        "Click a character, then its colors, its details, its shape.",
        "07_latent_editing",
    ),
    "scene": (scene, "A photograph becomes a scene", "Drop a photograph: it stays on your machine.", "09_cartoongan"),
}
