"""The explorer without a browser: what its controls do, what it finds out about a model, what it keeps and writes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from discs import LATENT, discs
from PIL import Image
from safetensors.torch import load_file

from animelab import latent, zoo
from animelab.errors import LabError
from animelab.nn import stylegan2
from animelab.nn.dcgan import Generator
from animelab.studio import TAGS
from animelab.widgets import LatentExplorer, latent_explorer
from animelab.widgets.samples import COLUMNS, ROWS, Samples


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent_explorer, "FOUND", {})


@pytest.fixture
def explorer() -> LatentExplorer:
    return rested(LatentExplorer(discs, latent=LATENT))


def rested(explorer: LatentExplorer) -> LatentExplorer:
    """After a browser has been still for long enough."""
    while explorer.idle():
        pass
    return explorer


def move(explorer: LatentExplorer, **values: Any) -> None:
    """As a browser does it."""
    explorer.set_state({"values": {**explorer.values, **values}})


def picture(explorer: LatentExplorer) -> np.ndarray:
    return explorer.seen()[0][0]


def test_render_is_pure(explorer: LatentExplorer) -> None:
    before = explorer.picture_face
    other = replace(explorer.state, steps={"direction 2": 3.0})
    first, second = explorer.render(other), explorer.render(other)
    assert first.dtype == np.uint8 and first.shape == (256, 256, 3) and np.array_equal(first, second)
    assert not np.array_equal(first, explorer.render(explorer.state))
    assert explorer.picture_face is before


def test_a_slider_changes_the_picture_and_reset_restores_it(explorer: LatentExplorer) -> None:
    before = picture(explorer)
    assert explorer.parts["part_0"]["label"] == "Direction 1 (strongest)" and not explorer.parts["part_0"]["disabled"]
    move(explorer, part_0=2.0)
    assert np.abs(picture(explorer).astype(int) - before).mean() > 2
    assert "direction 1 +2.0" in explorer.words["face"], "in the alt text"
    explorer.pressed("reset")
    assert np.array_equal(picture(explorer), before) and explorer.values["part_0"] == 0


def test_the_first_picture_waits_for_nothing() -> None:
    asked = []

    def counted(latents: torch.Tensor) -> torch.Tensor:
        asked.append(len(latents))
        return discs(latents)

    explorer = LatentExplorer(counted, latent=LATENT)
    assert sum(asked) < 8 and explorer.picture_face["wide"] == 32
    assert explorer.parts["part_0"]["disabled"] and explorer.parts["face"]["disabled"]
    asked.clear()
    assert explorer.idle() and sum(asked) <= 16, "a piece at a time"
    assert explorer.progress["words"] == "Finding out what can be changed"
    rested(explorer)
    assert explorer.progress == {} and not explorer.parts["face"]["disabled"]
    asked.clear()
    again = LatentExplorer(counted, latent=LATENT)
    assert sum(asked) < 8 and not again.parts["part_0"]["disabled"], "the same model is known from then on"


def test_a_model_that_stops_says_so_and_is_not_asked_again() -> None:
    def tired(latents: torch.Tensor) -> torch.Tensor:
        if len(latents) > 8:
            raise ValueError("too many")
        return discs(latents)

    explorer = LatentExplorer(tired, latent=LATENT)
    asks = explorer.asks
    for said in ("The model stopped: ValueError: too many", "This model's samples could not be drawn."):
        explorer._asked(explorer, {"do": "idle", "asks": explorer.asks}, [])
        assert said in explorer.words["problem"] and explorer.progress == {} and explorer.asks == asks
    explorer.pressed("new")
    assert explorer.words["face"] == "Face of seed 1"


def test_the_seed_decides_the_face(explorer: LatentExplorer) -> None:
    first = picture(explorer)
    explorer.pressed("new")
    assert explorer.values["seed"] == "1" and not np.array_equal(picture(explorer), first)
    move(explorer, seed="0")
    assert np.array_equal(picture(explorer), first)
    torch.testing.assert_close(explorer.latents, torch.randn(1, LATENT, generator=torch.Generator().manual_seed(0)))
    move(explorer, seed="mine")
    assert "A seed takes" in explorer.words["problem"] and explorer.state.seed == 0


def test_a_pull_at_the_picture_moves_two_directions(explorer: LatentExplorer) -> None:
    assert explorer.parts["face"]["axes"] == ["direction 1", "direction 2"]
    move(explorer, field=[1.5, -2.0])
    assert explorer.state.steps == {"direction 1 (strongest)": 1.5, "direction 2": -2.0}
    assert explorer.values["part_0"] == 1.5 and explorer.values["part_1"] == -2.0
    move(explorer, up="direction 3")
    assert explorer.values["field"] == [1.5, 0] and explorer.parts["face"]["axes"][1] == "direction 3"
    move(explorer, field=["x", float("nan")])
    assert explorer.values["field"] == [1.5, 0], "what is no number stays away"
    assert explorer.picture_field == {}, "nobody looks at the pad yet"
    move(explorer, open_field=True)
    rested(explorer)
    assert explorer.picture_field["wide"] == 5 * 32


def test_small_pictures_show_where_a_slider_leads(explorer: LatentExplorer) -> None:
    assert explorer.ends == {}, "nobody looks at the components yet"
    move(explorer, open_parts=True)
    rested(explorer)
    ends = explorer.ends["part_0"]
    assert ends[0] != ends[1] and ends[0].startswith("data:image/jpeg")
    explorer.pressed("new")
    rested(explorer)
    assert explorer.ends["part_0"] != ends, "they follow the face"


def test_the_map_leads_to_its_samples(explorer: LatentExplorer) -> None:
    assert len(explorer.picture_map["grid"]) == COLUMNS * ROWS
    move(explorer, map=9)
    samples = explorer._samples
    shown = explorer._pixels(explorer.state).astype(int)
    assert np.abs(shown - samples.pictures[samples.map()[9]][::2, ::2]).mean() < 3
    assert explorer.words["face"] == "Sample 10 of the map"


def test_kept_faces_come_back_and_are_walked_through(explorer: LatentExplorer, tmp_path: Path) -> None:
    assert explorer.parts["walk"]["disabled"] and explorer.parts["film"]["disabled"]
    with pytest.raises(LabError, match="keep two"):
        explorer.film(tmp_path)
    move(explorer, part_1=1.5)
    first = picture(explorer)
    explorer.pressed("keep")
    assert np.array_equal(picture(explorer), first), "keeping changes nothing to see"
    assert explorer.values["kept"] == 0 and explorer.values["part_1"] == 1.5
    explorer.pressed("new")
    explorer.pressed("keep")
    second = picture(explorer)
    assert not explorer.parts["walk"]["disabled"] and explorer.parts["walk"]["high"] == 2
    move(explorer, walk=1.5)
    halfway = picture(explorer)
    assert not np.array_equal(halfway, first) and not np.array_equal(halfway, second)
    assert explorer.words["caption"] == "At 1.5 on the way of 2 kept faces"
    move(explorer, part_0=2.0)
    assert "direction 1 +2.0" in explorer.words["caption"], "and sliders go on from there"
    move(explorer, walk=1.0)
    assert not np.array_equal(picture(explorer), first), "they stay while one walks"
    move(explorer, part_0=0.0)
    assert np.array_equal(picture(explorer), first)
    move(explorer, walk=2.0)
    assert np.array_equal(picture(explorer), second)
    move(explorer, kept=0)
    assert np.array_equal(picture(explorer), first) and explorer.values["part_1"] == 1.5
    move(explorer, walk=1.5)
    explorer.pressed("keep")
    middle = picture(explorer)
    move(explorer, walk=3.0)
    assert np.array_equal(picture(explorer), middle), "what is kept on the way is its next face"
    explorer.pressed("undo")
    explorer.pressed("forget")
    move(explorer, kept=0)

    bars = []
    explorer.observe(lambda change: bars.append(change["new"].get("words")), "progress")
    film = explorer.film(tmp_path)
    with Image.open(film) as frames:
        assert frames.n_frames == 48 and frames.size == (256, 256)
    assert bars[0] == "Drawing a film of 48 pictures" and bars[-1] is None
    assert explorer.picture_face["layers"][""].startswith("data:image/webp")
    explorer.pressed("forget")
    assert len(explorer.kept) == 1 and explorer.parts["walk"]["disabled"] and explorer.parts["forget"]["disabled"]


def test_undo_goes_back_step_by_step_and_a_drag_is_one_step(explorer: LatentExplorer) -> None:
    def gray() -> list[bool]:
        return [explorer.parts[name]["disabled"] for name in ("undo", "redo")]

    assert gray() == [True, True]
    start = picture(explorer)
    for value in (0.5, 1.0, 1.5):  # one drag
        move(explorer, part_0=value)
    dragged = picture(explorer)
    explorer.pressed("new")
    other = picture(explorer)
    explorer.pressed("undo")
    assert np.array_equal(picture(explorer), dragged) and explorer.values["part_0"] == 1.5
    explorer.pressed("undo")
    assert np.array_equal(picture(explorer), start) and gray() == [True, False]
    explorer.pressed("redo")
    explorer.pressed("redo")
    assert np.array_equal(picture(explorer), other) and gray() == [False, True]
    explorer.pressed("undo")
    move(explorer, part_1=1.0)
    assert gray() == [False, True], "a new step forgets what was undone"
    explorer.pressed("undo")
    move(explorer, part_1=2.0)
    explorer.pressed("undo")
    assert explorer.values["part_1"] == 0, "after undo the same slider begins a new step"


def test_directions_of_like_names_all_work_and_bad_ones_are_refused() -> None:
    one = torch.ones(LATENT)
    explorer = LatentExplorer(discs, latent=LATENT, directions={"smile (a)": one, "smile (b)": 2 * one, "seed": -one})
    before = explorer.latents
    for number, length in enumerate((1, 2, -1)):
        move(explorer, **{f"named_{number}": 1.0})
        torch.testing.assert_close(explorer.latents - before, torch.full((1, LATENT), float(length)))
        move(explorer, **{f"named_{number}": 0.0})
    explorer.pressed("new")
    assert explorer.state.seed == 1, "a direction called seed does not replace the seed"
    for name, direction in {"direction 1": one, "smile": torch.ones(LATENT + 1), "laugh": [1.0] * LATENT}.items():
        with pytest.raises(LabError, match=name):
            LatentExplorer(discs, latent=LATENT, directions={name: direction})


def test_what_is_saved_is_what_you_see(explorer: LatentExplorer, tmp_path: Path) -> None:
    move(explorer, part_0=2.0)
    png, point = explorer.save(tmp_path)
    saved = np.asarray(Image.open(png))
    assert saved.shape == (32, 32, 3), "at the model's own size"
    latents = load_file(point)["latent"]
    torch.testing.assert_close(latents, explorer.latents)
    again = (discs(latents)[0].permute(1, 2, 0).clamp(-1, 1) * 127.5 + 127.5).round().byte().numpy()
    assert np.abs(again.astype(int) - saved).max() <= 1
    assert explorer.save(tmp_path)[0] != png, "nothing is written over"
    assert explorer.words["caption"].startswith("Saved as")


@pytest.fixture
def styled() -> LatentExplorer:
    torch.manual_seed(0)
    model = stylegan2.Generator(32, channel_base=256, channel_max=16, mapping_layers=2, latent=8)
    for conv in model.synthesis.convs:
        torch.nn.init.constant_(conv.noise_strength, 0.1)
    with torch.no_grad():
        for _ in range(300):
            model.mapping(torch.randn(64, 8))
    return LatentExplorer(model, directions={"my own": torch.ones(8)})


def test_a_stylegan2_is_explored_in_w(styled: LatentExplorer) -> None:
    assert styled.latents.shape == (1, 8, 8), "a point for every layer"
    before = styled.latents
    move(styled, first=2, last=3)
    move(styled, named_0=1.5)
    change = styled.latents - before
    assert torch.allclose(change[:, 2:4], torch.full((1, 2, 8), 1.5)) and not change[:, [0, 1, 4, 5, 6, 7]].any()
    assert "my own +1.5, in layers 2 to 3" in styled.words["face"]
    move(styled, truncation=0.0)
    mean = styled.render(styled.state)
    styled.pressed("new")
    assert np.array_equal(styled.render(styled.state), mean), "truncated to nothing, everybody is the mean"
    assert "truncated to 0.0" in styled.words["face"]
    rested(styled)
    assert list(styled._slots.values())[-5:] == [f"component {i}" for i in range(1, 6)], "without a name come last"
    assert styled._slots["named_0"] == "my own"


def test_what_is_saved_of_a_truncated_face_is_what_you_see(styled: LatentExplorer, tmp_path: Path) -> None:
    move(styled, truncation=0.3)
    _, point = styled.save(tmp_path)
    again = styled.space.pictures(load_file(point)["latent"])
    seen = styled.space.pictures(styled.state.point(styled.space)[None], 0.3)
    torch.testing.assert_close(again, seen)
    assert not torch.allclose(seen, styled.space.pictures(styled.state.point(styled.space)[None]), atol=1e-3)


def test_the_way_in_w_is_straight(styled: LatentExplorer) -> None:
    ends = []
    for _ in range(2):
        styled.pressed("keep")
        ends.append(styled.latents)
        styled.pressed("new")
    move(styled, walk=1.24)
    torch.testing.assert_close(styled.latents, 0.76 * ends[0] + 0.24 * ends[1])


def test_a_stylegan2_that_takes_orders_has_faces_with_orders_of_their_own() -> None:
    torch.manual_seed(0)
    shape = {"size": 32, "channel_base": 256, "channel_max": 16, "mapping_layers": 2, "latent": 8, "classes": 34}
    generator = stylegan2.Generator(**shape).eval()
    model = zoo.Conditional("ordered", generator, 8, 32, {"data": "studio faces (frontal-train-seed0)"})
    explorer, orders = LatentExplorer(model, seed=7), model.orders(4096)
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        torch.testing.assert_close(explorer.latents[:, 0], generator.mapping(z, orders[7:8]))
    assert explorer.space.cloud.shape == (4096, 8) and explorer.order is None
    other = latent.Styles(generator, labels=orders[:1])
    assert torch.equal(other.point(4), latent.Styles(generator, labels=orders[:1].repeat(3, 1)).point(4))


class Painted(zoo.Conditional):
    """Paints the color of the hair that is ordered above, that of the eyes below; the latent is the light."""

    def generate(self, latents: torch.Tensor, attributes: torch.Tensor, truncation: float = 1.0) -> torch.Tensor:
        rows = torch.stack([attributes[:, :13].argmax(1) / 13, attributes[:, 24:].argmax(1) / 10], 1)
        light = 0.1 * torch.tanh(latents[:, :1])
        return (rows + light)[:, None, :, None].repeat_interleave(8, 2).expand(-1, 3, -1, 16) - 0.5


def test_of_a_model_that_takes_orders_the_order_is_what_one_chooses(tmp_path: Path) -> None:
    model = Painted("painted", torch.nn.Identity(), 4, 16, {"data": "studio faces (frontal-train-seed0)"})
    explorer = rested(LatentExplorer(model, seed=3))
    assert torch.equal(explorer.order, model.orders(1, 3)[0]) and explorer.latents.shape == (1, 4)
    before = explorer._pixels(explorer.state)
    other = next(color for color in explorer.parts["hair"]["colors"] if color != explorer.values["hair"])
    move(explorer, hair=other)
    changed = explorer._pixels(explorer.state)
    assert (changed[:8] != before[:8]).all() and np.array_equal(changed[8:], before[8:])
    assert explorer.order[:13].sum() == 1 and f"{other} hair" in explorer.words["face"]
    smile = f"tag_{TAGS.index('smile')}"
    move(explorer, **{smile: not explorer.values[smile]})
    assert bool(explorer.order[TAGS.index("smile")]) == explorer.values[smile]
    kept = explorer.state.point(explorer.space)
    _, point = explorer.save(tmp_path)
    explorer.pressed("new")
    explorer.load(point)
    assert torch.equal(explorer.state.point(explorer.space), kept) and explorer.values["hair"] == other
    move(explorer, part_0=1.0)
    assert explorer.order[:13].sum() == 1 and not torch.equal(explorer.latents[0], kept[:4])


def test_directions_get_names_by_what_the_examiner_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The examiner of this test sees a smile where the first number of the latent is high, and nothing else."""
    last = []

    def sees(pictures: torch.Tensor) -> torch.Tensor:
        logits = torch.randn(len(pictures), len(TAGS), generator=torch.Generator().manual_seed(len(last)))
        logits[:, TAGS.index("smile")] = last[-1][:, 0] + 0.1 * logits[:, 0]
        return logits

    class Known(torch.nn.Module):
        def forward(self, latents: torch.Tensor) -> torch.Tensor:
            last.append(latents)
            return discs(latents)

    monkeypatch.setattr("animelab.metrics.predicted", sees)
    explorer = rested(LatentExplorer(Known(), latent=LATENT))
    named = [name for slot, name in explorer._slots.items() if slot.startswith("named")]
    assert named == ["smile"] and explorer.parts["named_0"]["label"] == "Smile"
    smile = explorer.space.named["smile"]
    assert smile[0] > 0.9 * smile.norm() and 0.8 < smile.norm() < 1.2
    assert explorer.parts["named_1"]["hidden"] and not explorer.parts["named_0"]["hidden"]
    assert explorer.parts["face"]["axes"] == ["smile", "direction 1"], "names come first"
    assert len(explorer.ends["named_0"]) == 2


