"""StyleGAN2 against plain restatements of its equations, and what its inputs may and may not change."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, softplus

from animelab import losses, recipes
from animelab.errors import LabError
from animelab.nn import stylegan2
from animelab.nn.ada import Augment
from animelab.studio import TAGS


def small(**changes) -> stylegan2.Generator:
    torch.manual_seed(0)
    return stylegan2.Generator(
        **{"size": 32, "channel_base": 256, "channel_max": 16, "mapping_layers": 2, "latent": 8} | changes
    )


def by_the_paper(x: Tensor, weight: Tensor, styles: Tensor, up: bool) -> Tensor:
    """Equations 1 and 3: scale the weights of each picture, divide each output's weights by their length, convolve."""
    own = weight[None] * styles[:, None, :, None, None]
    own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    pictures = []
    for picture, kernel in zip(x, own, strict=True):
        if not up:
            pictures.append(conv2d(picture[None], kernel, padding=1))
            continue
        large = conv_transpose2d(picture[None], kernel.transpose(0, 1), stride=2)
        smooth = 4 * stylegan2.fir().double()[None, None]
        pictures.append(conv2d(large.transpose(0, 1), smooth, padding=1).transpose(0, 1))
    return torch.cat(pictures)


@pytest.mark.parametrize("up", [False, True])
def test_scaling_channels_is_scaling_weights(up: bool) -> None:
    torch.manual_seed(1)
    x, weight, styles = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 4, 6, 6), (5, 4, 3, 3), (3, 4))
    )
    kernel = stylegan2.fir().double() if up else None
    with torch.no_grad():  # modulated_conv takes its own lengths in float32
        mine, theirs = stylegan2.modulated_conv(x, weight, styles, kernel), by_the_paper(x, weight, styles, up)
    torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-6)
    direction = torch.randn_like(theirs)
    slopes = [
        torch.autograd.grad((result * direction).sum(), (x, weight, styles))
        for result in (stylegan2.modulated_conv(x, weight, styles, kernel), by_the_paper(x, weight, styles, up))
    ]
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_doubling_is_filling_with_zeros_and_filtering_and_halving_is_filtering_and_dropping() -> None:
    torch.manual_seed(2)
    x, kernel = torch.randn(2, 3, 8, 8), stylegan2.fir()
    holes = torch.zeros(2, 3, 16, 16)
    holes[:, :, ::2, ::2] = x
    each = kernel.expand(3, 1, 4, 4)
    filled = conv2d(torch.nn.functional.pad(holes, (2, 1, 2, 1)), 4 * each, groups=3)
    torch.testing.assert_close(stylegan2.upsample(x, kernel), filled)
    kept = conv2d(torch.nn.functional.pad(x, (1, 1, 1, 1)), each, groups=3)[:, :, ::2, ::2]
    torch.testing.assert_close(stylegan2.downsample(x, kernel), kept)
    flat = torch.ones(1, 1, 8, 8)
    assert stylegan2.upsample(flat, kernel)[0, 0, 2:-2, 2:-2].allclose(torch.ones(())), "flat stays flat"


def test_the_spread_of_a_group_is_one_number_and_none_for_equal_pictures() -> None:
    torch.manual_seed(3)
    x = torch.randn(8, 5, 4, 4)
    last = stylegan2.minibatch_stddev(x)[:, -1]
    for group in range(2):
        members = x[4 * group : 4 * group + 4]
        expected = (members.var(0, unbiased=False) + 1e-8).sqrt().mean()
        torch.testing.assert_close(last[4 * group : 4 * group + 4], expected.expand(4, 4, 4))
    assert stylegan2.minibatch_stddev(x[:1].expand(4, -1, -1, -1))[:, -1].max() < 2e-4
    assert stylegan2.minibatch_stddev(x[:7]).shape == (7, 6, 4, 4), "seven pictures are a group of one each"


def test_truncation_to_zero_gives_everybody_the_mean_face() -> None:
    generator = small()
    for _ in range(300):
        generator.mapping(torch.randn(64, 8))
    generator.eval()
    z = torch.randn(4, 8)
    faces = generator(z, truncation=0.0)
    torch.testing.assert_close(faces, faces[:1].expand(4, -1, -1, -1))
    mean = generator.mapping(torch.randn(20_000, 8)).mean(0)
    assert (generator.mapping.mean - mean).norm() < 0.25 * mean.norm(), "the mean is the mean of w"
    full, half = generator.mapping(z), generator.truncated(generator.mapping(z), 0.5)
    torch.testing.assert_close(half - generator.mapping.mean, (full - generator.mapping.mean) / 2)


