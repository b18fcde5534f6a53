# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 7 · Edit a face that does not exist: latent space
#
# **You will make:** a character by choosing, a smile by arithmetic, a hundred pictures of one character, and a table that says
# which way of editing disturbs the rest least.
#
# **In the studio:** steps 1 and 2 of 6, *character design* and *storyboard*. "The same girl, but blonde" is the most frequent
# sentence in a design meeting.
#
# **Time:** TIME. On a GPU: not measured yet. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

# %%
from itertools import pairwise

import torch
from torch.nn.functional import normalize

from animelab import latent, metrics, zoo
from animelab.checks import check_7_1, check_7_2, check_7_3
from animelab.data import StudioAttributes, real_faces
from animelab.metrics.attributes import GROUPS
from animelab.studio import TAGS
from animelab.viz import compare, curves, show
from animelab.widgets import LatentExplorer, PickAndRefine

# %% [markdown]
# ## Where we are going
#
# In 2019 a booth at an anime fair let visitors choose a character in four clicks (Waifu Labs). Try ours. Pick one of twelve; then
# its colors; then its details; then its pose.

# %%
model = zoo.load("stylegan2-faces-64")
PickAndRefine(model)

# %% [markdown]
# Nothing was trained for this, and there are no buttons for "colors" inside. Each grid keeps some layers of what you picked and
# exchanges others. This lesson is about such moves: what they do, where they come from, and how to tell a clean one from a
# dirty one.
#
# ## Three spaces
#
# A point of the space `w` is 512 numbers. A face has one for each layer, ten here, usually ten times the same. `Styles`
# holds what we need: points for seeds, pictures for points. (The orders are the attributes that lesson 6's mapping wants; each
# seed has its own.)

# %%
orders = model.orders(4096)
space = latent.Styles(model.generator, orders=orders)
points = torch.stack([space.point(seed) for seed in range(16)])
print("16 faces:", tuple(points.shape), "= faces, layers, numbers")
show(
    space.pictures(points, truncation=0.8), alt="Sixteen painted faces, two rows of eight."
)

# %% [markdown]
# ## The way from A to B
#
# Lesson 1 walked from latent to latent on an arc, because z is a ball and its inside is empty. In w? **Predict:** which of these
# three walks changes the picture most evenly: z in a straight line, z on an arc, w in a straight line?

# %%
SEEDS = list(range(32))
z = model.latents(64, seed=5)
ends = {"z": (z[:32], z[32:]), "order": (orders[:32], orders[32:64])}


@torch.no_grad()
def walk(kind, t):
    """The w of 32 walks at part t of the way."""
    (za, zb), (a, b) = ends["z"], ends["order"]
    G = model.generator
    if kind == "w, straight":
        return torch.lerp(G.mapping(za, a), G.mapping(zb, b), t)
    between = torch.lerp(za, zb, t) if kind == "z, straight" else latent.slerp(za, zb, t)
    return G.mapping(between, torch.lerp(a, b, t))


steps = torch.linspace(0, 1, 13)
strides, frames = {}, {}
for kind in ("z, straight", "z, arc", "w, straight"):
    pictures = [
        space.pictures(walk(kind, float(t))[:, None].expand(-1, space.layers, -1))
        for t in steps
    ]
    frames[kind] = torch.stack([each[0] for each in pictures])
    stride = [float(metrics.perceptual(a, b).mean()) for a, b in pairwise(pictures)]
    strides[kind] = (list(range(1, 13)), stride)
    print(
        f"{kind:12} whole way {sum(stride):.3f}, longest stride {max(stride) / (sum(stride) / 12):.2f} times the mean"
    )
compare(
    frames,
    columns=13,
    scale=1,
    alt="Three rows of thirteen faces, from one character to another.",
)

# %%
curves(strides, xlabel="step of the walk", ylabel="change of the picture", smoothing=0)

