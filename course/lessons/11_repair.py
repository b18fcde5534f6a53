# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · Larger and whole: enlarging and repairing pictures
#
# ![Six faces of 64 pixels in squares, and below each the same face enlarged by a network, its lines and eyes sharp.](../course/figures/opening_11.jpg)
#
# **You will make:** a network that enlarges drawings and takes the damage of JPEG files away, and one that fills what is
# missing.
#
# **In the studio:** step 6 of 6, *effects*: pages go to print, and something always has to go.
#
# **Time:** 5 minutes of computing on one CPU core with bfloat16, half of them for each half of the lesson (88 seconds are for
# drawing, once); on a GPU: not measured yet. **Downloads:** nothing; waifu2x's own weights, if you want them beside ours: 53 MB
# (`pip install --no-deps waifu2x`).

# %% tags=["setup"]
from animelab import env

env.start()

import copy

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate, softplus

from animelab import metrics, studio, zoo
from animelab.checks import check_11_1, check_11_2, check_11_3
from animelab.checks import lesson_11_repair as reference
from animelab.data import StudioFaces, real_faces
from animelab.engine import train
from animelab.engine.weights import load_weights
from animelab.errors import LabError
from animelab.nn import cartoongan, count_parameters, enlarger, pix2pix, waifu2x
from animelab.recipes import enlarger as recipes
from animelab.viz import as_pixels, compare
from animelab.widgets import BeforeAfter, LatentExplorer, LiveTraining, OwnPicture, enlarged

# %% [markdown]
# ## Where we are going
#
# At the left of the curtain a face of 64 pixels, enlarged as every program enlarges it; at the right by a network of 153,000
# weights. **Predict** before you draw it: where will you see the difference first, in the hair, in the eyes, or in the skin?

# %%
model, exact = (
    zoo.network(name).requires_grad_(False) for name in ("enlarger-2x", "enlarger-2x-l1")
)
held_out = StudioFaces(128, 96, prior="full", split="test")
large = held_out.batch(range(24))
small = interpolate(large, scale_factor=1 / 2, mode="bicubic", antialias=True).clamp(-1, 1)
smooth = interpolate(small, scale_factor=2, mode="bicubic").clamp(-1, 1)
with torch.no_grad():
    ours = model(small).clamp(-1, 1)
BeforeAfter({"bicubic": smooth, "the network": ours, "the truth": large})

# %% [markdown]
# Twenty-four held-out faces. A generator that draws 64 pixels, or a scan, or a picture that somebody sent, becomes twice as
# large, and its ink is ink. The lesson has two halves. In the first one a picture lacks pixels; in the second one it lacks
# whole pieces.
#
# ## First half: larger
#
# *Bicubic* looks at sixteen pixels and lays a smooth surface through them. That is right for hills. A drawing is no hill:
# it has flat color, and then, at once, ink. Here is one eye by three old methods, with the pixels left square, so that you
# see what they know:


# %%
def by_pillow(pictures, method, by=2):
    """Pictures (B, 3, H, W) enlarged by one of Pillow's methods."""
    size = [by * side for side in pictures.shape[:1:-1]]
    images = [
        np.asarray(Image.fromarray(each).resize(size, method))
        for each in as_pixels(pictures)
    ]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 127.5 - 1


old = {
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
    "Lanczos": Image.Resampling.LANCZOS,
}
by_method = {name: by_pillow(small[:1], method) for name, method in old.items()}
by_method |= {"the network": ours[:1], "the truth": large[:1]}
eye = {
    tuple(by_method): torch.cat([each[..., 44:84, 36:76] for each in by_method.values()])
}
compare(
    eye,
    columns=5,
    scale=5,
    alt="An eye five times: in blocks, twice soft, sharp by the network, and as drawn.",
)

# %% [markdown]
# The old methods know pixels. A network can know drawings: that an eye has a lash line, that ink ends sharply, that hair is
# a strip with two edges. For that it has to see many pairs of small and large pictures, and nothing is easier to make:
# take large ones and shrink them.
#
# ## waifu2x
#
# The first that did it for anime was waifu2x (nagadomi 2015), and it is still what people say when they mean enlarging.
# Two of its networks, and one of ours:
#
# | | VGG7 | UpConv7 | ours |
# |---|---|---|---|
# | given | enlarged by squares | the small picture | the small picture |
# | layers, 3 x 3 | 32, 32, 64, 64, 128, 128, 3 | 16, 32, 64, 128, 256, 256 | 32, then 8 blocks of two |
# | becomes large | before the first layer | in the last one, a transposed convolution, 4 x 4 | after the last one, by a pixel shuffle |
# | border | eats 7 pixels a side | eats 7 of the small ones | keeps the size |
#
# ```
# VGG7      small ──squares──► ▣ ──► ▣ ──► ▣ ──► ▣ ──► ▣ ──► ▣ ──► ▣ large      seven convolutions, all at the large size
# UpConv7   small ──► ▫ ──► ▫ ──► ▫ ──► ▫ ──► ▫ ──► ▫ ──transposed──► large      six at the small size
# ours      small ──► ▫ ──► (▫ ──► ▫)+ ... (▫ ──► ▫)+ ──► shuffle ──► + large    shortcuts, and the small picture again,
#             └───────────────────squares───────────────────────────►            in squares: a block only mends
# ```
#
# Where the work is done decides what it costs. A convolution of 3 x 3 multiplies once for each weight *and each place*, and
# the large picture has four times the places.

# %%
networks = {"VGG7": (waifu2x.VGG7(), 1), "UpConv7": (waifu2x.UpConv7(), 1 / 4), "UpConv7, nagadomi's": (waifu2x.UpConv7(128), 1 / 4),
            "ours": (enlarger.Enlarger(32, 8), 1 / 4)}  # fmt: skip
for name, (network, places) in networks.items():
    weights = count_parameters(network)
    print(
        f"{name:20}{weights:>10,} weights, about {weights * places:>9,.0f} multiplications a pixel of the result"
    )
print(f"{'CUNet':20}{count_parameters(waifu2x.CUNet()):>10,} weights, waifu2x's largest")

# %% [markdown]
# (A transposed convolution is at work in UpConv7's last layer, and lesson 9 told what those can leave: a grid. Its window of
# 4 divides by its stride of 2, so every pixel is reached equally often.)
#
# ### Exercise 11.1 · Pixel shuffle (level 2 of 5, about 10 minutes)
#
# A network that enlarges should do its work where pixels are few. So its last convolution makes `by * by` channels for each
# channel of the large picture, and then they are laid out: at each place of the small picture, a square of `by` by `by`
# pixels of the large one. Channel c of the large picture gets the channels from `c * by * by` on, row by row.
#
# <details><summary>Hint 1</summary>
#
# Take the channels apart first: which channel of the large picture, which row of the square, which column.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# After `reshape` there are six axes. In the large picture each row of the square stands right behind the row it belongs to,
# and each column behind its column: `permute`, and a second `reshape`.
#
# </details>


