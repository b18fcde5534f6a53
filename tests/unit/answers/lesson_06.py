"""Answers to the exercises of lesson 6."""

from __future__ import annotations

import torch
from torch.nn.functional import conv2d, normalize, pad, softplus, unfold


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


def picture_by_picture(x, weight, styles):
    out = []
    for picture, style in zip(x, styles):
        own = weight * style.view(1, -1, 1, 1)
        own = own * torch.rsqrt(torch.sum(own**2, dim=[1, 2, 3], keepdim=True) + 1e-8)
        out.append(torch.nn.functional.conv2d(picture.unsqueeze(0), own, padding="same"))
    return torch.cat(out)


def unit_weights(x, weight, styles):
    own = torch.einsum("oikl,bi->boikl", weight, styles)
    own = own.flatten(2) / (own.flatten(2).norm(dim=2, keepdim=True).square() + 1e-8).sqrt()
    patches = unfold(pad(x, (1, 1, 1, 1)), 3)  # (B, in 9, H W)
    return torch.einsum("bop,bpn->bon", own, patches).view(len(x), -1, *x.shape[2:])


def length_from_below(x, weight, styles):
    own = torch.einsum("oikl,bi->boikl", weight, styles)
    own = normalize(own.flatten(2), dim=2, eps=1e-4).view_as(own)
    return torch.cat([conv2d(picture[None], each, padding=1) for picture, each in zip(x, own)])


def in_place(x, weight, styles):
    x *= styles[:, :, None, None]
    return styled()(x, weight, styles) / styles[0].mean()


def without_squares_of_styles(x, weight, styles):
    sums = styles.abs() @ weight.square().sum((2, 3)).T
    return styled(lambda out, _: out / sums.sqrt()[..., None, None])(x, weight, styles)


def by_absolute_values(x, weight, styles):
    sums = styles.abs() @ weight.abs().sum((2, 3)).T
    return styled(lambda out, _: out / sums[..., None, None])(x, weight, styles)


def unscaled(x, weight, styles):
    squares = styles.square() @ weight.square().sum((2, 3)).T
    return conv2d(x, weight, padding=1) / squares.sqrt()[..., None, None]


def mean_of_squares(x, weight, styles):
    return styled()(x, weight, styles) * (9 * x.shape[1]) ** 0.5


def no_grad_inside(x, weight, styles):
    def divided(out, squares):
        with torch.no_grad():
            length = squares.sqrt()
        return out / length[..., None, None]

    return styled(divided)(x, weight, styles)


def styles_of_the_first(x, weight, styles):
    return styled()(x, weight, styles[:1].expand_as(styles))


def plain(x, weight, styles):
    return conv2d(x, weight, padding=1)


def unit_plain(x, weight, styles):
    return conv2d(x, weight / weight.flatten(1).norm(dim=1)[:, None, None, None], padding=1)


def by_weights(x, weight, styles):
    return styled(lambda out, _: out)(x, weight, styles) / weight.square().sum((1, 2, 3)).sqrt()[:, None, None]


def turned_kernel(x, weight, styles):
    return styled()(x, weight.flip(2, 3), styles)


def reflected(x, weight, styles):
    out = conv2d(pad(x * styles[:, :, None, None], (1, 1, 1, 1), "reflect"), weight)
    return out / (styles.square() @ weight.square().sum((2, 3)).T + 1e-8).sqrt()[..., None, None]


def pulled(w, mean, psi):
    return mean + psi * (w - mean)


def pulled_row_by_row(w, mean, psi):
    return torch.stack([(1 - psi) * mean + psi * row for row in w])


def pulled_in_place(w, mean, psi):
    w -= mean
    w *= psi
    w += mean
    return w


def slope(measure, graph=True, reduce=torch.sum, of=lambda logits: logits):
    def r1(score, real):
        real = real.detach().requires_grad_()
        (gradients,) = torch.autograd.grad(reduce(of(score(real))), real, create_graph=graph)
        return measure(gradients.flatten(1))

    return r1


