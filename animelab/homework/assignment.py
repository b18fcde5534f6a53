"""Reads a master of homework, and makes of it each student's notebook, its solution, and what is hidden from them."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from animelab.authoring.build import build_lesson, repository
from animelab.authoring.master import BEGIN, Cell, Lesson, sources, split
from animelab.errors import LabError, reason
from animelab.homework import Claim, Model, Task
from animelab.homework.secret import Secret

ROOT = Path(__file__).resolve().parents[2]
BUG = re.compile(r"(?m)^ *### BEGIN BUG (?P<name>[\w-]+)\n(?P<variants>(?:.*\n)*?) *### END BUG\n")
OR = re.compile(r"(?m)^ *### OR\n")
PARAMETER = re.compile(r"\{\{(\w+)\}\}")
KINDS = {"task": Task, "model": Model, "claim": Claim}
Source = tuple[str, tuple[str, ...], str, int]  # of a cell: its kind, tags, text and line


@dataclass(frozen=True)
class Choices:
    """What makes a student's copy their own: values of parameters, and of each planted bug which wrong variant."""

    term: str
    assignment: str
    student: str
    ticket: str
    values: Mapping[str, Any]
    bugs: Mapping[str, int]


@dataclass(frozen=True)
class Assignment:
    """A master that was read; its notebooks differ from student to student."""

    name: str  # hw01
    stem: str  # hw01_dcgan
    title: str
    header: Mapping[str, Any]
    root: Path
    tasks: tuple[Task, ...]
    model: Model | None
    claim: Claim | None
    parameters: Mapping[str, tuple[Any, ...]]
    bugs: Mapping[str, tuple[int, int]]  # the line of its cell, and how many variants it has, the right one among them
    cells: tuple[Source, ...]

    @property
    def points(self) -> dict[str, float]:
        """The most points of each task, by its name: the coded ones, the model and the claim."""
        found = {task.name: float(sum(task.points.values())) for task in self.tasks}
        if self.model:
            found[self.model.name] = float(sum(max(most for _, most in rows) for rows in self.model.points.values()))
        return found | ({self.claim.name: float(self.claim.points)} if self.claim else {})

    def notebook(self, choices: Choices) -> Any:
        """A student's, with stubs for solutions, and with planted bugs."""
        return self._built(choices, False, lambda source: split(source, self.stem)[0])

    def solution(self, choices: Choices) -> Any:
        """The same, solved, without bugs."""
        return self._built(choices, True, lambda source: split(source, self.stem)[1])

    def marked(self, choices: Choices) -> Any:
        """A student's with solutions between their marks, as nbgrader takes it."""
        return self._built(choices, False, lambda source: source)

    def solved(self, choices: Choices) -> str:
        """The code of the solution's cells."""
        shown = [source for kind, tags, source, _ in self._variant(choices, True) if kind == "code" and _is_shown(tags)]
        return "\n\n".join(split(source, self.stem)[1] for source in shown)

    def hidden(self, choices: Choices) -> str:
        """The code that asks for answers, to be run after the cells of a student's notebook or the solution's."""
        return "\n\n".join(source for _, tags, source, _ in self._variant(choices, True) if "hidden" in tags)

    def wrong(self, choices: Choices) -> list[tuple[str, str, str]]:
        """Of every listed wrong answer the task's name, what is wrong in a sentence, and the code."""
        cells = [each for each in self._variant(choices, True) if each[1] and each[1][0].startswith("wrong-")]
        return [(tag[6:], text.splitlines()[0].partition(": ")[2], text) for _, (tag, *_), text, _ in cells]

    def _variant(self, choices: Choices, right: bool) -> Iterator[Source]:
        """The cells of one copy, with its own bugs, or with none."""
        for kind, tags, source, line in self.cells:
            if kind == "markdown":
                source = PARAMETER.sub(lambda match: str(choices.values[match[1]]), source)
            else:
                where = f"{self.stem}.py:{line}"
                source = _with_bugs(source, where, {} if right else choices.bugs)
                source = _with_parameters(source, where, choices.values)
            yield kind, tags, source, line

    def _built(self, choices: Choices, right: bool, view: Callable[[str], str]) -> Any:
        """A notebook of what is shown; view: of the source of a code cell."""
        cells, marks, handed_out = [], [], dict[str, str]()
        for kind, tags, source, line in (each for each in self._variant(choices, right) if _is_shown(each[1])):
            text, mark = view(source) if kind == "code" else source, {}
            if task := _task(tags, source):
                identity = f"{task}-{len(handed_out) + 1}"
                handed_out[identity] = hashlib.sha256(split(source, self.stem)[0].encode()).hexdigest()
                points = self.claim.points if self.claim and task == "claim" else None
                mark = {"nbgrader": nbgrader(identity, task == "claim" or "### BEGIN" in source, points)}
            cells.append(Cell(kind, text, text, line, "setup" in tags))
            marks.append(mark)
        needs: dict[str, Any] = {"cells": handed_out, "claim": bool(self.claim and self.claim.picture)}
        if self.model:
            needs |= {key: getattr(self.model, key) for key in ("network", "megabytes", "arguments")}
        about = {key: getattr(choices, key) for key in ("assignment", "term", "student", "ticket")}
        lesson = Lesson(self.stem, self.stem, tuple(cells), {"animelab": {**about, "needs": needs}})
        book = nbformat.reads(build_lesson(lesson, repository=repository(self.root)), 4)
        for cell, mark in zip(book.cells, marks):
            cell.metadata |= nbformat.from_dict(mark)
        return book