# %% [markdown]
# WALK_TEXT
#
# ## Children by layers
#
# In lesson 3 a child inherited tags. Now it inherits layers: pose and shape from one parent, colors from the other.
#
# ### Exercise 7.1 · Layers of the father (level 1 of 5, about 5 minutes)
#
# <details><summary>Hint 1</summary>
#
# A copy of the mother first (`.clone()`), or she changes too.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A slice `first : last + 1` includes the last.
#
# </details>


# %%
def crossed(mother, father, first, last):
    """The mother, with the father's layers first to last (both included).

    mother, father: (layers, latent).  Returns the same shape.
    """
    ### BEGIN SOLUTION 7.1: copy, then exchange rows
    child = mother.clone()
    child[first : last + 1] = father[first : last + 1]
    return child
    ### END SOLUTION


result_7_1 = check_7_1(crossed)


# %%
def child(mother, father, first, last):
    """Exercise 7.1, yours if it is right."""
    if result_7_1:
        return crossed(mother, father, first, last)
    return torch.cat([mother[:first], father[first : last + 1], mother[last + 1 :]])


family = {"mothers": points[:8], "fathers": points[8:16]}
for name, (first, last) in {
    "sides 4 to 8": (0, 2),
    "side 16": (3, 4),
    "sides 32 and 64": (5, 9),
}.items():
    family[f"mothers, with the fathers' layers of {name}"] = torch.stack(
        [
            child(mother, father, first, last)
            for mother, father in zip(points[:8], points[8:])
        ]
    )
compare({name: space.pictures(each, 0.8) for name, each in family.items()},
        alt="Eight mothers, eight fathers, and three rows of children with some of the fathers' layers.")  # fmt: skip

# %% [markdown]
# FAMILY_TEXT
#
# ## How much to dare: truncation, measured
#
# Lesson 6 showed truncation. Here is its price list. *rank* counts in how many independent directions 512 pictures differ,
# *obeyed* how often the second tagger sees the ordered hair color, *fd_studio* is the distance from drawn faces.

# %%
drawn, drawn_tags = StudioAttributes(64, 512, prior="frontal", split="test").batch(
    range(512)
)
z512, order512 = model.latents(512, seed=9), model.orders(512, seed=9)
print(f"{'psi':>6}{'rank':>8}{'obeyed':>8}{'fd_studio':>11}")
for psi in (0.4, 0.6, 0.8, 1.0, 1.2):
    painted = model.generate(z512, order512, psi)
    rank = metrics.variety(painted, drawn)["rank"]
    obeyed = metrics.attribute_accuracy(painted, order512)["hair color"]
    print(f"{psi:6.1f}{rank:8.1f}{obeyed:8.2f}{metrics.fd_studio(drawn, painted):11.1f}")
print(f"{'drawn':>6}{metrics.variety(drawn, drawn)['rank']:8.1f}")

# %% [markdown]
# TRUNCATION_TEXT
#
# ## Directions nobody named
#
# **GANSpace** asks: along which directions does w vary most? Those are the principal components of a cloud of w. No labels, no
# pictures, one call of a function from linear algebra.

# %%
components, spreads = latent.ganspace(space.cloud, 10)
print("spread along the first ten:", " ".join(f"{float(spread):.2f}" for spread in spreads))


def strip(direction, size, point=points[2], amounts=(-2, -1, 0, 1, 2)):
    """One face moved along a direction."""
    return torch.stack(
        [latent.edit(point[None], direction, size * amount)[0] for amount in amounts]
    )


rows = {f"component {i + 1}": strip(components[i], spreads[i]) for i in range(5)}
compare({name: space.pictures(row) for name, row in rows.items()}, columns=5,
        alt="Five rows: one face moved along each of five components, from minus two to plus two deviations.")  # fmt: skip

# %% [markdown]
# **Before you read on:** give each component a name. Then see what the tagger of lesson 2 says changed most.


