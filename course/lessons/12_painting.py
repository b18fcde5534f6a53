# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 12 · Paint with hair and sky: SPADE
#
# ![Maps of parts in flat colors, four of faces and four of places, and below each the picture that a network painted over it.](../course/figures/opening_12.jpg)
#
# **You will make:** a generator that fills a map of parts while you draw the map, with a brush for hair and a brush for sky.
#
# **In the studio:** steps 5 and 6 of 6, *background* and *effects*: a rough map first, and the picture follows.
#
# **Time:** 5 minutes of computing on one CPU core (3 of them training); on a GPU: not measured yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from animelab import metrics, studio, zoo
from animelab.checks import check_12_1, check_12_2, check_12_3, check_12_4
from animelab.checks import lesson_12_painting as reference
from animelab.data import StudioPairs, as_pictures, real_faces
from animelab.engine import frozen, train
from animelab.nn import count_parameters, spade
from animelab.recipes import spade as recipes
from animelab.viz import compare, curves, show
from animelab.widgets import LiveTraining, PaintByParts

# %% [markdown]
# ## Where we are going
#
# Choose *hair* and paint her a fringe down to the nose. Choose *Fill* and make the whole background a hat. The picture at the
# right follows while the brush moves. *Style of* takes the colors of another picture; *Any style* takes them from chance.
# **Predict** before you try: what happens to a face with three eyes?

# %%
faces = zoo.network("spade-faces-128")
held_out = recipes.pairs("faces", 128, 12, "test")
face_maps, face_truth = held_out.batch(range(12))
PaintByParts(faces, face_maps, face_truth)

# %% [markdown]
# The same, for places. Here the brushes are materials: sky, cloud, leaves, wall. Paint a second sun with *glow*.

# %%
places = zoo.network("spade-places-128")
held_out_places = recipes.pairs("places", 128, 12, "test")
place_maps, place_truth = held_out_places.batch(range(12))
PaintByParts(places, place_maps, place_truth, "places")

# %% [markdown]
# Now without a brush. Six maps that neither generator has seen; each painted in the style of its own picture, then all in the
# style of one other; and what the studio drew.


# %%
@torch.no_grad()
def rows(generator, maps, truth, subject, borrowed):
    """Six maps, painted in two styles, and the truth."""
    own, other = (
        generator.style(truth[:6]),
        generator.style(truth[borrowed : borrowed + 1]).expand(6, -1),
    )
    return {
        "the map": recipes.painted(maps[:6], subject),
        "in its own style": generator(maps[:6], own),
        "in the style of one other": generator(maps[:6], other),
        "the studio": truth[:6],
    }


compare(rows(faces, face_maps, face_truth, "faces", 7), columns=6, scale=1,
        alt="Six maps of parts of faces in flat colors; the pictures a network painted over them; the same in other colors; the drawings.")  # fmt: skip

# %%
compare(rows(places, place_maps, place_truth, "places", 7), columns=6, scale=1,
        alt="Six maps of materials of places; the pictures a network painted over them; the same in the light of another picture; the drawings.")  # fmt: skip

# %% [markdown]
# Parts are where the map puts them, on maps that nobody has painted before: hat, headphones, glasses. The style brings the color of
# hair, and the hour: dusk in the second, third and fifth place, day in the fourth, and in the third row day for all. What no part says
# is not there: the purple behind the first face has lost its moon. And these generators are young: 4,300 steps of four pictures for
# faces and 2,900 for places. Leaves are soft, clothes are woven, and eyes have some color, and rarely their own. More steps go on
# from there: `animelab train spade --preset studio --set start=spade-faces-128`.
#
# A map says *where*, and nothing of *what color*. That is the style's part, and its own story below. First the map's.
#
# ## A norm washes a map away
#
# Lesson 4 ended with a map of parts, painted as a picture in flat colors and handed to pix2pix. Each of its layers is a
# convolution and then a norm: take the mean of a channel away and divide by its spread. For photographs of many textures that
# is harmless. A map of parts is flat. What is left of a flat thing, when its mean is taken away?
#
# Here is the smallest case. A map of two parts: one covers a square in the middle, the other the rest. One convolution with
# random weights, then the norm. We let the square grow, and measure how strong its channels are in the middle.
# **Predict:** how strong is a sky that covers everything?

