# ---
# jupyter:
#   animelab:
#     assignment: hw04
#     minutes: 420
#     plant: 1
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Homework 4 · A hero who stays herself: StyleGAN2 and editing
#
# **You will make:** a generator that draws whole panels, a loss that keeps an edit at home, a training step that learns a new
# costume from few drawings, a repaired machine that brings *your* character into a generator, and a generator of witches.
#
# **Why it matters to someone who makes comics:** a comic needs the same girl three hundred times. Lesson 7 moved faces that
# the generator had made up. A publisher sends you *hers*, with a hat that no generator has seen, and wants her to smile in
# panel 4 without a single lock of hair out of place.
#
# **Before you begin:** lessons 6 and 7. **Time:** about seven hours with the training, most of them yours.
#
# | task | what you hand in | points | marked by |
# |---|---|---|---|
# | 1 | a generator from its table | 16 | the grader |
# | 2 | a loss: an edit that stays at home | 14 | the grader |
# | 3 | a whole step of the game, with few drawings | 20 | the grader |
# | 4 | two bugs in a machine that works elsewhere | 18 | the grader |
# | model | weights of a model: witches | 20 | the grader |
# | claim | a claim, measured and defended, in words and one picture | 12 | a human, by the rubric |
# | | | 100 | |
#
# **Your copy is your own.** Numbers and rules in this notebook were drawn for you, and so were the bugs; your neighbor's are most
# likely others. Read each rule here, even where it looks like the lesson's: somewhere it is not.
#
# **How it is graded.** The grader runs this notebook from top to bottom, in a closed room without network, on one core. All
# cells and its questions together have 100 seconds, so training does not belong in here (the section *Model* says where). Then it calls
# your functions with inputs you have not seen, and compares what comes back with the right answers, to one part in a thousand or
# finer: numbers, gradients, weights after several steps, what was left behind. Each named part of a task counts by itself. Keep the
# names and arguments of the functions; everything else is yours: more cells, more functions, other imports.
#
# **Help.** Books, pages, people and assistants are allowed. Under each task say in one line what helped, and with what; an empty line
# means that nothing did. You answer for every line: some of you, drawn by lot, explain one task in five minutes, and get its points
# for what you can explain. (If your course has other rules, they hold.)

# %% tags=["hidden"]
import copy

from animelab.homework import choose, claim, model, task

# %% tags=["setup"]
from animelab import env

env.start()

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import (
    avg_pool2d,
    conv2d,
    cosine_similarity,
    interpolate,
    kl_div,
    leaky_relu,
    log_softmax,
    softmax,
    softplus,
)

from animelab import latent, studio, zoo
from animelab.data import StudioAttributes
from animelab.viz import compare, show

# %% [markdown]
# ## Where we are going
#
# Eight witches that the studio drew, and eight faces of lesson 6's generator. It has seen 235,200 pictures, and nobody in them
# wore a hat like that.

# %% tags=["demo"]
faces = zoo.load("stylegan2-faces-64")
witches = StudioAttributes(64, 8, prior="frontal+headwear=witch hat", split="test")
compare(
    {"drawn": witches.batch(range(8))[0], "generated": faces.sample(8, seed=2)},
    alt="Eight drawn faces under wide brims with a band; eight generated faces without any hat.",
)

# %% [markdown]
# ## Your numbers
#
# Do not change them: they are what the machine expects of you.

# %%
WIDTH = choose("width", 8, 12, 16, 20)  # channels
LATENT = choose("latent", 20, 24, 28, 32)  # numbers in z and in w
HIGH = choose("high", 2, 3)  # the first map, in pixels
WIDE = choose("wide", 4, 5, 6, 7)
DOUBLING = choose("doubling", "nearest", "bilinear")
GATE = choose("gate", "sigmoid", "1 + tanh")

# %% [markdown]
# ## Task 1 · A panel is not square (16 points, about 80 minutes)
#
# Look at any page of a comic: hardly a panel is square. StyleGAN2's first map is 4 x 4 because photographs of faces are. Yours
# is {{high}} x {{wide}}, and it draws panels. We also let w decide twice in each layer: before the convolution how loud each
# channel goes in (the style you know), and after it how far each channel's *gate* is open.
#
# ```
# z ──► mapping ──► w            grain[0]             grain[1]              grain[2]
#                   │               ▼                    ▼                     ▼
#      start ───────┼──► [ stage 0: {{high}} x {{wide}} ] ─double─► [ stage 1 ] ─double─► [ stage 2 ]
#                   │               │ to_rgb             │ to_rgb              │ to_rgb
#                   │               ▼                    ▼                     ▼
#                   │            picture ──double──►  +  picture ──double──►  +  picture, four times as high and wide
#                   └──► in every stage three times: style, gate, to_rgb's style
# ```
#
# **The mapping.** z (B, {{latent}}) to w (B, {{latent}}):
#
# | step | weights |
# |---|---|
# | divide each row by the root of its mean square (1e-8 added under the root) | |
# | linear, leaky ReLU of slope 0.2 | ({{latent}}, {{latent}}) and ({{latent}},) |
# | linear, leaky ReLU of slope 0.2, **added to what went in** | the same |
# | linear, leaky ReLU of slope 0.2, **added to what went in** | the same |
#
# **The synthesis** begins with a learned map ({{width}}, {{high}}, {{wide}}), the same for every picture. Stages 0, 1 and 2 have
# `in` to `out` channels: {{width}} to {{width}}, {{width}} to {{width}}, {{width}} to half of {{width}}. A stage does, in this order:
#
# | step | weights |
# |---|---|
# | stages 1 and 2 only: double the map, by `interpolate(..., scale_factor=2, mode="{{doubling}}")` | |
# | style: linear of w, plus 1; multiply the channels by it | (in, LATENT) and (in,) |
# | convolution 3 x 3, zeros around, no bias | (out, in, 3, 3) |
# | divide each channel of each picture by its expected deviation, as in lesson 6 (1e-8 added to the sum of squares) | |
# | add the stage's grain, (B, 1, high, wide), times a strength for each channel | (out,) |
# | add a bias, leaky ReLU of slope 0.2, times the root of 2 | (out,) |
# | gate: `{{gate}}` of a linear of w; multiply the channels by it | (out, LATENT) and (out,) |
# | to_rgb: linear of w, plus 1, multiplies the channels; convolution 1 x 1 to 3 channels, not divided by anything; a bias | (out, LATENT), (out,), (3, out, 1, 1), (3,) |
# | stages 1 and 2: add to the picture so far, which was doubled in the same way | |
#
# The picture goes out as it is: no tanh, no clamp. Names and order of the weights are up to you, their shapes are not (axes of
# length 1 do not count). A bias is as long as its layer is wide; there are no other weights and no buffers.
#
# `draw` takes a row of w for each stage, so that two parents can share a panel. `forward` gives all stages the same row.


