"""An emulated machine of Colab; what is real of it, and what is not, says colab/test_colab.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
PREPARED = ROOT / "build" / "colab"
STAND_IN = Path(__file__).parent / "colab" / "stand_in"
START = "import google.colab; from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"


class Machine:
    """A fresh machine of Colab's, and the Drive of whoever is its guest."""

    def __init__(self, folder: Path, bundled: Path, drive: Path, **settings: str) -> None:
        self.content, self.python, self.drive = folder / "content", folder / "python", drive
        self.content.mkdir(parents=True)
        self.bundled = bundled
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.python], check=True)
        (packages,) = self.python.glob("lib/python*/site-packages")
        (packages / "colab.pth").write_text(f"{PREPARED / 'packages'}\n{PREPARED / 'links'}\n")
        argv = [str(self.python / "bin" / "python"), "-c", START, "-f", "{connection_file}"]
        kernel = folder / "jupyter" / "kernels" / "colab"
        kernel.mkdir(parents=True)
        (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Colab", "language": "python"}))
        ours = ("ANIMELAB_", "PIP_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment = {
            **kept,
            "PATH": str(self.python / "bin"),  # no make, no git
            "PYTHONPATH": str(STAND_IN),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "IPYTHONDIR": str(folder / "ipython"),
            "ANIMELAB_SCALE": "smoke",
            "ANIMELAB_CACHE": str(folder / "cache"),
            "STAND_IN_DRIVE": str(drive),
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
            "no_proxy": "localhost,127.0.0.1",
            **settings,
        }
        os.environ["JUPYTER_PATH"] = str(folder / "jupyter")

    def share_wheel(self) -> Path:
        """Put the bundle's wheel where the instructor's page says."""
        (wheel,) = self.bundled.glob("*.whl")
        shared = self.drive / "MyDrive" / "animelab" / wheel.name
        shared.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(shared, "w") as after:
            for entry in before.infolist():
                content = before.read(entry)
                if entry.filename == "animelab/env.py":
                    content = content.replace(b"/content/drive", bytes(self.content / "drive"))
                after.writestr(entry, content)
        return shared

    def notebook(self, name: str, save_to_drive: bool = False) -> nbformat.NotebookNode:
        book = nbformat.read(self.bundled / "notebooks" / name, as_version=4)
        setup = book.cells[1]
        setup.source = setup.source.replace("/content/drive", str(self.content / "drive"))
        if save_to_drive:
            assert "save_to_drive = False" in setup.source
            setup.source = setup.source.replace("save_to_drive = False", "save_to_drive = True")
        nbformat.write(book, self.content / Path(name).name)
        return book

    def run(self, book: nbformat.NotebookNode) -> nbformat.NotebookNode:
        resources = {"metadata": {"path": str(self.content)}}
        client = NotebookClient(book, timeout=900, kernel_name="colab", allow_errors=True, resources=resources)
        return client.execute(env=self.environment)
