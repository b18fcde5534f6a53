"""The playground's pages, in a real browser from a plain file server: they draw what PyTorch draws."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fileserver import Quiet
from PIL import Image

from animelab import studio, zoo
from animelab.files import save_picture
from animelab.nn import r3gan

ROOT = Path(__file__).parents[2]
PAGES = ["faces", "order", "lines", "pick", "scene"]
READY = "body[data-ready]"
RUN = """async ([name, inputs]) => {
    const {run} = await import('./page.js');
    const given = Object.entries(inputs).map(([key, [data, dims]]) => [key, {data: Float32Array.from(data), dims}]);
    const {data, dims} = await run(name, Object.fromEntries(given));
    return [Array.from(data), Array.from(dims)];
}"""
SHOWN = "name => document.querySelector(`[data-part=${name}] img`).src"

HAIR = """async more => {
    const image = document.querySelector('[data-part=answer] img');
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 64});
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0, 64, 64);
    const data = pen.getImageData(16, 4, 32, 20).data;
    const mean = c => data.filter((_, i) => i % 4 === c).reduce((a, b) => a + b);
    return (mean(0) - mean(2)) * more / (data.length / 4) > 20;  // red less blue, out of 255
}"""

FAR = """async ([name, part]) => {
    const pixels = async url => {
        const image = new Image();
        image.src = url;
        await image.decode();
        const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 64});
        canvas.getContext('2d').drawImage(image, 0, 0, 64, 64);
        return canvas.getContext('2d').getImageData(0, 0, 64, 64).data;
    };
    const known = (await (await fetch(`data/${name}.json`)).json()).stage[`picture_${part}`];
    const shown = document.querySelector(`[data-part=${part}] img`).src;
    const [one, other] = [await pixels(known.layers['']), await pixels(shown)];
    return one.reduce((sum, each, i) => sum + Math.abs(each - other[i]), 0) / one.length;
}"""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The playground, built anew and served; networks that were exported before are taken over."""
    folder = tmp_path_factory.mktemp("site")
    script = ROOT / "course" / "site" / "playground.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(site, page):
    """A function that opens a page, waits for its networks, and gives what went wrong and the bytes that came."""
    wrong: list[str] = []
    bytes_of: dict[str, int] = {}

    def heard(response):
        bytes_of[response.url] = int(response.headers.get("content-length", 0))
        if response.status >= 400 or not response.url.startswith((site, "data:", "blob:")):
            wrong.append(f"{response.status} {response.url}")

    page.on("response", heard)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))

    def open_page(name: str):
        page.goto(f"{site}/{name}.html")
        page.wait_for_selector(READY, timeout=120_000)
        return wrong, bytes_of

    return open_page


def changed(page, part: str, before: str) -> None:
    page.wait_for_function(f"before => ({SHOWN})('{part}') !== before", arg=before, timeout=30_000)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_small_without_an_error_and_says_where_it_computes(opened, page, name):
    wrong, bytes_of = opened(name)
    assert wrong == []
    assert sum(bytes_of.values()) < 15_000_000
    assert any(url.endswith(".onnx") for url in bytes_of)
    assert "Nothing is sent anywhere" in page.locator(".loading").inner_text()
    assert page.locator("h1").count() == 1
    assert page.locator(".animelab-problem").inner_text() == ""


@pytest.mark.parametrize("name", ["index", *PAGES])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_either_scheme(site, page, axe, name, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site}/{name}.html")
    page.wait_for_selector("main img")
    assert axe(page, "body") == []


@pytest.mark.parametrize("name", ["index", *PAGES])
def test_a_phone_needs_no_scrolling_sideways(site, page, name):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}/{name}.html")
    page.wait_for_selector("main img")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("name", "part"), [("faces", "face"), ("order", "face"), ("lines", "answer")])
def test_the_first_picture_is_the_one_that_the_page_then_draws(opened, page, name, part):
    """What Python drew at build time, and the network in the page: nothing jumps when it is ready."""
    opened(name)
    far = page.evaluate(FAR, [name, part])
    assert far < 3  # of 255, on the mean: JPEG


@torch.no_grad()
def test_the_page_draws_what_pytorch_draws(opened, page):
    opened("faces")
    generator = zoo.load("stylegan2-faces-64").generator
    torch.manual_seed(0)
    w = generator.mapping.mean + 0.5 * torch.randn(2, len(generator.synthesis.convs) + 1, 512)
    data, dims = page.evaluate(RUN, ["stylegan2-faces-64-synthesis", {"w": [w.flatten().tolist(), list(w.shape)]}])
    assert dims == [2, 3, 64, 64]
    assert float((torch.tensor(data).view(dims) - generator.synthesis(w)).abs().max()) < 1e-4


