import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.near_duplicates.documents import find_representatives

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-1, 1)), max_size=40)


@given(ROWS)
def test_representatives_are_the_first_of_the_same_content_and_scope(rows: list[tuple[int, int, int]]) -> None:
    first: dict[tuple[int, int, int], int] = {}
    expected = [first.setdefault(row, place) if row[2] >= 0 else place for place, row in enumerate(rows)]
    table = np.array(rows, np.int64).reshape(-1, 3)
    found = find_representatives(table[:, :2].astype(np.uint64), table[:, 2].astype(np.int16))
    assert found.tolist() == expected
