"""Read the one table of torch builds, which stands in ``noxfile.py``, without importing nox."""

from __future__ import annotations

import ast
from pathlib import Path


def torch_builds(noxfile: Path) -> dict[str, tuple[str, str | None]]:
    """Give the table ``TORCH_BUILDS``: id of the build, torch version, uv's torch backend.

    Raises
    ------
    ValueError
        The file assigns no literal table of that name.
    """
    for node in ast.parse(noxfile.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TORCH_BUILDS":
            return ast.literal_eval(node.value)
    raise ValueError(
        f"{noxfile}: 找不到 TORCH_BUILDS 表，請寫成常數 · "
        "no table TORCH_BUILDS here, write it as a literal"
    )