# %%
SKY, CLOUD, GRASS = (
    recipes.SUBJECTS["places"].index(name) for name in ("sky", "cloud", "grass")
)
torch.manual_seed(0)
convolution = nn.Conv2d(11, 32, 3, padding=1, padding_mode="replicate")
told = spade.SPADE(32, 11, 64, "instance")


def square(part, share, size=64):
    """A map of grass with a square of a part in its middle, which covers that share."""
    labels = torch.full((1, size, size), GRASS)
    half = round(size * share**0.5 / 2)
    labels[:, size // 2 - half : size // 2 + half, size // 2 - half : size // 2 + half] = (
        part
    )
    return spade.one_hot(labels, 11)


@torch.no_grad()
def channels(parts, how):
    """What is left of a map after a convolution and, perhaps, a norm: (B, 32, 64, 64)."""
    x = convolution(parts)
    if how == "convolution alone":
        return x
    return spade.NORMS["instance"](32)(x) if how == "and a norm" else told(x, parts)


# %%
shares = [0.04, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0]
hows = ("convolution alone", "and a norm", "and SPADE")
strength = {
    how: [float(channels(square(SKY, s), how)[0, :, 32, 32].abs().mean()) for s in shares]
    for how in hows
}
apart = {
    how: [
        float((channels(square(SKY, s), how) - channels(square(CLOUD, s), how))[0, :, 32, 32].abs().mean())
        for s in shares
    ]
    for how in hows
}  # fmt: skip
curves({how: (shares, values) for how, values in strength.items()}, xlabel="share of the map that the part covers",
       ylabel="mean strength in its middle", smoothing=0)  # fmt: skip

# %%
whole = torch.cat([square(part, 1.0) for part in (SKY, CLOUD, GRASS)])
print("how far apart are sky and cloud, when one of them is everywhere?")
for how in hows:
    print(f"{how:20} {apart[how][-1]:.3f}")


def as_gray(x):
    """The first channel as a picture; 0 is gray."""
    return (x[:, :1] * 6).clamp(-1, 1).expand(-1, 3, -1, -1)


compare({"the map": recipes.painted(whole.argmax(1), "places"), **{how: as_gray(channels(whole, how)) for how in hows}},
        columns=3, scale=1, alt="Three maps of one part each, sky, cloud and grass. After a convolution, three grays. "
        "After a norm, three times the same gray. After SPADE, three different grays again.")  # fmt: skip

# %% [markdown]
# A part that covers a small piece is loud, whatever it is. The more it covers, the quieter it gets, and where it covers
# everything there is **nothing**: sky, cloud and grass have become the same gray. The formula is short. If a channel is $a$ in
# the part and $b$ elsewhere, and the part covers the share $s$, its mean is $sa + (1-s)b$ and its spread
# $|a-b|\sqrt{s(1-s)}$, so what is left in the part is
#
# $$\frac{a - sa - (1-s)b}{|a-b|\sqrt{s(1-s)}} = \pm\sqrt{\frac{1-s}{s}}.$$
#
# Read it aloud: *neither a nor b is in it*. The convolution may have learned what it wants about skies; after the norm
# one sign is left of it, and a size that tells how much of the map is sky. (The curve's last bit lies lower, because a
# convolution's edges are a third value.)
#
# With batch norm the mean is taken over all pictures of the batch, and one grass map among skies would be told apart. But a
# batch of landscapes has sky in all of them. And this is one layer. Lesson 4's network has nine with norms, and its way out is that its
# first layer has none, and the shortcut carries that across. What does that save? We ask lesson 4's own network about six maps that
# are one part each: once with the statistics it kept from training, once with those of the map itself.


# %%
def flat_maps(names, size=64):
    labels = torch.stack([torch.full((size, size), studio.LABELS[name]) for name in names])
    return as_pictures(labels)


