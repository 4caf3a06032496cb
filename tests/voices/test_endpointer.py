import pytest

from tests.fakes import LOUD, QUIET, LoudnessActivity
from voices.endpointer import LONGEST_MS, Endpointer, Signal
from voices.hearing import CHUNK_MS


def signals(endpointer: Endpointer, *runs: tuple[bytes, int]) -> list[tuple[int, Signal]]:
    """Push runs of (chunk, ms) and return each signal with the ms it came at."""
    found, at = [], 0
    for chunk, ms in runs:
        for _ in range(ms // CHUNK_MS):
            at += CHUNK_MS
            if signal := endpointer.push(chunk):
                found.append((at, signal))
    return found


def endpointer(patience_ms: int = 1000) -> Endpointer:
    return Endpointer(LoudnessActivity(), patience_ms)


def test_a_sentence_starts_pauses_and_ends_after_the_patience() -> None:
    assert signals(endpointer(), (QUIET, 500), (LOUD, 600), (QUIET, 1500)) == [
        (560, Signal.STARTED),
        (1260, Signal.PAUSED),
        (2100, Signal.ENDED),
    ]


@pytest.mark.parametrize("patience_ms", [300, 1000, 3000])
def test_the_patience_is_the_persons(patience_ms: int) -> None:
    found = signals(endpointer(patience_ms), (LOUD, 600), (QUIET, 4000))
    assert found[-1] == (600 + patience_ms, Signal.ENDED)


def test_a_long_pause_inside_the_patience_does_not_end_it() -> None:
    found = signals(endpointer(), (LOUD, 200), (QUIET, 900), (LOUD, 200), (QUIET, 1000))
    assert [signal for _, signal in found] == [
        Signal.STARTED,
        Signal.PAUSED,
        Signal.RESUMED,
        Signal.PAUSED,
        Signal.ENDED,
    ]


def test_a_click_is_not_speech() -> None:
    assert signals(endpointer(), (QUIET, 200), (LOUD, 40), (QUIET, 2000)) == []


def test_the_preroll_holds_the_onset() -> None:
    ears = endpointer()
    signals(ears, (QUIET, 1000), (LOUD, 60))
    assert ears.preroll.endswith(LOUD * 3)
    assert len(ears.preroll) == 400 // CHUNK_MS * len(QUIET)


def test_speech_without_end_is_ended() -> None:
    found = signals(endpointer(), (LOUD, LONGEST_MS + 2000))
    assert found[1] == (LONGEST_MS, Signal.ENDED)


def test_the_length_leaves_out_the_silence_at_the_end() -> None:
    ears = endpointer()
    signals(ears, (LOUD, 600), (QUIET, 1000))
    assert ears.speech_ms == 600


def test_a_chunk_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="640 bytes"):
        endpointer().push(b"\0")
