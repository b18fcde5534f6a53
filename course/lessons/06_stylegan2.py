# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 6 · A style for every layer: StyleGAN2
#
# ![Forty-eight anime faces made by the generator of this lesson: hair of many colors, long and short, tails, light and dark skin, mouths open and closed.](../course/figures/stylegan2_faces.jpg)
#
# **You will make:** a convolution that a generator of faces then runs on, and a second generator, taught in ten minutes what
# the first never saw.
#
# **In the studio:** step 1 of 6, *character design*. From here on we do not only ask for characters. We reach in and change
# them.
#
# **Time:** 23 minutes of computing on 2 CPU cores: ten for the new theme, twelve for two short games. On a GPU: not measured
# yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import torch
from IPython.display import display
from torch.nn.functional import conv2d, interpolate, softplus

from animelab import losses, metrics, zoo
from animelab.checks import check_6_1, check_6_2, check_6_3, check_6_4, lesson_06_stylegan2
from animelab.data import StudioAttributes, real_faces
from animelab.data.real import CROPS
from animelab.engine import frozen, read_log, train
from animelab.nn import count_parameters, stylegan2
from animelab.nn.ada import Augment
from animelab.recipes import stylegan2 as recipes
from animelab.studio import TAGS
from animelab.viz import compare, curves, show
from animelab.widgets import LatentExplorer, LiveTraining

# %% [markdown]
# ## Where we are going
#
# The network that drew these learned on two CPU cores, from drawn faces alone, in some seven hours. Move one of its faces yourself.
# Move along *warmer hair*, or along one of the *Components without a name*. Then, in *Seed, truncation, layers*, let only the
# first two layers move (0 to 1) and move along it again, then only the last two (8 to 9). What changes, and what stays?

# %%
model = zoo.load("stylegan2-faces-64")
LatentExplorer(model, seed=4)

# %% [markdown]
# And forty characters from one seed, none left out:

# %%
show(model.sample(40, seed=1), columns=10,
     alt="Forty generated anime faces in clear colors, with long and short hair, tails, and mouths open and closed.")  # fmt: skip

# %% [markdown]
# By the end of this lesson you will know why that works: in this generator the first layers decide *what* is there and the
# last ones *how it is colored*, and each layer can be given a latent of its own.
#
# ## One way in, or many
#
# In lesson 1 the latent went in at the bottom, once. Whatever it said about the color of an iris had to survive every
# layer on the way up. StyleGAN turns that around:
#
# 1. the picture grows from a **constant**, always the same 4 x 4 numbers;
# 2. the latent z is first translated into another vector, **w**, by a small network, the **mapping**;
# 3. every layer of the **synthesis** gets w, and computes from it how much to turn each of its channels up or down: a **style**;
# 4. what is left to chance (where exactly a strand lies) comes from **noise**, added in every layer.
#
# ```
# z ─────────► mapping ──► w, one row for each layer below, usually the same row
# condition ─►
#
#              w          w     w          w     w               each arrow: a style
#              ▼          ▼     ▼          ▼     ▼
# constant ──► conv ────► conv ─ conv ───► conv ─ conv ──► ...    convolutions; the first of two doubles the side
#   4 x 4       │          8 x 8  │         16 x 16  │
#               ▼                 ▼                  ▼
#             to_rgb ─double─► + to_rgb ─double─► + to_rgb ─► ... ─► picture, 64 x 64
# ```

# %%
G = model.generator
z, tags = model.latents(8, seed=1), model.orders(8, seed=1)


@torch.no_grad()
def pictures_of(w, **options):
    """Pictures of w; a StyleGAN2 may go a little beyond black and white."""
    return G.synthesis(w, **options).clamp(-1, 1)


with torch.no_grad():
    w = G.mapping(z, tags)
pictures = pictures_of(w)
sides = [conv.noise.shape[0] for conv in G.synthesis.convs]
print(f"z {tuple(z.shape)}  ->  w {tuple(w.shape)}  ->  pictures {tuple(pictures.shape)}")
print(
    f"mapping {count_parameters(G.mapping):,}, synthesis {count_parameters(G.synthesis):,}"
)
print(f"{len(sides)} convolutions, at sides", *sides)
print(f"{len(sides) + 1} rows of w: one for each, and one more for the last to_rgb")
print("the first condition:", ", ".join(TAGS[i] for i in tags[0].nonzero().flatten()))
card = zoo.card("stylegan2-faces-64")
print(f"trained on {card['images']:,} pictures: {card['data']}")