# %%
class PanelGenerator(nn.Module):
    """z (B, LATENT), and three maps of grain, to panels (B, 3, 4 HIGH, 4 WIDE)."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION 1: all weights of both tables, and nothing else
        self.layers = nn.ModuleList(nn.Linear(LATENT, LATENT) for _ in range(3))
        self.start = nn.Parameter(torch.randn(WIDTH, HIGH, WIDE))
        inputs, outputs = (WIDTH, WIDTH, WIDTH), (WIDTH, WIDTH, WIDTH // 2)
        self.style = nn.ModuleList(nn.Linear(LATENT, count) for count in inputs)
        self.gate = nn.ModuleList(nn.Linear(LATENT, count) for count in outputs)
        self.rgb_style = nn.ModuleList(nn.Linear(LATENT, count) for count in outputs)
        self.conv, self.strength, self.bias, self.rgb = (
            nn.ParameterList() for _ in range(4)
        )
        self.rgb_bias = nn.ParameterList()
        for before, after in zip(inputs, outputs):
            self.conv.append(nn.Parameter(torch.randn(after, before, 3, 3)))
            self.strength.append(nn.Parameter(torch.zeros(after)))
            self.bias.append(nn.Parameter(torch.zeros(after)))
            self.rgb.append(nn.Parameter(torch.randn(3, after, 1, 1)))
            self.rgb_bias.append(nn.Parameter(torch.zeros(3)))
        ### END SOLUTION

    def mapping(self, z):
        """z (B, LATENT) to w (B, LATENT)."""
        ### BEGIN SOLUTION 1: a normalized row, and three layers, two of which are added
        x = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
        x = leaky_relu(self.layers[0](x), 0.2)
        for layer in self.layers[1:]:
            x = x + leaky_relu(layer(x), 0.2)
        return x
        ### END SOLUTION

    def draw(self, rows, grain):
        """Panels (B, 3, 4 HIGH, 4 WIDE).

        rows: (B, 3, LATENT), a w for each stage;  grain: a list of three, (B, 1, high, wide) of each stage's size.
        """
        ### BEGIN SOLUTION 1: three stages, and a sum of three pictures
        x, picture = self.start.expand(len(rows), -1, -1, -1), None
        for stage, noise in enumerate(grain):
            w = rows[:, stage]
            if stage:
                x, picture = (self.doubled(each) for each in (x, picture))
            x = self.layer(x, w, stage, noise)
            part = x * (self.rgb_style[stage](w) + 1)[:, :, None, None]
            part = conv2d(part, self.rgb[stage], self.rgb_bias[stage])
            picture = part if picture is None else picture + part
        return picture

    def doubled(self, x):
        return interpolate(x, scale_factor=2, mode=DOUBLING)

    def layer(self, x, w, stage, noise):
        style, weight = self.style[stage](w) + 1, self.conv[stage]
        x = conv2d(x * style[:, :, None, None], weight, padding=1)
        expected = (style.square() @ weight.square().sum((2, 3)).T + 1e-8).sqrt()
        x = x / expected[:, :, None, None] + noise * self.strength[stage][:, None, None]
        x = leaky_relu(x + self.bias[stage][:, None, None], 0.2) * 2**0.5
        gate = self.gate[stage](w)
        gate = gate.sigmoid() if GATE == "sigmoid" else 1 + gate.tanh()
        return x * gate[:, :, None, None]
        ### END SOLUTION

    def forward(self, z, grain):
        return self.draw(self.mapping(z)[:, None].expand(-1, 3, -1), grain)


# %% [markdown]
# Look before you hand it in. A generator that was never trained draws colored fog, and if you change one row of three, fog of
# another kind. (The first row decides what, the last one how it is colored, even here. Why?)

# %% tags=["demo"]
torch.manual_seed(0)
panels = PanelGenerator()
grain = [torch.randn(6, 1, HIGH * scale, WIDE * scale) for scale in (1, 2, 4)]
with torch.no_grad():
    w = panels.mapping(torch.randn(6, LATENT))[:, None].repeat(1, 3, 1)
    other = w.clone()
    other[:, 2] = w[:, 2].roll(1, 0)
    rows = {
        "six z": panels.draw(w, grain),
        "the neighbor's last row": panels.draw(other, grain),
    }
scale = max(float(each.std()) for each in rows.values())
compare({words: (each / (2 * scale)).clamp(-1, 1) for words, each in rows.items()}, scale=8,
        alt="Six wide panels of colored fog, and the same with other colors.")  # fmt: skip

# %% [markdown]
# *What helped, with what:*
#
# ## Task 2 · An edit that stays at home (14 points, about 60 minutes)
#
# Lesson 7 ended with a table of what else moves when hair turns blonde: everything, a little. InterFaceGAN does not know what
# "else" is. You do, because you can draw a mask around the mouth. So let us *train* a direction, by a loss with three terms.
#
# From each point, take a step along the direction and a step back. Call the three pictures *minus*, *middle* and *plus*.
#
# 1. **Goal.** The score of *plus* should be above the score of *minus* by a margin of {{margin}}. What is missing to the
#    margin is the cost, and nothing is gained beyond it. Mean over the batch.
# 2. **Away.** Where the mask `home` is 0, *plus* and *minus* should be the same picture; where it is between 0 and 1, they should
#    be to that part. Take the differences of all three channels, absolute, to the power {{power}}, times 1 - home. Their sum, over the
#    sum of 1 - home *counted for all three channels*, plus 1e-6, is a picture's cost. Mean over the batch.
# 3. **Bend.** A slider should do the same on either side. Mean over all numbers of the square of *plus* + *minus* - 2 *middle*.
#
# The loss is goal + {{price}} · away + {{stiff}} · bend. A step is {{reach}} long: the direction has a row for each layer, and all rows
# *together* have the length {{reach}}, whatever length the direction comes in. Gradients go to the direction. Nothing else learns, and
# nothing else changes; you do not call `backward`.

# %%
REACH = choose("reach", 0.8, 1.2, 1.5, 2.0)
MARGIN = choose("margin", 0.75, 1.5, 2.0, 2.5)
POWER = choose("power", 1, 1.5, 2)
PRICE = choose("price", 3.0, 4.0, 5.0, 8.0)
STIFF = choose("stiff", 0.25, 0.5, 1.0)


# %%
def stay_home_loss(draw, score, points, direction, home):
    """What an editing direction costs.

    draw: points (B, rows, latent) to pictures (B, 3, H, W);  score: pictures to (B,), more is better;
    points: (B, rows, latent);  direction: (rows, latent), of any length above 0;  home: (B, 1, H, W) from 0 to 1.
    Returns a scalar.
    """
    ### BEGIN SOLUTION 2: one step, three pictures, three terms
    step = REACH * direction / direction.norm()
    minus, middle, plus = (draw(points + side * step) for side in (-1, 0, 1))
    goal = (MARGIN - (score(plus) - score(minus))).relu().mean()
    outside = 1 - home
    apart = ((plus - minus).abs() ** POWER * outside).sum((1, 2, 3))
    away = (apart / (3 * outside.sum((1, 2, 3)) + 1e-6)).mean()
    bend = (plus + minus - 2 * middle).square().mean()
    return goal + PRICE * away + STIFF * bend
    ### END SOLUTION


# %% [markdown]
# Try it on the real thing: a direction for *open mouth*, trained on two faces in eight steps. (Two hundred steps and more faces make a
# better one. Eight are enough to see whether the loss falls.)


# %% tags=["demo"]
def trained_direction(loss, goal="open mouth", count=2, steps=8):
    """A direction of lesson 6's generator, (10, 512), trained for a goal of studio.TAGS in the face alone."""
    G, orders = faces.generator, faces.orders(count, seed=1)
    with torch.no_grad():
        points = G.mapping(faces.latents(count, seed=1), orders)[:, None].repeat(1, 10, 1)
    home = torch.zeros(count, 1, 64, 64)
    home[:, :, 40:60, 16:48] = 1  # mouth and chin

    def draw(points):
        return G.synthesis(points).clamp(-1, 1)

    column, network = studio.TAGS.index(goal), zoo.network("examiner")
    torch.manual_seed(0)
    direction = torch.randn(10, 512).requires_grad_()
    optimizer = torch.optim.Adam([direction], 0.1)
    for step in range(steps):
        value = loss(
            draw, lambda pictures: network(pictures)[:, column], points, direction, home
        )
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if step % 2 == 0:
            print(f"step {step:3}  loss {float(value):.3f}")
    return direction.detach()


