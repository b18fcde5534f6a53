"""Training as a film: play the previews, or pull them to and fro. Taught in 01_dcgan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from animelab.errors import LONGEST, LabError, shown
from animelab.files import read
from animelab.nn.arguments import checked
from animelab.viz import as_pixels
from animelab.widgets.stage import Stage, address, film

MOST = 240  # frames that are sent to the browser; of more, so many
PLACE = 512  # CSS pixels of a picture that is not larger


class Timelapse(Stage):
    """Play, pause and slide through saved previews, also without a kernel.

    frames: a folder of PNG files (a run's `previews`), their paths, or uint8 arrays (H, W, 3) of one size. names: what
    each frame is called; by default the step from its file's name, or its number. interval: milliseconds a frame.
    width: CSS pixels, by default 512, or more for larger frames. Raises LabError when there are no frames.
    """

    @checked(interval=(1, 60_000), width=(1, 10_000))
    def __init__(
        self,
        frames: str | Path | Sequence[Any],
        names: Sequence[str] | None = None,
        interval: int = 150,
        width: int | None = None,
    ) -> None:
        if isinstance(frames, str | Path):
            folder, frames = frames, sorted(Path(frames).glob("*.png"))
            if not frames:
                raise LabError(f"There are no PNG pictures in {folder}; train there first, or check the path.")
        self.frames = list(frames) if isinstance(frames, Sequence | np.ndarray) else []
        if not self.frames:
            raise LabError("A time lapse needs at least one frame, a folder or a list of them.")
        self.names = list(names or [_name(frame, index) for index, frame in enumerate(self.frames)])
        if len(self.names) != len(self.frames):
            raise LabError(f"There are {len(self.frames)} frames but {len(self.names)} names; give one name for each.")
        count = len(self.frames)
        self._sent = np.linspace(0, count - 1, min(count, MOST)).round().astype(int).tolist()
        super().__init__("timelapse", [film("film", "Preview", 1, "Play", interval)], {})
        high, wide = self.render(count - 1).shape[:2]
        self.film_0 = [[address(self.render(each)), shown(self.names[each], LONGEST), each] for each in self._sent]
        self._pictures["film"] = [(None, "")] * len(self._sent)
        self.picture_film = {"wide": wide, "high": high, "place": width or max(PLACE, min(wide, 2 * PLACE))}
        self.changed("film")

    def render(self, index: int) -> np.ndarray:
        """Frame number `index`: uint8 (H, W, 3)."""
        frame = self.frames[index]
        return np.asarray(read(frame).convert("RGB")) if isinstance(frame, str | Path) else as_pixels(frame)[0]

    def seen(self) -> list[tuple[np.ndarray, str]]:
        return [(self.render(self._at), f"Preview, {self.names[self._at]} ({self._at + 1} of {len(self.frames)})")]

    @property
    def _at(self) -> int:
        return self._sent[-1 if self.values["film"] is None else self.values["film"]]

    def changed(self, name: str) -> None:
        """The browser turns the pages itself; the words are for the still."""
        self.say(self.names[self._at])


def _name(frame: Any, index: int) -> str:
    step = Path(frame).stem if isinstance(frame, str | Path) else ""
    return f"step {int(step):,}" if step.isdigit() else f"frame {index + 1}"
