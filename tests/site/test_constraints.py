"""What is installed is what was pinned: each pin has hashes, a file that differs is refused."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

CONSTRAINTS = Path(__file__).parents[2] / ".ci/constraints.txt"
METADATA = "Metadata-Version: 2.1\nName: pinned\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def test_every_pin_has_hashes():
    text = CONSTRAINTS.read_text(encoding="utf-8").replace("\\\n", "")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert pins
    pattern = re.compile(r"\S+==\S+( ;.+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [pin for pin in pins if not pattern.fullmatch(pin)] == []


@pytest.fixture
def wheel(tmp_path):
    """Make a package that is on no index."""
    path = tmp_path / "pinned-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pinned.py", "")
        archive.writestr("pinned-1.0.dist-info/METADATA", METADATA)
        archive.writestr("pinned-1.0.dist-info/WHEEL", WHEEL)
        archive.writestr("pinned-1.0.dist-info/RECORD", "")
    return path


def install(wheel: Path, digest: str) -> subprocess.CompletedProcess:
    """Install as ``noxfile.py`` does, under a constraint with a hash."""
    constraints = wheel.with_name("constraints.txt")
    constraints.write_text(f"pinned==1.0 \\\n    --hash=sha256:{digest}\n", encoding="utf-8")
    command = (find_uv_bin(), "pip", "install", "pinned", f"--constraint={constraints}")
    place = ("--python", sys.executable, "--target", str(wheel.parent / "installed"))
    only = ("--no-index", "--find-links", str(wheel.parent), "--cache-dir", f"{wheel.parent}/cache")
    return subprocess.run([*command, *place, *only], capture_output=True, text=True, check=False)


def test_a_file_that_differs_from_its_pin_is_refused(wheel):
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    refused = install(wheel, digest[::-1])
    assert refused.returncode != 0
    assert "Hash mismatch" in refused.stderr
    accepted = install(wheel, digest)
    assert accepted.returncode == 0, accepted.stderr
