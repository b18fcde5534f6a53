# ---
# jupyter:
#   animelab:
#     assignment: hw02
#     plant: 1
#     minutes: 240
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Homework 2 · Casting by telephone
#
# **You will make:** a loss for lists of which half was never filled in, a discriminator that reads the order, a whole step
# that punishes a wrong order, and a trained model that takes orders.
#
# **Why it matters:** a writer calls: "the rival, red hair, never smiles, and I do not care about the rest". A generator that
# takes orders has to hear all three: what is asked, what is forbidden, and what was left open. And the list it learned from
# was filled in by tired people, who left half of it empty.
#
# | task | what you hand in | points | marked by |
# |---|---|---|---|
# | 1 | a loss for lists with gaps | 14 | the grader |
# | 2 | a whole discriminator, told the order, from a table | 20 | the grader |
# | 3 | a whole step with wrong, empty and changed orders | 20 | the grader |
# | 4 | two bugs found, one in each of two cells | 14 | the grader |
# | model | weights of a generator that takes orders | 20 | the grader |
# | claim | what your model hears, in words and one picture | 12 | a human, by the rubric |
# | | | 100 | |
#
# **Time:** four hours, of which a quarter is training. **Before it:** lessons 1 and 3.
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
# **Help.** Books, pages, people and assistants are allowed. Under each task say in one line what helped, and with what; an
# empty line means that nothing did. You answer for every line: some of you, drawn by lot, explain one task in five minutes,
# and get its points for what you can explain. (If your course has other rules, they hold.)

# %% tags=["setup"]
from animelab import env

env.start()

import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, relu, softplus

from animelab import studio
from animelab.data.drawing import Cast
from animelab.nn.tagger import GROUPS
from animelab.studio import TAGS
from animelab.viz import curves, show

# %% tags=["hidden"]
from animelab.homework import choose, claim, model, task

# %% [markdown]
# Eight of your cast, whom hardly anybody else trains with, and what a tired person wrote down about the first three of them. Which of
# the gaps could *you* fill in, from the picture? Which could nobody?

# %%
CAST = choose(
    "cast",
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54,
    55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69,
    70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84,
    85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
)  # fmt: skip
people = [Cast("frontal", CAST)[number] for number in range(8)]
labels = torch.tensor([list(person.tags().values()) for person in people]).float()
labels[torch.rand(labels.shape, generator=torch.Generator().manual_seed(CAST)) < 0.4] = -1
for number, row in enumerate(labels[:3], 1):
    said = [TAGS[place] for place in (row == 1).nonzero().flatten()]
    print(
        f"{number}: {', '.join(said) or 'nothing'}; left open: {int((row < 0).sum())} of {len(TAGS)}"
    )
show(
    [studio.render(person, 64) for person in people],
    alt="Eight drawn faces of your own cast, with many colors of hair and eyes, before plain walls.",
)

# %% [markdown]
# ## Task 1 · Lists with gaps (14 points)
#
# Lesson 3 asked 34 questions of yes or no about each picture, and knew every answer. Here a label is 1 (yes), 0 (no) or **-1
# (nobody knows)**. And two of the questions are really one: of the thirteen hair colors exactly one is right, and of the ten
# eye colors, too. `GROUPS` has their columns.
#
# `logits` are (B, 34), any real numbers, 200 and -200 among them; `labels` are (B, 34). Your rules:
#
# - **Hair** and **eyes** are one question each, whose answer is a softmax over the columns of the group, with all its logits
#   divided by **{{temperature}}** first. The question is asked only where all labels of the group are known.
# - **Each other column** is a question of its own, whose answer is a sigmoid. It is asked only where its label is known.
# - What a question costs is -log p, where p is the share that the right answer got, times **(1 - p)** to the power of
#   **{{focus}}**: what is known well already should count less. {{flow}}
# - A *yes* that is right counts **{{rare}} times** (a smile is rarer than none); a *no* once. Hair and eyes count **{{hair}}
#   times** each.
# - The loss of a picture is the **{{over}}** of all that its questions cost, each as often as it counts. The loss of the
#   batch is the mean over the pictures that were asked anything at all, and 0 where there is none.
#
# **Predict:** what does a D learn about blushes if "no" was never written down, and only the yes is in the list?

# %%
TEMPERATURE = choose("temperature", 0.5, 1.5, 2.0, 3.0)
FOCUS = choose("focus", 1, 2, 3)
FLOW = choose(
    "flow",
    "That factor is a number: no gradient flows through it.",
    "The gradient flows through that factor, too.",
)
RARE = choose("rare", 2.0, 3.0, 4.0, 5.0)
HAIR = choose("hair", 2.0, 4.0, 6.0)
OVER = choose("over", "sum", "mean (divided by how many questions were asked)")


def naming_loss(logits, labels):
    """What it costs D's classifier to name attributes of which some are unknown.

    logits: (B, 34), any real numbers;  labels: (B, 34) of 1, 0 and -1.  Returns a scalar tensor.
    """
    ### BEGIN SOLUTION 1: a scalar, by your rules of groups, gaps, focus and weights
    grouped = [column for columns in GROUPS.values() for column in columns]
    single = [column for column in range(logits.shape[1]) if column not in grouped]
    costs, counts, asked = [], [], []
    for columns in GROUPS.values():
        costs.append(
            cross_entropy(
                logits[:, columns] / TEMPERATURE,
                labels[:, columns].argmax(1),
                reduction="none",
            )[:, None]
        )
        asked.append((labels[:, columns] >= 0).all(1, keepdim=True))
        counts.append(torch.full((len(logits), 1), HAIR))
    yes = labels[:, single] == 1
    costs.append(softplus(torch.where(yes, -logits[:, single], logits[:, single])))
    asked.append(labels[:, single] >= 0)
    counts.append(torch.where(yes, RARE, 1.0))
    costs, counts, asked = (torch.cat(each, 1) for each in (costs, counts, asked))
    factor = (1 - torch.exp(-costs)) ** FOCUS
    factor = factor if FLOW.startswith("The") else factor.detach()
    paid = torch.where(asked, counts * factor * costs, 0.0).sum(1)
    questions = asked.sum(1)
    if OVER.startswith("mean"):
        paid = paid / questions.clamp(min=1)
    return paid.sum() / (questions > 0).sum().clamp(min=1)
    ### END SOLUTION


# %% [markdown]
# What one question costs, by the logit of its right answer, with your focus and with lesson 3's plain cross-entropy. Where
# does yours no longer push?

