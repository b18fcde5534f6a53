"""The engine's parts, and the loop on a recipe small enough to reason about."""

from __future__ import annotations

import copy
import json
import random
import signal
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from animelab.config import TrainingConfig
from animelab.engine import EMA, Checkpoints, Recipe, adam, frozen, linear_decay, train
from animelab.engine.loop import Order
from animelab.errors import LabError


@dataclass(frozen=True)
class LineConfig(TrainingConfig):
    steps: int = 12
    batch: int = 4
    log_every: int = 3
    preview_every: int = 6
    checkpoint_every: int = 5
    lr: float = 0.1


class Line(Recipe):
    """Fits y = 2x: the smallest thing that trains."""

    name = "line"
    parts = ("after_step",)

    def build(self, config):
        self.network = nn.Linear(1, 1)
        self.average = EMA(self.network, 0.9)
        self.optimizer = adam(self.network, config.lr, (0.9, 0.999))
        self.decay = linear_decay(self.optimizer, config.decay)
        self.seen = torch.zeros((), dtype=torch.int64)

    def after_step(self, recipe):
        """A hook for the tests."""

    def step(self, x):
        noise = torch.randn_like(x) * 0.1
        loss = (self.network(x) - 2 * x + noise).square().mean()
        self.update(self.optimizer, loss)
        self.average.update(self.network)
        self.decay.step()
        self.seen += len(x)
        self.after_step(self)
        return {"error": loss.detach()}

    def preview(self):
        torch.randn(3)  # a preview may draw noise; training must not notice
        return np.full((4, 4, 3), int(self.seen) % 256, dtype=np.uint8)

    def weights(self):
        from animelab.nn import dcgan

        return "dcgan.generator", {"size": 32, "latent": 2, "width": 1}, dcgan.Generator(32, 2, 1)


class Numbers:
    name, fingerprint = "numbers", "1"

    def __init__(self, count=10):
        self.values = torch.linspace(-1, 1, count)[:, None]

    def __len__(self):
        return len(self.values)

    def batch(self, indices, device="cpu"):
        return self.values[indices].to(device)


def everything(recipe):
    return torch.cat([v.float().flatten() for s in (recipe.state(),) for v in _tensors(s)])


