"""Checks of 12_painting: a map made small, a norm that is told, what a fake costs its generator, a style's distance."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, one_hot

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.nn import spade
from animelab.nn.spade import divergence, modulated
from animelab.recipes.spade import generator_losses


def parts_at(labels: Tensor, classes: int, size: int) -> Tensor:
    """A map of labels, int64 (B, H, H), as one channel a part, float (B, classes, size, size) of 0 and 1."""
    step = labels.shape[1] // size
    return one_hot(labels[:, ::step, ::step], classes).movedim(3, 1).float()


@check("12.1", "One channel a part, small, and every pixel is still one part and no blend.", parts_at, gradients=False)
def check_12_1(parts_at: Any) -> None:
    """parts_at(labels int64 (B, H, H), classes, size): float (B, classes, size, size) of 0 and 1."""
    parts_at = explained(
        parts_at,
        {
            "must be applied to index tensor": "`one_hot` wants whole numbers: ask it before anything becomes a float.",
            "not implemented for 'Long'": "Whole numbers cannot be made small by `interpolate`: slice them, or make "
            "the channels first.",
        },
    )
    labels = torch.randint(0, 5, (2, 16, 16))
    for size, classes in ((16, 6), (4, 6), (4, 17)):
        answer, step = parts_at(labels.clone(), classes, size), 16 // size
        if isinstance(answer, Tensor) and answer.shape == (2, size, size, classes):
            wrong(
                "`one_hot` puts its channels last, (B, H, W, classes); pictures have them after the batch: `permute`."
            )
        answer = tensor(answer, (2, classes, size, size))
        large = one_hot(labels, classes).permute(0, 3, 1, 2).float()
        if answer.dtype != torch.float32:
            wrong("The numbers may be right, and convolutions want floats: call `.float()` on them.")
        soft, right = interpolate(large, size, mode="bilinear"), large[..., ::step, ::step]
        recognize(
            answer,
            *((each, "Two parts were blended: a pixel that is half hair and half sky is neither. Take one pixel's "
               "part, not a mean.") for each in (avg_pool2d(large, step), soft) if step > 1),
            *([(large[..., 2::step, 2::step], "You take the middle of each block. The exercise wants its upper left "
                "pixel, as torch's nearest neighbors do.")] if step > 1 else []),
            (1 - right, "0 and 1 are exchanged: 1 is where the part is."),
            (right.transpose(2, 3), "Rows and columns are exchanged."),
        )  # fmt: skip
        if step > 1 and not bool((answer.sum(1) == 1).all()):
            wrong("Not every pixel has exactly one part: its channels should add up to 1.")


@check(
    "12.2",
    "The norm takes a channel's mean and scale away, and the map gives every place new ones.",
    modulated,
    learns=("x",),
    advice={
        "gamma": "The numbers are right, and gamma's convolution does not learn from them as it should.",
        "norm": "The numbers are right, and the norm is not the one that was given: call `norm(x)`.",
    },
)
def check_12_2(modulated: Any) -> None:
    """modulated(x (B, C, H, W), parts (B, K, S, S), norm, shared, gamma, beta): (B, C, H, W)."""
    sizes = "The map has another size than the features: `interpolate(parts, x.shape[2:], mode='nearest')`."
    channels = "`shared` takes the map, and `gamma` and `beta` take what `shared` gives. Look at who gets what."
    modulated = explained(modulated, {"must match the size": sizes, "to have": channels, "expected input": channels})
    x, parts = 3 * torch.randn(2, 4, 6, 6) + 1, one_hot(torch.randint(0, 3, (2, 12, 12)), 3).movedim(3, 1).float()
    norm = nn.BatchNorm2d(4)
    shared = nn.Conv2d(3, 5, 3, padding=1)
    gamma, beta = (nn.Conv2d(5, 4, 3, padding=1) for _ in range(2))
    answer = tensor(modulated(x, parts, norm, shared, gamma, beta), (2, 4, 6, 6))
    with torch.no_grad():
        small = interpolate(parts, (6, 6), mode="nearest")
        plain = (x - x.mean((0, 2, 3), keepdim=True)) * (x.var((0, 2, 3), unbiased=False, keepdim=True) + 1e-5).rsqrt()

        def styled(seen: Tensor, normed: Tensor = plain, one: float = 1.0) -> Tensor:
            return normed * (one + gamma(seen)) + beta(seen)

        raw = shared(small)
        seen, soft = raw.relu(), shared(interpolate(parts, (6, 6), mode="bilinear")).relu()
        recognize(
            answer,
            (styled(seen, one=0.0), "Times gamma alone. At first gamma is near 0, and nothing would come through: "
             "times 1 + gamma."),
            (styled(raw), "What `shared` gives goes through a ReLU before gamma and beta see it."),
            (styled(leaky_relu(raw, 0.2)), "A plain ReLU stands after `shared`; the leaky one is the block's."),
            (styled(seen, x), "The norm is missing: features keep their own mean and scale."),
            (styled(soft), "The map was made small by blending. Take `mode='nearest'`: a pixel is one part."),
            (plain, "The map has no say: gamma and beta are missing."),
            (plain * (1 + gamma(seen)), "beta is missing."),
            (plain + beta(seen), "gamma is missing."),
            (plain * (1 + beta(seen)) + gamma(seen), "gamma and beta are exchanged."),
            (styled(seen).relu(), "There is no ReLU behind it; the block has its own."),
            ((plain + beta(seen)) * (1 + gamma(seen)), "First times 1 + gamma, then plus beta."),
        )  # fmt: skip
    large = parts.repeat_interleave(3, 2).repeat_interleave(3, 3)
    for side in (18, 6):
        other = (x, large[..., :: 36 // side, :: 36 // side], norm, shared, gamma, beta)
        answer = tensor(modulated(*other), (2, 4, 6, 6))
        if not close(answer, spade.modulated(*other)):
            wrong(f"Right for a map of 12 pixels, and wrong for one of {side}: it has to come to the size of x.")


def color_of_parts(fake: Tensor, truth: Tensor, labels: Tensor) -> float:
    """By how many of 255 the mean colors of parts differ between pictures (B, 3, H, W) of one map: mean over parts."""
    parts = one_hot(labels).flatten(1, 2).transpose(1, 2).float()
    there = parts.sum(2)
    off = ((fake - truth).flatten(2) @ parts.transpose(1, 2)).abs().mean(1) / there.clamp(min=1)
    return float(127.5 * off[there > 0].mean())


class _Looks(nn.Module):
    """A discriminator at two sizes: parts and picture to three maps each, the last one logits."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Conv2d(5, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 1, 3)

    def forward(self, parts: Tensor, pictures: Tensor) -> list[list[Tensor]]:
        both, found = torch.cat([parts, pictures], 1), []
        for x in (both, avg_pool2d(both, 2)):
            one = self.first(x).relu()
            two = self.second(one).relu()
            found.append([one, two, self.last(two)])
        return found