direction = trained_direction(stay_home_loss)

# %% [markdown]
# *What helped, with what:*
#
# ## Task 3 · A costume from few drawings (20 points, about 90 minutes)
#
# You have forty drawings of the new costume, and a generator that can draw faces. Fine-tune it as lesson 6 does, and after some
# hundred steps it draws forty people. Two things help.
#
# **Freeze part of D.** What an edge is, D knows already. Its first {{frozen}} blocks do not learn.
#
# **Keep the distances.** (After Ojha and others 2021.) Nobody can say which witch a z should become. But if the old generator draws
# two latents much alike, so should the new one. Write down for each picture of a batch how near it is to all the others, in the old
# generator and in the new one, and ask that the two lists agree:
#
# ```
# old G:  z1 z2 z3 z4  ─►  how near is picture 1 to 2, 3, 4?  ─softmax─►  (0.7, 0.2, 0.1) ─┐
#                                                                                          ├─ KL
# new G:  z1 z2 z3 z4  ─►  how near is picture 1 to 2, 3, 4?  ─softmax─►  (0.4, 0.4, 0.2) ─┘
# ```
#
# Write the whole step: one update of D, one of G, one of the average. In this order:
#
# 1. G draws from `z`, **once** in the whole step (it has batch norm, and would count a second time). D's step takes this picture
#    without its history.
# 2. D's loss: mean softplus(-D(real)) + mean softplus(D(fake)). In every {{every}}th step, the first one included, add {{every}} times
#    {{gamma}} / 2 times R1 at the real pictures: lesson 6's penalty. It is one loss and one update. The first {{frozen}} of `D.blocks`
#    keep their weights.
# 3. G's loss, with D as it is *after* its update: mean softplus(-D(fake)) + {{keep}} times the distances' loss. No gradient is stored in D,
#    nor in the old generator.
#    - Flatten the pictures of a batch. For each picture i, take the cosine with every other picture j, without itself.
#    - Softmax over the others, after a division by the temperature {{temperature}}.
#    - Kullback-Leibler divergence: the sum over j of old · (log old - log new), and the mean over i.
#    - The old generator is in evaluation mode and stays there.
# 4. The average of G: decay 0.5 ** (batch size / {{half}}). Parameters and floating buffers move toward G's, counters are copied.
# 5. `game.steps` goes up by one. Return the three numbers as `{"D": ..., "G": ..., "KL": ...}`: D's whole loss with its penalty, G's
#    whole loss, the divergence before it is multiplied; tensors without history.
#
# Gradients of an earlier step may lie around when yours begins. Afterwards every `requires_grad` and every mode is what it was.

# %%
FROZEN = choose("frozen", 1, 2)
EVERY = choose("every", 2, 3, 4)
GAMMA = choose("gamma", 0.5, 1.0, 2.0)
KEEP = choose("keep", 2.0, 3.0, 5.0, 10.0)
TEMPERATURE = choose("temperature", 0.1, 0.25, 0.5)
HALF = choose("half", 30, 60, 100)


@dataclass
class Game:
    """Two players, their optimizers, and what they began from.

    G, before, average: z (B, latent) to pictures (B, 3, H, W);  D: pictures to logits (B,), by D.blocks, one after another,
    and D.head.
    """

    G: nn.Module
    D: nn.Module
    before: nn.Module  # G as it was, in evaluation mode
    average: nn.Module  # the running average of G
    G_adam: torch.optim.Optimizer
    D_adam: torch.optim.Optimizer
    steps: int = 0


# %%
def step(game, real, z):
    """One step of fine-tuning. real: (B, 3, H, W);  z: (B, latent).  Returns {"D": ..., "G": ..., "KL": ...}."""
    ### BEGIN SOLUTION 3: D, then G, then the average
    fake = game.G(z)
    loss_D = step_of_D(game, real, fake.detach())
    loss_G, distances = step_of_G(game, fake, z)
    follow(game, len(z))
    game.steps += 1
    return {"D": loss_D.detach(), "G": loss_G.detach(), "KL": distances.detach()}


