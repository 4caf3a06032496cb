"""One error class for the corridor: which stage failed, and how."""

from typing import Literal

Stage = Literal["hear", "understand", "speak", "move", "alert", "remember", "remind"]


class StageError(Exception):
    """A stage of the corridor failed; `code` is stable, `message` is a sentence for a person."""

    def __init__(self, stage: Stage, code: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage
        self.code = code
        self.message = message
