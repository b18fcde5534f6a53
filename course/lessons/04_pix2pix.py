# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 4 · Line art in color: pix2pix
#
# ![Eight line drawings of faces, and below each the same face in the colors that were ordered: blonde hair and blue eyes, pink and green, aqua and red, red and green, blue and yellow, purple and aqua, orange and purple, green and pink.](../course/figures/opening_04.jpg)
#
# **You will make:** a generator that colors your line drawing while you draw it.
#
# **In the studio:** steps 3 and 4 of 6, from *line art* to *color*, where comics take the most hours.
#
# **Time:** 7 minutes of computing on 2 CPU cores (5 of them training), not counting the time you think; on a GPU: not
# measured yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn
from torch.nn.functional import avg_pool2d

from animelab import latent, losses, metrics, studio, zoo
from animelab.checks import check_4_1, check_4_2, check_4_3, check_4_4
from animelab.checks import lesson_04_pix2pix as library
from animelab.data import PairedFolder, StudioPairs, as_pictures, real_faces
from animelab.engine import train
from animelab.errors import LabError
from animelab.nn import count_parameters
from animelab.nn import pix2pix as networks
from animelab.recipes import pix2pix as recipes
from animelab.viz import as_pixels, compare, show
from animelab.widgets import DrawingBoard, LiveTraining

# %% [markdown]
# ## Where we are going
#
# The left side is yours. Draw longer bangs, close an eye, take the eraser to the hair and give her another. The right
# side follows. *Other colors* asks for another answer to the same drawing. Then draw something that is no face at all, and see
# what it makes of that.

# %%
model = zoo.load("pix2pix-orders-128")
large = StudioPairs("line", "color", 128, 16, prior="frontal", split="test")
line_art, drawn = large.batch(range(16))
DrawingBoard(model, line_art)

# %% [markdown]
# It never saw these sixteen drawings before. Here are eight of them: its own choice of colors, the colors that we order, and what
# the studio had in mind.

# %%
order = latent.attributes("blue hair, green eyes")
compare(
    {
        "line art": line_art[:8],
        "colored by the model": model.translate(line_art[:8]),
        "ordered: blue hair, green eyes": model.translate(line_art[:8], attributes=order),
        "colored by the studio": drawn[:8],
    },
    scale=1,
    alt="Eight line drawings of faces; colored in blue, brown, gray, pink and orange hair, both eyes of each in one color; all with "
    "blue hair and green eyes, as ordered; and the originals.",
)

# %% [markdown]
# The lines are kept to the pixel. What lies between them is not the studio's work yet: zoom in, and hard shadows have become clouds,
# collars are woven like cloth, and a seam of specks runs along the ponytail.
#
# The colors of the second row are not those of the original, and how could they be? Nothing in a black line says "pink". Keep that
# in mind: one drawing, many right answers. It is the difficulty of this whole lesson. At its end you will know how this model can
# give any of them, and how it takes an order. To get there we go back to 64 pixels, where networks train in minutes, and to the
# paper.
#
# ## Many right answers, and the one that L1 wants
#
# The obvious way to train a network from pairs: color, compare with the right answer pixel by pixel, make the difference
# smaller. The plain distance |fake - target|, averaged over the picture, is called **L1**. It needs no discriminator at all.
# Why not stop here?
#
# The studio can show why, because it can draw all the right answers. Here is one line drawing, colored with every pair
# of hair and eye colors that exist. The lines of all 130 are the same.

# %%
crowd = 512 if env.scale() == "full" else 260  # fd_studio wants 257
held_out = StudioPairs("line", "color", 64, crowd, prior="frontal", split="test")
lines, colors = held_out.batch(range(crowd))
hero = held_out.cast[5]
palettes = product(studio.OPTIONS["hair_color"], studio.OPTIONS["eye_color"])
answers = [
    studio.render(hero.replace(hair_color=hair, eye_color=eyes), 64)
    for hair, eyes in palettes
]
answers = torch.from_numpy(np.stack(answers)).permute(0, 3, 1, 2) / 127.5 - 1
show(
    answers[::17],
    alt="One face eight times, with eight colors of hair, clothes and background.",
)

# %% [markdown]
# **Predict:** a network sees the line drawing and must answer with *one* picture. The right answer is any of the 130, and its
# loss is the plain distance. Which color does it give the hair?
#
# ### Exercise 4.1 · The safest answer (level 2 of 5, about 10 minutes)
#
# Find the one picture whose mean distance |picture - answer| from all answers is the smallest. You get N right answers
# (N, 3, H, W) between -1 and 1; the picture is (3, H, W), and need not be one of them.
#
# <details><summary>Hint 1</summary>
#
# Every pixel and channel can be decided alone. So the question is: given 130 numbers, which single number has the smallest
# mean distance from them? Try it with 0, 0 and 9: is it 3?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# It has as many numbers below it as above. torch has it; look at what it returns when you give it a `dim`.
#
# </details>


