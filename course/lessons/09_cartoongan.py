# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 9 · From a photograph to a background: CartoonGAN
#
# ![Six places as grainy photographs: a room, hills at dusk twice, a street, a sunset, trees. Below each the same place with ink outlines and flat colors, as a network drew it.](../course/figures/opening_09.jpg)
#
# **You will make:** drawn backgrounds out of photographs, by a generator whose discriminator has learned to look at edges.
#
# **In the studio:** step 5 of 6, the *background*.
#
# **Time:** 16 minutes of computing on one CPU core with bfloat16, 27 without; on a GPU: not measured yet.
# **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

import copy

import numpy as np
import torch
from torch.nn.functional import conv_transpose2d, interpolate

from animelab import metrics, studio, zoo
from animelab.checks import check_9_1, check_9_2, check_9_3, check_9_4
from animelab.checks import lesson_09_cartoongan as reference
from animelab.data import StudioScenes, real_photos
from animelab.engine import train
from animelab.metrics import perception
from animelab.nn import animegan, cartoongan, count_parameters
from animelab.nn.tiles import by_tiles, shared_norms, straight
from animelab.recipes import cartoongan as recipes
from animelab.recipes.backtranslation import photographed
from animelab.viz import compare, show
from animelab.widgets import BeforeAfter, LiveTraining, OwnPicture

# %% [markdown]
# ## Where we are going
#
# At the left of the curtain a photograph, at the right what a generator makes of it. In training it never saw a photograph
# together with its drawing.

# %%
best = zoo.load("backtranslation-places-256")
twelve = StudioScenes("photo", "anime", 256, 12, split="test")
photos, truth = twelve.batch(range(12))[0], twelve.truth(range(12))
BeforeAfter({"photo": photos, "translated": best.translate(photos), "the truth": truth})

# %% [markdown]
# Twelve held-out places of 256 pixels, unpicked, by the best generator of places that the course has. It comes back at the
# end, when you can tell what it does differently. Until then you build the one that began all this, CartoonGAN, see what it
# gets wrong, and find out where that comes from.
#
# ## Six places, twice
#
# Behind every character there is a place, and somebody has to paint it. Studios start from photographs. Ours draws its own,
# so that we know the answer: each place in two renderings of the same geometry, as an artist would draw it, and as a camera
# might see it.

# %%
places = [
    studio.Scene(name, "day", 2)
    for name in ("sky", "hills", "trees", "town", "street", "room")
]
as_photo, as_anime = (
    [studio.paint(place, 128, style) for place in places] for style in ("photo", "anime")
)
compare({"photo": as_photo, "anime": as_anime},
        alt="A sky, hills, trees, a town, a street and a room: as grainy soft photographs, and as drawings with ink and flat colors.")  # fmt: skip

# %% [markdown]
# **Look closely**, and write down what differs. You should find at least four things. (Ink. Flat colors instead of grain.
# Shadows with a hard edge. Stronger colors. And what does *not* differ: where things are.)
#
# By day, at dusk, at night:

# %%
show([studio.paint(studio.Scene("street", hour, 4), 128, style) for style in ("photo", "anime") for hour in studio.HOURS],
     columns=3, alt="One street by day, at dusk and at night; above as photographs, below as drawings.")  # fmt: skip

# %% [markdown]
# Nobody gives us such pairs in the real world, so our generator will not get them either. In training, photographs show some
# places and drawings others. The pairs are kept for the end, when we want to know the truth.
#
# ## First idea: borrow the texture
#
# Gatys, Ecker and Bethge (2015) made pictures in the style of others without training any generator. They took a network
# that had learned to see, and asked two questions of a picture. *What is there?* The maps deep inside say so, place by
# place. *How does it look?* Which features occur **together**? For every pair of them, multiply how strongly both occur at a
# place, and add over all places. These sums form one matrix, the *Gram matrix*.
#
# ### Exercise 9.1 · The Gram matrix (level 2 of 5, about 10 minutes)
#
# Write the Gram matrix of each picture's maps, (B, C, H, W) numbers of both signs. The result is (B, C, C); at place (i, j)
# stands the sum, over all H W places, of map i times map j, divided by C H W, so that maps of all sizes can be compared.
#
# <details><summary>Hint 1</summary>
#
# Flatten the places: `maps.flatten(2)` is (B, C, H W). Two channels go together if the sum of their products is large.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A product of two matrices makes all these sums at once: one is (C, H W), the other (H W, C). Torch does so for a whole batch.
#
# </details>


# %%
def gram(maps):
    """Which channels of maps go together: sums of products over all places, divided by C H W.

    maps: (B, C, H, W).  Returns (B, C, C).
    """
    ### BEGIN SOLUTION 9.1: one matrix of sums for each picture
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()
    ### END SOLUTION


result_9_1 = check_9_1(gram)

# %% [markdown]
# Now the picture itself is what we train: start from the photograph, and change pixels until its matrices are those of the
# drawing while its deep maps stay. A third term, *total variation*, asks neighbors to agree; without it, pixels fool the
# network with a grain that no eye would call style. The network that sees (a pretrained *feature extractor*) is our own
# tagger from lesson 2. (The paper's is VGG19, which weighs 548 MB and knows a thousand kinds of things. Ours knows anime
# faces; edges and colors it sees all the same.) **Predict:** what will be anime about the result, and what will not?

