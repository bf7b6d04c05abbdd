"""Averages over samples, for `primer.training`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from primer._checks import Loss, Metric, no_batches, wrong_type, wrong_value
from primer._messages import both
from primer._nested import brief
from primer._processes import Processes

if TYPE_CHECKING:
    from primer.training import Guard

READ_EVERY = 50  # batches between two looks at the numbers on an accelerator


class Meter:
    """Averages of the loss and the metrics over samples.

    Reading a number off an accelerator makes the CPU wait until it is computed, so there the
    numbers pile up for some batches first.
    """

    def __init__(
        self,
        loss: Loss | None,
        metrics: Mapping[str, Metric],
        processes: Processes,
        guard: Guard | None = None,
    ) -> None:
        self.loss, self.metrics, self.processes, self.guard = loss, metrics, processes, guard
        self.names = [*(["loss"] if loss else []), *metrics]
        self.sums = [0.0] * len(self.names)
        self.count = 0
        self.batch = 0  # how many were read
        self.waiting: list[tuple[int, bool, list[Any]]] = []
        on_cpu = processes.device.type == "cpu"
        self.most = 1 if on_cpu else READ_EVERY
        self.take: Callable[[Tensor], Any] = Tensor.item if on_cpu else Tensor.detach

    def measure(self, predictions: Any, targets: Any, count: int) -> Any:
        """Take note of a batch; return its loss, ready for ``backward``."""
        values: list[Any] = []
        loss = None
        training = torch.is_grad_enabled()
        if self.loss:
            loss = _compare(self.loss, "loss", predictions, targets)
            _check_loss(loss, training)
            values.append(self.take(loss))
        if self.metrics:
            with torch.no_grad():
                for name, metric in self.metrics.items():
                    value = _compare(metric, name, predictions, targets)
                    values.append(_check_number(value, name))
        self.waiting.append((count, training, values))
        if len(self.waiting) >= self.most:
            self.read()
        return loss

    def read(self) -> None:
        """Add what has piled up to the sums."""
        values = [value for _, _, values in self.waiting for value in values]
        if self.most > 1 and values:  # one transfer instead of many
            device = self.processes.device
            values = torch.stack(
                [torch.as_tensor(v, device=device).float() for v in values]
            ).tolist()
        numbers = iter(values)
        for count, training, own in self.waiting:
            self.batch += 1
            row = [float(next(numbers)) for _ in own]
            if self.guard and self.loss:
                self.guard.check_loss(row[0], self.batch, training)
            if count:
                self.count += count
                self.sums = [old + count * new for old, new in zip(self.sums, row, strict=True)]
        self.waiting.clear()

    def means(self) -> dict[str, float]:
        """Return the averages over all samples of all processes."""
        self.read()
        count, *sums = self.processes.total([self.count, *self.sums])
        if not count:
            raise no_batches("data")
        return {name: value / count for name, value in zip(self.names, sums, strict=True)}


def _compare(function: Callable[[Any, Any], Any], name: str, predictions: Any, targets: Any) -> Any:
    try:
        return function(predictions, targets)
    except torch.cuda.OutOfMemoryError:
        raise
    except Exception as error:
        got = f"{brief(predictions)}, {brief(targets)}"
        raise ValueError(
            both(
                f"{name} 無法比較預測與標籤（{got}）：請核對兩者的形狀與資料型別。"
                f"原本的訊息：{error}",
                f"{name} could not compare predictions and targets ({got}): check the shapes and "
                f"dtypes of both. It said: {error}",
            )
        ) from error


def _check_loss(loss: Any, training: bool) -> None:
    if not isinstance(loss, Tensor):
        raise wrong_type(loss, ("損失", "the loss"), "張量", "a tensor")
    if loss.ndim or loss.is_complex():
        zh = "是單一實數；請用 reduction='mean' 或 .mean()"
        en = "one real number; use reduction='mean' or .mean()"
        raise wrong_value(brief(loss), ("損失", "the loss"), zh, en)
    if training and not loss.requires_grad:
        raise ValueError(
            both(
                "損失與模型的參數沒有關聯，無法反向傳播；"
                "請檢查是否用了 detach()、item()，或所有參數都凍結了。",
                "the loss does not depend on the parameters, so there is nothing to propagate "
                "back; look for detach() or item(), or for parameters that are all frozen.",
            )
        )


def _check_number(value: Any, name: str) -> Any:
    if isinstance(value, Tensor):
        if value.ndim or value.is_complex():
            zh, en = (
                "回傳單一實數；請取平均",
                "a function that returns one real number; take the mean",
            )
            raise wrong_value(brief(value), f"metrics[{name!r}]", zh, en)
    elif not isinstance(value, Real):
        raise wrong_type(
            value,
            (f"metrics[{name!r}] 的結果", f"the result of metrics[{name!r}]"),
            "一個數",
            "a number",
        )
    return value
