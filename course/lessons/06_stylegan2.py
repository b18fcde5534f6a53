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
# **You will make:** a painter you can take apart while it paints, and a new one, taught in ten minutes what the first never saw.
#
# **In the studio:** step 1 of 6, *character design*. From here on we do not only ask for characters. We reach in and change
# them.
#
# **Time:** 23 minutes of computing on 2 CPU cores: ten for the new theme, twelve for two short games. On a GPU: not measured
# yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

# %%
from unittest.mock import patch

import torch
from IPython.display import display
from torch.nn.functional import conv2d, interpolate, softplus

from animelab import losses, metrics, zoo
from animelab.checks import check_6_1, check_6_2, check_6_3, check_6_4
from animelab.data import StudioAttributes, real_faces
from animelab.data.real import CROPS
from animelab.engine import frozen, train
from animelab.nn import count_parameters, stylegan2
from animelab.nn.ada import Augment
from animelab.recipes import stylegan2 as recipes
from animelab.studio import TAGS
from animelab.viz import compare, curves, show
from animelab.widgets import LatentExplorer, LiveTraining

# %% [markdown]
# ## Where we are going
#
# Forty characters from one seed, none left out. It took two cores two hours.

# %%
model = zoo.load("stylegan2-faces-64")
show(model.sample(40, seed=1, truncation=0.7), columns=10,
     alt="Forty painted anime faces with many colors and styles of hair.")  # fmt: skip

# %% [markdown]
# Now take another one by the hand. *Component 1* to *5* are directions that nobody named. Move one. Then set *Layers to move* to
# the first two only and move it again, then to the last two only. What changes, and what stays?

# %%
LatentExplorer(model, seed=3)

# %% [markdown]
# By the end of this lesson you will know why that works: in this painter, the first layers decide *what* is there and the
# last ones decide *how it is colored*, and you can talk to each of them separately.
#
# ## One road in, or many
#
# In lesson 1 the latent went in at the bottom, once. Whatever it had to say about the color of an iris had to survive every
# layer on the way up. StyleGAN turns that around:
#
# 1. the picture grows from a **constant**, always the same 4 x 4 numbers;
# 2. the latent z is first translated into another vector, **w**;
# 3. every layer listens to w, and w tells it which of its channels to turn up and which to turn down: a **style**;
# 4. what is left to chance (where exactly a strand lies) comes from **noise**, added in every layer.

# %%
G = model.generator
z, tags = model.latents(8, seed=1), model.orders(8, seed=1)


@torch.no_grad()
def paint(w, **options):
    """Pictures of w; a StyleGAN2 may go a little beyond black and white."""
    return G.synthesis(w, **options).clamp(-1, 1)


with torch.no_grad():
    w = G.mapping(z, tags)
pictures = paint(w)
sides = [conv.noise.shape[0] for conv in G.synthesis.convs]
print(f"z {tuple(z.shape)}  ->  w {tuple(w.shape)}  ->  pictures {tuple(pictures.shape)}")
print(
    f"mapping {count_parameters(G.mapping):,}, synthesis {count_parameters(G.synthesis):,}"
)
print(f"{len(sides)} layers, at sides", *sides)
print("the first order:", ", ".join(TAGS[i] for i in tags[0].nonzero().flatten()))

