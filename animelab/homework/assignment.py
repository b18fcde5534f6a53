"""Reads a master of homework, and makes of it each student's notebook, its solution, and what is hidden from them."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from animelab.authoring.build import build_lesson, repository
from animelab.authoring.master import BEGIN, Cell, Lesson, sources, split
from animelab.errors import LabError, reason
from animelab.homework import Claim, Model, Task
from animelab.homework.secret import Secret

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r" *### (BEGIN BUG (?P<name>[\w-]+)|(?P<other>OR)|END BUG)")
PARAMETER = re.compile(r"\{\{(\w+)\}\}")
KINDS = {"task": Task, "model": Model, "claim": Claim}
Pick = Callable[[str, tuple[Any, ...]], int]  # of a name and its options: the number of the one to take


@dataclass(frozen=True)
class Choices:
    """What makes a student's copy their own: values of parameters, and for each planted bug which wrong variant."""

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
    bugs: Mapping[str, int]  # how many wrong variants each has
    cells: tuple[tuple[str, tuple[str, ...], str, int], ...]  # kind, tags, source, line

    @property
    def points(self) -> dict[str, float]:
        """The most points of each task, by its name: the coded ones, the model and the claim."""
        found = {task.name: float(sum(task.points.values())) for task in self.tasks}
        if self.model:
            found[self.model.name] = float(sum(max(most for _, most in rows) for rows in self.model.points.values()))
        return found | ({self.claim.name: float(self.claim.points)} if self.claim else {})

    def notebook(self, choices: Choices) -> Any:
        """A student's, with stubs for solutions and planted bugs."""
        return self._built(choices, lambda source, where: split(source, where)[0], False)

    def solution(self, choices: Choices) -> Any:
        """The same, solved, without bugs."""
        return self._built(choices, lambda source, where: split(source, where)[1], True)

    def marked(self, choices: Choices) -> Any:
        """A student's with solutions between their markers, as nbgrader takes it."""
        return self._built(choices, lambda source, where: source, False)

    def hidden(self, choices: Choices) -> str:
        """The code that asks for answers, to be run after the cells of a student's notebook or the solution's."""
        return "\n\n".join(source for _, tags, source, _ in self._variant(choices, True) if "hidden" in tags)

    def wrong(self, choices: Choices) -> list[tuple[str, str, str]]:
        """(task's name, what is wrong in a sentence, code) of every listed wrong answer."""
        found = []
        for _, tags, source, _ in self._variant(choices, True):
            for tag in (tag for tag in tags if tag.startswith("wrong-")):
                found.append((tag.removeprefix("wrong-"), source.partition("\n")[0].partition(": ")[2], source))
        return found

    def _variant(self, choices: Choices, right: bool) -> list[tuple[str, tuple[str, ...], str, int]]:
        def pick(name: str, options: tuple[Any, ...]) -> int:
            return options.index(choices.values[name])

        def plant(name: str, options: tuple[Any, ...]) -> int:
            return 0 if right else choices.bugs.get(name, 0)

        found = []
        for kind, tags, source, line in self.cells:
            where = f"{self.stem}.py:{line}"
            if kind == "markdown":
                source = PARAMETER.sub(lambda match: str(choices.values[match[1]]), source)
            else:
                source = _with_parameters(_with_bugs(source, where, plant), where, pick)
            found.append((kind, tags, source, line))
        return found

    def _built(self, choices: Choices, view: Callable[[str, str], str], right: bool) -> Any:
        cells, marks = [], []
        handed_out: dict[str, str] = {}
        for (kind, tags, source, line), original in zip(self._variant(choices, right), self.cells):
            if "hidden" in tags or any(tag.startswith("wrong-") for tag in tags):
                continue
            task = _task(kind, tags, original[2])
            mark: dict[str, Any] = {}
            if task or "claim" in tags:
                points = self.claim.points if self.claim and "claim" in tags else None
                identity = f"{f'task-{task}' if task else 'claim'}-{len(handed_out) + 1}"
                mark = nbgrader(identity, kind == "markdown" or bool(BEGIN.search(original[2])), points)
                student = split(source, "")[0] if kind == "code" else source
                handed_out[identity] = hashlib.sha256(student.encode()).hexdigest()
            text = view(source, f"{self.stem}.py:{line}") if kind == "code" else source
            cells.append(Cell(kind, text, text, line, "setup" in tags))
            marks.append(mark)
        about = {"assignment": self.name, "term": choices.term, "student": choices.student, "ticket": choices.ticket}
        needs = {"cells": handed_out, "claim": bool(self.claim and self.claim.picture)}
        if self.model:
            needs |= {"network": self.model.network, "megabytes": self.model.megabytes}
        metadata = {"animelab": {**about, "needs": needs}}
        lesson = Lesson(self.stem, f"course/homework/{self.stem}.py", tuple(cells), metadata)
        built = nbformat.reads(build_lesson(lesson, repository=repository(self.root)), 4)
        for cell, mark in zip(built.cells, marks):
            if mark:
                cell.metadata["nbgrader"] = mark
        return built


