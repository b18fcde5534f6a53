"""Draws anime characters with every answer known: the course's offline data. Taught in 01_dcgan and 02_studio."""

from .character import EXPRESSIONS, OPTIONS, PRIORS, RANGES, TAGS, Character, Prior
from .hair import add_hairstyle
from .layers import (
    LABEL_COLORS,
    LABELS,
    LAYERS,
    STYLES,
    contact_sheet,
    label_map,
    landmarks,
    lit,
    normals,
    paint_labels,
    part_mask,
    regions,
    render,
    svg,
)
from .rendering import fingerprint, rasterize
from .scenes import HOURS, PLACES, Scene, paint

__all__ = ["EXPRESSIONS", "HOURS", "LABELS", "LABEL_COLORS", "LAYERS", "OPTIONS", "PLACES", "PRIORS", "RANGES"]
__all__ += [
    "Character",
    "Prior",
    "contact_sheet",
    "fingerprint",
    "label_map",
    "landmarks",
    "lit",
    "normals",
    "paint_labels",
]
__all__ += ["STYLES", "TAGS", "Scene", "add_hairstyle", "paint", "part_mask", "rasterize", "regions", "render", "svg"]