# %% [markdown]
# (Like the painter of lesson 3, this one takes orders: the 34 attributes go into the mapping beside z. StyleGAN2 as published
# for faces has none. Everything below happens in w, and w no longer knows what came from where.)
#
# Why translate z at all? Because z has to be a round cloud: that is all we know how to draw from. Characters are no round
# cloud. Nobody has drills *and* a pixie cut; skin comes in a few tones, hair in many. If the painter had to squeeze such data
# into a ball, every direction would bend and mean something else in another place. The mapping may stretch and
# bend instead, and w becomes a space where straight lines mean something. Lesson 7 lives there.
#
# Is w really less bent than z? The next lesson measures it.
#
# ## What a style does
#
# A layer has a convolution, shared by all pictures, and a style: one number for each of its input channels, computed from w.
# The channel is multiplied by it. That is all. A style of 0 switches a channel off.
#
# There is a catch. Multiply some channels by 3, and everything behind grows by up to 3. After nine layers of that the numbers
# are astronomical. StyleGAN1 normalized each map after each layer, by its own mean and size, and got famous for the blobs that
# the network built to cheat that norm. StyleGAN2 divides by the size that is *expected*: if the inputs were noise of size 1,
# how large would this sum of weights times styles be?
#
# $$\text{size}_o = \sqrt{\textstyle\sum_{i,k} \big(\text{style}_i \cdot \text{weight}_{o,i,k}\big)^2}$$
#
# Read aloud: for each output channel, the length of all its weights, each times its style. No picture is looked at, so there
# is nothing to cheat. This is called *demodulation*.
#
# ### Exercise 6.1 · Demodulation (level 3 of 5, about 15 minutes)
#
# <details><summary>Hint 1</summary>
#
# Scaling the channels of x is the same as scaling the weights. So scale x, use one ordinary `conv2d(..., padding=1)` for
# all pictures, and divide its output.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The squares separate: sum over k first, `weight.square().sum((2, 3))`, shape (out, in). Then the sum over i is a product of
# matrices with `styles.square()`, shape (B, in). Add 1e-8 before the root.
#
# </details>


# %%
def styled_conv(x, weight, styles):
    """A 3 x 3 convolution with styles, demodulated.

    x: (B, in, H, W);  weight: (out, in, 3, 3);  styles: (B, in).  Returns (B, out, H, W).
    """
    ### BEGIN SOLUTION 6.1: scale the channels, convolve, divide by the expected size
    x = conv2d(x * styles[:, :, None, None], weight, padding=1)
    sizes = (styles.square() @ weight.square().sum((2, 3)).T + 1e-8).sqrt()
    return x / sizes[:, :, None, None]
    ### END SOLUTION


check_6_1(styled_conv)

# %% [markdown]
# Now we switch it off. `patch.object` exchanges a function of the library for as long as the `with` lasts. Ours has weights of
# length 1, as if all styles were 1, and does not divide by what the styles do. **Predict:** the pictures get brighter? Grayer?
# Something else?


# %%
@torch.no_grad()
def sizes_and_pictures(w):
    """How large the numbers are after each layer, and what comes out."""
    sizes = []
    watch = lambda layer, inputs, x: sizes.append(float(x.std()))  # noqa: E731
    hooks = [conv.register_forward_hook(watch) for conv in G.synthesis.convs]
    pictures = paint(w)
    for hook in hooks:
        hook.remove()
    return sizes, pictures


plain = stylegan2.modulated_conv


def without(x, weight, styles, kernel=None, demodulate=True):
    """Weights of length 1, and nobody divides by the styles."""
    if demodulate:
        weight = weight / weight.flatten(1).norm(dim=1)[:, None, None, None]
    return plain(x, weight, styles, kernel, demodulate=False)


# %%
with_sizes, painted = sizes_and_pictures(w)
with patch.object(stylegan2, "modulated_conv", without):
    without_sizes, broken = sizes_and_pictures(w)
print("with:   ", " ".join(f"{size:8.2f}" for size in with_sizes))
print("without:", " ".join(f"{size:8.2f}" for size in without_sizes))
compare(
    {"demodulated": painted, "not": broken},
    alt="Eight painted faces; below, eight squares of garish noise.",
)

# %% [markdown]
# ## A picture is a sum of pictures
#
# Each size paints a small picture of its own (`to_rgb`). It is doubled and added to what the next size paints. So you can look
# at every stage, not as a hidden tensor but as paint. The top row stops after 4 x 4 pixels, the bottom row is the finished
# picture. **Predict:** at which size is it a face?

