"""Answers to the exercises of lesson 1: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import softplus

from animelab import engine, latent, losses
from animelab.checks import lesson_01_dcgan
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


def initialize_by_name(module):  # the PyTorch example's
    name = module.__class__.__name__
    if name.find("Conv") != -1:
        module.weight.data.normal_(0.0, 0.02)
    elif name.find("BatchNorm") != -1:
        module.weight.data.normal_(1.0, 0.02)
        module.bias.data.fill_(0)


@torch.no_grad()
def initialize_by_copies(module):
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            module.weight.copy_(0.02 * torch.randn_like(module.weight))
        case nn.BatchNorm2d():
            module.weight = nn.Parameter(1 + torch.randn(len(module.weight)) / 50)
            module.bias.zero_()


def initialize_whatever_has_a_weight(module):
    if isinstance(module, nn.BatchNorm2d):
        initialize(module)
    elif getattr(module, "weight", None) is not None:
        nn.init.normal_(module.weight, 0, 0.02)


def initialize_and_freeze(module):
    initialize(module)
    module.requires_grad_(False)


def initialize_evenly(module):
    initialize(module)
    if isinstance(module, nn.Conv2d):
        nn.init.uniform_(module.weight, -0.02 * 3**0.5, 0.02 * 3**0.5)


def initialize_after(detour, first=False):
    """The right weights, and something else that is done to convolutions and BatchNorms."""

    def initialize_with_a_detour(module):
        known = isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d)
        if known and first:
            detour(module)
        initialize(module)
        if known and not first:
            detour(module)

    return initialize_with_a_detour


@torch.no_grad()
def one_filter(module):
    if isinstance(module, nn.Conv2d):
        module.weight.copy_(module.weight[:1].expand_as(module.weight))


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


def step_with_detours(before=lambda G, D: None, after=lambda G, D: None, detach=True):
    """The right step between two things done to the networks."""

    def discriminator_step(G, D, real, latents, optimizer, loss):
        before(G, D)
        fake = G(latents).detach() if detach else G(latents)
        value = loss(D(real), D(fake))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        after(G, D)
        return value

    return discriminator_step


def step_zero_last(G, D, real, latents, optimizer, loss):
    value = loss(D(real), D(G(latents).detach()))
    value.backward()
    optimizer.step()
    optimizer.zero_grad()
    return value


def step_in_one_batch(G, D, real, latents, optimizer, loss):
    value = loss(*D(torch.cat([real, G(latents).detach()])).split(len(real)))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


def step_that_keeps_real_out(G, D, real, latents, optimizer, loss):
    value = loss(D(real).detach(), D(G(latents).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value


def step_by_hand(G, D, real, latents, optimizer, loss):
    with torch.no_grad():
        fake = G(latents)
    fake_logits = D(fake)
    value = loss(D(real), fake_logits)
    weights = list(D.parameters())
    for weight, slope in zip(weights, torch.autograd.grad(value, weights)):
        weight.grad = slope
    optimizer.step()
    return value.detach()


def step_while_G_is_frozen(G, D, real, latents, optimizer, loss):
    asked = [weight.requires_grad for weight in G.parameters()]
    G.requires_grad_(False)
    D.zero_grad(set_to_none=False)
    value = loss(D(real), D(G(latents)))
    value.backward()
    optimizer.step()
    for weight, asks in zip(G.parameters(), asked):
        weight.requires_grad_(asks)
    return value.item()


def step_that_returns_the_new_loss(G, D, real, latents, optimizer, loss):
    discriminator_step(G, D, real, latents, optimizer, loss)
    return loss(D(real), D(G(latents).detach()))


def step_with_a_still_G(G, D, real, latents, optimizer, loss):
    G.eval()
    fake = G(latents).detach()
    G.train()
    return discriminator_step(lambda _: fake, D, real, latents, optimizer, loss)


def step_at_its_own_rate(G, D, real, latents, optimizer, loss):
    optimizer.param_groups[0]["lr"] = 0.1
    return discriminator_step(G, D, real, latents, optimizer, loss)


def step_with_its_own_optimizer(G, D, real, latents, optimizer, loss):
    return discriminator_step(G, D, real, latents, torch.optim.SGD(D.parameters(), 0.1), loss)


def step_moves_G(G, D, real, latents, optimizer, loss):
    value = loss(D(real), D(G(latents)))
    both = torch.optim.SGD([*G.parameters(), *D.parameters()], lr=0.3)
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


@torch.no_grad()
def average_by_state(average, model, decay):
    theirs = model.state_dict()
    mine = average.state_dict()
    average.load_state_dict({name: decay * mine[name] + (1 - decay) * theirs[name] for name in mine})


def average_by_data(average, model, decay):
    for (_, mine), (_, theirs) in zip(average.named_parameters(), model.named_parameters()):
        mine.data += (1 - decay) * (theirs.data - mine.data)
    for mine, theirs in zip(average.buffers(), model.buffers()):
        mine.data.copy_(theirs.data)


@torch.no_grad()
def average_what_learns(average, model, decay):
    for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
        if mine.requires_grad:
            mine.lerp_(theirs, 1 - decay)


@torch.no_grad()
def average_what_the_model_learns(average, model, decay):
    frozen = [mine.clone() for mine in average.parameters()]
    update_average(average, model, decay)
    for mine, theirs, old in zip(average.parameters(), model.parameters(), frozen, strict=True):
        mine.copy_(mine if theirs.requires_grad else old)


def average_with_shared_buffers(average, model, decay):
    update_average(average, model, decay)
    for mine, theirs in zip(average.modules(), model.modules(), strict=True):
        for name, value in theirs.named_buffers(recurse=False):
            setattr(mine, name, value)


@torch.no_grad()
def average_of_everything(average, model, decay):
    for mine, theirs in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        mine.mul_(decay).add_((1 - decay) * theirs)


def average_in_training_mode(average, model, decay):
    update_average(average.train(), model, decay)


def average_that_learns(average, model, decay):
    update_average(average, model, decay)
    average.requires_grad_()


def average_that_stops_the_model(average, model, decay):
    update_average(average, model.eval().requires_grad_(False), decay)


# --- 1.7
def slerp(a, b, t):
    cosine = (a * b).sum(-1, keepdim=True) / (a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True))
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    arc = ((1 - t) * angle).sin() / sine * a + (t * angle).sin() / sine * b
    return torch.where(sine < 1e-4, a + t * (b - a), arc)


def slerp_plain(a, b, t):
    a_rows, b_rows = (torch.atleast_2d(each) for each in (a, b))
    rows = []
    for x, y in zip(a_rows, b_rows):
        omega = torch.acos((torch.dot(x, y) / (torch.dot(x, x) * torch.dot(y, y)).sqrt()).clip(-1, 1))
        straight = omega.sin().item() < 1e-3
        parts = (1 - t, t) if straight else (((1 - t) * omega).sin() / omega.sin(), (t * omega).sin() / omega.sin())
        rows.append(parts[0] * x + parts[1] * y)
    return torch.stack(rows).reshape(a.shape)


def slerp_einsum(a, b, t):
    units = [nn.functional.normalize(each, dim=-1) for each in (a, b)]
    omega = torch.einsum("...d,...d->...", *units)[..., None].clip(-1, 1).arccos()
    still = omega.sin() < 1e-3
    sine = torch.where(still, torch.ones_like(omega), omega.sin())
    shares = [torch.where(still, part, torch.sin(part * omega) / sine) for part in (1 - t, t)]
    return shares[0] * a + shares[1] * b


def slerp_all_or_none(a, b, t):
    sine = nn.functional.cosine_similarity(a, b, dim=-1)[..., None].clamp(-1, 1).acos().sin()
    return (1 - t) * a + t * b if (sine < 1e-3).any() else slerp(a, b, t)


def slerp_straight_when(parallel):
    def slerp(a, b, t):
        angle = nn.functional.cosine_similarity(a, b, dim=-1)[..., None].clamp(-1, 1).acos()
        arc = (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()
        return torch.where(parallel(angle.sin(), angle), (1 - t) * a + t * b, arc)

    return slerp


def slerp_that_stays(a, b, t):
    sine = nn.functional.cosine_similarity(a, b, dim=-1)[..., None].clamp(-1, 1).acos().sin()
    return torch.where(sine < 1e-3, a, slerp(a, b, t))


def slerp_unclamped(a, b, t):
    omega = nn.functional.cosine_similarity(a, b, dim=-1)[..., None].mul(1 + 1e-7).acos()
    arc = (((1 - t) * omega).sin() * a + (t * omega).sin() * b) / omega.sin()
    return torch.where(omega.sin() < 1e-3, (1 - t) * a + t * b, arc)


def slerp_of_equal_lengths(a, b, t):
    angle = ((a * b).sum(-1, keepdim=True) / a.square().sum(-1, keepdim=True)).clamp(-1, 1).acos()
    arc = (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()
    return torch.where(angle < 1e-3, (1 - t) * a + t * b, arc)


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


def log_loss_in_doubles(real, fake):
    return log_loss(real.double(), fake.double()).float()


def log_loss(real, fake):
    return torch.log(1 + torch.exp(-real)).mean() + torch.log(1 + torch.exp(fake)).mean()


SOLUTIONS: dict[str, list[Callable]] = {
    "1_1": [
        to_network,
        lambda p: (p.permute(0, 3, 1, 2) / 255 - 0.5) / 0.5,
        lambda p: torch.stack([p[..., color].to(torch.float32) * 2 / 255 - 1 for color in range(3)], 1),
        lambda p: torch.from_numpy(p.numpy().transpose(0, 3, 1, 2).astype("float32") / 127.5 - 1),
        lambda p: torch.einsum("bhwc->bchw", (p - 127.5) / 127.5),
    ],
    "1_2": [
        losses.discriminator_loss,
        lambda real, fake: (
            nn.functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
            + nn.functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        ),
        lambda real, fake: -(nn.functional.logsigmoid(real) + nn.functional.logsigmoid(-fake)).mean(),
        lambda real, fake: softplus(torch.cat([-real, fake])).mean() * 2,
        lambda real, fake: sum(softplus(f) + softplus(-r) for r, f in zip(real, fake)) / len(real),
        lambda real, fake: torch.logaddexp(torch.zeros_like(real), -real).mean() + softplus(fake).mean(),
    ],
    "1_3": [
        losses.non_saturating_generator_loss,
        lambda fake: -nn.functional.logsigmoid(fake).mean(),
        lambda fake: nn.functional.binary_cross_entropy_with_logits(fake, torch.ones_like(fake)),
        lambda fake: torch.logaddexp(torch.zeros_like(fake), -fake).sum() / fake.numel(),
        lambda fake: (softplus(fake) - fake).mean(),
    ],
    "1_4": [initialize, dcgan.initialize, initialize_by_name, initialize_by_copies],
    "1_5": [
        discriminator_step,
        lambda *given: discriminator_step(*given).item(),
        step_by_hand,
        step_while_G_is_frozen,
        step_with_detours(after=lambda G, D: D.zero_grad()),
    ],
    "1_6": [update_average, average_all_floats, average_by_state, average_by_data, engine.update_average],
    "1_7": [slerp, latent.slerp, slerp_plain, slerp_einsum, lesson_01_dcgan.slerp],
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
        (lambda p: to_network(p).flip(1), "Red and blue"),
        (lambda p: -to_network(p), "negative"),
        (lambda p: to_network(p).transpose(2, 3), "shape (2, 3, 16, 8)"),
        (
            lambda p: (
                2 * (to_network(p) - to_network(p).min()) / to_network(p).aminmax().max.sub(to_network(p).min()) - 1
            ),
            "its own extremes",
        ),
        (lambda p: p.permute(0, 3, 1, 2) / p.max() * 2 - 1, "its own extremes"),
        (lambda p: (to_network(p) - to_network(p).mean()) / to_network(p).std(), "scale and the shift"),
        (lambda p: p.permute(0, 3, 1, 2).half() / 127.5 - 1, "became -1"),
        (lambda p: p.permute(0, 3, 1, 2).float() / 128 - 1, "(255) became 0.99"),
        (lambda p: to_network(p.sub_(1)), "`pixels` was changed"),
    ],
    "1_2": [
        (lambda real, fake: softplus(real).mean() + softplus(-fake).mean(), "mirror image"),
        (lambda real, fake: softplus(real).mean() + softplus(fake).mean(), "real half points the wrong way"),
        (lambda real, fake: softplus(-real).mean() + softplus(-fake).mean(), "fake half points the wrong way"),
        (lambda real, fake: softplus(-real).sum() + softplus(fake).sum(), "a sum"),
        (lambda real, fake: softplus(-real.sigmoid()).mean() + softplus(fake.sigmoid()).mean(), "squeezes"),
        (log_loss, "exp(88)"),
        (log_loss_in_doubles, "inf"),
        (lambda real, fake: softplus(-real).mean(), "care about the fake"),
        (lambda real, fake: softplus(fake).mean(), "care about the real"),
        (lambda real, fake: softplus(torch.cat([-real, fake])).mean(), "exactly half"),
        (lambda real, fake: softplus(-real) + softplus(fake), "shape (7,)"),
        (lambda real, fake: losses.discriminator_loss(real, fake).detach(), "no gradient reaches"),
        (lambda real, fake: losses.discriminator_loss(real, fake).item(), "float"),
        (lambda real, fake: losses.discriminator_loss(real.detach(), fake), "reaches `real_logits`"),
        (lambda real, fake: losses.discriminator_loss(real, fake.detach()), "reaches `fake_logits`"),
        (lambda real, fake: losses.discriminator_loss(real.neg_().neg_(), fake), "in place"),
        (lambda real, fake: losses.discriminator_loss(fake, real), "wrong way round"),
        (lambda real, fake: losses.least_squares.discriminator(real, fake), "it should be"),
        (lambda real, fake: (1 - real).relu().mean() + (1 + fake).relu().mean(), "it should be"),
        (
            lambda real, fake: (
                nn.functional.binary_cross_entropy(real.sigmoid(), torch.ones(len(real)))
                + nn.functional.binary_cross_entropy(fake.sigmoid(), torch.zeros(len(fake)))
            ),
            "logits of 150",
        ),
        (lambda real, fake: losses.discriminator_loss(real.clamp(-20, 20), fake.clamp(-20, 20)), "logits of 150"),
        (
            lambda real, fake: losses.discriminator_loss(real, fake).detach() + 0 * (real - fake).square().mean(),
            "reaches `real_logits`",
        ),
    ],
    "1_3": [
        (lambda fake: -softplus(fake).mean(), "saturates"),
        (lambda fake: torch.log(1 - fake.sigmoid()).mean(), "saturates"),
        (lambda fake: softplus(fake).mean(), "wrong way round"),
        (lambda fake: -softplus(-fake).mean(), "wrong way round"),
        (lambda fake: softplus(-fake).sum(), "a sum"),
        (lambda fake: torch.log(1 + torch.exp(-fake)).mean(), "exp(88)"),
        (lambda fake: torch.log(1 + torch.exp(-fake.double())).mean().float(), "inf"),
        (lambda fake: softplus(-fake.sigmoid()).mean(), "squeezes"),
        (lambda fake: -fake.mean(), "it should be"),
        (lambda fake: losses.non_saturating_generator_loss(fake.detach()), "no gradient reaches"),
        (lambda fake: losses.non_saturating_generator_loss(fake.data), "no gradient reaches"),
        (lambda fake: softplus(-torch.tensor(fake.tolist())).mean(), "no gradient reaches"),
        (lambda fake: softplus(-fake[: len(fake) // 2 + 1]).mean(), "it should be"),
        (lambda fake: nn.functional.binary_cross_entropy(fake.sigmoid(), torch.ones(len(fake))), "logits of 150"),
        (lambda fake: softplus(-fake), "shape (7,)"),
        (lambda fake: torch.where(fake < -50, -fake, (1 + (-fake).exp()).log()).mean(), "is not a number"),
        (lambda fake: softplus(-fake.mean()), "it should be"),
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
        (initialize_whatever_has_a_weight, "another kind, Linear"),
        (initialize_and_freeze, "cannot be trained"),
        (lambda module: initialize(module.eval()), "cannot be trained"),
        (initialize_evenly, "not drawn normally"),
        (initialize_after(lambda module: torch.manual_seed(0), first=True), "a seed is set inside"),
        (initialize_after(one_filter), "again and again"),
        (initialize_after(lambda module: module.double()), "`0.weight` should stay"),
        (initialize_after(lambda module: hasattr(module, "stride") and setattr(module, "bias", None)), "0.bias"),
        (initialize_after(lambda module: hasattr(module, "stride") and nn.init.normal_(module.bias, 0, 0.5)), "0.bias"),
        (initialize_after(lambda module: hasattr(module, "eps") and module.running_var.zero_()), "2.running_var"),
        (initialize_after(lambda module: hasattr(module, "eps") and module.running_mean.fill_(0.3)), "2.running_mean"),
        (
            lambda module: nn.init.normal_(module.weight, 0, 0.02) if isinstance(module, nn.Conv2d) else None,
            "weights of BatchNorm2d are as they were",
        ),
    ],
    "1_5": [
        (step_with(detach=False), "gradients stored in `G`"),
        (step_with_detours(detach=False, after=lambda G, D: G.zero_grad()), "gradients stored in `G`"),
        (step_with_detours(before=lambda G, D: G.requires_grad_(False)), "`requires_grad` of `G`"),
        (step_with_detours(after=lambda G, D: D.requires_grad_(False)), "`requires_grad` of `D`"),
        (step_with_detours(after=lambda G, D: G.eval()), "`G` is left in another mode"),
        (step_with_detours(after=lambda G, D: D.eval()), "`D` is left in another mode"),
        (step_with_detours(before=lambda G, D: G.zero_grad()), "gradients stored in `G`"),
        (step_zero_last, "gradients of an earlier one"),
        (step_in_one_batch, "in one batch"),
        (step_that_keeps_real_out, "not the one that these"),
        (step_that_returns_the_new_loss, "not what D says"),
        (
            lambda G, D, real, latents, *rest: discriminator_step(G, D, real, torch.randn(6, 4), *rest),
            "fake logits that",
        ),
        (step_with(zero=False), "adds up gradients"),
        (step_with(backward=False), "no gradients when it was time"),
        (step_with(early_zero=True), "no gradients when it was time"),
        (step_with(step=False), "who takes the step"),
        (step_with(fake_is="real"), "fake logits that you gave"),
        (step_with(fake_is="swapped"), "order is"),
        (step_with(returns=False), "NoneType came back"),
        (step_moves_G, "weights of `G`"),
        (step_on_its_own_loss, "never called"),
        (step_with_a_still_G, "fake logits that"),
        (step_at_its_own_rate, "the optimizer for"),
        (step_with_its_own_optimizer, "the optimizer for"),
    ],
    "1_6": [
        (average_swapped, "changed places"),
        (average_with_new_tensors, "new tensors"),
        (average_with_new_parameters, "new tensors"),
        (average_only_named, "has not moved"),
        (lambda average, model, decay: None, "has not moved"),
        (average_changes_model, "weights of `model`"),
        (average_without_buffers, "running_mean"),
        (average_recorded, "differentiate"),
        (lambda average, model, decay: update_average(average, model, 0.0), "plays no part"),
        (average_twice, "exactly once"),
        (average_what_learns, "ask for no gradients"),
        (average_what_the_model_learns, "`0.bias` is neither"),
        (average_with_shared_buffers, "belongs to both"),
        (average_of_everything, "in a whole number"),
        (average_in_training_mode, "training mode"),
        (average_that_learns, "asks for gradients"),
        (average_that_stops_the_model, "`model` is left in another mode"),
        (lambda average, model, decay: update_average(average, model, 0.9), "with 0.25 it is not"),
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
        (slerp_all_or_none, "Some rows of a batch stand still"),
        (slerp_straight_when(lambda sine, angle: (sine < 1e-3).all()), "Some rows of a batch stand still"),
        (slerp_straight_when(lambda sine, angle: angle.cos() > 0.99999), "From a to -2 a"),
        (slerp_straight_when(lambda sine, angle: angle < 1e-3), "From a to -2 a"),
        (slerp_straight_when(lambda sine, angle: sine == 0), "From a to -2 a"),
        (slerp_straight_when(lambda sine, angle: angle.cos() > 0.9), "60 degrees are right, 6 are not"),
        (slerp_straight_when(lambda sine, angle: angle.cos() < 0), "60 degrees are right, 150 are not"),
        (slerp_that_stays, "a to 2 a"),
        (slerp_unclamped, "0 / 0"),
        (slerp_of_equal_lengths, "whatever the lengths"),
        (lambda a, b, t: slerp(a, b, t) * (1 + 0.2 * t * (1 - t)), "A quarter of the way"),
        (lambda a, b, t: a.copy_(slerp(a, b, t)), "`a` was changed"),
        (lambda a, b, t: slerp(a, b, round(t, 1)), "A quarter of the way"),
        (
            lambda a, b, t: nn.functional.normalize((1 - t) * a + t * b, dim=-1) * a.norm(dim=-1, keepdim=True),
            "A quarter of the way",
        ),
    ],
}
