"""The link between pages and program, spoken to over a real websocket."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, get_args

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dialogue import events
from dialogue.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertRaised,
    EngineChanged,
    PartialHeard,
    ReplyDecided,
    StateChanged,
    UtteranceHeard,
)
from robot.driver import Outcome, Play
from simulator.link import MOST_COMMANDS, MOST_PAGES
from simulator.messages import event_message
from simulator.pages import MOST_TOLD, WAITING
from tests.simulator.conftest import ScriptedProgram
from voices.hearing import CHUNK_BYTES

HALF_SECOND = Play("Hello.", bytes(8000), 8000, 0.5, ((0, "C"), (250, "X")))


class Client:
    """An open page, seen from the wire."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket

    async def send(self, message: object) -> None:
        await self.websocket.send(json.dumps(message))

    async def next(self, kind: str) -> dict[str, Any]:
        """Skip to the next message of that type; samples are put under `samples`."""
        async with asyncio.timeout(5):
            while True:
                text = await self.websocket.recv()
                if isinstance(text, bytes):
                    continue
                message: dict[str, Any] = json.loads(text)
                if message["type"] != kind:
                    continue
                if message.get("sound") is True:
                    message["samples"] = await self.websocket.recv()
                return message


@asynccontextmanager
async def page(program: ScriptedProgram) -> AsyncIterator[Client]:
    address = program.server.address
    async with httpx.AsyncClient(verify=False) as http:
        cookies = (await http.get(address)).cookies
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    async with connect(
        address.replace("http", "ws") + "/socket",
        origin=address,  # type: ignore[arg-type]
        additional_headers={"Cookie": header},
        compression=None,
        max_queue=None,
        proxy=None,
    ) as websocket:
        client = Client(websocket)
        client.welcome = await client.next("welcome")  # type: ignore[attr-defined]
        yield client


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", get_args(events.Event))
def test_every_event_has_a_name_of_its_own(kind: type) -> None:
    values: dict[str, Any] = dict.fromkeys(kind.__dataclass_fields__, 0)  # type: ignore[attr-defined]
    message = event_message(kind(**values))
    name = message.pop("type")
    assert isinstance(name, str)
    assert name.replace("_", "") == kind.__name__.lower()
    assert message == values


async def test_commands_reach_the_program(program: ScriptedProgram) -> None:
    async with page(program) as one:
        await one.send({"type": "say", "text": "  Grüß Gott  "})
        await one.send({"type": "stop"})
        await one.send({"type": "resume"})
        await one.send({"type": "acknowledge", "alert": 3, "by": " Amal "})
        await until(lambda: len(program.asked) == 5)
    assert program.asked == [
        ("arrived", None),
        ("say", "Grüß Gott"),
        ("stop", None),
        ("resume", None),
        ("acknowledge", (3, "Amal")),
    ]


async def test_stop_does_not_wait_for_what_is_under_way(program: ScriptedProgram) -> None:
    async with page(program) as one:
        await one.send({"type": "say", "text": "wait"})
        await one.send({"type": "stop"})
        assert (await one.next("halt"))["level"] == "freeze"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"say"',
        "{}",
        '{"type": "launch"}',
        '{"type": ["say"]}',
        '{"type": "say"}',
        '{"type": "say", "text": 5}',
        '{"type": "say", "text": "   "}',
        '{"type": "say", "text": "a", "more": 1}',
        '{"type": "acknowledge", "alert": "1", "by": "Amal"}',
        '{"type": "acknowledge", "alert": 1}',
        '{"type": "acknowledge", "alert": 1, "by": " "}',
        '{"type": "acknowledge", "alert": -1, "by": "Amal"}',
        '{"type": "acknowledge", "alert": 99999999999999999999, "by": "Amal"}',
        '{"type": "microphone", "on": true, "rate": 3}',
        '{"type": "ended", "id": 1, "seconds": NaN}',
        '{"type": "ended", "id": 1, "seconds": -1}',
        '{"type": "say", "text": "\\ud800"}',
        "[" * 20_000,
        json.dumps({"type": "say", "text": "a" * 1001}),
    ],
)
async def test_nonsense_is_refused_and_the_page_lives(program: ScriptedProgram, text: str) -> None:
    async with page(program) as one:
        await one.websocket.send(text)
        sentence = (await one.next("refused"))["message"]
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        await one.send({"type": "say", "text": "still here"})
        assert (await one.next("phrase_started"))["text"] == "You said still here."
    assert [text for name, text in program.asked if name == "say"] == ["still here"]


async def test_frame_that_is_too_large_ends_only_that_page(program: ScriptedProgram) -> None:
    async with page(program) as one, page(program) as two:
        with pytest.raises(ConnectionClosed):
            await one.websocket.send(bytes(64 * 1024 + 2))
            await one.next("never")
        assert one.websocket.close_code == 1009
        program.link.publish(StateChanged("thinking"))
        assert (await two.next("state_changed"))["state"] == "thinking"