# %%
parts = []
hooks = [
    layer.register_forward_hook(lambda layer, inputs, x: parts.append(x))
    for layer in G.synthesis.to_rgb
]
paint(w)
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
# Which size did most of the work? At the beginning of training it is the small ones, by themselves. Earlier GANs had to be
# *grown*, layer by layer, to get that order of work. Here it comes by itself, so StyleGAN2 could drop the growing and its flaws.
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
draws = torch.stack([paint(w, noise="random") for _ in range(16)])
rows = {
    "no noise": paint(w, noise="none"),
    "noise": draws[0],
    "other noise": draws[1],
    "where it differs, 5 times as bright": 5 * draws.std(0).mean(1, keepdim=True) - 1,
}
compare(
    rows,
    alt="The same eight faces without noise and with two draws of it, all alike, and a map of differences, nearly black.",
)

# %% [markdown]
# Nothing differs, but for a breath at the outlines: all strengths are close to 0. This painter has turned its noise off. It had
# not always: after 24,000 pictures of training the strongest was 0.06, and fringe and lashes were bent out of noise. Without it
# hair was like plastic. By 120,000 pictures the layers could draw strands by themselves, and the noise was only in the way.
# (*Told, not shown: the painter at 24,000; the strengths of three moments are in `course/measurements.md`.*)
#
# It is right, too. Our drawings leave nothing to chance; every line has a reason. Photographs of skin and fur are what noise was
# made for. A part that a network may ignore tells you something about your data.
#
# ## Doubling without stairs: the filter
#
# Lesson 1 doubled with strides that overlap unevenly (checkerboards), lesson 3 with four filters that disagree (grain). StyleGAN2
# doubles and then *smooths*, with the weights 1, 3, 3, 1 in both directions. We exchange them for 0, 1, 1, 0, which repeats each
# pixel of the picture, and in the layers averages two by two.

# %%
stairs = torch.tensor([0.0, 1.0, 1.0, 0.0])
filtered = paint(w[:4])
G.synthesis.kernel.copy_(torch.outer(stairs, stairs) / 4)
repeated = paint(w[:4])
G.synthesis.kernel.copy_(stylegan2.fir())
eyes = (..., slice(20, 50), slice(12, 52))
compare({"filtered": filtered[eyes], "repeated": repeated[eyes]}, columns=4, scale=5,
        alt="Parts of four faces around the eyes, smooth; and the same with jagged edges.")  # fmt: skip

# %% [markdown]
# The stairs were to be expected. The blown-out contrast was not: smoothing also takes size from a signal, and all later layers
# have learned to count on that. A part that a network grew up with cannot be taken out to see what it does. You only see that
# it is missing.
#
# ## Two parents, layer by layer
#
# Each layer has a style of its own, so nothing forces them all to come from the same w. In half of its training batches this
# painter got the first layers from one latent and the rest from another (*style mixing*; the paper does so in 90 of 100),
# always with the same order, so it learned not to rely on their being related. (*Told, not shown: a painter without mixing.*) Below we go further: the two faces have
# different orders. The left column gives some layers, the top row all others. **Predict:** which layers bring the hair color?


# %%
def mixed(rows, columns, layers):
    """The columns' w, with the layers of the rows' w in their place: a table of pictures."""
    count = len(G.synthesis.convs) + 1
    table = columns[None, :, None].repeat(len(rows), 1, count, 1)
    table[:, :, layers] = rows[:, None, None]
    return paint(table.flatten(0, 1))


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
# Read each table along its rows and its columns. **Sides 4 and 8** bring the outline: how long the hair is, and a breath of its
# color. **Side 16** changes little at first sight; look at the fringe and around the eyes. **Sides 32 and 64** bring the
# colors of hair, eyes and wall, on a face that stays where it was.
#
# At 1,024 pixels and with photographs the paper finds pose, then features, then color. With us pose is always the same, so
# the first group has less to say. Which layer does what is not designed anywhere. It is where each kind of change is cheapest.
#
# ## The price of variety: truncation
#
# While it trained, the mapping kept a running mean of its w. At that mean stands the most average character this painter can
# think of. Near it everything is well practiced; far out are the rare ones and the failures. So pull every w toward the mean:
#
# $$w' = \bar w + \psi \, (w - \bar w)$$
#
# ### Exercise 6.2 · Truncation (level 1 of 5, about 5 minutes)
#
# <details><summary>Hint 1</summary>
#
# $\psi = 1$ must change nothing, $\psi = 0$ must give the mean for everyone.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.lerp(mean, w, psi)` does it, or write the formula as it stands.
#
# </details>


