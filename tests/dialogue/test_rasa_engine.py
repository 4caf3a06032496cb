"""The real engine: trained from the checkout, run as the product runs it."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from config.clock import SystemClock
from dialogue.decisions import Decision
from dialogue.flows import FALLBACK, Flows
from dialogue.phrasebook import KEYS
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess
from dialogue.replies import Action, Utterance
from dialogue.training import trained_model
from tests.dialogue.held_out import held_out
from voices.hearing import Guess

pytestmark = [pytest.mark.rasa, pytest.mark.asyncio(loop_scope="module")]

FLOWS = Flows.load(core_keys=KEYS)
HELD_OUT = held_out()
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
    dialogue = RasaDialogue(process, FLOWS, timeout=10)
    yield dialogue
    await dialogue.close()


async def say(
    dialogue: RasaDialogue, text: str, after: str | None = None, language: str = "en"
) -> Decision:
    utterance = Utterance((Guess(text, 1.0),), language, "text")
    return await dialogue.decide(utterance, "a talk", after)


async def talked(dialogue: RasaDialogue, *texts: str, after: str | None = None) -> list[str]:
    """Say one after the other; return the steps that came of it."""
    steps = []
    for text in texts:
        after = (await say(dialogue, text, after)).step
        steps.append(after)
    return steps


@pytest.mark.parametrize(
    ("text", "language", "intent", "done"),
    [
        ("hello", "en", "greet", ()),
        ("Hello!", "en", "greet", ()),
        ("What's your name?", "en", "introduce", ()),
        ("what time is it", "en", "ask_time", ()),
        ("louder please", "en", "louder", (Action("louder"),)),
        ("quieter please", "en", "quieter", (Action("quieter"),)),
        ("not so fast", "en", "slower", (Action("slower"),)),
        ("speak faster", "en", "faster", (Action("faster"),)),
        ("say that again", "en", "repeat", (Action("repeat"),)),
        ("wie spät ist es", "de", "ask_time", ()),
        ("raconte-moi une blague", "fr", "tell_joke", ()),
        ("raccontami una storia", "it", "tell_story", ()),
        ("muchas gracias", "es", "thanks", ()),
        ("welke dag is het vandaag", "nl", "ask_day", ()),
        ("qwrtz pfft zzx", "en", "nlu_fallback", ()),
    ],
)
async def test_what_is_decided(
    dialogue: RasaDialogue, text: str, language: str, intent: str, done: tuple[Action, ...]
) -> None:
    decision = await say(dialogue, text, language=language)
    assert (decision.engine, decision.intent) == ("rasa", intent)
    assert decision.step == FLOWS.beginning(intent, language) and decision.do == done
    assert 0 <= decision.confidence <= 1


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "es", "nl"])
async def test_wordings_it_was_not_trained_on(dialogue: RasaDialogue, language: str) -> None:
    wrong, total = [], 0
    for intent, texts in HELD_OUT[language].items():
        for text in texts:
            total += 1
            found = (await say(dialogue, text, language=language)).intent
            if found != intent:
                wrong.append(f"{text!r}: {intent}, taken for {found}")
    print(f"{language}: {total - len(wrong)} of {total} right\n" + "\n".join(wrong))
    assert len(wrong) <= 0.1 * total, wrong


async def test_jokes_until_it_is_enough(dialogue: RasaDialogue) -> None:
    joke = FLOWS.begins["tell_joke"]
    steps = await talked(dialogue, "tell me a joke", "yes", "oh yes please", "no thank you", "yes")
    more = FLOWS.steps[joke].yes
    assert steps[:3] == [joke, more, more]
    assert steps[3] == FLOWS.steps[joke].no
    assert steps[4] == FLOWS.begins["affirm"]


async def test_what_is_said_last_is_what_the_controller_says(dialogue: RasaDialogue) -> None:
    joke = FLOWS.begins["tell_joke"]
    assert (await say(dialogue, "yes", after=joke)).step == FLOWS.steps[joke].yes
    assert (await say(dialogue, "yes", after=None)).step == FLOWS.begins["affirm"]
    assert (await say(dialogue, "yes", after="no_such_step")).step == FLOWS.begins["affirm"]


async def test_every_transition_of_every_flow_is_decided_as_written(
    dialogue: RasaDialogue,
) -> None:
    for name, step in FLOWS.steps.items():
        for text, follows in (("yes please", step.yes), ("no thank you", step.no)):
            if follows is not None:
                decided = (await say(dialogue, text, after=name)).step
                assert decided == FLOWS.speakable(follows, "affirm", "en"), (name, text)
        if step.any is not None:
            odd = await say(dialogue, "blarp wumble frotz", after=name)
            assert odd.step == FLOWS.speakable(step.any, FALLBACK, "en"), name


async def test_the_first_guess_that_is_understood_counts(dialogue: RasaDialogue) -> None:
    guesses = (Guess("qwrtz pfft zzx", 0.5), Guess("what time is it", 0.4))
    decision = await dialogue.decide(Utterance(guesses, "en", "voice"), "a talk", None)
    assert decision.intent == "ask_time"


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
    assert (await say(dialogue, answer, after="small_talk")).step == "warm_response"


@pytest.mark.parametrize(
    "text", ["/ask_time", " /ask_time", '/ask_time{"a": "b"}', "//ask_time", "/restart", "/back"]
)
async def test_a_slash_commands_nothing(dialogue: RasaDialogue, text: str) -> None:
    decision = await say(dialogue, text)
    assert decision.confidence < 1 and decision.intent not in ("restart", "back")
    # The talk is untouched: it goes on as any other.
    assert (await say(dialogue, "tell me a joke")).intent == "tell_joke"


@pytest.mark.parametrize("text", ["", "   ", "///", "?!"])
async def test_no_words_are_no_crash(dialogue: RasaDialogue, text: str) -> None:
    decision = await say(dialogue, text)
    assert decision.step in FLOWS.steps


@pytest.fixture
def base(process: RasaProcess) -> str:
    assert process.endpoint is not None
    return process.endpoint.url.removesuffix("/webhooks/fireside/turn")


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Bearer ü"])
async def test_without_the_token_nothing_is_answered(base: str, given: str | None) -> None:
    headers = httpx.Headers([] if given is None else [(b"Authorization", given.encode())])
    turn = {"talk": "stranger", "guesses": [{"text": "hello"}]}
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
        b'{"talk": "a", "guesses": 5}',
        b'{"talk": "a", "guesses": []}',
        b'{"talk": "a", "guesses": ["hello"]}',
        b'{"talk": "a", "guesses": [{"text": ""}]}',
        b'{"talk": "", "guesses": [{"text": "hello"}]}',
        b'{"talk": "%s", "guesses": [{"text": "hello"}]}' % (b"a" * 101),
        b'{"talk": "a", "guesses": [{"text": "%s"}]}' % (b"a" * 1001),
        b'{"talk": "a", "guesses": [{"text": "%s"}]}' % (b"a" * 1_000_000),
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
    assert (await say(dialogue, "hello")).intent == "greet"


async def test_what_residents_say_is_in_no_log(
    dialogue: RasaDialogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await say(dialogue, SECRET)
    await say(dialogue, f"/{SECRET}")
    await asyncio.sleep(0.5)
    assert "marmalade" not in caplog.text and "floorboards" not in caplog.text


async def test_the_long_run_stays_quick(dialogue: RasaDialogue) -> None:
    """A talk of many turns must not grow: the last turn takes no longer than the tenth."""
    loop = asyncio.get_running_loop()

    async def seconds() -> float:
        began = loop.time()
        await say(dialogue, "it was raining all day")
        return loop.time() - began

    took = [await seconds() for _ in range(150)]
    assert sorted(took[-30:])[15] < 3 * sorted(took[10:40])[15] + 0.02
