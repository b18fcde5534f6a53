from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from animelab import latent, zoo
from animelab.errors import LabError
from animelab.nn import stylegan2
from animelab.nn.dcgan import Generator
from animelab.widgets import LatentExplorer, LiveTraining, Timelapse
from animelab.widgets.live import duration

LATENT = 6


def discs(latents: torch.Tensor) -> torch.Tensor:
    """An analytic generator: the latent is a disc's size, place and color."""
    z = latents[:, :, None, None]
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    inside = torch.sigmoid(9 * (0.5 + 0.1 * z[:, :1] - torch.hypot(x - 0.3 * z[:, 1:2], y - 0.3 * z[:, 2:3])))
    return torch.tanh(inside * z[:, 3:6])


def shown(picture: ipywidgets.HTML) -> np.ndarray:
    data = re.search(r"data:image/jpeg;base64,([^\"]+)", picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


@pytest.fixture
def explorer() -> LatentExplorer:
    return LatentExplorer(discs, latent=LATENT)


def controls(widget: ipywidgets.Widget, name: str) -> list[ipywidgets.Widget]:
    """All parts of a widget with a CSS class, as a browser test finds them."""
    found = [widget] if name in getattr(widget, "_dom_classes", ()) else []
    return found + [part for child in getattr(widget, "children", ()) for part in controls(child, name)]


def control(widget: ipywidgets.Widget, name: str) -> ipywidgets.Widget:
    (found,) = controls(widget, name)
    return found


def picture(explorer: LatentExplorer) -> ipywidgets.HTML:
    return control(control(explorer, "animelab-left"), "animelab-picture")


def test_render_is_pure(explorer: LatentExplorer):
    before = picture(explorer).value
    other = replace(explorer.state, strengths=(3.0, *explorer.state.strengths[1:]))
    first, second = explorer.render(other), explorer.render(other)
    assert first.dtype == np.uint8
    assert first.shape == (256, 256, 3)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, explorer.render(explorer.state))
    assert picture(explorer).value == before


def test_a_slider_changes_the_picture_and_reset_restores_it(explorer: LatentExplorer):
    before = picture(explorer).value
    slider = control(explorer, "animelab-direction-1")
    slider.value = 2.0
    assert np.abs(shown(picture(explorer)).astype(int) - np.asarray(explorer.render(explorer._start(0)))).mean() > 2
    assert "direction 1 +2.0" in picture(explorer).value  # in the alt text
    control(explorer, "animelab-reset").click()
    assert picture(explorer).value == before
    assert slider.value == 0


def test_every_direction_is_a_control_with_words(explorer: LatentExplorer):
    words = [control(explorer, f"animelab-direction-{i}").description for i in range(1, 6)]
    assert words == ["Direction 1 (strongest)", "Direction 2", "Direction 3", "Direction 4", "Direction 5 (gentlest)"]


