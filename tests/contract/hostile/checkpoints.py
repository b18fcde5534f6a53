"""Weights of others and of ours that would run code, grow, hang, or are of another kind than this course reads."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from animelab import zoo
from animelab.cli import main
from animelab.engine.weights import load_weights


def translated(folder, path):
    Image.new("RGB", (32, 32), "white").save(folder / "a.png")
    return main(["translate", str(path), str(folder / "a.png"), "--out", str(folder / "out")])


def sampled(folder, path):
    return main(["sample", str(path), "--count", "2", "--out", str(folder / "out.png")])


def file(content, name="network.pth", give=translated):
    """A case of bytes, or of what `content(folder)` makes of them."""

    def run(folder):
        path = folder / name
        path.write_bytes(content(folder) if callable(content) else content)
        return give(folder, path)

    return run


def saved(state, give=translated, older=False):
    def run(folder):
        torch.save(
            state() if callable(state) else state, folder / "network.pth", _use_new_zipfile_serialization=not older
        )
        return give(folder, folder / "network.pth")

    return run


def resnet(blocks=1, tensor=lambda *shape: torch.zeros(shape)):
    """CycleGAN's generator under its authors' names, 4 channels wide."""
    shapes = {1: (4, 3, 7, 7), 4: (8, 4, 3, 3), 7: (16, 8, 3, 3)}
    shapes |= {10 + blocks: (16, 8, 3, 3), 13 + blocks: (8, 4, 3, 3), 17 + blocks: (3, 4, 7, 7)}
    state = {}
    for place, shape in shapes.items():
        out = shape[1] if place in (10 + blocks, 13 + blocks) else shape[0]
        state |= {f"model.{place}.weight": tensor(*shape), f"model.{place}.bias": tensor(out)}
    for block in range(blocks):
        for conv in (1, 5):
            name = f"model.{10 + block}.conv_block.{conv}"
            state |= {f"{name}.weight": tensor(16, 16, 3, 3), f"{name}.bias": tensor(16)}
    return state


def shared():
    memory = torch.zeros(2**14)
    return resnet(8, lambda *shape: memory[: torch.Size(shape).numel()].view(shape))


def turned(folder):
    """Written on a machine whose numbers begin with the largest byte."""
    torch.save(resnet(), folder / "whole")
    content = (folder / "whole").read_bytes()
    (folder / "whole").unlink()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(buffer := io.BytesIO(), "w") as after:
        for name in before.namelist():
            after.writestr(name, b"big" if name.endswith("byteorder") else before.read(name))
    return buffer.getvalue()


class Call:
    """Pickles itself as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def code(folder):
    buffer = io.BytesIO()
    torch.save(resnet() | {"more": Call(os.mkdir, str(folder.parent / "here" / "ran"))}, buffer)
    return buffer.getvalue()


def packed(method):
    def make(folder):
        torch.save({"model.1.weight": torch.zeros(2**24)}, folder / "whole")
        buffer = io.BytesIO()
        with zipfile.ZipFile(folder / "whole") as before, zipfile.ZipFile(buffer, "w", method) as after:
            for name in before.namelist():
                after.writestr(name, before.read(name))
        (folder / "whole").unlink()
        return buffer.getvalue()

    return make


def listed(count):
    """A zip file of so many members, which are all the same."""
    member = b"PK\1\2" + bytes(24) + struct.pack("<H", 4) + bytes(16) + b"name"
    return member * count + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(member) * count, 0, 0)


def scripted(folder):
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "scripted"))
    content = (folder / "scripted").read_bytes()
    (folder / "scripted").unlink()
    return content


def older(key="0", count=1, numbers=b"\1" + bytes(11), kind="FloatStorage"):
    """A tensor's file as PyTorch wrote it before 1.6, or what claims to be one."""
    parts = [0x1950A86A20F9469CFC6C, 1001, {}]
    identity = b"(X\x07\0\0\0storage" + f"ctorch\n{kind}\n".encode() + b"X\1\0\0\0" + key.encode() + b"X\3\0\0\0cpu"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + identity
        + pickle.dumps(count, 2)[2:-1]
        + b"NtQK\0K\1\x85K\1\x85\x89}tR"
    )
    return (
        b"".join(pickle.dumps(part, 2) for part in parts) + b"\x80\2" + tensor + b"." + pickle.dumps([key], 2) + numbers
    )


