"""Answers to the exercises of lesson 6."""

from __future__ import annotations

import torch
from torch.nn.functional import conv2d


def styled(scale=None, sizes=None, detach=False):
    def styled_conv(x, weight, styles):
        if detach:
            styles = styles.detach()
        out = conv2d(x * styles[:, :, None, None], weight, padding=1)
        squares = styles.square() @ weight.square().sum((2, 3)).T + 1e-8
        return (scale or (lambda out, squares: out / squares.sqrt()[..., None, None]))(out, squares)

    return styled_conv


def grouped(axis_of_styles, over=(2, 3, 4)):
    def per_picture(x, weight, styles):
        batch = len(x)
        shape = [batch, 1, 1, 1, 1]
        shape[axis_of_styles] = styles.shape[1]
        own = weight[None] * styles.view(shape)
        own = own / (own.square().sum(over, keepdim=True) + 1e-8).sqrt()
        out = conv2d(x.flatten(0, 1)[None], own.flatten(0, 1), padding=1, groups=batch)
        return out.view(batch, -1, *x.shape[2:])

    return per_picture


def plain(x, weight, styles):
    return conv2d(x, weight, padding=1)


def by_weights(x, weight, styles):
    return styled(lambda out, _: out)(x, weight, styles) / weight.square().sum((1, 2, 3)).sqrt()[:, None, None]


def pulled(w, mean, psi):
    return mean + psi * (w - mean)


def slope(measure, graph=True, reduce=torch.sum):
    def r1(score, real):
        real = real.detach().requires_grad_()
        (gradients,) = torch.autograd.grad(reduce(score(real)), real, create_graph=graph)
        return measure(gradients.flatten(1))

    return r1


def slope_map(measure):
    def r1(score, real):
        real = real.detach().requires_grad_()
        return measure(torch.autograd.grad(score(real).sum(), real, create_graph=True)[0])

    return r1


def squared(gradients):
    return gradients.square().sum(1).mean()


SOLUTIONS = {
    "6_1": [styled(), grouped(2)],
    "6_2": [pulled, lambda w, mean, psi: torch.lerp(mean.expand_as(w), w, psi)],
    "6_3": [slope(squared), slope(lambda gradients: gradients.norm(dim=1).square().mean())],
    "6_4": [grouped(2), styled()],
}

WRONG_ANSWERS = {
    "6_1": [
        (plain, "no effect"),
        (styled(lambda out, squares: out), "nothing is divided"),
        (by_weights, "weights alone"),
        (styled(lambda out, squares: out / squares[..., None, None]), "take its root"),
        (styled(lambda out, squares: out * squares.sqrt()[..., None, None]), "Multiplied"),
        (styled(lambda out, squares: out / out.std((2, 3), keepdim=True)), "StyleGAN1"),
        (styled(lambda out, squares: out / squares.mean(0).sqrt()[:, None, None]), "All pictures"),
        (styled(lambda out, squares: out / squares.mean(1).sqrt()[:, None, None, None]), "All output channels"),
        (styled(detach=True), "no gradient flows back to the styles"),
        (styled(lambda out, squares: out / squares.sqrt()[..., None, None].detach()), "gradient for the styles is not"),
        (lambda x, weight, styles: styled()(x, weight, styles) + 1, "differs"),
        (lambda x, weight, styles: styled()(x, weight, styles)[:, :3], "shape"),
    ],
    "6_2": [
        (lambda w, mean, psi: psi * w, "toward zero"),
        (lambda w, mean, psi: w + psi * (mean - w), "wrong way round"),
        (lambda w, mean, psi: mean + psi * w, "*difference*"),
        (lambda w, mean, psi: w.clamp(mean - psi, mean + psi), "clip"),
        (lambda w, mean, psi: pulled(w, mean, psi) + 1, "off by"),
    ],
    "6_3": [
        (slope(lambda gradients: gradients.norm(dim=1).mean()), "leave the root out"),
        (slope(lambda gradients: gradients.square().sum()), "sum over the batch"),
        (slope(lambda gradients: gradients.square().mean()), "average over the pixels"),
        (slope(squared, reduce=torch.mean), "*mean* logit"),
        (slope_map(lambda gradients: gradients.square().sum(1).mean()), "channels alone"),
        (lambda score, real: slope(squared)(score, real) / 2, "has no half"),
        (slope(lambda gradients: (gradients.norm(dim=1) - 1).square().mean()), "DRAGAN"),
        (slope(squared, graph=False), "create_graph"),
        (lambda score, real: slope(squared)(score, real) + 1, "should be"),
        (slope(lambda gradients: gradients.square().sum() / 3), "wrong for 5"),
    ],
    "6_4": [
        (lambda x, weight, styles: plain(x, weight, styles), "still cancel"),
        (grouped(2, over=(0, 2, 3, 4)), "differs"),
        (styled(lambda out, squares: out), "nothing is divided"),
    ],
}
