"""One turn of a talk, and where its time went."""

from dataclasses import dataclass, field

from dialogue.replies import Reply, Utterance
from dialogue.telling import Told


@dataclass(frozen=True)
class Turn:
    """One utterance and what came of it; `safety` is the class of danger, if any."""

    utterance: Utterance
    safety: str | None
    reply: Reply
    timings_ms: dict[str, float] = field(default_factory=dict)


def timings_ms(recognise: float, understand: float, told: Told) -> dict[str, float]:
    """Return each stage in ms, from seconds; `total` ends with the first sample of the answer."""
    stages = {
        "recognise": recognise,
        "understand": understand,
        "synthesise": told.synthesise_seconds,
        "start": told.start_seconds,
    }
    rounded = {stage: round(seconds * 1000, 1) for stage, seconds in stages.items()}
    return {**rounded, "total": round(sum(stages.values()) * 1000, 1)}
