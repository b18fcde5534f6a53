"""Checks of 11_repair: pixels out of channels, a step of SRGAN, tiles; a layer that sees holes, and its loss."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, softplus

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.nn import inpainting
from animelab.recipes.inpainting import repair_loss


def pixel_shuffle(maps: Tensor, by: int) -> Tensor:
    """Channels (B, C * by * by, H, W) laid out as squares of pixels: (B, C, by * H, by * W)."""
    return torch.pixel_shuffle(maps, by)


@check("11.1", "All the work was done where pixels are few; now they are laid out.", pixel_shuffle)
def check_11_1(shuffle: Any) -> None:
    """pixel_shuffle(maps (B, C * by * by, H, W), by): (B, C, by * H, by * W)."""
    shuffle = explained(
        shuffle, {"invalid for input of size": "Are there as many numbers before as after? Count axes."}
    )
    for by, channels in ((2, 3), (3, 2)):
        maps = torch.randn(2, channels * by * by, 4, 5)
        answer = tensor(shuffle(maps, by), (2, channels, by * 4, by * 5))
        parts = maps.reshape(2, channels, by, by, 4, 5)
        last = maps.reshape(2, by, by, channels, 4, 5).permute(0, 3, 4, 1, 5, 2)
        recognize(
            answer,
            (maps.reshape(answer.shape), "The numbers were poured from one shape into another as they lie in memory: a "
             "square holds what stood side by side, not what belongs to one place. The axes have to change places."),
            (parts.permute(0, 1, 4, 3, 5, 2).reshape(answer.shape), "In each square rows and columns are exchanged: "
             "the second channel belongs to the right of the first, not below it."),
            (last.reshape(answer.shape), "You took every so many-th channel for one color. Those of one color stand "
             "together: channel c gets those from c * by * by on."),
            (parts.permute(0, 1, 2, 4, 3, 5).reshape(answer.shape), "That lays the small pictures side by side, as a "
             "sheet of contacts. They should be woven: neighbors in a square come from one place."),
        )  # fmt: skip
        if close(answer, maps[:, :: by * by].repeat_interleave(by, 2).repeat_interleave(by, 3)):
            wrong("Each square has one number, four times or more: its other channels are left out.")


def srgan_step(G: Any, D: Any, G_adam: Any, D_adam: Any, small: Tensor, real: Tensor, weight: float) -> tuple[Any, ...]:
    """One step of D, then one of G: L1 + weight times what D thinks of it. Gives L1 and both adversarial losses."""
    fake = G(small)
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    _descend(D_adam, loss_D)
    l1, loss_G = (fake - real).abs().mean(), softplus(-D(fake)).mean()
    D.requires_grad_(False)
    _descend(G_adam, l1 + weight * loss_G)
    D.requires_grad_(True)
    return l1.detach(), loss_D.detach(), loss_G.detach()


def _descend(optimizer: Any, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


AGAIN = "torch threw the way back to G away after D's backward pass: D's half should end at the fake. Cut it off there."


# Without gradients: what comes back are numbers for curves. Both networks are there to be changed.
@check("11.2", "That is SRGAN: near the truth, and sharp enough for D.", srgan_step, gradients=False)
def check_11_2(step: Any) -> None:
    """srgan_step(G, D, G_adam, D_adam, small, real, weight): a step of D, then of G; returns L1, loss_D, loss_G."""
    step = explained(
        step, {"backward through the graph a second time": AGAIN, "modified by an inplace operation": AGAIN}
    )
    for stale, weight in ((None, 0.5), (1.0, 0.3)):
        G = nn.Sequential(nn.Conv2d(3, 12, 3, 1, 1), nn.PixelShuffle(2))
        D = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
        for parameter in (*G.parameters(), *D.parameters()):
            parameter.grad = torch.full_like(parameter, stale) if stale else None
        small, real = torch.randn(2, 3, 5, 5), torch.randn(2, 3, 10, 10)
        given = G, D, *(torch.optim.SGD(each.parameters(), 0.5) for each in (G, D)), small, real, weight
        before, results = copy.deepcopy((G, D)), dict[str, Any]()
        for name in ("right", *MISTAKES):
            one, other = twins = copy.deepcopy(before)
            sgd = [torch.optim.SGD(each.parameters(), 0.5) for each in twins]
            results[name] = _step(name, one, other, sgd[0], sgd[1], small, real, weight), twins
        answer = step(*given)
        if not isinstance(answer, tuple | list) or len(answer) != 3:
            wrong("Three numbers should come back: L1, D's loss and G's adversarial loss.")
        for network, old, name in zip((G, D), before, "GD"):
            if _same(network.parameters(), old.parameters()):
                wrong(f"{name} has not moved. Who takes the step, and were there gradients when it was taken?")
        for name, advice in MISTAKES.items():
            if _alike((answer, (G, D)), results[name]) and not _alike(results["right"], results[name]):
                wrong(advice)
        for network, twin, name in zip((G, D), results["right"][1], "GD"):
            if not _same(network.parameters(), twin.parameters()):
                more = "; gradients of an earlier step may still be in it" if stale else ""
                wrong(f"{name} has moved, but not to where this step leads{more}. What is in its gradients?")


MISTAKES = {
    "asleep": "G learns by L1 alone: the fake that D saw in G's half was cut off from G, so no gradient came back.",
    "early": "G's half uses what D said before it learned. D comes first; then ask it again.",
    "greedy": "D takes a second step, in G's half, and learns to be fooled. Only G moves there.",
    "minimax": "G's adversarial loss has the wrong form: small is where D takes the fake for real (lesson 1).",
    "unweighted": "`weight` plays no part. It says how much D's opinion counts beside L1.",
    "squared": "The distance is squared. The step asks for L1, the mean absolute difference.",
    "alone": "Without L1 G only has to please D. Add the mean absolute difference from the real picture.",
    "mirrored": "D's loss has real and fake exchanged: it learns to call drawings false.",
    "half": "D's loss is half of what it should be: each of its two means counts once.",
}  # fmt: skip


def _step(mistake: str, G: Any, D: Any, G_sgd: Any, D_sgd: Any, small: Tensor, real: Tensor, weight: float) -> Any:
    """The step with one mistake, or without."""
    fake, sign = G(small), -1 if mistake == "mirrored" else 1
    loss_D = softplus(-sign * D(real)).mean() + softplus(sign * D(fake.detach())).mean()
    loss_D = loss_D / 2 if mistake == "half" else loss_D
    said = D(fake) if mistake == "early" else None
    slopes = None if said is None else torch.autograd.grad(softplus(-said).mean(), fake, retain_graph=True)[0]
    _descend(D_sgd, loss_D)
    off = fake - real
    said = D(fake.detach() if mistake == "asleep" else fake) if said is None else said.detach()
    loss_G = -softplus(said).mean() if mistake == "minimax" else softplus(-said).mean()
    l1 = off.square().mean() if mistake == "squared" else off.abs().mean()
    pull = loss_G if slopes is None else (fake * slopes).sum()
    total = (0 if mistake == "alone" else l1) + (1 if mistake == "unweighted" else weight) * pull
    if mistake == "greedy":
        D_sgd.zero_grad()
    _descend(G_sgd, total)
    if mistake == "greedy":
        D_sgd.step()
    return l1.detach(), loss_D.detach(), loss_G.detach()


def _same(values: Iterable[Tensor], others: Iterable[Tensor]) -> bool:
    return all(close(a, b, 1e-5) for a, b in zip(values, others))


def _alike(one: Any, other: Any) -> bool:
    """Whether both steps left the same networks behind."""
    return all(_same(a.parameters(), b.parameters()) for a, b in zip(one[1], other[1]))


def surroundings(start: int, side: int, reach: int, length: int) -> tuple[int, int, int]:
    """Where a tile begins and ends with `reach` pixels around it, where there are some, and how many come before."""
    begin = max(0, start - reach)
    return begin, min(length, start + side + reach), start - begin


@check("11.3", "Each tile knows its surroundings, and no seam can be: it is the same as in one piece.", surroundings)
def check_11_3(surroundings: Callable[..., Any]) -> None:
    """surroundings(start, side, reach, length): begin, end, and how many pixels before the tile are to be cut off."""
    cases = {
        "in the middle": (64, 32, 7, 200), "at the left border": (0, 32, 7, 200), "near it": (4, 16, 7, 200),
        "at the right border": (192, 32, 7, 200), "near that": (176, 16, 10, 200), "alone": (0, 64, 9, 40),
    }  # fmt: skip
    for where, (start, side, reach, length) in cases.items():
        answer = surroundings(start, side, reach, length)
        if not isinstance(answer, tuple | list) or len(answer) != 3:
            wrong("Three whole numbers should come back: begin, end, and how many pixels to cut off before the tile.")
        begin, end, before = (int(each) for each in answer)
        told = f"For a tile {where} (start {start}, side {side}, reach {reach}, length {length}) "
        if begin < 0 or end > length:
            wrong(f"{told}you read from {begin} to {end}, beyond the picture. There is nothing outside of it.")
        if begin != max(0, start - reach):
            wrong(f"{told}you begin at {begin}. A tile needs `reach` pixels before it, or as many as there are.")
        if end != min(length, start + side + reach):
            wrong(f"{told}you end at {end}. A tile needs `reach` pixels behind it, or as many as there are.")
        if before != start - begin:
            wrong(f"{told}you cut off {before} pixels, and {start - begin} were read before it: it would be shifted.")


class _Maps(nn.Module):
    """A network that has learned already, with four maps, of which three count."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Conv2d(a, b, 3, 1, 1) for a, b in ((3, 4), (4, 5), (5, 6), (6, 3)))
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Four maps, from fine to coarse."""
        return [pictures := stage(pictures).tanh() for stage in self.stages]


@check("11.4", "A window that knows half says what it would say if it knew all.", inpainting.partial_convolution,
       learns=("x", "weight", "bias"))  # fmt: skip
def check_11_4(convolve: Any) -> None:
    """convolve(x (B, C, H, W), mask (B, C, H, W), weight, bias, stride, padding): features, mask (B, 1, H', W')."""
    convolve = explained(convolve, {"NoneType": "`bias` may be `None`: add it only where there is one."})
    for stride, kernel, channels in ((1, 3, 2), (2, 5, 3)):
        x, weight, bias = torch.randn(2, channels, 8, 8), torch.randn(4, channels, kernel, kernel), torch.randn(4) + 2
        mask = torch.ones(2, channels, 8, 8)
        mask[0, :, 1:7, 1:7] = mask[1, 0, :, 5:] = mask[1, :, :4] = 0  # of one picture a channel knows less
        window = (stride, kernel // 2)
        answer, side = convolve(x, mask, weight, bias, *window), 8 // stride
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            wrong("Two things come back: the features, and the new mask.")
        features, known = tensor(answer[0], (2, 4, side, side)), tensor(answer[1], (2, 1, side, side)).float()
        ones, full, offset = torch.ones_like(weight[:1]), weight[0].numel(), bias[:, None, None]
        count, inside = (conv2d(each, ones, None, *window) for each in (mask, torch.ones_like(mask)))
        sums, blind = (conv2d(each, weight, None, *window) for each in (x * mask, x))
        near = count.clamp(min=1)
        recognize(
            known,
            ((count == full).float(), "Your new mask is 1 only where a window knows everything, so the hole grows. One "
             "known number is enough."),
            (count, "The new mask holds counts. It should be 1 where a window knows something, and 0 elsewhere."),
            (count / full, "The new mask holds shares. It should be 1 where a window knows something, 0 elsewhere."),
            ((count == 0).float(), "The new mask is the wrong way round: 1 is known, 0 is the hole."),
        )  # fmt: skip
        for found, advice in (
            (sums + offset, "These are plain sums over what is known: where a window knows little, they are small. "
             "Make up for the share that is missing."),
            (blind * full / near + offset, "What lies in the hole was looked at: multiply by the mask first."),
            (blind + offset, "That is an ordinary convolution: the mask has no effect on the features."),
            ((sums + offset) * full / near, "The bias was enlarged, too. It is no sum over the window: scale first, "
             "then add it."),
            (sums / near + offset, "Divided by the count of what is known, these are means. A convolution gives sums: "
             "multiply by the size of the window, too."),
            (sums * kernel**2 / near + offset, "The size of the window is kernel times kernel times channels: known "
             "numbers are counted over the channels, too."),
            (sums * inside / near + offset, "At the border your windows are smaller. In the paper what lies beyond the "
             "border counts as unknown: a window has the same size everywhere."),
            (sums * count / full + offset, "The share is upside down: the less a window knows, the smaller your sum."),
        ):  # fmt: skip
            recognize(features, (found, advice), (torch.where(count > 0, found, 0.0), advice))
        recognize(features, (sums * full / near + offset, "Where a window knows nothing, the bias is left. There the "
                             "features should be 0."))  # fmt: skip
        other = (x, mask, weight, None, stride, 0)
        for found, right in zip(convolve(*other), inpainting.partial_convolution(*other)):
            if found.shape != right.shape or not close(found, right):
                wrong("Right with a bias and padding, and not with `bias=None` and `padding=0`. Use what is given.")


@check("11.5", "Five parts, each with its own reason. Their weights say what the network cares about.", repair_loss,
       learns=("drawn",))  # fmt: skip
def check_11_5(loss: Any) -> None:
    """loss(drawn (B, 3, H, W), truth (B, 3, H, W), mask (B, 1, H, W), look): a dict of five scalars."""
    look, (drawn, truth), mask = _Maps(), torch.randn(2, 2, 3, 12, 12), torch.ones(2, 1, 12, 12)
    mask[0, :, 3:8, 2:7] = mask[1, :, :, 9:] = 0
    parts, right = loss(drawn, truth, mask, look), repair_loss(drawn, truth, mask, look)
    if not isinstance(parts, dict) or parts.keys() != right.keys():
        wrong(f"A dictionary should come back with the five parts {', '.join(right)}.")
    off, hole, together = (drawn - truth).abs(), 1 - mask, torch.where(mask > 0, truth, drawn)
    area = "is divided by its own area. All means go over the whole picture, so that a small hole weighs little."
    one = "looks at one picture only. Add up two: what was drawn, and that with what is known put back."
    whole = "looks at the whole picture, and should look at its part alone."
    alone = [repair_loss(each, truth, torch.zeros_like(mask), look) for each in (drawn, together)]  # the same twice
    known = {
        "valid": ((off * mask).sum() / mask.sum() / 3, area), "hole": ((off * hole).sum() / hole.sum() / 3, area),
        "variation": (alone[1]["variation"], "counts the whole picture: only the hole and a pixel around are meant."),
    }  # fmt: skip
    for name, value in parts.items():
        tensor(value, ())
        mistakes = [known.get(name, (value + 1, "")), (off.mean(), whole)]
        mistakes += [(right["hole"], "is the other of the two: the mask is 1 where it is known.")] * (name == "valid")
        mistakes += [(each[name] / 2, one) for each in alone if name in ("perceptual", "style")]
        mistakes += [(right[name] / 2, "is half: the two pictures, or the two directions, are added, not averaged.")]
        recognize(value, *((found, f"`{name}` {said}") for found, said in mistakes if not close(found, right[name])))
        if not close(value, right[name]):
            wrong(f"`{name}` is {float(value):.4g}, and it should be {float(right[name]):.4g}.")