async def test_fault_of_the_program_does_not_reach_the_page(
    program: ScriptedProgram, caplog: pytest.LogCaptureFixture
) -> None:
    async with page(program) as one:
        await one.send({"type": "say", "text": "fail"})
        await one.send({"type": "say", "text": "again"})
        assert (await one.next("phrase_started"))["text"] == "You said again."
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_too_many_commands_at_once_are_refused(program: ScriptedProgram) -> None:
    async with page(program) as one:
        for _ in range(MOST_COMMANDS + 1):
            await one.send({"type": "say", "text": "wait"})
        assert "Too much" in (await one.next("refused"))["message"]


async def test_too_many_pages_are_turned_away(program: ScriptedProgram) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MOST_PAGES - 1):
            await stack.enter_async_context(page(program))
        async with page(program) as last:
            with pytest.raises(ConnectionClosed):
                await stack.enter_async_context(page(program))
            program.link.publish(StateChanged("thinking"))
            assert (await last.next("state_changed"))["state"] == "thinking"
        await until(lambda: len(program.link._pages) < MOST_PAGES)
        await stack.enter_async_context(page(program))


async def test_late_page_is_told_what_is_so(program: ScriptedProgram) -> None:
    publish = program.link.publish
    publish(EngineChanged("rasa", "starting", "Rasa is starting."))
    publish(EngineChanged("rasa", "ready", "Rasa is ready."))
    publish(AlertRaised(1, "emergency", "2026-11-23T15:20:00Z"))
    publish(AlertRaised(2, "distress", "2026-11-23T15:21:00Z"))
    publish(AlertAcknowledged(1, "Anna"))
    for step in range(3 * MOST_TOLD):
        publish(AlertEscalated(2, step, "Bo"))
    publish(PartialHeard("he"))
    publish(UtteranceHeard("hello", 0.9, "en", (), "voice"))
    publish(StateChanged("speaking"))
    async with page(program) as late:
        welcome = late.welcome  # type: ignore[attr-defined]
    assert (welcome["name"], welcome["language"]) == ("Juno", "en")
    assert (welcome["staff"], welcome["place"]) == (["Amal", "Bo"], "Common room")
    told = [(event["type"], event) for event in welcome["events"]]
    escalated = [event["step"] for kind, event in told if kind == "alert_escalated"]
    assert escalated == list(range(2 * MOST_TOLD, 3 * MOST_TOLD))
    told = [each for each in told if each[0] != "alert_escalated"]
    assert [kind for kind, _ in told] == [
        "engine_changed",
        "alert_raised",
        "utterance_heard",
        "state_changed",
    ]
    assert told[0][1]["status"] == "ready"
    assert told[1][1]["alert"] == 2
    assert told[3][1]["state"] == "speaking"


async def test_slow_page_loses_old_news_and_holds_up_nobody(program: ScriptedProgram) -> None:
    async with page(program) as slow:
        for number in range(3 * WAITING):
            program.link.publish(PartialHeard(str(number)))
        program.link.publish(StateChanged("thinking"))
        welcome = await slow.next("welcome")
        assert welcome["events"][-1]["type"] == "state_changed"
        assert (await slow.next("state_changed"))["state"] == "thinking"


async def test_first_page_with_sound_speaks_and_the_others_watch(program: ScriptedProgram) -> None:
    async with page(program) as one, page(program) as two:
        await one.send({"type": "sound", "on": True})
        await until(lambda: ("arrived", None) in program.asked)
        await two.send({"type": "sound", "on": True})
        handle = program.body.submit(HALF_SECOND)
        heard, seen = await one.next("play"), await two.next("play")
        assert heard["sound"] is True
        assert heard["samples"] == HALF_SECOND.pcm
        assert heard["mouth"] == [[0, "C"], [250, "X"]]
        assert seen["sound"] is False
        assert not handle.started.is_set()
        await two.send({"type": "ended", "id": seen["id"], "seconds": 0.5})
        await one.send({"type": "started", "id": heard["id"]})
        await handle.started.wait()
        assert not handle.ended
        await one.send({"type": "ended", "id": heard["id"], "seconds": 0.5})
        assert (await handle.outcome()).status == "done"


async def spoken(program: ScriptedProgram, client: Client, seconds: float) -> Outcome:
    handle = program.body.submit(HALF_SECOND)
    number = (await client.next("play"))["id"]
    await client.send({"type": "started", "id": number})
    await client.send({"type": "ended", "id": number, "seconds": seconds})
    return await handle.outcome()


