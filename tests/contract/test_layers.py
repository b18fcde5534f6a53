"""The floors of the library: a file imports only from floors below its own, and the whole stays small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "animelab"

FLOORS = [  # from the roof down
    {"__main__"},
    {"cli"},
    {"widgets", "checks"},
    {"latent"},
    {"recipes"},  # they may begin from a bundled network, and read pictures with the tagger
    {"metrics"},
    {"zoo"},
    {"engine"},
    {"nn", "losses", "data"},
    {"studio"},
    {"config"},
    {"env"},
    {"viz"},
    {"authoring"},
    {"errors"},
]
HEIGHT = {part: -number for number, floor in enumerate(FLOORS) for part in floor}
ONLY_USED_BY = {
    "viz": {"viz", "widgets", "recipes", "cli"},
    "authoring": {"authoring", "cli"},
}
NOT_USED_BY = {
    "engine": {"losses", "studio"},  # the loop knows no GAN and no anime
    "authoring": {"torch", "torchvision"},
}
LESSONS = len(list((LIBRARY / "checks").glob("lesson_*.py")))
PAPERS = len(list((LIBRARY / "recipes").glob("*.py"))) - 1
# Lines of code: explaining words are free. What grows with the course (checks and widgets with lessons, networks and
# recipes with papers) has a budget each; the rest must not grow with it. The studio draws characters (1800) and places.
BUDGETS = {"studio": 2250, "checks": 200 * LESSONS, "widgets": 125 * LESSONS, "papers": 250 * PAPERS, "the rest": 3050}
SHELVES = {"studio": "studio", "checks": "checks", "widgets": "widgets", "nn": "papers", "recipes": "papers"}


def imports(module: str, source: str) -> Iterator[str]:
    """Full names of everything a module imports, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def violations(module: str, source: str) -> list[str]:
    """What is wrong with the imports of one module, "animelab.recipes.dcgan" for example."""
    part = module.split(".")[1]
    if part not in HEIGHT:
        return [f"{module}: '{part}' has no floor"]
    found = []
    for name in imports(module, source):
        top, _, inside = name.partition(".")
        target = inside.split(".")[0] if top == "animelab" else top
        if target in NOT_USED_BY.get(part, ()):
            found.append(f"{module} imports {name}: {part} does without it")
        if top != "animelab" or target.startswith("__"):
            continue
        if target not in HEIGHT:
            found.append(f"{module} imports {name}: '{target}' has no floor")
        elif part not in ONLY_USED_BY.get(target, {part}):
            found.append(f"{module} imports {name}: only {sorted(ONLY_USED_BY[target])} may")
        elif target == part == "recipes" and not module.endswith("__init__"):
            found.append(f"{module} imports {name}: recipes never import each other")
        elif target != part and HEIGHT[target] >= HEIGHT[part]:
            found.append(f"{module} imports {name}: not on a floor below")
    return found


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(LIBRARY.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if name != "animelab.__init__":
            yield name, path


@pytest.mark.parametrize(("module", "path"), [pytest.param(*pair, id=pair[0]) for pair in modules()])
def test_a_module_imports_only_from_floors_below(module: str, path: Path) -> None:
    assert violations(module, path.read_text(encoding="utf-8")) == []


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports("animelab.__init__", (LIBRARY / "__init__.py").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("animelab.engine.loop", "from animelab.recipes import dcgan", "not on a floor below"),
        ("animelab.engine.loop", "from animelab import losses", "does without it"),
        ("animelab.engine.loop", "def late():\n    import animelab.studio.render", "does without it"),
        ("animelab.data.faces", "from animelab.nn.dcgan import Generator", "not on a floor below"),
        ("animelab.recipes.pix2pix", "from animelab.recipes.dcgan import DCGAN", "never import each other"),
        ("animelab.recipes.pix2pix", "from .dcgan import DCGAN", "never import each other"),
        ("animelab.recipes.pix2pix", "from ..latent import slerp", "not on a floor below"),
        ("animelab.zoo.__init__", "from animelab.viz import grid", "only ['cli', 'recipes', 'viz', 'widgets'] may"),
        ("animelab.checks.a", "from animelab.authoring import build", "only ['authoring', 'cli'] may"),
        ("animelab.authoring.build", "import torch.nn as nn", "does without it"),
        ("animelab.authoring.build", "from animelab import env", "not on a floor below"),
        ("animelab.utils", "import os", "has no floor"),
        ("animelab.nn.dcgan", "from animelab.utils import helper", "has no floor"),
    ],
)
def test_the_checker_sees_a_bad_import(module: str, source: str, complaint: str) -> None:
    (found,) = violations(module, source)
    assert complaint in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("animelab.engine.loop", "from animelab.engine.recipe import Recipe\nfrom animelab import __version__, env"),
        ("animelab.recipes.__init__", "from animelab.recipes import dcgan"),
        ("animelab.recipes.dcgan", "from animelab.nn import dcgan\nfrom animelab.viz import grid\nimport torch"),
        ("animelab.authoring.build", "from .master import read\nfrom animelab.errors import LabError"),
    ],
)
def test_the_checker_leaves_good_imports_alone(module: str, source: str) -> None:
    assert violations(module, source) == []


def test_building_notebooks_does_not_load_torch() -> None:
    code = "import sys, animelab.authoring; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


def lines_of_code(source: str) -> int:
    """Lines that are neither empty nor a comment nor part of a docstring."""
    words: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            words |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(number not in words and line.strip()[:1] not in ("", "#") for number, line in lines)


def test_what_counts_as_code() -> None:
    source = '"""Words,\nand more."""\n\nimport os\n\n# why\ndef f() -> str:\n    """What."""\n    return """a\nb"""\n'
    assert lines_of_code(source) == 4


def test_the_library_is_small() -> None:
    lines = dict.fromkeys(BUDGETS, 0)
    for module, path in modules():
        part = module.split(".")[1]
        lines[SHELVES.get(part, "the rest")] += lines_of_code(path.read_text(encoding="utf-8"))
    over = {shelf: count for shelf, count in lines.items() if count > BUDGETS[shelf]}
    assert not over, f"over the budget of {BUDGETS} lines: remove something, or let a well-kept library do it"
    assert min(lines.values()) > 0
