"""What a newcomer meets first: setup files that agree with each other, and nothing tied to one machine."""

from __future__ import annotations

import ast
import fnmatch
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

import animelab
from animelab.data import real_photos
from animelab.data.real import PHOTOS
from animelab.studio import PRIORS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def project_files() -> list[Path]:
    """What is in git or about to be."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:  # a checkout that belongs to another user, for example
        pytest.skip(listed.stderr.strip())
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def distribution(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower()


# --- pyproject.toml and environment.yml -------------------------------------------------------------------------------


def test_library_versions_are_ranges() -> None:
    for requirement in [*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra)]:
        version = requirement.split(";")[0]
        assert "==" not in version
        assert ">=" in version or version == "animelab[lab,export]"


def test_the_package_and_its_metadata_agree() -> None:
    assert PROJECT["version"] == animelab.__version__
    module, function = PROJECT["scripts"]["animelab"].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_conda_gives_python_and_pip_and_leaves_the_rest_to_pyproject() -> None:
    environment = yaml.safe_load(text("environment.yml"))
    python, pip, rest = environment["dependencies"]
    assert python == "python" + PROJECT["requires-python"]
    assert pip == "pip"
    assert rest == {"pip": ["-e .[lab]"]}
    assert "lab" in EXTRAS


def test_every_import_of_the_library_is_declared() -> None:
    distributions = importlib.metadata.packages_distributions()
    core = {distribution(each) for each in PROJECT["dependencies"]}
    lab = core | {distribution(each) for each in EXTRAS["lab"]}
    everything = lab | {distribution(each) for each in [*EXTRAS["export"], *EXTRAS["dev"]]}
    missing = []
    for path in (ROOT / "animelab").rglob("*.py"):
        # resvg in the studio is an explicit choice, and so are the real FID and ONNX
        optional = {"authoring", "studio", "metrics", "export.py"} & {*path.parts}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in {name.split(".")[0] for name in names} - {"animelab", "google"} - sys.stdlib_module_names:
                origins = {origin.lower().replace("_", "-") for origin in distributions.get(name, [name])}
                if not origins & {each.replace("_", "-") for each in (everything if optional else lab)}:
                    missing.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not missing


def test_the_wheel_carries_every_file_that_is_not_code() -> None:
    globs = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in PYPROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
    ]
    others = [
        path.relative_to(ROOT).as_posix()
        for path in project_files()
        if path.is_relative_to(ROOT / "animelab") and path.suffix != ".py"
    ]
    assert "animelab/py.typed" in others
    assert [name for name in others if not any(fnmatch.fnmatch(name, pattern) for pattern in globs)] == []


# --- make and CI ------------------------------------------------------------------------------------------------------

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def make(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(command, cwd=cwd, env=outside | environment, capture_output=True, text=True, timeout=60)


@needs_make
def test_make_alone_explains_every_target_and_each_one_exists() -> None:
    explained = re.findall(r"^make ([\w-]+)", make().stdout, re.MULTILINE)
    assert {"lab", "test", "test-all", "build", "bench", "lint"} <= set(explained)
    for target in explained:
        done = make("-n", target)
        assert done.returncode == 0, done.stderr


@needs_make
def test_make_test_checks_everything_the_quick_before_the_long() -> None:
    for target, chosen in (("test", "-m 'not slow' tests/browser"), ("test-all", "tests/browser")):
        plan = make("-n", target).stdout
        steps = ["ruff check", "mypy", "authoring check", "-m pytest", chosen]
        assert sorted(steps, key=plan.index) == steps
        named = re.findall(r"tests/(\w+)", plan[plan.index("-m pytest") :])
        assert sorted(named) == ["browser", "colab", "contract", "homework", "notebooks", "unit"]


@needs_make
def test_make_without_a_usable_python_says_what_to_install(tmp_path: Path) -> None:
    """With an empty PATH, with a Python that is too old, and from a folder whose name has a space."""
    project = tmp_path / "my course"
    project.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    old = tools / "python3"
    for interpreter in (None, "#!/bin/sh\nexit 1\n"):
        if interpreter:
            old.write_text(interpreter)
            old.chmod(0o755)
        done = make("lab", cwd=project, PATH=str(tools))
        assert done.returncode == 2
        assert "animelab needs Python 3.10 or newer: install it" in done.stderr
        assert not (project / ".venv").exists()


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^make test\b", script.read_text(), re.MULTILINE)
    subprocess.run(["bash", "-n", script], check=True)


# --- files a stranger reads -------------------------------------------------------------------------------------------


def test_nothing_is_tied_to_one_machine_or_registry() -> None:
    tied = re.compile(rb"(?<![\w./-])/(work|farm|root|Users)/\w|index[-]url|registry *[=]", re.IGNORECASE)
    home, here = os.fsencode(Path.home()), os.fsencode(ROOT)
    found = [
        f"{path.relative_to(ROOT)}: {line.decode(errors='replace').strip()[:100]}"
        for path in project_files()
        if b"\0" not in (content := path.read_bytes())
        for line in content.splitlines()
        if tied.search(line) or (len(home) > 5 and home in line) or (len(here) > 5 and here in line)
    ]
    assert not found


def readme_targets() -> list[str]:
    if not (ROOT / "README.md").exists():
        pytest.skip("there is no README.md yet")
    readme = text("README.md")
    links = re.findall(r"\]\(([^)\s]+)", readme) + re.findall(r"""(?:src|href)=["']([^"']+)""", readme)
    tops = {path.name for path in ROOT.iterdir()} - {"runs", "build"}
    quoted = [each for each in re.findall(r"`([\w.-]+/[\w./-]*)`", readme) if each.split("/")[0] in tops]
    return [link.partition("#")[0] for link in links + quoted if not re.match(r"[a-z]+:|#", link)]


def test_the_readme_points_at_what_exists() -> None:
    assert [target for target in readme_targets() if not (ROOT / target).exists()] == []


def test_without_a_repository_address_nothing_invents_one() -> None:
    if PYPROJECT["tool"]["animelab"]["repository"]:
        pytest.skip("this fork has an address")
    invented = re.compile(r"colab\.research\.google\.com|img\.shields\.io|colab-badge|github\.com/[^/]+/animelab")
    pages = [ROOT / "README.md", *(ROOT / "notebooks").rglob("*.ipynb")]
    assert [page.name for page in pages if page.exists() and invented.search(page.read_text(encoding="utf-8"))] == []


def test_the_readme_gives_each_lesson_the_minutes_that_it_gives_itself() -> None:
    told = dict(re.findall(r"^\| \[(\w+)\]\(notebooks/.* \| (.+?) \|$", text("README.md"), re.MULTILINE))
    assert sorted(told) == [path.stem for path in sorted((ROOT / "course" / "lessons").glob("*.py"))]
    for lesson, words in told.items():
        own = text(f"course/lessons/{lesson}.py").partition("**Time:**")[2].partition("**Downloads")[0]
        promised = re.findall(r"\d+", words)
        assert re.search(rf"{promised[0]} minute", own), f"{lesson} says {own.strip()}"
        assert set(promised) <= set(re.findall(r"\d+", own)), f"{lesson} says {own.strip()}"


def test_every_real_picture_has_a_source_a_license_and_a_hash() -> None:
    real = ROOT / "datasets" / "real"
    rows = re.findall(r"^\| (\w+)/.*? \| (.+?) \| (.+?) \|$", text("datasets/real/ATTRIBUTION.md"), re.MULTILINE)
    covered = {folder: source for folder, source, license in rows if license.strip()}
    sums = dict(reversed(line.split("  ")) for line in text("datasets/real/SHA256SUMS").splitlines())
    pictures = sorted(path.relative_to(real).as_posix() for path in real.rglob("*.png"))
    assert pictures == sorted(sums)
    assert {picture.split("/")[0] for picture in pictures} == set(covered)
    for picture in pictures:
        assert hashlib.sha256((real / picture).read_bytes()).hexdigest() == sums[picture]
        folder, name = picture.split("/")
        assert folder != "photo" or Path(name).stem in covered["photo"]


def test_the_studio_card_states_the_ranges_of_the_frontal_prior() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (\S+ to \S+) \|", text("datasets/studio/README.md"), re.MULTILINE))
    assert rows == {name: f"{low} to {high}" for name, (low, high) in PRIORS["frontal"].ranges.items()}


def test_the_packaged_photographs_are_those_of_the_dataset() -> None:
    for name, packaged in zip(PHOTOS, real_photos()):
        with Image.open(ROOT / "datasets/real/photo" / f"{name}.png") as original:
            pixels = np.asarray(original.convert("RGB"), dtype=int)
        assert packaged.shape == pixels.shape and np.abs(packaged - pixels).mean() < 4, name
