"""What a robot can do, and what every driver must: the contract between body and drivers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

Channel = Literal["voice", "face", "gaze", "body", "light"]
Status = Literal["done", "cancelled", "failed", "timeout", "lost", "degraded"]
StopLevel = Literal["hush", "freeze"]
"""`hush` ends speech. `freeze` ends speech and motion and is latched until a person resets it."""


@dataclass(frozen=True)
class Play:
    """Sound for the robot's loudspeaker: mono s16le samples, with mouth shapes by start in ms."""

    text: str
    pcm: bytes = field(repr=False)
    rate: int
    volume: float = 0.8
    mouth: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    channel: ClassVar[Channel] = "voice"

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / 2 / self.rate


@dataclass(frozen=True)
class Express:
    """A facial expression by name, intensity from 0 to 1."""

    name: str
    intensity: float = 1.0
    channel: ClassVar[Channel] = "face"
    duration: ClassVar[float] = 0.5


@dataclass(frozen=True)
class Look:
    """Look at the `person`, `forward`, or `away`."""

    at: str
    channel: ClassVar[Channel] = "gaze"
    duration: ClassVar[float] = 1.0


@dataclass(frozen=True)
class Gesture:
    """A named movement of arms or head."""

    name: str
    channel: ClassVar[Channel] = "body"
    duration: ClassVar[float] = 4.0


@dataclass(frozen=True)
class Light:
    """A light pattern by meaning: idle, listening, thinking, speaking, stopped, alert."""

    pattern: str
    channel: ClassVar[Channel] = "light"
    duration: ClassVar[float] = 0.2


Command = Play | Express | Look | Gesture | Light


@dataclass(frozen=True)
class Descriptor:
    """What a robot is and can do, readable before connecting."""

    model: str
    plays_sound: bool = False
    expressions: frozenset[str] = frozenset()
    gaze: frozenset[str] = frozenset()
    gestures: frozenset[str] = frozenset()
    lights: frozenset[str] = frozenset()
    max_volume: float = 1.0

    def supports(self, command: Command) -> bool:
        """Whether the robot can carry out this command as it stands."""
        match command:
            case Play():
                return self.plays_sound
            case Express(name=name):
                return name in self.expressions
            case Look(at=at):
                return at in self.gaze
            case Gesture(name=name):
                return name in self.gestures
            case Light(pattern=pattern):
                return pattern in self.lights


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and for how many seconds it was under way."""

    status: Status
    seconds: float = 0.0
    detail: str = ""


class DriverLostError(Exception):
    """The robot, or the process beside it, went away."""


class RobotDriver(Protocol):
    """The way to one kind of robot. `perform` may raise anything; `stop` and `close` never."""

    descriptor: ClassVar[Descriptor]

    async def connect(self) -> Descriptor:
        """Reach the robot and return what it can really do. Raises DriverLostError."""
        ...

    async def perform(self, command: Command, on_start: Callable[[], None]) -> None:
        """Carry out a command and return when it has ended; being cancelled ends it at once.

        `on_start` is called at the first evidence that the robot has begun.
        Raises DriverLostError when the robot is gone.
        """
        ...

    async def stop(self, level: StopLevel) -> None:
        """Be silent, and with `freeze` motionless, at once; may be called at any time."""
        ...

    async def close(self) -> None:
        """Let go of the robot; may be called twice and after a failed connect."""
        ...
