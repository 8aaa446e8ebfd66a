"""Sentence splitters on the golden set: F1 of the ends of sentences, and MB/s, each beside its peers."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.count import split_sentences
from tests.benchmarks.report import report

GOLDEN = Path(__file__).parents[1] / "golden/sentences"
Splitter = Callable[[str], list[tuple[int, int]]]
Documents = list[tuple[str, list[int]]]


def golden_documents(name: str) -> Documents:
    """Return (text, ends of its sentences in characters) of each block of the golden file `name`."""
    documents = []
    for block in (GOLDEN / f"{name}.txt").read_text("utf-8").split("\n===\n")[1:]:
        text, ends = "", []
        for piece in block.strip().split("¦"):
            text += piece
            if piece.strip():
                ends.append(len(text.rstrip()))
        documents.append((text, ends))
    return documents


def agreement(split: Splitter, documents: Documents) -> tuple[int, int, int]:
    """Return how many ends of sentences are right, how many too many and how many missed."""
    right = extra = missed = 0
    for text, gold in documents:
        found = {end for _, end in split(text)}
        right += len(found & set(gold))
        extra += len(found - set(gold))
        missed += len(set(gold) - found)
    return right, extra, missed


def f1(split: Splitter, documents: Documents) -> float:
    right, extra, missed = agreement(split, documents)
    return 2 * right / (2 * right + extra + missed)


def speed(split: Splitter, texts: list[str], rounds: int = 5) -> float:
    """Return MB of UTF-8 a second of CPU time, the median of `rounds`."""
    size, seconds = sum(len(text.encode()) for text in texts) / 1e6, []
    for _ in range(rounds):
        start = time.process_time()
        for text in texts:
            split(text)
        seconds.append(time.process_time() - start)
    return size / statistics.median(seconds)


def syntok_splitter() -> Splitter:
    from syntok import segmenter

    def split(text: str) -> list[tuple[int, int]]:
        sentences = (sentence for paragraph in segmenter.analyze(text) for sentence in paragraph)
        return [(s[0].offset, s[-1].offset + len(s[-1].value)) for s in sentences]

    return split


def spacy_splitter() -> Splitter:
    import spacy

    pipeline = spacy.blank("de")
    pipeline.add_pipe("sentencizer")

    def split(text: str) -> list[tuple[int, int]]:
        return [(s.start_char, s.start_char + len(s.text.rstrip())) for s in pipeline(text).sents if s.text.strip()]

    return split


def line_wise(split: Splitter) -> Splitter:
    """Let a splitter that knows no line ends see each line for itself, which helps it with headings and lists."""

    def split_lines(text: str) -> list[tuple[int, int]]:
        spans, position = [], 0
        for line in text.split("\n"):
            spans += [(position + start, position + end) for start, end in split(line)] if line.strip() else []
            position += len(line) + 1
        return spans

    return split_lines


def main() -> None:
    documents = [document for path in sorted(GOLDEN.glob("*.txt")) for document in golden_documents(path.stem)]
    texts = [text for text, _ in golden_documents("letters")] * 10
    peers = {"syntok": syntok_splitter, "spacy_sentencizer": spacy_splitter}
    our_f1, our_speed = f1(split_sentences, documents), speed(split_sentences, texts)
    report("sentence_ends", sum(len(ends) for _, ends in documents), "count")
    for name, make in peers.items():
        try:
            splitter = make()
        except ImportError:
            continue
        best = max(f1(splitter, documents), f1(line_wise(splitter), documents))
        report("sentence_f1", our_f1, "F1", name, our_f1 / best)
        report("sentence_speed", our_speed, "MB/s", name, our_speed / speed(splitter, texts, 3))


if __name__ == "__main__":
    main()
