# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 1 · Your first faces: DCGAN
#
# ![Eight faces after one, three and nine minutes of the training in this lesson: first blurred in gray noise, then colored, then crisp, each with hair and eyes of its own.](../course/figures/opening_01.jpg)
#
# **You will make:** a generator, a network that draws anime faces nobody has drawn.
#
# **In the studio:** step 1 of 6, *character design*. (Then come storyboard, line art, color, background, effects.) A crowd
# needs forty faces by Friday, and nobody has time to draw them.
#
# **Time:** 11 minutes of computing on 2 CPU cores (8 to 9 of them training), not counting the time you think; on a GPU: not
# measured yet. **Downloads:** nothing; the training data are drawn on your machine.
#
# Run the cells from top to bottom with Shift+Enter. Where a question comes before a cell, answer it before you run it. A
# wrong guess teaches more than a right one.

# %% tags=["setup"]
from animelab import env

env.start()

import shutil

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

from animelab import latent, losses, metrics, zoo
from animelab.checks import (
    check_1_1,
    check_1_2,
    check_1_3,
    check_1_4,
    check_1_5,
    check_1_6,
    check_1_7,
)
from animelab.data import Pictures, StudioFaces
from animelab.data.pictures import as_tensor
from animelab.engine import train
from animelab.nn import dcgan as networks
from animelab.recipes import dcgan, r3gan
from animelab.viz import compare, curves, show
from animelab.widgets import LatentExplorer, LiveTraining, Timelapse

# %% [markdown]
# ## Where we are going
#
# Here is the end of the lesson, trained before you came. Move a slider: each pushes the picture's numbers in a direction. After
# some seconds a network that has learned to see hair, eyes and mouths has given names to those it sees something change along.

# %%
model = zoo.load("r3gan-faces-64")
LatentExplorer(model)

# %% [markdown]
# A picture is made from 100 random numbers, its *latent*, in a few milliseconds. (*Latent* means hidden: nobody says what each
# number stands for, and the network has to find a use for it.) What draws it is the *generator* that you will build in this
# lesson. Here are twenty-four of its pictures.

# %%
show(
    model.sample(24, seed=1),
    columns=8,
    alt="24 small anime faces, all made by the generator: long and short hair of every color and several skin tones. "
    "Walls are streaked, and a few eyes do not match.",
)

# %% [markdown]
# A network needs a teacher, and this one had the best we know; it comes last. Here is the same
# generator, layer for layer, after DCGAN's own game of 2015, the one you will play yourself:

# %%
show(
    zoo.load("dcgan-faces-64").sample(24, seed=1),
    columns=8,
    alt="24 small anime faces of many hair and eye colors, all made by the same generator after another training. Seven "
    "of them are nearly the same blonde with green eyes.",
)

# %% [markdown]
# **Count** before you go on: how many different characters do you see in each?
#
# <details><summary>Our count</summary>
#
# Twenty-four in the first, though three with gray hair and violet eyes are close. In the second, seven are nearly the same blonde with green eyes, so at most eighteen, and some of those
# are close. Many latents that give almost the same picture: that is a mild form of *mode collapse*, which gets a section below.
#
# </details>
#
# Are they new, or copies of pictures the network was shown? Near the end of the lesson you will put that question to your
# own. Look closer and you find the seams: an eye that does not match the other, hair that ends in fog. The eyes are where a
# generator gives itself away.

# %% [markdown]
# ## The data: characters the course draws itself
#
# A GAN learns from examples. Scraped anime faces belong to the artists who drew them, so this course draws its own: each
# character is a seed, turned into curves, turned into pixels. For this lesson we ask for a narrow set: near-frontal faces,
# plain backgrounds, cropped close. A small network can learn that in minutes. (`Prior` and `PRIORS` in `animelab.studio`
# say exactly what "narrow" means; later lessons use everything.)

# %%
config = dcgan.preset("cpu")  # on a GPU: dcgan.preset("t4")
faces = StudioFaces(config.size, config.faces)
print(faces)
show(
    faces.pixels[:24],
    alt="24 drawn faces: clean outlines, large eyes, many hair colors, plain backgrounds.",
)

# %% [markdown]
# The first time this takes about half a minute; then the pictures wait in a cache on your disk.
#
# Remember what you see: how crisp the outlines are, how the two eyes agree. That is what the network will be measured
# against.

# %% [markdown]
# ### Exercise 1.1 · Pictures for a network (level 1 of 5, about 5 minutes)
#
# A screen wants pictures as bytes: `uint8`, from 0 to 255, the colors last. A network wants them as `float32`, from -1 to 1,
# the colors right after the batch. Before you write: which gray does the number 0 stand for, afterwards?
#
# <details><summary>Hint 1</summary>
#
# Three things happen: the colors move, the type changes, the range changes. Is there an order in which something goes wrong?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `reshape` only counts the same numbers off in rows of another length. Moving an axis is another verb: `permute`.
#
# </details>


# %%
def to_network(pixels):
    """uint8 (B, H, W, 3) tensor, 0 to 255  ->  float32 (B, 3, H, W) tensor, -1 to 1."""
    ### BEGIN SOLUTION 1.1: return float32 pictures, colors right after the batch
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
    ### END SOLUTION


result_1_1 = check_1_1(to_network)


# %%
def drawn(indices):
    """Faces of the training set for a network: by your function, once it is right."""
    pixels = torch.from_numpy(faces.pixels[np.asarray(indices)])
    return to_network(pixels) if result_1_1 else as_tensor(pixels)


some = drawn(range(8))
print(tuple(some.shape), some.dtype, f"from {some.min():.2f} to {some.max():.2f}")
show(
    some,
    alt="The first eight of the drawn faces again: as floats they are the same pictures.",
)