def test_noise_is_random_in_training_fixed_afterwards_and_can_be_left_out() -> None:
    generator, w = small(), torch.randn(2, 8)
    for conv in generator.synthesis.convs:
        torch.nn.init.constant_(conv.noise_strength, 0.5)
    assert not torch.equal(generator.synthesis(w), generator.synthesis(w))
    generator.eval()
    assert torch.equal(generator.synthesis(w), generator.synthesis(w))
    assert not torch.equal(generator.synthesis(w), generator.synthesis(w, noise="none"))
    assert not torch.equal(generator.synthesis(w, noise="random"), generator.synthesis(w, noise="random"))


def test_each_layer_follows_its_own_w() -> None:
    generator = small().eval()
    layers = len(generator.synthesis.convs) + 1
    assert layers == 8, "2 log2(32) - 2"
    w = torch.randn(1, 8)
    same = generator.synthesis(w[:, None].expand(-1, layers, -1))
    torch.testing.assert_close(generator.synthesis(w), same)
    for layer in range(layers):
        mixed = w[:, None].repeat(1, layers, 1)
        mixed[:, layer] += 1
        assert not torch.equal(generator.synthesis(mixed), same), f"layer {layer} hears nothing"


def test_classes_reach_the_picture_and_the_discriminator() -> None:
    generator = small(classes=3).eval()
    D = stylegan2.Discriminator(32, 256, 16, 2, 8, classes=3)
    z, labels = torch.randn(3, 8), torch.eye(3)
    pictures = generator(z, labels)
    assert not torch.allclose(pictures, generator(z, labels.roll(1, 0)))
    assert D(pictures, labels).shape == (3,)
    assert not torch.allclose(D(pictures, labels), D(pictures, labels.roll(1, 0)))
    with pytest.raises(LabError, match="labels"):
        generator(z)


@pytest.mark.parametrize("size", [4, 48, 100])
def test_sizes_that_cannot_be_are_refused(size: int) -> None:
    with pytest.raises(LabError, match=str(size)):
        stylegan2.Generator(size)
    with pytest.raises(LabError, match="32 x 32"):
        stylegan2.Discriminator(32, 256, 16)(torch.zeros(1, 3, 16, 16))


def test_r1_of_a_linear_discriminator_is_the_square_of_its_weights() -> None:
    weights = torch.randn(3, 8, 8, dtype=torch.float64)
    real = torch.randn(5, 3, 8, 8, dtype=torch.float64)
    penalty = losses.r1_penalty(lambda pictures: (pictures * weights).sum((1, 2, 3)), real)
    torch.testing.assert_close(penalty, weights.square().sum())


def test_r1_by_differences_is_r1_in_the_mean_and_so_is_its_gradient() -> None:
    torch.manual_seed(5)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Softplus(), nn.Linear(8, 1), nn.Flatten(0)).double()
    real = torch.randn(8, 3, 2, 2, dtype=torch.float64)
    exact = losses.r1_penalty(network, real[::4])
    wanted = torch.autograd.grad(exact, list(network.parameters())[:3])
    many = torch.cat([real] * 4000)  # every fourth of them counts, each in a direction of its own
    found = losses.r1_by_differences(network, many)
    assert float(found.detach()) == pytest.approx(float(exact.detach()), rel=0.03)
    for mine, theirs in zip(torch.autograd.grad(found, list(network.parameters())[:3]), wanted):
        assert (mine - theirs).norm() < 0.06 * theirs.norm()
    assert float(losses.r1_by_differences(network, real[:3]).detach()) != float(
        losses.r1_by_differences(network, real[:3]).detach()
    )


def test_path_length_of_a_linear_generator_is_the_size_of_its_matrix() -> None:
    torch.manual_seed(4)
    matrix = torch.randn(6, 3 * 8 * 8, dtype=torch.float64)
    w = torch.randn(4000, 1, 6, dtype=torch.float64, requires_grad=True)
    lengths = losses.path_lengths((w[:, 0] @ matrix).view(-1, 3, 8, 8), w)
    assert lengths.square().mean() == pytest.approx(float(matrix.square().sum() / 64), rel=0.03)


def test_the_path_penalty_has_nvidias_gradient() -> None:
    """d/dl_i of mean (l - m)^2 with m = 0.99 before + 0.01 mean l: m moves along, by 0.01 / B for each length."""
    lengths = torch.rand(6, dtype=torch.float64).requires_grad_()
    before = torch.tensor(0.3, dtype=torch.float64)
    penalty, mean = losses.path_penalty(lengths, before)
    away = (lengths - mean).detach()
    torch.testing.assert_close(mean, 0.99 * before + 0.01 * lengths.detach().mean())
    torch.testing.assert_close(penalty.detach(), away.square().mean())
    (found,) = torch.autograd.grad(penalty, lengths)
    torch.testing.assert_close(found, 2 / 6 * (away - 0.01 * away.mean()))
    assert not mean.requires_grad