# %%
def best_answer(answers):
    """The picture with the smallest mean L1 distance from all of `answers`.

    answers: (N, 3, H, W), between -1 and 1.  Returns (3, H, W).
    """
    ### BEGIN SOLUTION 4.1: the picture with the smallest mean distance from all answers
    return answers.median(0).values
    ### END SOLUTION


result_4_1 = check_4_1(best_answer)

# %% [markdown]
# Here it is (yours, once the check accepts it, the library's until then), beside the mean, which is the best answer when
# distances are squared, and beside two networks that learned from the same pairs for the same number of steps. The loss of
# one was L1 and nothing else. The other one had a discriminator as well: that is pix2pix as its paper has it, in 2017, and it is
# what you will train. (The network of the first screen comes at the end.)

# %%
safest = best_answer if result_4_1 else library.best_answer
one_line, one_color = (batch[5:6] for batch in (lines, colors))
classic, by_distance = zoo.load("pix2pix-color-64"), zoo.load("pix2pix-l1-64")
candidates = {
    "the mean of all right answers": answers.mean(0)[None],
    "the safest answer": safest(answers)[None],
    "a network trained with L1 alone": by_distance.translate(one_line),
    "with L1 and a discriminator": classic.translate(one_line),
    "one right answer": one_color,
}
print(" | ".join(candidates))
show(torch.cat(list(candidates.values())), columns=5, scale=3,
     alt="One face five times. Gray hair, grayish eyes and a gray wall in the first three: the mean, the safest answer, "
         "and the network of L1 alone. Then pink hair with green in it, on a mottled wall. Last, the drawing: blonde.")  # fmt: skip

# %% [markdown]
# Gray hair, grayish eyes, a gray wall. The third picture comes from a network that never saw your exercise, and it found the
# same answer: of all pictures the one that is least wrong on average. No drawing has ever looked like it. In a landscape, where
# the right answers differ by a branch here or there, the same compromise is a *blur*; in flat color it is gray. (The skin shows
# the rule, too: the second picture has this character's own tone, since all 130 answers share it. The network cannot know
# the tone, and takes the middle of all.)
#
# The fourth network also had to fool a discriminator, and a discriminator soon knows that no drawing has gray hair like that.
# So it decides for a color.
#
# Here are both networks on more drawings. Look at hair and clothes.

# %%
compare(
    {
        "L1 alone": by_distance.translate(lines[8:16]),
        "L1 and a discriminator": classic.translate(lines[8:16]),
        "the studio": colors[8:16],
    },
    alt="Eight faces colored with L1 alone, all in gray but for the skin; with a discriminator, in pink, yellow, black or "
    "green, some with two colors of hair or eyes of two colors; and drawn.",
)

# %% [markdown]
# The second row has colors, and mistakes that the first cannot make: hair of two colors, eyes of two colors, a mottled wall.
#
# ## A network that keeps its lines: the U-Net
#
# To choose one hair color for the *whole* head, a network must see the whole picture at once. So it halves the picture, 64
# pixels, 32, 16, down to a single one, and doubles it up again. But a strand of hair that went through one pixel is lost.
# The **U-Net** hands every map across: on the way up, each layer gets the map from below *and* the one of its own size from
# the way down, side by side. These shortcuts are called *skip connections*.
#
# ### Exercise 4.2 · Down and up again (level 3 of 5, about 15 minutes)
#
# Write the way through a U-Net. `down` is a list of layers from large to small, `up` one of layers from small to large; there
# are as many of both, three or more, and each is used once. The first layer of `up` gets the lowest map alone. Every other
# layer of `up` gets two maps of its own size, side by side: `torch.cat([shortcut, below], 1)`. Leave both lists as they are.
#
# <details><summary>Hint 1</summary>
#
# Every map of the way down is needed again on the way up. In which order?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Keep the maps in a list. The last one you put in is the first one you need: `list.pop()`. It is the lowest map, and has no
# partner.
#
# </details>


# %%
def unet(down, up, x):
    """Through all layers of a U-Net: x (B, 3, H, W) to (B, 3, H, W)."""
    ### BEGIN SOLUTION 4.2: through all layers down, and up again with the shortcuts
    seen = []
    for layer in down:
        x = layer(x)
        seen.append(x)
    x = up[0](seen.pop())
    for layer in up[1:]:
        x = layer(torch.cat([seen.pop(), x], 1))
    return x
    ### END SOLUTION


result_4_2 = check_4_2(unet)

