"""PortAudio, by way of sounddevice: loaded late, looked through, opened one at a time."""

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

from voices.errors import DeviceError

log = logging.getLogger(__name__)

Direction = Literal["input", "output"]
Device = str | int | None
"""A device by (part of) its name or by its number in `python -m sounddevice`; None: the default."""

CallbackFor = Callable[[int, int], Callable[..., None]]

_NAMES = {"input": "microphone", "output": "loudspeaker"}
_lock = threading.Lock()  # PortAudio's own calls must not overlap
_open: set[int] = set()

_AlsaHandler = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_ignore = _AlsaHandler(lambda *_: None)


def load() -> ModuleType:
    """Import sounddevice. Raises DeviceError when the library PortAudio is not installed."""
    _quiet_alsa()
    try:
        import sounddevice
    except OSError as problem:
        raise DeviceError(
            "The sound library PortAudio is not installed; install it with "
            "`sudo apt-get install libportaudio2`, or use the browser's microphone and loudspeaker."
        ) from problem
    module: ModuleType = sounddevice
    return module


def devices() -> tuple[bool, bool]:
    """Return whether this machine has a microphone and whether it has a loudspeaker."""
    try:
        sounddevice = load()
    except DeviceError:
        return False, False
    with _lock:
        _look_again(sounddevice)
        return _present(sounddevice, "input"), _present(sounddevice, "output")


def open_stream(
    direction: Direction, device: Device, rate: int, callback_for: CallbackFor, **settings: Any
) -> Any:
    """Open and start a raw stream of 16-bit samples in blocks of 10 ms.

    It is mono at `rate` where the device can, otherwise stereo or at the device's own rate:
    `callback_for` is told the rate and the number of channels, and returns the stream's callback.
    Raises DeviceError.
    """
    sounddevice = load()
    with _lock:
        try:
            try:
                stream = _try_to_open(sounddevice, direction, device, rate, callback_for, settings)
            except (sounddevice.PortAudioError, ValueError):
                _look_again(sounddevice)  # it may have been plugged in since
                stream = _try_to_open(sounddevice, direction, device, rate, callback_for, settings)
        except (sounddevice.PortAudioError, ValueError) as problem:
            which = "" if device is None else f" {device}"
            raise DeviceError(
                f"The {_NAMES[direction]}{which} cannot be opened ({_first_line(problem)}). Plug "
                "it in, or choose another one: `python -m sounddevice` lists them."
            ) from problem
        _open.add(id(stream))
    return stream


def close_stream(stream: Any) -> None:
    """Drop what is not played yet and let go of the device. Never raises."""
    with _lock:
        _open.discard(id(stream))
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)


def _try_to_open(
    sounddevice: ModuleType,
    direction: Direction,
    device: Device,
    rate: int,
    callback_for: CallbackFor,
    settings: dict[str, Any],
) -> Any:
    check = getattr(sounddevice, f"check_{direction}_settings")
    own_rate = int(sounddevice.query_devices(device, direction)["default_samplerate"])
    problem: Exception | None = None
    for sampling in dict.fromkeys((rate, own_rate)):
        for channels in (1, 2):
            form = {"samplerate": sampling, "channels": channels, "dtype": "int16"}
            try:
                check(device=device, **form)
            except sounddevice.PortAudioError as refusal:
                problem = problem or refusal
                continue
            kind = getattr(sounddevice, f"Raw{direction.capitalize()}Stream")
            stream = kind(
                device=device,
                blocksize=sampling // 100,
                callback=callback_for(sampling, channels),
                **form,
                **settings,
            )
            stream.start()
            return stream
    assert problem
    raise problem


def _look_again(sounddevice: ModuleType) -> None:
    """Make PortAudio list the devices anew, which ends all streams: only when there are none."""
    if not _open:
        sounddevice._terminate()
        sounddevice._initialize()


def _present(sounddevice: ModuleType, direction: Direction) -> bool:
    try:
        sounddevice.query_devices(None, direction)
    except (sounddevice.PortAudioError, ValueError):
        return False
    return True


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0]


def _quiet_alsa() -> None:
    """Keep ALSA from printing about every device it looks for in vain."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ignore)
        except OSError:
            log.debug("There is no ALSA on this machine.")
