"""Checks of 01_dcgan: pictures for a network, the two losses, first weights, a step, an average, a walk."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from animelab.checks.harness import check, close, tensor, wrong
from animelab.losses import non_saturating


@check("1.1", "Your pictures are in the form that every network of this course expects: (B, 3, H, W), from -1 to 1.")
def check_1_1(to_network: Any) -> None:
    """to_network(pixels): uint8 (B, H, W, 3) to float32 (B, 3, H, W) in [-1, 1]."""
    pixels = torch.randperm(2 * 8 * 16 * 3).reshape(2, 8, 16, 3).remainder(256).to(torch.uint8)  # every gray 3 times
    answer = to_network(pixels.clone())
    if isinstance(answer, Tensor) and answer.shape == pixels.shape:
        wrong("The shape is still (B, H, W, 3): the colors come last. A network wants them right after the batch.")
    answer = tensor(answer, (2, 3, 8, 16))
    if not answer.is_floating_point():
        wrong(
            f"Your numbers are of type {answer.dtype}, which has no fractions. Make them float32 before the arithmetic."
        )
    values, moved = answer.detach().double(), pixels.permute(0, 3, 1, 2).double()
    if len(values.unique()) < 100:
        wrong(
            f"256 grays went in and {len(values.unique())} different values came out. Something rounds: look for an "
            "integer division, or for a type without fractions on the way."
        )
    if not _alike(values, moved):
        if _alike(values, pixels.reshape(2, 3, 8, 16).double()):
            wrong(
                "The shape is right and the picture is scrambled: the numbers were only counted off in a new shape "
                "(reshape, view), so one row of colors became a row of pixels. The axes themselves have to move."
            )
        wrong(
            "Your answer does not grow with the pixels: somewhere dark became bright. While numbers are still uint8, "
            "200 + 100 is 44; is there arithmetic before the change of type?"
        )
    low, high = values.min().item(), values.max().item()
    if not close(values, moved / 127.5 - 1, 1e-5):
        wrong(
            f"Black (0) became {low:.4g} and white (255) became {high:.4g}; they should be -1 and 1, because a "
            "generator ends in tanh, and tanh speaks from -1 to 1. Check the scale and the shift."
        )
    if answer.dtype != torch.float32:
        wrong(f"The values are right, in {answer.dtype}. Weights are float32, and the two do not multiply.")
    single = torch.randint(256, (1, 5, 7, 3), dtype=torch.uint8)
    if not close(tensor(to_network(single.clone()), (1, 3, 5, 7)), single.permute(0, 3, 1, 2) / 127.5 - 1):
        wrong("Two pictures of 8x16 come out right, one of 5x7 does not. Is a size written as a number in your code?")


@check("1.2", "D now pays for being wrong about either kind of picture, and nothing for being surely right.")
def check_1_2(discriminator_loss: Any) -> None:
    """discriminator_loss(real_logits, fake_logits): (B,), (B,) to a scalar."""

    def cost(real: float, fake: float) -> float:
        return _scalar(discriminator_loss(torch.tensor([float(real)]), torch.tensor([float(fake)])))

    sure_right, sure_wrong = cost(10, -10), cost(-10, 10)
    real_slope, fake_slope = cost(-10, -10) - sure_right, cost(10, 10) - sure_right  # both should be 10
    if real_slope < -5 and fake_slope < -5:
        wrong(
            f"When D is sure and right (real = +10, fake = -10) your loss is {sure_right:.1f}, and it should be almost "
            f"0. When D is sure and wrong it is {sure_wrong:.1f}. That is the mirror image of what we want: look at "
            "the sign inside each softplus."
        )
    for kind, slope, bad in (("real", real_slope, "-10"), ("fake", fake_slope, "+10")):
        if slope < -0.1:
            wrong(
                f"The {kind} half points the wrong way: a {kind} logit of {bad}, which is D's mistake, makes your loss "
                f"smaller by {-slope:.1f}. Look at the sign inside that half's softplus; the other half is well."
            )
        if abs(slope) < 1e-3:
            wrong(
                f"Your loss does not care about the {kind} logits at all. D has to be judged on {kind} pictures, too."
            )
    if max(real_slope, fake_slope) < 2:
        wrong(
            f"A real logit that goes from +10 to -10 moves your loss by only {real_slope:.2f}; it should be about 10. "
            "Something squeezes the logits first, a sigmoid perhaps. softplus takes them as they are."
        )
    real, fake = torch.randn(7, requires_grad=True), torch.randn(7, requires_grad=True)
    answer = discriminator_loss(real, fake)
    _judge_loss(answer, non_saturating.discriminator(real, fake), 7)
    _judge_overflow(cost(-100, 100), 200)


@check("1.3", "G gets its strongest hint exactly where it needs one: where D is sure that the picture is fake.")
def check_1_3(generator_loss: Any) -> None:
    """generator_loss(fake_logits): (B,) to a scalar, non-saturating."""

    def cost_and_slope(logit: float) -> tuple[float, float]:
        logits = torch.tensor([float(logit)], requires_grad=True)
        loss = generator_loss(logits)
        value = _scalar(loss)
        if not loss.requires_grad:
            wrong("No gradient flows from your loss back to the logits, so G cannot learn. Keep everything in torch.")
        (slope,) = torch.autograd.grad(loss, logits, allow_unused=True)
        return value, 0.0 if slope is None else slope.item()

    (caught, slope), (fooled, _) = cost_and_slope(-10), cost_and_slope(10)
    if slope > 0.5 or fooled - caught > 5:
        wrong(
            f"When D calls the fake real (+10) your loss is {fooled:.1f}, and when D sees through it (-10) it is "
            f"{caught:.1f}. Loss is what G wants to be rid of: that is the wrong way round. Look at the signs."
        )
    if abs(slope) < 0.01 and fooled < -5:
        wrong(
            f"The order is right, but where D is sure (-10) your slope is {slope:.5f}: no hint for G when it needs one "
            "most. This is the game's first loss, minimax, which saturates. Ask what makes D say *real*, not what "
            "makes it fail at saying *fake*."
        )
    if caught - fooled < 2:
        wrong(
            f"From -10 to +10 your loss moves by only {caught - fooled:.2f}; it should be about 10. Something squeezes "
            "the logits first, a sigmoid perhaps. softplus takes them as they are."
        )
    logits = torch.randn(7, requires_grad=True)
    _judge_loss(generator_loss(logits), non_saturating.generator(logits), 7)
    _judge_overflow(cost_and_slope(-100)[0], 100)


@check("1.4", "Both networks now start where DCGAN's authors started: small convolutions, BatchNorm scales around 1.")
def check_1_4(initialize: Any) -> None:
    """initialize(module), for network.apply: convolutions N(0, 0.02), BatchNorm scales N(1, 0.02) and shifts 0."""
    conv, transposed, norm = nn.Conv2d(32, 64, 4), nn.ConvTranspose2d(64, 32, 4), nn.BatchNorm2d(2048)
    before = {}
    for layer in (conv, transposed, norm):
        for p in layer.parameters():
            nn.init.constant_(p, 0.5)
        before[layer] = layer.weight.detach().clone()
    nn.Sequential(conv, nn.LeakyReLU(0.2), norm, nn.Sequential(transposed, nn.Tanh())).apply(initialize)
    untouched = [layer for layer in before if torch.equal(layer.weight, before[layer])]
    if len(untouched) == 3:
        wrong(
            "After `network.apply(initialize)` every weight is as it was. Do you change the module that you are given?"
        )
    if norm in untouched:
        wrong("The scales of BatchNorm2d are as they were. They should be drawn too, around 1.")
    for layer in untouched:
        wrong(f"The weights of {type(layer).__name__} are as they were. G and D are made of different convolutions.")
    for layer in (conv, transposed):
        weight, name = layer.weight.detach(), type(layer).__name__
        mean, spread = weight.mean().item(), weight.std().item()
        if abs(mean) > 0.002:
            wrong(f"The weights of {name} have the mean {mean:.3f}; they should be drawn around 0.")
        if abs(spread - 0.02) > 0.001:
            variance = " 0.02 is the standard deviation, not the variance." if abs(spread - 0.02**0.5) < 0.007 else ""
            wrong(f"The weights of {name} have the standard deviation {spread:.3f}; the paper's is 0.02.{variance}")
    scale, shift = norm.weight.detach(), norm.bias.detach()
    mean, spread = scale.mean().item(), scale.std().item()
    if abs(mean) < 0.1:
        wrong(
            f"The scales of BatchNorm2d are drawn around {abs(mean):.2f}. They multiply every feature: all come out "
            "tiny, half of them upside down, and G's first pictures are gray. (A famous textbook does this, too.) "
            "Which number leaves a feature as it is?"
        )
    if abs(mean - 1) > 0.01:
        wrong(f"The scales of BatchNorm2d have the mean {mean:.2f}; they should be drawn around 1.")
    if abs(spread - 0.02) > 0.003:
        wrong(f"The scales of BatchNorm2d are right on average; their standard deviation is {spread:.3f}, not 0.02.")
    if shift.abs().max() > 0:
        wrong(f"The shifts of BatchNorm2d (its bias) go up to {shift.abs().max():.3f}; they should all be 0.")


@check("1.5", "That is half of GAN training: D learned from one batch, and G did not notice.")
def check_1_5(discriminator_step: Any) -> None:
    """discriminator_step(G, D, real, latents, optimizer, loss): one update of D only; returns the loss."""
    G = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Unflatten(1, (3, 2, 2)))
    D = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
    optimizer = torch.optim.SGD(D.parameters(), lr=0.1)
    twin = copy.deepcopy(D)
    twin_optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    painter = copy.deepcopy(G)
    judged: list[tuple[Tensor, Tensor]] = []
    steps: list[bool] = []  # for every step: whether D had gradients
    optimizer.register_step_pre_hook(lambda *_: steps.append(any(p.grad is not None for p in D.parameters())))

    def loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        judged.append((real_logits.detach().clone(), fake_logits.detach().clone()))
        return non_saturating.discriminator(real_logits, fake_logits)

    for turn in (1, 2):
        real, latents = torch.randn(6, 3, 2, 2), torch.randn(6, 4)
        judged.clear()
        steps.clear()
        answer = discriminator_step(G, D, real, latents, optimizer, loss)
        with torch.no_grad():
            opinions = twin(real), twin(painter(latents))
        if not judged:
            wrong("The `loss` that you are given was never called. It takes D's logits for real and for fake pictures.")
        if not _same(_weights(G), _weights(painter)):
            wrong("G's weights have changed. This step trains the judge; the painter holds still until its own step.")
        if any(p.grad is not None for p in G.parameters()):
            wrong(
                "D's loss has left gradients in G: it would teach G to help the judge. The fakes should reach D cut "
                "off from the network that painted them; look for what `detach` does."
            )
        if not steps and any(p.grad is not None for p in D.parameters()):
            wrong("D has gradients and its weights have not moved. Gradients say where to go; who takes the step?")
        if not any(steps):
            wrong(
                "D's weights have not moved, because D had no gradients when it was time to step. "
                "Does anything go backward through the loss, and does it stay until the optimizer has used it?"
            )
        if len(judged) == 1:
            _judge_logits(judged[0], opinions)
        twin_optimizer.zero_grad()
        expected = non_saturating.discriminator(twin(real), twin(painter(latents).detach()))
        expected.backward()
        twin_optimizer.step()
        if not _same(_weights(D), _weights(twin)):
            if turn == 2:
                wrong(
                    "The first step is right, the second is not: it still carries the gradients of the first. "
                    "torch adds up gradients until someone sets them to zero."
                )
            wrong("D took a step, but not the one that the loss of these real and fake pictures asks for.")
        if answer is None:
            wrong("D learned, and your function returned None. Return the loss, so that we can draw its curve.")
        value = answer if isinstance(answer, float) else _scalar(answer)
        if not math.isclose(value, expected.item(), rel_tol=1e-4, abs_tol=1e-5):
            wrong(f"D learned, but you return {value:.4f} and the loss of this batch was {expected.item():.4f}.")


@check("1.6", "You have a second network that never trains, trails the first, and draws the calmer pictures.")
def check_1_6(update_average: Any) -> None:
    """update_average(average, model, decay): average = decay * average + (1 - decay) * model, in place."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    average = copy.deepcopy(model).requires_grad_(False)
    for network in (model, average):
        for value in network.state_dict().values():
            value.copy_(torch.rand(value.shape) * 8 + 1)  # also the counter of BatchNorm
    before, theirs, decay = copy.deepcopy(average), copy.deepcopy(model), 0.9
    owned = {name: value.detach() for name, value in average.named_parameters()}  # as another owner would hold them
    update_average(average, model, decay)

    if not _same(model.state_dict().values(), theirs.state_dict().values()):
        wrong("The model itself has changed. It is only looked at; what moves is the average.")
    mine, old, new = (dict(network.named_parameters()) for network in (average, before, theirs))
    if any(value.grad_fn is not None for value in mine.values()):
        wrong(
            "torch wrote down your arithmetic to differentiate it later, and would keep every step of the training in "
            "memory. Nobody trains the average: which block or decorator tells torch not to record?"
        )
    if any(mine[name].data_ptr() != owned[name].data_ptr() for name in owned):
        wrong(
            "Your average has new tensors. Whoever held the old ones (an optimizer, a checkpoint, another device) now "
            "watches numbers that no longer move. Write the new values into the tensors that are there."
        )
    if _same(mine.values(), old.values()):
        wrong("The average has not moved. Are the new values written into its tensors, or only given a name?")
    if _same(mine.values(), new.values()):
        wrong("The average is now a copy of the model: `decay` plays no part. With 0.9 it keeps nine tenths of itself.")
    if _same(mine.values(), [(1 - decay) * old[name] + decay * new[name] for name in mine]):
        wrong(
            "With decay = 0.9 your average has gone nine tenths of the way to the model. Decay is what stays of the "
            "average: a large one means a long memory. The two factors have changed places."
        )
    for name in mine:
        if not close(mine[name], decay * old[name] + (1 - decay) * new[name]):
            wrong(f"`{name}` is neither the old value nor the right mixture. Is every parameter mixed exactly once?")
    for name, value in average.named_buffers():
        was, fresh = before.get_buffer(name), theirs.get_buffer(name)
        if value.is_floating_point() and not (close(value, fresh) or close(value, decay * was + (1 - decay) * fresh)):
            wrong(
                f"The parameters are right; the buffer `{name}` still is not the model's. BatchNorm measures its "
                "inputs there, and averaged weights with stale measurements draw gray pictures. Copy it, or average it."
            )


