"""Text to MinHash signature: documents a second of one thread, against named peers, and the estimate's error.

    python -m tests.benchmarks.minhash

Rounds are interleaved and CPU time is counted, so that other load on the machine weighs on all alike.
A peer that is not installed, or does not run, is said to be missing.
"""

import argparse
import importlib.util
import os
import re
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from pipelines.near_duplicates.signatures import minhash, sign
from schemas.signatures import Deduplication
from tests.benchmarks.report import report, report_missing
from tests.benchmarks.texts import texts

SETTINGS = Deduplication()


def shingles(text: str) -> list[str]:
    """Return the 5-word shingles as peers are given them: strings."""
    words = re.findall(r"[\w-]+", text.lower())
    return [" ".join(words[i : i + 5]) for i in range(max(len(words) - 4, 1))]


def ours(documents: list[str]) -> None:
    sign(pa.array(documents), SETTINGS)


def datasketch(documents: list[str]) -> None:
    import xxhash
    from datasketch import MinHash

    sets = ([shingle.encode() for shingle in shingles(text)] for text in documents)
    MinHash.bulk(sets, num_perm=128, hashfunc=xxhash.xxh32_intdigest)


def rensa(documents: list[str]) -> None:
    from rensa import RMinHash  # type: ignore[attr-defined]

    for text in documents:
        sketch = RMinHash(num_perm=128, seed=1)
        sketch.update(shingles(text))
        sketch.digest()


def datatrove(documents: list[str]) -> None:
    from datatrove.data import Document  # type: ignore[import-not-found]
    from datatrove.pipeline.dedup import MinhashDedupSignature  # type: ignore[import-not-found]
    from datatrove.pipeline.dedup.minhash import MinhashConfig  # type: ignore[import-not-found]
    from datatrove.utils.typeshelper import Languages  # type: ignore[import-not-found]

    config = MinhashConfig(n_grams=5, num_buckets=16, hashes_per_bucket=8)
    step = MinhashDedupSignature(output_folder="/tmp", config=config, language=Languages.german)
    for text in documents:
        step.get_signature(step.get_shingles(Document(text=text, id="0").text))


def text_dedup(documents: list[str]) -> None:
    from text_dedup.minhash import embed_func  # type: ignore[import-not-found]
    from text_dedup.utils.hashfunc import xxh3_32hash  # type: ignore[import-not-found]

    generator = np.random.RandomState(1)
    prime, largest = np.uint32((1 << 32) - 5), np.uint32((1 << 32) - 1)
    numbers = [generator.randint(low, prime, 128, dtype=np.uint32) for low in (1, 0)]
    ranges = [(band * 5, band * 5 + 5) for band in range(25)]
    for number, text in enumerate(documents):
        embed_func(
            text, number, num_perm=128, ngram_size=5, min_length=0, hashranges=ranges,
            permutations=(numbers[0], numbers[1]), hash_func=xxh3_32hash, dtype=np.uint32,
            max_hash=largest, modulo_prime=prime,
        )  # fmt: skip


PEERS = {"datasketch": datasketch, "rensa": rensa, "datatrove": datatrove, "text_dedup": text_dedup}


def cpu_seconds(work: Callable[[list[str]], None], documents: list[str]) -> float:
    start = time.process_time()
    work(documents)
    return time.process_time() - start


def measure_speed(count: int, rounds: int) -> None:
    documents = texts(count)
    working = {"ours": ours}
    for name, work in PEERS.items():
        if not importlib.util.find_spec(name):
            report_missing(f"minhash_documents_{name}", name, "not installed")
            continue
        try:
            work(documents[:10])
            working[name] = work
        except Exception as error:
            report_missing(f"minhash_documents_{name}", name, f"{type(error).__name__}: {error}")
    best = dict.fromkeys(working, float("inf"))
    for _ in range(rounds):
        for name, work in working.items():
            best[name] = min(best[name], cpu_seconds(work, documents))
    report("minhash_documents", count / best["ours"], "documents/s")
    for name in working:
        if name != "ours":
            report(f"minhash_documents_{name}", count / best[name], "documents/s", name, best[name] / best["ours"])


def measure_error(pairs: int, seed: int = 1) -> None:
    """Compare the estimate with the true similarity of random sets; theory: sqrt(J (1 - J) / permutations)."""
    generator = np.random.default_rng(seed)
    errors, theory = [], []
    for _ in range(pairs):
        similarity = generator.uniform(0.1, 0.95)
        shared = round(280 * similarity / (1 + similarity))
        elements = generator.integers(0, 2**32, 280 - shared, dtype=np.uint32)
        sets = np.concatenate([elements[:140], elements[-140:]])
        values = minhash(sets, np.array([0, 140, 280]), SETTINGS.permutations, SETTINGS.seed)
        true = (280 - elements.size) / elements.size
        errors.append(float(np.mean(values[0] == values[1])) - true)
        theory.append(true * (1 - true) / SETTINGS.permutations)
    error, expected = float(np.sqrt(np.mean(np.square(errors)))), float(np.sqrt(np.mean(theory)))
    report("minhash_rmse", error, "jaccard", "theory", expected / error)
    report("minhash_bias", float(np.mean(errors)), "jaccard")


def measure_collisions(count: int) -> None:
    """Count how many distinct shingles of generated texts share a 32-bit hash."""
    documents = texts(count, seed=2)
    distinct = len({shingle for text in documents for shingle in shingles(text)})
    table = sign(pa.array(documents), SETTINGS)
    hashed = np.unique(table["shingles"].combine_chunks().flatten().to_numpy()).size
    report("shingle_collisions", 1 - hashed / distinct, "share")
    report("shingle_collisions_expected", distinct / 2**33, "share")


def main() -> None:
    parser = argparse.ArgumentParser(description="texts to signatures, documents a second")
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
    pa.set_cpu_count(1)
    measure_speed(arguments.documents, arguments.rounds)
    measure_error(5000)
    measure_collisions(2000)


if __name__ == "__main__":
    main()
