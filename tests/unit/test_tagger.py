"""The tagger and the examiner: sizes, what the recipe does to pictures, and that it learns."""

from __future__ import annotations

import pytest
import torch

from animelab.data import Joined, StudioAttributes
from animelab.errors import LabError
from animelab.nn import count_parameters
from animelab.nn.tagger import Examiner, Tagger
from animelab.recipes import tagger


def test_parameters_and_shapes() -> None:
    assert (count_parameters(Tagger()), count_parameters(Examiner())) == (608_962, 217_618)
    for network in (Tagger().eval(), Examiner().eval()):
        assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 34)
        large = torch.rand(1, 3, 128, 128) * 2 - 1
        assert network(large).shape == (1, 34)
    network = Tagger(width=8).eval()
    assert network.features(torch.zeros(3, 3, 64, 64)).shape == (3, 64)
    assert [tuple(x.shape[1:]) for x in network.maps(torch.zeros(1, 3, 64, 64))] == [
        (8, 32, 32), (16, 16, 16), (32, 8, 8), (32, 4, 4),
    ]  # fmt: skip


def test_augmented_pictures_stay_pictures_and_differ() -> None:
    torch.manual_seed(0)
    shown = StudioAttributes(64, 24, prior="full").batch(range(24))[0]
    first, second = tagger.augmented(shown), tagger.augmented(shown)
    assert first.shape == shown.shape and first.abs().max() <= 1
    assert (first - second).abs().mean() > 0.05
    hue = (shown - shown.mean(1, keepdim=True)).mean((2, 3))
    moved = (first - first.mean(1, keepdim=True)).mean((2, 3))
    similar = torch.cosine_similarity(hue, moved)
    assert similar.median() > 0.9, "augmentation never changes a color's name"


def test_it_learns_hair_colors_in_seconds() -> None:
    config = tagger.preset("smoke", steps=60, batch=32, lr=3e-3, width=16)
    torch.manual_seed(0)
    recipe = tagger.TaggerRecipe(config, "cpu")
    faces = StudioAttributes(64, 256)
    losses = [float(recipe.step(faces.batch(torch.randint(0, 256, (32,))))["loss"]) for _ in range(60)]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


def test_joined_sets_keep_their_order() -> None:
    first, second = StudioAttributes(32, 5), StudioAttributes(32, 7, prior="full")
    both = Joined(first, second)
    assert len(both) == 12
    pictures, labels = both.batch([11, 0, 5, 4])
    for place, (part, index) in enumerate([(second, 6), (first, 0), (second, 0), (first, 4)]):
        torch.testing.assert_close(pictures[place], part.batch([index])[0][0])
        torch.testing.assert_close(labels[place], part.batch([index])[1][0])
    assert both.fingerprint != Joined(second, first).fingerprint


def test_a_users_mistakes_are_named(tmp_path) -> None:
    with pytest.raises(LabError, match="did you mean 'examiner'"):
        tagger.preset("cpu", network="examinr")
    with pytest.raises(LabError, match="leave --data out"):
        tagger.TaggerRecipe.data(tagger.preset("cpu"), tmp_path)
