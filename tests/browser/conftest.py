"""A real JupyterLab and a real Chromium, both private to the test run.

Older widgets are not tested here. Tried by hand in November 2026: JupyterLab 3.6.8, ipywidgets 7.7.1, anywidget 0.9.21
and traitlets 5.7.1, in an environment of their own whose kernel also finds the course's packages. There nine widgets
draw, and all that were moved answer (the time lapse was only looked at); what remains without a kernel was not tried.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="browser tests need the extra 'dev': pip install -e .[dev]")
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="browser tests need the extra 'dev': pip install -e .[dev]"
)
pytest.importorskip("jupyterlab", reason="browser tests need the extra 'lab': pip install -e .[lab]")

ROOT = Path(__file__).resolve().parents[2]
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

# Clicking the menu is not reliable, nor is running before the kernel is there; the application's own promises are.
RUN_ALL = """async name => {
    const pause = () => new Promise(resolve => setTimeout(resolve, 50));
    while (window.jupyterapp?.shell?.currentWidget?.context?.path !== name) await pause();
    const app = window.jupyterapp, panel = app.shell.currentWidget;
    await app.restored;
    await panel.context.ready;
    await panel.sessionContext.ready;
    while (!panel.sessionContext.session?.kernel) await pause();
    await panel.sessionContext.session.kernel.info;
    app.commands.execute('notebook:run-all-cells');
}"""

# Without the question whether to save.
CLOSE = """async () => {
    const app = window.jupyterapp;
    for (const each of [...app.shell.widgets('main')]) each.dispose();
    await app.serviceManager.sessions.shutdownAll();
}"""

OPEN = """async name => {
    await window.jupyterapp.restored;
    await window.jupyterapp.commands.execute('docmanager:open', {path: name, factory: 'Notebook'});
}"""

SAVE = "async () => { await window.jupyterapp.shell.currentWidget.context.save(); }"

SHUT_DOWN = "async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }"

THEME = """async ([name, light]) => {
    await window.jupyterapp.commands.execute('apputils:change-theme', {theme: name});
    while (document.body.dataset.jpThemeLight !== light) await new Promise(resolve => setTimeout(resolve, 50));
}"""

# Lab's body is 0 pixels high and hides what goes beyond: axe would take everything in it for hidden.
AXE = """async selector => {
    document.body.style.overflow = 'visible';
    const found = await window.axe.run(selector, {resultTypes: ['violations']});
    document.body.style.overflow = '';
    return found.violations.flatMap(each => each.nodes.map(node => `${each.id}: ${node.html} ${node.failureSummary}`));
}"""

WINDOW = {"width": 1280, "height": 900}


@dataclass
class Jupyter:
    """A running server: its address, token and folder."""

    url: str
    token: str
    folder: Path


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A JupyterLab (and Notebook 7, where installed) with folders of its own, which ends with the tests."""
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("notebooks")
    kernel = home / "data" / "kernels" / "animelab-test"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "animelab test", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    environment = {
        **os.environ,
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")])),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = "animelab-test"
    options = [
        "--no-browser",
        "--allow-root",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={token}",
        "--ServerApp.shutdown_no_activity_timeout=300",  # should the tests be killed, it does not stay behind
        "--MappingKernelManager.cull_idle_timeout=120",
        "--MultiKernelManager.kernel_manager_class=kernels.ServedKernelManager",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]
    log = home / "jupyter.log"
    with open(log, "w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api?token={token}", server, log)
        yield Jupyter(url, token, folder)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    """A headless Chromium: Debian's or the user's own, or else Playwright's."""
    with sync_api.sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUM)), None) or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.skip("no Chromium here; get one with 'apt install chromium' or 'playwright install chromium'")
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(browser: sync_api.Browser, jupyter: Jupyter) -> Iterator[Callable[[], sync_api.Page]]:
    """A function that gives the one page in which JupyterLab runs: to start Lab takes longer than most tests."""
    pages: list[sync_api.Page] = []

    def page() -> sync_api.Page:
        if not pages or pages[-1].is_closed():
            pages.append(browser.new_context(viewport=WINDOW).new_page())
            pages[-1].goto(f"{jupyter.url}/lab?token={jupyter.token}")
            pages[-1].wait_for_function("window.jupyterapp")
        return pages[-1]

    yield page
    for each in pages:
        each.context.close()


