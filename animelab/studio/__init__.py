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
from .raster import fingerprint, rasterize
from .scenes import HOURS, PLACES, Scene, paint

__all__ = ["EXPRESSIONS", "HOURS", "LABELS", "LABEL_COLORS", "LAYERS", "OPTIONS", "PLACES", "PRIORS", "RANGES"]
__all__ += ["STYLES", "TAGS", "Character", "Prior", "Scene", "add_hairstyle", "contact_sheet", "fingerprint"]
__all__ += ["label_map", "landmarks", "lit", "normals", "paint", "paint_labels", "part_mask", "rasterize"]
__all__ += ["regions", "render", "svg"]
