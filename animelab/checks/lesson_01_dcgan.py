"""Checks of 01_dcgan: pictures for a network, the two losses, first weights, a step, an average, a walk."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from animelab import engine, latent, losses
from animelab.checks.harness import check, close, logit_loss, tensor, wrong
from animelab.checks.trouble import explained


def to_network(pixels: Tensor) -> Tensor:
    """Bytes, the colors last, as a network's pictures."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


@check("1.1", "Your pictures are in the form that every network of this course expects.", to_network)
def check_1_1(to_network: Any) -> None:
    """to_network(pixels): uint8 (B, H, W, 3) to float32 (B, 3, H, W) in [-1, 1]."""
    pixels = torch.randperm(2 * 8 * 16 * 3).reshape(2, 8, 16, 3).remainder(256).to(torch.uint8)  # every gray 3 times
    answer = to_network(pixels.clone())
    if isinstance(answer, Tensor) and answer.shape == pixels.shape:
        wrong("The shape is still (B, H, W, 3): the colors come last. A network wants them right after the batch.")
    answer, moved = tensor(answer, (2, 3, 8, 16)), pixels.permute(0, 3, 1, 2).float()
    if not answer.is_floating_point():
        wrong(f"Your numbers are of type {answer.dtype}, which has no fractions. First make them float32.")
    if len(answer.unique()) < 100:
        wrong(f"256 grays went in, {len(answer.unique())} came out. Something rounds: an integer division, perhaps?")
    for seen, words in (
        (pixels.reshape(2, 3, 8, 16), "The shape is right and the picture is scrambled: the numbers were only counted "
         "off in a new shape (reshape, view). One row of colors became a row of pixels; the axes have to move."),
        (moved.flip(1), "Red and blue have changed places. Red is the first color here, and it stays the first."),
        (-moved, "That is the negative: black became bright. -1 should stand for black and 1 for white."),
    ):  # fmt: skip
        if _alike(answer, seen):
            wrong(words)
    if not _alike(answer, moved):
        wrong("Somewhere dark became bright: while numbers are still uint8, 200 + 100 is 44. Which step comes first?")
    if not close(answer, moved / 127.5 - 1, 1e-5):
        ends = f"Black (0) became {answer.min():.4g} and white (255) became {answer.max():.4g}; they should be -1 and 1"
        wrong(f"{ends}, because a generator ends in tanh, which gives -1 to 1. Check the scale and the shift.")
    if answer.dtype != torch.float32:
        wrong(f"The values are right, in {answer.dtype}. Weights are float32, and the two do not multiply.")
    pale = torch.randint(50, 200, (1, 5, 7, 3), dtype=torch.uint8)  # with neither black nor white
    answer = tensor(to_network(pale.clone()), (1, 3, 5, 7))
    if abs(answer).max() > 0.99:
        wrong("A picture without black or white came out with them: its own extremes decide. 0 is -1 and 255 is 1.")
    if not close(answer, pale.permute(0, 3, 1, 2) / 127.5 - 1):
        wrong("Two pictures of 8x16 come out right, one of 5x7 does not. Is a size written as a number in your code?")


@check("1.2", "D now pays for being wrong about either kind, and nothing for being right.", losses.discriminator_loss)
def check_1_2(discriminator_loss: Any) -> None:
    """discriminator_loss(real_logits, fake_logits): (B,), (B,) to a scalar."""
    logit_loss(discriminator_loss, losses.discriminator_loss, ("real", "fake"))
    discriminator_loss(torch.tensor([-900.0, 2.0]), torch.tensor([900.0, -1.0]))  # exp overflows in float64, too


@check("1.3", "G gets its strongest hint exactly where D is sure of a fake.", losses.non_saturating_generator_loss)
def check_1_3(generator_loss: Any) -> None:
    """generator_loss(fake_logits): (B,) to a scalar, non-saturating."""
    logits = torch.randn(7)
    if close(tensor(generator_loss(logits), ()), losses.minimax_generator_loss(logits)):
        wrong("The order is right, but where D is sure your slope is almost 0: this is the game's first loss, minimax, "
              "which saturates. Ask what makes D say *real*, not fail at *fake*.")  # fmt: skip
    logit_loss(generator_loss, losses.non_saturating_generator_loss, ("fake",))
    generator_loss(torch.tensor([-900.0, 2.0]))


