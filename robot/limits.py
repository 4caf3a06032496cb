"""Angle, speed and volume clipped once, for every driver."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot.body import Command, Descriptor


def clip(command: "Command", descriptor: "Descriptor") -> "Command":
    """Return the command with volume and intensity inside what this robot may do."""
    from robot.body import Express, Play

    if isinstance(command, Play):
        return replace(command, volume=min(max(command.volume, 0.0), descriptor.max_volume))
    if isinstance(command, Express):
        return replace(command, intensity=min(max(command.intensity, 0.0), 1.0))
    return command