# %% [markdown]
# (Like the generator of lesson 3, this one has a *condition*: the 34 attributes go into the mapping beside z. The code calls
# such a row an order. StyleGAN2 as published for faces has none. Everything below happens in w, and w no longer knows what
# came from where.)
#
# A `to_rgb` turns the channels of its side into a picture, and listens to a row of w, too: it shares that of the convolution
# that comes next. After the last convolution none comes next, so nine convolutions need ten rows. When this lesson
# and the next speak of *ten layers*, they mean these ten rows.
#
# Why translate z at all? Because z has to be a round cloud: that is all we know how to draw from. Characters are no round
# cloud. Nobody has drills *and* a pixie cut; skin comes in a few tones, hair in many. If the generator had to squeeze such data
# into a ball, every direction would bend and mean something else in another place. The mapping may stretch and
# bend instead, and in w straight lines can mean something. Lesson 7 works there.
#
# Is w really less bent than z? The next lesson measures it.
#
# ## What a style does
#
# A layer has a convolution, shared by all pictures, and a style: one number for each of its input channels, computed from w.
# The channel is multiplied by it. That is all. A style of 0 switches a channel off.
#
# There is a catch. Multiply some channels by 3, and everything behind grows by up to 3. After nine convolutions of that the
# numbers are astronomical. StyleGAN1 normalized each map first, by its own mean and standard deviation, and let the style
# scale the result: *adaptive instance normalization*, AdaIN, which lesson 10 meets again. The networks learned to cheat this
# norm, and left blobs in the pictures. StyleGAN2 divides by the standard deviation that is *expected*. Suppose the inputs
# $x_{i,k}$ are independent, with mean 0 and variance 1. Then the variance of a sum is the sum of the variances:
#
# $$\sigma_o^2 = \operatorname{Var}\Big(\sum_{i,k} \text{style}_i \, \text{weight}_{o,i,k} \, x_{i,k}\Big)
# = \sum_{i,k} \big(\text{style}_i \, \text{weight}_{o,i,k}\big)^2$$
#
# Read aloud: for each output channel o, the squares of all its weights, each times the style of its input channel i, summed over
# the input channels and the 9 places k of the kernel. Divide the output channel by the root of that, $\sigma_o$, and its
# variance is expected to be 1 again, whatever the styles are. No picture is looked at, so there is nothing to cheat. This is
# called *demodulation*.
#
# ### Exercise 6.1 · Demodulation (level 3 of 5, about 15 minutes)
#
# Write the whole layer: scale the channels of `x` by the styles, convolve with `weight` (zeros around the border, so that the
# side stays), and divide each output channel of each picture by its $\sigma_o$:
#
# $$\sigma_o^2 = \sum_{i,k} \big(\text{style}_i \, \text{weight}_{o,i,k}\big)^2$$
#
# All numbers may have any sign. Add 1e-8 to the sum of squares before you take the root. When the check is content, the
# generator of this lesson runs on your layer, and so does the training further down, so gradients have to reach `x`, `weight`
# and `styles`.
#
# <details><summary>Hint 1</summary>
#
# A factor on a whole channel may stand before the convolution or in its weights: what comes out is the same. In one of the
# two places all pictures share one convolution.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# All $\sigma_o$ together are a table, (B, out), with nothing of x in it. The style does not depend on k: which part of the sum
# is done before any style is known?
#
# </details>


# %%
def styled_conv(x, weight, styles):
    """A 3 x 3 convolution with styles, demodulated.

    x: (B, in, H, W);  weight: (out, in, 3, 3);  styles: (B, in).  Returns (B, out, H, W).
    """
    ### BEGIN SOLUTION 6.1: return what the layer hands on
    x = conv2d(x * styles[:, :, None, None], weight, padding=1)
    expected = (styles.square() @ weight.square().sum((2, 3)).T + 1e-8).sqrt()
    return x / expected[:, :, None, None]
    ### END SOLUTION


result_6_1 = check_6_1(styled_conv)

# %% [markdown]
# Now the generator takes your layer, wherever the side stays the same. (Where it doubles, the library's does the same and
# filters, too; the filter comes below.) The pictures should not change.


# %%
def layer(x, weight, styles, kernel=None):
    """Exercise 6.1, yours if it is right; with a kernel, the library's, which doubles the side."""
    if result_6_1 and kernel is None:
        return styled_conv(x, weight, styles)
    return stylegan2.modulated_conv(x, weight, styles, kernel)


stylegan2.StyledConv.conv = staticmethod(layer)
difference = (pictures_of(w) - pictures).abs().max()
whose = "your layer" if result_6_1 else "the library's layer"
print(f"{whose}: pictures differ by {difference:.1e}")

# %% [markdown]
# Then we switch demodulation off. `patch.object` exchanges a function for as long as the `with` lasts. The one below has
# weights of length 1, as if all styles were 1, and does not divide by what the styles do. **Predict:** the pictures get
# brighter? Grayer? Something else?


# %%
@torch.no_grad()
def deviations_and_pictures(w):
    """The standard deviation after each convolution, and what comes out."""
    deviations = []
    watch = lambda layer, inputs, x: deviations.append(float(x.std()))  # noqa: E731
    hooks = [conv.register_forward_hook(watch) for conv in G.synthesis.convs]
    pictures = pictures_of(w)
    for hook in hooks:
        hook.remove()
    return deviations, pictures


def without(x, weight, styles, kernel=None):
    """Weights of length 1, and nobody divides by the styles."""
    weight = weight / weight.flatten(1).norm(dim=1)[:, None, None, None]
    return stylegan2.modulated_conv(x, weight, styles, kernel, demodulate=False)


# %%
with_it, demodulated = deviations_and_pictures(w)
with patch.object(stylegan2.StyledConv, "conv", staticmethod(without)):
    without_it, broken = deviations_and_pictures(w)
print("with:   ", " ".join(f"{each:8.2f}" for each in with_it))
print("without:", " ".join(f"{each:8.2f}" for each in without_it))
compare(
    {"demodulated": demodulated, "not": broken},
    alt="Eight generated faces; below, eight squares of garish noise.",
)

# %% [markdown]
# Read the two printed rows. The first is not 1, and it does not grow: the channels of a trained network are not the independent
# noise of the derivation, but each layer hands on about what it got. The second grows several times in every layer.
#
# ## A picture is a sum of pictures
#
# Each side has a `to_rgb`, which makes a small picture of it. That is doubled and added to the picture of the next side. So
# every stage can be looked at. The top row stops after 4 x 4 pixels, the bottom row is the finished picture.
# **Predict:** from which side on is it a face?

# %%
parts = []
hooks = [
    layer.register_forward_hook(lambda layer, inputs, x: parts.append(x))
    for layer in G.synthesis.to_rgb
]
pictures_of(w)
for hook in hooks:
    hook.remove()
total, stages = None, {}
for part in parts:
    total = part if total is None else stylegan2.upsample(total, G.synthesis.kernel) + part
    side = total.shape[-1]
    stages[f"{side} x {side}"] = interpolate(total, size=64).clamp(-1, 1)
compare(
    stages,
    alt="The same eight faces as sums up to 4, 8, 16, 32 and 64 pixels; only the last rows look like faces.",
)

# %% [markdown]
# Which side did most of the work? At the beginning of training it is the small ones. Earlier GANs had to be *grown*, layer by
# layer, to get that order of work. Here it comes by itself, so StyleGAN2 could drop the growing and its flaws.
#
# *Told, not shown: progressive growing and its flaws (teeth that stick to the camera instead of the head).*
#
# ## What is left to chance: noise
#
# Every layer adds a map of random numbers, times one learned strength. Same w, new noise: what differs?

