"""The least and the greatest of every number that a user can give, and the one check of tensors from outside."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import TYPE_CHECKING, Any

from .errors import LabError, reason, shown

if TYPE_CHECKING:
    from torch import Tensor

Range = tuple[float, float]
BELOW_1 = math.nextafter(1.0, 0.0)
SEEDS: Range = (-(2**63), 2**63 - 1)  # what PyTorch takes

SETTINGS: dict[str, Range] = {
    name: limits
    for names, limits in {
        "steps log_every preview_every checkpoint_every": (1, 10**7),
        "decay first": (0, 10**7),
        "penalty_every r1_every path_every": (1, 10**5),
        "batch": (1, 4096),
        "seed": (0, 2**32 - 1),  # the order of the pictures is seeded by a million times as much
        "keep previews": (1, 1000),
        "faces scenes": (1, 10**6),
        "size picture": (8, 1024),
        "width width_G width_D width_E hidden": (1, 512),
        "latent channel_max": (1, 4096),
        "channel_base": (16, 2**17),
        "blocks": (1, 64),
        "mapping_layers": (1, 16),
        "patch_layers": (1, 6),
        "layers_global layers_local": (3, 9),
        "pool": (1, 10**4),
        "ema_images": (1, 10**9),
        "dots": (6, 4096),
        "radius": (0, 64),
        "lr lr_G lr_D lr_first": (0.0, 10.0),
        "weight_decay none few asked strange mixing ada_target camera noise": (0.0, 1.0),
        "beta1 ema": (0.0, BELOW_1),
        "crop scaled": (1.0, 4.0),
        "turned": (0.0, math.pi),
        "shifted": (0.0, 0.5),
    }.items()
    for name in names.split()
}
"""Of the settings of all recipes, by name."""
OTHER_SETTINGS: dict[str, Range] = {"int": (1, 10**9), "float": (0.0, 10.0**6)}  # weights, and of a learner's recipe

COUNT: Range = (1, 100_000)  # pictures at once,
AT_ONCE = 2**31  # and the numbers in them: 8 GB; in one grid an eighth
HOURS: Range = (0, 1000)  # of a queue of trainings
SCORED: Range = (257, 100_000)  # pictures to score: a covariance of 256 features is not known from fewer
DRAWN: Range = (1, SETTINGS["faces"][1])
PIXELS: Range = (8, 4096)  # of the side of one picture that is drawn,
SIDE: Range = (16, 4096)  # or translated
LONGEST = 16_384  # pixels of the longer side of a picture to translate
CHARACTERS: Range = (0, 2**62)  # seeds
SETS, CLASS = (0, 99), (0, 10**6)  # numbers of drawn sets, and of classes without names
TRUNCATION: Range = (-2.0, 2.0)
BRIGHTEST = 4.0  # far beyond 1, since a network's output may be; far below 255


def whole(what: str, value: Any, limits: Range) -> int:
    """A whole number in a range, of Python, NumPy or PyTorch; LabError for anything else."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not limits[0] <= number <= limits[1]:
        raise LabError(f"{what} takes a whole number from {limits[0]:,} to {limits[1]:,}, not {_said(value)}.")
    return number


def number(what: str, value: Any, limits: Range) -> float:
    """A number in a range, of Python, NumPy or PyTorch, but NaN; LabError for anything else."""
    known = isinstance(value, Real) or (getattr(value, "ndim", None) == 0 and hasattr(value, "__float__"))
    if not known or isinstance(value, bool) or not limits[0] <= value <= limits[1]:
        greatest = f"below {1}" if limits[1] == BELOW_1 else f"{limits[1]:,.10g}"
        raise LabError(f"{what} takes a number from {limits[0]:,.10g} to {greatest}, not {_said(value)}.")
    return float(value)


def numbers(what: str, value: Any, *shape: int | None, within: float = math.inf) -> Tensor:
    """Finite numbers as a tensor of floats of that shape, where None stands for any length; any shape where none is.

    Takes what `torch.as_tensor` takes; floats keep their type, their device and their gradient. LabError for another
    shape, for NaN, and for numbers beyond `within`.
    """
    import torch

    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise LabError(f"{what} should be a tensor of numbers, not {_said(value)} ({reason(problem)}).") from problem
    fits = len(tensor.shape) == len(shape) and all(b in (None, a) for a, b in zip(tensor.shape, shape))
    dense = tensor.layout == torch.strided and not (tensor.is_meta or tensor.is_complex() or tensor.is_quantized)
    if not dense or tensor.numel() == 0 or not (fits or not shape):
        wanted = f"({', '.join('any' if side is None else str(side) for side in shape)})" if shape else "not empty"
        raise LabError(f"{what} should be real numbers of shape {wanted}, not of {tuple(tensor.shape)} {tensor.dtype}.")
    tensor = tensor if tensor.is_floating_point() else tensor.float()
    least, greatest = (float(end) for end in tensor.detach().aminmax())  # NaN, if there is one anywhere
    if not (-within <= least <= greatest <= within and math.isfinite(least) and math.isfinite(greatest)):
        ends = f"{least:g} to {greatest:g}" if math.isfinite(least + greatest) else "NaN or infinity among them"
        raise LabError(f"{what} should be numbers{' in -1 to 1' if within == BRIGHTEST else ''}, not {ends}.")
    return tensor


def pictures(value: Any, what: str = "Pictures", channels: int | None = 3) -> Tensor:
    """Pictures as floats (N, channels, H, W) in [-1, 1], give or take; LabError for anything else, such as bytes."""
    if str(getattr(value, "dtype", "")).endswith("int8"):
        raise LabError(f"{what} should be floats in -1 to 1, not bytes; make them so: pictures / 127.5 - 1.")
    if getattr(value, "ndim", 4) == 3:
        raise LabError(f"{what} come as a batch (N, C, H, W), not {tuple(value.shape)}; one picture is picture[None].")
    return numbers(what, value, None, channels, None, None, within=BRIGHTEST)


def one_picture(value: Any) -> None:
    """LabError unless it is one picture of bytes, uint8 (H, W, 3)."""
    shape: Any = getattr(value, "shape", ())
    if str(getattr(value, "dtype", "")) != "uint8" or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise LabError("One picture of bytes is asked for, a NumPy array uint8 (H, W, 3), as viz.as_pixels gives them.")


def _said(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 10**30:
        return f"one of {int(math.log10(abs(value))) + 1:,} digits" if abs(value) < 10**300 else "one without end"
    return shown(repr(value) if isinstance(value, (Real, str)) else f"a {type(value).__name__}")
