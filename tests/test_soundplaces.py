from hypothesis import given
from hypothesis import strategies as st

from eval.noise import homophones
from knowledge.places import read_places
from knowledge.sound import sounded
from knowledge.soundplaces import LEAST, SoundPlaces

PLACES = read_places()
SOUNDS = SoundPlaces(PLACES)


def test_a_name_is_found_however_it_was_written() -> None:
    noisy = homophones(["".join(place.zh for place in PLACES.places)] * 3)
    for place in PLACES.places:
        if len(place.zh) < LEAST or place.zh[0].isdigit():
            continue
        heard = noisy(place.zh, 1.0, 1)
        found = SOUNDS.find(f"我在{heard}这儿")
        assert [sounded(f.words) for f in found] == [sounded(place.zh)]
        assert found[0].words == heard


def test_short_names_and_other_words_are_not_found() -> None:
    assert SOUNDS.find("忘记了") == ()
    assert SOUNDS.find("The light is dark") == ()


@given(st.text(max_size=30))
def test_sounds_keep_the_length(text: str) -> None:
    assert len(sounded(text)) == len(text)
    assert sounded(sounded(text)) is not None