# %%
strengths = [conv.noise_strength.item() for conv in G.synthesis.convs]
print("strengths:", " ".join(f"{strength:+.3f}" for strength in strengths))
torch.manual_seed(0)
draws = torch.stack([pictures_of(w, noise="random") for _ in range(16)])
rows = {
    "no noise": pictures_of(w, noise="none"),
    "noise": draws[0],
    "other noise": draws[1],
    "where it differs, 5 times as bright": 5 * draws.std(0).mean(1, keepdim=True) - 1,
}
compare(
    rows,
    alt="The same eight faces without noise and with two draws of it, all alike, and a map of differences, nearly black.",
)

# %% [markdown]
# Nothing differs, but for a trace at the outlines: all strengths are close to 0. Training turned the noise off, and not at
# once: after 24,000 pictures the strongest was 0.06, and bangs and lashes were bent out of noise. Without it
# hair was like plastic. By 120,000 pictures (this one has seen 264,000) the layers could draw strands from w alone, and noise only
# disturbed them.
# (*Told, not shown: the generator at 24,000; the strengths of three moments are in `course/measurements.md`.*)
#
# That suits the data. In our drawings nothing is left to chance; every line follows from the character. Noise was
# made for photographs of skin and fur. A part that a network may ignore tells you something about your data.
#
# ## Doubling without stairs: the filter
#
# Lesson 1 doubled with overlapping stamps whose entries disagree (checkerboards), lesson 3 with four filters that disagree
# (grain). StyleGAN2 doubles and then *smooths*, with the weights 1, 3, 3, 1 in both directions. We exchange them for 0, 1, 1, 0,
# which repeats each pixel of the picture, and in the layers averages two by two.

# %%
stairs = torch.tensor([0.0, 1.0, 1.0, 0.0])
filtered = pictures_of(w[:4])
G.synthesis.kernel.copy_(torch.outer(stairs, stairs) / 4)
repeated = pictures_of(w[:4])
G.synthesis.kernel.copy_(stylegan2.fir())
eyes = (..., slice(20, 50), slice(12, 52))
compare({"filtered": filtered[eyes], "repeated": repeated[eyes]}, columns=4, scale=5,
        alt="Parts of four faces around the eyes, smooth; and the same with jagged edges.")  # fmt: skip

# %% [markdown]
# The stairs were to be expected. The blown-out contrast was not: smoothing also makes a signal's deviation smaller, and all later
# layers have learned with that. So this is no clean experiment: if you take out a part that a network was trained with, you see
# that it is missing, and not what a network trained without it would do.
#
# ## Two parents, layer by layer
#
# Each layer has a style of its own, so they need not all come from the same w. In half of its training batches this
# generator got the first layers from one latent and the rest from another (*style mixing*; the paper does so in 90 of 100),
# always with the same condition, so it learned not to rely on their being related. (*Told, not shown: a generator without
# mixing.*) Below we go further: the two faces have different conditions. The left column gives some layers, the top row all
# others. **Predict:** which layers bring the hair color?


# %%
def mixed(rows, columns, layers):
    """The columns' w, with the layers of the rows' w in their place: a table of pictures."""
    count = len(G.synthesis.convs) + 1
    table = columns[None, :, None].repeat(len(rows), 1, count, 1)
    table[:, :, layers] = rows[:, None, None]
    return pictures_of(table.flatten(0, 1))


others = pictures[5:8]
for name, layers in {
    "sides 4 and 8": slice(0, 3),
    "side 16": slice(3, 5),
    "sides 32 and 64": slice(5, 10),
}.items():
    corner = torch.ones(1, 3, 64, 64)
    table = mixed(w[5:8], w[:5], layers).view(3, 5, 3, 64, 64)
    sheet = [corner, pictures[:5]]
    for row in range(3):
        sheet += [others[row : row + 1], table[row]]
    figure = show(torch.cat(sheet), columns=6, caption=f"From the left column: {name}. From the top row: the rest.",
                  alt=f"A table of faces: {name} from three faces at the left, the rest from five at the top.")  # fmt: skip
    display(figure)

# %% [markdown]
# Read each table along its rows and its columns. **Sides 4 and 8** bring the outline: how long the hair is, and something of its
# color. **Side 16** changes little at first sight; look at the bangs and around the eyes. **Sides 32 and 64** bring the
# colors of eyes and wall, on a face that stays where it was, and the other part of the hair's: where the two sources
# disagree about it, the colors mix. Lesson 7 counts how often.
#
# At 1,024 pixels and with photographs the paper finds pose, then features, then color. In our data the pose is always the same, so
# the first group has less to decide. Which layer does what is designed nowhere: training puts each kind of change where it
# is cheapest.
#
# ## The price of variety: truncation
#
# While it trained, the mapping kept a running mean of its w. Its picture is the most average character of this generator.
# Near the mean everything was seen often in training; far out are the rare ones and the failures. So pull every w toward the
# mean:
#
# $$w' = \bar w + \psi \, (w - \bar w)$$
#
# ### Exercise 6.2 · Truncation (level 1 of 5, about 5 minutes)
#
# Write it, $w' = \bar w + \psi \, (w - \bar w)$, for a batch of w. `psi` may be any number: 1 changes nothing, 0
# gives the mean for everyone, below 0 and above 1 are allowed. `w` and `mean` keep their values. The rows of
# pictures below are drawn with your function.
#
# <details><summary>Hint 1</summary>
#
# The mean in the formula, $\bar w$, is an argument: the running mean of training. The mean of the few rows you are given is another.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# (latent,) spreads over (B, latent) by itself. Or look up `torch.lerp`.
#
# </details>


# %%
def truncated(w, mean, psi):
    """w pulled toward the mean.

    w: (B, latent);  mean: (latent,);  psi: a number.  Returns (B, latent).
    """
    ### BEGIN SOLUTION 6.2: the formula above
    return mean + psi * (w - mean)
    ### END SOLUTION


