"""Vosk: speech to words while they are being said.

The open vocabulary always listens. Where the dialogue has asked a closed question, a second
decoder listens too, which knows only the expected answers, likely words and "something else";
it costs little beside the first. Its answer comes first where it is sure that the whole
utterance was one of these.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import vosk

from voices.errors import RecogniserError
from voices.hearing import SAMPLE_RATE, Context, Guess, Recognition
from voices.vosk_decoder import Decoder, closed_vocabulary

log = logging.getLogger(__name__)

_STEP_BYTES = SAMPLE_RATE // 10 * 2
"""Work in steps of 100 ms: a partial result every 20 ms would cost more than the decoding."""
_PIECE_BYTES = 5 * _STEP_BYTES
"""Where a slow machine is behind, it looks up this often to see whether it is still wanted."""
_MOST_GUESSES = 5
_SURE = 0.6
"""The closed decoder's answer counts from this confidence on."""
_STRAY = 0.35
"""Silence and noise yield one or two words below this confidence."""


class VoskRecogniser:
    """A Vosk model in a folder. Raises RecogniserError where there is none."""

    streaming = True

    def __init__(self, folder: Path, name: str, languages: Iterable[str]) -> None:
        self.name = name
        self.languages = frozenset(languages)
        _check(folder)
        vosk.SetLogLevel(-1)
        try:
            model = vosk.Model(str(folder))
            # One decoder for the recogniser's life: only its first words are slow, 1.2 s with the
            # Korean model, as it unfolds its vocabulary. That happens here and now.
            decoder = Decoder(model)
            decoder.push(bytes(_PIECE_BYTES))
            decoder.clear()
        except Exception as error:  # the only class Vosk raises
            raise RecogniserError(
                f"Vosk cannot load the model in {folder}; check it with `fireside models verify`."
            ) from error
        self._engine: tuple[vosk.Model, Decoder] | None = model, decoder
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vosk")
        self._listening: VoskListening | None = None

    def listen(self, context: Context, on_partial: Callable[[str], None]) -> "VoskListening":
        """Begin one utterance; one that is still open is discarded."""
        if self._engine is None:
            raise RecogniserError("Vosk is closed; start the program again.")
        if self._listening is not None:
            self._listening.discard()
        self._listening = VoskListening(self.name, *self._engine, self._worker, context, on_partial)
        return self._listening

    async def close(self) -> None:
        """Free the model. Never raises; may be called twice."""
        if self._listening is not None:
            self._listening.discard()
        self._listening = self._engine = None
        await asyncio.to_thread(self._worker.shutdown)


class VoskListening:
    """One utterance. The decoders belong to the worker thread."""

    def __init__(
        self,
        engine: str,
        model: vosk.Model,
        decoder: Decoder,
        worker: ThreadPoolExecutor,
        context: Context,
        on_partial: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._model = model
        self._decoder = decoder
        self._worker = worker
        self._context = context
        self._on_partial = on_partial
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._discarded = False
        self._decoders: tuple[Decoder, ...] = ()
        self._closed: dict[str, str] = {}
        self._partial = ""
        self._error: Exception | None = None

    def push(self, chunk: bytes) -> None:
        """Take any whole number of chunks."""
        with self._lock:
            before = len(self._waiting) // _STEP_BYTES
            self._waiting += chunk
            if self._discarded or len(self._waiting) // _STEP_BYTES == before:
                return
        with contextlib.suppress(RuntimeError):  # the recogniser has been closed meanwhile
            self._worker.submit(self._work)

    def anticipate(self) -> None:
        """Do nothing: all that was said is decoded already, and silence adds no words."""

    async def finish(self) -> Recognition:
        """Return what was said. Raises RecogniserError."""
        if self._discarded:
            return Recognition((), self._context.language, self._engine)
        guesses = await self._loop.run_in_executor(self._worker, self._end)
        if self._error is not None:
            raise RecogniserError(
                "Vosk failed while listening; it starts afresh with the next sentence."
            ) from self._error
        return Recognition(guesses, self._context.language, self._engine)

    def discard(self) -> None:
        """Forget this utterance."""
        with self._lock:
            self._discarded = True
            self._waiting.clear()

    def _work(self) -> None:
        with self._lock:
            sound, self._waiting = bytes(self._waiting), bytearray()
        try:
            for start in range(0, len(sound), _PIECE_BYTES):
                if self._discarded or self._error is not None:
                    return
                self._decoders = self._decoders or self._begin()
                for decoder in self._decoders:
                    decoder.push(sound[start : start + _PIECE_BYTES])
                self._report(self._decoders[0].partial())
        except Exception as error:
            self._error = error

    def _begin(self) -> tuple[Decoder, ...]:
        self._closed = closed_vocabulary(self._model, self._context)
        self._decoder.clear()
        closed = (Decoder(self._model, self._closed),) if self._closed else ()
        return (self._decoder, *closed)

    def _end(self) -> tuple[Guess, ...]:
        self._work()
        try:
            results = [decoder.guesses() for decoder in self._decoders]
        except Exception as error:
            self._error, results = error, []
        self._decoders = ()
        if self._discarded or not results:
            return ()
        spoken, answers = results[0], results[1] if self._closed else []
        if answers and answers[0].text in self._closed and answers[0].confidence >= _SURE:
            answer = Guess(self._closed[answers[0].text], answers[0].confidence)
            spoken = [answer, *(guess for guess in spoken if guess.text != answer.text)]
        elif spoken and spoken[0].confidence < _STRAY and len(spoken[0].text.split()) <= 2:
            return ()
        return tuple(spoken[:_MOST_GUESSES])

    def _report(self, partial: str) -> None:
        if partial and partial != self._partial:
            self._partial = partial
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._tell, partial)

    def _tell(self, partial: str) -> None:
        if not self._discarded:
            self._on_partial(partial)


def _check(folder: Path) -> None:
    """Raise RecogniserError unless the folder looks like a model: Vosk may end the process."""
    layouts = [
        ("am/final.mdl", "conf/mfcc.conf", "graph/HCLr.fst", "graph/Gr.fst"),
        ("am/final.mdl", "conf/mfcc.conf", "graph/HCLG.fst"),
        ("final.mdl", "mfcc.conf", "HCLr.fst", "Gr.fst"),  # before Vosk 0.3.20
    ]
    if not any(all((folder / file).is_file() for file in layout) for layout in layouts):
        raise RecogniserError(
            f"{folder} holds no Vosk model; fetch one with `fireside models get`, "
            "see `fireside models list`."
        )
