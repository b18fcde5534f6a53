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
from animelab.nn import colorization, r3gan

ROOT = Path(__file__).parents[2]
PAGES = ["faces", "order", "lines", "dots", "pick", "scene"]
READY = "body[data-ready]"
RUN = """async ([name, inputs]) => {
    const {run} = await import('./page.js');
    const given = Object.entries(inputs).map(([key, [data, dims]]) => [key, {data: Float32Array.from(data), dims}]);
    const {data, dims} = await run(name, Object.fromEntries(given));
    return [Array.from(data), Array.from(dims)];
}"""
INPUTS = {  # of each network, small: a graphics processor of software takes its time
    "stylegan2-faces-64-mapping": {"latents": [2, 512], "attributes": [2, 34]},
    "stylegan2-faces-64-synthesis": {"w": [1, 10, 512]},
    "pix2pix-orders-128": {"pictures": [1, 3, 128, 128], "latents": [1, 32], "attributes": [1, 34]},
    "colorist-refine-128": {"pictures": [1, 8, 32, 32], "poured": [1, 4, 32, 32]},
    "animeganv2-scenes-128": {"pictures": [1, 3, 64, 64]},
    "cartoongan-scenes-128": {"pictures": [1, 3, 64, 64]},
}
APART = """async ([name, shapes, graphics]) => {
    const {normal} = await import('./page.js'), worker = new Worker('worker.js', {type: 'module'});
    const inputs = Object.fromEntries(Object.entries(shapes).map(([key, dims], i) => [key,
        {data: normal(i, dims.reduce((a, b) => a * b)).map(each => Math.max(-1, Math.min(1, each))), dims}]));
    const {answer, problem} = await new Promise((done, failed) => {
        worker.onmessage = ({data}) => done(data);
        worker.onerror = failed;
        worker.postMessage({id: 1, name, inputs, graphics});
    });
    worker.terminate();
    if (problem) throw new Error(problem);
    return Array.from(answer.data);
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

POURED = """async ([ink, dots]) => {
    const {besideLines, placed, poured} = await import('./coloring.js');
    const given = Float32Array.from(ink), meant = besideLines(dots, given, 128), hints = placed(meant, 128);
    const [beside, on] = [hints, placed(dots, 128)].map(each => Array.from(poured(each, given, 128)));
    return {dots: meant, hints: Array.from(hints), beside, on};
}"""

PAINTED = """async ([ink, hints, taste]) => {
    const {Colorist} = await import('./coloring.js');
    const {network} = (await (await fetch('data/dots.json')).json()).facts;
    const colorist = new Colorist(network), given = [ink, hints].map(each => Float32Array.from(each));
    const agreed = await colorist.agreed(...given, Float32Array.from(taste));
    const {draft, final} = await colorist.stages(given[0], given[1], given[1], agreed);
    return {agreed: Array.from(agreed), draft: Array.from(draft), final: Array.from(final)};
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


@pytest.mark.parametrize(("chosen", "ground"), [("dark", "rgb(27, 27, 30)"), ("light", "rgb(255, 255, 255)")])
def test_the_sites_switch_of_light_and_dark_counts_here_too(site, page, chosen, ground):
    page.emulate_media(color_scheme="light" if chosen == "dark" else "dark")
    page.goto(f"{site}/faces.html")
    page.evaluate(f"localStorage.mode = '{chosen}'")  # as the site's theme keeps it
    page.reload()
    page.wait_for_selector(".animelab-stage")
    for place in ("body", ".animelab-stage"):
        assert page.evaluate(f"getComputedStyle(document.querySelector('{place}')).backgroundColor") == ground


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


@pytest.mark.parametrize(
    ("name", "part"), [("faces", "face"), ("order", "face"), ("lines", "answer"), ("dots", "result")]
)
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


@pytest.fixture(scope="module")
def drawings() -> list[tuple[torch.Tensor, list[list[Any]]]]:
    """Line drawings (1, 1, 128, 128) in [-1, 1], and dots on them: none, one on a line, some at the edges, many."""
    rng, found = np.random.default_rng(0), []
    for seed, count in ((3, 0), (4, 1), (5, 6), (6, 40)):
        lines = torch.tensor(studio.render(studio.Character.random(seed), 128, "line")[..., 0])[None, None] / 127.5 - 1
        places = [(float(x), float(y)) for x, y in rng.random((count, 2))]
        if count:
            row, column = divmod(int(lines.argmin()), 128)  # the blackest pixel
            places = [((column + 0.5) / 128, (row + 0.5) / 128), *places[1:-1], (0.0, 0.9999)]
        colors = ["#" + "".join(f"{value:02x}" for value in color) for color in rng.integers(0, 256, (len(places), 3))]
        found.append((lines, [[x, y, color, "draft"] for (x, y), color in zip(places, colors)]))
    return found


def test_dots_are_poured_as_python_does_it(opened, page, drawings):
    opened("dots")
    for lines, dots in drawings:
        ink = (1 - lines) / 2
        meant = colorization.beside_lines(dots, lines)
        hints = colorization.placed(meant, lines)
        found = page.evaluate(POURED, [ink.flatten().tolist(), dots])
        assert found["dots"] == meant
        assert np.array_equal(np.float32(found["hints"]), hints.flatten().numpy())
        for name, each in (("beside", hints), ("on", colorization.placed(dots, lines))):
            poured = colorization.poured(each, ink)[0]
            colors, near = np.split(np.float32(found[name]), [3 * 128 * 128])
            assert np.array_equal(colors, poured[:3].flatten().numpy())
            assert np.abs(near - poured[3].flatten().numpy()).max() < 1e-6  # exponentials are rounded as one likes


@torch.no_grad()
def test_both_stages_and_their_palette_are_those_of_the_desk(opened, page, drawings):
    opened("dots")
    colorist = zoo.colorist("colorist-draft-128", "colorist-refine-128")
    maple = colorization.palette(colorization.stripes(colorization.SCHEMES["maple"]))
    for (lines, dots), taste in zip(drawings[1:], (torch.zeros_like(maple), maple, maple)):
        hints = colorization.placed(colorization.beside_lines(dots, lines), lines)
        agreed = colorization.agreed(colorist, lines, hints, taste)
        stages = colorist(lines, hints, hints, agreed)
        given = [each.flatten().tolist() for each in ((1 - lines) / 2, hints, taste)]
        found = page.evaluate(PAINTED, given)
        assert np.abs(np.float32(found["agreed"]) - agreed.numpy()).max() < 1e-4
        for name, stage in zip(("draft", "final"), stages):
            assert np.abs(np.float32(found[name]) - stage.flatten().numpy()).max() < 1e-3


def without_dots(opened, page):
    """Opens the page of dots on a drawing that has none yet."""
    opened("dots")
    first = page.evaluate(SHOWN, "result")
    page.get_by_role("button", name="Another drawing").click()
    changed(page, "result", first)
    assert page.locator(".animelab-spot:visible").count() == 0


def test_a_dot_colors_what_it_lies_on_and_undo_takes_it_back(opened, page):
    without_dots(opened, page)
    before = page.evaluate(SHOWN, "result")
    for color, redder in (("blue", -1), ("red", 1)):
        page.get_by_role("group", name="Color").get_by_role("button", name=color, exact=True).click()
        box = page.locator("[data-part=lines] .animelab-desk").bounding_box()
        page.mouse.click(
            box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"]
        )  # into the hair, then onto the dot
        page.wait_for_function(HAIR.replace("answer", "result"), arg=redder, timeout=60_000)
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"before => ({SHOWN})('result') === before", arg=before, timeout=60_000)


