"""R3GAN's game on DCGAN's generator: its discriminator, its loss in pairs, its two penalties."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from animelab import losses, zoo
from animelab.engine.run import draw_preview
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.latent import attributes
from animelab.nn import count_parameters, dcgan, r3gan
from animelab.recipes import cut, pix2pix
from animelab.recipes.r3gan import PRESETS, R3GAN
from animelab.studio import TAGS
from animelab.viz import grid

SMALL = dataclasses.replace(PRESETS["smoke"], size=32, width=4, batch=4, lr_G=1e-3, lr_D=1e-3)


def test_the_discriminator_is_dcgans_without_norms_and_with_one_more_map() -> None:
    kinds = {type(module).__name__ for module in r3gan.Discriminator().modules()}
    assert not any("Norm" in kind for kind in kinds)
    width = 64
    halvings = sum((4 * 4 * a + 1) * b for a, b in zip((3, 64, 128, 256), (64, 128, 256, 512)))
    assert (
        count_parameters(r3gan.Discriminator()) == halvings + (9 * (8 * width + 1) + 1) * 8 * width + 16 * 8 * width + 1
    )
    for size in (32, 64, 128):
        assert r3gan.Discriminator(size, 4)(torch.randn(8, 3, size, size)).shape == (8,)
    with pytest.raises(LabError, match="64 x 64, not 32 x 48"):
        r3gan.Discriminator(64, 4)(torch.zeros(1, 3, 32, 48))


def test_it_sees_how_much_pictures_differ_and_nothing_else_of_the_others() -> None:
    torch.manual_seed(0)
    D, pictures = r3gan.Discriminator(32, 4).apply(r3gan.initialize), torch.randn(4, 3, 32, 32)
    alone = torch.cat([D(each[None]) for each in pictures])
    together = D(pictures)
    assert not torch.allclose(alone, together, atol=1e-4), "four that differ are not four alone"
    copies = D(pictures[:1].expand(4, -1, -1, -1))
    assert torch.allclose(copies, alone[:1].expand(4), atol=1e-5), "four equal ones are"
    assert torch.allclose(D(pictures[[1, 0, 3, 2]]), together[[1, 0, 3, 2]], atol=1e-5), "whatever their order"


def test_the_first_weights_keep_the_spread_of_a_signal() -> None:
    torch.manual_seed(0)
    D = r3gan.Discriminator(64, 32).apply(r3gan.initialize)
    seen = D.halvings(torch.randn(8, 3, 64, 64)).detach()
    assert 0.3 < float(seen.square().mean().sqrt()) < 3
    assert all(
        float(module.bias.abs().max()) == 0
        for module in D.modules()
        if hasattr(module, "bias") and module.bias is not None
    )


def test_pairs_are_compared_and_only_differences_count() -> None:
    real, fake = torch.tensor([3.0, 0.0]), torch.tensor([1.0, 4.0])
    wanted = (softplus(torch.tensor(-2.0)) + softplus(torch.tensor(4.0))) / 2
    loss = losses.relativistic_discriminator_loss(real, fake)
    assert float(loss) == pytest.approx(float(wanted))
    assert float(losses.relativistic_discriminator_loss(real + 7, fake + 7)) == pytest.approx(float(loss))
    assert float(losses.relativistic_discriminator_loss(real, fake.flip(0))) != pytest.approx(float(loss)), (
        "each beside its own"
    )
    both = [each.double().requires_grad_() for each in (real, fake)]
    assert torch.autograd.gradcheck(losses.relativistic_discriminator_loss, both)


def step_by_hand(recipe: R3GAN, real: torch.Tensor, penalty: bool) -> tuple[float, float]:
    """The losses of a step, with the slopes measured picture by picture."""
    c = recipe.config
    fake = recipe.G(recipe.noise(len(real), recipe.config.latent))
    loss = softplus(recipe.D(fake.detach()) - recipe.D(real)).mean()
    total = loss
    if penalty:
        for pictures in (real, fake.detach()):
            given = pictures.clone().requires_grad_()
            (slope,) = torch.autograd.grad(recipe.D(given).sum(), given, create_graph=True)
            total = total + c.gamma / 2 * c.penalty_every * slope.square().sum((1, 2, 3)).mean()
    recipe.D_adam.zero_grad()
    total.backward()
    recipe.D_adam.step()
    of_G = softplus(recipe.D(real) - recipe.D(fake)).mean()
    recipe.G_adam.zero_grad()
    of_G.backward()
    recipe.G_adam.step()
    return float(loss), float(of_G)


def test_a_step_is_the_papers_and_penalties_come_now_and_then() -> None:
    config = dataclasses.replace(SMALL, precision="fp32", gamma=3.0, penalty_every=2, decay=0)
    recipe, hand = R3GAN(config, "cpu"), R3GAN(config, "cpu")
    torch.manual_seed(5)
    batches = torch.randn(3, 4, 3, 32, 32).clamp(-1, 1)
    for step, real in enumerate(batches):
        torch.manual_seed(step)
        found = recipe.step(real)
        torch.manual_seed(step)
        wanted = step_by_hand(hand, real, penalty=step % 2 == 0)
        assert (float(found["D"]), float(found["G"])) == pytest.approx(wanted, rel=1e-4), f"step {step}"
    for network in ("G", "D"):
        for mine, theirs in zip(getattr(recipe, network).parameters(), getattr(hand, network).parameters()):
            assert torch.allclose(mine, theirs, atol=1e-4), network
    assert isinstance(recipe.weights()[2], dcgan.Generator), "what it keeps is lesson 1's generator"


def test_every_layer_is_told_what_holds_for_the_whole_picture() -> None:
    torch.manual_seed(0)
    layer = r3gan.Told(3, 5, 7)
    x, code = torch.randn(4, 3, 6, 6), torch.randn(4, 7)
    normed = layer.layer(
        x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    )  # by nearest neighbor, each pixel four times
    assert normed.mean((0, 2, 3)).abs().max() < 1e-5, "batch norm, before the code speaks"
    scale, shift = layer.told(code)[:, :5], layer.told(code)[:, 5:]
    for picture in range(4):
        for channel in range(5):
            wanted = (normed[picture, channel] * (1 + scale[picture, channel]) + shift[picture, channel]).clamp(min=0)
            assert torch.allclose(layer(x, code)[picture, channel], wanted, atol=1e-5)


def test_the_generators_of_today_have_so_many_parameters() -> None:
    code, wide = 134, [192, 96, 48, 24, 24]
    told = lambda before, after: 9 * before * after + 2 * after + (code + 1) * 2 * after  # noqa: E731
    hidden = told(192, 192) + sum(told(before, after) for before, after in itertools.pairwise(wide))
    assert count_parameters(r3gan.Generator()) == (code + 1) * 16 * 192 + hidden + (9 * 24 + 1) * 3
    with_tags, without = r3gan.Discriminator(32, 4, classes=34), r3gan.Discriminator(32, 4)
    assert count_parameters(with_tags) - count_parameters(without) == 34 * (16 * 16 + 1)
    logits, names = with_tags(torch.randn(3, 3, 32, 32))
    assert (logits.shape, names.shape) == ((3,), (3, 34))


def test_the_u_net_keeps_its_lines_and_its_latent_decides_for_the_whole_picture() -> None:
    torch.manual_seed(0)
    network = r3gan.UNet(32, 4, latent=6).eval()
    lines, latents = torch.rand(2, 3, 32, 64), torch.randn(2, 6)
    drawn = network(lines, latents)
    assert drawn.shape == lines.shape and drawn.abs().max() <= 1
    assert not torch.allclose(drawn, network(lines, latents.flip(0)), atol=1e-4), "another latent, another answer"
    assert torch.equal(drawn, network(lines, latents)), "no noise but the latent"
    with pytest.raises(LabError, match="multiples of 32, not \\(40, 32\\)"):
        network(torch.zeros(1, 3, 40, 32), latents[:1])


def heard(network: torch.nn.Module, *inputs: torch.Tensor) -> dict[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """What every part of a network is given, and what it answers, in one pass."""
    found = {}
    for part in network.modules():
        part.register_forward_hook(lambda part, given, answer: found.update({part: (*given, answer)}))
    network.eval()(*inputs)
    return found


def test_every_layer_of_both_generators_hears_the_same_code() -> None:
    torch.manual_seed(0)
    latents, orders = torch.randn(2, 6), torch.rand(2, 34).round()
    generator, u_net = r3gan.Generator(32, 6, width=4), r3gan.UNet(32, 4, latent=6)
    found = heard(generator, latents, orders) | heard(u_net, torch.rand(2, 3, 32, 32), latents)
    codes = {generator: torch.cat([latents, orders], 1), u_net: found[u_net.code][-1]}
    for network, code in codes.items():
        told = [part for part in network.modules() if isinstance(part, r3gan.Told)]
        assert len(told) > 3 and all(torch.equal(found[part][1], code) for part in told)
    lowest = found[u_net.down[-1]][-1].mean((2, 3))
    assert torch.equal(found[u_net.code][0], torch.cat([latents, lowest], 1)), "the drawing has its say"
    for down, up in zip(reversed(u_net.down), u_net.up):
        shortcut = found[down][-1]
        assert torch.equal(found[up][0][:, -shortcut.shape[1] :], shortcut), "a shortcut at every size"


def test_orders_need_pictures_whose_attributes_are_known(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="lacks the attributes"):
        R3GAN.data(dataclasses.replace(SMALL, attributes=True), tmp_path)


def test_with_attributes_both_networks_also_pay_for_what_the_classifier_does_not_read() -> None:
    config = dataclasses.replace(SMALL, precision="fp32", attributes=True, names_weight=0.5, penalty_every=100, decay=0)
    recipe, hand = R3GAN(config, "cpu"), R3GAN(config, "cpu")
    for one in (recipe, hand):
        one.steps_done += 1  # no penalty in this step
    torch.manual_seed(5)
    real, orders = torch.randn(4, 3, 32, 32).clamp(-1, 1), torch.rand(4, 34).round()

    def unread(pictures: torch.Tensor) -> torch.Tensor:
        names = hand.D(pictures)[1]
        return binary_cross_entropy_with_logits(names, orders, reduction="none").sum(1).mean()

    torch.manual_seed(0)
    recipe.step((real, orders))
    torch.manual_seed(0)
    fake = hand.G(hand.noise(4, hand.config.latent), orders)
    hand.update(hand.D_adam, softplus(hand.D(fake.detach())[0] - hand.D(real)[0]).mean() + 0.5 * unread(real))
    hand.update(hand.G_adam, softplus(hand.D(real)[0] - hand.D(fake)[0]).mean() + 0.5 * unread(fake))
    for network in ("G", "D"):
        mine, theirs = (
            torch.cat([each.flatten() for each in getattr(player, network).parameters()]) for player in (recipe, hand)
        )
        # Adam's first step has the gradient's sign, and where that is nearly 0 processors differ.
        assert float(((mine - theirs).abs() > 1e-4).float().mean()) < 0.01, network
    kind, arguments, _ = recipe.weights()
    assert (kind, arguments["tags"]) == ("r3gan.generator", 34)


def test_pix2pix_can_play_the_same_game_with_pairs_of_drawing_and_answer() -> None:
    config = dataclasses.replace(
        pix2pix.PRESETS["smoke"], precision="fp32", gamma=3.0, penalty_every=2, l1_weight=2.0, lr_G=1e-3, lr_D=1e-3
    )
    recipe, hand = pix2pix.Pix2Pix(config, "cpu"), pix2pix.Pix2Pix(config, "cpu")
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in recipe.D.modules())
    torch.manual_seed(5)
    for step, (lines, colors) in enumerate(torch.randn(3, 2, 4, 3, 32, 32).clamp(-1, 1)):
        torch.manual_seed(step)
        recipe.step((lines, colors))
        torch.manual_seed(step)
        given, real = pix2pix.jittered(lines, colors, crop=config.crop)
        score = lambda pictures: hand.D(torch.cat([given, pictures], 1))  # noqa: B023, E731
        fake = hand.G(given, torch.randn(4, config.latent))
        loss = softplus(score(fake.detach()) - score(real)).mean()
        if step % 2 == 0:
            loss = loss + 3 / 2 * 2 * sum(losses.slopes(score, x).square().mean() for x in (real, fake))
        hand.update(hand.D_adam, loss)
        hand.update(hand.G_adam, softplus(score(real) - score(fake)).mean() + 2 * (fake - real).abs().mean())
        for network in ("G", "D"):
            for mine, theirs in zip(getattr(recipe, network).parameters(), getattr(hand, network).parameters()):
                assert torch.allclose(mine, theirs, atol=1e-4), f"{network} after step {step}"


def test_pix2pix_with_orders_names_the_colors_of_both_answers_and_nothing_that_lines_show(tmp_path) -> None:
    config = dataclasses.replace(
        pix2pix.PRESETS["smoke"], precision="fp32", gamma=3.0, names_weight=0.7, l1_weight=0.0, lr_G=1e-3, lr_D=1e-3,
        crop=1.0,
    )  # fmt: skip
    recipe, hand = pix2pix.Pix2Pix(config, "cpu"), pix2pix.Pix2Pix(config, "cpu")
    lines, answers = torch.randn(2, 4, 3, 32, 32).clamp(-1, 1)
    true = (torch.rand(4, 34) < 0.5).float()
    color = [tag.endswith((" hair", " eyes")) for tag in TAGS]
    order = true * torch.tensor(color)
    torch.manual_seed(3)
    recipe.step((lines, answers, true))
    torch.manual_seed(3)
    given, real = pix2pix.jittered(lines, answers, crop=1.0)
    fake = hand.G(given, torch.randn(4, config.latent), order)
    seen = lambda pictures: hand.D(torch.cat([given, pictures], 1))  # noqa: E731
    misread = lambda pictures: binary_cross_entropy_with_logits(seen(pictures)[1], order) * 34  # noqa: E731
    loss = softplus(seen(fake.detach())[0] - seen(real)[0]).mean() + 0.7 * misread(real)
    steep = sum(losses.slopes(lambda x: seen(x)[0], x).square().mean() for x in (real, fake))
    hand.update(hand.D_adam, loss + 3 / 2 * config.penalty_every * steep)
    hand.update(hand.G_adam, softplus(seen(real)[0] - seen(fake)[0]).mean() + 0.7 * misread(fake))
    for network in ("G", "D"):
        for mine, theirs in zip(getattr(recipe, network).parameters(), getattr(hand, network).parameters()):
            assert torch.allclose(mine, theirs, atol=1e-4), network
    save_weights(tmp_path / "run.safetensors", *recipe.weights())
    opened, wish = zoo.open_translator(tmp_path / "run.safetensors"), attributes("red hair, blue eyes")
    assert not torch.equal(opened.translate(lines), opened.translate(lines, attributes=wish)), "a run takes orders"
    previews = []
    for asked in (true, order, 1 - true):
        recipe.examples = lines, answers, asked
        previews.append(draw_preview(recipe))
    assert np.array_equal(previews[0], previews[1]) and not np.array_equal(previews[0], previews[2])
    with pytest.raises(LabError, match="takes no orders"):
        pix2pix.Pix2Pix(dataclasses.replace(config, gamma=0.0), "cpu")
    with pytest.raises(LabError, match="names_weight=0"):
        pix2pix.Pix2Pix.data(config, Path("my_pairs"))


def test_an_order_of_colors_keeps_what_was_asked_and_fills_in_the_rest() -> None:
    asked = attributes("green eyes")
    orders = r3gan.colors(50, seed=3, attributes=asked)
    eyes, hair = (torch.tensor([tag.endswith(end) for tag in TAGS]) for end in (" eyes", " hair"))
    assert (orders[:, eyes] == asked[eyes]).all() and (orders[:, hair].sum(1) == 1).all()
    assert (orders[:, hair].sum(0) > 0).sum() > 6 and orders[:, ~(eyes | hair)].sum() == 0
    assert torch.equal(orders[:7], r3gan.colors(7, 3, asked)) and not torch.equal(orders, r3gan.colors(50, 4, asked))
    with pytest.raises(LabError, match="colors of hair and eyes"):
        r3gan.colors(1, 0, attributes("smile"))
    for no_order in ("blue hair", asked[:33], asked.expand(2, -1), asked * float("nan")):
        with pytest.raises(LabError, match="Attributes should be"):
            r3gan.colors(3, 0, no_order)


def test_what_a_learner_wrote_for_the_papers_game_is_not_left_out_in_silence() -> None:
    config = dataclasses.replace(pix2pix.PRESETS["smoke"], gamma=1.0)
    with pytest.raises(LabError, match="nothing would use your unet"):
        pix2pix.Pix2Pix(config, "cpu", unet=lambda down, up, x: x)


@pytest.mark.parametrize("kind", [R3GAN, pix2pix.Pix2Pix, cut.CUT])
def test_one_steep_picture_cannot_end_a_training(kind: type) -> None:
    """A gradient of ten times its usual norm is shortened before Adam sees it."""
    torch.manual_seed(0)
    usual = dataclasses.replace(kind.presets["smoke"], size=32, width=8, batch=4, gamma=1.0, precision="fp32")
    batch = torch.randn(4, 3, 32, 32).clamp(-1, 1)
    for longest in (0.0, 1e-3):
        recipe = kind(dataclasses.replace(usual, longest=longest), "cpu")
        recipe.step(batch if kind is R3GAN else (batch, batch))
        norm = torch.stack([weight.grad.norm() for weight in recipe.D.parameters()]).norm()
        assert (norm == pytest.approx(1e-3, rel=1e-2)) if longest else norm > 1e-2


def test_a_preview_has_a_latent_a_row_and_an_order_a_column() -> None:
    torch.manual_seed(0)
    recipe = R3GAN(dataclasses.replace(SMALL, attributes=True, previews=8), "cpu")
    orders = torch.eye(34)[:3]
    recipe.examples = (torch.zeros(3, 3, 32, 32), orders)
    recipe.G_ema.average.eval()
    shown = [
        [recipe.G_ema(recipe.fixed_latents[row : row + 1], orders[column : column + 1]) for column in range(3)]
        for row in range(4)
    ]
    wanted = grid(torch.cat([picture for row in shown for picture in row]), 3)
    assert np.abs(recipe.preview().astype(int) - wanted).max() <= 1