# %%
def truncated(w, mean, psi):
    """w pulled toward the mean.

    w: (B, latent);  mean: (latent,);  psi: a number.  Returns (B, latent).
    """
    ### BEGIN SOLUTION 6.2: from the mean, a part of the way
    return mean + psi * (w - mean)
    ### END SOLUTION


result_6_2 = check_6_2(truncated)

# %% [markdown]
# **Predict:** what is on the other side of the mean, at $\psi = -0.7$?

# %%
pull = truncated if result_6_2 else lambda w, mean, psi: G.truncated(w, psi)
rows = {
    f"psi = {psi}": paint(pull(w, G.mapping.mean, psi))
    for psi in (1.3, 1.0, 0.7, 0.3, 0.0, -0.7)
}
compare(
    rows,
    alt="Eight faces at six truncations: wild at 1.3, all the same at 0, and opposite colors at -0.7.",
)

# %% [markdown]
# At 0 everybody is one person. Below 0 everyone meets their opposite: dark hair where it was light, and so on. Gwern's guide to
# anime StyleGANs takes $\psi$ of 0.5 to 0.7 for show and 1 or more for variety. Whoever shows you samples owes you that number;
# ours says 0.7 at the top of this page.
#
# ## The judge
#
# D is a plain pyramid, with two ideas. Each halving has a shortcut around it. And near its end it looks at *four pictures at a
# time*: how much do they differ from each other? One number, laid beside the other channels.

# %%
judge = zoo.network("stylegan2-faces-64-discriminator")
faces = StudioAttributes(64, 256, prior="frontal", split="test")
real, real_tags = faces.batch(range(64))
groups = {
    "four drawn faces": real[:4],
    "the same face four times": real[:1].expand(4, -1, -1, -1),
}
spread = {
    words: stylegan2.batch_spread(group)[0, -1, 0, 0] for words, group in groups.items()
}
for words, number in spread.items():
    print(f"{words:28}{number:.3f}")
print(f"judge: {count_parameters(judge):,} parameters")

# %% [markdown]
# A painter that has settled on one face is found out by that number, even if the face is perfect. (Here it is taken of pixels to
# show the idea. In D it is taken of what D sees in them.)
#
# ## Flat ground: R1
#
# In lesson 3, DRAGAN held the slope of D at 1. R1 asks for less, in fewer words: *where the real pictures are, let your
# opinion be flat.* Why flat? Play the smallest game there is. All real data are the number 0. The painter is a single
# number, its fake. The judge is a single slope: its opinion of x is slope times x. **Predict:** does the fake arrive at 0 and stay?


# %%
def smallest_game(gamma, steps=400, rate=0.1):
    """The painter's number, step by step; without a penalty and with R1 (gamma / 2 * slope^2)."""
    fake, slope = torch.tensor(1.0), torch.tensor(0.0)
    places = []
    for _ in range(steps):
        sure = torch.sigmoid(slope * fake)  # how much D's loss minds the fake
        pulled, pushed = (
            rate * slope * torch.sigmoid(-slope * fake),
            rate * (-sure * fake - gamma * slope),
        )
        fake, slope = fake + pulled, slope + pushed
        places.append(float(fake))
    return places


games = {
    f"gamma = {gamma}": (range(400), smallest_game(gamma)) for gamma in (0.0, 0.3, 1.0)
}
curves(games, xlabel="step", ylabel="the painter's number", smoothing=0)

# %% [markdown]
# Without a penalty they circle: whenever the fake arrives, the judge still leans the other way. The circles shrink at first, and
# then stop shrinking. With gamma = 0.3 the circle is a spiral that ends at 0. With gamma = 1 no circle is left. It is the same
# judge, told to calm down where nothing is wrong.
#
# ### Exercise 6.3 · R1 (level 3 of 5, about 15 minutes)
#
# <details><summary>Hint 1</summary>
#
# As in exercise 3.3: `torch.autograd.grad(score(pictures).sum(), pictures, create_graph=True)`. The pictures need
# `requires_grad_()` first.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The *squared* length: all numbers of one picture squared and summed, no root. Then the mean over the batch.
#
# </details>


