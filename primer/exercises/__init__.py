"""The exercises of the lessons, and the judge of their answers.

Each lesson's exercises stand in a module of their own, ``lesson_01.py`` and so on, which is read
when one of them is asked for. An exercise holds the truth (a closed form, or another way to the
same result), the inputs on which an answer is tried, and the typical mistakes, each with a hint.
"""

from __future__ import annotations

import difflib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from primer._messages import both
from primer.exercises._compare import Pair, difference, show
from primer.exercises._limit import run

__all__ = ["Exercise", "Mistake", "Result", "catalogue", "check", "find"]


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer and what to say about it.

    Attributes
    ----------
    zh, en : str
        The hint, in both languages.
    wrong : object
        An answer that makes this mistake: a function, or a value where the exercise asks for one.
        An answer that gives the same on every input makes the same mistake.
    error : str
        Instead of ``wrong``: a regular expression for the exception that the mistake raises,
        such as ``"RuntimeError: view size"``.
    """

    zh: str
    en: str
    wrong: object = None
    error: str = ""


def _once() -> Iterable[tuple[object, ...]]:
    return [()]


def _as_is(output: object, *arguments: object) -> object:
    return output


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    Attributes
    ----------
    id : str
        The number of the lesson and of the exercise, such as ``"09-1"``.
    title, task : tuple of str
        What it is called and what is asked, in Chinese and in English.
    truth : callable
        Gives the right output for the same arguments, by another way than the published solution
        where there is one; its parameters are those that an answer takes.
    name : str
        The name of the function that is asked for; empty where a plain value is.
    cases : callable
        Makes the inputs, a tuple of arguments each, anew at every call: answers may change them.
    observe : callable
        What of an output is compared, from the output and the arguments: for instance whether
        it shares memory. Both the answer's output and the truth's pass through it.
    mistakes : tuple of Mistake
        Looked through in this order.
    hint : tuple of str
        For answers that are wrong in no typical way.
    """

    id: str
    title: Pair
    task: Pair
    truth: Callable[..., object]
    hint: Pair
    name: str = ""
    cases: Callable[[], Iterable[tuple[Any, ...]]] = _once
    observe: Callable[..., object] = _as_is
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, repr=False)
class Result:
    """What `check` found; true when the answer is right, and prints in both languages.

    Attributes
    ----------
    exercise : Exercise
        What was asked.
    right : bool
        Whether the answer is right.
    what : tuple of str
        What was seen, in Chinese and in English.
    hint : tuple of str or None
        What to think about next; ``None`` when the answer is right.
    """

    exercise: Exercise
    right: bool
    what: Pair
    hint: Pair | None = None

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        lines = [
            f"{'✓' if self.right else '✗'} {self.exercise.id} {' · '.join(self.exercise.title)}"
        ]
        lines += [f"  {text}" for text in self.what]
        if self.hint:
            lines += [f"  提示：{self.hint[0]}", f"  Hint: {self.hint[1]}"]
        return "\n".join(lines)


def check(id: str, answer: object, *, seconds: float = 10.0) -> Result:
    """Try an answer on several inputs and say whether it is right.

    The answer runs in a thread of its own, so that an endless loop is stopped after ``seconds``;
    a single endless call into C is left behind instead. What the answer raises is reported.

    Parameters
    ----------
    id : str
        The exercise, such as ``"09-1"``; ``python -m primer exercises`` lists them.
    answer : object
        The function, or the value, that the exercise asks for.
    seconds : float, default 10
        The longest time that the answer may take, for all inputs together.

    Returns
    -------
    Result
        True when the answer is right; prints what was seen, and a hint when it is wrong.

    Raises
    ------
    TypeError
        ``id`` is not a string or ``seconds`` not a number.
    ValueError
        There is no such exercise, or ``seconds`` is not above 0.

    Examples
    --------
    >>> check("05-1", (1, 6))
    ✓ 05-1 預測步幅 · Predict the strides
      答對了。
      Right.
    >>> bool(check("05-1", (6, 1)))
    False
    """
    exercise = find(id)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        kind = type(seconds).__name__
        raise TypeError(both(f"seconds 應為數，收到 {kind}。", f"seconds is a number, got {kind}."))
    if not seconds > 0:
        raise ValueError(
            both(f"seconds 應大於 0，收到 {seconds}。", f"seconds is above 0, got {seconds}.")
        )
    problem = _wrong_kind(exercise, answer)
    return Result(exercise, False, *problem) if problem else _try(exercise, answer, seconds)


def find(id: str) -> Exercise:
    """Give an exercise by its id.

    Parameters
    ----------
    id : str
        Such as ``"09-1"``.

    Returns
    -------
    Exercise
        The one with this id.

    Raises
    ------
    TypeError
        ``id`` is not a string.
    ValueError
        There is no such exercise; the message names those that come nearest.

    Examples
    --------
    >>> find("05-1").title[1]
    'Predict the strides'
    """
    if not isinstance(id, str):
        kind = type(id).__name__
        raise TypeError(
            both(
                f'練習的編號是字串，如 "09-1"，收到 {kind}。',
                f'The id of an exercise is a string such as "09-1", got {kind}.',
            )
        )
    lesson = re.match(r"\d+", id)
    of_lesson = _exercises_of(f"lesson_{lesson.group()}") if lesson else ()
    for exercise in of_lesson:
        if exercise.id == id:
            return exercise
    ids = [exercise.id for exercise in of_lesson or catalogue()]
    near = ", ".join(difflib.get_close_matches(id, ids, n=3, cutoff=0.4) or ids)
    raise ValueError(
        both(
            f"沒有練習 {id!r}；相近的有 {near}。python -m primer exercises 列出全部。",
            f"There is no exercise {id!r}; near it are {near}. "
            "python -m primer exercises lists them all.",
        )
    )


