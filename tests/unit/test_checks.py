"""Every check passes the solution, waits for the unsolved, and gives each known mistake its own advice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from animelab import checks, latent, losses
from animelab.checks import harness
from animelab.nn import dcgan


# --- 1.1
def to_network(pixels):
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


# --- 1.4
def initialize(module):
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
        nn.init.zeros_(module.bias)


def initialize_all(module):  # the mistake of a textbook
    for parameter in module.parameters(recurse=False):
        nn.init.normal_(parameter, 0, 0.02)


def initialize_with(
    spread=0.02, kinds=(nn.Conv2d, nn.ConvTranspose2d), scale=1.0, scale_spread=0.02, norm=True, shift=0.0
):
    def initialize(module):
        if isinstance(module, kinds):
            nn.init.normal_(module.weight, 0, spread)
        elif isinstance(module, nn.BatchNorm2d) and norm:
            nn.init.normal_(module.weight, scale, scale_spread)
            nn.init.constant_(module.bias, shift)

    return initialize


# --- 1.5
def discriminator_step(G, D, real, latents, optimizer, loss):
    fake = G(latents).detach()
    value = loss(D(real), D(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


def step_with(
    detach=True, zero=True, backward=True, step=True, returns=True, early_zero=False, fake_is=None, steps_G=False
):
    def discriminator_step(G, D, real, latents, optimizer, loss):
        fake = G(latents)
        if detach:
            fake = fake.detach()
        if fake_is == "real":
            fake = real
        value = loss(D(fake), D(real)) if fake_is == "swapped" else loss(D(real), D(fake))
        if zero:
            optimizer.zero_grad()
        if backward:
            value.backward()
        if early_zero:
            optimizer.zero_grad()
        if step:
            optimizer.step()
        if steps_G:
            torch.optim.SGD(G.parameters(), lr=0.1).step()
        return value if returns else None

    return discriminator_step


def step_moves_G(G, D, real, latents, optimizer, loss):
    value = loss(D(real), D(G(latents)))
    both = torch.optim.SGD([*G.parameters(), *D.parameters()], lr=0.1)
    both.zero_grad()
    value.backward()
    both.step()
    return value


def step_on_its_own_loss(G, D, real, latents, optimizer, loss):
    value = softplus(-D(real)).mean()
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


# --- 1.6
@torch.no_grad()
def update_average(average, model, decay):
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        mine.lerp_(theirs, 1 - decay)
    for mine, theirs in zip(average.buffers(), model.buffers(), strict=True):
        mine.copy_(theirs)


@torch.no_grad()
def average_swapped(average, model, decay):
    update_average(average, model, 1 - decay)


@torch.no_grad()
def average_with_new_tensors(average, model, decay):
    update_average(average, model, 1.0)
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        mine.data = decay * mine + (1 - decay) * theirs


@torch.no_grad()
def average_with_new_parameters(average, model, decay):
    for mine, theirs in zip(average.modules(), model.modules(), strict=True):
        for name, value in list(mine.named_parameters(recurse=False)):
            setattr(mine, name, nn.Parameter(decay * value + (1 - decay) * getattr(theirs, name)))


@torch.no_grad()
def average_only_named(average, model, decay):
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        mine = decay * mine + (1 - decay) * theirs


@torch.no_grad()
def average_changes_model(average, model, decay):
    update_average(average, model, decay)
    update_average(model, average, 0.0)


@torch.no_grad()
def average_without_buffers(average, model, decay):
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        mine.mul_(decay).add_(theirs, alpha=1 - decay)


def average_recorded(average, model, decay):
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        mine.mul_(decay).add_(theirs, alpha=1 - decay)


@torch.no_grad()
def average_twice(average, model, decay):
    update_average(average, model, decay)
    update_average(average, model, decay)


@torch.no_grad()
def average_all_floats(average, model, decay):  # also right: BatchNorm's statistics averaged
    for mine, theirs in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - decay)


# --- 1.7
def slerp(a, b, t):
    cosine = (a * b).sum(-1, keepdim=True) / (a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True))
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    arc = ((1 - t) * angle).sin() / sine * a + (t * angle).sin() / sine * b
    return torch.where(sine < 1e-4, a + t * (b - a), arc)


def slerp_unit(a, b, t):
    return nn.functional.normalize(slerp(a, b, t), dim=-1)


def slerp_nan(a, b, t):
    cosine = (a * b).sum(-1, keepdim=True) / (a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True))
    angle = cosine.clamp(-1, 1).acos()
    return (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()


def slerp_flat(a, b, t):
    return slerp(a.flatten(), b.flatten(), t).reshape(a.shape)


def slerp_unmeasured(a, b, t):
    angle = (a * b).sum(-1, keepdim=True).acos()
    return (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()


def log_loss(real, fake):
    return torch.log(1 + torch.exp(-real)).mean() + torch.log(1 + torch.exp(fake)).mean()


SOLUTIONS: dict[str, list[Callable]] = {
    "1_1": [to_network, lambda p: (p.permute(0, 3, 1, 2) / 255 - 0.5) / 0.5],
    "1_2": [
        losses.discriminator_loss,
        lambda real, fake: (
            nn.functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
            + nn.functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        ),
    ],
    "1_3": [losses.non_saturating_generator_loss, lambda fake: -nn.functional.logsigmoid(fake).mean()],
    "1_4": [initialize, dcgan.initialize],
    "1_5": [discriminator_step, lambda *given: discriminator_step(*given).item()],
    "1_6": [update_average, average_all_floats],
    "1_7": [slerp, latent.slerp],
}

# (the mistake, a word of the advice that belongs to it and to no other)
WRONG_ANSWERS: dict[str, list[tuple[Callable, str]]] = {
    "1_1": [
        (lambda p: p.permute(0, 3, 1, 2).float() / 255, "became 0 and white"),
        (lambda p: p.permute(0, 3, 1, 2).float(), "(255) became 255"),
        (lambda p: p.float() / 127.5 - 1, "colors come last"),
        (lambda p: p.reshape(len(p), 3, *p.shape[1:3]).float() / 127.5 - 1, "scrambled"),
        (lambda p: p.view(len(p), 3, *p.shape[1:3]).float() / 255, "scrambled"),
        (lambda p: p.permute(0, 3, 1, 2).double() / 127.5 - 1, "torch.float64"),
        (lambda p: (p.permute(0, 3, 1, 2) // 127).float() - 1, "integer division"),
        (lambda p: p.permute(0, 3, 1, 2) // 127 - 1, "no fractions"),
        (lambda p: (p.permute(0, 3, 1, 2) * 2 + 1) / 255 - 1, "200 + 100 is 44"),
        (lambda p: to_network(p).reshape(2, 3, 8, 16) if len(p) == 2 else to_network(p) * 0, "written as a number"),
        (lambda p: None, "`return`"),
        (lambda p: to_network(p).numpy(), "ndarray"),
    ],
    "1_2": [
        (lambda real, fake: softplus(real).mean() + softplus(-fake).mean(), "mirror image"),
        (lambda real, fake: softplus(real).mean() + softplus(fake).mean(), "real half points the wrong way"),
        (lambda real, fake: softplus(-real).mean() + softplus(-fake).mean(), "fake half points the wrong way"),
        (lambda real, fake: softplus(-real).sum() + softplus(fake).sum(), "a sum"),
        (lambda real, fake: softplus(-real.sigmoid()).mean() + softplus(fake.sigmoid()).mean(), "squeezes"),
        (log_loss, "exp(88)"),
        (lambda real, fake: softplus(-real).mean(), "care about the fake"),
        (lambda real, fake: softplus(fake).mean(), "care about the real"),
        (lambda real, fake: softplus(torch.cat([-real, fake])).mean(), "exactly half"),
        (lambda real, fake: softplus(-real) + softplus(fake), "shape (7,)"),
        (lambda real, fake: losses.discriminator_loss(real, fake).detach(), "No gradient"),
        (lambda real, fake: losses.discriminator_loss(real, fake).item(), "float"),
    ],
    "1_3": [
        (lambda fake: -softplus(fake).mean(), "saturates"),
        (lambda fake: torch.log(1 - fake.sigmoid()).mean(), "saturates"),
        (lambda fake: softplus(fake).mean(), "wrong way round"),
        (lambda fake: -softplus(-fake).mean(), "wrong way round"),
        (lambda fake: softplus(-fake).sum(), "a sum"),
        (lambda fake: torch.log(1 + torch.exp(-fake)).mean(), "exp(88)"),
        (lambda fake: softplus(-fake.sigmoid()).mean(), "squeezes"),
        (lambda fake: -fake.mean(), "On random logits"),
    ],
    "1_4": [
        (initialize_all, "famous textbook"),
        (initialize_with(spread=0.2), "standard deviation 0.20"),
        (initialize_with(spread=0.02**0.5), "not the variance"),
        (lambda module: None, "every weight is as it was"),
        (initialize_with(norm=False), "weights of BatchNorm2d are as they were"),
        (initialize_with(kinds=nn.Conv2d), "weights of ConvTranspose2d are as they were"),
        (initialize_with(kinds=nn.ConvTranspose2d), "weights of Conv2d are as they were"),
        (initialize_with(scale_spread=0.0), "BatchNorm2d have the standard deviation 0.000"),
        (initialize_with(scale=2.0), "mean 2.00"),
        (initialize_with(shift=1.0), "shifts"),
    ],
    "1_5": [
        (step_with(detach=False), "gradients in G"),
        (step_with(zero=False), "adds up gradients"),
        (step_with(backward=False), "no gradients when it was time"),
        (step_with(early_zero=True), "no gradients when it was time"),
        (step_with(step=False), "who takes the step"),
        (step_with(fake_is="real"), "fake logits that you gave"),
        (step_with(fake_is="swapped"), "order is"),
        (step_with(returns=False), "returned None"),
        (step_moves_G, "G's weights have changed"),
        (step_on_its_own_loss, "never called"),
    ],
    "1_6": [
        (average_swapped, "changed places"),
        (average_with_new_tensors, "new tensors"),
        (average_with_new_parameters, "new tensors"),
        (average_only_named, "has not moved"),
        (lambda average, model, decay: None, "has not moved"),
        (average_changes_model, "model itself"),
        (average_without_buffers, "running_mean"),
        (average_recorded, "differentiate"),
        (lambda average, model, decay: update_average(average, model, 0.0), "plays no part"),
        (average_twice, "exactly once"),
    ],
    "1_7": [
        (lambda a, b, t: (1 - t) * a + t * b, "straight line"),
        (slerp_unit, "unit vector"),
        (slerp_nan, "0 / 0"),
        (slerp_unmeasured, "arccos wants a cosine"),
        (lambda a, b, t: slerp(b, a, t), "begin at a"),
        (slerp_flat, "rows change each other"),
        (lambda a, b, t: slerp(a, b, t * t), "A quarter of the way"),
        (lambda a, b, t: slerp(a, b, t)[0], "shape ()"),
    ],
}


def check(name):
    return getattr(checks, f"check_{name}")


def stub(*given):
    raise NotImplementedError("1.1: a hint that the master gives")


def crash(*given):
    return float("three")


def changes_its_input(a, b, t):
    a.mul_(2)
    return a


@pytest.mark.parametrize(("name", "number"), [(name, i) for name in SOLUTIONS for i in range(len(SOLUTIONS[name]))])
def test_solution_is_correct(name, number):
    result = check(name)(SOLUTIONS[name][number])
    assert result.status == "correct", result
    assert result


@pytest.mark.parametrize(
    ("name", "number"), [(name, i) for name in WRONG_ANSWERS for i in range(len(WRONG_ANSWERS[name]))]
)
def test_wrong_answer_gets_its_own_advice(name, number):
    answer, advice = WRONG_ANSWERS[name][number]
    result = check(name)(answer)
    assert result.status == "wrong", result
    assert advice in result.message
    assert not result


@pytest.mark.parametrize("name", SOLUTIONS)
def test_stub_is_unsolved(name):
    result = check(name)(stub)
    assert result.status == "unsolved"
    own = "" if name == "1_1" else "1.1: "  # someone else's stub is named
    assert repr(result) == f"check {name.replace('_', '.')}  Not solved yet: {own}a hint that the master gives."


@pytest.mark.parametrize("name", SOLUTIONS)
def test_crash_is_reported_with_its_words_and_its_line(name):
    result = check(name)(crash)
    assert result.status == "error"
    line = crash.__code__.co_firstlineno + 1
    assert result.message == (
        f"`ValueError: could not convert string to float: 'three'` in line {line}, `return float(\"three\")`."
    )


def test_torchs_own_not_implemented_is_a_crash():
    assert checks.check_1_1(nn.Module()).status == "error"


def test_wrong_number_of_arguments():
    result = checks.check_1_2(lambda real: real.mean())
    assert result.status == "error"
    assert "arguments" in result.message


def test_function_that_was_called_too_early():
    result = checks.check_1_3(torch.zeros(()))
    assert result.status == "error"
    assert "without calling it" in result.message


def test_a_strange_answer_that_stops_the_check_is_a_verdict():
    @harness.check("1.1", "")
    def multiplied(function):
        function() * torch.ones(3)

    result = multiplied(lambda: "a word")
    assert result.status == "wrong"
    assert "returned a str" in result.message and "TypeError" in result.message


def test_a_check_that_fails_before_it_asks_is_broken():
    @harness.check("1.1", "")
    def broken(function):
        function(float("three"))

    with pytest.raises(ValueError, match="three"):
        broken(to_network)


def test_changed_input_is_noticed():
    result = checks.check_1_7(changes_its_input)
    assert result.status == "wrong"
    assert "argument 1 was changed" in result.message


def test_checks_leave_the_learners_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    checks.check_1_4(initialize)
    checks.check_1_2(losses.discriminator_loss)
    assert torch.equal(torch.rand(3), expected)


def test_checks_work_inside_no_grad():
    with torch.no_grad():
        assert checks.check_1_3(losses.non_saturating_generator_loss)


def test_result_is_printed_outside_notebooks(capsys):
    result = checks.check_1_1(to_network)
    assert capsys.readouterr().out == f"{result}\n"
    assert repr(result).startswith("check 1.1  Correct. ")


def test_advice_never_gives_the_line_away():
    for name, answers in WRONG_ANSWERS.items():
        for answer, _ in answers:
            message = check(name)(answer).message
            for code in ("softplus(", ".permute(", ".detach()", "zero_grad()", ".backward()", "no_grad", "/ 127.5"):
                assert code not in message
