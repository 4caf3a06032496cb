"""The person in front of the robot, and how they like to be spoken to just now."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from config.settings import Resident
from voices.speaking import Style

RATE_STEP, SLOWEST, FASTEST = 20, 80, 260
VOLUME_STEP, QUIETEST, LOUDEST = 0.15, 0.1, 1.0
MORE_PATIENCE = 1.5
"""So many times longer the robot waits for somebody with dementia."""


@dataclass
class Person:
    """One person for one talk: settings from their file, and what they asked for since."""

    key: str
    name: str
    language: str
    patience_ms: int
    silence_s: int
    style: Style
    familiar: bool = False
    """Whether German says "du" to them; "Sie" unless they chose otherwise."""
    gentle: bool = False
    """Whether they have dementia: shorter sentences, no appeal to memory, more time."""
    avoided: set[str] = field(default_factory=set)
    """Topics and words they do not want to be spoken to about."""

    @classmethod
    def of(cls, key: str, resident: Resident, language: str) -> "Person":
        """Return the person described by a file under config/residents."""
        style = Style(
            language=language,
            rate=resident.rate,
            pitch=resident.pitch,
            volume=resident.volume,
            voice=resident.voice,
        )
        patience = MORE_PATIENCE if resident.gentle else 1.0
        return cls(
            key,
            resident.address or resident.name,
            language,
            round(resident.patience_ms * patience),
            round(resident.silence_s * patience),
            style,
            familiar=resident.form == "du",
            gentle=resident.gentle,
            avoided=set(resident.avoid),
        )

    def avoids(self, topics: Collection[str]) -> bool:
        """Whether any of these topics is one they do not want."""
        return not self.avoided.isdisjoint(topics)

    def adjust(self, wish: str) -> bool:
        """Take a wish (louder, quieter, slower, faster); say whether it was one."""
        rate, volume = self.style.rate, self.style.volume
        match wish:
            case "louder":
                volume = min(LOUDEST, volume + VOLUME_STEP)
            case "quieter":
                volume = max(QUIETEST, volume - VOLUME_STEP)
            case "slower":
                rate = max(SLOWEST, rate - RATE_STEP)
            case "faster":
                rate = min(FASTEST, rate + RATE_STEP)
            case _:
                return False
        self.style = replace(self.style, rate=rate, volume=round(volume, 2))
        return True
