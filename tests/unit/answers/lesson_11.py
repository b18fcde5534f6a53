"""Answers to the exercises of lesson 11."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits, conv2d, l1_loss, max_pool2d, softplus

from animelab.engine import frozen
from animelab.recipes.inpainting import repair_loss


# --- 11.1
def shuffle(maps, by):
    many, channels, high, wide = maps.shape
    six = maps.reshape(many, channels // by**2, by, by, high, wide)
    return six.permute(0, 1, 4, 2, 5, 3).reshape(many, -1, by * high, by * wide)


def shuffle_by_loops(maps, by):
    many, channels, high, wide = maps.shape
    out = maps.new_zeros(many, channels // by**2, by * high, by * wide)
    for row in range(by):
        for column in range(by):
            out[:, :, row::by, column::by] = maps[:, row * by + column :: by * by]
    return out


def shuffled(order, last=False):
    def answer(maps, by):
        many, channels, high, wide = maps.shape
        colors = channels // by**2
        shape = (many, by, by, colors, high, wide) if last else (many, colors, by, by, high, wide)
        return maps.reshape(shape).permute(*order).reshape(many, colors, by * high, by * wide)

    return answer


# --- 11.3
def around(start, side, reach, length):
    begin = max(0, start - reach)
    return begin, min(length, start + side + reach), start - begin


def around_by_lists(start, side, reach, length):
    pixels = [pixel for pixel in range(start - reach, start + side + reach) if 0 <= pixel < length]
    return [pixels[0], pixels[-1] + 1, pixels.index(start)]


# --- 11.2
def step(G, D, G_adam, D_adam, small, real, weight):
    fake = G(small)
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    D_adam.zero_grad()
    loss_D.backward()
    D_adam.step()
    D.requires_grad_(False)
    l1 = (fake - real).abs().mean()
    loss_G = softplus(-D(fake)).mean()
    G_adam.zero_grad()
    (l1 + weight * loss_G).backward()
    G_adam.step()
    D.requires_grad_(True)
    return l1.detach(), loss_D.detach(), loss_G.detach()


def step_with_labels(G, D, G_adam, D_adam, small, real, weight):
    with torch.no_grad():
        fake = G(small)
    of_real, of_fake = D(real), D(fake)
    ones, zeros = torch.ones_like(of_real), torch.zeros_like(of_fake)
    loss_D = binary_cross_entropy_with_logits(of_real, ones) + binary_cross_entropy_with_logits(of_fake, zeros)
    D_adam.zero_grad()
    loss_D.backward()
    D_adam.step()
    with frozen(D):
        fake = G(small)
        loss_G, near = binary_cross_entropy_with_logits(D(fake), ones), l1_loss(fake, real)
    G_adam.zero_grad()
    (near + weight * loss_G).backward()
    G_adam.step()
    return near.item(), loss_D.item(), loss_G.item()


def step_with(
    cut=True, judged=None, second=False, minimax=False, by_weight=True, power=1, near=True, sign=1, share=1.0,
    zero=True, thaw=True,
):  # fmt: skip
    def answer(G, D, G_adam, D_adam, small, real, weight):
        fake = G(small)
        loss_D = share * (softplus(-sign * D(real)).mean() + softplus(sign * D(fake.detach() if cut else fake)).mean())

        if zero:
            D_adam.zero_grad()
        loss_D.backward()
        D_adam.step()
        said = D(judged(fake) if judged else fake)
        loss_G = -softplus(said).mean() if minimax else softplus(-said).mean()
        l1 = (fake - real).abs().pow(power).mean()
        total = (l1 if near else 0) + (weight if by_weight else 1) * loss_G
        if zero:
            G_adam.zero_grad()
            D_adam.zero_grad()
        total.backward()
        G_adam.step()
        if second:
            D_adam.step()
        if not thaw:
            D.requires_grad_(False)
        return l1.detach(), loss_D.detach(), loss_G.detach()

    return answer


def step_asked_too_early(G, D, G_adam, D_adam, small, real, weight):
    fake = G(small)
    l1, loss_G = (fake - real).abs().mean(), softplus(-D(fake)).mean()
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    G_adam.zero_grad()
    (l1 + weight * loss_G).backward()
    D_adam.zero_grad()
    loss_D.backward()
    G_adam.step()
    D_adam.step()
    return l1.detach(), loss_D.detach(), loss_G.detach()


SOLUTIONS = {
    "11_1": [shuffle, shuffle_by_loops, lambda maps, by: nn.PixelShuffle(by)(maps)],
    "11_3": [around, around_by_lists],
    "11_2": [step, step_with_labels, step_with()],
}
WRONG_ANSWERS = {
    "11_1": [
        (lambda m, by: m.reshape(len(m), -1, by * m.shape[2], by * m.shape[3]), "as they lie in memory"),
        (shuffled((0, 1, 4, 3, 5, 2)), "rows and columns are exchanged"),
        (shuffled((0, 3, 4, 1, 5, 2), last=True), "every so many-th channel"),
        (shuffled((0, 1, 2, 4, 3, 5)), "sheet of contacts"),
        (lambda m, by: m[:, :: by * by].repeat_interleave(by, 2).repeat_interleave(by, 3), "left out"),
    ],
    "11_3": [
        (lambda start, side, reach, length: (start - reach, start + side + reach, reach), "beyond the picture"),
        (lambda start, side, reach, length: (start, min(length, start + side), 0), "`reach` pixels before it"),
        (lambda start, side, reach, length: (max(0, start - reach), min(length, start + side), min(start, reach)),
         "`reach` pixels behind it"),
        (lambda start, side, reach, length: (*around(start, side, reach, length)[:2], reach), "be shifted"),
        (lambda start, side, reach, length: around(start, side, reach, length)[:2], "Three whole numbers"),
    ],
    "11_2": [
        (step_with(cut=False), "threw the way back"),
        (step_with(judged=torch.Tensor.detach), "L1 alone"),
        (step_asked_too_early, "before it learned"),
        (step_with(second=True), "a second step"),
        (step_with(minimax=True), "the wrong form"),
        (step_with(by_weight=False), "plays no part"),
        (step_with(power=2), "squared"),
        (step_with(near=False), "Without L1"),
        (step_with(sign=-1), "exchanged"),
        (step_with(share=0.5), "half of what"),
        (step_with(zero=False), "an earlier step"),
        (step_with(thaw=False), "`requires_grad` of `D`"),
        (lambda *given: step(*given)[:2], "Three numbers"),
        (lambda G, D, *rest: step(G, D, rest[0], torch.optim.SGD(D.parameters(), 0.0), *rest[2:]), "D has not moved"),
    ],
}  # fmt: skip


# --- 11.4
def partial(x, mask, weight, bias, stride, padding):
    share = avg_pool2d(mask.mean(1, keepdim=True), weight.shape[-1], stride, padding)
    known = (share > 0).to(x.dtype)
    sums = conv2d(x * mask, weight, None, stride, padding)
    return (sums / share.clamp(1e-8) + (0 if bias is None else bias[:, None, None])) * known, known


def partial_by_counting(x, mask, weight, bias, stride, padding):
    count = conv2d(mask, torch.ones_like(weight[:1]), stride=stride, padding=padding)
    sums = conv2d(x * mask, weight, stride=stride, padding=padding)
    scaled = sums * (weight[0].numel() / count.clamp(min=1))
    scaled = scaled if bias is None else scaled + bias.view(1, -1, 1, 1)
    return torch.where(count > 0, scaled, torch.zeros_like(scaled)), (count > 0).float()


def partial_but(change):
    """With one mistake: a function of what the answer is made of, to features, and perhaps a mask."""

    def answer(x, mask, weight, bias, stride, padding):
        count, inside = (
            conv2d(each, torch.ones_like(weight[:1]), None, stride, padding) for each in (mask, torch.ones_like(mask))
        )
        sums, blind = (conv2d(each, weight, None, stride, padding) for each in (x * mask, x))
        full, near, b = weight[0].numel(), count.clamp(min=1), bias[:, None, None]
        right, known = (sums * full / near + b) * (count > 0), (count > 0).float()
        out = change(locals())
        return out if isinstance(out, tuple) else (out * known, known)

    return answer


# --- 11.5
def whole_loss(drawn, truth, mask, look, many=3):
    off, hole = (drawn - truth).abs(), 1 - mask
    together = mask * truth + hole * drawn
    with torch.no_grad():
        wanted = look(truth)[:many]
    perceptual = style = 0
    for picture in (drawn, together):
        for maps, goal in zip(look(picture), wanted):
            perceptual = perceptual + (maps - goal).abs().mean()
            a, b = maps.flatten(2), goal.flatten(2)
            style = style + (a @ a.mT - b @ b.mT).abs().mean() / a[0].numel()
    around = max_pool2d(hole, 3, 1, 1)
    right = (together[..., 1:] - together[..., :-1]).abs() * around[..., 1:]
    down = (together[..., 1:, :] - together[..., :-1, :]).abs() * around[..., 1:, :]
    return {
        "valid": (off * mask).mean(), "hole": (off * hole).mean(), "perceptual": perceptual, "style": style,
        "variation": right.mean() + down.mean(),
    }  # fmt: skip


def loss_but(**changes):
    """With parts that a function of (drawn, truth, mask, look, right) gives."""

    def answer(*given):
        right = whole_loss(*given)
        return right | {name: change(*given, right) for name, change in changes.items()}

    return answer


def variation_everywhere(drawn, truth, mask, look, right):
    together = mask * truth + (1 - mask) * drawn
    return together.diff(dim=2).abs().mean() + together.diff(dim=3).abs().mean()


def one_picture(drawn, truth, mask, look, right):
    with torch.no_grad():
        wanted = look(truth)[:3]
    return sum((a - b).abs().mean() for a, b in zip(look(drawn), wanted))


SOLUTIONS |= {"11_4": [partial, partial_by_counting], "11_5": [whole_loss, repair_loss]}
WRONG_ANSWERS |= {
    "11_4": [
        (partial_but(lambda v: v["sums"] + v["b"]), "plain sums"),
        (partial_but(lambda v: v["blind"] * v["full"] / v["near"] + v["b"]), "multiply by the mask first"),
        (partial_but(lambda v: v["blind"] + v["b"]), "ordinary convolution"),
        (partial_but(lambda v: (v["sums"] + v["b"]) * v["full"] / v["near"]), "bias was enlarged"),
        (partial_but(lambda v: v["sums"] / v["near"] + v["b"]), "these are means"),
        (partial_but(lambda v: v["sums"] * v["weight"].shape[-1] ** 2 / v["near"] + v["b"]), "over the channels"),
        (partial_but(lambda v: v["sums"] * v["inside"] / v["near"] + v["b"]), "At the border"),
        (partial_but(lambda v: v["sums"] * v["count"] / v["full"] + v["b"]), "upside down"),
        (partial_but(lambda v: (v["sums"] * v["full"] / v["near"] + v["b"], v["known"])), "the bias is left"),
        (partial_but(lambda v: (v["right"], (v["count"] == v["full"]).float())), "the hole grows"),
        (partial_but(lambda v: (v["right"], v["count"])), "holds counts"),
        (partial_but(lambda v: (v["right"], v["count"] / v["full"])), "holds shares"),
        (partial_but(lambda v: (v["right"], 1 - v["known"])), "wrong way round"),
        (lambda *given: partial(*given)[0], "Two things come back"),
        (lambda x, m, w, b, *rest: partial(x, m, w, b + 0, *rest), "may be `None`"),
        (lambda x, m, w, b, stride, _: partial(x, m, w, b, stride, w.shape[-1] // 2), "Use what is given"),
        (lambda x, *rest: partial(x.detach(), *rest), "no gradient reaches `x`"),
    ],
    "11_5": [
        (lambda *given: whole_loss(*given, many=4), "`perceptual` is"),
        (loss_but(valid=lambda d, t, m, look, r: r["valid"] / m.mean()), "`valid` is divided by its own area"),
        (loss_but(hole=lambda d, t, m, look, r: r["hole"] / (1 - m).mean()), "`hole` is divided by its own area"),
        (loss_but(hole=lambda d, t, m, look, r: (d - t).abs().mean()), "`hole` looks at the whole picture"),
        (loss_but(valid=lambda d, t, m, look, r: r["hole"], hole=lambda d, t, m, look, r: r["valid"]), "the other of"),
        (loss_but(perceptual=one_picture), "`perceptual` looks at one picture only"),
        (loss_but(style=lambda d, t, m, look, r: r["style"] / 2), "`style` is half"),
        (loss_but(style=lambda d, t, m, look, r: 100 * r["style"]), "`style` is"),
        (loss_but(variation=variation_everywhere), "`variation` counts the whole picture"),
        (lambda *given: sum(whole_loss(*given).values()), "A dictionary"),
        (lambda d, t, m, look: whole_loss(d, t, m, look) | {"style": whole_loss(d.detach(), t, m, look)["style"]},
         "gradient"),
    ],
}  # fmt: skip
