"""Emulated machines, and the bundle that they get."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from colab_machine import PREPARED, ROOT, Machine

from animelab.authoring.bundle import bundle


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make bundle` makes, and its notebooks, unpacked into its folder notebooks."""
    if not (PREPARED / "packages").exists():
        pytest.fail("There is no emulated Colab yet: run make colab, once.")
    folder = tmp_path_factory.mktemp("bundle")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_BUILD_ISOLATION", "false")  # pip's way of saying: with the setuptools that is here
        patch.setenv("PIP_NO_INDEX", "1")
        _, notebooks, solutions, _ = bundle(ROOT, folder)
    for archived, place in ((notebooks, "notebooks"), (solutions, "notebooks/solutions")):
        with zipfile.ZipFile(archived) as archive:
            archive.extractall(folder / place)
    return folder


@pytest.fixture
def machine(tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("JUPYTER_PATH", "")
    (tmp_path / "drive").mkdir()
    return Machine(tmp_path / "machine", bundled, tmp_path / "drive")


@pytest.fixture(scope="session")
def lent(tmp_path_factory: pytest.TempPathFactory, bundled: Path) -> Machine:
    """One machine for all notebooks: the first that runs installs the course from the Drive."""
    folder = tmp_path_factory.mktemp("lent")
    (folder / "drive").mkdir()
    made = Machine(folder / "machine", bundled, folder / "drive")
    made.share_wheel()
    return made
