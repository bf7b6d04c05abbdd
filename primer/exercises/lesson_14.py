"""Exercises of lesson 14, saving and loading."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer
from torch.optim.sgd import SGD

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 14-1 -----------------------------------------------------------------------------------------

_MODEL = Words("模型本身", "the model itself")


def _training(losses: list[float]) -> tuple[nn.Module, Callable[[], float], int]:
    """Make a model whose training is known: step k sets all parameters to k."""
    model = nn.Linear(2, 1)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    coming = iter(losses)

    def advance() -> float:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(1)
        return next(coming)

    return model, advance, len(losses)


def _trainings() -> Iterator[tuple[nn.Module, Callable[[], float], int]]:
    yield _training([3.0, 1.0, 2.0, 1.0, 4.0])
    yield _training([0.5, 0.9, 0.25, 0.3])


def _weights(output: object, model: nn.Module, *arguments: object) -> object:
    if isinstance(output, nn.Module):
        return _MODEL
    names = list(model.state_dict())
    if isinstance(output, Mapping) and list(output) == names:
        return tuple(output[name] for name in names)
    return output


def _best_of_all(model: nn.Module, advance: Callable[[], float], steps: int) -> dict[str, Tensor]:
    """Take note of every moment, then choose."""
    moments = []
    for _ in range(steps):
        loss = advance()
        moments.append((loss, {k: v.detach().clone() for k, v in model.state_dict().items()}))
    return min(moments, key=lambda moment: moment[0])[1]


def _keep(
    better: Callable[[float, float | None], bool],
    keep: Callable[[Any], Any] = copy.deepcopy,
    early: bool = False,
) -> Callable[..., Any]:
    """Make an answer that keeps weights when the loss is better; early: those before the step."""

    def wrong(model: nn.Module, advance: Callable[[], float], steps: int) -> Any:
        best, chosen = None, None
        for _ in range(steps):
            earlier = copy.deepcopy(model.state_dict())
            loss = advance()
            if better(loss, best):
                best, chosen = loss, earlier if early else keep(model.state_dict())
        return chosen

    return wrong


def _lower(loss: float, best: float | None) -> bool:
    return best is None or loss < best


def _higher(loss: float, best: float | None) -> bool:
    return best is None or loss > best


def _not_higher(loss: float, best: float | None) -> bool:
    return best is None or loss <= best


# -- 14-2 -----------------------------------------------------------------------------------------

_NO_MOMENTUM = Words("沒有動量", "no momentum")


class _Gift:
    """Stands for code in a file: unpickling it calls a function, here a harmless one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("4",)


def _pair(value: float) -> tuple[nn.Module, Optimizer]:
    model = nn.Linear(2, 1)
    for parameter in model.parameters():
        nn.init.constant_(parameter, value)
    return model, SGD(model.parameters(), lr=0.1, momentum=0.9)


