"""Devices, folders and the greeting."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from animelab import env
from animelab.errors import LabError


def test_a_device_this_machine_lacks_is_refused_with_what_it_has():
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(LabError, match=r"'cuda' is not available here.*cpu"):
        env.pick_device("cuda")
    for name in ("tpu", "cpu:-1", "cpu:1", "cpu:", "cpu:x", "meta", "", None):
        with pytest.raises(LabError, match="is not available here"):
            env.pick_device(name)
    assert env.pick_device("cpu:0").type == env.pick_device(torch.device("cpu")).type == "cpu"


def test_seeding_covers_all_three_generators():
    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    env.seed_everything(5)
    first = draw()
    env.seed_everything(5)
    assert draw() == first
    env.seed_everything(6)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_folders_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ANIMELAB_RUNS", str(tmp_path / "runs"))
    assert env.cache_dir() == tmp_path / "cache"
    assert env.runs_dir() == tmp_path / "runs"


def test_scale_rejects_what_it_does_not_know(monkeypatch):
    monkeypatch.setenv("ANIMELAB_SCALE", "smok")
    with pytest.raises(LabError, match="'smok'"):
        env.scale()


def test_the_greeting_is_one_line_that_names_the_device(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ANIMELAB_RUNS", str(tmp_path))
    monkeypatch.setenv("ANIMELAB_SCALE", "smoke")
    env.start()
    (line,) = capsys.readouterr().out.splitlines()
    assert "GPU" in line
    assert str(tmp_path) in line
    assert "tiny" in line