@pytest.fixture
def augment() -> Augment:
    return Augment()


def test_no_augmentation_with_probability_zero(augment: Augment) -> None:
    pictures = torch.rand(4, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(augment(pictures), pictures, rtol=0, atol=2e-5)
    augment.p.fill_(1.0)
    assert ((augment(pictures) - pictures).abs().amax((1, 2, 3)) > 0.1).all()


def test_gradients_pass_through_the_augmentation(augment: Augment) -> None:
    """For a given draw it is linear, so the slope times any step is exactly the change."""
    augment.p.fill_(0.8)
    torch.manual_seed(5)
    start, step, weights = torch.randn(3, 6, 3, 16, 16).unbind(0)
    start.requires_grad_()

    def changed(pictures: Tensor) -> Tensor:
        torch.manual_seed(6)
        return (augment(pictures) * weights).sum()

    (slope,) = torch.autograd.grad(changed(start), start)
    change = changed((start + step).detach()) - changed(start.detach())
    assert (slope * step).sum().item() == pytest.approx(change.item(), rel=1e-3, abs=1e-2)


def test_gray_stays_gray_and_each_augmentation_is_as_frequent_as_p_says(augment: Augment) -> None:
    augment.p.fill_(0.3)
    torch.manual_seed(7)
    gray = torch.full((4000, 3, 4, 4), 0.4)
    colors = augment(gray)
    torch.testing.assert_close(colors, colors[:, :1].expand(-1, 3, -1, -1), rtol=0, atol=1e-4)
    unchanged = ((colors - gray).abs().amax((1, 2, 3)) < 1e-4).float().mean()
    # brightness, contrast and a mirrored luma (which half of the draws leave as it is) change a gray picture
    assert unchanged.item() == pytest.approx(0.7 * 0.7 * 0.85, abs=0.03)


def test_probability_follows_the_discriminators_confidence(augment: Augment) -> None:
    for _ in range(200):
        augment.adapt(torch.full((50,), 2.0))
    assert augment.p.item() == pytest.approx(200 * 50 / 500_000, rel=0.1)
    for _ in range(400):
        augment.adapt(torch.full((50,), -2.0))
    assert augment.p.item() == 0


def test_a_learners_convolution_runs_in_every_layer(monkeypatch) -> None:
    seen = []

    def mine(x: Tensor, weight: Tensor, styles: Tensor, kernel: Tensor | None = None) -> Tensor:
        seen.append(kernel is None)
        return stylegan2.modulated_conv(x, weight, styles, kernel)

    G, z = small(), torch.randn(2, 8)
    expected = G.eval()(z)
    monkeypatch.setattr(stylegan2.StyledConv, "conv", staticmethod(mine))
    torch.testing.assert_close(G(z), expected)
    assert seen == [True, False] * 3 + [True]


def test_one_yes_or_no_of_each_is_told_wrong() -> None:
    torch.manual_seed(0)
    labels = (torch.rand(600, len(TAGS)) < 0.5).float()
    turned = (recipes.stylegan2.one_wrong(labels) != labels).nonzero()
    assert torch.equal(turned[:, 0], torch.arange(600)), "exactly one of each"
    told = {TAGS[column] for column in turned[:, 1]}
    assert told == {"blush", "smile", "open mouth", "hat", "ribbon", "glasses"}
    with pytest.raises(LabError, match="mismatch=0"):
        recipes.stylegan2.preset("smoke", mismatch=1.0)


def test_D_pays_for_taking_a_drawing_for_what_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_smiles(labels: Tensor) -> Tensor:
        return labels * (torch.arange(len(TAGS)) != TAGS.index("smile"))

    monkeypatch.setattr(recipes.stylegan2, "one_wrong", no_smiles)
    real, labels, paid = torch.rand(4, 3, 32, 32) * 2 - 1, torch.ones(4, len(TAGS)), []
    for mismatch in (0.0, 3.0):
        torch.manual_seed(0)
        recipe = recipes.stylegan2.StyleGAN2(
            recipes.stylegan2.preset("smoke", attributes=True, mismatch=mismatch), "cpu"
        )
        wanted = float(softplus(recipe.D(real, no_smiles(labels))).mean().detach())
        torch.manual_seed(1)
        paid.append(float(recipe.step((real, labels))["D"]))
    assert paid[1] - paid[0] == pytest.approx(3 * wanted, rel=1e-4)
