import hashlib

from assistant.democalls import DemoCalls
from knowledge.call import Channel, TranscriptSource


def test_demo_calls_are_known_by_their_content() -> None:
    demo = DemoCalls()
    for known in demo.calls[:5]:
        digest = hashlib.sha256(known.path.read_bytes()).hexdigest()
        assert demo.find(digest) == known
        reference = demo.reference(digest)
        assert reference is not None
        assert (reference.source, reference.model, reference.language) == (
            TranscriptSource.REFERENCE,
            "",
            known.language,
        )
        assert {s.channel for s in reference.segments} == {Channel.AGENT, Channel.CALLER}
        assert [s.start for s in reference.segments] == sorted(s.start for s in known.segments)
        assert sorted(s.text for s in reference.segments) == sorted(turn.text for turn in known.turns)
    assert len({demo.find(hashlib.sha256(call.path.read_bytes()).hexdigest()) for call in demo.calls}) == 40


def test_another_recording_has_no_reference() -> None:
    assert DemoCalls().reference("0" * 64) is None
    assert DemoCalls(()).find("0" * 64) is None
