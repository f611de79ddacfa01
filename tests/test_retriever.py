"""The matcher as a LangChain retriever."""

import pytest
from langchain_core.runnables import RunnableLambda

from assistant.desk import Desk
from assistant.retriever import PrecedentRetriever
from knowledge.errors import BadInput
from knowledge.filter import Wanted


def test_gives_the_same_cases_in_the_same_order_as_the_desk(desk: Desk) -> None:
    question = "暴雨后立交桥下积水，两辆车被困"
    documents = PrecedentRetriever(desk=desk, top=5).invoke(question)
    _, _, matches = desk.match(question, top=5)
    assert [d.metadata["case_id"] for d in documents] == [m.case_id for m in matches]
    assert all(0 <= d.metadata["score"] <= 1 and d.metadata["why"] for d in documents)
    assert all(m.case.situation in d.page_content for d, m in zip(documents, matches, strict=True))


def test_takes_part_in_a_chain(desk: Desk) -> None:
    chain = PrecedentRetriever(desk=desk, top=3) | RunnableLambda(len)
    assert chain.invoke("电梯困人") == 3


def test_keeps_to_the_filter(desk: Desk) -> None:
    retriever = PrecedentRetriever(desk=desk, wanted=Wanted(districts=("wangjiang",)))
    assert {d.metadata["district"] for d in retriever.invoke("积水")} == {"wangjiang"}


def test_an_empty_query_says_what_to_do(desk: Desk) -> None:
    with pytest.raises(BadInput, match="describe what is happening"):
        PrecedentRetriever(desk=desk).invoke("  ")
