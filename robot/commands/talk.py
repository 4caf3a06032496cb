"""`fireside talk`: the corridor without a browser, one turn a recording or line."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from config.settings import LANGUAGES
from dialogue.errors import StageError
from dialogue.turn import Turn
from robot.commands.console import (
    CANNOT_START,
    NOT_USABLE,
    errors,
    fail,
    output,
    person_or_usage,
    settings_or_exit,
    waiting,
)
from robot.recognisers import choose, load
from robot.talk import Talk, open_talk
from voices.errors import AudioFileError, RecogniserError, VoicesError
from voices.models import ModelStore
from voices.soundfile import read

LONGEST_LINE = 1000


Result = tuple[str, Turn] | str
"""Where a turn came from and the turn, or one sentence that says why there was none."""


def talk(
    wav: Annotated[
        list[Path] | None, typer.Option(help="A recording: one turn each. May be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn.")] = False,
    lang: Annotated[str | None, typer.Option(help="en, de, fr, it, es or nl.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Do not synthesise.")] = False,
    save: Annotated[Path | None, typer.Option(help="Keep the spoken replies here.")] = None,
    no_rasa: Annotated[
        bool, typer.Option("--no-rasa", help="Answer from keywords alone, without Rasa.")
    ] = False,
    resident: Annotated[str, typer.Option(help="A file under config/residents.")] = "guest",
) -> None:
    """Talk without a browser: each --wav FILE, or each line of standard input, is one turn.

    Exit codes: 0 all turns answered, 1 some input refused, 2 wrong options, 3 cannot start.
    """
    settings = settings_or_exit()
    if lang is not None and lang not in LANGUAGES:
        raise typer.BadParameter(f"--lang is one of {', '.join(LANGUAGES)}.")
    person = person_or_usage(settings, resident, lang)
    if save is not None:
        if no_audio:
            raise typer.BadParameter("--save needs the voice; leave --no-audio out.")
        try:
            save.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise fail(f"{save} cannot be made: {error.strerror}.") from error

    async def run() -> int:
        refused = 0
        recogniser = None
        if wav:
            store = ModelStore()
            wish = settings.robot.recogniser
            recogniser = load(choose(person.language, wish, store).model, store)
        async with open_talk(
            settings,
            person,
            recogniser=recogniser,
            speaks=not no_audio,
            save=save,
            with_rasa=not no_rasa,
            remembers=True,
        ) as talk:
            with waiting("The dialogue engine is starting"):
                await talk.engine_ready()
            async for result in _recordings(talk, wav) if wav else _lines(talk):
                if isinstance(result, str):
                    refused += 1
                    errors.print(result, style="red", markup=False, soft_wrap=True)
                else:
                    _show(*result, as_json)
        return NOT_USABLE if refused else 0

    try:
        code = asyncio.run(run())
    except (VoicesError, StageError) as error:
        raise fail(str(error), CANNOT_START) from error
    raise typer.Exit(code)


async def _recordings(talk: Talk, files: list[Path]) -> AsyncIterator[Result]:
    for path in files:
        try:
            sound = await asyncio.to_thread(read, path)
            yield str(path), await talk.hear(sound)
        except (AudioFileError, RecogniserError) as error:
            yield str(error)


async def _lines(talk: Talk) -> AsyncIterator[Result]:
    number = 0
    while raw := await asyncio.to_thread(_next_line):
        number += 1
        try:
            line = raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            yield f"Line {number} is not UTF-8 text; save it as UTF-8."
            continue
        if len(line) > LONGEST_LINE:
            yield f"Line {number} is longer than {LONGEST_LINE} characters; say it in parts."
        elif line:
            yield f"line {number}", await talk.read(line)


def _next_line() -> bytes:
    """Return a line, or its beginning where it is too long; the rest is passed over."""
    line = rest = sys.stdin.buffer.readline(LONGEST_LINE * 4)
    while rest and not rest.endswith(b"\n"):
        rest = sys.stdin.buffer.readline(1 << 16)
    return line


def _show(source: str, turn: Turn, as_json: bool) -> None:
    if as_json:
        output.print(json.dumps(_described(source, turn), ensure_ascii=False), soft_wrap=True)
        return
    output.print(f"> {turn.utterance.text}", style="dim", markup=False, soft_wrap=True)
    for sentence in turn.reply.sentences:
        output.print(sentence, markup=False, soft_wrap=True)


def _described(source: str, turn: Turn) -> dict[str, Any]:
    utterance, reply = turn.utterance, turn.reply
    stages = ("recognise", "understand", "synthesise", "total")
    return {
        "source": source,
        "heard": utterance.text,
        "confidence": round(utterance.confidence, 3),
        "alternatives": [asdict(guess) for guess in utterance.guesses[1:]],
        "language": utterance.language,
        "intent": reply.intent,
        "intent_confidence": reply.intent_confidence,
        "safety": turn.safety,
        "reply": list(reply.sentences),
        "actions": [asdict(action) for action in reply.actions],
        "engine": reply.engine if reply.engine in ("rasa", "keywords") else None,
        "timings_ms": {stage: turn.timings_ms[stage] for stage in stages},
    }
