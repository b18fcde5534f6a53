"""Training steps, ours against the plain official way of doing the same work; for quiet machines.

    python tests/bench/official_steps.py [dcgan pix2pix cyclegan cartoongan stylegan2 ugatit]

The official steps are those of pytorch/examples (folder dcgan), of pytorch-CycleGAN-and-pix2pix, of
znxlwm/pytorch-CartoonGAN (our features in the place of VGG19 on both sides, 128 px; the fakes of D's step keep their
history), and of NVIDIA's and rosinality's StyleGAN2 (weights of each picture's own, as groups of one convolution; at 64
px with the widths of our bundled model; median steps, so without lazy penalties on both sides), and of UGATIT-pytorch
(light, 128 px: the fakes of D's step are generated anew and keep their history), restated: float32, Adam's plain loop.
Ours are the recipes as they train, in float32 and, where the device has it in hardware, in bfloat16, average, schedules
and augmentation included. Same networks, sizes and batches, a step of each in turn. On a CPU each is a process of its
own, the official step twice: with the allocator as the system gives it, and with one that keeps its memory, as ours
does (glibc gives large tensors back after each use and has to fetch them again). Prints and writes to build/bench.json
one row each: {recipe, size, batch, precision, allocator, official_s, ours_s, ratio}, medians of seconds a step; a ratio
above 1 says ours is faster.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    conv2d,
    conv_transpose2d,
    l1_loss,
    mse_loss,
    softplus,
)

from animelab import env
from animelab.data import ImagePool
from animelab.engine import Recipe, frozen
from animelab.metrics import perception
from animelab.nn import cartoongan as cartoongan_networks
from animelab.nn import cyclegan as cyclegan_networks
from animelab.nn import dcgan as dcgan_networks
from animelab.nn import pix2pix as pix2pix_networks
from animelab.nn import stylegan2 as stylegan2_networks
from animelab.nn import ugatit as ugatit_networks
from animelab.recipes import cartoongan, cyclegan, dcgan, pix2pix, stylegan2, ugatit

# In a child, before animelab is imported: then env.keep_memory leaves the allocator alone (to set it back is not the
# same: glibc adapts its threshold only as long as nobody has set one).
AS_IT_IS = "import platform, runpy, sys; platform.libc_ver = lambda *_: ('', ''); sys.argv = sys.argv[1:]; "
AS_IT_IS += "runpy.run_path(sys.argv[0], run_name='__main__')"
Step = Callable[[Any], object]


def said(logits: torch.Tensor, real: bool) -> torch.Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def plain_adam(*networks: torch.nn.Module) -> torch.optim.Adam:
    return torch.optim.Adam(
        [p for network in networks for p in network.parameters()], 2e-4, (0.5, 0.999), foreach=False
    )


def official_dcgan(device: torch.device) -> Step:
    G = dcgan_networks.Generator().apply(dcgan_networks.initialize).to(device)
    D = dcgan_networks.Discriminator().apply(dcgan_networks.initialize).to(device)
    G_adam, D_adam = plain_adam(G), plain_adam(D)

    def step(real: torch.Tensor) -> None:
        D.zero_grad()
        said(D(real), True).backward()
        fake = G(torch.randn(len(real), 100, device=device))
        said(D(fake.detach()), False).backward()
        D_adam.step()
        G.zero_grad()
        said(D(fake), True).backward()
        G_adam.step()

    return step


def official_pix2pix(device: torch.device, size: int = 256) -> Step:
    G = pix2pix_networks.Generator(size).apply(pix2pix_networks.initialize).to(device)
    D = pix2pix_networks.Discriminator().apply(pix2pix_networks.initialize).to(device)
    G_adam, D_adam = plain_adam(G), plain_adam(D)

    def step(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        source, target = batch
        fake = G(source)
        D_adam.zero_grad()
        loss_fake = said(D(torch.cat([source, fake.detach()], 1)), False)
        loss_real = said(D(torch.cat([source, target], 1)), True)
        ((loss_fake + loss_real) / 2).backward()
        D_adam.step()
        with frozen(D):
            G_adam.zero_grad()
            (said(D(torch.cat([source, fake], 1)), True) + 100 * l1_loss(fake, target)).backward()
        G_adam.step()

    return step


def official_cyclegan(device: torch.device) -> Step:
    to_b, to_a = (cyclegan_networks.Generator().apply(pix2pix_networks.initialize).to(device) for _ in "ab")
    D_a, D_b = (cyclegan_networks.Discriminator().apply(pix2pix_networks.initialize).to(device) for _ in "ab")
    G_adam, D_adam = plain_adam(to_b, to_a), plain_adam(D_a, D_b)
    pools = ImagePool(50), ImagePool(50)

    def target(logits: torch.Tensor, real: bool) -> torch.Tensor:
        return mse_loss(logits, torch.full_like(logits, float(real)))

    def step(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        a, b = batch
        fake_b, fake_a = to_b(a), to_a(b)
        back_a, back_b = to_a(fake_b), to_b(fake_a)
        with frozen(D_a, D_b):
            G_adam.zero_grad()
            same = 5 * (l1_loss(to_b(b), b) + l1_loss(to_a(a), a))
            believed = target(D_b(fake_b), True) + target(D_a(fake_a), True)
            (same + believed + 10 * (l1_loss(back_a, a) + l1_loss(back_b, b))).backward()
        G_adam.step()
        D_adam.zero_grad()
        for D, real, fake, pool in ((D_a, a, fake_a, pools[0]), (D_b, b, fake_b, pools[1])):
            old = pool.exchange(fake.detach())
            ((target(D(real), True) + target(D(old), False)) / 2).backward()
        D_adam.step()

    return step


def official_cartoongan(device: torch.device) -> Step:
    config = COMPARED["cartoongan"][2]
    G = cartoongan_networks.Generator(config.blocks, config.width).to(device)
    D = cartoongan_networks.Discriminator(config.width_D).to(device)
    G_adam, D_adam = plain_adam(G), plain_adam(D)
    look = perception.extractor(config.features, device)
    depths = perception.CONTENT[config.features]

    def target(logits: torch.Tensor, real: bool) -> torch.Tensor:
        return mse_loss(logits, torch.full_like(logits, float(real)))

    def step(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        photos, drawings = batch
        D_adam.zero_grad()
        soft = cartoongan_networks.edge_smoothed(drawings)  # theirs are made before the training, on the disk
        (target(D(drawings), True) + target(D(G(photos)), False) + target(D(soft), False)).backward()
        D_adam.step()
        G_adam.zero_grad()
        fake = G(photos)
        content = perception.content_distance(look(fake), look(photos), depths)
        (target(D(fake), True) + 10 * content).backward()
        G_adam.step()

    return step


def per_picture_conv(
    x: torch.Tensor,
    weight: torch.Tensor,
    styles: torch.Tensor,
    kernel: torch.Tensor | None = None,
    demodulate: bool = True,
) -> torch.Tensor:
    """`modulated_conv` as the official code has it: every picture convolves with weights of its own, group by group."""
    batch, _, high, wide = x.shape
    own = weight[None] * styles[:, None, :, None, None]
    if demodulate:
        own = own * (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, -1, high, wide)
    if kernel is None:
        x = conv2d(x, own.flatten(0, 1), padding=weight.shape[-1] // 2, groups=batch)
        return x.view(batch, -1, high, wide)
    x = conv_transpose2d(x, own.transpose(1, 2).flatten(0, 1), stride=2, groups=batch)
    return stylegan2_networks.blur(x.view(batch, -1, *x.shape[2:]), 4 * kernel, padding=1)


def official_stylegan2(device: torch.device) -> Step:
    config = COMPARED["stylegan2"][2]
    shape = config.size, config.channel_base, config.channel_max, config.mapping_layers
    G, D = (kind(*shape).to(device) for kind in (stylegan2_networks.Generator, stylegan2_networks.Discriminator))
    G_adam, D_adam = (torch.optim.Adam(n.parameters(), 2e-3, (0.0, 0.99), foreach=False) for n in (G, D))

    def step(real: torch.Tensor) -> None:
        with patch.object(stylegan2_networks, "modulated_conv", per_picture_conv):
            fake = G(torch.randn(len(real), 512, device=device))
            D_adam.zero_grad()
            (softplus(D(fake.detach())).mean() + softplus(-D(real)).mean()).backward()
            D_adam.step()
            with frozen(D):
                G_adam.zero_grad()
                softplus(-D(fake)).mean().backward()
            G_adam.step()

    return step


def official_ugatit(device: torch.device) -> Step:
    config = COMPARED["ugatit"][2]
    shape = config.size, config.width, config.blocks, config.light
    to_b, to_a = (ugatit_networks.Generator(*shape).to(device) for _ in "ab")
    Ds_a, Ds_b = (
        [
            ugatit_networks.Discriminator(n, config.width_D).to(device)
            for n in (config.layers_global, config.layers_local)
        ]
        for _ in "ab"
    )
    options = {"lr": 1e-4, "betas": (0.5, 0.999), "weight_decay": 1e-4, "foreach": False}
    G_adam = torch.optim.Adam([p for G in (to_b, to_a) for p in G.parameters()], **options)
    D_adam = torch.optim.Adam([p for D in (*Ds_a, *Ds_b) for p in D.parameters()], **options)
    norms = [m for G in (to_b, to_a) for m in G.modules() if isinstance(m, ugatit_networks.AdaLIN)]

    def target(answer: ugatit_networks.Answer, real: bool) -> torch.Tensor:
        return sum(mse_loss(each, torch.full_like(each, float(real))) for each in (answer.out, answer.guess))

    def step(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        a, b = batch
        D_adam.zero_grad()
        fake_b, fake_a = to_b(a).out, to_a(b).out
        loss = 0
        for Ds, real, fake in ((Ds_a, a, fake_a), (Ds_b, b, fake_b)):
            loss = loss + sum(target(D(real), True) + target(D(fake), False) for D in Ds)
        loss.backward()
        D_adam.step()
        G_adam.zero_grad()
        loss = 0
        for there, back, Ds, real, other in ((to_b, to_a, Ds_b, a, b), (to_a, to_b, Ds_a, b, a)):
            fake, same = there(real), there(other)
            loss = loss + sum(target(D(fake.out), True) for D in Ds)
            loss = loss + 10 * (l1_loss(back(fake.out).out, real) + l1_loss(same.out, other))
            loss = loss + 1000 * (said(fake.guess, True) + said(same.guess, False))
        loss.backward()
        G_adam.step()
        for norm in norms:
            norm.clip()

    return step


# name: the official step, our recipe, the official settings, rounds
COMPARED: dict[str, tuple[Callable[[torch.device], Step], type[Recipe], Any, int]] = {
    "dcgan": (official_dcgan, dcgan.DCGAN, dcgan.Config(), 15),
    "pix2pix": (official_pix2pix, pix2pix.Pix2Pix, pix2pix.Config(), 9),
    "cyclegan": (official_cyclegan, cyclegan.CycleGAN, cyclegan.Config(), 3),
    "cartoongan": (
        official_cartoongan,
        cartoongan.CartoonGAN,
        replace(cartoongan.Config(), batch=1, size=128, picture=128, features="tagger", first=0),
        3,
    ),
    "stylegan2": (official_stylegan2, stylegan2.StyleGAN2, replace(stylegan2.PRESETS["faces"], attributes=False), 15),
    "ugatit": (official_ugatit, ugatit.UGATIT, replace(ugatit.Config(), light=True, size=128, crop=1.0), 3),
}


def prepared(name: str, label: str, device: torch.device) -> Callable[[], float]:
    """A contender, "official" or a precision of ours: a call takes a step and says how many seconds that took."""
    official, kind, config, _ = COMPARED[name]
    shape = (config.batch, 3, config.size, config.size)
    torch.manual_seed(0)
    sides = tuple((torch.rand(shape) * 2 - 1).to(device) for _ in range(2))
    batch = sides[0] if name in ("dcgan", "stylegan2") else sides
    step: Step
    if label == "official":
        step = official(device)
    else:
        recipe = kind(replace(config, precision=label), device)

        def step(batch: Any) -> None:
            with recipe.autocast():
                recipe.step(batch)

    def timed() -> float:
        start = time.perf_counter()
        step(batch)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    timed()  # the first warms up
    return timed


class Elsewhere:
    """A contender in a process of its own, with the system's allocator or with ours."""

    def __init__(self, name: str, label: str, allocator: str) -> None:
        before = ["-c", AS_IT_IS] if allocator == "as it is" else []
        command = [sys.executable, *before, __file__, "--child", name, label]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self()

    def __call__(self) -> float:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    @staticmethod
    def serve(name: str, label: str) -> None:
        """What the other process does: a step for every line it reads."""
        step = prepared(name, label, torch.device("cpu"))
        for _ in sys.stdin:
            print(step(), flush=True)


