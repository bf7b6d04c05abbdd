"""What the arguments of `primer.training` have to be, and the sentences that say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim.lbfgs import LBFGS
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer
from torch.utils.data import DataLoader

from primer._messages import both
from primer._nested import brief

Data: TypeAlias = "DataLoader[Any] | tuple[Tensor, Tensor]"
Loss: TypeAlias = Callable[[Any, Any], Tensor]
Metric: TypeAlias = Callable[[Any, Any], "Tensor | float"]


def wrong_type(value: object, name: str | tuple[str, str], zh: str, en: str) -> TypeError:
    """Say that something, named alike or apart in both languages, has the wrong type."""
    name_zh, name_en = (name, name) if isinstance(name, str) else name
    got = repr(value) if isinstance(value, (bool, int, float, str)) else brief(value)
    return TypeError(
        both(f"{name_zh} 必須是{zh}；收到的是 {got}。", f"{name_en} has to be {en}; got {got}.")
    )


def wrong_value(value: object, name: str | tuple[str, str], zh: str, en: str) -> ValueError:
    """Say that something of the right type has a value that cannot be used."""
    name_zh, name_en = (name, name) if isinstance(name, str) else name
    return ValueError(
        both(f"{name_zh} 必須{zh}；收到的是 {value}。", f"{name_en} has to be {en}; got {value}.")
    )


def no_batches(name: str) -> ValueError:
    return ValueError(
        both(
            f"{name} 沒有給出任何批次；請檢查資料集是不是空的，"
            "或 drop_last=True 丟掉了唯一的批次。",
            f"{name} gave no batch; see whether the dataset is empty, or drop_last=True dropped "
            "the only one.",
        )
    )


def check_module(model: object) -> None:
    if not isinstance(model, nn.Module):
        raise wrong_type(model, "model", " nn.Module", "an nn.Module")


def check_callable(function: object, name: str) -> None:
    if not callable(function) or isinstance(function, type):
        raise wrong_type(
            function,
            name,
            "可以呼叫的物件，例如 nn.CrossEntropyLoss()（要加括號）",
            "something to call, such as nn.CrossEntropyLoss(), with its parentheses",
        )


def check_flags(**flags: object) -> None:
    """Refuse what is neither True nor False."""
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise wrong_type(flag, name, " True 或 False", "True or False")


def check_count(value: object, name: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(value, name, "整數", "an integer")
    if value < least:
        raise wrong_value(value, name, f"至少是 {least}", f"at least {least}")


def check_states(optimizer: object, scheduler: object) -> None:
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise wrong_type(
            optimizer,
            "optimizer",
            "最佳化器的實例，例如 torch.optim.SGD(model.parameters(), lr=0.1)",
            "an optimizer, such as torch.optim.SGD(model.parameters(), lr=0.1)",
        )
    if scheduler is not None and not isinstance(scheduler, LRScheduler):
        raise wrong_type(
            scheduler,
            "scheduler",
            "學習率排程器，例如 torch.optim.lr_scheduler.StepLR(optimizer, 10)",
            "a scheduler, such as torch.optim.lr_scheduler.StepLR(optimizer, 10)",
        )


def check_arguments(
    model: nn.Module,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    validation: Data | None,
    scheduler: LRScheduler | None,
    patience: int | None,
) -> None:
    check_module(model)
    check_callable(loss, "loss")
    # Here, unlike in a checkpoint, an optimizer is needed.
    check_states("None" if optimizer is None else optimizer, scheduler)
    check_count(epochs, "epochs", 0)
    if isinstance(optimizer, LBFGS):
        raise wrong_type(
            optimizer,
            "optimizer",
            "每一步只算一次梯度的最佳化器；LBFGS 請自己寫迴圈",
            "one that takes one gradient a step; write the loop yourself for LBFGS",
        )
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            both(
                "optimizer 裡沒有這個模型的參數，訓練不會有任何改變；"
                "請用 model.parameters() 建立最佳化器。",
                "the optimizer holds no parameter of this model, so training would change nothing; "
                "make it from model.parameters().",
            )
        )
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError(
            both(
                "scheduler 調整的是另一個最佳化器；請用同一個 optimizer 建立它。",
                "the scheduler belongs to another optimizer; make it from the one you pass.",
            )
        )
    if patience is not None:
        check_count(patience, "patience", 1)
        if validation is None:
            raise ValueError(
                both(
                    "patience 看的是驗證損失；請一併給 validation。",
                    "patience watches the validation loss; pass validation as well.",
                )
            )
    if not torch.is_grad_enabled():
        raise ValueError(
            both(
                "梯度現在是關閉的，無法訓練；請在 torch.no_grad() 之外呼叫 fit。",
                "gradients are switched off here, so nothing can be trained; call fit outside "
                "torch.no_grad().",
            )
        )


def check_metrics(metrics: Mapping[str, Metric] | None) -> Mapping[str, Metric]:
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise wrong_type(
            metrics,
            "metrics",
            "名稱對到函式的 dict，例如 {'accuracy': accuracy}",
            "a dict from names to functions, such as {'accuracy': accuracy}",
        )
    for name, metric in metrics.items():
        if not isinstance(name, str):
            raise wrong_type(name, ("指標的名稱", "the name of a metric"), "字串", "a string")
        if name in ("loss", "learning_rate") or name.startswith("validation_"):
            zh, en = "避開 fit 自己的欄位名稱", "different from the names that fit uses itself"
            raise wrong_value(repr(name), ("指標的名稱", "the name of a metric"), zh, en)
        check_callable(metric, f"metrics[{name!r}]")
    return metrics


def check_data(data: Any, name: str, batch_size: int | None) -> Data:
    if batch_size is not None:
        check_count(batch_size, "batch_size", 1)
    if isinstance(data, DataLoader):
        if batch_size is not None:
            raise ValueError(
                both(
                    f"{name} 是 DataLoader，批次大小由它決定；請不要再給 batch_size。",
                    f"{name} is a DataLoader, which decides the batch size; leave batch_size out.",
                )
            )
        return data
    if (
        not isinstance(data, (tuple, list))
        or len(data) != 2
        or not all(isinstance(part, Tensor) for part in data)
    ):
        raise wrong_type(
            data,
            name,
            "DataLoader，或一對張量 (inputs, targets)；NumPy 陣列請先用 torch.from_numpy 轉換",
            "a DataLoader, or a pair of tensors (inputs, targets); convert NumPy arrays with "
            "torch.from_numpy first",
        )
    inputs, targets = data
    if not inputs.ndim or not targets.ndim or len(inputs) != len(targets) or not inputs.numel():
        zh = "是樣本數相同、不是空的兩個張量，每列一個樣本"
        en = "two tensors with the same number of samples, one a row, and not empty"
        raise wrong_value(brief((inputs, targets)), name, zh, en)
    return inputs, targets
