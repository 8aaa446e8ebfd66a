from hypothesis import given
from hypothesis import strategies as st

from schemas.manifest import Account, summarise
from schemas.statistics import CorpusStatistics

numbers = st.integers(0, 10**12)
statistics = st.builds(CorpusStatistics, numbers, numbers, numbers, numbers)
accounts = st.builds(Account, numbers, numbers, numbers, st.dictionaries(st.sampled_from("abc"), numbers))


@given(statistics, statistics, statistics)
def test_statistics_are_a_commutative_monoid(a: CorpusStatistics, b: CorpusStatistics, c: CorpusStatistics) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + CorpusStatistics.zero() == a


@given(accounts, accounts, accounts)
def test_accounts_add_in_any_order(a: Account, b: Account, c: Account) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a


def test_the_summary_is_the_sum_of_the_rows() -> None:
    rows = {"a": CorpusStatistics(1, 2, 3, 4), "b": CorpusStatistics(10, 20, 30, 40)}
    assert summarise(rows)["summary"] == CorpusStatistics(11, 22, 33, 44)
