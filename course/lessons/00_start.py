# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 0 · Start here
#
# ![Above what goes in, below what comes out, each by a network of this course: a photograph of trees and its drawn background; line art with dots of color and the colored drawing; a portrait with purple hair and her as an anime character; random numbers, drawn as gray squares, and a face nobody has drawn.](../course/figures/opening_00.jpg)
#
# **You will make:** nothing yet. You will see what is possible, and find out whether your machine is ready.
#
# **In the studio:** a look at all six steps of making a comic.
#
# **Time:** 5 minutes, no training. **Downloads:** nothing.
#
# In this course you teach networks to draw anime, and find out how they learn it. You need Python, a little PyTorch, and a
# laptop. A GPU makes things faster; nothing here requires one.

# %% tags=["setup"]
from animelab import env

env.start()

# %% [markdown]
# ## Faces from nothing
#
# Numbers go in, a picture comes out: such a network is called a *generator*. Here is one of its pictures. Press **New face**, or
# pull at the picture. After some seconds its sliders know what they do: another network, which has learned to see hair, eyes and
# mouths, looked at what moves. A slider ends where the faces end that the generator makes by itself; further out they dissolve.
# **Keep** two faces, and walk between them. Every picture is made while you drag, on your machine.

# %%
from animelab import zoo
from animelab.viz import show
from animelab.widgets import LatentExplorer

LatentExplorer(zoo.load("stylegan2-faces-64"), seed=8)

# %% [markdown]
# This one is a StyleGAN2. It has 2.9 million numbers in it, was trained for seven hours on one or two CPU cores, and you
# will build it in lesson 6. It has a flaw, too: hair and eyes differ, but the face below them hardly does. In the next lesson you
# train your first generator, in nine minutes.
#
# Here are pictures of another.

# %%
characters = zoo.load("r3gan-full-128")
show(
    characters.sample(24, seed=0),
    scale=1,
    alt="Twenty-four small busts: hair of many colors, long, short and in tails, some with caps or glasses, most before pale "
    "walls, two at night with a moon. Hair, eyes and clothes read well; hats and mouths are smeared.",
)

# %% [markdown]
# Twenty-four characters nobody has drawn. This generator takes orders, too: which hair, which eyes, a smile, a hat, glasses.
# Lesson 3 is about it, and lets you order. From a step away you see characters; from near, hats and mouths are smeared.
#
# ## Is your machine ready?
#
# The first line of this notebook told you what the course computes on and where your work is kept. If something looks wrong,
# ask the doctor.

# %%
from animelab import cli

_ = cli.main(["doctor"])

# %% [markdown]
# Every line should begin with `ok`. A line that begins with `problem` ends with what to do.
#
# ## Where it learned: the studio
#
# Networks learn from examples. Anime pictures on the net belong to the artists who drew them, and most never agreed to be
# training data. So the course draws its own, with a program that makes a character from a seed. We call it the *studio*.

# %%
from animelab.studio import Character, render

hero = Character.random(seed=12)
show(
    [render(hero, 384)],
    scale=1,
    alt="A drawn girl: a green bob with a white flower in it, yellow eyes, the smile of a cat, a dark dress with a white collar.",
)

# %%
cast = [Character.random(seed) for seed in range(16)]
show(
    [render(character, 128) for character in cast],
    scale=1,
    alt="Sixteen drawn busts: different hair, faces, clothes and backgrounds.",
)

# %% [markdown]
# Because the studio draws them, it knows everything about them: hair, eyes, expression, clothes. You can change one
# thing and keep the rest. (The background goes along with the hair: the studio picks colors that suit each other.) How it
# does that, and what a network can learn from it besides faces, is lesson 2.

# %%
print({name: value for name, value in hero.tags().items() if value})
variants = [
    hero,
    hero.replace(hair_color="pink"),
    hero.replace(eye_color="purple"),
    hero.replace(mouth="laugh"),
]
show(
    [render(character, 192) for character in variants],
    columns=4,
    scale=1,
    alt="One character four times: as drawn, with pink hair, with purple eyes, with an open mouth.",
)

# %% [markdown]
# **Predict:** if a network sees ten thousand of these, which will it get right first, the color of the hair or the
# shape of the eyes? Lesson 1 has the answer, on film.
#
# ## Six steps of a comic, and what a GAN can do for each
#
# | step | what the artist does | what a GAN can do | where in this course |
# |---|---|---|---|
# | 1 · character design | invents faces, hair, outfits | new faces; faces with chosen attributes; a child of two characters | lessons 1, 3 and 6 |
# | 2 · storyboard | who stands where, feeling what | the same character with other hair or eyes; a hundred pictures of one character | lesson 7 |
# | 3 · line art | clean lines over the sketch | lines from a picture | lesson 8; where the examples come from: lesson 2 |
# | 4 · color | flats, shading, light | color from lines and a few hints; animation drawings (*cels*) from portraits | lessons 4 and 8; 5 and 10 |
# | 5 · background | rooms, streets, skies | photographs to anime scenes; a place from a map of sky, grass and road | lessons 9 and 12 |
# | 6 · effects | light, repair, enlargement | another light on a finished picture; larger pictures without blur; what was under a hat or a mark | lessons 8 and 11 |
#
# None of these replaces the artist's decision. They replace the fortieth crowd face and the third evening of flat colors.
# The [README](../README.md) lists all lessons with what you make in each, and how long it takes.
#
# ## Why GANs, now that there is diffusion?
#
# Diffusion models make better pictures than anything in this course. They also take tens of network evaluations for one
# picture, or hundreds, and the large ones a budget to train that no student has. A GAN is different in four ways that matter here.
#
# - **One step.** A GAN makes its picture in a single pass. That is why the sliders above answer at once.
# - **Small.** Each of the two networks above fits in 6 MB. You can read all of it, and change all of it.
# - **Trainable at home.** Nine minutes on two CPU cores for the faces of lesson 1, some hours for those above.
# - **Still inside.** Relatives of the loss you will write in lesson 1 work inside today's diffusion systems: in one-step
#   distillation (SDXL-Turbo, DMD2), in the decoders that turn a small code into pixels (VQGAN), in upscalers; and beside
#   them, in the vocoders that make machines speak. A recent plain GAN, R3GAN (2024), reached an FID (a distance from real
#   pictures, lesson 2; lower is better) of 2.75 on faces at 256 pixels against StyleGAN2's 3.78, with a simpler network and
#   a better-behaved loss.
#
# And nothing else in machine learning puts two learners against each other so visibly. It is a good place to learn what
# training *is*.

# %% [markdown]
# ## How a lesson works
#
# 1. It begins with the finished thing, then takes it apart.
# 2. Before most results there is a question. Answer it first; being wrong is the useful part.
# 3. Exercises are functions that say `raise NotImplementedError`. Write the body, run the cell, and a check tells you what
#    it saw. An unsolved exercise never stops a lesson.
# 4. Solutions are in `notebooks/solutions/`. Hints are folded under each exercise. Use both without shame, in that order.
# 5. Work on a copy of a notebook (File, Duplicate), so that an update of the course never meets your answers.
#
# The pictures you trust to a network are somebody's work. Use what you drew, what this course draws, or what you have the
# right to use, and never train a network to imitate a living artist by name.
#
# **Next:** [1 · Your first faces](01_dcgan.ipynb), and after it [2 · The studio](02_studio.ipynb).