# %%
matrix = gram if result_9_1 else perception.gram
look = perception.extractor("tagger")
photos = torch.from_numpy(np.stack(as_photo)).permute(0, 3, 1, 2) / 127.5 - 1
drawings = torch.from_numpy(np.stack(as_anime)).permute(0, 3, 1, 2) / 127.5 - 1


def texture_loss(pictures, content, style):
    """Their maps like `content`, their matrices like `style`, and neighbors that agree: a scalar."""
    maps = look(pictures)
    what = (maps[2] - content).abs().mean()
    how = sum((matrix(a) - b).square().mean() for a, b in zip(maps, style))
    grain = sum(pictures.diff(dim=axis).square().mean() for axis in (2, 3))
    return what + 1000 * how + 3 * grain


# %%
models = drawings.roll(1, 0)  # each photograph gets the style of another place
with torch.no_grad():
    style, content = [matrix(each) for each in look(models)], look(photos)[2]
pictures = photos.clone().requires_grad_()
optimizer = torch.optim.Adam([pictures], 0.03)
for _ in range(10 if env.scale() == "smoke" else 80):
    loss = texture_loss(pictures, content, style)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    pictures.data.clamp_(-1, 1)
compare({"photo": photos, "style from": models, "after 80 steps": pictures.detach()},
        alt="Six photographs, six drawings of other places, and the photographs in the drawings' colors, soft as watercolor.")  # fmt: skip

# %% [markdown]
# The colors came, as soft as watercolor. Ink did not come, and grass did not become flat. And look at the town, whose model
# were the trees: it has green spots on its walls. The matrix knows *how much* green belongs into such a picture, and with
# what. It has forgotten **where**. Anime is a matter of where: a line lies on an edge, a shadow ends at one.
#
# And each picture took eighty steps. Johnson, Alahi and Fei-Fei (2016) trained a generator instead: once, on this very loss,
# and then every picture takes one pass. To try that we need a generator to begin with.
#
# ## First phase: leave things as they are
#
# A generator that has learned nothing makes noise. So the first thing ours learns is to leave photographs alone: what it
# makes should look, deep in the feature extractor, like what it was given. There is no discriminator yet. This phase (the
# paper's *initialization phase*) is CartoonGAN's own, and all generators that we train here begin with it.

# %%
cartoon = zoo.load("cartoongan-scenes-128")  # the same, trained longer, to compare
count = 128 if env.scale() == "full" else 64  # kd_studio wants 64
test = StudioScenes("photo", "anime", 128, count, split="test")
new_photos, new_drawings = test.batch(range(count))
truth = test.truth(range(count))

PRESET = "cpu"  # on a GPU "t4", which sees with VGG19 and downloads it first: 548 MB
config = recipes.preset(PRESET)
scenes = recipes.CartoonGAN.data(config)
beginner = recipes.CartoonGAN(recipes.preset(PRESET, steps=config.first, decay=0))
run = train(beginner, scenes, env.runs_dir() / "09_first_phase", watch=LiveTraining())

# %% [markdown]
# Now Johnson's generator: the beginner, trained further to have the matrices of **one** drawing, the town by day, whatever
# the photograph shows.

# %%
johnson = copy.deepcopy(beginner.G_ema.average).to("cpu").train().requires_grad_(True)
with torch.no_grad():
    style = [matrix(each) for each in look(drawings[3:4])]
optimizer = torch.optim.Adam(johnson.parameters(), 3e-4)
dice = torch.Generator().manual_seed(0)
for _ in range(10 if env.scale() == "smoke" else 200):
    photo, _ = scenes.batch(torch.randint(len(scenes), (1,), generator=dice))
    with torch.no_grad():
        content = look(photo)[2]
    loss = texture_loss(johnson(photo), content, style)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
johnson = johnson.eval().requires_grad_(False)
compare({"photo": new_photos[:6], "Johnson's generator": johnson(new_photos[:6])},
        alt="Six photographs of new places, and the same all in the blue of one drawing, soft and without ink.")  # fmt: skip

# %% [markdown]
# Now every picture takes one pass. And every place has the blue of that one drawing: the sky at dusk, the walls of the room.
# The matrix asked for so much blue, and the generator found somewhere to put it. Two hundred steps are few, and so it is
# soft. But nothing in the loss says that a line belongs on an edge, either.
#
# ## Second idea: a discriminator of drawings
#
# CartoonGAN (Chen, Lai and Liu 2018) puts a discriminator in the place of the matrix. D sees drawings and fakes, patch by
# patch, and a patch has an edge in it or has not. (Ours learns by least squares, as in lesson 5; the paper takes
# cross-entropy, lesson 1's loss.) Two more things belong to it:
#
# - **Content.** Without pairs, something must hold the generator to the photograph. CycleGAN had the way back. Here it is
#   cheaper: the deep maps of photograph and fake should agree.
# - **Edges.** A patch of a drawing is mostly flat color. A discriminator that has looked at flat color alone will be content
#   with flat color. So it is shown a third set of pictures: drawings whose edges, and nothing else, have been blurred. They
#   are **not** real. The paper calls this the *edge-promoting* loss. (It finds edges by Canny's method. We take every place
#   where brightness changes fast.)

