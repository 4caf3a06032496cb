"""The page in a real browser: seen, heard, and used with the keyboard alone."""

import asyncio
import os
import shutil
import struct
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright, expect

from dialogue.events import (
    AlertDelivered,
    AlertEscalated,
    AlertNotStored,
    AlertRaised,
    DangerHeard,
    EngineChanged,
    PartialHeard,
    PhraseEnded,
    PhraseStarted,
    ReplyDecided,
    StageFailed,
    StateChanged,
    TurnEnded,
    UtteranceHeard,
    WordSpotted,
)
from robot.body import Handle
from robot.driver import Express, Play
from tests.simulator.conftest import ScriptedProgram
from voices.hearing import SAMPLE_RATE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; `make setup` gets it."),
]

# Like a robot's own screen, it gives sound from the start; other browsers wait for a button.
QUIET_BROWSER = [
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Listens beside whatever a page sends to the loudspeaker, so that silence is heard, not believed.
LISTEN = """
window.loudUntil = 0;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    const meter = new AnalyserNode(this.context, { fftSize: 256 });
    const wave = new Float32Array(256);
    connect.call(this, meter);
    setInterval(() => {
      meter.getFloatTimeDomainData(wave);
      if (wave.some((sample) => Math.abs(sample) > 0.01)) window.loudUntil = performance.now();
    }, 4);
  }
  return connect.call(this, to, ...rest);
};
"""

# Browsers at a desk give no sound before a person has pressed something; headless ones do.
NO_SOUND_YET = """
window.AudioContext = class extends AudioContext {
  constructor(...options) { super(...options); this.suspend(); }
};
"""


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    # Chromium's own sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*QUIET_BROWSER, *sandbox, *more],
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def program() -> AsyncIterator[ScriptedProgram]:
    program = ScriptedProgram()
    await program.open()
    yield program
    await program.close()


@asynccontextmanager
async def opened(
    browser: Browser,
    program: ScriptedProgram,
    language: str = "en",
    init: str = "",
    **settings: Any,
) -> AsyncIterator[Page]:
    """A page that has joined; what it reports as an error fails the test."""
    faults: list[str] = []
    context = await browser.new_context(**settings)
    page = await context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.add_init_script(LISTEN + init)
    await page.goto(f"{program.server.address}/?lang={language}")
    await expect(page.locator("#name")).to_have_text("Juno")
    yield page
    await context.close()
    assert faults == []


def sentence(seconds: float, mouth: tuple[tuple[int, str], ...] = ((0, "C"),)) -> Play:
    times = np.arange(int(16_000 * seconds)) / 16_000
    pcm = (np.sin(2 * np.pi * 300 * times) * 8000).astype("<i2").tobytes()
    return Play("It is a fine day.", pcm, 16_000, 0.8, mouth)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def with_sound(page: Page, program: ScriptedProgram) -> None:
    await expect(page.get_by_role("button", name="Turn off sound")).to_be_visible(timeout=10_000)
    await until(lambda: ("arrived", None) in program.asked)


async def with_sound_elsewhere(page: Page) -> None:
    await expect(page.get_by_role("button", name="Use sound here")).to_be_visible(timeout=10_000)


async def holds(page: Page, condition: str, seconds: float = 10) -> None:
    """Wait in short steps: the page's policy does not let the browser wait for a condition."""
    async with asyncio.timeout(seconds):
        while not await page.evaluate(condition):
            await asyncio.sleep(0.02)


async def speak(program: ScriptedProgram, play: Play) -> Handle:
    handle = program.body.submit(play)
    async with asyncio.timeout(5):
        await handle.started.wait()
    return handle


async def test_a_turn_with_the_keyboard_alone(browser: Browser, program: ScriptedProgram) -> None:
    async with opened(browser, program) as page:
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id") == "text":
                break
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        await page.keyboard.type("good morning")
        await page.keyboard.press("Enter")
        await expect(page.locator("#caption")).to_have_text("You said good morning.")
        await expect(page.locator("#text")).to_have_value("")
    assert ("say", "good morning") in program.asked


async def test_every_control_is_reached_with_tab(
    browser: Browser, program: ScriptedProgram
) -> None:
    program.link.publish(AlertRaised(1, "emergency", "2026-11-23T15:20:00Z"))
    program.link.publish(AlertRaised(2, "distress", "2026-11-23T15:21:00Z", "note"))
    program.link.publish(StateChanged("stopped"))
    async with opened(browser, program) as page:
        await with_sound(page, program)
        reached = set()
        for _ in range(20):
            await page.keyboard.press("Tab")
            reached.add(await page.evaluate("document.activeElement.textContent.trim()"))
        for name in ("English", "Deutsch", "Amal", "Bo", "Seen to", "Start again", "Send"):
            assert name in reached
        for name in ("Turn on microphone", "Turn off sound", "What happens inside"):
            assert name in reached
        assert any(name.startswith("Stop") for name in reached)


async def test_mouth_follows_the_timeline_while_sound_plays(
    browser: Browser, program: ScriptedProgram
) -> None:
    timeline = ((0, "A"), (300, "D"), (600, "F"), (900, "B"), (1200, "X"))
    async with opened(browser, program) as page:
        await with_sound(page, program)
        await page.evaluate("""() => {
          window.shapes = [[performance.now(), "X"]];
          const mouth = document.querySelector("#mouth");
          new MutationObserver(() => shapes.push([performance.now(), mouth.dataset.shape]))
            .observe(mouth, { attributes: true, attributeFilter: ["data-shape"] });
        }""")
        handle = await speak(program, sentence(1.3, timeline))
        outcome = await handle.outcome()
        assert outcome.status == "done", outcome
        assert outcome.seconds == pytest.approx(1.3, abs=0.5)
        changes = await page.evaluate("shapes")
        seen = [after for before, after in pairwise(changes) if after[1] != before[1]]
        assert "".join(shape for _, shape in seen) == "ADFBX"
        starts = [moment for moment, _ in seen]
        for before, after in pairwise(starts):
            assert after - before == pytest.approx(300, abs=150)
        assert await page.evaluate("window.loudUntil") > starts[-2]


async def test_mouth_is_drawn_differently_for_each_shape(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program, reduced_motion="reduce") as page:
        drawn = set()
        for shape in "ABCDEFGHX":
            handle = await speak(program, sentence(9.0, ((0, shape),)))
            await expect(page.locator("#mouth")).to_have_attribute("data-shape", shape)
            drawn.add(await page.locator("#mouth").inner_html())
            handle.cancel()
            await handle.outcome()
        assert len(drawn) == 9


@pytest.mark.parametrize("how", ["click", "escape"])
async def test_stop_is_silent_within_300_ms(
    browser: Browser, program: ScriptedProgram, how: str
) -> None:
    async with opened(browser, program) as page:
        await with_sound(page, program)
        handle = await speak(program, sentence(20.0))
        await holds(page, "performance.now() - window.loudUntil < 50")
        await page.evaluate("""() => {
          for (const kind of ["click", "keydown"]) addEventListener(kind,
            (event) => { window.pressed ??= event.timeStamp; }, { capture: true });
        }""")
        if how == "click":
            await page.locator("#stop").click()
        else:
            await page.keyboard.press("Escape")
        assert (await handle.outcome()).status == "cancelled"
        await page.wait_for_timeout(500)
        assert await page.evaluate("window.loudUntil - window.pressed") < 300
        await expect(page.locator("#state-word")).to_have_text("Stopped")
        await page.get_by_role("button", name="Start again").click()
        await expect(page.locator("#state-word")).to_have_text("Ready")
        await expect(page.locator("#resume")).to_be_hidden()
        assert (await (await speak(program, sentence(0.2))).outcome()).status == "done"


async def test_program_s_own_stop_silences_the_page(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program) as page:
        await with_sound(page, program)
        await speak(program, sentence(20.0))
        await holds(page, "performance.now() - window.loudUntil < 50")
        await program.body.stop("hush")
        await holds(page, "performance.now() - window.loudUntil > 200", 3)
        await expect(page.locator("#mouth")).to_have_attribute("data-shape", "X")


async def test_page_returns_by_itself_when_the_program_does(browser: Browser) -> None:
    first = ScriptedProgram()
    await first.open()
    port = int(first.server.address.rpartition(":")[2])
    async with opened(browser, first) as page:
        await with_sound(page, first)
        await first.close()
        await expect(page.locator("#state-word")).to_have_text("Not connected")
        await expect(page.locator("#notice")).to_contain_text("does not answer")
        second = ScriptedProgram(port)
        await second.open()
        second.link.publish(PhraseStarted("Here I am again."))
        await expect(page.locator("#state-word")).to_have_text("Ready", timeout=15_000)
        await expect(page.locator("#notice")).to_be_empty()
        await expect(page.locator("#caption")).to_have_text("Here I am again.")
        await until(lambda: ("arrived", None) in second.asked)
        assert (await (await speak(second, sentence(0.2))).outcome()).status == "done"
        await page.locator("#stop").click()
        await until(lambda: ("stop", None) in second.asked)
        await second.close()


def tell_everything(program: ScriptedProgram) -> None:
    """One turn with everything in it, a part that failed, and an alert."""
    publish = program.link.publish
    publish(EngineChanged("rasa", "failed", "Rasa has stopped; simple answers work."))
    publish(EngineChanged("ears", "starting", "The ears are loading."))
    publish(UtteranceHeard("I have fallen", 0.834, "en", ("I have followed",), "voice"))
    publish(WordSpotted("help"))
    publish(DangerHeard("emergency"))
    publish(AlertRaised(1, "emergency", "2026-11-23T15:20:00Z"))
    publish(AlertDelivered(1, "Amal", "email"))
    publish(AlertEscalated(1, 1, "Bo"))
    publish(AlertRaised(2, "distress", "2026-11-23T15:21:00Z", "note"))
    publish(ReplyDecided(("I am here.", "Stay calm."), ("wait",), "safety", "emergency", 0.97))
    publish(PhraseStarted("I am here."))
    publish(PhraseEnded("I am here.", False, 0.42))
    publish(StageFailed("speak", "VoiceError", "The voice was restarted."))
    publish(TurnEnded({"recognise": 400.0, "understand": 12.4, "total": 412.4}))


async def test_late_page_shows_the_talk(browser: Browser, program: ScriptedProgram) -> None:
    tell_everything(program)
    program.link.publish(StateChanged("speaking"))
    async with opened(browser, program) as page:
        turn = page.locator("#talk > li")
        await expect(turn).to_have_count(1)
        for text in (
            "I have fallen",
            "heard with 83 %",
            "or: I have followed",
            "emergency, 97 %",
            "safety rules",
            "I am here. Stay calm.",
            "cut short after 0.4 s",
            "The voice was restarted.",
            "recognise: 400 ms",
            "total: 412 ms",
        ):
            await expect(turn).to_contain_text(text)
        widths = await page.locator(".bar").evaluate_all(
            "bars => bars.map(bar => Number(getComputedStyle(bar).getPropertyValue('--share')))"
        )
        assert widths == pytest.approx([400 / 412.4, 12.4 / 412.4, 1.0])
        await expect(page.locator("#parts")).to_contain_text("Rasa has stopped")
        await expect(page.locator("#state-word")).to_have_text("Speaking")
        await expect(page.get_by_role("alert")).to_contain_text("Help is needed now")


async def test_alert_is_shown_until_somebody_comes(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program) as page:
        program.link.publish(AlertRaised(7, "emergency", "2026-11-23T15:20:00Z"))
        await expect(page).to_have_title("HELP NEEDED ▲ Juno – Fireside")
        await expect(page.get_by_role("alert")).to_contain_text("Place: Common room")
        await page.get_by_role("button", name="Bo").click()
        await expect(page.get_by_role("alert")).to_be_empty()
        await expect(page).to_have_title("Juno – Fireside")
        await expect(page.locator("#notice")).to_have_text("Bo is coming.")
        # Whoever pressed last comes first.
        program.link.publish(AlertRaised(8, "emergency", "2026-11-23T15:25:00Z"))
        await expect(page.locator("#notice")).to_be_empty()  # Bo is not coming for this one
        names = page.get_by_role("group", name="Who is coming?").get_by_role("button")
        await expect(names).to_have_text(["Bo", "Amal"])
        await names.first.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_empty()
    assert ("acknowledge", (7, "Bo")) in program.asked
    assert ("acknowledge", (8, "Bo")) in program.asked


async def test_a_call_that_is_not_on_disk_is_shown_all_the_same(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program) as page:
        program.link.publish(AlertNotStored("emergency"))
        await expect(page.get_by_role("alert")).to_contain_text("nobody else is told")
        await expect(page).to_have_title("HELP NEEDED ▲ Juno – Fireside")
        assert await faults_found_by_axe(page) == []
        await page.get_by_role("button", name="I am coming").click()
        await expect(page.get_by_role("alert")).to_be_empty()
    assert not [asked for asked, _ in program.asked if asked == "acknowledge"]


async def test_who_was_told_is_shown_in_the_language_of_the_page(
    browser: Browser, program: ScriptedProgram
) -> None:
    tell_everything(program)
    async with opened(browser, program) as page:
        told = page.get_by_role("alert").get_by_role("listitem")
        await expect(told).to_have_text(
            [
                "Amal was told by e-mail.",
                "Nobody has said yet that they are coming. Bo is next.",
            ]
        )
        await page.get_by_role("button", name="Deutsch").click()
        await expect(told.first).to_have_text("Amal wurde benachrichtigt (E-Mail).")
        await expect(page).to_have_title("HILFE NÖTIG ▲ Juno – Fireside")


async def test_a_note_waits_quietly_until_somebody_has_seen_to_it(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program) as page:
        program.link.publish(AlertRaised(3, "distress", "2026-11-23T15:21:00Z", "note"))
        notes = page.get_by_role("region", name="For this shift")
        await expect(notes).to_contain_text("somebody sounds distressed")
        await expect(page.get_by_role("alert")).to_be_empty()
        await expect(page).to_have_title("Juno – Fireside")
        await asyncio.sleep(0.5)
        assert await page.evaluate("window.loudUntil") == 0
        await notes.get_by_text("Seen to", exact=True).press("Enter")
        await notes.get_by_role("button", name="Amal").click()
        await expect(notes).to_be_hidden()
        await expect(page.locator("#notice")).to_have_text("Amal has seen to it.")


async def test_without_a_list_of_names_one_is_typed(browser: Browser) -> None:
    program = ScriptedProgram(staff=())
    await program.open()
    async with opened(browser, program) as page:
        program.link.publish(AlertRaised(7, "emergency", "2026-11-23T15:20:00Z"))
        await page.get_by_label("Your name").fill("  Amal ")
        await page.keyboard.press("Enter")
        await expect(page.locator("#notice")).to_have_text("Amal is coming.")
        program.link.publish(AlertRaised(8, "emergency", "2026-11-23T15:20:00Z"))
        await expect(page.get_by_label("Your name")).to_have_value("Amal")
    assert ("acknowledge", (7, "Amal")) in program.asked
    await program.close()


async def test_a_call_rings_until_somebody_comes_and_stop_is_silence(
    browser: Browser, program: ScriptedProgram
) -> None:
    # Another page makes the robot's sound; this one is at the staff's desk.
    async with opened(browser, program) as robot, opened(browser, program) as desk:
        await with_sound(robot, program)
        await with_sound_elsewhere(desk)
        program.link.publish(AlertRaised(7, "emergency", "2026-11-23T15:20:00Z"))
        await holds(desk, "performance.now() - window.loudUntil < 100")
        await holds(desk, "performance.now() - window.loudUntil > 1500")
        await holds(desk, "performance.now() - window.loudUntil < 100")  # and again
        await program.body.stop("freeze")
        program.link.publish(StateChanged("stopped"))
        await asyncio.sleep(0.3)
        silent = await desk.evaluate("window.loudUntil")
        await asyncio.sleep(5)
        assert await desk.evaluate("window.loudUntil") == silent
        await expect(desk.get_by_role("alert")).to_contain_text("Help is needed now")
        assert await robot.evaluate("window.loudUntil") == 0


async def test_a_page_that_may_not_sound_says_so_until_a_key_is_pressed(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program, init=NO_SOUND_YET) as page:
        program.link.publish(AlertRaised(7, "emergency", "2026-11-23T15:20:00Z"))
        await expect(page.locator("#silent")).to_be_visible()
        assert await page.evaluate("window.loudUntil") == 0
        await page.keyboard.press("a")
        await expect(page.locator("#silent")).to_be_hidden()
        await holds(page, "performance.now() - window.loudUntil < 300")


async def test_words_are_never_markup(browser: Browser, program: ScriptedProgram) -> None:
    nasty = "<img src=x onerror=alert(1)> {name} & \"quotes\" 'and' שלום"
    async with opened(browser, program) as page:
        program.link.publish(UtteranceHeard(nasty, 0.5, "en", (nasty,), "text"))
        program.link.publish(EngineChanged("ears", "ready", nasty))
        await page.locator("#text").fill(nasty)
        await page.keyboard.press("Enter")
        await expect(page.locator("#caption")).to_have_text(f"You said {nasty}.")
        await expect(page.locator("#heard")).to_have_text(nasty)
        assert await page.locator("img").count() == 0


async def test_language_can_be_changed_in_the_middle(
    browser: Browser, program: ScriptedProgram
) -> None:
    tell_everything(program)
    async with opened(browser, program) as page:
        await page.get_by_role("button", name="Deutsch").click()
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.locator("#stop")).to_contain_text("Stopp")
        await expect(page.locator("#state-word")).to_have_text("Bereit")
        await expect(page.locator("#talk")).to_contain_text("zu 83 % verstanden")
        await expect(page.locator("#caption")).to_have_attribute("lang", "en")


