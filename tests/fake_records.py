"""A case base in memory with the one method that an import needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.case import Case
from knowledge.records import Written


@dataclass
class FakeRecords:
    """Keeps the last version of each case by external_id, and the size of each transaction."""

    cases: dict[str | None, Case] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    def write(self, cases: Sequence[Case]) -> Written:
        written = Written()
        for case in cases:
            known = self.cases.get(case.external_id)
            if known is None:
                written += Written(added=1)
            elif known.content_hash() == case.content_hash():
                written += Written(skipped=1)
            else:
                written += Written(updated=1)
            self.cases[case.external_id] = case
        self.batches.append(len(cases))
        return written
