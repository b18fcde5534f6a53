# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 5 · Two styles and no pairs: CycleGAN
#
# ![Eight soft portraits before dark walls, and below each the cel that a network made of it: dark outlines, flat colors, large eyes of the same color.](../course/figures/opening_05.jpg)
#
# **You will make:** two generators, one that turns portraits into animation cels and one that turns them back, trained
# without ever seeing the two side by side. (A *cel* is a drawing as animation has them: dark outlines, flat colors, hard
# shadows; once painted on sheets of celluloid.) At the end you meet a way of today to do the same, at 128 pixels.
#
# **In the studio:** steps 1 and 4 of 6, *character design* and *color*: the same cast in another style.
#
# **Time:** about 22 minutes of computing on 2 older CPU cores: 11 of them training, 3 drawing portraits, 7 the section about
# landmarks. On a GPU: not measured yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

from functools import partial

import numpy as np
import torch
from torch import nn
from torchvision.transforms.functional import gaussian_blur

from animelab import losses, metrics, studio, zoo
from animelab.checks import check_5_1, check_5_2, check_5_3, check_5_4, check_5_5
from animelab.data import ImagePool, StudioPairs, StudioUnpaired, real_faces
from animelab.engine import linear_decay, train
from animelab.errors import LabError
from animelab.nn import count_parameters, cut, landmarks
from animelab.nn import cyclegan as networks
from animelab.recipes import cyclegan as recipes
from animelab.recipes.cut import structure as library_structure
from animelab.viz import compare, curves
from animelab.widgets import BeforeAfter, LiveTraining

# %% [markdown]
# ## Where we are going
#
# Draw the curtain from side to side. Then choose "portrait again" for one side: the cel, translated back. What came back, and
# what did not?

# %%
model = zoo.load("backtranslation-portrait-cel-128")
large = StudioUnpaired("portrait", "cel", 128, 24, prior="frontal", split="test")
large_portraits, large_cels = large.batch(range(24))
answers = model.translate(large_portraits)
again = model.translate(answers, back=True)
BeforeAfter({"portrait": large_portraits, "cel": answers, "portrait again": again})

# %% [markdown]
# And the other direction, which the same training gave us for nothing:

# %%
compare(
    {
        "portrait": large_portraits[:8],
        "translated to a cel": answers[:8],
        "cel (other characters)": large_cels[:8],
        "translated to a portrait": model.translate(large_cels[:8], back=True),
    },
    scale=1,
    alt="Eight soft portraits before dark walls; the same characters as cels with dark outlines and large eyes of the "
    "portrait's color, before bright walls; eight drawn cels of other characters; and the same as portraits, with soft "
    "light and blurred hair.",
)

# %% [markdown]
# These characters were held out, and picked by nobody. It is the best translator of this course, and it plays a game of today,
# to which the lesson comes at its end. First we build the classic that made the field, CycleGAN. You will see what it can do,
# look for what it hides, and then know which question the newer ones answer.

# %% [markdown]
# ## Two unpaired sets
#
# Lesson 4 needed pairs: this drawing, *its* coloring. For most styles nobody has them. No photograph has its anime twin. What
# people do have is two sets, in the field's word two *domains*: here five thousand portraits, there five thousand cels of
# other people.
#
# Our studio draws both sets, and never the same character for both. (The portraits stand for photographs: they have their
# proportions, soft light and no outlines.) It knows the right answers, too. In training it keeps them to itself:

# %%
config = recipes.preset("cpu")  # on a GPU: recipes.preset("t4")
unpaired = recipes.CycleGAN.data(config)
try:
    unpaired.truth(range(8))
except LabError as error:
    print(error)

# %% [markdown]
# On held-out characters it will tell us what a perfect translation would be. That is worth a lot: on real pictures nobody
# can ever draw the graph at the center of this lesson, the distance from the truth.
#
# ## The idea: find the way back
#
# Take the recipe of lesson 4 and strike out everything that needs a pair. What is left: a generator from A to B, and a
# discriminator of B. **Predict:** the only thing the generator's loss asks for now is cels that look real. What stops it from
# making a lovely cel of somebody else?
#
# Nothing does. So CycleGAN trains two generators, A to B and B to A, and asks for a round trip: translate a portrait into a
# cel, translate that cel back, and you should be where you started. A generator that exchanges the person cannot find the
# way back. (This *cycle consistency* gave the model its name.)
#
# ### Exercise 5.1 · The round trip (level 2 of 5, about 10 minutes)
#
# Write the cycle loss. For each of both sets: the mean absolute difference between its pictures and their own round trips,
# over all numbers of the batch. The loss is the sum of the two means, a scalar; the two batches may differ in size. `to_b` and
# `to_a` are networks that take and
# return pictures (B, 3, H, W) in [-1, 1]; both learn from this loss.
#
# <details><summary>Hint 1</summary>
#
# A picture of A can only begin its trip with the network to B. Which of the two takes what comes out?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Two distances, one for each set. No translation is ever compared with a picture of the other set.
#
# </details>


# %%
def cycle_loss(to_b, to_a, real_a, real_b):
    """How far both sets are from home after a round trip, as mean absolute differences, summed.

    to_b, to_a: the generators;  real_a, real_b: (B, 3, H, W) in [-1, 1].  Returns a scalar.
    """
    ### BEGIN SOLUTION 5.1: every picture against its own round trip
    back_a = (to_a(to_b(real_a)) - real_a).abs().mean()
    back_b = (to_b(to_a(real_b)) - real_b).abs().mean()
    return back_a + back_b
    ### END SOLUTION


result_5_1 = check_5_1(cycle_loss)

# %% [markdown]
# A third term is optional: give the generator of cels a cel, and it should leave it alone. This *identity loss* keeps colors
# from drifting: "make everything a little greener, and the other generator undoes it" is a fine round trip, and nobody asked
# for it.
#
# ## Squares instead of logarithms
#
# CycleGAN's discriminator looks at patches, as in lesson 4, but it sees the picture alone, without a condition beside it. Its
# loss is made of squares: real patches should get the logit 1, fakes 0, and every distance counts squared (least squares, LSGAN).
#
# ### Exercise 5.2 · The discriminator's squares (level 1 of 5, about 5 minutes)
#
# Write the loss of D from its maps of logits: how far real patches are from their goal, squared, in the mean over the map; the
# same for fakes; and the sum of both means, a scalar. The two maps may have different sizes, and the logits are any real
# numbers.
#
# <details><summary>Hint 1</summary>
#
# No sigmoid: the logit itself should be 1 or 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# First the distance from the goal, then its square, and the mean last. Once for each kind.
#
# </details>


# %%
def discriminator_squares(real_logits, fake_logits):
    """What D pays, in squares, for real patches that do not score 1 and for fakes that do not score 0.

    real_logits, fake_logits: maps of logits, each of any shape.  Returns a scalar.
    """
    ### BEGIN SOLUTION 5.2: return one number for both maps
    return (real_logits - 1).square().mean() + fake_logits.square().mean()
    ### END SOLUTION


