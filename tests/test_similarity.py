"""Field similarities: always in 0..1, and monotone in what they measure."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assistant import similarity
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy

GAZETTEER = read_places()
LEAVES = tuple(c.id for c in read_taxonomy().categories if c.is_leaf)
UNIT = st.floats(0, 1)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))
SHARES = st.dictionaries(st.sampled_from(LEAVES), UNIT, max_size=5).map(
    lambda raw: {name: share / max(sum(raw.values()), 1.0) for name, share in raw.items()}
)
DISTRICTS = st.one_of(st.none(), st.sampled_from(["wangjiang", "beiping", "海淀区"]))
PLACES = st.one_of(st.none(), st.sampled_from([*GAZETTEER.by_id, "柳湖路", ""]), st.text(max_size=6))


@given(UNIT, st.floats(0.01, 1))
def test_saturation_is_bounded_and_half_at_its_half(cosine: float, half: float) -> None:
    assert 0 <= similarity.saturate(cosine, half) < 1
    assert similarity.saturate(half, half) == 0.5


@given(UNIT, UNIT, st.floats(0.01, 1))
def test_saturation_keeps_the_order(one: float, other: float, half: float) -> None:
    low, high = sorted((one, other))
    assert similarity.saturate(low, half) <= similarity.saturate(high, half)


@given(st.floats(-1, 0), st.floats(0.01, 1))
def test_nothing_alike_saturates_to_zero(cosine: float, half: float) -> None:
    assert similarity.saturate(cosine, half) == 0


@given(SHARES, st.one_of(st.none(), st.sampled_from(LEAVES), st.text(max_size=8)))
def test_category_is_bounded(asked: dict[str, float], theirs: str | None) -> None:
    assert 0 <= similarity.category(asked, theirs) <= 1


@given(st.sampled_from(LEAVES), st.sampled_from(LEAVES), UNIT)
def test_the_same_leaf_is_nearer_than_a_sibling_and_a_sibling_than_a_stranger(one: str, two: str, share: float) -> None:
    same, other = similarity.category({one: share}, one), similarity.category({one: share}, two)
    assert same >= other
    if one.split(".")[0] != two.split(".")[0]:
        assert other == 0


@given(DISTRICTS, PLACES, DISTRICTS, PLACES)
def test_place_is_one_of_three_values(
    district: str | None, asked: str | None, theirs: str | None, their_place: str | None
) -> None:
    value = similarity.place(district, asked, theirs, their_place, GAZETTEER)
    assert value in (0.0, 0.5, 1.0)
    if not asked and (not district or district != theirs):
        assert value == 0


def test_the_same_street_counts_more_than_the_same_district() -> None:
    street = similarity.place("wangjiang", "wangjiang.fengtai_road", "wangjiang", "凤台路口东侧", GAZETTEER)
    district = similarity.place("wangjiang", "wangjiang.fengtai_road", "wangjiang", "滨江大道", GAZETTEER)
    nothing = similarity.place("wangjiang", "wangjiang.fengtai_road", None, None, GAZETTEER)
    assert (street, district, nothing) == (1.0, 0.5, 0.0)
    assert similarity.place(None, "柳湖路", "海淀区", "柳湖路12号", GAZETTEER) == 1.0


@given(st.integers(1, 4), st.one_of(st.none(), st.integers(1, 4)))
def test_severity_is_symmetric_and_falls_with_each_step(asked: int, theirs: int | None) -> None:
    value = similarity.severity(asked, theirs)
    assert 0 <= value <= 1
    if theirs is None:
        assert value == 0
    else:
        assert value == similarity.severity(theirs, asked)
        assert (value == 1) == (asked == theirs)
        assert all(similarity.severity(asked, x) <= value for x in range(1, 5) if abs(x - asked) > abs(theirs - asked))


@given(MOMENTS, st.one_of(st.none(), MOMENTS))
def test_season_and_age_are_bounded_and_unknown_is_zero(asked: datetime, theirs: datetime | None) -> None:
    for value in (similarity.season(asked, theirs), similarity.age(asked, theirs)):
        assert 0 <= value <= 1
        assert theirs is not None or value == 0


def test_season_turns_with_the_year() -> None:
    july, january = datetime(2026, 7, 15, tzinfo=UTC), datetime(2026, 1, 14, tzinfo=UTC)
    assert similarity.season(july, july.replace(year=2023)) == 1.0
    assert similarity.season(july, january) < 0.01
    assert similarity.season(july, july - timedelta(days=30)) > similarity.season(july, july - timedelta(days=60))


@given(MOMENTS, st.integers(0, 4_000), st.integers(0, 4_000))
def test_age_falls_with_the_years(now: datetime, one: int, other: int) -> None:
    younger, older = sorted((one, other))
    ages = [similarity.age(now, now - timedelta(days=days)) for days in (younger, older)]
    assert ages[0] >= ages[1]


def test_age_halves_after_its_half_life_and_the_future_counts_as_today() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert similarity.age(now, now + timedelta(days=9)) == 1.0
    assert abs(similarity.age(now, now - timedelta(days=365.25 * 2), half_life_years=2.0) - 0.5) < 1e-9