# %%
def r1(score, real):
    """Mean over the batch of the squared length of the judge's gradient at real pictures.

    score: pictures (B, 3, H, W) -> logits (B,).  Returns a scalar that can be differentiated again.
    """
    ### BEGIN SOLUTION 6.3: the gradient by the pictures, squared, summed over each, averaged
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
# - **EMA.** The painter you saw is an average over the last several thousand pictures' worth of weights, as in lesson 1. *Told, not
#   shown here: lesson 1 shows it.*
# - **Path length.** A step in w should change the picture by the same amount everywhere and in every direction. It is in the
#   library (`losses.path_lengths`) and off in our presets for the CPU, where it would cost a third of the time. *Told, not shown.*
# - **ADA.** With a few thousand pictures the judge learns them by heart. The cure: disturb what it sees, real and fake alike, and
#   more so when it gets too sure. Each disturbance is skipped often enough that none of it leaks into the paintings.
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
# *Told, not shown: that it helps. With 20,000 pictures that draw themselves we are not short of data.*
#
# ### Exercise 6.4 · Find the bug (level 4 of 5, about 20 minutes)
#
# The usual way to write a styled convolution gives every picture weights of its own and runs them all at once, as groups of one
# big convolution. Below, one index stands in the wrong place. In a layer with as many channels in as out it runs without a word,
# and *every style gives the same output*. A painter built of it could tell its latents apart only in `to_rgb`, by color: one
# drawing for everybody.


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
# Write down the shape of `own`. Which of its axes has the styles on it: that of the inputs, or another?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Multiply a whole output channel by 7, then divide it by its own length. What is left of the 7? And what would have happened
# with 8 channels in and 16 out?
#
# </details>


# %%
def per_picture(x, weight, styles):
    """The same, repaired: equal to exercise 6.1 for any number of channels.

    x: (B, in, H, W);  weight: (out, in, 3, 3);  styles: (B, in).  Returns (B, out, H, W).
    """
    ### BEGIN SOLUTION 6.4: styles belong to the input channels
    batch, channels, high, wide = x.shape
    own = weight[None] * styles[:, None, :, None, None]
    own = own / (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    x = x.reshape(1, batch * channels, high, wide)
    return conv2d(x, own.flatten(0, 1), padding=1, groups=batch).view(batch, -1, high, wide)
    ### END SOLUTION


check_6_4(per_picture)

# %% [markdown]
# Such a painter would even train: D never asks whether latents *matter*, only whether pictures look real, and noise alone can
# make a crowd of slightly different faces. The test that catches it is one line long: two styles, two outputs, not equal.
#
# ## Train: teach an old painter a new thing
#
# Few people train a StyleGAN2 from noise. In the paper's size it took eight V100 cards more than nine days, and ours took
# two hours. What people do is *transfer*: take a finished painter **and its judge**, and go on with pictures of something new. Ours
# has studied 20,000 faces, each six times, and none of them wore a hat.

# %%
config = recipes.preset("cpu")  # on a GPU: recipes.preset("cpu", steps=5000)
hats = recipes.StyleGAN2.data(config)
print(config.prior)
show(hats.pixels[:8], alt="Eight drawn faces, each with a beret.")

# %% [markdown]
# Another theme is another word: `recipes.preset("cpu", prior="frontal+hair_color=red")` has only redheads, `"full"` every pose.
# (The presets "t4" and "h100" train from noise, at 128 and 256 pixels; they are not measured yet.)
#
# **Predict:** with the same latents, and the same orders plus a hat, will a character stay recognizable while it gets its beret? What will the first
# hundred steps look like?

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
    alt="Eight painted faces, and what the same latents give after training: the same colors, now with berets.",
)