def nbgrader(identity: str, solution: bool, points: float | None = None) -> dict[str, Any]:
    """A cell's metadata, as nbgrader reads it; what has points and is not a student's is locked."""
    grade = {} if points is None else {"points": points}
    mark = {"grade_id": identity, "grade": bool(grade), "locked": bool(grade) and not solution, "solution": solution}
    return {**mark, **grade, "task": False, "schema_version": 3}


def read(name: str, root: Path = ROOT) -> Assignment:
    """The assignment of that name; LabError where there is none, or with the line where its master is malformed."""
    masters = {path.stem.partition("_")[0]: path for path in sorted((root / "course" / "homework").glob("hw*_*.py"))}
    if name not in masters:
        raise LabError(f"There is no assignment '{name}' in {root}; there are: {', '.join(masters) or 'none'}.")
    file, stem = masters[name].name, masters[name].stem
    metadata, cells = sources(masters[name], file)
    header = metadata.get("animelab", {})
    parameters, bugs, declared = dict[str, tuple[Any, ...]](), dict[str, tuple[int, int]](), list[Any]()
    for _, tags, source, line in (cell for cell in cells if cell[0] == "code"):
        where, blocks = f"{file}:{line}", [*BUG.finditer(source + "\n")]
        plain = _with_bugs(source, where, {})
        for block in blocks:
            if block["name"] in bugs:
                raise LabError(f"{file}: two bugs are named '{block['name']}'; rename one.")
            bugs[block["name"]] = line, len(OR.split(block["variants"]))
        if blocks and not _task(tags, plain):
            raise LabError(f'{where}: whose bugs are these? Give the cell its task as a tag: tags=["task-2"].')
        for _, key, options, _ in _choices(plain, where):
            if parameters.setdefault(key, options) != options:
                raise LabError(f"{file}: '{key}' is chosen twice, from different options; make them alike.")
        split(plain, where)
        declared += _declared(_with_parameters(plain, where, {}), where) if "hidden" in tags else []
    text = "\n".join(source for kind, _, source, _ in cells if kind == "markdown")
    if unknown := {*PARAMETER.findall(text)} - parameters.keys():
        raise LabError(f"{file}: nothing chooses {{{{{unknown.pop()}}}}}.")
    if not all(0 < header.get("plant", 0) <= count for count in Counter(line for line, _ in bugs.values()).values()):
        raise LabError(f"{file}: 'plant' in the header is to be from 1 to the number of bugs in a cell.")
    counts = Counter(type(each) for each in declared)
    if not counts[Task] or max(counts[Model], counts[Claim], *Counter(each.name for each in declared).values()) > 1:
        raise LabError(f"{file} needs tasks of different names, at most one model and one claim, in hidden cells.")
    tasks, others = tuple(each for each in declared if isinstance(each, Task)), {type(each): each for each in declared}
    title = text.partition("\n")[0].lstrip("# ")
    return Assignment(
        name, stem, title, header, root, tasks, others.get(Model), others.get(Claim), parameters, bugs, tuple(cells)
    )


