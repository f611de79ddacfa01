"""The models at hand: read once, told apart from those that cannot be read, and back as soon as they are restored."""

from datetime import UTC, datetime

import pytest

from assistant.learning.library import Library
from assistant.learning.memory import MemoryShelf
from assistant.learning.policy import BASE
from assistant.learning.shelves import KeptPolicy
from knowledge.errors import Fault, NotFound

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Counting(MemoryShelf):
    """Counts what is asked of it, and can lose a model for a while."""

    asked = 0
    lost = False

    def get(self, version: str) -> KeptPolicy:
        self.asked += 1
        if self.lost:
            raise NotFound(f"There is no model {version}; restore it")
        return super().get(version)


def test_a_model_is_read_once() -> None:
    shelf = Counting()
    version = shelf.put(BASE.text(), watermark=7, at=AT).version
    library = Library(shelf)
    assert library.policy(version) == BASE
    shelf.lost = True
    assert library.policy(version) is library.policy(version)
    assert (library.readable(version), library.watermark(version), shelf.asked) == (True, 7, 1)
    assert (library.policy("base"), library.watermark("base"), library.damaged(["base", None])) == (BASE, 0, ())


def test_a_lost_model_is_back_when_it_was_restored(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Counting()
    version = shelf.put(BASE.text(), watermark=7, at=AT).version
    shelf.lost = True
    library = Library(shelf)
    assert library.watermark(version) == 0
    assert library.damaged(["base", version, None]) == (version,)
    with pytest.raises(NotFound):
        library.policy(version)
    assert len(caplog.records) == 1
    shelf.lost = False
    assert (library.damaged([version]), library.watermark(version)) == ((), 7)
    shelf.lost = True
    assert library.readable(version)


def test_a_text_that_is_no_model_is_damaged() -> None:
    shelf = MemoryShelf()
    version = shelf.put("{}", watermark=3, at=AT).version
    library = Library(shelf)
    assert not library.readable(version)
    with pytest.raises(Fault):
        library.policy(version)
    assert library.watermark(version) == 3  # of the record, which is there


def test_a_model_at_hand_need_not_be_read() -> None:
    shelf = Counting()
    kept = shelf.put(BASE.text(), watermark=7, at=AT)
    library = Library(shelf)
    library.keep(kept, BASE)
    assert (library.policy(kept.version), library.watermark(kept.version), shelf.asked) == (BASE, 7, 0)