# %%
def largest_change(direction, size, count=64):
    """Which attributes move most, in standard deviations, from one side of the direction to the other."""
    cloud = space.cloud[:count, None].repeat(1, space.layers, 1)
    low, high = (metrics.predicted(space.pictures(latent.edit(cloud, direction, side * size)), by="tagger")
                 for side in (-1, 1))  # fmt: skip
    spread = metrics.predicted(space.pictures(cloud), by="tagger").std(0)
    change = (high - low).mean(0) / (spread + 1e-6)
    strongest = change.abs().argsort(descending=True)[:3]
    return ", ".join(f"{TAGS[i]} {change[i]:+.1f}" for i in strongest)


for i in range(5):
    print(f"component {i + 1}: {largest_change(components[i], spreads[i])}")

# %% [markdown]
# GANSPACE_TEXT
#
# ### Exercise 7.2 · SeFa in ten lines (level 4 of 5, about 20 minutes)
#
# **SeFa** does not even sample. Each layer turns w into styles by a matrix: styles = A w. A step d in w changes the styles by A d.
# Which d of length 1 changes them most? A question with an answer in closed form: the first eigenvector of
# $A^\top A$. The next one is the second best, at a right angle, and so on.
#
# Stack the matrices of all layers; divide each row by its length, so that every style counts alike; take the eigenvectors,
# strongest first.
#
# <details><summary>Hint 1</summary>
#
# `torch.cat(weights)` stacks them. Rows are styles, columns are the numbers of w. `normalize(..., dim=1)`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.linalg.eigh(matrix)` gives eigenvalues from small to large, and the eigenvectors as *columns*.
#
# </details>


# %%
def strongest_directions(weights, count):
    """Directions of w that change the styles most.

    weights: one matrix (channels, latent) a layer.  Returns unit directions (count, latent), strongest first.
    """
    ### BEGIN SOLUTION 7.2: eigenvectors of A^T A, from the end
    rows = torch.cat([normalize(weight, dim=1) for weight in weights])
    _, vectors = torch.linalg.eigh(rows.T @ rows)
    return vectors.flip(1).T[:count]
    ### END SOLUTION


result_7_2 = check_7_2(strongest_directions)

# %%
weights = [conv.affine.weight.detach() for conv in model.generator.synthesis.convs]
closed = (
    strongest_directions(weights, 10) if result_7_2 else latent.sefa(model.generator, 10)
)
step = float(spreads[:5].mean())
compare({f"direction {i + 1}": space.pictures(strip(closed[i], step)) for i in range(5)}, columns=5,
        alt="Five rows: one face moved along each of the five strongest directions of SeFa.")  # fmt: skip

# %% [markdown]
# SEFA_TEXT
#
# ## Directions with a name
#
# Usually we want *that*: a smile. **InterFaceGAN** paints some thousand faces, lets a tagger score each for smiles, and looks for the
# plane that parts the high scores from the low ones. The direction across the plane is the smile.

# %%
small = env.scale() == "smoke"
count = 300 if small else 2000
cloud = space.cloud[:count]
scores = metrics.predicted(
    space.pictures(cloud[:, None].expand(-1, space.layers, -1)), by="tagger"
)
GOALS = ("blonde hair", "blue eyes", "twintails", "smile", "open mouth")
found = {
    goal: latent.interfacegan(cloud, scores[:, TAGS.index(goal)], share=0.1)
    for goal in GOALS
}
compare({goal: space.pictures(strip(found[goal], step, amounts=(-2, -1, 0, 1, 2))) for goal in GOALS}, columns=5,
        alt="Five rows: one face with more and less of blonde hair, blue eyes, twintails, a smile, an open mouth.")  # fmt: skip

# %% [markdown]
# NAMED_TEXT
#
# Directions need not be independent. Here are the cosines between them: 0 is a right angle, 1 the same direction.

# %%
print(" " * 13 + "".join(f"{goal:>13}" for goal in GOALS))
for goal in GOALS:
    print(
        f"{goal:13}"
        + "".join(f"{float(found[goal] @ found[other]):13.2f}" for other in GOALS)
    )