# %%
some = drawings[[3, 4, 5]]
soft = cartoongan.edge_smoothed(some)
found = cartoongan.edges(some).float().expand(-1, 3, -1, -1) * 2 - 1
compare({"drawings": some, "their edges": found, "edges made soft": soft},
        alt="A town, a street and a room: as drawn; their edges in white; the same drawings with blurred ink.")  # fmt: skip

# %% [markdown]
# ### Exercise 9.2 · A discriminator with three sets (level 2 of 5, about 10 minutes)
#
# Write D's loss by least squares. Drawings alone are real: fakes are not, and drawings with soft edges are not either. Each
# set counts once, by its own mean over its own logits, and the three are added, without a half. Logits are any real numbers, and the three maps may have different sizes.
#
# <details><summary>Hint 1</summary>
#
# Lesson 5's least squares: what is real should score 1, and what is not should score 0.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Three means, added. Which of them has a 1 in it?
#
# </details>


# %%
def discriminator_loss(drawing, fake, soft):
    """What it costs D to be wrong, by least squares; each kind of picture counts once.

    drawing, fake, soft: D's logits (B, 1, h, w) for drawings, fakes and drawings with soft edges.  Returns a scalar.
    """
    ### BEGIN SOLUTION 9.2: what it costs D to be wrong about three sets
    return (drawing - 1).square().mean() + fake.square().mean() + soft.square().mean()
    ### END SOLUTION


result_9_2 = check_9_2(discriminator_loss)

# %% [markdown]
# The two networks at their published width, and at ours:

# %%
with torch.device("meta"):
    for words, network in {
        "generator": cartoongan.Generator(), "discriminator": cartoongan.Discriminator(),
        "our generator": cartoongan.Generator(config.blocks, config.width),
        "our discriminator": cartoongan.Discriminator(config.width_D),
    }.items():  # fmt: skip
        print(f"{words:18} {count_parameters(network):>12,} parameters")

# %% [markdown]
# ## Train it, with and without edges
#
# Twice the same training from the same beginning, with one difference: the second discriminator never sees the third set.
# The first one learns by your loss, if the check found it right. **Predict:** where will you see the difference?

# %%
runs, steps = {}, config.steps - config.first
mine = {"discriminator_loss": discriminator_loss} if result_9_2 else {}
for name, edges, parts in (("with edges", True, mine), ("without", False, {})):
    changes = {"steps": steps, "decay": steps, "first": 0, "edges": edges}
    recipe = recipes.CartoonGAN(recipes.preset(PRESET, **changes), **parts)
    for network in (recipe.G, recipe.G_ema.average):
        network.load_state_dict(beginner.G_ema.average.state_dict())
    folder = f"09_{name.replace(' ', '_')}" + ("_and_my_loss" if parts else "")
    runs[name] = train(recipe, scenes, env.runs_dir() / folder, watch=LiveTraining())

# %%
drawn = {"Johnson": johnson(new_photos)}
drawn |= {
    name: zoo.load_run(run.folder).translate(new_photos) for name, run in runs.items()
}
drawn["the zoo's"] = cartoon.translate(new_photos)
compare({"photo": new_photos[:6], **{name: each[:6] for name, each in drawn.items()}, "the truth": truth[:6]},
        alt="Six photographs of new places, four generators' drawings of each, and the true drawings of the same places.")  # fmt: skip

# %% [markdown]
# ## Measure it
#
# How sharp is an edge? Take the places where the *true* drawing has one. How steep is ours there, as a share of the truth?
# And how much slope is left where the truth is flat? A generator that draws lines everywhere would win the first and lose
# the second.


# %%
def sharpness(pictures, truth=truth):
    """Mean slope where the truth has an edge, and where it is flat, as shares of the truth's slope at edges."""
    slopes, steep = cartoongan.slopes(pictures), cartoongan.slopes(truth)
    edge, flat = cartoongan.edges(truth), steep < 0.03
    return [float(slopes[place].mean() / steep[edge].mean()) for place in (edge, flat)]


print(f"{'':12}{'distance':>9}{'perceptual':>11}{'kd_studio':>10}{'edges':>7}{'flat':>6}")
for name, pictures in {"photo": new_photos, **drawn, "the truth": truth}.items():
    distance = (pictures - truth).abs().mean()
    perceptual = metrics.perceptual(pictures, truth).mean()
    kd = metrics.kd_studio(new_drawings, pictures, 64).mean
    edge, flat = sharpness(pictures)
    print(f"{name:12}{distance:9.3f}{perceptual:11.3f}{kd:10.2f}{edge:7.0%}{flat:6.0%}")