# %% [markdown]
# ## Two players
#
# One network paints and one network judges: the *generator*, **G**, and the *discriminator*, **D**. D sees a picture and
# returns one number, a *logit*: large for "real", small for "fake". G never sees a real picture. All it gets is the gradient
# of D's logit: which change of this pixel would have raised it?
#
# Before we make faces, let us watch the game where we can see all of it. Real data are numbers in a bump around +4. G has a
# bump of the same shape and may only slide it. It starts at -4, and moves by plain gradient descent. D is a small network and
# learns with *Adam*, which divides each slope by its usual size, so that small slopes move a weight, too.


# %%
def toy_game(loss, discriminator_steps, distance=8.0, rounds=200):
    """Slide a bump toward a real one with D's gradient as the only guide; returns its path."""
    torch.manual_seed(0)
    place = torch.tensor([-distance / 2], requires_grad=True)  # G: one number
    D = nn.Sequential(
        nn.Linear(1, 32),
        nn.LeakyReLU(0.2),
        nn.Linear(32, 32),
        nn.LeakyReLU(0.2),
        nn.Linear(32, 1),
    )
    D_adam = torch.optim.Adam(D.parameters(), 0.01, betas=(0.5, 0.9))
    path = []
    for _ in range(rounds):
        for _ in range(discriminator_steps):
            real = distance / 2 + 0.5 * torch.randn(64, 1)
            fake = place + 0.5 * torch.randn(64, 1)
            loss_D = loss.discriminator(D(real), D(fake))
            slopes = torch.autograd.grad(loss_D, list(D.parameters()))
            for weight, slope in zip(D.parameters(), slopes):
                weight.grad = slope
            D_adam.step()
        loss_G = loss.generator(D(place + 0.5 * torch.randn(64, 1)))
        (slope,) = torch.autograd.grad(loss_G, place)
        with torch.no_grad():
            place -= 0.3 * slope  # plain gradient descent: a small slope is a small step
        path.append(place.item())
    return path


# %% [markdown]
# The loss that Goodfellow and his colleagues wrote down first is called *minimax*: what is good for D is bad for G, by the
# same amount. Two games with it. In the first, D takes one step for each step of G. In the second, D takes fifty, so that
# it is always right.
#
# **Predict:** in which of the two does G reach +4 sooner?

# %%
games = {
    "the real bump": [4.0] * 200,
    "minimax, 1 step of D": toy_game(losses.minimax, 1),
    "minimax, 50 steps of D": toy_game(losses.minimax, 50),
}
curves(
    {name: (range(200), path) for name, path in games.items()},
    ylabel="where G's bump is",
    smoothing=0,
)

# %% [markdown]
# Neither. The two bumps do not touch, so D becomes certain within a few steps, in both games. Under this loss the slope is
# flat wherever D is sure that something is fake, and G does not move.
#
# Now change one thing. G no longer minimizes "D is right about my fakes" but minimizes "D does *not* call my fakes real".
# The same goal, another slope. This is the *non-saturating* loss.

# %%
games |= {
    "non-saturating, 1 step of D": toy_game(losses.non_saturating, 1),
    "non-saturating, 50 steps of D": toy_game(losses.non_saturating, 50),
}
curves(
    {name: (range(200), path) for name, path in games.items()},
    ylabel="where G's bump is",
    smoothing=0,
)

# %% [markdown]
# Both arrive. With one step of D, G overshoots and comes back, again and again, in smaller swings: two players who
# chase each other do not roll down a hill, they circle. Remember this when the loss curves of the real thing refuse to go
# down.
#
# With fifty steps, the better D is the better teacher. Do not count on that with pictures. Here there is one dimension: a D
# that is sure can only point left or right, and it points right. A picture of 64 × 64 pixels has 12,288. There D can be sure
# because of one detail, such as a grain that no drawing has, and its gradient then speaks about the grain and not about the
# face (Arjovsky and Bottou, 2017). You will see it happen below.
#
# Here are the two losses of G side by side. The horizontal axis is D's logit for a fake. Early in training we live at the
# left end.

# %%
logits = torch.linspace(-8, 8, 100)
G_losses = {
    name: [loss.generator(logit) for logit in logits]
    for name, loss in {
        "minimax": losses.minimax,
        "non-saturating": losses.non_saturating,
    }.items()
}
curves(
    {name: (logits, values) for name, values in G_losses.items()},
    xlabel="D's logit for a fake",
    ylabel="G's loss",
    smoothing=0,
)

# %% [markdown]
# At the left, one curve is flat and the other is steep. That is the whole difference. Both curves are *softplus*,
# log(1 + exp(x)), a bent line that never overflows; what differs is which way it is turned. You will find out how in the
# next exercises, and read the formulas after them.
#
# Two things the toy hides, to be fair. Put the bumps closer together (`distance=2`) and minimax moves too, because they
# overlap and D cannot be sure. And our G moves by plain gradient descent; with Adam, as D, it would move on even where
# slopes are small. Try both, the function is yours.

# %% [markdown]
# ### Exercise 1.2 · The discriminator's loss (level 2 of 5, about 10 minutes)
#
# D should say *large* for real and *small* for fake. Write its loss from the two sets of logits, without a sigmoid.
# `softplus(x) = log(1 + exp(x))` is all you need: almost 0 for a very negative x, almost x for a very positive one. Logits
# are any real numbers, 150 and -150 among them.
#
# <details><summary>Hint 1</summary>
#
# Fill in four numbers first: what should the loss be for real = +10? For real = -10? And for fake?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# One of the two softplus gets its logits with a minus. Each half has its own mean over the batch; the halves are added.
#
# </details>


