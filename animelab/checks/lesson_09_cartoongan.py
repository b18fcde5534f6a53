"""Checks of 09_cartoongan: texture, three kinds of pictures, tiles that fade, a content that is heard."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, softplus

from animelab.checks.harness import check, close, recognize, tensor, wrong
from animelab.checks.trouble import explained
from animelab.metrics.perception import gram
from animelab.nn.tiles import straight
from animelab.recipes.cartoongan import discriminator_loss


@check("9.1", "Which channels go together, wherever they do: shuffle the places, and nothing changes.", gram)
def check_9_1(gram: Any) -> None:
    """gram(maps (B, C, H, W)): (B, C, C), sums of products over all places, divided by C H W."""
    turned = "A product of matrices goes along rows of the one and columns of the other: the second is to be turned."
    gram = explained(gram, {"first two dimensions of batch2": turned, "must match": turned})
    gram(torch.randn(1, 3, 2, 2))  # another size
    maps = torch.randn(2, 5, 3, 4) + 0.5
    answer = tensor(gram(maps), (2, 5, 5))
    flat = maps.flatten(2)
    sums, centered = flat @ flat.transpose(1, 2), flat - flat.mean(2, keepdim=True)
    recognize(
        answer,
        (sums, "The sums are right, and grow with the picture. Divide by C H W, so that sizes can be compared."),
        (sums / 12, "Divided by the places, H W. Divide by the channels, too: C H W."),
        (sums / 5, "Divided by the channels. Divide by the places, too: C H W."),
        (sums / 120, "Divided by all the numbers of the batch. What one picture is divided by is its own: C H W."),
        (sums.sum(0, keepdim=True).expand(2, -1, -1) / 60, "Both pictures got one matrix between them."),
        (sums.mean(0, keepdim=True).expand(2, -1, -1) / 60, "Both pictures got one matrix between them, the mean."),
        (centered @ centered.transpose(1, 2) / 60, "You took the mean away first: a covariance. Here the mean stays."),
        (normalize(flat, dim=2) @ normalize(flat, dim=2).mT, "That is a correlation: each channel was "
         "divided by its own length, and how strong it is got lost."),
        (torch.einsum("bcp,bdp->bcd", flat, maps.mT.flatten(2)) / 60,
         "Two channels are compared at different places: one of the two was flattened in another order."),
    )  # fmt: skip


@check("9.2", "A drawing is real; a fake is not, and a drawing with soft edges is not either.", discriminator_loss)
def check_9_2(discriminator_loss: Any) -> None:
    """discriminator_loss(drawing, fake, soft): maps of logits, of any sizes, to a scalar by least squares."""
    drawing, fake, soft = (torch.randn(2, 1, size, 4) for size in (4, 3, 6))
    answer = tensor(discriminator_loss(drawing, fake, soft), ())
    one, two, three = (drawing - 1).square().mean(), fake.square().mean(), soft.square().mean()
    everything = torch.cat([(drawing - 1).flatten(), fake.flatten(), soft.flatten()])
    recognize(
        answer,
        (one + two, "The drawings with soft edges are missing: that is the loss of lesson 5."),
        (one + three, "The fakes are missing."),
        (one + two + (soft - 1).square().mean(), "You tell D that soft edges are fine. They should score 0."),
        (drawing.square().mean() + (fake - 1).square().mean() + three, "Real and fake are exchanged."),
        (drawing.square().mean() + (fake - 1).square().mean() + (soft - 1).square().mean(),
         "It costs most to be right: drawings should score 1, and the two others 0."),
        ((one + two + three) / 3, "The mean of the three is a third of what is asked: add them up."),
        ((one + two + three) / 2, "That is half of what is asked. Some codes halve D's loss; here the three means "
         "are added as they are."),
        (one + (two + three) / 2, "Here fakes and soft edges count one half each; let each kind count once."),
        (3 * everything.square().mean(), "You take one mean over all the logits, so a kind with more of them "
         "counts more. Each kind has its own mean."),
        (everything.square().mean(), "One mean over all the logits: about a third of what is asked, and a kind with "
         "more of them counts more. Add up the means of the three."),
        (one + everything[drawing.numel() :].square().mean(), "Fakes and soft edges have one mean between them, and so "
         "count one half each; let each kind count once."),
        (everything.square().sum(), "A sum over all logits grows with the picture. Take the mean of each kind."),
        (one + (fake + 1).square().mean() + (soft + 1).square().mean(), "You want -1 for what is not real. Least "
         "squares, as in lesson 5, wants 0."),
        (softplus(-drawing).mean() + softplus(fake).mean() + softplus(soft).mean(),
         "That is cross-entropy, the loss of lesson 1 (and of the paper). Here least squares are asked for."),
        ((1 - drawing).relu().mean() + (1 + fake).relu().mean() + (1 + soft).relu().mean(),
         "That is the hinge loss: a straight line where a square is asked for."),
        ((drawing - 1).abs().mean() + fake.abs().mean() + soft.abs().mean(),
         "Absolute differences. Least squares are asked for."),
        ((drawing.sigmoid() - 1).square().mean() + fake.sigmoid().square().mean() + soft.sigmoid().square().mean(),
         "A sigmoid squeezes the logits first. Least squares take them as they are."),
    )  # fmt: skip


@check("9.3", "Two tiles that fade into each other add up to one picture.", gradients=False)
def check_9_3(fade: Any) -> None:
    """fade(overlap): weights (overlap,) of the new tile, a line from 0 to 1; the old one has them in reverse."""
    for overlap in (8, 49):
        answer, pixels = tensor(fade(overlap), (overlap,)), torch.arange(overlap)
        if not answer.is_floating_point():
            wrong(f"Your weights are {answer.dtype}, and a line from 0 to 1 needs numbers between.")
        answer = answer.double()
        both = answer + answer.flip(0)
        if bool((answer.diff() < -1e-6).any()):
            wrong("The new tile should come in, not go out: its weights rise from left to right.")
        recognize(
            answer,
            ((pixels >= overlap // 2).double(), "A jump from 0 to 1 is a seam. Rise evenly, pixel by pixel."),
            (pixels / overlap, "That is the line at the left border of each pixel, and so the band comes out darker. "
             "Take the pixels' middles."),
            ((pixels + 1) / overlap, "That is the line at the right border of each pixel, and so the band comes out "
             "brighter. Take the pixels' middles."),
            (torch.linspace(0, 1, overlap), "Your line is 0 and 1 in the middles of the first and the last pixel, so "
             "that they belong to one tile alone. It should be 0 and 1 at the outer borders of these pixels."),
            ((pixels + 1) / (overlap + 1), "Your line is 0 and 1 one pixel outside of the overlap. It should be 0 and "
             "1 at the outer borders of the first and the last pixel, half a pixel from their middles."),
        )  # fmt: skip
        if bool((answer < -1e-6).any()) or bool((answer > 1 + 1e-6).any()):
            wrong("A weight below 0 or above 1 turns one of the tiles into its negative.")
        if float((both - 1).abs().max()) > 1e-4:
            bright = "brighter" if (both - 1).mean() > 0 else "darker"
            wrong(f"Old and new together weigh {both.min():.5g} to {both.max():.5g}: a band is {bright} than the rest.")
        slopes = answer.diff()
        if float(slopes.max() - slopes.min()) > 1e-4:
            wrong(f"From pixel to pixel yours rises by {slopes.min():.3f} to {slopes.max():.3f}; a straight line rises "
                  "everywhere alike.")  # fmt: skip
        if abs(float(answer[0]) - 0.5 / overlap) > 1e-4:
            wrong(f"The line is straight, and begins with {answer[0]:.3f} instead of near 0: a seam. It should "
                  "be 0 at the left border of the first pixel.")  # fmt: skip
        if not close(answer, straight(overlap).double()):
            wrong(f"For an overlap of {overlap} pixels it is no straight line of numbers.")
    if not close(one := tensor(fade(1), (1,)), straight(1)):
        wrong(f"An overlap of 1 pixel has its middle at half of the line, 0.5, and yours weighs {one[0]:.4g}.")


class _Look(nn.Sequential):
    """A network that has learned already, as the lesson has it: nobody trains it."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3, stride=2), nn.LeakyReLU(0.2))
        self.requires_grad_(False)