result_6_2 = check_6_2(truncated)

# %% [markdown]
# **Predict:** what is on the other side of the mean, at $\psi = -0.7$?

# %%
pull = truncated if result_6_2 else lambda w, mean, psi: G.truncated(w, psi)
rows = {
    f"psi = {psi}": pictures_of(pull(w, G.mapping.mean, psi))
    for psi in (1.3, 1.0, 0.7, 0.3, 0.0, -0.7)
}
compare(
    rows,
    alt="Eight faces at six truncations: loud at 1.3, paler at 0.7, all the same at 0, and opposite colors at -0.7.",
)

# %% [markdown]
# At 0 everybody is one person. Below 0 everyone becomes their opposite: blue hair where it was yellow, green where it was pink.
# Gwern's guide to anime StyleGANs takes $\psi$ of 0.5 to 0.7 for show and 1 or more for variety. Look at 1 and 0.7 above:
# in ours the outlines are nearly as clean at 1, and what truncation takes is color. So the characters at the top of this page are not
# truncated at all. Whoever shows you samples owes you that number.
#
# ## The discriminator
#
# D halves the side until 4 x 4 are left, with two ideas. Each halving has a shortcut around it. And near its end it looks at *four
# pictures at a time*: how much do they differ from each other? One number, laid beside the other channels: the
# **minibatch standard deviation**.

# %%
D = zoo.network("stylegan2-faces-64-discriminator")
faces = StudioAttributes(64, 64, prior="frontal", split="test")
real, real_tags = faces.batch(range(64))
groups = {
    "four drawn faces": real[:4],
    "the same face four times": real[:1].expand(4, -1, -1, -1),
}
spread = {
    words: stylegan2.minibatch_stddev(group)[0, -1, 0, 0] for words, group in groups.items()
}
for words, number in spread.items():
    print(f"{words:28}{number:.3f}")
print(f"D: {count_parameters(D):,} parameters")

# %% [markdown]
# A generator that has settled on one face is found out by that number, even if the face is perfect. (Here it is taken of pixels to
# show the idea. In D it is taken of the channels near its end.)
#
# ## A gradient penalty: R1
#
# In lesson 3, DRAGAN held the length of D's gradient at 1. R1 asks for 0, and only *where the real pictures are*. Why? Play the
# smallest game there is. All real data are the number 0. The generator is a single number, its fake. The discriminator is a
# single number, too, its slope: D(x) is slope times x. **Predict:** does the fake arrive at 0 and stay?


# %%
def smallest_game(gamma, steps, rate=0.1):
    """D's slope and the fake, step by step; without a penalty and with R1 (gamma / 2 * slope^2)."""
    fake, slope = torch.tensor(1.0), torch.tensor(0.0)
    slopes, fakes = [], []
    for _ in range(steps):
        sure = torch.sigmoid(slope * fake)  # how much D's loss minds the fake
        step_G = rate * slope * torch.sigmoid(-slope * fake)
        step_D = rate * (-sure * fake - gamma * slope)
        fake, slope = fake + step_G, slope + step_D
        slopes.append(float(slope))
        fakes.append(float(fake))
    return slopes, fakes


games = {f"gamma = {gamma}": smallest_game(gamma, 3000) for gamma in (0.0, 0.3, 1.0)}
curves({name: (range(400), fakes[:400]) for name, (_, fakes) in games.items()},
       xlabel="step", ylabel="the fake", smoothing=0,
       alt="The fake over 400 steps: without R1 it swings around 0 to the end; with it, it comes to rest at 0.")  # fmt: skip

# %% [markdown]
# The curves are waves, and waves are one side of a turning. To see the turning, draw both players at once: D's slope to the
# right, the fake upward, 3,000 steps.

# %%
curves(games, xlabel="D's slope", ylabel="the fake", smoothing=0,
       alt="The fake against D's slope: without R1 a spiral that ends in a ring around 0; with R1 a path into 0.")  # fmt: skip

# %% [markdown]
# Without a penalty they turn around 0: whenever the fake arrives, D's slope is not 0 and drives it past. The spiral
# shrinks for some 2,000 steps and stays on a ring of radius 0.447. (That is the root of 2 times the rate of 0.1. Smaller
# steps make a smaller ring, and it takes more of them to get there.) With gamma = 0.3 the spiral ends at 0. With gamma = 1
# hardly a turn is left. R1 makes D's slope smaller in every step, and once the fakes are where the real data are, no slope is
# needed: there is nothing to tell apart.
#
# ### Exercise 6.3 · R1 (level 3 of 5, about 15 minutes)
#
# Write the penalty for any discriminator: the gradient of each picture's logit with respect to that picture, the *squared* length of
# it over all of the picture's numbers (channels and pixels), and the mean over the batch. No gamma, no half, no epsilon.
# `real` are pictures in [-1, 1] that ask for no gradient, and they should be so afterwards. What you return is trained on:
# differentiating it must reach the weights of `score`. But your function itself leaves nothing in their `.grad`. The training
# further down uses it.
#
# <details><summary>Hint 1</summary>
#
# Exercise 3.3 needed such a gradient, too. `torch.autograd.grad` returns gradients without storing them; see what its
# `create_graph` is for. It starts from one number: which one number has the gradients of all the logits in it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Each picture's squared length first, a tensor (B,), then the mean. And ask for gradients on a copy of `real`.
#
# </details>


# %%
def r1(score, real):
    """Mean over the batch of the squared length of D's gradient at real pictures.

    score: a discriminator, pictures (B, 3, H, W) -> logits (B,).  Returns a scalar that can be differentiated again.
    """
    ### BEGIN SOLUTION 6.3: return one number for the whole batch
    real = real.detach().requires_grad_()
    (gradients,) = torch.autograd.grad(score(real).sum(), real, create_graph=True)
    return gradients.square().flatten(1).sum(1).mean()
    ### END SOLUTION


result_6_3 = check_6_3(r1)