# %% [markdown]
# Johnson's generator is farther from the truth than the photographs are. Your two are about as far as the photographs, and
# their perceptual distance is smaller: 0.221 and 0.196 against 0.224 in our run. The zoo's, with twice the first phase and
# more than twice the steps after it, is nearer in distance and perceptual distance, and its edges have 62 % of the truth's
# slope, where the photographs have 56 %.
#
# And the third set? With it edges are a little sharper, 54 % against 53 %, and both are softer than in the photographs. In
# distance and perceptual distance that generator is the worse one. Did you predict that? A second run on another machine,
# from the same seed, came out the same way; another seed may still turn it around. In these few steps, at this size, the
# third set gains little. Its authors trained longer, on larger pictures.
#
# One more thing: look at flat places closely. All of ours leave a fine grid there. We blamed the transposed convolutions,
# which do not reach every pixel equally often, and let them begin as smooth enlargers. Then we blamed D's strides, and moved
# what it sees by a random 0 to 3 pixels. The grid came back, and no number got better. A third suspect appears after
# exercise 9.4.
#
# (`kd_studio` looks through the tagger, which knows faces. Of places it says little: the photographs already have 0.08.)

# %% [markdown]
# ## What AnimeGANv2 changed
#
# AnimeGAN (Chen, Liu and Chen 2019; its second version 2020) wanted the same with a fifth of the weights. What it changed:
#
# - **A lighter generator.** A convolution looks at all channels and all neighbors at once. It can be taken apart: first mix
#   channels at one place, then filter each channel alone (a *depthwise convolution*), then mix again; a block of these three
#   is called an *inverted residual block*. Layer norm instead of instance norm, and enlarging by interpolation instead of
#   transposed convolutions.
# - **Gray drawings.** D is shown, beside drawings and fakes, *gray drawings*, as not real, and gray ones with soft edges. So
#   gray is wrong, and soft is wrong.
# - **Style from gray.** The Gram matrix is back, of *gray* drawings: texture without color.
# - **Color from the photograph.** Brightness and color of fake and photograph are compared directly. The drawing says how to
#   draw. What color the roof has, the photograph knows best.

# %%
with torch.device("meta"):
    for words, network in {
        "CartoonGAN": cartoongan.Generator(),
        "AnimeGANv2": animegan.Generator(),
    }.items():
        print(f"{words:12} {count_parameters(network):>12,} parameters")
second = zoo.load("animeganv2-scenes-128")
compare({"photo": new_photos[:6], "CartoonGAN": drawn["the zoo's"][:6], "AnimeGANv2": second.translate(new_photos[:6]), "the truth": truth[:6]},
        alt="Six photographs, and what two generators make of them: CartoonGAN's with ink and a grid, AnimeGANv2's soft, calm, without ink, in the photograph's colors.")  # fmt: skip

# %% [markdown]
# No grid and no grain, the photograph's own colors, and a sun that stays a sun. But no ink. Distance and perceptual distance
# say 0.121 and 0.203, where CartoonGAN has 0.111 and 0.173 and the photographs 0.144 and 0.224; its flat places are the
# calmest of all, and its edges the softest, 45 % against the photographs' 56 %. Three things about it:
#
# - **It enlarges by interpolation.** A line one pixel wide has to come back out of maps of a quarter of the side, between
#   smooth neighbors. At 128 pixels that is hard. At 256 and more, where its authors work, a line has room.
# - **It forgets how strong the light is.** `second.translate(new_photos / 2)` gives the very same pictures, since its first
#   norm divides the strength away. (So does CartoonGAN's. Try both.) Ours learn on whole pictures: a piece of gray sky says
#   little of the hour.
# - **It learns slowly.** Begun at random, it lost every detail in the first phase. Our recipe lets each convolution begin as
#   a rotation of its channels, which keeps places apart (Xiao and others 2018), and holds color from the first step.
#
# And the gray style? It weighs 300 here. An earlier generator of ours, trained on pieces and with a weight of 2,000, did
# bring outlines, as with a colored pencil, and worms all over the grass.
#
# `diff animelab/recipes/cartoongan.py animelab/recipes/animegan.py` shows the changes of the training step, and
# `animelab/nn/animegan.py` the generator. To train one: `animelab train animegan --preset cpu --out runs/anime`.
#
# ## Large pictures, in tiles
#
# Our generators are convolutions, so they take any size. Memory does not: at 4096 by 4096 pixels the first layer alone holds
# 16 million places times 16 channels. So a large picture is translated in tiles, and tiles that meet edge to edge show a
# seam. They have to overlap, and fade into each other.
#
# ### Exercise 9.3 · Fade (level 2 of 5, about 10 minutes)
#
# How much does a new tile count across its overlap with the old one? Take a straight line that is 0 at the left border of
# the overlap and 1 at its right border, and read it in the middle of each pixel. The old tile has the same weights in
# reverse, so the two add up to 1 everywhere.
#
# <details><summary>Hint 1</summary>
#
# At each place of the overlap the new tile counts w, the old one 1 - w. What if the old one's weights are yours in reverse?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The overlap is `overlap` pixels wide, so each pixel covers the same share of the line. Where in its share does the middle
# of the first pixel lie?
#
# </details>


