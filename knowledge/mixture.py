"""Two readings of one text as one: shares read by meaning and words, and shares of labels learned from a city's texts.

A label is a category of the taxonomy, of either level. It reads no text and learns nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from knowledge.taxonomy import Taxonomy

__all__ = ["Mixture", "mixture"]

READ_WITHIN = 0.12  # share of a group from which on the meaning says which of its leaves it is
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Mixture:
    """`covers` gives the categories that each label speaks for; `new` are the labels of which the meaning knows none of
    these categories."""

    covers: Mapping[str, tuple[str, ...]]
    new: frozenset[str]

    def __call__(self, read: Shares, learned: Shares, weight: float) -> dict[str, float]:
        """Shares (0..1, sum at most 1) of both. Labels that were learned know only one another: what was read of other
        categories stays as it is, and what was read of theirs is shared out anew, `weight` (0..1) of it as the labels
        say; only the new ones also get of what was read of nothing. A group's share goes to its leaves as they were
        read, or to the group itself where hardly any of them was.

        >>> both = Mixture({"road.light": ("road.light",), "road.works": ("road.works",)}, frozenset())
        >>> both({"road.light": 0.5}, {"road.light": 0.5, "road.works": 0.5}, 0.5)
        {'road.light': 0.375, 'road.works': 0.125}
        """
        within = {label: sum(read.get(category, 0.0) for category in self.covers[label]) for label in self.covers}
        inside, nothing = sum(within.values()), max(1.0 - sum(read.values()), 0.0)
        found = dict(read)
        for label, before in within.items():
            pool = inside + nothing if label in self.new else inside
            after = (1.0 - weight) * before + weight * pool * learned.get(label, 0.0)
            if before > 0 and (after <= before or before >= READ_WITHIN):
                for category in self.covers[label]:
                    if category in found:
                        found[category] = read[category] * after / before
            elif after > 0:
                found[label] = read.get(label, 0.0) + after - before
        return found

    def label_of(self, category: str) -> str:
        """The label that speaks for a category; "" for none."""
        return next((label for label, categories in self.covers.items() if category in categories), "")


def mixture(labels: Iterable[str], taxonomy: Taxonomy, meant: Collection[str]) -> Mixture:
    """The mixture for labels: each speaks for itself and, if it is a group, for those of its leaves that are no labels
    themselves. One that the taxonomy does not have is left out. `meant` are the categories that the meaning knows.

    >>> from knowledge.taxonomy import read_taxonomy
    >>> mixture(["flood.underpass", "nothing"], read_taxonomy(), ["flood.underpass"])
    Mixture(covers={'flood.underpass': ('flood.underpass',)}, new=frozenset())
    """
    covers = {label: [label] for label in labels if label in taxonomy.category_by_id}
    for category in taxonomy.categories:
        if category.is_leaf and category.group in covers and category.id not in covers:
            covers[category.group].append(category.id)
    new = frozenset(label for label, categories in covers.items() if not set(categories) & set(meant))
    return Mixture({label: tuple(categories) for label, categories in covers.items()}, new)
