"""A character: every attribute named, ranged and checked; priors say how often each value is drawn."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ..errors import LabError
from . import layers, rendering
from .accessories import GLASSES, HATS, HEADWEAR, PINS, RIBBONS
from .background import BACKGROUNDS
from .bangs import BANGS
from .clothes import GARMENTS
from .eyes import EYE_SHAPES, EYELIDS, IRISES
from .face import BROWS, FACES, MOUTHS, VISEMES
from .hair import HAIR_TAGS, HAIRSTYLES
from .palette import EYES, HAIR, SCHEMES, SKIN

TAGS = (
    *(f"{name} hair" for name in HAIR),
    *HAIR_TAGS,
    *("blush", "smile", "open mouth", "hat", "ribbon", "glasses"),
    *(f"{name} eyes" for name in EYES),
)
"""The 34 attributes of MakeGirlsMoe's Amaryllis model in its order (Jin et al. 2017, arXiv 1708.05509)."""

OPTIONS: dict[str, Collection[str]] = {
    "presentation": ("female", "male"),
    "face": tuple(FACES),
    "skin": tuple(SKIN),
    "hair_style": HAIRSTYLES.keys(),
    "bangs": tuple(BANGS),
    "hair_color": tuple(HAIR),
    "eye_shape": tuple(EYE_SHAPES),
    "eye_color": tuple(EYES),
    "iris": tuple(IRISES),
    "mouth": tuple(MOUTHS),
    "brows": tuple(BROWS),
    "eyelids": tuple(EYELIDS),
    "clothes": tuple(GARMENTS),
    "scheme": tuple(SCHEMES),
    "glasses": ("none", *GLASSES),
    "headwear": HEADWEAR,
    "ribbon": RIBBONS,
    "pin": ("none", *PINS),
    "background": tuple(BACKGROUNDS),
    "framing": tuple(rendering.VIEWS),
}
"""Attribute -> its allowed names; hairstyles grow with `add_hairstyle`."""

RANGES: dict[str, tuple[float, float]] = {
    "blush": (0.0, 1.0),
    "eye_size": (0.85, 1.15),
    "brightness": (0.0, 1.0),
    "yaw": (-1.0, 1.0),
    "pitch": (-1.0, 1.0),
    "roll": (-20.0, 20.0),
    "eyelid_left": (0.0, 1.0),
    "eyelid_right": (0.0, 1.0),
    "gaze_x": (-1.0, 1.0),
    "gaze_y": (-1.0, 1.0),
    "brow_height": (-1.0, 1.0),
    "brow_angle": (-1.0, 1.0),
    "mouth_open": (0.0, 1.0),
    "mouth_width": (0.4, 1.3),
    "mouth_smile": (-1.0, 1.0),
}
"""Attribute -> its least and greatest number."""

EXPRESSIONS: dict[str, tuple[str, str, str]] = {
    "calm": ("neutral", "calm", "open"),
    "smiling": ("smile", "calm", "open"),
    "happy": ("open smile", "raised", "open"),
    "delighted": ("laugh", "raised", "happy"),
    "playful": ("fang", "calm", "wink"),
    "catlike": ("cat", "raised", "open"),
    "smug": ("smirk", "firm", "half"),
    "grinning": ("grin", "firm", "open"),
    "surprised": ("gasp", "raised", "wide"),
    "singing": ("o", "calm", "open"),
    "sad": ("frown", "worried", "open"),
    "shy": ("wavy", "worried", "open"),
    "angry": ("frown", "angry", "open"),
    "pouting": ("pout", "firm", "open"),
    "sleepy": ("neutral", "worried", "half"),
    "serene": ("smile", "calm", "closed"),
}
"""Name of an expression -> mouth, brows and eyelids together."""

Weights = Mapping[str, float]


@dataclass(frozen=True)
class Prior:
    """How characters are drawn at random.

    `weights` gives relative frequencies for named attributes (and for "expression"), `ranges` the uniform range of
    numbers, `male` the weights that replace others for male-presenting characters. What is not named keeps its default.
    """

    name: str
    description: str
    weights: Mapping[str, Weights]
    ranges: Mapping[str, tuple[float, float]]
    male: Mapping[str, Weights] = field(default_factory=dict)