def test_the_seed_decides_the_face(explorer: LatentExplorer):
    first = picture(explorer).value
    control(explorer, "animelab-new-face").click()
    seed = control(explorer, "animelab-seed")
    assert seed.value == 1
    assert picture(explorer).value != first
    seed.value = 0
    assert picture(explorer).value == first
    expected = torch.randn(1, LATENT, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(explorer.latents, expected)


def test_the_walk_begins_and_ends_at_the_remembered_faces(explorer: LatentExplorer):
    walk = control(explorer, "animelab-walk")
    assert walk.disabled
    control(explorer, "animelab-direction-2").value = 1.5
    a = shown(picture(explorer))
    control(explorer, "animelab-remember-as-a").click()
    assert np.array_equal(shown(picture(explorer)), a)  # remembering changes nothing to see
    assert control(explorer, "animelab-direction-2").value == 0
    control(explorer, "animelab-new-face").click()
    b = shown(picture(explorer))
    control(explorer, "animelab-remember-as-b").click()
    assert not walk.disabled
    assert walk.value == 100
    walk.value = 50
    halfway = shown(picture(explorer))
    assert not np.array_equal(halfway, a)
    assert not np.array_equal(halfway, b)
    assert "50% of the way from A to B" in picture(explorer).value
    walk.value = 0
    assert np.array_equal(shown(picture(explorer)), a)
    walk.value = 100
    assert np.array_equal(shown(picture(explorer)), b)
    control(explorer, "animelab-new-face").click()
    assert not walk.disabled  # A and B stay remembered


def test_undo_goes_back_step_by_step_and_a_drag_is_one_step(explorer: LatentExplorer):
    undo, redo = control(explorer, "animelab-undo"), control(explorer, "animelab-redo")
    assert undo.disabled and redo.disabled
    start = picture(explorer).value
    for value in (0.5, 1.0, 1.5):  # one drag
        control(explorer, "animelab-direction-1").value = value
    dragged = picture(explorer).value
    control(explorer, "animelab-new-face").click()
    other = picture(explorer).value
    undo.click()
    assert picture(explorer).value == dragged and control(explorer, "animelab-direction-1").value == 1.5
    undo.click()
    assert picture(explorer).value == start and undo.disabled
    redo.click()
    redo.click()
    assert picture(explorer).value == other and redo.disabled
    undo.click()
    control(explorer, "animelab-direction-2").value = 1.0
    assert redo.disabled, "a new step forgets what was undone"


def test_after_undo_the_same_slider_begins_a_new_step(explorer: LatentExplorer):
    undo, slider = control(explorer, "animelab-undo"), control(explorer, "animelab-direction-1")
    slider.value = 0.5
    undo.click()
    slider.value = 1.0
    assert not undo.disabled
    undo.click()
    control(explorer, "animelab-redo").click()
    slider.value = 2.0
    undo.click()
    assert slider.value == 1.0


def test_directions_of_like_names_all_work_and_bad_ones_are_refused():
    one = torch.ones(LATENT)
    explorer = LatentExplorer(discs, latent=LATENT, directions={"smile (a)": one, "smile (b)": 2 * one, "seed": -one})
    before = explorer.latents
    for slider, length in zip(explorer._sliders, (1, 2, -1)):
        slider.value = 1.0
        torch.testing.assert_close(explorer.latents - before, torch.full((1, LATENT), float(length)))
        slider.value = 0.0
    control(explorer, "animelab-new-face").click()
    assert explorer.state.seed == 1, "a direction called seed does not replace the seed"
    for name, direction in {"direction 1": one, "smile": torch.ones(LATENT + 1), "laugh": [1.0] * LATENT}.items():
        with pytest.raises(LabError, match=name):
            LatentExplorer(discs, latent=LATENT, directions={name: direction})


def test_favorites_are_kept_and_come_back(explorer: LatentExplorer):
    control(explorer, "animelab-direction-1").value = 2.0
    liked = picture(explorer).value
    control(explorer, "animelab-favorite").click()
    control(explorer, "animelab-new-face").click()
    kept = control(explorer, "animelab-favorites")
    assert kept.options[1][0] == "1: Face of seed 0, direction 1 +2.0"
    kept.value = 1
    assert picture(explorer).value == liked and kept.value == 0
    control(explorer, "animelab-undo").click()
    assert picture(explorer).value != liked


def test_what_is_saved_is_what_you_see(explorer: LatentExplorer, tmp_path):
    control(explorer, "animelab-direction-1").value = 2.0
    png, point = explorer.save(tmp_path)
    saved = np.asarray(Image.open(png))
    assert saved.shape == (32, 32, 3), "at the model's own size"
    latents = load_file(point)["latent"]
    torch.testing.assert_close(latents, explorer.latents)
    again = (discs(latents)[0].permute(1, 2, 0).clamp(-1, 1) * 127.5 + 127.5).round().byte().numpy()
    assert np.abs(again.astype(int) - saved).max() <= 1
    assert explorer.save(tmp_path)[0] != png, "nothing is written over"


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


def test_a_stylegan2_is_explored_in_w(styled: LatentExplorer):
    assert styled.latents.shape == (1, 8, 8), "a point for every layer"
    assert list(styled.space.directions) == ["my own", *(f"component {i}" for i in range(1, 6))]
    before = styled.latents
    control(styled, "animelab-layers").value = (2, 3)
    control(styled, "animelab-my-own").value = 1.5
    change = styled.latents - before
    assert torch.allclose(change[:, 2:4], torch.full((1, 2, 8), 1.5)) and not change[:, [0, 1, 4, 5, 6, 7]].any()
    assert "my own +1.5, in layers 2 to 3" in picture(styled).value
    control(styled, "animelab-truncation").value = 0.0
    mean = styled.render(styled.state)
    control(styled, "animelab-new-face").click()
    assert np.array_equal(styled.render(styled.state), mean), "truncated to nothing, everybody is the mean"
    assert "truncated to 0.0" in picture(styled).value


def test_what_is_saved_of_a_truncated_face_is_what_you_see(styled: LatentExplorer, tmp_path):
    control(styled, "animelab-truncation").value = 0.3
    _, point = styled.save(tmp_path)
    again = styled.space.pictures(load_file(point)["latent"])
    seen = styled.space.pictures(styled.state.point(styled.space)[None], 0.3)
    torch.testing.assert_close(again, seen)
    assert not torch.allclose(seen, styled.space.pictures(styled.state.point(styled.space)[None]), atol=1e-3)


def test_the_same_words_and_walks_in_w(styled: LatentExplorer):
    control(styled, "animelab-remember-as-a").click()
    a = styled.latents
    control(styled, "animelab-new-face").click()
    control(styled, "animelab-remember-as-b").click()
    b = styled.latents
    control(styled, "animelab-walk").value = 25
    torch.testing.assert_close(styled.latents, 0.75 * a + 0.25 * b)


def test_a_stylegan2_that_takes_orders_has_faces_with_orders_of_their_own():
    torch.manual_seed(0)
    shape = {"size": 32, "channel_base": 256, "channel_max": 16, "mapping_layers": 2, "latent": 8, "classes": 34}
    generator = stylegan2.Generator(**shape).eval()
    model = zoo.Conditional("ordered", generator, 8, 32, {"data": "studio faces (frontal-train-seed0)"})
    explorer, orders = LatentExplorer(model, seed=7), model.orders(4096)
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        torch.testing.assert_close(explorer.latents[:, 0], generator.mapping(z, orders[7:8]))
    assert explorer.space.cloud.shape == (4096, 8)
    other = latent.Styles(generator, labels=orders[:1])
    assert torch.equal(other.point(4), latent.Styles(generator, labels=orders[:1].repeat(3, 1)).point(4))


def test_a_network_is_copied_and_left_as_it_is():
    network = Generator(32, latent=8, width=4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    explorer = LatentExplorer(network, latent=8)
    assert network.training
    for name, value in network.state_dict().items():  # BatchNorm's statistics among them
        assert torch.equal(value, before[name])
    now = explorer.render(explorer.state)
    torch.nn.init.zeros_(network[1].weight)
    assert np.array_equal(explorer.render(explorer.state), now)


def test_a_model_with_generate_and_latent_needs_nothing_else():
    model = SimpleNamespace(latent=LATENT, generate=discs)
    assert np.array_equal(
        LatentExplorer(model, seed=4).render(LatentExplorer(model, seed=4).state),
        LatentExplorer(discs, latent=LATENT, seed=4).render(LatentExplorer(discs, latent=LATENT, seed=4).state),
    )


def test_two_latent_numbers_are_enough():
    explorer = LatentExplorer(lambda z: discs(torch.cat([z, z, z], 1)), latent=2)
    assert len(explorer.space.directions) == 2


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
def test_what_cannot_be_explored_is_refused(model: object, latent: int | None, message: str):
    with pytest.raises(LabError, match=message):
        LatentExplorer(model, latent=latent)


def test_a_device_that_is_not_here_is_refused():
    with pytest.raises(LabError, match="not available"):
        LatentExplorer(discs, latent=LATENT, device="tpu")


def test_without_a_kernel_a_picture_remains(explorer: LatentExplorer):
    if ipywidgets.__version__.startswith("7"):
        pytest.skip("ipywidgets 7 displays itself without a mimebundle")
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert 'alt="Face of seed 0"' in bundle["text/html"]
    assert bundle["text/plain"] == "Face of seed 0"


def news(step: int, preview: np.ndarray | None, history: list[dict[str, float]]) -> SimpleNamespace:
    return SimpleNamespace(
        step=step,
        steps=100,
        seconds=65.0,
        images_per_second=210.4,
        eta=3700.0,
        losses={"D": 0.5},
        history=history,
        preview=preview,
    )


def test_live_training_shows_the_newest_state(capsys):
    live = LiveTraining(every=0)
    assert "not begun" in live.still()[1]
    history = [
        {"step": step, "seconds": step, "images_per_second": 9.0, "D": 1.0 + step, "G": 2.0} for step in (10, 20)
    ]
    live(news(20, np.zeros((4, 8, 3), np.uint8), history))
    live(news(40, np.full((4, 8, 3), 200, np.uint8), history))
    assert (shown(live._grid) == 200).all()
    markup, text = live.still()
    assert text == "Step 40 of 100, 210 images/s, 1 min 5 s so far, 1 h 1 min left, D 0.500"
    assert text in markup
    assert "of the same examples by step 40" in markup
    assert "D starts at 11 (step 10), ends at 21 (step 20)" in markup
    assert text in capsys.readouterr().out  # outside of a notebook there is nothing else


def test_live_training_does_not_redraw_too_often():
    live = LiveTraining(every=3600)
    live(news(10, None, []))
    first = live._status.value
    live(news(20, None, []))
    assert live._status.value == first
    live(news(100, None, []))  # the last step always
    assert "finished" in live._status.value


def test_live_training_survives_losses_that_are_not_finite():
    live = LiveTraining(every=0)
    live(news(20, None, [{"step": 20, "D": float("nan")}]))
    assert "Step 20" in live.still()[0]
    assert live._curves.value == ""


def test_durations_in_words():
    assert [duration(x) for x in (0.4, 59, 61, 3600)] == ["0 s", "59 s", "1 min 1 s", "1 h 0 min"]


def test_timelapse_goes_through_a_folder_of_previews(tmp_path):
    for step in (0, 50, 1000):
        Image.new("RGB", (8, 4), (step // 5, 0, 0)).save(tmp_path / f"{step:08d}.png")
    film = Timelapse(tmp_path)
    assert film.names == ["step 0", "step 50", "step 1,000"]
    assert film.render(1)[0, 0].tolist() == [10, 0, 0]
    assert "step 1,000 (frame 3 of 3)" in film._picture.value  # it opens on the result
    control(film, "animelab-frame").value = 0
    assert "step 0 (frame 1 of 3)" in film._picture.value
    assert shown(film._picture).max() < 10


def test_timelapse_says_what_is_missing(tmp_path):
    with pytest.raises(LabError, match="no PNG pictures in"):
        Timelapse(tmp_path)
    with pytest.raises(LabError, match="at least one frame"):
        Timelapse([])
    with pytest.raises(LabError, match="1 frames but 2 names"):
        Timelapse([np.zeros((2, 2, 3), np.uint8)], names=["a", "b"])


def test_nothing_else_needs_ipywidgets():
    code = "import sys, animelab.viz, animelab.latent, animelab.recipes.dcgan; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