# %% [markdown]
# A gradient of a gradient costs several times an ordinary one. But D does not forget in a moment. So StyleGAN2 computes it in
# every 16th step only, and counts it 16 times (*lazy* regularization). *Told, not shown: that nothing is lost by it.*
#
# **Three more parts** of the recipe, and where to see them:
#
# - **EMA**, the exponential moving average of lesson 1. The generator you saw is an average over the weights of the last several
#   thousand pictures. *Told, not shown here.*
# - **Path length.** A step in w should change the picture by the same amount everywhere and in every direction. It is in the
#   library (`losses.path_lengths`) and off in our presets for the CPU, where it would cost a third of the time. *Told, not shown.*
# - **ADA**, adaptive discriminator augmentation. With a few thousand pictures D learns them by heart. The cure: disturb what it
#   sees, real and fake alike, and more so when it gets too sure. Each disturbance is skipped often enough that none of it
#   leaks into the generated pictures.
#
# **Predict:** at p = 0.8, how many of eight faces stand upright in their own colors?

# %%
torch.manual_seed(0)
augment, rows = Augment(), {}
for p in (0.0, 0.2, 0.8):
    augment.p.fill_(p)
    rows[f"p = {p}"] = augment(real[:8]).clamp(-1, 1)
compare(
    rows,
    alt="Eight drawn faces; some of them tilted, shifted or off in color; and nearly all of them so.",
)

# %% [markdown]
# *Told, not shown: that it helps. With 60,000 pictures that draw themselves we are not short of data.*
#
# ### Exercise 6.4 · Find the bug (level 4 of 5, about 20 minutes)
#
# The usual way to write a styled convolution gives every picture weights of its own and runs them all at once, as groups of one
# big convolution. Below, one index stands in the wrong place. In a layer with as many channels in as out it runs without a word,
# and *every style gives the same output*. A generator built of it could tell its latents apart only in `to_rgb`, by color: one
# drawing for everybody. Find the index, and write the function without the mistake below it.


# %%
def one_index_wrong(x, weight, styles):
    batch, channels, high, wide = x.shape
    own = weight[None] * styles[:, :, None, None, None]  # each picture's own weights
    own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    x = x.reshape(1, batch * channels, high, wide)
    return conv2d(x, own.flatten(0, 1), padding=1, groups=batch).view(batch, -1, high, wide)


torch.manual_seed(0)
x, weight = torch.randn(1, 8, 6, 6), torch.randn(8, 8, 3, 3)
one, other = (one_index_wrong(x, weight, torch.rand(1, 8) + 0.1) for _ in range(2))
print(f"two styles, and the outputs differ by {(one - other).abs().max():.6f}")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write down the shape of `own`, all five axes, and the name of each.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A style is a factor, and the next line divides by a length. When is a factor still there after that, and when is it gone? And why
# would the function have stopped with 8 channels in and 16 out?
#
# </details>


# %%
def per_picture(x, weight, styles):
    """The same, repaired: equal to exercise 6.1 for any number of channels, with the same 1e-8.

    x: (B, in, H, W);  weight: (out, in, 3, 3);  styles: (B, in).  Returns (B, out, H, W).
    """
    ### BEGIN SOLUTION 6.4: the function above, with one index in another place
    batch, channels, high, wide = x.shape
    own = weight[None] * styles[:, None, :, None, None]
    own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    x = x.reshape(1, batch * channels, high, wide)
    return conv2d(x, own.flatten(0, 1), padding=1, groups=batch).view(batch, -1, high, wide)
    ### END SOLUTION


result_6_4 = check_6_4(per_picture)

# %% [markdown]
# Two ways to the same pictures: one convolution for all with scaled channels (6.1), or weights for each picture (6.4). Here is
# the generator on both, and the one with the bug.


# %%
def on(conv):
    """What the generator makes of w with another layer, wherever the side stays."""

    def layer(x, weight, styles, kernel=None):
        if kernel is None:
            return conv(x, weight, styles)
        return stylegan2.modulated_conv(x, weight, styles, kernel)

    with patch.object(stylegan2.StyledConv, "conv", staticmethod(layer)):
        return pictures_of(w)


repaired = on(per_picture if result_6_4 else lesson_06_stylegan2.per_picture)
difference = (repaired - pictures).abs().max()
print(f"scaled channels or own weights: pictures differ by {difference:.1e}")
compare(
    {"repaired": repaired, "one index wrong": on(one_index_wrong)},
    alt="Eight generated faces; below, what the same latents give when five layers do not hear their styles.",
)

# %% [markdown]
# A generator with the bug would even train: D never asks whether latents *matter*, only whether pictures look real, and noise
# alone can make a crowd of slightly different faces. The test that catches it is one line long: two styles, two outputs, not equal.
#
# ## Train: teach a finished generator something new
#
# Few people train a StyleGAN2 from noise. In the paper's size it took eight V100 cards more than nine days; ours took
# some seven hours on two CPU cores. What people do is *transfer*: take a finished generator **and its discriminator**, and go on with pictures of
# something new. Ours has seen 60,000 faces, most of them more than once, and none of them wore a hat.

# %%
config = recipes.preset("cpu")  # on a GPU: recipes.preset("cpu", steps=5000)
hats = recipes.StyleGAN2.data(config)
print(config.prior)
show(hats.pixels[:8], alt="Eight drawn faces, each with a beret.")

# %% [markdown]
# Another theme is another word: `recipes.preset("cpu", prior="frontal+hair_color=red")` has only redheads, `"full"` every pose.
# (The presets "t4" and "h100" train from noise, at 128 and 256 pixels; they are not measured yet.)
#
# **Predict:** with the same latents, and the same conditions plus a hat, will a character stay recognizable while it gets its
# beret? What will the first hundred steps look like?
#
# If they are right, your `r1` is the penalty of this run, and your layer its convolution.

# %%
parts = {"penalty": r1} if result_6_3 else {}
recipe = recipes.StyleGAN2(config, **parts)
name = "06_stylegan2_with_my_r1" if result_6_3 else "06_stylegan2"
run = train(recipe, hats, env.runs_dir() / name, watch=LiveTraining())

