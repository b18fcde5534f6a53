"""The site, built without running a lesson, in a real browser: from a file server, and from files alone."""

from __future__ import annotations

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest
from fileserver import Quiet

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
    "datasets/studio/index.html",
    "course/instructor/guide.html",
    "course/instructor/glossary.html",
    "course/measurements.html",
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
        self.first_headings, self.silent = 0, []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.names |= {each for each in (found.get("id"), found.get("name")) if each}
        self.links += [each for each in (found.get("href"), found.get("src")) if each]
        self.first_headings += tag == "h1"
        if tag == "img" and found.get("alt") is None:
            self.silent.append(found.get("src"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built anew; sheets that were drawn before are taken over."""
    folder = tmp_path_factory.mktemp("site") / "site"
    script = ROOT / "course" / "site" / "build.py"
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "SITE_EXECUTE": "0"}
    subprocess.run([sys.executable, str(script), str(folder)], check=True, env=environment)
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


def test_every_page_has_one_first_heading_and_every_picture_is_told(pages):
    assert len(pages) > 80
    assert {path: each.first_headings for path, each in pages.items() if each.first_headings != 1} == {}
    assert {path: each.silent for path, each in pages.items() if each.silent} == {}


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
    assert axe(page, "body") == []
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith((address, "data:", "blob:"))] == []


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


def test_the_front_page_is_small(address, page):
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert sum(len(response.body()) for response in page.came) < 2_000_000


def test_search_finds_a_lesson_without_a_server(folder, page):
    page.goto((folder / "search.html").as_uri() + "?q=back-translation")
    page.locator("#search-results a", has_text="CycleGAN").first.wait_for(timeout=20_000)
    assert page.wrong == []


def test_the_dark_scheme_is_one_click_away(folder, page):
    page.emulate_media(color_scheme="light")
    page.goto((folder / "index.html").as_uri())
    page.locator("button.theme-switch-button:visible").first.click()
    page.wait_for_function("document.documentElement.dataset.mode !== 'auto'")
    for _ in range(2):
        if page.evaluate("document.documentElement.dataset.theme") != "dark":
            page.locator("button.theme-switch-button:visible").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_lesson_says_how_it_ran_and_can_be_taken_away(folder, address, page):
    page.goto(f"{address}/lessons/01_dcgan.html")
    assert re.search("Not run|Run once at", page.locator(".scale").inner_text())  # as the machine has run it, or not
    assert page.locator("math").count() > 0
    with page.expect_download() as taken:
        page.get_by_role("link", name="the notebook", exact=True).click()
    assert Path(taken.value.path()).read_text(encoding="utf-8").startswith("{")
