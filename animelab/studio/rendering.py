"""A character becomes a drawing in the cel style."""

from __future__ import annotations

from . import palette as colors
from .accessories import glasses, headwear, ornaments
from .background import background
from .bangs import BANGS, bangs, outline
from .clothes import clothes
from .eyes import eyes
from .face import brows, ears, face, mouth, neck, nose
from .hair import hair
from .ink import Drawing, Pose, View
from .traits import Traits

VIEWS: dict[str, View] = {"bust": (-10.0, -10.0, 276.0), "face": (35.0, 31.0, 186.0)}
"""Framing -> left, top and side of the square of the drawing that is shown."""


def draw(character: Traits) -> Drawing:
    """All shapes of a character from back to front."""
    c = character
    d = Drawing(dict(colors.build(c.hair_color, c.eye_color, c.skin, c.scheme, c.brightness, c.background)))
    d.palette.update((name, f"url(#{name})") for name in colors.GRADIENTS)
    pose = Pose(c.yaw, c.pitch)
    background(c, d)
    d.turns = True
    headwear(c, d, pose, "back")
    hair(c, d, pose, "back")
    d.turns = False
    neck(c, d, pose)
    clothes(c, d, pose)
    d.turns = True
    hair(c, d, pose, "middle")
    ears(c, d, pose)
    face(c, d, pose)
    cast = Pose(pose.yaw * 0.8, pose.pitch + 2.8).pen(4.0)
    d.add("face", outline(cast, BANGS[c.bangs]), "skin_shade", clip="face")
    nose(c, d, pose)
    mouth(c, d, pose)
    eyes(c, d, pose)
    brows(c, d, pose)
    glasses(c, d, pose)
    hair(c, d, pose, "front")
    headwear(c, d, pose, "middle")
    bangs(c, d, pose)
    brows(c, d, pose, 0.4)
    headwear(c, d, pose, "front")
    ornaments(c, d, pose)
    return d
