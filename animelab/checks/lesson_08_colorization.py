"""Checks of lesson 8, colorization: hints, transplants, XDoG, light, and a picture that turned green."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from animelab.checks.harness import check, close, tensor, wrong

YUV = torch.tensor([[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.100]])


@check("8.1", "Colors where the dots are, nothing elsewhere, and a channel that tells gray from no dot at all.")
def check_8_1(hint_channels: Any) -> None:
    """hint_channels(colors (B, 3, H, W), dots bool (B, 1, H, W)): float (B, 4, H, W)."""
    colors, dots = torch.rand(2, 3, 6, 5) * 2 - 1, torch.rand(2, 1, 6, 5) < 0.3
    answer = tensor(hint_channels(colors, dots), (2, 4, 6, 5))
    mask = dots.float()
    for mistake, advice in (
        (torch.cat([colors, mask], 1), "The colors are there without a dot, too: the painter could read the answer."),
        (torch.cat([mask, colors * mask], 1), "The order: three channels of color, then the one that says where."),
        (torch.cat([colors * mask, 1 - mask], 1), "The fourth channel is 1 where *no* dot is; turn it around."),
        (torch.cat([torch.where(dots, colors, -1.0), mask], 1), "Without a dot the colors should be 0, not -1, "
         "which is black."),
        (torch.cat([torch.where(dots, colors, 1.0), mask], 1), "Without a dot the colors should be 0, not 1, which is "
         "white paper."),
        (torch.cat([colors * ~dots, mask], 1), "The colors are everywhere but under the dots: "
         "the mask is turned around."),
        (torch.cat([colors * mask, 2 * mask - 1], 1), "The fourth channel is -1 where no dot is; 0 is asked for."),
        (torch.cat([(colors + 1) / 2 * mask, mask], 1), "The colors are squeezed into [0, 1]; they come in [-1, 1] and "
         "stay there."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not answer.is_floating_point():
        wrong(f"The channels are {answer.dtype}; a network takes floats.")
    if not close(answer, torch.cat([colors * mask, mask], 1)):
        wrong(
            f"On random dots yours differs by up to {(answer - torch.cat([colors * mask, mask], 1)).abs().max():.3g}."
        )


@check("8.2", "In the spots there is somebody else, softly cut out, and nobody stands in for himself.")
def check_8_2(transplanted: Any) -> None:
    """transplanted(pictures (B, 3, H, W), spots (B, 1, H, W) in [0, 1]): the same with parts of others in the spots."""
    for count in (3, 2, 4, 5):  # several times: chance must not look like a rule
        _check_transplant(transplanted, count)


def _check_transplant(transplanted: Any, count: int) -> None:
    pictures, spots = torch.rand(count, 3, 4, 4), torch.rand(count, 1, 4, 4)
    spots[:, :, 0], spots[:, :, 1] = 0, 1
    answer = tensor(transplanted(pictures, spots), (count, 3, 4, 4))
    if close(answer, pictures):
        wrong("The pictures came back unchanged: nothing of another picture is in the spots.")
    if close(answer[:, :, 1], pictures[:, :, 1]):
        wrong("Where spots is 1 you keep the picture, and where it is 0 you take the other. Turn it around.")
    if not close(answer[:, :, 0], pictures[:, :, 0]):
        wrong("Where spots is 0 nothing may change, and something did.")
    others = [[i for i in range(count) if close(answer[k, :, 1], pictures[i, :, 1])] for k in range(count)]
    if any(found == [k] for k, found in enumerate(others)):
        wrong("One of the pictures got its own part back. Every picture should get another's: roll the batch, say.")
    if not all(others):
        wrong("Where spots is 1 there should be one other picture of the batch, at the same place, and it is not.")
    donors = pictures[[found[0] for found in others]]
    if close(answer, torch.where(spots > 0.5, donors, pictures)):
        wrong("Right, but cut with scissors: where spots is 0.5 both should show, half of each.")
    if not close(answer, pictures + spots * (donors - pictures)):
        wrong("At 0 and at 1 it is right; between them it is not spots of the other and 1 - spots of the picture.")


@check("8.3", "White where the contrast reaches the level, soft below it. No port of this formula should differ.")
def check_8_3(ink: Any) -> None:
    """ink(fine, wide, sharpness, level, slope): blurred grays (B, 1, H, W) in [0, 1] to lines, paper 1."""
    fine, wide = torch.rand(2, 1, 6, 6), torch.rand(2, 1, 6, 6)
    sharpness, level, slope = 3.0, 0.6, 2.0
    answer = tensor(ink(fine, wide, sharpness, level, slope), (2, 1, 6, 6)).float()
    contrast = (1 + sharpness) * fine - sharpness * wide

    def threshold(contrast: Tensor, rise: Tensor) -> Tensor:
        return torch.where(contrast >= level, 1.0, 1 + torch.tanh(slope * rise))

    right = threshold(contrast, contrast - level)
    turned = (1 + sharpness) * wide - sharpness * fine
    plain = fine - sharpness / (1 + sharpness) * wide
    for mistake, advice in (
        (threshold(contrast, contrast), "Below the level you take tanh of slope times S. It is S *minus the level* "
         "that counts, or the curve jumps where it should begin. (A bug that several published ports share.)"),
        (torch.where(contrast < level, 1.0, 1 + torch.tanh(slope * (contrast - level))), "The branches are exchanged: "
         "what reaches the level is paper. (Another bug of published ports.)"),
        (threshold(turned, turned - level), "The two blurs are exchanged: it is the *fine* one that is made stronger."),
        (threshold(plain, plain - level), "Close: that is S divided by 1 + sharpness. Here S = (1 + sharpness) "
         "fine - sharpness wide, so that plain gray stays as bright as it was."),
        ((contrast >= level).float(), "That is a hard step: all below the level is ink. Ink should fade in "
         "there, by the tanh."),
        (threshold(contrast, contrast - level) - (contrast < level).float(), "The `1 +` before the tanh is missing: at "
         "the level both branches must meet at 1."),
        (torch.where(contrast >= level, 1.0, 1 + torch.tanh(slope * contrast - level)), "Mind the brackets: it is "
         "slope times (S minus the level)."),
        (torch.where(contrast < level, 1.0, 1 + torch.tanh(slope * contrast)), "Two things: the branches are "
         "exchanged, and in the tanh it is S *minus the level*."),
        (contrast, "That is S. It still has to become paper and ink: the threshold is missing."),
        (1 + torch.tanh(slope * (contrast - level)), "What reaches the level should be plain paper, 1, and not more."),
        (threshold(contrast, contrast - level) * 2 - 1, "Lines here are 1 for paper and 0 for ink, not in [-1, 1]."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"On random grays yours differs from the formula by up to {(answer - right).abs().max():.3g}.")


@check("8.4", "1 where the surface faces the lamp, 0 where it turns away, and the lamp's distance does not matter.")
def check_8_4(squarely: Any) -> None:
    """squarely(normals (B, 3, H, W) of length 1, toward (3,)): Lambert's cosine, (B, H, W) from 0 to 1."""
    normals, toward = normalize(torch.randn(2, 3, 4, 5), dim=1), torch.tensor([2.0, -1.0, 1.5])
    answer = tensor(squarely(normals, toward), (2, 4, 5))
    raw = torch.einsum("bchw,c->bhw", normals, toward)
    right = (raw / toward.norm()).clamp(0)
    for mistake, advice in (
        (raw.clamp(0), "It depends on how long the direction is: a lamp twice as far is twice as bright. Give the "
         "direction the length 1 first."),
        (raw, "Two things: the direction needs the length 1, and what turns away gets no light, not less than none."),
        (raw / toward.norm(), "What turns away from the lamp gets no light: 0, not less."),
        ((raw / toward.norm()).abs(), "The far side is as bright as the near one. What turns away gets no light."),
        ((-raw / toward.norm()).clamp(0), "The lamp is on the wrong side: it is bright where the surface turns away."),
        ((raw / toward.norm()).clamp(0, 1) / 2 + 0.5, "There is light where none should be: turned away is 0."),
    ):  # fmt: skip
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"On random surfaces yours differs by up to {(answer - right).abs().max():.3g}. Sum over x, y and z.")