# %% [markdown]
# Same latents, same orders plus a hat. Look along a column: what of the character survived? The colors are the order's doing. The
# cut of the hair is the painter's, and most of it is still there, too. What went are the clean outlines and the smooth walls: what
# was learned last in two hours is forgotten first in ten minutes.
#
# How many really got a hat? The second tagger has seen hats in its own lessons, and it also reads the drawings, as a yardstick.
# `fd_studio` is the distance from *other* drawn faces with berets.

# %%
drawn = StudioAttributes(config.size, 512, prior=config.prior, split="test")
target, target_tags = drawn.batch(range(512))
sets = {"drawn with berets": target, "yours": mine.sample(512)}
if config.attributes:
    sets["before"] = model.sample(512)
other = StudioAttributes(config.size, 512, 1, prior=config.prior, split="test").batch(
    range(512)
)[0]
print(f"{'':20}{'hat seen':>10}{'fd_studio':>11}")
for words, each in sets.items():
    hat = (metrics.predicted(each)[:, TAGS.index("hat")] > 0).float().mean()
    print(f"{words:20}{hat:10.2f}{metrics.fd_studio(other, each):11.1f}")

# %% [markdown]
# First read the yardstick: the tagger misses three in ten of the hats that the studio drew. In the painted ones it missed as
# many (0.73 seen on our machine, against 0.71 drawn), so nearly everybody wears one. And the crowd is less than half as far
# from drawn characters with berets as it was before (77 against 190). All of that took a tenth of the steps that the old painter
# needed from noise.
#
# ## What came after
#
# **StyleGAN3** (2021) asked why hair sticks to pixels when a head moves, and rebuilt every filter so that nothing
# does. It trains more slowly, and for still pictures StyleGAN2 remained the choice. **R3GAN** (NeurIPS 2024) asked the
# opposite: which of all these parts are needed? Its answer: none of the tricks, if the *game* is stable enough to afford a
# modern network instead. In their table (FFHQ, 256 pixels) StyleGAN2 has an FID of 7.5, stripped of its tricks 12.5; the new game alone
# brings that to 11.7, the new network to 7.0. The game has two changes:
#
# - Judge every fake *beside a real picture*. D is not asked "is this real?", but "which of the two is?" A painter can no longer
#   please it by moving all of its fakes to one place the judge happens to like.
# - Flat ground around real pictures (R1) **and** around fakes (R2), in every step.
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
# Below is *their game on StyleGAN2's network*.


# %%
class Paired(recipes.StyleGAN2):
    """R3GAN's game (Huang et al. 2024) on the networks of this lesson."""

    def step(self, real):
        fake = self.G.synthesis(self.styles(len(real), None))
        # the judge: which of two is real? and flat ground around both
        gap = self.D(real) - self.D(fake.detach())
        with torch.autocast(
            self.device.type, enabled=False
        ):  # a slope of a slope wants every digit
            slopes = losses.r1_penalty(self.D, real) + losses.r1_penalty(self.D, fake)
        loss_D = softplus(-gap).mean()
        self.update(self.D_adam, loss_D + self.config.gamma / 2 * slopes)
        # the painter: look more real than the real one beside you
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
exam = StudioAttributes(small.size, 512, prior="frontal", split="test").batch(range(512))[0]
players = {}
# Changed Paired? Choose another folder, too: a finished run is not repeated.
for words, kind in {"StyleGAN2's game": recipes.StyleGAN2, "R3GAN's game": Paired}.items():
    finished = train(kind(small), few, env.runs_dir() / f"06 {words}", watch=LiveTraining())
    players[words] = zoo.load_run(finished.folder)
for words, player in players.items():
    print(f"{words:20} fd_studio {metrics.fd_studio(exam, player.sample(512)):.1f}")
compare({words: player.sample(16) for words, player in players.items()}, columns=16,
        alt="Sixteen small faces painted after each of the two games.")  # fmt: skip