def test_sliders_end_where_the_samples_of_a_model_end(explorer: LatentExplorer) -> None:
    space, samples = explorer.space, explorer._samples.points
    for seed in (0, 5):
        explorer.new_face(seed)
        for slot, name in explorer._slots.items():
            step = space.named[name]
            places = (samples - space.point(seed)) @ step / step.square().sum()
            beyond = [float((places < explorer.parts[slot]["low"]).float().mean())]
            beyond += [float((places > explorer.parts[slot]["high"]).float().mean())]
            assert all(share > 0.003 for share in beyond), "no further out than some sample"
            assert all(share < 0.02 for share in beyond) or 3 in map(
                abs, map(explorer.parts[slot].get, ("low", "high"))
            )
    first, second = (explorer.parts[slot] for slot in ("part_0", "part_1"))
    move(explorer, field=[latent_explorer.FAR, -latent_explorer.FAR])
    ends = min(latent_explorer.FAR, first["high"]), max(-latent_explorer.FAR, second["low"])
    assert [explorer.values["part_0"], explorer.values["part_1"]] == list(ends), "nor does the pad lead beyond"
    explorer.new_face(0)
    explorer.pressed("keep")
    explorer.go_to(space.point(0) + 9 * space.named[explorer._slots["part_0"]], "Far out")
    assert explorer.parts["part_0"]["high"] == 0 and explorer.parts["part_0"]["low"] == -latent_explorer.LONG
    explorer.pressed("keep")
    move(explorer, walk=1.02)
    move(explorer, part_0=explorer.parts["part_0"]["high"])
    assert explorer.values["part_0"] > 0
    move(explorer, walk=2.0)
    assert explorer.values["part_0"] == 0 == explorer.state.steps[explorer._slots["part_0"]], "nor a walk"


