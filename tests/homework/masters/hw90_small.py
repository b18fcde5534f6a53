# ---
# jupyter:
#   animelab:
#     assignment: hw90
#     minutes: 5
#     plant: 2
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # hw90 · Small, for the tests
#
# Your width is **{{width}}**, and the code below is for {{width}} channels.

# %% tags=["hidden"]
from animelab.homework import choose, claim, model, task

# %% tags=["setup"]
from animelab import env

env.start()

import torch

# %%
WIDTH = choose("width", 24, 32, 40)
MARGIN = choose("margin", 0.25, 0.5, 1.0)  # größer ist strenger: ≥ 0
ORDER = choose("order", ("red", "blue"), ("blue", "red"))


# %%
def margin_loss(logits):
    """Mean of what is missing to the margin.

    logits: (B,), any real numbers.  Returns a scalar tensor.
    """
    ### BEGIN SOLUTION 1: what is missing is never negative
    missing = MARGIN - logits
    return missing.clamp(min=0).mean()
    ### END SOLUTION


# %% tags=["task-2"]
def two_steps(values, rate):
    """Two steps of gradient descent on the squares of the values."""
    ### BEGIN BUG copy
    values = values.clone()
    ### OR
    values = values * 1.01
    ### OR
    values = values + 0.01
    ### END BUG
    for _ in range(2):
        ### BEGIN BUG factor
        gradient = 2 * values
        ### OR
        gradient = values
        ### END BUG
        ### BEGIN BUG sign
        values = values - rate * gradient
        ### OR
        values = values + rate * gradient
        ### END BUG
    return values


# %% [markdown] tags=["claim"]
# **Your claim, in five sentences and a picture:**


# %% tags=["hidden"]
@task("1", points={"loss": 2, "gradient": 1.5}, advice={"loss": "Look at what lies beyond the margin."})
def margin(work, seed):
    """Random logits, and the slope at each."""
    torch.manual_seed(seed)
    logits = torch.randn(16, requires_grad=True)
    loss = work["margin_loss"](logits)
    loss.backward()
    return {"loss": loss, "gradient": logits.grad}


@task("2", points={"after": 3})
def steps(work, seed):
    """Random values after two steps."""
    torch.manual_seed(seed)
    return {"after": work["two_steps"](torch.randn(8), 0.1)}


model(
    "m",
    network="dcgan.generator",
    measure="faces",
    bundled="dcgan-faces-64",
    points={"fd": ((1.2, 4), (2, 2))},
    megabytes=12,
    arguments={"size": 64, "latent": 100, "width": (16, 64)},
    settings={"size": 64, "prior": "frontal"},
    budget="10 CPU minutes",
)
claim("c", points=6, rubric="hw01")


# %% tags=["wrong-1"]
# wrong 1: rewards what is beyond the margin
def margin_loss(logits):
    return (MARGIN - logits).mean()


# %% tags=["wrong-1"]
# wrong 1: a sum, no mean
def margin_loss(logits):
    return (MARGIN - logits).clamp(min=0).sum()


# %% tags=["wrong-2"]
# wrong 2: one step
def two_steps(values, rate):
    return values - 2 * rate * values