# %% [markdown]
# ### Exercise 7.3 · Without the other (level 2 of 5, about 10 minutes)
#
# Two directions with a cosine of 0.3 share something: a step along one is a third of a step along the other. Take that part out.
#
# <details><summary>Hint 1</summary>
#
# How much of `other` is in `direction`? Their dot product, since both have length 1. Subtract that much of it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# What is left is shorter than 1. Divide by its length.
#
# </details>


# %%
def without(direction, other):
    """What of a direction does not touch the other, of length 1.

    direction, other: (latent,), both of length 1.  Returns (latent,).
    """
    ### BEGIN SOLUTION 7.3: subtract the shared part, then length 1
    rest = direction - (direction @ other) * other
    return rest / rest.norm()
    ### END SOLUTION


check_7_3(without)

# %% [markdown]
# `latent.conditional(direction, *others)` does it for any number of others. (Taking them out one after the other is not the same.
# Why not?)
#
# ## Which way is cleanest? A table
#
# An edit is clean when the target changes and nothing else does. So: move 96 faces until the target has changed by one standard
# deviation, and ask how far all *other* attributes have moved meanwhile, on average and in their own standard deviations.
# The scorer of our directions was the first tagger; the examiner is the second one, which has had no part in this. Its own error
# on held-out drawings stands in the last column: where it is nearly blind, believe nothing.

# %%
exam = torch.stack([space.point(seed) for seed in range(5000, 5016 if small else 5096)])
normal = metrics.predicted(space.pictures(exam))
AMOUNTS = torch.linspace(0.5, 6, 8) * step
SPREAD = normal.std(0) + 1e-6


def disturbance(direction, goal):
    """How far other attributes have moved when the goal has moved by 1; nan when it never does."""
    target = TAGS.index(goal)
    group = next((columns for columns in GROUPS.values() if target in columns), [target])
    others = [i for i in range(len(TAGS)) if i not in group]
    before = (0.0, 0.0)
    for amount in AMOUNTS:
        moved = (
            metrics.predicted(space.pictures(latent.edit(exam, direction, float(amount))))
            - normal
        ) / SPREAD
        now = float(moved[:, target].mean()), float(moved[:, others].abs().mean())
        if now[0] >= 1:
            part = (1 - before[0]) / (now[0] - before[0])  # between the last two amounts
            return before[1] + part * (now[1] - before[1])
        before = now
    return float("nan")


# %% [markdown]
# Directions without names have to be chosen first. We take, of ten, the one along which the *first* tagger sees the target move
# most, and turn it around where it points backward.


# %%
few = exam[:32]


def chosen(directions, goal):
    """Of some directions the best for a goal, by the first tagger."""
    target = TAGS.index(goal)
    gain = [
        float((metrics.predicted(space.pictures(latent.edit(few, direction, 2 * step)), by="tagger")
               - metrics.predicted(space.pictures(latent.edit(few, direction, -2 * step)), by="tagger"))[:, target].mean())
        for direction in directions
    ]  # fmt: skip
    best = max(range(len(gain)), key=lambda i: abs(gain[i]))
    return directions[best] if gain[best] > 0 else -directions[best]


judged = metrics.attribute_accuracy(drawn, drawn_tags)
table = {}
for goal in GOALS:
    rest = [found[other] for other in GOALS if other != goal]
    table[goal] = {
        "GANSpace": disturbance(chosen(components, goal), goal),
        "SeFa": disturbance(chosen(closed, goal), goal),
        "InterFaceGAN": disturbance(found[goal], goal),
        "without others": disturbance(latent.conditional(found[goal], *rest), goal),
    }
print(
    f"{'':14}"
    + "".join(f"{name:>16}" for name in table[GOALS[0]])
    + f"{'examiner right':>16}"
)
for goal, row in table.items():
    print(
        f"{goal:14}"
        + "".join(f"{value:16.2f}" for value in row.values())
        + f"{judged.get(goal, judged.get(goal.split()[1] + ' color', 0)):16.2f}"
    )