def test_directions_of_the_same_effect_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    space = latent.Latents(discs, LATENT)
    samples = Samples(space, True)
    scores = iter(torch.randn(512, LATENT, generator=torch.Generator().manual_seed(0)).split(16))

    def sees(pictures: torch.Tensor) -> torch.Tensor:  # a smile and an open mouth together, and a ribbon
        logits, z = torch.zeros(len(pictures), len(TAGS)), next(scores)
        logits[:, TAGS.index("open mouth")], logits[:, TAGS.index("ribbon")] = z[:, 0], z[:, 1]
        logits[:, TAGS.index("smile")] = z[:, 0] + 0.1 * z[:, 2]
        return logits

    monkeypatch.setattr("animelab.metrics.predicted", sees)
    while not samples.done:
        samples.piece()
    assert list(samples.named()) == ["open mouth", "ribbon"]


def test_what_the_examiner_does_not_see_gets_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(0)
    monkeypatch.setattr("animelab.metrics.predicted", lambda each: torch.randn(len(each), len(TAGS), generator=random))
    explorer = rested(LatentExplorer(Generator(32, latent=8, width=4), latent=8))
    assert all(slot.startswith("part") for slot in explorer._slots) and explorer.parts["named_0"]["hidden"]
    assert explorer.words["unnamed"].startswith("The examiner sees nothing")