# %%
mine = zoo.load_run(run.folder)
z, orders = mine.latents(8, seed=1), model.orders(8, seed=1)
if config.attributes:  # not so in the smallest preset
    with_hat = orders.clone()
    with_hat[:, TAGS.index("hat")] = 1
    rows = {
        "before": model.generate(z, orders),
        "after, the same latents": mine.generate(z, with_hat),
    }
else:
    rows = {"after": mine.sample(8)}
compare(
    rows,
    alt="Eight generated faces, and what the same latents give after training: the same colors, now with berets.",
)

# %% [markdown]
# Same latents, same conditions plus a hat. Look along a column: what of the character survived? The colors come from the
# condition. The cut of the hair is the generator's, and most of it is still there, too, with outlines a little less clean. The
# berets have their place and their shape, and shimmer between several colors: what was learned last is not finished.
#
# How many really got a hat? We ask the *examiner*, the second attribute network, which learned hats and takes no part in this
# training. It also reads the drawings, as a yardstick.
# `fd_studio` is the distance from *other* drawn faces with berets.

# %%
crowd = 260 if env.scale() == "smoke" else 512  # fd_studio wants 257
drawn = StudioAttributes(config.size, crowd, prior=config.prior, split="test")
target = drawn.batch(range(crowd))[0]
sets = {"drawn with berets": target, "yours": mine.sample(crowd)}
if config.attributes:
    sets["before"] = model.sample(crowd)
other = StudioAttributes(config.size, crowd, 1, prior=config.prior, split="test").batch(
    range(crowd)
)[0]
print(f"{'':20}{'hat seen':>10}{'fd_studio':>11}")
for words, each in sets.items():
    hat = (metrics.predicted(each)[:, TAGS.index("hat")] > 0).float().mean()
    print(f"{words:20}{hat:10.2f}{metrics.fd_studio(other, each):11.1f}")

# %% [markdown]
# First read the yardstick: the examiner misses two in ten of the hats that the studio drew. In the generated ones it missed
# fewer (on our machine 0.79 seen, of the drawn ones 0.71, by an earlier examiner that missed three in ten, and from the generator before its
# last 1,800 steps), so nearly everybody wears one, and more plainly than the drawings do. And
# the crowd is less than half as far from drawn characters with berets as it was before (54 against 139). It took 800 steps, a
# twentieth of those behind the generator of this page.
#
# ## More machines, the same run
#
# Ten minutes on two cores, or nine days on eight cards: what changes with the number of machines? If the work is cut well,
# nothing but the time. Every process holds both networks and works on *its rows of the batch*. Before each optimizer step all
# processes send their gradients around and take the mean; so all take the same step, and stay equal.
#
# ```
#                 rows 0 to 3 ──> process 0: G, D ──> gradients ─┐              ┌──> the same step
#  batch of 8 ──┤                                                ├──> mean ─────┤
#                 rows 4 to 7 ──> process 1: G, D ──> gradients ─┘              └──> the same step
# ```
#
# A loss is a mean over pictures, so the mean of two halves' gradients *is* the gradient of the whole. Four things are no
# mean over pictures, and they are where such codes go wrong: **random numbers** (two processes with one seed make the same faces
# twice; here each draws the whole batch's numbers and keeps its own rows), the **running mean of path lengths** and the
# **confidence that ADA watches** (both want everybody's rows), and **what looks across the batch**: this D's
# minibatch standard deviation (groups of four neighbors, so a share should hold whole groups), and batch norm in other lessons,
# which here sees its own rows only (`sync_norms=true` shares it between GPUs).
#
# The command is the one you know, with `torchrun` before it. Below is a tiny StyleGAN2 for twenty steps, alone and by two processes.
#
# **Predict:** how far apart are the two runs' losses after twenty steps?


# %%
def by_processes(count):
    """The same training by so many processes of this machine; its folder."""
    out = Path(tempfile.mkdtemp()) / "run"
    torchrun = f"torch.distributed.run --standalone --nproc-per-node {count} -m"
    training = "animelab train stylegan2 --preset smoke --device cpu --set precision=fp32"
    command = [
        sys.executable,
        "-m",
        *torchrun.split(),
        *training.split(),
        "--out",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-1000:])
    return out


alone, together = by_processes(1), by_processes(2)
print(f"{'step':>4}  {'D alone':>8} {'D of two':>8}   {'G alone':>8} {'G of two':>8}")
for single, shared in zip(read_log(alone / "log.jsonl"), read_log(together / "log.jsonl")):
    print(
        f"{single['step']:4}  {single['D']:8.5f} {shared['D']:8.5f}   {single['G']:8.5f} {shared['G']:8.5f}"
    )

