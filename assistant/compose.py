"""The answer as text: the composer's findings in short Markdown, first what to do now. Every claim names its case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.answer import Match, RankedAction, Situation, Verdict
from assistant.recommend import Composed
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy
from prompts import Phrases
from prompts.phrases import Speaker

__all__ = ["Prose", "ago", "cite", "plain"]


def ago(days: int, say: Speaker) -> str:
    """A number of days in words: days up to two months, months up to two years, then years."""
    if days < 60:
        return say("ago_days", n=days)
    return say("ago_months", n=days // 30) if days < 730 else say("ago_years", n=round(days / 365.25, 1))


def plain(text: str) -> str:
    """Text of cases and people inside Markdown: no markup of theirs is rendered, lines are joined.

    >>> plain("<b>*急*\\n速</b>")
    '&lt;b&gt;\\\\*急\\\\* 速&lt;/b&gt;'
    """
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]|#":
        text = text.replace(mark, "\\" + mark)
    return text


def cite(external_id: str | None, case_id: int) -> str:
    """The name of a case for the brackets of a citation. An ordinary one stays as it is, so that a page can find and
    link it; in any other no markup is rendered.

    >>> cite("YZ_2024-#7", 7), cite(None, 7), cite("<b>[x](y)", 7)
    ('YZ_2024-#7', '7', '&lt;b&gt;\\\\[x\\\\](y)')
    """
    return plain(external_id).replace("\\_", "_").replace("\\#", "#") if external_id else str(case_id)


@dataclass(frozen=True)
class Prose:
    """Writes the answer in the situation's language."""

    taxonomy: Taxonomy
    gazetteer: Gazetteer
    phrases: Phrases
    actions_in_text: int = 5

    def __call__(self, situation: Situation, verdict: Verdict, matches: Sequence[Match], composed: Composed) -> str:
        """The Markdown of one answer; deterministic."""
        say = self.phrases.speaker(situation.language)
        ids = {m.case_id: cite(m.external_id, m.case_id) for m in matches}
        parts = [self._verdict(say, verdict, matches)]
        if situation.severity.danger_to_life:
            reasons = "；" if situation.language == "zh" else "; "
            parts.append(say("danger_line", reasons=plain(reasons.join(situation.severity.reasons))))
        if matches:
            parts += self._actions(say, situation.language, composed.actions, ids, verdict.label.value)
            parts += self._rest(say, situation.language, matches, composed, ids)
        return "\n\n".join(parts)

    def _verdict(self, say: Speaker, verdict: Verdict, matches: Sequence[Match]) -> str:
        if not matches:
            return say("verdict_empty")
        percent = round(100 * verdict.probability)
        if verdict.label.value == "new":
            return (
                say("verdict_doubt", percent=100 - percent) if verdict.doubtful else say("verdict_new", percent=percent)
            )
        best = matches[0]
        known = {"percent": percent, "id": cite(best.external_id, best.case_id), "title": plain(best.case.heading())}
        if verdict.label.value == "same":
            return say("verdict_same", **known)
        when = say("when_ago", ago=ago(best.age_days, say)) if best.age_days is not None else ""
        return say("verdict_similar", when=when, **known)

    def _actions(
        self, say: Speaker, language: str, actions: Sequence[RankedAction], ids: Mapping[int, str], label: str
    ) -> list[str]:
        if not actions:
            return [] if label == "new" else [say("no_actions")]
        lines = [say("heading_actions"), ""]
        for number, action in enumerate(actions[: self.actions_in_text], 1):
            record = action.track_record
            department = self.taxonomy.department_name(action.department, language)
            lines.append(
                say(
                    "action_line",
                    number=number,
                    type=plain(self.taxonomy.action_type_name(action.action_type, language)),
                    text=plain(action.text.rstrip("。.")),
                    department=say("department_part", department=plain(department)) if department else "",
                    when=say(f"when_{action.when}"),
                    record=say("record_part", tried=record.tried, worked=record.worked)
                    if record.tried
                    else say("record_none"),
                    id=ids.get(action.evidence[0].case_id, action.evidence[0].case_id),
                )
            )
        return ["\n".join(lines)]

    def _rest(
        self, say: Speaker, language: str, matches: Sequence[Match], composed: Composed, ids: Mapping[int, str]
    ) -> list[str]:
        parts = []
        if composed.cautions:
            lines = [
                say("caution_line", text=plain(c.text), id=ids.get(c.evidence.case_id, c.evidence.case_id))
                for c in composed.cautions[:3]
            ]
            parts.append("\n".join([say("heading_cautions"), "", *lines]))
        if composed.contrast:
            contrast = composed.contrast
            pair = {"success": ids[contrast.success_case_id], "failure": ids[contrast.failure_case_id]}
            names = [plain(self.taxonomy.action_type_name(a, language)) for a in contrast.only_in_success[:4]]
            text = (
                say("contrast_line", only=say("comma").join(names), **pair) if names else say("contrast_same", **pair)
            )
            parts.append(f"{say('heading_contrast')}\n\n{text}")
        if composed.unknowns:
            lines = [say("unknown_line", question=u.question) for u in composed.unknowns]
            parts.append("\n".join([say("heading_unknowns"), "", *lines]))
        for match in matches[:3]:
            if match.replaced_by:
                title = plain(match.replaced_by.title)
                by = cite(match.replaced_by.external_id, match.replaced_by.case_id)
                parts.append(say("superseded_line", id=ids[match.case_id], by=by, title=title))
        return parts
