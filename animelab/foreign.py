"""Files of other people's code, read as named tensors: nothing in a file can run, nor ask for more than it holds.

Whatever a file is called, its content says what it is: safetensors, PyTorch's zip, PyTorch's older format, or a pickle
of whole networks, as NVIDIA's, with their source code inside, which stays text. A pickle is gone through before it is
read; of the names it asks for a few are known, each of them inert, and every other one is refused.
"""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from animelab.errors import LabError, reason, shown

LARGEST = 3 * 2**30  # bytes; U-GAT-IT's file of two G and four D has 2.7 GB, pix2pix's generator 218 MB
LONGEST = 8 * 2**20  # bytes of a list of contents, which has some 100 KB
MOST = 250_000  # steps of a pickle; rosinality's training checkpoints take some 20,000, NVIDIA's networks 35,000
WORK = 8_000_000  # values handed on in these steps, which counts what is repeated
DEEPEST = 200  # values inside of values
MANY = 8  # networks of a kind in a file
LONGEST_NAME = 300  # letters; of a network that this course knows none is longer
MOST_TENSORS = 1000  # of one network; StyleGAN2's G of 1024 px has 238
# What Python and PyTorch raise when a file, or a tensor in it, is not what it should be: many files, many ways.
ODD: tuple[type[Exception], ...] = (
    ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, MemoryError, OSError,
    RuntimeError, TypeError, ValueError, pickle.UnpicklingError, struct.error, zipfile.BadZipFile, zlib.error,
    SafetensorError,
)  # fmt: skip
STORAGES = {
    "FloatStorage": torch.float32, "HalfStorage": torch.float16, "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64, "LongStorage": torch.int64, "IntStorage": torch.int32, "ShortStorage": torch.int16,
    "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip
# Of what stands beside the weights, or around them; torch.float32 and its like as well.
INERT = """
    torch_utils.persistence._reconstruct_persistent_obj argparse.Namespace collections.Counter torch.device
    builtins.set builtins.frozenset __builtin__.set __builtin__.frozenset numpy.dtype numpy.ndarray
    numpy.core.multiarray.scalar numpy._core.multiarray.scalar numpy.core.multiarray._reconstruct
    numpy._core.multiarray._reconstruct numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
    pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePosixPath
"""
DICTIONARIES = """
    collections.OrderedDict dnnlib.util.EasyDict pytorch_lightning.utilities.parsing.AttributeDict
    lightning_fabric.utilities.data.AttributeDict lightning.fabric.utilities.data.AttributeDict
"""
# The older format begins with three pickles of its own: a number to know it by, its version, and the machine.
OLDER = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
OTHERS = {
    rb"\x89HDF": "a file of Keras, which is not supported", rb"<": "a web page", rb"\x1f\x8b": "packed with gzip",
    rb"version https://git-lfs": "a pointer to a file in Git LFS", rb"GGUF": "a file of GGUF, which is not supported",
    rb"\x08": "a file of ONNX, which is not supported", rb"....TFL3": "a file of TensorFlow, which is not supported",
}  # fmt: skip
FOOTER = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"  # of an index that TensorFlow writes
Memory = Callable[[Any, torch.dtype, int], Tensor]  # a storage's numbers, by its key, their type and their count
LEFT_OUT = ("module", "_orig_mod")  # of names
TENSORFLOW = ("dnnlib.tflib", "tensorflow", "tfutil", "network.Network", "keras")


class Refused(ValueError):
    """The part of a sentence that says what a file is."""


def tensors(path: Path) -> dict[str, Tensor]:
    """All tensors in a file by their full names, such as "g_ema.conv1.weight", on the CPU.

    Left out of the names is what DataParallel and torch.compile put in. Raises LabError for what is no regular file,
    is damaged, holds more than weights, or is of a kind that this course does not read.
    """
    size = regular(path)
    try:
        if header(path) is not None:
            with safe_open(path, "pt") as archive:
                return _flat({key: archive.get_tensor(key) for key in archive.keys()})  # noqa: SIM118
        with Bounded(path) as file:
            start = file.read(64)
            file.seek(-min(8, size), io.SEEK_END)
            end = file.read(8)
            file.seek(0)
            if start.startswith(b"PK"):
                return _flat(from_zip(file, size))
            for sign, name in OTHERS.items():
                if re.match(sign, start, re.DOTALL):
                    raise Refused(f"is {name}")
            if end == FOOTER:
                raise Refused("is a checkpoint of TensorFlow, which is not supported")
            stream = io.BufferedReader(file)
            return _flat(_older(stream, size) if start.startswith(OLDER) else _Reader(stream, 3 * size).checked())
    except Refused as error:
        raise LabError(f"{path} {error}, so it was not opened; get a file of weights for PyTorch.") from error
    except OSError as error:
        raise LabError(f"{path} cannot be read ({reason(error)}).") from error
    except ODD as error:
        raise LabError(f"{path} was not opened: it is damaged, or no file of weights; get it again.") from error


def regular(path: Path) -> int:
    """The length of a regular file; LabError for others before they are opened, which a FIFO would make wait for ever.

    Also for more than 3 GiB.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise LabError(f"There is no file {path}; check the path.") from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a FIFO, a device or a socket"
        raise LabError(f"{path} is {kind}, and no file of weights; check the path.")
    if found.st_size > LARGEST:
        raise LabError(f"{path} has {found.st_size / 1e9:.1f} GB, too much for any network this course knows.")
    return found.st_size


def header(path: Path) -> dict[str, Any] | None:
    """What a safetensors file says of itself: its tensors, and in "__metadata__" more; None for any other file.

    Raises LabError for a damaged one, and for one that is no list of tensors or too long.
    """
    size = regular(path)
    with path.open("rb") as file:
        start = file.read(9)
        length = int.from_bytes(start[:8], "little")
        if start[8:] != b"{" or not 2 <= length <= size - 8:
            return None
        try:
            found = json.loads(b"{" + file.read(length - 1)) if length <= LONGEST else None
            if not isinstance(found, dict) or len(found) > 20 * MOST_TENSORS:
                raise ValueError("no list of tensors")
            return found
        except (ValueError, RecursionError) as error:
            raise LabError(f"{path} is not a readable weights file; download or train it again.") from error


def below(named: dict[str, Tensor], sign: str) -> dict[str, dict[str, Tensor]]:
    """What stands before each key that ends with `sign` -> all tensors behind the same; of several an average alone."""
    places = [key[: -len(sign)] for key in named if key == sign or key.endswith(f".{sign}")]
    averages = [place for place in places if "ema" in place]
    places = averages if len(averages) == 1 else places[:MANY]
    return {
        place: {key[len(place) :]: value for key, value in named.items() if key.startswith(place)} for place in places
    }


def check(path: Path, state: dict[str, Tensor]) -> None:
    """LabError unless these tensors can be a network's, and take no more memory than the file that they came from."""
    if len(state) > MOST_TENSORS:
        raise LabError(f"{path} holds a network of {len(state):,} tensors, more than any that this course knows.")
    if sum(value.numel() * value.element_size() for value in state.values()) > path.stat().st_size:
        raise LabError(f"{path} was not opened: its tensors claim more than the file holds.")


def scan(file: BinaryIO) -> None:
    """Go through a pickle without running it; ValueError unless its steps, their work and its depth have bounds."""
    values: list[list[int] | None] = []  # of each value its size, with what it repeats, and depth; None: a group begins
    memo: dict[Any, list[int] | None] = {}
    work = 0
    for step, (code, argument, _) in enumerate(pickletools.genops(file)):
        if step > MOST or work > WORK:
            raise ValueError("work without bounds")
        if code.name == "MARK":
            values.append(None)
        elif code.name == "DUP":
            values.append(values[-1])
        elif "PUT" in code.name or code.name == "MEMOIZE":
            place = len(memo) if argument is None else int(argument)
            memo[place] = values[-1]
            if place > MOST:  # a place in the memo takes memory up to there
                raise ValueError("a place without bounds")
        elif "GET" in code.name:
            values.append(memo[argument])
        else:
            parts, needed = [], list(code.stack_before)
            if pickletools.markobject in needed:
                while (part := values.pop()) is not None:
                    parts.append(part)
                needed = needed[: needed.index(pickletools.markobject)]
            taken = [values.pop() for _ in needed]
            whole = [1, 0]
            if code.name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"):
                whole = taken.pop()  # type: ignore[assignment]  # it stays the same, wherever else it is used
            parts += taken  # type: ignore[arg-type]
            added = 1 + sum(size for size, _ in parts)
            whole[:] = whole[0] + added, max(whole[1], 1 + max((depth for _, depth in parts), default=0))
            work += added
            if whole[1] > DEEPEST:
                raise ValueError("depth without bounds")
            values += [whole] * len(code.stack_after)


class Bounded(io.FileIO):
    """A zip file may list a million members, and zipfile would take minutes to say so."""

    most = LONGEST // 4

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.most:
            raise ValueError("the list of members is too long")
        return super().read(-1 if size is None else size)


class _Inert:
    """Stands for whatever a pickle would have made; it keeps what it was given, and does nothing."""

    given: tuple[Any, ...] = ()

    def __init__(self, *given: Any) -> None:
        self.given = given

    def __setstate__(self, state: Any) -> None:
        pass


class _Dict(dict[Any, Any]):
    """Stands for dictionaries of any kind, and takes no attributes."""

    def __setstate__(self, state: Any) -> None:
        pass


class _Function:
    """A function to call and nothing else: a pickle could set attributes of a bare one, for the whole process."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *given: Any) -> Any:
        return self._call(*given)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it tries to change a function")


def _tensor(memory: Tensor, offset: int, shape: tuple[int, ...], steps: tuple[int, ...], *_: Any) -> Tensor:
    """A part of a file's memory; one number shown many times would be small in the file and large afterwards."""
    found = memory.as_strided(shape, steps, offset)
    if found.numel() > memory.numel():
        raise Refused("has a tensor that claims more than the file holds")
    return found


class _Reader(pickle.Unpickler):
    """Reads a pickle without running anything: names it does not know are refused."""

    known: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(INERT.split(), _Inert),
        **dict.fromkeys(DICTIONARIES.split(), _Dict),
        **dict.fromkeys(("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2"), _Function(_tensor)),
        "torch._utils._rebuild_parameter": _Function(lambda tensor, *_: tensor),
        "torch.Size": tuple,
    }

    def __init__(self, file: BinaryIO, most: int, memory: Memory | None = None) -> None:
        super().__init__(file, encoding="latin1")
        self.file, self.left, self.memory = file, most, memory

    def checked(self) -> Any:
        """The pickle at the file's place, once `scan` has gone through it."""
        start = self.file.tell()
        scan(self.file)
        end = self.file.tell()
        self.file.seek(start)
        found = self.load()
        self.file.seek(end)
        return found

    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        if module in ("torch", "torch.cuda") and (name in STORAGES or f"torch.{name}" in map(str, STORAGES.values())):
            return name
        if full == "torch.storage._load_from_bytes" and self.memory is None:
            return _Function(lambda content: _older(io.BytesIO(content), self.spend(len(content))))
        if full == "_codecs.encode":  # bytes, in protocol 2
            return _Function(lambda text, _: text.encode("latin1")[: self.spend(len(text))])
        if full in ("__builtin__.bytes", "builtins.bytes"):
            return _Function(lambda: b"")
        if full.startswith(TENSORFLOW):
            raise Refused("is a network of TensorFlow, which is not supported")
        if name == "_rebuild_tensor_v3":
            raise Refused("has weights of a type (float8 or such) that is not supported")
        if full not in self.known:
            raise Refused(f"holds more than weights (it asks for {shown(full)})")
        return self.known[full]

    def spend(self, length: int) -> int:
        """So many bytes of memory, of which a file gets a few times its own length."""
        self.left -= length
        if self.left < 0:
            raise ValueError("memory without bounds")
        return length

    def persistent_load(self, identity: Any) -> Any:
        kind, storage, key, _, count, *view = identity
        if kind != "storage" or any(view) or self.memory is None:
            raise ValueError("no storage")
        return self.memory(key, STORAGES[storage], count)