# %% [markdown]
# What do the shortcuts carry? Cut them and look. The next cell sends your function (or the library's) through the same
# trained network, and puts layers into `up` that overwrite the shortcut's half of their channels with zeros.
#
# **Predict:** without the two largest shortcuts, will the colors go, or the lines?


# %%
class Cut(nn.Module):
    """A layer of `up` whose shortcut carries nothing."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        kept = torch.arange(x.shape[1]) >= x.shape[1] // 2
        return self.layer(x * kept[:, None, None])


through = unet if result_4_2 else networks.unet


@torch.no_grad()
def with_cuts(network, pictures, cut):
    """The U-Net's answer when its `cut` largest shortcuts, those of the last layers, carry nothing."""
    down, up = list(network.down), list(network.up)
    uncut = len(up) - cut
    return through(down, [*up[:uncut], *map(Cut, up[uncut:])], pictures)


# %%
compare(
    {
        f"{cut} of 5 shortcuts cut": with_cuts(classic.network, lines[:8], cut)
        for cut in (0, 1, 2, 3, 5)
    },
    alt="Rows of eight faces. With one shortcut cut most strands of hair are gone, the outline of the head is paler and the "
    "colors stay; with two and three, bangs and mouths go, too; with all five, woven patterns are left, six of eight "
    "without a face.",
)

# %% [markdown]
# One cut, and most of the thin lines are gone: the strands inside the hair, which the largest map alone carries. The outline of
# the head stays, paler, and so do the colors, since they were decided far below. With two and three cuts, bangs and mouths
# go. With all five, everything about this picture had to pass through a single pixel, and eight drawings become three or
# four patterns.
#
# ## A discriminator with a small window: PatchGAN
#
# L1 already sees to the large: colors in their places, on average. What it cannot tell is whether a *piece* of picture looks
# right. So the discriminator of pix2pix looks at pieces. It is a stack of convolutions that ends not in one logit but in a map
# of them, each for one overlapping patch. Few parameters, any size of picture, and many logits instead of one.
#
# How large is a patch? Walk back from one logit. It sees `kernel` pixels of the layer before. Each of those stands `stride`
# apart from the next in the layer before that, and sees `kernel` itself.
#
# ### Exercise 4.3 · How far does it see? (level 2 of 5, about 10 minutes)
#
# Compute the side of that patch, in pixels of the picture, from the (kernel, stride) of every layer, first to last, whole
# numbers from 1. Leave the list as it is.
#
# <details><summary>Hint 1</summary>
#
# Begin with a field of 1, at the last layer. If a field is r pixels wide, how wide is it one layer earlier, with stride 1?
# With stride 2?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# r pixels have r - 1 steps between them, each `stride` long, and the last one adds its kernel.
#
# </details>


# %%
def receptive_field(layers):
    """Pixels on a side that one output sees.

    layers: a list of (kernel, stride) of every convolution, first to last.  Returns an int.
    """
    ### BEGIN SOLUTION 4.3: how many pixels on a side one logit sees
    field = 1
    for kernel, stride in reversed(layers):
        field = (field - 1) * stride + kernel
    return field
    ### END SOLUTION


result_4_3 = check_4_3(receptive_field)

# %% [markdown]
# A claim about a network should be asked of the network. The gradient of one logit with respect to the picture is zero
# wherever that logit does not look. We count how wide the rest is, set it beside what your function says, and draw it over a
# face of 256 pixels, the paper's size.


# %%
field = receptive_field if result_4_3 else library.receptive_field


def patch_discriminator(depth):
    torch.manual_seed(0)
    return networks.Discriminator(channels=3, layers=depth).eval()