# Without a reference: random numbers may be drawn in any order.
@check("1.4", "Both networks now start where DCGAN's authors started: small weights, scales around 1.", changes=(0,))
def check_1_4(initialize: Any) -> None:
    """initialize(module), for network.apply: convolutions N(0, 0.02), BatchNorm scales N(1, 0.02) and shifts 0."""
    conv, transposed, norm = nn.Conv2d(32, 64, 4), nn.ConvTranspose2d(64, 32, 4), nn.BatchNorm2d(2048)
    others = nn.Sequential(nn.Linear(40, 50), nn.GroupNorm(5, 50), nn.PReLU())
    network = nn.Sequential(conv, nn.LeakyReLU(0.2), norm, nn.Sequential(transposed, nn.Tanh()), others)
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.5)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.apply(initialize)
    if all((parameter == 0.5).all() for parameter in network.parameters()):
        wrong("After `network.apply(initialize)` every weight is as it was. Do you change the module you are given?")
    for layer, center in ((norm, 1.0), (conv, 0.0), (transposed, 0.0)):
        weight, name = layer.weight.detach(), type(layer).__name__
        mean, spread = weight.mean().item(), weight.std().item()
        if (weight == 0.5).all():
            wrong(f"The weights of {name} are as they were. Its kind should be drawn, too, around {center:.0f}.")
        if layer is norm and abs(mean) < 0.1:
            wrong(f"The weights of BatchNorm2d are drawn around {abs(mean):.2f}. They multiply every feature, and all "
                  "come out tiny. (A famous textbook does it, too.) Which number leaves a feature as is?")  # fmt: skip
        if abs(mean - center) > 0.005:
            wrong(f"The weights of {name} have the mean {mean:.2f}; they should be drawn around {center:.0f}.")
        if abs(spread - 0.02) > 0.0015:
            variance = " 0.02 is the standard deviation, not the variance." if abs(spread - 0.02**0.5) < 0.007 else ""
            wrong(f"The weights of {name} have the standard deviation {spread:.3f}; the paper's is 0.02.{variance}")
        if (beyond := ((weight - center).abs() > 0.04).double().mean()) < 0.02:  # 4.6% of a normal distribution
            wrong(f"Only {beyond:.0%} of the weights of {name} are beyond two deviations: they are not drawn normally.")
    if norm.bias.any():
        wrong(f"The shifts of BatchNorm2d (its bias) go up to {norm.bias.abs().max():.3f}; they should all be 0.")
    if touched := [type(each).__name__ for each in others if any((p != 0.5).any() for p in each.parameters())]:
        wrong(f"A layer of another kind, {touched[0]}, was changed, too; the rules are for convolutions and BatchNorm.")
    if not all(parameter.requires_grad for parameter in network.parameters()) or not network.training:
        wrong("The weights are right, and a network that comes out of your function cannot be trained any more.")
    after = network.state_dict()
    for name, was in before.items():
        loud = name in ("0.bias", "3.0.bias") and name in after and after[name].abs().max() > 0.5
        if name not in after or after[name].dtype != was.dtype or loud or ("g_" in name and (after[name] != was).any()):
            wrong(f"`{name}` should stay: a convolution's weights and a BatchNorm's scales are drawn, as float32, its "
                  "shifts are 0, and other biases and what BatchNorm has measured are left alone.")  # fmt: skip
    once = conv.weight.clone()
    if len(once.unique()) < 0.9 * once.numel():
        wrong("The same few weights come again and again; filters that begin alike learn alike. Draw each one.")
    network.apply(initialize)
    if close(conv.weight, once):
        wrong("Twice the same weights: a seed is set inside, and everything drawn afterward depends on it.")


