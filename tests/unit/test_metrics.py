"""Every metric against an independent implementation on the same numbers, and against pictures whose order is known."""

from __future__ import annotations

import importlib.util
import json
from functools import cache

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torchmetrics.functional.image import peak_signal_noise_ratio
from torchmetrics.image.kid import poly_mmd

from animelab import metrics, zoo
from animelab.cli import main
from animelab.data import StudioAttributes, StudioFaces
from animelab.errors import LabError
from animelab.metrics.attributes import GROUPS, accuracy
from animelab.metrics.report import CEILING, FLOOR
from animelab.studio import TAGS


@cache
def drawn() -> StudioFaces:
    return StudioFaces(64, 600, split="test")


def clouds(seed: int, count: int = 300, size: int = 24) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(size, size, generator=generator, dtype=torch.float64)
    first = torch.randn(count, size, generator=generator, dtype=torch.float64) @ mix
    return first, torch.randn(count, size, generator=generator, dtype=torch.float64) * 1.3 + 0.4


@pytest.mark.parametrize("seed", range(4))
def test_frechet_is_scipys(seed: int) -> None:
    real, fake = clouds(seed)
    a, b = np.cov(real.numpy(), rowvar=False), np.cov(fake.numpy(), rowvar=False)
    gap = ((real.mean(0) - fake.mean(0)) ** 2).sum().item()
    expected = gap + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert metrics.frechet(real, fake) == pytest.approx(expected, rel=1e-6)


