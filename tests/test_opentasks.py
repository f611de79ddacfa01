"""Open tasks on what seems to be the same matter."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from task_city import City

from knowledge.case import Case


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path_factory.mktemp("tasks") / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


@pytest.fixture
def city(opened: City) -> City:
    """The city is shared, since it takes seconds to open; every test begins with nothing open."""
    opened.clear()
    return opened


def test_open_tasks_on_the_same_matter(city: City) -> None:
    answer = city.ask()
    here = city.issue(answer)
    there = city.issue(city.ask("望江区滨江路下穿隧道积水，车辆被困"), slot=None)
    city.issue(city.ask("云水区小区半夜停电，电梯停运"), slot=None)
    city.now += timedelta(days=3)
    found = city.tasks.open_like("凤台立交桥下又积水了，车子过不去")
    assert [one.task for one in found] == [here, there], "the same place before the same district"
    assert found[0].why == ("同类事项：下穿通道积水", "同一地点：凤台立交桥", "3天前交办", "水务局：待签收")
    assert "同在望江区" in found[1].why
    english = city.tasks.open_like(city.ask("Fengtai Interchange underpass is flooded again").situation)
    assert english[0].task == here
    assert english[0].why[2] == "issued 3 days ago"
    assert len(city.tasks.open_like("凤台立交桥下又积水了", limit=1)) == 1
    city.now += timedelta(days=28)
    assert city.tasks.open_like("凤台立交桥下又积水了") == ()
