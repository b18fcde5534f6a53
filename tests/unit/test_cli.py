"""The command line as a user meets it: in a process of its own where the process matters."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from PIL import Image
from processes import Process

from animelab import cli, studio


@pytest.fixture
def animelab(tmp_path, monkeypatch, capfd):
    """Runs a command and gives what it says: on stdout, or on stderr where it fails."""
    monkeypatch.setenv("ANIMELAB_CACHE", str(tmp_path / "cache"))

    def run(*arguments, code=0):
        capfd.readouterr()
        try:
            found = cli.main([str(argument) for argument in arguments])
        except SystemExit as error:  # argparse
            found = error.code
        output, errors = capfd.readouterr()
        assert found == code, output + errors
        assert "Traceback" not in errors
        return output if code == 0 else errors

    return run


def test_help_lists_every_command_without_pytorch():
    """In a real process: `animelab` where it is installed, `python -m animelab` here."""
    code = (
        "import runpy, sys; sys.argv = ['animelab', '--help']\ntry: runpy.run_module('animelab', run_name='__main__')"
    )
    code += "\nfinally: assert 'torch' not in sys.modules, 'help is instant'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    for command in ("doctor", "lab", "data", "train", "sample", "models"):
        assert command in text


def test_models_as_json(animelab):
    models = json.loads(animelab("models", "--json"))
    assert {"name": "dcgan.generator", "parameters": 3576704} in models
    assert {"name": "dcgan.discriminator", "parameters": 2765568} in models


def test_doctor_finds_this_machine_healthy(animelab):
    lines = animelab("doctor").splitlines()
    subjects = {line.split()[1] for line in lines}
    assert subjects == {"python", "torch", "device", "memory", "disk", "studio", "jupyter"}
    assert all(line.startswith("ok") for line in lines if line.split()[1] not in ("memory", "disk"))


def test_drawn_faces_are_the_studios(animelab, tmp_path):
    from animelab.studio import Character, render

    animelab("data", "draw", "faces", "--size", 32, "--count", 3, "--seed", 2, "--out", tmp_path / "faces")
    paths = sorted((tmp_path / "faces").iterdir())
    assert [path.name for path in paths] == ["000000.png", "000001.png", "000002.png"]
    expected = render(Character.random(2 * 10_000_000 + 1, "frontal"), 32)
    assert np.array_equal(np.asarray(Image.open(paths[1])), expected)


def test_train_sample_and_resume(animelab, tmp_path):
    run = tmp_path / "run"
    animelab("train", "dcgan", "--preset", "smoke", "--out", run, "--steps", 12)
    assert "(--resume)" in animelab("train", "dcgan", "--preset", "smoke", "--out", run, code=1)
    assert "resumed at step 12" in animelab("train", "dcgan", "--preset", "smoke", "--out", run, "--resume")
    animelab("sample", run, "--count", 5, "--seed", 1, "--out", tmp_path / "grid.png")
    animelab("sample", run, "--count", 5, "--seed", 1, "--out", tmp_path / "files")
    assert Image.open(tmp_path / "grid.png").width >= 5 * 64
    assert len(list((tmp_path / "files").iterdir())) == 5


def test_training_on_a_folder_of_ones_own(animelab, tmp_path):
    (tmp_path / "mine").mkdir()
    for index in range(9):
        Image.new("RGB", (80, 70), (index * 20, 90, 200)).save(tmp_path / "mine" / f"{index}.jpg")
    animelab(
        "train", "dcgan", "--preset", "smoke", "--data", tmp_path / "mine", "--steps", 3, "--out", tmp_path / "run"
    )
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["steps"] == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "dcgn", "--out", "x"), "did you mean 'dcgan'"),
        (("train", "dcgan", "--preset", "gpu", "--out", "x"), "no preset 'gpu'"),
        (("train", "dcgan", "--out", "x", "--set", "lrG=1"), "did you mean 'lr_G'"),
        (("train", "dcgan", "--out", "x", "--set", "lr_G"), "KEY=VALUE"),
        (("train", "dcgan", "--out", "x", "--data", "nowhere"), "nowhere"),
        (("train", "dcgan", "--preset", "smoke", "--out", "x", "--resume"), "x holds no checkpoint"),
        (("sample", "dcgan-faces-46", "--out", "x.png"), "did you mean 'dcgan-faces-64'"),
        (("sample", "dcgan-faces-64", "--out", "x.txt"), "ends in .png"),
        (("sample", "dcgan-faces-64", "--out", "x.png", "--truncation", "0.7"), "no truncation"),
        (("train", "dcgan", "--out", "x", "--set", "steps=9000"), "goes beyond decay"),
        (("lab", "99_nothing.ipynb"), "99_nothing.ipynb does not exist"),
    ],
)
def test_a_mistake_is_one_sentence(animelab, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a run that fails may leave its lock
    message = animelab(*arguments, code=1)
    assert says in message
    assert message.splitlines()[-1].startswith("animelab: ")


def test_a_reader_that_has_seen_enough_is_no_mistake(monkeypatch, capfd):
    """As in `animelab models | head -1`."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        assert cli.main(["models"]) == 1
    assert capfd.readouterr().err == ""