async def test_every_text_is_there_in_every_language(
    browser: Browser, program: ScriptedProgram
) -> None:
    tell_everything(program)
    for state in ("idle", "listening", "thinking", "speaking", "stopped"):
        program.link.publish(StateChanged(state))
    async with opened(browser, program) as page:
        keys: list[set[str]] = []
        for language in ("en", "de"):
            texts = await page.evaluate(f"fetch('/page/{language}.json').then(a => a.json())")
            assert all(texts.values())
            keys.append(set(texts))
            for key in await page.locator("[data-text]").evaluate_all(
                "elements => elements.map(element => element.dataset.text)"
            ):
                assert key in texts
        assert keys[0] == keys[1]


async def faults_found_by_axe(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in results.response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "de"])
async def test_axe_finds_nothing_in_any_state(
    browser: Browser, program: ScriptedProgram, language: str, scheme: str
) -> None:
    async with opened(
        browser, program, language, color_scheme=scheme, reduced_motion="reduce"
    ) as page:
        assert await faults_found_by_axe(page) == []
        tell_everything(program)
        program.link.publish(PartialHeard("what ti"))
        await page.locator("#text").evaluate("box => { box.maxLength = 5000; }")
        await page.locator("#text").fill("a" * 1001)
        await page.keyboard.press("Enter")
        await expect(page.locator("#refusal")).not_to_be_empty()
        for state in ("listening", "thinking", "speaking", "stopped", "idle"):
            program.link.publish(StateChanged(state))
            await expect(page.locator("body")).to_have_attribute("data-state", state)
            assert await faults_found_by_axe(page) == [], state
        await program.server.close()
        await expect(page.locator("body")).to_have_attribute("data-state", "offline")
        assert await faults_found_by_axe(page) == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400), (820, 1180), (1280, 800)])