_COLORS: dict[str, Weights] = {
    "hair_color": {"blonde": 14, "brown": 13, "black": 11, "blue": 11, "pink": 10, "purple": 9, "green": 6, "red": 7,
                   "silver": 6, "white": 5, "orange": 6, "aqua": 5, "grey": 4},
    "eye_color": {"blue": 18, "red": 10, "brown": 11, "green": 13, "purple": 13, "yellow": 10, "pink": 7, "aqua": 9,
                  "black": 3, "orange": 6},
    "skin": {"porcelain": 4, "fair": 6, "peach": 5, "tan": 3, "brown": 2, "deep": 1.4},
}  # fmt: skip
_MALE: dict[str, Weights] = {
    "face": {"oval": 4, "square": 4, "sharp": 3},
    "eye_shape": {"narrow": 5, "almond": 3, "upturned": 2, "droopy": 1},
    "hair_style": {"pixie": 5, "wolf": 5, "spiky": 5, "straight": 0.6, "ponytail": 0.5, "side ponytail": 0.4},
    "bangs": {"choppy": 4, "swept": 4, "crossed": 3, "wispy": 3, "curtain": 3, "side part": 3, "one eye": 1},
    "ribbon": {"none": 1},
    "pin": {"none": 12, "clips": 1},
    "headwear": {"none": 26, "headphones": 2, "cap": 2, "cat ears": 1, "fox ears": 1, "beret": 1},
    "clothes": {"blazer": 3, "hoodie": 3, "shirt": 3, "sweater": 2, "jacket": 4, "kimono": 1},
}

FULL = Prior(
    "full",
    "Every attribute over its whole variety, bust framing: for the attribute, layer and style lessons.",
    {
        "presentation": {"female": 7, "male": 3},
        **_COLORS,
        "face": {"soft": 5, "round": 4, "sharp": 4, "oval": 2},
        "hair_style": {"straight": 5, "wavy": 5, "hime": 3, "bob": 5, "pixie": 2, "wolf": 2, "twin tails": 4,
                       "low twin tails": 3, "ponytail": 4, "side ponytail": 3, "drills": 3, "braids": 3, "buns": 3},
        "bangs": {"blunt": 4, "curtain": 4, "swept": 4, "wispy": 4, "choppy": 4, "crossed": 3, "one eye": 0.6,
                  "side part": 2},
        "eye_shape": {"round": 5, "almond": 4, "upturned": 3, "droopy": 3, "narrow": 1},
        "iris": {"plain": 6, "rayed": 3, "ring": 2, "star": 0.6},
        "expression": {"calm": 4, "smiling": 7, "happy": 6, "delighted": 2, "playful": 1, "catlike": 2, "smug": 1.5,
                       "grinning": 1.5, "surprised": 1, "singing": 1, "sad": 1, "shy": 1.5, "angry": 1, "pouting": 1.5,
                       "sleepy": 1, "serene": 1},
        "clothes": dict.fromkeys(GARMENTS, 1),
        "scheme": {"analogous": 3, "complementary": 3, "split": 2, "triad": 2, "uniform": 3, "soft": 3},
        "glasses": {"none": 24, "round": 2, "square": 1, "half rim": 1},
        "headwear": {"none": 30, "cat ears": 3, "fox ears": 1.5, "bunny ears": 1, "headphones": 1.5, "beret": 1.5,
                     "cap": 1, "straw hat": 1, "witch hat": 1},
        "ribbon": {"none": 14, "bow": 2, "twin bows": 2, "hairband": 2},
        "pin": {"none": 12, "clips": 2, "flower": 2, "star": 1},
        "background": dict.fromkeys(BACKGROUNDS, 1),
        "ahoge": {"yes": 1, "no": 3},
        "blushing": {"yes": 1, "no": 1},
    },
    {"eye_size": (0.94, 1.1), "brightness": (0.0, 1.0), "yaw": (-0.6, 0.6), "pitch": (-0.5, 0.5), "roll": (-7.0, 7.0),
     "blush": (0.4, 1.0)},
    _MALE,
)  # fmt: skip

