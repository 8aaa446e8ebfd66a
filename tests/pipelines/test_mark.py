from collections import Counter

import pyarrow as pa

from pipelines.mark import apply_marks, distributions, power_of_two, statistics
from schemas.document import PART_SCHEMA
from schemas.statistics import CorpusStatistics

MARKS = pa.table(
    {
        "row": pa.array([1, 2, 3], pa.int32()),
        "id": pa.array([None, None, "new"], pa.string()),
        "duplicate_of": pa.array(["0", None, None], pa.string()),
        "similarity": pa.array([0.87, None, None], pa.float64()),
        "rejected": pa.array([None, "duplicate_key", None], pa.string()),
    }
)


def part(rows: int) -> pa.Table:
    values = [[str(n), "thieme", "Text", "", n, 2 * n, 4, [("PERSON", n)]] for n in range(rows)]
    return pa.Table.from_pylist([dict(zip(PART_SCHEMA.names, row, strict=True)) for row in values], PART_SCHEMA)


def test_marks_reach_their_rows() -> None:
    rows, reasons = apply_marks(part(5), MARKS, 0)
    assert rows["id"].to_pylist() == ["0", "1", "2", "new", "4"]
    assert rows["duplicate_of"].to_pylist() == [None, "0", None, None, None]
    assert rows["similarity"].to_pylist() == [None, 0.87, None, None, None]
    assert reasons == ["", "", "duplicate_key", "", ""]


def test_row_groups_give_what_the_whole_gives() -> None:
    whole, reasons = apply_marks(part(5), MARKS, 0)
    first, some = apply_marks(part(5).slice(0, 2), MARKS, 0)
    rest, others = apply_marks(part(5).slice(2), MARKS, 2)
    assert pa.concat_tables([first, rest]).to_pylist() == whole.to_pylist()
    assert some + others == reasons


def test_statistics_are_sums_of_the_rows() -> None:
    rows, _ = apply_marks(part(5), MARKS, 0)
    assert statistics(rows) == CorpusStatistics(5, 10, 20, 20)
    assert statistics(rows.slice(0, 0)) == CorpusStatistics.zero()


def test_distributions_count_every_row_once() -> None:
    rows, _ = apply_marks(part(5), MARKS, 0)
    assert distributions(rows) == {
        "words": Counter({"0": 1, "2": 1, "4": 2, "8": 1}),
        "sentences": Counter({"0": 1, "1": 1, "2": 2, "4": 1}),
        "similarity": Counter({"0.85": 1}),
    }


def test_powers_of_two() -> None:
    assert [power_of_two(n) for n in (0, 1, 2, 3, 4, 1023, 1024)] == ["0", "1", "2", "2", "4", "512", "1024"]
