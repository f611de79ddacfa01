"""Fetching weights: proved, going on where it broke off, with a clear word where there is no network."""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

from knowledge.errors import BadInput, Fault
from knowledge.weights import OFFICIAL, default_cache, intact, pull

CONTENT = bytes(range(256)) * 9_000  # 2.3 MB
SUM = hashlib.sha256(CONTENT).hexdigest()
NAMES = {"small": SUM}


class Server(ThreadingHTTPServer):
    """Serves CONTENT at /SUM/small.pt. `breaks` are the numbers of bytes after which its next answers end."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.breaks: list[int] = []
        self.ranges: list[str] = []
        self.content = CONTENT
        self.resumes = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path != f"/{SUM}/small.pt":
            self.send_error(404)
            return
        wanted = self.headers.get("Range", "")
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.resumes else 0
        if start >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.breaks.pop(0)] if self.server.breaks else body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def test_weights_are_fetched_with_progress(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = tmp_path / "models"
    path = pull("small", folder, progress=lambda *now: told.append(now), at=server.address, official=NAMES)
    assert path == folder / "small.pt"
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [have for have, _ in told] == sorted(have for have, _ in told)
    assert {total for _, total in told} == {len(CONTENT)}
    assert not list(folder.glob("*.part"))


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small.pt").write_bytes(CONTENT)
    assert pull("small", tmp_path, at=server.address, official=NAMES).read_bytes() == CONTENT
    assert server.ranges == []


def test_a_damaged_file_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small.pt").write_bytes(CONTENT[:-1])
    assert pull("small", tmp_path, at=server.address, official=NAMES).read_bytes() == CONTENT


def test_a_broken_connection_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.breaks = [1_200_000, 600_000]
    assert pull("small", tmp_path, at=server.address, official=NAMES).read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=1200000-", "bytes=1800000-"]


def test_a_later_call_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small.part").write_bytes(CONTENT[:1_000])
    assert pull("small", tmp_path, at=server.address, official=NAMES).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_a_server_that_begins_anew_is_taken_from_the_beginning(server: Server, tmp_path: Path) -> None:
    server.resumes = False
    (tmp_path / "small.part").write_bytes(b"something else")
    assert pull("small", tmp_path, at=server.address, official=NAMES).read_bytes() == CONTENT


def test_a_part_that_is_whole_is_only_proved(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small.part").write_bytes(CONTENT)
    assert pull("small", tmp_path, at=server.address, official=NAMES).read_bytes() == CONTENT


def test_wrong_bytes_never_come_into_place(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(Fault, match="SHA-256 is wrong"):
        pull("small", tmp_path, at=server.address, official=NAMES)
    assert not list(tmp_path.glob("small.p*t"))


def test_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"connect this machine to the network .* copy small\.pt from another machine"):
        pull("small", tmp_path)


def test_a_refusal_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="404"):
        pull("tiny", tmp_path, at=server.address, official={"tiny": "0" * 64})


def test_one_at_a_time(server: Server, tmp_path: Path) -> None:
    with FileLock(f"{tmp_path / 'small.pt'}.lock"), pytest.raises(Fault, match="another process is fetching small"):
        pull("small", tmp_path, at=server.address, official=NAMES)


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"huge is no official speech model; choose one of tiny, .*large-v3-turbo"):
        pull("huge", tmp_path)


def test_names_and_sums_are_openai_whispers() -> None:
    import whisper

    theirs = {url.rsplit("/")[-1].removesuffix(".pt"): url.split("/")[-2] for url in whisper._MODELS.values()}
    assert dict(OFFICIAL) == {name: theirs[name] for name in theirs if not name.endswith(".en")}


def test_the_cache_is_openai_whispers() -> None:
    assert default_cache("/caches") == Path("/caches/whisper")
    assert default_cache() == Path.home() / ".cache" / "whisper"


def test_a_sum_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path, home = tmp_path / "small.pt", tmp_path / "home"
    path.write_bytes(b"abc")
    right = hashlib.sha256(b"abc").hexdigest()
    assert intact(path, right, home)
    assert not intact(path, SUM, home)
    before = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert not intact(path, right, home)
    path.write_bytes(b"abc")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 2))
    assert intact(path, right, home)