# %% [markdown]
# The same to the last digit shown; further on, float32 adds in another order. (In float64 our tests find weights that
# differ by less than 1e-8 after twenty steps.) It was not *faster*, though: this network is so small that
# starting a process and sending gradients cost more than the pictures do.
#
# When does it pay? A step takes as long as one share of the batch, plus the exchange. In a ring each process sends
# 2 (n - 1) / n of its gradients, nearly the same amount for 2 machines as for 2,000. Both can be measured on one machine, and
# the rest is paper. Here is a step of this page's networks on 32 pictures, with 15.3 MB of gradients: *measured* are the
# seconds of a share on one core of an Intel Xeon with bfloat16, and of an exchange between two processes (12.6 ms), *computed*
# are all sums (`python tests/bench/processes.py`).
#
# | processes | pictures each | share | + between two processes here | + one gigabit a second | + NVLink (300 GB/s) |
# |---|---|---|---|---|---|
# | 1 | 32 | 1.67 s | 1.67 s | 1.67 s | 1.67 s |
# | 2 | 16 | 0.87 s | 0.89 s, 1.9 times as fast | 1.00 s, 1.7 times | 0.87 s, 1.9 times |
# | 4 | 8 | 0.53 s | 0.55 s, 3.0 times | 0.71 s, 2.3 times | 0.53 s, 3.1 times |
# | 8 | 4 | 0.31 s | 0.34 s, 5.0 times | 0.53 s, 3.2 times | 0.31 s, 5.3 times |
#
# Eight processes are not eight times as fast, even where sending costs nothing: four pictures do not fill a core as well as
# 32 do. That is why people who add machines enlarge the batch as well, and then the run is another one. (On a GPU nothing of
# this was measured.)
#
# ## What came after
#
# **StyleGAN3** (2021) asked why hair sticks to pixels when a head moves, and rebuilt every filter so that nothing
# does. It trains more slowly, and for still pictures StyleGAN2 remained the choice. **R3GAN** (NeurIPS 2024) asked the
# opposite: which of all these parts are needed? Its answer: none of the tricks, if the *game* is stable enough to afford a
# modern network instead. In their table (FFHQ, 256 pixels) StyleGAN2 has an FID of 7.5, stripped of its tricks 12.5; the new game alone
# brings that to 11.7, the new network to 7.0. The game has two changes:
#
# - Every fake stands *beside a real picture*, a *relativistic pairing* loss (Jolicoeur-Martineau 2018). D is not asked "is this
#   real?", but "which of the two is?" A generator can no longer win by moving all of its fakes to one place where D happens to be
#   high.
# - A gradient penalty at real pictures (R1) **and** at fakes (R2), in every step.
#
# ```diff
# - loss_D = softplus(-D(real)).mean() + softplus(D(fake)).mean()
# + loss_D = softplus(-(D(real) - D(fake))).mean()
# - loss_G = softplus(-D(fake)).mean()
# + loss_G = softplus(D(real) - D(fake)).mean()
# - penalty = r1(real)              # every 16 steps
# + penalty = r1(real) + r1(fake)   # every step
# ```
#
# Below is *their game on StyleGAN2's network*, with your r1 twice.


# %%
class Relativistic(recipes.StyleGAN2):
    """R3GAN's game (Huang et al. 2024) on the networks of this lesson."""

    def step(self, real):
        fake = self.G.synthesis(self.styles(len(real), None))
        # D: which of two is real? and a gradient penalty at both
        gap = self.D(real) - self.D(fake.detach())
        with torch.autocast(
            self.device.type, enabled=False
        ):  # a slope of a slope wants every digit
            penalty = self.penalty(self.D, real) + self.penalty(self.D, fake.detach())
        loss_D = softplus(-gap).mean()
        self.update(self.D_adam, loss_D + self.config.gamma / 2 * penalty)
        # G: look more real than the real one beside you
        with frozen(self.D):
            loss_G = softplus(self.D(real) - self.D(fake)).mean()
        self.update(self.G_adam, loss_G)
        self.G_ema.update(self.G)
        return {"D": loss_D.detach(), "G": loss_G.detach()}


# %% [markdown]
# Both games below start from the same first weights at 32 pixels and see the same number of pictures. **Predict:** which one is
# ahead at the end? Which one took longer?

# %%
small = recipes.preset("small")
few = recipes.StyleGAN2.data(small)
drawn = StudioAttributes(small.size, crowd, prior="frontal", split="test")
exam = drawn.batch(range(crowd))[0]
players = {}
# Changed Relativistic? Choose another folder, too: a finished run is not repeated.
for words, kind in {
    "StyleGAN2's game": recipes.StyleGAN2,
    "R3GAN's game": Relativistic,
}.items():
    folder = env.runs_dir() / (f"06 {words}, my r1" if parts else f"06 {words}")
    finished = train(kind(small, **parts), few, folder, watch=LiveTraining())
    players[words] = zoo.load_run(finished.folder)
for words, player in players.items():
    print(f"{words:20} fd_studio {metrics.fd_studio(exam, player.sample(crowd)):.1f}")
compare({words: player.sample(16) for words, player in players.items()}, columns=16,
        alt="Sixteen small faces after each of the two games.")  # fmt: skip

# %% [markdown]
# Compare three things: the pictures, the distance, and the time under each bar. On our machine R3GAN's game came out a little
# nearer to drawings (303 against 319) and gave its crowd more colors; at 32 pixels, though, the distance and the eye
# do not always agree. It also took two and a half times as long, for two
# slopes of slopes in every step, and in that time StyleGAN2's game could have gone on. One pair of runs is one pair of runs,
# and fifty thousand pictures are a first impression: R3GAN's own runs see hundreds of times as many. Change `gamma` before
# you believe in a winner; it means something else in each of the games.
#
# **The same game for less.** A slope of a slope is dear because training has to differentiate through a whole backward pass. Is
# there a way to ask "how steep is D here?" with forward passes alone? Take a picture, move it by a very small step in a random
# direction, and see how much the logit changes. In one direction that says little. But the *squared* change, divided by the
# square of the step, is in the mean over all directions exactly the squared slope (Lin et al. 2025). So R1 becomes two forward passes,
# and since a noisy answer is good enough in every step, a quarter of the batch will do. **Predict:** how many random steps does it
# take until the mean is near?

# %%
steep_D, faces_here = finished.recipe.D, exam[:32].to(finished.recipe.device)
exact = losses.r1_penalty(steep_D, faces_here[::4]).detach()
for draws in (1, 10, 100):
    guesses = [losses.r1_by_differences(steep_D, faces_here).detach() for _ in range(draws)]
    print(f"{draws:3} random steps: {torch.stack(guesses).mean():.3f}")
print(f"the exact penalty: {exact:.3f}")
contest = {
    "StyleGAN2's game": recipes.StyleGAN2(small),
    "R3GAN's, exact slopes": Relativistic(small),
    "R3GAN's, small steps": Relativistic(small, penalty=losses.r1_by_differences),
}
for words, player in contest.items():
    batch, start = few.batch(range(small.batch), player.device), time.perf_counter()
    with player.autocast():
        for _ in range(16):
            player.step(batch)
    print(f"{words:22} {(time.perf_counter() - start) / 16:.3f} seconds a step")