# %% [markdown]
# TABLE_TEXT
#
# ## From a picture back to w
#
# So far we edited faces that the painter made up. To edit a *given* picture we need its point. There is no formula. We search: start
# at the mean, paint, compare, and follow the slope, two hundred times. In **W** all layers share one point; in **W+** each has
# its own.
#
# **Predict:** which one comes closer? Which one edits better?

# %%
targets = drawn[:6]
tries = 20 if small else 200
w_points = latent.project(space, targets, steps=tries)
plus_points = latent.project(space, targets, steps=tries, each_layer=True)
rows = {
    "drawn, never seen": targets,
    "in W": space.pictures(w_points),
    "in W+": space.pictures(plus_points),
}
for name, pictures in rows.items():
    print(
        f"{name:18}{float(metrics.perceptual(pictures, targets).mean()):8.3f}  {float((pictures - targets).square().mean()):8.3f}"
    )
compare(
    rows,
    columns=6,
    scale=3,
    alt="Six drawn faces; their projections into W, similar; and into W plus, closer.",
)

# %%
GOAL = "blonde hair"
rows = {
    f"{name}, edited: {GOAL}": space.pictures(
        latent.edit(found_points, found[GOAL], 3 * step)
    )
    for name, found_points in {"in W": w_points, "in W+": plus_points}.items()
}
compare(
    rows,
    columns=6,
    scale=3,
    alt="The same six, edited toward blonde hair: in W cleanly, in W plus less so.",
)

# %% [markdown]
# PROJECT_TEXT
#
# ## A hundred of one character
#
# A storyboard needs the same girl a hundred times, and never the same picture. Project her once; then move only along what
# may change: the mouth, the smile, and a little of everything that is not her colors or her hair.

# %%
hero = plus_points[0]
identity = [found[goal] for goal in ("blonde hair", "blue eyes", "twintails")]
moods = [latent.conditional(found[goal], *identity) for goal in ("smile", "open mouth")]
generator = torch.Generator().manual_seed(0)
variants = []
for seed in range(100):
    point = hero
    for mood in moods:
        point = latent.edit(
            point[None], mood, step * float(3 * torch.rand((), generator=generator) - 1)
        )[0]
    stranger = space.point(9000 + seed)
    variants.append(torch.lerp(point, stranger, 0.15))
hundred = space.pictures(torch.stack(variants), 0.9)
show(
    hundred,
    columns=20,
    scale=1,
    alt="A hundred small pictures of one character with other mouths and small differences.",
)

# %%
read = metrics.guessed(hundred, by="judge")
first = metrics.guessed(space.pictures(hero[None]), by="judge")[0]
for name, columns in GROUPS.items():
    same = (read[:, columns] == first[columns]).all(1).float().mean()
    print(f"{name} as in her own picture: {same:.0%}")
print(
    f"how different two of them are: {float(metrics.perceptual(hundred[:50], hundred[50:]).mean()):.3f}"
)
print(
    f"how different two drawn characters are: {float(metrics.perceptual(drawn[:50], drawn[50:100]).mean()):.3f}"
)

# %% [markdown]
# HUNDRED_TEXT
#
# ## And real pictures?
#
# Nine faces that nobody on this project drew (their licences are in `datasets/real`), projected into W+.

# %%
strangers = torch.from_numpy(real_faces(64)).permute(0, 3, 1, 2) / 127.5 - 1
theirs = latent.project(space, strangers, steps=tries, each_layer=True)
rows = {
    "real": strangers,
    "in W+": space.pictures(theirs),
    f"edited: {GOAL}": space.pictures(latent.edit(theirs, found[GOAL], 3 * step)),
}
compare(
    rows,
    columns=9,
    alt="Nine real faces, what the painter makes of them, and the same with blonde hair.",
)

# %% [markdown]
# REAL_TEXT
#
# ## Your own editor
#
# All of it in one widget: the named directions first, the principal components after them. Choose layers, undo, keep favorites,
# save the picture with its point.