class _Seen(nn.Module):
    """A network that has learned to see: pictures to two maps."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        one = self.one(pictures).relu()
        return [one, self.two(one).relu()]


@check(
    "12.3",
    "Fool D, look to D as the truth does, and to a network that has learned to see.",
    generator_losses,
    learns=("fake",),
    advice={
        "fake": "The numbers are right, and the fake does not learn from all of them. Is it detached somewhere?",
        "D": "A gradient reaches D's weights: this loss trains the generator alone. Inside `frozen(D)` none does.",
        "look": "The network that sees should not learn: only the fake does.",
    },
)
def check_12_3(generator_losses: Any) -> None:
    """generator_losses(D, look, parts, real, fake): three scalars: verdict, matched, seen."""
    D, look = _Looks(), _Seen().requires_grad_(False)
    parts = one_hot(torch.randint(0, 2, (3, 16, 16)), 2).movedim(3, 1).float()
    real, fake = (torch.rand(3, 3, 16, 16) * 2 - 1 for _ in range(2))
    answer = generator_losses(D, look, parts, real, fake)
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        wrong(f"Return three scalars, verdict, matched and seen; this is a {type(answer).__name__}.")
    verdict, matched, seen = (tensor(each, ()) for each in answer)
    with torch.no_grad():
        mine, theirs, truth, guess = D(parts, real), D(parts, fake), look(real), look(fake)

    def far(ones: Any, others: Any) -> Tensor:
        return torch.stack([(a - b).abs().mean() for a, b in zip(ones, others)])

    logits, real_logits = ([scale[-1] for scale in maps] for maps in (theirs, mine))
    right = -torch.stack([each.mean() for each in logits]).mean()
    recognize(
        verdict,
        (-right, "The verdict's sign is turned around: G wants D's logits of the fake to be *large*."),
        (2 * right, "The verdict is a sum over D's sizes; take their mean."),
        (-torch.stack([each.mean() for each in real_logits]).mean(), "The verdict is about the real pictures. G wants "
         "its fake called real."),
        (-logits[0].mean(), "Only the first of D's sizes has a say in the verdict."),
        (torch.stack([(1 - each).relu().mean() for each in logits]).mean(), "The verdict stops at 1. Hinge is D's "
         "loss; G's has no end: minus the mean of the logits."),
        (torch.stack([nn.functional.softplus(-each).mean() for each in logits]).mean(), "That is lesson 1's verdict; "
         "beside hinge, G's is minus the mean of the logits."),
    )  # fmt: skip
    layers = [far(a[:-1], b[:-1]) for a, b in zip(mine, theirs)]
    whole = [far(a, b) for a, b in zip(mine, theirs)]
    recognize(
        matched,
        (torch.stack(whole).sum() / 2, "The logits are among the maps that are matched. D's verdict is the other loss: "
         "leave the last map of each size out."),
        (torch.stack(layers).sum(), "Matched is summed over D's sizes; take their mean, and the sum over layers."),
        (torch.stack(layers).mean(), "Matched is a mean over layers; they are summed, and D's sizes have the mean."),
        (layers[0].sum(), "Only the first of D's sizes is matched."),
        (torch.stack([((a - b) ** 2).mean() for x, y in zip(mine, theirs) for a, b in zip(x[:-1], y[:-1])]).sum() / 2,
         "The maps are compared by squares; the distance is absolute."),
    )  # fmt: skip
    recognize(
        seen,
        (far(truth, guess).mean(), "Seen is a mean over maps; they are summed."),
        (far(truth, guess)[-1], "Only the last map is compared."),
        ((real - fake).abs().mean(), "The pictures themselves are compared, and not what `look` makes of them."),
        (torch.stack([((a - b) ** 2).mean() for a, b in zip(truth, guess)]).sum(), "The maps are compared by squares; "
         "the distance is absolute."),
    )  # fmt: skip
    truly, faked = real.clone().requires_grad_(), fake.clone().requires_grad_()
    loss = torch.stack([*generator_losses(D, look, parts, truly, faked)]).sum()
    slope = torch.autograd.grad(loss, truly, allow_unused=True)[0] if loss.requires_grad else None
    if slope is not None and slope.abs().max() > 0:
        wrong("A gradient flows into the real picture. The truth is the truth: detach what D and `look` say of it.")


@check("12.4", "A style may leave the middle, and pays for it.", divergence, tolerance=1e-5)
def check_12_4(divergence: Any) -> None:
    """divergence(mean (B, N), log_variance (B, N)): a scalar."""
    mean, log_variance = torch.randn(4, 6), torch.randn(4, 6)
    answer = tensor(divergence(mean, log_variance), ())
    variance = log_variance.exp()

    def of(squares: Tensor, spread: Tensor, logs: Tensor, half: float = 0.5) -> Tensor:
        return half * (squares + spread - 1 - logs).sum(1).mean()

    right = of(mean**2, variance, log_variance)
    recognize(
        answer,
        (2 * right, "Twice too large: the half is missing."),
        (right / 6, "A mean over the numbers of a style; they are summed, and the pictures have the mean."),
        (4 * right, "Summed over pictures, too: twice the batch should not cost twice."),
        (-right, "It is negative: being far from normal should cost something."),
        (of(mean**2, log_variance, log_variance.abs().log()), "`log_variance` is the logarithm of the variance; the "
         "variance is its `exp()`."),
        (of(mean**2, (2 * log_variance).exp(), 2 * log_variance), "You take the logarithm of a *deviation*. It is that "
         "of the variance."),
        (of(mean, variance, log_variance), "The mean counts squared: below 0 is as far away as above."),
        (of(mean.abs(), variance, log_variance), "The mean counts squared."),
        (of(mean**2, variance, -log_variance), "The logarithm's sign: a variance of 1 should cost nothing, and smaller "
         "ones should cost as well."),
        (0.5 * (mean**2 + variance - log_variance).sum(1).mean(), "A plain normal style costs 1 for each number here, "
         "and should cost nothing: take 1 off."),
        (0.5 * (variance - 1 - log_variance).sum(1).mean(), "Where the mean lies does not count here, and it should."),
        (0.5 * (mean**2).sum(1).mean(), "The variance does not count here, and it should."),
    )  # fmt: skip
    few = mean[:3, :5], log_variance[:3, :5]
    if not close(tensor(divergence(*few), ()), spade.divergence(*few)):
        wrong("Right for 4 styles of 6 numbers, and not for 3 of 5: divide by nothing but the count of pictures and 2.")
    if not close(tensor(divergence(torch.zeros(2, 3), torch.zeros(2, 3)), ()), torch.zeros(())):
        wrong("A plain normal style, mean 0 and variance 1, should cost nothing.")
