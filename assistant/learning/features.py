"""What the learner may look at: a few numbers of an offer, and its traits, each a readable key in a named group.

Neither an id of a case nor a person becomes a feature. This module knows no weights and no labels.
"""

from assistant.learning.events import Context, Offer

__all__ = ["GROUPS", "NAMES", "NUMBERS", "numbers", "traits"]

NUMBERS = ("base", "rate", "support", "same_district")

GROUPS = (
    "type",
    "type_severity",
    "type_category",
    "type_department",
    "family_category",
    "family_severity",
    "family_district",
    "family_season",
    "family_department",
)

NAMES = {  # plain names, for explanations
    "base": "score of the fixed order",
    "rate": "track record",
    "support": "evidence",
    "same_district": "evidence from the district",
    "usual": "usual score of its kind",
    "type": "action",
    "type_severity": "action × severity",
    "type_category": "action × category",
    "type_department": "action × department",
    "family_category": "family × category",
    "family_severity": "family × severity",
    "family_district": "family × district",
    "family_season": "family × season",
    "family_department": "family × department",
}


def numbers(offer: Offer) -> tuple[float, float, float, float]:
    """The numbers of an offer in the order of NUMBERS, each in -0.5..0.5: what it is in 0..1, less a half.

    >>> numbers(Offer("pump", base=0.75, rate=0.5, support=1.0, same_district=0.0))
    (0.25, 0.0, 0.5, -0.5)
    """
    return (offer.base - 0.5, offer.rate - 0.5, offer.support - 0.5, offer.same_district - 0.5)


def traits(context: Context, offer: Offer) -> tuple[str | None, ...]:
    """The key of an offer in each of GROUPS; None where a part of it is unknown.

    >>> found = traits(Context(severity=3, district="east"), Offer("pump", base=0.5, family="supply"))
    >>> {group: key for group, key in zip(GROUPS, found) if key}  # doctest: +NORMALIZE_WHITESPACE
    {'type': 'pump', 'type_severity': 'pump|3', 'family_severity': 'supply|3', 'family_district': 'supply|east'}
    """
    kind, family = offer.action_type, offer.family
    severity, category, department = context.severity, context.category, context.department
    district, season = context.district, context.season
    return (
        kind,
        None if severity is None else f"{kind}|{severity}",
        f"{kind}|{category}" if category else None,
        f"{kind}|{department}" if department else None,
        f"{family}|{category}" if family and category else None,
        f"{family}|{severity}" if family and severity is not None else None,
        f"{family}|{district}" if family and district else None,
        f"{family}|{season}" if family and season else None,
        f"{family}|{department}" if family and department else None,
    )
