"""From a name, a run's folder or somebody else's file to a network that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from animelab import foreign
from animelab.config import nearest
from animelab.engine.run import read_record
from animelab.engine.weights import load_weights
from animelab.errors import LabError, shown
from animelab.nn import colorization, compat, compat_stylegan2, dcgan
from animelab.zoo.manifest import TRANSLATORS, card, names, read, verified
from animelab.zoo.pretrained import Conditional, OfClasses, Pretrained, Translator


def load(name: str) -> Any:
    """A bundled model by name, a Pretrained, Conditional or Translator; its file must match the sha256 of the manifest.

    Raises LabError for an unknown name, with the nearest one, and for a file that was damaged.
    """
    return _open(verified(name), name, card(name))


def network(name: str) -> nn.Module:
    """The bare network of a bundled model, ready for use; for those that do not draw, such as "tagger".

    Raises LabError as `load`.
    """
    return load_weights(verified(name))[2]


def colorist(draft: str | Path, refine: str | Path) -> colorization.Colorist:
    """Both stages of coloring, each a bundled model's name or a run's folder; see `nn.colorization.Colorist`.

    Raises LabError as `load` and `load_run`, and for networks that are no such stages.
    """
    stages = []
    for place, channels in ((draft, 5), (refine, 8)):
        folder = Path(place)
        stage = load_weights(folder / "weights.safetensors" if folder.is_dir() else verified(str(place)))[2]
        if not isinstance(stage, colorization.UNet) or stage.channels_in != channels:
            raise LabError(f"'{place}' is no network of this stage of coloring; train one: animelab train colorization")
        stages.append(stage)
    return colorization.Colorist(*stages).eval()


def load_run(folder: str | Path) -> Any:
    """The averaged generator of a training run, from the folder `train` wrote: as `load` gives it.

    Raises LabError when the folder holds no trained weights.
    """
    folder = _place(folder)
    path = folder / "weights.safetensors"
    if not path.exists():
        raise LabError(f"{folder} holds no trained weights (no weights.safetensors); train there, or check the path.")
    return _open(path, folder.name, read_record(folder))


def open_model(run_or_name: str | Path) -> Pretrained:
    """A run's folder, a bundled model's name, or a file: the course's weights, or those of other people's code.

    Of others it reads StyleGAN2 (rosinality's and NVIDIA's) and DCGAN (pytorch/examples), whatever the file's name.
    Raises LabError for anything that does not draw.
    """
    model = open_either(run_or_name, names())
    if isinstance(model, Translator):
        raise LabError(f"'{model.name}' translates pictures and draws none by itself; use: animelab translate")
    return model


def open_translator(path_or_name: str | Path, *options: str) -> Translator:
    """A run's folder, a bundled model's name, or a file: the course's weights, or one that `nn.compat` can read.

    options: of `zoo.OPTIONS`, for a network that has them. Raises LabError for anything that translates no pictures.
    """
    model = open_either(path_or_name, names("translator"))
    if not isinstance(model, Translator):
        raise LabError(f"'{model.name}' draws pictures and translates none; use: animelab sample")
    for option in options:
        model.choose(option)
    return model


def _place(given: str | Path) -> Path:
    if not isinstance(given, str | Path) or not str(given).strip():
        raise LabError(f"A run's folder, a bundled model's name or a file is asked for, not {given!r}.")
    if any(len(part) > 255 for part in Path(given).parts):  # of which the system would not even say whether it is there
        raise LabError(f"'{shown(given)}' is longer than a name can be; check the path.")
    return Path(given)


def open_either(run_or_name: str | Path, bundled: list[str] | None = None) -> Any:
    """What `open_model` or `open_translator` gives; bundled: names to tell of where there is nothing of this one."""
    place, name = _place(run_or_name), str(run_or_name)
    if place.is_dir():
        return load_run(place)
    if name in read():
        return load(name)
    if place.exists():
        return _of_others(place)
    if "://" in name:
        raise LabError(f"{name} is an address; download the file first, and give its path.")
    known = bundled or [*names(), *names("translator")]
    raise LabError(f"There is no run's folder, no file and no model called '{name}': {nearest(name, known)}")


def _of_others(path: Path) -> Pretrained | Translator:
    """What a file holds, by its content: the course's own weights may have any name as well."""
    card: dict[str, Any] = {"data": "pictures that its file does not name"}
    if "network" in ((foreign.header(path) or {}).get("__metadata__") or {}):
        return _open(path, path.stem, card)
    card["foreign"], tensors = True, foreign.tensors(path)
    if any(name.startswith("recipe.") for name in tensors):
        raise LabError(f"{path} is a checkpoint of a run, for training to go on; give the run's folder.")
    if compat_stylegan2.is_one(tensors):
        generator, shape = compat_stylegan2.load_generator(path, tensors)
        if shape["classes"]:
            return OfClasses(path.stem, generator, shape["latent"], shape["size"], card, classes=shape["classes"])
        return Pretrained(path.stem, generator, shape["latent"], shape["size"], card)
    network = compat.load_generator(path, tensors)
    if isinstance(network, dcgan.Generator):
        return Pretrained(path.stem, network, network.latent, network.size, card)
    return Translator(path.stem, network, card)


def _open(path: Path, name: str, card: dict[str, Any]) -> Pretrained | Translator:
    kind, arguments, network = load_weights(path)
    if kind in TRANSLATORS:
        return Translator(name, network, card)
    if kind.endswith("discriminator") or kind.startswith("spade") or not {"latent", "size"} <= arguments.keys():
        more = " Both stages of coloring work together: zoo.colorist(draft, refine)." if "unet" in kind else ""
        raise LabError(f"{path} holds {kind}, which cannot draw by itself; give the weights of a generator.{more}")
    draws = Conditional if arguments.get("tags") or arguments.get("classes") else Pretrained
    return draws(name, network, arguments["latent"], arguments["size"], card)
