"""Training to look at, without a browser: what is told, kept and compared, and what hands do while the kernel works."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import zmq
from jupyter_client.session import Session
from PIL import Image

from animelab import engine
from animelab.data import StudioFaces
from animelab.errors import LabError
from animelab.recipes import dcgan
from animelab.widgets import LiveTraining, Timelapse, live
from animelab.widgets.live import SLOTS, duration

GRAY = np.full((4, 8, 3), 128, np.uint8)


def news(step: int, preview: np.ndarray | None = None, history: Any = (), folder: Path | None = None) -> Any:
    times: dict[str, float] = {"seconds": 65.0, "images_per_second": 210.4, "eta": 3700.0, "paused": 0.0}
    what = {"losses": {"D": 0.5}, "history": history, "preview": preview, "folder": folder}
    return SimpleNamespace(step=step, steps=100, **times, **what)


def rows(*steps: int, **losses: float) -> list[dict[str, float]]:
    return [{"step": step, "seconds": step, "images_per_second": 9.0, **losses} for step in steps]


def test_it_shows_the_newest_state(capsys: pytest.CaptureFixture) -> None:
    watch = LiveTraining(every=0)
    assert "not begun" in watch.still()[1]
    watch(news(20, GRAY, rows(10, 20, D=1.5, G=2.0)))
    watch(news(40, GRAY + 50, rows(10, 20, 40, D=1.5, G=2.0)))
    assert watch.picture_state == {"part": 0.4, "values": ["40 of 100", "1 h 1 min", "210 images/s", "1 min 5 s"]}
    assert [line["name"] for line in watch.picture_losses["lines"]] == ["D", "G"]
    assert watch.picture_losses["lines"][0]["x"] == [10, 20, 40] and "D 1.50" in watch.words["losses"]
    assert [watch.film_0[0][1:], watch.film_1[0][1:], watch.film_2] == [["step 20", 20], ["step 40", 40], []]
    markup, text = watch.still()
    assert text == "Step 40 of 100, 210 images/s, 1 min 5 s so far, 1 h 1 min left, D 0.500"
    assert text in markup and "of the same examples by step 40" in markup and "D starts at 1.5 (step 10)" in markup
    assert text in capsys.readouterr().out  # outside of a notebook there is nothing else


def test_it_does_not_redraw_too_often() -> None:
    watch = LiveTraining(every=3600)
    watch(news(10))
    watch(news(20))
    assert watch.picture_state["values"][0] == "10 of 100"
    watch(news(100))  # the last step always
    assert watch.picture_state["values"][:2] == ["100 of 100", "finished"] and watch.words["said"] == "Finished."


def test_losses_that_are_not_finite_and_a_single_point() -> None:
    watch = LiveTraining(every=0)
    watch(news(20, None, [{"step": 20, "D": float("nan"), "G": 2.0}]))
    assert watch.picture_losses["lines"] == [{"name": "G", "x": [20.0], "y": [2.0]}]
    assert "Step 20" in watch.still()[0]


def test_long_logs_are_thinned_and_early_pictures_too() -> None:
    watch = LiveTraining(every=0)
    for step in range(SLOTS):
        watch(news(step, GRAY + step % 100))
    watch.set_state({"values": {**watch.values, "preview": 10}})
    watch(news(SLOTS, GRAY + 100, rows(*range(5000), D=1.0)))
    assert len(watch.picture_losses["lines"][0]["x"]) == live.POINTS
    kept = [getattr(watch, f"film_{slot}")[0][2] for slot in range(SLOTS // 2 + 1)]
    assert kept == list(range(0, SLOTS + 1, 2)) and getattr(watch, f"film_{SLOTS // 2 + 1}") == []
    assert watch.values["preview"] == 5, "the same picture is seen"
    watch(news(1, GRAY))
    assert watch.film_0[0][2] == 1 and watch.film_1 == [], "another run begins anew"


def test_a_run_that_goes_on_has_its_pictures_of_before(tmp_path: Path) -> None:
    (tmp_path / "previews").mkdir()
    for step in range(0, 1000, 10):
        Image.fromarray(GRAY).save(tmp_path / "previews" / f"{step:08d}.png")
    (tmp_path / "previews" / "00000000.png").write_text("damaged")
    watch = LiveTraining(every=0)
    watch(news(995, GRAY, (), tmp_path))
    steps = [getattr(watch, f"film_{slot}")[0][2] for slot in range(SLOTS) if getattr(watch, f"film_{slot}")]
    assert steps == [*range(40, 990, 40), 995], "990 is the picture that is told of"


def test_an_earlier_run_beside(tmp_path: Path) -> None:
    for name, loss in (("now", "D"), ("before", "D"), ("other", "cycle")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.jsonl").write_text(json.dumps({"step": 5, loss: 0.25}) + "\n")
    watch = LiveTraining(every=0)
    watch(news(20, None, rows(10, 20, D=1.0), tmp_path / "now"))
    assert watch._runs().keys() == {"before", "other"}
    watch.update("beside", options=["nothing", *watch._runs()])
    watch.set_state({"values": {**watch.values, "beside": "before"}})
    own, other = watch.picture_losses["lines"]
    assert other == {"name": "D", "x": [5.0], "y": [0.25], "beside": True} and own["x"] == [10, 20]
    assert watch.picture_losses["beside"] == "before"
    watch.set_state({"values": {**watch.values, "beside": "other"}})
    assert len(watch.picture_losses["lines"]) == 1, "it knows no loss of that name"


def press(watch: LiveTraining, name: str) -> None:
    """As a browser does it."""
    watch._asked(watch, {"do": "press", "name": name}, [])


def test_pause_holds_the_training_and_its_clock() -> None:
    watch, held = LiveTraining(every=0), news(20)
    press(watch, "pause")
    threading.Timer(0.3, press, (watch, "go")).start()
    watch(held)
    assert held.paused >= 0.25 and watch.parts["go"]["disabled"] and not watch.parts["pause"]["disabled"]
    again = news(40)
    watch(again)
    assert again.paused == 0


def test_the_notebooks_stop_button_ends_a_pause_and_is_heard_by_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        watch = LiveTraining(every=0)
        press(watch, "pause")
        threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,)).start()
        watch(news(20))
        assert heard == [signal.SIGINT]
        press(watch, "stop")
        watch(news(40))
        assert heard == [signal.SIGINT] * 2 and watch.parts["stop"]["disabled"]
        watch(news(60))
        assert len(heard) == 2, "once is enough: the engine takes a second for impatience"
    finally:
        signal.signal(signal.SIGINT, before)


class Socket(list):
    """What a browser sent while a cell runs."""

    def recv_multipart(self, flags: int, copy: bool) -> list[zmq.Frame]:
        if not self:
            raise zmq.Again
        return [zmq.Frame(part) for part in self.pop(0)]


def test_messages_are_heard_while_the_kernel_works(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, session, sent, waiting = LiveTraining(every=0), Session(key=b"key"), [], []

    def message(kind: str, content: dict[str, Any], broken: bool = False) -> list[bytes]:
        parts = session.serialize(session.msg(kind, content), ident=b"browser")
        return [*parts[:2], b"no signature", *parts[3:]] if broken else parts

    press_it = {"data": {"method": "custom", "content": {"do": "press", "name": "stop"}}}
    kernel = SimpleNamespace(
        session=SimpleNamespace(
            feed_identities=session.feed_identities,
            deserialize=session.deserialize,
            send=lambda socket, kind, content, parent: sent.append((content["execution_state"], parent)),
        ),
        shell_stream=SimpleNamespace(socket=Socket()),
        iopub_socket=None,
        get_parent=lambda channel: "the cell",
        dispatch_shell="dispatch",
        schedule_dispatch=lambda how, parts: waiting.append(parts),
    )
    monkeypatch.setattr(live, "get_ipython", lambda: SimpleNamespace(kernel=kernel))
    kernel.shell_stream.socket.extend(
        [
            message("execute_request", {"code": "1"}),
            message("comm_msg", {"comm_id": "another", **press_it}),
            message("comm_msg", {"comm_id": watch.model_id, **press_it}, broken=True),
            message("comm_msg", {"comm_id": watch.model_id, **press_it}),
            [b"browser", b"<IDS|MSG>", b"rubbish"],
        ]
    )
    watch._listen()
    assert len(waiting) == 4, "the rest waits for the end of the cell, in its order"
    assert json.loads(waiting[0][3].bytes)["msg_type"] == "execute_request"
    assert watch._stopping and [state for state, _ in sent] == ["idle", "busy"] and sent[1][1] == "the cell"
    kernel.shell_channel_thread = object()  # a kernel that hears widgets by itself
    kernel.shell_stream.socket.append(message("comm_msg", {"comm_id": watch.model_id, **press_it}))
    watch._listen()
    assert len(kernel.shell_stream.socket) == 1


def test_a_pause_is_no_training_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    seen: list[engine.Progress] = []

    def watch(progress: engine.Progress) -> None:
        seen.append(progress)
        if len(seen) == 1:
            time.sleep(0.2)
            progress.paused = 1000.0

    config = dcgan.Config(size=32, width=4, batch=2, steps=4, log_every=2, checkpoint_every=4, faces=4)
    engine.train(dcgan.DCGAN(config, "cpu"), StudioFaces(32, 4), tmp_path / "run", watch=watch)
    assert seen[1].seconds < seen[0].seconds - 900 and seen[0].folder == tmp_path / "run"


def test_durations_in_words() -> None:
    assert [duration(x) for x in (0.4, 59, 61, 3600)] == ["0 s", "59 s", "1 min 1 s", "1 h 0 min"]


def test_a_time_lapse_goes_through_a_folder_of_previews(tmp_path: Path) -> None:
    for step in (0, 50, 1000):
        Image.new("RGB", (8, 4), (step // 5, 0, 0)).save(tmp_path / f"{step:08d}.png")
    film = Timelapse(tmp_path)
    assert film.names == ["step 0", "step 50", "step 1,000"]
    assert film.render(1)[0, 0].tolist() == [10, 0, 0]
    assert [words for _, words, _ in film.film_0] == film.names
    assert "step 1,000 (3 of 3)" in film.still()[0]  # it opens on the result
    film.set_state({"values": {"film": 0}})
    assert "step 0 (1 of 3)" in film.still()[0] and film.words["caption"] == "step 0"
    film.set_state({"values": {"film": 3}})
    assert film.values["film"] == 0, "there is no such picture"


def test_a_long_film_is_sent_in_part() -> None:
    film = Timelapse([GRAY] * 1000, width=300)
    assert len(film.film_0) == 240 and film.film_0[-1][1] == "frame 1000" and film.picture_film["place"] == 300


def test_a_time_lapse_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no PNG pictures in"):
        Timelapse(tmp_path)
    with pytest.raises(LabError, match="at least one frame"):
        Timelapse([])
    with pytest.raises(LabError, match="1 frames but 2 names"):
        Timelapse([np.zeros((2, 2, 3), np.uint8)], names=["a", "b"])
