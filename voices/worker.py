"""The synthesis worker: one voice in a process of its own, so that it can be killed.

Run as `python -m voices.worker NAME`. It says {"ready": true} or {"error": ...}; then every line
of standard input is a request, {"text": ..., "style": {...}}, and every answer one line of JSON,
{"error": ...} or a speech with the number of "bytes" of raw sound that follow. It ends when
standard input does.
"""

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from voices.errors import VoiceError
from voices.speaking import MouthShape, Speech, SpokenWord, Style, Voice
from voices.table import load_voice

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def request(text: str, style: Style) -> bytes:
    """Return the line that asks for a sentence."""
    return json.dumps({"text": text, "style": asdict(style)}).encode() + b"\n"


def header(speech: Speech) -> bytes:
    """Return the line that goes before a speech's sound."""
    fields = {
        "text": speech.text,
        "rate": speech.rate,
        "voice": speech.voice,
        "timing": speech.timing,
        "mouth": [(shape.start_ms, shape.shape) for shape in speech.mouth],
        "words": [(word.start_ms, word.end_ms, word.text) for word in speech.words],
        "bytes": len(speech.pcm),
    }
    return json.dumps(fields).encode() + b"\n"


def speech_of(fields: dict[str, Any], pcm: bytes) -> Speech:
    """Put a speech together again from its header and its sound."""
    return Speech(
        text=fields["text"],
        pcm=pcm,
        rate=fields["rate"],
        voice=fields["voice"],
        timing=fields["timing"],
        mouth=tuple(MouthShape(*shape) for shape in fields["mouth"]),
        words=tuple(SpokenWord(*word) for word in fields["words"]),
    )


def serve(voice: Voice, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        fields = json.loads(line)
        try:
            speech = voice.synthesise(fields["text"], Style(**fields["style"]))
        except VoiceError as problem:
            _answer(answers, error=str(problem))
        except Exception as problem:  # an engine stumbles over a text; the next one may be fine
            kind = type(problem).__name__
            _answer(answers, error=f"The voice {voice.name} cannot speak this text ({kind}).")
        else:
            answers.write(header(speech) + speech.pcm)
            answers.flush()


def main() -> None:
    """Load the voice named on the command line and serve it."""
    if sys.platform == "linux":
        # Also when this process hangs and never sees the end of its input.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "wb")
    # Libraries print; what they print must not end up among the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        voice = load_voice(sys.argv[1])
    except VoiceError as problem:
        _answer(answers, error=str(problem))
        return
    _answer(answers, ready=True)
    serve(voice, sys.stdin.buffer, answers)


def _answer(answers: BinaryIO, **fields: object) -> None:
    answers.write(json.dumps(fields).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