def discriminator_step(G: Any, D: Any, real: Tensor, latents: Tensor, optimizer: Any, loss: Any) -> Tensor:
    """One update of D."""
    value = loss(D(real), D(G(latents).detach()))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.detach()


class _Kept:
    """D's loss, which keeps the logits that it was last given."""

    logits: tuple[Tensor, ...] = ()

    def __call__(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        self.logits = (real_logits.detach(), fake_logits.detach())
        return losses.discriminator_loss(real_logits, fake_logits)


# Without gradients: what comes back is a number for a curve.
@check("1.5", "That is half of GAN training: D learned, and G did not notice.", discriminator_step, gradients=False)
def check_1_5(step: Any) -> None:
    """discriminator_step(G, D, real, latents, optimizer, loss): one update of D only; returns the loss."""
    for stale in (None, 1.0):  # in the first call D has no gradients yet
        norms = [nn.BatchNorm1d(12, track_running_stats=bool(stale)), nn.BatchNorm1d(8, track_running_stats=False)]
        G = nn.Sequential(nn.Linear(4, 12), norms[0], nn.Tanh(), nn.Unflatten(1, (3, 2, 2)))
        D = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), norms[1], nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
        for weight in D.parameters():
            weight.grad = torch.full_like(weight, stale) if stale else None
        real, latents, loss = torch.randn(6, 3, 2, 2), torch.randn(6, 4), _Kept()
        before, twin = copy.deepcopy(D), copy.deepcopy(D)
        right, sgd = [D(real), D(G(latents))], [torch.optim.SGD(network.parameters(), 0.3) for network in (D, twin)]
        discriminator_step(G, twin, real, latents, sgd[1], _Kept())
        step(G, D, real, latents, sgd[0], loss)
        if not loss.logits:
            wrong("The `loss` that you are given was never called. It takes D's logits for real and for fake pictures.")
        if _same(D.parameters(), before.parameters()) and all(weight.grad is None for weight in D.parameters()):
            wrong("D had no gradients when it was time to step. What makes them, and do they stay until then?")
        if _same(D.parameters(), before.parameters()):
            wrong("D has gradients and its weights have not moved. Gradients say where to go; who takes the step?")
        if _same(loss.logits, right[::-1]):
            wrong("The loss got the fake logits for the real ones. Its order is `loss(real_logits, fake_logits)`.")
        if _same(loss.logits, before(torch.cat([real, G(latents)])).split(6)):
            wrong("Real and fake went through D in one batch, and BatchNorm mixed them. Each kind has its own batch.")
        for name, given, wanted in zip(("real", "fake"), loss.logits, right):
            if not close(given, wanted):
                wrong(f"The {name} logits that you gave to the loss are not what D says about the {name} pictures.")
        if not _same(D.parameters(), twin.parameters()):
            wrong("The step still carries gradients of an earlier one: torch adds up gradients until told not to."
                  if stale else "The step is not the one that these pictures ask the optimizer for.")  # fmt: skip


COUNTER = {
    "can't be cast": "BatchNorm counts its batches in a whole number, `num_batches_tracked`, which cannot be "
    "mixed with fractions: average the parameters, and copy the buffers."
}


