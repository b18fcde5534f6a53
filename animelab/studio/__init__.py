"""Draws anime characters with every answer known: the course's offline data. Taught in 01_dcgan and 02_studio."""

from .character import EXPRESSIONS, OPTIONS, PRIORS, RANGES, TAGS, Character, Prior
from .rendering import contact_sheet, fingerprint, render

__all__ = ["EXPRESSIONS", "OPTIONS", "PRIORS", "RANGES", "TAGS", "Character", "Prior"]
__all__ += ["contact_sheet", "fingerprint", "render"]