# %%
line = torch.linspace(-4, 6, 60)
smile = TAGS.index("smile")
asked_alone = torch.full((1, 34), -1.0)
asked_alone[0, smile] = 0
paid = [float(naming_loss(-logit * torch.ones(1, 34), asked_alone)) for logit in line]
curves(
    {"yours": (line, paid), "cross-entropy": (line, softplus(-line))},
    xlabel="logit of the right answer",
    smoothing=0,
)

# %% tags=["hidden"]

import torch
from torch import nn

from animelab.nn.tagger import GROUPS as GROUPS_OF_COLORS


def filled_lists(draw, count, gaps):
    """Labels (count, 34) as the studio gives them, one color of each group, with gaps."""
    labels = (torch.rand(count, 34, generator=draw) < 0.3).float()
    for columns in GROUPS_OF_COLORS.values():
        labels[:, columns] = torch.eye(len(columns))[
            torch.randint(len(columns), (count,), generator=draw)
        ]
        unknown = torch.rand(count, generator=draw) < gaps
        labels[unknown.nonzero(), torch.tensor(columns)[None, :3]] = -1
    grouped = [column for columns in GROUPS_OF_COLORS.values() for column in columns]
    single = torch.tensor([column not in grouped for column in range(34)])
    labels[(torch.rand(count, 34, generator=draw) < gaps) & single] = -1
    return labels


@task(
    "1",
    points={"full lists": 4, "lists with gaps": 4, "slopes": 4, "extremes": 2},
    advice={
        "full lists": "Take one picture and one group, and do it on paper: temperature, share, factor, weight. Which of them stand inside "
        "the logarithm? How many questions does a full list ask?",
        "lists with gaps": "One gap in a group and the whole question is not asked. What is divided by what where a picture has no label at all?",
        "slopes": "The numbers do not show whether a gradient flows through the factor. And none may reach a logit whose question was not asked.",
        "extremes": "Logits of 200 and -200, a batch without any label, a batch of one: nothing there may overflow or be NaN.",
    },
)
def lists_with_gaps(work, seed):
    draw = torch.Generator().manual_seed(seed)
    loss = work["naming_loss"]

    def logits(count, scale=2.0):
        return scale * torch.randn(count, 34, generator=draw)

    asked, labels = logits(5).requires_grad_(), filled_lists(draw, 5, 0.4)
    labels[1] = -1
    (slopes,) = torch.autograd.grad(loss(asked, labels), asked)
    sure = torch.where(torch.rand(3, 34, generator=draw) < 0.5, 200.0, -200.0)
    return {
        "full lists": [
            loss(logits(count), filled_lists(draw, count, 0.0)) for count in (4, 1)
        ],
        "lists with gaps": [
            loss(logits(6), filled_lists(draw, 6, gaps)) for gaps in (0.3, 0.8)
        ],
        "slopes": slopes,
        "extremes": [
            loss(sure, filled_lists(draw, 3, 0.2)),
            loss(logits(2), torch.full((2, 34), -1.0)),
        ],
    }


# %% tags=["wrong-1"]
# wrong 1: a gap counts as a no
right_loss = naming_loss


def naming_loss(logits, labels):
    return right_loss(logits, labels.clamp(min=0))


# %% tags=["wrong-1"]
# wrong 1: hair and eyes are questions of yes or no
real_groups, right_loss = GROUPS, naming_loss


def naming_loss(logits, labels):
    global GROUPS
    GROUPS = {name: columns[:1] for name, columns in real_groups.items()}
    found = right_loss(logits, labels)
    GROUPS = real_groups
    return found


# %% tags=["wrong-1"]
# wrong 1: what is known well counts as much as all else
real_focus, right_loss = FOCUS, naming_loss


def naming_loss(logits, labels):
    global FOCUS
    FOCUS = 0
    found = right_loss(logits, labels)
    FOCUS = real_focus
    return found


# %% tags=["wrong-1"]
# wrong 1: the gradient is treated the other way round in the factor
real_flow, right_loss = FLOW, naming_loss


def naming_loss(logits, labels):
    global FLOW
    FLOW = "That" if real_flow.startswith("The ") else "The"
    found = right_loss(logits, labels)
    FLOW = real_flow
    return found


# %% [markdown]
# ## Task 2 · A discriminator that reads the order (20 points)
#
# In lesson 3 D never saw an order: it looked, and named what it saw. The other school (projection, Miyato and Koyama, 2018)
# hands D the order, and D says one number: is this real, *and* is it what was asked for? Yours does both.
#
# Build it from this table, for 32 × 32 pixels. No layer has a norm; every convolution has a bias.
#
# | | what happens | what comes out |
# |---|---|---|
# | in | a picture, and an order (34 numbers) | 3 × 32 × 32 |
# | start | a 3 × 3 convolution (padding 1); bend | {{width}} maps of 32 × 32 |
# | stage 1 | as below | 2 · {{width}} maps of 16 × 16 |
# | stage 2 | as below | 4 · {{width}} maps of 8 × 8 |
# | stage 3 | as below | 4 · {{width}} maps of 4 × 4 |
# | features | {{pool}} | 4 · {{width}} numbers |
# | names | a linear layer with bias, of the features | 34 logits |
# | real | a linear layer with bias, of the features, to one number, plus the match | 1 logit |
#
# - **A stage** has a body and a shortcut, which are added. Body: 3 × 3 convolution (padding 1) to the new number of channels;
#   bend; another 3 × 3 convolution (padding 1), as many channels; the mean of each 2 × 2. Shortcut: {{shortcut}}. The sum is
#   {{scaled}}; then bend.
# - **Bend** is {{bend}}.
# - **The order is told** to the maps that go *into* stage {{told}}: {{how}}.
# - **The match:** a linear layer *without* bias turns the order into as many numbers as there are features; the match is
#   {{match}}.
#
# **Predict:** which part of the order can the match check alone, and for which does D need what it was told inside?

# %%
WIDTH = choose("width", 4, 6, 8)
BEND = choose("bend", "nn.LeakyReLU(0.2)", "nn.SiLU", "nn.ELU", "nn.LeakyReLU(0.1)")
SHORTCUT = choose(
    "shortcut",
    "the mean of each 2 × 2, then a 1 × 1 convolution",
    "a 1 × 1 convolution with stride 2",
    "the largest of each 2 × 2, then a 1 × 1 convolution",
)
SCALED = choose("scaled", "divided by the root of 2", "halved", "left as it is")
TOLD = choose("told", 1, 2, 3)
HOW = choose(
    "how",
    "a linear layer with bias turns the order into a scale and a shift for each map (all scales first); maps become maps · (1 + scale) + shift",
    "a linear layer with bias turns the order into one number for each map, and a sigmoid makes a gate of it; maps become maps · 2 · gate",
    "a linear layer with bias turns the order into three numbers, which are put behind the maps as three more, each constant over all places",
)
POOL = choose(
    "pool",
    "the sum over all places",
    "the mean over all places",
    "the largest over all places",
)
MATCH = choose(
    "match",
    "the dot product of both",
    "the dot product of both, divided by the root of how many numbers they have",
    "four times the cosine of the angle between both",
)


