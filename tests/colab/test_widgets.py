"""What a saved notebook shows of its widgets where no kernel runs, as on Colab when opened again: their stills."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from chromium import chromium, sync_api
from colab_machine import ROOT, STAND_IN, Machine

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DECODED = "all => all.map(each => each.getAttribute('src') ? each.naturalWidth : 1)"
IMPORTS = "import numpy as np\nimport torch\nfrom animelab import widgets, zoo\nfrom animelab.studio import Character"
# A cell for each but LiveTraining.
WIDGETS = [
    "gray = lambda *levels: np.stack([np.full((96, 96, 3), each, np.uint8) for each in levels])\n"
    "widgets.BeforeAfter({'portrait': gray(50, 90), 'cel': gray(150, 200)})",
    "widgets.CharacterDesigner(Character.random(12), folder='designs')",
    "widgets.CharacterMaker(zoo.load('r3gan-attributes-64'), seed=4)",
    "class Shows(torch.nn.Module):\n    def forward(self, lines, coarse, precise, palette):\n"
    "        return tuple(torch.where(h[:, 3:] > 0, h[:, :3], 1.0) for h in (coarse, precise))\n"
    "widgets.ColorStudio(Shows(), torch.ones(2, 3, 128, 128), size=128, folder='layers')",
    "widgets.DrawingBoard(lambda lines: lines, torch.ones(2, 3, 64, 64) * torch.tensor([1.0, 0.5]).view(2, 1, 1, 1))",
    "widgets.LatentExplorer(lambda z: z[:, :3, None, None].tanh().expand(-1, 3, 64, 64), latent=9)",
    "class Inverts:\n    translate = staticmethod(lambda x: -x)\n"
    "widgets.OwnPicture(Inverts(), [np.full((128, 128, 3), 230, np.uint8)] * 2, size=64, folder='mine')",
    "widgets.PickAndRefine(zoo.load('dcgan-faces-64'))",
    "widgets.Timelapse([np.full((96, 160, 3), 40 * i, np.uint8) for i in range(6)], names=[*'abcdef'])",
]
TRAIN = """
from animelab.engine import train
from animelab.recipes import dcgan

class Noise:
    name = fingerprint = "noise"
    def __len__(self): return 8
    def batch(self, indices, device): return torch.rand(len(indices), 3, 32, 32, device=device) * 2 - 1

times = {"steps": 100_000, "log_every": 2, "preview_every": 4, "checkpoint_every": 5000}
config = dcgan.Config(size=32, width=4, batch=2, faces=8, **times)
run = train(dcgan.DCGAN(config, "cpu"), Noise(), "runs/now", watch=widgets.LiveTraining())
print("ended by itself:", run.finished)
"""


def keep(page: sync_api.Page, name: str) -> None:
    """Keep a screenshot where ANIMELAB_SCREENSHOTS says, for a person to look at."""
    if "ANIMELAB_SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["ANIMELAB_SCREENSHOTS"]) / f"colab_{name}.png", full_page=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """One that has the course already, from this checkout."""
    folder = tmp_path_factory.mktemp("widgets")
    return Machine(folder, folder, folder / "drive", PYTHONPATH=os.pathsep.join([str(STAND_IN), str(ROOT)]))


def stills(page: sync_api.Page | sync_api.Frame) -> int:
    """How many are seen, each with pictures that have a name."""
    found = page.locator(".animelab-still").all()
    for still in found:
        assert still.is_visible() and all(still.locator("img").evaluate_all(DECODED))
        assert all(each.get_attribute("alt") for each in still.locator("img").all()) and still.locator("img").count()
    return len(found)


def as_colab(book: nbformat.NotebookNode) -> str:
    """A page with the outputs of a saved notebook as Colab shows them: those of a cell in a frame, and no widgets."""
    frames = []
    for cell in book.cells:
        shown = []
        for output in cell.get("outputs", ()):
            data = output.get("data", {"text/plain": output.get("text", "")})
            shown.append(data.get("text/html") or f"<pre>{html.escape(data.get('text/plain', ''))}</pre>")
        content = "".join(f'<div class="output_subarea">{each}</div>' for each in shown)
        frames.append(
            f'<iframe sandbox="allow-scripts" width="1200" height="480" srcdoc="{html.escape(content)}"></iframe>'
        )
    return "</iframe>".join([*frames, ""])


def test_a_saved_notebook_shows_its_stills_where_nothing_else_runs(browser: sync_api.Browser, machine: Machine) -> None:
    train = TRAIN.replace("100_000", "20").replace("runs/now", "runs/short")
    cells = [IMPORTS, *WIDGETS, train]
    book = machine.run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells]))
    with browser.new_context(viewport={"width": 1280, "height": 900}, offline=True) as context:
        page = context.new_page()
        page.set_content(as_colab(book), wait_until="load")
        assert [stills(frame) for frame in page.frames[1:]] == [0, *[1] * (len(WIDGETS) + 1)]
        assert "ended by itself: True" in page.frames[-1].locator("body").inner_text()
        keep(page, "stills")