def test_a_final_dot_leaves_the_draft_alone(opened, page):
    without_dots(opened, page)
    final = page.evaluate(SHOWN, "result")
    page.get_by_label("At the right").select_option("draft")
    changed(page, "result", final)
    draft = page.evaluate(SHOWN, "result")
    page.get_by_role("button", name="Final dot").click()
    page.get_by_role("group", name="Color").get_by_role("button", name="red", exact=True).click()
    box = page.locator("[data-part=lines] .animelab-desk").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.get_by_label("At the right").select_option("final")
    page.wait_for_function(f"before => !before.includes(({SHOWN})('result'))", arg=[draft, final], timeout=60_000)
    page.get_by_label("At the right").select_option("draft")
    page.wait_for_function(f"draft => ({SHOWN})('result') === draft", arg=draft)


def test_with_a_pen_the_drawing_itself_is_changed(opened, page):
    opened("dots")
    before = page.evaluate(SHOWN, "result")
    page.get_by_role("button", name="Pen", exact=True).click()
    page.locator("[data-part=ink] canvas").wait_for()
    assert not page.locator("[data-part=lines]").is_visible()
    box = page.locator("[data-part=ink] canvas").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.6 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"], steps=5)
    page.mouse.up()
    changed(page, "result", before)
    page.get_by_role("button", name="Draft dot").click()
    page.locator("[data-part=lines]").wait_for()  # with the new line
    assert page.locator(".animelab-spot:visible").count() == 11