def nbgrader(identity: str, solution: bool, points: float | None = None) -> dict[str, Any]:
    """A cell's metadata, as nbgrader reads it; what has points and is not a student's is locked."""
    grade = points is not None
    mark = {"grade_id": identity, "grade": grade, "solution": solution, "locked": grade and not solution}
    return {**mark, "task": False, "schema_version": 3} | ({"points": points} if grade else {})


def names(root: Path = ROOT) -> list[str]:
    """The names of all assignments, such as hw01."""
    return [path.stem.partition("_")[0] for path in sorted((root / "course" / "homework").glob("hw*_*.py"))]


def read(name: str, root: Path = ROOT) -> Assignment:
    """The assignment of that name; LabError where there is none, or with the line where its master is malformed."""
    if name not in names(root):
        known = ", ".join(names(root)) or f"none: {root} is not the course's folder"
        raise LabError(f"There is no assignment '{name}'; the course has {known}.")
    (path, *_) = (root / "course" / "homework").glob(f"{name}_*.py")
    metadata, cells = sources(path, path.name)
    header = metadata.get("animelab", {})
    if header.get("assignment") != name:
        raise LabError(f"{path.name} does not say 'assignment: {name}' under 'jupyter: animelab:' in its header.")
    parameters: dict[str, tuple[Any, ...]] = {}
    bugs: dict[str, int] = {}

    def pick(name: str, options: tuple[Any, ...]) -> int:
        if parameters.setdefault(name, options) != options:
            raise LabError(f"{path.name}: '{name}' is chosen twice, from different options; make them alike.")
        return 0

    def plant(name: str, options: tuple[Any, ...]) -> int:
        if name in bugs:
            raise LabError(f"{path.name}: two bugs are named '{name}'; rename one.")
        bugs[name] = len(options) - 1
        return 0

    declared: list[Any] = []
    for kind, tags, source, line in cells:
        where = f"{path.name}:{line}"
        if kind == "code":
            plain = _with_parameters(_with_bugs(source, where, plant), where, pick)
            split(plain, where)
            if "### BEGIN BUG" in source and not _task(kind, tags, source):
                raise LabError(f'{where}: whose bug is it? Tag the cell with its task, as tags=["task-2"].')
            declared += _declared(plain, where) if "hidden" in tags else []
    for kind, _, source, line in cells:
        if kind == "markdown" and (unknown := set(PARAMETER.findall(source)) - parameters.keys()):
            raise LabError(f"{path.name}:{line}: nothing chooses {{{{{unknown.pop()}}}}}.")
    title = next((line[2:] for kind, _, source, _ in cells if kind == "markdown" for line in source.splitlines()), name)
    tasks = tuple(each for each in declared if isinstance(each, Task))
    models, claims = ([each for each in declared if isinstance(each, kind)] for kind in (Model, Claim))
    if not tasks or max(len(models), len(claims)) > 1 or len({each.name for each in declared}) < len(declared):
        raise LabError(f"{path.name} needs tasks of different names, at most one model and one claim, in hidden cells.")
    if int(header.get("plant", 0)) > len(bugs):
        raise LabError(f"{path.name} plants {header['plant']} bugs, but has {len(bugs)}.")
    model, claim = (next(iter(each), None) for each in (models, claims))
    return Assignment(
        name, path.stem, title, header, root, tasks, model, claim, parameters, bugs, tuple(cells)  # type: ignore[arg-type]
    )  # fmt: skip


