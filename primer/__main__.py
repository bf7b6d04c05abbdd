"""The command line: ``python -m primer doctor`` and ``python -m primer exercises``."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from typing import NoReturn


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, "用法 · Usage: " if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """argparse, in both languages."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog, description=description, formatter_class=_Formatter, add_help=False
        )
        self.options = self.add_argument_group("選項 · Options")
        self.options.add_argument("-h", "--help", action="help", help="顯示說明 · show this help")

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"引數有誤 · Bad argument: {message}\n")


def _parser() -> _Parser:
    parser = _Parser("python -m primer", "PyTorch 雙語入門 · A bilingual PyTorch primer")
    commands = parser.add_subparsers(
        title="指令 · Commands", dest="command", metavar="COMMAND", required=True
    )
    doctor = commands.add_parser(
        "doctor",
        help="檢查 PyTorch 的環境 · check the PyTorch environment",
        prog="python -m primer doctor",
        description="檢查 Python、PyTorch、驅動程式與裝置；環境正確時結束碼為 0，否則為 1。\n"
        "Check Python, PyTorch, driver and devices; exit code 0 when all is right, else 1.",
    )
    doctor.options.add_argument(
        "--json", action="store_true", help="輸出 JSON · print JSON for programs"
    )
    exercises = commands.add_parser(
        "exercises",
        help="列出練習 · list the exercises",
        prog="python -m primer exercises",
        description='列出練習；以 primer.check("09-1", answer) 檢查答案。\n'
        'List the exercises; check an answer with primer.check("<id>", answer).',
    )
    for command in (doctor, exercises):
        command.options.add_argument(
            "--lang",
            choices=("zh-TW", "en", "both"),
            default="both",
            help="語言，預設兩種 · language, both by default",
        )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``python -m primer``; those of this process by default.

    Returns
    -------
    int
        The exit code: 0 when all is right, 1 when the doctor found something wrong or the
        exercises cannot be read. Bad arguments leave with 2.

    Examples
    --------
    >>> main(["exercises", "--lang", "en"])  # doctest: +ELLIPSIS
    01-1  Predict labels
    ...
    """
    options = _parser().parse_args(arguments)
    if options.command == "doctor":
        from primer.doctor import diagnose

        diagnosis = diagnose()
        print(diagnosis.to_json() if options.json else diagnosis.report(options.lang))
        return 0 if diagnosis.right else 1
    return _list_exercises(options.lang)


def _list_exercises(lang: str) -> int:
    from primer._table import table

    try:
        from primer.exercises import catalogue

        exercises = catalogue()
    except ImportError as error:
        print(
            f"讀不到練習：{error}。先執行 python -m primer doctor。\n"
            f"Cannot read the exercises: {error}. Run python -m primer doctor first.",
            file=sys.stderr,
        )
        return 1
    shown = {"zh-TW": slice(0, 1), "en": slice(1, 2), "both": slice(2)}[lang]
    print(table([[exercise.id, *exercise.title[shown]] for exercise in exercises]))
    return 0


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console that lacks Han characters
    sys.exit(main())
