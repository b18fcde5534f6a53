"""Checks of lesson 8, colorization: hints, transplants, XDoG, light, and a picture that turned green.

Nothing here is learned: dots and spoiled pictures go into a network, and nobody asks for their gradients.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.nn import relight, xdog
from animelab.nn.colorization import hint_channels as right_channels

YUV = torch.tensor([[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.100]])


@check(
    "8.1",
    "Colors where the dots are, nothing elsewhere, and a channel that tells gray from no dot at all.",
    right_channels,
    gradients=False,
)
def check_8_1(hint_channels: Any) -> None:
    """hint_channels(colors (B, 3, H, W), dots bool (B, 1, H, W)): float (B, 4, H, W)."""
    colors, dots = torch.rand(3, 3, 6, 5) * 2 - 1, torch.rand(3, 1, 6, 5) < 0.4
    colors[:, :, ::2] = 0  # middle gray, under dots, too
    dots[2] = False
    answer = tensor(hint_channels(colors, dots), (3, 4, 6, 5))
    mask, only = dots.float(), colors * dots
    recognize(
        answer,
        (torch.cat([colors, mask], 1), "The colors are there without a dot, too: the network could read the answer."),
        (torch.cat([mask, only], 1), "The order: three channels of color, then the one that says where."),
        (torch.cat([only, 1 - mask], 1), "The fourth channel is 1 where *no* dot is; turn it around."),
        (torch.cat([torch.where(dots, colors, -1.0), mask], 1), "Without a dot the colors should be 0, not -1, "
         "which is black."),
        (torch.cat([torch.where(dots, colors, 1.0), mask], 1), "Without a dot the colors should be 0, not 1, which is "
         "white paper."),
        (torch.cat([colors * ~dots, mask], 1), "The colors are everywhere but under the dots: "
         "the mask is turned around."),
        (torch.cat([only, 2 * mask - 1], 1), "The fourth channel is -1 where no dot is; 0 is asked for."),
        (torch.cat([(colors + 1) / 2 * mask, mask], 1), "The colors are squeezed into [0, 1]; they come in [-1, 1] and "
         "stay there."),
        (torch.cat([only.clamp(0), mask], 1), "What is darker than middle gray became 0; colors lie in [-1, 1]."),
        (torch.cat([only, (only != 0).any(1, keepdim=True)], 1), "A dot of middle gray is a color of 0, and you take "
         "it for no dot. `dots` says where dots are, whatever their color."),
        (torch.cat([only, only.abs().amax(1, keepdim=True)], 1), "The fourth channel is the color's strength; it "
         "should be 1 on every dot."),
    )  # fmt: skip
    if not answer.is_floating_point():
        wrong(f"The channels are {answer.dtype}; a network takes floats.")


@check("8.2", "In the spots there is somebody else, softly cut out, and nobody stands in for himself.", gradients=False)
def check_8_2(transplanted: Any) -> None:
    """transplanted(pictures (B, 3, H, W), spots (B, 1, H, W) in [0, 1]): the same with parts of others in the spots."""
    for count in (3, 2, 4, 5):  # several times: chance must not look like a rule
        _check_transplant(transplanted, count)


def _check_transplant(transplanted: Any, count: int) -> None:
    pictures, spots = torch.rand(count, 3, 4, 4) * 2 - 1, torch.rand(count, 1, 4, 4)
    spots[:, :, 0], spots[:, :, 1] = 0, 1
    answer = tensor(transplanted(pictures, spots), (count, 3, 4, 4))
    if close(answer, pictures):
        wrong("The pictures came back unchanged: nothing of another picture is in the spots.")
    if close(answer[:, :, 1], pictures[:, :, 1]):
        wrong("Where spots is 1 you keep the picture, and where it is 0 you take the other. Turn it around.")
    if close(answer[:, :, 0], pictures[:, :, 0].clamp(0)):
        wrong("What is darker than middle gray became 0: pictures lie in [-1, 1], not in [0, 1].")
    if not close(answer[:, :, 0], pictures[:, :, 0]):
        wrong("Where spots is 0 nothing may change, and something did.")
    others = [[i for i in range(count) if close(answer[k, :, 1], pictures[i, :, 1])] for k in range(count)]
    if any(found == [k] for k, found in enumerate(others)):
        wrong(
            "One of the pictures got its own part back. Every picture should get another's: move the batch on by one."
        )
    if not all(others):
        wrong("Where spots is 1 there should be one other picture of the batch, at the same place, and it is not.")
    donors = pictures[[found[0] for found in others]]
    if close(answer, torch.where(spots > 0.5, donors, pictures)):
        wrong("Right, but cut with scissors: where spots is 0.5 both should show, half of each.")
    if not close(answer, pictures + spots * (donors - pictures)):
        wrong("At 0 and at 1 it is right; between them it is not spots of the other and 1 - spots of the picture.")


@check(
    "8.3",
    "White where the contrast reaches the level, soft below it. No port of this formula should differ.",
    xdog.ink,
    gradients=False,
)
def check_8_3(ink: Any) -> None:
    """ink(fine, wide, sharpness, level, slope): blurred grays (B, 1, H, W) in [0, 1] to lines, paper 1."""
    for sharpness, level, slope in ((3.4, 0.6, 2.0), (0.0, 0.5, 1.5), (20.5, 0.2, 8.0)):
        fine, wide = torch.rand(2, 2, 1, 6, 6)
        answer = tensor(ink(fine, wide, sharpness, level, slope), (2, 1, 6, 6))
        recognize(answer, *_known_inks(fine, wide, sharpness, level, slope))


def _known_inks(fine: Tensor, wide: Tensor, sharpness: float, level: float, slope: float) -> list[tuple[Tensor, str]]:
    """Known mistakes and their advice, without those that are none for these numbers."""
    contrast = (1 + sharpness) * fine - sharpness * wide
    paper = contrast >= level
    right = xdog.ink(fine, wide, sharpness, level, slope)
    turned = xdog.ink(wide, fine, sharpness, level, slope)
    plain = xdog.ink(fine / (1 + sharpness), wide / (1 + sharpness), sharpness, level, slope)
    soft, jump = 1 + torch.tanh(slope * (contrast - level)), 1 + torch.tanh(slope * contrast)
    known = [
        (torch.where(paper, 1.0, jump), "Below the level you take tanh of slope times S. It is S *minus the level* "
         "that counts, or the curve jumps where it should begin. (A bug that several published ports share.)"),
        (torch.where(paper, soft, 1.0), "The branches are exchanged: what reaches the level is paper. (Another bug of "
         "published ports.)"),
        (turned, "The two blurs are exchanged: it is the *fine* one that is made stronger."),
        (plain, "Close: that is S divided by 1 + sharpness. Here S = (1 + sharpness) fine - sharpness wide, so that "
         "plain gray stays as bright as it was."),
        (xdog.ink(fine - wide, wide - wide, sharpness - 1, level, slope), "S is only sharpness times the difference: "
         "the picture itself is missing. That is a plain difference of Gaussians."),
        (paper.float(), "That is a hard step: all below the level is ink. Ink should fade in there, by the tanh."),
        (right - (~paper).float(), "The `1 +` before the tanh is missing: at the level both branches must meet at 1."),
        (torch.where(paper, 1.0, 1 + torch.tanh(slope * contrast - level)), "Mind the brackets: it is slope times "
         "(S minus the level)."),
        (torch.where(paper, 1.0, 2 - soft), "Below the level it gets brighter than paper: look at the sign in front of "
         "the tanh, or inside of it."),
        (torch.where(paper, jump, 1.0), "Two things: the branches are exchanged, and in the tanh it is S *minus the "
         "level*."),
        (torch.where(fine >= level, 1.0, soft), "The *sharpened* gray S meets the level, not the fine one."),
        (xdog.ink(fine, wide, float(int(sharpness)), level, slope), "sharpness can be any number from 0 up; you take "
         "its whole part."),
        (contrast, "That is S. It still has to become paper and ink: the threshold is missing."),
        (soft, "What reaches the level should be plain paper, 1, and not more."),
        (1 - right, "Ink and paper are exchanged: paper is 1 here."),
        (right * 2 - 1, "Lines here are 1 for paper and 0 for ink, not in [-1, 1]."),
    ]  # fmt: skip
    return [(mistake, advice) for mistake, advice in known if not close(mistake, right)]


@check(
    "8.4",
    "1 where the surface faces the lamp, 0 where it turns away, and the lamp's distance does not matter.",
    relight.squarely,
    gradients=False,
)
def check_8_4(squarely: Any) -> None:
    """squarely(normals (B, 3, H, W) of length 1, toward (3,)): Lambert's cosine, (B, H, W) from 0 to 1."""
    columns = "The direction meets the columns of the picture. Its x, y and z belong to the second axis of the normals."
    squarely = explained(squarely, {"must match the size": columns, "size mismatch": columns})
    for toward in torch.tensor([[2.0, -1.0, 1.5], [-0.1, 0.2, 0.3]]):
        normals = normalize(torch.randn(2, 3, 4, 5), dim=1)
        answer = tensor(squarely(normals, toward), (2, 4, 5))
        raw = torch.einsum("bchw,c->bhw", normals, toward)
        cosine = raw / toward.norm()
        length = "Give the direction the length 1 first, and then take the cosine."
        recognize(
            answer,
            (raw.clamp(0), "It depends on how long the direction is: a longer one is a brighter lamp. " + length),
            (raw.clamp(0, 1), "It depends on how long the direction is, and is cut off at 1. " + length),
            (raw, "Two things: the direction needs the length 1, and what turns away gets no light: 0, not less."),
            (cosine, "What turns away from the lamp gets no light: 0, not less."),
            (cosine.abs(), "The far side is as bright as the near one. What turns away gets no light."),
            ((-cosine).clamp(0), "The lamp is on the wrong side: it is bright where the surface turns away."),
            (cosine.clamp(0) / 2 + 0.5, "There is light where none should be: turned away is 0."),
            (cosine / 2 + 0.5, "That is half-Lambert, which brings light around the edge: half of the cosine and a "
             "half more. Here it is the cosine itself, and 0 where it is negative."),
            (raw / 2 + 0.5, "That is half-Lambert with a direction that is not 1 long. Here it is the cosine itself, "
             "and 0 where it is negative. " + length),
            (cosine.clamp(0) / 3, "A third of the light: that is a mean over x, y and z. The cosine is a sum."),
            (cosine.clamp(0).square(), "The cosine squared; it is the cosine itself."),
            (cosine.acos(), "That is the angle. How squarely light falls is its cosine."),
            ((raw / toward.square().sum()).clamp(0), "Divided by the length twice: a length is a root."),
            ((raw / toward.abs().sum()).clamp(0), "The length of an arrow is the root of the sum of squares."),
            ((raw / toward.sum()).clamp(0), "The length of an arrow is the root of the sum of squares, not the sum."),
            (relight.squarely(normals.flip(1), toward), "x, y and z are mixed up: each number of a normal belongs "
             "to the same number of the direction."),
            (relight.squarely(normals, toward * torch.tensor([1, -1, 1])), "y is turned around: it points up in both."),
        )  # fmt: skip