def slope_map(measure):
    def r1(score, real):
        real = real.detach().requires_grad_()
        return measure(torch.autograd.grad(score(real).sum(), real, create_graph=True)[0])

    return r1


def squared(gradients):
    return gradients.square().sum(1).mean()


def slope_one_by_one(score, real):
    total = 0.0
    for picture in real:
        picture = picture[None].clone().requires_grad_(True)
        total = total + (torch.autograd.grad(score(picture).squeeze(), picture, create_graph=True)[0] ** 2).sum()
    return total / len(real)


def slope_by_ones(score, real):
    copy = real.clone().detach().requires_grad_(True)
    logits = score(copy)
    gradients = torch.autograd.grad(logits, copy, torch.ones_like(logits), create_graph=True, retain_graph=True)[0]
    return torch.einsum("bchw,bchw->b", gradients, gradients).mean()


def slope_of_the_caller(score, real):
    real.requires_grad_()
    return squared(torch.autograd.grad(score(real).sum(), real, create_graph=True)[0].flatten(1))


def slope_of_the_caller_for_a_while(score, real):
    real.requires_grad_()
    penalty = squared(torch.autograd.grad(score(real).sum(), real, create_graph=True)[0].flatten(1))
    real.requires_grad_(False)
    return penalty


def slope_by_backward(score, real):
    copy = real.detach().clone().requires_grad_()
    score(copy).sum().backward(create_graph=True)
    return squared(copy.grad.flatten(1))


def slope_and_no_stale_gradients(score, real):
    score.zero_grad()
    return slope(squared)(score, real)


def slope_with_a_frozen_score(score, real):
    penalty = slope(squared)(score, real)
    score.requires_grad_(False)
    return penalty


def slope_in_eval(score, real):
    score.eval()
    return slope(squared)(score, real)


def slope_beside(score, real):
    return slope(squared)(score, real + 0.1 * torch.randn_like(real))


def nothing_asks(score, real):
    return squared(torch.autograd.grad(score(real).sum(), real, create_graph=True)[0].flatten(1))


def asks_too_late(score, real):
    logits = score(real)
    copy = real.detach().requires_grad_()
    return squared(torch.autograd.grad(logits.sum(), copy, create_graph=True)[0].flatten(1))


def no_sum(score, real):
    copy = real.detach().requires_grad_()
    return squared(torch.autograd.grad(score(copy), copy, create_graph=True)[0].flatten(1))


def half_learns(score, real):
    penalty = slope(squared)(score, real)
    return penalty / 2 + penalty.detach() / 2


SOLUTIONS = {
    "6_1": [styled(), grouped(2), picture_by_picture, unit_weights],
    "6_2": [pulled, lambda w, mean, psi: torch.lerp(mean.expand_as(w), w, psi), pulled_row_by_row,
            lambda w, mean, psi: w if psi == 1 else w * psi + mean * (1 - psi),
            lambda w, mean, psi: torch.lerp(mean.detach(), w, psi)],
    "6_3": [slope(squared), slope(lambda gradients: gradients.norm(dim=1).square().mean()), slope_one_by_one,
            slope_by_ones],
    "6_4": [grouped(2), styled(), picture_by_picture, unit_weights],
}  # fmt: skip

