"""What every test stands on: a data folder of its own, no network but loopback, and a few cases to work with."""

import errno
import ipaddress
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports the hub
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["ANONYMIZED_TELEMETRY"] = "False"

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from knowledge.case import Action, ActionResult, Case, CaseKind, CaseStatus, Outcome
from knowledge.database import open_database
from knowledge.demo import demo_files
from knowledge.intake import read_case
from knowledge.mapping import choose_mapping
from knowledge.places import read_places
from knowledge.sheet import read_rows
from knowledge.taxonomy import read_taxonomy

settings.register_profile("precedent", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("precedent")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has its own data folder, so that none touches a person's."""
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path / "home"))


def _is_local(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(host: object) -> None:
    if not _is_local(host):
        raise OSError(errno.ENETUNREACH, f"tests have no network, and this one asked for {host!r}")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Only loopback answers, and no name but localhost is looked up: the machine is offline for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded_connect(getattr(socket.socket, name)))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, name, _guarded_lookup(getattr(socket, name)))
        yield


def _guarded_connect(real: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple):  # anything else is the path of a Unix socket
            _refuse(address[0])
        return real(self, address)

    return connect


def _guarded_lookup(real: Any) -> Any:
    def look_up(host: Any, *rest: Any, **options: Any) -> Any:
        _refuse(host)
        return real(host, *rest, **options)

    return look_up


def _read_demo() -> tuple[Case, ...]:
    taxonomy, gazetteer = read_taxonomy(), read_places()
    found = []
    for path in demo_files():
        rows = list(read_rows(path))
        mapping = choose_mapping(rows[0].values)
        found += [read_case(row.values, mapping, taxonomy, gazetteer) for row in rows]
    return tuple(found)


@pytest.fixture(scope="session")
def demo_cases() -> tuple[Case, ...]:
    """The cases of the demo city, read as an import reads them."""
    return _read_demo()


@pytest.fixture(scope="session")
def small_cases() -> tuple[Case, ...]:
    """Six cases by hand: four approved (one of them in English, one superseded), a draft, a retired one."""
    day = datetime(2024, 7, 1, 8, tzinfo=UTC)
    worked, failed = ActionResult.WORKED, ActionResult.FAILED
    return (
        Case(
            external_id="s-1",
            title="凤台立交桥下积水",
            situation="暴雨后凤台立交桥下积水半米，两辆车被困。",
            category="flood.underpass",
            district="wangjiang",
            place="凤台立交桥",
            occurred_at=day,
            closed_at=day.replace(day=3),
            severity=3,
            departments=("water", "police"),
            actions=(
                Action(text="封闭下穿通道并疏导车辆。", action_type="close_off", department="police", result=worked),
                Action(text="架设移动泵车抽水。", action_type="pump", result=failed, note="泵车功率不足"),
            ),
            outcome=Outcome(resolved=True, days=1.5, satisfaction=4, summary="四小时后通车。"),
            lessons="泵车要在雨前到位。",
        ),
        Case(
            external_id="s-2",
            situation="小区半夜停电，电梯停运，居民楼道里摸黑。",
            category="utility.power",
            district="yunshui",
            occurred_at=day.replace(year=2023),
            superseded_by="s-4",
        ),
        Case(
            external_id="s-3",
            title="Gas smell in a stairwell",
            situation="Residents smell gas in the stairwell of block 3; thirty households are at home.",
            category="utility.gas_leak",
            district="wangjiang",
            occurred_at=day.replace(year=2025),
            departments=("fire_rescue",),
            language="en",
        ),
        Case(
            external_id="s-4",
            kind=CaseKind.POLICY,
            title="停电应急规则",
            situation="停电两小时以上的小区，由街道开放避暑点。",
            category="utility.power",
        ),
        Case(external_id="s-5", situation="草稿：路灯不亮。", category="road.street_light", status=CaseStatus.DRAFT),
        Case(external_id="s-6", situation="旧规定：路灯报修走纸单。", status=CaseStatus.RETIRED),
    )


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The assistant over the demo city. It is shared: a test that writes cases opens a workplace of its own."""
    from assistant.wiring import open_workplace

    workplace = open_workplace(tmp_path_factory.mktemp("demo") / "home")
    workplace.load_demo()
    workplace.copies.sync()
    yield workplace.desk
    workplace.engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A running Chromium, for the tests of one module."""
    from browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture
def tabs(browser: Any) -> Iterator[Any]:
    """Tabs of that browser; afterwards nothing may have gone wrong in them, or have left this machine."""
    from browser import Tabs

    opened = Tabs(browser)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where screenshots go: PRECEDENT_SCREENSHOTS, else the test's own folder."""
    chosen = Path(os.environ.get("PRECEDENT_SCREENSHOTS") or tmp_path)
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def _postgres_bin() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folders = [folder for folder in folders if (folder / "initdb").is_file() and (folder / "postgres").is_file()]
    if not folders:
        pytest.skip("no PostgreSQL server is installed on this machine")
    if not find_spec("psycopg"):
        pytest.skip("psycopg is not installed; PostgreSQL cannot be reached")
    return folders[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server started for the tests, up to the name of the database."""
    programs = _postgres_bin()
    folder = Path(tempfile.mkdtemp(prefix="precedent-pg-"))  # not in tmp_path: another user cannot enter that
    who: dict[str, Any] = {}
    if os.getuid() == 0:  # the server refuses to run as root
        who = {"user": "nobody", "group": "nogroup"}
        shutil.chown(folder, "nobody", "nogroup")
    options = ["-U", "precedent", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", *options], check=True, capture_output=True, cwd=folder, **who
    )
    port = _free_port()
    start = [programs / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), "-k", folder]
    log = (folder / "log").open("wb")
    server = subprocess.Popen([*start, "-c", "fsync=off"], stdout=log, stderr=log, cwd=folder, **who)
    url = f"postgresql+psycopg://precedent@127.0.0.1:{port}/"
    try:
        _wait_for_postgres(server, url, folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait(30)
        log.close()
        shutil.rmtree(folder)


def _wait_for_postgres(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    engine = create_engine(f"{url}postgres")
    until = time.monotonic() + 30
    while True:
        try:
            with engine.connect():
                break
        except SQLAlchemyError:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind, brought to the newest schema."""
    if request.param == "sqlite":
        opened = open_database(str(tmp_path / "base.sqlite"), timeout_s=5)
    else:
        url, name = request.getfixturevalue("postgres"), f"t{uuid4().hex}"
        server = create_engine(f"{url}postgres", isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        opened = open_database(f"{url}{name}")
    yield opened
    opened.dispose()
