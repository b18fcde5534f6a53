"""What a learner wrote in lessons 3 and 4 is what trains: each part goes in by name, and the recipe uses it."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from animelab.nn import pix2pix as networks
from animelab.recipes import makegirlsmoe, pix2pix


def watched(recipe):
    """The recipe, and the losses that it takes a step down from, as they come."""
    paid, update = [], recipe.update
    recipe.update = lambda optimizer, loss: (paid.append((optimizer, float(loss.detach()))), update(optimizer, loss))
    return recipe, paid


def attributes():
    return torch.rand(4, 3, 64, 64) * 2 - 1, (torch.rand(4, 34) < 0.3).float()


def test_makegirlsmoe_pays_for_a_learners_own_losses():
    config = dataclasses.replace(makegirlsmoe.PRESETS["smoke"], name_fakes=False, penalty_weight=0.0)
    ask = {
        "classification_loss": lambda logits, tags: logits.sum() * 0 + 1000,
        "generator_loss": lambda logits, names, orders, weight: logits.sum() * 0 + names.sum() * 0 + weight,
        "penalty": lambda score, real: score(real).sum() * 0 + 500,
    }
    recipe, paid = watched(makegirlsmoe.MakeGirlsMoe(config, "cpu", **ask))
    recipe.step(attributes())
    assert paid[0][0] is recipe.D_adam and 1000 < paid[0][1] < 1000 + 10 * config.adversarial_weight
    assert paid[1] == (recipe.G_adam, config.adversarial_weight)
    recipe, paid = watched(makegirlsmoe.MakeGirlsMoe(dataclasses.replace(config, penalty_weight=2.0), "cpu", **ask))
    recipe.step(attributes())
    assert paid[0][1] > 1000 + 2 * 500


def test_makegirlsmoes_generator_pays_for_both_terms():
    config = makegirlsmoe.PRESETS["smoke"]
    recipe, paid = watched(makegirlsmoe.MakeGirlsMoe(config, "cpu"))
    said = recipe.step(attributes())
    assert paid[1][1] == pytest.approx(
        config.adversarial_weight * float(said["G"]) + 34 * float(said["orders"]), rel=1e-4
    )


def test_pix2pix_goes_a_learners_own_way_through_the_u_net():
    seen = []

    def unet(down, up, x):
        seen.append((len(down), len(up)))
        return -networks.unet(down, up, x)

    config = pix2pix.PRESETS["smoke"]
    batch = torch.rand(2, 4, 3, 32, 32).mul(2).sub(1).unbind()
    theirs, mine = (pix2pix.Pix2Pix(config, "cpu", **parts) for parts in ({}, {"unet": unet}))
    assert torch.equal(mine.G(batch[0]).detach(), -theirs.G(batch[0]).detach()), "the same weights, another way"
    assert torch.equal(mine.G_ema(batch[0]), -theirs.G_ema(batch[0])), "and the average goes it, too"
    mine.step(batch)
    assert set(seen) == {(5, 5)}
    assert list(mine.state()) == list(theirs.state()), "nothing more to save"
