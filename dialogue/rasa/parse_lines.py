"""What a trained model understands: a line of JSON for each line of JSON, for the benchmarks.

    python parse_lines.py MODEL < texts

The first line out says how long loading took, in seconds, and what the process then holds, in MB.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

BEGAN = time.perf_counter()

from rasa.core.agent import Agent  # noqa: E402  (its import is part of the start)

FALLBACK = "nlu_fallback"


def memory() -> int:
    """Return the resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * 4096 / 1e6)


async def main(model: str) -> None:
    agent = Agent.load(model)
    await agent.parse_message("hello")  # the first one loads what is loaded late
    say({"ready_seconds": round(time.perf_counter() - BEGAN, 2), "memory_mb": memory()})
    for line in sys.stdin:
        began = time.perf_counter()
        parsed = await agent.parse_message(json.loads(line))
        seconds = time.perf_counter() - began
        ranking = [each for each in parsed["intent_ranking"] if each["name"] != FALLBACK]
        best = ranking[0] if ranking else {"name": "", "confidence": 0.0}
        refused = parsed["intent"]["name"] == FALLBACK
        say({"intent": best["name"], "confidence": float(best["confidence"]),
             "refused": refused, "seconds": seconds})  # fmt: skip


def say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


asyncio.run(main(sys.argv[1]))