def compare(name: str, apart: bool = True) -> list[dict[str, object]]:
    """Rows for one recipe: a step of each contender in turn, so that a busy moment of the machine meets all.

    apart: on Linux's CPU, each in a process of its own.
    """
    _, _, config, rounds = COMPARED[name]
    device = env.pick_device()
    ours = ["fp32", *["bf16"] * env.runs_bfloat16_fast(device)]
    contenders: dict[tuple[str, str], Callable[[], float]]
    if apart and device.type == "cpu" and sys.platform == "linux":
        pairs = [("official", "as it is"), ("official", "keeps"), *((label, "keeps") for label in ours)]
        contenders = {pair: Elsewhere(name, *pair) for pair in pairs}
    else:
        contenders = {(label, "as it is"): prepared(name, label, device) for label in ("official", *ours)}
    seconds: dict[tuple[str, str], list[float]] = {each: [] for each in contenders}
    for _ in range(rounds):
        for each, step in contenders.items():
            seconds[each].append(step())
    for step in contenders.values():
        if isinstance(step, Elsewhere):
            step.process.communicate()
    median = {each: statistics.median(values) for each, values in seconds.items()}
    return [
        {
            **{"recipe": name, "size": config.size, "batch": config.batch, "precision": label},
            "allocator": allocator,
            "official_s": round(median["official", allocator], 4),
            "ours_s": round(median[label, its], 4),
            "ratio": round(median["official", allocator] / median[label, its], 2),
        }
        for allocator in dict.fromkeys(each for label, each in contenders if label == "official")
        for label, its in contenders
        if label != "official"
    ]


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        Elsewhere.serve(*sys.argv[2:])
        return
    rows: list[dict[str, object]] = []
    for name in sys.argv[1:] or COMPARED:
        for row in compare(name):
            rows.append(row)
            print(json.dumps(row), flush=True)
    Path("build").mkdir(exist_ok=True)
    Path("build/bench.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
