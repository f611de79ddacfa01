"""The sparse regression against the same thing written out with dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.features import GROUPS
from assistant.learning.regression import added, regress, solved

STRENGTHS = {"type": 4.0, "family_district": 9.0}


def _keys(kinds: list[int], districts: list[int | None]) -> list[tuple[str | None, ...]]:
    found = []
    for kind, district in zip(kinds, districts, strict=True):
        row = dict.fromkeys(GROUPS)
        row |= {"type": f"k{kind}", "type_severity": f"k{kind}|3"}
        row["family_district"] = None if district is None else f"f|{district}"
        found.append(tuple(row.values()))
    return found


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_agrees_with_the_dense_normal_equations(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 5, count).tolist()
    districts = [None if d == 3 else d for d in rng.integers(0, 4, count).tolist()]
    dense, labels, weights = rng.normal(size=(count, 2)), rng.random(count), rng.random(count)
    prior, prior_strengths = [0.3, -0.2], [1.0, 5.0]
    keys = _keys(kinds, districts)
    slopes, traits = regress(
        dense, keys, labels, weights, prior=prior, prior_strengths=prior_strengths, strengths=STRENGTHS
    )
    names = sorted({(group, key) for row in keys for group, key in zip(GROUPS, row, strict=True) if key})
    names = [name for name in names if name[0] in STRENGTHS]
    design = np.column_stack(
        [dense, [[float(dict(zip(GROUPS, row, strict=True))[g] == k) for g, k in names] for row in keys]]
    )
    ridge = np.diag([*prior_strengths, *(STRENGTHS[group] for group, _ in names)])
    mean = np.asarray([*prior, *np.zeros(len(names))])
    left = design.T @ (weights * (labels - design @ mean))
    wanted = mean + np.linalg.solve(design.T @ (weights[:, None] * design) + ridge, left)
    np.testing.assert_allclose(slopes, wanted[:2], atol=1e-7)
    np.testing.assert_allclose([traits[group][key] for group, key in names], wanted[2:], atol=1e-7)
    assert set(traits) <= set(STRENGTHS), "a group without a strength is left out"


def test_without_weight_the_prior_stays() -> None:
    slopes, traits = regress(
        np.ones((2, 1)),
        _keys([1, 2], [0, None]),
        np.asarray([1.0, 0.0]),
        np.zeros(2),
        prior=[0.4],
        prior_strengths=[1.0],
        strengths=STRENGTHS,
    )
    assert slopes == (0.4,)
    assert {weight for weights in traits.values() for weight in weights.values()} == {0.0}


def test_added_sums_what_is_known() -> None:
    keys = _keys([1, 2], [0, None])
    assert added({"type": {"k1": 0.5}, "family_district": {"f|0": 0.25}}, keys).tolist() == [0.75, 0.0]
    assert added({}, []).tolist() == []


def test_solved_says_nothing_where_nothing_is_wanted() -> None:
    from scipy.sparse import csr_array

    matrix = csr_array(np.asarray([[2.0, 1.0], [1.0, 3.0]]))
    assert solved(matrix, np.ones(2), np.zeros(2)).tolist() == [0.0, 0.0]
    assert solved(matrix, np.ones(2), np.asarray([4.0, 5.0])) == pytest.approx([1.0, 1.0])