def from_zip(file: Bounded, size: int) -> Any:
    """What PyTorch saved in a zip file of `size` bytes, with all its tensors; Refused, or one of ODD, for others."""
    archive = zipfile.ZipFile(file)
    file.most = size
    names = {member.filename: member for member in archive.infolist()}
    if any(name.endswith("/constants.pkl") for name in names):
        raise Refused("is TorchScript, a program with weights inside, which is not supported")
    index = [name for name in names if name.rpartition("/")[2] == "data.pkl"]
    if len(index) != 1:
        raise Refused("is a zip archive and no file of weights")
    stored = all(member.compress_type == zipfile.ZIP_STORED for member in names.values())
    if not stored or sum(member.file_size for member in names.values()) > size:
        raise Refused("is a zip archive that PyTorch did not write")
    if names[index[0]].file_size > LONGEST:
        raise ValueError("the list of tensors is too long")
    order = index[0].removesuffix("data.pkl") + "byteorder"
    if order in names and archive.read(order) != b"little":
        raise Refused("was written by a machine of another byte order, which is not supported")
    read: dict[str, Tensor] = {}

    def memory(key: Any, dtype: torch.dtype, _: int) -> Tensor:
        name = f"{index[0].removesuffix('data.pkl')}data/{key}"
        if name not in read:
            read[name] = _numbers(bytearray(archive.read(name)), dtype)
        return read[name]

    return _Reader(io.BytesIO(archive.read(index[0])), size, memory).checked()


