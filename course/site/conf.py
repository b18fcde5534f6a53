"""How Sphinx makes the site: offline, and without a script from anywhere else. build.py lays out its source."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

project, author = "animelab", "the contributors of animelab"
html_title = "animelab"
copyright = f"{author}. Text: CC BY 4.0. Code: MIT. Drawn pictures: CC0"
html_theme = "sphinx_book_theme"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.githubpages"]
exclude_patterns = ["downloads"]  # they are files to take, no pages
templates_path = [str(HERE / "templates")]
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_js_files = ["site.js"]

html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_show_search_summary = False  # a page that was opened as a file may fetch nothing
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "animelab", "alt_text": ""},
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_persistent": [],
}
pygments_style = "a11y-high-contrast-light"

nb_execution_mode = "off"  # build.py has done it
nb_ipywidgets_js = {}
nb_number_source_lines = False
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 4
myst_update_mathjax = False
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries = False


def as_markup(app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    """Docstrings are plain words with `names` in them; to reStructuredText a star or a bar would mean something."""
    paragraphs = "\n".join(lines).split("\n\n")
    for i, paragraph in enumerate(paragraphs):
        if paragraph.startswith("    "):  # code, which the paragraph before has announced
            if i and not paragraphs[i - 1].startswith("    "):
                paragraphs[i - 1] = re.sub(r":?:?$", "::", paragraphs[i - 1])
            continue
        parts = paragraph.split("`")
        if len(parts) % 2:
            parts[::2] = [re.sub(r"([*|\\]|_\b)", r"\\\1", part) for part in parts[::2]]
            parts[1::2] = [f"``{part}``" if part.strip() == part != "" else part for part in parts[1::2]]
            paragraphs[i] = "\\ ".join(parts)
    lines[:] = "\n\n".join(paragraphs).split("\n")


def written(self: Any, node: nodes.Node) -> None:
    """A formula as MathML, which browsers draw by themselves and screen readers read."""
    block = "block" if isinstance(node, nodes.math_block) else "inline"
    formula = convert(node.astext(), display=block)
    self.body.append(f'<div class="formula" tabindex="0">{formula}</div>' if block == "block" else formula)
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """What Sphinx asks this file for."""
    app.connect("autodoc-process-docstring", as_markup)
    app.add_html_math_renderer("mathml", (written, None), (written, None))


html_math_renderer = "mathml"
