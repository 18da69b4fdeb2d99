"""A server started as root becomes an ordinary user: done for real, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runyard
from runyard.engines.linux.privileges import FALLBACK_ID

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")

NOBODY = "no-such-account-here"

# Drops privileges as its JSON argument says, then reports what the process is and can do.
DROP = """
import errno, importlib, json, os, pathlib, sys
order = json.loads(sys.argv[1])
sys.path[:0] = order["sys_path"]
from runyard.domain.errors import EngineUnavailableError
from runyard.engines.linux import privileges
paths = {key: [pathlib.Path(text) for text in order[key]] for key in ("readable", "writable")}
if order["with_code"]:
    paths["readable"] += privileges.code_paths()
mounts_before = len(pathlib.Path("/proc/self/mountinfo").read_text().splitlines())
try:
    privileges.drop_privileges(user=order["user"], **paths)
except EngineUnavailableError as error:
    print(json.dumps({"refused": error.message}))
    sys.exit(0)

def attempt(text):
    try:
        return eval(text)
    except OSError as error:
        return errno.errorcode[error.errno]

lines = pathlib.Path("/proc/self/status").read_text().splitlines()
print(json.dumps({
    "status": dict(line.split(":\\t", 1) for line in lines if ":\\t" in line),
    "mounts_added": len(pathlib.Path("/proc/self/mountinfo").read_text().splitlines())
        - mounts_before,
    "home": os.environ["HOME"],
    "folder": os.getcwd(),
    "answers": {text: attempt(text) for text in order["attempts"]},
}))
"""


class Tree:
    """A directory that others may not enter, with an application and a secret in it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.closed = top / "closed"
        self.app = self.closed / "app"
        self.packages = self.app / "venv/lib/site-packages"
        self.packages.mkdir(parents=True)
        (self.packages / "late_module.py").write_text("ANSWER = 42\n")
        shutil.copytree(
            Path(runyard.__file__).parent,
            self.app / "src/runyard",
            ignore=shutil.ignore_patterns("__pycache__", "_binaries"),
        )
        self.secret = self.closed / "secret"
        self.secret.write_text("for root only\n")
        self.secret.chmod(0o644)
        self.closed.chmod(0o700)

    def drop(self, *attempts: str, **order: Any) -> dict[str, Any]:
        full = {
            "user": NOBODY,
            "readable": [str(self.app / "venv"), str(self.app / "src")],
            "writable": [str(self.closed / "data")],
            "with_code": False,
            "attempts": attempts,
            "sys_path": [str(self.app / "src"), str(self.packages)],
        } | order
        done = subprocess.run(
            [sys.executable, "-I", "-c", DROP, json.dumps(full)],
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
            cwd=self.app,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def tree() -> Iterator[Tree]:
    # Not pytest's tmp_path: that one is itself below a closed directory.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Tree(Path(folder))


def test_drop_privileges_leaves_no_way_back_to_root(tree: Tree) -> None:
    seen = tree.drop("os.setuid(0)", "os.setgid(0)", "os.setgroups([0])", "os.chroot('/')")

    ids = "\t".join([str(FALLBACK_ID)] * 4)
    assert seen["status"]["Uid"] == seen["status"]["Gid"] == ids
    assert seen["status"]["Groups"].strip() == ""
    assert seen["status"]["NoNewPrivs"] == "1"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(seen["status"][kind], 16) == 0
    assert set(seen["answers"].values()) == {"EPERM"}


def test_drop_privileges_named_account_gets_its_ids(tree: Tree) -> None:
    seen = tree.drop(user="nobody")

    assert seen["status"]["Uid"].split() == ["65534"] * 4


@pytest.mark.parametrize("user", ["root", "0"])
def test_drop_privileges_to_root_is_refused(tree: Tree, user: str) -> None:
    assert "RUNYARD_USER" in tree.drop(user=user)["refused"]


def test_drop_privileges_code_below_closed_directory_stays_importable(tree: Tree) -> None:
    late = "importlib.import_module('late_module').ANSWER"
    write = f"open({str(tree.packages / 'late_module.py')!r}, 'a')"
    (tree.packages / "late_module.py").chmod(0o666)
    seen = tree.drop(late, write)

    assert seen["answers"] == {late: 42, write: "EROFS"}
    assert seen["mounts_added"] > 0
    assert seen["folder"] == str(tree.app)


def test_drop_privileges_hides_siblings_and_keeps_shadow_unreadable(tree: Tree) -> None:
    secret = f"open({str(tree.secret)!r}).read()"
    listing = f"sorted(os.listdir({str(tree.closed)!r}))"
    upwards = f"open('../{tree.secret.name}').read()"
    shadow = "open('/etc/shadow').read()"
    seen = tree.drop(secret, listing, upwards, shadow)

    assert tree.secret.read_text() == "for root only\n"
    assert seen["answers"] == {
        secret: "ENOENT",
        listing: ["app", "data"],
        upwards: "ENOENT",
        shadow: "EACCES",
    }


def test_drop_privileges_everything_accessible_adds_no_mount(tree: Tree) -> None:
    tree.closed.chmod(0o755)
    secret = f"open({str(tree.secret)!r}).read()"
    seen = tree.drop(secret, "importlib.import_module('late_module').ANSWER")

    assert seen["mounts_added"] == 0
    assert list(seen["answers"].values()) == ["for root only\n", 42]


def test_drop_privileges_data_inside_code_is_writable_and_code_is_not(tree: Tree) -> None:
    data = tree.app / "state/data"
    write = f"open({str(data / 'new')!r}, 'w').write('kept')"
    code = f"open({str(tree.app / 'new')!r}, 'w')"
    seen = tree.drop(write, code, readable=[str(tree.app)], writable=[str(data)])

    assert seen["answers"] == {write: 4, code: "EROFS"}
    assert (data / "new").read_text() == "kept"
    assert (data / "new").stat().st_uid == FALLBACK_ID
    assert seen["home"] == str(data)


def test_drop_privileges_closed_directories_within_closed_ones_are_all_opened(tree: Tree) -> None:
    data = tree.app / "private/data"
    data.mkdir(parents=True)
    (tree.app / "private/key").touch()
    (tree.app / "private").chmod(0o700)
    write = f"open({str(data / 'new')!r}, 'w').write('kept')"
    listing = f"os.listdir({str(tree.app / 'private')!r})"
    seen = tree.drop(write, listing, readable=[str(tree.app)], writable=[str(data)])

    assert seen["answers"] == {write: 4, listing: ["data"]}


def test_drop_privileges_code_directory_closed_itself_is_shown(tree: Tree) -> None:
    (tree.app / "venv").chmod(0o700)
    (tree.app / "venv/bin").symlink_to("lib")
    late = "importlib.import_module('late_module').ANSWER"
    link = f"os.readlink({str(tree.app / 'venv/bin')!r})"
    seen = tree.drop(late, link)

    assert seen["answers"] == {late: 42, link: "lib"}


def test_drop_privileges_follows_links_into_closed_directories(tree: Tree) -> None:
    outside = tree.top / "current"
    outside.symlink_to(tree.closed / "alias")
    (tree.closed / "alias").symlink_to("app/venv")
    (tree.closed / "other").symlink_to("app")
    read = f"open({str(outside / 'lib/site-packages/late_module.py')!r}).read()"
    seen = tree.drop(
        read,
        f"os.path.lexists({str(tree.closed / 'other')!r})",
        readable=[str(outside), str(tree.app / "src")],
    )

    assert list(seen["answers"].values()) == ["ANSWER = 42\n", False]


def test_drop_privileges_with_paths_of_the_running_interpreter_works(tree: Tree) -> None:
    lazily = "importlib.import_module('sqlite3').sqlite_version != ''"
    seen = tree.drop(lazily, with_code=True, readable=[])

    assert seen["answers"] == {lazily: True}


def test_drop_privileges_code_unreadable_by_mode_says_what_to_do(tree: Tree) -> None:
    (tree.app / "src/runyard/engines/linux/findings.py").chmod(0o600)

    assert "chmod -R a+rX" in tree.drop()["refused"]


def test_drop_privileges_missing_code_path_is_refused(tree: Tree) -> None:
    assert "nowhere" in tree.drop(readable=[str(tree.closed / "nowhere")])["refused"]


def test_drop_privileges_data_directory_holding_code_is_refused(tree: Tree) -> None:
    refused = tree.drop(writable=[str(tree.app)])["refused"]

    assert "RUNYARD_DATA_DIR" in refused
    assert tree.app.stat().st_uid == 0


def test_drop_privileges_gives_data_away_without_following_links(tree: Tree) -> None:
    data = tree.closed / "data"
    (data / "inner").mkdir(parents=True)
    (data / "inner/database").touch()
    (data / "link").symlink_to(tree.secret)
    (data / "up").symlink_to(tree.closed)
    tree.drop()

    assert (data / "inner/database").stat().st_uid == FALLBACK_ID
    assert (data / "link").lstat().st_uid == FALLBACK_ID
    assert tree.secret.stat().st_uid == tree.closed.stat().st_uid == 0


def test_drop_privileges_second_name_of_a_foreign_file_is_refused(tree: Tree) -> None:
    data = tree.closed / "data"
    data.mkdir()
    os.link(tree.secret, data / "innocent")

    assert "innocent" in tree.drop()["refused"]
    assert tree.secret.stat().st_uid == 0


def test_drop_privileges_shared_directory_as_data_is_refused(tree: Tree) -> None:
    shared = tree.top / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    assert "Everybody may write" in tree.drop(writable=[str(shared)])["refused"]


def test_drop_privileges_with_a_second_thread_is_refused(tree: Tree) -> None:
    late_thread = "import threading; threading.Thread(target=threading.Event().wait, daemon=True)"
    program = f"{late_thread}.start()\n{DROP}"
    order = {"user": NOBODY, "readable": [], "writable": [], "with_code": False}
    order |= {"attempts": [], "sys_path": [str(tree.app / "src")]}
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, json.dumps(order)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )

    assert "threads" in json.loads(done.stdout)["refused"]