def names(*levels):
    """A pickle of dictionaries in each other, each twice in the next."""
    return (
        b"\x80\2"
        + b"}q\0X\1\0\0\0aK\1s0"
        + b"".join(
            b"}q" + bytes([i + 1]) + b"(X\1\0\0\0ah" + bytes([i]) + b"X\1\0\0\0bh" + bytes([i]) + b"u0" for i in levels
        )
        + b"h"
        + bytes([len(levels)])
        + b"."
    )


def ours(network, arguments, **more):
    """A file of the course's own kind with another header."""

    def run(folder):
        header = {"network": network, "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments)}
        save_file({"1.weight": torch.zeros(3)}, folder / "weights.safetensors", metadata=header | more)
        return translated(folder, folder / "weights.safetensors")

    return run


def fifo(give):
    def run(folder):
        os.mkfifo(folder / "weights.safetensors")
        return give(folder, folder / "weights.safetensors")

    return run


def long_header(folder):
    return struct.pack("<Q", 9 * 2**20) + b"{" + b" " * (9 * 2**20 - 2) + b"}"


BIG = b"X" + struct.pack("<L", 2**20) + b"a" * 2**20
CASES = [
    # what would run code
    *((f"code in a {name}", file(code, name, give), "it asks for") for name, give in
      (("latest_net_G.pth", translated), ("stylegan.pt", sampled), ("model.safetensors", sampled))),
    ("a pickle that is a call", file(pickle.dumps({"G_ema": Call(os.mkdir, "ran")}), "a.pkl", sampled), "it asks for"),
    ("code in a network's storage", file(pickle.dumps({"G_ema": Call(
        torch.storage._load_from_bytes, pickle.dumps(Call(os.mkdir, "ran")))}), "a.pkl", sampled), "not opened"),
    *((f"a function that is changed: {end}", file(b"ctorch._utils\n_rebuild_tensor_v2\n" + end), "not opened")
      for end in
      (b"(N}(X\x0c\0\0\0__defaults__)tub.", b"N}X\x0c\0\0\0__defaults__)s\x86b.", b"}X\1\0\0\0aNsb.")),
    *((f"a class that is changed: {name}", file(name + b"\n}X\1\0\0\0aNsb."), "not opened") for name in
      (b"ccollections\nOrderedDict", b"cargparse\nNamespace", b"ctorch\nSize", b"ctorch\nFloatStorage",
       b"ctorch\nfloat32")),
    ("a module's name with a window's title", file(b"c\x1b]0;owned\x07\nx\n."), "\\x1b]0;owned\\x07"),
    ("a module's name of 3 MB", file(b"c" + b"a" * 3 * 10**6 + b"\nx\n."), "it asks for"),
    ("a torch function that is not known", file(b"ctorch\nload\nX\1\0\0\0a\x85R."), "it asks for torch.load"),
    ("a whole network, not its weights", saved(lambda: torch.nn.Linear(2, 2)), "it asks for torch.nn.modules"),
    # what would grow or hang
    ("one half number shown a billion times", saved(
        lambda: resnet(9, lambda *shape: torch.zeros((), dtype=torch.half).expand(2**12 * shape[0], *shape[1:]))),
     "claims more than the file holds"),
    ("the same in the older format", saved(lambda: resnet(1, lambda *shape: torch.zeros(()).expand(shape)), older=True),
     "claims more than the file holds"),
    ("all tensors share their numbers", saved(shared), "claim more than the file holds"),
    ("a deflated file", file(packed(zipfile.ZIP_DEFLATED)), "PyTorch did not write"),
    ("a bzipped file", file(packed(zipfile.ZIP_BZIP2)), "PyTorch did not write"),
    ("tuples 40 deep as a key", file(b"\x80\2})" + b"2\x86" * 40 + b"K\1s."), "not opened"),
    ("tuples 40 deep as a key, by the memo", file(
        b"\x80\4})\x940" + b"".join((b"h" + bytes([i])) * 2 + b"\x86\x940" for i in range(40)) + b"h\x28K\1s."),
     "not opened"),
    ("tuples 40 deep in a set", file(b"\x80\4(" + b")" + b"2\x86" * 40 + b"\x91."), "not opened"),
    ("a hundred thousand tuples in each other", file(b"\x80\2})" + b"\x85" * 100_000 + b"K\1s."), "not opened"),
    ("a hundred thousand lists in each other", file(b"\x80\2" + b"]" * 100_000 + b"a" * 99_999 + b"."), "not opened"),
    ("dictionaries 40 deep, each twice in the next", file(names(*range(40))), "not opened"),
    ("a dictionary in itself", file(b"\x80\2}q\0X\1\0\0\0ah\0s."), "holds no tensors"),
    ("a dictionary in itself, twice", file(b"\x80\2}q\0(X\1\0\0\0ah\0X\1\0\0\0bh\0u."), "not opened"),
    ("long names in long names", file(b"\x80\2}" + (BIG + b"}") * 30 + b"s" * 30 + b"."), "holds no tensors"),
    ("a key of 3 MB", saved({"a" * 3_000_000: torch.zeros(1)}), "holds no tensors"),
    ("keys of 10 MB together", saved({str(i) + "a" * 10**5: torch.zeros(1) for i in range(100)}), "not opened"),
    ("a list that is copied for ever", file(
        b"\x80\2](" + b"K\1K\2\x86" * 20_000 + b"eq\0" + b"0ccollections\nOrderedDict\nh\0\x85R" * 5_000 + b"."),
     "not opened"),
    ("a text that is encoded for ever", file(
        BIG + b"q\0" + b"0c_codecs\nencode\n(h\0X\6\0\0\0latin1tR" * 5_000 + b"."), "not opened"),
    ("a storage that is read for ever", file(
        pickle.dumps(older(numbers=bytes(2**20)), 3)[:-1] + b"q\5"
        + b"ctorch.storage\n_load_from_bytes\nh\5\x85R" * 5_000 + b"."),
     "not opened"),
    ("a storage in a storage", file(pickle.dumps({"G_ema": Call(
        torch.storage._load_from_bytes, pickle.dumps(Call(torch.storage._load_from_bytes, b"")))})), "not opened"),
    ("a million steps", file(b"\x80\2" + b"N0" * 10**6 + b"N."), "not opened"),
    ("a million marks", file(b"\x80\2" + b"(" * 10**6 + b"."), "not opened"),
    *((f"a place far out: {start}", file(start), "not opened") for start in
      (b"}r\xff\xff\xff\x7f.", b"\x80\4\x8e" + struct.pack("<Q", 2**62) + b"x.",
       b"\x80\5\x96" + struct.pack("<Q", 2**40) + b"x.",
       b"p99999999999\n.", b"\x80\2\x8b\xff\xff\xff\x7f.", b"\x82\1.", b"L" + b"9" * 10**5 + b"L\n.")),
    *((f"older, with {count} numbers in {len(numbers)} bytes", file(older(count=count, numbers=numbers)), "not opened")
      for count, numbers in (
          (1, b""), (1, bytes(4)), (2**40, bytes(8)), (-1, bytes(8)), (-(2**62), bytes(8)),
          (2, struct.pack("<q", 1) + bytes(8)))),
    ("older, of a kind without size", file(older(kind="QInt8Storage")), "it asks for torch.QInt8Storage"),
    ("3,000 blocks", saved(lambda: resnet(3_000, lambda *shape: torch.zeros(1))), "not opened"),
    ("500 blocks", saved(lambda: resnet(500, lambda *shape: torch.zeros(1))), "2,012 tensors, more than any"),
    ("4,000 tensors", saved(lambda: resnet() | {f"a.{i}": torch.zeros(1) for i in range(4_000)}),
     "tensors, more than any"),
    ("4,000 networks", saved(lambda: {f"{i}": {"model.10.conv_block.1.weight": torch.zeros(1)} for i in range(4_000)}),
     "more than one generator"),
    ("a zip file of a million members", file(listed(10**6)), "not opened"),
    ("a zip file of 100,000 members", file(listed(10**5)), "not opened"),
    ("a header of 9 MB", file(long_header, "a.safetensors"), "not a readable weights file"),
    ("a header that nests", file(struct.pack("<Q", 10**5) + b'{"a":' + b"[" * (10**5 - 5), "a.safetensors"),
     "not a readable"),
    ("a header longer than its file", file(struct.pack("<Q", 2**60) + b"{}", "a.safetensors"), "not opened"),
    *((f"{network} with {arguments!r:.30}", ours(network, arguments), "") for network, arguments in (
        *(("cyclegan.generator", {"blocks": blocks}) for blocks in (10**9, 10**400, -1, 2.5, None, float("nan"))),
        *(("cyclegan.generator", {"width": width}) for width in ("a" * 10**6, [1] * 10**5, 2**40, {}, 2**20)),
        *(("cyclegan.generator", {"norm": norm}) for norm in ("a" * 10**6, [1], None, 5)),
        ("cyclegan.pair", {"blocks": 150}), ("pix2pix.discriminator", {"layers": 10**9}),
        ("ugatit.discriminator-global", {"layers": 10**9}), ("stylegan2-256.generator", {"mapping_layers": 10**9}),
        ("stylegan2-256.generator", {"size": 2**20}), ("ugatit.pair", {"size": 2**20, "width": 2**20}),
        ("dcgan.generator", {"latent": -1}), ("dcgan.generator", {"size": 3}),
        ("dcgan.generator", "[" * 10**5), ("dcgan.generator", "9" * 10**5),
        ("os.system", {}))),
    # what is no file, or of another kind
    ("a folder", lambda folder: translated(folder, folder), "holds no trained weights"),
    ("nothing", file(b""), "not opened"),
    ("zeros", file(bytes(10**6)), "not opened"),
    ("a web page", file(b"<!doctype html>"), "is a web page"),
    ("a pointer of Git LFS", file(b"version https://git-lfs.github.com/spec/v1\n"), "Git LFS"),
    ("gzip", file(gzip.compress(b"")), "gzip"),
    ("Keras", file(b"\x89HDF\r\n\x1a\n" + bytes(100)), "a file of Keras, which is not supported"),
    ("a checkpoint of TensorFlow", file(bytes(100) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", "model.ckpt.index"),
     "of TensorFlow, which is not supported"),
    ("NVIDIA's of TensorFlow", file(b"\x80\2cdnnlib.tflib.network\nNetwork\nq\0)\x81.", "a.pkl", sampled),
     "is a network of TensorFlow, which is not supported"),
    *((f"TorchScript to {give.__name__}", file(scripted, "a.pt", give), "TorchScript")
      for give in (translated, sampled)),
    ("a StyleGAN3", saved({"G_ema": {"synthesis.input.weight": torch.zeros(2, 2)}}, sampled),
     "is a StyleGAN3, which is not supported"),
    ("another zip file", file(listed(0)), "a zip archive and no file of weights"),
    ("a discriminator", saved({"model.0.weight": torch.zeros(4, 6, 4, 4)}), "no generator that this course knows"),
    ("no tensors", saved({"epoch": 3, "args": argparse.Namespace(size=256)}), "holds no tensors"),
    ("tensors in a list", saved([torch.zeros(1)]), "begins with '0' and is no generator"),
    ("one tensor", saved(torch.zeros(1)), "holds one tensor and is no generator"),
    ("a list of networks", saved([resnet(), resnet()]), "more than one generator ("),
    ("two kinds of generators", saved({"a": resnet(), "b": {"main.1.running_mean": torch.zeros(8)}}),
     "holds CycleGAN's ResNet and DCGAN's generator; give a file with one"),
    *((f"weights of {value}", saved(lambda value=value: resnet(1, lambda *shape: torch.full(
        shape, value, dtype=torch.double))), "it has NaN, infinity or too large a number in 'model.")
      for value in (float("nan"), float("inf"), 1e300)),
    ("tensors without sides", saved(lambda: resnet(1, lambda *shape: torch.zeros(()))),
     "its tensors have other shapes."),
    ("a ResNet without its end", saved(lambda: {key: value for key, value in resnet().items() if "18" not in key}),
     "it has no 'model.18.weight'."),
    ("a file to be scored", lambda folder: main(
        ["evaluate", str(zoo.FOLDER / "weights" / zoo.card("dcgan-faces-64")["file"]), "--count", "257"]),
     "learned from pictures that its file does not name"),
    *((f"a ResNet padded with zeros, {norm} norm", saved(
        {"model.10.conv_block.0.weight": torch.zeros(8, 8, 3, 3)} | more), "padded with zeros, which is not supported")
      for norm, more in (("instance", {}), ("batch", {"model.10.conv_block.1.weight": torch.zeros(8)}))),
    ("a DCGAN of gray digits", saved({"main.0.weight": torch.zeros(9, 8, 4, 4), "main.1.running_mean": torch.zeros(8),
                                      "main.3.weight": torch.zeros(8, 1, 4, 4)}, sampled),
     "draws in gray, which is not supported"),
    ("a ResNet that draws transparency", saved(lambda: resnet() | {
        "model.18.weight": torch.zeros(4, 4, 7, 7), "model.18.bias": torch.zeros(4)}),
     "draws with transparency (RGBA), which is not supported"),
    ("a StyleGAN2 without its mapping", saved({"g_ema": {
        "input.input": torch.zeros(1, 8, 4, 4), "to_rgb1.conv.weight": torch.zeros(1, 3, 8, 1, 1)}}, sampled),
     "it has no 'mapping.layers.0.weight'."),
    ("a StyleGAN2 of 4 px", saved({"g_ema": {
        "input.input": torch.zeros(1, 8, 4, 4), "to_rgb1.conv.weight": torch.zeros(1, 3, 8, 1, 1),
        "style.1.weight": torch.zeros(8, 8)}}, sampled), "looks like a StyleGAN2 and does not fit: "),
    *((f"a file of {kind}", file(sign + bytes(100)), f"is a file of {kind}, which is not supported")
      for kind, sign in (("GGUF", b"GGUF"), ("ONNX", b"\x08\x07\x12\x07pytorch"), ("TensorFlow", bytes(4) + b"TFL3"))),
    ("float8", saved({"a": torch.zeros(4, dtype=torch.float8_e4m3fn)}), "(float8 or such) that is not supported"),
    ("a big-endian file", file(turned), "another byte order, which is not supported"),
    ("whole numbers for weights", saved(lambda: resnet(1, lambda *shape: torch.zeros(shape, dtype=torch.uint8))),
     "does not fit"),
    ("it works, after all", saved(lambda: {"state_dict": resnet(1, lambda *shape: 0.01 * torch.randn(shape))}), None),
    ("it works in the older format", saved(
        lambda: resnet(1, lambda *shape: 0.01 * torch.randn(shape)), older=True), None),
]  # fmt: skip
if hasattr(os, "mkfifo"):
    CASES += [
        ("a FIFO to translate", fifo(translated), "is a FIFO, a device or a socket"),
        ("a FIFO to sample", fifo(sampled), "is a FIFO, a device or a socket"),
        ("a FIFO in a run's folder", fifo(lambda folder, path: zoo.load_run(folder)), ""),
        ("a FIFO to load_weights", fifo(lambda folder, path: load_weights(path)), "is a FIFO, a device or a socket"),
    ]
if Path("/dev/zero").exists():
    CASES += [("a device", lambda folder: translated(folder, "/dev/zero"), "is a FIFO, a device or a socket")]