# %%
def discriminator_loss(real_logits, fake_logits):
    """Mean over the batch of what it costs D to be wrong.

    real_logits, fake_logits: (B,) any real numbers.  Returns a scalar tensor.
    """
    ### BEGIN SOLUTION 1.2: return one number for the whole batch
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()
    ### END SOLUTION


result_1_2 = check_1_2(discriminator_loss)

# %% [markdown]
# ### Exercise 1.3 · The generator's loss (level 2 of 5, about 5 minutes)
#
# G sees D's logits for its fakes and nothing else, any real numbers. At the start they are all very negative. Write the loss
# whose slope is steep exactly there, the non-saturating one, with which the last two games arrived.
#
# <details><summary>Hint 1</summary>
#
# Ask D's question with the labels exchanged: what would D pay if these fakes were real?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# It is one half of D's loss, given the other set of logits.
#
# </details>


# %%
def generator_loss(fake_logits):
    """Mean over the batch of what it costs G when D is not fooled.

    fake_logits: (B,) any real numbers.  Returns a scalar tensor.
    """
    ### BEGIN SOLUTION 1.3: return one number for the whole batch
    return softplus(-fake_logits).mean()
    ### END SOLUTION


result_1_3 = check_1_3(generator_loss)

# %% [markdown]
# In words: D pays when a real picture scores low or a fake one high; G pays when its fake scores low. Every loss is the mean
# over a batch.
#
# <details><summary>In formulas (to open when both checks are green)</summary>
#
# $$L_D = \operatorname{softplus}(-D(\text{real})) + \operatorname{softplus}(D(\text{fake})) \qquad
# L_G = \operatorname{softplus}(-D(\text{fake}))$$
#
# </details>
#
# What you write and a check accepts is what this lesson goes on with: your functions will train the networks below. Where a
# check is not green, the library's version stands in, and an unsolved exercise never stops the lesson.

# %%
my_parts = {}  # what of yours goes into the training
if result_1_2 and result_1_3:
    my_parts["loss"] = losses.AdversarialLoss(discriminator_loss, generator_loss)

# %% [markdown]
# ## The generator: convolutions run backwards
#
# G starts from 100 numbers and has to end with 64 × 64 pixels. It does so in five layers. The first turns the latent into a
# small map of 4 × 4, many channels deep. Each layer after it doubles the side and thins the channels, until three are left:
# red, green, blue.
#
# The layer that doubles is a *transposed convolution*: every input pixel stamps a 4 × 4 pattern onto the output, two pixels
# apart from its neighbor's, and overlapping stamps add up. `nn.ConvTranspose2d(..., kernel_size=4, stride=2, padding=1)`.