# What changes is the average, whose buffers may be copied or averaged.
@check("1.6", "You have a second network that never trains and trails the first.", engine.update_average, changes=(0,))
def check_1_6(update_average: Any) -> None:
    """update_average(average, model, decay): average = decay * average + (1 - decay) * model, in place."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    average = copy.deepcopy(model).requires_grad_(False).eval()
    for value in (*model.state_dict().values(), *average.state_dict().values()):
        value.copy_(torch.rand(value.shape) * 8 + 1)  # also the counter of BatchNorm
    model[0].bias.requires_grad_(False)  # what does not learn is part of the average, too
    before, theirs, decay = copy.deepcopy(average), copy.deepcopy(model), 0.9
    update_average = explained(update_average, COUNTER)
    owned = [value.detach() for value in average.parameters()]  # as another owner would hold them
    update_average(average, model, decay)
    mine, old, new = (dict(network.named_parameters()) for network in (average, before, theirs))
    if any(value.grad_fn is not None for value in mine.values()):
        wrong("torch recorded your arithmetic to differentiate it later. Which block or decorator tells it not to?")
    if any(value.data_ptr() != held.data_ptr() for value, held in zip(mine.values(), owned)):
        wrong("Your average has new tensors: whoever held the old ones sees them no longer move. Write into those.")
    if _same(mine.values(), old.values()):
        trained = copy.deepcopy(before).requires_grad_()
        update_average(trained, copy.deepcopy(theirs), decay)
        wrong("The average has not moved. Are the new values written into its tensors, or only given a name?"
              if _same(trained.parameters(), before.parameters()) else
              "The average has not moved: yours passes by parameters that ask for no gradients.")  # fmt: skip
    if _same(mine.values(), new.values()):
        wrong("The average is now a copy of the model: `decay` plays no part. With 0.9 it keeps nine tenths of itself.")
    if _same(mine.values(), [(1 - decay) * old[name] + decay * new[name] for name in mine]):
        wrong("With decay = 0.9 nine tenths of the average should stay, and one tenth does: the two changed places.")
    for name in mine:
        if not close(mine[name], decay * old[name] + (1 - decay) * new[name]):
            wrong(f"`{name}` is neither the old value nor the right mixture. Is every parameter mixed exactly once?")
    for name, value in average.named_buffers():
        was, fresh = before.get_buffer(name), theirs.get_buffer(name)
        if value.data_ptr() == model.get_buffer(name).data_ptr():
            wrong(f"The buffer `{name}` now belongs to both networks, and moves in both. Copy its numbers.")
        if value.is_floating_point() and not (close(value, fresh) or close(value, decay * was + (1 - decay) * fresh)):
            wrong(f"The parameters are right; the buffer `{name}` still is not the model's, and averaged weights with "
                  "stale measurements of their inputs make gray pictures. Copy it, or average it.")  # fmt: skip
    if average.training or any(value.requires_grad for value in mine.values()):
        wrong("The average came back in training mode, or asks for gradients. It was neither; only its numbers move.")
    quick = copy.deepcopy(before)
    update_average(quick, copy.deepcopy(theirs), 0.25)
    if not _same(quick.parameters(), [0.25 * old[name] + 0.75 * new[name] for name in old]):
        wrong("With decay = 0.9 all is right, with 0.25 it is not. Is the decay written as a number in your code?")


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """The formula of exercise 1.7, row by row, and a straight line where the sine is almost 0."""
    omega = cosine_similarity(a, b, dim=-1)[..., None].clamp(-1, 1).acos()
    arc = (((1 - t) * omega).sin() * a + (t * omega).sin() * b) / omega.sin()
    return torch.where(omega.sin() < 1e-3, (1 - t) * a + t * b, arc)


# Without a reference: between unequal lengths the library's walk is right, too.
@check("1.7", "Your walk stays where the latents live: every face on the way is about as likely as its ends.")
def check_1_7(walk: Any) -> None:
    """slerp(a, b, t): (D,) or (B, D) latents, t in [0, 1], to latents of the same shape along the arc between."""
    a, b = torch.zeros(2, 16)
    a[0], b[0], b[1] = 3.0, 1.5, 3 * math.sin(math.pi / 3)  # two latents of length 3, 60 degrees apart
    start, quarter, half, end = (tensor(walk(a.clone(), b.clone(), t), (16,)) for t in (0.0, 0.25, 0.5, 1.0))
    if not half.isfinite().all():
        wrong("Halfway between two ordinary latents you get NaN. arccos wants a cosine, made of two *unit* vectors.")
    if close(start, b, 1e-2) and close(end, a, 1e-2):
        wrong("At t = 0 you are at b, and at t = 1 at a. The walk should begin at a.")
    if close(half, (a + b) / 2, 1e-2):
        wrong(f"Both ends have the length 3.00, and halfway yours has {half.norm():.2f}. That is the straight line, "
              "which cuts through the ball; the latents that G knows live near its surface: use angles.")  # fmt: skip
    if abs(half.norm() - 1) < 1e-2:
        wrong("Halfway you have a unit vector. Those measure the angle; what is mixed are the latents as they were.")
    if not close(start, a, 1e-3) or not close(end, b, 1e-3):
        wrong("The ends are not where they should be: t = 0 should give a itself, and t = 1 should give b.")
    angle, length = math.degrees(math.atan2(quarter[1], quarter[0])), quarter.norm().item()
    if abs(angle - 15) > 0.1 or abs(length - 3) > 0.01:
        wrong("A quarter of the way along an arc of 60 degrees and radius 3 you have turned by "
              f"{angle:.1f} degrees, at radius {length:.2f}; it should be 15.0 and 3.00.")  # fmt: skip
    long, right = tensor(walk(a.clone(), 2 * b, 0.25), (16,)), slerp(a, 2 * b, 0.25)
    if not close(long, right, 1e-3) and not close(long, latent.slerp(a, 2 * b, 0.25), 1e-3):
        wrong(f"On the way from length 3 to 6 a quarter has the length {long.norm():.2f}, and should have "
              f"{right.norm():.2f}. The angle is that of the directions, whatever the lengths.")  # fmt: skip
    for degrees in (6.0, 150.0):
        turned = a * math.cos(math.radians(degrees)) + a.roll(1) * math.sin(math.radians(degrees))
        if not close(tensor(walk(a.clone(), turned.clone(), 0.5), (16,)), slerp(a, turned, 0.5)):
            wrong(f"60 degrees are right, {degrees:.0f} are not: only where the sine is almost 0 is the way straight.")
    first, second = torch.randn(2, 8, 16)
    second *= first.norm(dim=1, keepdim=True) / second.norm(dim=1, keepdim=True)
    if not close(tensor(walk(first.clone(), second.clone(), 0.3), (8, 16)), slerp(first, second, 0.3), 1e-3):
        wrong("One pair is right, a batch of 8 is not: the rows change each other. Over which dimension do you sum?")
    same = torch.randn(64, 16)
    for here, there in ((same, same), (same, same * (1 + 1e-6)), (same[0], same[0])):
        answer = tensor(walk(here.clone(), there.clone(), 0.5), tuple(here.shape))
        if not answer.isfinite().all():
            wrong("Between a latent and itself you get NaN. The angle is 0, its sine too, and 0 / 0 is not a number "
                  "(and rounding can lift a cosine above 1). Between parallel latents walk straight.")  # fmt: skip
        if not close(answer, here, 1e-3):
            wrong("Between a latent and itself there is no way to go: the answer should be that latent.")
    if not close(tensor(walk(same.clone(), 2 * same, 0.5), (64, 16)), 1.5 * same, 1e-3):
        wrong("From a to 2 a there is no arc, only the straight line, and halfway lies 1.5 a. Yours is elsewhere.")
    away = tensor(walk(a.clone(), -2 * a, 0.3), (16,)).norm()
    if not away < 6:
        wrong(f"From a to -2 a, of the lengths 3 and 6, yours passes a point of the length {away:.3g}. There, too, the "
              "sine is almost 0 (though the angle is 180 degrees): walk straight.")  # fmt: skip
    first, second = torch.cat([same, first]), torch.cat([same, second])
    answer, right = tensor(walk(first.clone(), second.clone(), 0.3), (72, 16)), slerp(first, second, 0.3)
    if not close(answer, right, 1e-3):
        wrong("Some rows of a batch stand still, and the others no longer walk as they did alone, or those are not "
              "numbers. Choose for each row by itself.")  # fmt: skip


def _alike(values: Tensor, pixels: Tensor) -> bool:
    """Whether values grow with pixels in a straight line, whatever the scale and shift (correlation near 1)."""
    pairs = torch.stack([values.detach().flatten().double(), pixels.flatten().double()])
    return torch.corrcoef(pairs)[0, 1].item() > 0.8


def _same(a: Iterable[Tensor], b: Iterable[Tensor]) -> bool:
    return all(close(x, y, 1e-5) for x, y in zip(a, b, strict=True))