def test_frechet_knows_closed_forms() -> None:
    real, _ = clouds(0)
    assert metrics.frechet(real, real) == pytest.approx(0, abs=1e-6)
    assert metrics.frechet(real, real.flip(0)) == pytest.approx(0, abs=1e-6)
    assert metrics.frechet(real, real + 2) == pytest.approx(4 * real.shape[1], rel=1e-6)
    spread = real.T.cov().trace().item()
    assert metrics.frechet(real, real.mean(0) + 3 * (real - real.mean(0))) == pytest.approx(4 * spread, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_kernel_distance_is_torchmetrics(seed: int) -> None:
    real, fake = clouds(seed, 80)
    ours = metrics.kernel_distance(real, fake, subset=80, subsets=3)
    theirs = poly_mmd(real, fake, degree=3, gamma=None, coef=1.0)
    assert ours.mean == pytest.approx(theirs.item(), rel=1e-6)
    assert ours.std == pytest.approx(0, abs=1e-9 * abs(ours.mean))  # every subset is the whole


def test_kernel_distance_of_equal_distributions_is_around_zero() -> None:
    generator = torch.Generator().manual_seed(1)
    real, fake = (torch.randn(2000, 16, generator=generator) for _ in range(2))
    same = metrics.kernel_distance(real, fake, subset=200)
    assert abs(same.mean) < 3 * same.std / 20**0.5 + 0.02
    assert metrics.kernel_distance(real, fake + 0.5, subset=200).mean > 10 * abs(same.mean)


def pictures(seed: int = 0, count: int = 4) -> tuple[Tensor, Tensor]:
    first = drawn().batch(range(seed, seed + count))
    noise = torch.randn(first.shape, generator=torch.Generator().manual_seed(seed))
    return first, (first + 0.15 * noise).clamp(-1, 1)


def test_psnr_is_torchmetrics() -> None:
    first, second = pictures()
    for i in range(len(first)):
        a, b = first[i : i + 1], second[i : i + 1]
        theirs = peak_signal_noise_ratio(b, a, data_range=2.0)
        assert metrics.psnr(a, b).item() == pytest.approx(theirs.item(), rel=1e-5)
    assert metrics.psnr(first, first).isinf().all()


def test_a_grid_shows_only_at_its_own_period() -> None:
    clean = StudioFaces(128, 16, prior="full").batch(range(16))
    column = 0.12 * torch.tensor([1.0, -1, 1, -1, -1, 1, -1, 1]).repeat(16)  # 8 px; nothing of it repeats after 4
    across = 0.12 * (torch.arange(128) % 4 == 0)
    assert 0.7 < metrics.grid_energy(clean) < 1.3
    assert metrics.grid_energy(clean + across) > 3
    assert metrics.grid_energy(clean + across[:, None]) > 3, "in both directions"
    assert metrics.grid_energy(clean + column, 8) > 2 * metrics.grid_energy(clean + column, 4)
    with pytest.raises(LabError, match="a multiple of it from 48 px"):
        metrics.grid_energy(clean[..., :44, :44])
    with pytest.raises(LabError, match="Flat pictures"):
        metrics.grid_energy(torch.zeros(2, 3, 64, 64))
    for period in (0, 1, 2.5, "a", True):
        with pytest.raises(LabError, match="period takes a whole number"):
            metrics.grid_energy(clean, period)


def test_a_grid_in_noise_is_as_strong_as_by_hand() -> None:
    noise = torch.rand(64, 3, 96, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    combed = noise + 0.3 * (torch.arange(96) % 4 == 0)
    assert metrics.grid_energy(noise) == pytest.approx(1, abs=0.03)
    # Through Hann's windows a line has (0.3 / 4)^2 * 96^4 / 16 at its frequency, and a fourth of it in a mean of nine;
    # gray noise, whose variance is 1/9, has (3 / 8)^2 * 96^2 / 9 everywhere. The line is 3 of the grid's 15.
    line = (0.3 / 4) ** 2 * 96**4 / 16 / 4 / ((3 / 8) ** 2 * 96**2 / 9)
    assert metrics.grid_energy(combed) == pytest.approx(1 + 3 / 15 * line, rel=0.03)


def test_perceptual_orders_what_eyes_order() -> None:
    first, _ = pictures(count=16)
    soft = avg_pool2d(first, 3, 1, 1, count_include_pad=False)
    softer = avg_pool2d(soft, 5, 1, 2, count_include_pad=False)
    other = drawn().batch(range(100, 116))
    little, more, most = (metrics.perceptual(first, second).mean() for second in (soft, softer, other))
    assert 0 < little < more < most
    assert (metrics.perceptual(first, first) == 0).all()
    torch.testing.assert_close(metrics.perceptual(first, other), metrics.perceptual(other, first))


def test_distances_grow_with_the_damage() -> None:
    real, other = drawn().batch(range(300)), drawn().batch(range(300, 600))
    noise = torch.randn(other.shape, generator=torch.Generator().manual_seed(0))
    sets = [other, (other + 0.1 * noise).clamp(-1, 1), (other + 0.5 * noise).clamp(-1, 1), noise.clamp(-1, 1)]
    fd = [metrics.fd_studio(real, fake) for fake in sets]
    kd = [metrics.kd_studio(real, fake, subset=150).mean for fake in sets]
    assert fd == sorted(fd) and kd == sorted(kd)
    assert fd[-1] > 5 * fd[0]
    copies = other[:10].repeat(30, 1, 1, 1)  # a generator that only knows ten faces
    assert metrics.fd_studio(real, copies) > 2 * fd[0]
    variety = metrics.variety(copies, real)
    assert variety["twins"] == 1.0 and variety["rank"] < metrics.variety(other, real)["rank"]


def test_too_few_and_unequal_counts_are_refused() -> None:
    real, fake = clouds(0)
    with pytest.raises(LabError, match="25 pictures"):
        metrics.frechet(real[:24], fake[:24])
    with pytest.raises(LabError, match="at least 500"):
        metrics.kernel_distance(real, fake)
    for distance in (metrics.frechet, metrics.kernel_distance):
        with pytest.raises(LabError, match="300 and 299"):
            distance(real, fake[:-1])
    first, _ = pictures()
    for distance in (metrics.psnr, metrics.perceptual):
        with pytest.raises(LabError, match="same shape"):
            distance(first, first[:2])


def test_accuracy_counts_groups_and_balances_rare_tags() -> None:
    labels = torch.zeros(10, len(TAGS))
    labels[:, 0] = 1  # all blonde
    labels[:, GROUPS["eye color"][0]] = 1
    labels[0, TAGS.index("hat")] = 1
    logits = torch.full((10, len(TAGS)), -1.0)
    logits[:7, 0], logits[7:, 1] = 2.0, 2.0
    logits[:, GROUPS["eye color"][0]] = 0.5
    found = accuracy(logits, labels)
    assert found["hair color"] == pytest.approx(0.7)
    assert found["eye color"] == 1.0
    assert found["hat"] == 0.5  # never says hat: right nine times of ten, and worth nothing
    assert "blonde hair" not in found  # nobody is not blonde
    assert len(GROUPS["hair color"]) == 13 and len(GROUPS["eye color"]) == 10
    with pytest.raises(LabError, match="34"):
        accuracy(logits[:, :3], labels)


@pytest.mark.parametrize("name", ["tagger", "examiner"])
def test_bundled_taggers_read_fresh_faces(name: str) -> None:
    faces = StudioAttributes(64, 300, split="test")
    shown, labels = faces.batch(range(300))
    found = metrics.attribute_accuracy(shown, labels, by=name)
    assert found["hair color"] > 0.97 and found["eye color"] > 0.9
    wrong = metrics.attribute_accuracy(shown, labels.roll(1, 0), by=name)
    assert wrong["hair color"] < 0.4
    card = zoo.card(name)
    assert found["hair color"] == pytest.approx(card["scores"]["frontal"]["hair color"], abs=0.03)
    assert (zoo.FOLDER / "weights" / card["file"]).stat().st_size < 5e6


def test_the_examiner_is_another_network() -> None:
    tagger, examiner = zoo.card("tagger"), zoo.card("examiner")
    assert tagger["network"] != examiner["network"] and tagger["seed"] != examiner["seed"]
    shown = drawn().batch(range(64))
    assert not torch.allclose(metrics.predicted(shown, "tagger"), metrics.predicted(shown, "examiner"), atol=0.5)


def test_pictures_of_any_size_are_read(tmp_path) -> None:
    labels = StudioAttributes(96, 60, split="test", cache=tmp_path)
    found = metrics.attribute_accuracy(*labels.batch(range(60)))
    assert found["hair color"] > 0.95


def test_a_typo_names_the_nearest_network() -> None:
    with pytest.raises(LabError, match="did you mean 'tagger'"):
        zoo.network("taggr")
    with pytest.raises(LabError, match="cannot draw"):
        zoo.load("tagger")


@pytest.mark.skipif(importlib.util.find_spec("torch_fidelity") is not None, reason="FID can be computed here")
def test_without_inception_the_real_fid_says_what_is_missing(capsys) -> None:
    assert main(["evaluate", "dcgan-faces-64", "--count", "260", "--inception"]) == 1
    assert 'pip install "animelab[fid]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("studio faces (frontal, seed 0)", ("frontal", "color")),
        ("studio faces (full-train-seed0)", ("full", "color")),
        ("studio faces (full-train-seed0, portrait)", ("full", "portrait")),
    ],
)
def test_a_model_is_scored_against_what_it_learned_from(data: str, found: tuple[str, str]) -> None:
    model = zoo.load("dcgan-faces-64")
    model.card = {"data": data}
    assert model.learned_from() == found
    model.card = {"data": "folder cats"}
    with pytest.raises(LabError, match="folder cats"):
        model.learned_from()


