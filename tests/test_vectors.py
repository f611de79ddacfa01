"""The contract of VectorIndex, run on faiss in memory and on disk, and on a real Chroma server."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.chroma_vectors import ChromaVectors
from knowledge.embedder import unit
from knowledge.errors import Fault
from knowledge.vectors import FaissVectors, VectorIndex

pytestmark = [
    pytest.mark.filterwarnings("ignore:builtin type (SwigPyPacked|SwigPyObject|swigvarlink):DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(chromadb|langchain_chroma|opentelemetry|google)"),
]

D = 16
Vectors = NDArray[np.float32]


def vectors_of(count: int, seed: int = 0) -> Vectors:
    return unit(np.random.default_rng(seed).normal(size=(count, D)).astype(np.float32))


NONE = np.zeros((0, D), np.float32)


class ChromaServer:
    """A `chroma run` process on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        program = Path(sys.executable).parent / "chroma"
        arguments = ["run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(self.port)]
        environment = {**os.environ, "ANONYMIZED_TELEMETRY": "False", "CHROMA_OPEN_TELEMETRY__ENDPOINT": ""}
        self.log = (folder.parent / "chroma.log").open("wb")
        self.process = subprocess.Popen(
            [program, *arguments], stdout=self.log, stderr=self.log, env=environment, cwd=folder.parent
        )

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/api/v2/heartbeat")
                with connection.getresponse() as response:
                    if response.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
            finally:
                connection.close()
        pytest.fail(f"chroma did not start: {Path(self.log.name).read_text()[-2000:]}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Chroma server started for these tests."""
    pytest.importorskip("langchain_chroma")
    folder = tmp_path_factory.mktemp("chroma") / "data"
    folder.mkdir()
    server = ChromaServer(folder)
    try:
        server.wait()
        yield server.port
    finally:
        server.stop()


@pytest.fixture(params=["memory", "disk", "chroma"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    if request.param != "chroma":
        yield FaissVectors(D, "model-1", tmp_path / "vectors" if request.param == "disk" else None)
        return
    port = request.getfixturevalue("chroma")
    with closing(ChromaVectors("model-1", host="127.0.0.1", port=port, collection=f"t{uuid4().hex}")) as opened:
        yield opened


def slow_search(rows: dict[int, Vectors], vector: Vectors, limit: int) -> list[tuple[int, float]]:
    cosines = {case_id: float(row @ vector) for case_id, row in rows.items()}
    return sorted(cosines.items(), key=lambda pair: -pair[1])[:limit]


def same(found: list[tuple[int, float]], expected: list[tuple[int, float]]) -> bool:
    return [i for i, _ in found] == [i for i, _ in expected] and np.allclose(
        [s for _, s in found], [s for _, s in expected], atol=1e-5
    )


def test_an_empty_index(index: VectorIndex) -> None:
    assert (index.applied(), index.count()) == (0, 0)
    assert index.search(vectors_of(1)[0], 5) == []


def test_the_nearest_come_first(index: VectorIndex) -> None:
    rows = vectors_of(40)
    index.apply(range(100, 140), rows, [], 7)
    assert (index.applied(), index.count()) == (7, 40)
    kept = dict(zip(range(100, 140), rows, strict=True))
    for vector in vectors_of(5, seed=1):
        assert same(index.search(vector, 6), slow_search(kept, vector, 6))
    assert index.search(rows[3], 1)[0] == (103, pytest.approx(1.0, abs=1e-5))


def test_only_allowed_cases_are_found(index: VectorIndex) -> None:
    rows = vectors_of(40)
    index.apply(range(40), rows, [], 1)
    vector = vectors_of(1, seed=1)[0]
    for allowed in ([5], [1, 2, 3], list(range(0, 40, 7)), [39, 4, 900]):
        kept = {i: rows[i] for i in allowed if i < 40}
        assert same(index.search(vector, 10, np.asarray(allowed, np.int64)), slow_search(kept, vector, 10))
    assert index.search(vector, 10, np.asarray([], np.int64)) == []
    assert index.search(vector, 10, np.asarray([777], np.int64)) == []


def test_limits_and_empty_questions(index: VectorIndex) -> None:
    rows = vectors_of(3)
    index.apply([1, 2, 3], rows, [], 1)
    assert len(index.search(rows[0], 50)) == 3
    assert index.search(rows[0], 0) == []
    assert index.search(np.zeros(D, np.float32), 5) == []


def test_a_new_vector_takes_the_place_of_the_old(index: VectorIndex) -> None:
    rows = vectors_of(4)
    index.apply([1, 2, 3], rows[:3], [], 1)
    index.apply([2], rows[3:], [], 2)
    assert (index.applied(), index.count()) == (2, 3)
    assert same(index.search(rows[3], 1), [(2, 1.0)])
    assert index.search(rows[1], 1)[0][1] < 0.999


def test_removal(index: VectorIndex) -> None:
    rows = vectors_of(4)
    index.apply([1, 2, 3], rows[:3], [], 1)
    index.apply([], NONE, [2, 99], 2)
    assert (index.applied(), index.count()) == (2, 2)
    assert {i for i, _ in index.search(rows[1], 5)} == {1, 3}
    index.apply([4], rows[3:], [1], 3)
    assert {i for i, _ in index.search(rows[1], 5)} == {3, 4}
    index.apply([], NONE, [3, 4], 4)
    assert (index.count(), index.search(rows[1], 5)) == (0, [])


def test_a_change_without_cases_is_remembered(index: VectorIndex) -> None:
    index.apply([], NONE, [], 5)
    assert (index.applied(), index.count()) == (5, 0)
    assert index.search(vectors_of(1)[0], 5) == []


def test_applying_again_duplicates_nothing(index: VectorIndex) -> None:
    rows = vectors_of(3)
    for _ in range(2):
        index.apply([1, 2, 3], rows, [9], 4)
    assert (index.applied(), index.count()) == (4, 3)
    assert len(index.search(rows[0], 50)) == 3


def test_a_case_without_text_is_counted_and_never_near(index: VectorIndex) -> None:
    index.apply([1, 2], np.stack([vectors_of(1)[0], np.zeros(D, np.float32)]), [], 1)
    assert index.count() == 2
    assert index.search(vectors_of(1)[0], 1)[0][0] == 1


def test_more_cases_than_one_batch(index: VectorIndex) -> None:
    rows = vectors_of(2_300)
    index.apply(range(2_300), rows, [], 1)
    assert index.count() == 2_300
    index.apply([], NONE, list(range(2_100)), 2)
    assert index.count() == 200
    assert index.search(rows[2_250], 1)[0][0] == 2_250


STEP = st.tuples(st.lists(st.integers(1, 12), max_size=4, unique=True), st.lists(st.integers(1, 12), max_size=3))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=6), seed=st.integers(0, 99))
def test_any_sequence_of_changes_ends_like_a_plain_dictionary(
    index: VectorIndex, steps: list[tuple[list[int], list[int]]], seed: int
) -> None:
    change = index.applied() + 1
    index.apply([], NONE, list(range(1, 13)), change)  # as it was at the beginning
    kept: dict[int, Vectors] = {}
    for number, (add, remove) in enumerate(steps):
        rows, change = vectors_of(len(add), seed + number), change + 1
        gone = [i for i in remove if i not in add]
        index.apply(add, rows, gone, change)
        kept = {i: row for i, row in kept.items() if i not in gone} | dict(zip(add, rows, strict=True))
    vector = vectors_of(1, seed=1_000)[0]
    assert (index.applied(), index.count()) == (change, len(kept))
    assert same(index.search(vector, 20), slow_search(kept, vector, 20))


def test_what_was_saved_is_there_after_reopening(tmp_path: Path) -> None:
    rows = vectors_of(5)
    one = FaissVectors(D, "m", tmp_path / "vectors")
    one.apply(range(5), rows, [], 3)
    assert FaissVectors(D, "m", tmp_path / "vectors").applied() == 0  # not saved yet
    one.save()
    again = FaissVectors(D, "m", tmp_path / "vectors")
    assert (again.applied(), again.count()) == (3, 5)
    again.apply([], NONE, [0], 4)
    again.save()
    last = FaissVectors(D, "m", tmp_path / "vectors")
    assert (last.applied(), last.count()) == (4, 4)
    assert same(last.search(rows[1], 5), slow_search({i: rows[i] for i in range(1, 5)}, rows[1], 5))


def test_one_that_lags_does_not_save_over_one_that_is_ahead(tmp_path: Path) -> None:
    ahead, behind = FaissVectors(D, "m", tmp_path / "v"), FaissVectors(D, "m", tmp_path / "v")
    behind.apply([1], vectors_of(1), [], 1)
    ahead.apply([1, 2], vectors_of(2), [], 2)
    ahead.save()
    behind.save()
    assert FaissVectors(D, "m", tmp_path / "v").applied() == 2


def test_vectors_of_another_model_are_never_compared(tmp_path: Path) -> None:
    one = FaissVectors(D, "model-1", tmp_path / "vectors")
    one.apply([1, 2], vectors_of(2), [], 3)
    one.save()
    other = FaissVectors(8, "model-2", tmp_path / "vectors")
    assert (other.applied(), other.count()) == (0, 0)
    assert FaissVectors(D, "model-1", tmp_path / "vectors").count() == 0  # they are gone for good


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garble(path: Path) -> None:
    path.write_bytes(b"not an index" * 20)


def _lose(path: Path) -> None:
    path.unlink()


def _forget(path: Path) -> None:
    (path.parent / "stamp.json").unlink()


def _lose_all(path: Path) -> None:
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("damage", [_truncate, _cut_short, _empty, _garble, _lose, _forget, _lose_all])
def test_a_damaged_file_begins_anew_and_is_saved_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = tmp_path / "vectors"
    one = FaissVectors(D, "m", folder)
    one.apply(range(5), vectors_of(5), [], 3)
    one.save()
    damage(folder / "index.faiss")
    again = FaissVectors(D, "m", folder)
    assert (again.applied(), again.count()) == (0, 0)
    again.apply(range(5), vectors_of(5), [], 3)
    again.save()
    assert (FaissVectors(D, "m", folder).applied(), FaissVectors(D, "m", folder).count()) == (3, 5)


def test_chroma_keeps_its_state_on_the_server(chroma: int) -> None:
    collection, rows = f"t{uuid4().hex}", vectors_of(3)

    def opened(model: str) -> closing[ChromaVectors]:
        return closing(ChromaVectors(model, host="127.0.0.1", port=chroma, collection=collection))

    with opened("m") as one:
        one.apply([1, 2, 3], rows, [], 9)
    with opened("m") as again:
        assert (again.applied(), again.count()) == (9, 3)
        assert again.search(rows[1], 1)[0][0] == 2
    with opened("another model") as other:
        assert (other.applied(), other.count()) == (0, 0)


def test_no_chroma_server_is_a_fault_that_says_what_to_do() -> None:
    pytest.importorskip("langchain_chroma")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Fault, match=rf"no Chroma server answers at 127\.0\.0\.1:{port}; start it"):
        ChromaVectors("m", host="127.0.0.1", port=port)


def test_a_chroma_server_that_goes_away_is_a_fault(tmp_path: Path) -> None:
    pytest.importorskip("langchain_chroma")
    (tmp_path / "data").mkdir()
    server = ChromaServer(tmp_path / "data")
    try:
        server.wait()
        index = ChromaVectors("m", host="127.0.0.1", port=server.port)
        index.apply([1], vectors_of(1), [], 1)
    finally:
        server.stop()
    for use in (
        index.applied,
        index.count,
        lambda: index.search(vectors_of(1)[0], 3),
        lambda: index.apply([2], vectors_of(1), [], 2),
    ):
        with pytest.raises(Fault, match="no Chroma server answers"):
            use()
    index.close()
