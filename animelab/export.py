"""Trained networks as ONNX files, which run without Python: in a page, on a phone. The site's playground lives on them.

Needs what `pip install "animelab[export]"` brings.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from animelab import zoo
from animelab.errors import LabError
from animelab.files import write_atomically
from animelab.nn import colorization, r3gan, stylegan2, ugatit
from animelab.studio import TAGS

MOST = 1e-4  # how far onnxruntime may be from PyTorch, where pictures go from -1 to 1
OPSET = 18
SIDE = 256  # pixels of a translator's example, where nobody knows what it learned from
SMALL = 256  # tensors of fewer numbers stay as they are


@dataclass(frozen=True)
class Exported:
    """A file that was written: its size in bytes, and how far its answers are from PyTorch's, at most."""

    path: Path
    size: int
    difference: float


class _Called(nn.Module):
    """A network, or one of its methods, as the module that the exporter asks for."""

    def __init__(self, network: nn.Module, call: Any = None) -> None:
        super().__init__()
        self.network, self.call = network, call or network

    def forward(self, *inputs: Tensor) -> Tensor:
        answer = self.call(*inputs)
        return answer.out if isinstance(answer, ugatit.Answer) else answer


def export(model: Any, out: Path) -> list[Exported]:
    """Write NAME.onnx into the folder `out`, for batches of any number, and check it with onnxruntime.

    model: as `zoo.open_model` or `zoo.open_translator` give it. A StyleGAN2 becomes NAME-mapping, from z to w, and
    NAME-synthesis, from w for each layer; a pair of translators NAME and NAME-back. Translators take pictures of any
    size that their network takes, U-GAT-IT those of the size that it learned from. A stage of coloring takes ink and
    hints as "pictures", and what was "poured", too: no network does that. Other inputs are "latents", "attributes",
    "palette" and "w", the output is "answer". Raises LabError where packages are missing, and for answers that differ
    from PyTorch's by more than 1e-4: such a file is not written.
    """
    return [_written(out / f"{name}.onnx", called, inputs) for name, called, inputs in _parts(model)]


def _parts(model: Any) -> list[tuple[str, _Called, dict[str, Tensor]]]:
    """Of each file the name, what is called, and its inputs for a batch of 3."""
    name = model.name
    if isinstance(model, zoo.Translator):
        ways = [name, f"{name}-back"] if hasattr(model.network, "b_to_a") else [name]
        networks = [model.direction(back=way != name) for way in ways]
        inputs = [_pictures(network, model.side or SIDE) for network in networks]
        called = [_Called(network, getattr(network, "gated", None)) for network in networks]
        return list(zip(ways, called, inputs))
    told = {"attributes": torch.rand(3, len(TAGS)).round()} if isinstance(model, zoo.Conditional) else {}
    latents, network = {"latents": torch.randn(3, model.latent)} | told, model.generator
    if not isinstance(network, stylegan2.Generator):
        return [(name, _Called(network), latents)]
    w = {"w": torch.randn(3, len(network.synthesis.convs) + 1, model.latent)}
    return [
        (f"{name}-mapping", _Called(network.mapping), latents),
        (f"{name}-synthesis", _Called(network.synthesis), w),
    ]


def _pictures(network: nn.Module, side: int) -> dict[str, Tensor]:
    first: Any = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    inputs = {"pictures": torch.rand(3, getattr(network, "channels_in", first.in_channels), side, side) * 2 - 1}
    if isinstance(network, r3gan.UNet):
        inputs["latents"] = torch.randn(3, network.latent)
        inputs |= {"attributes": r3gan.colors(3, 0)} if network.tags else {}
    if isinstance(network, colorization.GatedUNet):
        inputs["poured"] = torch.rand(3, 4, side, side)
    if isinstance(network, colorization.UNet) and network.taste is not None:
        inputs["palette"] = torch.rand(3, colorization.PALETTE)
    return inputs


def _written(path: Path, called: _Called, inputs: dict[str, Tensor]) -> Exported:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401  (the exporter imports it)
    except ImportError as error:
        raise LabError(f'{error.name} is not installed; run: pip install "animelab[export]"') from error
    called = called.cpu().eval().requires_grad_(False)
    sides = {} if isinstance(called.network, ugatit.Generator) else {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    any_size = (tuple({0: Dim.DYNAMIC} | (sides if name in ("pictures", "poured") else {}) for name in inputs),)
    with warnings.catch_warnings(), _silent():
        warnings.simplefilter("ignore")  # of the exporter's own deprecations
        program = torch.export.export(called, tuple(inputs.values()), dynamic_shapes=any_size, strict=True)
        exported = torch.onnx.export(
            program, (), dynamo=True, opset_version=OPSET, input_names=list(inputs), output_names=["answer"],
            external_data=False, optimize=False, verbose=False,
        )  # fmt: skip
    assert exported is not None
    text = halved(exported.model_proto).SerializeToString()
    onnx.checker.check_model(text)
    session, difference = onnxruntime.InferenceSession(text, providers=["CPUExecutionProvider"]), 0.0
    for count in (1, 3):
        part = {name: value[:count] for name, value in inputs.items()}
        theirs = session.run(None, {name: value.numpy() for name, value in part.items()})[0]
        difference = max(difference, float(np.abs(called(*part.values()).numpy() - theirs).max()))
    if not difference <= MOST:
        raise LabError(f"{path.name} would differ from PyTorch by {difference:.1e}, more than {MOST}; not written.")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: temporary.write_bytes(text))
    return Exported(path, len(text), difference)


def halved(model: Any) -> Any:
    """An onnx.ModelProto whose weights take half the room where 16 bits hold them exactly, as they do the zoo's.

    The exporter's notes about its source, which nobody reads, are taken out.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weights in model.graph.initializer:
        if weights.data_type != TensorProto.FLOAT:
            continue
        whole = numpy_helper.to_array(weights)
        with np.errstate(over="ignore"):
            half = whole.astype(np.float16)
        if whole.size >= SMALL and np.array_equal(half.astype(np.float32), whole):
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    for each in (*nodes, *model.graph.value_info, *model.graph.input, *model.graph.output):
        each.ClearField("doc_string")
        each.ClearField("metadata_props")
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


@contextlib.contextmanager
def _silent() -> Any:
    """Keep the exporter's reports of progress away from the learner's screen."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        logging.disable(level)
