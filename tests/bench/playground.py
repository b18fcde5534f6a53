"""How quick the playground is in a headless Chromium on this machine: make playground, then

    python tests/bench/playground.py

A page: megabytes that came, seconds to the first picture and until all networks are open, milliseconds from a control
that moves to the picture that it makes (the median of 15), from a plain file server on the same machine.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import statistics
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SITE = Path(__file__).parents[2] / "build" / "site"
MOVES = {  # what a hand does, as JavaScript that makes one move; and the picture that answers
    "faces": ("""i => { const each = document.querySelector('[data-part=named_1] input[type=range]');
                        each.value = (i % 2 ? 0.6 : -0.6); each.dispatchEvent(new Event('input')); }""", "face"),
    "order": ("i => document.querySelectorAll('[data-part=hair] button')[i % 8].click()", "face"),
    "lines": ("i => document.querySelectorAll('[data-part=hair] button')[1 + i % 8].click()", "answer"),
    "dots": ("""i => { document.querySelectorAll('[data-part=color] button')[i % 8].click();
                       const key = new KeyboardEvent('keydown', {key: ' ', bubbles: true});
                       document.querySelector('[data-part=lines] .animelab-desk').dispatchEvent(key); }""", "result"),
    "pick": ("i => document.querySelector('[data-part=others] button').click()", "choices"),
    "scene": ("i => document.querySelector('[data-part=another] button').click()", "scene"),
}  # fmt: skip
ANSWERED = """async ([move, part, i]) => {
    const images = [...document.querySelectorAll(`[data-part=${part}] img`)], image = images.at(-1).src ? images.at(-1) : images[0];
    const before = image.src, began = performance.now();
    eval(move)(i);
    while (image.src === before) await new Promise(done => setTimeout(done, 2));
    await image.decode();
    return performance.now() - began;
}"""  # noqa: E501


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server, with nothing on the screen."""

    def log_message(self, *words: object) -> None:
        pass


def measured(page: Page, address: str, name: str) -> str:
    """One page's numbers, in a line."""
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(int(response.headers.get("content-length", 0))))
    began = time.perf_counter()
    page.goto(f"{address}/playground/{name}.html")
    page.wait_for_selector("main .stage img[src]")
    first = time.perf_counter() - began
    page.wait_for_selector("body[data-ready]", timeout=300_000)
    ready, megabytes = time.perf_counter() - began, sum(sizes) / 1e6
    page.wait_for_timeout(4000)  # the small pictures at sliders' ends are drawn
    move, part = MOVES[name]
    times = []
    for i in range(15):
        times.append(page.evaluate(ANSWERED, [move, part, i]))
        page.wait_for_timeout(100)
    answer = statistics.median(times)
    return (
        f"{name:6} {megabytes:5.1f} MB, first picture {first:5.2f} s, ready {ready:5.2f} s, an answer {answer:5.0f} ms"
    )


def main() -> None:
    """Measure every page, each in a browser of its own, with an empty cache."""
    handler = functools.partial(Quiet, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, known)), None)
    with sync_playwright() as playwright:
        for name in MOVES:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            print(measured(browser.new_page(), f"http://127.0.0.1:{server.server_address[1]}", name), flush=True)
            browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