def test_a_network_is_copied_and_left_as_it_is() -> None:
    network = Generator(32, latent=8, width=4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    explorer = LatentExplorer(network, latent=8)
    assert network.training
    for name, value in network.state_dict().items():  # BatchNorm's statistics among them
        assert torch.equal(value, before[name])
    now = explorer.render(explorer.state)
    torch.nn.init.zeros_(network[1].weight)
    assert np.array_equal(explorer.render(explorer.state), now)


def test_a_model_with_generate_and_latent_needs_nothing_else() -> None:
    model = SimpleNamespace(latent=LATENT, generate=discs)
    explorers = [LatentExplorer(model, seed=4), LatentExplorer(discs, latent=LATENT, seed=4)]
    assert np.array_equal(*(each.render(each.state) for each in explorers))


def test_two_latent_numbers_are_enough_and_one_is() -> None:
    for count in (2, 1):
        explorer = rested(LatentExplorer(lambda z: discs(torch.cat([z] * 6, 1)[:, :6]), latent=count))
        assert len(explorer._slots) == count
        move(explorer, field=[1, 1])


@pytest.mark.parametrize(
    ("model", "latent", "message"),
    [
        (discs, None, "latent=100"),
        ("dcgan", 6, "str draws no pictures"),
        (Generator(32, latent=8, width=4), 9, r"does not take latents of shape \(2, 9\)"),
        (lambda z: z, 6, r"not \(2, 6\)"),
        (lambda z: None, 6, "not NoneType"),
    ],
)
def test_what_cannot_be_explored_is_refused(model: object, latent: int | None, message: str) -> None:
    with pytest.raises(LabError, match=message):
        LatentExplorer(model, latent=latent)


def test_a_device_that_is_not_here_is_refused() -> None:
    with pytest.raises(LabError, match="not available"):
        LatentExplorer(discs, latent=LATENT, device="tpu")


def test_without_a_kernel_a_picture_remains(explorer: LatentExplorer) -> None:
    markup, text = explorer.still()
    assert 'alt="Face of seed 0"' in markup and text.startswith("Face of seed 0")
    assert re.search(r'width="384"', markup)
