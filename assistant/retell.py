"""Retelling what is already on the table: open a case, compare two, why an action, what failed. Markdown, no search."""

from dataclasses import dataclass

from assistant.answer import Match, Recommendation
from assistant.compose import cite, plain
from assistant.learning.learned import learned_sentence
from assistant.learning.offers import group_of
from assistant.moment import CITY_ZONE
from knowledge.case import Action, ActionResult, Case
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy
from prompts import Phrases
from prompts.phrases import Speaker

__all__ = ["Retelling"]


@dataclass(frozen=True)
class Retelling:
    """Puts cases and actions that were already found into words."""

    taxonomy: Taxonomy
    gazetteer: Gazetteer
    phrases: Phrases

    def open(self, match: Match, language: str) -> str:
        """One case in full."""
        say = self.phrases.speaker(language)
        case = match.case
        lines = [say("open_title", title=plain(case.heading()), id=_id(match)), self._head(case, language, say)]
        lines.append(say("open_situation", text=plain(case.situation)))
        if case.actions:
            lines.append("\n".join([say("open_actions"), "", *(self._action(a, say) for a in case.actions)]))
        lines.append(say("open_outcome", text=self._outcome(case, say)))
        if case.lessons:
            lines.append(say("open_lessons", text=plain(case.lessons)))
        if match.replaced_by:
            by = match.replaced_by
            lines.append(
                say("superseded_line", id=_id(match), by=cite(by.external_id, by.case_id), title=plain(by.title))
            )
        return "\n\n".join(lines)

    def compare(self, first: Match, second: Match, language: str) -> str:
        """Two cases side by side, as a table."""
        say = self.phrases.speaker(language)
        a, b = first.case, second.case

        def row(name: str, left: str, right: str) -> str:
            return say("compare_row", name=say(name), a=left or say("none"), b=right or say("none"))

        lines = [
            say("compare_title", a=_id(first), b=_id(second)),
            "",
            say("compare_head", a=plain(a.heading()), b=plain(b.heading())),
            "|---|---|---|",
            row("compare_what", self._category(a, language, say), self._category(b, language, say)),
            row("compare_when", self._date(a, say), self._date(b, say)),
            row("compare_where", self._where(a, language), self._where(b, language)),
            row("compare_severity", self._severity(a, say), self._severity(b, say)),
            row("compare_worked", self._done(a, "worked", say), self._done(b, "worked", say)),
            row("compare_failed", self._done(a, "failed", say), self._done(b, "failed", say)),
            row("compare_outcome", self._outcome(a, say), self._outcome(b, say)),
        ]
        return "\n".join(lines)

    def why(self, recommendation: Recommendation, number: int, language: str) -> str:
        """Why action `number` (from 1) stands where it stands."""
        say = self.phrases.speaker(language)
        action = recommendation.actions[number - 1]
        ids = {m.case_id: _id(m) for m in recommendation.matches}
        record = action.track_record
        name = plain(self.taxonomy.action_type_name(action.action_type, language))
        lines = [say("why_action", n=number, type=name), ""]
        if action.emergency:
            lines.append(f"- {say('action_emergency')}")
        if action.learned:
            group = group_of(recommendation.situation)
            told = self.taxonomy.category_name(group, language) or ""
            lines.append(f"- {learned_sentence(action.learned, plain(told), say)}")
        percent = {"rate": round(100 * record.rate), "low": round(100 * record.low), "high": round(100 * record.high)}
        if record.tried:
            lines.append(f"- {say('why_record', tried=record.tried, worked=record.worked, **percent)}")
        else:
            lines.append(f"- {say('action_untested')}")
        for evidence in action.evidence:
            cited = ids.get(evidence.case_id, str(evidence.case_id))
            lines.append(f"- {say('why_quote', id=cited, quote=plain(evidence.quote))}")
        for before, after in action.adapted:
            lines.append(f"- {say('why_adapted', before=plain(before), after=plain(after) or say('none'))}")
        lines.append(f"- {say('why_prior')}")
        return "\n".join(lines)

    def failed(self, recommendation: Recommendation, language: str) -> str:
        """What did not work in the matches, nearest first."""
        say = self.phrases.speaker(language)
        lines = [
            say("caution_line", text=plain(f"{action.text} {action.note or ''}".strip()), id=_id(match))
            for match in recommendation.matches
            for action in match.case.actions
            if action.result is ActionResult.FAILED
        ]
        return "\n".join([say("dialogue_failed"), "", *lines[:8]]) if lines else say("dialogue_failed_none")

    def _head(self, case: Case, language: str, say: Speaker) -> str:
        return say(
            "open_head",
            kind=say(f"kind_{case.kind.value}"),
            category=self._category(case, language, say),
            district=plain(self.gazetteer.district_name(case.district, language) or ""),
            place=f" {plain(case.place)}" if case.place else "",
            date=self._date(case, say),
            severity=self._severity(case, say),
        )

    def _category(self, case: Case, language: str, say: Speaker) -> str:
        return plain(self.taxonomy.category_name(case.category, language) or say("unknown_word"))

    def _date(self, case: Case, say: Speaker) -> str:
        return f"{case.occurred_at.astimezone(CITY_ZONE):%Y-%m-%d}" if case.occurred_at else say("unknown_word")

    def _where(self, case: Case, language: str) -> str:
        district = self.gazetteer.district_name(case.district, language)
        return plain(" ".join(part for part in (district, case.place) if part))

    def _severity(self, case: Case, say: Speaker) -> str:
        return say(f"severity_{case.severity}") if case.severity else say("unknown_word")

    def _action(self, action: Action, say: Speaker) -> str:
        note = say("note_part", note=plain(action.note)) if action.note else ""
        return say("open_action", text=plain(action.text), result=say(f"result_{action.result.value}"), note=note)

    def _done(self, case: Case, result: str, say: Speaker) -> str:
        return plain("；".join(a.text.rstrip("。.") for a in case.actions if a.result.value == result))

    def _outcome(self, case: Case, say: Speaker) -> str:
        outcome = case.outcome
        if outcome is None:
            return say("outcome_none")
        parts = []
        if outcome.resolved is not None:
            parts.append(say("outcome_resolved" if outcome.resolved else "outcome_unresolved"))
        if outcome.days is not None:
            parts.append(say("outcome_days", days=f"{outcome.days:g}"))
        if outcome.satisfaction is not None:
            parts.append(say("outcome_satisfaction", satisfaction=f"{outcome.satisfaction:g}"))
        if outcome.recurred:
            parts.append(say("outcome_recurred"))
        if outcome.summary:
            parts.append(plain(outcome.summary))
        return say("comma").join(parts) or say("outcome_none")


def _id(match: Match) -> str:
    return cite(match.external_id, match.case_id)
