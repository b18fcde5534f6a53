"""The notebook's stop button, pressed on a real kernel in the middle of a training cell."""

from __future__ import annotations

import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

TRAIN = """
from animelab.data import StudioFaces
from animelab.engine import train
from animelab.recipes import dcgan

config = dcgan.Config(size=32, width=4, batch=4, steps={steps}, log_every=5, checkpoint_every=10, faces=32)
run = train(dcgan.DCGAN(config, "cpu"), StudioFaces(32, 32), "run", watch=lambda progress: None)
print("finished:", run.finished)
"""


def test_stop_saves_and_the_same_cell_goes_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(cwd=str(tmp_path))
    try:
        said: list[str] = []

        def listen(message: dict) -> None:
            said.append(message["content"].get("text", "") + "".join(message["content"].get("traceback", [])))

        identity = client.execute(TRAIN.format(steps=1_000_000))
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("run/checkpoints/*.pt")):
            assert time.monotonic() < deadline, "no checkpoint appeared"
            time.sleep(0.05)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=60)
        while reply["parent_header"]["msg_id"] != identity:  # on a busy machine answers to "are you there?" come late
            reply = client.get_shell_msg(timeout=60)
        assert reply["content"]["status"] == "ok", "stopping is no error"
        while (message := client.get_iopub_msg(timeout=60))["content"].get("execution_state") != "idle":
            listen(message)
        step = max(int(path.stem.removeprefix("step-")) for path in tmp_path.glob("run/checkpoints/*.pt"))

        client.execute_interactive(TRAIN.format(steps=step + 5), timeout=120, output_hook=listen)
        text = "".join(said)
        assert f"Stopped and saved at step {step} of 1000000" in text
        assert f"resumed at step {step} of {step + 5}" in text
        assert text.index("finished: False") < text.index("finished: True")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