def test_a_slider_moves_the_face_by_keys_alone_and_undo_brings_it_back(opened, page):
    opened("faces")
    before = page.evaluate(SHOWN, "face")
    page.get_by_role("slider", name="Lighter hair", exact=True).focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    changed(page, "face", before)
    page.wait_for_function("document.querySelector('.animelab-caption').textContent.includes('lighter hair −1.2')")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"before => ({SHOWN})('face') === before", arg=before)


@pytest.fixture
def graphics(site, page) -> Any:
    """A page where Chromium's graphics processor of software passes for one of hardware."""
    hardware = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', {get: () => false})"
    page.add_init_script(f"if (navigator.gpu) {hardware}")
    page.goto(f"{site}/index.html")
    if not page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
        pytest.skip("this Chromium has no WebGPU, not even one of software")
    return page


@pytest.mark.parametrize("name", INPUTS)
def test_webgpu_and_webassembly_agree(graphics, name):
    one, other = (graphics.evaluate(APART, [name, INPUTS[name], gpu]) for gpu in (False, True))
    assert np.ptp(one) > 0.5
    assert np.abs(np.subtract(one, other)).max() < 1e-4


def test_a_page_moves_to_the_graphics_processor_and_keeps_its_face(graphics, opened):
    page = graphics
    opened("faces")
    page.get_by_role("button", name="New face").click()
    page.wait_for_function("document.querySelector('.animelab-caption').textContent === 'Face 9'")
    page.get_by_role("button", name="Use the graphics processor").click()
    page.wait_for_selector("body[data-ready=webgpu]", timeout=120_000)
    assert page.locator(".animelab-caption").inner_text() == "Face 9"
    assert page.locator(".animelab-problem").inner_text() == ""


def test_without_a_graphics_processor_that_can_a_page_says_so_and_goes_on(graphics, opened):
    page = graphics
    page.route("**/ort.webgpu.min.mjs", lambda route: route.abort())
    opened("faces")
    page.get_by_role("button", name="Use the graphics processor").click()
    page.get_by_text("The graphics processor cannot run this here. Ready").wait_for()
    assert page.locator(".animelab-problem").inner_text() == ""


def test_a_graphics_processor_that_computes_wrong_is_left_alone(graphics, opened):
    """onnxruntime-web 1.30 convolves the desk's nine channels wrong on WebGPU: microsoft/onnxruntime, issue 29651."""
    page = graphics
    opened("dots")
    before = page.evaluate(SHOWN, "result")
    page.get_by_role("button", name="Use the graphics processor").click()
    page.get_by_text("The graphics processor cannot run this here. Ready").wait_for(timeout=240_000)
    assert page.evaluate(SHOWN, "result") == before


def test_a_graphics_processor_of_software_is_not_offered(opened, page):
    opened("faces")
    assert page.get_by_role("button", name="Use the graphics processor").count() == 0


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
