"""Glasses, headwear, ribbons and pins as sketches: each sits in the hair or reaches the ear."""

from __future__ import annotations

from functools import partial

from . import catalog
from .clothes import bow
from .eyes import EYE_X, EYE_Y
from .ink import Drawing, Pose
from .traits import Traits

_ALL = catalog.read("accessories")
GLASSES, EARS, HATS, PINS = (
    {name: entry.sketches for name, entry in _ALL.items() if entry.words == kind}
    for kind in ("glasses", "ears", "hat", "pin")
)
"""Name -> sketches: glasses for one side, animal ears whose root the hair covers, hats perhaps with one "behind"."""
HEADWEAR = ("none", *EARS, "headphones", *HATS)
RIBBONS = ("none", "bow", "twin bows", "hairband")


def glasses(c: Traits, d: Drawing, pose: Pose) -> None:
    """Frames with tinted lenses, a bridge, and temples to the ears."""
    if c.glasses != "none":
        d.sketch("glasses", GLASSES[c.glasses][""], lambda side: pose.feature(EYE_X, EYE_Y + 2, side))
        d.add("glasses", pose.feature(0, EYE_Y).path("M", -6, 0, "C", -3, -3, 3, -3, 6, 0), "", "frame", 1.9)


def headwear(c: Traits, d: Drawing, pose: Pose, stage: str) -> None:
    """The "back" brim of a hat behind the head, animal ears in the "middle", hats and headphones in "front"."""
    if stage == "back":
        d.sketch("hat", HATS.get(c.headwear, {}).get("behind", ""), partial(pose.pen, 2.0))
    elif stage == "middle":
        d.sketch("animal ears", EARS.get(c.headwear, {}).get("", ""), partial(pose.pen, 3.0))
    elif c.headwear == "headphones":
        d.sketch("headphones", _ALL["headphones"].sketches[""], partial(pose.pen, 2.0))
    else:
        d.sketch("hat", HATS.get(c.headwear, {}).get("", ""), partial(pose.pen, 4.0))


def ornaments(c: Traits, d: Drawing, pose: Pose) -> None:
    """Ribbons and pins in the hair."""
    if c.ribbon == "bow":
        bow(d, pose.pen(6.0), 44, 66, 0.95)
    elif c.ribbon == "twin bows":
        for side in (-1, 1):
            bow(d, pose.pen(5.0, side), 55, 76, 0.75)
    elif c.ribbon == "hairband":
        d.sketch("ribbon", _ALL["hairband"].sketches[""], partial(pose.pen, 5.0))
        bow(d, pose.pen(5.0), -38, 56, 0.7)
    d.sketch("pin", PINS.get(c.pin, {}).get("", ""), partial(pose.pen, 6.0))
