"""MB/s of CPU time of cleaning, selecting and counting German text, each beside a named peer.

The text is the golden letters and reports, as documents of about 1 kB, unless MEDBERT_SHARED holds real ones.
"""

import json
import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import ftfy
import pycld2
from lingua import IsoCode639_1, LanguageDetectorBuilder

from pipelines.clean import FTFY, clean
from pipelines.count import count_sentences, count_text, count_words
from pipelines.select import is_german, remove_boilerplate, select
from tests.benchmarks.report import report
from tests.benchmarks.sentences import golden_documents

ROUNDS = 7


def documents() -> list[str]:
    """Return the texts to measure on, each round the same."""
    letters = Path(os.environ.get("MEDBERT_SHARED", "")) / "data/phi/grascco_dev/dev.jsonl"
    if letters.is_file():
        return [json.loads(line)["text"] for line in letters.read_text("utf-8").splitlines()]
    return [text for text, _ in golden_documents("letters")] * 25


def speed(step: Callable[[str], object], texts: list[str], rounds: int = ROUNDS) -> float:
    """Return the median over `rounds` of MB of UTF-8 a second of CPU time."""
    size, seconds = sum(len(text.encode()) for text in texts) / 1e6, []
    for _ in range(rounds):
        start = time.process_time()
        for text in texts:
            step(text)
        seconds.append(time.process_time() - start)
    return size / statistics.median(seconds)


def compare(
    measure: str, step: Callable[[str], object], peer: str, other: Callable[[str], object], texts: list[str]
) -> None:
    """Report the speed of `step` beside that of `other`, of which three rounds are enough."""
    ours, theirs = speed(step, texts), speed(other, texts, 3)
    report(measure, ours, "MB/s", peer, ours / theirs)


def main() -> None:
    raw = documents()
    texts = [clean(text) for text in raw]
    codes = [IsoCode639_1.DE, IsoCode639_1.EN, IsoCode639_1.FR, IsoCode639_1.NL]
    lingua = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()
    lingua.detect_language_of("Die Modelle werden einmal geladen.")

    compare("clean_raw", clean, "ftfy.fix_text", lambda text: ftfy.fix_text(text, FTFY), raw)
    compare("clean_clean", clean, "ftfy.fix_text", lambda text: ftfy.fix_text(text, FTFY), texts)
    compare("select_language", is_german, "lingua", lingua.detect_language_of, texts)
    compare("select_language", is_german, "pycld2", lambda text: pycld2.detect(text.encode()), texts)
    report("select_boilerplate", speed(remove_boilerplate, texts), "MB/s")
    report("select", speed(select, texts), "MB/s")
    compare("count_words", count_words, "re.findall", lambda text: len(re.findall(r"[\w-]+", text)), texts)
    report("count_sentences", speed(count_sentences, texts), "MB/s")
    report("count", speed(count_text, texts), "MB/s")
    report("clean_select_count", speed(lambda text: count_text(select(clean(text))[0]), raw), "MB/s")


if __name__ == "__main__":
    main()
