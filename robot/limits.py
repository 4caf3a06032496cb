"""Volume and intensity clipped once, for every driver."""

from dataclasses import replace

from robot.driver import Command, Descriptor, Express, Play


def clip(command: Command, descriptor: Descriptor) -> Command:
    """Return the command with volume and intensity inside what this robot may do."""
    match command:
        case Play(volume=volume):
            return replace(command, volume=min(max(volume, 0.0), descriptor.max_volume))
        case Express(intensity=intensity):
            return replace(command, intensity=min(max(intensity, 0.0), 1.0))
    return command