def test_evaluate_writes_a_table_with_floor_and_ceiling(tmp_path, capsys) -> None:
    out = tmp_path / "scores" / "lesson1.json"
    assert main(["evaluate", "dcgan-faces-64", "--count", "300", "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert list(report["rows"]) == [FLOOR, "dcgan-faces-64", CEILING]
    fd = [row["fd_studio"] for row in report["rows"].values()]
    assert fd == sorted(fd) and fd[2] > 2 * fd[1] > 4 * fd[0]
    assert (report["count"], report["prior"], report["size"]) == (300, "frontal", 64)
    printed = capsys.readouterr().out
    assert "dcgan-faces-64" in printed and f"{fd[1]:.3f}" in printed
    with pytest.raises(LabError, match="from 257"):
        metrics.evaluate(["dcgan-faces-64"], 200)


def test_equal_pictures_have_no_variety() -> None:
    drawn = torch.rand(8, 3, 32, 32)
    same = drawn[:1].repeat(8, 1, 1, 1)
    assert metrics.variety(same, drawn) == {"rank": 0.0, "twins": 1.0}


def test_guessed_answers_are_those_of_the_drawing() -> None:
    pictures, labels = StudioAttributes(64, 200, prior="frontal", split="test").batch(range(200))
    answers = metrics.guessed(pictures)
    assert set(answers.unique().tolist()) == {0.0, 1.0}
    for columns in GROUPS.values():
        assert (answers[:, columns].sum(1) == 1).all()
        assert (answers[:, columns] == labels[:, columns]).all(1).float().mean() > 0.95
    assert (answers == labels).float().mean() > 0.95


def test_obedience_is_the_distance_under_the_dots_and_nowhere_else() -> None:
    hints = torch.zeros(2, 4, 8, 8)
    hints[0, :, 2, 3] = torch.tensor([0.5, -0.5, 0.0, 1.0])
    hints[1, :, 5, 5] = torch.tensor([1.0, 1.0, 1.0, 1.0])
    pictures = torch.rand(2, 3, 8, 8)
    pictures[0, :, 2, 3] = torch.tensor([0.5, -0.5, 0.0])
    pictures[1, :, 5, 5] = torch.tensor([1.0, 0.4, 0.2])
    assert metrics.obedience(pictures, hints) == pytest.approx((0 + 127.5 * (0.36 + 0.64) ** 0.5) / 2, rel=1e-5)
    with pytest.raises(LabError, match="at least one"):
        metrics.obedience(pictures, torch.zeros(2, 4, 8, 8))
    square = torch.zeros(1, 4, 8, 8)
    square[0, :, 2:5, 2:5] = torch.tensor([0.5, 0.5, 0.5, 1.0])[:, None, None]
    inked = torch.full((1, 3, 8, 8), -1.0)
    inked[0, :, 3, 3] = 0.5
    assert metrics.obedience(inked, square) == 0, "the rim of a dot may lie on ink"


def test_a_leak_is_the_share_of_change_outside() -> None:
    before, region = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    region[..., :2] = True
    after = before.clone()
    after[0, 0, 0, 0], after[0, 1, 0, 3] = 0.6, -0.2
    assert metrics.leak(before, after, region) == pytest.approx(0.25)
    assert metrics.leak(before, after, ~region) == pytest.approx(0.75)
    with pytest.raises(LabError, match="another color"):
        metrics.leak(before, before, region)