# %%
def fade(overlap):
    """How much a new tile counts at the middle of each pixel of its overlap with the old one.

    overlap: a whole number of pixels, 1 or more.  Returns floats (overlap,), a straight line from 0 to 1 between the
    outer borders.
    """
    ### BEGIN SOLUTION 9.3: a weight for each pixel, rising evenly
    return (torch.arange(overlap) + 0.5) / overlap
    ### END SOLUTION


result_9_3 = check_9_3(fade)

# %%
large = studio.paint(studio.Scene("street", "dusk", 7), 576, "photo")
large = torch.from_numpy(large.copy()).permute(2, 0, 1)[None] / 127.5 - 1
network = cartoon.network
weights = fade(64).float() if result_9_3 else straight(64)
with torch.no_grad():
    left, right = network(large[..., :192]), network(large[..., 128:320])
    band = torch.lerp(left[..., 128:], right[..., :64], weights)
    two = torch.cat([left[..., :128], band, right[..., 64:]], 3)
show(two[..., 192:384, :], alt="A part of a street at dusk, translated in two tiles that fade into each other, without a seam.")  # fmt: skip

# %% [markdown]
# There is no seam at this place (by your weights if the check found them right, otherwise by the library's).
#
# The library (`animelab.nn.tiles`) fades in both directions, by your weights if the check found them right. It leaves out
# the outermost quarter of each overlap, where a tile does not know its surroundings. **Predict** what can still go wrong:
# this generator normalizes each picture by itself, and now every tile is a picture.

# %%
mine = {"fade": fade} if result_9_3 else {}
small = interpolate(large, (192, 192), mode="bilinear", antialias=True)
with torch.no_grad():
    pieces = {
        "one piece": network(large),
        "tiles edge to edge": by_tiles(network, large, side=192, overlap=0),
        "tiles that fade": by_tiles(network, large, side=192, overlap=64, **mine),
    }
    with shared_norms(network, small):
        pieces["fading, one norm"] = by_tiles(network, large, side=192, overlap=64, **mine)
steps_between = {name: each.diff(dim=3) for name, each in pieces.items()}
for name, each in pieces.items():
    seam = (steps_between[name] - steps_between["one piece"]).abs().mean((0, 1, 2)).max()
    apart = (each - pieces["one piece"]).abs().mean()
    print(f"{name:20} differs by {apart:.3f} on average; its worst column by {seam:.3f}")
show(torch.cat([each[..., 96:480, 96:480] for each in pieces.values()]), columns=2, scale=1,
     caption="Above: one piece; tiles edge to edge. Below: tiles that fade; tiles that fade and share one norm.",
     alt="A street at dusk four times: whole; in tiles with borders; faded, but with clouds of blue and gray over sky and road; faded with one norm, nearly as whole.")  # fmt: skip

# %% [markdown]
# Edge to edge, every border shows. Faded, no border does, and yet it is not one evening: a tile of nothing but sky loses the
# sky's tint, a tile of road takes on another. Fading hides the step. It does not make two tiles agree.
#
# What does is one norm for all. A small version of the whole picture goes through the generator first. Every norm remembers
# the mean and the deviation it saw there, and uses them for each tile (`shared_norms`: two hooks and twenty lines). If the
# *whole* picture lends its norms, tiles and one piece are equal to the fourth digit on average. A small one has less grain,
# so it comes near and not quite there, but it is the same for all tiles, and needs no more memory than one. This is how the
# library translates pictures beyond 640 pixels.
#
# ## What the content loss hears
#
# ### Exercise 9.4 · Find the bug: a generator that does not listen (level 3 of 5, about 10 minutes)
#
# Somebody wrote the content loss below. Its number is right. But the generator ends with lovely drawings of *other* places.
# Why?
#
# Write it anew: the same number, the mean absolute difference of the two maps. The fake gets the gradient of it. The
# photograph gets none: it is not what learns here. `look` has learned already; leave it as it is. The generators above
# learned with the library's; yours is used in the two experiments below.
#
# <details><summary>Hint 1</summary>
#
# A number can be right and have no slope. What does the line with the @ do, and to how much of the function?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Of the two calls of `look`, which one has to be remembered for the way back? The line with the @ also exists as a `with`
# block.
#
# </details>


# %%
@torch.no_grad()
def lovely_but_deaf(look, fake, photo):
    return (look(fake) - look(photo)).abs().mean()


# %%
def content_loss(look, fake, photo):
    """How far the maps of two pictures are apart, mean absolute difference, a scalar.

    look: a network or function from pictures to a map (B, C, h, w);  fake, photo: (B, 3, H, W).
    """
    ### BEGIN SOLUTION 9.4: the same number, with a gradient where it is needed
    with torch.no_grad():
        wanted = look(photo)
    return (look(fake) - wanted).abs().mean()
    ### END SOLUTION


result_9_4 = check_9_4(content_loss)

# %% [markdown]
# Both beside each other (without a solution the deaf one alone): a drawing as the fake, its photograph, and how steep each
# loss is at the fake.

# %%
fake = drawings[:1].clone().requires_grad_()
candidates = {"deaf": lovely_but_deaf} | ({"yours": content_loss} if result_9_4 else {})
for name, loss in candidates.items():
    value = loss(lambda pictures: look(pictures)[1], fake, photos[:1]) + 0 * fake.sum()
    (slope,) = torch.autograd.grad(value, fake)
    print(f"{name:6} loss {value.item():.4f}, steepest pixel {slope.abs().max():.6f}")

