"""What happens to pictures on their way: the same for both of a pair, and a pool that loses nothing."""

from __future__ import annotations

import torch

from animelab.data import ImagePool, as_pictures, jittered
from animelab.studio import LABEL_COLORS


def test_pairs_stay_aligned_and_places_differ() -> None:
    torch.manual_seed(0)
    yx = torch.stack(torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij"))
    picture = yx[None]
    seen = set()
    for _ in range(40):
        a, b = jittered(picture, picture * 0.5, crop=1.25)
        assert a.shape == picture.shape
        torch.testing.assert_close(b, a * 0.5)
        assert float(a[0, 0].std()) < 0.95 * float(picture[0, 0].std()), "a part of the picture, enlarged"
        seen.add(
            (round(float(a[0, 0].mean()), 3), round(float(a[0, 1].mean()), 3), bool(a[0, 1, 0, 0] > a[0, 1, 0, 1]))
        )
    assert len(seen) > 20 and len({mirrored for *_, mirrored in seen}) == 2


def test_without_cropping_it_only_mirrors() -> None:
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 8, 8)
    for _ in range(20):
        (out,) = jittered(picture, crop=1.0)
        assert torch.equal(out, picture) or torch.equal(out, picture.flip(-1))


def test_the_pool_hands_out_what_it_was_given_and_keeps_its_size() -> None:
    torch.manual_seed(0)
    pool = ImagePool(50)
    fakes = torch.arange(2000.0).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).requires_grad_()
    out = torch.cat([pool.exchange(part) for part in fakes.split(4)])
    numbers = out[:, 0, 0, 0].tolist()
    assert not out.requires_grad
    assert numbers[:50] == list(range(50))
    kept = torch.stack(pool.pictures)[:, 0, 0, 0].tolist()
    assert sorted(numbers + kept) == sorted([*range(2000), *range(50)]), "nothing lost, nothing doubled"
    late = [number != index for index, number in enumerate(numbers[50:], 50)]
    assert 0.45 < sum(late) / len(late) < 0.55
    ages = [index - number for index, number in enumerate(numbers[50:], 50) if number != index]
    assert 70 < sum(ages) / len(ages) < 130, "100 pictures old on average: 50 places, half of the time"


def test_a_pool_goes_on_where_it_stopped() -> None:
    def run(pool: ImagePool, start: int) -> torch.Tensor:
        torch.manual_seed(start)
        return pool.exchange(torch.arange(start, start + 30.0).view(-1, 1, 1, 1))

    straight, stopped, resumed = ImagePool(8), ImagePool(8), ImagePool(8)
    run(straight, 0)
    run(stopped, 0)
    resumed.load_state_dict({name: value.clone() for name, value in stopped.state_dict().items()})
    assert torch.equal(run(straight, 100), run(resumed, 100))


def test_layers_become_pictures() -> None:
    labels = torch.arange(len(LABEL_COLORS)).view(1, 1, -1)
    pixels = ((as_pictures(labels)[0, :, 0] + 1) * 127.5).round().int().T.tolist()
    assert ["#" + "".join(f"{part:02x}" for part in pixel) for pixel in pixels] == [c.lower() for c in LABEL_COLORS]
    gray = torch.rand(2, 1, 4, 4)
    assert torch.equal(as_pictures(gray), gray.repeat(1, 3, 1, 1))


def test_a_pool_asks_a_learners_own_function_about_every_fake() -> None:
    pool = ImagePool(2, lambda memory, fake, size: memory.append(fake) or memory[0])
    out = pool.exchange(torch.arange(5.0).view(-1, 1, 1, 1).requires_grad_())
    assert out.flatten().tolist() == [0] * 5 and not out.requires_grad
    assert pool.state_dict()["pictures"].flatten().tolist() == [0, 1, 2, 3, 4]
