"""What citizens said on the hotline, beside the precedents: each sentence with a link that plays it.

Pure functions: records in, a string out, every value escaped. A sentence that was heard badly carries its mark.
"""

from html import escape

from assistant.answer import CallEvidence, Recommendation
from assistant.moment import CITY_ZONE
from ui.wording import Wording

__all__ = ["voices"]


def voices(words: Wording, recommendation: Recommendation) -> str:
    """The panel of calls; empty where no call comes near."""
    if not recommendation.calls:
        return ""
    rows = "".join(_row(words, call) for call in recommendation.calls)
    return (
        f'<section class="panel" aria-labelledby="h-voices"><h2 id="h-voices">{escape(words.t("voices.title"))}</h2>'
        f'<ul class="voices">{rows}</ul></section>'
    )


def _row(words: Wording, call: CallEvidence) -> str:
    t = words.t
    doubt = f' <span class="doubt">{escape(t("voices.doubtful"))}</span>' if call.doubtful else ""
    name = call.external_id or str(call.call_id)
    at = f"{int(call.start) // 60:02d}:{int(call.start) % 60:02d}"
    day = f"{call.received_at.astimezone(CITY_ZONE):%Y-%m-%d}"
    said = t("voices.about" if call.doubtful else "voices.said", sentence=call.sentence)
    return (
        f"<li><blockquote>{escape(said)}</blockquote>{doubt}"
        f'<a href="/hotline/calls/{call.call_id}?t={call.start:.1f}">'
        f"{escape(t('voices.play', name=name, day=day, at=at))}</a></li>"
    )
