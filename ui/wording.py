"""Values in words: ages, spans, percentages, similarity, names of categories, places and departments.

Pure functions of a value and a language. Nothing here is escaped: it returns text, not HTML.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from assistant.answer import Match, Quantity, Reading, Situation, TrackRecord
from knowledge.case import Case, Outcome
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy
from ui.texts import Texts

__all__ = ["CITY_TIME", "LIKELY", "SURE", "Wording", "chance", "number", "percent"]

CITY_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
SURE, LIKELY = 0.75, 0.5  # how sure a reading must be to stand without "probably" / "perhaps"
_SIMILARITY = ((0.75, 4), (0.5, 3), (0.3, 2))
_MONTHS_EN = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def percent(share: float) -> str:
    """A share of 0..1 as a whole percentage.

    >>> percent(0.684)
    '68%'
    """
    return f"{share * 100:.0f}%"


def chance(probability: float) -> str:
    """A probability as a whole percentage; what is neither impossible nor certain is never called 0% or 100%.

    >>> chance(0.684), chance(0.002), chance(0.999)
    ('68%', '<1%', '>99%')
    """
    if 0 < probability < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= probability < 1 else percent(probability)


def number(value: float) -> str:
    """A number as people write it: no trailing ".0", at most one decimal, thousands grouped.

    >>> number(1.5), number(3.0), number(12000)
    ('1.5', '3', '12,000')
    """
    rounded = round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"


@dataclass(frozen=True)
class Wording:
    """Says values and ids in the language of `t`."""

    t: Texts
    taxonomy: Taxonomy
    gazetteer: Gazetteer

    def category(self, category: str | None) -> str | None:
        """The name of a category."""
        return self.taxonomy.category_name(category, self.t.language)

    def action_type(self, action_type: str) -> str:
        """The name of an action type."""
        return self.taxonomy.action_type_name(action_type, self.t.language)

    def department(self, department: str | None) -> str | None:
        """The name of a department."""
        return self.taxonomy.department_name(department, self.t.language)

    def district(self, district: str | None) -> str | None:
        """The name of a district or place."""
        return self.gazetteer.district_name(district, self.t.language)

    def hedged(self, reading: Reading, value: str) -> str:
        """A value that was read, with "probably" or "perhaps" in front where the reading is not sure."""
        if reading.confidence >= SURE:
            return value
        return self.t("situation.likely" if reading.confidence >= LIKELY else "situation.unsure", value=value)

    def where(self, situation: Situation) -> str | None:
        """District and place of a situation; None if neither was said."""
        names: list[str] = []
        for reading in (situation.district, situation.place):
            name = self.district(reading.value) if reading else None
            if reading and name and name not in names:
                names.append(self.hedged(reading, name))
        return " ".join(names) or None

    def moment(self, at: datetime) -> str:
        """Day and time as the city's clock shows them; the day alone at midnight."""
        local = at.astimezone(CITY_TIME)
        if self.t.language == "zh":
            day = f"{local.year}年{local.month}月{local.day}日"
        else:
            day = f"{local.day} {_MONTHS_EN[local.month - 1]} {local.year}"
        return day if (local.hour, local.minute) == (0, 0) else f"{day} {local:%H:%M}"

    def moment_read(self, reading: Reading) -> str:
        """The time that was read from a question; the words themselves where it is no ISO time."""
        try:
            said = self.moment(datetime.fromisoformat(reading.value))
        except ValueError:
            said = " ".join(reading.words) or reading.value
        return self.hedged(reading, said)

    def age(self, days: int | None) -> str:
        """How long ago, in the largest unit that gives at least one.

        A month counts 30 days here and a year 365: it is a rough age and not a date.
        """
        if days is None:
            return self.t("age.unknown")
        if days < 1:
            return self.t("age.today")
        if days < 60:
            return self.t.count("age.days", days)
        if days < 690:
            return self.t.count("age.months", days // 30)
        return self.t.count("age.years", round(days / 365))

    def span(self, days: float) -> str:
        """A length of time given in days; under a day in hours, never less than one hour."""
        if days < 1:
            return self.t.count("span.hours", max(1, round(days * 24)))
        return self.t("span.days_one" if days == 1 else "span.days", n=number(days))

    def quantity(self, quantity: Quantity) -> str:
        """A figure with its unit; the passage it was read from where the kind of figure is unknown."""
        key = f"quantity.{quantity.what}"
        if key in self.t.entries and quantity.what != "other":
            return self.t(key, n=number(quantity.value))
        return self.t("quantity.other", n=quantity.words)

    def similarity(self, match: Match) -> str:
        """One of four steps from slightly to very similar."""
        step = next((step for least, step in _SIMILARITY if match.score >= least), 1)
        return self.t(f"cases.similarity_{step}")

    def severity(self, level: int) -> str:
        """The national warning colour and the grade."""
        return self.t(f"severity.level_{level}")

    def tries(self, record: TrackRecord) -> str:
        """How often it was tried and worked, and how fast."""
        if record.tried == 0:
            return self.t("actions.untried")
        said = self.t.count("actions.tried", record.tried, tried=record.tried, worked=record.worked)
        if record.median_days is not None:
            said += self.t("actions.median", days=self.span(record.median_days))
        return said

    def outcome(self, outcome: Outcome | None) -> str:
        """How a matter ended, in one line."""
        if outcome is None:
            return self.t("outcome.unknown")
        resolved = {True: "resolved", False: "unresolved", None: "unknown"}[outcome.resolved]
        parts = [self.t(f"outcome.{resolved}")]
        if outcome.days is not None:
            parts.append(self.t("outcome.days", days=self.span(outcome.days)))
        if outcome.satisfaction is not None:
            parts.append(self.t("outcome.satisfaction", n=number(outcome.satisfaction)))
        if outcome.recurred is not None:
            parts.append(self.t("outcome.recurred" if outcome.recurred else "outcome.not_recurred"))
        return self.t("list.comma").join(parts)

    def departments(self, case: Case) -> str:
        """The departments of a case, named."""
        return self.t("list.mark").join(self.department(d) or d for d in case.departments)