# %% [markdown]
# One step in a random direction can miss by a fifth and more; the mean of ten is near, of a hundred nearer. It has to be a short
# step: over 0.01, the length in the paper, our D's logit was no straight line any more, and the answer came out half too large.
# On our machine exact slopes made a step of R3GAN's game 2.5 times as long as one of StyleGAN2's; small steps make that 1.2
# times. `penalty=` takes either one.
#
# ## And real pictures?
#
# The generator takes none. But the D of the zoo gives a logit for any face. It has seen drawings and fakes; what does it say
# of nine faces that nobody here drew? (It needs a condition as well, so the tagger of lesson 2 reads their tags.)

# %%
strangers = torch.from_numpy(real_faces(64)).permute(0, 3, 1, 2) / 127.5 - 1
fakes, fake_tags = model.sample(64, seed=4), model.orders(64, seed=4)
with torch.no_grad():
    print(f"drawn     {D(real, real_tags).mean():+6.1f}")
    print(f"generated {D(fakes, fake_tags).mean():+6.1f}")
    for title, face in zip(CROPS, strangers):
        beside = torch.cat([real[:3], face[None]])  # D compares four at a time
        asked = torch.cat([real_tags[:3], metrics.guessed(face[None])])
        print(f"{title:24}{float(D(beside, asked)[3]):+6.1f}")
show(
    strangers, columns=9, alt="Three anime sprites, five cartoon faces and one photograph."
)

# %% [markdown]
# A discriminator knows two kinds of pictures: those from the studio, and those from its own generator. Whatever is neither gets a
# number too, and the number means little. It is no measure of how good a face is, nor of how much it looks like anime. (It has been used as
# one: to sort pictures for a training set, where all of them come from one source. There it works.)
#
# ## Your own pictures
#
# A few hundred pictures of one kind, all cropped alike (alignment matters more than number), and ten minutes:
#
# ```
# animelab train stylegan2 --preset cpu --data my_pictures --out runs/mine
# animelab sample runs/mine --truncation 0.7 --out mine.png
# ```
#
# The tagger reads their attributes. Have the right to use them: your own drawings, a license, public domain. A style learned
# from one living artist is that artist's; do not.
#
# ## A quiz, for honesty
#
# **1. What does demodulation divide by?**
#
# <details><summary>A. The standard deviation of each map, measured.</summary>
#
# Not quite. That was StyleGAN1, and the network learned to cheat it with blobs.
#
# </details>
# <details><summary>B. The standard deviation expected of the output if the inputs were independent, of deviation 1.</summary>
#
# Right. It needs the weights and the styles, and no picture.
#
# </details>
# <details><summary>C. The largest style.</summary>
#
# Not quite. All styles of a picture count, each with its weights.
#
# </details>
#
# **2. All your samples look much alike, and all look good. What do you ask first?**
#
# <details><summary>A. Whether the learning rate is too high.</summary>
#
# Perhaps later. There is a cheaper question.
#
# </details>
# <details><summary>B. Which truncation they were drawn with.</summary>
#
# Right. At 0.3 any generator looks careful and dull.
#
# </details>
# <details><summary>C. Whether the noise is on.</summary>
#
# Not quite. Noise moves details only.
#
# </details>
#
# **3. Why take the discriminator along when you fine-tune?**
#
# <details><summary>A. A new D knows nothing, and its first gradients would ruin a good generator.</summary>
#
# Right. G follows D's gradients from the first step on, and those of a D with random weights say nothing about faces.
#
# </details>
# <details><summary>B. To save its training time, nothing else.</summary>
#
# It saves that, too. But a generator may unlearn a lot before a fresh D has learned anything; the assignment tries it.
#
# </details>
# <details><summary>C. Because its weights and the generator's must add up.</summary>
#
# Not quite. They share no weights.
#
# </details>
#
# ## What went wrong for others
#
# - **"The CUDA plugin does not build."** (NVlabs/stylegan2-ada-pytorch #39, #97.) Their filters are compiled extensions. Ours are
#   two ordinary convolutions; the numbers are the same.
# - **"All my samples look alike, or break."** (NVlabs/stylegan2-ada-pytorch #104, #157, #159.) Raise gamma, lower the
#   learning rate, look at the data: are half of them duplicates?
# - **"Without path length it collapses."** (rosinality/stylegan2-pytorch #97.) The author of the report had set
#   `d_reg_every` to a huge number, too. That one is R1: another penalty on another network.
# - **"FID stays at 60 after transfer."** (stylegan2-ada-pytorch #25.) One of the replies blames faces that are cropped differently:
#   layers learn places.
#
# ## Assignment: your own theme
#
# Level 4 of 5, an evening. Choose a theme with `prior=` (one attribute, or `full`). Write down what you expect the generator to
# learn first and what never. Fine-tune three times from the same start: as it is; with `ada_target=0.6` (print
# `recipe.augment.p` at the end); and with a fresh discriminator (`start=""`, and then `recipe.G.load_state_dict(G.state_dict())`,
# and the same for `recipe.G_ema.average`). Report all three with the same seeds, unpicked, and fd_studio.
#
# ## References
#
# - Karras, Laine, Aila: *A Style-Based Generator Architecture for Generative Adversarial Networks*, 2018, arXiv 1812.04948.
# - Karras et al.: *Analyzing and Improving the Image Quality of StyleGAN*, 2019, arXiv 1912.04958.
# - Karras et al.: *Training Generative Adversarial Networks with Limited Data*, 2020, arXiv 2006.06676.
# - Mescheder, Geiger, Nowozin: *Which Training Methods for GANs do actually Converge?*, 2018, arXiv 1801.04406.
# - Jolicoeur-Martineau: *The relativistic discriminator: a key element missing from standard GAN*, 2018, arXiv 1807.00734.
# - Huang et al.: *The GAN is dead; long live the GAN! A Modern GAN Baseline*, NeurIPS 2024, arXiv 2501.05441.
# - Lin et al.: *Adversarial Flow Models*, 2025, arXiv 2511.22475.
#
# **Next:** find your way around in w: [7 · Edit a face that does not exist](07_latent_editing.ipynb).