FRONTAL = Prior(
    "frontal",
    "Lesson 1: tight face crop, near-frontal, eyes open, plain light background, no hats or glasses, few ribbons.",
    {
        "presentation": {"female": 8, "male": 2},
        **_COLORS,
        "skin": {"porcelain": 4, "fair": 6, "peach": 5, "tan": 2.5, "brown": 1, "deep": 0.4},
        "face": {"soft": 4, "round": 3, "sharp": 3},
        "hair_style": {"straight": 5, "wavy": 4, "hime": 3, "bob": 5, "pixie": 3, "wolf": 2, "twin tails": 3,
                       "low twin tails": 2, "ponytail": 2, "side ponytail": 2, "drills": 2, "braids": 1, "buns": 1},
        "bangs": {"blunt": 4, "curtain": 4, "swept": 3, "wispy": 4, "choppy": 4, "crossed": 2},
        "eye_shape": {"round": 4, "almond": 3, "upturned": 2, "droopy": 2},
        "expression": {"calm": 3, "smiling": 6, "happy": 4, "catlike": 0.6, "singing": 0.6},
        "clothes": dict.fromkeys(GARMENTS, 1),
        "scheme": {"analogous": 3, "complementary": 3, "split": 2, "triad": 2, "uniform": 3, "soft": 3},
        "ribbon": {"none": 12, "bow": 1},
        "background": {"plain": 1, "gradient": 1},
        "blushing": {"yes": 1, "no": 1},
        "framing": {"face": 1},
    },
    {"eye_size": (1.0, 1.08), "brightness": (0.0, 1.0), "yaw": (-0.1, 0.1), "pitch": (-0.1, 0.1), "roll": (-1.0, 1.0),
     "blush": (0.4, 0.7)},
    {"face": {"sharp": 3, "oval": 2}, "eye_shape": {"almond": 3, "upturned": 1},
     "hair_style": {"pixie": 4, "wolf": 4, "spiky": 4}, "bangs": {"choppy": 4, "swept": 3, "crossed": 3, "wispy": 3},
     "ribbon": {"none": 1}},
)  # fmt: skip

EXPRESSIVE = Prior(
    "expressive",
    "The full variety, looking and speaking in every direction: for pose, expression and talking heads.",
    {**FULL.weights, "viseme": {"none": 4, **dict.fromkeys(VISEMES, 1)}},
    {**FULL.ranges, "yaw": (-1.0, 1.0), "pitch": (-1.0, 1.0), "roll": (-20.0, 20.0),
     **dict.fromkeys(("eyelid_left", "eyelid_right"), (0.5, 1.0)), "gaze_x": (-1.0, 1.0), "gaze_y": (-0.8, 0.8),
     "brow_height": (-1.0, 1.0), "brow_angle": (-1.0, 1.0)},
    _MALE,
)  # fmt: skip

PRIORS = {prior.name: prior for prior in (FULL, FRONTAL, EXPRESSIVE)}
"""Name -> prior."""


def _nearest(name: object, names: Any) -> str:
    close = difflib.get_close_matches(str(name), list(names), 1, 0.0)
    return close[0] if close else ""


