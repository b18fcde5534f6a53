"""The rooms of the library: a file imports only from floors below its own, never in a circle, and all is small."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "animelab"

FLOORS = [  # from the roof down
    {"__main__"},
    {"cli"},
    {"homework", "builds"},
    {"widgets", "checks"},
    {"latent", "export"},
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
    {"files", "foreign"},
    {"limits"},
    {"errors", "bar", "shares"},
]
HEIGHT = {part: -number for number, floor in enumerate(FLOORS) for part in floor}
ONLY_USED_BY = {
    "viz": {"viz", "widgets", "recipes", "homework", "cli"},
    "authoring": {"authoring", "homework", "cli"},
}
NOT_USED_BY = {
    "engine": {"losses", "studio"},  # the loop knows no GAN and no anime
    "authoring": {"torch", "torchvision"},
}
LESSONS = len(list((LIBRARY / "checks").glob("lesson_*.py")))
PAPERS = len(list((LIBRARY / "recipes").glob("*.py"))) - 1
BUILDING = sum(  # lessons with an exercise that builds: a whole network, step or loop, in 20 lines or more
    any(
        solution.count("\n") >= 20
        for solution in re.findall(r"### BEGIN SOLUTION.*\n([\s\S]*?) *### END SOLUTION", text)
    )
    for text in (path.read_text(encoding="utf-8") for path in (ROOT / "course" / "lessons").glob("*.py"))
)
# Lines of code: explaining words are free. What grows with the course (checks and widgets with lessons, networks and
# recipes with papers) has a budget each; the rest must not grow with it. The studio gets 700 more when it draws bodies.
# Beside the checks of lessons, 150 are for what compares any answer with its reference, which homework shares; beside
# the widgets of lessons, 500 are for what none has alone: the stage that draws all, and the page about runs. Of the
# rest, 100 are for reading files of other people's code without running any, 200 for the queue that builds the zoo, and
# 220 for people without a repository: networks as ONNX files, the bundle, a set-up cell that finds the course; and 265
# for several processes and for parts of a batch, which make one batch out of many shares without a recipe's knowing.
# The rest also takes 3 for moments that follow the order of their weights in memory. Beside the papers, 180 are for
# what no recipe trains, or several share: waifu2x's four networks and the reading of their weights, the maps of what
# places are made of, spectral norm, the order of weights, and convolutions with a quarter of the products.
# Homework was to take 900: what cuts a submission off without a container engine takes 560 alone, and the rest what
# learning platforms and students really hand in. Nothing may be added here before something is removed.
BUDGETS = {
    "studio": 2300, "checks": 200 * LESSONS + 50 * BUILDING + 150, "widgets": 150 * LESSONS + 500,
    "papers": 250 * PAPERS + 180, "homework": 1850, "the rest": 4200 + 100 + 200 + 220 + 265 + 3,
}  # fmt: skip
SHELVES = {shelf: shelf for shelf in BUDGETS} | {"nn": "papers", "recipes": "papers"}


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


def circle(sources: Mapping[str, str]) -> list[str]:
    """Files that import each other in a circle, in its order; none if there is no circle.

    Every import counts, also one for the sake of a type, also one inside a function. `from package import name` leads
    to the file of that name; only for a name that is no file it leads to the package's `__init__`, which gives it.
    That Python runs the `__init__` before any file of a package does not count.
    """
    files = {module.removesuffix(".__init__"): module for module in sources}
    graph = {}
    for module, source in sources.items():
        named = ([name, name.rpartition(".")[0]] for name in imports(module, source))
        graph[module] = {next((files[name] for name in names if name in files), "elsewhere") for names in named}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


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
        (
            "animelab.zoo.__init__",
            "from animelab.viz import grid",
            "only ['cli', 'homework', 'recipes', 'viz', 'widgets'] may",
        ),
        ("animelab.checks.a", "from animelab.authoring import build", "only ['authoring', 'cli', 'homework'] may"),
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


def test_no_files_import_each_other_in_a_circle() -> None:
    found = circle({module: path.read_text(encoding="utf-8") for module, path in modules()})
    assert not found, f"what they share belongs into a file below them: {' -> '.join(found)}"


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param({"eyes": "from .face import SIDES", "face": "from animelab.a.eyes import iris"}, id="two files"),
        pytest.param(
            {"eyes": "if TYPE_CHECKING:\n    from .face import Face", "face": "from . import eyes"}, id="for a type"
        ),
        pytest.param({"eyes": "def late():\n    import animelab.a.face", "face": "from .eyes import iris"}, id="late"),
        pytest.param({"eyes": "from animelab.a import draw", "__init__": "from .eyes import *"}, id="by the package"),
        pytest.param({"eyes": "import animelab.a as a", "__init__": "from animelab.a import eyes"}, id="as a package"),
        pytest.param(
            {"eyes": "from . import hair", "hair": "from . import face", "face": "from . import eyes"}, id="three"
        ),
    ],
)
def test_a_circle_is_seen(sources: dict[str, str]) -> None:
    around = circle({f"animelab.a.{name}": source for name, source in sources.items()} | {"animelab.b": "import os"})
    assert around[0] == around[-1] and {name.split(".")[-1] for name in around} == {*sources}


def test_what_is_no_circle_is_left_alone() -> None:
    sources = {
        "a.__init__": "from .face import face\nfrom animelab.a.eyes import *",  # the package gives what its files have
        "a.face": "from . import eyes\nimport numpy as np\nfrom animelab import env",
        "a.eyes": "from animelab.a import ink\nfrom ..errors import LabError",
        "a.ink": "from animelab import __version__",
        "b.face": "from animelab.a import face, draw",  # two files may share a name
        "errors": "",
    }
    assert circle({f"animelab.{name}": source for name, source in sources.items()}) == []


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
    assert all(lines.values()), "a shelf without a book"
