"""Put a finished run into the zoo: `python -m animelab.zoo RUN NAME --command … --machine … --scores JSON`."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch

from animelab.engine.checkpoint import write_atomically
from animelab.engine.weights import load_weights, save_weights
from animelab.zoo import FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m animelab.zoo", description="Put a finished run into the zoo.")
    parser.add_argument("run", type=Path, help="the folder that training wrote")
    parser.add_argument("name", help="such as dcgan-faces-64")
    parser.add_argument("--command", required=True, help="what was typed to train it")
    parser.add_argument("--machine", required=True, help="where, in words")
    parser.add_argument("--scores", type=json.loads, required=True, help="measured scores as JSON")
    options = parser.parse_args()

    run = json.loads((options.run / "run.json").read_text(encoding="utf-8"))
    last = json.loads((options.run / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])["step"]
    if last < run["config"]["steps"]:
        parser.error(f"{options.run} stopped at step {last} of {run['config']['steps']}; finish it first.")
    path = FOLDER / "weights" / f"{options.name}.safetensors"
    weights = load_weights(options.run / "weights.safetensors")
    save_weights(path, *weights, torch.float16)
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    manifest[options.name] = {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "network": weights[0],
        "recipe": run["recipe"],
        "data": run["data"],
        "seed": run["config"]["seed"],
        "steps": run["config"]["steps"],
        "images": run["config"]["steps"] * run["config"]["batch"],
        "precision": run["precision"],
        "torch": run["torch"],
        "machine": options.machine,
        "command": options.command,
        "scores": options.scores,
        "licence": "CC0-1.0: trained only on characters this project draws",
    }
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    write_atomically(FOLDER / "manifest.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))
    print(f"{options.name}: {path.stat().st_size / 1e6:.1f} MB in {path}")


if __name__ == "__main__":
    main()
