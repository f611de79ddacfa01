"""A mixture of two readings: shares stay shares, and what no label covers stays as it was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.mixture import Mixture, mixture
from knowledge.taxonomy import Category, Taxonomy

TAXONOMY = Taxonomy(
    tuple(Category(name, name, name) for name in ("a", "a.x", "a.y", "b", "b.x", "c", "c.x", "own")), (), ()
)
MEANT = ("a.x", "a.y", "b.x", "c.x")


def _shares(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, float]]:
    weights = st.dictionaries(st.sampled_from(names), st.floats(0.001, 1), max_size=len(names))
    return st.tuples(weights, st.floats(0, 1)).map(
        lambda found: {name: share / (sum(found[0].values()) + found[1]) for name, share in found[0].items()}
    )


LABELS = st.lists(st.sampled_from(["a", "a.x", "b", "c.x", "own", "struck"]), unique=True)


@given(LABELS, _shares(MEANT), st.data(), st.floats(0, 1))
def test_a_mixture_is_shares_again(
    labels: list[str], read: dict[str, float], data: st.DataObject, weight: float
) -> None:
    mixed = mixture(labels, TAXONOMY, MEANT)
    learned = data.draw(_shares(tuple(labels))) if labels else {}
    found = mixed(read, learned, weight)
    assert all(-1e-12 <= share <= 1 + 1e-9 for share in found.values())
    assert sum(found.values()) <= 1 + 1e-9
    inside = {category for categories in mixed.covers.values() for category in categories}
    assert {name: share for name, share in found.items() if name not in inside} == {
        name: share for name, share in read.items() if name not in inside
    }
    assert set(found) <= set(read) | set(mixed.covers)
    if not mixed.new:
        assert sum(found.values()) <= sum(read.values()) + 1e-9
    if weight == 0:
        assert found == pytest.approx(read)


def test_labels_cover_themselves_and_the_leaves_that_are_no_labels() -> None:
    found = mixture(["a", "a.x", "own", "struck"], TAXONOMY, MEANT)
    assert found == Mixture({"a": ("a", "a.y"), "a.x": ("a.x",), "own": ("own",)}, frozenset({"own"}))
    assert [found.label_of(name) for name in ("a.y", "a.x", "own", "b.x")] == ["a", "a.x", "own", ""]


def test_a_group_leaves_it_to_the_meaning_which_leaf_it_is() -> None:
    mixed = mixture(["a", "b"], TAXONOMY, MEANT)
    found = mixed({"a.x": 0.3, "a.y": 0.1, "b.x": 0.4}, {"a": 1.0}, 1.0)
    assert found == pytest.approx({"a.x": 0.6, "a.y": 0.2, "b.x": 0.0})
    assert mixed({"a.x": 0.05, "b.x": 0.75}, {"a": 1.0}, 1.0) == pytest.approx({"a.x": 0.05, "a": 0.75, "b.x": 0.0})


def test_only_a_new_label_gets_of_what_was_read_of_nothing() -> None:
    assert mixture(["a.x"], TAXONOMY, MEANT)({"a.x": 0.2}, {"a.x": 1.0}, 1.0) == pytest.approx({"a.x": 0.2})
    new = mixture(["own", "a.x"], TAXONOMY, MEANT)
    assert new({"a.x": 0.2, "c.x": 0.3}, {"own": 1.0}, 1.0) == pytest.approx({"a.x": 0.0, "c.x": 0.3, "own": 0.7})