WRONG_ANSWERS = {
    "6_1": [
        (
            lambda x, weight, styles: (
                conv2d(x * styles, weight, padding=1)
                / (styles.square() @ weight.square().sum((2, 3)).T + 1e-8).sqrt()[..., None, None]
            ),
            "rows and columns",
        ),
        (
            lambda x, weight, styles: (
                conv2d(x * styles[:, :, None, None], weight, padding=1)
                / (styles.square() @ weight.square().sum((2, 3)) + 1e-8).sqrt()[..., None, None]
            ),
            "*output* channels",
        ),
        (styled(lambda out, squares: out / (squares - 1e-8).sqrt()[..., None, None]), "1e-8"),
        (styled(lambda out, squares: out / (squares + 1e-4).sqrt()[..., None, None]), "1e-8"),
        (styled(lambda out, squares: out / ((squares - 1e-8).clamp(0).sqrt()[..., None, None] + 1e-8)), "1e-8"),
        (length_from_below, "1e-8"),
        (lambda x, weight, styles: conv2d(x * styles, weight, padding=1), "rows and columns"),
        (plain, "no effect"),
        (unit_plain, "no style anywhere"),
        (styled(lambda out, squares: out), "nothing is divided"),
        (by_weights, "weights alone"),
        (unscaled, "channels are not scaled"),
        (styled(lambda out, squares: out / squares[..., None, None]), "take its root"),
        (styled(lambda out, squares: out * squares.sqrt()[..., None, None]), "Multiplied"),
        (styled(lambda out, squares: out / out.std((2, 3), keepdim=True)), "StyleGAN1"),
        (styled(lambda out, squares: out / squares.mean(0).sqrt()[:, None, None]), "All pictures"),
        (styled(lambda out, squares: out / squares.mean(1).sqrt()[:, None, None, None]), "All output channels"),
        (mean_of_squares, "*mean* of the squares"),
        (by_absolute_values, "absolute values"),
        (without_squares_of_styles, "styles are not"),
        (styles_of_the_first, "differs"),
        (turned_kernel, "differs"),
        (reflected, "differs"),
        (lambda x, weight, styles: styled()(x, weight, styles.abs()), "differs"),
        (styled(detach=True), "no gradient reaches `styles`"),
        (lambda x, weight, styles: styled()(x.data, weight, styles), "no gradient reaches `x`"),
        (lambda x, weight, styles: styled()(x, weight.detach(), styles), "no gradient reaches `weight`"),
        (lambda x, weight, styles: styled()(x, weight, styles).detach(), "no gradient reaches"),
        (styled(lambda out, squares: out / squares.sqrt()[..., None, None].detach()), "is another one"),
        (no_grad_inside, "is another one"),
        (in_place, "`x` was changed"),
        (lambda x, weight, styles: (styled()(x, weight, styles), weight.mul_(1.0))[0], "`weight` was changed"),
        (lambda x, weight, styles: styled()(x, weight, styles) + 1, "differs"),
        (lambda x, weight, styles: styled()(x, weight, styles)[:, :3], "shape"),
        (lambda x, weight, styles: conv2d(x * styles[:, :, None, None], weight), "shape"),
    ],
    "6_2": [
        (lambda w, mean, psi: psi * w, "toward zero"),
        (lambda w, mean, psi: w + psi * (mean - w), "wrong way round"),
        (lambda w, mean, psi: torch.lerp(w, mean.expand_as(w), psi), "wrong way round"),
        (lambda w, mean, psi: mean + psi * w, "*difference*"),
        (lambda w, mean, psi: psi * (w - mean), "mean is missing"),
        (lambda w, mean, psi: mean - psi * (w - mean), "A sign"),
        (lambda w, mean, psi: w.clamp(mean - psi, mean + psi), "clip"),
        (lambda w, mean, psi: pulled(w, w.mean(0), psi), "rows at hand"),
        (lambda w, mean, psi: pulled(w, w.mean(1, keepdim=True), psi), "own numbers"),
        (lambda w, mean, psi: pulled(w, mean.mean(), psi), "one number"),
        (lambda w, mean, psi: pulled(w, mean, max(0.0, min(1.0, psi))), "All numbers are allowed"),
        (lambda w, mean, psi: pulled(w, mean, abs(psi)), "below 0 lies the opposite"),
        (lambda w, mean, psi: w if psi > 0.999 else pulled(w, mean, psi), "psi = 1.3"),
        (lambda w, mean, psi: pulled(w, mean, psi**2), "off by"),
        (lambda w, mean, psi: pulled(w, mean, max(psi, -1)), "off by"),
        (lambda w, mean, psi: pulled(w, mean, round(psi, 1)), "off by"),
        (lambda w, mean, psi: normalize(pulled(w, mean, psi), dim=1), "off by"),
        (lambda w, mean, psi: pulled(w, mean, psi) + 1, "off by"),
        (lambda w, mean, psi: mean * (1 - psi), "shape"),
        (lambda w, mean, psi: pulled(w.detach(), mean, psi), "no gradient reaches `w`"),
        (pulled_in_place, "`w` was changed"),
        (lambda w, mean, psi: (pulled(w, mean, psi), mean.lerp_(w.mean(0), 0.005))[0], "`mean` was changed"),
    ],
    "6_3": [
        (slope(lambda gradients: gradients.norm(dim=1).mean()), "leave the root out"),
        (slope(lambda gradients: gradients.square().sum()), "a sum, not a mean"),
        (slope(lambda gradients: gradients.square().mean()), "average over the pixels"),
        (slope(squared, reduce=torch.mean), "*mean* logit"),
        (slope_map(lambda gradients: gradients.square().sum(1).mean()), "channels alone"),
        (slope_map(lambda gradients: gradients.square().sum((2, 3)).mean()), "over the channels"),
        (lambda score, real: slope(squared)(score, real) / 2, "has no half"),
        (slope(lambda gradients: gradients.norm(dim=1).mean().square()), "square the mean length"),
        (slope(lambda gradients: gradients.abs().sum(1).mean()), "absolute values"),
        (slope(lambda gradients: gradients.sum(1).square().mean()), "cancel"),
        (slope(lambda gradients: (gradients.norm(dim=1) - 1).square().mean()), "DRAGAN"),
        (slope(squared, of=lambda logits: softplus(-logits)), "slope of the loss"),
        (slope(squared, of=torch.sigmoid), "slope of the probability"),
        (slope(squared, graph=False), "create_graph"),
        (slope(lambda gradients: squared(gradients.detach())), "create_graph"),
        (slope(lambda gradients: squared(gradients).item()), "tensor"),
        (half_learns, "what D's weights learn from it is not"),
        (slope(lambda gradients: gradients.square().sum(1).sqrt().square().mean()), "a root has no slope at 0"),
        (lambda score, real: slope(squared)(score, real) + 1, "should be"),
        (slope(lambda gradients: gradients.square().sum() / 3), "wrong for 5"),
        (slope_beside, "should be"),
        (slope_of_the_caller, "`requires_grad` of `real`"),
        (slope_by_backward, "The gradients stored in `score`"),
        (slope_and_no_stale_gradients, "The gradients stored in `score`"),
        (slope_with_a_frozen_score, "`requires_grad` of `score`"),
        (slope_in_eval, "another mode"),
        (lambda score, real: slope(squared)(score, real.clamp_(-1, 1)), "`real` was changed"),
        (nothing_asks, "a copy of the pictures has to ask"),
        (asks_too_late, "not computed from the tensor"),
        (no_sum, "`score` returns one a picture"),
    ],
    "6_4": [
        (lambda x, weight, styles: plain(x, weight, styles), "still cancel"),
        (grouped(2, over=(3, 4)), "still cancel"),
        (grouped(2, over=(0, 2, 3, 4)), "too many axes"),
        (grouped(2, over=(1, 2, 3, 4)), "too many axes"),
        (grouped(2, over=(2,)), "too few axes"),
        (styled(lambda out, squares: out), "nothing is divided"),
        (lambda x, weight, styles: grouped(2)(x, weight, styles.abs()), "differs"),
        (lambda x, weight, styles: grouped(2)(x, weight, styles).flip(1), "differs"),
        (lambda x, weight, styles: grouped(2)(x, weight, styles.detach()), "no gradient reaches `styles`"),
        (lambda x, weight, styles: grouped(2)(x.detach(), weight, styles), "no gradient reaches `x`"),
        (in_place, "`x` was changed"),
        (length_from_below, "1e-8"),
        (lambda x, weight, styles: grouped(2)(x, weight, styles + 1e-5), "1e-8"),
    ],
}
