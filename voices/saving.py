"""Speech as a file that says of itself that a machine made it."""

import io
import wave
from pathlib import Path

from voices.speaking import Speech


def write_wav(path: Path, speech: Speech) -> None:
    """Write a WAV file whose metadata (RIFF INFO: comment, software) marks it as AI-made."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(speech.rate)
        sound.writeframes(speech.pcm)
    info = b"INFO" + b"".join(
        _chunk(name, text.encode() + b"\0")
        for name, text in (
            (b"ICMT", f"AI-generated speech: spoken by the synthetic voice {speech.voice}"),
            (b"ISFT", "Fireside"),
        )
    )
    body = buffer.getvalue()[8:] + _chunk(b"LIST", info)
    path.write_bytes(_chunk(b"RIFF", body))


def _chunk(name: bytes, content: bytes) -> bytes:
    padding = b"\0" * (len(content) % 2)
    return name + len(content).to_bytes(4, "little") + content + padding
