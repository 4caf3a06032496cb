"""Packages of the operating system: which are missing, and how to get them."""

import contextlib
import ctypes
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from robot.bootstrap.child import SetupError, run


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, what it is for, and how to see that it (or its like) is there."""

    name: str
    purpose: str
    present: Callable[[], bool]
    required: bool = True


def _module(name: str) -> Callable[[], bool]:
    def present() -> bool:
        importlib.invalidate_caches()
        return importlib.util.find_spec(name) is not None

    return present


def _library(name: str) -> Callable[[], bool]:
    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _file(pattern: str) -> Callable[[], bool]:
    return lambda: any(Path("/").glob(pattern))


VENV = SystemPackage(f"python3.{sys.version_info.minor}-venv", "environments", _module("ensurepip"))
PORTAUDIO = SystemPackage(
    "libportaudio2", "a sound card in this machine", _library("libportaudio.so.2"), required=False
)
CHROMIUM = SystemPackage("chromium", "the tests of the pages", _program("chromium"))
PULSEAUDIO = SystemPackage("pulseaudio", "the tests of the sound card", _program("pulseaudio"))
RECORDER = SystemPackage("pulseaudio-utils", "the tests of the sound card", _program("parec"))
ALSA_PULSE = SystemPackage(
    "libasound2-plugins",
    "the tests of the sound card",
    _file("usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so"),
)

MOSQUITTO = SystemPackage("mosquitto", "the tests of alerts", _file("usr/sbin/mosquitto"))

TO_RUN = (VENV, PORTAUDIO)
TO_TEST = (*TO_RUN, CHROMIUM, PULSEAUDIO, RECORDER, ALSA_PULSE, MOSQUITTO)


def missing(packages: Sequence[SystemPackage]) -> list[SystemPackage]:
    """Those that are not there."""
    return [package for package in packages if not package.present()]


def install(packages: Sequence[SystemPackage], log: Path) -> None:
    """Install with apt. Raises SetupError with the one line to type where we may not."""
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    names = [package.name for package in packages]
    root = _becoming_root()
    if root is None or not shutil.which("apt-get"):
        raise SetupError(by_hand(packages))
    with contextlib.suppress(SetupError):  # one source that fails does not stop the others
        run([*root, *apt, "update"], log)
    run([*root, *apt, "install", "-y", "--no-install-recommends", *names], log)


def by_hand(packages: Sequence[SystemPackage]) -> str:
    """What they are for, and the one line to type."""
    purposes = ", ".join(dict.fromkeys(package.purpose for package in packages))
    names = " ".join(package.name for package in packages)
    apt = "sudo apt-get update && sudo apt-get install -y --no-install-recommends"
    return f"For {purposes}, type this line and start again:\n  {apt} {names}"


def _becoming_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    may = sudo and not subprocess.run([sudo, "-n", "true"], capture_output=True).returncode
    return [str(sudo), "-n"] if may else None
