"""The calls in the HTTP API: recordings come in as they are in the body of a request, and are played by range.

Errors are those of `ui.api`. It checks the shape of what comes in, and leaves the rest to the hotline.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from assistant.callintake import Arrival, is_transcript
from assistant.callreplacing import Replaced
from assistant.callstatistics import CallStatistics
from assistant.hotline import Hotline
from knowledge.attached import LARGEST_TEXT
from knowledge.call import Call, CallState, Channel
from knowledge.errors import BadInput
from knowledge.recordings import CHUNK, TooLarge

__all__ = ["create_call_router"]

Author = Annotated[str, Field(default="api", min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Correcting(_Body):
    """Another text for one sentence (`index`, from 0); an empty one takes the sentence out. `version` is the newest
    version that the editor has seen."""

    index: int = Field(ge=0)
    text: str = Field(max_length=5_000)
    author: Author
    version: int | None = None


class Labelling(_Body):
    """Who speaks one sentence."""

    index: int = Field(ge=0)
    channel: Channel
    author: Author
    version: int | None = None


class Replacing(_Body):
    """What is written as what in the newest transcripts, of some calls or of all."""

    find: str = Field(min_length=1, max_length=200)
    put: str = Field(max_length=200)
    author: Author
    call_ids: list[int] | None = None
    dry_run: bool = False


class Joining(_Body):
    """Calls on one matter."""

    call_ids: list[int] = Field(min_length=1, max_length=1_000)


class Revealing(_Body):
    """Who looks at personal data, and why."""

    actor: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=1_000)


def create_call_router(hotline: Hotline) -> APIRouter:
    """The routes. Plain functions run in a thread of their own each; what streams is asynchronous."""
    router = APIRouter(prefix="/api/v1/calls", tags=["calls"])
    _add_intake(router, hotline)
    _add_lists(router, hotline)
    _add_files(router, hotline)
    _add_moves(router, hotline)
    _add_corrections(router, hotline)
    return router


def _shown(call: Call) -> dict[str, Any]:
    content = call.model_dump(mode="json")
    return {**content, "reading": json.loads(call.reading) if call.reading else None}


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


async def _text_body(request: Request) -> bytes:
    """The body of a transcript, which is small."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST_TEXT:
            raise TooLarge(f"the transcript has more than {LARGEST_TEXT:,} bytes; send it in parts")
    return bytes(found)


def _add_intake(router: APIRouter, hotline: Hotline) -> None:
    @router.post(
        "", status_code=201, summary="A recording or a transcript, as the body; the same one twice is one call"
    )
    async def receive(
        request: Request,
        response: Response,
        name: Annotated[str, Query(min_length=1, max_length=1_000, description="its file name")],
        received_at: datetime | None = None,
        external_id: Annotated[str | None, Query(max_length=200)] = None,
        waiting_s: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
        handling_s: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
    ) -> dict[str, Any]:
        if request.headers.get("content-type", "").startswith("multipart/"):
            raise BadInput("send the file itself as the body of the request, not as a form (curl --data-binary @FILE)")
        arrival: Arrival = {
            "received_at": _in_utc(received_at),
            "external_id": external_id,
            "waiting_s": waiting_s,
            "handling_s": handling_s,
        }
        if is_transcript(name):
            content = await _text_body(request)
            call, new = await run_in_threadpool(lambda: hotline.receive_transcript(content, name, **arrival))
        else:
            call, new = await _recorded(request, name, arrival)
        response.status_code = 201 if new else 200
        return {"call": _shown(call), "new": new}

    async def _recorded(request: Request, name: str, arrival: Arrival) -> tuple[Call, bool]:
        """Writes while it comes, so that a large file is never held."""
        with hotline.writer(name) as writer:
            held = bytearray()
            async for chunk in request.stream():
                held += chunk
                if len(held) >= CHUNK:
                    await run_in_threadpool(writer.write, bytes(held))
                    held.clear()
            await run_in_threadpool(writer.write, bytes(held))
            kept = await run_in_threadpool(writer.finish)
        return await run_in_threadpool(lambda: hotline.take(kept, **arrival))

    @router.post("/{call_id}/attach", summary="A transcript for a call, as the body: TXT, SRT, VTT or JSON")
    async def attach(
        request: Request,
        call_id: int,
        name: Annotated[str, Query(min_length=1, max_length=1_000)] = "typed.txt",
        author: Annotated[str, Query(min_length=1, max_length=200)] = "api",
    ) -> dict[str, int]:
        content = await _text_body(request)
        return {"version": await run_in_threadpool(lambda: hotline.attach(call_id, content, name, author=author))}


