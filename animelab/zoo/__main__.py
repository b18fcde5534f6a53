"""Put a finished run into the zoo: `python -m animelab.zoo RUN NAME --command … --machine … --scores JSON`.

With --discriminator its discriminator goes in as well, as NAME-discriminator, for others to begin from.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from inspect import signature
from pathlib import Path

import torch

from animelab.engine.checkpoint import Checkpoints, write_atomically
from animelab.engine.weights import load_weights, save_weights
from animelab.nn import NETWORKS
from animelab.zoo import manifest


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m animelab.zoo", description="Put a finished run into the zoo.")
    parser.add_argument("run", type=Path, help="the folder that training wrote")
    parser.add_argument("name", help="such as dcgan-faces-64")
    parser.add_argument("--command", required=True, help="what was typed to train it")
    parser.add_argument("--machine", required=True, help="where, in words")
    parser.add_argument("--scores", type=json.loads, required=True, help="measured scores as JSON")
    parser.add_argument("--discriminator", action="store_true", help="keep the discriminator as well")
    options = parser.parse_args()

    run = json.loads((options.run / "run.json").read_text(encoding="utf-8"))
    last = json.loads((options.run / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])["step"]
    if last < run["config"]["steps"]:
        parser.error(f"{options.run} stopped at step {last} of {run['config']['steps']}; finish it first.")
    weights = load_weights(options.run / "weights.safetensors")
    networks = {options.name: weights}
    if options.discriminator:
        kind, arguments, _ = weights
        kind = kind.replace("generator", "discriminator")
        arguments = {name: arguments[name] for name in signature(NETWORKS[kind]).parameters if name in arguments}
        discriminator = NETWORKS[kind](**arguments)
        state = Checkpoints(options.run / "checkpoints").load()
        if state is None:
            parser.error(f"{options.run} has no checkpoint, where the discriminator would be.")
        discriminator.load_state_dict(state["recipe"]["D"])
        networks[f"{options.name}-discriminator"] = kind, arguments, discriminator
    cards = manifest.read()
    for name, weights in networks.items():
        path = manifest.FOLDER / "weights" / f"{name}.safetensors"
        save_weights(path, *weights, torch.float16)
        cards[name] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "network": weights[0],
            "recipe": run["recipe"],
            "data": run["data"],
            "seed": run["config"]["seed"],
            "size": run["config"].get("size"),
            "steps": run["config"]["steps"],
            "images": run["config"]["steps"] * run["config"]["batch"],
            "precision": run["precision"],
            "torch": run["torch"],
            "machine": options.machine,
            "command": options.command,
            "scores": options.scores if name == options.name else {},
            "licence": "CC0-1.0: trained only on pictures this project draws",
        }
        print(f"{name}: {path.stat().st_size / 1e6:.1f} MB in {path}")
    text = json.dumps(cards, indent=2, sort_keys=True) + "\n"
    write_atomically(manifest.FOLDER / "manifest.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))


if __name__ == "__main__":
    main()
