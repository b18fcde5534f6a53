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
# **You will make:** painted backgrounds out of photographs, and a painter who has learned that a drawing has edges.
#
# **In the studio:** step 5 of 6, the *background*.
#
# **Time:** not measured yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

# %%
import numpy as np
import torch

from animelab import metrics, studio, zoo
from animelab.checks import check_9_1, check_9_2, check_9_3
from animelab.data import StudioScenes
from animelab.engine import train
from animelab.metrics import perception
from animelab.nn import cartoongan, count_parameters
from animelab.recipes import animegan, cartoongan as recipes
from animelab.viz import compare, show
from animelab.widgets import BeforeAfter, LiveTraining

# %% [markdown]
# ## Six places, twice
#
# Behind every character there is a place, and somebody has to paint it. Studios start from photographs. Ours draws its own, so that we
# know the answer: each place in two renderings of the same geometry, as a background painter would do it, and as a camera might see it.

# %%
places = [studio.Scene(name, "day", 2) for name in ("sky", "hills", "trees", "town", "street", "room")]
as_photo, as_anime = (
    [studio.paint(place, 128, style) for place in places] for style in ("photo", "anime")
)
compare({"photo": as_photo, "anime": as_anime},
        alt="A sky, hills, trees, a town, a street and a room: as grainy soft photographs, and as drawings with ink and flat colors.")  # fmt: skip

# %% [markdown]
# **Look closely**, and write down what differs. You should find at least four things. (Ink. Flat colors instead of grain. Shadows with
# a hard edge. Stronger colors. And what does *not* differ: where things are.)
#
# By day, at dusk, at night:

# %%
show([studio.paint(studio.Scene("street", hour, 4), 128, style) for style in ("photo", "anime") for hour in studio.HOURS],
     columns=3, alt="One street by day, at dusk and at night; above as photographs, below as drawings.")  # fmt: skip

# %% [markdown]
# Nobody gives us such pairs in the real world, so our painter will not get them either. In training, photographs show some places and
# drawings others. The pairs are kept for the end, when we want to know the truth.
#
# ## First idea: borrow the texture
#
# Gatys, Ecker and Bethge (2015) made pictures in the style of others without training any painter. They took a network that had learned
# to see, and asked two questions of a picture. *What is there?* The maps deep inside say so, place by place. *How does it look?* Which
# features occur **together**, wherever they do. That is one matrix.
#
# ### Exercise 9.1 · The Gram matrix (level 2 of 5, about 10 minutes)
#
# <details><summary>Hint 1</summary>
#
# Flatten the places: `maps.flatten(2)` is (B, C, H W). Two channels go together if the sum of their products is large.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `flat @ flat.transpose(1, 2)` makes all these sums at once. Then divide.
#
# </details>


# %%
def gram(maps):
    """Which channels of maps go together: sums of products over all places, divided by C H W.

    maps: (B, C, H, W).  Returns (B, C, C).
    """
    ### BEGIN SOLUTION 9.1: every channel with every other
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()
    ### END SOLUTION


result_9_1 = check_9_1(gram)

# %% [markdown]
# Now the picture itself is what we train: start from the photograph, and change pixels until its matrices are those of the drawing while
# its deep maps stay. The network that sees is our own tagger from lesson 2. (The paper's is VGG19, which weighs 548 MB and knows a
# thousand kinds of things. Ours knows anime faces; edges and colors it sees all the same.) **Predict:** what will be anime about the
# result, and what will not?

# %%
matrix = gram if result_9_1 else perception.gram
look = perception.eye("tagger")
photos = torch.from_numpy(np.stack(as_photo)).permute(0, 3, 1, 2) / 127.5 - 1
drawings = torch.from_numpy(np.stack(as_anime)).permute(0, 3, 1, 2) / 127.5 - 1
models = drawings.roll(2, 0)  # each photograph gets the style of another place
with torch.no_grad():
    style, content = [matrix(each) for each in look(models)], look(photos)[2]

pictures = photos.clone().requires_grad_()
optimizer = torch.optim.Adam([pictures], 0.03)
for _ in range(150):
    maps = look(pictures)
    loss = 1.0 * (maps[2] - content).abs().mean()
    loss = loss + 300 * sum((matrix(a) - b).square().mean() for a, b in zip(maps, style))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    pictures.data.clamp_(-1, 1)
compare({"photo": photos, "style from": models, "after 150 steps": pictures.detach()},
        alt="Six photographs, six drawings of other places, and the photographs with colors and texture of the drawings.")  # fmt: skip