def choices(secret: Secret, term: str, assignment: Assignment, student: str) -> Choices:
    """A student's parameters and bugs: the same for the same term and student, and nobody else can tell which."""
    names = term, assignment.name, student
    values = {
        key: options[secret.number(*names, "choose", key) % len(options)]
        for key, options in assignment.parameters.items()
    }
    bugs, planted = {}, Counter[int]()
    for bug in sorted(assignment.bugs, key=lambda bug: secret.number(*names, "plant", bug)):
        line, count = assignment.bugs[bug]
        planted[line] += 1
        if planted[line] <= assignment.header["plant"]:  # so many in each cell that has some
            bugs[bug] = 1 + secret.number(*names, "variant", bug) % (count - 1)
    return Choices(*names, secret.ticket(*names), values, bugs)


def _is_shown(tags: tuple[str, ...]) -> bool:
    return not any(tag.startswith(("hidden", "wrong-")) for tag in tags)


def _task(tags: tuple[str, ...], source: str) -> str:
    """The task whose answer a student writes into this cell, such as "task-1", or "claim"; "" for other cells."""
    hints = [match["hint"] for line in source.splitlines() if (match := BEGIN.fullmatch(line))]
    names = [*tags, *(f"task-{hint.partition(':')[0]}" for hint in hints)]
    return next((name for name in names if name.startswith(("task-", "claim"))), "")


def _with_bugs(source: str, where: str, picks: Mapping[str, int]) -> str:
    """Code with one variant of each block of them, the first unless it is picked, and no trace of the others."""

    def variant(block: re.Match[str]) -> str:
        variants = OR.split(block["variants"])
        whole = len(variants) > 1 and "### BEGIN BUG" not in block["variants"]
        return variants[picks.get(block["name"], 0)] if whole else block[0]

    code = BUG.sub(variant, source + "\n")[:-1]
    if mark := re.search("### (BEGIN BUG|OR|END BUG).*", code):
        raise LabError(f"{where}: '{mark[0]}' is out of place; write BEGIN BUG, OR and END BUG in turn.")
    return code


def _with_parameters(source: str, where: str, values: Mapping[str, Any]) -> str:
    """Code with a literal in place of each `choose(name, ...)`, written as it is there: the value's, or the first."""
    for call, name, options, texts in _choices(source, where):
        source = source.replace(call, texts[options.index(values.get(name, options[0]))])
    return source


@cache  # the same for all students
def _choices(source: str, where: str) -> list[tuple[str, str, tuple[Any, ...], list[str]]]:
    """Of each call of `choose` how it is written, the name, the options, and how these are written."""
    found = []
    for node in ast.walk(_tree(source, where)) if "choose(" in source else ():
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "choose":
            call, _, *texts = (ast.get_source_segment(source, each) or "" for each in (node, *node.args))
            name, *options = (_value(each, where) for each in node.args)
            found.append((call, name, tuple(options), texts))
    return found


def _declared(source: str, where: str) -> Iterator[Any]:
    """Every task, model and claim in a hidden cell."""
    for node in _tree(source, where).body:
        for call in getattr(node, "decorator_list", [getattr(node, "value", None)]):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in KINDS:
                made = _value(call, where)
                yield replace(made, function=node.name) if isinstance(node, ast.FunctionDef) else made


def _tree(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise LabError(f"{where}: the cell is not Python ({reason(error)}).") from error


def _value(node: ast.expr, where: str) -> Any:
    try:
        return eval(compile(ast.Expression(node), where, "eval"), {"__builtins__": {}, **KINDS})
    except (NameError, TypeError) as error:
        call = ast.unparse(node)[:60]
        raise LabError(f"{where}: {call} is to be written with literals ({reason(error)}).") from error