result_5_2 = check_5_2(discriminator_squares)

# %% [markdown]
# Why bother? Look at what G is told, by the slope of *its* loss, when D gives its fake a certain logit.

# %%
logits = torch.linspace(-4, 4, 200, requires_grad=True)
slopes = {}
for name, loss in {
    "lesson 1: softplus(-x)": nn.functional.softplus(-logits),
    "squares: (x - 1)²": (logits - 1).square(),
}.items():
    (slope,) = torch.autograd.grad(loss.sum(), logits)
    slopes[name] = (logits.tolist(), slope.tolist())
curves(
    slopes,
    xlabel="D's logit for a fake",
    ylabel="slope of G's loss",
    smoothing=0,
)

# %% [markdown]
# With lesson 1's loss the slope lies between -1 and 0, and a fake that D takes for real (right side) teaches nothing any
# more. With squares the slope is a straight line, from -10 to 6 in this range: the farther a fake is from 1, on either side,
# the harder it is pulled there. A fake that D is already fooled by still moves, toward the real ones and not past them. Mao and
# others, who proposed it, report steadier training and better pictures.
#
# ## A discriminator with a memory
#
# Two players who only answer each other's last move go in circles: G drops a trick when D has learned it, and takes it up
# again when D has forgotten. So D is shown old fakes as well, from a pool of 50.
#
# ### Exercise 5.3 · The pool (level 3 of 5, about 15 minutes)
#
# Decide what D is shown instead of one fake, a picture (3, H, W), and keep the memory, a list of at most `size` pictures.
# While the memory is not full: put the fake in, and hand it back. Once it is full: half of the time hand the fake back as it
# is; the other half, take a random old one out, put the fake in its place, and hand out the old one.
#
# <details><summary>Hint 1</summary>
#
# `memory` is a list that stays between calls. `memory.append(fake)` changes it in place.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.rand` can toss a coin, and `torch.randint` choose a place. The old picture has to be in a variable of its own before the
# fake takes its place.
#
# </details>


# %%
def exchange(memory, fake, size):
    """What D is shown instead of `fake`: itself, or an older one from `memory` (a list, changed in place).

    memory: list of up to `size` pictures;  fake: (3, H, W);  size: int.  Returns a picture (3, H, W).
    """
    ### BEGIN SOLUTION 5.3: return a picture, and keep the memory
    if len(memory) < size:
        memory.append(fake)
        return fake
    if torch.rand(()) < 0.5:
        return fake
    place = int(torch.randint(size, ()))
    old, memory[place] = memory[place], fake
    return old
    ### END SOLUTION


result_5_3 = check_5_3(exchange)

# %% [markdown]
# ## The generator
#
# No U-Net this time: shortcuts at full size would hand the portrait's texture straight across. The **ResNet generator**
# halves the picture twice, changes it in residual blocks, and doubles it twice. Its norm is *InstanceNorm*: each map is
# centered and scaled by its own picture alone, contrast gone, shapes left. In the paper's size, and in ours:

# %%
with torch.device("meta"):  # counts without taking memory
    for words, pair in {
        "256 px": (networks.Generator(), networks.Discriminator()),
        "64 px, our preset": (
            networks.Generator(config.blocks, config.width),
            networks.Discriminator(3, config.width, config.patch_layers),
        ),
    }.items():
        G, D = map(count_parameters, pair)
        print(f"{words}: each generator {G:,} parameters, each discriminator {D:,}")

# %% [markdown]
# ## Train, and watch the truth
#
# All terms together, for both generators: $L_G = \text{squares}_A + \text{squares}_B + 10 \cdot \text{round trips} + 5 \cdot
# \text{identity}$, where $\text{squares}_B$ is how far D's logits for fake cels are from 1. The learning rate stays for the first
# half and then falls in a line to 0:

# %%
adam = torch.optim.Adam([nn.Parameter(torch.zeros(1))], config.lr)
decay, rates = linear_decay(adam, config.decay), []
for step in range(config.steps):
    if step % 50 == 0:
        rates.append((step, adam.param_groups[0]["lr"]))
    adam.step()
    decay.step()
curves({"learning rate": tuple(zip(*rates))}, ylabel="learning rate", smoothing=0)

# %% [markdown]
# While it trains, we measure what it does *not* know: the distance of its cels from the hidden truth, on 64 held-out
# portraits. **Predict:** which of these will fall steadily: the discriminators' loss, the round trip, the distance from the
# truth?
#
# Whatever of 5.1 to 5.3 you have solved is what trains here.

# %%
exam = StudioUnpaired("portrait", "cel", 64, 64, prior="frontal", split="validation")
exam_portraits, _ = exam.batch(range(64))
truth = exam.truth(range(64))
parts = {}
if result_5_1:
    parts["cycle_loss"] = cycle_loss
if result_5_2:
    parts["loss"] = losses.least_squares._replace(discriminator=discriminator_squares)
if result_5_3:
    parts["pool"] = partial(ImagePool, exchange=exchange)
recipe = recipes.CycleGAN(config, **parts)
name = "05_cyclegan_with_my_" + "_".join(parts) if parts else "05_cyclegan"
live, measured = LiveTraining(), []


@torch.no_grad()
def watch(progress):
    live(progress)
    if progress.step % 100 and progress.step != progress.steps:
        return
    to_b = recipe.G_ema.average.a_to_b
    guess = to_b(exam_portraits.to(recipe.device)).cpu()
    measured.append(
        (progress.step, float((guess - truth).abs().mean()), progress.losses["cycle"] / 2)
    )


run = train(recipe, unpaired, env.runs_dir() / name, watch=watch)

# %%
steps, from_truth, round_trip = zip(*measured) if measured else ([0], [0.0], [0.0])
floor = float((exam_portraits - truth).abs().mean())
print(f"doing nothing, the portrait itself, is {floor:.3f} from the truth")
curves(
    {"distance from the truth": (steps, from_truth), "round trip": (steps, round_trip)},
    ylabel="mean absolute difference",
)

# %% [markdown]
# This is the graph that nobody with real data has ever seen of their own model. The distance from the truth begins at that of
# the portrait itself, about 0.52, and is halved: in our run of this preset 0.31 after 1,000 steps, 0.25 after 2,700, 0.24 at
# the end. (Untrained generators begin by doing nearly nothing, which is why the curve does not begin higher.) Look at the
# last third: the distance hardly moves any more, while the round trip keeps falling. From there on the generators get better
# at finding home, and no better at translating. Had you only the losses, you would train on and call it progress.
#
# And the discriminators' loss, in the curves under the training? It does not fall from the first minute to the last: each
# player gets better, and so does its opponent.
#
# ## How good is it?
#
# On 512 held-out portraits, against their true cels (*distance* is the mean absolute difference, *perceptual* the distance of
# lesson 4) and against the crowd of cels (`fd_studio`, lesson 2). `attribute_accuracy` asks the *examiner*, a network for
# attributes that nothing is trained with, how many hair and eye colors survived. Beside yours stands the zoo's CycleGAN, trained
# as yours for a quarter more steps.

