"""A character: every attribute named, ranged and checked; priors say how often each value is drawn."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ..errors import LabError, shown
from ..limits import CHARACTERS, number, whole
from . import layers, rendering
from .accessories import GLASSES, HATS, HEADWEAR, PINS, RIBBONS
from .background import BACKGROUNDS
from .bangs import BANGS
from .clothes import GARMENTS
from .eyes import EYE_SHAPES, EYELIDS, IRISES
from .face import BROWS, FACES, MOUTHS, VISEMES
from .hair import HAIR_TAGS, HAIRSTYLES
from .palette import EYES, HAIR, SCHEMES, SKIN
from .traits import Traits

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

    def __post_init__(self) -> None:
        for name, table in [*self.weights.items(), *self.male.items()]:
            if name not in _KNOWN:
                raise LabError(f"{name!r} is drawn by no prior; nearest is {_nearest(name, _KNOWN)!r}.")
            if not isinstance(table, Mapping):
                raise LabError(f"How often each {name} is drawn is a dictionary, such as {{'blue': 1}}, not {table!r}.")
            for value, weight in table.items():
                number(f"How often {name}={value} is drawn", weight, (0.0, 1e9))
                if value not in _KNOWN[name]:
                    raise LabError(f"{name}={value!r} is not drawn; nearest is {_nearest(value, _KNOWN[name])!r}.")
            if not sum(table.values()):
                raise LabError(f"The prior '{self.name}' draws no {name}: give one of its values a weight above 0.")
        for name, ends in self.ranges.items():
            limits = RANGES.get(name)
            if limits is None:
                raise LabError(f"{name!r} has no range; nearest is {_nearest(name, RANGES)!r}.")
            if not isinstance(ends, (tuple, list)) or len(ends) != 2:
                raise LabError(f"The range of {name} is its least and its greatest number, not {shown(repr(ends))}.")
            for end in ends:
                number(f"The range of {name}", end, limits)


def _nearest(name: object, names: Any) -> str:
    return (difflib.get_close_matches(str(name), list(names), 1, 0.0) or [""])[0]


_FILE = json.loads((Path(__file__).parent / "sketches" / "priors.json").read_text(encoding="utf-8"))
EXPRESSIONS: dict[str, tuple[str, str, str]] = {name: tuple(parts) for name, parts in _FILE.pop("expressions").items()}
"""Name of an expression -> mouth, brows and eyelids together."""
_YES_OR_NO = ("yes", "no")
_KNOWN: dict[str, Collection[str]] = {
    **OPTIONS, "expression": EXPRESSIONS, "viseme": ("none", *VISEMES), "blushing": _YES_OR_NO, "ahoge": _YES_OR_NO,
}  # fmt: skip


def _prior(name: str) -> Prior:
    entry = _FILE[name]
    base = _FILE.get(entry.get("like"), {"weights": {}, "ranges": {}})
    weights, ranges = {**base["weights"], **entry["weights"]}, {**base["ranges"], **entry["ranges"]}
    return Prior(name, entry["description"], weights, ranges, entry.get("male", base.get("male", {})))


PRIORS = {name: _prior(name) for name in _FILE}
"""Name -> prior."""


@dataclass(frozen=True)
class Character(Traits):
    """A drawn anime character; the attributes alone decide the picture, to the byte.

    Named attributes take a name of `OPTIONS`, numbers lie in `RANGES`; anything else raises LabError with the
    attribute, the value and the nearest allowed name.
    """

    def __post_init__(self) -> None:
        for name, allowed in OPTIONS.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                said, nearest = shown(repr(value)), _nearest(value, allowed)
                raise LabError(f"{name}={said} is not drawn; the nearest of {len(allowed)} is {nearest!r}.")
        for name, limits in RANGES.items():
            if type(getattr(self, name)) is not float or not limits[0] <= getattr(self, name) <= limits[1]:
                object.__setattr__(self, name, number(name, getattr(self, name), limits))
        if not isinstance(self.ahoge, bool):
            raise LabError(f"ahoge={shown(repr(self.ahoge))} must be True or False.")
        object.__setattr__(self, "seed", whole("seed", self.seed, CHARACTERS))

    @classmethod
    def random(cls, seed: int, prior: str | Prior = "full") -> Character:
        """The character of a seed under a prior; the same seed gives the same character everywhere.

        "frontal+headwear=beret+hair_color=red" is the prior "frontal" with two things that are the same for all.
        """
        seed, always = whole("seed", seed, CHARACTERS), dict[str, str]()
        if isinstance(prior, str):
            name, *parts = prior.split("+")
            if name not in PRIORS:
                raise LabError(
                    f"prior={name!r} is unknown; nearest is {_nearest(name, PRIORS)!r}, all are: {', '.join(PRIORS)}."
                )
            prior, always = PRIORS[name], dict(part.partition("=")[::2] for part in parts)
        elif not isinstance(prior, Prior):
            raise LabError(f"A prior is a name of studio.PRIORS, or a Prior, not {shown(repr(prior))}.")
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
        values |= always
        if values.get("headwear", "none") != "none":
            values["ribbon"], values["ahoge"] = "none", False
        hair = HAIRSTYLES.get(values.get("hair_style", "straight"))
        if hair and hair.crown != "smooth":  # a name that there is not is told of by what comes next
            values["ahoge"] = False
        return cls().replace(**values)

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
