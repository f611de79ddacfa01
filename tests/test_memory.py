"""Log and shelf in memory."""

import pytest
from learning_contract import START, LogContract, ShelfContract, proposed

from assistant.learning.memory import MemoryLog, MemoryShelf
from knowledge.errors import Fault


class TestMemoryLog(LogContract):
    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()


class TestMemoryShelf(ShelfContract):
    @pytest.fixture
    def shelf(self) -> MemoryShelf:
        return MemoryShelf()


def test_events_written_while_reading_come_the_next_time() -> None:
    log = MemoryLog()
    log.append(proposed(1))
    reading = log.events()
    assert next(reading)[0] == 1
    log.append(proposed(2))
    assert list(reading) == []
    assert [number for number, _ in log.events(1)] == [2]


def test_a_damaged_model_is_a_fault() -> None:
    shelf = MemoryShelf()
    kept = shelf.put("{}", watermark=1, at=START)
    object.__setattr__(kept, "text", "{ }")
    with pytest.raises(Fault, match=kept.version):
        shelf.get(kept.version)