# %%
LatentExplorer(model, directions={goal: step * found[goal] for goal in GOALS})

# %% [markdown]
# Official networks work as well: `LatentExplorer(zoo.open_model("network.pkl"))` reads StyleGAN2 files of NVIDIA's and
# rosinality's code (StyleGAN3's and StyleGAN1's it refuses, in a sentence). The anime models people share are of this kind; look for
# their licence first.
#
# ## A quiz, for honesty
#
# **1. A direction makes everybody smile and everybody blonde. What happened?**
#
# <details><summary>A. The painter cannot paint a smile without blonde hair.</summary>
#
# Perhaps, but then subtraction would leave nothing. Try that first.
#
# </details>
# <details><summary>B. In the samples, or in w, the two come together, and the plane that parts smiles parts both.</summary>
#
# Right. Take the shared part out, or sample so that it is not there.
#
# </details>
# <details><summary>C. The step was too small.</summary>
#
# Not quite. A smaller step does less of both.
#
# </details>
#
# **2. Why does W+ come closer to a picture than W?**
#
# <details><summary>A. It has ten times as many numbers to choose.</summary>
#
# Right. And many of those choices are of a kind the painter never met in training, which is why edits of them break sooner.
#
# </details>
# <details><summary>B. It starts nearer.</summary>
#
# Not quite. Both start at the mean.
#
# </details>
# <details><summary>C. It uses the tagger as a distance.</summary>
#
# Not quite. Both do.
#
# </details>
#
# **3. Why must the examiner of the table be another network than the scorer?**
#
# <details><summary>A. A direction fitted to one network's scores fits its mistakes as well.</summary>
#
# Right. It is lesson 3's rule: whoever taught cannot also hold the exam.
#
# </details>
# <details><summary>B. To save time.</summary>
#
# Not quite. It costs time.
#
# </details>
# <details><summary>C. The first one has seen drawings only.</summary>
#
# Not quite. So has the second.
#
# </details>
#
# ## What went wrong for others
#
# - **"The shape of my W+ code does not fit the boundary."** (genforce/interfacegan #71.) A boundary is for one row; add it to the rows you
#   want, as `latent.edit` does.
# - **"Which direction is the smile?"** (genforce/sefa #15.) Directions without labels have no names and no order that lasts: train
#   again and they are others.
# - **"StyleGAN1's boundaries do nothing on StyleGAN2."** (yuval-alaluf and others; danielroich/PTI #39.) A direction belongs to one network.
# - **"My projection looks like somebody else."** (rosinality/stylegan2-pytorch #197, #297; stylegan2-ada-pytorch #247.) Crop the
#   picture as the training data were cropped. What the painter cannot paint has no point.
#
# ## Assignment: a wardrobe of directions
#
# Level 4 of 5, an evening. Find a direction that is not in the list of tags: paint a thousand faces, score them yourself with three
# lines (the mean color of the wall, how dark the lower edge is), and use `latent.interfacegan`. Predict its row in the table before you
# measure it. Then make it cleaner, once by layers and once by subtraction, and say which helped.
#
# ## References
#
# - Shen et al.: *Interpreting the Latent Space of GANs for Semantic Face Editing* (InterFaceGAN), 2019, arXiv 1907.10786.
# - Härkönen et al.: *GANSpace: Discovering Interpretable GAN Controls*, 2020, arXiv 2004.02546.
# - Shen, Zhou: *Closed-Form Factorization of Latent Semantics in GANs* (SeFa), 2020, arXiv 2007.06600.
# - Abdal, Qin, Wonka: *Image2StyleGAN: How to Embed Images Into the StyleGAN Latent Space?*, 2019, arXiv 1904.03189.
# - Karras et al.: *Analyzing and Improving the Image Quality of StyleGAN* (the projector), 2019, arXiv 1912.04958.
#
# **Next:** the step that takes the most hours: lesson 8, coloring with hints, is being written.
