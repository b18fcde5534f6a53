"""Runs that rotted: damaged checkpoints, records, logs and previews, and disks that are full."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load

from animelab import zoo
from animelab.cli import main
from animelab.config import TrainingConfig
from animelab.engine import Recipe, adam, train
from animelab.nn import dcgan

STEPS = 6


@dataclass(frozen=True)
class Config(TrainingConfig):
    steps: int = STEPS
    batch: int = 2
    precision: str = "fp32"
    log_every: int = 1
    preview_every: int = 2
    checkpoint_every: int = 2


class Small(Recipe):
    """A recipe that takes milliseconds."""

    name = "small"

    def build(self, config):
        self.G = dcgan.Generator(32, 2, 1)
        self.optimizer = adam(self.G, 1e-3, (0.5, 0.999))
        self.done = torch.zeros((), dtype=torch.int64)

    def step(self, values):
        loss = self.G(values).square().mean()
        self.update(self.optimizer, loss)
        self.done += 1
        return {"G": loss.detach()}

    def preview(self):
        return np.full((8, 8, 3), 6 * int(self.done), np.uint8)

    def weights(self):
        return "dcgan.generator", {"size": 32, "latent": 2, "width": 1}, self.G


class Values:
    name, fingerprint = "values", "1"

    def __init__(self, count=4):
        self.values = torch.linspace(-1, 1, 2 * count).reshape(count, 2)

    def __len__(self):
        return len(self.values)

    def batch(self, indices, device="cpu"):
        return self.values[indices].to(device)


def go(folder: Path, steps: int = STEPS, data: Values | None = None, **more) -> None:
    """Train, or go on, to the end; nothing that a killed write could leave stays."""
    assert train(
        Small(Config(steps=steps), "cpu"), data or Values(), folder, watch=lambda progress: None, **more
    ).finished
    assert not list(folder.rglob(".*.[0-9]*"))


FINISHED: dict[Path, bytes] = {}


def finished(folder: Path) -> None:
    """A run that has come to its end: trained once, then copied."""
    if not FINISHED:
        go(folder)
        FINISHED.update({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")})
    for name, content in FINISHED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def rotten(name: str, content: object, steps: int = STEPS + 2):
    """A case: a finished run in which a file is overwritten with `content`, and then goes on."""

    def run(folder: Path) -> None:
        finished(folder)
        path = folder / name
        path.unlink(missing_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        go(folder, steps)

    return run


def replaced(name: str, make):
    """A case: a run in which a file, or a folder with all in it, makes place for what is none."""

    def run(folder: Path) -> None:
        finished(folder)
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        make(path)
        go(folder, STEPS + 2)

    return run


def record(**changes: object):
    """A case: a run whose run.json says something else; `...` means that it says nothing."""

    def run(folder: Path) -> None:
        finished(folder)
        path = folder / "run.json"
        about = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in about.items() if value is not ...}))
        go(folder, STEPS + 2)

    return run


def checkpoint(change, every: bool = True):
    """A case: a run whose checkpoints (or whose newest alone) hold something else, sealed as if we had written it."""

    def run(folder: Path) -> None:
        finished(folder)
        for path in sorted((folder / "checkpoints").iterdir())[0 if every else -1 :]:
            from animelab.engine import checkpoint as ours

            state = torch.load(path, weights_only=True)
            change(state)
            ours._save(state, path)
        go(folder, STEPS + 2)

    return run


def archive(kind: str):
    """A case: a run whose checkpoints are zip files that PyTorch would never write."""

    def run(folder: Path) -> None:
        finished(folder)
        for path in (folder / "checkpoints").iterdir():
            good, new = zipfile.ZipFile(io.BytesIO(path.read_bytes())), zipfile.ZipFile(path, "w")
            for member in good.infolist():
                data = good.read(member)
                if kind == "bomb" and member.filename.endswith("data/0"):
                    data += bytes(2**24)
                if member.filename.endswith("data.pkl") and kind in PICKLES:
                    data = PICKLES[kind]
                if kind == "crowded":
                    for number in range(150_000 * (member.filename == "archive/version")):
                        new.writestr(f"archive/{number:050}", b"")
                new.writestr(member.filename, data, zipfile.ZIP_DEFLATED if kind == "bomb" else zipfile.ZIP_STORED)
            new.close()
        go(folder, STEPS + 2)

    return run


PICKLES = {  # a dictionary whose key takes for ever to hash, one too deep for the C stack, and others
    "wide": b"\x80\x02}" + b"K\x01\x85q\x00" + b"h\x00\x86q\x00" * 40 + b"K\x01s.",
    "deep": b"\x80\x02}" + b"K\x01" + b"\x85" * 10**6 + b"K\x01s.",
    "large": b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\x00\x00\x00\x00\x10\x85R.",
    "code": b"\x80\x02cos\nsystem\nX\x0d\x00\x00\x00touch bombed \x85R.",
    "short": b"\x80\x02}",
}


def full(size: int, room: int = 0):
    """A case: a disk of `size` KB; if a run finds place there, one of which only `room` KB are free when it goes on.

    With space again it goes on, and ends as one that never had to stop.
    """

    def run(folder: Path) -> None:
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], check=True)
        try:
            go(disk / "run")
            with open(disk / "filler", "wb", buffering=0) as filler, suppress(OSError):
                while True:
                    filler.write(bytes(2**10))
            os.truncate(disk / "filler", (disk / "filler").stat().st_size - room * 2**10)
            try:
                go(disk / "run", 40)
            finally:
                (disk / "filler").unlink()
                go(disk / "run", 40)
                go(folder / "straight", 40)
                ends = [load((run / "weights.safetensors").read_bytes()) for run in (disk / "run", folder / "straight")]
                assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
                films = [(run / "timelapse.webp").read_bytes() for run in (disk / "run", folder / "straight")]
                assert films[0] == films[1]
        finally:
            subprocess.run(["umount", disk], check=True)

    return run


def failing(where: str, error: BaseException):
    """A case: this one writer fails, as it does on a full disk; then there is room again, and the run goes on."""

    def run(folder: Path) -> None:
        finished(folder)
        before = {path: path.read_bytes() for path in folder.rglob("*[0-9].*")}
        try:
            with patch(where, side_effect=error):
                go(folder, STEPS + 2)
        finally:
            assert all(path.read_bytes() == content for path, content in before.items())
            go(folder, STEPS + 2)

    return run


def pictures(name: str, content: bytes):
    """A case: such a file among the previews, which nobody of us may touch."""

    def run(folder: Path) -> None:
        finished(folder)
        path = folder / "previews" / name
        path.write_bytes(content)
        go(folder, STEPS + 2)
        with Image.open(folder / "timelapse.webp") as film:
            assert film.n_frames == 6 - (name == "00000002.png"), film.n_frames  # 0, 1, 2, 4, 6 and 8
        assert path.read_bytes() == content

    return run


def leftovers(folder: Path) -> None:
    finished(folder)
    for name in (
        "checkpoints/.step-00000004.pt.12",
        "previews/.00000004.png.3",
        ".timelapse.webp.99999",
        ".run.json.1",
    ):
        (folder / name).write_bytes(b"half")
    (folder / ".notes.5").write_text("mine")
    assert train(Small(Config(), "cpu"), Values(), folder, watch=lambda progress: None).finished
    assert [path.name for path in folder.rglob(".*")] == [".notes.5"]


def png(size: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size)).save(file, "PNG")
    return file.getvalue()


def tangled() -> list:
    """Lists that each hold the next one twice: 60 of them, and more to go through than anybody can."""
    chain: list[list] = [[] for _ in range(60)]
    for one, other in pairwise(chain):
        one += [other, other]
    return chain[0]


def removed(*keys: object):
    def change(state: dict) -> None:
        for key in keys[:-1]:
            state = state[key]
        del state[keys[-1]]

    return change


def flipped(folder: Path) -> None:
    finished(folder)
    path = folder / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    zoo.load_run(folder)


def added(folder: Path) -> None:
    more = Values(5)
    more.fingerprint = "2"
    finished(folder)
    go(folder, STEPS + 2, more)


def of_now(change, other: str = "dcgan"):
    """A picture folder for the command line, changed (or not given) between two sessions, or the recipe."""

    def run(folder: Path) -> int:
        (folder / "faces").mkdir()
        for index in range(4):
            Image.effect_noise((32, 32), 40 + index).save(folder / "faces" / f"{index}.png")
        command = ["--preset", "smoke", "--device", "cpu", "--out", str(folder / "run")]
        assert main(["train", "dcgan", *command, "--steps", "2", "--data", str(folder / "faces")]) == 0
        given = change(folder / "faces")
        data = ["--data", str(given)] if given else []
        return main(["train", other, *command, "--steps", "3", "--resume", *data])

    return run


def one_more(faces: Path) -> Path:
    Image.effect_noise((32, 32), 90).save(faces / "new.png")
    return faces


def turned(folder: Path) -> int:
    (folder / "pairs").mkdir()
    for index in range(2):
        Image.effect_noise((64, 32), 40 + index).save(folder / "pairs" / f"{index}.png")
    command = ["train", "pix2pix", "--preset", "smoke", "--device", "cpu", "--out", str(folder / "run"), "--steps"]
    assert main([*command, "2", "--data", str(folder / "pairs")]) == 0
    return main([*command, "3", "--data", str(folder / "pairs"), "--direction", "BtoA", "--resume"])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lost(lose, resume):
    """A case: a finished run whose checkpoints went; all else stays as it is."""

    def run(folder: Path) -> None:
        finished(folder)
        lose(folder / "checkpoints")
        before = contents(folder)
        try:
            go(folder, STEPS + 2, resume=resume)
        finally:
            assert contents(folder) == before

    return run


LOST = {
    "a finished run": shutil.rmtree,
    "a run, emptied": lambda path: [each.unlink() for each in path.iterdir()],
    "a run, renamed": lambda path: [each.rename(each.with_suffix(".bak")) for each in path.iterdir()],
}


def theirs(*names: str):
    """A case: a folder of the user's; nothing of it changes, and nothing comes into it."""

    def run(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("{}")
        before = sorted(folder.rglob("*"))
        try:
            go(folder)
        finally:
            assert sorted(folder.rglob("*")) == before and {*contents(folder).values()} == {b"{}"}

    return run


def hidden(folder: Path) -> None:
    for name in (".DS_Store", ".gitignore", "train.lock"):
        (folder / name).touch()
    assert train(Small(Config(), "cpu"), Values(), folder, watch=lambda progress: None).finished


def unsaved(folder: Path) -> None:
    finished(folder)
    for name in ("timelapse.webp", "weights.safetensors"):
        (folder / name).unlink()
    shutil.rmtree(folder / "checkpoints")
    go(folder)
    ends = [load(each) for each in (contents(folder)[folder / name], FINISHED[Path(name)])]
    assert all(torch.equal(value, ends[1][key]) for key, value in ends[0].items())


def later(folder: Path) -> None:
    """It is passed over, said, and left where it is."""
    finished(folder)
    path = folder / "checkpoints" / "step-99999999.pt"
    path.write_bytes(b"mine")
    go(folder, STEPS + 2)
    assert path.read_bytes() == b"mine" and len(list(path.parent.iterdir())) == 3


def nothing(folder: Path) -> None:
    try:
        go(folder / "run", resume=True)
    finally:
        assert not list(folder.iterdir())


def huge(path: Path, size: int = 3 * 10**9) -> None:
    with open(path, "ab") as file:
        file.truncate(size)


def long_checkpoints(folder: Path) -> None:
    finished(folder)
    for path in (folder / "checkpoints").iterdir():
        huge(path, 14 * 10**9)
    go(folder, STEPS + 2)


DEEP = b"[" * 100_000
CASES = [
    *((f"run.json is {text!r:.20}", rotten("run.json", text), "run.json is missing or damaged")
      for text in (b"[]", b"null", b"5", b"", b"{", b"\xff\xfe{}", DEEP, b"NaN", b'"run"')),
    ("run.json is {}", rotten("run.json", b"{}"), "run.json is damaged at 'recipe'"),
    *((f"run.json without {key}", record(**{key: ...}), f"run.json is damaged at '{key}'")
      for key in ("recipe", "replaced", "config", "data_fingerprint", "precision")),
    *((f"run.json with {key} = {value}", record(**{key: value}), f"run.json is damaged at '{key}'")
      for key, value in (("replaced", None), ("replaced", []), ("config", [1]), ("precision", "fp8"), ("recipe", 5))),
    ("run.json of before it counted pictures", record(data_count=...), None),
    ("run.json with an escape in it", record(recipe="\x1b]0;mine\x07"), r"recipe = \x1b]0;mine"),
    ("run.json is a folder", replaced("run.json", Path.mkdir), "run.json is missing or damaged"),
    ("run.json is a FIFO", replaced("run.json", os.mkfifo), "run.json is missing or damaged"),
    ("log.jsonl with a bad complete line", rotten("log.jsonl", b'{"step": 1, "G": 2}\n{"step": \n{"step": 2}\n'), None),
    ("log.jsonl is no UTF-8", rotten("log.jsonl", b'{"step": 1}\n\xff\xfe\n'), None),
    *((f"log.jsonl is {text!r:.20}", rotten("log.jsonl", text), None)
      for text in (b"[]\n", b"null\n", b"5\n", b"{}\n", b'{"step": "one"}\n', b'{"step": 1, "G": "x"}\n', b"", b"\0\n",
                   DEEP + b"\n", b'{"step": 1}\n{"ste')),
    ("log.jsonl is a FIFO", replaced("log.jsonl", os.mkfifo), None),
    ("log.jsonl is a folder", replaced("log.jsonl", Path.mkdir), "log.jsonl could not be written into"),
    ("a preview is a FIFO", replaced("previews/00000002.png", os.mkfifo), None),
    ("a checkpoint is a FIFO", replaced("checkpoints/step-00000006.pt", os.mkfifo), None),
    ("weights.safetensors is a FIFO", replaced("weights.safetensors", os.mkfifo), None),
    ("a preview that a sync program copied", pictures("00000002 (1).png", png()), None),
    ("a preview of another size", pictures("00000002.png", png(9)), None),
    ("a preview cut short", pictures("00000002.png", png()[:40]), None),
    ("a preview that is PostScript", pictures("00000002.png", b"%!PS-Adobe-3.0 EPSF-3.0\n(x) (w) file"), None),
    ("a preview with another name", pictures("7.png", b"mine"), None),
    ("no previews at all", replaced("previews", lambda path: None), None),
    ("leftovers of killed writes", leftovers, None),
    *((f"a checkpoint with step = {value!r:.9}", checkpoint(lambda state, value=value: state.update(step=value)),
       "cannot be read") for value in (-5, 7, True, 6.0, "6", None, [], 2**70)),
    *((f"a checkpoint with seconds = {value!r:.9}", checkpoint(lambda state, value=value: state.update(seconds=value)),
       "does not fit this recipe") for value in (-1, "6", None, float("nan"), 10**400)),
    ("a checkpoint of lists in lists", checkpoint(lambda state: state.update(more=tangled())), "cannot be read"),
    ("an optimizer's numbers are lists in lists", checkpoint(
        lambda state: state["recipe"]["optimizer"]["state"][0].update(more=tangled())), "cannot be read"),
    *((f"a checkpoint without {keys}", checkpoint(removed(*keys)), "No checkpoint in")
      for keys in (["step"], ["seconds"], ["recipe"], ["recipe", "G"],
                   ["recipe", "optimizer", "state"], ["recipe", "optimizer", "state", 0, "exp_avg"],
                   ["recipe", "optimizer", "param_groups"])),
    ("a newest checkpoint that is odd yields", checkpoint(lambda state: state.update(step=-5), every=False), None),
    *((f"a checkpoint with a {kind} pickle", archive(kind), "cannot be read") for kind in PICKLES),
    ("a checkpoint of 150,000 members", archive("crowded"), "cannot be read", "slow"),
    ("a checkpoint that is compressed", archive("bomb"), "cannot be read"),
    ("a tensor that claims 16 GB", checkpoint(lambda state: state["recipe"].update(
        more=torch.zeros(1).expand(2**32))), "cannot be read"),
    *((f"checkpoints that are {content!r:.12}", lambda folder, content=content: (
        finished(folder), [path.write_bytes(content) for path in (folder / "checkpoints").iterdir()], go(folder)),
       "cannot be read") for content in (b"", b"PK\5\6" + bytes(18), b"not a zip", bytes(10**6))),
    ("a flipped bit in weights.safetensors", flipped, "its checksum differs"),
    ("pictures were added", added, "(4 of values) than it gets now (5 of values): put them back"),
    ("a picture was added to a folder", of_now(one_more), "(4 of folder faces) than it gets now (5 of folder faces)"),
    ("another folder of pictures", of_now(lambda faces: one_more(faces).rename(faces.with_name("others"))),
     "(4 of folder faces) than it gets now (5 of folder others): put them back as they were, or give those of then"),
    ("the folder of pictures was forgotten", of_now(lambda faces: None), "than it gets now (64 of"),
    ("another recipe goes on", of_now(lambda faces: faces, "stylegan2"), "holds a run with recipe = dcgan"),
    ("the other direction", turned, "began with its two sides the other way round; give --direction"),
    *((f"{words} without its checkpoints", lost(lose, resume), "no checkpoint of a run, but timelapse.webp; choose")
      for words, lose in LOST.items() for resume in ("auto", True, False)),
    *((f"a folder with {names[0]}", theirs(*names), f"holds no checkpoint of a run, but {names[0].split('/')[0]};")
      for names in (["previews/20240101.png"], ["notes.txt"], ["weights.safetensors"], ["timelapse.webp"],
                    ["log.jsonl"], ["a/b.png"], ["checkpoints/mine.pt"], ["run.json"], ["checkpoints"])),
    ("a folder with nothing but hidden files", hidden, None),
    ("a run that ended before its first checkpoint", unsaved, None),
    ("a later checkpoint that is damaged", later, None),
    ("a run that ended between checkpoint and weights", replaced("weights.safetensors", lambda path: None), None),
    ("weights that are a folder", replaced("weights.safetensors", Path.mkdir), "(Is a directory); choose another"),
    ("to go on where nothing is", nothing, "holds no checkpoint of a run to resume from; leave out --resume"),
    *((f"{name} of 3 GB", replaced(name, huge), words) for name, words in (
        ("run.json", "run.json is missing or damaged"), ("log.jsonl", "log.jsonl has over 268 MB"))),
    ("checkpoints of 14 GB", long_checkpoints, "cannot be read"),
    *((f"to train {words}", lambda folder, given=given: train(*given, folder / "run"), "train takes a recipe such as")
      for words, given in {
          "on an array": (Small(Config(), "cpu"), np.zeros((4, 8, 8, 3), np.uint8)),
          "on a path": (Small(Config(), "cpu"), "faces"), "on nothing": (Small(Config(), "cpu"), None),
          "on a tensor": (Small(Config(), "cpu"), torch.zeros(4, 2)), "on a list": (Small(Config(), "cpu"), [1, 2]),
          "a class": (Small, Values()), "a name": ("dcgan", Values()), "settings": (Config(), Values())}.items()),
    *((f"to train with {more}", lambda folder, more=more: train(
        Small(Config(), "cpu"), Values(), **{"out": folder / "run"} | more), "train takes out, a folder, and resume")
      for more in ({"resume": "maybe"}, {"resume": None}, {"out": ""}, {"out": " "}, {"out": 5}, {"out": None})),
    ("the folder of pictures was renamed", of_now(lambda faces: faces.rename(faces.with_name("others"))), None),
    *((f"the disk is full: {where}", failing(where, error), "could not be written into")
      for where, error in (
          ("torch.save", RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 1508160 vs 1508056")),
          ("animelab.engine.weights.save_file", SafetensorError("I/O error: No space left on device (os error 28)")),
          ("PIL.Image.Image.save", OSError(28, "No space left on device")),
          ("os.fsync", OSError(28, "No space left on device")),
          ("os.replace", PermissionError(13, "Permission denied")))),
    ("the run's folder is a file", lambda folder: ((folder / "run").write_text(""), go(folder / "run")),
     "could not be written into"),
]  # fmt: skip
if hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/proc/mounts").exists():
    CASES += [
        (f"a disk of {size} KB, later {room} free", full(size, room), "No space left on device", *marks)
        for size, room, *marks in [
            *((size, 0) for size in (4, 20, 60, 100)),
            *((300, room) for room in (0, 40)),
            *((300, room, "slow") for room in (4, 8, 12, 60, 80)),
        ]
    ]
