"""Every recipe learns: after some hundred small steps its pictures are measurably closer to the data."""

from __future__ import annotations

from animelab import zoo
from animelab.data import StudioFaces
from animelab.engine import train
from animelab.recipes import dcgan


def test_dcgan_moves_towards_its_data(tmp_path):
    faces = StudioFaces(32, 64, cache=tmp_path / "cache")
    real = faces.batch(range(64))
    errors = []
    for steps in (1, 200):
        config = dcgan.Config(size=32, width=8, batch=16, steps=steps, lr_G=1e-3, lr_D=5e-4, ema=0.9)
        train(dcgan.DCGAN(config, "cpu"), faces, tmp_path / str(steps), watch=lambda progress: None)
        fake = zoo.load_run(tmp_path / str(steps)).sample(64)
        errors.append(
            [(getattr(fake, how)(0) - getattr(real, how)(0)).square().mean().sqrt() for how in ("mean", "std")]
        )
    (mean_before, spread_before), (mean_after, spread_after) = errors
    assert mean_after < 0.7 * mean_before, "the average picture becomes the average face"
    assert spread_after < 0.9 * spread_before, "and the pictures differ from each other as faces do"