# %%
mine, classic = zoo.load_run(run.folder), zoo.load("cyclegan-portrait-cel-64")
crowd = 512 if env.scale() == "full" else 260  # fd_studio wants 257
held_out = StudioUnpaired("portrait", "cel", 64, crowd, prior="frontal", split="test")
portraits, cels = held_out.batch(range(crowd))
true_cels, translated = held_out.truth(range(crowd)), classic.translate(portraits)
tags = torch.tensor(
    [list(held_out.casts[0][i].tags().values()) for i in range(crowd)]
).float()
rows = {
    "the portraits": portraits,
    "yours": mine.translate(portraits),
    "the zoo's": translated,
    "the truth": true_cels,
}
print(f"{'':16}{'distance':>10}{'perceptual':>12}{'fd_studio':>11}{'hair':>7}{'eyes':>7}")
for words, pictures in rows.items():
    kept = metrics.attribute_accuracy(pictures, tags)
    print(
        f"{words:16}{(pictures - true_cels).abs().mean():10.3f}"
        f"{metrics.perceptual(pictures, true_cels).mean():12.3f}{metrics.fd_studio(cels, pictures):11.1f}"
        f"{kept['hair color']:7.2f}{kept['eye color']:7.2f}"
    )

# %% [markdown]
# Read the row of the zoo's model from left to right; yours tells the same story. The distance from the truth is less than half
# of the portrait's: outlines, light and large eyes are there. The hair kept its color five times of six. The *eyes* did not:
# one in eight is right, which is a guess. An iris is about four pixels wide in a portrait. Any bright eye looks real to the
# discriminator, and the round trip finds the old color in a tint somewhere else. Nothing in the loss says that the color of the
# eyes should be *in the eyes*.
#
# And `fd_studio` says that the crowd of translated cels is farther from drawn cels than the portraits were. The pictures
# suggest why: walls are mottled and skin has spots. A measure of crowds sees that at once, the distance from the truth hardly.
#
# ## The secret in the picture
#
# A cel has flat colors and hard shadows. Yet the portrait that comes back has soft light again, much like the first one's.
# Where was that in the meantime?
#
# The yardstick: we also translate the *truly drawn* cel of the same face back. It holds no message from anybody, so what
# comes back from it is as near to home as honest cels allow. **Predict:** which of the two leads nearer to home, and how much
# noise can you pour over the translated cel until its advantage is gone?

# %%
noise = torch.randn(portraits[:64].shape, generator=torch.Generator().manual_seed(0))
ours, drawn = translated[:64], held_out.truth(range(64))


def from_home(cel):
    """How far from the portraits their cels lead back."""
    return float((classic.translate(cel, back=True) - portraits[:64]).abs().mean())


levels = [0, 4, 8, 16, 32, 48, 64]  # one level of 255 is 2/255 in [-1, 1]
returned = [from_home(ours + level * 2 / 255 * noise) for level in levels]
honest = from_home(drawn)
print(f"from the translated cel {returned[0]:.3f}, from the drawn cel {honest:.3f}")
curves(
    {"from the translated cel": (levels, returned), "from a drawn cel": (levels, [honest] * len(levels))},
    xlabel="noise, in levels of 255",
    ylabel="distance from home",
    smoothing=0,
)  # fmt: skip

# %% [markdown]
# The translated cel leads twice as near to home as the drawn one. A part of that is geometry: a drawn cel has larger eyes and a
# smaller chin, and the way back cannot know what they were. The rest was packed by one generator and unpacked by the other,
# and nobody had told them to. Zhu's networks, trained for days, whisper: they hide it far below what an eye can see, and a
# little noise silences them (Chu and others, 2017). Ours have had a quarter of an hour and still talk aloud. You can pour 64
# levels of noise over their cels and they find home better than from a drawn cel.
#
# Where is the message? The grain is the obvious suspect. So cut both cels in two, what is finer than some pixels and what is
# coarser, and exchange the halves. **Predict:** which half leads home, and does the answer depend on where you cut?


# %%
def coarse(pictures, pixels):
    """What is left when details finer than about so many pixels are blurred away."""
    return gaussian_blur(pictures, 6 * pixels + 1, float(pixels))


print("cut at   translated coarse, drawn fine   drawn coarse, translated fine")
for pixels in (1, 2, 4):
    apart = coarse(ours, pixels) - coarse(drawn, pixels)
    print(f"{pixels} px {from_home(drawn + apart):30.3f}{from_home(ours - apart):32.3f}")

# %%
fine = ours - coarse(ours, 4)
mixed = coarse(drawn, 4) + fine
compare(
    {
        "translated cel": ours[:8],
        "its details finer than 4 pixels": fine[:8].clamp(-1, 1),
        "the same of the drawn cel": (drawn - coarse(drawn, 4))[:8].clamp(-1, 1),
        "home from the drawn cel": classic.translate(drawn[:8], back=True),
        "home from its coarse half, our details": classic.translate(mixed[:8], back=True),
        "home from the translated cel": classic.translate(ours[:8], back=True),
        "the portrait": portraits[:8],
    },
    alt="Eight translated cels; their details, with a mottled texture on hair, skin and walls; the drawn cels' details, lines "
    "around flat areas; and three ways home: from the drawn cel with false tints and a woven pattern, from its coarse half "
    "with our details close to the portrait's light and colors, as from the translated cel; and the portraits.",
)

# %% [markdown]
# In our run the translated cel led to 0.107 and the drawn one to 0.201. Cut at one pixel, the grain alone is on the right:
# laid over a drawn cel it brings it to 0.151, half of the way. But take it *from* the translated cel, and that still finds home
# at 0.125, with four fifths of its lead. So the grain speaks, and it is not where most is said. Cut at four pixels, the fine half
# leads to 0.127 and the coarse half to 0.170. The message lies mostly in details of one to four pixels; in the second row they
# are mottled tints on hair, skin and walls, which drawn cels have not. And it is written more than once, so that no single
# cut silences it.
#
# ## Keep the face: landmarks
#
# The cycle loss is content when *something* finds the way back. It does not say that the mouth of the cel must be where the
# portrait's mouth was. In 2019 Wu and others added what a portraitist would call the construction lines: a further network
# finds landmarks (eyes, nose, the corners of the mouth), and the generator pays when they move.
#
# We need a *landmark detector*, our finder. It ends in one map a point, with high values where the point is. Taking the
# largest would give the place, and no slope: nobody could push it. So we take the *mean* place, each pixel weighted by a
# softmax over the map (positive weights that add up to 1), a *soft argmax*.
#
# ### Exercise 5.4 · A point you can push (level 3 of 5, about 15 minutes)
#
# Turn maps of logits (B, K, H, W), any real numbers, into the mean places (B, K, 2): all weights of one map, H times W of them,
# are positive and add up to 1. x comes first and counts columns, from 0 at the left edge to W at the right one; y counts rows.
# A pixel lies at its middle, so the first one at 0.5. H and W can differ.
#
# <details><summary>Hint 1</summary>
#
# One softmax over *all* places of a map, not along rows or columns. What shape must the maps have for that? (`flatten` takes the
# dimension to begin with.)
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# What share of a map's weight lies in each column? W numbers, and the middles of the columns are 0.5, 1.5, 2.5 and so on.
#
# </details>


