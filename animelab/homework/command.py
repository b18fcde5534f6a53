"""`animelab homework`: issue, pack and grade. Heavy imports happen inside the commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from animelab.errors import say, shown


def add_to(actions: Any, add: Callable[..., argparse.ArgumentParser], path: Any, within: Any) -> None:
    """Add the actions to the command line; add, path, within: as cli.py makes commands, paths and ranges of numbers."""
    sub = add("release", release, "issue an assignment: a notebook of their own for each student", actions)
    sub.add_argument("assignment", help="such as hw01; course/homework/ has them")
    sub.add_argument("--term", required=True, help="such as 2027S; another term, other variants")
    sub.add_argument("--roster", type=path, help="students as CSV with the columns id and name (one notebook for all)")
    sub.add_argument("--out", type=path, required=True, help="the folder for students' folders, and the instructor's")
    sub.add_argument("--secret", type=path, help="the secret.key of an earlier release (OUT/instructor/secret.key)")

    sub = add("pack", pack, "put your homework into one zip to hand in, and say what is missing", actions)
    sub.add_argument("notebook", type=path, nargs="?", help="your notebook (the one that is here)")
    sub.add_argument("--weights", type=path, help="your run, or its weights.safetensors (those beside the notebook)")
    sub.add_argument("--out", type=path, help="the .zip to write (beside the notebook)")

    sub = add("grade", grade, "grade a folder of submissions, each in a sandbox", actions)
    sub.add_argument("submissions", type=path, help="the folder, as the learning platform gives it")
    sub.add_argument("--assignment", required=True, help="such as hw01")
    sub.add_argument("--term", required=True, help="as it was released")
    sub.add_argument("--secret", type=path, required=True, help="the secret.key that release made")
    sub.add_argument("--out", type=path, required=True, help="the folder for marks and feedback")
    sub.add_argument("--workers", type=within((1, 256)), default=2, help="how many at once (2)")
    sub.add_argument("--roster", type=path, help="another roster than the one that was released to")
    sub.add_argument("--again", action="store_true", help="grade also what is graded already")
    sub.add_argument("--unsafe", action="store_true", help="go on where the system cannot isolate submissions")


def release(options: argparse.Namespace) -> None:
    """Issue an assignment."""
    from animelab.homework.release import prepare
    from animelab.homework.release import release as issue

    name, term = options.assignment, options.term
    students, secret = issue(name, term, options.out, options.roster, options.secret)
    say(f"{students} has a folder for each student, or one for everyone: hand them out as they are.")
    say(f"{secret.parent} is for you alone: whoever has {secret.name} knows every answer.")
    say("Now the network that scores models, and its anchors: some minutes, and not needed before you grade.")
    prepare(name, term, secret)


def pack(options: argparse.Namespace) -> None:
    """Make the zip, and say what is missing and what is to be done with it."""
    from animelab.homework.pack import pack as packed

    place, remarks = packed(options.notebook, options.weights, options.out)
    for remark in remarks:
        say(f"- {remark}")
    size = place.stat().st_size / 1e6
    say(f"{shown(place, 500)} ({size:.2g} MB) is saved on this computer. Saved is not submitted: upload it where your "
        "instructor said, and look whether the page there shows it.")  # fmt: skip


def grade(options: argparse.Namespace) -> None:
    """Grade what was handed in."""
    from animelab.homework.grade import grade as graded

    given = dict(vars(options))
    del given["command"]
    graded(**given)
