"""The hand-over as HTML: the form follows from the action, what was written is not lost, tasks say how they stand, and
nothing from outside becomes markup."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fake_desk import HOSTILE, FakeDesk, recommendation
from test_render import tags, words_of
from test_task_turn import AT, HOLDER, ISSUER, STRANGER, task

from assistant.answer import Reaction
from assistant.opentasks import OpenTask
from assistant.taskstep import default_due
from knowledge.task import Person
from ui.render_action import actions
from ui.render_handover import Handover, already_handed, handed, handover_form
from ui.session import Unsent
from ui.task_wording import clock_of
from ui.texts import texts_in
from ui.wording import Wording

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
NOBODY = Handover(None, (), None, AT)
ANSWER = recommendation("x")


def words_in(language: str = "zh") -> Wording:
    desk = FakeDesk()
    return Wording(texts_in(language), desk.taxonomy, desk.gazetteer)


def _value(form: str, name: str) -> str:
    """What a field holds at first."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]*value="([^"]*)"', form)
    if found is None:
        chosen = re.search(rf'<select[^>]* name="{name}".*?</select>', form, re.DOTALL)
        assert chosen is not None
        found = re.search(r'<option value="([^"]*)" selected', chosen.group())
    return unescape(found.group(1)) if found else ""


def reaction(kind: str, action: int | None = 2, text: str | None = None) -> Reaction:
    return Reaction.model_validate(
        {"interaction_id": "i-1", "client_id": kind, "kind": kind, "action": action, "text": text, "actor": "me",
         "at": AT}
    )  # fmt: skip


@LANGUAGES
def test_the_form_follows_from_the_action(language: str) -> None:
    words, action = words_in(language), ANSWER.actions[2]
    opener, form = handover_form(words, 2, action, "架三台泵车", NOBODY)
    tags(opener + form)
    assert _value(form, "department") == action.department == "water"
    assert _value(form, "due") == clock_of(default_due(action.when, AT))
    assert _value(form, "assignee") == ""
    assert "\n架三台泵车</textarea>" in form
    assert " hidden>" in form
    assert 'name="who"' in form, "who hands over is asked in place"


def test_who_is_known_is_not_asked() -> None:
    _, form = handover_form(words_in(), 2, ANSWER.actions[2], "x", Handover(ISSUER, (), None, AT))
    assert 'name="who"' not in form
    assert f"您是 {ISSUER.name}" in form


def test_what_could_not_be_sent_stands_open_with_its_reason() -> None:
    written = {"department": "police", "assignee": "赵刚", "due": "2020-01-01T08:00", "instructions": "另写的"}
    handover = Handover(ISSUER, (), Unsent(2, written, "期限请填将来的时间。"), AT)
    opener, form = handover_form(words_in(), 2, ANSWER.actions[2], "x", handover)
    assert 'aria-expanded="true"' in opener
    assert " hidden>" not in form
    assert 'role="alert">期限请填将来的时间。' in form
    assert [_value(form, name) for name in ("department", "assignee", "due")] == ["police", "赵刚", "2020-01-01T08:00"]
    assert "\n另写的</textarea>" in form
    _, other = handover_form(words_in(), 1, ANSWER.actions[1], "x", handover)
    assert " hidden>" in other, "it belongs to its own action"


@pytest.mark.parametrize("kind", ["adopt", "edit", "reject", None])
def test_only_what_was_adopted_is_handed_over(kind: str | None) -> None:
    made = [reaction(kind, text="改过的" if kind == "edit" else None)] if kind else []
    html = actions(words_in(), ANSWER, made, NOBODY)
    assert html.count('data-event="hand_over"') == (1 if kind in ("adopt", "edit") else 0)
    assert ("\n改过的</textarea>" in html) == (kind == "edit"), "the edited text is what is to be done"
    assert 'data-event="hand_over"' not in actions(words_in(), ANSWER, made), "nothing to hand over to"


@pytest.mark.parametrize(
    ("state", "person", "back"),
    [
        ("issued", ISSUER, True),
        ("issued", HOLDER, False),
        ("issued", STRANGER, False),
        ("issued", None, False),
        ("accepted", ISSUER, False),
        ("done", ISSUER, False),
        ("verified", ISSUER, False),
        ("cancelled", ISSUER, False),
    ],
)
def test_a_task_says_how_it_stands(state: str, person: Person | None, back: bool) -> None:
    words = words_in()
    one = task(state, task_id=12, slot=2, due=AT + timedelta(hours=4))
    html = handed(words, 2, Handover(person, (one,), None, AT))
    tags(html)
    assert 'href="/tasks/12"' in html
    assert words.t(f"task_state.{state}") in html
    assert ('data-event="take_back"' in html) == back
    assert ("还剩 4 小时" in words_of(html)) == (state in ("issued", "accepted"))
    assert handed(words, 1, Handover(person, (one,), None, AT)) == ""


def test_a_second_hand_over_is_called_one() -> None:
    words = words_in()
    for state, said in (("issued", "再交办"), ("cancelled", "交办")):
        one = task(state, task_id=12, slot=2)
        opener, form = handover_form(words, 2, ANSWER.actions[2], "x", Handover(ISSUER, (one,), None, AT))
        assert f">{said}</button>" in opener
        assert 'data-step="1"' in form, "another step is another task"


@LANGUAGES
def test_what_was_handed_over_already_has_its_reasons(language: str) -> None:
    words = words_in(language)
    assert already_handed(words, ()) == ""
    html = already_handed(
        words, [OpenTask(task("accepted", task_id=7, title="抽排"), ("同类事项：下穿通道积水", "今天交办"))]
    )
    tags(html)
    for said in ("抽排", "同类事项：下穿通道积水", "今天交办", words.t("handover.already")):
        assert said in html
    assert 'href="/tasks/7"' in html


def test_nothing_from_outside_becomes_markup() -> None:
    words, person = words_in(), Person(name=HOSTILE, department=HOSTILE)
    bad = task("issued", task_id=7, slot=2, title=HOSTILE, assignee=HOSTILE, department=HOSTILE)
    written = dict.fromkeys(("department", "assignee", "due", "instructions"), HOSTILE)
    handover = Handover(person, (bad,), Unsent(2, written, HOSTILE), AT)
    action = ANSWER.actions[2].model_copy(update={"department": HOSTILE})
    html = "".join(
        [
            *handover_form(words, 2, action, HOSTILE, handover),
            handed(words, 2, handover),
            already_handed(words, [OpenTask(bad, (HOSTILE,))]),
        ]
    )
    seen = tags(html)
    assert not {"script", "img"} & set(seen.tags)
    assert seen.handlers == []