# %%
def points_of(maps):
    """Mean place under each map's softmax.

    maps: logits (B, K, H, W).  Returns (B, K, 2), x and y in pixels of the map.
    """
    ### BEGIN SOLUTION 5.4: weights that add up to 1 over a whole map, and the mean place under them
    share = maps.flatten(2).softmax(2).view_as(maps)
    x = share.sum(2) @ (torch.arange(maps.shape[3], device=maps.device) + 0.5)
    y = share.sum(3) @ (torch.arange(maps.shape[2], device=maps.device) + 0.5)
    return torch.stack([x, y], 2)
    ### END SOLUTION


result_5_4 = check_5_4(points_of)


# %% [markdown]
# The finder below ends in your function, if the check has accepted it, and learns from the studio's landmarks in both styles.
# We train two, with different seeds and widths: one that the generator is trained with, and a *second finder* that nothing is
# trained with, to measure. (From here on the data have all poses, heads turned and tilted; all frontal faces have
# their points in nearly the same places.) This section trains seven minutes for a small effect; how small, its table tells.


# %%
mean_places = points_of if result_5_4 else landmarks.mean_places


class Finder(nn.Module):
    """Pictures (B, 3, H, W) to five points (B, 5, 2) in pixels: eyes, nose, corners of the mouth."""

    def __init__(self, width):
        super().__init__()
        layers, before = [], 3
        for after, stride in ((width, 2), (width, 1), (2 * width, 2), (2 * width, 1)):
            layers += [
                nn.Conv2d(before, after, 5, stride, 2),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            before = after
        self.maps = nn.Sequential(*layers, nn.Conv2d(before, 5, 5, 1, 2))

    def forward(self, pictures):
        maps = (
            self.maps(pictures).float().cpu()
        )  # a quarter of the size, on the CPU as in 5.4
        with torch.autocast("cpu", enabled=False):  # bfloat16 has too few digits for places
            return 4 * mean_places(maps).to(pictures.device)


# %%
NAMES = list(studio.landmarks(held_out.casts[0][0], 64))


def five(points):
    """The studio's points (B, many, 2) to five: middles of both eyes, nose, corners of the mouth."""
    place = {name: points[:, number] for number, name in enumerate(NAMES)}
    left, right = (
        (place[f"{side}_eye_inner"] + place[f"{side}_eye_outer"]) / 2
        for side in ("left", "right")
    )
    return torch.stack(
        [left, right, place["nose"], place["mouth_left"], place["mouth_right"]], 1
    )


# %%
small = env.scale() == "smoke"
turned = StudioPairs("portrait", "cel", 64, 64 if small else 2000, prior="full")
both = [five(turned.landmarks(range(len(turned)), side)) for side in (0, 1)]


def trained_finder(seed, width, steps=20 if small else 500):
    torch.manual_seed(seed)
    finder = Finder(width)
    finder_adam = torch.optim.Adam(finder.parameters(), 2e-3)
    for _ in range(steps):
        chosen = torch.randint(len(turned), (16,))
        pictures = torch.cat(
            turned.batch(chosen)
        )  # sixteen portraits, and the same as cels
        error = (
            (finder(pictures) - torch.cat([side[chosen] for side in both]))
            .norm(dim=2)
            .mean()
        )
        finder_adam.zero_grad()
        error.backward()
        finder_adam.step()
    return finder.eval().requires_grad_(False)


finder, second_finder = trained_finder(0, 16), trained_finder(1, 24)

# %% [markdown]
# How good is the second finder? On held-out faces we know where the points are.

# %%
new = StudioUnpaired(
    "portrait", "cel", 64, 32 if small else 256, prior="full", split="test"
)
new_portraits, _ = new.batch(range(len(new)))
new_truth = new.truth(range(len(new)))
as_cels = StudioPairs("cel", "cel", 64, 1).sides[0]  # the style "cel"
where = [studio.landmarks(new.casts[0][i], 64, as_cels.style) for i in range(len(new))]
where = five(torch.tensor([list(points.values()) for points in where]))


def off(pictures):
    """How far the second finder sees the five points from where a true cel has them: mean pixels, and for each point."""
    return (second_finder(pictures) - where).norm(dim=2).mean(0)


print(f"second finder on drawn cels: off by {off(new_truth).mean():.2f} px")
print(
    f"portraits, compared with where a cel has its points: {off(new_portraits).mean():.2f} px"
)

# %% [markdown]
# A cel's eyes are larger and its chin is smaller, so its points *should* move a little. What must not be lost is how this
# face differs from the average face: turned left, mouth low. That difference is what the generator should keep:
#
# $$L_\text{keep} = \Big| \big(\text{points}(G(x)) - \overline{\text{cel}}\big) - \big(\text{points}(x) -
# \overline{\text{portrait}}\big) \Big|$$
#
# Both generators below go on from the one you trained, for the same steps on the same turned heads, once without and once with
# that term.

# %%
mean_portrait, mean_cel = (points.mean(0) for points in both)


def keep(portrait, cel):
    """How far landmarks stray from those of the portrait, each against the average face."""
    finder.to(cel.device)
    here = finder(portrait) - mean_portrait.to(cel.device)
    there = finder(cel) - mean_cel.to(cel.device)
    return 0.3 * (there - here).abs().mean()


# %%
more = recipes.preset(
    "cpu",
    prior="full",
    lr=2e-4,
    **({} if small else {"steps": 700, "decay": 700, "faces": 700}),
)
heads = recipes.CycleGAN.data(more)
students = {}
for name, terms in (("without landmarks", {}), ("with landmarks", {"extra_loss": keep})):
    student = recipes.CycleGAN(more, **parts, **terms)
    for part in ("G", "D_a", "D_b"):
        getattr(student, part).load_state_dict(getattr(recipe, part).state_dict())
    student.G_ema.average.load_state_dict(recipe.G_ema.average.state_dict())
    folder = env.runs_dir() / " ".join(["05", name, *parts])
    train(student, heads, folder, watch=LiveTraining())
    students[name] = student.G_ema.average.a_to_b

# %%
with torch.no_grad():
    results = {"before": recipe.G_ema.average.a_to_b, **students}
    results = {
        name: G.eval()(new_portraits.to(recipe.device)).cpu() for name, G in results.items()
    }
print(f"{'':20}{'eyes':>8}{'nose':>8}{'mouth':>8}{'all':>8}{'distance':>11}")
for name, pictures in {**results, "drawn cels": new_truth}.items():
    left, right, nose, *mouth = off(pictures)
    print(
        f"{name:20}{(left + right) / 2:8.2f}{nose:8.2f}{sum(mouth) / 2:8.2f}{off(pictures).mean():8.2f}"
        f"{(pictures - new_truth).abs().mean():11.3f}"
    )
compare(
    {"portrait": new_portraits[:8], **{name: p[:8] for name, p in results.items()}, "truth": new_truth[:8]},
    alt="Eight portraits with turned heads, three rows of translations into cels, and the true cels.",
)  # fmt: skip

# %% [markdown]
# Read the last row first: it is the second finder's own error on drawings, 1.00 pixels in our run. No generator can score below
# it except by luck. Above it, our generator had 0.25 before, 0.19 after 700 more steps without the term, and 0.15 with it. So
# practice on turned heads was worth more than the term, and the term a fifth of what was left, at no cost in distance from
# the truth. One pair of runs is one pair of runs.
#
# Why so little? At 64 pixels a turned portrait's eyes are 2.6 pixels from its cel's, the mean of the five points is 1.4, and
# the generator already moves them most of the way without the term. The paper's cartoons have chins and eyes far from those of
# the photographs; there the generator has to be told. And look at the faces: points in their places do not make a face.
#
# The paper goes further: its generator is given the points as extra channels, a second discriminator sees them beside the
# picture, and three small discriminators look at eyes, nose and mouth alone. We have told you that, not shown it.

# %% [markdown]
# ## One direction, and patches that must recognize themselves
#
# A studio knows more than the true cel: it knows which of its pixels are hair, iris or mouth. So we can ask, part by part, what
# a network changed that nobody asked for. Every portrait begins far from its cel, since light, lines and proportions differ.
# **Predict:** in which parts is CycleGAN's translation *farther* from the truth than the portrait was?

# %%
parts = torch.stack(
    [
        torch.from_numpy(studio.render(held_out.casts[0][i], 64, "segmentation", "cel"))
        for i in range(crowd)
    ]
)
looked_at = ("background", "hair", "face", "iris", "mouth", "clothes")


def by_part(rows):
    """How far each row's pictures are from the truth inside each part; printed, and returned in lists."""
    print(f"{'':18}" + "".join(f"{part:>12}" for part in looked_at))
    found = {}
    for name, pictures in rows.items():
        far = (pictures - true_cels[: len(pictures)]).abs().mean(1)
        masks = [parts[: len(far)] == studio.LABELS[part] for part in looked_at]
        found[name] = [float(far[mask].mean()) for mask in masks]
        print(f"{name:18}" + "".join(f"{each:12.3f}" for each in found[name]))
    return found


inside = by_part({"the portraits": portraits, "CycleGAN's cels": translated})

# %%
wrong = (translated - true_cels)[:8].abs().mean(1, keepdim=True).expand(-1, 3, -1, -1)
compare(
    {
        "portrait": portraits[:8],
        "CycleGAN's cel": translated[:8],
        "the truth": true_cels[:8],
        "where it is wrong (dark)": 1 - wrong,
    },
    alt="Eight portraits, their translations, the true cels, and maps of the difference, which is dark at irises and "
    "shoulders and along the hair.",
)

# %% [markdown]
# Mouth and clothes. The network made walls bright and skin flat, as it should. But mouths shrank to specks, collars got other
# colors, the sixth girl's pigtails end in orange, and several irises are pink. The field calls that *hallucination*: what many
# cels have is safe to paint on anybody, and the round trip does not mind, as long as the old color is written down somewhere.
#
# In 2020, three years after CycleGAN, some of its authors (Park and others) left out the way back. Their question is one of
# *contrast*. Take a patch of the answer: of all patches of the input, it should be most like the one in its own place. A mouth
# painted where a chin was is like another place, or like none. That needs one generator, one discriminator, and no trip home.
# The model is called CUT, *contrastive unpaired translation*.
#
# How alike are two patches? Let us first ask plain pixels. We cut every picture into 256 patches of 4 x 4 pixels, each scaled to
# length 1, and let every patch choose the most similar one of the portrait. Chance would be right in one of 256.


# %%
def patches(pictures):
    """256 patches of 4 x 4 pixels: (B, 256, 48), each of length 1."""
    return nn.functional.normalize(nn.functional.unfold(pictures, 4, stride=4).mT, dim=2)


def contrast(queries, keys, temperature=0.07):
    """What it costs the queries (B, N, C) not to choose the key in their own place among all N."""
    alike = queries @ keys.mT / temperature
    own = torch.arange(alike.shape[1]).repeat(len(alike))
    return nn.functional.cross_entropy(alike.flatten(0, 1), own)


keys, recognized = patches(portraits[:64]), {}
for name, pictures in {
    "the portrait": portraits[:64],
    "with some noise": portraits[:64] + 0.3 * noise,
    "its true cel": true_cels[:64],
    "CycleGAN's cel": translated[:64],
    "somebody else's cel": true_cels[:64].roll(1, 0),
}.items():
    queries = patches(pictures)
    chosen = (queries @ keys.mT).argmax(2)
    recognized[name] = float((chosen == torch.arange(256)).float().mean())
    print(f"{name:20}{recognized[name]:7.3f}   contrast {contrast(queries, keys):6.2f}")

# %% [markdown]
# A cel's patches recognize their own places four times of a hundred, drawn or translated; those of somebody else's cel one time.
# Across two styles plain pixels are worth little. The question is right, and whoever answers it has to *learn* what of a patch
# survives a change of style. Nobody is there to teach it: the generator's own encoder and a small network at each depth are
# trained by the same loss.
#
# ```
# portrait ──> encoder ──> decoder ──> cel ──> D: does it look drawn?
#                 │                     │
#          maps at 5 depths      the same encoder
#                 │                     │
#          256 places each      the same 256 places
#                 │                     │
#           small networks      the same networks
#                 └────── contrast ─────┘
#         keys: no gradient      queries: these learn
# ```
#
# The loss is a cross-entropy with 256 classes, "which of them am I?", called InfoNCE:
#
# $$L = -\log \frac{\exp(q \cdot k_\text{own} / \tau)}{\sum_j \exp(q \cdot k_j / \tau)}$$
#
# In words: the share of the right place among all, where $\tau = 0.07$ makes small differences count. The other 255 come from
# the same picture. CUT also shows G cels, whose patches must recognize themselves as well; FastCUT leaves that out and counts
# the contrast tenfold. G and D are CycleGAN's to the parameter, but that they blur before they halve:

# %%
with torch.device("meta"):
    for name, network in {
        "G": cut.Generator(),
        "D": cut.Discriminator(),
        "the five small networks": cut.Patches(),
    }.items():
        print(f"{name}: {count_parameters(network):,} parameters")

# %% [markdown]
# FastCUT as published did not get far in our minutes: its discriminator was sure of everything within a hundred steps, and
# instance norm, which takes every map's mean away, had forgotten the tint of the hair. So our preset `pairs` changes four
# things. D is lesson 1's: it compares every fake with a drawn cel, and pays for steep slopes. G's norm is taken over all maps
# of a picture together, so that a tint stays a tint. Shortcuts hand its maps across, as in lesson 4. And a cel should come back
# as it is, pixel by pixel. (`animelab train cut --preset pairs --out runs/cut`, or `--preset fast`; a contrast of your own goes
# in as the part `nce`.)
#
# The hair then keeps its color, and mouths are better: both are in the table below. The eyes stay a guess. A cel's iris is
# larger than a portrait's and lies lower, so its own place in the input is partly cheek: a contrast of places cannot ask for
# what has moved.
#
# ### Exercise 5.5 · A look within (level 2 of 5, about 10 minutes)
#
# CUT asks how a patch of the answer is like a patch of the input, *across* two styles. LSeSim (Zheng and others, 2021) asks only
# *within* each picture: how like this place are all the others of the same picture? The map of all these products, places with
# places, should be the same before and after. Write that loss: the mean distance |a - b| of the answer's map from the input's.
# `queries` are the answer's places, `keys` the input's, both (B, N, C) and of length 1, a picture's places belong together, and
# no gradient may reach the keys.
#
# <details><summary>Hint 1</summary>
#
# In the cell above `queries @ keys.mT` has all products of places of one picture with places of the other. Which two products
# of this kind stay within one picture?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Both maps are (B, N, N). What did lesson 1 do to a tensor that no gradient should reach?
#
# </details>


# %%
def structure(queries, keys):
    """How much otherwise the places of the answer are alike among themselves than those of the input.

    queries, keys: (B, N, C), each place of length 1; keys get no gradient.  Returns a scalar.
    """
    ### BEGIN SOLUTION 5.5: the mean distance between both maps of self-similarity
    wanted = (keys @ keys.mT).detach()
    return (queries @ queries.mT - wanted).abs().mean()
    ### END SOLUTION


result_5_5 = check_5_5(structure)

# %% [markdown]
# **Predict:** whose map is nearest to the portrait's: CycleGAN's cel, the true cel, or somebody else's? We ask plain pixels again,
# and then the tagger's second layer, which has 256 places, too.

# %%
within = structure if result_5_5 else library_structure
look = metrics.perception.extractor("tagger")


def seen(pictures):
    """What the tagger's second layer makes of 256 places: (B, 256, C), each of length 1."""
    return nn.functional.normalize(look(pictures)[1].flatten(2).mT, dim=2)


unlike = {}
for name, pictures in {
    "its true cel": true_cels[:64],
    "CycleGAN's cel": translated[:64],
    "somebody else's cel": true_cels[:64].roll(1, 0),
}.items():
    unlike[name] = [
        float(within(of(pictures), of(portraits[:64]))) for of in (patches, seen)
    ]
    print(f"{name:20} pixels {unlike[name][0]:.3f}   tagger {unlike[name][1]:.3f}")

# %% [markdown]
# Among pixels everybody is equally far away: a flat cel and a soft portrait are not alike within either. The tagger, which has learned to see
# faces, tells the own cel from somebody else's, and CycleGAN's is as near as the truth: what it got wrong, tints and mouths, is not a
# matter of structure. So this loss asks for shapes in their places, and not for colors. To train with it, give CycleGAN an
# `extra_loss` that compares the `seen` of both pictures. Do not give it to CUT in place of the contrast. **Why not?** CUT's small
# networks learn as well, and there is a cheap way to make two maps agree: call all places alike. In a trial they needed thirty
# steps for it (at all five depths the mean product was above 0.98), and then nothing is asked of G any more. InfoNCE forbids that: there
# each place has to stand out. A yardstick should not be trained by what it measures; the tagger learns nothing here.
#
# ## Pairs out of nothing: back-translation
#
# How would you learn to translate between two languages if no dictionary knew both? Take a page of *your* language and
# translate it as well as you can by now, which is badly. Then give your attempt to somebody who studies the other direction:
# what was the page before? For once somebody knows the answer, since the page came first, and it is without a mistake. Clumsy
# translations make the exercises, real pages are the solutions; both students get better, and then set better exercises.
# Machines that translate languages have learned so since 2016 (Sennrich and others), without any pair since 2018 (Lample and
# others). It is called *back-translation*.
#
# ```
#      real portrait ──> to cel ──> a cel, more or less ┊──> noise ──> to portrait ──> answer
#            └──────────────────── solution: how far is the answer from it? ──────────────┘
#
#      real cel ──> to portrait ──> a portrait, more or less ┊──> noise ──> to cel ──> answer
#            └──────────────────── solution: how far is the answer from it? ───────────┘
#
#                            ┊ no gradient goes back to who set the exercise
# ```
#
# **Predict:** it looks like CycleGAN's round trip with one dotted line more. What does that line change?
#
# In a round trip *both* generators pay for the way back, so the first one learns to make cels that are easy to come back from:
# it writes notes. Here only the second one pays. Who sets an exercise gains nothing by a note, and a little noise would blot it
# out. And look at it from the second one's side: something like a portrait goes in, a faultless cel is the solution. That is a
# pair, as in lesson 4, with lesson 4's loss (and the same distance once more in features of a network that has seen drawings).
# Only the *input* is a fake; and that it looks like a portrait, D sees to, in R3GAN's game of lesson 1. Both generators are
# U-Nets of lesson 4. From `animelab/recipes/backtranslation.py`:
#
# ```python
# fake_a = self.translated(self.G.b_to_a, real_b)
# asked = torch.cat([real_a, self.exercise(fake_a)])
# ...
# fake_b, back_b = self.translated(self.G.a_to_b, asked).split([len(real_a), len(real_b)])
# back_a = self.translated(self.G.b_to_a, self.exercise(fake_b))
# ...
# back = (back_a - real_a).abs().mean() + (back_b - real_b).abs().mean()
# ```
#
# where `exercise` returns `fakes.detach()` and a little noise. Two students who agree on a *wrong* dictionary still pass: if
# blonde always becomes brown, and brown becomes blonde again. So this recipe is told more than CycleGAN and CUT are. D names the
# 34 attributes of a picture (the auxiliary classifier of lesson 3), and a cel should show D what is true of the portrait's
# character, as in StarGAN (Choi and others, 2018). Attributes are known on both sides, each picture's own; pairs never.
# **That is not "no labels"**, and a comparison with the others is fair only if you say so.
#
# Does it still hide something? CycleGAN's own cel led nearly twice as near to home as a drawn one. Here we also exchange the
# *walls* of the two, since in the studio a portrait's wall says nothing of its cel's. **Predict:** who needs the wall?

# %%
few = 192 if env.scale() == "full" else 32
large = StudioUnpaired("portrait", "cel", 128, few, prior="frontal", split="test")
large_portraits, large_truth = large.batch(range(few))[0], large.truth(range(few))
answers = model.translate(large_portraits)
cast = large.casts[0]
labels = [studio.render(cast[i], 128, "segmentation", "cel") for i in range(32)]
wall = torch.from_numpy(np.stack(labels))[:, None] == studio.LABELS["background"]
its_own, drawn_one = answers[:32], large_truth[:32]
grain = torch.randn(its_own.shape, generator=torch.Generator().manual_seed(0))
homes = {}
for words, cel in {
    "its own cel": its_own,
    "its own cel, noise of 16 levels": its_own + 16 * 2 / 255 * grain,
    "a drawn cel": drawn_one,
    "its own cel before the drawn wall": torch.where(wall, drawn_one, its_own),
    "a drawn cel before its own wall": torch.where(wall, its_own, drawn_one),
}.items():
    home = model.translate(cel, back=True)
    homes[words] = float((home - large_portraits[:32]).abs().mean())
    print(f"from {words:36}{homes[words]:.3f}")

# %% [markdown]
# Its own cel leads nearer, to 0.127 against 0.195. So there is a message; but see where it is. Before the drawn cel's wall the own
# cel leads only to 0.182, and a drawn cel before the own wall to 0.138: most of the lead is the wall. Go back to the first picture
# and look: the cels' walls are pale versions of the portraits'. Nobody was paid for that, and nothing is hidden. Shortcuts hand the
# tint on, to D any pale wall is as good as another, and the other student reads whatever it is given. What it cannot read,
# we think, is the proportions of the face, which drawn cels do not tell either.
#
# Now the same ruler for all. Its answers have 128 pixels a side; each is reduced to 64, four pixels to their mean. *Points* is how
# far eyes, nose and corners of the mouth are from where a drawn cel has them, in pixels, by a finder that comes with the course.


# %%
def reduced(pictures):
    return nn.functional.interpolate(pictures, 64, mode="area")


rows = {
    "the portraits": portraits[:few],
    "CycleGAN": translated[:few],
    "back-translation": reduced(answers),
    "the truth": true_cels[:few],
}
drawn_at = [studio.landmarks(held_out.casts[0][i], 64, as_cels.style) for i in range(few)]
drawn_at = five(torch.tensor([list(points.values()) for points in drawn_at]))
asked, kept = ("hair color", "eye color", "open mouth", "smile"), {}
columns = ("distance", "perceptual", "points", *asked)
print(f"{'':18}" + "".join(f"{column:>12}" for column in columns))
for name, pictures in rows.items():
    away = (metrics.landmarks(pictures) - drawn_at).norm(dim=2).mean()
    kept[name] = metrics.attribute_accuracy(pictures, tags[:few])
    off_by = (pictures - true_cels[:few]).abs().mean()
    seen = metrics.perceptual(pictures, true_cels[:few]).mean()
    found = [off_by, seen, away, *(kept[name][tag] for tag in asked)]
    print(f"{name:18}" + "".join(f"{each:12.3f}" for each in found))
print()
in_parts = by_part(dict(list(rows.items())[:3]))

# %%
compare(
    {
        "portrait": large_portraits[:8],
        "CycleGAN, 64 px": nn.functional.interpolate(translated[:8], scale_factor=2),
        "back-translation, 128 px": answers[:8],
        "the truth": large_truth[:8],
    },
    scale=1,
    alt="Eight portraits; CycleGAN's cels, coarse and mottled, with eyes of other colors; those of back-translation, "
    "with outlines and eyes of the right color, but torn tips of hair; and the true cels, with clean locks and tinted walls.",
)

# %% [markdown]
# On the lesson's 192 held-out portraits. (CUT's row is our run of `pairs`, measured the same way; it is not in the zoo.)
#
# | | told | distance | perceptual | points | hair | eyes | open mouth |
# |---|---|---|---|---|---|---|---|
# | the portraits | | 0.512 | 0.638 | 2.19 | 1.00 | 0.92 | 0.86 |
# | CycleGAN | | 0.236 | 0.601 | 0.81 | 0.81 | 0.13 | 0.52 |
# | CUT, preset `pairs` | | 0.254 | 0.594 | 0.84 | 0.96 | 0.13 | 0.67 |
# | back-translation | attributes | 0.149 | 0.240 | 0.59 | 0.99 | 0.99 | 1.00 |
# | the truth | | 0 | 0 | 0.43 | 1.00 | 1.00 | 1.00 |
#
# And by parts:
#
# | | background | hair | face | iris | mouth | clothes |
# |---|---|---|---|---|---|---|
# | the portraits | 0.932 | 0.247 | 0.382 | 0.552 | 0.252 | 0.250 |
# | CycleGAN | 0.200 | 0.231 | 0.239 | 0.492 | 0.443 | 0.380 |
# | CUT | 0.256 | 0.236 | 0.225 | 0.468 | 0.364 | 0.362 |
# | back-translation | 0.147 | 0.132 | 0.148 | 0.279 | 0.217 | 0.258 |
#
# (Smiles are in the cell's table alone: no row of CUT's was read by an examiner that sees them. In the exam of 512 other portraits back-translation keeps 0.88.)
#
# It also saw more than CycleGAN: 12,000 pictures, with four times as many pixels. What did it? At 64 pixels we took parts
# away. Without names, after as many pictures, 1,744, the color of the hair was kept 0.66 of the time instead of 0.99, with
# purple turned into blue and blonde into orange: a wrong dictionary. Eyes fell from 0.34 to 0.09, yet mouths opened as they
# should 0.88 of the time. And names without exercises, with CUT's contrast in their place, came to 0.78 for the eyes after
# 9,032 pictures, with mottled walls and a distance of 0.258; back-translation had 0.84 and 0.199 after 3,464. So names keep the
# dictionary, and exercises with true solutions teach to draw.
#
# For the first time mouths are nearer to the truth than in the portraits themselves; clothes are not quite. And look closely. Eyes
# and the outer line are there; the drawing of hair is not. Long hair and pigtails are torn into crumbs where drawn locks have one
# clean line, fringes end in smears, the seventh girl's buns have become stained horns, and some mouths are a smudge. The true color
# of the wall nobody could know.
#
# ## And real pictures?

# %%
strangers = torch.from_numpy(real_faces(128)).permute(0, 3, 1, 2) / 127.5 - 1
as_cels_of_old = classic.translate(reduced(strangers))
compare(
    {
        "real pictures": strangers,
        "to cel, CycleGAN": nn.functional.interpolate(as_cels_of_old, scale_factor=2),
        "to cel, back-translation": model.translate(strangers),
        "as if they were cels: to portrait": model.translate(strangers, back=True),
    },
    columns=9,
    scale=1,
    alt="Nine faces, three anime sprites, five cartoons, one photograph. CycleGAN darkens and smudges them; back-translation "
    "blurs them and keeps their colors; as portraits they have stained faces and woven hair.",
)

# %% [markdown]
# Here the better translator is not better. CycleGAN, worse in every column above, turns strangers into dark lumps with spoiled
# faces; back-translation keeps their colors and shapes, and draws hardly a line: soft watercolors. Cartoons get stains for
# cheeks and mouths. The photograph, for which all of this is made, becomes a blur. The other way skin is patched, and threads
# run through hair and walls as in cloth.
#
# That is no accident of training. "Portrait" means to these networks exactly the portraits they have seen: frontal, filling the
# frame, hardly smiling. For photographs you need photographs, and the right to use them; lesson 10 gets a set of them, with its
# rights stated.
#
# ## Your own two sets
#
# A folder with two folders in it, `a` and `b`. Nothing has to match.
#
# ```
# animelab train cyclegan --preset cpu --data my_sets --out runs/mine
# animelab translate runs/mine holidays/ --out anime/
# animelab translate runs/mine drawings/ --out portraits/ --back
# animelab train backtranslation --preset cpu --data my_sets --set names_weight=0 --out runs/modern
# ```
#
# In the last line nobody knows any attributes, so nothing names them: eyes will be a guess again, and colors may change places.
#
# Official checkpoints work as well: `animelab translate latest_net_G_A.pth ...` reads the generators of
# pytorch-CycleGAN-and-pix2pix.
#
# ## A quiz, for honesty
#
# **1. The round trip is perfect. What does that prove?**
#
# <details><summary>A. That the translation is right.</summary>
#
# Not quite. It may be anything that can be undone, with the rest hidden in details.
#
# </details>
# <details><summary>B. That nothing needed for the way back was lost, visible or not.</summary>
#
# Right, and you have measured how much of it was not visible.
#
# </details>
# <details><summary>C. That the discriminators have been fooled.</summary>
#
# Not quite. They never see a round trip.
#
# </details>
#
# **2. Why may the truth not be used for training here?**
#
# <details><summary>A. It would be too slow.</summary>
#
# Not quite. It would be pix2pix, and faster.
#
# </details>
# <details><summary>B. It stands for something nobody has: the anime twin of a photograph.</summary>
#
# Right. We keep it to see what people with real data cannot see.
#
# </details>
# <details><summary>C. The generators would only learn it by heart.</summary>
#
# Not quite. With so many faces that is unlikely. It is not the reason.
#
# </details>
#
# **3. Colors drift: blonde comes back blonde, but is brown in between. Which term helps?**
#
# <details><summary>A. More weight on the round trip.</summary>
#
# Not quite. The round trip is already perfect.
#
# </details>
# <details><summary>B. The identity loss.</summary>
#
# Right: a generator of cels that must leave cels alone cannot have a habit of exchanging colors.
#
# </details>
# <details><summary>C. A larger pool.</summary>
#
# Not quite. It steadies the discriminator; both mappings fool it.
#
# </details>
#
# **4. CUT has no way back. What keeps its generator from making a lovely cel of somebody else?**
#
# <details><summary>A. Its discriminator, which would notice.</summary>
#
# Not quite. It sees cels alone, and somebody else's is as good as any.
#
# </details>
# <details><summary>B. Each patch of the answer must be more like its own place of the input than like the other 255.</summary>
#
# Right. Somebody else's patches would be like the wrong places.
#
# </details>
# <details><summary>C. The small networks know the true cel.</summary>
#
# Not quite. Nobody has told them; they learn from portraits and answers alone.
#
# </details>
#
# **5. In back-translation, who learns from how far an answer is from its solution?**
#
# <details><summary>A. Both generators, as in CycleGAN.</summary>
#
# Not quite. Then it would pay to set exercises that are easy to answer, with notes in them.
#
# </details>
# <details><summary>B. Only the one that answered.</summary>
#
# Right. `detach` stands between them, and noise.
#
# </details>
# <details><summary>C. The discriminators.</summary>
#
# Not quite. They tell real pictures from first translations, and name attributes; they see no answers.
#
# </details>
#
# ## What went wrong for others
#
# - **"Colors are inverted and stay so."** (junyanz/pytorch-CycleGAN-and-pix2pix #91, #249.) A negative is a fine round trip.
#   Identity loss, or start again with another seed.
# - **"Textures change, shapes do not."** (the same, #91.) Two halvings and nine blocks: nothing moves an eye by 20 pixels.
#   Lesson 10 is about that.
# - **"The losses do not fall. Is it broken?"** (#164, #335.) Each player's loss is measured by its opponent, who gets better,
#   too. Look at pictures, or, in a studio, at the truth.
# - **"Perfect reconstruction, wrong translation."** (#1184, #1429.) The secret in the picture.
#
# ## Assignment: how much truth is enough?
#
# Level 5 of 5, two evenings. You have two sets and, in addition, twenty true pairs. Add a term to the recipe that uses them
# (the part `extra_loss` is one door). Draw the graph of distance from the truth for 0, 20 and 200 pairs, same seed and steps.
# Before that, predict where lesson 4, with the same number of pairs and nothing else, would lie; then measure that, too.
#
# Or the dotted line: train back-translation by `--preset cpu`, then with `--set noise=0`, then with an `exercise` of your own that
# does not detach (a class that inherits from `recipes.backtranslation.BackTranslation`). Predict which of the three hides notes,
# and where; then measure it as above.
#
# Or, with no pair at all: train CycleGAN with your `structure` of the tagger's places as `extra_loss`. Does the mouth stay?
#
# ## References
#
# - Zhu, Park, Isola, Efros: *Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks*, 2017, arXiv
#   1703.10593.
# - Mao et al.: *Least Squares Generative Adversarial Networks*, 2017, arXiv 1611.04076.
# - Shrivastava et al.: *Learning from Simulated and Unsupervised Images through Adversarial Training*, 2017, arXiv
#   1612.07828. The pool.
# - Chu, Zhmoginov, Sandler: *CycleGAN, a Master of Steganography*, 2017, arXiv 1712.02950.
# - Park, Efros, Zhang, Zhu: *Contrastive Learning for Unpaired Image-to-Image Translation*, 2020, arXiv 2007.15651. CUT.
# - Sennrich, Haddow, Birch: *Improving Neural Machine Translation Models with Monolingual Data*, 2016, arXiv 1511.06709.
#   Back-translation.
# - Lample, Conneau, Denoyer, Ranzato: *Unsupervised Machine Translation Using Monolingual Corpora Only*, 2018, arXiv 1711.00043.
# - Choi et al.: *StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation*, 2018, arXiv
#   1711.09020. Attributes that a translation keeps or changes, read by D.
# - Zheng, Cham, Cai: *The Spatially-Correlative Loss for Various Image Translation Tasks*, 2021, arXiv 2104.00854. LSeSim.
# - Wu, Gu, et al.: *Landmark Assisted CycleGAN for Cartoon Face Generation*, 2019, arXiv 1907.01424.
#
# **Next:** back to faces out of random numbers, with a generator that can be steered: [6 · A style for every
# layer](06_stylegan2.ipynb).
