"""Averages over samples, for `primer.training`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        self.batch = 0  # how many were added up
        self.waiting: list[tuple[int, list[Tensor]]] = []
        self.on_cpu = processes.device.type == "cpu"

    def measure(self, predictions: Any, targets: Any, count: int) -> Any:
        """Take note of a batch; return its loss, ready for ``backward``."""
        loss, values = None, []
        if self.loss:
            loss = _compare(self.loss, "loss", predictions, targets)
            if not self.batch:
                _check_loss(loss)
            values.append(loss.item() if self.on_cpu else loss.detach())
        if self.metrics:
            with torch.no_grad():
                for name, metric in self.metrics.items():
                    value = _compare(metric, name, predictions, targets)
                    values.append(_check_number(value, name))
        if self.on_cpu:
            self._add(count, values)
        else:
            self._wait(count, values)
        return loss

    def _add(self, count: int, values: Sequence[float]) -> None:
        self.batch += 1
        if self.guard and self.loss:
            self.guard.check_loss(values[0], self.batch)
        if count:
            self.count += count
            for number, value in enumerate(values):
                self.sums[number] += count * float(value)

    def _wait(self, count: int, values: Sequence[Any]) -> None:
        device = self.processes.device
        self.waiting.append((count, [torch.as_tensor(v, device=device).float() for v in values]))
        if len(self.waiting) == READ_EVERY:
            self._read()

    def _read(self) -> None:
        """Fetch all that waits in one transfer."""
        if self.waiting:
            rows = torch.stack([torch.stack(values) for _, values in self.waiting]).tolist()
            for (count, _), row in zip(self.waiting, rows, strict=True):
                self._add(count, row)
            self.waiting.clear()

    def means(self) -> dict[str, float]:
        """Return the averages over all samples of all processes."""
        self._read()
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


def _check_loss(loss: Any) -> None:
    if not isinstance(loss, Tensor):
        raise wrong_type(loss, ("損失", "the loss"), "張量", "a tensor")
    if loss.ndim or loss.is_complex():
        zh = "是單一實數；請用 reduction='mean' 或 .mean()"
        en = "one real number; use reduction='mean' or .mean()"
        raise wrong_value(brief(loss), ("損失", "the loss"), zh, en)
    if torch.is_grad_enabled() and not loss.requires_grad:
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
