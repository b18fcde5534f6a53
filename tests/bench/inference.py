"""How fast generators draw on a CPU: ours as the zoo opens them, the official way, and onnxruntime; for quiet machines.

    python tests/bench/inference.py

"official" is the same network as its authors' code runs it: torch's own order of weights, and for StyleGAN2 weights of
each picture's own. "ours" is what `zoo` and `load_run` give. onnxruntime (where `pip install "animelab[export]"` has
brought it) has the same threads, and does not spin: threads that wait for its next call would slow down the others.
Random weights, a call of each in turn. Prints a line a network and number of pictures: medians of milliseconds a call.
"""

from __future__ import annotations

import copy
import io
import json
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch

import official_steps
import torch
from torch import Tensor, nn

from animelab.nn import cartoongan, cyclegan, dcgan, pix2pix, stylegan2, ugatit
from animelab.nn.layout import prepared

# network, its inputs for one picture, pictures, calls
DRAWN: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], tuple[int, ...], int]] = {
    "dcgan 64 px": (dcgan.Generator, (100,), (1, 64), 40),
    "stylegan2 64 px": (lambda: stylegan2.Generator(64, 2048, 128, 4), (512,), (1, 16), 40),
    "pix2pix 256 px": (pix2pix.Generator, (3, 256, 256), (1,), 15),
    "cyclegan 256 px": (cyclegan.Generator, (3, 256, 256), (1,), 5),
    "cartoongan 256 px": (cartoongan.Generator, (3, 256, 256), (1,), 5),
    "ugatit light 128 px": (lambda: ugatit.Generator(128, light=True), (3, 128, 128), (1,), 5),
}


class Picture(nn.Module):
    """The picture alone, where a network says more."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        answer = self.network(x)
        return answer.out if isinstance(answer, ugatit.Answer) else answer


def in_onnxruntime(network: nn.Module, x: Tensor) -> Callable[[], Any]:
    import onnxruntime

    file, options = io.BytesIO(), onnxruntime.SessionOptions()
    torch.onnx.export(network, (x,), file, dynamo=False, opset_version=17, input_names=["x"])
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x.numpy()})


def main() -> None:
    for name, (kind, shape, counts, calls) in DRAWN.items():
        torch.manual_seed(0)
        plain = Picture(kind().eval().requires_grad_(False))
        ours = prepared(copy.deepcopy(plain))
        for count in counts:
            x = torch.randn(count, *shape)

            def official(x: Tensor = x, plain: nn.Module = plain) -> Tensor:
                with patch.object(stylegan2, "modulated_conv", official_steps.per_picture_conv):
                    return plain(x)

            ways: dict[str, Callable[[], Any]] = {"official": official, "ours": lambda x=x, ours=ours: ours(x)}
            if find_spec("onnxruntime"):
                ways["onnxruntime"] = in_onnxruntime(plain, x)
            took: dict[str, list[float]] = {way: [] for way in ways}
            with torch.inference_mode():
                for turn in range(calls + 2):
                    for way, call in ways.items():
                        start = time.perf_counter()
                        call()
                        if turn > 1:  # the first two warm up
                            took[way].append(1000 * (time.perf_counter() - start))
            median = {way: statistics.median(each) for way, each in took.items()}
            ratios = {f"{way}, ratio": round(median["official"] / value, 2) for way, value in median.items()}
            row = {way: round(value, 2) for way, value in median.items()} | ratios
            print(json.dumps({"network": name, "pictures": count, **row}), flush=True)


if __name__ == "__main__":
    main()