def _older(file: BinaryIO, size: int) -> Any:
    """A tree of tensors, or one tensor's memory, in the format of PyTorch before 1.6: first what, then the numbers."""
    room: dict[Any, tuple[bytearray, Tensor]] = {}

    def memory(key: Any, dtype: torch.dtype, count: int) -> Tensor:
        if key not in room:
            content = bytearray(reader.spend(count * dtype.itemsize))
            room[key] = content, _numbers(content, dtype)
        return room[key][1]

    file.seek(len(OLDER))
    _Reader(file, size, memory).checked()  # the machine it was written on
    reader = _Reader(file, size, memory)
    found, keys = reader.checked(), _Reader(file, size, memory).checked()
    for key in keys:
        content, numbers = room[key]
        (count,), read = struct.unpack("<q", file.read(8)), file.read(len(content))
        if count != len(numbers) or len(read) != len(content):
            raise ValueError("a tensor is cut short")
        content[:] = read
    return found


def _numbers(content: bytearray, dtype: torch.dtype) -> Tensor:
    return torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)


def _flat(tree: Any) -> dict[str, Tensor]:
    """All tensors in dictionaries in dictionaries, and in NVIDIA's networks, by their full names."""
    found: dict[str, Tensor] = {}
    waiting, seen = [("", tree)], 0
    while waiting:
        name, value = waiting.pop()
        seen += 1
        if seen > MOST:
            raise ValueError("dictionaries without bounds")
        if len(name) > LONGEST_NAME:
            continue
        if isinstance(value, _Inert) and value.given and isinstance(value.given[0], dict):
            state = value.given[0].get("state", {})
            value = {**state["_parameters"], **state["_buffers"], **state["_modules"]} if "_modules" in state else {}
        if isinstance(value, list | tuple):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            keys = {key: str(key) for key in value if isinstance(key, str | int)}
            if sum(map(len, keys.values())) > LONGEST:
                raise ValueError("names without bounds")
            waiting += [(f"{name}.{text[:LONGEST_NAME]}", value[key]) for key, text in keys.items()]
        elif isinstance(value, Tensor):
            found[".".join(part for part in name.split(".")[1:] if part not in LEFT_OUT)] = value
    return found
