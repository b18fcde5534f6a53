"""`animelab project` and `animelab sample --seeds`, and the way of a point into the explorer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from animelab import zoo
from animelab.cli import main
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.latent import styles_of
from animelab.nn import dcgan, stylegan2
from animelab.viz import as_pixels
from animelab.widgets import LatentExplorer


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A StyleGAN2 of 16 px that was never trained."""
    torch.manual_seed(0)
    shape = {"size": 16, "channel_base": 64, "channel_max": 8, "mapping_layers": 2, "latent": 8, "classes": 0}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    save_weights(
        tmp_path / "run" / "weights.safetensors", "stylegan2-256.generator", shape, stylegan2.Generator(**shape)
    )
    return tmp_path / "run"


def test_a_picture_is_found_in_w_and_in_more_detail_in_w_plus(run: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    (pages / "sub").mkdir(parents=True)
    Image.fromarray(as_pixels(zoo.load_run(run).sample(1, 5))[0]).resize((48, 48)).save(pages / "one.png")
    Image.new("RGB", (40, 20), (90, 60, 200)).save(pages / "sub" / "one.png")
    out = tmp_path / "out"
    assert main(["project", str(run), str(pages), "--out", str(out), "--steps", "30"]) == 0
    about = json.loads((out / "project.json").read_text())
    assert [row["folder"] for row in about["pictures"]] == ["one", "sub/one"] and about["size"] == 16
    for row in about["pictures"]:
        assert row["w+"]["mse"] < row["w"]["mse"], "a w for every layer comes closer"
        points = {kind: load_file(out / row["folder"] / f"{kind}.safetensors")["latent"] for kind in ("w", "w+")}
        assert points["w"].shape == points["w+"].shape == (1, 6, 8)
        assert bool((points["w"] == points["w"][:, :1]).all()) and not bool((points["w+"] == points["w+"][:, :1]).all())
        target, there = (Image.open(out / row["folder"] / f"{name}.png") for name in ("target", "w+"))
        assert target.size == there.size == (16, 16)
        error = ((np.asarray(target) / 127.5 - np.asarray(there) / 127.5) ** 2).mean()
        assert error == pytest.approx(row["w+"]["mse"], abs=0.01), "the distance is that of the picture beside it"

    explorer = LatentExplorer(zoo.load_run(run))
    explorer.load(out / "one" / "w+.safetensors")
    assert np.array_equal(explorer._pixels(explorer.state), np.asarray(Image.open(out / "one" / "w+.png")))
    saved = explorer.save(tmp_path / "explored")[1]
    explorer.new_face()
    explorer.load(saved)
    assert torch.equal(explorer.latents, load_file(out / "one" / "w+.safetensors")["latent"]), "what Save wrote, too"


@pytest.mark.parametrize("wrong", [torch.zeros(1, 6, 9), torch.full((1, 6, 8), float("nan")), None])
def test_a_point_of_another_generator_is_refused_and_the_face_stays(wrong, run: Path, tmp_path: Path) -> None:
    explorer = LatentExplorer(zoo.load_run(run))
    before = explorer.state
    save_file({"latent": wrong} if wrong is not None else {"w": torch.zeros(1, 6, 8)}, tmp_path / "p.safetensors")
    with pytest.raises(LabError, match=r"holds no point of this generator, a 'latent' of \(1, 6, 8\)"):
        explorer.load(tmp_path / "p.safetensors")
    assert explorer.state is before


def test_only_a_stylegan2_has_a_w() -> None:
    with pytest.raises(LabError, match="'dcgan-faces-64' is no StyleGAN2"):
        styles_of(zoo.load("dcgan-faces-64"))
    assert styles_of(zoo.load("stylegan2-faces-64")).point(0).shape == (10, 512), "with conditions, too"


def test_seeds_draw_the_first_picture_of_each(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    torch.manual_seed(0)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    shape = {"size": 32, "latent": 8, "width": 4}
    save_weights(tmp_path / "run" / "weights.safetensors", "dcgan.generator", shape, dcgan.Generator(**shape))
    model = zoo.load_run(tmp_path / "run")
    command = ["sample", str(tmp_path / "run"), "--out"]
    assert main([*command, str(tmp_path / "out"), "--seeds", "7, 0-2,7,123456"]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["seed0000.png", "seed0001.png", "seed0002.png", "seed0007.png", "seed123456.png"]
    seventh = np.asarray(Image.open(tmp_path / "out" / "seed0007.png"))
    assert np.array_equal(seventh, as_pixels(model.sample(3, 7))[0]), "the same as --seed 7"
    for wrong in ("3-1", "", "a", "1,", "-1", "0-99999999", "1-2-3", "0-99999,100000-100001", "1.5", "²"):
        with pytest.raises(SystemExit) as end:
            main([*command, str(tmp_path / "other"), f"--seeds={wrong}"])
        assert end.value.code == 2 and "digits, as 0-50 or 1,5,9, not" in capsys.readouterr().err, wrong
    assert main([*command, str(tmp_path / "other"), "--seeds", "1", "--count", "3"]) == 1
    assert not (tmp_path / "other").exists()
