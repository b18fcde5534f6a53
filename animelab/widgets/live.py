"""Training to look at: the newest pictures, the losses and the time left, and a hand on it while the cell runs."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from IPython import get_ipython
from IPython.display import display

from animelab.engine import Progress, read_log
from animelab.errors import LONGEST, LabError, say, shown
from animelab.files import BadPicture, read
from animelab.nn.arguments import checked
from animelab.viz import MEASUREMENTS, curves
from animelab.widgets.stage import Stage, address, button, chart, choice, facts, film, words

SLOTS = 64  # previews that are kept to look back at; of more, every second one
POINTS = 240  # of a curve
RUNS = 12  # earlier ones to choose from
ALONE = "nothing"
MADE = "What the networks make of the same examples"
LATER = "Stop finishes the step and saves; the same cell goes on from there."


class LiveTraining(Stage):
    """Watch a training run: `train(recipe, data, out, watch=LiveTraining())`.

    It appears at the first call and redraws at most once in `every` seconds. Pause and Stop are heard at the next line
    of the log; Stop finishes the step and saves, as the notebook's own stop button does. The pictures so far can be
    looked through at any time, and the curves be laid beside those of a run in a neighboring folder. However the cell
    ends, its last state stays.
    """

    @checked(every=(0.0, 86_400.0))
    def __init__(self, every: float = 0.5) -> None:
        self.every = every
        self._next = 0.0  # when to draw again
        self._latest: Progress | None = None
        self._shows = self._paused = self._stopping = self._stopped = False
        self._preview: np.ndarray | None = None
        self._film: list[list[Any]] = []
        self._beside: Sequence[Mapping[str, float]] = ()
        pictures = [film("preview", MADE, SLOTS, "Play what came so far"), chart("losses", "Losses by step", "preview")]
        hands = [facts("state", "Training", ["Step", "Left", "Speed", "So far"])]
        hands += [button("pause", "Pause", tip="Hold the training at its next line of the log")]
        hands += [button("go", "Go on", "play", disabled=True), button("stop", "Stop", tip=LATER)]
        hands += [words("said", 2), choice("beside", "Losses of an earlier run", [ALONE])]
        super().__init__("live", pictures, {"": hands})

    def __call__(self, progress: Progress) -> None:
        """Take in news of the training; cheap, so call it as often as you like."""
        if self._latest and progress.step < self._latest.step:  # another run
            self._film, self._beside, self._stopped = [], (), False
            self.gray(stop=False)
        self._latest = progress
        if get_ipython() is not None and not self._shows:
            self._appear()
        self._listen()
        if time.perf_counter() >= self._next or progress.step >= progress.steps:
            if get_ipython() is None:  # a plain Python script has no widgets
                say(sentence(progress))
            self._draw()
            self._next = time.perf_counter() + self.every
        if self._paused:
            began = time.perf_counter()
            with _signals() as received:
                while self._paused and not received:
                    time.sleep(0.05)
                    self._listen()
            self._hold(False)
            progress.paused += time.perf_counter() - began
        if self._stopping:
            self._stopping = False
            signal.raise_signal(signal.SIGINT)  # as Ctrl-C: the engine finishes the step and saves

    def pressed(self, name: str) -> None:
        """A hand pressed Pause, Go on or Stop: the training finds it at its next line."""
        if name == "stop":
            self._stopping = self._stopped = True
            self.gray(stop=True)
        self._hold(name == "pause")
        if self._latest is not None:
            self._draw()  # in one message: where it stands, and that it does

    def changed(self, name: str) -> None:
        """Another run beside this one; looking back is the browser's own business."""
        if name == "beside" and self._latest is not None:
            other = self._runs().get(self.values["beside"])
            self._beside = read_log(other / "log.jsonl") if other else ()
            self._draw_curves(self._latest)

    def still(self) -> tuple[str, str]:
        if self._latest is None:
            return "<i>Training has not begun.</i>", "Training has not begun."
        markup, _ = super().still()
        with suppress(LabError):  # before the first losses there is nothing to draw
            markup = markup[: -len("</div>")] + curves(self._latest.history)._repr_mimebundle_()["text/html"] + "</div>"
        return markup, shown(sentence(self._latest), LONGEST)

    def _draw(self) -> None:
        progress = self._latest
        assert progress is not None
        with self.hold_sync():
            self.picture_state = {"part": progress.step / max(progress.steps, 1), "values": told(progress)}
            self.say(sentence(progress))
            self.say(self._said(), "said")
            if progress.preview is not None and progress.preview is not self._preview:
                self._keep(progress.preview, progress.step)
            self._draw_curves(progress)

    def _keep(self, preview: np.ndarray, step: int) -> None:
        """Add a picture to the film; each is sent once, and of too many every second one goes."""
        self._preview, first = preview, len(self._film)
        if not first:
            self._film = self._earlier(step)
        self._film.append([address(preview), f"step {step:,}", step])
        if len(self._film) > SLOTS:
            self._film, first = self._film[::2], 0
            if self.values["preview"] is not None:
                self.put(preview=self.values["preview"] // 2)
        for slot in range(first, SLOTS):
            setattr(self, f"film_{slot}", self._film[slot : slot + 1])
        alt = f"{MADE} by step {step:,}"
        self._pictures["preview"] = [(None, "")] * (len(self._film) - 1) + [(preview, alt)]
        self.picture_preview = {"wide": preview.shape[1], "high": preview.shape[0], "newest": step}

    def _earlier(self, step: int) -> list[list[Any]]:
        """Pictures from before the first that is told of, as of a run that is resumed."""
        folder: Path | None = getattr(self._latest, "folder", None)
        paths = sorted((folder / "previews").glob("*.png")) if folder else []
        paths = [path for path in paths if path.stem.isdigit() and int(path.stem) <= step][:-1]
        found = []
        for path in paths[:: 2 * len(paths) // SLOTS + 1]:
            with suppress(BadPicture):
                before = int(path.stem)
                found.append([address(np.asarray(read(path).convert("RGB"))), f"step {before:,}", before])
        return found

    def _draw_curves(self, progress: Progress) -> None:
        own, other = _lines(progress.history), _lines(self._beside)
        names = {line["name"] for line in own}
        dashed = [{**line, "beside": True} for line in other if line["name"] in names]
        self.picture_losses = {"lines": own + dashed, "beside": self.values["beside"] if dashed else ""}
        ends = ", ".join(f"{line['name']} {line['y'][-1]:#.3g}" for line in own)
        self.say(f"Line chart of the losses by step {progress.step:,}: {ends}", "losses")

    def _runs(self) -> dict[str, Path]:
        """The newest other runs in the folder where this one lies, by name."""
        folder: Path | None = getattr(self._latest, "folder", None)
        here = folder.resolve() if folder else None
        found = [log.parent for log in here.parent.glob("*/log.jsonl")] if here else []
        others = [each for each in found if each != here and (each / "log.jsonl").stat().st_size]
        others.sort(key=lambda each: -(each / "log.jsonl").stat().st_mtime)
        return {shown(each.name, LONGEST): each for each in others[:RUNS]}

    def _hold(self, paused: bool) -> None:
        self._paused = paused
        self.gray(pause=paused, go=not paused)

    def _said(self) -> str:
        step, steps = (self._latest.step, self._latest.steps) if self._latest else (0, 0)
        if self._paused:
            return f"Held at step {step:,}. The clock stands still until you go on."
        if self._shows and step < steps:
            return "The step is being finished, and everything saved." if self._stopped else LATER
        return "Finished." if step >= steps else f"Stopped at step {step:,}; the same cell goes on from there."

    def _appear(self) -> None:
        self._shows, self._stopped = True, False
        others = self._runs()
        self.update("beside", options=[ALONE, *others])
        self.gray(beside=not others, pause=False, stop=False)
        display(self)
        get_ipython().events.register("post_run_cell", self._settle)

    def _settle(self, result: Any) -> None:
        """The cell is over: there is nothing left to hold."""
        get_ipython().events.unregister("post_run_cell", self._settle)
        self._shows, self._next = False, 0.0
        self.gray(pause=True, go=True, stop=True)
        self._draw()
        self._asked(self, {"do": "rest"}, [])

    def _listen(self) -> None:
        """Answer the browser's messages to this widget, which else wait until the cell ends; others keep waiting.

        For ipykernel 6, whose main thread both reads messages and runs cells. Later ones hear widgets in a thread.
        """
        kernel: Any = getattr(get_ipython(), "kernel", None)
        socket = getattr(getattr(kernel, "shell_stream", None), "socket", None)
        later = getattr(kernel, "shell_channel_thread", None) is not None
        if socket is None or later or threading.current_thread() is not threading.main_thread():
            return
        import zmq

        while True:
            try:
                message = socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            try:
                _, frames = kernel.session.feed_identities(message, copy=False)
                kind, content = (json.loads(bytes(frames[place].bytes)) for place in (1, 4))
                ours = kind["msg_type"] == "comm_msg" and content["comm_id"] == self.model_id
                news = kernel.session.deserialize(frames, copy=False) if ours else None
            except (ValueError, IndexError, KeyError, TypeError):  # the kernel itself says what is wrong with it
                news = None
            if news is None:
                kernel.schedule_dispatch(kernel.dispatch_shell, message)  # as if it had arrived later
                continue
            self._handle_msg(news)
            for state, parent in (("idle", news), ("busy", kernel.get_parent("shell"))):  # the browser waits for idle
                kernel.session.send(kernel.iopub_socket, "status", {"execution_state": state}, parent)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Inside, Ctrl-C also fills the list; whoever cared for it before still hears of it."""
    received: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield received
        return

    def note(number: int, frame: Any) -> None:
        received.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, before)


def _lines(rows: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """The losses of a log, in at most POINTS points each: the means of neighbors."""
    lines = []
    rows = rows[:: -(len(rows) // (10 * POINTS) + 1)][::-1]  # of a long log not every line, but the last
    for name in dict.fromkeys(name for row in rows for name in row if name not in MEASUREMENTS):
        points = np.array([(row["step"], row[name]) for row in rows if name in row], float)
        points = points[np.isfinite(points).all(1)]
        parts = np.array_split(points, min(POINTS, len(points))) if len(points) else []
        x, y = ([float(f"{part[:, axis].mean():.6g}") for part in parts] for axis in (0, 1))
        if parts:
            lines.append({"name": shown(name, 24), "x": x, "y": y})
    return lines


def told(progress: Progress) -> list[str]:
    """The state of a run: its step, the time left, its speed, the time so far."""
    left = "finished" if progress.step >= progress.steps else duration(progress.eta)
    speed = f"{progress.images_per_second:,.0f} images/s"
    return [f"{progress.step:,} of {progress.steps:,}", left, speed, duration(progress.seconds)]


def sentence(progress: Progress) -> str:
    """The state of a run in one line."""
    step, left, speed, so_far = told(progress)
    losses = "".join(f", {name} {value:#.3g}" for name, value in progress.losses.items())
    return f"Step {step}, {speed}, {so_far} so far, {left}{' left' * (left != 'finished')}{losses}"


def duration(seconds: float) -> str:
    """A time as a person would say it: 45 s, 3 min 20 s, 2 h 5 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
