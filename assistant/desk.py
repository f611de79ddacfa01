"""The desk: the one door to the assistant. It asks, matches, converses and logs; pages and commands call only this.

Every answer is logged before it is given out, with all candidates and what was shown, so that a later choice always
has its context. It ranks nothing itself.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from assistant.answer import CallEvidence, Match, Reaction, Recommendation, Situation, Turn, Verdict
from assistant.compose import Prose
from assistant.dialogue import Dialogue
from assistant.hubs import ENOUGH, Hubs
from assistant.match import Candidate, Matcher
from assistant.recommend import Composer
from assistant.situation import Understanding
from assistant.verdict import VerdictModel
from knowledge.case import CaseStatus
from knowledge.conversations import ConversationHead, Conversations, NumberTaken
from knowledge.copies import Copies
from knowledge.errors import BadInput
from knowledge.filter import Wanted
from knowledge.interactions import Interactions, ReactionRow, Shown
from knowledge.places import Gazetteer
from knowledge.statistics import Statistics
from knowledge.taxonomy import Taxonomy
from knowledge.text import MAX_QUESTION, clean, simplify

__all__ = ["Desk"]

SYNC_AT_ONCE = 2_000  # changes that one question catches up with; the rest is left to the next sync
SPOKEN_AT_ONCE = 20  # turns of one conversation that may be written at the same time
COMPOSED_FROM = 12  # matches that the composer looks at


@dataclass(frozen=True)
class Desk:
    """One per process; safe to use from several threads. `matchers` gives the matcher in use, which may be another at
    the next question; one question has the same from beginning to end."""

    taxonomy: Taxonomy
    gazetteer: Gazetteer
    city: Mapping[str, str]
    matchers: Callable[[], Matcher]
    understanding: Understanding
    verdict_model: VerdictModel
    composer: Composer
    prose: Prose
    dialogue: Dialogue
    statistics: Statistics
    interactions: Interactions
    conversation_log: Conversations
    models: Mapping[str, str]
    example_texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calls_about: Callable[[Situation], Sequence[CallEvidence]] = lambda situation: ()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def matcher(self) -> Matcher:
        """The one in use now."""
        return self.matchers()

    @property
    def copies(self) -> Copies:
        """Those of the matcher in use now."""
        return self.matcher.copies

    def ask(
        self, text: str, *, language: str | None = None, wanted: Wanted | None = None, top: int = 8,
        actor: str = "anonymous",
    ) -> Recommendation:  # fmt: skip
        """One recommendation, logged. Raises BadInput for an empty or too long text."""
        started = time.perf_counter()
        now = self.clock()
        wanted = wanted or Wanted()
        matcher = self.matcher
        situation, verdict, matches, candidates = self._match(
            matcher, text, language, wanted, max(top, COMPOSED_FROM), now
        )
        composed = self.composer(situation, verdict, matches, self.statistics.rates(matcher.copies.words.applied()))
        cited = {e.case_id for a in composed.actions for e in a.evidence} | {
            c.evidence.case_id for c in composed.cautions
        }
        if composed.contrast:
            cited |= {composed.contrast.success_case_id, composed.contrast.failure_case_id}
        shown = tuple(m for place, m in enumerate(matches) if place < top or m.case_id in cited)
        recommendation = Recommendation(
            interaction_id=uuid4().hex,
            asked_at=now,
            situation=situation,
            verdict=verdict,
            matches=shown,
            actions=composed.actions,
            cautions=composed.cautions,
            contrast=composed.contrast,
            unknowns=composed.unknowns,
            propensities=(1.0,) * len(composed.actions),
            answer_markdown=self.prose(situation, verdict, shown, composed),
            language=situation.language,
            models=self._versions(matcher),
            calls=tuple(self.calls_about(situation)),
            ms=round(1000 * (time.perf_counter() - started), 1),
        )
        self._log(recommendation, candidates, wanted, actor)
        return recommendation

    def match(
        self, text: str, *, language: str | None = None, wanted: Wanted | None = None, top: int = 10,
        exclude: tuple[int, ...] = (),
    ) -> tuple[Situation, Verdict, tuple[Match, ...]]:  # fmt: skip
        """Situation, verdict and the best matches; nothing is logged. Raises BadInput as `ask` does."""
        situation, verdict, matches, _ = self._match(
            self.matcher, text, language, wanted or Wanted(), top, self.clock(), exclude
        )
        return situation, verdict, matches

    def match_many(
        self, questions: Sequence[tuple[str, tuple[int, ...]]], *, language: str | None = None,
        wanted: Wanted | None = None, top: int = 10,
    ) -> Iterator[tuple[Situation, Verdict, tuple[Match, ...], float]]:  # fmt: skip
        """As `match` for many questions, each with case ids to leave out, in their order, with its milliseconds.
        From thirty on, cases that are near to all of them are damped (see assistant.hubs), for which each is matched
        once more beforehand."""
        now = self.clock()
        wanted = wanted or Wanted()
        matcher = self.matcher
        found, texts = [], []
        matcher.copies.sync(at_most=SYNC_AT_ONCE)
        for text, exclude in questions if len(questions) >= ENOUGH else ():
            situation = self.understanding(self.checked(text), now, language)
            candidates = matcher.candidates(situation, now, wanted, exclude)
            found.append([(c.case_id, c.score) for c in candidates])
            texts.append(situation.text)
        hubs = Hubs.of(found, self.understanding.meaning.embed(texts))
        for place, (text, exclude) in enumerate(questions):
            started = time.perf_counter()
            arrange = partial(hubs.damp, place=place)
            situation, verdict, matches, _ = self._match(matcher, text, language, wanted, top, now, exclude, arrange)
            yield situation, verdict, matches, round(1000 * (time.perf_counter() - started), 1)

    def turn(self, text: str, *, owner: str, conversation_id: str | None = None, language: str | None = None) -> Turn:
        """One exchange of a conversation; a new one is started where no id is given. Raises NotFound where it is not
        the owner's, BadInput as `ask` does."""
        said = self.checked(text)
        before = self.conversation(conversation_id, owner) if conversation_id else []
        plan = self.dialogue(said, before, language=language, now=self.clock())
        recommendation = plan.recommendation
        if plan.question is not None:
            recommendation = self.ask(plan.question, language=plan.language, wanted=plan.wanted, actor=owner)
        answer = plan.answer_markdown
        if recommendation is not None and plan.question is not None:
            answer = f"{answer}\n\n{recommendation.answer_markdown}".strip()
        conversation_id = conversation_id or self.conversation_log.start(owner, said.splitlines()[0][:60])
        turn = Turn(
            turn_id=uuid4().hex,
            conversation_id=conversation_id,
            number=len(before) + 1,
            said=said,
            intent=plan.intent,
            answer_markdown=answer,
            recommendation=recommendation,
            opened=plan.opened,
            compared=plan.compared,
            filters=plan.filters,
            wanted=plan.wanted,
        )
        return self._keep(turn, owner)

    def _keep(self, turn: Turn, owner: str) -> Turn:
        """Stores a turn; where two windows spoke at once, the later one takes the next number."""
        for number in range(turn.number, turn.number + SPOKEN_AT_ONCE):
            numbered = turn.model_copy(update={"number": number})
            shown = turn.recommendation.interaction_id if turn.recommendation else None
            try:
                self.conversation_log.append(
                    turn.conversation_id, owner, turn_id=turn.turn_id, number=number, interaction_id=shown,
                    record=numbered.model_dump_json(),
                )  # fmt: skip
            except NumberTaken:
                continue
            return numbered
        raise NumberTaken("this conversation is busy in other windows; reload it, then say it again")

    def conversations(self, owner: str, limit: int = 50) -> list[ConversationHead]:
        """The owner's conversations, newest first."""
        return self.conversation_log.heads(owner, limit)

    def conversation(self, conversation_id: str, owner: str) -> list[Turn]:
        """All turns in order. Raises NotFound where it is missing or not the owner's."""
        return [Turn.model_validate_json(record) for record in self.conversation_log.turns(conversation_id, owner)]

    def react(self, reaction: Reaction) -> bool:
        """Logs a choice; False if it was known. Raises NotFound for an interaction or action that was never shown."""
        self.interactions.recommendation(reaction.interaction_id)
        row = reaction.model_dump()
        return self.interactions.react(ReactionRow(slot=row.pop("action"), **row))

    def reactions(self, interaction_id: str) -> list[Reaction]:
        """All reactions to one interaction, oldest first."""
        return [
            Reaction(
                interaction_id=row.interaction_id,
                client_id=row.client_id,
                kind=row.kind,
                action=row.slot,
                text=row.text,
                reason=row.reason,
                actor=row.actor,
                at=row.at,
            )
            for row in self.interactions.reactions(interaction_id)
        ]

    def recommendation(self, interaction_id: str) -> Recommendation:
        """A recommendation as it was shown. Raises NotFound."""
        return Recommendation.model_validate_json(self.interactions.recommendation(interaction_id))

    def open_case(self, case_id: int, language: str) -> Match | None:
        """A case by its id, for a link; None where it does not exist or may not be shown."""
        stored = self.copies.records.get([case_id]).get(case_id)
        if stored is None or stored.case.status is not CaseStatus.APPROVED:
            return None
        situation = self.understanding(stored.case.heading(), self.clock(), language)
        matcher = self.matcher
        found = matcher.read(
            (Candidate(case_id, 0.0, dict.fromkeys(matcher.ranker.weights, 0.0)),), situation, self.clock(), 1
        )
        return found[0].model_copy(update={"why": (), "parts": {}}) if found else None

    def stats(self) -> dict[str, int]:
        """Counts for the health page."""
        records = self.copies.records
        return {
            "cases": records.count(),
            "change": records.last_change(),
            "behind": self.copies.behind(),
            "interactions": self.interactions.count(),
        }

    def examples(self, language: str) -> list[str]:
        """Example questions for the empty page."""
        return list(self.example_texts.get(language, ()))

    def checked(self, text: str) -> str:
        """A question as it is read. Raises BadInput where it is empty or too long."""
        cleaned = simplify(clean(text))
        if not cleaned or not any(c.isalnum() for c in cleaned):
            raise BadInput("the question is empty; describe what is happening, where, and how many people it touches")
        if len(cleaned) > MAX_QUESTION:
            raise BadInput(
                f"the question has {len(cleaned):,} characters, at most {MAX_QUESTION:,} can be read; "
                "send the part that matters, or import the text as a case"
            )
        return cleaned

    def _match(
        self, matcher: Matcher, text: str, language: str | None, wanted: Wanted, top: int, now: datetime,
        exclude: tuple[int, ...] = (), arrange: Callable[[tuple[Candidate, ...]], tuple[Candidate, ...]] = tuple,
    ) -> tuple[Situation, Verdict, tuple[Match, ...], tuple[Candidate, ...]]:  # fmt: skip
        matcher.copies.sync(at_most=SYNC_AT_ONCE)
        situation = self.understanding(self.checked(text), now, language)
        candidates = arrange(matcher.candidates(situation, now, wanted, exclude))
        matches = matcher.read(candidates, situation, now, max(top, 5))
        verdict = self.verdict_model(situation, matches, now)
        settled = self.understanding.settle(situation, matches)
        return settled, verdict, matches[:top], candidates

    def _versions(self, matcher: Matcher) -> dict[str, str]:
        copies, reranking = matcher.copies, matcher.reranking
        used = {"embedder": copies.embedder.name, "reranker": reranking.reranker.name if reranking else "none"}
        return {**self.models, **used, "change": str(copies.words.applied())}

    def _log(
        self, recommendation: Recommendation, candidates: tuple[Candidate, ...], wanted: Wanted, actor: str
    ) -> None:
        self.interactions.record(
            recommendation.interaction_id,
            asked_at=recommendation.asked_at,
            actor=actor,
            question=recommendation.situation.text,
            language=recommendation.language,
            situation=recommendation.situation.model_dump(mode="json"),
            filters=wanted.__dict__,
            candidates=[c.__dict__ for c in candidates],
            shown=[
                Shown(action.action_type, action.text, propensity)
                for action, propensity in zip(recommendation.actions, recommendation.propensities, strict=True)
            ],
            versions=recommendation.models,
            recommendation=recommendation.model_dump_json(),
        )
