"""Settings: defaults, the data folder, and each mistake named with its setting."""

from dataclasses import fields
from pathlib import Path

import pytest

from assistant.settings import Settings, home_folder, read_settings
from assistant.wiring import open_workplace
from knowledge.errors import BadInput


def _home(tmp_path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / "settings.toml").write_bytes(data)
    return tmp_path


def test_without_a_file_all_is_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_what_the_file_says_replaces_the_default(tmp_path: Path) -> None:
    found = read_settings(_home(tmp_path, 'city_zh = "海州市"\nchroma_port = 9000'))
    assert (found.city_zh, found.chroma_port, found.embedder) == ("海州市", 9000, "meaning")


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    samples: dict[type, int | float | str] = {int: 7, float: 0.7, str: "x"}
    values = {f.name: samples[type(f.default)] for f in fields(Settings)}
    content = "\n".join(f'{name} = "{v}"' if isinstance(v, str) else f"{name} = {v}" for name, v in values.items())
    assert read_settings(_home(tmp_path, content)) == Settings(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('embeder = "meaning"', "embeder"),
        ('chroma_port = "8000"', "chroma_port"),
        ("city_zh = 5", "city_zh"),
        ("chroma_port = true", "chroma_port"),
        ("city_zh = ", "settings.toml"),
        (b"\xff\xfe", "settings.toml"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, content: str | bytes, named: str) -> None:
    with pytest.raises(BadInput, match=named) as caught:
        read_settings(_home(tmp_path, content))
    assert "settings.toml" in str(caught.value)


def test_an_unknown_setting_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"chroma_host.*embedder"):
        read_settings(_home(tmp_path, "x = 1"))


def test_the_data_folder_is_the_given_one_then_the_environments_then_the_persons() -> None:
    environment = {"PRECEDENT_HOME": "/srv/city"}
    assert home_folder("/tmp/given", environment) == Path("/tmp/given")
    assert home_folder(None, environment) == Path("/srv/city")
    assert home_folder(None, {}) == Path.home() / ".precedent"
    assert home_folder(None, {"PRECEDENT_HOME": ""}) == Path.home() / ".precedent"
    assert home_folder("~/city", {}) == Path.home() / "city"


def test_a_data_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="PRECEDENT_HOME"):
        open_workplace(blocked / "home")


def test_an_unknown_vector_index_is_bad_input(tmp_path: Path) -> None:
    workplace = open_workplace(_home(tmp_path, 'vectors = "pinecone"'))
    with pytest.raises(BadInput, match='"faiss" or "chroma"'):
        _ = workplace.copies


def test_a_city_may_bring_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text(
        "id,kind,parent,name_zh,name_en,aliases\nhaidian,district,,海淀区,Haidian District,海淀\n", encoding="utf-8"
    )
    (tmp_path / "dangers.csv").write_text(
        "id,level,words_zh,words_en,reason_zh,reason_en\nquake,1,地震,earthquake,发生地震,an earthquake\n",
        encoding="utf-8",
    )
    desk = open_workplace(tmp_path).desk
    situation, _, _ = desk.match("海淀区地震")
    assert situation.district is not None
    assert situation.district.value == "haidian"
    assert (situation.severity.level, situation.severity.danger_to_life) == (1, True)


@pytest.mark.parametrize("weight", ["-0.1", "nan", "inf", "1", '"heavy"'])
def test_a_weight_that_cannot_be_is_named(tmp_path: Path, weight: str) -> None:
    with pytest.raises(BadInput, match="vector_weight"):
        read_settings(_home(tmp_path, f"vector_weight = {weight}"))
