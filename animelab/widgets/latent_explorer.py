"""The latent explorer: new faces, sliders, and walks, for any generator. Taught in 01_dcgan and 07_latent_editing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from animelab import env, limits, zoo
from animelab.errors import LabError, shown
from animelab.files import write_atomically
from animelab.latent import Ordered
from animelab.latent.projection import read_point, save_point
from animelab.metrics.attributes import GROUPS
from animelab.nn.arguments import checked
from animelab.studio import TAGS
from animelab.studio.palette import EYES, HAIR
from animelab.viz import as_pixels
from animelab.widgets.exploration import State, plain, space_of
from animelab.widgets.picture import data_url, next_place, within
from animelab.widgets.samples import COLUMNS, PICTURE, Samples, color_of
from animelab.widgets.stage import Part, Stage, button, choice, entry, pad, picture, slider, swatches, toggle, words

SHOWN = 256  # pixels of a still, and of a film
NAMED = 8  # sliders for directions that say what they do
FAR = 2  # steps to the ends of the pad
LONG = 3  # steps to the ends of a slider, unless the model's own samples end before: further out faces crumble
PLACES = 6  # in a row of kept faces
FIELD = 5  # pictures in a row of the pad
FRAMES, PAUSE = 24, 50  # of a film from face to face, and milliseconds between them
ACTS = {
    "new": ("New face", "shuffle", "The face of the next seed"),
    "undo": ("Undo", "undo", "Undo"),
    "redo": ("Redo", "redo", "Redo"),
    "reset": ("Reset", "reset", "Back to the face of the seed"),
    "keep": ("Keep", "heart", "Keep this face, as the next one of the way"),
    "save": ("Save", "save", "Write the picture and its point into a file each"),
}
BARE = ("undo", "redo", "reset")  # an icon says it
UNKNOWN = "…"  # a direction that is still looked for
FOUND: dict[tuple[Any, ...], Samples] = {}  # of the newest models explored in this process, by a picture of theirs
MODELS = 4  # so many of them


class LatentExplorer(Stage):
    """Explore a generator by hand: new faces, directions, a map of samples, walks through the faces you kept.

    model: a `zoo` model, or anything callable that turns latents (B, latent) into pictures (B, 3, H, W) in [-1, 1]; a
    torch module is copied as it is now and put into evaluation mode. A StyleGAN2 is explored in w, with truncation and
    a choice of layers; of another model that takes orders, the order is what one chooses. latent: numbers per latent,
    where the model does not say. directions: your own by name, (latent,), as long as one step; then come those the
    examiner has a name for, found on the model's own samples while nobody moves anything, and the principal ones.
    device: "cpu", "cuda", "mps" or "auto"; where the model is, by default. Raises LabError for anything that does not
    draw pictures from latents. enlarge: what makes the face you see larger, as `widgets.enlarged` does; the words below
    say so, and what is kept and saved stays as it was drawn.

    Pull at the picture: two directions at once. A double click on a slider's name, or on the picture, resets it.
    """

    @checked(seed=limits.SEEDS)
    def __init__(
        self,
        model: Any,
        latent: int | None = None,
        device: str | None = None,
        seed: int = 0,
        directions: Mapping[str, Tensor] | None = None,
        enlarge: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self._enlarge = enlarge
        self.space = space_of(model, latent, device, directions)
        self.state = self._start(seed)
        self.kept: list[State] = []
        self._small_kept: list[np.ndarray] = []
        self._slots: dict[str, str] = {}  # a slider's direction
        self._tags: dict[str, int] = {}  # a toggle's column of the order
        self._drawn_for: dict[str, Any] = {}  # what the small pictures show
        faces = isinstance(model, zoo.Pretrained | nn.Module) and not isinstance(self.space, Ordered)
        first = self._pixels(self._start(0) if seed else self.state).tobytes()
        key = (faces, type(self.space), self.space.latent, first)
        self._samples = FOUND.setdefault(key, Samples(self.space, faces))
        if len(FOUND) > MODELS:
            del FOUND[next(iter(FOUND))]
        self._knows = False  # what the samples tell
        self._own = own = list(self.space.named)
        groups, folds = self._groups(max(NAMED, len(own)) if faces else len(own), own)
        pull = pad("face", "Pull at the picture", -FAR, FAR, of="field", pull=True)
        super().__init__("explorer", [pull], groups, folds)
        self.remember(self.state)
        self._name(own)
        if self._samples.done:
            self._understood()
        self._strip()

    @property
    def latents(self) -> Tensor:
        """The point of the picture you see, (1, latent) or in w (1, layers, latent) and truncated, to go on with."""
        point = self.space.pulled(self.state.point(self.space)[None], self.state.truncation)
        return point[:, : self.space.latent] if isinstance(self.space, Ordered) else point

    @property
    def order(self) -> Tensor | None:
        """The order (34,) of the picture you see, where the model takes orders and is no StyleGAN2."""
        return self.state.start(self.space)[self.space.latent :] if isinstance(self.space, Ordered) else None

    def render(self, state: State) -> np.ndarray:
        """The picture of a state: uint8 (H, W, 3), at least 256 pixels wide."""
        pixels = Image.fromarray(self._large(state))
        return np.asarray(pixels.resize([max(SHOWN, pixels.width)] * 2, Image.Resampling.LANCZOS))

    def seen(self) -> list[tuple[np.ndarray, str]]:
        return [(self.render(self.state), self.state.words(self.space))]

    def new_face(self, seed: int | None = None) -> None:
        """Draw the face of a seed, the next one by default; sliders go back to zero, truncation stays."""
        self._go_on(self._start(self.state.seed + 1 if seed is None else seed))

    def load(self, path: str | Path) -> None:
        """Go on from a point that `save` or `animelab project` wrote; LabError for one of another generator."""
        if not isinstance(path, str | Path) or not str(path).strip():
            raise LabError(f"The file of a point is asked for, not {shown(repr(path))}.")
        self.go_to(read_point(Path(path), self.space), shown(Path(path).stem))

    def go_to(self, point: Tensor, name: str) -> None:
        """Go on from a point of the space, and call its face so."""
        self.go(replace(self._start(self.state.seed), face=point, name=name))

    def reset(self) -> None:
        """Go back to the face of the seed."""
        self.go(self._start(self.state.seed))

    def keep(self) -> None:
        """Keep the face you see, as the next one of the way."""
        self.kept.append(self.state)
        self._small_kept.append(within(self._pixels(self.state), PICTURE))
        self._strip()
        self.say(f"Kept as face {len(self.kept)} of the way.")

    def save(self, folder: str | Path | None = None) -> tuple[Path, Path]:
        """Write the picture (.png, at the model's size) and its point (.safetensors, "latent"), and say where."""
        picture = self.save_as(Path(folder or env.runs_dir() / "explorer"), "face-", self._pixels(self.state))
        point = picture.with_suffix(".safetensors")
        where = self.space.pulled(self.state.point(self.space)[None], self.state.truncation)
        save_point(point, where, self.state.words(self.space))
        self.say(f"Saved as {picture} and {point.name}.")
        return picture, point

    def film(self, folder: str | Path | None = None) -> Path:
        """Write the way through the kept faces, and back to the first, as an animated WebP; LabError for fewer than
        two."""
        if len(self.kept) < 2:
            raise LabError("A film goes from face to face: keep two of them first.")
        stops = [state.point(self.space) for state in self.kept]
        ways = list(zip(stops, [*stops[1:], stops[0]]))
        points = [self.space.between(a, b, t / FRAMES) for a, b in ways for t in range(FRAMES)]
        frames = []
        for part in self.counted(f"Drawing a film of {len(points)} pictures", torch.stack(points).split(8)):
            images = map(Image.fromarray, self._drawn(part, self.state.truncation))
            frames += [each.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS) for each in images]
        path = next_place(Path(folder or env.runs_dir() / "explorer").absolute(), "film-").with_suffix(".webp")
        options = {"save_all": True, "append_images": frames[1:], "duration": PAUSE, "loop": 0, "quality": 85}
        write_atomically(path, lambda temporary: frames[0].save(temporary, "WEBP", **options))
        self.play("face", f"data:image/webp;base64,{b64encode(path.read_bytes()).decode()}")
        self.say(f"The way through {len(stops)} faces, saved as {path}.")
        return path

    def changed(self, name: str) -> None:
        """A control was moved by hand."""
        value, state = self.values[name], self.state
        if name == "seed":
            self.new_face(limits.whole("A seed", int(value) if value.strip().isdecimal() else value, limits.SEEDS))
        elif name in ("across", "up") or (name in ("kept", "map") and value is None):
            self.restored(state)
        elif name == "kept":
            self.go(self.kept[value])
        elif name == "map":
            point = self._samples.points[self._map[value]]
            self._go_on(replace(self._start(state.seed), face=point, name=f"Sample {value + 1} of the map"))
        elif name == "walk":
            path = tuple(each.point(self.space) for each in self.kept)
            steps = state.steps if state.walk is not None else {}
            self.go(self._within(replace(state, path=path, walk=value, steps=steps)), name)
        elif name == "field" or name in self._slots:
            moved = zip(self._axes, value) if name == "field" else [(self._slots[name], value)]
            self.go(self._within(replace(state, steps={**state.steps, **dict(moved)})), name)
        elif name in ("first", "last", "truncation"):
            layers = sorted((round(self.values["first"]), round(self.values["last"]))) if self.space.layers else (0, 0)
            self.go(replace(state, layers=tuple(layers), truncation=self.values["truncation"]), name)
        elif name in self._tags or name in ("hair", "eyes"):
            self._ordered(name)
        elif name.startswith("open_"):
            self.later()

    def pressed(self, name: str) -> None:
        if name in ("undo", "redo"):
            super().pressed(name)
        elif name in (*ACTS, "film", "forget"):
            getattr(self, "new_face" if name == "new" else name)()
        elif name in ("kept", "map") and self.values[name] is not None:
            self.changed(name)

    def idle(self) -> bool:
        """Draw samples, find names for directions, and draw the small pictures that follow the face."""
        if self._knows:
            return self._draw_ends() or self._draw_field()
        self.progress = {"words": "Finding out what can be changed", "part": self._samples.piece()}
        if self._samples.done:
            self.progress = {}
            self._understood()
        return True

    @property
    def _axes(self) -> list[str]:
        """The directions of the pad; none while there are none."""
        axes = [self.values["across"], self.values["up"]]
        return axes if all(axis in self.space.named for axis in axes) else []

    def _pixels(self, state: State) -> np.ndarray:
        return self._drawn(state.point(self.space)[None], state.truncation)[0]

    def _large(self, state: State) -> np.ndarray:
        return self._enlarge(self._pixels(state)[None])[0] if self._enlarge else self._pixels(state)

    def _drawn(self, points: Tensor, truncation: float) -> np.ndarray:
        return as_pixels(self.space.pictures(points, truncation))

    def _reach(self, name: str, state: State) -> tuple[float, float]:
        """How far a direction goes, in steps: to where the model's own samples end; a learner's own goes LONG."""
        start, step = state.start(self.space), self.space.named[name]
        low, high = (-LONG, LONG) if name in self._own else self._samples.reach(start, step)
        return round(max(low, -LONG), 1), round(min(high, LONG), 1)

    def _within(self, state: State) -> State:
        """The state, with no step further than its direction goes."""
        far = {name: self._reach(name, state) for name in state.steps}
        return replace(state, steps={name: min(max(far[name][0], x), far[name][1]) for name, x in state.steps.items()})

    def _start(self, seed: int) -> State:
        layers = (0, max(0, self.space.layers - 1))
        return State(seed, f"Face of seed {seed}", self.space.point(seed), layers=layers)

    def _go_on(self, start: State) -> None:
        """From another face, as far truncated, and in the same layers."""
        self.go(replace(start, truncation=self.state.truncation, layers=self.state.layers))

    def restored(self, state: State) -> None:
        """Make the picture and every control show `state`."""
        self.state = state
        words = state.words(self.space) + (", enlarged by a network" if self._enlarge else "")
        self.show("face", self._large(state), words)
        self.say(words)
        for slot, name in self._slots.items():
            self.update(slot, **dict(zip(("low", "high"), self._reach(name, state))))
        values: dict[str, Any] = {slot: state.steps.get(name, 0) for slot, name in self._slots.items()}
        values |= {"seed": str(state.seed), "field": [state.steps.get(axis, 0) for axis in self._axes] or [0, 0]}
        values |= {"kept": next((i for i, each in enumerate(self.kept) if each is state), None), "map": None}
        values |= dict(zip(("first", "last", "truncation"), (*state.layers, state.truncation)))
        values["walk"] = state.walk or self.values["walk"]
        if (order := self.order) is not None:
            for name, group in zip(("hair", "eyes"), GROUPS.values()):
                values[name] = color_of(group[int(order[group].argmax())])
            values |= {name: bool(order[column] > 0.5) for name, column in self._tags.items()}
        self.put(**values)
        axes = [plain(axis) for axis in self._axes]
        for name in ("face", "field"):
            self.update(name, axes=axes or ["", ""], disabled=not axes)
        self.gray(forget=values["kept"] is None)
        self.later()

    def _strip(self) -> None:
        """Show the kept faces."""
        count = len(self.kept)
        empty = PLACES - count % PLACES if count % PLACES or not count else 0
        alts = [f"Kept face {i}: {state.words(self.space)}" for i, state in enumerate(self.kept, start=1)]
        self.show_all("kept", [*self._small_kept, *[None] * empty], [*alts, *["An empty place"] * empty])
        self.update("walk", disabled=count < 2, high=max(2, count))
        self.gray(film=count < 2)
        self.restored(self.state)

    def forget(self) -> None:
        """Keep the face you see no longer."""
        number = self.values["kept"]
        if number is not None:
            del self.kept[number], self._small_kept[number]
            self._strip()

    def _ordered(self, name: str) -> None:
        """The order was changed by hand."""
        point, value = self.state.start(self.space).clone(), self.values[name]
        order = point[self.space.latent :]
        if name in self._tags:
            order[self._tags[name]] = float(value)
        else:
            group = GROUPS["hair color" if name == "hair" else "eye color"]
            order[group] = torch.tensor([float(color_of(i) == value) for i in group])
        self.go(replace(self.state, face=point, walk=None))

    def _understood(self) -> None:
        """The samples are drawn: names for sliders, the components, and the map."""
        self._knows = True
        found, parts, own = self._samples.named(), self._samples.principal(), dict(self.space.named)
        self.space.named |= {**found, **parts, **own}
        named = list(dict.fromkeys([*own, *found]))[: max(NAMED, len(own))]
        self._name(named, list(parts))
        if not named:
            self.say("The examiner sees nothing change along any one direction.", "unnamed")
        self._map = self._samples.map()
        alts = [f"Sample {i + 1} of the map" for i in range(len(self._map))]
        self.show_all("map", [self._samples.pictures[i] for i in self._map], alts)

    def _name(self, named: list[str], parts: list[str] | None = None) -> None:
        """Give the sliders their directions; those that get none vanish when all is known."""
        slots = [name for name in self.parts if name.startswith("named_")]
        others = [name for name in self.parts if name.startswith("part_")]
        self._slots |= dict(zip(slots, named)) | dict(zip(others, parts or []))
        for slot, name in self._slots.items():
            self.update(slot, label=f"{name[:1].upper()}{name[1:]}", disabled=False)
        if parts is not None:
            for slot in [*slots, *others]:
                self.update(slot, hidden=slot not in self._slots)
            known = list(self._slots.values())
            for axis, name in zip(("across", "up"), known * 2):
                self.update(axis, options=known)
                self.put(**{axis: self.values[axis] if self.values[axis] in known else name})
            self.restored(self.state)

    def _draw_ends(self) -> bool:
        """The small pictures at the ends of the sliders, made from the face; gives whether there were any to draw."""
        state = replace(self.state, steps={})
        now = (state.face, state.path, (state.walk, state.truncation, state.layers))
        opened = [slot for slot in self._slots if slot.startswith("named") or self.values["open_parts"]]
        slots = [slot for slot in opened if not _same(self._drawn_for.get(slot), now)][:NAMED]
        if not slots:
            return False
        far = [(self._slots[slot], self.parts[slot][end]) for slot in slots for end in ("low", "high")]
        points = torch.stack([replace(state, steps=dict([each])).point(self.space) for each in far])
        urls = [data_url(within(each, PICTURE), "JPEG", quality=88) for each in self._drawn(points, state.truncation)]
        self.ends = {**self.ends, **{slot: urls[2 * i : 2 * i + 2] for i, slot in enumerate(slots)}}
        self._drawn_for |= dict.fromkeys(slots, now)
        return True

    def _draw_field(self) -> bool:
        """The pictures below the pad's knob, made from the face."""
        axes, state = self._axes, self.state
        others = [(name, x) for name, x in state.steps.items() if x and name not in axes]
        now = (state.face, state.path, (state.walk, state.truncation, state.layers, axes, others))
        if not axes or not self.values["open_field"] or _same(self._drawn_for.get("field"), now):
            return False
        places = FAR * (2 * (torch.arange(FIELD) + 0.5) / FIELD - 1)
        spots = [(float(x), float(y)) for y in places.flip(0) for x in places]
        states = [self._within(replace(state, steps={**state.steps, **dict(zip(axes, spot))})) for spot in spots]
        points = [each.point(self.space) for each in states]
        small = [within(each, PICTURE) for each in self._drawn(torch.stack(points), state.truncation)]
        sheet = np.concatenate([np.concatenate(small[i : i + FIELD], 1) for i in range(0, len(small), FIELD)])
        self.show("field", sheet, f"The face, {plain(axes[0])} to the right, {plain(axes[1])} upward")
        self._drawn_for["field"] = now
        return True

    def _groups(self, count: int, own: list[str]) -> tuple[dict[str, list[Part]], dict[str, str]]:
        """All controls, with room for so many directions with names; and which groups fold."""
        ended: dict[str, Any] = {"disabled": True, "ends": ["", ""]}
        named = [{**slider(f"named_{i}", UNKNOWN, 0, -LONG, LONG, 0.1), **ended} for i in range(count)]
        parts = [f"part_{i}" for i in range(min(5, self.space.latent))]
        known, last = own if len(own) > 1 else [UNKNOWN], self.space.layers - 1
        acts = [button(name, label, icon, tip, bare=name in BARE) for name, (label, icon, tip) in ACTS.items()]
        way = [{**slider("walk", "From the first to the last", 1, 1, 2, 0.02), "disabled": True}]
        way += [button("film", "Film", "play", "Write the way as an animated WebP", disabled=True)]
        way += [button("forget", "Forget this one", "clear", "Keep this face no longer", disabled=True)]
        two = [choice("across", "To the right", known), choice("up", "Upward", known, known[min(1, len(known) - 1)])]
        more: list[Part] = [entry("seed", "Seed", str(self.state.seed))]
        if self.space.layers:
            more += [slider("truncation", "Truncation", 1, 0, 1.5, 0.1)]
            more += [slider("first", "First layer to move", 0, 0, last)]
            more += [slider("last", "Last layer to move", last, 0, last)]
        groups = {
            "": [*acts, picture("kept", "Kept faces", "pick", value=None, columns=PLACES)],
            "Order": self._order_controls(),
            "What it can change": [*named, words("unnamed", 0)] if named else [],
            "Way through the kept faces": way,
        }
        aside: dict[str, list[Part]] = {
            "Two at once": [*two, pad("field", "Two at once", -FAR, FAR)],
            "Map of samples": [picture("map", "Map of samples", "pick", value=None, columns=COLUMNS)],
            "Components without a name": [{**slider(name, UNKNOWN, 0, -LONG, LONG, 0.1), **ended} for name in parts],
            "Seed, truncation, layers" if self.space.layers else "Seed": more,
        }
        folds = dict(zip(aside, ("open_field", "open_map", "open_parts", "open_more")))
        for title, name in folds.items():
            aside[title].append({**toggle(name, title), "hidden": True})
        return {title: group for title, group in {**groups, **aside}.items() if group}, folds

    def _order_controls(self) -> list[Part]:
        """Colors to choose, and everything else that some of its orders have to switch on."""
        if not isinstance(self.space, Ordered):
            return []
        known, colored = self.space.orders(512, 0).any(0), [i for group in GROUPS.values() for i in group]
        found: list[Part] = [swatches("hair", "Hair", HAIR), swatches("eyes", "Eyes", EYES)]
        self._tags = {f"tag_{i}": i for i in range(len(TAGS)) if known[i] and i not in colored}
        return [*found, *(toggle(name, TAGS[i].capitalize()) for name, i in self._tags.items())]


def _same(one: Any, other: Any) -> bool:
    return one is not None and one[0] is other[0] and one[1] is other[1] and one[2] == other[2]