def window(depth):
    """Left, top, right, bottom of what the middle logit of a D with `depth` strided layers sees."""
    D = patch_discriminator(depth)
    picture = torch.rand(1, 3, 256, 256, requires_grad=True)
    logits = D(picture)[0, 0]
    logits[logits.shape[0] // 2, logits.shape[1] // 2].backward()
    rows, columns = picture.grad[0].abs().sum(0).nonzero().T
    return [int(edge) for edge in (columns.min(), rows.min(), columns.max(), rows.max())]


# %%
portrait = Image.fromarray(studio.render(hero, 256))
for depth, color in ((1, "#D55E00"), (2, "#0072B2"), (3, "#111111")):
    box = window(depth)
    ImageDraw.Draw(portrait).rectangle(box, outline=color, width=3)
    layers = [(layer.kernel_size[0], layer.stride[0]) for layer in patch_discriminator(depth).modules()
              if isinstance(layer, nn.Conv2d)]  # fmt: skip
    print(f"{depth} strided layers: computed {field(layers)} pixels a side, "
          f"and the gradient covers {box[2] - box[0] + 1}")  # fmt: skip
show(np.asarray(portrait)[None], scale=1,
     alt="A face with three squares around its middle: 16 pixels, a piece of forehead; 34, the bridge of the nose; 70, "
         "from eye to eye.")  # fmt: skip

# %% [markdown]
# Seventy pixels of 256: from eye to eye, never a whole face. That is enough to say "no illustrator shades like this", and
# too little to say "this head has two colors of hair".
#
# You can take that literally. At our 64 pixels we first trained with two strided layers, 34 pixels. Lines and shading were
# good, and the hair was a rainbow: pink at the left, green at the right, every patch for itself a fine color. With three layers
# a patch is as large as our pictures. The colors inside one head of hair then spread by 0.25 instead of 0.32 (drawn hair:
# 0.12). Better by that number, a little worse by the scores further down, and still not good: look at the twin tails above, and
# at the eyes. (Told here, not shown; both trials are in `course/measurements.md`.)
#
# ## A discriminator that knows the drawing
#
# One thing is missing. A discriminator that only sees answers would accept *any* well colored face. So it gets the drawing,
# too, the *condition*: drawing and picture side by side, six channels. A real pair is (drawing, its coloring), a fake pair
# (the same drawing, G's coloring). That is why pix2pix calls itself a *conditional* GAN.
#
# ### Exercise 4.4 · Real pairs and fake pairs (level 3 of 5, about 10 minutes)
#
# Write D's loss for pairs: that of lesson 1, halved, because the paper slows D down that way. `source` are drawings, `target`
# their true colorings, `fake` G's, all (B, 3, H, W). D takes drawing and picture side by side, in this order, and gives a map
# of logits, any real numbers. This loss trains D alone: no gradient may reach `fake`.
#
# <details><summary>Hint 1</summary>
#
# `losses.discriminator_loss(real_logits, fake_logits)` takes maps of logits as well.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# What does lesson 1 do to the fake before D sees it?
#
# </details>


# %%
def discriminator_loss(D, source, target, fake):
    """What it costs D to be wrong about pairs; all pictures (B, 3, H, W), D takes (B, 6, H, W).

    Returns a scalar, half of lesson 1's loss.
    """
    ### BEGIN SOLUTION 4.4: half of lesson 1's loss, for real pairs and fake pairs
    real_logits = D(torch.cat([source, target], 1))
    fake_logits = D(torch.cat([source, fake.detach()], 1))
    return losses.discriminator_loss(real_logits, fake_logits) / 2
    ### END SOLUTION


result_4_4 = check_4_4(discriminator_loss)

# %% [markdown]
# G's loss then has two terms:
#
# $$L_G = \underbrace{\text{softplus}(-D(x, G(x)))}_{\text{look real to D}} \;+\; 100 \cdot
# \underbrace{\text{mean}\,|G(x) - y|}_{\text{stay near the right answer}}$$
#
# Read aloud: look to D like a coloring of this drawing, and, a hundred times as important, stay near the one the
# studio made. The hundred looks lopsided. But L1 is a mean over all pixels and soon small, and its slopes point to the gray
# middle; D's slopes decide which way to leave it.
#
# ## Train
#
# At the paper's size, for whoever has a GPU, and at ours:

# %%
with torch.device("meta"):  # counts without taking memory
    for words, networks_of_size in {
        "256 px": (networks.Generator(), networks.Discriminator()),
        "64 px, our preset": (networks.Generator(64, 16), networks.Discriminator(6, 16)),
    }.items():
        G, D = map(count_parameters, networks_of_size)
        print(f"{words}: generator {G:,} parameters, discriminator {D:,}")

# %% [markdown]
# G gets no latent here. Its only noise is *dropout*: in its widest layers, in training, a random half of the numbers is set to
# 0 and the others are doubled, so that no unit can rely on one other. (The paper leaves it on when it draws, too. At our 64
# pixels one layer has it, and the models of the zoo draw without.)
#
# **Predict:** what will be right first: lines, skin or hair?

# %%
config = recipes.preset("cpu")  # on a GPU: recipes.preset("t4")
pairs = recipes.Pix2Pix.data(config)
parts = {"unet": (unet, result_4_2), "discriminator_loss": (discriminator_loss, result_4_4)}
accepted = {part: function for part, (function, result) in parts.items() if result}
print("written by you:", ", ".join(accepted) or "nothing yet; the library's versions train")
recipe = recipes.Pix2Pix(config, **accepted)
name = "_".join(["04_pix2pix", *(f"my_{part}" for part in accepted)])
run = train(recipe, pairs, env.runs_dir() / name, watch=LiveTraining())

# %% [markdown]
# The rows are drawing, answer, truth, always of the same eight characters. Lines come within seconds, through the largest
# shortcut. Skin is next, since the right answers nearly agree about it. Hair begins gray, the safest answer of exercise 4.1.
# Then D has learned that no drawing has such hair, and G begins to decide. Go through the time lapse in the folder of the run
# (`timelapse.webp`): G changes its mind for as long as the learning rate lets it.
#
# And with the settings of the paper? One drawing a step, four times the channels, a rate of 0.0002 for both networks: made for
# a GPU and an evening. Below the drawings are three rows of what they give after 3, 10 and 30 minutes of two slow cores, and then
# three of what this lesson's settings give in the same minutes (`make race`; the numbers are in `course/measurements.md`).
#
# ![Eight line drawings. Three rows of faces colored all alike, blurred purple, then green and brown, then gray. Three rows of faces in black, red, blue, orange, white or green hair, each row crisper; in the last one most eyes are of one color.](../course/figures/race_lines.jpg)
#
# After half an hour the large network has seen 8,710 drawings, the small one 520,688. A small network is not the better one. It
# is further, and in minutes that decides.
#
# Does this D really look at the drawing? Show it true colorings beside their own drawing, and beside another's.

# %%
recipe.D.eval()
some_lines, some_colors = lines[:64].to(recipe.device), colors[:64].to(recipe.device)
with torch.no_grad():
    belongs = recipe.D(torch.cat([some_lines, some_colors], 1)).mean((1, 2, 3))
    strange = recipe.D(torch.cat([some_lines.roll(1, 0), some_colors], 1)).mean((1, 2, 3))
print(
    f"mean logit, own drawing: {belongs.mean():.2f}    another's drawing: {strange.mean():.2f}"
)
print(
    f"D prefers the own drawing for {(belongs > strange).float().mean():.0%} of the faces"
)

# %% [markdown]
# ## How good is it?
#
# On 512 characters that neither network has seen. Two scores compare each picture with its one right answer. *PSNR*, the
# peak signal-to-noise ratio, is the mean squared error on a scale of decibels, 10 log10(4 / error) for pictures between -1
# and 1: higher is closer, and ten more mean a tenth of the error. The *perceptual distance* compares not pixels but what a
# trained network, our tagger, makes of them in its layers: 0 for equal pictures, smaller is closer. The third score,
# *fd_studio* (lesson 2 built it), compares the crowd with the crowd: are these the colors and shapes that drawings have?
# Before you run it: which network wins which column?

# %%
mine = zoo.load_run(run.folder)
others = StudioPairs("line", "color", 64, crowd, prior="frontal", split="validation")
rows = {
    "gray everywhere": torch.zeros_like(colors),
    "L1 alone": by_distance.translate(lines),
    "L1 and a discriminator": classic.translate(lines),
    "yours": mine.translate(lines),
    "drawings of others": others.batch(range(crowd))[1],
}
print(f"{'':26}{'PSNR (dB)':>12}{'perceptual':>12}{'fd_studio':>12}")
for words, colored in rows.items():
    scores = (
        metrics.psnr(colored, colors).mean(),
        metrics.perceptual(colored, colors).mean(),
    )
    print(
        f"{words:26}{scores[0]:12.2f}{scores[1]:12.3f}{metrics.fd_studio(colors, colored):12.1f}"
    )

# %% [markdown]
# L1 alone wins the two columns that compare with *the* right answer. It was trained for exactly that, and gray
# is closer to blonde than pink is. It loses the third column by a lot, because no drawing is gray. If PSNR is what counts,
# train with L1. If somebody looks at the pictures, do not.
#
# Neither number is wrong. They answer two questions: *how near to this one answer?* and *could this be an answer at all?*
# Before you quote a score, say which question it answers. And the flaws you saw are in the table, too: the colored crowd is
# still far from the drawn one. Zoom into a wall: it is mottled like cloth. Five minutes were not enough to learn a plain
# surface.
#
# ## One word for the whole picture
#
# Two flaws are left. This network has one answer to a drawing, where many are right. And it gives eyes of two colors, since
# nobody decides: each place picks a color for itself, from what it sees around it. Both can be mended with one idea, which
# the network of the first screen has. It gets 32 random numbers beside the drawing, a latent, and an *order*: lesson 3's
# attributes, of which only the colors of hair and eyes are told, since the lines say the rest. From both, and from the mean
# of its lowest map, a small network makes a *code* of 64 numbers, and every layer on the way up is told this code: it
# decides a scale and a shift for each channel, the same at every place of the picture.
#
# ```
# drawing ── 128 px ── 64 ── 32 ── 16 ── 8 ── 4 px ── mean of the map ──┐
#               │       │     │     │    │     │         latent (32) ────┼── code (64)
#               │       │     │     │    │     │          order (34) ────┘    │
#               │       │     │     │    │     │                              │ a scale and a shift
# colors ─── 128 px ── 64 ── 32 ── 16 ── 8 ── 4 px ◄──────────────────────────┘ for each channel of each layer
# ```
#
# This is *conditional batch norm*: the norm takes each channel's mean and spread away, and the code gives it new ones. In
# `animelab/nn/r3gan.py` it is two lines:
#
# ```python
# scale, shift = self.told(code)[:, :, None, None].chunk(2, 1)
# return relu(self.layer(self.enlarge(x)) * (1 + scale) + shift)
# ```
#
# Who sees to it that the order is followed? D, in the way of lesson 3: it learns to name the colors in real pictures, and G's
# loss asks that D name the ordered ones in the fake.
#
# Three more things are of today. Maps are doubled by copying each pixel four times and convolving, so nothing
# overlaps. The game is the one that ended lesson 1: this coloring should look more real than that one, and D stays flat around
# both; D sees the whole picture, without norms. And there is no L1 at all. Nothing pulls to the gray middle any more.
#
# **Predict:** below are eight answers to one drawing, from eight latents and orders by chance; then eight latents with one order.
# What will be the same in all of them, and what only in the second row?

# %%
eight, violet = line_art[5:6].repeat(8, 1, 1, 1), "purple hair, yellow eyes"
by_chance = model.translate(eight)
ordered = model.translate(eight, attributes=latent.attributes(violet))
compare({"by chance": by_chance, violet: ordered}, scale=1, alt="The same face with a ponytail eight times in blue, brown, gray, pink "
        "and orange hair, with eyes and walls to go with it; and eight times, nearly alike, with purple hair and yellow eyes.")  # fmt: skip

# %% [markdown]
# The lines are the same in all, and so is the open mouth. Hair and eyes are the order's, and what it says holds for the whole
# head, across the gap to the ponytail, and for both eyes. And the latent? In the second row there are eight of them, and you have to look
# twice to find what they changed. Whatever else a coloring needs, skin, wall and clothes, G picks to go with drawing and order;
# D never told it that one order has more than one answer.
#
# How often do both eyes agree? The studio knows which pixels are iris, so this can be measured: the distance between the mean
# colors of both irises, from 0 to 441. In drawings it is at most 10; we call it one color below 25. And the *spread* of
# hair, which you know. To be fair to the paper's network, all is measured at 64 pixels, the new model's answers halved.

# %%
parts = StudioPairs("segmentation", "color", 64, crowd, prior="frontal", split="test")
labels = parts.batch(range(crowd))[0]
iris, hair = (labels == studio.LABELS[name] for name in ("iris", "hair"))
across = torch.arange(64)
middle = (iris * across).sum((1, 2)) / iris.sum((1, 2))
at_left = across < middle[:, None, None]


def mean_over(pictures, mask):
    """The mean of pictures (N, 3, 64, 64) over a mask (N, 64, 64): (N, 3)."""
    return (pictures * mask[:, None]).sum((2, 3)) / mask.sum((1, 2)).clamp(min=1)[:, None]


def eyes_agree(pictures):
    """Share of the pictures whose irises have one color."""
    left, right = (mean_over(pictures, iris & side) for side in (at_left, ~at_left))
    return ((left - right).norm(dim=1) * 127.5 < 25).float().mean()


def spread_of_hair(pictures):
    """How far the colors inside one head of hair lie apart, without their lightness."""
    tint = pictures - pictures.mean(1, keepdim=True)
    off = tint - mean_over(tint, hair)[:, :, None, None]
    return mean_over(off.square(), hair).sum(1).sqrt().mean()


# %%
large = StudioPairs("line", "color", 128, crowd, prior="frontal", split="test")
halved = avg_pool2d(model.translate(large.batch(range(crowd))[0]), 2)
rows = {"pix2pix": classic.translate(lines), "with orders": halved, "drawn": colors}
print(f"{'':14}{'fd_studio':>10}{'eyes agree':>12}{'spread of hair':>16}{'PSNR (dB)':>11}")
for words, colored in rows.items():
    far = metrics.fd_studio(colors, colored) if colored is not colors else 0.0
    exact = metrics.psnr(colored, colors).mean()
    print(
        f"{words:14}{far:10.1f}{eyes_agree(colored):12.0%}{spread_of_hair(colored):16.3f}{exact:11.2f}"
    )

# %% [markdown]
# On our machine:
#
# | | fd_studio | eyes agree | spread of hair | PSNR |
# |---|---|---|---|---|
# | pix2pix, 48,000 pictures seen | 156.3 | 23% | 0.245 | 13.69 |
# | with a code of latents alone, at 64 px, 72,000 pictures seen | 61.8 | 81% | 0.160 | 13.40 |
# | with orders, by chance, 35,200 pictures seen | 34.7 | 100% | 0.139 | 13.60 |
# | drawn | | 100% | 0.122 | |
#
# (Halving is kind to the new model: it smooths grain.) PSNR is as low as before, and should be: it asks for *the* answer, and gets
# one of many. Order the colors that the studio chose, and it is 21.1, at 128 pixels.
#
# How much is the game, how much the code, and how much the order? After the same five minutes of one core at 64 px, the game
# alone on the paper's U-Net was at 132 (with grain), with a latent at the lowest map and doubling by copies at 120, and with the
# code at 82. A little later, after 14,400 pictures, a trial that was told all 34 attributes was at 38 (41 with the orders of others), and its
# eyes agreed 99 times of 100 (`course/measurements.md`). With a latent alone nobody checks that both eyes listen to it. An order
# is checked.
#
# One line more was needed: D's gradient is shortened where its length passes 5. In step 2,113 of our first training one batch
# was so steep that it was 14, where it had been 2 to 5; seven steps later D's loss was 11,616, and there was nothing left to
# save. The same steps again, with this line, passed without a trace.
#
# To train it: `animelab train pix2pix --preset orders --out runs/orders` (57 minutes on one core that had other work). At 64 pixels,
# `--set size=64 --steps 900 --set decay=900`, it takes some eight minutes there.
#
# ## From a map of parts
#
# The recipe does not know what a line is. Give it another input and it learns another craft: here the studio's map of parts,
# each in its own flat color. `recipes.preset("cpu", source="segmentation")` is the whole difference.

# %%
parts_model = zoo.load("pix2pix-parts-64")
mapped = StudioPairs("segmentation", "color", 64, 8, prior="frontal", split="test")
labels, drawn = mapped.batch(range(8))
bald = torch.where(labels == studio.LABELS["hair"], studio.LABELS["background"], labels)
compare(
    {
        "map of parts": as_pictures(labels),
        "generated from it": parts_model.translate(as_pictures(labels)),
        "the same with all hair called background": parts_model.translate(
            as_pictures(bald)
        ),
        "the studio": drawn,
    },
    alt="Eight maps of parts in flat colors; eight generated faces that fill them, with bangs and highlights that the map "
    "does not have; without the hair's part, eyes in a pale fog; the drawings.",
)

# %% [markdown]
# In the map hair is one blue shape. The network invents what the map leaves out: the strands of the bangs, a highlight,
# outlines. There are more right answers than before, and the lines are softer for it.
#
# The third row is a question it was never asked: nobody in the data is bald. The network learned faces as its data have them,
# eyes under hair, and without the hair the eyes float in fog.
#
# ## And real drawings?
#
# Nine faces that nobody on this project drew (sources and licenses: `datasets/real`). They are no line art, so the second row
# makes some, crudely: a pixel is line where it is darker than its neighborhood. Lesson 8 will do this properly.


# %%
def crude_lines(pictures):
    """Ink wherever a picture is darker than its surroundings: (B, 3, H, W) in [-1, 1] to the same."""
    gray = pictures.mean(1, keepdim=True)
    darker = avg_pool2d(gray, 9, 1, 4, count_include_pad=False) - gray
    return (1 - 5 * (darker - 0.1).clamp(0, 0.4)).expand(-1, 3, -1, -1)


strangers = torch.from_numpy(real_faces(128)).permute(0, 3, 1, 2) / 127.5 - 1
compare(
    {
        "real pictures": strangers,
        "crude lines": crude_lines(strangers),
        "colored by the model": model.translate(crude_lines(strangers)),
        "the picture itself, as if it were line art": model.translate(strangers),
    },
    columns=9,
    scale=1,
    alt="Nine faces, three anime sprites, five cartoons, one photograph; rough black lines of them; colorings in which clouds "
    "of one tint lie over hair, skin and wall; and the pictures themselves turned into dark, woven faces.",
)

# %% [markdown]
# What carries over: lines stay lines, and each picture gets the tint of its order, here by chance. What does not: everything that
# decides *where hair ends*. The tint lies in clouds, over skin as well, and beside the heads. The network learned that hair begins at
# clean, closed outlines at one distance, on heads of one size that look straight ahead. These lines are thick here, broken there,
# and the heads sit elsewhere, so colors run across them.
#
# The last row is worse, and should be: dark areas mean "ink" to a network of line art, so a dark blue head becomes one great
# scribble. What it does with pictures unlike its data nobody taught it. For real drawings you need real variety: other
# artists, line widths, croppings. Lesson 8 widens the data, and asks the artist for hints.
#
# ## Your own pairs
#
# Two folders, `a` and `b`, whose pictures have the same names; or one folder of pictures twice as wide as high, the input at
# the left. Then:
#
# ```
# animelab train pix2pix --preset cpu --data my_pairs --out runs/mine
# animelab translate runs/mine drawings/ --out colored/
# ```
#
# A pair with one half missing would teach nonsense, so it is refused, by name:

# %%
with tempfile.TemporaryDirectory() as folder:
    for side, pictures in (("a", lines), ("b", colors)):
        (Path(folder) / side).mkdir()
        for number, pixels in enumerate(as_pixels(pictures[:6])):
            Image.fromarray(pixels).save(Path(folder) / side / f"page {number}.png")
    print(len(PairedFolder(folder)), "pairs")
    (Path(folder) / "b" / "page 3.png").unlink()
    try:
        PairedFolder(folder)
    except LabError as error:
        print(str(error).replace(folder, "my_pairs"))

# %% [markdown]
# A few hundred pairs are a beginning: the paper's *facades* were 400. Use pictures that you may use, and say where they
# are from.
#
# ## A quiz, for honesty
#
# **1. A network trained with L1 alone gives a character with unknown hair color...**
#
# <details><summary>A. a random color.</summary>
#
# Not quite. Nothing in L1 rewards a decision, and there is no noise to decide with.
#
# </details>
# <details><summary>B. a dull color between all of them.</summary>
#
# Right. The median of all right answers has the smallest expected distance, and no drawing looks like it.
#
# </details>
# <details><summary>C. the most frequent color.</summary>
#
# Not quite. That would be best if only exact hits counted. Distances count near misses, too.
#
# </details>
#
# **2. What would a patch of the size of the picture change?**
#
# <details><summary>A. Nothing: L1 sees the whole picture anyway.</summary>
#
# Not quite. L1 compares pixel by pixel and sees no shape at all.
#
# </details>
# <details><summary>B. D could compare far parts, with more parameters and fewer logits a picture.</summary>
#
# Right. The paper saw no better pictures, and suspects that so many parameters are harder to train. At our 64 pixels a
# patch that large made hair more uniform and the other scores a little worse.
#
# </details>
# <details><summary>C. D could no longer see lines.</summary>
#
# Not quite. A larger window sees them as well as a small one.
#
# </details>
#
# **3. Why does the paper's G get no latent?**
#
# <details><summary>A. The authors gave it one, and it learned to ignore it.</summary>
#
# Right. With L1 pulling to one answer, noise at the input is a nuisance. What little is left comes from dropout. Without L1,
# and told to every layer, a latent is used, as by the network with a code.
#
# </details>
# <details><summary>B. A U-Net cannot have one.</summary>
#
# Not quite. It could be one more channel.
#
# </details>
# <details><summary>C. The line art is random enough.</summary>
#
# Not quite. Of one drawing it makes one coloring, however often you ask.
#
# </details>
#
# ## What went wrong for others
#
# - **"My test pictures are worse than those during training."** (junyanz/pytorch-CycleGAN-and-pix2pix #555, #693, #893.) With
#   batches of one, BatchNorm measured each picture alone in training; `eval()` then uses averages that fit none. With a batch
#   of 16, as here, the averages are sound.
# - **"Small changes of my drawing are ignored."** (the same, #465.) The weight of L1 is too high for the task: the changed
#   pixels are few.
# - **"Without L1 it never converges."** (affinelayer/pix2pix-tensorflow #85.) A discriminator of patches has no idea what
#   should be where. The network with a code learned without it, from a D that sees the whole picture.
# - **"The discriminator wins at once when the target is line art."** (phillipi/pix2pix #63.) Real ink is black or white, a
#   network's almost. D reads the difference in a single pixel.
#
# ## Assignment: your own craft
#
# Level 4 of 5, an evening. Choose two layers of the studio that nobody here has paired: `sketch` to `line`, `portrait` to
# `segmentation`, `color` to `shade`. Before you train, write down: is there one right answer, or many? What will L1 alone do?
# Then train with `adversarial_weight=0` and with 1, the same seed and steps, and score both on held-out characters. Hand in the
# prediction, both rows of pictures, unpicked, the table, and where you were wrong.
#
# ## References
#
# - Isola, Zhu, Zhou, Efros: *Image-to-Image Translation with Conditional Adversarial Networks*, 2017, arXiv 1611.07004.
# - Ronneberger, Fischer, Brox: *U-Net*, 2015, arXiv 1505.04597.
# - de Vries et al.: *Modulating early visual processing by language*, 2017, arXiv 1707.00683. Conditional batch norm.
# - Huang, Gokaslan, Kuleshov, Tompkin: *The GAN is dead; long live the GAN!* (R3GAN), 2024, arXiv 2501.05441.
# - Mathieu, Couprie, LeCun: *Deep multi-scale video prediction beyond mean square error*, 2016, arXiv 1511.05440. Why squared
#   distances blur.
#
# **Next:** what if nobody has pairs? [5 · Two styles and no pairs](05_cyclegan.ipynb).
