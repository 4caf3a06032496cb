"""The real engine: trained from the checkout, run as the product runs it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import yaml

from config.clock import SystemClock
from dialogue.decisions import Decision
from dialogue.errors import StageError
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess
from dialogue.replies import Action, Utterance
from dialogue.training import trained_model
from voices.hearing import Guess

pytestmark = [pytest.mark.rasa, pytest.mark.asyncio(loop_scope="module")]

HELD_OUT = yaml.safe_load(Path(__file__).with_name("rasa_held_out.yaml").read_text("utf-8"))
SECRET = "marmalade under the floorboards"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process() -> AsyncIterator[RasaProcess]:
    model = trained_model()
    if model is None:
        pytest.skip("The dialogue engine is not trained; run make setup.")
    process = RasaProcess(model, SystemClock(), lambda *_: None)
    await process.start()
    await asyncio.wait_for(process.wait_ready(), 100)
    yield process
    await process.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dialogue(process: RasaProcess) -> AsyncIterator[RasaDialogue]:
    dialogue = RasaDialogue(process, timeout=10)
    yield dialogue
    await dialogue.close()


async def say(dialogue: RasaDialogue, text: str, talk: str) -> Decision:
    return await dialogue.decide(Utterance((Guess(text, 1.0),), "en", "text"), talk)


async def talked(dialogue: RasaDialogue, *texts: str) -> list[tuple[str, ...]]:
    """Say all of it in a talk of its own; return what was answered each time."""
    return [(await say(dialogue, text, " / ".join(texts)[:100])).say for text in texts]


@pytest.mark.parametrize(
    ("text", "intent", "said", "done"),
    [
        ("hello", "greet", ("greet",), ()),
        ("Hello!", "greet", ("greet",), ()),
        ("What's your name?", "introduce", ("introduce",), ()),
        ("what time is it", "ask_time", ("time",), ()),
        ("louder please", "louder", ("louder",), (Action("louder"),)),
        ("quieter please", "quieter", ("quieter",), (Action("quieter"),)),
        ("not so fast", "slower", ("slower",), (Action("slower"),)),
        ("speak faster", "faster", ("faster",), (Action("faster"),)),
        ("say that again", "repeat", (), (Action("repeat"),)),
        ("what is the capital of france", "out_of_scope", ("out_of_scope",), ()),
        ("wie spät ist es", "ask_time", ("time",), ()),
        ("raconte-moi une blague", "tell_joke", ("joke",), ()),
        ("raccontami una storia", "tell_story", ("story",), ()),
        ("muchas gracias", "thanks", ("thanks_answer",), ()),
        ("welke dag is het vandaag", "ask_day", ("day",), ()),
        ("qwrtz pfft zzx", "nlu_fallback", ("low_understanding",), ()),
    ],
)
async def test_what_is_decided(
    dialogue: RasaDialogue, text: str, intent: str, said: tuple[str, ...], done: tuple[Action, ...]
) -> None:
    decision = await say(dialogue, text, f"one turn: {text}")
    assert (decision.engine, decision.intent) == ("rasa", intent)
    assert decision.say == said and decision.do == done
    assert 0 < decision.confidence <= 1


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "es", "nl"])
async def test_wordings_it_was_not_trained_on(dialogue: RasaDialogue, language: str) -> None:
    wrong, total = [], 0
    for intent, texts in HELD_OUT[language].items():
        for text in texts:
            total += 1
            found = (await say(dialogue, text, f"held out: {text}")).intent
            if found != intent:
                wrong.append(f"{text!r}: {intent}, taken for {found}")
    print(f"{language}: {total - len(wrong)} of {total} right\n" + "\n".join(wrong))
    assert len(wrong) <= 0.1 * total, wrong


async def test_jokes_until_it_is_enough(dialogue: RasaDialogue) -> None:
    assert await talked(
        dialogue, "tell me a joke", "yes", "oh yes please", "no thank you", "yes"
    ) == [("joke",), ("joke",), ("joke",), ("deny_answer",), ("affirm_answer",)]


async def test_stories_and_an_offer_taken(dialogue: RasaDialogue) -> None:
    assert await talked(dialogue, "tell me a story", "yes please") == [("story",), ("story",)]
    assert await talked(dialogue, "i'm so bored", "yes") == [("bored",), ("joke",)]
    assert await talked(dialogue, "i'm so bored", "a story please") == [("bored",), ("story",)]


async def test_yes_belongs_to_its_own_talk(dialogue: RasaDialogue) -> None:
    await say(dialogue, "tell me a joke", "one")
    assert (await say(dialogue, "yes", "another")).say == ("affirm_answer",)
    assert (await say(dialogue, "yes", "one")).say == ("joke",)


@pytest.mark.parametrize(
    "answer",
    [
        "we had roses and a big apple tree",
        "blarp wumble frotz",
        "yes",
        "mit meiner schwester am see",
        "elvis presley i suppose",
        "on the railway with my uncle",
    ],
)
async def test_any_answer_to_an_open_question_is_warmly_taken(
    dialogue: RasaDialogue, answer: str
) -> None:
    asked, answered = await talked(dialogue, "let's talk a little", answer)
    assert asked == ("small_talk",) and answered == ("warm_response",)


async def test_how_are_you_and_its_answers(dialogue: RasaDialogue) -> None:
    for answer, warm in [
        ("i'm fine thank you", "glad_to_hear"),
        ("not so good", "sorry_to_hear"),
        ("so so", "feeling_neutral_answer"),
        ("blarp wumble frotz", "warm_response"),
        ("bring me a glass of water", "out_of_scope"),
    ]:
        assert await talked(dialogue, "hello", answer) == [("greet",), (warm,)]


@pytest.mark.parametrize(
    "text", ["/ask_time", " /ask_time", '/ask_time{"a": "b"}', "//ask_time", "/restart", "/back"]
)
async def test_a_slash_commands_nothing(dialogue: RasaDialogue, text: str) -> None:
    decision = await say(dialogue, text, f"slash: {text}")
    assert decision.confidence < 1 and decision.intent not in ("restart", "back")
    assert decision.say == ("low_understanding",)
    # The talk is untouched: it goes on as any other.
    assert (await say(dialogue, "tell me a joke", f"slash: {text}")).say == ("joke",)


@pytest.mark.parametrize("text", ["", "   ", "///", "?!"])
async def test_no_words_are_no_crash(dialogue: RasaDialogue, text: str) -> None:
    try:
        decision = await say(dialogue, text, "no words")
    except StageError as error:
        assert error.code == "refused"
    else:
        assert decision.say == ("low_understanding",)


@pytest.fixture
def base(process: RasaProcess) -> str:
    assert process.endpoint is not None
    return process.endpoint.url.removesuffix("/webhooks/fireside/turn")


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Bearer ü"])
async def test_without_the_token_nothing_is_answered(base: str, given: str | None) -> None:
    headers = httpx.Headers([] if given is None else [(b"Authorization", given.encode())])
    turn = {"talk": "stranger", "text": "hello"}
    async with httpx.AsyncClient(trust_env=False) as client:
        for path in ("/", "/webhooks/fireside/turn", "/webhooks/rest/webhook", "/model/parse"):
            response = await client.post(base + path, json=turn, headers=headers)
            assert response.status_code in (401, 405)
        assert (await client.get(base + "/", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/version",
        "/status",
        "/domain",
        "/model",
        "/model/parse",
        "/model/train",
        "/conversations/health/tracker",
        "/webhooks/rest/webhook",
        "/webhooks/fireside/",
    ],
)
async def test_rasas_other_routes_do_not_exist(process: RasaProcess, base: str, path: str) -> None:
    assert process.endpoint is not None
    async with httpx.AsyncClient(trust_env=False, headers=process.endpoint.headers) as client:
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert (await client.request(method, base + path)).status_code in (404, 405)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'"hello"',
        b"\xff\xfe\x00",
        b'{"talk": "a"}',
        b'{"talk": "a", "text": 5}',
        b'{"talk": "a", "text": ["hello"]}',
        b'{"talk": "", "text": "hello"}',
        b'{"talk": "%s", "text": "hello"}' % (b"a" * 101),
        b'{"talk": "a", "text": "%s"}' % (b"a" * 1001),
        b'{"talk": "a", "text": "%s"}' % (b"a" * 1_000_000),
        b"[" * 15_000,
    ],
)
async def test_malformed_turns_are_refused_and_the_next_is_answered(
    process: RasaProcess, dialogue: RasaDialogue, body: bytes
) -> None:
    assert process.endpoint is not None
    async with httpx.AsyncClient(trust_env=False, headers=process.endpoint.headers) as client:
        try:
            status = (await client.post(process.endpoint.url, content=body)).status_code
        except (httpx.WriteError, httpx.ReadError):  # hung up on in the middle of too much
            status = 413
    assert status in (400, 413)
    assert (await say(dialogue, "hello", "after nonsense")).say == ("greet",)


async def test_what_residents_say_is_in_no_log(
    dialogue: RasaDialogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await say(dialogue, SECRET, "secrets")
    await say(dialogue, f"/{SECRET}", "secrets")
    await asyncio.sleep(0.5)
    assert "marmalade" not in caplog.text and "floorboards" not in caplog.text


async def test_the_long_run_stays_quick(dialogue: RasaDialogue) -> None:
    """A talk of many turns must not grow: the last turn takes no longer than the tenth."""
    loop = asyncio.get_running_loop()

    async def seconds() -> float:
        began = loop.time()
        await say(dialogue, "it was raining all day", "a long talk")
        return loop.time() - began

    took = [await seconds() for _ in range(150)]
    assert sorted(took[-30:])[15] < 3 * sorted(took[10:40])[15] + 0.02