# %% [markdown]
# Compare three things: the pictures, the distance, and the time under each bar. On our machine R3GAN's game came out a little
# nearer to drawings (303 against 319) and gave its crowd more colors; at 32 pixels, though, the tagger's distance and the eye
# do not always agree. It also took two and a half times as long, for two
# slopes of slopes in every step, and in that time StyleGAN2's game could have gone on. One pair of runs is one pair of runs,
# and fifty thousand pictures are a first impression: R3GAN's own runs see hundreds of times as many. Change `gamma` before
# you believe in a winner; it means something else in each of the games.
#
# ## And real pictures?
#
# The painter takes none. But the judge of the zoo has an opinion on any face. It has seen drawings and fakes; what does it say
# of nine faces that nobody here drew? (It wants to know what it is looking at, so the tagger of lesson 2 reads their tags.)

# %%
strangers = torch.from_numpy(real_faces(64)).permute(0, 3, 1, 2) / 127.5 - 1
fakes, fake_tags = model.sample(64, seed=4), model.orders(64, seed=4)
with torch.no_grad():
    print(f"drawn   {judge(real, real_tags).mean():+6.1f}")
    print(f"painted {judge(fakes, fake_tags).mean():+6.1f}")
    for title, face in zip(CROPS, strangers):
        beside = torch.cat([real[:3], face[None]])  # D compares four at a time
        asked = torch.cat([real_tags[:3], metrics.guessed(face[None])])
        print(f"{title:24}{float(judge(beside, asked)[3]):+6.1f}")
show(
    strangers, columns=9, alt="Three anime sprites, five cartoon faces and one photograph."
)

# %% [markdown]
# A judge knows two kinds of pictures: those from the studio, and those from its own painter. Whatever is neither gets a number too,
# and the number means little. It is no measure of how good a face is, nor of how much it looks like anime. (It has been used as
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
# <details><summary>A. The size of each map, measured.</summary>
#
# Not quite. That was StyleGAN1, and the network learned to cheat it with blobs.
#
# </details>
# <details><summary>B. The size expected of the output if the inputs were noise of size 1.</summary>
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
# Right. At 0.3 any painter looks careful and dull.
#
# </details>
# <details><summary>C. Whether the noise is on.</summary>
#
# Not quite. Noise moves details only.
#
# </details>
#
# **3. Why take the judge along when you fine-tune?**
#
# <details><summary>A. A new judge knows nothing, and its first advice would ruin a good painter.</summary>
#
# Right. Two equal players learn from each other; a master learns nothing from a beginner.
#
# </details>
# <details><summary>B. To save its training time, nothing else.</summary>
#
# It saves that, too. But a painter may lose its skill before a fresh judge has learned anything; the assignment tries it.
#
# </details>
# <details><summary>C. Because its weights and the painter's must add up.</summary>
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
# - **"Without path length it collapses."** (rosinality/stylegan2-pytorch #97.) He had set `d_reg_every` to a huge number,
#   too. That one is R1: another penalty on another network.
# - **"FID stays at 60 after transfer."** (stylegan2-ada-pytorch #25.) One of the replies blames faces that are cropped differently:
#   layers learn places.
#
# ## Assignment: your own theme
#
# Level 4 of 5, an evening. Choose a theme with `prior=` (one attribute, or `full`). Write down what you expect the painter to
# learn first and what never. Fine-tune three times from the same start: as it is; with `ada_target=0.6` (print
# `recipe.augment.p` at the end); and with a fresh judge (`start=""`, and then copy G's weights into `recipe.G` yourself, as lesson 5 did
# with its painters). Report all three with the same seeds, unpicked, and fd_studio.
#
# ## References
#
# - Karras, Laine, Aila: *A Style-Based Generator Architecture for Generative Adversarial Networks*, 2018, arXiv 1812.04948.
# - Karras et al.: *Analyzing and Improving the Image Quality of StyleGAN*, 2019, arXiv 1912.04958.
# - Karras et al.: *Training Generative Adversarial Networks with Limited Data*, 2020, arXiv 2006.06676.
# - Mescheder, Geiger, Nowozin: *Which Training Methods for GANs do actually Converge?*, 2018, arXiv 1801.04406.
# - Huang et al.: *The GAN is dead; long live the GAN! A Modern GAN Baseline*, NeurIPS 2024, arXiv 2501.05441.
#
# **Next:** find your way around in w: [7 · Edit a face that does not exist](07_latent_editing.ipynb).