@torch.no_grad()
def differs(own_statistics):
    """Mean distance between the answers of lesson 4's network to maps of one part each."""
    network = zoo.load("pix2pix-parts-64").network
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(own_statistics)
    flats = flat_maps(("background", "hair", "face", "clothes", "iris", "hat"))
    answers = torch.cat([network(each[None]) for each in flats])
    pairs = [(a - b).abs().mean() for i, a in enumerate(answers) for b in answers[:i]]
    return float(torch.stack(pairs).mean()), answers


kept, own = differs(False), differs(True)
print(
    f"with the statistics of training: {kept[0]:.2f} apart; with the map's own: {own[0]:.2f}"
)
compare({"kept from training": kept[1], "the map's own": own[1]}, columns=6,
        alt="Twelve squares, answers to maps of one part each. With the statistics of training, six weaves of different "
        "tints: pale pink, yellow, pale, black, yellow, orange. With the map's own, six mottled squares, in each the ghost of a face.")  # fmt: skip

# %% [markdown]
# Weakened, and not gone: the shortcut saves it, and so do borders, where a convolution sees a frame of zeros. But look at the second
# row. There is a ghost of a face in each, and no map said *face*: the norms have made what is strong by habit out of what was
# nearly nothing.
#
# ## Told at every place: SPADE
#
# Park and others (2019) do not fight the norm; they let it wash, and say everything again **behind** it. Lesson 4's last
# network already did half of that: its code gave each channel a scale and a shift after the norm, the same at all places.
# SPADE (*spatially-adaptive normalization*) gives them a value **for each place**, computed from the map by two convolutions:
#
# ```text
# features (C channels) ── norm without weights ──────────────── x ── + ── features, told
#                                                                │    │
# map of parts ── made as small as the features ── 3x3, ReLU ─┬─ gamma │      each 3x3, to C channels
#                                              (128 channels) └──── beta
# ```
#
# $$\text{out} = \text{norm}(x)\cdot(1 + \gamma(\text{map})) + \beta(\text{map})$$
#
# And this happens at every size of the picture, so the map need not be carried anywhere: there is no U-Net, no way down. The
# generator begins at 4 x 4 pixels and is told again at each doubling.
#
# ### Exercise 12.1 · A map of another size (level 2 of 5, about 10 minutes)
#
# Networks do not take labels: part 7 is not seven times part 1. Make a channel for each part, 1 where the part is and 0
# elsewhere, and make it small. Of each block of pixels take the upper left one. (`size` divides the map's side.)
#
# <details><summary>Hint 1</summary>
#
# `torch.nn.functional.one_hot` puts the new axis last. Where do pictures have their channels?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A slice with a step takes every third row: `[::3]`. Convolutions want floats.
#
# </details>


# %%
def parts_at(labels, classes, size):
    """A map as one channel a part, at a smaller size.

    labels: int64 (B, H, H), from 0 to classes - 1.  Returns float (B, classes, size, size) of 0 and 1.
    """
    ### BEGIN SOLUTION 12.1: one channel a part, and every n-th pixel
    step = labels.shape[1] // size
    small = labels[:, ::step, ::step]
    return nn.functional.one_hot(small, classes).permute(0, 3, 1, 2).float()
    ### END SOLUTION


result_12_1 = check_12_1(parts_at)

# %% [markdown]
# Why not blend? At 4 x 4 pixels an eye would be a tenth of a channel *eye* and nine tenths *face*, which a generator could
# use. The authors take the nearest; so do we. What is too small disappears, and comes back at the next doubling. Here is what
# the generator is told of one face at each of its sizes (by your function, if the check found it right):

