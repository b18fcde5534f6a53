"""The site, built without running a lesson, in a real browser: from a file server, and from files alone."""

from __future__ import annotations

import base64
import functools
import http.server
import importlib.util
import io
import os
import posixpath
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from fileserver import Quiet
from PIL import Image

pytest.importorskip("myst_nb", reason="the site needs the extra 'site': pip install -e .[site]")
pytest.importorskip("sphinx_book_theme", reason="the site needs the extra 'site': pip install -e .[site]")

ROOT = Path(__file__).parents[2]
KINDS = [
    "index.html",
    "start.html",
    "lessons/index.html",
    "lessons/01_dcgan.html",
    "gallery/index.html",
    "gallery/studio.html",
    "gallery/models/stylegan2-faces-64.html",
    "datasets/index.html",
    "datasets/studio/index.html",
    "course/instructor/guide.html",
    "course/instructor/glossary.html",
    "course/homework/rubrics/index.html",
    "course/measurements.html",
    "code.html",
    "reference/index.html",
    "reference/data.html",
    "search.html",
]
ELSEWHERE = ("http:", "https:", "mailto:", "data:", "javascript:")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Page(HTMLParser):
    """What a page links to, which names it has, its headings, its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.headings: list[int] = []
        self.silent: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.names |= {each for each in (found.get("id"), found.get("name")) if each}
        self.links += [each for each in (found.get("href"), found.get("src")) if each]
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag == "img" and found.get("alt") is None:
            self.silent.append(found.get("src"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with its playground, built anew; sheets that were drawn and networks exported before are taken over."""
    folder = tmp_path_factory.mktemp("site") / "site"
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "SITE_EXECUTE": "0"}
    for script, out in (("playground.py", folder / "playground"), ("build.py", folder)):
        subprocess.run([sys.executable, str(ROOT / "course" / "site" / script), str(out)], check=True, env=environment)
    return folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, Page]:
    """All pages of the site by their path."""
    found = sorted(folder.rglob("*.html"))
    return {
        each.relative_to(folder).as_posix(): Page(each.read_text(encoding="utf-8"))
        for each in found
        if "_static" not in each.parts
    }


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Where it is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own, which writes down what goes wrong, what leaves, and how much comes."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.wrong, page.asked, page.came = [], [], []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.wrong.append(message.text))
    page.on("requestfailed", lambda request: page.wrong.append(f"{request.url} {request.failure}"))
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("response", lambda response: page.came.append(response))
    yield page
    context.close()


def test_no_link_of_the_site_is_broken(folder, pages):
    broken = []
    for path, each in pages.items():
        for link in each.links:
            if link.startswith(ELSEWHERE) or link == "#":
                continue
            target, name = urldefrag(link)
            place = (folder / path).parent / unquote(target.partition("?")[0]) if target else folder / path
            if not place.exists() or place.is_dir():
                broken.append(f"{path}: {link}")
                continue
            known = pages.get(place.resolve().relative_to(folder.resolve()).as_posix())
            if name and known and unquote(name) not in known.names:
                broken.append(f"{path}: {link}")
    assert broken == []


def test_every_page_has_one_first_heading_and_skips_no_level(pages):
    assert len(pages) > 80
    assert {path: each.headings for path, each in pages.items() if each.headings.count(1) != 1} == {}
    skipped = {path: [*zip(each.headings, each.headings[1:])] for path, each in pages.items()}
    assert {path: pairs for path, pairs in skipped.items() if any(low > high + 1 for high, low in pairs)} == {}


def test_every_picture_is_told(pages):
    assert {path: each.silent for path, each in pages.items() if each.silent} == {}


def test_site_and_playground_lead_to_each_other(pages):
    def reach(path: str) -> set[str]:
        links = (urldefrag(each)[0] for each in pages[path].links)
        return {posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in links if each}

    for path in ("index.html", "lessons/01_dcgan.html", "reference/data.html"):
        assert "playground/index.html" in reach(path)
    assert "playground/lines.html" in reach("lessons/04_pix2pix.html")
    assert {"index.html", "playground/lines.html"} <= reach("playground/index.html")
    assert {"index.html", "playground/index.html", "lessons/04_pix2pix.html"} <= reach("playground/lines.html")


