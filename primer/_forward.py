"""Run a module once, write down what happened, and leave the module as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from primer._messages import both
from primer._nested import brief, map_tensors, tensors_in

INPUT = -1  # what stands for "the caller" where the number of a call is expected


@dataclass
class Call:
    """One call of a module, or of a function between modules, during the forward pass."""

    name: str  # a module's path in the tree ("" for the root), or a function's name
    module: nn.Module | None  # None for a function
    parent: int  # the call that made this one
    whole: bool  # drawn as one box: a function, or a module not looked into
    sources: list[tuple[int, Tensor]] = field(default_factory=list)  # (call that made it, tensor)
    outputs: list[Tensor] = field(default_factory=list)


class Recorder(TorchFunctionMode):
    """Write down the calls of modules (through hooks) and of functions (as a function mode).

    A tensor is recognised by its identity, so all are kept alive until the pass is over. Nothing
    here may ask a tensor anything, not even its shape: that, too, would be a function call.
    """

    def __init__(self, module: nn.Module, depth: int | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[Call] = []
        self.open: list[int] = []  # the module calls under way, outermost first
        self.maker: dict[int, int] = {}  # id of a tensor -> the call that returned it
        self.names = {part: name for name, part in module.named_modules()}
        self.depth = depth

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if not (self.open and self.calls[self.open[-1]].whole):
            outputs = list(tensors_in(result))
            sources = self._sources((args, kwargs))
            if outputs and sources:
                self._finish(self._start(_function_name(func), None, True, sources), outputs)
        return result

    def enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Note that a module's forward begins (a hook)."""
        if self.open and self.calls[self.open[-1]].whole:
            return
        name = self.names[module]
        level = name.count(".") + 1 if name else 0
        deep_enough = self.depth is not None and level >= self.depth
        whole = deep_enough or next(module.children(), None) is None
        sources = self._sources((args, kwargs))
        self.open.append(self._start(name, module, whole, sources))

    def leave(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        """Note that it ended (a hook)."""
        if self.calls[self.open[-1]].module is not module:  # called inside a box drawn whole
            return
        number = self.open.pop()
        outputs = list(tensors_in(output))
        if self.calls[number].whole:
            self._finish(number, outputs)
        else:
            self.calls[number].outputs = outputs

    def _sources(self, value: Any) -> list[tuple[int, Tensor]]:
        found = {id(tensor): tensor for tensor in tensors_in(value)}
        return [(self.maker[key], found[key]) for key in found if key in self.maker]

    def _start(
        self, name: str, module: nn.Module | None, whole: bool, sources: list[tuple[int, Tensor]]
    ) -> int:
        parent = self.open[-1] if self.open else INPUT
        self.calls.append(Call(name, module, parent, whole, sources))
        return len(self.calls) - 1

    def _finish(self, number: int, outputs: list[Tensor]) -> None:
        self.calls[number].outputs = outputs
        self.maker.update((id(tensor), number) for tensor in outputs)


@dataclass(frozen=True)
class Forward:
    """What one forward pass did."""

    calls: list[Call]
    inputs: list[tuple[str, Tensor]]  # the name of each tensor that went in
    outputs: list[tuple[str, int, Tensor]]  # and of each that came out, with the call it left


def record(module: nn.Module, example: Any, depth: int | None = None) -> Forward:
    """Run ``module`` on ``example`` and return what it called.

    The pass runs in evaluation mode and without gradients; modes, buffers, hooks and random
    numbers are put back afterwards. A tuple or list is passed as several arguments, a dict as
    named ones.
    """
    if not isinstance(module, nn.Module):
        got = brief(module)
        raise TypeError(
            both(
                f"module 必須是 nn.Module，收到的是 {got}；請傳入模型本身，例如 MLP(50, 3)。",
                f"module has to be an nn.Module, got {got}; pass the model itself, "
                "such as MLP(50, 3).",
            )
        )
    if not any(True for _ in tensors_in(example)):
        got = brief(example)
        raise TypeError(
            both(
                f"example 必須是張量，或由張量組成的 tuple、list、dict，收到的是 {got}；"
                "請傳入一個批次，例如 torch.zeros(8, 50)。",
                f"example has to be a tensor, or a tuple, list or dict of tensors, got {got}; "
                "pass one batch, such as torch.zeros(8, 50).",
            )
        )
    example = map_tensors(torch.clone, example)  # a first layer may work in place
    named = isinstance(example, Mapping)
    args = () if named else tuple(example) if isinstance(example, (tuple, list)) else (example,)
    kwargs = dict(example) if named else {}
    recorder = Recorder(module, depth)
    inputs = list(_named_tensors(kwargs or (args[0] if len(args) == 1 else args)))
    recorder.maker.update((id(tensor), INPUT) for _, tensor in inputs)
    with _unchanged(module), ExitStack() as hooks:
        for part in module.modules():
            before = part.register_forward_pre_hook(recorder.enter, with_kwargs=True)
            hooks.callback(before.remove)
            after = part.register_forward_hook(recorder.leave, with_kwargs=True)
            hooks.callback(after.remove)
        try:
            with recorder:
                result = module(*args, **kwargs)
        except torch.cuda.OutOfMemoryError:
            raise
        except Exception as error:
            raise ValueError(
                both(
                    f"{type(module).__name__} 無法接受 example {brief(example)}："
                    "請核對形狀、資料型別與裝置。PyTorch 的訊息在下一行之後。",
                    f"{type(module).__name__} could not take the example {brief(example)}: check "
                    f"its shape, dtype and device. PyTorch said: {error}",
                )
            ) from error
    outputs = [
        (name, recorder.maker[id(tensor)], tensor)
        for name, tensor in _named_tensors(result)
        if id(tensor) in recorder.maker
    ]
    return Forward(recorder.calls, inputs, outputs)


@contextmanager
def _unchanged(module: nn.Module) -> Iterator[None]:
    """Evaluate ``module`` without gradients, then put back all that a forward pass may change."""
    modes = [(part, part.training) for part in module.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    cuda = {p.device.index for p in module.parameters() if p.device.type == "cuda"}
    with torch.random.fork_rng(devices=sorted(cuda)), torch.no_grad():
        module.eval()
        try:
            yield
        finally:
            for part, training in modes:
                part.training = training
            for buffer, before in buffers:
                buffer.copy_(before)


def _function_name(func: Any) -> str:
    name: str = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":  # a property such as Tensor.T
        name = getattr(getattr(func, "__self__", None), "__name__", name)
    return name.strip("_")


def _named_tensors(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
        return
    fields = getattr(value, "_fields", None)
    if isinstance(value, Mapping):
        pairs = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, (tuple, list)):
        names = fields or [str(number) for number in range(1, len(value) + 1)]
        pairs = list(zip(names, value, strict=True))
    else:
        return
    for key, item in pairs:
        yield from _named_tensors(item, f"{name}.{key}" if name else key)
