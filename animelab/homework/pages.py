"""Pages for people, one HTML file each: the templates beside this module. Whatever is filled in is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
TEMPLATES.filters["short"] = "{:g}".format


def page(template: str, **parts: Any) -> str:
    """A template, such as "feedback.html", with its parts filled in."""
    return TEMPLATES.get_template(template).render(parts)
