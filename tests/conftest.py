"""What every kind of test shares."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def site() -> Path:
    """Give the folder of the built HTML site (``PRIMER_SITE`` names another one)."""
    folder = Path(os.environ.get("PRIMER_SITE", ROOT / "docs/_build/html"))
    if not (folder / "index.html").exists():
        pytest.fail(f"{folder}: 先執行 nox -s docs · run nox -s docs first")
    return folder
