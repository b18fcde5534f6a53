"""The character maker: its controls make the order, the latent stays, and there is a way back."""

from __future__ import annotations

import pytest
import torch

from animelab.errors import LabError
from animelab.metrics.attributes import GROUPS
from animelab.studio import TAGS
from animelab.widgets import CharacterMaker


class Conditional:
    """Stands for a conditional model: its picture spells its latent and its condition."""

    latent = 4

    def orders(self, count: int, seed: int = 0) -> torch.Tensor:
        tags = torch.zeros(count, len(TAGS))
        for row in range(count):
            for columns in GROUPS.values():
                tags[row, columns[(row + seed) % 3]] = 1
            tags[row, TAGS.index("smile")] = (row + seed) % 2
        return tags

    def generate(self, latents: torch.Tensor, attributes: torch.Tensor) -> torch.Tensor:
        picture = torch.zeros(len(latents), 3, 8, 8)
        picture[:, 0] = latents[:, :1, None].tanh()
        picture[:, 1] = (attributes @ torch.arange(34.0) / 300)[..., None, None]
        return picture


@pytest.fixture
def maker() -> CharacterMaker:
    return CharacterMaker(Conditional(), seed=3)


def move(maker: CharacterMaker, **values: object) -> None:
    """As a browser does it."""
    maker.set_state({"values": {**maker.values, **values}})


def press(maker: CharacterMaker, name: str) -> None:
    maker._asked(maker, {"do": "press", "name": name}, [])


def test_the_maker_offers_what_its_model_knows(maker: CharacterMaker) -> None:
    assert list(maker.parts["hair"]["colors"]) == ["blonde", "brown", "black"]
    assert [part["label"] for part in maker.parts.values() if part["kind"] == "toggle"] == ["Smile"]
    assert [title for title, _ in maker.plan["groups"]] == ["", "Hair", "Eyes", "Face and hat"]
    with pytest.raises(LabError, match="takes no orders"):
        CharacterMaker(torch.nn.Linear(2, 2))


def test_one_attribute_changes_and_the_latent_stays(maker: CharacterMaker) -> None:
    latent, before, picture = maker.latent.clone(), maker.attributes.clone(), maker.still()[0]
    move(maker, smile=not maker.values["smile"])
    assert torch.equal(maker.latent, latent)
    assert (maker.attributes - before).nonzero().flatten().tolist() == [TAGS.index("smile")]
    assert maker.still()[0] != picture
    move(maker, hair="black" if maker.values["hair"] != "black" else "blonde")
    assert maker.attributes[GROUPS["hair color"]].sum() == 1 and torch.equal(maker.latent, latent)
    words = maker.still()[1]
    assert all(TAGS[i] in words for i in maker.attributes.nonzero().flatten())


def test_another_keeps_the_order_and_undo_brings_back(maker: CharacterMaker) -> None:
    assert maker.parts["undo"]["disabled"] and maker.parts["redo"]["disabled"]
    latent, attributes = maker.latent.clone(), maker.attributes.clone()
    press(maker, "another")
    other = maker.latent.clone()
    assert not torch.equal(other, latent) and torch.equal(maker.attributes, attributes)
    press(maker, "undo")
    assert torch.equal(maker.latent, latent) and maker.parts["undo"]["disabled"]
    press(maker, "redo")
    assert torch.equal(maker.latent, other) and maker.parts["redo"]["disabled"]
    move(maker, eye=next(color for color in maker.parts["eye"]["colors"] if color != maker.values["eye"]))
    press(maker, "surprise")
    press(maker, "reset")
    assert torch.equal(maker.latent, latent) and torch.equal(maker.attributes, attributes)


def test_the_seed_decides(maker: CharacterMaker) -> None:
    latent, attributes = maker.latent.clone(), maker.attributes.clone()
    maker.new_character(4)
    assert not torch.equal(maker.latent, latent) and not torch.equal(maker.attributes, attributes)
    maker.new_character(3)
    assert torch.equal(maker.latent, latent) and torch.equal(maker.attributes, attributes)
    pixels = maker.render(latent, attributes)
    assert pixels.shape == (8, 8, 3) and (pixels == maker.render(latent, attributes)).all()
