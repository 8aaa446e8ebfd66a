"""Generated texts for benchmarks: word forms and frequencies like German, reports from templates."""

from collections.abc import Iterator

import numpy as np

SYLLABLES = (
    "ab an auf be bei bild blut brust da der deut di druck dung ein en er fil frak fund ge gen gers grö hals herz "
    "in infil kei ken kno kon lage lich links lun lung mo nach nicht no öd ober pha pneu rech ring schat schlag sel "
    "sicht ten ter the tho tor tu um un ver vor wei wirbel zeich zu ße ßen über"
).split()


def vocabulary(generator: np.random.Generator, size: int = 20_000) -> np.ndarray:
    """Return distinct words of one to five syllables, about seven letters long on average."""
    words: dict[str, None] = {}
    while len(words) < size:
        count = int(generator.choice([1, 2, 3, 4, 5], p=[0.2, 0.35, 0.27, 0.13, 0.05]))
        word = "".join(generator.choice(SYLLABLES, count))
        words[word.capitalize() if generator.random() < 0.4 else word] = None
    return np.array(list(words))


def texts(count: int, words: int = 143, seed: int = 1) -> list[str]:
    """Return texts of about `words` words with a full stop now and then; word frequencies follow Zipf's law."""
    generator = np.random.default_rng(seed)
    known = vocabulary(generator)
    chances = 1 / (np.arange(known.size) + 10)
    chances /= chances.sum()
    found = []
    for length in generator.poisson(words, count).tolist():
        chosen = generator.choice(known, length, p=chances)
        found.append(" ".join(" ".join(sentence) + "." for sentence in np.array_split(chosen, max(length // 12, 1))))
    return found


def edited(generator: np.random.Generator, words: np.ndarray, edits: int, known: np.ndarray) -> np.ndarray:
    """Return `words` after random replacements, deletions and insertions of single words."""
    changed = words.tolist()
    for kind, word in zip(generator.integers(0, 3, edits), generator.choice(known, edits), strict=True):
        place = int(generator.integers(0, len(changed) + 1)) if changed else 0
        if kind == 0:
            changed.insert(place, word)
        elif place < len(changed):
            changed[place : place + 1] = [word] if kind == 1 else []
    return np.array(changed)


def planted(count: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Yield about `count` (source, text): singles, families of edited copies, exact copies and templated reports.

    Edits have every strength, from one word to a rewritten half, so that similarities fill the
    range on both sides of any threshold.
    """
    generator = np.random.default_rng(seed)
    known = vocabulary(generator)
    chances = 1 / (np.arange(known.size) + 10)
    chances /= chances.sum()
    sources = np.array(["radiology_reports", "electronic_health_records", "webcrawl", "wikipedia"])
    made = 0
    while made < count:
        base = generator.choice(known, int(generator.integers(20, 250)), p=chances)
        kind = generator.choice(["single", "copy", "edited", "template"], p=[0.6, 0.1, 0.27, 0.03])
        size = {"single": 1, "copy": 3, "edited": int(generator.integers(2, 6)), "template": 40}[str(kind)]
        for member in range(size):
            edits = 0
            if member and kind == "edited":
                edits = int(generator.integers(1, max(2, base.size // 12)))
            elif kind == "template":
                edits = int(generator.poisson(base.size / 60))
            yield str(generator.choice(sources)), " ".join(edited(generator, base, edits, known))
        made += size