def test_a_tilde_is_the_home_wherever_it_stands(animelab, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    animelab("data", "draw", "faces", "--size", 16, "--count", 1, "--out=~/faces")
    assert (tmp_path / "faces" / "000000.png").exists()


def test_a_wrong_command_line_exits_with_two(animelab):
    assert "invalid choice" in animelab("trian", code=2)


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ([], ["00_start.ipynb"]),
        (["--no-browser"], ["00_start.ipynb", "--no-browser"]),
        (["--port", "8899", "01_dcgan.ipynb"], ["01_dcgan.ipynb", "--port", "8899"]),
        (["01_dcgan.ipynb", "--port=8899"], ["01_dcgan.ipynb", "--port=8899"]),
        (["01_dcgan", "--no-browser"], ["01_dcgan", "--no-browser"]),
        (["--help"], ["--help"]),
    ],
)
def test_jupyterlabs_options_may_come_first(given, becomes):
    assert cli._lesson_first(["lab", *given]) == ["lab", *becomes]
    assert cli._lesson_first(["sample", *given]) == ["sample", *given]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process cannot become another")
def test_the_lab_is_the_server_itself_at_the_root_of_the_course(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start.ipynb").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/elsewhere")
    became = []
    monkeypatch.setattr(os, "execv", lambda *command: became.append(command))
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: 0)
    assert cli.main(["lab", "--no-browser"]) == 0
    ((program, command),) = became
    assert program == sys.executable and command[1:4] == ["-m", "jupyterlab", "notebooks/00_start.ipynb"]
    assert f"--ServerApp.root_dir={tmp_path}" in command and command[-1] == "--no-browser"
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0] == str(tmp_path / "course")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process cannot become another")
def test_ending_the_lab_ends_its_server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "animelab", "lab", "--no-browser", f"--port={port}", "--ServerApp.token=t"]
    with open(tmp_path / "said.txt", "w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        listed = None
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/contents?token=t", timeout=10) as answer:
                    listed = {entry["name"] for entry in json.load(answer)["content"]}
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "said.txt").read_text()
                time.sleep(0.1)
        assert listed and {"README.md", "notebooks"} <= listed
        settings = f"http://127.0.0.1:{port}/lab/api/settings/@jupyterlab/apputils-extension:notification?token=t"
        with urllib.request.urlopen(settings, timeout=10) as answer:
            asked = json.load(answer)["schema"]["properties"]["fetchNews"]["default"]
        assert asked == "false", "no question about Jupyter's news on the first screen"
        process.terminate()
        process.wait(60)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_saves_and_exits_with_130(animelab, tmp_path):
    run, said = tmp_path / "run", tmp_path / "said.txt"
    command = ["animelab", "train", "dcgan", "--preset", "smoke", "--out", run, "--steps"]
    process = Process([*command, 100000], said)
    while not list(run.glob("checkpoints/*.pt")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    output = said.read_text()
    assert "Stopped and saved at step" in output
    assert "Run the same with --resume to go on" in output
    step = int(output.split("saved at step ")[1].split()[0])
    assert f"resumed at step {step} of {step + 3}" in animelab(*command[1:], step + 3, "--resume")


def test_two_runs_never_share_a_folder(animelab, tmp_path):
    command = ["train", "dcgan", "--preset", "smoke", "--out", tmp_path / "run"]
    first = Process(["animelab", *command, "--steps", 100000])
    while not list(tmp_path.glob("run/checkpoints/*.pt")):
        assert first.poll() is None
        time.sleep(0.02)
    try:
        assert "Another process is training in" in animelab(*command, "--resume", code=1)
    finally:
        first.kill()
        first.wait()


def test_pictures_go_only_into_an_empty_folder(animelab, tmp_path):
    (tmp_path / "old.png").write_bytes(b"")
    assert "is not empty" in animelab("data", "draw", "faces", "--count", 2, "--out", tmp_path, code=1)


def test_the_gallery_is_one_page_with_a_described_picture_for_each_option(animelab, tmp_path):
    page = tmp_path / "new" / "gallery.html"
    animelab("data", "gallery", "--out", page)
    text = page.read_text(encoding="utf-8")
    for name in (*studio.STYLES, *studio.LAYERS[1:], *studio.OPTIONS, *studio.RANGES):
        assert re.search(f"<h2>[^<]*{name}[^<]*</h2><img [^>]*alt=.Drawn characters[^>]*{name}", text), name
    assert not re.search("(src|href)=.(?!data:)", text), "it needs nothing beside it"
    pictures = [base64.b64decode(data) for data in re.findall('base64,([^"]+)', text)]
    assert len(set(pictures)) == len(pictures) == text.count("<h2>"), "every sheet shows something else"