# %%
smaller = parts_at if result_12_1 else reference.parts_at
sizes = (4, 8, 16, 32, 64, 128)
told_at = [smaller(face_maps[:1], 17, size).argmax(1).repeat_interleave(128 // size, 1).repeat_interleave(128 // size, 2) for size in sizes]  # fmt: skip
show(recipes.painted(torch.cat(told_at), "faces"), columns=6, scale=1,
     alt="One map of a face six times, from 4 by 4 blocks, in which hair and face are left, to 128 by 128.")  # fmt: skip

# %% [markdown]
# ### Exercise 12.2 · The layer (level 3 of 5, about 15 minutes)
#
# Write SPADE. You get features `x`, a map `parts` of another size, and four modules: `norm`, `shared`, `gamma` and `beta`. The map
# goes to the size of the features by `interpolate(..., mode="nearest")`, through `shared` and a ReLU, and from there to gamma
# and beta.
#
# <details><summary>Hint 1</summary>
#
# `x.shape[2:]` is the size that `interpolate` should give.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Scale by `1 + gamma`: at the beginning gamma is near 0, and the features should come through.
#
# </details>

# %%
from torch.nn.functional import interpolate


def modulated(x, parts, norm, shared, gamma, beta):
    """Features that lose their own mean and scale, and get those of a map.

    x: (B, C, H, W);  parts: (B, K, S, S);  norm keeps shapes, shared takes K channels to some, gamma and beta take
    these to C.  Returns (B, C, H, W).
    """
    ### BEGIN SOLUTION 12.2: the map made small, a ReLU, a scale and a shift for each place
    seen = shared(interpolate(parts, x.shape[2:], mode="nearest")).relu()
    return norm(x) * (1 + gamma(seen)) + beta(seen)
    ### END SOLUTION


result_12_2 = check_12_2(modulated)

# %% [markdown]
# If the check found it right, your training further down uses it in all its layers.
#
# ## The generator
#
# Two SPADE layers and two convolutions beside a shortcut are a residual block. Seven blocks, five doublings, and that is the
# generator. At the paper's width, 64, for maps of 151 parts:
#
# ```text
# style (256) ── linear ── 8 x 8, 1024 ── block 1024 ── x2 ── block 1024 ── block 1024 ── x2 ── block 512 ── x2 ── block 256
#  or the map itself,                       │                   │             │                   │                 │
#  8 x 8, by a 3x3                          map                 map           map                 map               map
#
#                                        ── x2 ── block 128 ── x2 ── block 64 ── leaky ReLU ── 3x3 ── tanh ── picture 256 x 256
#
# block:  x ── SPADE ── leaky ReLU ── 3x3 ── SPADE ── leaky ReLU ── 3x3 ── + ── out
#         └─────────────── (SPADE ── 1x1, where the width changes) ────────┘
#
# discriminator, twice (at full size, and at half):
#   map and picture, side by side ── 4x4/2, 64 ── 4x4/2, 128 ── 4x4/2, 256 ── 4x4, 512 ── 4x4, 1 ── a logit for each patch
#
# encoder:  picture ── 3x3/2, 64 ── 128 ── 256 ── 512 ── 512 ── 512 ── 4 x 4 ── linear ── mean (256)
#                                                                           └── linear ── log of the variance (256)
# ```

# %%
with torch.device("meta"):  # counts without taking memory
    config = recipes.preset("cpu")
    networks = {
        "generator, ADE20K's 151 parts": spade.Generator(),
        "generator, COCO's 184 parts": spade.Generator(184),
        "discriminator, 151 parts": spade.Discriminator(),
        "encoder": spade.Encoder(),
        "pix2pix's U-Net (lesson 4)": zoo.network("pix2pix-parts-64"),
    }
for name, network in networks.items():
    print(f"{name:32} {count_parameters(network):>12,} parameters")
for name, network in (
    ("our generator, both networks", faces),
    ("of which its encoder", faces.E),
):
    print(f"{name:32} {count_parameters(network):>12,} parameters")

# %% [markdown]
# Where do 96 million come from? From the second question: gamma and beta need a convolution each, with 128 channels in and up
# to 1,024 out, and there are eighteen SPADE layers.
#
# ## What a fake costs its generator
#
# The losses are those of a generation of networks (pix2pixHD, 2018), and none of them is L1:
#
# - **verdict**, 1: D's logits of the fake should be large. D itself learns with *hinge*: real above 1, fake below -1, and whoever
#   is beyond costs nothing any more.
# - **matched**, 10: the fake should look *to D* as the truth does, at each of D's layers and sizes. D sees what separates real
#   from fake, so this is a distance that knows what matters. It is called *feature matching*.
# - **seen**, 10: it should look the same to a network that has learned to see: VGG19 in the paper, our tagger here (lesson 9).
#
# ### Exercise 12.3 · The generator's step (level 4 of 5, about 40 minutes)
#
# Build all three. `D(parts, pictures)` gives a list with an entry for each of its sizes; an entry is a list of the maps of all layers,
# and the last of these are the logits. `look(pictures)` gives a list of maps.
#
# - Real and fake go through D **in one batch**, so that a norm in D sees both.
# - *verdict*: minus the mean of the fake's logits, mean over D's sizes.
# - *matched*: mean absolute difference of real and fake, for every map but the logits; summed over layers, mean over D's sizes.
# - *seen*: mean absolute difference of what `look` sees, summed over its maps.
# - This step is the generator's. No gradient may reach D's weights (`with frozen(D):` around the call switches them off and on
#   again), and the truth is the truth: nothing flows into what D or `look` say of it.
#
# <details><summary>Hint 1</summary>
#
# `torch.cat` before D, and `.chunk(2)` behind it, for each map. The first half belongs to the real pictures.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Three sums in one double loop over D's answer. `maps[:-1]` leaves the logits out; `real_map.detach()` keeps the truth still;
# `with torch.no_grad():` around `look(real)` saves its way back.
#
# </details>


# %%
def generator_losses(D, look, parts, real, fake):
    """What a fake costs its generator.

    D, look: networks, as above;  parts: (B, K, H, W);  real, fake: (B, 3, H, W).
    Returns three scalars: verdict, matched, seen.
    """
    ### BEGIN SOLUTION 12.3: D's verdict, what D sees, and what a network sees that has learned to
    with frozen(D):
        answer = D(torch.cat([parts, parts]), torch.cat([real, fake]))
    verdict, matched = torch.zeros(()), torch.zeros(())
    verdict, matched = verdict.to(fake), matched.to(fake)
    for layers in answer:
        halves = [layer.chunk(2) for layer in layers]
        for real_map, fake_map in halves[:-1]:
            distance = (real_map.detach() - fake_map).abs().mean()
            matched = matched + distance / len(answer)
        _, fake_logits = halves[-1]
        verdict = verdict - fake_logits.mean() / len(answer)

    with torch.no_grad():
        truth = look(real)
    guess = look(fake)
    seen = torch.zeros(()).to(fake)
    for real_map, fake_map in zip(truth, guess):
        seen = seen + (real_map - fake_map).abs().mean()

    return verdict, matched, seen
    ### END SOLUTION


result_12_3 = check_12_3(generator_losses)

# %% [markdown]
# ## One map, many pictures: a style
#
# A hair that may have any color is the gray of lesson 4 again. So the generator gets a hint in training: an **encoder** looks at
# the true picture and says in a few numbers what the map leaves open. (256 in the paper, 16 here.) Could it not simply copy the
# picture into them? Two things keep it from that. It does not give numbers, it gives a *distribution* for each, a mean and a
# variance, and one number is drawn from it: whatever is finer than the spread is lost. And each distribution pays for its distance
# from the plain normal one, mean 0 and variance 1:
#
# $$\text{divergence} = \tfrac12 \sum_i \left(\mu_i^2 + \sigma_i^2 - 1 - \log \sigma_i^2\right)$$
#
# That second term is also why *Any style* can work: if styles of real pictures lie where a normal distribution is, numbers from a
# normal distribution may be styles. (The construction is a *variational autoencoder*'s, Kingma and Welling 2013.)
#
# ### Exercise 12.4 · What a style pays (level 2 of 5, about 10 minutes)
#
# Write the divergence above, summed over the numbers of a style, mean over the pictures. The encoder gives the *logarithm* of
# the variance, so that any number is one.
#
# <details><summary>Hint 1</summary>
#
# $\sigma^2$ is `log_variance.exp()`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `sum(1)` first, `mean()` then. Test it: a plain normal style costs nothing.
#
# </details>


# %%
def divergence(mean, log_variance):
    """How far styles are from a plain normal distribution.

    mean, log_variance: (B, N).  Returns a scalar.
    """
    ### BEGIN SOLUTION 12.4: squares and variances, less what a normal one has
    each = mean**2 + log_variance.exp() - 1 - log_variance
    return each.sum(1).mean() / 2
    ### END SOLUTION


result_12_4 = check_12_4(divergence)

# %% [markdown]
# Does each number of a style mean something? Which of them has the encoder used at all? A number that pays nothing says
# nothing.

# %%
cost = divergence if result_12_4 else reference.divergence
with torch.no_grad():
    means, logs = faces.E(face_truth)
    paid = [
        float(cost(means[:, i : i + 1], logs[:, i : i + 1])) for i in range(faces.latent)
    ]
print(
    "paid, largest first:", ", ".join(f"{each:.2f}" for each in sorted(paid, reverse=True))
)
dearest = int(np.argmax(paid))
steps = torch.linspace(-2, 2, 7)
with torch.no_grad():
    moved = means[:1].repeat(7, 1)
    moved[:, dearest] = steps
    walked = faces(face_maps[:1].repeat(7, 1, 1), moved)
show(
    walked,
    columns=7,
    scale=1,
    alt="One face seven times: the number of its style that pays most goes from -2 to 2.",
)

# %% [markdown]
# Four of sixteen pay more than a unit, ten hardly anything. The dearest takes the hair from blue through brown to orange, and leaves
# nearly everything else.
#
# ## Train
#
# At 64 pixels, on lesson 4's faces, so that the comparison with its network is fair. **Predict:** what will be right first, the
# place of things or their color?

# %%
parts = {
    "modulated": (modulated, result_12_2),
    "generator_losses": (generator_losses, result_12_3),
}
accepted = {part: function for part, (function, result) in parts.items() if result}
print("written by you:", ", ".join(accepted) or "nothing yet; the library's versions train")
recipe = recipes.Spade(config, **accepted)
name = "_".join(["12_painting", *(f"my_{part}" for part in accepted)])
run = train(recipe, recipe.data(config), env.runs_dir() / name, watch=LiveTraining())

# %% [markdown]
# The rows are map, picture in the style of the truth, picture in one style of chance, truth.
#
# ## How good is it?
#
# Beside lesson 4's pix2pix on the same maps, at the same 64 pixels, on characters neither has seen. The generator is asked twice: with the
# style of the truth, which pix2pix never gets to see, and with a style of chance, which is the fair row. Four scores: distance from the
# truth and *perceptual distance* you know; *color of parts* is how far, of 255, the mean color of a part is off; and a **reader**: does the
# picture show the map? For the last we train a small network to tell parts from pixels, on drawings, and ask it about the painted ones.

# %%
count = 256 if env.scale() == "full" else 8
test = StudioPairs(
    "segmentation", "color", config.size, count, prior="frontal", split="test"
)
labels, truth = test.batch(range(count))
lessons = StudioPairs(
    "segmentation",
    "color",
    config.size,
    1024 if env.scale() == "full" else 32,
    prior="frontal",
)
torch.manual_seed(0)
reader = nn.Sequential(
    *[layer for i in range(5) for layer in (nn.Conv2d(24 if i else 3, 24, 3, 1, 2**min(i, 3), 2**min(i, 3)), nn.ReLU())],
    nn.Conv2d(24, 17, 1),
)  # fmt: skip
adam = torch.optim.Adam(reader.parameters(), 3e-3)
for _ in range(400 if env.scale() == "full" else 5):
    maps, pictures = lessons.batch(torch.randint(0, len(lessons), (8,)))
    loss = cross_entropy(reader(pictures), maps)
    adam.zero_grad()
    loss.backward()
    adam.step()


# %%
@torch.no_grad()
def read(pictures):
    """Share of pixels whose part the reader tells right."""
    return float((reader(pictures).argmax(1) == labels).float().mean())


# %%
mine = recipe.G_ema.average.eval().cpu()
lesson_4 = zoo.load("pix2pix-parts-64")
with torch.no_grad():
    chance = torch.randn(count, config.latent, generator=torch.Generator().manual_seed(0))
    answers = {
        "pix2pix (lesson 4)": lesson_4.translate(as_pictures(labels)),
        "yours, a style of chance": mine(labels, chance),
        "yours, the truth's style": mine(labels, mine.style(truth)),
        "the drawings": truth,
    }
print(f"{'':26}{'distance':>10}{'perceptual':>12}{'color of parts':>16}{'reader':>9}")
scored = {}
for words, pictures in answers.items():
    scored[words] = (
        float((pictures - truth).abs().mean()),
        float(metrics.perceptual(pictures, truth).mean()),
        reference.color_of_parts(pictures, truth, labels),
        read(pictures),
    )
    print(
        f"{words:26}{scored[words][0]:10.3f}{scored[words][1]:12.3f}{scored[words][2]:16.1f}{scored[words][3]:9.0%}"
    )

# %%
compare({"the map": as_pictures(labels[:8]), **{words: pictures[:8] for words, pictures in answers.items()}},
        alt="Eight maps of faces; pix2pix's pictures of them; yours in a style of chance, and in the truth's; the drawings.")  # fmt: skip

# %% [markdown]
# On our machine, one run:
#
# | | pictures seen | distance | perceptual | color of parts | reader |
# |---|---|---|---|---|---|
# | pix2pix (lesson 4) | 48,000 | 0.340 | 0.783 | 29.7 | 92% |
# | yours, a style of chance | 6,400 | 0.354 | 0.746 | 29.4 | 94% |
# | yours, the truth's style | 6,400 | 0.204 | 0.479 | 23.8 | 93% |
#
# (The reader tells 92% of the drawings' own pixels right, so nobody is unreadable, and it decides nothing.) After a seventh of the pictures, and with a quarter of the weights, the generator is nearer to the truth by what a network
# sees, and you need no number for the rest: surfaces are plain, where pix2pix weaves; both eyes are there. By plain distance
# pix2pix is a little ahead of a style of chance, and should be: it learned L1 with a weight of a hundred, and has grayer
# answers. The truth's style is worth more than all of that. It is also not fair: sixteen numbers about the answer were given.
#
# Then look at *a style of chance*. These eight styles are all different, and five of the eight have black hair. Styles of real pictures
# do not lie where chance looks for them: they pay a divergence of several units. And small things are wrong in both rows: irises of two
# colors, a grid in the wall. Eight hundred steps were not enough for them.
#
# ## What fails
#
# Three maps that the studio never draws: a face with a third eye, one whose hair is a ball, and a face upside down.

# %%
strange = face_maps[:3].clone()
eye = (face_maps[0] == studio.LABELS["eye"]) | (face_maps[0] == studio.LABELS["iris"])
top, left = int(eye.nonzero()[:, 0].min()), int(eye.nonzero()[:, 1].min())
piece = face_maps[0, top : top + 24, left : left + 24]
strange[0, 20:44, 52:76] = piece
row, column = torch.meshgrid(torch.arange(128), torch.arange(128), indexing="ij")
strange[1] = torch.where(strange[1] == studio.LABELS["hair"], 0, strange[1])
strange[1][((row - 30) ** 2 + (column - 64) ** 2 < 26**2)] = studio.LABELS["hair"]
strange[2] = face_maps[2].flip(0)
with torch.no_grad():
    odd = faces(strange, faces.style(face_truth[:3]))
compare({"the map": recipes.painted(strange, "faces"), "painted": odd}, columns=3, scale=1,
        alt="Three strange maps, a third eye on the forehead, a ball of hair, a face upside down, and what was painted over them.")  # fmt: skip

# %% [markdown]
# An eye on the forehead is painted as an eye, with a piece of skin around it, because the map had one. A ball of hair is a ball, and the
# rest of the head stays pale. The face upside down is a face upside down: a convolution knows no up. This is the generator's
# strength and its weakness. It believes the map, everywhere. Lesson 4's network believed its habits more, as its six ghosts showed.
#
# And real pictures? Nobody has drawn a map for them, so they can only lend a **style**. Nine faces from other hands (sources and
# licenses: `datasets/real`), and one map in the style of each:

# %%
strangers = torch.from_numpy(real_faces(128)).permute(0, 3, 1, 2) / 127.5 - 1
with torch.no_grad():
    lent = faces(face_maps[:1].expand(len(strangers), -1, -1), faces.style(strangers))
compare({"real pictures": strangers, "one map in their style": lent}, columns=9, scale=1,
        alt="Nine real pictures of faces, drawn and photographed, and one map painted nine times in the style that each lends.")  # fmt: skip

# %% [markdown]
# Something is lent, and not everything. Red-brown heads give red and brown ones, black gives black, blue-black gives gray blue, once
# with a night behind it. But blonde becomes pink, and the photograph violet; eyes get colors that nobody has, and the shirt is the
# same weave each time. The encoder has seen the studio's drawings and nothing else. What lies beside them it takes for the nearest
# of them.
#
# ## A quiz, for honesty
#
# **1. A map is all sky. After a convolution and instance norm its channels are ...**
#
# <details><summary>A. ... 0 at all places but the border.</summary>
#
# Right. Each channel is its own mean.
#
# </details>
# <details><summary>B. ... strong, since there is so much sky.</summary>
#
# Not quite. The more a part covers, the quieter it gets: the root of (1 - s) / s.
#
# </details>
# <details><summary>C. ... larger than those of a map that is all grass.</summary>
#
# Not quite. Neither value is in the result.
#
# </details>
#
# **2. Why is there a norm at all, if it washes the map away?**
#
# <details><summary>A. It takes away what layers before made of scales, so that training is steady; the map is told again behind it.</summary>
#
# Right.
#
# </details>
# <details><summary>B. It makes the map smaller.</summary>
#
# Not quite. That is the work of `interpolate`.
#
# </details>
# <details><summary>C. Without it there would be no style.</summary>
#
# Not quite. The style comes in at the first layer.
#
# </details>
#
# **3. The encoder has 16 numbers and pays for none of them (its divergence is 0). What does it tell the generator?**
#
# <details><summary>A. The mean colors.</summary>
#
# Not quite. Mean 0 and variance 1 for every picture say the same of every picture.
#
# </details>
# <details><summary>B. Nothing.</summary>
#
# Right. It is called *collapse*: the generator has learned to do without, and every style gives the same picture.
#
# </details>
# <details><summary>C. Everything: it is free.</summary>
#
# Not quite. What is told has to be paid for.
#
# </details>
#
# ## What went wrong for others
#
# - **"Adam's second number is 0.999 in the paper and 0.9 in the code."** (NVlabs/SPADE #50, #88.) The authors confirm 0.9.
# - **"My discriminator has 1.4 million weights and yours 5.6."** (#34, a log of April 2019.) An earlier default: three layers instead
#   of four would give that number.
# - **Blotches with a batch of one.** Batch norm over one picture at 8 x 8 pixels knows 64 values. The authors collect statistics over
#   all cards; at home, take `norm="instance"`, and pay with the style's strength, which lives in means.
# - **Every style gives the same picture.** The divergence is near 0: collapse. A smaller `style_weight`, or more patience.
# - **Styles from pictures work, styles from chance do not.** The divergence is large: real styles do not lie where a normal
#   distribution is. A larger `style_weight`.
#
# ## Assignment: a brush of your own
#
# Level 5 of 5, two evenings. Divide a part: make *hair* two parts, bangs and the rest (`studio.part_mask` knows all of a part, also
# where something hides it), and train the generator on your maps. Before you begin, write down what will get better with
# two hairs, and what the brush now has to say that it did not have to say before.
#
# ## References
#
# - Park, Liu, Wang, Zhu: *Semantic Image Synthesis with Spatially-Adaptive Normalization*, CVPR 2019, arXiv 1903.07291.
# - Wang, Liu, Zhu, Tao, Kautz, Catanzaro: *High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs*
#   (pix2pixHD), CVPR 2018, arXiv 1711.11585. Feature matching, D at several sizes.
# - Kingma, Welling: *Auto-Encoding Variational Bayes*, 2013, arXiv 1312.6114.
# - Miyato, Kataoka, Koyama, Yoshida: *Spectral Normalization for Generative Adversarial Networks*, 2018, arXiv 1802.05957.
# - Johnson, Alahi, Fei-Fei: *Perceptual Losses for Real-Time Style Transfer and Super-Resolution*, 2016, arXiv 1603.08155.
#
# **This was the last lesson.** The [README](../README.md) lists everything the library can do from here.
