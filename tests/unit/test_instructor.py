"""The instructor's kit keeps its word: what it names exists, what it quotes is said, and its code runs."""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from pathlib import Path

import nbformat
import pytest

from animelab import cli
from animelab.authoring.master import read_all

ROOT = Path(__file__).parents[2]
KIT = ROOT / "course" / "instructor"
PAGES = {path.name: path.read_text("utf-8") for path in sorted(KIT.glob("*.md"))}
LESSONS = {lesson.name: lesson for lesson in read_all(ROOT)}
TEXTS = {name: "\n".join(cell.solved for cell in lesson.cells) for name, lesson in LESSONS.items()}
PROSE = {
    name: "\n".join(cell.solved for cell in lesson.cells if cell.kind == "markdown") for name, lesson in LESSONS.items()
}
EXERCISES = set(re.findall(r"^### Exercise (\d+\.\d+) ", "\n".join(PROSE.values()), re.MULTILINE))
MODELS = json.loads((ROOT / "animelab" / "zoo" / "manifest.json").read_text("utf-8")).keys()
HOMEWORK = sorted(path.stem for path in (ROOT / "course" / "homework").glob("hw*.py"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def plain(text: str) -> str:
    """Words alone: without emphasis, code marks and line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"[*`]|^# ?", "", text, flags=re.MULTILINE))


def rows(page: str, first: str) -> list[list[str]]:
    """The cells of a Markdown table whose header begins with `first`, without the header."""
    lines = PAGES[page].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def section(page: str, heading: str) -> str:
    """What stands under a heading of level 2."""
    return re.split(r"^## ", PAGES[page].split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


@cache
def anchors(path: Path) -> set[str]:
    """What a link can point to: GitHub's anchors of a page, JupyterLab's of a notebook."""
    if path.suffix == ".ipynb":
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
        return {heading.replace(" ", "-") for cell in cells for heading in re.findall(r"^#+ (.+)$", cell, re.MULTILINE)}
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- whatever any page names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)\s]*)\)", FENCE.sub("", PAGES[page]))
    for link in links:
        name, _, anchor = link.partition("#")
        target = (KIT / name).resolve() if name else KIT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_of_the_kit_is_linked_from_the_guide_and_the_guide_from_the_readme() -> None:
    for page in PAGES.keys() - {"guide.md"}:
        assert f"]({page})" in PAGES["guide.md"], page
    assert "](course/instructor/guide.md)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_exercises_lessons_homework_and_models_exist(page: str) -> None:
    text = PAGES[page]
    words = " ".join(re.findall(r"`([^`\n]+)`", text)) + " ".join(block for _, block in FENCE.findall(text))
    assert set(re.findall(r"[Ee]xercise (\d+\.\d+)", text)) <= EXERCISES
    assert set(re.findall(r"\b(?:0\d|10)_[a-z]\w+\b", text)) <= LESSONS.keys()
    assert set(re.findall(r"\bhw\d\d_\w+", text)) <= set(HOMEWORK)
    assert set(re.findall(r"\bhw\d\d\b", text)) <= {name.split("_")[0] for name in HOMEWORK}
    assert set(re.findall(r"\b[a-z][a-z0-9]+(?:-[a-z0-9]+)*-(?:64|128|256)\b", words)) <= MODELS


def commands(text: str) -> list[str]:
    """Every `animelab …` and `make …` of a page: lines of its blocks, and words in code marks."""
    blocks = [line for kind, block in FENCE.findall(text) if kind in ("", "sh") for line in block.splitlines()]
    said = re.findall(r"`((?:animelab|make) [^`]+)`", FENCE.sub("", text))
    return [line.strip() for line in blocks if re.match(r"(animelab|make) ", line)] + said


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_one(page: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for line in commands(PAGES[page]):
        program, *arguments = shlex.split(line, comments=True)
        if program == "make":
            assert arguments[0] in targets, line
            continue
        cli._parser().parse_args(arguments)


# --- each page's own promise ------------------------------------------------------------------------------------------


def test_the_guide_is_read_in_ten_minutes() -> None:
    assert len(FENCE.sub("", PAGES["guide.md"]).split()) < 2300


def test_outcomes_cover_every_exercise_and_every_homework() -> None:
    table = rows("outcomes.md", "outcome")
    named = [number for row in table for number in re.findall(r"\d+\.\d+", row[1])]
    assert set(named) == EXERCISES
    graded = {each for row in table for each in re.findall(r"hw\d\d", row[2])}
    assert graded == {name.split("_")[0] for name in HOMEWORK}


@pytest.mark.parametrize("weeks", [6, 12])
def test_a_syllabus_has_its_weeks_every_lesson_and_the_lessons_own_minutes(weeks: int) -> None:
    table = [line for line in section("syllabus.md", f"{weeks} weeks").splitlines() if re.match(r"\| \d", line)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert [row[0] for row in cells] == [str(week) for week in range(1, weeks + 1)]
    whole = " ".join(row[1] for row in cells)
    assert set(re.findall(r"\b\d\d_\w+", whole)) == LESSONS.keys()
    minutes = {
        number: int(time)
        for text in PROSE.values()
        for number, time in re.findall(r"^### Exercise (\d+\.\d+) .*about (\d+) minutes", text, re.MULTILINE)
    }
    assert minutes.keys() == EXERCISES
    for row in cells:
        exercises = re.findall(r"\d+\.\d+", row[2])
        assert sum(minutes[number] for number in exercises) == int(row[3] or 0), row
    given = [number for row in cells for number in re.findall(r"\d+\.\d+", row[2])]
    assert len(given) == len(set(given)), "an exercise is given once"
    if weeks == 12:
        assert set(given) == EXERCISES - {"2.1"}, "all but the optional one"


def test_the_syllabus_tells_the_hours_of_each_homework() -> None:
    said = {name: float(hours) for name, hours in rows("syllabus.md", "homework")}
    masters = {name: (ROOT / "course" / "homework" / f"{name}.py").read_text("utf-8") for name in HOMEWORK}
    assert said == {
        name: int(re.findall(r"^#\s+minutes: (\d+)$", text, re.M)[0]) / 60 for name, text in masters.items()
    }


def test_prerequisites_can_be_checked_by_running_them() -> None:
    blocks = [block for kind, block in FENCE.findall(PAGES["prerequisites.md"]) if kind == "python"]
    questions = re.findall(r"^### \d+", PAGES["prerequisites.md"], re.MULTILINE)
    answers = [block for block in blocks if "assert" in block]
    assert len(questions) == len(answers) >= 10
    given: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "prerequisites.md", "exec"), given)


@pytest.mark.parametrize("lesson", LESSONS)
def test_misconceptions_are_three_to_five_a_lesson_and_quote_it(lesson: str) -> None:
    entries = re.split(r"^- ", section("misconceptions.md", lesson), flags=re.MULTILINE)[1:]
    assert 3 <= len(entries) <= 5
    said = plain(TEXTS[lesson]).lower()
    for entry in entries:
        claim, answer = re.fullmatch(r'\*\*"(.+?)"\*\*(.+)', entry.strip(), re.DOTALL).groups()
        assert f"notebooks/{lesson}.ipynb" in answer or re.search(r"Quiz|[Ee]xercise", answer), claim
        for quoted in re.findall(r'"([^"]+)"', answer):
            assert plain(quoted).lower() in said, quoted


def set_apart(term: str, text: str) -> bool:
    """Whether a text sets the term in italics or bold, as lessons do where they introduce it."""
    spans = re.findall(r"(?<![*\w])\*{1,2}(?=\S)([^*]{1,60}?)(?<=\S)\*{1,2}(?![*\w])", text)
    word = re.compile(rf"(?<!\w){re.escape(term)}s?(?!\w)", re.IGNORECASE)
    return any(word.search(re.sub(r"\s+", " ", span)) for span in spans)


def test_the_glossary_says_where_a_term_is_met_first_in_english_and_chinese() -> None:
    table = rows("glossary.md", "term")
    terms = [row[0] for row in table]
    assert len(terms) >= 80
    assert terms == sorted(set(terms), key=str.lower)
    names = list(LESSONS)
    words = {name: plain(text).replace("_", " ") for name, text in TEXTS.items()}
    prose = {name: text.split("## References")[0] for name, text in PROSE.items()}
    for term, chinese, sentence, lesson in table:
        said = words[lesson]
        assert re.search(rf"(?<!\w){re.escape(term)}", said, re.IGNORECASE), f"{term}: not in {lesson}"
        earlier = [name for name in names[: names.index(lesson)] if set_apart(term, prose[name])]
        assert not earlier, f"{term}: introduced in {earlier}"
        assert re.search(r"[\u4e00-\u9fff]", chinese), term
        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", sentence) and len(re.findall(r"[.!?](?: |$)", sentence)) == 1, term
    assert {row[3] for row in table} == LESSONS.keys()


def test_what_the_ethics_page_says_has_sources() -> None:
    said, _, sources = PAGES["ethics.md"].partition("## Sources")
    used = set(re.findall(r"\[(\d+)\]", said))
    assert used == set(re.findall(r"^(\d+)\. .*https?://", sources, re.MULTILINE))
    assert len(used) >= 10
    subjects = ("Rights of training data", "Consent in face translation", "Deepfakes", "Artists' labor")
    assert {*subjects, "What Colab forbids"} <= set(re.findall(r"^## (.+)$", said, re.MULTILINE))
