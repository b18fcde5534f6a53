"""A headless Chromium: Debian's or the user's own, or else Playwright's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="browser tests need the extra 'dev': pip install -e .[dev]"
)
CHROMIUM = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-webgpu",  # a graphics processor of software, for the playground
    "--use-webgpu-adapter=swiftshader",
]


@contextmanager
def chromium() -> Iterator[sync_api.Browser]:
    """A browser, which ends with the `with`; where there is none, the test is skipped."""
    with sync_api.sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUM)), None) or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.skip("no Chromium here; get one with 'apt install chromium' or 'playwright install chromium'")
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield browser
        browser.close()
