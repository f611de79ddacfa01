"""The composer's actions: from matches to ranked actions, cautions and the contrast of success and failure.

Actions of one type are merged across the matches and ranked by their track record; no language model takes part. This
is the fixed order, which knows nothing of anybody's choices; each action also stands as an offer for those who learn
from them. It writes no prose: that is the answer's text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.adapt import Adapter
from assistant.answer import Caution, Contrast, Evidence, Match, RankedAction, Situation, Unknown, Verdict
from assistant.learning.events import Offer
from assistant.trackrecord import Trial, freshness, track_record
from knowledge.case import Action, ActionResult
from knowledge.taxonomy import Taxonomy
from prompts import Phrases

__all__ = ["Composed", "Composer"]

NEAR = 0.15  # cases whose weight is below this share of the best one's give no evidence
OTHER_LEAF, OTHER_GROUP = 0.6, 0.35  # weight of a case of a sibling category, and of another group
MAX_EVIDENCE = 3
ENOUGH_SUPPORT = 3.0  # weights of the cases in which an action was taken; more adds nothing
SUPPORT_BONUS = 0.6  # less lets a lone success win; chosen on gold/dev by eval.fixedorder


@dataclass(frozen=True)
class _Use:
    """One action in one match, with the weight of that match (the best one has 1) and the share of it that its age
    leaves."""

    action: Action
    match: Match
    weight: float
    fresh: float = 1.0

    @property
    def worked(self) -> bool | None:
        return {ActionResult.WORKED: True, ActionResult.FAILED: False}.get(self.action.result)


@dataclass(frozen=True)
class Composed:
    """What the composer found, before it is put into words. `actions` are all that can be recommended, in the fixed
    order, and `offers` the same for the learner."""

    actions: tuple[RankedAction, ...]
    offers: tuple[Offer, ...]
    cautions: tuple[Caution, ...]
    contrast: Contrast | None
    unknowns: tuple[Unknown, ...]


@dataclass(frozen=True)
class Composer:
    """Ranks actions by the lower bound of the rate at which they work, to which full support adds `support_bonus`.
    `prior_rates` gives the share that worked for each action type over the whole case base, under "" the share over
    all types."""

    taxonomy: Taxonomy
    phrases: Phrases
    adapter: Adapter
    support_bonus: float = SUPPORT_BONUS

    def __call__(
        self, situation: Situation, verdict: Verdict, matches: Sequence[Match], prior_rates: Mapping[str, float],
        *, at: datetime | None = None,
    ) -> Composed:  # fmt: skip
        """Actions best first, cautions nearest first. With the verdict "new", unless it is doubtful, only emergency
        measures are offered, and only where life is in danger; without such danger there are no cautions and no
        contrast either. Older cases count less in the track records, by their age `at` that time (aware)."""
        nothing = verdict.label.value == "new" and not verdict.doubtful
        uses = self._uses(situation, matches, at)
        grouped: dict[str, list[_Use]] = {}
        for use in uses:
            grouped.setdefault(use.action.action_type, []).append(use)
        danger = situation.severity.danger_to_life
        ranked = []
        for action_type, group in grouped.items():
            known = self.taxonomy.action_type_by_id.get(action_type)
            emergency = bool(known and known.emergency)
            if nothing and not (danger and emergency):
                continue
            ranked_action = self._action(situation, action_type, group, prior_rates, danger and emergency)
            if ranked_action:
                offer = self._offer(situation, ranked_action, group)
                called = offer.first and action_type in situation.severity.first_actions
                ranked.append(((not called, not offer.first, -offer.base, action_type), ranked_action, offer))
        ranked.sort(key=lambda found: found[0])
        silent = nothing and not danger  # what failed elsewhere says nothing here
        return Composed(
            actions=tuple(action for _, action, _ in ranked),
            offers=tuple(offer for _, _, offer in ranked),
            cautions=() if silent else self._cautions(situation, uses),
            contrast=None if silent else _contrast(matches),
            unknowns=self._unknowns(situation),
        )

    def _uses(self, situation: Situation, matches: Sequence[Match], at: datetime | None) -> list[_Use]:
        if not matches:
            return []
        best = max(m.score for m in matches) or 1.0
        uses = []
        for match in matches:
            weight = (match.score / best) ** 2
            weight *= _kinship(situation, match)
            if match.replaced_by:
                weight *= 0.5
            if weight >= NEAR:
                fresh = freshness(match.case, at)
                uses += [_Use(action, match, weight, fresh) for action in match.case.actions]
        return uses

    def _offer(self, situation: Situation, action: RankedAction, group: Sequence[_Use]) -> Offer:
        """The action as the learner sees it. Its base is the lower bound of the rate with support as a bonus, brought
        to 0..1; an emergency measure is a first one where life is in danger."""
        weight = sum(u.weight for u in group)
        support = min(weight, ENOUGH_SUPPORT) / ENOUGH_SUPPORT
        district = situation.district.value if situation.district else None
        near = sum(u.weight for u in group if district and u.match.case.district == district)
        known = self.taxonomy.action_type_by_id.get(action.action_type)
        return Offer(
            action_type=action.action_type,
            base=(action.track_record.low + self.support_bonus * support) / (1 + self.support_bonus),
            rate=action.track_record.rate,
            support=support,
            same_district=near / weight,
            family=known.family if known else action.when,
            first=action.emergency,
        )

    def _action(
        self, situation: Situation, action_type: str, group: Sequence[_Use], priors: Mapping[str, float], urgent: bool
    ) -> RankedAction | None:
        trials = [
            Trial(u.weight * u.fresh, u.worked, u.match.case.outcome.days if u.match.case.outcome else None)
            for u in group
        ]
        record = track_record(trials, priors.get(action_type, priors.get("", 0.6)))
        usable = [u for u in group if u.worked is not False]
        if not usable or (record.tried and not record.worked):
            return None  # nothing but failures: it stands in the cautions
        same = situation.language
        usable.sort(key=lambda u: (u.worked is not True, (u.match.case.language or same) != same, -u.weight))
        chosen = usable[0]
        text, adapted = self.adapter(chosen.action.text, chosen.match.case, situation)
        known = self.taxonomy.action_type_by_id.get(action_type)
        return RankedAction(
            text=text,
            action_type=action_type,
            department=chosen.action.department or _most([u.action.department for u in group]),
            when="now" if urgent else (known.when if known else "today"),
            evidence=tuple(Evidence(case_id=u.match.case_id, quote=u.action.text) for u in usable[:MAX_EVIDENCE]),
            track_record=record,
            adapted=adapted,
            why=self._why(same, record.tried, record.worked, record.median_days, urgent),
            emergency=urgent,
        )

    def _why(self, language: str, tried: int, worked: int, days: float | None, urgent: bool) -> tuple[str, ...]:
        say = self.phrases.speaker(language)
        reasons = [say("action_emergency")] if urgent else []
        reasons.append(say("action_worked", tried=tried, worked=worked) if tried else say("action_untested"))
        if days is not None:
            reasons.append(say("action_days", days=f"{days:g}"))
        if tried > worked:
            reasons.append(say("action_failed_also", failed=tried - worked))
        return tuple(reasons)

    def _cautions(self, situation: Situation, uses: Sequence[_Use]) -> tuple[Caution, ...]:
        """Failed actions of the near cases, one for each action type and case, nearest first, at most five."""
        say = self.phrases.speaker(situation.language)
        found: dict[tuple[str, int], Caution] = {}
        for use in sorted(uses, key=lambda u: -u.weight):
            if use.worked is not False:
                continue
            name = self.taxonomy.action_type_name(use.action.action_type, situation.language)
            quote = use.action.note or use.action.text
            caution = Caution(
                text=say("caution", type=name, note=quote),
                action_type=use.action.action_type,
                evidence=Evidence(case_id=use.match.case_id, quote=quote),
            )
            found.setdefault((use.action.action_type, use.match.case_id), caution)
        return tuple(found.values())[:5]

    def _unknowns(self, situation: Situation) -> tuple[Unknown, ...]:
        say = self.phrases.speaker(situation.language)
        return tuple(Unknown(key=key, question=say(f"unknown_{key}")) for key in situation.missing)


def _kinship(situation: Situation, match: Match) -> float:
    """How much another kind of matter says about what works in this one; 1 where either kind is unknown."""
    asked, theirs = situation.category.value if situation.category else None, match.case.category
    if asked is None or theirs is None or asked == theirs:
        return 1.0
    return OTHER_LEAF if asked.split(".")[0] == theirs.split(".")[0] else OTHER_GROUP


def _most(values: Sequence[str | None]) -> str | None:
    known = [v for v in values if v]
    return max(dict.fromkeys(known), key=known.count) if known else None


def _is_success(match: Match) -> bool:
    outcome = match.case.outcome
    return bool(outcome and outcome.resolved and not outcome.recurred and (outcome.satisfaction or 5) >= 3)


def _is_failure(match: Match) -> bool:
    outcome = match.case.outcome
    if not outcome:
        return False
    return outcome.resolved is False or bool(outcome.recurred) or (outcome.satisfaction or 5) <= 2


def _contrast(matches: Sequence[Match]) -> Contrast | None:
    """The nearest success and the nearest failure of the same category as the best match that has a result."""
    success = next((m for m in matches if _is_success(m)), None)
    if success is None:
        return None
    leaf = success.case.category
    failure = next((m for m in matches if _is_failure(m) and (not leaf or m.case.category == leaf)), None)
    if failure is None:
        return None
    did = {a.action_type for a in success.case.actions if a.result is not ActionResult.FAILED} - {"other"}
    missed = {a.action_type for a in failure.case.actions} - {"other"}
    return Contrast(
        success_case_id=success.case_id,
        failure_case_id=failure.case_id,
        only_in_success=tuple(sorted(did - missed)),
        only_in_failure=tuple(sorted(missed - did)),
    )