def step_of_D(game, real, fake):
    frozen = [
        weight
        for block in game.D.blocks[:FROZEN]
        for weight in block.parameters()
        if weight.requires_grad
    ]
    for weight in frozen:
        weight.requires_grad_(False)
    penalized = game.steps % EVERY == 0
    real = real.detach().clone().requires_grad_(penalized)
    logits = game.D(real)
    loss = softplus(-logits).mean() + softplus(game.D(fake)).mean()
    if penalized:
        (slopes,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
        loss = loss + EVERY * GAMMA / 2 * slopes.square().sum((1, 2, 3)).mean()
    game.D_adam.zero_grad()
    loss.backward()
    game.D_adam.step()
    for weight in frozen:
        weight.requires_grad_(True)
    return loss


def nearness(pictures):
    """Cosines with the other pictures of a batch, over the temperature: (B, B - 1)."""
    flat, count = pictures.flatten(1), len(pictures)
    cosines = cosine_similarity(flat[:, None], flat[None], dim=2) / TEMPERATURE
    others = ~torch.eye(count, dtype=torch.bool)
    return cosines[others].view(count, count - 1)


def step_of_G(game, fake, z):
    with torch.no_grad():
        old = softmax(nearness(game.before(z)), 1)
    distances = kl_div(log_softmax(nearness(fake), 1), old, reduction="batchmean")
    weights = [weight for weight in game.D.parameters() if weight.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    loss = softplus(-game.D(fake)).mean() + KEEP * distances
    game.G_adam.zero_grad()
    loss.backward()
    game.G_adam.step()
    for weight in weights:
        weight.requires_grad_(True)
    return loss, distances


@torch.no_grad()
def follow(game, batch):
    decay = 0.5 ** (batch / HALF)
    states = zip(game.average.state_dict().values(), game.G.state_dict().values())
    for mine, theirs in states:
        if mine.is_floating_point():
            mine.lerp_(theirs, 1 - decay)
        else:
            mine.copy_(theirs)
    ### END SOLUTION


# %% [markdown]
# **Before you hand it in,** three questions that cost a line each. With `KEEP` at 0 and a D that never learns, does G's loss fall? Are
# the first blocks' weights the same before and after? Does the divergence begin at 0, when G still is the old one? (Almost: one of the
# two generators is in training mode. What does its batch norm do differently?)
#
# *What helped, with what:*
#
# ## Task 4 · Two bugs in a machine that works elsewhere (18 points, about 75 minutes)
#
# This is *pivotal tuning* (Roich and others 2021), the way to bring in somebody whom the generator cannot draw. First search for the
# nearest point it can: the *pivot*. Then change the generator a little, until it draws the given picture *at* the pivot, and hold it
# to its old pictures everywhere near. Then edit.
#
# The code below runs. It has **two bugs, one in each of its two cells**, and in your copy they are not where your neighbor's are. Repair
# them in place. Each is one line that does something else than this description says:
#
# - **`cloud_of`** gives the mean of many w and their spread: the root of the mean *squared length* of w - mean.
# - **`unlike`** compares pictures at three sizes: full, halved and quartered by averaging. Mean square at each size, one number a picture,
#   the three added.
# - **`pace`** is the learning rate at part t of the way, t from 0 to 1: it rises from 0 in the first twentieth, and falls to 0 in the
#   last quarter, both in a straight line.
# - **`pivot`** searches from the mean. While it searches, w is shaken by noise of 0.05 spreads, less and less, until nothing is left
#   at three quarters of the way. What counts is how unlike the pictures are, and a little how far w is from the mean: its squared
#   length over the squared spread. Each picture keeps the (shaken) w that came nearest, by the first of the two.
# - **`tuned`** trains a copy. Its loss is the mean square between its pictures at the points and the target, plus {{near}} times the mean
#   square between what it draws at *neighbors* of the points and what the untouched generator draws there. A neighbor lies {{stride}} from
#   its point, in the direction of some other w.
# - **`moved`** goes along a direction in the rows from `first` to `last`, both included, and leaves the points it was given alone.
# - **`decibels`** is the PSNR of pictures in [-1, 1].
#
# Nine points for each cell, if everything in it is right: then something else than your bug must not have changed, either.

# %% tags=["task-4"]
RATE = choose("rate", 0.03, 0.05, 0.1)
PULL = choose("pull", 0.01, 0.02)
STRIDE = choose("stride", 1.0, 1.5, 2.0)
NEAR = choose("near", 1.0, 2.0, 3.0)  # weight of the neighbors


def cloud_of(w):
    """The mean (latent,) of w (N, latent), and their spread, a number."""
    mean = w.mean(0)
    ### BEGIN BUG spread
    spread = (w - mean).square().sum(1).mean().sqrt()
    ### OR
    spread = (w - mean).square().mean(1).mean().sqrt()
    ### OR
    spread = (w - mean).sum(1).square().mean().sqrt()
    ### END BUG
    return mean, float(spread)


def unlike(pictures, target):
    """How unlike two batches of pictures (B, 3, H, W) are, at three sizes: (B,)."""
    total = torch.zeros(len(pictures))
    ### BEGIN BUG sizes
    sides = (1, 2, 4)
    ### OR
    sides = (1, 2, 3)
    ### OR
    sides = (1, 1, 1)
    ### END BUG
    for side in sides:
        gap = avg_pool2d(pictures, side) - avg_pool2d(target, side)
        ### BEGIN BUG gap
        total = total + gap.square().mean((1, 2, 3))
        ### OR
        total = total + gap.square().sum((1, 2, 3))
        ### OR
        total = total + gap.mean((1, 2, 3)).square()
        ### OR
        total = total + gap.abs().mean((1, 2, 3))
        ### END BUG
    return total


def pace(t):
    """The learning rate at part t of the way."""
    ### BEGIN BUG rising
    rising = min(1.0, t / 0.05)
    ### OR
    rising = min(1.0, t / 0.5)
    ### OR
    rising = max(1.0, t / 0.05)
    ### END BUG
    ### BEGIN BUG pace
    falling = min(1.0, (1 - t) / 0.25)
    ### OR
    falling = min(1.0, 1 - t / 0.25)
    ### OR
    falling = max(0.0, (1 - t) / 0.25)
    ### END BUG
    return RATE * rising * falling


def pivot(synthesis, rows, w, target, steps, seed):
    """The nearest points (B, rows, latent), all rows alike, that draw the target (B, 3, H, W); w: (N, latent)."""
    dice = torch.Generator().manual_seed(seed)
    mean, spread = cloud_of(w)
    point = mean.repeat(len(target), 1, 1).requires_grad_()
    best = point.detach().clone()
    least = torch.full((len(target),), float("inf"))
    optimizer = torch.optim.Adam([point])
    for step in range(steps):
        t = step / steps
        optimizer.param_groups[0]["lr"] = pace(t)
        noise = torch.randn(point.shape, generator=dice)
        ### BEGIN BUG shaken
        shaken = point + 0.05 * spread * max(0.0, 1 - t / 0.75) * noise
        ### OR
        shaken = point + 0.05 * spread * max(0.0, t / 0.75 - 1) * noise
        ### OR
        shaken = point + 0.05 * spread * max(0.0, 1 - t * 0.75) * noise
        ### END BUG
        away = unlike(synthesis(shaken.expand(-1, rows, -1)), target)
        ### BEGIN BUG far
        far = (shaken - mean).square().sum((1, 2)) / spread**2
        ### OR
        far = (shaken - mean).square().sum((1, 2)) / spread
        ### OR
        far = (shaken - mean).square().mean((1, 2)) / spread**2
        ### END BUG
        loss = (away + PULL * far).sum()
        ### BEGIN BUG gradients
        (point.grad,) = torch.autograd.grad(loss, [point])
        ### OR
        (point.grad,) = torch.autograd.grad(away.sum(), [point])
        ### END BUG
        optimizer.step()
        ### BEGIN BUG nearest
        nearer = away < least
        ### OR
        nearer = away > least
        ### OR
        nearer = away.mean() < least
        ### END BUG
        ### BEGIN BUG kept
        best[nearer] = shaken.detach()[nearer]
        ### OR
        best[nearer] = point.detach()[nearer]
        ### END BUG
        least[nearer] = away.detach()[nearer]
    return best.expand(-1, rows, -1).clone()


# %% tags=["task-4"]
def tuned(synthesis, points, w, target, steps, seed):
    """A copy of the synthesis that has learned to draw the target (B, 3, H, W) at the points (B, rows, latent)."""
    dice = torch.Generator().manual_seed(seed)
    ### BEGIN BUG copy
    new = copy.deepcopy(synthesis)
    ### OR
    new = copy.copy(synthesis)
    ### END BUG
    ### BEGIN BUG weights
    optimizer = torch.optim.Adam(new.parameters(), RATE / 10)
    ### OR
    optimizer = torch.optim.Adam(synthesis.parameters(), RATE / 10)
    ### END BUG
    for _ in range(steps):
        some = torch.randint(len(w), (len(points),), generator=dice)
        gap = w[some][:, None] - points
        ### BEGIN BUG neighbors
        neighbors = points + STRIDE * gap / gap.norm(dim=2, keepdim=True)
        ### OR
        neighbors = points + STRIDE * gap
        ### OR
        neighbors = w[some][:, None] + STRIDE * gap / gap.norm(dim=2, keepdim=True)
        ### OR
        neighbors = points - STRIDE * gap / gap.norm(dim=2, keepdim=True)
        ### END BUG
        with torch.no_grad():
            ### BEGIN BUG teacher
            before = synthesis(neighbors)
            ### OR
            before = new(neighbors)
            ### OR
            before = synthesis(points)
            ### END BUG
        loss = (new(points) - target).square().mean()
        ### BEGIN BUG both
        loss = loss + NEAR * (new(neighbors) - before).square().mean()
        ### OR
        loss = loss - NEAR * (new(neighbors) - before).square().mean()
        ### OR
        loss = loss + NEAR * (new(neighbors) - before).mean().square()
        ### OR
        loss = loss + NEAR * (synthesis(neighbors) - before).square().mean()
        ### END BUG
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return new


def moved(points, direction, amount, first, last):
    """Points (B, rows, latent), so much further along a direction (latent,) in the rows first to last."""
    ### BEGIN BUG given
    there = points.clone()
    ### OR
    there = points.view_as(points)
    ### END BUG
    ### BEGIN BUG rows
    there[:, first : last + 1] += amount * direction
    ### OR
    there[:, first:last] += amount * direction
    ### OR
    there[:, first + 1 : last + 1] += amount * direction
    ### OR
    there[first : last + 1] += amount * direction
    ### END BUG
    return there


def decibels(pictures, target):
    """PSNR of pictures (B, 3, H, W) in [-1, 1], one number each."""
    ### BEGIN BUG error
    error = (pictures - target).square().mean((1, 2, 3))
    ### OR
    error = (pictures - target).abs().mean((1, 2, 3))
    ### END BUG
    ### BEGIN BUG decibels
    return 10 * (4 / error).log10()
    ### OR
    return 10 * (1 / error).log10()
    ### OR
    return 20 * (2 / error).log10()
    ### END BUG


def adopted(synthesis, rows, w, target, direction, steps, seed):
    """From pictures to edits: PSNR before and after tuning (2, B), and five edits of each (5, B, 3, H, W)."""
    points = pivot(synthesis, rows, w, target, steps, seed)
    new = tuned(synthesis, points, w, target, steps, seed + 1)
    with torch.no_grad():
        scores = [decibels(draw(points), target) for draw in (synthesis, new)]
        amounts = (-2, -1, 0, 1, 2)
        edits = [new(moved(points, direction, a, 1, rows - 2)) for a in amounts]
    return torch.stack(scores), torch.stack(edits)


# %% [markdown]
# Below, one witch goes through it, in 20 steps where a real adoption takes some hundreds. Look at what should hold: the number of decibels
# rises by the tuning, her middle picture is the nearest to the drawn one, and the untouched generator draws the next person as ever.
# Bugs rarely say so by looking bad. Write a line or two that test a sentence of the description, and see which one lies.

# %% tags=["demo"]
space = latent.Styles(faces.generator, labels=faces.orders(256))
someone = witches.batch([3])[0]
slider = space.cloud[:256].std(0) * torch.randn(
    512, generator=torch.Generator().manual_seed(1)
)
scores, edits = adopted(
    faces.generator.synthesis, space.layers, space.cloud[:256], someone, slider, 20, 0
)
print(f"{float(scores[0]):.1f} dB at the pivot, {float(scores[1]):.1f} dB after tuning")
show(torch.cat([someone, edits[:, 0].clamp(-1, 1)]), columns=6,
     alt="A drawn witch, and five pictures of somebody like her.")  # fmt: skip

# %% [markdown]
# *What helped, with what:*
#
# ## Model · Witches (20 points)
#
# Fine-tune the bundled generator (`stylegan2-256.generator`, 64 × 64 pixels) until it draws witches: characters of the prior
# `frontal+headwear=witch hat`.
#
# **Budget:** fifteen minutes of two CPU cores, or, on whatever you have, D sees at most **20,000 pictures**. State what you used. The
# network stays as the bundled one is built; its weights may begin with the bundled ones or with noise. What you may change is everything
# else: rates, `gamma`, `mixing`, `ada_target`, how many drawings, your step of task 3. Begin with your own seed, or your weights may be somebody else's, too.
#
# Train in a terminal or in a notebook of its own, not here. This is in the course already:
#
# ```
# # 800 steps of 16, 12,800 pictures
# animelab train stylegan2 --preset cpu --set "prior=frontal+headwear=witch hat" --set seed={{seed}} --out runs/hw04
# ```
#
# **Hand in** `runs/hw04/weights.safetensors`. The grader lets it draw witches, and compares them with drawn witches that nobody has seen, by
# `fd` of lesson 2 in features of a network that only the grader has. On its scale other drawings are at 0, and the bundled generator,
# which knows no hats, is at 1.
#
# | your witches are at most at | 0.15 | 0.22 | 0.28 | 0.36 | 0.5 | 0.8 |
# |---|---|---|---|---|---|---|
# | points | 20 | 17 | 14 | 10 | 6 | 3 |
#
# Where these numbers are from: by a secret of our own (1,000 pictures) drawings have fd 3.8 and the bundled generator 145.9. Hats come
# quickly: after 60 of the command's 800 steps (1,500 drawings; seed 0; one thread of an AMD EPYC without bfloat16) it was at 0.36 (fd 54.6),
# after 90 at 0.32 (fd 48.8). The rest is slow. The whole command was not run by us; lesson 6's berets, the same with another hat, were no
# nearer after 800 steps than after 474. We expect it to earn 14 to 17 points, and your own idea the others.
#
# ## Claim · What stays of her (12 points, marked by a human)
#
# Your claim, to be proved wrong or to be defended: **{{claim}}**
#
# 1. *Before you measure*, write one sentence that could turn out false, with a number in it, and why you expect it.
# 2. *Measure* on at least 64 pictures of your own witches, or of the bundled generator where you have none, unpicked, of a seed that you
#    name. Give a yardstick: what does your measure show where the claim says nothing (drawings, other rows, the generator of before)?
# 3. *Show it* in one picture, `claim.png`: somebody who reads only the picture and its caption should see what you found.
# 4. *Defend it* in at most 250 words: the claim, the numbers, was it true? What else could explain them? Which result would
#    have changed your mind?
# 5. Two sentences more: how did you find the bug in each cell of task 4? (Which question did you ask, and what came back?)
#
# A claim that failed, and is explained, counts as much as one that held. A claim that could not fail counts nothing. The
# levels are in the rubric, `course/homework/rubrics/hw04.md`; read it before you write.

# %% tags=["hidden"]
SEED = choose(
    "seed",
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54,
    55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69,
    70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84,
    85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
)  # fmt: skip
CLAIM = choose(
    "claim",
    "An editing direction that was found before fine-tuning still works after it.",
    "Whether somebody wears the hat is decided by the first three rows of w.",
    "Truncation at 0.7 brings pictures nearer to drawings, whatever was fine-tuned.",
    "Who looked alike before fine-tuning looks alike after it.",
    "The costume has a price: witches are more alike than the faces were before.",
    "The last three rows of w change colors, and no shapes.",
    "A child of two witches (first rows of one, last rows of the other) is as near to drawings as its parents.",
    "Half of the fine-tuning does nine tenths of its work.",
)

# %% [markdown] tags=["claim"]
# *Your text, in place of this line: the claim and its number, what you measured and how, the caption of the picture, the
# defense, and how you found the two bugs.*


# %% tags=["hidden"]
from animelab.homework.filling import by_shape


@task(
    "1",
    points={"shapes": 3, "mapping": 2, "panels": 6, "two parents": 2, "gradients": 3},
    advice={
        "shapes": "List the shapes of your parameters beside the tables, row by row. Is there one too many, or a bias that no table has?",
        "mapping": "What is the mean square of a row of z after the first step? Which layers add, and before or after their leaky ReLU?",
        "panels": "Take a stage by itself: w of zeros, grain of zeros. Which steps of its table can you still see in what comes out?",
        "two parents": "Three rows of w, and three stages: who reads which row? Doubling reads none.",
        "gradients": "The pictures may be right, and a weight does not learn. Look for a detach, for `.data`, or for a number made of a tensor.",
    },
)
def panels_from_the_table(work, seed):
    """The generator, filled by formula, on random latents and grain."""
    network = by_shape(work["PanelGenerator"]())
    torch.manual_seed(seed)
    z = torch.randn(4, choose("latent", 20, 24, 28, 32)).requires_grad_()
    high, wide = choose("high", 2, 3), choose("wide", 4, 5, 6, 7)
    grain = [torch.randn(4, 1, high * side, wide * side) for side in (1, 2, 4)]
    w = network.mapping(z)
    panels = network(z, grain)
    rows = w.detach()[:, None].repeat(1, 3, 1)
    rows[:, 1] = rows[:, 1].flip(0)
    rows[:, 2] = rows[:, 2].roll(1, 0)
    (panels * torch.randn(panels.shape)).sum().backward()
    slopes = sorted(
        (repr([side for side in weight.shape if side > 1]), float(weight.grad.norm()))
        for weight in network.parameters()
        if weight.grad is not None
    )
    return {
        "shapes": sorted(
            repr([side for side in weight.shape if side > 1])
            for weight in network.state_dict().values()
        ),
        "mapping": w,
        "panels": panels,
        "two parents": network.draw(rows, grain),
        "gradients": [z.grad, torch.tensor([slope for _, slope in slopes])],
    }


@task(
    "2",
    points={"loss": 5, "gradient": 5, "all at home": 2, "left alone": 2},
    advice={
        "loss": "Compute each of the three terms alone, on a `draw` that returns its points as pictures, where you can do it by hand.",
        "gradient": "The number is right and its slope is not. A step has a length that does not depend on the direction's own: does your slope know that?",
        "all at home": "With `home` 1 everywhere and a score that is content, what is left of the loss?",
        "left alone": "Something of the arguments was changed, or a gradient was stored. Look for in-place operations and for `backward`.",
    },
)
def at_home(work, seed):
    """A small smooth generator and score, and masks that are hard, soft and full."""
    torch.manual_seed(seed)
    body = nn.Sequential(
        nn.Flatten(), nn.Linear(18, 24), nn.Tanh(), nn.Linear(24, 3 * 8 * 6)
    )
    scorer = nn.Sequential(
        nn.Flatten(), nn.Linear(3 * 8 * 6, 8), nn.Tanh(), nn.Linear(8, 1)
    )

    with torch.no_grad():  # bent enough that a step helps some pictures and harms others
        for layer, loud in ((body[1], 4), (body[3], 3), (scorer[1], 3)):
            layer.weight.mul_(loud)

    def draw(points):
        return body(points).tanh().view(-1, 3, 8, 6)

    points, direction = torch.randn(5, 3, 6), 3 * torch.randn(3, 6)
    home = (1.5 * torch.rand(5, 1, 8, 6)).clamp(max=1)
    home[1] = 0
    home[2, :, :, 3:] = 1

    scored = []

    def score(pictures):
        scored.append(pictures.shape)
        return 20 * scorer(pictures)[:, 0]

    loss = work["stay_home_loss"]
    leaf = direction.clone().requires_grad_()
    value = loss(draw, score, points, leaf, home)
    (gradient,) = torch.autograd.grad(value, leaf)
    matrix = torch.randn(18, 3 * 8 * 6) / 5
    goal = direction.flatten() @ matrix

    def bent(points):
        x = points.flatten(1) @ matrix
        return (x + 0.05 * x.square()).view(-1, 3, 8, 6)

    content = loss(
        bent,
        lambda pictures: 100 * pictures.flatten(1) @ goal,
        points,
        direction,
        0 * home + 1,
    )
    given = [each.clone() for each in (points, direction, home)]
    body[1].weight.grad = torch.full_like(body[1].weight, 0.5)
    value_again = loss(draw, score, points, leaf, home)
    untouched = [bool((a == b).all()) for a, b in zip(given, (points, leaf.detach(), home))]
    quiet = bool((body[1].weight.grad == 0.5).all()) and leaf.grad is None
    return {
        "loss": [value, value_again],
        "gradient": gradient,
        "all at home": content,
        "left alone": [*untouched, quiet, value.requires_grad, bool(scored)],
    }


class SmallGenerator(nn.Module):
    """A small generator with batch norm."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 4 * 16)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, z):
        return self.last(self.norm(self.first(z).view(-1, 4, 4, 4)).tanh()).tanh()


class SmallDiscriminator(nn.Module):
    """A small discriminator of three blocks and a head."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, 6, 3, padding=1), nn.Tanh())
            for before in (3, 6, 6)
        )
        self.head = nn.Linear(6 * 16, 1)

    def forward(self, pictures):
        for block in self.blocks:
            pictures = block(pictures)
        return self.head(pictures.flatten(1))[:, 0]


def new_game(work, seed):
    """A game with gradients of an earlier step lying around, and an old generator a little unlike the new one."""
    torch.manual_seed(seed)
    G, D = SmallGenerator(), SmallDiscriminator()
    before = copy.deepcopy(G).eval()
    with torch.no_grad():
        for weight in before.parameters():
            weight.add_(0.2 * torch.randn(weight.shape))
    for weight in [*G.parameters(), *D.parameters()]:
        weight.grad = torch.full_like(weight, 0.5)
    D.head.bias.requires_grad_(False)  # somebody's own choice, to be found again
    average = copy.deepcopy(G).eval().requires_grad_(False)
    adams = (torch.optim.Adam(each.parameters(), 0.02, (0.0, 0.99)) for each in (G, D))
    return work["Game"](G, D, before, average, *adams)


def weights_of(network):
    return torch.cat(
        [each.detach().double().flatten() for each in network.state_dict().values()]
    )


@task(
    "3",
    points={"D": 4, "G": 4, "numbers": 3, "average": 2, "six steps": 5, "left behind": 2},
    advice={
        "D": "Only D's first update is looked at here, by its weights. Which of its blocks may move, in which step is there a penalty, and what is the penalty multiplied by?",
        "G": "G's weights after one step. D has moved by then. What reaches G: how often did it draw, and is the divergence the right way round, without a picture's nearness to itself?",
        "numbers": "The weights may be right and the three numbers not: what belongs to D's loss, and is the divergence returned before it is multiplied?",
        "average": "Half of the average is new after how many pictures? Batch norm has buffers of two kinds.",
        "six steps": "One step was right, and six were not: what is kept from step to step, and in which steps does the penalty come?",
        "left behind": "Modes, flags, the counter, gradients stored where none should be: print them before and after a step.",
    },
)
def fine_tuning(work, seed):
    """One step, then six, of small networks."""
    game = new_game(work, seed)
    torch.manual_seed(seed + 1)
    batches = [(torch.rand(5, 3, 4, 4) * 2 - 1, torch.randn(5, 6)) for _ in range(6)]
    flags = [
        w.requires_grad for each in (game.G, game.D, game.before) for w in each.parameters()
    ]
    modes = [each.training for each in (game.G, game.D, game.before, game.average)]
    old = weights_of(game.before)
    found = work["step"](game, *batches[0])
    answers = {
        "D": weights_of(game.D),
        "G": weights_of(game.G),
        "numbers": [found["D"], found["G"], found["KL"]],
        "average": weights_of(game.average),
    }
    history = [
        bool(torch.as_tensor(found[name]).requires_grad) for name in ("D", "G", "KL")
    ]
    for batch in batches[1:]:
        found = work["step"](game, *batch)
    answers["six steps"] = [weights_of(each) for each in (game.G, game.D, game.average)]
    after = [
        w.requires_grad for each in (game.G, game.D, game.before) for w in each.parameters()
    ]
    answers["left behind"] = [
        after == flags,
        [each.training for each in (game.G, game.D, game.before, game.average)] == modes,
        bool((weights_of(game.before) == old).all()),
        all(w.grad is None for w in game.before.parameters()),
        int(game.steps),
        *history,
    ]
    return answers


class Drawing(nn.Module):
    """A small synthesis: w (B, rows, latent) to pictures (B, 3, 8, 8)."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(6, 48) for _ in range(4))
        self.last = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, w):
        x = (
            torch.stack([part(w[:, row]) for row, part in enumerate(self.parts)])
            .tanh()
            .sum(0)
        )
        x = x.view(-1, 3, 4, 4)
        return self.last(x.repeat_interleave(2, 2).repeat_interleave(2, 3)).tanh()


@task(
    "4",
    points={"first cell": 9, "second cell": 9},
    advice={
        "first cell": "Draw w with a spread that you know. Draw the two curves, of the rate and of the noise. Compare two pictures with a third that you know, at three sizes. Let it search for a picture that the generator drew itself, and see whether the best of all steps comes back.",
        "second cell": "After it ran: does the untouched generator still draw what it drew? With a huge weight on the neighbors, do they stay, and how far are they from their points? Move zeros by 1 in rows 2 to 3, and print them. Black against white: how many decibels?",
    },
)
def adoption(work, seed):
    """Every function of both cells, on a small synthesis."""
    torch.manual_seed(seed)
    synthesis, dice = Drawing(), seed % 1000
    w, target = 1.5 * torch.randn(64, 6) + 0.3, torch.rand(3, 3, 8, 8) * 2 - 1
    points, direction = torch.randn(3, 4, 6), torch.randn(6)
    with torch.no_grad():
        target[1] = synthesis(points)[1]
    mean, spread = work["cloud_of"](w)
    first = [mean, spread, work["unlike"](target, target.flip(0) * 0.7)]
    first.append(torch.tensor([float(work["pace"](t / 20)) for t in range(20)]))
    first.append(work["pivot"](synthesis, 4, w, target, 12, dice))
    there = points.clone()
    walk = [work["moved"](there, direction, amount, 1, 2) for amount in (0.5, -1.0)]
    new = work["tuned"](synthesis, points, w, target, 6, dice)
    scores = work["decibels"](target, target.flip(0) * 0.9)
    return {
        "first cell": first,
        "second cell": [*walk, there, new(points), synthesis(points), scores],
    }


model(
    "model",
    network="stylegan2-256.generator",
    measure="faces",
    bundled="stylegan2-faces-64",
    points={"fd": ((0.15, 20), (0.22, 17), (0.28, 14), (0.36, 10), (0.5, 6), (0.8, 3))},
    megabytes=14,
    arguments={
        "size": 64,
        "channel_base": 2048,
        "channel_max": 128,
        "mapping_layers": 4,
        "latent": 512,
        "classes": 34,
    },
    settings={"size": 64, "prior": "frontal+headwear=witch hat", "fine_tuning": True},
    budget="15 minutes of two CPU cores, or 20,000 pictures",
    advice={
        "fd": "Look at your samples beside drawn witches: is the hat there, does it have one color, and are there as many kinds of people as before? More steps, rates that fall to 0 at the end, and a smaller gamma are the first three things to try."
    },
)
claim("claim", points=12, rubric="hw04")


# %% tags=["wrong-1"]
# wrong 1: a mapping whose layers are not added
class PanelGenerator(PanelGenerator):
    def mapping(self, z):
        x = z / (z.square().mean(1, keepdim=True) + 1e-8).sqrt()
        for layer in self.layers:
            x = leaky_relu(layer(x), 0.2)
        return x


# %% tags=["wrong-1"]
# wrong 1: a bias in every convolution
class PanelGenerator(PanelGenerator):
    def __init__(self):
        super().__init__()
        self.more = nn.ParameterList(torch.zeros(WIDTH) for _ in range(3))


# %% tags=["wrong-1"]
# wrong 1: doubled by the other filter
class PanelGenerator(PanelGenerator):
    def doubled(self, x):
        mode = "bilinear" if DOUBLING == "nearest" else "nearest"
        return interpolate(x, scale_factor=2, mode=mode)


# %% tags=["wrong-1"]
# wrong 1: all stages read the first row
class PanelGenerator(PanelGenerator):
    def draw(self, rows, grain):
        return super().draw(rows[:, :1].expand(-1, 3, -1), grain)


# %% tags=["wrong-1"]
# wrong 1: the gate comes before the leaky ReLU, where it is as good, but for grain and bias
class PanelGenerator(PanelGenerator):
    def layer(self, x, w, stage, noise):
        style, weight = self.style[stage](w) + 1, self.conv[stage]
        x = conv2d(x * style[:, :, None, None], weight, padding=1)
        expected = (style.square() @ weight.square().sum((2, 3)).T + 1e-8).sqrt()
        gate = self.gate[stage](w)
        gate = gate.sigmoid() if GATE == "sigmoid" else 1 + gate.tanh()
        x = (
            x * (gate / expected)[:, :, None, None]
            + noise * self.strength[stage][:, None, None]
        )
        return leaky_relu(x + self.bias[stage][:, None, None], 0.2) * 2**0.5


# %% tags=["wrong-1"]
# wrong 1: the root of 2 is forgotten
class PanelGenerator(PanelGenerator):
    def layer(self, x, w, stage, noise):
        return super().layer(x, w, stage, noise) / 2**0.5


# %% tags=["wrong-2"]
# wrong 2: each row of the direction has the length of a step
def stay_home_loss(draw, score, points, direction, home):
    step = REACH * direction / direction.norm(dim=1, keepdim=True)
    minus, middle, plus = (draw(points + side * step) for side in (-1, 0, 1))
    goal = (MARGIN - (score(plus) - score(minus))).relu().mean()
    outside = 1 - home
    apart = ((plus - minus).abs() ** POWER * outside).sum((1, 2, 3))
    away = (apart / (3 * outside.sum((1, 2, 3)) + 1e-6)).mean()
    return goal + PRICE * away + STIFF * (plus + minus - 2 * middle).square().mean()


# %% tags=["wrong-2"]
# wrong 2: the mean of what is missing, before the margin
def stay_home_loss(draw, score, points, direction, home):
    step = REACH * direction / direction.norm()
    minus, middle, plus = (draw(points + side * step) for side in (-1, 0, 1))
    goal = (MARGIN - (score(plus) - score(minus)).mean()).relu()
    outside = 1 - home
    apart = ((plus - minus).abs() ** POWER * outside).sum((1, 2, 3))
    away = (apart / (3 * outside.sum((1, 2, 3)) + 1e-6)).mean()
    return goal + PRICE * away + STIFF * (plus + minus - 2 * middle).square().mean()


# %% tags=["wrong-2"]
# wrong 2: one mean over the whole batch's outside
def stay_home_loss(draw, score, points, direction, home):
    step = REACH * direction / direction.norm()
    minus, middle, plus = (draw(points + side * step) for side in (-1, 0, 1))
    goal = (MARGIN - (score(plus) - score(minus))).relu().mean()
    outside = 1 - home
    away = ((plus - minus).abs() ** POWER * outside).sum() / (3 * outside.sum() + 1e-6)
    return goal + PRICE * away + STIFF * (plus + minus - 2 * middle).square().mean()


# %% tags=["wrong-2"]
# wrong 2: the step's length is held without a gradient
def stay_home_loss(draw, score, points, direction, home, right=stay_home_loss):
    return right(draw, score, points, direction / direction.norm().detach(), home) if False else _held(
        draw, score, points, direction, home
    )  # fmt: skip


def _held(draw, score, points, direction, home):
    step = REACH * direction / direction.norm().detach()
    minus, middle, plus = (draw(points + side * step) for side in (-1, 0, 1))
    goal = (MARGIN - (score(plus) - score(minus))).relu().mean()
    outside = 1 - home
    apart = ((plus - minus).abs() ** POWER * outside).sum((1, 2, 3))
    away = (apart / (3 * outside.sum((1, 2, 3)) + 1e-6)).mean()
    return goal + PRICE * away + STIFF * (plus + minus - 2 * middle).square().mean()


# %% tags=["wrong-2"]
# wrong 2: home and away are exchanged
def stay_home_loss(draw, score, points, direction, home, right=stay_home_loss):
    return right(draw, score, points, direction, 1 - home)


# %% tags=["wrong-3"]
# wrong 3: D learns with all of its blocks
def step_of_D(game, real, fake, frozen=FROZEN, inner=step_of_D):
    blocks, game.D.blocks = game.D.blocks, game.D.blocks
    globals()["FROZEN"] = 0
    loss = inner(game, real, fake)
    globals()["FROZEN"] = frozen
    game.D.blocks = blocks
    return loss


# %% tags=["wrong-3"]
# wrong 3: a picture's nearness to itself counts, too
def nearness(pictures):
    flat = pictures.flatten(1)
    return cosine_similarity(flat[:, None], flat[None], dim=2) / TEMPERATURE


# %% tags=["wrong-3"]
# wrong 3: the divergence is the other way round
def step_of_G(game, fake, z):
    with torch.no_grad():
        old = nearness(game.before(z))
    new = nearness(fake)
    distances = kl_div(log_softmax(old, 1), softmax(new, 1), reduction="batchmean")
    for weight in game.D.parameters():
        weight.grad = None
    loss = softplus(-game.D(fake)).mean() + KEEP * distances
    game.G_adam.zero_grad()
    loss.backward()
    game.G_adam.step()
    return loss, distances


# %% tags=["wrong-3"]
# wrong 3: counters are not copied
@torch.no_grad()
def follow(game, batch):
    decay = 0.5 ** (batch / HALF)
    for mine, theirs in zip(game.average.parameters(), game.G.parameters()):
        mine.lerp_(theirs, 1 - decay)


# %% tags=["wrong-3"]
# wrong 3: G draws a second time for its own loss
def step(game, real, z):
    loss_D = step_of_D(game, real, game.G(z).detach())
    loss_G, distances = step_of_G(game, game.G(z), z)
    follow(game, len(z))
    game.steps += 1
    return {"D": loss_D.detach(), "G": loss_G.detach(), "KL": distances.detach()}


# %% tags=["wrong-3"]
# wrong 3: the penalty comes in all steps but the first
def step(game, real, z, right=step):
    game.steps += 1
    return right(game, real, z)


# %% tags=["wrong-4"]
# wrong 4: the last point, not the best
def pivot(synthesis, rows, w, target, steps, seed):
    mean, _ = cloud_of(w)
    point = mean.repeat(len(target), 1, 1).requires_grad_()
    optimizer = torch.optim.Adam([point], RATE)
    for _ in range(steps):
        loss = unlike(synthesis(point.expand(-1, rows, -1)), target).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return point.detach().expand(-1, rows, -1).clone()


# %% tags=["wrong-4"]
# wrong 4: pictures are compared at full size only
def unlike(pictures, target):
    return (pictures - target).square().mean((1, 2, 3))


# %% tags=["wrong-4"]
# wrong 4: all rows move
def moved(points, direction, amount, first, last):
    return points + amount * direction
