"""The matcher as a LangChain retriever, so that any chain or agent can look up precedents."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from assistant.answer import Match
from assistant.desk import Desk
from knowledge.filter import Wanted

__all__ = ["PrecedentRetriever", "document"]


def document(match: Match) -> Document:
    """A match as a document: what happened, what was done with which result, how it ended, what was learnt; score,
    parts and reasons stand in the metadata."""
    case = match.case
    lines = [case.heading(), case.situation]
    lines += [f"- {a.text} ({a.result.value})" for a in case.actions]
    if case.outcome and case.outcome.summary:
        lines.append(case.outcome.summary)
    if case.lessons:
        lines.append(case.lessons)
    metadata = {
        "case_id": match.case_id,
        "external_id": match.external_id,
        "score": match.score,
        "parts": match.parts,
        "why": list(match.why),
        "category": case.category,
        "district": case.district,
        "superseded_by": case.superseded_by,
    }
    return Document(page_content="\n".join(lines), metadata=metadata)


class PrecedentRetriever(BaseRetriever):
    """Similar cases for a situation, best first. Raises BadInput for an empty or too long query."""

    desk: Any = Field(description="the Desk that is asked")
    top: int = Field(default=8, ge=1, le=200)
    wanted: Wanted = Wanted()

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        desk: Desk = self.desk
        _, _, matches = desk.match(query, wanted=self.wanted, top=self.top)
        return [document(match) for match in matches]
