"""Takes the picture of the site that the README shows: four of its pages, two by two.

    python course/site/picture.py build/site course/figures/site.jpg

Needs the extra "dev" and a Chromium (CHROMIUM, or /usr/bin/chromium).
"""

from __future__ import annotations

import functools
import http.server
import io
import os
import sys
import threading
from pathlib import Path

from animelab.files import save_picture
from PIL import Image
from playwright.sync_api import sync_playwright

PAGES = {
    "index.html": "light",
    "lessons/04_pix2pix.html": "dark",
    "gallery/studio.html": "dark",
    "playground/faces.html": "light",
}
WIDTH, HEIGHT, GAP = 1240, 840, 20
MINUTE = 60_000


def main(site: Path, out: Path) -> None:
    """Serve the site, look at its pages, write the picture."""
    sheet = Image.new("RGB", (2 * WIDTH + 3 * GAP, 2 * HEIGHT + 3 * GAP), (120, 144, 180))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for i, (name, scheme) in enumerate(PAGES.items()):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/{name}", timeout=MINUTE)
            page.wait_for_load_state("networkidle", timeout=MINUTE)
            if name.startswith("playground"):
                page.wait_for_selector("body[data-ready]", timeout=MINUTE)
                page.wait_for_timeout(5000)  # the small pictures beside the sliders come after the large one
            shot = Image.open(io.BytesIO(page.screenshot()))
            sheet.paste(shot, (GAP + i % 2 * (WIDTH + GAP), GAP + i // 2 * (HEIGHT + GAP)))
        browser.close()
    server.shutdown()
    save_picture(sheet.resize((1600, round(1600 * sheet.height / sheet.width)), Image.Resampling.LANCZOS), out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