def _add_lists(router: APIRouter, hotline: Hotline) -> None:
    @router.get("", summary="Calls without their transcripts: urgent ones on top, then the newest first")
    def calls(
        state: Annotated[list[CallState] | None, Query()] = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> dict[str, Any]:
        found = hotline.calls(
            states=state, since=_in_utc(since), until=_in_utc(until), text=text, limit=limit, offset=offset
        )
        return {"calls": [_shown(call) for call in found], "counts": hotline.counts()}

    @router.get("/statistics", summary="Calls per day, category and district; waiting and handling time; corrections")
    def statistics(since: datetime | None = None, until: datetime | None = None) -> CallStatistics:
        return hotline.statistics(_in_utc(since), _in_utc(until))

    @router.get("/{call_id}", summary="One call with its transcript, personal data masked")
    def call(call_id: int) -> dict[str, Any]:
        return _shown(hotline.call(call_id))

    @router.get("/{call_id}/versions", summary="Every version of the transcript, oldest first")
    def versions(call_id: int) -> list[dict[str, Any]]:
        return [
            {
                "version": v.version,
                "author": v.author,
                "written_at": v.written_at,
                "transcript": v.transcript.model_dump(mode="json"),
            }
            for v in hotline.versions(call_id)
        ]

    @router.get("/{call_id}/related", summary="Earlier calls and cases on the same matter, with reasons")
    def related(call_id: int) -> list[Any]:
        return list(hotline.related(call_id))

    @router.get("/{call_id}/question", summary="The call as a question for /api/v1/ask")
    def question(call_id: int) -> dict[str, str]:
        return {"text": hotline.question(call_id)}

    @router.get("/{call_id}/reveals", summary="Who looked at the personal data of a call, and why")
    def reveals(call_id: int) -> list[dict[str, Any]]:
        return [dict(vars(reveal)) for reveal in hotline.reveals(call_id)]


def _add_files(router: APIRouter, hotline: Hotline) -> None:
    @router.get("/{call_id}/audio", summary="The recording; a part of it by the header Range", response_class=Response)
    def audio(call_id: int) -> FileResponse:
        found = hotline.audio(call_id)
        return FileResponse(
            found.path, media_type=found.media_type, filename=found.name, content_disposition_type="inline",
            headers={"cache-control": "private, no-store"},
        )  # fmt: skip

    @router.get("/{call_id}/waveform", summary="Lowest and highest value (-127..127) of each slice, for each channel")
    def waveform(call_id: int) -> dict[str, Any]:
        shape = hotline.waveform(call_id)
        return {"seconds": shape.seconds, "channels": shape.peaks.tolist()}

    @router.get("/{call_id}/export", summary="The transcript as a file, personal data masked", response_class=Response)
    def export(
        call_id: int, format: Literal["srt", "vtt", "txt", "json", "docx"], language: Literal["zh", "en"] | None = None
    ) -> Response:
        content, media_type = hotline.export(call_id, format, language=language)
        disposition = f'attachment; filename="call-{call_id}.{format}"'
        return Response(content, media_type=media_type, headers={"content-disposition": disposition})


def _add_moves(router: APIRouter, hotline: Hotline) -> None:
    @router.post("/join", summary="Makes calls one matter")
    def join(joining: Joining) -> dict[str, int]:
        return {"matter_id": hotline.join(joining.call_ids)}

    @router.post("/{call_id}/part", summary="Takes a call out of its matter again")
    def part(call_id: int) -> dict[str, Any]:
        hotline.part(call_id)
        return _shown(hotline.call(call_id))

    @router.post("/{call_id}/cancel", summary="Ends the work on a call")
    def cancel(call_id: int) -> dict[str, Any]:
        hotline.cancel(call_id)
        return _shown(hotline.call(call_id))

    @router.post("/{call_id}/retry", summary="Begins again with a call that rests")
    def retry(call_id: int) -> dict[str, Any]:
        hotline.retry(call_id)
        return _shown(hotline.call(call_id))

    @router.post("/{call_id}/try-demo", summary="Begins again; the demonstration model may be tried on this call")
    def try_demo(call_id: int) -> dict[str, Any]:
        hotline.try_demo(call_id)
        return _shown(hotline.call(call_id))

    @router.post("/{call_id}/reveal", summary="The call with personal data; who looks, and why, is written down")
    def reveal(call_id: int, revealing: Revealing) -> dict[str, Any]:
        return _shown(hotline.reveal(call_id, actor=revealing.actor, reason=revealing.reason))


def _add_corrections(router: APIRouter, hotline: Hotline) -> None:
    @router.post("/replace", summary="Find and replace over transcripts; a dry run shows what would change")
    def replace(replacing: Replacing) -> Replaced:
        return hotline.replace_all(
            replacing.find, replacing.put, author=replacing.author, call_ids=replacing.call_ids,
            dry_run=replacing.dry_run,
        )  # fmt: skip

    @router.post("/{call_id}/correct", summary="Another text for one sentence, as a new version")
    def correct(call_id: int, correcting: Correcting) -> dict[str, int]:
        version = hotline.correct(
            call_id, correcting.index, correcting.text, author=correcting.author, version=correcting.version
        )
        return {"version": version}

    @router.post("/{call_id}/label", summary="Who speaks one sentence, as a new version")
    def label(call_id: int, labelling: Labelling) -> dict[str, int]:
        version = hotline.label(
            call_id, labelling.index, labelling.channel, author=labelling.author, version=labelling.version
        )
        return {"version": version}
