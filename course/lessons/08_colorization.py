# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 8 · Color where you want it: hints, two stages, light
#
# **You will make:** a coloring desk. You put down a few dots of color, two painters do the rest, and you carry the lamp.
#
# **In the studio:** steps 3, 4 and 6 of 6: *line art*, *color*, and a first *effect*, light.
#
# **Time:** TIME. **Downloads:** nothing.

# %% tags=["setup"]
from animelab import env

env.start()

# %%
import torch
from torch.nn.functional import max_pool2d
from torchvision.transforms.functional import gaussian_blur

from animelab import metrics, studio, zoo
from animelab.checks import check_8_1, check_8_2, check_8_3, check_8_4, check_8_5
from animelab.data import Cast, StudioPairs, as_pictures, real_faces
from animelab.engine import train
from animelab.nn import colorization, count_parameters, relight, xdog
from animelab.recipes import colorization as recipes
from animelab.viz import as_pixels, compare, show
from animelab.widgets import ColorStudio, LiveTraining

# %% [markdown]
# ## Where we are going
#
# Choose *Draft dot*, a color, and click into the hair. Then into the wall. Try another *Scheme*. Where the draft was careless
# (a color that ran over a line, an eye it missed), put a *Final dot*. Then drag in the picture at the right: that is the lamp.

# %%
colorist = zoo.colorist("colorist-draft-128", "colorist-refine-128")
drawings = StudioPairs("line", "color", 128, 64, prior="full", split="test")
lines, colors = drawings.batch(range(64))
ColorStudio(colorist, lines[:16])

# %% [markdown]
# ## One drawing, many right answers
#
# The painter of lesson 4 gave one answer, however often you asked. Here is why that cannot be enough. One character, colored
# by the studio six times: the lines are the same to the last pixel.
