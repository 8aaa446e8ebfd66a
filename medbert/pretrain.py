"""Pretraining: `python -m medbert.pretrain --tokens-folder DIR --tokenizer DIR --output DIR --recipe modern`.

Several GPUs by `torchrun --nproc-per-node N -m medbert.pretrain ...`: each takes its own buffers and
gradients are averaged. A run that was killed goes on from its last checkpoint; one that is finished
does nothing more. With `--minutes` the schedule follows the clock, so such a run is not repeatable to
the bit; with the recipe's or `--tokens`' budget it is, on a CPU.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import torch
from torch import distributed
from torch.utils.tensorboard import SummaryWriter

from medbert import checkpoint
from medbert.arguments import positive_integer, positive_number
from medbert.config import RECIPES, Phase
from medbert.disk import naming_a_full_disk, write_whole
from medbert.flops import flops_per_token, model_flops_utilisation
from medbert.tokens import open_tokens
from medbert.trainer import DivergedError, Run, Trainer, prefetch


def train(run: Run) -> Trainer:
    """Train to the end of the recipe, or of the `minutes` with the schedule completed, and return the trainer.

    Raises DivergedError, with the last good checkpoint named, ValueError for data or a checkpoint that
    do not fit the run, and OSError naming a full disk.
    """
    trainer, folder = Trainer(run), run.output / "checkpoints"
    if (state := checkpoint.read(folder)) is not None:
        trainer.restore(state)
    if trainer.phase == len(run.recipe.phases):
        return trainer
    run.output.mkdir(parents=True, exist_ok=True)
    if run.rank == 0:
        forget_later_steps(run.output / "log.jsonl", trainer.step)
    with naming_a_full_disk(run.output), Log(run) as log:
        try:
            while trainer.phase < len(run.recipe.phases):
                train_phase(trainer, run.recipe.phases[trainer.phase], folder, log)
        except DivergedError as error:
            good = checkpoint.checkpoints(folder)
            raise DivergedError(f"{error}; the last good checkpoint is {good[-1] if good else 'none'}") from None
    return trainer


def train_phase(trainer: Trainer, phase: Phase, folder: Path, log: "Log") -> None:
    """Train one phase from where it stands to its end, and go on to the next."""
    run, recipe = trainer.run, trainer.run.recipe
    share = phase.tokens / sum(p.tokens for p in recipe.phases)
    budget = None if run.minutes is None else run.minutes * 60 * share
    batches = prefetch(trainer, trainer.phase, trainer.phase_step * trainer.micro_steps(phase))
    flops = flops_per_token(recipe, trainer.stream("train", phase.length).attended, len(trainer.continues))
    latest, done = 0.0, 0.0
    while done < 1:
        started = time.monotonic()
        done = progress(trainer, phase, budget, latest)
        figures = trainer.train_step(phase, done, batches)
        trainer.step, trainer.phase_step = trainer.step + 1, trainer.phase_step + 1
        latest = time.monotonic() - started
        trainer.seconds += latest
        speed = phase.tokens_per_step / latest
        utilisation = model_flops_utilisation(flops, speed, run.device, run.world)
        line: dict[str, float | None] = {**figures, "tokens_per_second": speed, "mfu": utilisation}
        if trainer.step % recipe.validation_every == 0 or done >= 1:
            line |= trainer.validate(phase)
        log.write(trainer, line)
        trainer.seconds += time.monotonic() - started - latest
        if done < 1 and run.rank == 0 and trainer.step % recipe.checkpoint_every == 0:
            checkpoint.write(folder, trainer.step, trainer.state())
    batches.close()
    trainer.phase, trainer.phase_step, trainer.seconds = trainer.phase + 1, 0, 0.0
    if run.rank == 0:
        checkpoint.write(folder, trainer.step, trainer.state())


def progress(trainer: Trainer, phase: Phase, budget: float | None, latest: float) -> float:
    """Return the share of the phase, 0 to 1, that is done when the next step is.

    It counts steps, or seconds where a `budget` of them is given; the next step is then taken to last as
    long as the one before, and the clock of the first process is everybody's.
    """
    if budget is None:
        return min(1.0, (trainer.phase_step + 1) / phase.steps)
    done = min(1.0, (trainer.seconds + latest) / budget) if budget else 1.0
    if trainer.run.world == 1:
        return done
    shared = torch.tensor(done, dtype=torch.float64, device=trainer.run.device)
    distributed.broadcast(shared, 0)
    return float(shared)


def forget_later_steps(log: Path, step: int) -> None:
    """Drop the lines after `step` from a log: those of steps that a killed run took after its last checkpoint."""
    if log.is_file():
        whole = [line for line in log.read_text().splitlines(keepends=True) if line.endswith("}\n")]
        kept = [line for line in whole if json.loads(line)["step"] <= step]
        write_whole(log, "".join(kept).encode())


class Log:
    """What a run says of itself: JSON lines, TensorBoard and, now and then, a line on standard error."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lines: TextIO | None = None
        self.board: SummaryWriter | None = None

    def __enter__(self) -> "Log":
        if self.run.rank == 0:
            self.lines = (self.run.output / "log.jsonl").open("a")
            self.board = SummaryWriter(str(self.run.output / "tensorboard"))
        return self

    def __exit__(self, *error: object) -> None:
        if self.lines is not None and self.board is not None:
            self.lines.close()
            self.board.close()

    def write(self, trainer: Trainer, figures: Mapping[str, float | None]) -> None:
        """Write the figures of the step just taken; those that are None are not known."""
        if self.lines is None or self.board is None:
            return
        known = {name: value for name, value in figures.items() if value is not None}
        if self.run.device.type == "cuda":
            known["memory"] = torch.cuda.max_memory_allocated(self.run.device)
        self.lines.write(json.dumps({"step": trainer.step, "phase": trainer.phase, **known}) + "\n")
        self.lines.flush()
        for name, value in known.items():
            self.board.add_scalar(name, value, trainer.step)
        if "validation_loss" in known or trainer.step % 50 == 0:
            shown = " ".join(f"{name} {value:.4g}" for name, value in known.items())
            print(f"step {trainer.step} {shown}", file=sys.stderr, flush=True)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m medbert.pretrain", description=__doc__, allow_abbrev=False)
    parser.add_argument("--tokens-folder", required=True, type=Path, metavar="DIR", help="made by medbert.tokens")
    parser.add_argument("--tokenizer", required=True, type=Path, metavar="DIR", help="the one that they were made with")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="of checkpoints and log.jsonl")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="modern", help="(default: %(default)s)")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--tokens", type=positive_integer, metavar="N", help="budget of tokens instead of the recipe's")
    budget.add_argument(
        "--minutes",
        type=positive_number,
        metavar="N",
        help="budget of time instead of tokens; the schedule is completed within it",
    )
    parser.add_argument("--continue-from", type=Path, metavar="DIR", help="a model on disk to go on from")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 2 for wrong input and 4 where training diverged."""
    parsed = build_parser().parse_args(arguments)
    recipe = RECIPES[parsed.recipe]()
    recipe = recipe if parsed.tokens is None else recipe.scaled(parsed.tokens)
    try:
        files = open_tokens(parsed.tokens_folder, parsed.tokenizer)
        rank, world = join_group()
        train(
            Run(
                recipe,
                files,
                parsed.tokenizer,
                parsed.output,
                parsed.minutes,
                parsed.continue_from,
                rank=rank,
                world=world,
            )
        )
    except DivergedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
    return 0


def join_group() -> tuple[int, int]:
    """Return this process's rank and the number of processes, joined where torchrun started several."""
    if not distributed.is_torchelastic_launched():
        return 0, 1
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if torch.cuda.is_available():
        torch.cuda.set_device(distributed.get_rank() % torch.cuda.device_count())
    return distributed.get_rank(), distributed.get_world_size()


if __name__ == "__main__":
    sys.exit(main())