async def test_fits_at_every_size_and_at_200_percent(
    browser: Browser, program: ScriptedProgram, width: int, height: int, language: str
) -> None:
    tell_everything(program)
    program.link.publish(StateChanged("stopped"))
    async with opened(
        browser, program, language, viewport={"width": width, "height": height}
    ) as page:
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        for control in await page.locator("button:visible, input, summary").all():
            box = await control.bounding_box()
            assert box is not None
            assert box["height"] >= 44, await control.text_content()
            assert box["width"] >= 44
        stop = await page.locator("#stop").bounding_box()
        assert stop is not None
        assert stop["y"] >= 0
        assert stop["y"] + stop["height"] <= height


async def test_focus_is_never_hidden_behind_the_stop_bar(
    browser: Browser, program: ScriptedProgram
) -> None:
    tell_everything(program)
    async with opened(browser, program, viewport={"width": 320, "height": 500}) as page:
        for _ in range(9):
            await page.keyboard.press("Tab")
            hidden = await page.evaluate("""() => {
              const at = document.activeElement.getBoundingClientRect();
              const bar = document.querySelector("footer").getBoundingClientRect();
              return !document.activeElement.closest("footer") && at.bottom > bar.top + 1;
            }""")
            assert not hidden, await page.evaluate("document.activeElement.textContent")


