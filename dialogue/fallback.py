"""The engine that answers whenever the first one does not."""

from dialogue.decisions import Decision, Dialogue
from dialogue.errors import StageError
from dialogue.events import Publish, StageFailed
from dialogue.replies import Utterance


class FallbackDialogue:
    """Asks the first engine, and the second one whenever the first fails."""

    def __init__(self, first: Dialogue, second: Dialogue, publish: Publish) -> None:
        self._first = first
        self._second = second
        self._publish = publish

    async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
        """Decide on one utterance. Raises StageError only if both engines fail."""
        try:
            return await self._first.decide(utterance, talk, after)
        except StageError as error:
            self._publish(StageFailed(error.stage, error.code, error.message))
            return await self._second.decide(utterance, talk, after)

    async def close(self) -> None:
        """Stop both. Never raises; may be called twice."""
        await self._first.close()
        await self._second.close()