@check("8.5", "There and back, and the skin is skin again.")
def check_8_5(from_yuv: Any) -> None:
    """from_yuv(pictures (B, 3, H, W) of Y, U, V): back to red, green and blue."""
    colors = torch.rand(2, 3, 5, 4)
    yuv = torch.einsum("ij,bjhw->bihw", YUV, colors)
    answer = tensor(from_yuv(yuv), (2, 3, 5, 4))
    back = torch.linalg.inv(YUV)
    if close(answer, torch.einsum("ij,bjhw->bihw", back, yuv - torch.tensor([0, 0.5, 0.5]).view(3, 1, 1)), 2e-2):
        wrong(
            "Everything is still green. Send a gray through both ways: which of its three numbers comes back changed?"
        )
    if close(answer, torch.einsum("ij,bjhw->bihw", back, yuv[:, [0, 2, 1]]), 2e-2):
        wrong("Skin is blue: U and V, the differences to blue and to red, are exchanged somewhere.")
    if close(answer, colors.flip(1), 2e-2):
        wrong("Red and blue are exchanged: that is BGR, the order of OpenCV.")
    if not close(answer, colors, 2e-2):
        gap = (answer - colors).abs().mean((0, 2, 3))
        worst = ("red", "green", "blue")[int(gap.argmax())]
        wrong(f"After a trip there and back, {worst} is off by {gap.max():.2f} on average. Look at its line.")