@check("1.7", "Your walk stays where the latents live: every face on the way is about as likely as its ends.")
def check_1_7(slerp: Any) -> None:
    """slerp(a, b, t): (D,) or (B, D) latents, t in [0, 1], to latents of the same shape along the arc between."""
    a, b = torch.zeros(2, 16)
    a[0], b[0], b[1] = 3.0, 1.5, 3 * math.sin(math.pi / 3)  # two latents of length 3, 60 degrees apart
    start, half, end = (tensor(slerp(a.clone(), b.clone(), t), (16,)) for t in (0.0, 0.5, 1.0))
    if not torch.isfinite(half).all():
        wrong("Halfway between two ordinary latents you get NaN. arccos wants a cosine, made of two *unit* vectors.")
    if close(start, b, 1e-2) and close(end, a, 1e-2):
        wrong("At t = 0 you are at b, and at t = 1 at a. The walk should begin at a.")
    length = half.norm().item()
    if close(half, (a + b) / 2, 1e-2):
        wrong(
            f"Both ends have the length 3.00, and halfway yours has {length:.2f}. That is the straight line, which "
            "cuts through the ball; the latents that G knows live near its surface. Walk on the arc: think in angles."
        )
    if abs(length - 1) < 1e-2:
        wrong(
            "Both ends have the length 3.00, and halfway yours has 1.00: it came out as a unit vector. Unit vectors "
            "are for measuring the angle; the mixture itself is made of the latents as they were."
        )
    quarter = tensor(slerp(a.clone(), b.clone(), 0.25), (16,))
    if not close(start, a, 1e-3) or not close(end, b, 1e-3):
        wrong("The ends are not where they should be: t = 0 should give a itself, and t = 1 should give b.")
    angle, length = math.degrees(math.atan2(quarter[1], quarter[0])), quarter.norm().item()
    if abs(angle - 15) > 0.1 or abs(length - 3) > 0.01:
        wrong(
            f"A quarter of the way along an arc of 60 degrees and radius 3 you have turned by {angle:.1f} degrees, at "
            f"radius {length:.2f}; it should be 15.0 and 3.00."
        )
    long = tensor(slerp(a.clone(), 2 * b, 0.5), (16,)).norm().item()
    if not 3 <= long <= 6:
        wrong(
            f"Between a latent of length 3 and one of length 6 yours has the length {long:.2f}; it should lie between."
        )

    first = torch.randn(8, 16)
    angles = torch.linspace(0.2, 2.9, 8)[:, None]
    side = torch.randn(8, 16)
    side -= (side * first).sum(1, keepdim=True) / first.square().sum(1, keepdim=True) * first
    side *= first.norm(dim=1, keepdim=True) / side.norm(dim=1, keepdim=True)
    second = angles.cos() * first + angles.sin() * side
    batch = tensor(slerp(first.clone(), second.clone(), 0.3), (8, 16))
    if not close(batch, (0.3 * angles).cos() * first + (0.3 * angles).sin() * side, 1e-3):
        wrong(
            "One pair of latents is right, a batch of 8 pairs is not: the rows change each other. Every row has its "
            "own lengths and its own angle; over which dimension do you sum?"
        )
    same = torch.randn(64, 16)
    for here, there in ((same, same), (same, same * (1 + 1e-6)), (same[0], same[0])):
        answer = tensor(slerp(here.clone(), there.clone(), 0.5), tuple(here.shape))
        if not torch.isfinite(answer).all():
            wrong(
                "Between a latent and itself you get NaN. The angle is 0, its sine too, and 0 / 0 is not a number (and "
                "rounding can lift a cosine above 1). For parallel latents the straight line will do."
            )
        if not close(answer, here, 1e-3):
            wrong("Between a latent and itself there is no way to go: the answer should be that latent.")


