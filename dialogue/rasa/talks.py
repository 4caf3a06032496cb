"""Where Rasa keeps its talks: in memory, the latest only, without the words of residents."""

from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

TALKS = 100
"""The talk unused for longest is forgotten first."""
EVENTS = 60
"""About eight turns; the rules look back at one."""


class RecentTalks(InMemoryTrackerStore):
    """Rasa's own memory store, bounded so that a robot can run for months."""

    async def save(self, tracker: DialogueStateTracker) -> None:
        recent = DialogueStateTracker.from_events(
            tracker.sender_id, list(tracker.events)[-EVENTS:], self.domain.slots
        )
        self.store.pop(tracker.sender_id, None)
        await super().save(recent)
        while len(self.store) > TALKS:
            del self.store[next(iter(self.store))]
