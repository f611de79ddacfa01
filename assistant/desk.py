"""The desk: the one door to the assistant. It asks, matches, converses and logs; pages and commands call only this.

Every answer is logged before it is given out, with all candidates and what was shown, so that a later choice always
has its context. It ranks nothing itself, learns nothing itself, and never waits for what is learned.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from assistant.answer import CallEvidence, Match, Reaction, Recommendation, Situation, Turn, Verdict
from assistant.asking import Advising, Arranging, cited, with_cited
from assistant.compose import Prose
from assistant.dialogue import Dialogue
from assistant.hubs import ENOUGH, Hubs
from assistant.journal import Journal
from assistant.learning.events import Context, Effect, Offer
from assistant.learning.offers import context_of, group_of
from assistant.match import Candidate, Matcher
from assistant.recommend import Composed, Composer
from assistant.situation import Understanding
from assistant.verdict import VerdictModel
from knowledge.case import CaseStatus
from knowledge.conversations import ConversationHead, Conversations, NumberTaken
from knowledge.copies import Copies
from knowledge.errors import BadInput
from knowledge.filter import Wanted
from knowledge.interactions import Interactions
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
    arranging: Arranging
    prose: Prose
    dialogue: Dialogue
    statistics: Statistics
    journal: Journal
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

    @property
    def interactions(self) -> Interactions:
        """The log of what was shown and chosen."""
        return self.journal.interactions

    @property
    def advisor(self) -> Advising | None:
        """Who says in which order actions stand; None where the fixed order holds."""
        return self.arranging.advisor

    def ask(
        self, text: str, *, language: str | None = None, wanted: Wanted | None = None, top: int = 8,
        actor: str = "anonymous", department: str | None = None,
    ) -> Recommendation:  # fmt: skip
        """One recommendation, logged. `department` is the asker's. Raises BadInput for an empty or too long text."""
        started = time.perf_counter()
        now = self.clock()
        wanted = wanted or Wanted()
        matcher = self.matcher
        situation, verdict, matches, candidates = self._match(
            matcher, text, language, wanted, max(top, COMPOSED_FROM), now
        )
        composed = self._composed(matcher, situation, verdict, matches, now)
        arranged = self.arranging(situation, composed, now, department=department)
        shown = with_cited(matches, top, cited(composed, arranged.actions))
        recommendation = Recommendation(
            interaction_id=uuid4().hex,
            asked_at=now,
            situation=situation,
            verdict=verdict,
            matches=shown,
            actions=arranged.actions,
            cautions=composed.cautions,
            contrast=composed.contrast,
            unknowns=composed.unknowns,
            propensities=arranged.propensities,
            answer_markdown=self.prose(situation, verdict, shown, replace(composed, actions=arranged.actions)),
            language=situation.language,
            models=self._versions(matcher) | {"order": arranged.slate.version},
            calls=tuple(self.calls_about(situation)),
            ms=round(1000 * (time.perf_counter() - started), 1),
        )
        self.journal.record(recommendation, arranged, candidates, wanted, actor)
        return recommendation

    def offers(self, text: str) -> tuple[Context, tuple[Offer, ...]]:
        """What could be recommended for a question, in the fixed order; nothing is logged. Raises BadInput as `ask`."""
        now, matcher = self.clock(), self.matcher
        situation, verdict, matches, _ = self._match(matcher, text, None, Wanted(), COMPOSED_FROM, now)
        return context_of(situation, now), self._composed(matcher, situation, verdict, matches, now).offers

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

    def turn(
        self, text: str, *, owner: str, conversation_id: str | None = None, language: str | None = None,
        department: str | None = None,
    ) -> Turn:  # fmt: skip
        """One exchange of a conversation; a new one is started where no id is given. `department` is the owner's.
        Raises NotFound where it is not the owner's, BadInput as `ask` does."""
        said = self.checked(text)
        before = self.conversation(conversation_id, owner) if conversation_id else []
        plan = self.dialogue(said, before, language=language, now=self.clock())
        recommendation = plan.recommendation
        if plan.question is not None:
            recommendation = self.ask(
                plan.question, language=plan.language, wanted=plan.wanted, actor=owner, department=department
            )
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
        """Logs a choice; False if it was known. Raises NotFound for what was never shown."""
        return self.journal.react(reaction)

    def reactions(self, interaction_id: str) -> list[Reaction]:
        """All reactions to one interaction, oldest first."""
        return self.journal.reactions(interaction_id)

    def effect(self, effect: Effect) -> bool:
        """Logs how an action turned out; False if it was known. Raises NotFound for an action that was never shown."""
        return self.journal.effect(effect)

    def recommendation(self, interaction_id: str) -> Recommendation:
        """A recommendation as it was shown. Raises NotFound."""
        return self.journal.recommendation(interaction_id)

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

    def _composed(
        self, matcher: Matcher, situation: Situation, verdict: Verdict, matches: Sequence[Match], now: datetime
    ) -> Composed:
        rates = self.statistics.rates(matcher.copies.words.applied(), group_of(situation), at=now)
        return self.composer(situation, verdict, matches, rates, at=now)

    def _versions(self, matcher: Matcher) -> dict[str, str]:
        copies, reranking = matcher.copies, matcher.reranking
        used = {"embedder": copies.embedder.name, "reranker": reranking.reranker.name if reranking else "none"}
        return {**self.models, **used, "change": str(copies.words.applied())}