def _saved(value: float, epoch: object) -> io.BytesIO:
    """Write the checkpoint of a model that has taken one step."""
    model, optimizer = _pair(value)
    sum(parameter.square().sum() for parameter in model.parameters()).backward()  # type: ignore[union-attr]
    optimizer.step()
    file = io.BytesIO()
    state = {"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(state, file)
    file.seek(0)
    return file


def _files() -> Iterator[tuple[io.BytesIO, nn.Module, Optimizer]]:
    yield _saved(2.0, epoch=7), *_pair(0.0)
    yield _saved(-1.0, epoch=1), *_pair(0.5)
    yield _saved(3.0, epoch=_Gift()), *_pair(0.0)


def _restored(output: object, file: object, model: nn.Module, optimizer: Optimizer) -> object:
    """Look at what was returned, at the weights, and at the momentum of each parameter."""
    momenta = [
        optimizer.state[parameter].get("momentum_buffer", _NO_MOMENTUM)
        if parameter in optimizer.state
        else _NO_MOMENTUM
        for parameter in model.parameters()
    ]
    return output, *(parameter.detach() for parameter in model.parameters()), *momenta


def _put_back(file: io.BytesIO, model: nn.Module, optimizer: Optimizer) -> int | None:
    """Set each number by itself."""
    try:
        state = torch.load(file, weights_only=True)
    except pickle.UnpicklingError:
        return None
    saved = state["optimizer"]["state"]
    for number, (name, parameter) in enumerate(model.named_parameters()):
        parameter.data = state["model"][name]
        optimizer.state[parameter]["momentum_buffer"] = saved[number]["momentum_buffer"]
    return int(state["epoch"]) + 1


def _restore(
    parts: tuple[str, ...] = ("model", "optimizer"), ahead: int = 1, safe: bool = True
) -> Callable[..., Any]:
    """Make an answer that puts back only some parts, returns another epoch, or trusts the file."""

    def wrong(file: io.BytesIO, model: nn.Module, optimizer: Optimizer) -> Any:
        try:
            state = torch.load(file, weights_only=safe)
        except pickle.UnpicklingError:
            return None
        if "model" in parts:
            model.load_state_dict(state["model"])
        if "optimizer" in parts:
            optimizer.load_state_dict(state["optimizer"])
        return state["epoch"] + ahead

    return wrong


EXERCISES = (
    Exercise(
        id="14-1",
        title=("留住最好的", "Keep the best"),
        task=(
            "寫 keep_best(model, advance, steps)：呼叫 advance() 共 steps 次，"
            "它訓練一步並回傳驗證損失；"
            "回傳損失最低（相同取先）的那一刻的 state_dict()。",
            "Write keep_best(model, advance, steps): call advance(), which trains one step and "
            "returns the validation loss, steps times; return the state_dict() of the moment with "
            "the lowest loss, the first of equal ones.",
        ),
        name="keep_best",
        truth=_best_of_all,
        cases=_trainings,
        observe=_weights,
        hint=(
            "每一步之後比較損失；比目前最低的還低，就把 state_dict() 複製一份留著。",
            "Compare the loss after each step; when it is below the lowest so far, keep a copy of "
            "the state_dict().",
        ),
        mistakes=(
            Mistake(
                "這是最後的權重，不是最好的：state_dict() 不是副本，會跟著訓練變；用 deepcopy。",
                "These are the last weights, not the best: a state_dict() is no copy and follows "
                "the training; use deepcopy.",
                wrong=_keep(_lower, keep=lambda state: state),
            ),
            Mistake(
                "留到了損失最高的：愈低愈好。",
                "This keeps the highest loss: lower is better.",
                wrong=_keep(_higher),
            ),
            Mistake(
                "損失相同要留先到的：用 <，不是 <=。",
                "Of equal losses keep the first: use <, not <=.",
                wrong=_keep(_not_higher),
            ),
            Mistake(
                "這是走那一步之前的權重；advance() 回傳的損失屬於走完之後的。",
                "These are the weights before that step; the loss that advance() returns belongs "
                "to those after it.",
                wrong=_keep(_lower, early=True),
            ),
            Mistake(
                "要回傳的是 state_dict()，不是模型：模型只有一個，現在是最後的樣子。",
                "Return the state_dict(), not the model: there is only one model, and it is at the "
                "end of its training.",
                wrong=lambda model, advance, steps: model,
            ),
        ),
    ),
    Exercise(
        id="14-2",
        title=("自己接續", "Go on by yourself"),
        task=(
            "寫 restore(file, model, optimizer)：讀出含 epoch、model、optimizer 的字典，"
            "放回模型和最佳化器，"
            "回傳接下來要練第幾個週期；檔案裡有程式就什麼都不動，回傳 None。",
            "Write restore(file, model, optimizer): read the dictionary with epoch, model and "
            "optimizer, put them back into model and optimizer, and return the epoch to train "
            "next; if the file holds code, change nothing and return None.",
        ),
        name="restore",
        truth=_put_back,
        cases=_files,
        observe=_restored,
        hint=(
            "用 weights_only=True 讀，兩個都呼叫 load_state_dict，最後回傳 epoch + 1。",
            "Read with weights_only=True, call load_state_dict of both, and return epoch + 1.",
        ),
        mistakes=(
            Mistake(
                "模型放回去了，最佳化器沒有：動量不見了，下一步就走得不一樣。",
                "The model is restored, the optimizer is not: without its momentum the next step "
                "differs.",
                wrong=_restore(("model",)),
            ),
            Mistake(
                "模型的權重還是原來的：要 model.load_state_dict(...)，換掉名字 model 沒有用。",
                "The model still has its own weights: call model.load_state_dict(...); giving the "
                "name model to something else does nothing.",
                wrong=_restore(("optimizer",)),
            ),
            Mistake(
                "存的那個週期已經練完，接下來是下一個：加 1。",
                "The saved epoch is done; the next one is that plus 1.",
                wrong=_restore(ahead=0),
            ),
            Mistake(
                "你執行了檔案裡的程式：最後一個檔案在載入時呼叫了函式。用 weights_only=True。",
                "You ran code out of the file: the last file calls a function on loading. Use "
                "weights_only=True.",
                wrong=_restore(safe=False),
            ),
            Mistake(
                "擋下來了，很好；接住 pickle.UnpicklingError，回傳 None。",
                "It was refused, which is right; now catch pickle.UnpicklingError and return None.",
                error="UnpicklingError: Weights only",
            ),
        ),
    ),
)