def rgb_from_yuv(pictures: Tensor) -> Tensor:
    """The way back of 8.5's exercise: Y, U and V, whose gray is U = V = 0, to red, green and blue, (B, 3, H, W)."""
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(YUV), pictures)


@check("8.5", "There and back, and the skin is skin again.", rgb_from_yuv, gradients=False, tolerance=2e-2)
def check_8_5(from_yuv: Any) -> None:
    """from_yuv(pictures (B, 3, H, W) of Y, U, V): back to red, green and blue."""
    colors = torch.rand(2, 3, 5, 4)
    yuv, half = torch.einsum("ij,bjhw->bihw", YUV, colors), torch.tensor([0, 0.5, 0.5]).view(3, 1, 1)
    answer = tensor(from_yuv(yuv), (2, 3, 5, 4))
    recognize(
        answer,
        (rgb_from_yuv(yuv - half), "Everything is still green. Send a gray through both ways: which of its three "
         "numbers comes back changed?"),
        (rgb_from_yuv(yuv + half), "Now everything is red and blue: U and V are moved the other way. Does a gray need "
         "to be moved at all?"),
        (rgb_from_yuv(yuv[:, [0, 2, 1]]), "Skin is blue: U and V, the differences to blue and to red, are exchanged "
         "somewhere."),
        (colors.flip(1), "Red and blue are exchanged: that is BGR, the order of OpenCV."),
        (yuv, "That is still Y, U and V."),
        (torch.einsum("ij,bjhw->bihw", YUV, yuv), "That is the way there, once more."),
        tolerance=2e-2,
    )  # fmt: skip
    if not close(answer, colors, 2e-2):
        gap = (answer - colors).abs().mean((0, 2, 3))
        worst = ("red", "green", "blue")[int(gap.argmax())]
        wrong(f"After a trip there and back, {worst} is off by {gap.max():.2f} on average. Look at its line.")
