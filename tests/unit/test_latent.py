from __future__ import annotations

import pytest
import torch

from animelab import latent
from animelab.errors import LabError
from animelab.latent import principal_directions, slerp, walk
from animelab.studio import TAGS


def gaussian(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_slerp_starts_at_a_and_ends_at_b():
    a, b = gaussian(5, 32), gaussian(5, 32, seed=1)
    torch.testing.assert_close(slerp(a, b, 0.0), a)
    torch.testing.assert_close(slerp(a, b, 1.0), b)


def test_slerp_of_unit_vectors_stays_on_the_sphere_and_turns_evenly():
    a, b = (torch.nn.functional.normalize(gaussian(32, seed=seed), dim=0) for seed in (0, 1))
    points = torch.stack([slerp(a, b, t) for t in (0, 0.25, 0.5, 0.75, 1)])
    torch.testing.assert_close(points.norm(dim=1), torch.ones(5, dtype=torch.float64))
    steps = (points[1:] * points[:-1]).sum(1).arccos()
    torch.testing.assert_close(steps, steps[:1].expand(4))


def test_slerp_is_the_same_walked_backward():
    a, b = gaussian(32), 3 * gaussian(32, seed=1)
    torch.testing.assert_close(slerp(a, b, 0.3), slerp(b, a, 0.7))


@pytest.mark.parametrize("factor", [1.0, 1.0 + 1e-7, 2.0, -1.0])
def test_slerp_joins_parallel_vectors_by_a_line(factor: float):
    a = gaussian(3, 8)
    torch.testing.assert_close(slerp(a, factor * a, 0.25), (0.75 + 0.25 * factor) * a)


def test_slerp_survives_zeros_and_float32():
    zero, a = torch.zeros(8), gaussian(8).float()
    torch.testing.assert_close(slerp(zero, zero, 0.5), zero)
    assert slerp(zero, a, 0.5).isfinite().all()
    torch.testing.assert_close(slerp(a, a * (1 + 1e-6), 0.5), a)


def test_slerp_refuses_different_shapes():
    with pytest.raises(LabError, match="one shape"):
        slerp(torch.zeros(3), torch.zeros(4), 0.5)


def test_walk_includes_both_ends_and_is_even():
    a, b = gaussian(16), gaussian(16, seed=1)
    path = walk(a, b, 7)
    assert path.shape == (7, 16)
    torch.testing.assert_close(path[0], a)
    torch.testing.assert_close(path[-1], b)
    torch.testing.assert_close(path[3], slerp(a, b, 0.5))
    with pytest.raises(LabError, match="from 2 to"):
        walk(a, b, 1)


@pytest.fixture(scope="module")
def linear_generator():
    """Pictures that depend on the latent through three known directions, with known strengths."""
    latent, size = 20, 32
    true = torch.linalg.qr(gaussian(latent, 3))[0].T  # (3, latent), orthonormal
    coarse = torch.linalg.qr(gaussian(3 * 16 * 16, 3, seed=1))[0].T.reshape(3, 3, 16, 16)
    patterns = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    strengths = torch.tensor([5.0, 3.0, 1.0], dtype=torch.float64)

    def generate(latents: torch.Tensor) -> torch.Tensor:
        assert latents.shape[1] == latent
        amounts = latents.double() @ true.T * strengths
        return 0.1 + torch.einsum("bk,kchw->bchw", amounts, patterns.reshape(3, 3, size, size))

    return generate, true.float()


def test_the_true_directions_come_back_in_order(linear_generator):
    generate, true = linear_generator
    found = principal_directions(generate, latent=20, count=3, samples=512)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    assert ((found * true).sum(1).abs() > 0.995).all()


def test_directions_are_deterministic_and_point_to_brighter(linear_generator):
    generate, _ = linear_generator
    first = principal_directions(generate, latent=20, count=3, samples=128, seed=3)
    torch.testing.assert_close(first, principal_directions(generate, 20, 3, 128, seed=3), rtol=0, atol=0)
    darker, brighter = generate(-first), generate(first)
    assert (brighter.mean((1, 2, 3)) >= darker.mean((1, 2, 3))).all()


def test_directions_follow_the_seed_only(linear_generator):
    generate, _ = linear_generator
    torch.manual_seed(0)
    before = torch.get_rng_state()
    principal_directions(generate, latent=20, count=1, samples=64)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("count", "samples", "message"), [(21, 512, "from 1 to 20"), (0, 512, "from 1 to 20"), (3, 30, "at least 40")]
)
def test_too_much_is_asked(linear_generator, count: int, samples: int, message: str):
    with pytest.raises(LabError, match=message):
        principal_directions(linear_generator[0], 20, count, samples)


PEOPLE = [
    (torch.randn(16, generator=torch.Generator().manual_seed(seed)), latent.attributes(words))
    for seed, words in ((1, "black hair, purple eyes, long, smile"), (2, "blonde hair, green eyes, short, ribbon"))
]


def same(one, other):
    torch.testing.assert_close(one[0], other[0], rtol=1e-4, atol=1e-5)
    assert torch.equal(one[1], other[1])


def test_an_order_in_words():
    assert [TAGS[i] for i in latent.attributes("smile, blue hair").nonzero().flatten()] == ["blue hair", "smile"]
    assert latent.attributes("").sum() == 0
    with pytest.raises(LabError, match="'blue hair'"):
        latent.attributes("blu hair")


def test_every_attribute_belongs_to_one_gene():
    assert sorted(column for gene in latent.GENES for column in gene) == list(range(34))


@pytest.mark.parametrize("seed", range(5))
def test_children_keep_the_four_promises(seed: int):
    mother, father = PEOPLE
    same(latent.fuse(mother, mother, seed=seed), mother)
    same(latent.fuse(mother, father, 0.0, seed), mother)
    same(latent.fuse(mother, father, 1.0, seed), father)
    same(latent.fuse(mother, father, seed=seed), latent.fuse(father, mother, seed=seed))
    same(latent.fuse(mother, father, 0.3, seed), latent.fuse(father, mother, 0.7, seed))


def test_genes_are_inherited_whole_and_by_their_share():
    from_father = torch.zeros(len(latent.GENES))
    for seed in range(300):
        _, tags = latent.fuse(*PEOPLE, 0.25, seed)
        for gene in latent.GENES:
            assert any(torch.equal(tags[gene], parent[1][gene]) for parent in PEOPLE)
        from_father[0] += float(torch.equal(tags[latent.GENES[0]], PEOPLE[1][1][latent.GENES[0]]))
    assert 0.17 < from_father[0] / 300 < 0.33


def test_a_mutation_goes_aside_and_shares_are_checked():
    plain, mutant = latent.fuse(*PEOPLE, seed=3), latent.fuse(*PEOPLE, seed=3, mutation=0.2)
    assert torch.equal(plain[1], mutant[1])
    turned = torch.cosine_similarity(plain[0], mutant[0], 0)
    assert 0.5 < turned < 0.99
    for wrong in ({"t": 1.5}, {"mutation": -0.1}):
        with pytest.raises(LabError, match="from 0 to 1"):
            latent.fuse(*PEOPLE, **wrong)


def test_a_child_has_the_fathers_layers_from_first_to_last_and_the_parents_stay():
    mother, father = torch.zeros(5, 3), torch.ones(5, 3)
    assert latent.crossed(mother, father, 1, 3)[:, 0].tolist() == [0, 1, 1, 1, 0]
    assert latent.crossed(mother, father, 2, 1).equal(mother), "no layer at all"
    assert not mother.any() and father.all()