def _tensors(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


def test_order_shows_every_picture_once_before_any_twice():
    order = Order(length=10, batch=4, seed=0)
    stream = torch.cat([order[step] for step in range(15)])  # 60 = 6 epochs
    for epoch in stream.split(10):
        assert epoch.sort().values.tolist() == list(range(10))
    assert stream[:10].tolist() != stream[10:20].tolist()
    assert Order(10, 4, 0)[7].tolist() == order[7].tolist(), "a batch depends on its number alone"
    counts = Order(3, 7, 0)[0].bincount(minlength=3)  # fewer pictures than a batch holds
    assert counts.sum() == 7
    assert counts.max() - counts.min() <= 1


def test_average_is_the_closed_form():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double()
    average = EMA(network, decay=0.75)
    expected = {name: value.clone() for name, value in network.state_dict().items()}
    held = average.average[0].weight
    for n in range(40):
        decay = min(0.75, (1 + n) / (10 + n))
        network(torch.randn(8, 2, dtype=torch.float64))  # moves BatchNorm's statistics
        with torch.no_grad():
            network[0].weight.add_(torch.randn(2, 2))
        average.update(network)
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                expected[name] = decay * expected[name] + (1 - decay) * value
            else:
                expected[name] = value.clone()
    for name, value in average.average.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    assert held is average.average[0].weight, "the average moves in place"
    assert not average.average.training


def test_frozen_lets_gradients_through_but_not_in():
    inner, outer = nn.Linear(3, 3), nn.Linear(3, 1)
    with frozen(outer):
        outer(inner(torch.ones(1, 3))).sum().backward()
    assert inner.weight.grad.abs().sum() > 0
    assert outer.weight.grad is None
    assert outer.weight.requires_grad


def test_training_fits_and_writes_everything(tmp_path):
    reports = []
    recipe = Line(LineConfig(steps=200, lr=0.05, precision="fp32"), "cpu")
    run = train(recipe, Numbers(), tmp_path, watch=reports.append)
    assert run.finished
    assert recipe.network.weight.item() == pytest.approx(2, abs=0.1)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == sorted({*range(3, 200, 3), *range(5, 201, 5)})
    assert rows == run.history == reports[-1].history
    assert reports[-1].step == reports[-1].steps == 200
    assert reports[-1].eta == 0
    assert [int(path.stem) for path in run.previews] == [0, 1, 2, 4, *range(6, 200, 6), 200]
    assert [path.name for path in Checkpoints(tmp_path / "checkpoints").paths()] == [
        "step-00000195.pt",
        "step-00000200.pt",
    ]
    assert (tmp_path / "timelapse.webp").stat().st_size > 0
    assert not list(tmp_path.rglob(".*")), "no temporary file stays behind"


def test_resuming_changes_nothing(tmp_path):
    straight = Line(LineConfig(decay=12), "cpu")
    train(straight, Numbers(), tmp_path / "straight")
    train(Line(LineConfig(decay=12, steps=7), "cpu"), Numbers(), tmp_path / "broken")
    torch.randn(99)  # the world goes on between two sessions
    resumed = Line(LineConfig(decay=12), "cpu")
    train(resumed, Numbers(), tmp_path / "broken")
    assert torch.equal(everything(straight), everything(resumed))
    losses = [
        [row["error"] for row in map(json.loads, (tmp_path / name / "log.jsonl").read_text().splitlines())]
        for name in ("straight", "broken")
    ]
    assert set(losses[0]) <= set(losses[1])


def test_moments_take_the_order_that_their_weights_have_in_memory():
    """Fused Adam reads both in one order and checks nothing: other strides would mix up the moments, silently."""

    class Maps(Recipe):
        name = "maps"

        def build(self, config):
            torch.manual_seed(1)
            self.network = nn.Conv2d(3, 4, 3)
            self.optimizer = adam(self.network, 0.1, (0.5, 0.9))

    def made(order):
        recipe = Maps(TrainingConfig(batch=2), "cpu")
        recipe.network.to(memory_format=order)
        return recipe

    def some_steps(recipe):
        for seed in range(3):
            torch.manual_seed(seed)
            recipe.update(recipe.optimizer, recipe.network(torch.randn(2, 3, 5, 5)).square().sum())
        return recipe

    orders = (torch.channels_last, torch.contiguous_format)
    recipes = [some_steps(made(order)) for order in orders]
    strides = [recipe.network.weight.stride() for recipe in recipes]
    assert strides[0] != strides[1]
    crossed = [made(order) for order in orders]
    for recipe, other in zip(crossed, reversed(recipes)):
        recipe.load_state(copy.deepcopy(other.state()))
    for recipe, shape in zip([*map(some_steps, [*recipes, *crossed])], strides * 2):
        assert recipe.network.weight.stride() == shape
        torch.testing.assert_close(recipe.network.weight, recipes[0].network.weight, rtol=1e-5, atol=1e-6)


def test_random_numbers_belong_to_the_step_whatever_else_draws_some(tmp_path):
    """Noise of a step is a function of seed and step: a watcher may draw, too, and another seed gives other noise."""

    class Noisy(Line):
        def step(self, batch):
            self.drawn.append((float(torch.rand(())), float(np.random.rand()), random.random()))
            return super().step(batch)

    def drawn(name, watch, **changes):
        recipe = Noisy(LineConfig(**changes), "cpu")
        recipe.drawn = []
        train(recipe, Numbers(), tmp_path / name, watch=watch)
        return recipe.drawn

    quiet = drawn("quiet", lambda progress: None)
    loud = drawn("loud", lambda progress: (torch.rand(3), np.random.rand(2), random.seed(1)))
    assert quiet == loud and len(set(quiet)) == len(quiet)
    assert not set(quiet) & set(drawn("other", lambda progress: None, seed=1))


def test_resume_modes(tmp_path):
    with pytest.raises(LabError, match="no checkpoint"):
        train(Line(LineConfig(), "cpu"), Numbers(), tmp_path, resume=True)
    train(Line(LineConfig(), "cpu"), Numbers(), tmp_path)
    with pytest.raises(LabError, match="already holds a run"):
        train(Line(LineConfig(), "cpu"), Numbers(), tmp_path, resume=False)
    with pytest.raises(LabError, match=r"lr = 0\.1, and now it is 0\.2"):
        train(Line(LineConfig(lr=0.2), "cpu"), Numbers(), tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    del record["config"]["start"]
    (tmp_path / "run.json").write_text(json.dumps(record))
    train(Line(LineConfig(), "cpu"), Numbers(), tmp_path)  # a run from before there was this setting
    other = Numbers(11)
    other.fingerprint = "2"
    with pytest.raises(LabError, match=r"\(10 of numbers\) than it gets now \(11 of numbers\): .* another folder"):
        train(Line(LineConfig(), "cpu"), other, tmp_path)
    same = Numbers()
    same.name = "a renamed folder"
    train(Line(LineConfig(), "cpu"), same, tmp_path)


def test_an_interrupt_finishes_the_step_saves_and_goes_on_exactly(tmp_path, capsys):
    def press_stop(recipe):
        if recipe.seen == 4 * 8:
            signal.raise_signal(signal.SIGINT)

    straight = Line(LineConfig(), "cpu")
    train(straight, Numbers(), tmp_path / "straight")
    before = signal.getsignal(signal.SIGINT)
    run = train(Line(LineConfig(), "cpu", after_step=press_stop), Numbers(), tmp_path / "run")
    assert (run.step, run.finished) == (8, False)
    assert "Stopped and saved at step 8 of 12" in capsys.readouterr().out
    resumed = Line(LineConfig(), "cpu", after_step=press_stop)
    assert train(resumed, Numbers(), tmp_path / "run").finished
    assert "resumed at step 8" in capsys.readouterr().out
    assert torch.equal(everything(straight), everything(resumed))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_nan_stops_with_a_diagnosis_and_is_never_saved(tmp_path):
    def poison(recipe):
        if recipe.seen == 4 * 7:
            with torch.no_grad():
                recipe.network.weight.fill_(float("nan"))

    with pytest.raises(LabError, match=r"'error': nan} at step 9:.*step-00000005\.pt.*learning rate"):
        train(Line(LineConfig(), "cpu", after_step=poison), Numbers(), tmp_path)
    state = Checkpoints(tmp_path / "checkpoints").load()
    assert state["step"] == 5
    assert torch.isfinite(state["recipe"]["network"]["weight"]).all()


def test_weights_poisoned_by_the_very_step_of_a_checkpoint_are_not_saved(tmp_path):
    def poison(recipe):
        if recipe.seen == 4 * 10:  # the loss of this step was still fine
            with torch.no_grad():
                recipe.network.weight.fill_(float("nan"))

    with pytest.raises(LabError, match=r"weights are no longer numbers at step 10.*step-00000005\.pt"):
        train(Line(LineConfig(), "cpu", after_step=poison), Numbers(), tmp_path)
    assert Checkpoints(tmp_path / "checkpoints").load()["step"] == 5


def test_a_run_keeps_its_precision_on_another_machine(tmp_path, monkeypatch):
    monkeypatch.setattr("animelab.env.runs_bfloat16_fast", lambda device: True)
    train(Line(LineConfig(steps=5), "cpu"), Numbers(), tmp_path)
    monkeypatch.setattr("animelab.env.runs_bfloat16_fast", lambda device: False)
    resumed = Line(LineConfig(), "cpu")
    assert resumed.precision == "fp32"
    train(resumed, Numbers(), tmp_path)
    assert resumed.precision == "bf16"
    with pytest.raises(LabError, match="precision = bf16, and now it is fp32"):
        train(Line(LineConfig(steps=13, precision="fp32"), "cpu"), Numbers(), tmp_path)


def test_a_run_does_not_go_on_with_another_part(tmp_path):
    def mine(recipe):
        return None

    def other(recipe):
        return 1

    train(Line(LineConfig(), "cpu", after_step=mine), Numbers(), tmp_path)
    train(Line(LineConfig(steps=13), "cpu", after_step=mine), Numbers(), tmp_path)
    for parts in ({"after_step": other}, {}):
        with pytest.raises(LabError, match="after_step = another function"):
            train(Line(LineConfig(steps=14), "cpu", **parts), Numbers(), tmp_path)


def test_a_part_with_another_part_inside_is_known_by_both(tmp_path):
    def after(recipe, word):
        return word()

    def one():
        return 1

    def two():
        return 2

    train(Line(LineConfig(), "cpu", after_step=partial(after, word=one)), Numbers(), tmp_path)
    train(Line(LineConfig(steps=13), "cpu", after_step=partial(after, word=one)), Numbers(), tmp_path)
    with pytest.raises(LabError, match="after_step = another function"):
        train(Line(LineConfig(steps=14), "cpu", after_step=partial(after, word=two)), Numbers(), tmp_path)


def test_decay_ends_where_it_should_and_says_when_steps_go_beyond(tmp_path):
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.8)
    schedule, rates = linear_decay(optimizer, 8), []
    for _ in range(9):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([0.8] * 5 + [0.6, 0.4, 0.2, 0.0])
    with pytest.raises(LabError, match="steps=20 goes beyond decay=8"):
        LineConfig(steps=20, decay=8)


def test_out_of_memory_names_the_batch(tmp_path):
    def starve(recipe):
        torch.empty(2**60)  # what the CPU itself says

    def starve_gpu(recipe):
        raise torch.OutOfMemoryError("CUDA out of memory")

    def other_mistake(recipe):
        torch.ones(2) @ torch.ones(3)

    for cause in (starve, starve_gpu):
        with pytest.raises(LabError, match="batch=4; try batch=2"):
            train(Line(LineConfig(), "cpu", after_step=cause), Numbers(), tmp_path)
    with pytest.raises(RuntimeError, match="size"):
        train(Line(LineConfig(), "cpu", after_step=other_mistake), Numbers(), tmp_path)


def test_with_a_damaged_newest_checkpoint_the_older_one_is_taken_and_said(tmp_path, capsys):
    straight = Line(LineConfig(steps=14, keep=1), "cpu")
    train(straight, Numbers(), tmp_path / "straight")
    train(Line(LineConfig(), "cpu"), Numbers(), tmp_path / "run")
    newest = Checkpoints(tmp_path / "run" / "checkpoints").paths()[-1]
    newest.write_bytes(newest.read_bytes()[:1000])
    resumed = Line(LineConfig(steps=14, keep=1, checkpoint_every=11), "cpu")
    train(resumed, Numbers(), tmp_path / "run")
    assert "step-00000012.pt is damaged and cannot be read: it goes on from step-00000010.pt" in capsys.readouterr().out
    assert torch.equal(everything(straight), everything(resumed))
    assert [path.name for path in Checkpoints(tmp_path / "run" / "checkpoints").paths()] == ["step-00000014.pt"]


def test_no_flipped_bit_of_a_checkpoint_is_taken(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    path = checkpoints.save(3, {"recipe": {"weight": torch.linspace(0, 1, 64)}})
    good = path.read_bytes()
    places = {*range(0, len(good), 97), *range(len(good) - 110, len(good))}  # with all of the checksum, and before it
    for place in places:
        path.write_bytes(good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :])
        with pytest.raises(LabError, match=r"step-00000003\.pt is damaged"):
            checkpoints.load()
    for length in (0, 21, 22, 90, len(good) // 2, len(good) - 80, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(LabError, match=r"step-00000003\.pt is damaged"):
            checkpoints.load()
    path.write_bytes(good)
    assert checkpoints.load()["step"] == 3


def unsealed(path, change=lambda state: None):
    """The checkpoint as it was written before there was a checksum, with some of it changed."""
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)


def test_a_checkpoint_of_before_the_checksum_resumes_and_its_tensors_are_checked_still(tmp_path):
    straight, resumed = Line(LineConfig(steps=14), "cpu"), Line(LineConfig(steps=14), "cpu")
    train(straight, Numbers(), tmp_path / "straight")
    train(Line(LineConfig(), "cpu"), Numbers(), tmp_path / "run")
    paths = Checkpoints(tmp_path / "run" / "checkpoints").paths()
    for path in paths:
        unsealed(path)
    data = paths[-1].read_bytes()
    place = data.rindex(resumed.seen.new_tensor(48).numpy().tobytes())  # 12 steps of 4
    paths[-1].write_bytes(data[:place] + b"\x31" + data[place + 1 :])
    assert train(resumed, Numbers(), tmp_path / "run").finished
    assert torch.equal(everything(straight), everything(resumed))


def test_what_a_checkpoint_holds_must_have_the_form_of_the_recipe(tmp_path):
    train(Line(LineConfig(), "cpu"), Numbers(), tmp_path)
    older, newest = Checkpoints(tmp_path / "checkpoints").paths()
    older.unlink()
    good = newest.read_bytes()
    odd = [None, True, -5, 12.5, "12", [], {}, torch.zeros(2, 3), float("nan")]
    leaves = list(_places(torch.load(newest, weights_only=True)))
    assert ("recipe", "optimizer", "state", 0, "exp_avg") in leaves and ("step",) in leaves
    refused = 0
    for number, place in enumerate(leaves):
        newest.write_bytes(good)
        unsealed(newest, partial(_put, place=place, value=odd[number % len(odd)], remove=number % 3 == 0))
        try:  # some numbers are as good as others; none ends in another exception
            train(Line(LineConfig(steps=15), "cpu"), Numbers(), tmp_path)
        except LabError:
            refused += 1
        for later in set(Checkpoints(tmp_path / "checkpoints").paths()) - {newest}:
            later.unlink()
    assert refused > len(leaves) / 2


def _put(state, place, value, remove):
    for key in place[:-1]:
        state = state[key]
    state[place[-1]] = value
    if remove:
        del state[place[-1]]


def _places(value, *before):
    if before:
        yield before
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from _places(inner, *before, key)


class Bomb:
    def __reduce__(self):
        return (open, ("bombed", "w"))


def test_a_checkpoint_cannot_run_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    torch.save({"step": 1, "random": Bomb()}, tmp_path / "checkpoints" / "step-00000001.pt")
    with pytest.raises(LabError, match="cannot be read"):
        Checkpoints(tmp_path / "checkpoints").load()
    assert not (tmp_path / "bombed").exists()


def test_a_part_the_recipe_lacks_is_refused():
    with pytest.raises(LabError, match="Line has no part 'after_stp': did you mean 'after_step'"):
        Line(LineConfig(), "cpu", after_stp=None)