def build_discriminator():
    """A new discriminator: (pictures (B, 3, 32, 32), orders (B, 34)) to (logits (B,), names (B, 34))."""
    ### BEGIN SOLUTION 2: a module built from your table
    bends = {
        "nn.LeakyReLU(0.2)": nn.LeakyReLU(0.2),
        "nn.LeakyReLU(0.1)": nn.LeakyReLU(0.1),
        "nn.SiLU": nn.SiLU(),
        "nn.ELU": nn.ELU(),
    }

    class Stage(nn.Module):
        def __init__(self, before, after):
            super().__init__()
            first, second = (
                nn.Conv2d(before, after, 3, 1, 1),
                nn.Conv2d(after, after, 3, 1, 1),
            )
            self.body = nn.Sequential(first, bends[BEND], second, nn.AvgPool2d(2))
            if "stride" in SHORTCUT:
                self.shortcut = nn.Conv2d(before, after, 1, 2)
            else:
                pool = nn.MaxPool2d(2) if "largest" in SHORTCUT else nn.AvgPool2d(2)
                self.shortcut = nn.Sequential(pool, nn.Conv2d(before, after, 1))

        def forward(self, maps):
            scale = {"d": 0.5**0.5, "h": 0.5, "l": 1.0}[SCALED[0]]
            return bends[BEND](scale * (self.body(maps) + self.shortcut(maps)))

    class TableDiscriminator(nn.Module):
        def __init__(self):
            super().__init__()
            wide = [WIDTH, 2 * WIDTH, 4 * WIDTH, 4 * WIDTH]
            told = wide[TOLD - 1]
            numbers = 2 * told if "scale" in HOW else told if "gate" in HOW else 3
            more = [3 * ("three" in HOW and stage == TOLD) for stage in (1, 2, 3)]
            self.start = nn.Conv2d(3, WIDTH, 3, 1, 1)
            self.stages = nn.ModuleList(
                Stage(before + extra, after)
                for before, after, extra in zip(wide, wide[1:], more)
            )
            self.told = nn.Linear(34, numbers)
            self.names, self.real = nn.Linear(wide[3], 34), nn.Linear(wide[3], 1)
            self.order = nn.Linear(34, wide[3], bias=False)

        def tell(self, maps, orders):
            said = self.told(orders)[:, :, None, None]
            if "scale" in HOW:
                scale, shift = said.chunk(2, 1)
                return maps * (1 + scale) + shift
            if "gate" in HOW:
                return maps * 2 * torch.sigmoid(said)
            return torch.cat([maps, said.expand(-1, -1, *maps.shape[2:])], 1)

        def forward(self, pictures, orders):
            maps = bends[BEND](self.start(pictures))
            for number, stage in enumerate(self.stages, 1):
                maps = stage(self.tell(maps, orders) if number == TOLD else maps)
            places = maps.flatten(2)
            pooled = {"sum": places.sum(2), "mea": places.mean(2), "lar": places.amax(2)}
            features = pooled[POOL[4:7]]
            wanted = self.order(orders)
            match = (wanted * features).sum(1)
            if "root" in MATCH:
                match = match / features.shape[1] ** 0.5
            elif "cosine" in MATCH:
                match = 4 * nn.functional.cosine_similarity(wanted, features)
            return self.real(features).flatten() + match, self.names(features)

    return TableDiscriminator()
    ### END SOLUTION


# %% [markdown]
# A discriminator that has learned nothing, asked about your cast with their own orders and with their neighbors'. Does the
# order reach the answer?

# %%
torch.manual_seed(CAST)
discriminator = build_discriminator()
print(f"{sum(each.numel() for each in discriminator.parameters()):,} parameters")
faces = torch.from_numpy(np.stack([studio.render(person, 32) for person in people]))
faces = faces.permute(0, 3, 1, 2) / 127.5 - 1
orders = torch.tensor([list(person.tags().values()) for person in people]).float()
with torch.no_grad():
    for words, asked in (("their own", orders), ("their neighbors'", orders.roll(1, 0))):
        print(
            f"{words:18}",
            " ".join(f"{logit:6.2f}" for logit in discriminator(faces, asked)[0]),
        )

# %% tags=["hidden"]
import torch
from torch import nn

from animelab.homework.filling import by_formula


@task(
    "2",
    points={"sizes": 5, "real": 6, "names": 4, "slopes": 5},
    advice={
        "sizes": "Print the shape of every parameter, and go through the table line by line: which layer has no bias, and how many channels go into the stage "
        "whose maps are told the order?",
        "real": "Sizes can be right while the order is not: told before a stage, summed, scaled, bent. How are places pooled, and what is the match made of?",
        "names": "The names come from the features alone. If only these are wrong, look at the pooling; if these are right and the logit is not, at the match.",
        "slopes": "The order has to reach the logit on two ways, inside and through the match, and the picture through body and shortcut.",
    },
    tolerance=1e-3,
)
def discriminator_from_table(work, seed):
    torch.manual_seed(seed)
    discriminator = by_formula(work["build_discriminator"]())
    pictures, orders = torch.rand(4, 3, 32, 32) * 2 - 1, (torch.rand(4, 34) < 0.3).float()
    asked = pictures.clone().requires_grad_(), orders.clone().requires_grad_()
    real, names = discriminator(*asked)
    slopes = torch.autograd.grad((real * torch.tensor([1.0, -2.0, 0.5, 3.0])).sum(), asked)
    shapes = sorted(tuple(each.shape) for each in discriminator.parameters())
    return {
        "sizes": [float(side) for shape in shapes for side in (len(shape), *shape)],
        "real": real,
        "names": names,
        "slopes": list(slopes),
    }


# %% tags=["wrong-2"]
# wrong 2: the match is left out
right_build = build_discriminator


def build_discriminator():
    discriminator = right_build()
    discriminator.order.register_forward_hook(lambda layer, given, made: 0 * made)
    return discriminator


