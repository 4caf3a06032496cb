"""Whether the person is known to be alone: from staff, from sensors, or because they said so.

Never from a voice: the robot does not recognise people.
"""

from collections.abc import Callable
from typing import Literal

from config.clock import Clock

Others = Literal["alone", "company", "unknown"]

ALONE_SECONDS = 15 * 60.0
"""How long it counts that somebody said they are alone: anybody may come in."""
COMPANY_SECONDS = 2 * 3600.0
"""How long it counts that somebody is said to be there, unless they are said to have left."""
ROOMS: dict[str, Others] = {"private": "alone", "shared": "company", "unknown": "unknown"}


class Presence:
    """Who may hear what the robot says. One sign of company outweighs every other.

    `room` is the person's room as staff have described it, which counts while nothing else is
    known. `sensed` is asked for the robot's own count of people near it, where it has one.
    """

    def __init__(
        self, room: str, clock: Clock, sensed: Callable[[], int | None] = lambda: None
    ) -> None:
        self._room = ROOMS[room]
        self._clock = clock
        self._sensed = sensed
        self._staff: Others = "unknown"
        self._told: Others = "unknown"
        self._told_until = 0.0

    @property
    def others(self) -> Others:
        """Whether the person is alone."""
        known = self._known()
        if "company" in known:
            return "company"
        return "alone" if "alone" in known else self._room

    @property
    def private(self) -> bool:
        """Whether something personal may be said."""
        return self.others == "alone"

    @property
    def may_ask(self) -> bool:
        """Whether it makes sense to ask if they are alone: nobody is known to be there."""
        return "company" not in self._known()

    def staff_say(self, others: Others) -> None:
        """Staff know best; it counts until they say something else."""
        self._staff = others

    def told(self, others: Literal["alone", "company"]) -> None:
        """The person said it."""
        self._told = others
        lasts = ALONE_SECONDS if others == "alone" else COMPANY_SECONDS
        self._told_until = self._clock.monotonic() + lasts

    def _known(self) -> set[Others]:
        told = self._told if self._clock.monotonic() < self._told_until else "unknown"
        count = self._sensed()
        sensed: Others = "unknown"
        if count is not None and count > 0:
            sensed = "alone" if count == 1 else "company"
        return {self._staff, told, sensed}
