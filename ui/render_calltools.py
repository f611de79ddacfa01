"""The tools of the page of one call as HTML: where it stands and what can be done, the player, find and replace,
another transcript, and the dialogs.

Pure functions: records in, a string out, every value escaped. What the buttons do is known to `static/call.js`.
"""

from html import escape

from knowledge.attached import ENDINGS
from knowledge.call import Call, CallState, TranscriptSource
from ui.call_wording import reason
from ui.render_transcript import at
from ui.texts import Texts

__all__ = ["dialogs", "player", "standing", "tools"]


def standing(t: Texts, call: Call, *, demo_at_hand: bool = False) -> str:
    """Where the call stands while it is not ready, why, and what can be done. A demo call that shows the text it was
    spoken from may be heard by the demonstration model, if that is at hand."""
    state = call.state
    if state is CallState.READY:
        if not call.reason:
            spoken = call.transcript is not None and call.transcript.source is TranscriptSource.REFERENCE
            return _try_demo(t, call, at_hand=demo_at_hand) if spoken else ""
        again = _button(t, "again", "retry")
        return _box(t("call_state.unread"), [reason(t, call)[0]], again, kind="problem")
    title = t(f"call_state.{state.value}")
    if not state.resting:
        return _box(title, [], _progress(t, call) + _button(t, "cancel", "cancel"), kind="working")
    buttons = _button(t, "again" if state is CallState.CANCELLED else "retry", "retry")
    if call.recording is None:
        buttons = ""
    buttons += _button(t, "attach", "write-it")
    said, is_spoken = reason(t, call)
    more = ""
    if said and not is_spoken:
        more = f"<details><summary>{escape(t('call_state.details'))}</summary><p>{escape(said)}</p></details>"
    kind = "problem" if state is CallState.FAILED else "waiting"
    lines = [said if is_spoken else "", t(f"call_state.{state.value}_line")]
    return _box(
        title, lines, f'<p class="buttons">{buttons}</p>{more}{_try_demo(t, call, at_hand=demo_at_hand)}', kind=kind
    )


def _box(title: str, lines: list[str], below: str, *, kind: str) -> str:
    told = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return f'<section class="stand stand-{kind}"><h3>{escape(title)}</h3>{told}{below}</section>'


def _button(t: Texts, key: str, action: str) -> str:
    return f'<button type="button" class="quiet" data-do="{action}">{escape(t(f"call_state.{key}"))}</button>'


def _progress(t: Texts, call: Call) -> str:
    length = call.recording.duration_s if call.recording else None
    if not length or call.state is CallState.UNDERSTANDING:
        return '<progress aria-hidden="true"></progress>'
    said = escape(t("call_state.progress", done=at(call.progress_s), all=at(length)))
    return (
        f'<p class="done" id="progress-said">{said}</p>'
        f'<progress id="progress" max="{length:.1f}" value="{call.progress_s:.1f}" aria-labelledby="progress-said">'
        f"</progress>"
    )


def _try_demo(t: Texts, call: Call, *, at_hand: bool) -> str:
    if call.recording is None or call.demo_model or not at_hand:
        return ""
    return (
        f'<details class="try"><summary>{escape(t("call_state.demo_try"))}</summary>'
        f'<p class="warning">{escape(t("call_state.demo_spoken" if call.demo else "call_state.demo_warning"))}</p>'
        f"{_button(t, 'demo_confirm', 'try-demo')}</details>"
    )


def player(t: Texts, call: Call) -> str:
    """The recording with its waveform; the script draws and steers it."""
    if call.recording is None:
        return f'<p class="muted silent">{escape(t("call.no_recording"))}</p>'
    address = f"/api/v1/calls/{call.call_id}"
    legend = "".join(
        f'<span><i class="key key-{name}" aria-hidden="true"></i>{escape(t(f"call_player.legend_{name}"))}</span>'
        for name in ("speech", "doubt", "person")
    )
    steps = [
        f'<button type="button" class="quiet step" data-do="{name}" title="{escape(t(f"call_player.{name}"))}" '
        f'aria-label="{escape(t(f"call_player.{name}"))}"><svg viewBox="0 0 16 16" aria-hidden="true">'
        f'<path d="{shape}"/></svg></button>'
        for name, shape in (("previous", "M3 3h2v10H3zM13 3v10L6 8z"), ("next", "M11 3h2v10h-2zM3 3l7 5-7 5z"))
    ]
    return (
        f'<section class="player" id="player" aria-label="{escape(t("call_player.title"))}">'
        f'<div class="wave" id="wave" role="slider" tabindex="0" aria-label="{escape(t("call_player.slider"))}" '
        f'aria-valuemin="0" aria-valuemax="0" aria-valuenow="0" data-from="{address}/waveform"><canvas></canvas></div>'
        f'<div class="controls">{steps[0]}<audio id="audio" controls preload="metadata" src="{address}/audio"></audio>'
        f'{steps[1]}</div><p class="legend">{legend}<span class="keys">{escape(t("call_player.keys"))}</span></p>'
        f'<p class="warning" id="unplayable" hidden>{escape(t("call_player.unplayable"))} '
        f'<a href="{address}/audio" download>{escape(t("call_player.download"))}</a></p>'
        f'<button type="button" class="quiet follow" data-do="follow" hidden>{escape(t("call_player.follow"))}</button>'
        f"</section>"
    )