def _alike(values: Tensor, pixels: Tensor) -> bool:
    """Whether values grow with pixels in a straight line, whatever the scale and shift (correlation near 1)."""
    return torch.corrcoef(torch.stack([values.flatten(), pixels.flatten()]))[0, 1].item() > 0.8


def _scalar(value: Any) -> float:
    """A loss as a number; ends the check when it is not a scalar tensor."""
    if isinstance(value, Tensor) and value.dim() and value.numel() >= 1:
        wrong(f"Your loss has the shape {tuple(value.shape)}; it should be one number, the mean over the batch.")
    return tensor(value, ()).item()


def _judge_loss(loss: Tensor, expected: Tensor, batch: int) -> None:
    """A loss on random logits: its value, its gradient, and how it treats the batch."""
    value = _scalar(loss)
    if not loss.requires_grad:
        wrong("No gradient flows from your loss back to the logits, so nothing can learn. Keep everything in torch.")
    ratio = value / expected.item()
    if abs(ratio - batch) < 1e-3:
        wrong(
            f"For {batch} pictures your loss is {batch} times too large: a sum. Twice the batch should not cost twice."
        )
    if abs(ratio - 0.5) < 1e-3:
        wrong("Your loss is exactly half of what it should be. Each half has its own mean, and the two are added.")
    if abs(ratio - 1) > 1e-4:
        wrong(f"On random logits your loss is {value:.4f}, and it should be {expected.item():.4f}.")


def _judge_overflow(value: float, expected: float) -> None:
    if not math.isclose(value, expected, rel_tol=1e-3):
        wrong(
            f"For logits of 100 on the wrong side your loss is {value:.4g}, and it should be {expected:.0f}. The "
            "formula is right and the numbers are too large for it: float32 ends near exp(88). `softplus` knows better."
        )


def _judge_logits(given: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor]) -> None:
    real, fake = (close(mine, right) for mine, right in zip(given, expected, strict=True))
    if close(given[0], expected[1]) and close(given[1], expected[0]):
        wrong(
            "The loss got the fake logits where it wants the real ones. Its order is `loss(real_logits, fake_logits)`."
        )
    if not real:
        wrong("The real logits that you gave to the loss are not D's opinion of `real`.")
    if not fake:
        wrong(
            "The fake logits that you gave to the loss are not D's opinion of what G paints from `latents`. "
            "A judge who never sees those fakes does not learn to tell them apart."
        )


def _weights(network: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in network.parameters()]


def _same(a: Iterable[Tensor], b: Iterable[Tensor]) -> bool:
    return all(close(x, y, 1e-5) for x, y in zip(a, b, strict=True))