async def test_reduced_motion_is_still(browser: Browser, program: ScriptedProgram) -> None:
    async with opened(browser, program, reduced_motion="reduce") as page:
        program.link.publish(StateChanged("listening"))
        await expect(page.locator("body")).to_have_attribute("data-state", "listening")
        assert await page.evaluate("document.getAnimations().length") == 0
        await page.wait_for_timeout(500)
        before = await page.locator("#face").inner_html()
        await page.wait_for_timeout(3500)
        assert await page.locator("#face").inner_html() == before


async def test_eyes_blink_when_motion_is_welcome(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program, reduced_motion="no-preference") as page:
        await page.wait_for_timeout(700)
        lid = await page.locator(".lid").first.get_attribute("d")
        await holds(page, f"document.querySelector('.lid').getAttribute('d') !== '{lid}'")


async def test_face_shows_what_the_body_is_asked(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program, reduced_motion="reduce") as page:
        await page.wait_for_timeout(300)
        await page.evaluate("window.plain = document.querySelector('#face').innerHTML")
        await program.body.submit(Express("smile")).outcome()
        await holds(page, "document.querySelector('#face').innerHTML !== window.plain")
        await program.body.submit(Express("neutral")).outcome()
        await holds(page, "document.querySelector('#face').innerHTML === window.plain")


