"""The robots Fireside can move, by name. A robot's module is loaded only when it is chosen."""

from importlib import import_module
from typing import Any, cast

from robot.driver import RobotDriver

DRIVERS = {
    "null": "robot.drivers.null:NullDriver",
    "simulator": "robot.drivers.simulator:SimulatorDriver",
}


def load_driver(name: str) -> type[Any]:
    """Return the class of a driver; its `descriptor` can be read before anything connects.

    Raises KeyError for a name that is not in DRIVERS.
    """
    module, _, attribute = DRIVERS[name].partition(":")
    return cast("type[RobotDriver]", getattr(import_module(module), attribute))
