"""Makes the site: lessons, gallery, cards, reference, in pages that need no server and nothing from elsewhere.

    python course/site/build.py build/site

SITE_EXECUTE says how the lessons run: "smoke" (a trial: minutes), "full" (hours), or "0" (not at all). What has run
once is kept in build/executed until its notebook changes, what has been drawn in build/sheets.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
import shutil
import sys
from pathlib import Path

from animelab import studio
from animelab.authoring.build import LINK, repository
from animelab.authoring.bundle import alone
from animelab.errors import LabError, say
from animelab.files import save_picture
from PIL import Image

import gallery
import lessons
from pages import PAGES as PLAYS
from pages import face

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "course" / "lessons").glob("*.py"))
PAGES = ("course/instructor/*.md", "course/homework/rubrics/*.md", "datasets/**/*.md", "course/measurements.md")
MOVED = {  # of the repository: where it is on the site
    "README.md": "start.md",
    "notebooks": "lessons/index.md",
    "course/homework/rubrics": "course/homework/rubrics/index.md",
}
# fmt: off
PACKAGES = [  # of the reference, in a learner's order
    "studio", "data", "nn", "losses", "recipes", "engine", "zoo", "latent", "metrics", "viz",
    "widgets", "checks", "homework", "config", "env", "export", "files", "foreign", "limits", "errors",
]
# fmt: on


class Source:
    """The folder that Sphinx reads. Only what changed is written, so that Sphinx reads only that again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.written = folder, set[Path]()

    def put(self, path: str, content: str | bytes) -> None:
        """Write a file."""
        file, data = self.folder / path, content.encode() if isinstance(content, str) else content
        self.written.add(file)
        if not file.exists() or file.read_bytes() != data:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def page(self, path: str, text: str, origin: str = "") -> None:
        """Write a page whose links are those of a file of the repository, and whatever of it they lead to."""
        here = posixpath.dirname(origin or path)

        def link(found: re.Match[str]) -> str:
            target, _, anchor = found[2].partition("#")
            wanted = posixpath.normpath(posixpath.join(here, target))
            if (wanted, anchor) == ("README.md", "the-lessons"):
                wanted, anchor = "notebooks", ""
            place = MOVED.get(wanted, re.sub(r"^notebooks/(?=\d)", "lessons/", wanted.removeprefix("course/site/")))
            place = re.sub(r"README\.md$", "index.md", place)
            if place == wanted and (ROOT / wanted).is_file() and not wanted.endswith((".md", ".ipynb")):
                self.put(wanted, (ROOT / wanted).read_bytes())
            return (
                found[1]
                + posixpath.relpath(place, posixpath.dirname(path) or ".")
                + (f"#{slug(anchor)}" if anchor else "")
            )

        if origin:
            text = LINK.sub(link, text)
            text = re.sub(r"(\]\(#)([^)\s]+)", lambda found: found[1] + slug(found[2]), text)
        self.put(path, text)

    def done(self) -> None:
        """Remove what was written another time."""
        for file in self.folder.rglob("*"):
            if file.is_file() and file not in self.written:
                file.unlink()


def small(figure: Path) -> bytes:
    """A figure as large as a card shows it."""
    picture, content = Image.open(figure).convert("RGB"), io.BytesIO()
    picture.thumbnail((720, 720))
    picture.save(content, "WEBP", quality=85)
    return content.getvalue()


def slug(anchor: str) -> str:
    """A heading's name on the site, from the one that Jupyter or GitHub gives it."""
    return re.sub(r"[^\w-]", "", anchor.lower())


