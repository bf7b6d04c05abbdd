"""The printed outputs that each lesson promises: stored, compared, rewritten.

``tests/gallery/expected/<part>/<lesson>.txt`` holds them block by block and is reviewed like code;
``nox -s "verify(default)" -- --update`` rewrites it. A block is known by its number and its first
line of code; ``|`` stands before a line that must be the same, ``~`` stands for one line that
depends on the machine.

Text and white space must be the same to the character, and so must integers. A number printed with
decimals may be off by one in its last printed digit, since another processor may round the other
way, provided that it shows at least three significant digits: 0.0852 allows 0.0851, while 0.9 and
0.05 allow nothing else. The tolerance so never exceeds one per cent.
"""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from pathlib import Path

from runner import GALLERY, Block, Line, Run, shown

EXPECTED = Path(__file__).with_name("expected")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.\d+(?:e[-+]?\d+)?(?!\d|\.\d)")
MASKED = "(依機器而異 · depends on the machine)"
SHOWN_LINES = 12  # of a difference


def path_of(script: Path, gallery: Path = GALLERY, expected: Path = EXPECTED) -> Path:
    """Give the file that holds the expectations of a lesson."""
    return expected / script.relative_to(gallery).with_suffix(".txt")


def numbers_agree(expected: str, actual: str) -> bool:
    """Compare two printed decimals, to the precision that `expected` is printed with.

    >>> numbers_agree("0.0852", "0.0851"), numbers_agree("0.0852", "0.0850")
    (True, False)
    >>> numbers_agree("0.9", "1.0"), numbers_agree("2.420", "2.42")
    (False, False)
    """
    if expected == actual:
        return True
    wanted, found = Decimal(expected), Decimal(actual)
    decimals = [len(text.partition("e")[0].partition(".")[2]) for text in (expected, actual)]
    unit = Decimal(1).scaleb(int(wanted.as_tuple().exponent))
    precise = len(wanted.as_tuple().digits) >= 3 and ("e" in expected) == ("e" in actual)
    return decimals[0] == decimals[1] and abs(wanted - found) <= (unit if precise else 0)


def lines_agree(expected: Line, actual: Line) -> bool:
    """Compare one printed line with the expected one."""
    if expected.masked or actual.masked:
        return expected.masked and actual.masked
    if NUMBER.split(expected.text) != NUMBER.split(actual.text):
        return False
    pairs = zip(NUMBER.findall(expected.text), NUMBER.findall(actual.text), strict=True)
    return all(numbers_agree(*pair) for pair in pairs)


# -- The file ----------------------------------------------------------------------------------


def dump(run: Run) -> str:
    """Write the outputs of a run as an expectation file."""
    text = f"Printed by {shown(run.script)}; rewritten by: nox -s 'verify(default)' -- --update\n"
    for block in run.blocks:
        if block.output:
            lines = (f"~ {MASKED}" if line.masked else f"| {line.text}" for line in block.output)
            text += f"\n{block.key}\n" + "".join(f"{line.rstrip()}\n" for line in lines)
    return text


def load(path: Path) -> dict[str, list[Line]]:
    """Read an expectation file: the lines expected of each block."""
    blocks: dict[str, list[Line]] = {}
    lines: list[Line] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith(("block ", "solution ")):
            lines = blocks.setdefault(line, [])
        elif line[:1] in ("|", "~"):
            lines.append(Line(line[2:], line[0] == "~"))
        elif line and number > 1:
            raise ValueError(
                f"{shown(path)}:{number}: 讀不懂這一行，請用 --update 重寫 · "
                f"cannot read this line, rewrite the file with --update: {line!r}"
            )
    return blocks


def save(run: Run, path: Path) -> str:
    """Rewrite the expectation file of a lesson, whole or not at all; give the difference."""
    new = dump(run)
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if new != old:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.write_text(new, encoding="utf-8")
        temporary.replace(path)
    name = shown(path)
    return "\n".join(
        difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=1)
    )


# -- The comparison ----------------------------------------------------------------------------


def differences(run: Run, path: Path) -> list[str]:
    """Say, block by block, what a run printed otherwise than expected; nothing means it passed."""
    problems = [run.error] if run.error else []
    if not path.exists():
        return problems or [
            f"{shown(run.script)}: 沒有預期輸出，請執行 · no expected outputs, run: "
            f"nox -s 'verify(default)' -- --update --lesson {run.script.name[:2]}"
        ]
    expected = load(path)
    for block in run.blocks:
        wanted = expected.pop(block.key, [])
        if difference := _difference(wanted, list(block.output)):
            problems.append(_message(run.script, block, difference))
    if not run.error:  # after an error, what was not reached is no news
        problems += [
            f"{shown(path)}: 課程裡已沒有這一段 · the lesson has no such block any more\n    {key}"
            for key in expected
        ]
    return problems


def _difference(wanted: list[Line], found: list[Line]) -> list[str]:
    """Give a short unified difference, in which lines that agree count as the same."""
    if len(wanted) == len(found):
        pairs = zip(wanted, found, strict=True)
        found = [want if lines_agree(want, have) else have for want, have in pairs]
    old, new = ([MASKED if line.masked else line.text for line in side] for side in (wanted, found))
    if old == new and [line.masked for line in wanted] == [line.masked for line in found]:
        return []
    return list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]


def _message(script: Path, block: Block, difference: list[str]) -> str:
    lines = difference[:SHOWN_LINES]
    if len(difference) > SHOWN_LINES:
        lines.append(f"… {len(difference) - SHOWN_LINES}")
    return "\n    ".join(
        [
            f"{shown(script)}:{block.lineno}: 輸出和預期不同（- 預期，+ 實際）· "
            "the output differs (- expected, + actual)",
            block.key,
            *lines,
        ]
    )


def orphans(scripts: list[Path], gallery: Path = GALLERY, expected: Path = EXPECTED) -> list[Path]:
    """List the expectation files whose lesson is gone."""
    known = {path_of(script, gallery, expected) for script in scripts}
    return sorted(set(expected.rglob("*.txt")) - known)