def test_nothing_on_a_page_comes_from_elsewhere(folder):
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(
            r"<(?:script|img|iframe|source)[^>]* src=\"(https?:[^\"]+)|<link[^>]* href=\"(https?:[^\"]+)", text
        )
        assert loaded == [], path


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_the_browser_complains_of_nothing(address, page, axe, name, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{address}/{name}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith((address, "data:", "blob:"))] == []
    assert axe(page, "body") == []  # last, since it fetches style sheets by itself, one from where it is not


@pytest.mark.parametrize("name", KINDS)
def test_from_a_stick_it_works_as_well(folder, page, name):
    page.goto((folder / name).as_uri())
    page.wait_for_load_state("networkidle")
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("name", KINDS)
def test_a_phone_needs_no_scrolling_sideways(address, page, name):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}/{name}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", ["index.html", "lessons/01_dcgan.html", "gallery/studio.html"])
def test_what_comes_before_scrolling_is_small(address, page, name):
    page.goto(f"{address}/{name}")
    page.wait_for_load_state("networkidle")
    assert sum(len(response.body()) for response in page.came) < 2_000_000


def test_search_finds_a_lesson_first_and_without_a_server(folder, page):
    page.goto((folder / "gallery" / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("latent")
    page.keyboard.press("Enter")
    page.locator("#search-results a", has_text="latent space").first.wait_for(timeout=20_000)
    page.get_by_text("Search finished, found").wait_for()
    assert "latent space" in page.locator("#search-results a").first.inner_text()
    assert page.wrong == []


def test_what_a_lesson_put_out_comes_as_files_and_without_what_needs_a_kernel():
    file = ROOT / "course" / "site" / "lessons.py"
    spec = importlib.util.spec_from_file_location("site_lessons", file)
    lessons = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lessons)
    files, content = {}, io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 90)).save(content, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
    shown = nbformat.v4.new_output("display_data", {"text/html": f'<img alt="A square" src="{url}">'})
    kept = lessons.still(shown, files.__setitem__)["data"]["text/html"]
    (path,) = files
    assert kept == f'<img alt="A square" loading="lazy" src="../{path}">'
    red, green, _ = Image.open(io.BytesIO(files[path])).convert("RGB").getpixel((4, 4))
    assert red > 190 and green < 50
    widget = {lessons.VIEW: {"model_id": "1"}, "text/html": "<div hidden></div>"}
    for data in (widget, {"text/plain": ""}):
        assert lessons.still(nbformat.v4.new_output("display_data", data), files.__setitem__) is None
    assert lessons.still(nbformat.v4.new_output("stream", text=" \n"), files.__setitem__) is None
    words = f"In {ROOT / 'runs'}, not in {Path.home()}."
    told = lessons.still(nbformat.v4.new_output("stream", text=words), files.__setitem__)
    assert told.text == f"In {Path('animelab', 'runs')}, not in ~."


def test_a_page_of_the_playground_says_that_it_needs_a_server(folder, page):
    page.goto((folder / "playground" / "lines.html").as_uri())
    assert "http.server" in page.locator(".loading").inner_text()


def test_the_dark_scheme_is_two_clicks_away_and_stays(folder, page):
    page.emulate_media(color_scheme="light")
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Dark").click()
    for name in ("index.html", "start.html"):
        page.goto((folder / name).as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_lesson_says_how_it_ran_and_can_be_taken_away(folder, address, page):
    page.goto(f"{address}/lessons/01_dcgan.html")
    assert re.search("Not run|Run once at", page.locator(".scale").inner_text())  # as the machine has run it, or not
    assert page.locator("math").count() > 0
    with page.expect_download() as taken:
        page.locator(".scale").get_by_role("link", name="the notebook").click()
    assert Path(taken.value.path()).read_text(encoding="utf-8").startswith("{")
