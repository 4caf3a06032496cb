"""The benchmark on a set of its own: two orders, spoken by our own English voice."""

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from config.paths import MODELS
from robot.bench.choice import figures, run, table, vocabulary
from robot.bench.common import BenchError, Options, Recording
from robot.bench.noise import FRAME, generator, mix
from voices.hibari_voice import HibariVoice
from voices.saving import write_wav
from voices.speaking import Style

ORDERS = {
    "I would like a large tea with milk.": {"size": "large", "drink": "tea", "extra": " milk"},
    "A small lemonade, please.": {"size": "small", "drink": "Lemonade"},
}


def options(data: Path, seed: int = 1) -> Options:
    return Options(data, seed, lambda what, done, total: None)


def tone(amplitude: float, seconds: float = 1) -> bytes:
    wave = np.sin(np.arange(int(16_000 * seconds)) * 0.3) * amplitude * 32767
    return bytes(wave.astype("<i2").tobytes())


def samples(sound: bytes) -> np.ndarray:
    return np.frombuffer(sound, "<i2") / 32768


@pytest.fixture
def data(tmp_path: Path) -> Path:
    voice = HibariVoice()
    manifest = []
    for place, (text, slots) in enumerate(ORDERS.items()):
        write_wav(tmp_path / f"{place}.wav", voice.synthesise(text, Style()))
        entry = {"file": f"{place}.wav", "set": "cafe", "language": "en", "slots": slots}
        manifest.append(entry)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


@pytest.mark.models
def test_a_strangers_set_is_measured_clean_and_in_noise(data: Path) -> None:
    if not (MODELS / "whisper-tiny.en" / "model.bin").is_file():
        pytest.skip("the model is not here: fireside models get whisper-tiny.en")
    (data / "noise").mkdir()
    (data / "noise" / "fan.wav").write_bytes((data / "0.wav").read_bytes())
    result = run(options(data))
    assert list(result["conditions"]) == ["clean", "12dB", "6dB"]
    clean = result["conditions"]["clean"]
    assert clean["n"] == 2 and clean["all_slots"] == 1.0
    assert clean["per_slot"] == {"drink": 1.0, "extra": 1.0, "size": 1.0}
    assert result["seed"] == 1 and result["recognisers"] == {"en": "whisper-tiny.en"}
    console = Console(record=True, width=120)
    console.print(table(result))
    assert "100.0 %" in console.export_text()


def test_a_folder_without_slots_or_with_a_missing_recording_is_named(tmp_path: Path) -> None:
    entry = {"file": "gone.wav", "set": "cafe", "language": "en"}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    with pytest.raises(BenchError, match="has slots"):
        run(options(tmp_path))


def test_the_vocabulary_is_what_the_recordings_of_a_set_say() -> None:
    entries = [
        Recording(file=f"{n}", set="cafe", language="en", slots=slots)
        for n, slots in enumerate(ORDERS.values())
    ]
    assert vocabulary(entries) == {
        "drink": ["lemonade", "tea"],
        "extra": ["milk"],
        "size": ["large", "small"],
    }


def test_an_order_is_right_when_every_slot_is_and_no_other_was_understood() -> None:
    right = ({"size": "large", "extra": None}, {"size": "large", "extra": None})
    invented = ({"size": "large", "extra": None}, {"size": "large", "extra": "milk"})
    missed = ({"size": "large", "extra": "milk"}, {"size": "small", "extra": "milk"})
    assert figures([right, invented, missed, missed]) == {
        "n": 4,
        "all_slots": 0.25,
        "per_slot": {"extra": 0.75, "size": 0.5},
    }


@pytest.mark.parametrize("snr", [12.0, 6.0])
def test_the_ratio_is_that_of_the_loudest_frames(snr: float) -> None:
    speech = bytes(32_000) + tone(0.2) + bytes(32_000)
    noise = tone(0.5, 7)
    added = samples(mix(speech, noise, snr, generator(1, "a"))) - samples(speech)
    before, after = (
        max(float((frame**2).sum()) for frame in x[: len(x) // FRAME * FRAME].reshape(-1, FRAME))
        for x in (samples(speech), added)
    )
    assert 10 * np.log10(before / after) == pytest.approx(snr, abs=0.3)


def test_noise_is_the_same_for_the_same_seed_only() -> None:
    noise = bytes(np.random.default_rng(0).integers(-9000, 9000, 50_000).astype("<i2").tobytes())
    speech = tone(0.3)
    first = mix(speech, noise, 6, generator(1, "a"))
    assert first == mix(speech, noise, 6, generator(1, "a"))
    assert first != mix(speech, noise, 6, generator(2, "a"))
    assert first != mix(speech, noise, 6, generator(1, "b"))


def test_noise_shorter_than_the_speech_silence_and_clipping_are_survived() -> None:
    loud = mix(tone(1.0), tone(1.0, 0.1), 0, generator(1))
    assert len(loud) == len(tone(1.0)) and np.abs(samples(loud)).max() <= 1
    assert mix(bytes(8000), tone(0.5), 6, generator(1)).count(0) > 0
    assert mix(tone(0.5), bytes(8000), 6, generator(1)) != b""
