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
LESSON = re.compile("|".join(rf"\b{path.stem}\b" for path in (ROOT / "course" / "lessons").glob("*.py")))
sys.path.insert(0, str(ROOT))

project, author = "animelab", "the contributors of animelab"
html_title = "animelab"
copyright = f"{author}. Text: CC BY 4.0. Code: MIT. Drawn pictures: CC0"
html_theme = "sphinx_book_theme"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.githubpages"]
exclude_patterns = ["downloads", "extra"]  # they are files to take, and pictures; no pages
templates_path = [str(HERE / "templates")]
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_search_scorer = str(HERE / "scorer.js")
html_sidebars = {
    "**": ["navbar-logo.html", "search-button-field.html", "playground-link.html", "sbt-sidebar-nav.html"],
}

html_copy_source = html_show_sourcelink = html_show_sphinx = html_scaled_image_link = False
html_show_search_summary = False  # a page that was opened as a file may fetch nothing
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "animelab", "alt_text": ""},
    "footer_content_items": "copyright.html",
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
nb_merge_streams = True
nb_code_prompt_show, nb_code_prompt_hide = "Set-up", "Set-up"
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


def with_sizes(app: Sphinx, document: nodes.document) -> None:
    """Pictures say how large they are, so that nothing jumps, and come when a reader gets near."""
    for picture in document.findall(nodes.image):
        picture["scale"], picture["loading"] = 100, "lazy"


def as_markup(app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    """Docstrings are plain words with `names` in them; to reStructuredText a star or a bar would mean something."""
    if lines and lines[0].startswith("Alias for field number"):  # of a named tuple: says nothing
        lines.clear()
    paragraphs = "\n".join(lines).split("\n\n")
    for i, paragraph in enumerate(paragraphs):
        if paragraph.startswith("    "):  # code, which the paragraph before has announced
            if i and not paragraphs[i - 1].startswith("    "):
                paragraphs[i - 1] = re.sub(r":?:?$", "::", paragraphs[i - 1])
            continue
        parts = paragraph.split("`")
        if len(parts) % 2:
            parts[::2] = [LESSON.sub(lesson, re.sub(r"([*|\\]|_\b)", r"\\\1", part)) for part in parts[::2]]
            parts[1::2] = [f"``{part}``" if part.strip() == part != "" else part for part in parts[1::2]]
            paragraphs[i] = "\\ ".join(parts)
    lines[:] = "\n\n".join(paragraphs).split("\n")


def lesson(name: re.Match[str]) -> str:
    """A lesson's name as a link to it."""
    return f"\\ :doc:`lesson {int(name[0][:2])} </lessons/{name[0]}>`\\ "


def written(self: Any, node: nodes.Node) -> None:
    """A formula as MathML, which browsers draw by themselves and screen readers read."""
    block = "block" if isinstance(node, nodes.math_block) else "inline"
    formula = convert(node.astext(), display=block)
    self.body.append(f'<div class="formula" tabindex="0">{formula}</div>' if block == "block" else formula)
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """What Sphinx asks this file for."""
    app.connect("doctree-read", with_sizes)
    app.connect("autodoc-process-docstring", as_markup)
    app.add_html_math_renderer("mathml", (written, None), (written, None))


html_math_renderer = "mathml"
