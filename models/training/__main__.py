"""Trains and writes the illustrator: python -m models.training --budget-minutes 120."""

import argparse
import json
from pathlib import Path

from models.training import art, clip, decoder, denoiser, encoder, export, latents
from models.training.pacing import Stage
from models.training.presets import PRESETS, Preset


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--budget-minutes", type=float, default=120, help="for all stages together")
    parser.add_argument("--out", type=Path, default=Path("models/illustrator"))
    parser.add_argument("--state", type=Path, default=Path(".illustrator"), help="checkpoints")
    parser.add_argument("--json", action="store_true", help="one JSON line last")
    return parser


class Training:
    """The stages in order, each going on from its checkpoint in the state folder."""

    def __init__(self, preset: Preset, device: str, minutes: float, folder: Path) -> None:
        self.preset, self.device, self.minutes, self.folder = preset, device, minutes, folder

    def stage(self, name: str) -> Stage:
        """A stage with its share of the budget."""
        share = dict(self.preset.shares)[name]
        return Stage(name, share * self.minutes, self.device, self.folder)

    def run(self) -> None:
        """Every stage; a finished one costs nothing."""
        latents.load(self.preset.scenes, self.folder / "latents.pt")
        clip.train(self.stage("clip"), self.preset)
        decoder.launch(self.stage("decoder"), self.preset)
        inputs = (self.folder / "latents.pt", self.folder / "clip.pt")
        denoiser.launch(denoiser.Task(self.stage("denoiser"), self.preset, *inputs))
        encoder.train(self.stage("encoder"), self.preset)


def main() -> None:
    """Runs the whole training and writes the folder."""
    arguments = _parser().parse_args()
    art.check()
    preset = PRESETS[arguments.device]
    Training(preset, arguments.device, arguments.budget_minutes, arguments.state).run()
    export.write(preset, arguments.state, arguments.out)
    if arguments.json:
        print(json.dumps({"out": str(arguments.out)}))


if __name__ == "__main__":
    main()