# %% tags=["wrong-2"]
# wrong 2: the shortcuts carry nothing
right_build = build_discriminator


def build_discriminator():
    discriminator = right_build()
    for stage in discriminator.stages:
        stage.shortcut.register_forward_hook(lambda layer, given, made: 0 * made)
    return discriminator


# %% tags=["wrong-2"]
# wrong 2: the match has a bias
right_build = build_discriminator


def build_discriminator():
    discriminator = right_build()
    discriminator.order.bias = nn.Parameter(torch.zeros(4 * WIDTH))
    return discriminator


# %% tags=["wrong-2"]
# wrong 2: the order is told to nobody inside
right_build = build_discriminator


def build_discriminator():
    discriminator = right_build()
    discriminator.told.register_forward_hook(lambda layer, given, made: 0 * made)
    return discriminator


# %% [markdown]
# ## Task 3 · Wrong, empty and changed orders (20 points)
#
# A D that reads orders must be shown that an order can be wrong; a G that takes them must be asked with some left empty, and
# must not change the wall when the hair was meant. Here is a whole step that sees to all three.
#
# `G(latents, orders)` draws, `D(pictures, orders)` says logits (B,). Given are a batch of `real` pictures and their `orders`
# (B, 34), two batches of `latents`, (first, second), a batch of `other` orders, `drop`, (B,) bools, and `keep`, (B, 1, H, W)
# of 0 and 1. Old gradients lie in both networks.
#
# 1. **Empty orders.** Where `drop` is true an order becomes the empty one, all numbers **{{empty}}**: in `orders`, for all
#    that follows. `other` stays as it is.
# 2. **D moves first**, on fakes of the first latents, of the orders, cut off from G. It pays three means, added up, in the
#    prices of {{prices}}:
#    - real pictures with their orders should score high;
#    - fakes with the orders they were drawn to should score low;
#    - real pictures with a *wrong* order should score low: the orders of the batch, moved on by **{{shift}}** places
#      (`roll`), **{{wrong}}** times. Pictures for which the moved order is the same as their own are left out of this mean;
#      where all are, it is 0.
# 3. **G moves** if `number`, the count of calls from 0 on, is divisible by **{{every}}**, and pays, added up:
#    - *fool*: fakes of the first latents should score high with their orders, in the mean, at G's price;
#    - *keep*, **{{keep}}** times: the same latents, drawn once more to the `other` orders. Where `keep` is 1 the picture
#      should not move: the mean of |difference| over the numbers of those pixels alone (0 where there are none);
#    - *vary*, **{{vary}}** times: the second latents, drawn to the same orders. For each picture, the mean |difference| of
#      both pictures, divided by the mean |difference| of both latents, is a ratio; G pays 1 / (ratio + {{least}}), in the
#      mean over pictures. (A G that ignores its latents pays much.)
# 4. `step` returns D's loss, and G's loss or None, as numbers, before the steps.
#
# The three drawings of G are made from three calls, in the order first, other, second; D's fakes are those of the first call.
# In a call in which G does not move, it draws only once.
#
# **Predict:** which of the three terms of G pulls against which?

# %%
EMPTY = choose("empty", 0.0, 0.25, 0.5, -1.0)
PRICES = choose(
    "prices",
    "softplus (lesson 1: high costs softplus(-logit), low costs softplus(logit); G's price is that of high)",
    "hinges (high costs 1 - logit, low costs 1 + logit, where that is positive; G's price is minus its logit)",
    "squares (high costs (logit - 1)², low costs logit²; G's price is that of high)",
)
SHIFT = choose("shift", 1, 2, 3)
WRONG = choose("wrong", 0.5, 0.75, 1.5, 2.0)
EVERY = choose("every", 2, 3)
KEEP = choose("keep", 2.0, 5.0, 10.0)
VARY = choose("vary", 0.1, 0.2, 0.4)
LEAST = choose("least", 0.05, 0.1, 0.2)


def step(G, D, G_optimizer, D_optimizer, real, orders, other, latents, drop, keep, number):
    """One move of D, and of G where it is its turn.

    G: (latents (B, Z), orders (B, 34)) to pictures;  D: (pictures, orders) to logits (B,);  real: (B, 3, H, W);
    latents: (first, second), each (B, Z);  drop: (B,) bools;  keep: (B, 1, H, W) of 0 and 1;  number: which call.
    Returns (D's loss, G's loss or None).
    """
    ### BEGIN SOLUTION 3: one step by your rules
    if PRICES.startswith("soft"):
        high, low, fool = (lambda x: softplus(-x)), softplus, lambda x: softplus(-x)
    elif PRICES.startswith("hinges"):
        high, low, fool = (lambda x: relu(1 - x)), (lambda x: relu(1 + x)), lambda x: -x
    else:
        high, low, fool = (
            (lambda x: (x - 1).square()),
            torch.square,
            lambda x: (x - 1).square(),
        )
    orders = torch.where(drop[:, None], EMPTY, orders)
    first = G(latents[0], orders)

    moved = orders.roll(SHIFT, 0)
    differ = (moved != orders).any(1)
    loss_D = high(D(real, orders)).mean() + low(D(first.detach(), orders)).mean()
    if differ.any():
        loss_D = loss_D + WRONG * low(D(real, moved))[differ].mean()
    D_optimizer.zero_grad()
    loss_D.backward()
    D_optimizer.step()
    if number % EVERY:
        return loss_D.item(), None

    changed, second = G(latents[0], other), G(latents[1], orders)
    still = keep.expand_as(first)
    moves = ((changed - first).abs() * still).sum() / still.sum().clamp(min=1)
    ratio = (second - first).abs().mean((1, 2, 3)) / (latents[1] - latents[0]).abs().mean(1)
    loss_G = (
        fool(D(first, orders)).mean() + KEEP * moves + VARY * (1 / (ratio + LEAST)).mean()
    )
    G_optimizer.zero_grad()
    loss_G.backward()
    G_optimizer.step()
    return loss_D.item(), loss_G.item()
    ### END SOLUTION


# %% [markdown]
# A world of two attributes, in which you can see it learn: order 0 makes the left half bright, order 1 the right half. Both
# are ordered by chance, and the left half is to be kept while only the right is changed.

# %%
torch.manual_seed(CAST)


class TinyG(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(38, 32), nn.Tanh(), nn.Linear(32, 48), nn.Tanh()
        )

    def forward(self, latents, orders):
        return self.layers(torch.cat([latents, orders], 1)).unflatten(1, (3, 4, 4))


