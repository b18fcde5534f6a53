"""make race in small: what it promises about stopping and going on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "bench" / "race.py"


@pytest.mark.slow
def test_a_race_goes_on_where_it_was_and_the_official_recipe_trains_once(tmp_path: Path) -> None:
    out, environment = tmp_path / "race", {**os.environ, "ANIMELAB_CACHE": str(tmp_path / "cache")}

    def race(*minutes: str) -> dict[str, dict[str, float]]:
        command = [sys.executable, SCRIPT, "faces", "--count", "257", "--rounds", "1", "--out", out, "--minutes"]
        subprocess.run([*command, *minutes], env=environment, check=True, capture_output=True, text=True)
        return json.loads((out / "results.json").read_text(encoding="utf-8"))

    first = race("0.02")
    steps = {who: first[f"faces, {who}, 0.02 minutes"]["steps"] for who in ("official", "ours")}
    seconds = first["faces: seconds a step"]
    assert all(steps[who] == max(1, int(1.2 / seconds[who])) for who in steps), "minutes are turned into steps"
    second = race("0.02", "0.1")
    assert second | first == second, "what is known is not measured again"
    longer = {who: second[f"faces, {who}, 0.1 minutes"]["steps"] for who in steps}
    assert all(longer[who] == max(1, int(6 / seconds[who])) for who in steps)
    assert {folder.name for folder in out.iterdir()} == {
        "results.json", "faces.png", "faces official", "faces ours", "faces ours 0.02", "faces ours 0.1"
    }  # fmt: skip
    log = (out / "faces official" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line)["step"] for line in log]
    assert logged == sorted(set(logged)) and {steps["official"], longer["official"]} <= set(logged), "one training"