@dataclass(frozen=True)
class Character:
    """A drawn anime character; the attributes alone decide the picture, to the byte.

    Named attributes take a name of `OPTIONS`, numbers lie in `RANGES`; anything else raises LabError with the
    attribute, the value and the nearest allowed name.
    """

    presentation: str = "female"  # jaw, neck, shoulders, brows and lashes that read as female or male
    face: str = "soft"  # the jaw
    skin: str = "fair"
    hair_style: str = "straight"
    bangs: str = "wispy"
    hair_color: str = "blue"
    ahoge: bool = False  # one lock that stands up
    eye_shape: str = "round"
    eye_color: str = "aqua"
    eye_size: float = 1.0  # relative
    iris: str = "plain"
    mouth: str = "smile"
    brows: str = "calm"
    eyelids: str = "open"
    blush: float = 0.0  # 0 none, 1 strong; tagged from 0.3
    clothes: str = "sailor"
    scheme: str = "complementary"  # hue of clothes and background, led by the hair
    brightness: float = 0.3  # of the clothes
    glasses: str = "none"
    headwear: str = "none"
    ribbon: str = "none"
    pin: str = "none"
    background: str = "plain"
    framing: str = "bust"  # "face" is a tight crop from the hair's top to just under the chin
    yaw: float = 0.0  # 1 looks far to the picture's right
    pitch: float = 0.0  # 1 looks far down
    roll: float = 0.0  # degrees, clockwise in the picture
    eyelid_left: float = 1.0  # how far the lid on the picture's left opens of what `eyelids` says; 0 shuts it
    eyelid_right: float = 1.0
    gaze_x: float = 0.0  # 1 looks to the picture's right
    gaze_y: float = 0.0  # 1 looks down
    brow_height: float = 0.0  # 1 raised
    brow_angle: float = 0.0  # 1 angry, -1 worried
    mouth_open: float = 0.5  # these three shape the mouth "spoken"; see VISEMES
    mouth_width: float = 1.0
    mouth_smile: float = 0.0
    seed: int = 0  # of small irregularities: flyaways, stars, bokeh

    def __post_init__(self) -> None:
        for name, allowed in OPTIONS.items():
            value = getattr(self, name)
            if value not in allowed:
                raise LabError(
                    f"{name}={value!r} is not drawn; the nearest of {len(allowed)} is {_nearest(value, allowed)!r}."
                )
        for name, (low, high) in RANGES.items():
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, (int, float)) or not low <= number <= high:
                known = isinstance(number, (int, float)) and number == number
                nearest = min(high, max(low, number)) if known else low
                raise LabError(f"{name}={number!r} is outside {low} to {high}; nearest is {nearest}.")
        if not isinstance(self.ahoge, bool):
            raise LabError(f"ahoge={self.ahoge!r} must be True or False.")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise LabError(f"seed={self.seed!r} must be a whole number of at least 0.")

    @classmethod
    def random(cls, seed: int, prior: str | Prior = "full") -> Character:
        """The character of a seed under a prior; the same seed gives the same character everywhere."""
        if isinstance(prior, str):
            if prior not in PRIORS:
                raise LabError(
                    f"prior={prior!r} is unknown; nearest is {_nearest(prior, PRIORS)!r}, all are: {', '.join(PRIORS)}."
                )
            prior = PRIORS[prior]
        random = Random(seed)
        values: dict[str, Any] = {"seed": seed}
        male = False
        for name, table in prior.weights.items():
            if male and name in prior.male:
                table = prior.male[name]
            values[name] = random.choices(list(table), list(table.values()))[0]
            male = male or values[name] == "male"
        for name, (low, high) in prior.ranges.items():
            values[name] = round(random.uniform(low, high), 3)
        if "expression" in values:
            values["mouth"], values["brows"], values["eyelids"] = EXPRESSIONS[values.pop("expression")]
        if values.get("viseme", "none") != "none":
            values["mouth"] = "spoken"
            values["mouth_open"], values["mouth_width"], values["mouth_smile"] = VISEMES[values["viseme"]]
        values.pop("viseme", None)
        if values.pop("blushing", "yes") == "no":
            values["blush"] = 0.0
        if "ahoge" in values:
            values["ahoge"] = values["ahoge"] == "yes"
        if values.get("headwear", "none") != "none":
            values["ribbon"], values["ahoge"] = "none", False
        if HAIRSTYLES[values.get("hair_style", "straight")].crown != "smooth":
            values["ahoge"] = False
        return cls(**values)

    def replace(self, **changes: Any) -> Character:
        """The same character with some attributes changed."""
        names = [f.name for f in dataclasses.fields(self)]
        for name in changes:
            if name not in names:
                raise LabError(f"{name!r} is no attribute of a character; nearest is {_nearest(name, names)!r}.")
        return dataclasses.replace(self, **changes)

    def svg(self) -> str:
        """The picture as an SVG text."""
        return layers.svg(self)

    def _repr_svg_(self) -> str:
        words = ", ".join(name for name, present in self.tags().items() if present)
        return self.svg().replace(">", f"><title>A drawn character: {words}.</title>", 1)  # what a screen reader says

    def tags(self) -> dict[str, bool]:
        """MakeGirlsMoe's 34 attributes in the order of `TAGS`."""
        present = {f"{self.hair_color} hair", f"{self.eye_color} eyes", *HAIRSTYLES[self.hair_style].tags}
        present.update(MOUTHS[self.mouth].words.split(", "))
        signs = {
            "blush": self.blush >= 0.3,
            "hat": self.headwear in HATS,
            "ribbon": self.ribbon != "none",
            "glasses": self.glasses != "none",
            "smile": self.mouth == "spoken" and self.mouth_smile >= 0.3,
            "open mouth": self.mouth == "spoken" and self.mouth_open >= 0.3,
        }
        present.update(name for name, sign in signs.items() if sign)
        return {name: name in present for name in TAGS}