@pytest.fixture
def open_notebook(
    browser: sync_api.Browser, jupyter: Jupyter, lab: Callable[[], sync_api.Page], request: pytest.FixtureRequest
) -> Iterator[Callable[..., sync_api.Page]]:
    """A function that writes a notebook of these cells, opens it in "lab" or "notebook" and runs all of it."""
    failed = request.session.testsfailed
    opened: list[sync_api.Page] = []

    def open_notebook(name: str, *cells: str, interface: str = "lab") -> sync_api.Page:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "animelab-test",
            "display_name": "animelab test",
            "language": "python",
        }
        nbformat.write(notebook, jupyter.folder / f"{name}.ipynb")
        page = lab() if interface == "lab" else browser.new_context(viewport=WINDOW).new_page()
        opened.append(page)
        page.set_default_timeout(30_000)
        if interface == "lab":
            page.evaluate(OPEN, f"{name}.ipynb")
        else:
            page.goto(f"{jupyter.url}/notebooks/{name}.ipynb?token={jupyter.token}")
        page.evaluate(RUN_ALL, f"{name}.ipynb")
        return page

    yield open_notebook
    for page in opened:
        if page.url.startswith(f"{jupyter.url}/lab") and request.session.testsfailed == failed:
            page.evaluate(CLOSE)
        else:  # whatever a failed test left behind, the next one gets a new Lab
            page.context.close()


@pytest.fixture
def reopen(jupyter: Jupyter, browser: sync_api.Browser) -> Iterator[Callable[..., sync_api.Page]]:
    """A function that saves an open notebook, ends its kernel, and opens it again: in its "interface", or as HTML."""
    contexts = []

    def reopen(page: sync_api.Page, name: str, interface: str = "lab") -> sync_api.Page:
        page.evaluate(SAVE)
        if interface == "lab":
            page.evaluate(CLOSE)
            page.evaluate(OPEN, f"{name}.ipynb")
        elif interface == "notebook":
            page.evaluate(SHUT_DOWN)
            page.reload()
        else:
            nbconvert = pytest.importorskip("nbconvert")
            html, _ = nbconvert.HTMLExporter().from_filename(str(jupyter.folder / f"{name}.ipynb"))
            (jupyter.folder / f"{name}.html").write_text(html)
            contexts.append(browser.new_context(viewport=WINDOW, offline=True))
            page = contexts[-1].new_page()
            page.set_content(html, wait_until="domcontentloaded")
        return page

    yield reopen
    for each in contexts:
        each.close()


@pytest.fixture
def theme() -> Iterator[Callable[[sync_api.Page, str], None]]:
    """A function that gives a page of Jupyter its "light" or "dark" theme; afterwards it is light again."""
    changed = []

    def theme(page: sync_api.Page, name: str) -> None:
        changed.append(page)
        page.evaluate(THEME, [f"JupyterLab {name.capitalize()}", str(name == "light").lower()])

    yield theme
    for page in changed:
        if not page.is_closed():
            page.evaluate(THEME, ["JupyterLab Light", "true"])


@pytest.fixture(scope="session")
def axe() -> Callable[[sync_api.Page, str], list[str]]:
    """A function that says what axe-core finds wrong in a part of a page: nothing, we hope."""
    package = pytest.importorskip("axe_playwright_python", reason="needs the extra 'dev': pip install -e .[dev]")
    source = (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

    def axe(page: sync_api.Page, selector: str) -> list[str]:
        # Lab has require.js, to which axe would give itself.
        page.evaluate(f"(define => {{ {source} }})()")
        before = page.viewport_size
        page.set_viewport_size({**before, "height": 2600})  # it says nothing of the contrast of what is scrolled away
        page.locator(selector).first.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        found = page.evaluate(AXE, selector)
        page.set_viewport_size(before)
        return found

    return axe