def choices(secret: Secret, term: str, assignment: Assignment, student: str) -> Choices:
    """A student's parameters and bugs: the same for the same term and student, and nobody else can tell which."""
    number = partial(secret.number, term, assignment.name, student)
    values = {key: options[number("choose", key) % len(options)] for key, options in assignment.parameters.items()}
    drawn = sorted(assignment.bugs, key=lambda bug: number("plant", bug))[: int(assignment.header.get("plant", 0))]
    bugs = {bug: 1 + number("variant", bug) % assignment.bugs[bug] for bug in drawn}
    return Choices(term, assignment.name, student, secret.ticket(term, assignment.name, student), values, bugs)


def _task(kind: str, tags: tuple[str, ...], source: str) -> str:
    """The task whose answer a student writes into this cell; "" for other cells."""
    begin = next((match for match in map(BEGIN.fullmatch, source.splitlines()) if match), None)
    tagged = next((tag.removeprefix("task-") for tag in tags if tag.startswith("task-")), "")
    return begin["hint"].partition(":")[0] if begin and kind == "code" else tagged


def _with_bugs(source: str, where: str, pick: Pick) -> str:
    """Code with one variant of each block of them, and no trace of the others."""
    lines: list[str] = []
    block: list[list[str]] = []
    name = ""
    for line in source.splitlines():
        mark = MARK.fullmatch(line)
        if mark is None:
            (block[-1] if block else lines).append(line)
        elif mark["name"] and not block:
            name, block = mark["name"], [[]]
        elif mark["other"] and block:
            block.append([])
        elif not mark["name"] and len(block) > 1:
            lines += block[pick(name, tuple(range(len(block))))]
            block = []
        else:
            raise LabError(f"{where}: '{line.strip()}' is out of place; write BEGIN BUG, OR and END BUG in turn.")
    if block:
        raise LabError(f"{where}: the bug '{name}' does not end; add '### END BUG' after it.")
    return "\n".join(lines)


def _with_parameters(source: str, where: str, pick: Pick) -> str:
    """Code with a literal in place of each `choose(name, ...)`, written as in the master."""
    if "choose(" not in source:
        return source
    lines = source.encode().splitlines(keepends=True)
    code, calls = b"".join(lines), []
    for node in ast.walk(_tree(source, where)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "choose":
            name, *options = (_literal(argument, where) for argument in node.args)
            taken = node.args[1 + pick(name, tuple(options))]
            starts = [sum(map(len, lines[: line - 1])) for line in (node.lineno, node.end_lineno or node.lineno)]
            place = starts[0] + node.col_offset, starts[1] + (node.end_col_offset or 0)
            calls.append((*place, ast.get_source_segment(source, taken) or ""))
    for start, end, text in sorted(calls, reverse=True):
        code = code[:start] + text.encode() + code[end:]
    return code.decode()


def _declared(source: str, where: str) -> list[Any]:
    """Every task, model and claim that a hidden cell declares."""
    found = []
    for node in _tree(source, where).body:
        calls = node.decorator_list if isinstance(node, ast.FunctionDef) else [getattr(node, "value", None)]
        for call in calls:
            kind = KINDS.get(ast.unparse(call.func)) if isinstance(call, ast.Call) else None
            if kind and isinstance(call, ast.Call):
                given = {each.arg or "": _literal(each.value, where) for each in call.keywords}
                try:
                    made = kind(*(_literal(argument, where) for argument in call.args), **given)
                except TypeError as error:
                    raise LabError(f"{where}: {ast.unparse(call.func)} is called wrongly ({reason(error)}).") from error
                found.append(replace(made, function=node.name) if isinstance(node, ast.FunctionDef) else made)
    return found


def _tree(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise LabError(f"{where}: the cell is not Python ({reason(error)}).") from error


def _literal(node: ast.expr, where: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise LabError(f"{where}: {ast.unparse(node)} is to be a literal, since nothing runs to read it.") from error