async def test_sound_can_be_taken_and_passed_on(program: ScriptedProgram) -> None:
    async with page(program) as one, page(program) as two:
        await one.send({"type": "sound", "on": True})
        await two.send({"type": "sound", "on": True, "take": True})
        while (await one.next("devices"))["sound"] != "elsewhere":
            pass
        assert (await spoken(program, two, 0.5)).status == "done"
        await two.send({"type": "sound", "on": False})
        while (await one.next("devices"))["sound"] != "here":
            pass
        assert (await spoken(program, one, 0.5)).status == "done"


async def test_sentence_that_broke_off_is_not_done(program: ScriptedProgram) -> None:
    async with page(program) as one:
        await one.send({"type": "sound", "on": True})
        await one.next("devices")
        await until(lambda: ("arrived", None) in program.asked)
        outcome = await spoken(program, one, 0.1)
    assert outcome.status == "lost"
    assert "0.1 of 0.5" in outcome.detail


async def test_page_that_vanishes_in_mid_sentence_is_lost(program: ScriptedProgram) -> None:
    async with page(program) as watcher:
        async with page(program) as one:
            await one.send({"type": "sound", "on": True})
            await until(lambda: ("arrived", None) in program.asked)
            handle = program.body.submit(HALF_SECOND)
            number = (await one.next("play"))["id"]
            await one.send({"type": "started", "id": number})
            await handle.started.wait()
        assert (await handle.outcome()).status == "lost"
        assert (await watcher.next("hush"))["id"] == number
    assert (await program.body.submit(HALF_SECOND).outcome()).status == "done"


async def test_page_that_never_begins_times_out(program: ScriptedProgram) -> None:
    program.body._start_timeout = 0.1
    async with page(program) as one:
        await one.send({"type": "sound", "on": True})
        await until(lambda: ("arrived", None) in program.asked)
        assert (await program.body.submit(HALF_SECOND).outcome()).status == "timeout"


async def test_without_sound_a_sentence_takes_its_time(program: ScriptedProgram) -> None:
    async with page(program) as one:
        handle = program.body.submit(HALF_SECOND)
        message = await one.next("play")
        assert message["sound"] is False
        outcome = await handle.outcome()
    assert outcome.status == "done"
    assert outcome.seconds == pytest.approx(0.5, abs=0.2)


async def test_cancelled_sentence_is_hushed(program: ScriptedProgram) -> None:
    async with page(program) as one:
        handle = program.body.submit(HALF_SECOND)
        number = (await one.next("play"))["id"]
        handle.cancel()
        assert (await one.next("hush"))["id"] == number


async def test_newest_microphone_wins_and_the_other_page_is_told(
    program: ScriptedProgram,
) -> None:
    chunks = program.link.microphone.chunks()
    async with page(program) as one, page(program) as two:
        await one.send({"type": "microphone", "on": True, "rate": 16000})
        await two.send({"type": "microphone", "on": True, "rate": 16000})
        while (await one.next("devices"))["microphone"] != "elsewhere":
            pass
        await one.websocket.send(b"\x11\x11" * 16000)
        await two.websocket.send(b"\x22\x22" * 16000)
        async with asyncio.timeout(5):
            first = await anext(chunks)
        assert len(first) == CHUNK_BYTES
        assert first[400:402] == b"\x22\x22"
        await two.websocket.send(b"\x22")
        assert "16-bit" in (await two.next("refused"))["message"]
    await program.link.microphone.close()


async def test_nobody_s_words_are_logged(
    program: ScriptedProgram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with page(program) as one:
        await one.send({"type": "say", "text": "my secret"})
        await one.send({"type": "say", "text": "my secret" * 200})
        await one.next("refused")
    assert "secret" not in caplog.text


async def test_staff_say_who_is_in_the_room_and_every_page_shows_it(
    program: ScriptedProgram,
) -> None:
    async with page(program) as first, page(program) as second:
        assert first.welcome["others"] == "unknown"  # type: ignore[attr-defined]
        await first.send({"type": "others", "others": "alone"})
        assert (await second.next("others"))["others"] == "alone"
        assert ("others", "alone") in program.asked
        await first.send({"type": "others", "others": "maybe"})
        assert "others" in (await first.next("refused"))["message"]
    async with page(program) as late:
        assert late.welcome["others"] == "alone"  # type: ignore[attr-defined]


async def test_a_page_that_comes_late_is_not_told_what_was_to_be_forgotten(
    program: ScriptedProgram,
) -> None:
    for text in ("good morning", "i like roses", "forget that"):
        program.link.publish(UtteranceHeard(text, 1.0, "en", (), "voice"))
        actions = ("forget_turn",) if text == "forget that" else ()
        program.link.publish(ReplyDecided((f"About {text}.",), actions, "safety", None, None))
    async with page(program) as late:
        told = json.dumps(late.welcome)  # type: ignore[attr-defined]
    assert "good morning" in told
    assert "roses" not in told
    assert "forget_turn" not in told