@torch.no_grad()
def test_the_page_colors_as_pytorch_does(opened, page):
    opened("lines")
    model, orders = zoo.load("pix2pix-orders-128"), r3gan.colors(1, 3)
    latents = torch.randn(1, model.network.latent, generator=torch.Generator().manual_seed(1))
    lines = torch.tensor(studio.render(studio.Character.random(5), 128, "line")).permute(2, 0, 1)[None] / 127.5 - 1
    given = {"pictures": lines, "latents": latents, "attributes": orders}
    inputs = {name: [value.flatten().tolist(), list(value.shape)] for name, value in given.items()}
    data, dims = page.evaluate(RUN, ["pix2pix-orders-128", inputs])
    assert float((torch.tensor(data).view(dims) - model.network(lines, latents, orders)).abs().max()) < 1e-4


def test_a_slider_moves_the_face_by_keys_alone_and_undo_brings_it_back(opened, page):
    opened("faces")
    before = page.evaluate(SHOWN, "face")
    page.get_by_role("slider", name="Lighter hair", exact=True).focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    changed(page, "face", before)
    page.wait_for_function("document.querySelector('.animelab-caption').textContent.includes('lighter hair +1.2')")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"before => ({SHOWN})('face') === before", arg=before)


def test_a_walk_goes_on_until_it_is_held(opened, page):
    opened("faces")
    page.get_by_role("button", name="Walk").click()
    seen = {page.evaluate(SHOWN, "face")}
    for _ in range(3):
        changed(page, "face", page.evaluate(SHOWN, "face"))
        seen.add(page.evaluate(SHOWN, "face"))
    assert len(seen) > 3
    page.get_by_role("button", name="Hold").click()
    page.get_by_role("button", name="Walk").wait_for()
    page.wait_for_timeout(1000)
    still = page.evaluate(SHOWN, "face")
    page.wait_for_timeout(1000)
    assert page.evaluate(SHOWN, "face") == still


def test_hair_is_drawn_as_it_is_ordered(opened, page):
    opened("order")
    for color, tag in (("blue", "blue hair"), ("blonde", "blonde hair")):
        before = page.evaluate(SHOWN, "face")
        page.get_by_role("group", name="Hair").get_by_role("button", name=color, exact=True).click()
        changed(page, "face", before)
        assert tag in page.locator(".animelab-caption").inner_text()


def test_ink_changes_the_colors_and_colors_are_those_that_are_chosen(opened, page):
    opened("lines")
    before = page.evaluate(SHOWN, "answer")
    box = page.locator("[data-part=lines] canvas").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=8)
    page.mouse.up()
    changed(page, "answer", before)
    for color, redder in (("blue", -1), ("red", 1), ("blue", -1)):
        page.get_by_role("group", name="Hair").get_by_role("button", name=color, exact=True).click()
        page.wait_for_function(HAIR, arg=redder, timeout=30_000)


def test_four_picks_lead_to_a_character_and_the_strip_leads_back(opened, page):
    opened("pick")
    for step, said in enumerate(("Step 1", "Step 2", "Step 3", "Step 4")):
        page.wait_for_function(f"document.querySelector('.animelab-caption').textContent.startsWith('{said}')")
        page.locator("[data-part=choices] button").nth(step + 1).click()
    page.wait_for_function("document.querySelector('.animelab-caption').textContent.startsWith('Your character')")
    assert page.locator("[data-part=strip] button:enabled").count() == 4
    page.locator("[data-part=strip] button").nth(1).click()
    page.wait_for_function("document.querySelector('.animelab-caption').textContent.startsWith('Step 2')")


def test_a_photograph_of_ones_own_is_painted_and_what_is_none_is_told(opened, page, tmp_path):
    wrong, _ = opened("scene")
    pixels = np.zeros((90, 160, 3), np.uint8)
    pixels[:45], pixels[45:] = (90, 150, 230), (60, 140, 60)
    save_picture(Image.fromarray(pixels), tmp_path / "meadow.png")
    before = page.locator("[data-part=scene] .animelab-right").get_attribute("src")
    page.locator("input[type=file]").set_input_files(tmp_path / "meadow.png")
    page.wait_for_function(
        "before => document.querySelector('[data-part=scene] .animelab-right').src !== before", arg=before
    )
    size = page.locator("[data-part=scene] .animelab-right").evaluate("each => each.naturalWidth / each.naturalHeight")
    assert size == 2  # 256 x 128: the network's multiples nearest to 16 : 9
    (tmp_path / "words.png").write_text("no picture")
    page.locator("input[type=file]").set_input_files(tmp_path / "words.png")
    page.get_by_text("no picture that this browser can open").wait_for()
    assert wrong == []