# %% [markdown]
# What does such a loss hold on to, and what does it leave free? Start from plain gray, and let the pixels learn by the
# content loss alone, yours if the check found it right. **Predict:** which details of a photograph come back from the
# tagger's first map, and which from its second, where a place stands for 4 by 4 pixels?

# %%
hear, rebuilt = content_loss if result_9_4 else reference.content_loss, {}
for depth in (0, 1):
    pictures = torch.zeros_like(photos[3:]).requires_grad_()
    optimizer = torch.optim.Adam([pictures], 0.05)
    for _ in range(10 if env.scale() == "smoke" else 80):
        loss = hear(lambda each, depth=depth: look(each)[depth], pictures, photos[3:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        pictures.data.clamp_(-1, 1)
    rebuilt[f"from map {depth + 1}"] = pictures.detach()
compare({"photo": photos[3:], **rebuilt}, scale=2,
        alt="A town, a street and a room: as photographs; from the first map nearly whole, under a fine grid; from the second only outlines in a gray, colored grid.")  # fmt: skip

# %% [markdown]
# From the first map nearly everything comes back, from the second mostly edges. And there is a grid, with no generator, no
# transposed convolution and no discriminator at work. The tagger halves its maps by convolutions with a stride of 2. The way
# back through such a convolution is a transposed one: the gradient itself reaches some pixels more often than their
# neighbors (Odena, Dumoulin and Olah 2016). So the content loss is the third suspect for the grid of our generators. That is
# no proof: a discriminator could object to the grid, and ours lets it pass.
#
# ## What prints a grid, and how to see it
#
# How often does a stride look at a pixel? Take a window of 3 by 3 pixels that moves by 2, as in the tagger, in CartoonGAN's
# discriminator, and, backward, where its generator enlarges. Count how many ways lead from each pixel through two such
# layers; then the same with windows of 4 by 4.

# %%
for side in (3, 4):
    window, seen = torch.ones(1, 1, side, side), torch.ones(1, 1, 12, 12)
    for _ in range(2):  # layers
        seen = conv_transpose2d(seen, window, stride=2, padding=1)
    print(f"windows of {side} x {side}, at two layers; 8 x 8 pixels from the middle:")
    print(*seen[0, 0, 16:24, 16:24].int().tolist(), sep="\n")

# %% [markdown]
# By windows of 3 some pixels are reached on nine times as many ways as others, in a pattern that repeats every 4 pixels.
# Windows of 4, or any side that the stride divides, reach all pixels equally often (Odena, Dumoulin and Olah 2016).
#
# Now the grid itself. Below, one piece of sky, 64 pixels a side: as a photograph, by three networks, and as drawn. Under each
# is its *spectrum*: how strongly each rhythm is in it, on a logarithmic scale. In the middle are the slow ones; a pattern
# that repeats every 4 pixels is a dot 64 / 4 = 16 steps from the middle. **Predict:** what will CartoonGAN's spectrum look
# like?


# %%
def spectrum(pictures):
    """How strong each rhythm is, slow ones in the middle: (B, 3, H, W) from black to white."""
    gray = pictures.mean(1, keepdim=True)
    window = torch.hann_window(gray.shape[-1])  # without the borders, which are a jump
    waves = torch.fft.fft2(
        (gray - gray.mean((2, 3), keepdim=True)) * window * window[:, None]
    )
    return (torch.fft.fftshift(waves.abs().square(), (2, 3)) + 1e-4).log10().expand(
        -1, 3, -1, -1
    ) / 4


many = 48 if env.scale() == "full" else 16
held_out = StudioScenes("photo", "anime", 256, many, split="test")
photos_256, truth_256 = held_out.batch(range(many))[0], held_out.truth(range(many))
best_256 = best.translate(photos_256)
by_all = {
    "photo": photos_256,
    "CartoonGAN": cartoon.translate(photos_256),
    "AnimeGANv2": second.translate(photos_256),
    "back-translation": best_256,
    "the truth": truth_256,
}
sky = torch.cat([each[11:12, :, 8:72, 8:72] for each in by_all.values()])
compare({tuple(by_all): sky, "their spectra": spectrum(sky)}, scale=5,
        alt="A piece of blue sky five times, and its spectrum: CartoonGAN's has bright dots in a lattice, AnimeGANv2's is a disk in the dark, the photograph's and back-translation's have neither, the drawing's is an upright line.")  # fmt: skip

# %% [markdown]
# The photograph has a little of every rhythm: that is grain. The drawn sky changes from above to below and in no other way,
# so its spectrum is an upright line. CartoonGAN's has the lattice of dots, 16 steps apart. AnimeGANv2's is a disk with
# hardly anything around it: what is enlarged by interpolation has few fast rhythms, and ink would need them. The last
# network, the one of the first screen, has no lattice and no disk.
#
# As a number: how strong are all held-out pictures at these dots, as a multiple of what is around the dots?
# `metrics.grid_energy` says so. 1 would be no grid; but a window's frame and the corner of a house are level and upright
# lines, which have every rhythm that is level and upright, so even drawings have more than 1.

# %%
print(f"{'':18}{'distance':>9}{'perceptual':>11}{'edges':>7}{'flat':>6}{'grid':>7}")
for name, pictures in by_all.items():
    distance = (pictures - truth_256).abs().mean()
    perceptual = metrics.perceptual(pictures, truth_256).mean()
    (edge, flat), grid = sharpness(pictures, truth_256), metrics.grid_energy(pictures, 4)
    print(f"{name:18}{distance:9.3f}{perceptual:11.3f}{edge:7.0%}{flat:6.0%}{grid:7.2f}")

# %%
some = [each[i : i + 1] for i in (0, 5, 6, 7) for each in by_all.values()]
compare(
    {tuple(by_all): torch.cat(some)},
    columns=5,
    scale=1,
    alt="A room, trees, a town at dusk and a street, each as a photograph, by three networks, and as truly drawn: CartoonGAN's with a grid, AnimeGANv2's soft, back-translation's flat, with ink in pieces.",
)

# %% [markdown]
# At these dots CartoonGAN is more than three times as strong as drawings are; at 128 pixels, where it learned, twice.
# Back-translation has less than the drawings, its flat places are the calmest, and it has ink: along roofs, curtains, crowns
# of trees. What fails: the ink comes in pieces, the wires are gone, and trees that stand in front of each other run together.
# And by `distance` and `perceptual` CartoonGAN is still nearer to the truth, grid and all. Part of that is a choice, as you
# will see: this generator is held to the photograph's colors, and drawings have others. A perfect drawing with the
# photograph's colors would be 0.120 from the truth.
#
# ### How it learned: each direction sets the other's exercises
#
# Its recipe is [lesson 5's](05_cyclegan.ipynb) back-translation. Two generators learn together: one draws photographs, the
# other makes photographs out of drawings. Take a *real* drawing. The second one makes a photograph of it, as well as it can
# by now; the first one has to find the drawing again. That is a pair, and its solution is known to the last pixel, so the
# loss can be the mean difference of all pixels, which looks at each of them once. Set beside CartoonGAN:
#
# | | CartoonGAN | here |
# |---|---|---|
# | what holds it to the photograph | deep maps, through strides of 3 x 3 windows | a solution, pixel by pixel (and deep maps of it, weighed less) |
# | how G enlarges | transposed convolutions, 3 x 3 | each pixel four times, then a convolution |
# | G's details | have to pass through maps of a quarter of the side | shortcuts at every size (lesson 4's U-Net) |
# | D's strides | windows of 3 x 3 | windows of 4 x 4 |
# | D's game | drawings 1, fakes and soft edges 0 | every fake against a drawing, and steep slopes cost (lesson 1) |
#
# Five changes at once prove nothing about any one of them. In a short trial we kept CartoonGAN's content loss, compared
# from a random pixel on, and changed the other four: no grid either, and leaves that kept the photograph's grain. So we
# gave it up.
#
# Two students who agree on a wrong dictionary pass as well: in a first trial skies were green after 50 steps of 4 pictures.
# Where no attribute names a color, as lesson 5's do, the picture has to: through a blur of 8 pixels, a translation should
# have the colors of its source.
#
# One thing more, for the photographs that you will bring. Ours come out of one program, and a camera is not so kind. So
# before a photograph reaches G, in training, it is spoiled: by wrong exposure, a tint, haze, blur, the blocks of a JPEG
# file, each half of the time, and by more texture than any real wall has. (The other generator's photographs are smoother
# than real ones, so its exercises had too little to remove: in a trial without that texture, leaves and roads kept a grain,
# like a relief.) D never sees the damage, and solutions are clean. One place, by seven bad cameras:

# %%
torch.manual_seed(3)
cameras = torch.cat([photos_256[3:4], photographed(photos_256[3:4].expand(7, -1, -1, -1))])
show(cameras, columns=4, scale=1, alt="A street eight times: as it was, and with wrong exposure, tints, haze, blur, blocks, and blotches of rough texture.")  # fmt: skip

# %% [markdown]
# ## Your own photographs
#
# *Choose a file*, drop one, or paste it; nothing leaves your computer. This generator looks at a picture as a whole: everywhere
# it is told the mean of its lowest map, so tiles would not agree, not even with shared norms. So it takes 640 pixels a side
# at most, and here larger ones are reduced to that. (Its sides are multiples of 128; the library repeats borders up to the
# next one, and cuts them off again.) `own.after` holds the result, to keep.


# %%
def at_once(picture):
    """Its drawing (1, 3, h, w), of a photograph (1, 3, H, W) that is first reduced to 640 pixels a side, if larger."""
    share = min(1, 640 / max(picture.shape[2:]))
    sides = [round(side * share) for side in picture.shape[2:]]
    return best.translate(interpolate(picture, sides, mode="bilinear", antialias=True))


own = OwnPicture(at_once, real_photos(), size=None)
own

# %% [markdown]
# The cup stays a cup, but nothing is red any more: table and saucer are a pale gray brown, the rim is greenish, and there is ink
# around the rim, the spoon and in the grain of the wood. The cat is paler, its eyes stay green with ink around them, its
# stripes are strokes. No dots: CartoonGAN printed its grid over both, and turned the saucer mauve. Landscapes go better. Of
# four photographs that do not come with the course, three are outdoors: a meadow became one flat green under a blue mountain
# with pieces of an outline, and larches in autumn stayed orange; a low sun stayed one, over hills with outlines; a brook in a
# wood got strokes of ink everywhere. The fourth, a red bowl with half a fig, turned salmon. This generator has seen six kinds of
# places, and hardly anything red and large.
#
# A whole folder in, pictures out:
#
# ```
# animelab translate backtranslation-places-256 holidays/ --side 352 --out drawn/
# animelab translate cartoongan-scenes-128 holidays/ --out cartoon/
# animelab translate notebooks/runs/09_without holidays/ --out mine/
# animelab translate paprika.pt holidays/ --out paprika/
# ```
#
# (`--side` is the shorter side. CartoonGAN takes any size, in tiles. The last line reads a file of bryandlee's port of
# AnimeGANv2 to PyTorch.)
#
# ## A quiz, for honesty
#
# **1. Shuffle the pixels of the feature extractor's maps, all channels alike. What happens to the Gram matrix?**
#
# <details><summary>A. Nothing.</summary>
#
# Right. It sums over places and has forgotten where they were. That is its strength, and why it cannot put a line on an edge.
#
# </details>
# <details><summary>B. It becomes the matrix of noise.</summary>
#
# Not quite. What goes together still goes together.
#
# </details>
# <details><summary>C. It becomes 0.</summary>
#
# Not quite. Sums of products do not depend on the order of the places.
#
# </details>
#
# **2. The content loss is weighed ten times as much. What comes out?**
#
# <details><summary>A. Sharper drawings.</summary>
#
# Not quite. Nothing in the content loss wants a line.
#
# </details>
# <details><summary>B. The photograph.</summary>
#
# Right. It is the most frequent report of people who train it: what comes out is what went in.
#
# </details>
# <details><summary>C. Drawings of other places.</summary>
#
# Not quite. That is what happens with too little of it.
#
# </details>
#
# **3. Why is blurring only the edges better than blurring the whole drawing?**
#
# <details><summary>A. It is faster.</summary>
#
# Not quite. It is slower.
#
# </details>
# <details><summary>B. So that D has one thing to learn from that set: the edge.</summary>
#
# Right. Everything else in it is as in a real drawing.
#
# </details>
# <details><summary>C. A blurred drawing would look like a photograph.</summary>
#
# Not quite. And if it did, that would do no harm.
#
# </details>
#
# ## What went wrong for others
#
# - **"Output equals input."** (znxlwm/pytorch-CartoonGAN #11.) Content weighs too much, or the discriminator came too late.
# - **"Everything is yellow."** (mnicnc404/CartoonGan-tensorflow #13.) The drawings were. What the whole set has in common,
#   the generator takes for style.
# - **The discriminator contradicts itself.** (FilipAndersson245/cartoon-gan #13.) Drawing and soft drawing were cut out of
#   one file, with the wrong width, and were the same picture: real and not real.
# - **"NaN, and black pictures."** (TachibanaYoshino/AnimeGANv2 #70, #71.) Some of them already in the first phase, where
#   there is no discriminator yet. No cause was found. Save often.
# - **"The style fades late in training."** (TachibanaYoshino/AnimeGAN #17.) The discriminator has won. Let the adversarial
#   loss count more.
#
# ## Assignment: from day to dusk
#
# Level 4 of 5, one evening. `studio.Scene` knows dusk and night. Write a set like `StudioScenes` whose photographs are taken
# by day and whose drawings show dusk, and train on it. What does the content loss forbid, and where must you weigh it less?
# Measure with the truth: the same places, drawn at dusk.
#
# ## References
#
# - Gatys, Ecker, Bethge: *A Neural Algorithm of Artistic Style*, 2015, arXiv 1508.06576.
# - Johnson, Alahi, Fei-Fei: *Perceptual Losses for Real-Time Style Transfer and Super-Resolution*, 2016, arXiv 1603.08155.
# - Chen, Lai, Liu: *CartoonGAN: Generative Adversarial Networks for Photo Cartoonization*, CVPR 2018.
# - Chen, Liu, Chen: *AnimeGAN: A Novel Lightweight GAN for Photo Animation*, ISICA 2019. AnimeGANv2 is code without a paper
#   (2020).
# - Sennrich, Haddow, Birch: *Improving Neural Machine Translation Models with Monolingual Data*, ACL 2016 (back-translation).
# - Odena, Dumoulin, Olah: *Deconvolution and Checkerboard Artifacts*, Distill, 2016.
# - Xiao and others: *Dynamical Isometry and a Mean Field Theory of CNNs*, 2018, arXiv 1806.05393.
# - Sandler and others: *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, 2018, arXiv 1801.04381.
#
# **Next:** a generator that moves eyes and mouths: [10 · A face becomes a character](10_ugatit.ipynb).