class TinyD(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(82, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, pictures, orders):
        return self.layers(torch.cat([pictures.flatten(1), orders], 1)).flatten()


tiny_G, tiny_D = TinyG(), TinyD()
adams = [torch.optim.Adam(each.parameters(), 5e-3) for each in (tiny_G, tiny_D)]
left = torch.zeros(16, 1, 4, 4)
left[..., :2] = 1
told = []
for number in range(60):
    lists = torch.zeros(16, 34)
    lists[:, :2] = (torch.rand(16, 2) < 0.5).float()
    other = lists.clone()
    other[:, 1] = 1 - other[:, 1]
    bright = (
        (lists[:, :2] - 0.5).repeat_interleave(2, 1)[:, None, None].expand(-1, 3, 4, -1)
    )
    latents = [torch.randn(16, 4) for _ in range(2)]
    real = bright + 0.1 * torch.randn(16, 3, 4, 4)
    told.append(
        step(
            tiny_G,
            tiny_D,
            *adams,
            real,
            lists,
            other,
            latents,
            torch.rand(16) < 0.2,
            left,
            number,
        )
    )
moves = [(number, *losses) for number, losses in enumerate(told) if losses[1] is not None]
curves(
    {
        "D pays": (range(60), [losses[0] for losses in told]),
        "G pays": ([move[0] for move in moves], [move[2] for move in moves]),
    },
    smoothing=0,
)

# %% tags=["hidden"]
import torch
from torch import nn


class AskedG(nn.Module):
    """Latents (B, 4) and orders (B, 34) to pictures (B, 3, 4, 4); BatchNorm counts how often it draws."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(38, 12), nn.BatchNorm1d(12), nn.Tanh(), nn.Linear(12, 48), nn.Tanh()
        )

    def forward(self, latents, orders):
        return self.layers(torch.cat([latents, orders], 1)).unflatten(1, (3, 4, 4))


class AskedD(nn.Module):
    """Pictures (B, 3, 4, 4) and orders (B, 34) to logits (B,)."""

    def __init__(self):
        super().__init__()
        self.look, self.read, self.last = (
            nn.Linear(48, 8),
            nn.Linear(34, 8),
            nn.Linear(8, 1),
        )

    def forward(self, pictures, orders):
        return self.last(
            torch.tanh(
                self.look(pictures.flatten(1)) * self.read(orders)
                + self.look(pictures.flatten(1))
            )
        ).flatten()


def asked(step, seed, lr_G, lr_D, calls=range(6)):
    """Some calls: parameters of G and D and G's buffers, and what was returned."""
    torch.manual_seed(seed)
    G, D = AskedG(), AskedD()
    for parameter in (*G.parameters(), *D.parameters()):
        parameter.grad = torch.ones_like(parameter)  # of earlier work
    sgd = [
        torch.optim.SGD(each.parameters(), lr, 0.5) for each, lr in ((G, lr_G), (D, lr_D))
    ]
    told = []
    for call in calls:
        orders, other = (torch.rand(2, 6, 34) < 0.3).float()
        orders[1] = orders[0]  # so that some moved order is the own one
        drop = torch.tensor([False, False, call % 2 == 1, True, call == 4, call == 4])
        keep = (torch.rand(6, 1, 4, 4) < 0.5).float() * (call != 2)
        latents = torch.randn(6, 4), torch.randn(6, 4)
        found = step(
            G,
            D,
            *sgd,
            torch.rand(6, 3, 4, 4) * 2 - 1,
            orders,
            other,
            latents,
            drop,
            keep,
            call,
        )
        told += [-1.0 if loss is None else float(loss) for loss in found]
    moved = [nn.utils.parameters_to_vector(each.parameters()).detach() for each in (G, D)]
    return moved, [each.float() for each in G.buffers()], torch.tensor(told)


@task(
    "3",
    points={"D's move": 6, "G's move": 6, "G's turns": 3, "all together": 5},
    advice={
        "D's move": "G stood still here. Which orders go with which pictures? Take a batch in which two neighbors have the same order, and one in which all are empty. "
        "Old gradients lay in D when it began.",
        "G's move": "D stood still here. Leave the terms out one by one. Over which numbers is the mean of *keep* taken? Which orders were emptied, and which not?",
        "G's turns": "What BatchNorm has measured tells how often G has drawn, and in which order. When is it G's turn?",
        "all together": "Each half may be right by itself. G asks D after D's step. Compare what you return, too.",
    },
    tolerance=1e-3,
)
def orders_of_all_kinds(work, seed):
    (_, D), _, _ = asked(work["step"], seed, 0.0, 0.2)
    (G, _), buffers, _ = asked(work["step"], seed, 0.1, 0.0)
    everyone, _, told = asked(work["step"], seed, 0.05, 0.2, range(8))
    return {
        "D's move": D,
        "G's move": G,
        "G's turns": buffers,
        "all together": [*everyone, told],
    }


# %% tags=["wrong-3"]
# wrong 3: wrong orders are not punished
real_wrong, right_step = WRONG, step


def step(*given):
    global WRONG
    WRONG = 0.0
    told = right_step(*given)
    WRONG = real_wrong
    return told


# %% tags=["wrong-3"]
# wrong 3: no order is ever emptied
right_step = step


def step(*given):
    given = list(given)
    given[8] = torch.zeros_like(given[8])
    return right_step(*given)


# %% tags=["wrong-3"]
# wrong 3: nothing has to be kept
real_keep, right_step = KEEP, step


def step(*given):
    global KEEP
    KEEP = 0.0
    told = right_step(*given)
    KEEP = real_keep
    return told


# %% tags=["wrong-3"]
# wrong 3: G moves in every call
real_every, right_step = EVERY, step


def step(*given):
    global EVERY
    EVERY = 1
    told = right_step(*given)
    EVERY = real_every
    return told


# %% tags=["wrong-3"]
# wrong 3: D learns with the gradients that lay in it
right_step = step


def step(*given):
    optimizer = given[3]
    optimizer.zero_grad, real = lambda: None, optimizer.zero_grad
    told = right_step(*given)
    optimizer.zero_grad = real
    return told


# %% [markdown]
# ## Task 4 · Two bugs (14 points)
#
# A classmate's program casts characters to order. It runs, its losses fall, and who comes is not who was called: **one bug in
# each of the next two cells**, of the kind that published code has had for years. The comments and docstrings are right;
# believe them, and believe nothing else.
#
# Repair both cells in place, and change nothing that does not have to change. Each cell is worth 7 points, all or nothing: a
# training with a bug in it is a training with a bug. In the claim's text you will be asked for one sentence on *how* you
# found each.
#
# Reading helps less than you think. Give each function something whose answer you know: an order of one word, a picture that
# is black on the left, an examiner who is always right, a latent twice.


# %% tags=["task-4"]
def as_order(words, tags):
    """An order in words, "red hair, smile", as numbers: float32 (len(tags),), 1 for every tag that is named."""
    order = torch.zeros(len(tags))
    for word in words.split(","):
        ### BEGIN BUG word
        order[tags.index(word.strip())] = 1
        ### OR
        order[[number for number, tag in enumerate(tags) if tag in word.strip()]] = 1
        ### OR
        order[[number for number, tag in enumerate(tags) if word.strip() in tag]] = 1
        ### END BUG
    return order


def dressed(orders, column, columns):
    """The same orders (B, N) with another answer to one question: of its `columns` only `column` is 1. A new tensor."""
    ### BEGIN BUG new
    changed = orders.clone()
    ### OR
    changed = orders.view_as(orders)
    ### END BUG
    ### BEGIN BUG others
    changed[:, columns] = 0
    changed[:, column] = 1
    ### OR
    changed[:, column] = 1
    ### OR
    changed[:, column] = 1
    changed[:, columns] = 0
    ### OR
    changed[:, columns[0]] = 0
    changed[:, column] = 1
    ### END BUG
    return changed


class Told(nn.Module):
    """Maps (B, C, H, W), told a code (B, N): normalized over the batch, then times 1 + scale, plus shift, for each map."""

    def __init__(self, channels, code):
        super().__init__()
        ### BEGIN BUG affine
        self.norm = nn.BatchNorm2d(channels, affine=False)
        ### OR
        self.norm = nn.InstanceNorm2d(channels)
        ### OR
        self.norm = nn.GroupNorm(1, channels, affine=False)
        ### END BUG
        self.say = nn.Linear(code, 2 * channels)

    def forward(self, maps, code):
        """The first half of what is said is scales, the second half shifts."""
        ### BEGIN BUG halves
        scale, shift = self.say(code)[:, :, None, None].chunk(2, 1)
        ### OR
        shift, scale = self.say(code)[:, :, None, None].chunk(2, 1)
        ### OR
        scale, shift = self.say(code)[:, :, None, None].unflatten(1, (-1, 2)).unbind(2)
        ### END BUG
        ### BEGIN BUG one
        return self.norm(maps) * (1 + scale) + shift
        ### OR
        return self.norm(maps) * scale + shift
        ### OR
        return self.norm(maps * (1 + scale) + shift)
        ### OR
        return (self.norm(maps) + shift) * (1 + scale)
        ### END BUG


class OrderedG(nn.Module):
    """Latents (B, 8) and orders (B, 5) to pictures (B, 3, 8, 8); both together are the code that each layer is told."""

    def __init__(self):
        super().__init__()
        self.start = nn.Linear(13, 12 * 16)
        self.first, self.second = Told(12, 13), Told(12, 13)
        self.paint = nn.Conv2d(12, 3, 3, 1, 1)

    def forward(self, latents, orders):
        code = torch.cat([latents, orders], 1)
        maps = torch.relu(self.first(self.start(code).unflatten(1, (12, 4, 4)), code))
        maps = nn.functional.interpolate(maps, scale_factor=2)
        ### BEGIN BUG layers
        return torch.tanh(self.paint(torch.relu(self.second(maps, code))))
        ### OR
        return torch.tanh(self.paint(torch.relu(self.first(maps, code))))
        ### OR
        return torch.tanh(self.paint(torch.relu(self.second(maps, torch.zeros_like(code)))))
        ### OR
        told = torch.cat([latents, latents[:, :5]], 1)
        return torch.tanh(self.paint(torch.relu(self.second(maps, told))))
        ### END BUG


def agreement(logits, orders, columns):
    """How often the strongest of a group is what was ordered, from 0 to 1; logits and orders (B, N)."""
    ### BEGIN BUG group
    found, wanted = logits[:, columns].argmax(1), orders[:, columns].argmax(1)
    ### OR
    found, wanted = logits.argmax(1), orders.argmax(1)
    ### OR
    found, wanted = logits[columns].argmax(1), orders[columns].argmax(1)
    ### OR
    found, wanted = logits[:, columns].argmax(1), orders[:, columns].argmin(1)
    ### END BUG
    ### BEGIN BUG part
    return float((found == wanted).float().mean())
    ### OR
    return float((found == wanted).float().sum())
    ### OR
    return float((found == wanted).all())
    ### END BUG


def balanced(logits, labels):
    """For a question of yes or no, (B,): the mean of how often a yes is found and how often a no is; a guess has 0.5."""
    ### BEGIN BUG yes
    found, wanted = logits > 0, labels > 0.5
    ### OR
    found, wanted = logits > 0.5, labels > 0.5
    ### OR
    found, wanted = logits.sigmoid() > 0, labels > 0.5
    ### END BUG
    ### BEGIN BUG balance
    return float((found[wanted].float().mean() + (~found)[~wanted].float().mean()) / 2)
    ### OR
    return float((found == wanted).float().mean())
    ### OR
    return float((found[wanted].float().mean() + found[~wanted].float().mean()) / 2)
    ### OR
    return float(found[wanted].float().mean())
    ### END BUG


# %% tags=["task-4"]
class OrderedTraining:
    """A G that takes orders and a D that answers (logits, names): D names real pictures, G should show what was ordered.

    weight: of names, beside realness; drop: the share of orders left empty, so that G can be asked without one.
    """

    def __init__(self, G, D, lr=0.05, weight=0.5, drop=0.25, decay=0.9):
        self.G, self.D, self.weight, self.drop, self.decay = G, D, weight, drop, decay
        ### BEGIN BUG copy
        self.average = copy.deepcopy(G)
        ### OR
        self.average = copy.copy(G)
        ### END BUG
        ### BEGIN BUG players
        self.G_optimizer = torch.optim.SGD(G.parameters(), lr, momentum=0.5)
        ### OR
        self.G_optimizer = torch.optim.SGD(
            [*G.parameters(), *D.parameters()], lr, momentum=0.5
        )
        ### END BUG
        self.D_optimizer = torch.optim.SGD(D.parameters(), lr, momentum=0.5)

    def named(self, names, orders):
        """Cross-entropy of each attribute's question of yes or no, summed over them, in the mean over pictures."""
        ### BEGIN BUG sum
        return (
            nn.functional.binary_cross_entropy_with_logits(names, orders, reduction="none")
            .sum(1)
            .mean()
        )
        ### OR
        return (
            nn.functional.binary_cross_entropy_with_logits(names, orders, reduction="none")
            .sum(0)
            .mean()
        )
        ### OR
        return (
            nn.functional.binary_cross_entropy_with_logits(
                names.sigmoid(), orders, reduction="none"
            )
            .sum(1)
            .mean()
        )
        ### END BUG

    def learn(self, real, tags, latents, dice):
        """One step; D first. dice: (B,) numbers from 0 to 1, an order is left empty (all 0) where they are below `drop`."""
        ### BEGIN BUG whose
        orders = tags.roll(1, 0)  # real combinations, each of another picture
        ### OR
        orders = tags.roll(1, 1)  # real combinations, each of another picture
        ### OR
        orders = tags.flip(1)  # real combinations, each of another picture
        ### END BUG
        ### BEGIN BUG empty
        orders = orders * (dice >= self.drop).float()[:, None]
        ### OR
        orders = orders * (dice < self.drop).float()[:, None]
        ### OR
        orders = orders * (dice >= self.drop).float()[None, :].mean()
        ### END BUG
        fake = self.G(latents, orders)

        # D learns what is real, and names what real pictures show; of fakes it learns no names.
        real_logits, real_names = self.D(real)
        fake_logits, _ = self.D(fake.detach())
        ### BEGIN BUG sides
        loss_D = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        ### OR
        loss_D = softplus(-real_logits.mean()) + softplus(fake_logits.mean())
        ### OR
        loss_D = softplus(-real_logits).mean() + softplus(-fake_logits).mean()
        ### END BUG
        ### BEGIN BUG names
        loss_D = loss_D + self.weight * self.named(real_names, tags)
        ### OR
        loss_D = loss_D + self.weight * self.named(real_names, orders)
        ### OR
        loss_D = loss_D + self.named(real_names, tags)
        ### END BUG
        self.D_optimizer.zero_grad()
        loss_D.backward()
        self.D_optimizer.step()

        # G wants to be taken for real, and D to find what was ordered; an empty order asks for nothing.
        logits, names = self.D(fake)
        ### BEGIN BUG asked
        asked = orders.any(1)
        ### OR
        asked = orders.any(0)[: len(orders)]
        ### OR
        asked = torch.ones(len(orders), dtype=torch.bool)
        ### END BUG
        ### BEGIN BUG real
        loss_G = softplus(-logits).mean()
        ### OR
        loss_G = softplus(logits).mean()
        ### END BUG
        if asked.any():
            ### BEGIN BUG shown
            loss_G = loss_G + self.weight * self.named(names[asked], orders[asked])
            ### OR
            loss_G = loss_G + self.weight * self.named(names[asked], tags[asked])
            ### OR
            loss_G = loss_G + self.weight * self.named(names[asked].detach(), orders[asked])
            ### END BUG
        self.G_optimizer.zero_grad()
        loss_G.backward()
        self.G_optimizer.step()

        with torch.no_grad():
            for mine, theirs in zip(self.average.parameters(), self.G.parameters()):
                ### BEGIN BUG decay
                mine.lerp_(theirs, 1 - self.decay)
                ### OR
                mine.lerp_(theirs, self.decay)
                ### END BUG
            ### BEGIN BUG buffers
            for mine, theirs in zip(self.average.buffers(), self.G.buffers()):
                mine.copy_(theirs)
            ### OR
            for mine, theirs in zip(self.average.buffers(), self.average.buffers()):
                mine.copy_(theirs)
            ### END BUG

    @torch.no_grad()
    def cast(self, latents, orders, strength=1.0):
        """Pictures by the average, in evaluation mode: from that of the empty order so many times the way to the ordered one."""
        ### BEGIN BUG mode
        self.average.eval()
        ### OR
        self.average.train()
        ### END BUG
        told, empty = (
            self.average(latents, each) for each in (orders, torch.zeros_like(orders))
        )
        ### BEGIN BUG way
        return (empty + strength * (told - empty)).clamp(-1, 1)
        ### OR
        return (told + strength * (empty - told)).clamp(-1, 1)
        ### OR
        return (told + strength * (told - empty)).clamp(-1, 1)
        ### END BUG


# %% tags=["hidden"]
import torch
from torch import nn


class NamingD(nn.Module):
    """Pictures (B, 3, 2, 2) to logits (B,) and names (B, 5)."""

    def __init__(self):
        super().__init__()
        self.look, self.real, self.names = (
            nn.Linear(12, 8),
            nn.Linear(8, 1),
            nn.Linear(8, 5),
        )

    def forward(self, pictures):
        features = torch.tanh(self.look(pictures.flatten(1)))
        return self.real(features).flatten(), self.names(features)


class ToldG(nn.Module):
    """Latents (B, 4) and orders (B, 5) to pictures (B, 3, 2, 2)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(9, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 12), nn.Tanh()
        )

    def forward(self, latents, orders):
        return self.layers(torch.cat([latents, orders], 1)).unflatten(1, (3, 2, 2))


@task(
    "4",
    points={"orders and networks": 7, "training": 7},
    advice={
        "orders and networks": "Something between words and a score is not as its docstring says. Try an order of one word, look at an order again after it was changed, tell a "
        "layer nothing, and score an examiner who always says yes.",
        "training": "After four steps the players, or the characters that are cast, are not who they should be. Try a batch in which every picture has other tags, dice that "
        "empty all orders or none, a weight of 0, and a strength of 0.",
    },
    tolerance=1e-3,
)
def repaired(work, seed):
    torch.manual_seed(seed)
    answers = {}

    def ask(name, question):
        try:
            answers[name] = question()
        except Exception as error:  # noqa: BLE001 - one cell's trouble should not cost the other's points
            answers[name] = f"{type(error).__name__}: {error}"

    def networks():
        tags = ["hair", "red hair", "hat", "smile", "red eyes", "red"]
        order = [
            work["as_order"](words, tags) for words in ("red hair, smile", "hat", "red")
        ]
        orders = torch.eye(5)[torch.randint(5, (6,))] + torch.eye(5)[
            torch.randint(5, (6,))
        ].flip(1)
        before = orders.clamp(max=1)
        given = before.clone()
        after = work["dressed"](given, 1, [0, 1, 3])
        G = by_formula(work["OrderedG"]())
        made = G(torch.randn(6, 8), before)
        told = by_formula(work["Told"](4, 5))
        maps = torch.randn(6, 4, 3, 3) * torch.linspace(0.5, 2, 6)[:, None, None, None]
        logits = torch.randn(40, 5)
        wanted = (
            torch.eye(5)[torch.arange(40) % 5] + 0.5 * torch.eye(5)[torch.arange(40) % 3]
        )
        shares = [
            work["agreement"](logits, wanted, group)
            for group in ([0, 2, 3], [1, 2], [4, 3, 2, 1])
        ]
        shares += [work["balanced"](logits[:, 0] + 0.5, (torch.arange(40) < 9).float())]
        return [
            *order,
            after,
            given,
            made,
            told(maps, before),
            G.eval()(torch.ones(2, 8), before[:2]),
            *shares,
        ]

    def training():
        training = work["OrderedTraining"](ToldG(), NamingD(), 0.1, 0.4, 0.3, 0.8)
        for call in range(4):
            tags = (torch.rand(5, 5) < 0.5).float()
            tags[:, 0] = 1.0
            dice = torch.tensor([0.1, 0.5, 0.9, 0.2 + 0.2 * call, 0.6])
            training.learn(torch.rand(5, 3, 2, 2) * 2 - 1, tags, torch.randn(5, 4), dice)
        latents, orders = torch.randn(6, 4), (torch.rand(6, 5) < 0.5).float()
        drawn = [training.cast(latents, orders, strength) for strength in (1.0, 0.3, 1.7)]
        networks = training.G, training.D, training.average
        return [
            *drawn,
            *(
                nn.utils.parameters_to_vector(each.parameters()).detach()
                for each in networks
            ),
        ]

    ask("orders and networks", networks)
    ask("training", training)
    return answers


# %% [markdown]
# ## Model · A generator that takes orders (20 points)
#
# Train a generator of 64 × 64 pixels that takes orders of all 34 attributes: lesson 3's generator of today
# (`r3gan.generator`, latent 100), 16 to 40 channels wide.
#
# **Budget:** fifteen minutes of two CPU cores, or, on whatever you have, at most **64,000 pictures** seen. State what you
# used. Data: faces and attributes by the studio, as they come (`prior="frontal"`). Nothing else goes in, and no weights of
# the zoo: a copy is found, and earns nothing. Begin with your own seed, or your weights may be somebody else's, too.
#
# Train in a terminal or in a notebook of its own, not here. This is in the course already:
#
# ```
# # 64,000 pictures, 12 minutes on two idle cores with bfloat16
# animelab train r3gan --preset attributes --set seed={{cast}} --out runs/hw02
# ```
#
# Your loss of task 1 and your step of task 3 may do better; a class that inherits from `recipes.r3gan.R3GAN` can have a
# `step` of its own.
#
# **Hand in** `runs/hw02/weights.safetensors`. The grader orders characters that nobody has seen. On its scale drawings are at
# 0, and lesson 3's bundled `makegirlsmoe-faces-64` at 1. *Crowd* is the distance `fd` in features that only the grader has;
# *orders* is how far the examiner's mean agreement with what was asked for (34 questions) falls short of its agreement with
# drawings.
#
# | crowd at most at | 0.08 | 0.25 | 0.5 | 0.9 | 1.5 |
# |---|---|---|---|---|---|
# | points | 12 | 9 | 7 | 4 | 2 |
# | **orders at most at** | **0.3** | **0.8** | **1.5** | **4** | |
# | points | 8 | 6 | 4 | 2 | |
#
# Where these numbers are from: the command above, with seed 0, made the zoo's `r3gan-attributes-64`. By a secret of our own (1,000
# pictures) its crowd is at 0.15 (fd 14.5, where MakeGirlsMoe has 70.6 and drawings 4.6) and its orders at 0.57 (the examiner's mean
# agreement is 0.970, MakeGirlsMoe's 0.948, drawings' 1.000), for 15 points. In the course's own features the crowd is at 0.24 (1,024
# pictures: 27 and 113), and was at 0.3 after four fifths of that training. A generator that does not listen has its orders at some
# 10 or more. So expect your place to differ a little; for 20 it takes an idea, and tasks 1 and 3 are about two.

# %% tags=["hidden"]
model(
    "model",
    network="r3gan.generator",
    measure="attributes",
    bundled="makegirlsmoe-faces-64",
    points={
        "fd": ((0.08, 12), (0.25, 9), (0.5, 7), (0.9, 4), (1.5, 2)),
        "attributes": ((0.3, 8), (0.8, 6), (1.5, 4), (4.0, 2)),
    },
    megabytes=20,
    arguments={"size": 64, "latent": 100, "tags": 34, "width": (16, 40)},
    settings={"size": 64, "prior": "frontal"},
    budget="15 minutes of two CPU cores, or 64,000 pictures",
)
claim("claim", points=12, rubric="hw02")

# %% [markdown]
# ## Claim · What your model hears (12 points, marked by a human)
#
# Your question: **{{question}}**
#
# 1. *Before you measure*, write one sentence that could turn out false, with a number in it.
# 2. *Measure* on at least 256 pictures that your model draws, unpicked, of latents and orders that you can name again (a
#    seed). Give two yardsticks: what the examiner says of *drawings* (of your cast, `split="test"`), and what it says of your
#    pictures against *somebody else's* orders.
# 3. *Show it* in one picture, `claim.png`: somebody who reads only the picture and its caption should see what you found.
# 4. *Defend it* in at most 250 words: the claim, the numbers, was it true? What else could explain them? Which result would
#    have changed your mind?
# 5. Two sentences more: how did you find the bug in each cell of task 4? (Which question did you ask, and what came back?)
#
# A claim that failed, and is explained, counts as much as one that held. A claim that could not fail counts nothing. The
# levels are in the rubric, `course/homework/rubrics/hw02.md`; read it before you write.

# %% tags=["hidden"]
QUESTION = choose(
    "question",
    "what else moves when only the hair color is changed, and does the data go together in the same way?",
    "what does an order do that no character of the data has (two hair colors, none, half of one)?",
    "which attribute is heard least, and is that a matter of how rare it is, or of how small it is in the picture?",
    "how many different people are there to one order, compared with drawings of that order?",
    "does the examiner agree with you, if you label 100 pictures by hand without seeing the orders?",
    "from which part of the training on does the model hear hair, eyes and mouth, and do the losses say so?",
    "does an order work as well for dark as for light skin?",
    "are latent and order apart: does the same latent give the same wall and pose under every order?",
)

# %% [markdown] tags=["claim"]
# *Your text, in place of this line: the claim and its number, what you measured and how, the caption of the picture, the
# defense, and how you found the two bugs.*