async def test_sound_is_turned_off_and_on(browser: Browser, program: ScriptedProgram) -> None:
    async with opened(browser, program) as page:
        await with_sound(page, program)
        handle = await speak(program, sentence(20.0))
        await page.get_by_role("button", name="Turn off sound").click()
        assert (await handle.outcome()).status == "lost"
        await page.get_by_role("button", name="Turn on sound").click()
        await with_sound(page, program)
        await page.evaluate("window.loudUntil = 0")
        assert (await (await speak(program, sentence(0.4))).outcome()).status == "done"
        assert await page.evaluate("window.loudUntil") > 0


async def test_second_page_takes_the_sound_over(browser: Browser, program: ScriptedProgram) -> None:
    async with opened(browser, program) as one:
        await with_sound(one, program)
        async with opened(browser, program) as two:
            assert (await (await speak(program, sentence(0.4))).outcome()).status == "done"
            assert await two.evaluate("window.loudUntil") == 0
            await holds(one, "performance.now() - window.loudUntil > 200")  # the last of it is out
            await one.evaluate("window.loudUntil = 0")
            await two.get_by_role("button", name="Use sound here").click()
            await expect(one.get_by_role("button", name="Use sound here")).to_be_visible()
            assert (await (await speak(program, sentence(0.4))).outcome()).status == "done"
            assert await one.evaluate("window.loudUntil") == 0
            assert await two.evaluate("window.loudUntil") > 0


