"""Networks as ONNX: equal to PyTorch at sizes and batches they were not exported with, and small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from animelab import export, zoo
from animelab.cli import main
from animelab.engine.weights import save_weights
from animelab.errors import LabError
from animelab.nn import colorization, dcgan, r3gan, stylegan2, ugatit

CARD = {"data": "nothing"}


def answer(path: Path, **inputs: torch.Tensor) -> torch.Tensor:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return torch.tensor(session.run(["answer"], {name: value.numpy() for name, value in inputs.items()})[0])


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    assert one.shape == other.shape
    return float((one - other).abs().max())


@pytest.mark.slow
@torch.no_grad()
def test_a_stylegan2_with_orders_in_two_files(tmp_path):
    torch.manual_seed(0)
    shape = {"size": 16, "channel_base": 256, "channel_max": 16, "mapping_layers": 2, "latent": 24, "classes": 34}
    network = stylegan2.Generator(**shape).eval()
    for conv in network.synthesis.convs:
        conv.noise_strength.fill_(0.5)  # the fixed noise counts
    network.mapping.mean.normal_()
    model = zoo.Conditional("small", network, 24, 16, CARD)
    files = export.export(model, tmp_path)
    assert [file.path.name for file in files] == ["small-mapping.onnx", "small-synthesis.onnx"]
    assert all(file.size == file.path.stat().st_size and file.difference <= 1e-4 for file in files)
    z, orders = torch.randn(5, 24), torch.rand(5, 34).round()
    w = network.mapping(z, orders)
    assert far(answer(files[0].path, latents=z, attributes=orders), w) < 1e-4
    styles = torch.randn(5, len(network.synthesis.convs) + 1, 24)  # another w for every layer
    assert far(answer(files[1].path, w=styles), network.synthesis(styles)) < 1e-4


@pytest.mark.slow
@torch.no_grad()
def test_a_unet_takes_other_sizes_latents_and_orders(tmp_path):
    torch.manual_seed(0)
    network = r3gan.UNet(32, latent=8, tags=34, width=4).eval()
    model = zoo.Translator("colors", network, CARD)
    (file,) = export.export(model, tmp_path)
    pictures, latents, orders = torch.rand(2, 3, 64, 96) * 2 - 1, torch.randn(2, 8), r3gan.colors(2, 5)
    mine = answer(file.path, pictures=pictures, latents=latents, attributes=orders)
    assert far(mine, network(pictures, latents, orders)) < 1e-4
    other = answer(file.path, pictures=pictures, latents=latents, attributes=r3gan.colors(2, 7))
    assert far(mine, other) > 1e-3  # the order is no decoration


@pytest.mark.slow
@torch.no_grad()
def test_a_stage_of_coloring_takes_what_was_poured_and_a_palette(tmp_path):
    torch.manual_seed(0)
    network = colorization.GatedUNet(5, 3, 4, colorization.PALETTE).eval()
    torch.nn.init.normal_(network.taste.weight, std=100)  # a palette is heard
    (file,) = export.export(zoo.Translator("draft", network, CARD), tmp_path)
    lines, taste = torch.ones(2, 1, 32, 48), torch.rand(2, colorization.PALETTE)
    dot = colorization.placed([(0.3, 0.5, "#d1495b")], lines).expand(2, -1, -1, -1)
    pictures = torch.cat([(1 - lines) / 2, dot], 1)
    poured = colorization.poured(dot, pictures[:, :1])
    mine = answer(file.path, pictures=pictures, poured=poured, palette=taste)
    assert far(mine, network(pictures, taste)) < 1e-4
    assert far(mine, answer(file.path, pictures=pictures, poured=poured * 0, palette=taste)) > 1e-3
    assert far(mine, answer(file.path, pictures=pictures, poured=poured, palette=taste * 0)) > 1e-3


@pytest.mark.slow
@torch.no_grad()
def test_a_pair_in_both_directions_of_which_a_picture_is_what_comes(tmp_path):
    torch.manual_seed(0)
    network = ugatit.Pair(size=32, width=4, blocks=1).eval()
    model = zoo.Translator("pair", network, {**CARD, "size": 32})
    there, back = export.export(model, tmp_path)
    pictures = torch.rand(2, 3, 32, 32) * 2 - 1
    assert far(answer(there.path, pictures=pictures), network.a_to_b(pictures).out) < 1e-4
    assert far(answer(back.path, pictures=pictures), network.b_to_a(pictures).out) < 1e-4
    assert far(network.a_to_b(pictures).out, network.b_to_a(pictures).out) > 1e-3


def test_weights_of_16_bits_take_half_the_room_and_stay_what_they_are():
    halves = np.random.default_rng(0).normal(size=(300,)).astype(np.float16).astype(np.float32)
    wholes = halves + np.float32(1e-6)
    nodes = [helper.make_node("Add", ["x", "halves"], ["y"]), helper.make_node("Mul", ["y", "wholes"], ["answer"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [300]) for name in ("x", "answer")]
    weights = [onnx.numpy_helper.from_array(each, name) for each, name in ((halves, "halves"), (wholes, "wholes"))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    x = np.linspace(-3, 3, 300, dtype=np.float32)
    wanted = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    half = export.halved(model)
    assert {each.name: each.data_type for each in half.graph.initializer} == {
        "halves.half": TensorProto.FLOAT16,
        "wholes": TensorProto.FLOAT,
    }
    got = onnxruntime.InferenceSession(half.SerializeToString()).run(None, {"x": x})[0]
    assert np.array_equal(got, wanted)


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(export, "MOST", -1.0)  # nothing is near enough
    model = zoo.Pretrained("small", dcgan.Generator(size=32, latent=4, width=4).eval(), 4, 32, CARD)
    with pytest.raises(LabError, match=r"small\.onnx would differ from PyTorch by .*not written"):
        export.export(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_says_how_large_and_how_far(tmp_path, capsys):
    torch.manual_seed(0)
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    arguments = {"size": 32, "latent": 4, "width": 4}
    save_weights(run / "weights.safetensors", "dcgan.generator", arguments, dcgan.Generator(**arguments))
    (run / "run.json").write_text('{"data": "nothing"}')
    assert main(["export", str(run / "weights.safetensors"), "--out", str(out)]) == 0
    said = capsys.readouterr()
    said = said.out + said.err
    assert "weights.onnx" in said and "MB" in said and "from PyTorch" in said
    assert main(["export", "stylegan3-faces", "--out", str(out)]) == 1
    assert "no model called 'stylegan3-faces'" in capsys.readouterr().err