# %%
def build_generator(size=64, latent=100, width=64):
    """The layers of DCGAN's generator: 4 x 4, then doubled until `size`."""
    layers = [nn.Unflatten(1, (latent, 1, 1))]
    channels, side = width * size // 8, 4
    layers += [
        nn.ConvTranspose2d(latent, channels, 4, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]
    while side < size // 2:
        layers += [
            nn.ConvTranspose2d(channels, channels // 2, 4, stride=2, padding=1, bias=False)
        ]
        layers += [nn.BatchNorm2d(channels // 2), nn.ReLU()]
        channels, side = channels // 2, side * 2
    layers += [
        nn.ConvTranspose2d(channels, 3, 4, stride=2, padding=1, bias=False),
        nn.Tanh(),
    ]
    return nn.Sequential(*layers)


x = torch.randn(1, 100)
for layer in build_generator():
    x = layer(x)
    print(f"{type(layer).__name__:<16}", tuple(x.shape[1:]))

# %% [markdown]
# Read the shapes from top to bottom: the side doubles, the channels halve. `Tanh` at the end keeps every pixel between -1
# and 1, which is why our pictures live there too.
#
# With `width=64` these are the layers of the PyTorch example, half as wide as the paper's. Ours are narrower still, so that a
# CPU trains them in minutes. Count both.

# %%
count, ours = (
    sum(parameter.numel() for parameter in build_generator(width=width).parameters())
    for width in (64, dcgan.PRESETS["cpu"].width)
)
print(f"the PyTorch example's generator: {count:,} parameters, the one we train: {ours:,}")

# %% [markdown]
# D is the same in the other direction: convolutions with stride 2, from 64 × 64 down to 4 × 4, then one number.
# `networks.Discriminator`, in `animelab/nn/dcgan.py`, is fifteen lines; from here on we use the library's two networks.
#
# What was new in 2015 was not one layer but a recipe that *trains*: no pooling, no fully connected layers inside, BatchNorm
# almost everywhere, ReLU in G, leaky ReLU in D, small first weights, Adam with a short memory. You will meet the first
# weights again below, broken on purpose.
#
# **BatchNorm** is two layers in one. While a network trains (`G.train()`, the mode it is born in), it subtracts each
# channel's mean over the batch and divides by its standard deviation: a picture then depends a little on the pictures beside
# it, and D normalizes a batch of real and a batch of fake pictures each by itself. Meanwhile it keeps running averages of
# these means and variances, in *buffers*. After `G.eval()` it uses the averages instead, and a latent gives the same
# picture in any company. `zoo.load` and everything you sample in this lesson is in that mode. Forget it, and one picture
# alone is normalized by itself.
#
# Before they train, G's pictures look like this: numbers around 0, which is the middle gray.

# %%
untrained = networks.Generator().apply(networks.initialize)
with torch.no_grad():
    noise_pictures = untrained(torch.randn(8, 100))
show(
    noise_pictures,
    alt="Eight patches of colored noise around a middle gray, with a fine regular grid: an untrained generator.",
)

# %% [markdown]
# Do you see the regular grid in the noise? Neighboring pixels come from different entries of the stamp: there are four kinds
# of places, even or odd in each direction, and nothing makes them agree. These are *checkerboard artifacts* (Odena and
# others, 2016). A stamp of 4 at stride 2 at least puts equally many stamps on every pixel inside; one of 3 would not.
# Training hides most of the grid: in the faces at the top you have to look for it. Some later generators enlarge first and
# then convolve, which avoids it.

# %% [markdown]
# ### Exercise 1.4 · First weights (level 2 of 5, about 10 minutes)
#
# DCGAN's authors drew their first weights by hand-picked rules. Every convolution, transposed or not: normal, mean 0, standard
# deviation 0.02. Every BatchNorm: scale (`weight`) normal, mean 1, standard deviation 0.02; shift (`bias`) 0.
# `network.apply(initialize)` calls your function once for every module of a network, whatever its kind.
# Modules of any other kind stay as they are. Before you run the check: what would happen to a feature if the scale were
# drawn around 0 instead?
#
# <details><summary>Hint 1</summary>
#
# `isinstance(module, nn.Conv2d)` asks for the kind; it takes several kinds at once in parentheses. Is a `ConvTranspose2d` a
# `Conv2d`?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.nn.init` has functions that write into a tensor in place; their names end in an underscore.
#
# </details>


# %%
def initialize(module):
    """Give one module its first weights, in place.

    Convolutions: N(0, 0.02).  BatchNorm: scales N(1, 0.02), shifts 0.
    """
    ### BEGIN SOLUTION 1.4: write the first weights into the module, whatever its kind
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
    ### END SOLUTION


if result_1_4 := check_1_4(initialize):
    my_parts["initialize"] = initialize

# %% [markdown]
# ## One step of the real game
#
# ### Exercise 1.5 · The discriminator takes a step (level 3 of 5, about 15 minutes)
#
# Now the two meet. G makes one fake for each latent, D looks at the real and at the fake pictures, its loss goes backward, its
# optimizer takes one step. G must not notice: no new weights, no gradients, and whatever you switch off is on again at the
# end, in either network. Gradients of an earlier step may still lie in D. Return the loss before the update, as a scalar
# tensor or a number; we want its curve.
#
# <details><summary>Hint 1</summary>
#
# Write the five sentences of the algorithm as comments first. In torch a step always has three parts: old gradients away, new
# gradients, move.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The loss reaches D's weights through its logits, and G's weights through the fakes. A tensor can be cut off from whatever
# made it.
#
# </details>


# %%
def discriminator_step(G, D, real, latents, optimizer, loss):
    """One update of D, and of D only.

    real: (B, 3, H, W);  latents: (B, latent);  optimizer: holds D's weights;
    loss(real_logits, fake_logits): a scalar.
    Returns the loss before the update.
    """
    ### BEGIN SOLUTION 1.5: update D once and return its loss
    fake = G(latents).detach()
    value = loss(D(real), D(fake))
    optimizer.zero_grad()
    value.backward()
    optimizer.step()
    return value.detach()
    ### END SOLUTION


if result_1_5 := check_1_5(discriminator_step):
    my_parts["discriminator_step"] = discriminator_step

# %% [markdown]
# That is the first half of a step. The second half belongs to G. It stands in `animelab/recipes/dcgan.py`, and training runs
# both halves 2,800 times:
#
# ```python
# with frozen(self.D):
#     loss_G = self.loss.generator(self.D(fake))
# self.update(self.G_adam, loss_G)
#
# self.G_ema.update(self.G, self.update_average)
# ```
#
# (Two more lines make the learning rates fall to 0 in the second half of the training, so that the last changes are small.)
#
# This time the gradient has to pass through D to reach G. `frozen` spares the gradients of D's own weights, since nobody
# would use them. `G_ema` is a copy of G that trails behind, an *exponential moving average* (EMA) of G's weights over the
# last steps; it makes the pictures we look at, because G itself wobbles.

# %% [markdown]
# ### Exercise 1.6 · An average of the generator (level 3 of 5, about 10 minutes)
#
# G's weights swing with every step of the game. Keep a second network that only trails behind: after each step, *decay* parts of
# what it was and *1 - decay* parts of what G is now, with decay from 0 to 1. Write into the tensors that are there, without
# recording gradients; the model stays as it is. BatchNorm's buffers have to come along (copy them, or average the floating
# ones). Decide first: with decay = 0.99, about how many steps does the average remember?
#
# <details><summary>Hint 1</summary>
#
# The new numbers must go *into* the tensors that are there. `a = ...` only gives a name to something new; `a.copy_(...)`,
# `a.mul_(...)` and `a.lerp_(...)` write.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `zip(average.parameters(), model.parameters())` walks through both networks at once; `buffers()` does the same for buffers.
# Nobody will differentiate this: `torch.no_grad()`.
#
# </details>


# %%
def update_average(average, model, decay):
    """Move `average` toward `model`, in place: decay * average + (1 - decay) * model.

    average, model: two networks with the same layers;  decay: from 0 to 1.
    """
    ### BEGIN SOLUTION 1.6: move every tensor of the average
    with torch.no_grad():
        for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for mine, theirs in zip(average.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)
    ### END SOLUTION


if result_1_6 := check_1_6(update_average):
    my_parts["update_average"] = update_average

# %% [markdown]
# ## Train
#
# `config.ema` is 0.998: the average that makes our pictures remembers about the last 500 steps (and 0.99 would remember
# about 100).
#
# `config.lr_G` is 0.001, four times `config.lr_D`. The paper has 0.0002 for both, for hours on a GPU. In minutes, with equal
# rates, D was ahead of G in our trials, and sometimes certain; a faster G kept the balance (`course/measurements.md` has
# all of the trials). This is a setting for these networks and this loss, and no law.
#
# **Predict** before you start: what will appear first, the eyes, the hair color, or the outline of the head? After how many
# seconds?
#
# Pause holds it, and Stop ends it, as the notebook's own stop button does: the step is finished, everything is saved, and
# running the cell again goes on at the same step with the same random numbers. After a crash, or when Colab throws you out,
# it goes back to the last checkpoint, at most 500 steps.

# %%
print("Yours in this training:", ", ".join(my_parts) or "nothing yet")
name = "_".join(["01_dcgan", *my_parts])  # another run for other parts
run = train(
    dcgan.DCGAN(config, **my_parts), faces, env.runs_dir() / name, watch=LiveTraining()
)

# %% [markdown]
# While it trains, watch three things.
#
# 1. **The order.** After ten seconds a gray ghost with two dark eyes: the eyes are in the same place in every picture, so
#    D misses them first. Then the outline. Then color, one for everybody at first, and only then different colors
#    for different latents. Sharp lines and matching eyes come last.
# 2. **The curves.** They do not go down, and should not. D's loss is 1.39 (two times ln 2) when it can only guess and near
#    0 when it is certain. A healthy game stays between; ours ends near 0.1, with a D that is ahead and from which G still
#    learns. The loss of a GAN measures the *balance*, not the quality; for quality you must look.
# 3. **The same faces.** The 32 latents of the grid never change. You see one character grow up, not new ones each time.
#
# And how much do settings matter? The first three rows are PyTorch's own DCGAN example on our drawings, after 3, 10 and 30 minutes of two
# slow cores: 64 channels where we have 40, 64 pictures a step, a rate of 0.0002 for both, no average. The other three are ours in
# the same minutes (`make race`; the numbers are in `course/measurements.md`).
#
# ![Three rows of eight faces by PyTorch's example: gray ghosts, then brown heads with eyes, then colored faces under noise. Three rows by the lesson's preset: colored faces with noise, then clear ones, then clear ones with finer strands of hair.](../course/figures/race_faces.jpg)
#
# From ten minutes to thirty ours gain little: D has won by then, its loss is 0.01. More of the same is not the way on; later lessons
# change the recipe.
#
# All of it was saved. Play it back, or drag across the picture.

# %%
Timelapse(run.previews)

# %% [markdown]
# ## Look
#
# Your own generator, on latents it has never seen. No picking: the first 32 of seed 7.

# %%
mine = zoo.load_run(run.folder)
show(
    mine.sample(32, seed=7),
    alt="32 faces from the generator trained in this notebook, not picked.",
)

# %% [markdown]
# Be strict. They are faces, but how many *different* ones? Count again. Ten minutes buy a few kinds of hair and eyes and many
# colors; the drawings have far more. That is the mild form of *mode collapse*, which you will meet in its severe form below.
# And look at the backgrounds: the drawings have none of that grain.
#
# Did it learn to draw, or did it memorize? Take six new faces, and for each find the closest of all the pictures in the
# training set, pixel by pixel.

# %%
fakes = mine.sample(6, seed=8)
distances = torch.cat(
    [
        torch.cdist(drawn(part).flatten(1), fakes.flatten(1))
        for part in torch.arange(len(faces)).split(1000)
    ]
)
compare(
    {"generated": fakes, "closest drawn face": drawn(distances.argmin(0))},
    alt="Six generated faces, each above the drawn face that is closest to it pixel by pixel.",
)

# %% [markdown]
# The colors agree, because pixel distance cares for colors first. Compare eyes, bangs and mouth: related, not copied. (It
# is a crude measure: the same face moved by two pixels would count as far away.)
#
# ## Walk
#
# The 100 numbers are no list of addresses with a picture at each. What lies between two faces?

# %% [markdown]
# ### Exercise 1.7 · A walk between two faces (level 4 of 5, about 15 minutes)
#
# A latent of 100 normal numbers has a length near 10, almost always: latents live near the surface of a ball. A straight line
# between two of them cuts through the inside, where G has never been. Walk along the arc instead. With the angle *omega* between
# the two directions:
#
# $$\text{slerp}(a, b, t) = \frac{\sin((1-t)\,\omega)}{\sin \omega}\, a + \frac{\sin(t\,\omega)}{\sin \omega}\, b$$
#
# Read aloud: a mixture of both, whose two shares are measured in angles. The angle is that between the directions of a and b,
# whatever their lengths. Where a row of b is parallel to its row of a (the same, or a multiple of it; sin omega below 0.001
# will do as the test), walk straight, in that row only. Before you run: how long is the latent halfway along the *straight*
# line, if both ends have length 10 and stand at a right angle?
#
# <details><summary>Hint 1</summary>
#
# The cosine of the angle is the dot product of the two *unit* vectors. For a batch, every row has its own: sum over the last
# dimension and keep it (`keepdim=True`).
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# If a and b are parallel, the formula says 0 / 0; rounding may even make the cosine 1.0000001. `clamp` helps with the second,
# and `torch.where` chooses row by row.
#
# </details>


# %%
def slerp(a, b, t):
    """The latent at part t of the arc from a to b.

    a, b: (D,) or (B, D);  t: a number from 0 to 1.  Same shape as a.
    """
    ### BEGIN SOLUTION 1.7: return a point of the arc for every row
    lengths = a.norm(dim=-1, keepdim=True) * b.norm(dim=-1, keepdim=True)
    omega = ((a * b).sum(-1, keepdim=True) / lengths).clamp(-1, 1).acos()
    arc = (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / omega.sin()
    return torch.where(omega.sin() < 1e-3, (1 - t) * a + t * b, arc)
    ### END SOLUTION


result_1_7 = check_1_7(slerp)

# %%
arc = slerp if result_1_7 else latent.slerp
a, b = torch.randn(2, config.latent, generator=torch.Generator().manual_seed(4))
path = torch.stack([arc(a, b, step / 7) for step in range(8)])
show(
    mine.generate(path),
    alt="Eight steps from one face to another, every one of them a face.",
)

# %% [markdown]
# (Halfway along a straight line the latent would have had a length of about 7, where G has never been.)
#
# No picture in the training set is half of one character and half of another. D never asked for this; it comes from G being
# continuous and from latents that lie close together. It is also some evidence that G did not memorize.

# %%
LatentExplorer(mine)

# %% [markdown]
# ## Four ways to fail
#
# GANs are famous for breaking. Break some on purpose, so that you know the signs when you meet them. We use 32 × 32 pixels
# and a small network, so that every failure costs about 12 seconds. First a healthy run to compare with.

# %%
side = config.size // 32
blocks = faces.pixels.reshape(-1, 32, side, 32, side, 3)  # every block becomes its mean
small_faces = Pictures(blocks.mean((2, 4)).astype(np.uint8), "faces at 32 px")
results = {}


def quick(name, data=small_faces, parts=my_parts, **changes):
    """500 steps at 32 pixels with some settings changed; keeps 8 faces and the losses."""
    folder = env.runs_dir() / f"01_{name}"
    shutil.rmtree(folder, ignore_errors=True)  # always from the beginning
    small = {"size": 32, "width": 24, "decay": 0, "ema": 0.98, "log_every": 10}
    small["steps"] = 500 if env.scale() == "full" else 10
    recipe = dcgan.DCGAN(dcgan.preset("cpu", **(small | changes)), **parts)
    run = train(recipe, data, folder)
    if not run.finished:
        raise KeyboardInterrupt
    results[name] = zoo.load_run(run.folder).sample(8, seed=1), run.history


quick("healthy")

# %% [markdown]
# **Failure 1: D wins.** Give D a learning rate forty times G's and it is certain before G makes anything like a face. In the
# toy that did no harm under the non-saturating loss, and here its slope does not vanish either. But in 3,072 dimensions
# there are many ways to be sure, and the gradient follows the one D has found; faces are not needed for it.
#
# **Failure 2: mode collapse.** The other way round: G runs, D crawls. G finds one face that D takes for real and makes it for
# every latent. When D has finally learned that face, G moves on to the next.
#
# **Failure 3: wrong first weights.** The paper draws its convolutions with a deviation of 0.02. Here they get 0.5. Nothing
# else changes, and BatchNorm rescales whatever passes through it. After G's last layer there is none.
#
# **Predict** which of the three will look worst after 500 steps, then run them. The seed is fixed.


# %%
@torch.no_grad()
def large_weights(module):
    my_parts.get("initialize", networks.initialize)(module)
    if getattr(module, "weight", torch.empty(0)).ndim == 4:
        module.weight *= 25  # 0.02 becomes 0.5


quick("D wins", lr_G=1e-4, lr_D=4e-3)
quick("mode collapse", lr_G=6e-3, lr_D=1e-4)
quick("wrong first weights", parts=my_parts | {"initialize": large_weights})

# %% [markdown]
# **Failure 4: dirty data.** No loss curve will show you this one. Crawled sets are full of pictures
# that are not faces: a shoulder, a shoe, a page of text, a thumbnail upside down. We mix in so many that they are 15%.
# Ours are cut from our own drawings, by a crop that missed and a rotation that should not have happened.


# %%
def junk(count, seed=0):
    """What a careless crawler brings home: a corner of a picture instead of the face, often turned."""
    random = torch.Generator().manual_seed(seed)
    pages = []
    for picture in torch.from_numpy(
        StudioFaces(64, count, seed=1, prior="full").pixels.copy()
    ):
        x, y, turns = (int(torch.randint(2, (1,), generator=random)) for _ in range(3))
        corner = picture[48 * y : 48 * y + 16, 48 * x : 48 * x + 16]
        pages.append(
            torch.rot90(corner.repeat_interleave(2, 0).repeat_interleave(2, 1), turns)
        )
    return torch.stack(pages).numpy()


trash = junk(int(0.15 * len(small_faces) / 0.85))
dirty = Pictures(np.concatenate([small_faces.pixels, trash]), "faces with 15% junk")
quick("dirty data", dirty)
show(
    trash[:8],
    scale=3,
    alt="Eight corners of drawings: sleeves, the ends of hair, background.",
    caption="The junk.",
)

# %%
compare(
    {name: pictures for name, (pictures, _) in results.items()},
    alt="Five rows of eight generated faces: healthy, D wins, mode collapse, wrong first weights, dirty data.",
)

# %% [markdown]
# **Predict:** which of these failures could you have seen in the curves alone?

# %%
curves(
    {
        f"D, {name}": ([row["step"] for row in history], [row["D"] for row in history])
        for name, (_, history) in results.items()
    }
)

# %% [markdown]
# Two of the four. Where D wins, and with the wrong first weights, D's loss falls toward 0. But the run that collapsed
# has the loss of a perfect draw, about 1.4, and looks like the best-balanced game of all. And dirty data looks exactly like
# health, while some of the faces dissolve into pages and sleeves. Nobody measures that for you: look at your pictures, the
# training set first.
#
# The cures, in the order to try them: D wins: lower `lr_D`. Mode collapse: lower `lr_G`, or raise `lr_D` a little.
# Noise from the start: compare the first weights with the paper's. Odd faces: throw out what does not belong. Change one
# word in a call of `quick` above, predict, run.

# %% [markdown]
# ## Ten years later
#
# DCGAN's two networks have aged well. The game has changed. What follows is the game of **R3GAN** (2024) on the networks you know;
# each change is a line or two.
#
# 1. **Pairs.** D is no longer asked "is this real?" but "is this real picture more real than that fake?" Its loss is
#    `softplus(fake - real)`, so only the *difference* of the two logits counts, and G wants it the other way round. One
#    believable face for every latent does not win this game: each fake stands beside a real picture of its own.
# 2. **Gentle slopes.** Where D is steep, a small change of a picture changes its logit a lot, and G is pushed hard in a direction
#    that may be noise. Two penalties hold the squared slope of D down, at the real pictures (*R1*) and at the fakes (*R2*).
#    Lesson 6 takes the first one apart.
# 3. **No BatchNorm in D.** With it, the logit of a picture depends on the others in its batch, and the slope at *one* picture
#    means little.
# 4. **One more map.** What D may know of the batch it gets in one number, how much its pictures differ (*minibatch standard
#    deviation*). A G that draws one face for all is found out by it.
#
# The generator stays. This is the step, from `animelab/recipes/r3gan.py`, without what you have seen (`D.score` gives its logits):
#
# ```python
# loss_D = self.loss(real_logits, fake_logits)  # softplus(fake - real)
# steep = r3gan.steepness(self.penalty, self.D.score, real, fake)  # half of R1 + R2, in every fourth step
#
# loss_G = self.loss(fake_logits, self.D.score(real))  # the same, with the two exchanged
# ```
#
# Both games once more at 32 pixels, with the same generator, the same pictures and the same number of steps. **Predict:** which one
# shows more hair colors after 500 steps?

# %%
folder = env.runs_dir() / "01_r3gan"
shutil.rmtree(folder, ignore_errors=True)
young = r3gan.preset(
    "cpu", size=32, width=24, steps=500 if env.scale() == "full" else 10, decay=0, ema=0.98
)
train(r3gan.R3GAN(young), small_faces, folder)
compare(
    {
        "DCGAN's game": results["healthy"][0],
        "R3GAN's game": zoo.load_run(folder).sample(8, seed=1),
    },
    alt="Two rows of eight generated faces of 32 pixels, from the same generator after two different games.",
)

# %% [markdown]
# And at 64 pixels, the two bundled models in numbers. Lesson 2 explains all three: `fd_studio` is how far a crowd of pictures is
# from a crowd of drawn ones (smaller is better), *rank* how many directions they differ in, *twins* the share of pictures
# that have a near copy.

# %%
crowd = 1024 if env.scale() == "full" else 260  # fd_studio wants 257
drawn_faces = StudioFaces(64, crowd, prior="frontal", split="test").batch(range(crowd))
print(f"{'':16}{'fd_studio':>10}{'rank':>7}{'twins':>7}")
for name in ("dcgan-faces-64", "r3gan-faces-64"):
    made = zoo.load(name).sample(crowd, seed=0)
    spread = metrics.variety(made, drawn_faces)
    print(
        f"{name:16}{metrics.fd_studio(drawn_faces, made):10.1f}{spread['rank']:7.1f}{spread['twins']:7.2f}"
    )

# %% [markdown]
# In our run, one seed each, half of the upper row had blue hair after 500 steps; in the lower row all eight differ.
# Their eyes are no better. A step cost twice the time (31 seconds for all of them, 15 for DCGAN's), most of it for the two penalties: a
# gradient of a gradient is a second way back through the network.
#
# | | seen | fd_studio | rank | twins |
# |---|---|---|---|---|
# | `dcgan-faces-64` | 89,600 pictures | 183.9 | 6.7 | 0.72 |
# | `r3gan-faces-64` | 76,800 pictures | 65.7 | 13.5 | 0.00 |
# | drawn | | | 13.0 | 0.01 |
#
# No twins, and as many directions as the drawings have. Look again at the first screen for what is missing: the walls are streaked,
# and some eyes are of two colors.
#
# To train it yourself at 64 pixels: `animelab train r3gan --preset cpu --out runs/r3gan`. At the 92 pictures a second we saw on two idle
# cores that takes 14 minutes. The slopes have to be exact, by the way. We also tried to guess them from two nearby pictures, which costs
# about as much: at 32 pixels, after the same two minutes, the distance was 255 instead of 101.
#
# ## A quiz, for honesty
#
# Choose an answer, then open it.
#
# **1. Our D ends in a plain number, without a sigmoid. Why?**
#
# <details><summary>A. A sigmoid would make D too strong.</summary>
#
# Not quite. A sigmoid does not change which pictures D prefers, so it makes it neither stronger nor weaker.
#
# </details>
# <details><summary>B. The loss does the sigmoid's work on the logits, without rounding to 0 or 1.</summary>
#
# Right. `softplus` holds both the sigmoid and the logarithm, and stays exact at 150, where exp overflows.
#
# </details>
# <details><summary>C. Without a sigmoid D's answers are probabilities already.</summary>
#
# Not quite. A logit is any real number; it becomes a probability only after a sigmoid.
#
# </details>
#
# **2. After 200 steps on pictures D's loss is 0.001 and stays there. What has happened?**
#
# <details><summary>A. D tells all fakes from real pictures, and what it tells G is of little use.</summary>
#
# Right. The gradient is not flat, thanks to the loss, but it follows whatever detail makes D sure. In the toy it could only
# point to the real bump.
#
# </details>
# <details><summary>B. Training is finished: a loss near 0 is the goal.</summary>
#
# Not quite. In a game the loss of one player says nothing about the pictures; look at them.
#
# </details>
# <details><summary>C. G has learned to fool D every time.</summary>
#
# Not quite. Then D's loss would be large; where it can only guess it is near 1.4, twice log 2.
#
# </details>
#
# **3. In D's step the fakes are detached. What would happen without it?**
#
# <details><summary>A. D could not learn from the fakes.</summary>
#
# Not quite. D learns from them either way: its own gradients do not pass through G.
#
# </details>
# <details><summary>B. The fakes would change while D looks at them.</summary>
#
# Not quite. Nothing moves before an optimizer steps, and the pictures are computed already.
#
# </details>
# <details><summary>C. D's loss would send gradients into G as well, which wastes time and asks G to help D.</summary>
#
# Right. If G's next step does not clear them, G walks in a direction that D chose.
#
# </details>
#
# **4. Someone draws every parameter from N(0, 0.02), the scales of BatchNorm too. What do they see?**
#
# <details><summary>A. The same as with N(1, 0.02): the next BatchNorm makes up for it.</summary>
#
# Not quite. It does, layer by layer; but behind the last one there is none, and what comes out is almost 0.
#
# </details>
# <details><summary>B. Gray first pictures, and a D whose logits hardly differ.</summary>
#
# Right. The gradients on the way back are far smaller, too, which Adam partly hides.
#
# </details>
# <details><summary>C. An error, because a scale must be positive.</summary>
#
# Not quite. A negative scale is allowed: it turns a feature upside down and says nothing.
#
# </details>
#
# **5. You sample from the averaged copy of G instead of G. What is different?**
#
# <details><summary>A. The pictures are calmer, because the average does not follow every swing of the game.</summary>
#
# Right. G circles around good weights, and the middle of the circle is often better than any point on it.
#
# </details>
# <details><summary>B. G trains faster, because it learns from the average.</summary>
#
# Not quite. The average only watches: no gradient comes from it, and G never sees it.
#
# </details>
# <details><summary>C. The pictures are blurred, because it averages pictures.</summary>
#
# Not quite. It averages weights; each picture is drawn once, by one network.
#
# </details>
#
# **6. Which grid of 64 samples shows mode collapse?**
#
# <details><summary>A. 64 different faces, all of them noisy.</summary>
#
# Not quite. Noise with variety is a young G, or a weak one; keep training before you worry.
#
# </details>
# <details><summary>B. The same few faces again and again, whatever the latents.</summary>
#
# Right. G found a few faces that D believes, and draws only these, however good they look.
#
# </details>
# <details><summary>C. 64 gray squares.</summary>
#
# Not quite. G has learned nothing yet: look at its first weights, and whether gradients reach it.
#
# </details>
#
# ## What went wrong for others
#
# - **"D loss goes to 0, G loss to 100, pictures are noise."** (pytorch/examples #822.) D won. In this order: halve
#   `lr_D`, double `lr_G`, halve the batch. Each is one word in `dcgan.preset("cpu", lr_D=...)`.
# - **"I changed the picture size and it crashes."** (pytorch/examples #70.) Both networks need another layer. Ours take
#   `size=128` and add it for you.
# - **"My rewritten version does not train."** (pytorch/examples #567.) Compare first weights and BatchNorm first. A popular
#   textbook draws *every* parameter from N(0, 0.02), BatchNorm's scale included, which should be near 1. We tried that, 500
#   steps at 32 pixels: the network recovered, and its colors were even livelier early on. Bugs in GANs do not always look
#   like bugs. That is what makes them hard to find.
# - **"It was better yesterday."** (soumith/ganhacks #36.) GANs do not converge, they wander. Keep checkpoints and the average
#   of the weights, and compare on fixed latents.
# - **"Colab threw me out after four hours."** Tick `save_to_drive` in the set-up cell and run the notebook again: it goes on.
#
# ## Assignment: your own cast
#
# Level 4 of 5, an evening. Make a generator for *one* kind of character.
#
# 1. Choose a narrower or a wider world: a `Prior` of your own (`from animelab.studio import Prior`), or a folder of pictures you
#    have the right to use, with `ImageFolder("my_pictures", size=64)` from `animelab.data`. Look at 64 of them before you train, and throw out
#    what does not belong.
# 2. Train with `dcgan.preset("cpu")`. Then change **one** setting, say why, predict what happens, and train again.
# 3. Hand in: both grids from the same seed, unpicked; both loss curves; the time lapse; half a page on what you predicted
#    and what happened. A failed run, explained, counts as much as a pretty one.
#
# ## References
#
# - Radford, Metz, Chintala: *Unsupervised Representation Learning with Deep Convolutional GANs*, 2015, arXiv 1511.06434.
# - Goodfellow et al.: *Generative Adversarial Nets*, 2014, arXiv 1406.2661. Section 3 has both losses of G.
# - Arjovsky, Bottou: *Towards Principled Methods for Training Generative Adversarial Networks*, 2017, arXiv 1701.04862. What
#   a perfect D does to G's gradients.
# - Odena, Dumoulin, Olah: *Deconvolution and Checkerboard Artifacts*, 2016, distill.pub/2016/deconv-checkerboard.
# - Yazıcı et al.: *The Unusual Effectiveness of Averaging in GAN Training*, 2018, arXiv 1806.04498.
# - Huang, Gokaslan, Kuleshov, Tompkin: *The GAN is dead; long live the GAN! A Modern Baseline GAN*, 2024, arXiv 2501.05441.
# - The PyTorch example whose layers and parameter counts these networks match: `pytorch/examples`, folder `dcgan`.
#
# **Next:** take the drawings apart, and measure this generator: [2 · The studio](02_studio.ipynb).