# %%
def pixel_shuffle(maps, by):
    """Channels laid out as squares of pixels.

    maps: (B, C * by * by, H, W).  Returns (B, C, by * H, by * W).
    """
    ### BEGIN SOLUTION 11.1: six axes, in another order
    many, channels, high, wide = maps.shape
    six = maps.reshape(many, channels // by**2, by, by, high, wide)
    return six.permute(0, 1, 4, 2, 5, 3).reshape(many, -1, by * high, by * wide)
    ### END SOLUTION


result_11_1 = check_11_1(pixel_shuffle)

# %% [markdown]
# Our network by hand, then, with your shuffle if the check found it right: the first convolution, eight blocks, the last
# convolution, and the picture in squares to which all of it is added.

# %%
lay_out = pixel_shuffle if result_11_1 else torch.pixel_shuffle
with torch.no_grad():
    x, levels = exact.first(small), torch.zeros(len(small), dtype=torch.int64)
    for block in exact.blocks:
        x = block(x, levels)
    mended = lay_out(exact.last(x), 2)
squares = interpolate(small, scale_factor=2)
print(f"as the library's to {float((squares + mended - exact(small)).abs().max()):.0e}")
compare({"squares": squares[:4], "what is added": mended[:4], "together": squares[:4] + mended[:4]},
        columns=4, scale=2, alt="Four faces in squares; gray pictures with light and dark seams along every edge; and the sum of both, sharp.")  # fmt: skip

# %% [markdown]
# ## What happens to a picture on its way
#
# A network that has only seen clean small pictures does something unkind with others: it enlarges their faults, too. Most
# pictures that need enlarging were shrunk by somebody, saved as JPEG, perhaps twice. JPEG cuts a picture into blocks of 8
# by 8 and rounds the fast rhythms of each, so that ink gets a fringe and flat color gets tiles.
#
# Real-ESRGAN (Wang and others 2021) makes the small pictures with all of that: blur, noise, JPEG, the smaller size, a chain of
# them, twice. BSRGAN (Zhang and others 2021) shuffles the chain, since nobody knows the **order** either. Ours is shuffled, each
# damage comes by chance, and a JPEG file is the end; in three strengths, and level 0 is clean. And since
# removing damage where there is none takes detail away, the network is *told* the level: one number for each channel of
# each block, added between its two convolutions. (waifu2x has another file of weights for each of its four levels.)

# %%
torch.manual_seed(0)
one = large[2:3].expand(4, -1, -1, -1)
levels = torch.arange(4)
spoiled = recipes.damaged(one, 2, levels)
with torch.no_grad():
    told_level, told_clean = exact(spoiled, levels), exact(spoiled, 0 * levels)
compare({("level 0", "level 1", "level 2", "level 3"): interpolate(spoiled, scale_factor=2),
         "told the level": told_level, "told that it is clean": told_clean}, columns=4, scale=2,
        alt="One face with growing damage; below, enlarged by a network that was told the level, calm and sharp; below, by the same one told it is clean: the fringes stay.")  # fmt: skip

# %% [markdown]
# ## Train it
#
# The recipe is short: large pictures, damaged and small, the network's answer, and the mean absolute difference, **L1**.
# Large ones are what the studio draws: half of them cels, a tenth each line drawings and watercolors, three tenths places. An
# eighth of the steps of the preset:

# %%
PRESET = "cpu"
config = recipes.preset(PRESET)
drawings = recipes.EnlargerRecipe.data(config)
short = recipes.preset(PRESET, steps=max(20, config.steps // 8), decay=0)
run = train(
    recipes.EnlargerRecipe(short),
    drawings,
    env.runs_dir() / "11_enlarger",
    watch=LiveTraining(),
)

# %%
mine = load_weights(run.folder / "weights.safetensors")[2]
with torch.no_grad():
    answers = {
        "bicubic": smooth,
        "mine, an eighth": mine(small).clamp(-1, 1),
        "the zoo's": exact(small).clamp(-1, 1),
    }
for name, pictures in answers.items():
    print(f"{name:16}{float(metrics.psnr(pictures, large).mean()):6.2f} dB")

# %% [markdown]
# *PSNR*, in decibels, is the mean squared difference from the truth on a logarithmic scale: 3 dB more is half of it. For
# thirty years enlargers have been ranked by it.
#
# ## Why PSNR and eyes disagree
#
# Here are two drawings, a hair at one place and a hair three pixels further. Shrunk, suppose, they are the same small
# picture. You know nothing else. What do you draw? **Decide**, then run the cell.


# %%
def hair(place):
    """A drawing of 24 pixels with a line two pixels wide."""
    picture = torch.ones(1, 3, 24, 24)
    picture[..., place : place + 2] = -1
    return picture


either = torch.cat([hair(9), hair(12)])
guesses = {
    "the first": either[:1],
    "the second": either[1:],
    "their mean": either.mean(0, keepdim=True),
}
for name, guess in guesses.items():
    off = guess - either
    print(
        f"{name:11} PSNR {float(10 * (4 / off.square().mean()).log10()):5.2f} dB, L1 {float(off.abs().mean()):.3f}"
    )
compare({tuple(guesses): torch.cat(list(guesses.values()))}, columns=3, scale=5,
        alt="A dark line, a dark line a little to the right, and two gray lines side by side.")  # fmt: skip

# %% [markdown]
# The third has 3 dB more, and is the only one that is certainly wrong: nobody drew gray hair. Whoever wants the best mean
# square answers with the mean of all that could be, and the mean of sharp things is soft. L1 finds all three equally good,
# and whatever lies between them; so a network that learns by L1 is free to be soft, too, and mostly is.
#
# What has to be added is somebody who says: *that is no drawing.* You know who.
#
# ## SRGAN
#
# SRGAN (Ledig and others 2017) lets a discriminator look at large pictures, drawn ones and enlarged ones. Its generator
# begins as a network that has learned by L1 (theirs by the mean square), and goes on with two losses: near the truth, and
# taken for drawn. Our discriminator is lesson 4's, by patches, without any norm (lesson 9's, with spectral norm, told nothing
# apart in 120 steps).
#
# ### Exercise 11.2 · A whole step of SRGAN (level 4 of 5, about 30 minutes)
#
# Both halves of a step, in this order. First D: real pictures are real, and what G makes of the small ones is not; lesson
# 1's loss, the mean of each kind, added. D's optimizer moves D. Then G: L1 between its fakes and the real pictures, plus
# `weight` times lesson 1's loss for a generator, by the D that has just learned. G's optimizer moves G, and only G.
# Gradients of an earlier step may lie in both. What you switch off is on again at the end. Return L1, D's loss and G's
# adversarial loss, as they were when you used them.
#
# <details><summary>Hint 1</summary>
#
# Lesson 1 had both halves. What is new is one term, and that fakes come from small pictures. One fake can serve both halves
# if D's half ends at it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Twice the same three lines: old gradients away, backward, step. D is asked three times: about real pictures, about fakes
# that are cut off, and, after its step, about fakes that are not.
#
# </details>


# %%
def srgan_step(G, D, G_adam, D_adam, small, real, weight):
    """One step of D, then one of G.

    small: (B, 3, H, W);  real: (B, 3, 2 H, 2 W);  weight: of the adversarial loss.
    Returns L1, D's loss and G's adversarial loss.
    """
    ### BEGIN SOLUTION 11.2: D learns, then G, by two losses
    fake = G(small)

    # D: real pictures are real, and fakes, cut off from G, are not
    of_real, of_fake = D(real), D(fake.detach())
    loss_D = softplus(-of_real).mean() + softplus(of_fake).mean()
    D_adam.zero_grad()
    loss_D.backward()
    D_adam.step()

    # G: near the truth, and taken for real by the D that has just learned
    D.requires_grad_(False)
    l1 = (fake - real).abs().mean()
    loss_G = softplus(-D(fake)).mean()
    G_adam.zero_grad()
    (l1 + weight * loss_G).backward()
    G_adam.step()
    D.requires_grad_(True)

    return l1.detach(), loss_D.detach(), loss_G.detach()
    ### END SOLUTION


result_11_2 = check_11_2(srgan_step)

# %% [markdown]
# Your step at work (the check's own without a solution), from the zoo's L1 network on, on clean pieces of 64 pixels:

# %%
step = srgan_step if result_11_2 else reference.srgan_step
G, D = (
    copy.deepcopy(exact).train().requires_grad_(True),
    pix2pix.Discriminator(3, 16, 2, "none"),
)
G_adam, D_adam = (
    torch.optim.Adam(each.parameters(), rate, (0.9, 0.99))
    for each, rate in ((G, 3e-4), (D, 1e-3))
)
dice = torch.Generator().manual_seed(0)
torch.manual_seed(0)
for number in range(4 if env.scale() == "smoke" else 80):
    real = drawings.batch(torch.randint(len(drawings), (8,), generator=dice))
    given = recipes.damaged(real, 2, torch.zeros(8, dtype=torch.int64))
    half, whole = real.shape[-1] // 4, real.shape[-1] // 2
    told = step(
        G, D, G_adam, D_adam, given[..., :half, :half], real[..., :whole, :whole], 0.02
    )
    if number % 20 == 0:
        print(
            f"step {number:3}: L1 {float(told[0]):.3f}, D {float(told[1]):.2f}, G {float(told[2]):.2f}"
        )

# %%
G = G.eval().requires_grad_(False)
four = {"L1 alone": exact, "80 steps of SRGAN": G, "the zoo's SRGAN": model}
drawn = {name: network(small).clamp(-1, 1) for name, network in four.items()} | {
    "the truth": large
}
pieces = [each[i : i + 1, :, 36:92, 36:92] for i in (0, 1, 5) for each in drawn.values()]
compare({tuple(drawn): torch.cat(pieces)}, columns=4, scale=4,
        alt="Three faces, each by a network of L1, after 80 steps of SRGAN, by the zoo's, and as drawn.")  # fmt: skip

# %% [markdown]
# Between the two there is a way: the mean of their weights, number by number, with any share
# (*network interpolation*, Wang and others 2018). One began where the other had ended, so what lies between them works, too.

# %%
shares, line = (0, 0.25, 0.5, 0.75, 1), []
for share in shares:
    between = copy.deepcopy(exact)
    weights = zip(exact.state_dict().items(), model.state_dict().values())
    between.load_state_dict({name: torch.lerp(a, b, share) for (name, a), b in weights})
    line.append(between(small).clamp(-1, 1))
    near, ink = metrics.psnr(line[-1], large).mean(), cartoongan.sharpness(line[-1], large)
    print(
        f"{share:4.0%} SRGAN: {float(near):6.2f} dB, ink {float(ink):4.0%} as steep as the truth's"
    )
compare({tuple(f"{share:.0%}" for share in shares): torch.cat([each[1:2, :, 36:92, 36:92] for each in line])},
        columns=5, scale=4, alt="One face five times, from L1 alone to SRGAN: the ink of the eyes becomes harder.")  # fmt: skip

# %% [markdown]
# ## Measure it
#
# Three numbers. PSNR; the *perceptual* distance of lesson 4, through a network that has learned to see; and how steep
# brightness is at the truth's edges, as a share of the truth's: the sharpness of ink. On 96 held-out faces, clean, and with
# damage of level 2. waifu2x's own weights come with a package of that name; without it, its rows are missing. (Its networks
# for damage are those of level 1.)


# %%
def of_waifu2x(level):
    """waifu2x's networks as functions of small pictures; none where its package is missing."""
    try:
        double, repair = (waifu2x.installed("vgg7", task) for task in ("scale", "noise1"))
        up = waifu2x.installed("upconv7", "noise1_scale" if level else "scale")
    except LabError as missing:
        print(missing)
        return {}

    def vgg7(pictures):
        pictures = waifu2x.applied(repair, pictures) if level else pictures
        return waifu2x.applied(double, interpolate(pictures, scale_factor=2))

    return {"VGG7": vgg7, "UpConv7": lambda pictures: waifu2x.applied(up, pictures)}


def of_ours(network, level):
    """The same of an enlarger that is told the level."""
    return lambda pictures: network(pictures, torch.full((len(pictures),), level))


# %%
many = 96 if env.scale() == "full" else 12
truth, table = held_out.batch(range(many)), {}
for words, level in (("clean", 0), ("damaged", 2)):
    torch.manual_seed(1)
    given = recipes.damaged(truth, 2, torch.full((many,), level))
    methods = {
        name: lambda pictures, how=how: by_pillow(pictures, how)
        for name, how in old.items()
    }
    methods |= of_waifu2x(level) | {
        "ours, L1": of_ours(exact, level),
        "ours, SRGAN": of_ours(model, level),
    }
    print(f"{words:14}{'PSNR':>8}{'perceptual':>12}{'ink':>6}")
    for name, method in methods.items():
        made = torch.cat([method(part) for part in given.split(16)]).clamp(-1, 1)
        three = (
            metrics.psnr(made, truth),
            metrics.perceptual(made, truth),
            cartoongan.sharpness(made, truth),
        )
        table[words, name] = [float(each.mean()) for each in three]
        print("  {:12}{:8.2f}{:12.4f}{:6.0%}".format(name, *table[words, name]))

# %% [markdown]
# Clean pictures first. Ours by L1 has 28.74 dB, 4 more than Lanczos; waifu2x's two have 28.59 and 28.62, and a slightly smaller
# perceptual distance. That is closer than it looks: ours has seen this very studio, and three filters that make pictures
# smaller, and theirs thousands of other drawings. Made smaller by Lanczos alone, which they know well, they win: 29.77 and 29.98 dB
# on twelve faces against our 28.40. SRGAN costs 0.4 dB and brings ink from 92 % to 97 % of the truth's slope. (Below 100 % is
# soft; above is harder than drawn.)
#
# Damaged pictures: 24.86 dB, against 23.93 and 23.96. waifu2x learned from JPEG files, ours from blur and noise as well, and that
# is what the test consists of. Whoever makes the test, wins it; with its levels 2 and 3 waifu2x had 23.95 to 24.16. (Look at
# `perceptual` there, too: it is twenty times as large. The tagger sees fringes at once, and hardly sees softness: of clean pictures,
# squares score better than bicubic.)
#
# So PSNR and perceptual distance prefer L1, the slope of ink prefers SRGAN. What do your eyes prefer?
#
# ## Pages: tiles that know what is around them
#
# A page has 4,000 pixels on a side; enlarged by 2 it has 64 million. In lesson 9 tiles had to fade into each other, because
# norms and deep networks look at everything. Ours has no norm, and each of its 18 convolutions looks one pixel further: at
# 18 small pixels around, no more. A tile that is read with 18 pixels around it comes out *exactly* as in one piece; what
# became of the 18 is cut off.
#
# ### Exercise 11.3 · A tile and what is around it (level 2 of 5, about 10 minutes)
#
# Along one side of a picture of `length` pixels a tile begins at `start` and has `side` pixels. It should be read with
# `reach` more before and behind it. At the borders of the picture there are fewer, or none, and the last tile may be
# shorter than the others. Where does the reading begin, where does it end (one behind the last pixel), and how many of what
# was read lie before the tile?
#
# <details><summary>Hint 1</summary>
#
# Nothing lies before pixel 0, and nothing behind the last one.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The third number follows from the first one and from `start`.
#
# </details>


# %%
def surroundings(start, side, reach, length):
    """Where to begin to read, where to end, and how many pixels of that come before the tile: three whole numbers."""
    ### BEGIN SOLUTION 11.3: three numbers, within the picture
    begin = max(0, start - reach)
    return begin, min(length, start + side + reach), start - begin
    ### END SOLUTION


result_11_3 = check_11_3(surroundings)

# %% [markdown]
# A face of 200 pixels, enlarged in one piece, and in tiles of 64, with 18 pixels around each (by your numbers if the check
# found them right) and with none:

# %%
around = surroundings if result_11_3 else reference.surroundings
face = studio.render(studio.Character.random(7), 200).copy()
page = torch.from_numpy(face).permute(2, 0, 1)[None] / 127.5 - 1


def in_tiles(picture, reach, side=64, by=2):
    """The picture, enlarged tile by tile."""
    high, wide = picture.shape[2:]
    out = torch.zeros(1, 3, by * high, by * wide)
    for top in range(0, high, side):
        for left in range(0, wide, side):
            y, to_y, above = around(top, side, reach, high)
            x, to_x, before = around(left, side, reach, wide)
            tile = model(picture[..., y:to_y, x:to_x])[..., by * above :, by * before :]
            place = out[..., by * top : by * (top + side), by * left : by * (left + side)]
            place[:] = tile[..., : place.shape[2], : place.shape[3]]
    return out


# %%
whole, good, bad = model(page), in_tiles(page, model.reach), in_tiles(page, 0)
seams = {"with 18 around": (good - whole).abs(), "with none": (bad - whole).abs()}
for name, each in seams.items():
    print(f"{name:16} differs from one piece by up to {float(each.max()):.0e}")
where = (20 * seams["with none"].amax(1, keepdim=True)).clamp(0, 1).expand(-1, 3, -1, -1)
compare({("with 18 around", "with none", "where that differs"): torch.cat([good, bad, where * 2 - 1])},
        columns=3, scale=1, alt="A face twice, nearly the same; and, in white on black, the lines of the tiles' borders, where they cross ink.")  # fmt: skip

# %% [markdown]
# The library's `enlarger.enlarged` does this for pictures of bytes, so that nothing but the result is ever whole. A page of
# 4,000 by 4,000 pixels, enlarged by 2, took 43 seconds of one core, and the whole process never more than 1.1 GB, most of which
# had gone into drawing the page. In one piece, a single map of 32 channels would be 2 GB. On the command line, for files, or
# whole folders:
#
# ```
# animelab enlarge scans/ --by 2 --denoise 1 --out large/
# animelab enlarge sticker.png --by 4 --out large/
# ```
#
# (By 4 it is a network of L1 alone: 400 steps of SRGAN printed a mesh along all ink, so that one is not bundled.)
#
# What is transparent stays so. Its color is unknown there, and files are laid on white before a network sees them; so edges
# would be pale on any other ground. Therefore both are enlarged, the picture on white and its transparency, and then the white
# is taken out again: if a pixel shows color c through opacity a, on white it is 1 - a (1 - c), and that can be solved for c.
#
# ## Faces of 64 pixels
#
# The networks of lessons 1 to 7 draw 64 pixels, and their widgets show them larger by Lanczos. With `enlarge=enlarged` the
# zoo's SRGAN does it, and the words below the face say so. What you keep or save is what was drawn. **Look** at the ink, and at
# what becomes of a fault: a network that knows drawings makes a sharp line of a blurred one, right or wrong.

# %%
LatentExplorer(zoo.load("stylegan2-faces-64"), seed=8, enlarge=enlarged)

# %% [markdown]
# ## Your own pictures
#
# Choose a file, drop one, or paste it. The examples were drawn by people (and the last one by a camera), not by the studio.


# %%
def twice(picture):
    """A picture (1, 3, H, W), enlarged in tiles, with a little damage taken away."""
    pixels = enlarger.enlarged(model, as_pixels(picture)[0], level=1)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1


OwnPicture(twice, real_faces(96), size=None)

# %% [markdown]
# Outlines, lashes and highlights of all eight drawings come out sharp, by hands that it has never seen as well. The ninth is
# a photograph, and no longer looks like one: hair became strokes with dark edges, and skin flat color. A network that has seen
# nothing but drawings makes drawings; for photographs there are others.
#
# ## A quiz on enlarging
#
# **1. Network A has 0.5 dB more than network B. Whose pictures will people prefer?**
#
# <details><summary>A. Network A's.</summary>
#
# Not necessarily. Half a decibel can be bought by being soft wherever one is not certain.
#
# </details>
# <details><summary>B. Network B's, since PSNR rewards what is soft.</summary>
#
# Not necessarily. A network can have less because it is wrong in other ways.
#
# </details>
# <details><summary>C. That cannot be said.</summary>
#
# Right. Look at both, at the same piece, and at the truth. Between networks that learned by the same loss, PSNR says a lot.
#
# </details>
#
# **2. Why is it a bad idea to take away damage of level 3 from every picture, to be safe?**
#
# <details><summary>A. It takes longer.</summary>
#
# Not quite. It takes the same time.
#
# </details>
# <details><summary>B. What looks like damage may be drawn: screentone, stitches, a pattern.</summary>
#
# Right. A network that was told "much damage" removes what is fine and regular, and cannot know whose it was.
#
# </details>
# <details><summary>C. Level 3 was never trained.</summary>
#
# Not quite. Each level was a quarter of the pictures.
#
# </details>
#
# **3. You put instance norm into the enlarger's blocks. What happens to pages in tiles?**
#
# <details><summary>A. Nothing.</summary>
#
# Not quite. A norm takes its means from all that it is given.
#
# </details>
# <details><summary>B. Each tile gets a light of its own.</summary>
#
# Right, as in lesson 9. Networks that enlarge have no norms, and for another reason as well: how strong the light is, they are
# to keep.
#
# </details>
# <details><summary>C. Tiles need more than 18 pixels around them, but then it works.</summary>
#
# Not quite. No border is wide enough for a mean over everything.
#
# </details>
#
# ## What went wrong for others who enlarge
#
# - **"Level 2 leaves more artifacts than level 1."** (nagadomi/waifu2x #320.) Each of its networks knows the range of damage
#   it learned from, and a lightly compressed picture is outside that of level 2.
# - **"A mesh over flat color."** (nagadomi/waifu2x #125.) A user suspected the transposed convolution; the author, at first, a kind of noise
#   that the network had never seen.
# - **"The edges of my cut-out figure are fuzzy."** (nagadomi/nunif #32, #36.) Colors under full transparency are whatever the
#   program left there, and they bleed in.
# - **"Black output."** (nihui/waifu2x-ncnn-vulkan #73.) The tile was too large for the card.
# - **"After fine-tuning everything is over-sharp."** (xinntao/Real-ESRGAN #148, #205.) The discriminator weighs too much, or
#   for too long.

# %% [markdown]
# ## Second half: whole
#
# Something stands before the picture that should not be there: a speech bubble in a language nobody reads here, a watermark,
# a hand, glasses that the new script has forgotten. What is behind it? The picture does not say. Whoever has seen many faces
# can guess.
#
# Whether a guess is right, nobody who works with photographs can tell. The studio can: it draws every character twice, with a
# hat and without. So there is a truth beneath each hole, known to the pixel. Draw the curtain: **predict** which of the six
# will be easy, and which will not.

# %%
from scipy.ndimage import distance_transform_edt
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d

from animelab.checks import check_11_4, check_11_5
from animelab.data import Cast
from animelab.metrics import perception
from animelab.nn import inpainting
from animelab.recipes import inpainting as repair
from animelab.viz import show
from animelab.widgets import THINGS, RepairDesk, covered

repairer = zoo.network("inpainting-partial-128")
strangers = Cast("full", 0, "test")  # characters that no network here has seen
who = {"glasses": 9, "hat": 5, "headphones": 0, "bubble": 4, "watermark": 2, "hand": 8}
six_things = [covered(strangers[i], thing, seed=i) for thing, i in who.items()]
damaged, masks, beneath = (torch.cat(each) for each in zip(*six_things))
with torch.no_grad():
    repaired = inpainting.filled(repairer, damaged, masks)
BeforeAfter({"behind something": damaged, "repaired": repaired, "the truth": beneath})

# %% [markdown]
# No wonders yet. This network saw 31,200 pictures; the paper's learned for three to ten days on a GPU. It knows which color
# belongs where: hair over a forehead and where headphones were, and beside it the sky. It draws no line, it has found no eye, and
# between the letters of the watermark it leaves pale cells. Keep these in mind: you will see which fills without any learning do
# better, and where they cannot.
#
# `covered` draws such a character: the picture, a *mask*, and the truth. The mask is 1 where the picture is known, and 0 in
# the hole; nearly every code that fills holes has it this way round, and some have it the other way. So look before you begin.

# %%
compare({"behind something": damaged, "the mask": masks.expand(-1, 3, -1, -1) * 2 - 1, "the truth": beneath}, scale=1,
        alt="Six characters with glasses, a hat, headphones, a speech bubble, a watermark and a hand before them; the same places black on white; the same characters without these things.")  # fmt: skip

# %% [markdown]
# ### A convolution looks into the hole
#
# What do we put into a hole before a network sees it? 0, say, which is a middle gray. Then a convolution at its border mixes
# the picture with gray, and the network has to learn that this gray is no color. Below, the plainest convolution there is: a
# mean over 9 by 9 pixels. In the third column the mean is taken only over what is known, and in the hole only where a window
# knows anything.

# %%
hollow, mean_of_9 = (
    damaged * masks,
    torch.eye(3)[:, :, None, None].expand(-1, -1, 9, 9) / 81,
)
ordinary = conv2d(hollow, mean_of_9, padding=4)
told_mean, _ = inpainting.partial_convolution(hollow, masks, mean_of_9, None, 1, 4)
compare({"with a hole": hollow[2:5], "mean of all": ordinary[2:5], "mean of what is known": told_mean[2:5]}, scale=1,
        alt="Three characters with gray holes; blurred with gray clouds where the holes are; blurred without any gray, the holes partly closed.")  # fmt: skip

# %% [markdown]
# That is the whole idea of a *partial convolution* (Liu and others 2018). For each window:
#
# $$x' = W^\top (X \odot M) \cdot \frac{\text{size of the window}}{\sum M} + b \quad \text{where } \sum M > 0, \text{ and } 0 \text{ elsewhere}$$
#
# In words: add up what is known, weighted as always. If the window knows a half of its numbers, take the sum twice. Then add
# the bias. And there is a new mask: a place is known from now on if its window knew *anything*. So after each layer the hole is
# smaller, and a few layers on it is gone.
#
# ### Exercise 11.4 · A convolution that sees holes (level 3 of 5, about 20 minutes)
#
# Write it. The mask has a channel for every channel of `x`, and they need not agree: in a U-Net, half of the channels come from
# below and half from the side. The size of the window is `kernel * kernel * C`, also at the border of the picture, where what
# lies outside counts as unknown. `bias` may be `None`: add it only where there is one. Give the features and the new mask, which
# has one channel.
#
# <details><summary>Hint 1</summary>
#
# How many numbers of each window are known? A convolution of the mask with ones counts them, or a mean over the window
# (`avg_pool2d`, which counts the zeros of the padding) gives their share at once.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Multiply by the mask, convolve without a bias, divide by the share; then the bias; then 0 where nothing was known. A division
# by 0 gives no number, and no gradient either: `clamp` the share first.
#
# </details>


# %%
def partial_convolution(x, mask, weight, bias, stride, padding):
    """What each window knows, made up for what it does not.

    x: (B, C, H, W); mask: (B, C, H, W), 1 where x is known; weight: (out, C, kernel, kernel); bias: (out,), or None.
    Returns features (B, out, H', W') and the new mask (B, 1, H', W').
    """
    ### BEGIN SOLUTION 11.4: divide by the share of the window that is known
    share = avg_pool2d(mask.mean(1, keepdim=True), weight.shape[-1], stride, padding)
    known = (share > 0).to(x.dtype)
    found = conv2d(x * mask, weight, None, stride, padding) / share.clamp(1e-8)
    if bias is not None:
        found = found + bias[:, None, None]
    return found * known, known
    ### END SOLUTION


result_11_4 = check_11_4(partial_convolution)
convolve = partial_convolution if result_11_4 else inpainting.partial_convolution

# %% [markdown]
# ### A fill that has learned nothing
#
# With equal weights, and applied again and again, it already fills holes: each time the border's colors move a pixel inward.
# That is the fill to beat. Beside it the two that are simpler still: the mean of all that is known, and the nearest known pixel.


# %%
def spread(pictures, mask):
    """Holes filled from their borders: means over what is known, until nothing is unknown, then smoothed."""
    mean = torch.eye(3)[:, :, None, None].expand(-1, -1, 3, 3) / 9
    x, reached, wider = pictures * mask, 0 * mask, mask
    while not torch.equal(wider, reached):  # of a picture with nothing known it stays so
        reached = wider
        near, wider = convolve(x, reached.expand(-1, 3, -1, -1), mean, None, 1, 1)
        x = torch.where(reached > 0, x, near)
    for _ in range(60):
        near, _ = convolve(x, reached.expand(-1, 3, -1, -1), mean, None, 1, 1)
        x = torch.where(mask > 0, pictures, near)
    return x


def nearest(pictures, mask):
    """Each pixel of a hole like the nearest one that is known."""
    places = [distance_transform_edt(each[0] == 0, return_distances=False, return_indices=True) for each in mask.numpy()]  # fmt: skip
    return torch.stack([picture[:, y, x] for picture, (y, x) in zip(pictures, places)])


overall = (damaged * masks).sum((2, 3), keepdim=True) / masks.sum((2, 3), keepdim=True)
naive = {
    "mean": torch.where(masks > 0, damaged, overall),
    "nearest": nearest(damaged, masks),
}
naive["spread"] = spread(damaged, masks)
compare({"with a hole": hollow, **naive, "the truth": beneath}, scale=1,
        alt="Six characters with holes; the holes in one color; in streaks of the nearest colors; in a soft mist of the border's colors; and the truth.")  # fmt: skip

# %% [markdown]
# The mean is a sticker. *Nearest* goes on with whatever lies at the border, so it has edges, and they lead nowhere: the crown of
# hair becomes a star. *Spread* has no wrong edge, for it has none: where glasses were there is now a fog. Only between the
# letters of the watermark, where a hole is a few pixels wide, all three are hard to tell from the truth. So the width of a hole
# matters, and not how many pixels it has.
#
# ### A U-Net of partial convolutions
#
# Now let the weights be learned, and put such layers into a U-Net (lesson 4). The paper's, for 512 pixels; `s2` halves:
#
# | | windows | channels | norm, activation |
# |---|---|---|---|
# | down 1 | 7 x 7, s2 | 3 → 64 | ReLU |
# | down 2, 3 | 5 x 5, s2 | → 128 → 256 | batch norm, ReLU |
# | down 4 to 8 | 3 x 3, s2 | → 512, five times | batch norm, ReLU |
# | up 8 to 5 | 3 x 3, after doubling | 512 + 512 → 512 | batch norm, LeakyReLU |
# | up 4, 3, 2 | 3 x 3, after doubling | 512 + 256 → 256; 256 + 128 → 128; 128 + 64 → 64 | batch norm, LeakyReLU |
# | up 1 | 3 x 3, after doubling | 64 + 3 → 3 | neither |
#
# On the way up the mask is doubled like the features, and beside it goes the mask of the same size from the way down. The last
# layer sees the picture itself, with its hole. How fast does the hole close? White is known:

# %%
with torch.device("meta"):
    for words, network in {
        "for 512 px": inpainting.UNet(8), "for 256 px": inpainting.UNet(7), "ours, for 128 px": inpainting.UNet(6, 12),
    }.items():  # fmt: skip
        print(f"{words:18}{count_parameters(network):>12,} parameters")
closing, seen_mask = [masks], masks
with torch.no_grad():
    for layer in repairer.down[:3]:
        _, seen_mask = layer(
            torch.zeros(6, layer.in_channels, *seen_mask.shape[2:]), seen_mask
        )
        closing.append(seen_mask)
shown_masks = [interpolate(each, 128).expand(-1, 3, -1, -1) * 2 - 1 for each in closing]
compare({"mask": shown_masks[0], **{f"after down {i}": each for i, each in enumerate(shown_masks[1:], 1)}}, scale=1,
        alt="Six masks, and the same after one, two and three layers, in ever larger squares: the watermark is gone after one layer, glasses and headphones after two, hat, bubble and hand after three.")  # fmt: skip

# %% [markdown]
# What is a few pixels wide is gone after one layer. After two, only the hat, the hand and the middle of the bubble are left,
# and after three nobody can say any more where the holes were. From then on the layers are ordinary convolutions: what they
# know of the place beneath the hat, they know from what is around it. That is also why the mask need not be a network's input.
#
# ### What should be asked of it
#
# There is no discriminator. The paper asks for five things at once, and each is there for a reason:
#
# - `valid`: what is known should come out as it went in. (It is put back afterward, so why ask? Because the decoder shares its
#   weights: whoever can draw hair beside the hole can draw it inside.)
# - `hole`: nearness to the truth in the hole. It weighs 6.
# - `perceptual`: nearness in the maps of a network that sees (lesson 9), so that an edge counts more than a shade.
# - `style`: the same of their Gram matrices. A hole filled with mist has the wrong ones.
# - `variation`: neighbors in the hole, and one pixel around it, should not differ for nothing. It weighs little.
#
# The two that look through a network look twice: at what was drawn, and at the picture with what is known put back, since
# there a seam would show.
#
# ### Exercise 11.5 · The whole loss (level 4 of 5, about 30 minutes)
#
# Write all five, without their weights. `mask` is 1 where the picture is known. Every mean goes over *all* numbers, also for
# `valid` and `hole`: so a small hole weighs less than a large one.
#
# - `valid`, `hole`: mean of |drawn - truth|, counted only where the mask is 1, and where it is 0.
# - `perceptual`: for each of the two pictures and each of the first three maps of `look` (a fourth is too coarse), the mean
#   |difference| to the truth's map; all added.
# - `style`: the same of the maps' Gram matrices (sums of products over all places, divided by C H W: Exercise 9.1).
# - `variation`: of the picture with what is known put back: mean |pixel - its left neighbor| plus mean |pixel - its upper
#   neighbor|, counted where the right or lower one of the two lies in the hole or one pixel around it (`max_pool2d` makes the
#   hole larger by one).
#
# No gradient should go into the truth's maps.
#
# <details><summary>Hint 1</summary>
#
# `together = torch.where(mask > 0, truth, drawn)` is the second picture. `look(picture)` gives a list of maps.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `together.diff(dim=3)` has one column less; the marks of its right pixels are `around[..., 1:]`. Every mean is still over all
# the numbers of the difference, those that are multiplied by 0 included.
#
# </details>


# %%
def whole_loss(drawn, truth, mask, look):
    """The five parts, by name: valid, hole, perceptual, style, variation; each a scalar.

    drawn, truth: (B, 3, H, W); mask: (B, 1, H, W), 1 where the picture is known; look: pictures to a list of maps.
    """
    ### BEGIN SOLUTION 11.5: five parts, two pictures, one truth
    hole = 1 - mask
    off = (drawn - truth).abs()
    together = torch.where(mask > 0, truth, drawn)
    with torch.no_grad():
        wanted = look(truth)[:3]

    def gram(maps):
        flat = maps.flatten(2)
        return flat @ flat.transpose(1, 2) / flat[0].numel()

    perceptual = style = 0
    for picture in (drawn, together):
        for seen, goal in zip(look(picture), wanted):
            perceptual = perceptual + (seen - goal).abs().mean()
            style = style + (gram(seen) - gram(goal)).abs().mean()
    around = max_pool2d(hole, 3, stride=1, padding=1)
    right = (together.diff(dim=3).abs() * around[..., 1:]).mean()
    down = (together.diff(dim=2).abs() * around[..., 1:, :]).mean()
    return {
        "valid": (off * mask).mean(), "hole": (off * hole).mean(),
        "perceptual": perceptual, "style": style, "variation": right + down,
    }  # fmt: skip
    ### END SOLUTION


result_11_5 = check_11_5(whole_loss)

# %% [markdown]
# What do these parts say of the fills that you have seen? **Predict** which one likes *nearest* better than *spread*.

# %%
parts_of_loss = whole_loss if result_11_5 else repair.repair_loss
sight = perception.extractor("tagger")
fills = {**naive, "the network": repaired, "the truth": beneath}
with torch.no_grad():
    told_of = {
        name: parts_of_loss(each, beneath, masks, sight) for name, each in fills.items()
    }
print(f"{'':13}" + "".join(f"{part:>12}" for part in told_of["mean"]))
for name, values in told_of.items():
    print(f"{name:13}" + "".join(f"{float(value):12.5f}" for value in values.values()))

# %% [markdown]
# By `hole`, streaks and fog are alike; by `style`, fog is nearly twice as bad: its texture is that of no drawing. Neither part
# alone would make a good fill. And look at the last column: the truth varies more than any fill does. Whoever gives that part
# too much weight asks for fog.
#
# ## Train it on holes of all shapes
#
# Each step draws new holes: strokes, boxes, spots, and the shapes of bubbles, glasses, hats, hands and watermarks. A network that
# has only seen boxes in the middle fills only boxes in the middle.

# %%
torch.manual_seed(3)
some_holes = inpainting.holes(torch.zeros(24, 3, 128, 128))
show(some_holes.expand(-1, 3, -1, -1) * 2 - 1, columns=12, scale=1, alt="Twenty-four holes, black on white: strokes, hats, hands, bubbles, glasses, letters, boxes and spots, large and small, turned and moved.")  # fmt: skip

# %%
repair_config = repair.preset("cpu")  # 64 px; on a GPU "t4"
own_parts = {"convolution": partial_convolution} if result_11_4 else {}
own_parts |= {"loss": whole_loss} if result_11_5 else {}
repair_recipe = repair.Inpainting(repair_config, **own_parts)
folder = "11_repair" + ("_and_my_parts" if own_parts else "")
repair_run = train(
    repair_recipe,
    repair_recipe.data(repair_config),
    env.runs_dir() / folder,
    watch=LiveTraining(),
)

# %%
my_repairer = load_weights(repair_run.folder / "weights.safetensors")[2]
smaller = [covered(strangers[i], thing, repair_config.size, i) for thing, i in who.items()]
small_damaged, small_masks, small_truth = (torch.cat(each) for each in zip(*smaller))
with torch.no_grad():
    by_mine = inpainting.filled(my_repairer, small_damaged, small_masks)
compare({"behind something": small_damaged, "spread": spread(small_damaged, small_masks), "yours": by_mine, "the truth": small_truth}, scale=1,
        alt="Six characters of 64 pixels behind things, filled with mist, filled by the network that was just trained, and the truth.")  # fmt: skip

# %% [markdown]
# A minute and a half, and colors have begun to come in; lines have not. With the preset "studio" and its 8,000 steps of 128
# pixels it goes on:
#
# ```
# animelab train inpainting --preset studio --out runs/repair
# animelab train inpainting --preset studio --set network=gated --set width=16 --set proposals=2 --out runs/gated
# ```
#
# ## Another way: gates, and a second look
#
# A partial convolution is told by a rule what counts. A *gated* convolution (Yu and others 2019) learns it: every number it
# gives is multiplied by a gate between 0 and 1, which is computed from the same window. The mask goes in as a fourth channel,
# and nothing more is said about it.
#
# The second network of the zoo is made of such layers, and works in the manner of PEPSI (Sagong and others 2019), the method
# behind DeepCreamPy: an encoder, and one decoder that is used *twice*. First it draws from the features as they are: a coarse
# picture, which has a loss of its own. Then the features of the hole are replaced by borrowed ones: each place of the hole looks
# for places outside in surroundings alike (*contextual attention*), and takes a mean of theirs, so that an eye can be borrowed
# from the other eye. From these the same decoder draws the fine picture.
#
# And it takes *noise*. Where nobody can know, one answer is a lie: the mean of all. So in training it gave two answers for each
# hole, and only the better one counted. Whoever is judged by the better of two answers learns to give two that differ.

# %%
gated = zoo.network("inpainting-gated-128")
behind_bubbles = [covered(strangers[i], "bubble", seed=i) for i in (0, 2, 4, 9, 10, 13)]
bubbles, bubble_masks, no_bubbles = (torch.cat(each) for each in zip(*behind_bubbles))
rolls = torch.randn(4, gated.latent, generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    proposals = [
        inpainting.filled(gated, bubbles, bubble_masks, each.expand(len(bubbles), -1))
        for each in rolls
    ]
compare({"behind a bubble": bubbles, **{f"proposal {i}": each for i, each in enumerate(proposals, 1)}, "the truth": no_bubbles}, scale=1,
        alt="Six characters behind speech bubbles, four proposals for each that hardly differ, soft patches of hair and skin color, and the truth.")  # fmt: skip

# %% [markdown]
# The four hardly differ. After 1,800 steps the network knows how to fill, and not yet that there are several ways: the noise
# reaches the picture, and says little. Under the bubbles there is hair where hair was, and skin where a face is; no eye and no
# mouth, and a weave of colors that the doublings left.
#
# ## Measure it
#
# Thirty-two held-out characters behind each thing. PSNR is of the holes alone, of all 32 together, since the rest is put back and would
# only flatter; the perceptual distance is of whole pictures. Of the gated network's proposals the first is taken, and then the best of
# four, which is what a person at the desk would do.


# %%
def in_the_hole(answer, mask, truth):
    """Mean squared error of each picture's hole, and its perceptual distance: (B,) twice."""
    hole = 1 - mask
    error = ((answer - truth).square() * hole).mean((1, 2, 3)) / hole.mean((1, 2, 3))
    return torch.stack([error, metrics.perceptual(answer, truth)])


crowd = 32 if env.scale() == "full" else 4
ways = {
    "mean": lambda x, m: torch.where(
        m > 0, x, (x * m).sum((2, 3), keepdim=True) / m.sum((2, 3), keepdim=True)
    ),
    "nearest": nearest,
    "spread": spread,
    "partial": lambda x, m: inpainting.filled(repairer, x, m),
}

# %%
scoreboard = {}
for thing in THINGS:
    hidden_ones = [covered(strangers[i], thing, seed=i) for i in range(crowd)]
    x, m, below = (torch.cat(each) for each in zip(*hidden_ones))
    with torch.no_grad():
        row = {name: in_the_hole(way(x, m), m, below) for name, way in ways.items()}
        four_answers = torch.stack(
            [
                in_the_hole(inpainting.filled(gated, x, m, z.expand(crowd, -1)), m, below)
                for z in rolls
            ]
        )
    best_one = four_answers[:, 0].argmin(0)
    scoreboard[thing] = row | {
        "gated": four_answers[0],
        "gated, of four": four_answers[best_one, :, torch.arange(crowd)].T,
    }

# %%
names = list(scoreboard["hat"])
print(f"{'dB / perceptual':15}" + "".join(f"{name:>16}" for name in names))
for thing, row in scoreboard.items():
    cells = (
        f"{float(10 * torch.log10(4 / row[name][0].mean())):.1f} / {float(row[name][1].mean()):.3f}"
        for name in names
    )
    print(f"{thing:15}" + "".join(f"{each:>16}" for each in cells))

# %% [markdown]
# Two kinds of holes. Under a hat or a bubble, which are wide, the network is ahead of everything that has not learned, by one
# decibel and a half before *spread*: what is above a forehead it knows, and fog does not. Between the letters of a watermark and
# behind glasses *spread* is ahead, by two decibels and by one: there the border is near, and all that can be known lies on it.
# Over all things together the two are equal, 15.0 dB. By the perceptual distance the network is first, 0.071; *nearest*, whose
# edges are sharp, if wrong, has 0.084, and fog 0.089. (With a third of the training it had 0.087.) The gated network had half as
# many steps and is close behind, 14.7 dB and 0.078; under bubbles it is level. The best of its four proposals gains 0.1 dB.
#
# So, at this stage: for thin damage take the plain fill, and for wide holes a network. A longer training should move the
# border between the two; whether it does, this table will say.
#
# ## The desk
#
# Paint over what should go. Your own picture is brought to 256 pixels. The gated network makes four proposals; *Other proposals*
# rolls again. Keyboard: arrow keys move the brush, the space bar puts it down, E and P change to the eraser and back, Control+Z
# takes a stroke back.

# %%
RepairDesk(
    {"partial": repairer, "gated": gated, "spread": spread},
    [*as_pixels(damaged), *real_faces(128)],
)

# %% [markdown]
# Three things to try. Paint over the glasses, exactly, and then leave one rim of them standing: what is known, a network goes on
# with. Paint over a whole face: what comes is the mean of many faces, and not one of them. And paint thin lines all over a
# picture: here the plain *spread* is hard to beat.
#
# ## Pictures that nobody drew for this
#
# The faces of `real_faces` were drawn by other people. A bubble, a hand and glasses are laid over them, and taken away again.

# %%
faces_of_others = torch.from_numpy(real_faces(128)[:8]).permute(0, 3, 1, 2) / 127.5 - 1
kinds, chance = ("bubble", "hand", "glasses", "hat") * 2, torch.Generator().manual_seed(2)
shapes = [
    inpainting.shape(kind, torch.rand(1, inpainting.NUMBERS, generator=chance))
    for kind in kinds
]
overs = torch.cat([inpainting.rounded_bars(*each, 128) for each in shapes])
their_masks = 1 - overs.float()
with torch.no_grad():
    theirs = [
        inpainting.filled(each, faces_of_others, their_masks) for each in (repairer, gated)
    ]
compare({"with a hole": faces_of_others * their_masks, "spread": spread(faces_of_others, their_masks),
         "partial": theirs[0], "gated": theirs[1], "as it was": faces_of_others}, scale=1, alt="Eight faces by other artists with gray holes; filled with fog; by two networks with soft colors, and traces of rims; and as they were.")  # fmt: skip

# %% [markdown]
# Other people's faces are larger in the picture, and on white. The networks bring the colors of busts: under the last hat, where
# there was blue-black hair, comes blonde, and skin. Where a hand lay on the white ground its rim stays as a faint trace; *spread*
# does the white ground without one, and makes fog of the rest. None of the three draws the eye that was under the glasses.
#
# ## A quiz on holes
#
# **1. A window of 3 by 3 pixels and 2 channels knows 6 of its 18 numbers. By how much is its sum multiplied?**
#
# <details><summary>A. By 3.</summary>
#
# Right. The size of the window by the count of what is known: 18 / 6. The bias is added afterward, as it is.
#
# </details>
# <details><summary>B. By 1/6: it becomes a mean.</summary>
#
# Not quite. A convolution gives a sum, and its weights learned to work with sums.
#
# </details>
# <details><summary>C. By 1/3, since it knows so little.</summary>
#
# Not quite. That would make features at the border of a hole smaller still.
#
# </details>
#
# **2. A network fills every hole with mist. Its hole loss falls, its PSNR is good. What would you look at?**
#
# <details><summary>A. The style part: whether it is added, and weighs enough.</summary>
#
# Right. Mist is the mean of all guesses, and nearness likes it. Only what looks for texture objects.
#
# </details>
# <details><summary>B. The valid part.</summary>
#
# Not quite. It does not see the hole.
#
# </details>
# <details><summary>C. Nothing: PSNR is good.</summary>
#
# Not quite. You have met that in the first half: PSNR and eyes disagree about everything that is soft.
#
# </details>
#
# **3. The mask that somebody painted misses a rim of the hat, one pixel wide. What happens?**
#
# <details><summary>A. Nothing: a pixel is little.</summary>
#
# Not quite. Try it at the desk.
#
# </details>
# <details><summary>B. The hole is filled with hat.</summary>
#
# Right. The rim is known, says the mask, and a network goes on with what lies at the border. That is why masks are made larger
# by a pixel or two, and why users of such programs are told to switch off soft edges.
#
# </details>
# <details><summary>C. The network refuses.</summary>
#
# Not quite. It has no way to know.
#
# </details>
#
# ## What went wrong for others who fill holes
#
# - **"Blurred, and the structure is wrong."** (naoto0804/pytorch-inpainting-with-partial-conv #3, NVIDIA/partialconv #9.) A sum
#   where a mean belongs, or Gram matrices that were not divided. Such a style part drowns all others, or is drowned.
# - **"Colors shift beside the hole."** (naoto0804 #10, jingyuanli001/RFR-Inpainting #25.) Batch norm takes its means with the holes
#   in. For the last part of a training let the encoder's norms stand still; the setting `first` says when.
# - **"The border of the picture is brighter."** (NVIDIA/partialconv #16, #44.) Beyond the border nothing is known, so the sums
#   are enlarged there by 1.5, in corners by 2.25. Networks learn to live with it, but one that was trained with ordinary
#   convolutions cannot be turned into one of these without training anew.
# - **"It fills what is known and keeps the hole."** (naoto0804 #19.) The mask was the other way round; or it had been saved as JPEG
#   and was no longer 0 and 1.
# - **"NaN, in half precision."** The sums of a Gram matrix grow with the picture. Divide before you multiply.
#
# ## Assignment: old film
#
# Level 4 of 5, one evening. A scratch on a film is a hole that nobody has marked. Draw scratches and dust over pictures, train a
# network of lesson 8's kind (one channel out) to find them, and give what it finds to the repairer. How much worse is that than
# the true mask? And which is worse: a mask that is too small, or one that is too large?
#
# ## References
#
# - Shi and others: *Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
#   Network*, CVPR 2016, arXiv 1609.05158.
# - Ledig and others: *Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network*, CVPR 2017,
#   arXiv 1609.04802.
# - Wang and others: *ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks*, 2018, arXiv 1809.00219 (weights
#   between two networks).
# - Zhang and others: *Designing a Practical Degradation Model for Deep Blind Image Super-Resolution* (BSRGAN), ICCV 2021,
#   arXiv 2103.14006.
# - Wang and others: *Real-ESRGAN*, 2021, arXiv 2107.10833.
# - Liu and others: *Image Inpainting for Irregular Holes Using Partial Convolutions*, ECCV 2018, arXiv 1804.07723.
# - Yu and others: *Generative Image Inpainting with Contextual Attention*, CVPR 2018, arXiv 1801.07892.
# - Yu and others: *Free-Form Image Inpainting with Gated Convolution*, ICCV 2019, arXiv 1806.03589.
# - Sagong and others: *PEPSI: Fast Image Inpainting with Parallel Decoding Network*, CVPR 2019.
# - nagadomi: [waifu2x](https://github.com/nagadomi/waifu2x), 2015.
#
# **Next:** a picture from a map of its parts: [12 · Paint with hair and sky](12_painting.ipynb).