def tools(t: Texts, call: Call) -> str:
    """Find and replace, versions, who looked, and another transcript; folded until they are wanted."""
    wanted = call.transcript is None and call.state.resting
    kinds = " ".join(sorted(ENDINGS))
    attach = (
        f'<details class="tool" id="attach"{" open" if wanted else ""}><summary>{escape(t("call_state.attach"))}'
        f'</summary><form data-do="attach"><label for="typed">{escape(t("call_state.attach_label"))}</label>'
        f'<textarea id="typed" class="field" name="text" rows="6"></textarea>'
        f'<label for="file">{escape(t("call_state.attach_file", kinds=kinds))}</label>'
        f'<input id="file" type="file" name="file" accept="{escape(",".join(sorted(ENDINGS)))}">'
        f'<p class="buttons"><button type="submit" class="main">{escape(t("call_state.attach_save"))}</button>'
        f'<span class="hint">{escape(t("call_state.attach_replace"))}</span></p></form></details>'
    )
    later = "".join(
        f'<details class="tool" data-later="/hotline/calls/{call.call_id}/{name}"><summary>{escape(title)}</summary>'
        f'<div class="later"></div></details>'
        for name, title in (("versions", t("call_versions.title")), ("reveals", t("call_private.log")))
    )
    return f'<div class="tools-below">{_replace(t)}{later}{attach}</div>'


def _replace(t: Texts) -> str:
    def one(name: str) -> str:
        label = escape(t(f"call_replace.{name}"))
        return f'<label>{label} <input class="field" name="{name}" maxlength="200" autocomplete="off"></label>'

    where = "".join(
        f'<label class="pick"><input type="radio" name="where" value="{name}"{" checked" if name == "here" else ""}>'
        f" {escape(t(f'call_replace.{name}'))}</label>"
        for name in ("here", "all")
    )
    return (
        f'<details class="tool" id="replace"><summary>{escape(t("call_replace.title"))}</summary>'
        f'<form data-do="replace"><div class="fields">{one("find")}{one("put")}</div>'
        f'<fieldset><legend class="only-heard">{escape(t("call_replace.where"))}</legend>{where}</fieldset>'
        f'<p class="buttons"><button type="submit" class="quiet">{escape(t("call_replace.look"))}</button>'
        f'<button type="button" class="main" data-do="replace-now" disabled>{escape(t("call_replace.do"))}</button></p>'
        f'<div class="found" aria-live="polite"></div></form></details>'
    )


def dialogs(t: Texts) -> str:
    """The dialog that asks why personal data are looked at, and the briefing for the duty officer."""
    return _reveal_dialog(t) + _brief_dialog(t)


def _reveal_dialog(t: Texts) -> str:
    return (
        f'<dialog id="reveal" aria-labelledby="h-reveal"><form data-do="reveal-now">'
        f'<h2 id="h-reveal">{escape(t("call_private.title"))}</h2><p>{escape(t("call_private.line"))}</p>'
        f'<label for="actor">{escape(t("call_private.name"))}</label>'
        f'<input id="actor" class="field" name="actor" maxlength="200" required autocomplete="name">'
        f'<label for="reason">{escape(t("call_private.reason"))}</label>'
        f'<input id="reason" class="field" name="reason" maxlength="1000" required autocomplete="off" '
        f'placeholder="{escape(t("call_private.reason_hint"))}">'
        f'<p class="warning" data-problem hidden></p><p class="buttons"><button type="submit" class="main">'
        f'{escape(t("call_private.confirm"))}</button><button type="button" class="quiet" data-do="close">'
        f"{escape(t('call_text.cancel'))}</button></p></form></dialog>"
    )


def _brief_dialog(t: Texts) -> str:
    return (
        f'<dialog id="brief" aria-labelledby="h-brief"><h2 id="h-brief">{escape(t("call_brief.title"))}</h2>'
        f'<p>{escape(t("call_brief.line"))}</p><label class="only-heard" for="brief-text">'
        f'{escape(t("call_brief.label"))}</label><textarea id="brief-text" class="field" rows="14" readonly></textarea>'
        f'<p class="buttons"><button type="button" class="main" data-do="copy">{escape(t("call_brief.copy"))}</button>'
        f'<button type="button" class="quiet" data-do="print">{escape(t("call_brief.print"))}</button>'
        f'<button type="button" class="quiet" data-do="close">{escape(t("call_brief.close"))}</button></p>'
        f'<pre id="brief-print" aria-hidden="true"></pre></dialog>'
    )
