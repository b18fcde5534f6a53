"""`python -m animelab.authoring build` writes the notebooks, `check` compares them with their masters.

`bundle` makes the course for people who have no repository.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from animelab.authoring import build, drift, lint, read_all
from animelab.authoring.bundle import bundle
from animelab.errors import LabError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Build or check; returns the exit code. Broken rules of form are warnings for `build` and failures for `check`."""
    parser = argparse.ArgumentParser(prog="python -m animelab.authoring", description=__doc__)
    parser.add_argument("action", choices=["build", "check", "bundle"])
    action = parser.parse_args(arguments).action
    try:
        for path in build(root) if action == "build" else ():
            print(f"wrote {path.relative_to(root)}")
        if action == "bundle":
            for path in bundle(root, root / "build" / "bundle"):
                print(f"{path.relative_to(root)} ({path.stat().st_size / 1e6:.1f} MB)")
            return 0
        problems = [problem for lesson in read_all(root) for problem in lint(lesson, root)] + drift(root)
    except LabError as error:
        action, problems = "check", [str(error)]
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    return int(action == "check" and bool(problems))


if __name__ == "__main__":
    sys.exit(main())