def content_loss(look: Any, fake: Tensor, photo: Tensor) -> Tensor:
    """How far the maps of two pictures are apart, a scalar; only the fake gets a gradient."""
    with torch.no_grad():
        wanted = look(photo)
    return (look(fake) - wanted).abs().mean()


@check(
    "9.4",
    "The generator must hear the content: its gradient reaches the fake.",
    content_loss,
    advice={
        "fake": "The number is right, and its gradient does not reach the fake, or only in part: the generator is "
        "deaf. Where is it lost?",
        "photo": "The number is right, and a gradient flows into the photograph, too. Nothing about it is to be "
        "learned: its maps need no gradient.",
    },
)  # fmt: skip
def check_9_4(content_loss: Any) -> None:
    """content_loss(look, fake, photo): a network from pictures to a map, and (B, 3, H, W) twice, to a scalar."""
    look, fake, photo = _Look(), torch.randn(2, 3, 9, 9), torch.randn(2, 3, 9, 9)
    answer, apart = tensor(content_loss(look, fake, photo), ()), look(fake) - look(photo)
    recognize(
        answer,
        ((fake - photo).abs().mean(), "That compares pixels. Content is compared in the maps of `look`."),
        (apart.square().mean(), "Squared; the paper takes plain distances, |a - b|."),
        (apart.abs().sum(), "That is a sum, which grows with the picture; take the mean."),
        (apart.mean(), "Without absolute values, differences of both signs cancel."),
        (apart.mean().abs(), "First the absolute value at each place, then the mean; otherwise differences cancel."),
        (apart.square().mean().sqrt(), "That is a root of mean squares; the paper takes plain distances, |a - b|."),
    )
    member = "In the lesson `look` is a plain function: it can be called, and has no parameters and no modes."
    explained(content_loss, {"has no attribute": member})(look.forward, fake, photo)
