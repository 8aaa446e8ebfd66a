"""Recipes: each a function that returns a whole, frozen configuration."""

from dataclasses import dataclass, replace

GLOBAL_EVERY = 3
"""Of ModernBERT's layers, the first and every third after it see the whole sequence, the others a window."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of a model. `kind` is bert or modernbert; `positions` the longest sequence in tokens."""

    kind: str = "bert"
    layers: int = 12
    hidden: int = 768
    heads: int = 8
    feed_forward: int = 3072
    positions: int = 512
    dropout: float = 0.1
    local_attention: int = 128


@dataclass(frozen=True, slots=True)
class Optimiser:
    """AdamW (Loshchilov and Hutter 2019) or LAMB (You et al. 2020)."""

    name: str = "adamw"
    beta1: float = 0.9
    beta2: float = 0.98
    epsilon: float = 1e-6
    weight_decay: float = 0.01
    clip: float = 1.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training at one length.

    `tokens_per_step` is over all devices and accumulated micro-steps; `tokens` is the budget of the
    phase, which ends with its schedule completed: warm-up over `warmup` of the steps, then linear decay
    to `final` of the peak `learning_rate`.
    """

    length: int
    tokens: int
    tokens_per_step: int
    learning_rate: float
    warmup: float
    final: float = 0.0

    @property
    def steps(self) -> int:
        return max(1, self.tokens // self.tokens_per_step)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides a training run, beside its data.

    With `unigram_bias` the decoder starts from the frequencies of the tokens, so that no step is spent on them.
    """

    name: str
    architecture: Architecture
    optimiser: Optimiser
    phases: tuple[Phase, ...]
    mask_rate: float
    whole_words: bool
    micro_tokens: int
    validation_every: int = 500
    validation_tokens: int = 1 << 20
    checkpoint_every: int = 500
    seed: int = 1
    unigram_bias: bool = True

    def scaled(self, tokens: int) -> "Recipe":
        """Return the recipe with a budget of `tokens` in all, shared among the phases as before."""
        total = sum(phase.tokens for phase in self.phases)
        phases = (replace(p, tokens=max(p.tokens_per_step, p.tokens * tokens // total)) for p in self.phases)
        return replace(self, phases=tuple(phases))


def published() -> Recipe:
    """Return the published recipe of medBERT.de (Bressem et al. 2023), its faults not repeated.

    7,038 steps of 65,536 sequences of 128 tokens, then 1,563 steps of 32,768 of 512, LAMB, 15 % of
    single tokens masked. Mended: the decay runs to the end of each phase (there the last 28 % of phase
    one had a rate near 0), the loss covers all chosen tokens (there only those shown as [MASK]), no
    token is lost between sequences and documents are apart.
    """
    one, two = 65_536 * 128, 32_768 * 512
    return Recipe(
        name="published",
        architecture=Architecture(),
        optimiser=Optimiser("lamb", beta2=0.999),
        phases=(
            Phase(128, 7_038 * one, one, 6e-3, 2_000 / 7_038),
            Phase(512, 1_563 * two, two, 4e-3, 200 / 1_563),
        ),
        mask_rate=0.15,
        whole_words=False,
        micro_tokens=65_536,
        unigram_bias=False,
    )


def modern() -> Recipe:
    """Return today's recipe: whole words, 30 % masked (Wettig et al. 2023), AdamW, one warm-up and decay."""
    return Recipe(
        name="modern",
        architecture=Architecture(dropout=0.0),
        optimiser=Optimiser(),
        phases=(Phase(512, 10_000_000_000, 524_288, 5e-4, 0.06, 0.02),),
        mask_rate=0.3,
        whole_words=True,
        micro_tokens=65_536,
    )


def long() -> Recipe:
    """Return a recipe for letters beyond 512 tokens: ModernBERT's layers (Warner et al. 2024), 8,192 tokens."""
    architecture = Architecture("modernbert", layers=22, heads=12, feed_forward=1152, positions=8192, dropout=0.0)
    phases = (
        Phase(1024, 8_000_000_000, 524_288, 5e-4, 0.06, 0.5),
        Phase(8192, 2_000_000_000, 524_288, 2.5e-4, 0.02, 0.02),
    )
    return replace(modern(), name="long", architecture=architecture, phases=phases)


def tiny() -> Recipe:
    """Return a recipe that trains in minutes on a CPU; its model shows that all works, and is of no use.

    One layer of one head and short sequences first: attention then soon finds which token stands beside which, where
    two layers of more heads stay at the loss of a bag of words for thousands of steps.
    """
    return Recipe(
        name="tiny",
        architecture=Architecture(layers=1, hidden=64, heads=1, feed_forward=128, dropout=0.0),
        optimiser=Optimiser(),
        phases=(
            Phase(16, 2_000 * 2_048, 2_048, 3e-3, 0.05, 0.4),
            Phase(64, 1_000 * 2_048, 2_048, 2e-3, 0.05, 0.02),
        ),
        mask_rate=0.3,
        whole_words=False,
        micro_tokens=2_048,
        validation_every=500,
        validation_tokens=16_384,
        checkpoint_every=500,
    )


def tiny_long() -> Recipe:
    """Return the recipe `long` in the size of `tiny`."""
    architecture = Architecture(
        "modernbert", layers=3, hidden=64, heads=2, feed_forward=128, positions=2048, dropout=0.0, local_attention=64
    )
    phases = (Phase(1024, 600_000, 1_024, 4e-3, 0.1, 0.02),)
    return replace(tiny(), name="tiny-long", architecture=architecture, phases=phases, micro_tokens=1_024)


RECIPES = {"published": published, "modern": modern, "long": long, "tiny": tiny, "tiny-long": tiny_long}
