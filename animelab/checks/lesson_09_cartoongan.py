"""Checks of 09_cartoongan: texture, three kinds of pictures, tiles that fade, a content that is heard."""

from __future__ import annotations

from typing import Any

import torch

from animelab.checks.harness import check, close, same_slope, tensor, wrong


@check("9.1", "Which channels go together, wherever they do: shuffle the places, and nothing changes.")
def check_9_1(gram: Any) -> None:
    """gram(maps (B, C, H, W)): (B, C, C), sums of products over all places, divided by C H W."""
    maps = torch.randn(2, 5, 3, 4, requires_grad=True)
    answer = tensor(gram(maps), (2, 5, 5))
    flat = maps.flatten(2)
    right = flat @ flat.transpose(1, 2)
    centered = flat - flat.mean(2, keepdim=True)
    for mistake, advice in (
        (right, "The sums are right, and grow with the picture. Divide by C H W, so that sizes can be compared."),
        (right / 12, "Divided by the places, H W. Divide by the channels, too: C H W."),
        (right / 5, "Divided by the channels. Divide by the places, too: C H W."),
        (right.sum(0, keepdim=True).expand(2, -1, -1) / 60, "Both pictures got one matrix between them."),
        (
            centered @ centered.transpose(1, 2) / 60,
            "You took the mean away first: that is a covariance. Here it stays.",
        ),
    ):
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right / 60):
        wrong(f"On random maps yours differs by up to {(answer - right / 60).abs().max():.3g}.")
    same_slope(answer.square(), (right / 60).square(), maps)


@check("9.2", "A drawing is real; a fake is not, and a drawing with soft edges is not either.")
def check_9_2(discriminator_loss: Any) -> None:
    """discriminator_loss(drawing, fake, soft): maps of logits to a scalar, least squares, each kind once."""
    drawing, fake, soft = (torch.randn(2, 1, 4, 4, requires_grad=True) for _ in range(3))
    answer = tensor(discriminator_loss(drawing, fake, soft), ())
    one, two, three = (drawing - 1).square().mean(), fake.square().mean(), soft.square().mean()
    for mistake, advice in (
        (one + two, "The drawings with soft edges are missing: that is the loss of lesson 5."),
        (one + two + (soft - 1).square().mean(), "You tell the judge that soft edges are fine. They should score 0."),
        ((drawing.square().mean() + (fake - 1).square().mean() + three), "Real and fake are exchanged."),
        ((one + two + three) / 3, "The mean of the three is a third of what is asked: add them up."),
        (one + (two + three) / 2, "Here fakes and soft edges count one half each; let each kind count once."),
    ):
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, one + two + three):
        wrong(f"On random logits yours is {answer.item():.4f}, and should be {(one + two + three).item():.4f}.")
    for logits in (drawing, fake, soft):
        same_slope(answer, one + two + three, logits)


@check("9.3", "Two tiles that fade into each other add up to one picture.")
def check_9_3(fade: Any) -> None:
    """fade(overlap): weights (overlap,) of the new tile, from near 0 to near 1; the old one has them in reverse."""
    for overlap in (8, 32):
        answer = tensor(fade(overlap), (overlap,)).double()
        both = answer + answer.flip(0)
        if bool((answer.diff() < -1e-6).any()):
            wrong("The new tile should come in, not go out: its weights rise from left to right.")
        if not close(both, torch.ones(overlap)):
            gap = both - 1
            bright = "brighter" if gap.mean() > 0 else "darker"
            wrong(f"Old and new together weigh {both.min():.2f} to {both.max():.2f}: a band is {bright} than the rest.")
        if bool((answer < -1e-6).any()) or bool((answer > 1 + 1e-6).any()):
            wrong("A weight below 0 or above 1 turns one of the tiles into its negative.")
        if float(answer[0]) > 4 / overlap:
            wrong(f"The new tile begins with a weight of {float(answer[0]):.2f}: a seam. Begin near 0, end near 1.")
        if float(answer.diff().max()) > 4 / overlap:
            wrong(f"A jump of {float(answer.diff().max()):.2f} from one pixel to the next is a seam. Rise evenly.")


@check("9.4", "The painter must hear the content: its gradient reaches the fake.")
def check_9_4(content_loss: Any) -> None:
    """content_loss(look, fake, photo): a function of pictures to a map, and (B, 3, H, W) twice, to a scalar."""
    weight = torch.randn(4, 3, 3, 3, requires_grad=True)

    def look(pictures: Any) -> Any:
        return torch.nn.functional.conv2d(pictures, weight, stride=2)

    fake, photo = (torch.randn(2, 3, 9, 9, requires_grad=which) for which in (True, False))
    answer = tensor(content_loss(look, fake, photo), ())
    right = (look(fake) - look(photo)).abs().mean()
    for mistake, advice in (
        ((fake - photo).abs().mean(), "That compares pixels. Content is compared in the maps of `look`."),
        ((look(fake) - look(photo)).square().mean(), "Squared; the paper takes plain distances, |a - b|."),
    ):
        if close(answer, mistake):
            wrong(advice)
    if not close(answer, right):
        wrong(f"Yours is {answer.item():.4f}, and should be {right.item():.4f}.")
    slope = torch.autograd.grad(answer, fake, allow_unused=True)[0] if answer.requires_grad else None
    if slope is None:
        wrong("The number is right, and no gradient reaches the fake: the painter is deaf. Where is it lost?")
    (wanted,) = torch.autograd.grad(right, fake)
    if not close(slope, wanted):
        wrong("The number is right, and the gradient that reaches the fake is another one.")