async def test_nothing_comes_from_elsewhere(browser: Browser, program: ScriptedProgram) -> None:
    asked: list[str] = []
    context = await browser.new_context()
    page = await context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    await page.goto(program.server.address)
    await expect(page.locator("#name")).to_have_text("Juno")
    await context.close()
    assert all(url.startswith(program.server.address) for url in asked)
    assert not [text for text in refused if "Content Security Policy" in text]


def speech_like(path: Path) -> np.ndarray:
    """Write bursts of a 500 Hz tone, four a second, at 48 kHz; return the same at 16 kHz."""
    times = np.arange(48_000 * 4) / 48_000
    bursts = np.sin(2 * np.pi * 500 * times) * (np.sin(2 * np.pi * 4 * times) > 0) * 12_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(struct.pack(f"<{len(bursts)}h", *bursts.astype(int)))
    return bursts[::3]


async def test_microphone_delivers_what_is_said(program: ScriptedProgram, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    speech_like(path)
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )
    chunks: list[bytes] = []

    async def listen() -> None:
        async for chunk in program.link.microphone.chunks():
            chunks.append(chunk)

    listening = asyncio.create_task(listen())
    async with chromium(*flags) as browser, opened(browser, program) as page:
        await page.get_by_role("button", name="Turn on microphone").click()
        await expect(page.get_by_role("button", name="Turn off microphone")).to_be_visible()
        await until(lambda: len(chunks) >= 200)
        heard = np.frombuffer(b"".join(chunks[50:200]), "<i2").astype(float)
        await page.get_by_role("button", name="Turn off microphone").click()
        await expect(page.get_by_role("button", name="Turn on microphone")).to_be_visible()
    await program.link.microphone.close()
    await listening
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    loudest = np.argmax(spectrum) * SAMPLE_RATE / len(heard)
    assert loudest == pytest.approx(500, abs=10)
    level = np.sqrt((heard.reshape(-1, 320) ** 2).mean(axis=1))
    loud = level > level.max() / 4
    # Four bursts a second for three seconds.
    assert 9 <= np.count_nonzero(np.diff(loud.astype(int)) == 1) <= 15


async def test_denied_microphone_says_what_to_do(
    browser: Browser, program: ScriptedProgram
) -> None:
    async with opened(browser, program) as page:
        await page.get_by_role("button", name="Turn on microphone").click()
        await expect(page.locator("#refusal")).to_contain_text("then try again")
        await expect(page.get_by_role("button", name="Turn on microphone")).to_be_visible()