def catalogue() -> tuple[Exercise, ...]:
    """List every exercise, lesson by lesson.

    Returns
    -------
    tuple of Exercise
        In the order of the lessons.

    Examples
    --------
    >>> [exercise.id for exercise in catalogue()][:2]
    ['01-1', '01-2']
    """
    return tuple(exercise for name in _lessons() for exercise in _exercises_of(name))


def _lessons() -> list[str]:
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in names if name.startswith("lesson_"))


def _exercises_of(module: str) -> tuple[Exercise, ...]:
    if module not in _lessons():
        return ()
    exercises: tuple[Exercise, ...] = import_module(f"{__name__}.{module}").EXERCISES
    return exercises


# -- Judging --------------------------------------------------------------------------------------


def _signature(exercise: Exercise) -> str:
    return f"{exercise.name}({', '.join(inspect.signature(exercise.truth).parameters)})"


def _wrong_kind(exercise: Exercise, answer: object) -> tuple[Pair, Pair] | None:
    """Catch a value where a function is asked for, the reverse, or other parameters."""
    if not exercise.name:
        if not callable(answer):
            return None
        return (
            (f"收到函式 {show(answer)}。", f"Got the function {show(answer)}."),
            ("這一題要的是值，不是函式。", "This exercise asks for a value, not a function."),
        )
    wanted = _signature(exercise)
    pass_it = f'primer.check("{exercise.id}", {exercise.name})'
    if not callable(answer):
        return (
            (
                f"收到 {type(answer).__name__} {show(answer)}，應為函式 {wanted}。",
                f"Got {type(answer).__name__} {show(answer)}, expected the function {wanted}.",
            ),
            (f"傳函式本身，不要先呼叫它：{pass_it}", f"Pass the function, uncalled: {pass_it}"),
        )
    try:
        taken = inspect.signature(answer)
    except (TypeError, ValueError):  # some built-in functions have none
        return None
    arguments = next(iter(exercise.cases()))
    try:
        taken.bind(*arguments)
    except TypeError:
        return (
            (f"函式的參數是 {taken}。", f"The function's parameters are {taken}."),
            (f"應為 {wanted}，依這個順序。", f"Expected {wanted}, in this order."),
        )
    return None


def _try(exercise: Exercise, answer: object, seconds: float) -> Result:
    end = time.monotonic() + seconds
    outputs: list[object] = []
    fault: Pair | None = None
    for arguments, again in zip(exercise.cases(), exercise.cases(), strict=True):
        call = _call(exercise, again)

        def work(arguments: tuple[Any, ...] = arguments) -> object:
            # Looked at in the same thread: an answer may return anything.
            return exercise.observe(_answer(exercise, answer, arguments), *arguments)

        try:
            output = run(work, max(end - time.monotonic(), 0.01))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if fault:  # the first thing that went wrong explains more
                break
            explain = _late if isinstance(error, TimeoutError) else _raised
            return Result(exercise, False, *explain(exercise, call, error))
        expected = exercise.observe(exercise.truth(*again), *again)
        outputs.append(output)
        if fault is None and (found := difference(output, expected)):
            fault = _sentence(call, *found)
    if fault:
        return Result(exercise, False, fault, _hint(exercise, outputs))
    if not exercise.name:
        return Result(exercise, True, ("答對了。", "Right."))
    count = len(outputs)
    return Result(
        exercise, True, (f"答對了：{count} 組輸入都符合。", f"Right: all {count} inputs agree.")
    )


def _sentence(call: str, zh: str, en: str) -> Pair:
    return (
        (f"{call}：{zh}。", f"{call}: {en}.") if call else (f"{zh}。", f"{en[0].upper()}{en[1:]}.")
    )


def _answer(exercise: Exercise, answer: Any, arguments: tuple[Any, ...]) -> object:
    return answer(*arguments) if exercise.name else answer


def _call(exercise: Exercise, arguments: tuple[Any, ...]) -> str:
    if not exercise.name:
        return ""
    names = inspect.signature(exercise.truth).parameters
    inner = ", ".join(f"{n}={show(a)}" for n, a in zip(names, arguments, strict=True))
    return f"{exercise.name}({inner})"


def _hint(exercise: Exercise, outputs: list[object]) -> Pair:
    """Find the mistake that gives what the answer gave, on every input that was tried."""

    def agrees(mistake: Mistake, output: object, arguments: tuple[Any, ...]) -> bool:
        wrong = exercise.observe(_answer(exercise, mistake.wrong, arguments), *arguments)
        return difference(output, wrong) is None

    for mistake in exercise.mistakes:
        tried = zip(outputs, exercise.cases(), strict=False)
        if not mistake.error and all(agrees(mistake, *case) for case in tried):
            return mistake.zh, mistake.en
    return exercise.hint


def _raised(exercise: Exercise, call: str, error: BaseException) -> tuple[Pair, Pair]:
    text = f"{type(error).__name__}: {error}".strip()
    line = text.splitlines()[0]
    what = f"{call} 引發例外 {line}", f"{call} raised {line}"
    for mistake in exercise.mistakes:
        if mistake.error and re.search(mistake.error, text):
            return what, (mistake.zh, mistake.en)
    return what, exercise.hint


def _late(exercise: Exercise, call: str, error: BaseException) -> tuple[Pair, Pair]:
    return (
        (f"{call} 太久沒有結束，已停止。", f"{call} did not end in time and was stopped."),
        (
            "迴圈的條件會變成 False 嗎？會不會一再走過同一個地方？",
            "Does the loop's condition ever become False? Does it pass the same place again?",
        ),
    )