# %% [markdown]
# The colors came, and a grain that reminds of the drawing's. Ink did not, where the photograph has none; grass did not become flat. The Gram
# matrix has forgotten *where* things are, and anime is a matter of where: a line lies on an edge, a shadow ends at one. And each picture
# takes 150 steps. Johnson, Alahi and Fei-Fei (2016) trained a painter on this very loss, who then needs one pass for any picture. That is
# faster. It does not know any better where lines belong.
#
# ## Second idea: a judge of drawings
#
# CartoonGAN (Chen, Lai and Liu 2018) asks a judge instead of a matrix. The judge sees drawings and fakes, and looks at patches. One
# sees an edge there. What else is in its game?
#
# - **Content.** Without pairs, something must keep the painter to the photograph. CycleGAN had the way back. Here it is cheaper: the
#   deep maps of photograph and fake should agree.
# - **A first phase.** At the start the painter learns only that: to leave things as they are. Only then does the judge come.
# - **Edges.** A patch of a drawing is mostly flat color. A judge who has looked at flat color alone will be content with flat color. So it
#   is shown a third kind of picture: drawings whose edges, and nothing else, have been blurred. They are **not** real.

# %%
some = drawings[[3, 4, 5]]
soft = cartoongan.edge_smoothed(some)
found = cartoongan.edges(some).float().expand(-1, 3, -1, -1) * 2 - 1
compare({"drawings": some, "their edges": found, "edges made soft": soft},
        alt="A town, a street and a room: as drawn; their edges in white; the same drawings with blurred ink.")  # fmt: skip

# %% [markdown]
# ### Exercise 9.2 · A judge with three piles (level 2 of 5, about 10 minutes)
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
def judge_loss(drawing, fake, soft):
    """What it costs the judge to be wrong, by least squares; each kind of picture counts once.

    drawing, fake, soft: its logits for drawings, fakes and drawings with soft edges.  Returns a scalar.
    """
    ### BEGIN SOLUTION 9.2: one pile is real, two are not
    return (drawing - 1).square().mean() + fake.square().mean() + soft.square().mean()
    ### END SOLUTION


check_9_2(judge_loss)

# %% [markdown]
# The two networks at their published width, and at ours:

# %%
with torch.device("meta"):
    config = recipes.preset("cpu")
    for words, network in {
        "painter": cartoongan.Generator(), "judge": cartoongan.Discriminator(),
        "our painter": cartoongan.Generator(config.blocks, config.width), "our judge": cartoongan.Discriminator(config.width_D),
    }.items():  # fmt: skip
        print(f"{words:12} {count_parameters(network):>12,} parameters")

# %% [markdown]
# ## Train it, with and without edges
#
# Twice the same, with one difference: the second judge never sees the third pile. **Predict:** where will you see that?

# %%
runs = {}
for name, weight in (("with edges", 1.0), ("without", 0.0)):
    config = recipes.preset("cpu", edge_weight=weight)  # on a GPU: recipes.preset("t4", …)
    scenes = recipes.CartoonGAN.data(config)
    recipe = recipes.CartoonGAN(config)
    folder = env.runs_dir() / f"09_{name.replace(' ', '_')}"
    runs[name] = train(recipe, scenes, folder, watch=LiveTraining())

# %%
test = StudioScenes("photo", "anime", config.size, 128, split="test")
new_photos, new_drawings = test.batch(range(128))
truth = test.truth(range(128))
painted = {name: zoo.load_run(run.folder).translate(new_photos) for name, run in runs.items()}
compare({"photo": new_photos[:8], **{name: each[:8] for name, each in painted.items()}, "the truth": truth[:8]},
        alt="Eight photographs of new places, two paintings of each, and the drawings of the same places.")  # fmt: skip

# %% [markdown]
# ## Measure it
#
# How sharp is an edge? At the places where the *true* drawing has one, how steep is ours, as a share of the truth?


# %%
def sharpness(pictures, truth):
    """Mean slope at the truth's edges, as a share of the truth's own there."""
    return float(cartoongan.slopes(pictures)[cartoongan.edges(truth)].mean() / cartoongan.slopes(truth)[cartoongan.edges(truth)].mean())  # fmt: skip


print(f"{'':14}{'from the truth':>15}{'perceptual':>12}{'kd_studio':>11}{'edges':>8}")
for name, pictures in {"photo": new_photos, **painted, "the truth": truth}.items():
    distance = (pictures - truth).abs().mean()
    eye = metrics.perceptual(pictures, truth).mean()
    kd = metrics.kd_studio(new_drawings, pictures, 64).mean
    print(f"{name:14}{distance:15.3f}{eye:12.3f}{kd:11.2f}{sharpness(pictures, truth):8.0%}")