def lay_out(source: Source, execute: str, playground: bool) -> None:
    """Write all that the site is made of."""
    readme = dict(
        re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    )
    table = re.findall(r"^\| \[(\d\w+)\]\S+ \| (.+?) \| (.+?) \|$", readme["The lessons"], re.M)
    rows = {name: (made, time) for name, made, time in table}
    save_picture(face(), source.folder / "icon.png")
    source.written.add(source.folder / "icon.png")

    cast = [studio.Character.random(seed) for seed in range(32)]
    save_picture(Image.fromarray(studio.contact_sheet(cast, 8, 148)), source.folder / "front.jpg")
    source.written.add(source.folder / "front.jpg")
    front = (HERE / "index.md").read_text(encoding="utf-8")
    for name in re.findall(r"cards/(\w+)\.webp", front):
        source.put(f"cards/{name}.webp", small(ROOT / "course" / "figures" / f"{name}.jpg"))
    source.page(
        "index.md",
        re.sub(r"<!-- playground -->\n(.*?)<!-- end -->\n", r"\1" if playground else "", front, flags=re.S),
        "course/site/index.md",
    )
    parts = (f"## {title}\n{readme[title]}" for title in ("Several processes", "A number to reproduce", "Rights"))
    source.page("start.md", "\n".join([f"# Start\n{readme['Start']}", *parts]), "README.md")
    source.page("code.md", f"# For engineers\n{readme['For engineers']}", "README.md")
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            text = path.read_text(encoding="utf-8")
            if name == "datasets/README.md":
                text += "\n```{toctree}\n:hidden:\n:glob:\n\n*/index\nreal/ATTRIBUTION\n```\n"
            if path.name == "glossary.md":
                text = re.sub(r"\| (\d\d_\w+) \|$", r"| [\1](../../notebooks/\1.ipynb) |", text, flags=re.M)
            source.page(re.sub(r"README\.md$", "index.md", name), text, name)
    rubrics = "\n".join(path.stem for path in sorted((ROOT / "course" / "homework" / "rubrics").glob("*.md")))
    source.put(
        "course/homework/rubrics/index.md", f"# Rubrics\n\nFor what a human marks.\n\n```{{toctree}}\n{rubrics}\n```\n"
    )

    cards = []
    for name in LESSONS:
        plays = {each: title for each, (_, title, _, taught) in PLAYS.items() if playground and taught == name}
        page = lessons.page(name, execute, lambda path, content: source.put(f"extra/{path}", content), plays)
        source.page(f"lessons/{name}.ipynb", page, f"notebooks/{name}.ipynb")
        source.put(f"downloads/{name}.ipynb", alone(ROOT / "notebooks" / f"{name}.ipynb", ROOT, repository(ROOT)))
        text = (ROOT / "course" / "lessons" / f"{name}.py").read_text(encoding="utf-8")
        title, figure = (
            re.search(r"^# # (.+)$", text, re.M)[1],
            re.search(r"!\[.+?\]\(\.\./(course/figures/.+?)\)", text)[1],
        )  # type: ignore[index]
        made, time = rows[name]
        cards.append(f"[![](../cards/{name}.webp) **{title}** {made}]({name}.ipynb) *{time}*\n")
        source.put(f"cards/{name}.webp", small(ROOT / figure))
    listed = "\n".join(LESSONS)
    source.put("lessons/index.md", LISTED.format(cards="\n".join(cards), lessons=listed))

    for path, text in gallery.pages():
        source.page(path, text)
        for sheet in re.findall(r"\(/(sheets/[^)]+)\)", text):
            source.put(sheet, (gallery.SHEETS.parent / sheet).read_bytes())
    source.put("course/figures/layers.jpg", (ROOT / "course/figures/layers.jpg").read_bytes())
    reference(source)
    source.done()


LISTED = """# Lessons

Thirteen notebooks, from a first face to pictures painted by parts. The times are measured on two CPU cores.

:::{{container}} cards lessons
{cards}
:::

```{{toctree}}
:hidden:

{lessons}
```
"""


def reference(source: Source) -> None:
    """A page for each package and module: what its docstrings say of public names."""
    for name in PACKAGES:
        files = sorted((ROOT / "animelab" / name).glob("*.py"))
        modules = [f"animelab.{name}.{file.stem}" for file in files if not re.match("_|lesson_", file.stem)]
        words = [f"# animelab.{name}", DOCUMENTED.format(f"animelab.{name}")]
        if modules:
            words.append(
                "```{eval-rst}\n.. py:currentmodule:: None\n.. autosummary::\n   :nosignatures:\n\n   "
                + "\n   ".join(modules)
                + "\n```"
            )
        words += [f"## {module.rpartition('.')[2]}\n\n{DOCUMENTED.format(module)}" for module in modules]
        source.put(f"reference/{name}.md", "\n\n".join(words) + "\n")
    summary = "\n   ".join(f"animelab.{name}" for name in PACKAGES)
    source.put("reference/index.md", REFERENCE.format(summary=summary, pages="\n".join(PACKAGES)))


DOCUMENTED = "```{{eval-rst}}\n.. automodule:: {}\n   :ignore-module-all:\n```"
REFERENCE = """# Reference

What the docstrings say, for all public names. Public pictures are float32 in [-1, 1], of shape (B, C, H, W), RGB; masks
are bool, maps of labels int64.

```{{eval-rst}}
.. autosummary::
   :nosignatures:

   {summary}
```

```{{toctree}}
:hidden:

{pages}
```
"""


def main(out: Path) -> int:
    """Build the site into `out`; what Sphinx returns."""
    from sphinx.cmd.build import build_main

    execute = os.environ.get("SITE_EXECUTE", "smoke")
    if execute not in ("0", "smoke", "full"):
        raise LabError(f"SITE_EXECUTE is '{execute}'; set it to 'smoke', 'full' or '0'.")
    source = out.parent / f"{out.name}-source"
    (source / "extra").mkdir(parents=True, exist_ok=True)  # pictures of lessons, where these have run
    playground = (out / "playground" / "index.html").exists()
    lay_out(Source(source), execute, playground)
    doctrees = out.parent / f"{out.name}-doctrees"
    icon = source.resolve() / "icon.png"
    options = ["-q", "-W", "--keep-going", "-c", str(HERE), "-d", str(doctrees)]
    options += [f"-Dhtml_extra_path={source.resolve() / 'extra'}"]
    options += [f"-Dhtml_logo={icon}", f"-Dhtml_favicon={icon}"] + ["-Aplayground=1"] * playground
    failed = build_main([*options, str(source), str(out)])
    if failed:
        shutil.rmtree(doctrees, ignore_errors=True)  # Sphinx warns of a page only when it reads it
    else:
        say(f"The site is in {out}: open {out / 'index.html'}.")
    return failed


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except LabError as problem:
        sys.exit(f"site: {problem}")
