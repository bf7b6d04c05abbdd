"""What autograd keeps about one operation, read back.

A `grad_fn` knows which operations made its inputs (``next_functions``) and what its derivative
needs (``_saved_self``, ``_saved_dim``, ...). It does not say which argument each input was, nor
what shape the result had. The schema of the operator helps: it puts the arguments back in order,
and running the operator on the meta device, where tensors have shapes but no numbers, tells the
shape of the result.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

import torch
from torch._ops import ops

__all__ = ["Missing", "Recorded", "Result", "read"]


class Result(NamedTuple):
    """A recorded tensor: the function that made it, and which of its results it is."""

    function: Any
    number: int


class Missing(Enum):
    """An argument that autograd did not keep."""

    TENSOR = "a tensor that needs no gradient"
    VALUE = "anything else"


@dataclass(frozen=True)
class Recorded:
    """One operation, as far as autograd remembers it.

    Attributes
    ----------
    name : str
        The operator (``mul``), or the class of a custom `torch.autograd.Function`.
    inputs : tuple of Result, Tensor or Missing
        Its tensor arguments in order: a result of an earlier function, a tensor that needs no
        gradient but was kept, or `Missing.TENSOR`: needs no gradient, was not kept.
    kept : tuple of Tensor
        All the tensors that the derivative needs; none once the graph has been freed.
    shapes : dict of Result to tuple of int
        Shapes of inputs of which nothing else was kept.
    """

    name: str
    inputs: tuple[Result | torch.Tensor | Missing, ...]
    kept: tuple[torch.Tensor, ...]
    shapes: dict[Result, tuple[int, ...]]
    _operator: Any = None
    _arguments: tuple[Any, ...] = ()

    def results(self, meta: Callable[[Result], torch.Tensor | None]) -> tuple[torch.Tensor, ...]:
        """Run the operator on the meta device: shapes without numbers.

        Parameters
        ----------
        meta : callable
            Gives the meta tensor of an input, None where its shape is not known.

        Returns
        -------
        tuple of Tensor
            One meta tensor a result; empty where the shapes cannot be told.
        """

        def known(value: Any) -> Any:
            if isinstance(value, list):
                return [known(one) for one in value]
            if isinstance(value, Result):
                found = meta(value)
                if found is None:
                    raise LookupError
                return found
            return value.to("meta") if isinstance(value, torch.Tensor) else value

        if self._operator is None or any(isinstance(v, Missing) for v in _flat(self._arguments)):
            return ()
        try:
            found = self._operator(*map(known, self._arguments))
        except (LookupError, RuntimeError, TypeError, ValueError):
            return ()  # the shape of an input is unknown, or the shape depends on the numbers
        return tuple(found) if isinstance(found, (tuple, list)) else (found,)


def read(function: Any) -> Recorded:
    """Read back what a `grad_fn` says about its operation.

    Parameters
    ----------
    function : torch.autograd.graph.Node
        The `grad_fn` of a tensor. Works on a freed graph too, which remembers less.

    Returns
    -------
    Recorded

    Examples
    --------
    >>> import torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> recorded = read((w * 3).grad_fn)
    >>> recorded.name, recorded.inputs[1]
    ('mul', tensor(3))
    """
    edges = [Result(*pair) if pair[0] is not None else None for pair in function.next_functions]
    saved = _saved(function)
    kept = tuple(value for value in _flat(saved.values()) if isinstance(value, torch.Tensor))
    if isinstance(function, torch.autograd.function.BackwardCFunction):
        # Each tensor argument of a custom function has its edge.
        name = type(function).__name__.removesuffix("Backward")
        return Recorded(name, tuple(edge or Missing.TENSOR for edge in edges), kept, {})
    name = _operator_name(function.name())
    bound = [
        (operator, schema, arguments)
        for operator, schema in _overloads(name)
        if (arguments := _bind(schema, edges, saved)) is not None
    ]
    if not bound:
        return Recorded(name, tuple(edge for edge in edges if edge), kept, {})
    # Several overloads may fit: the one that leaves the fewest arguments open was called.
    operator, schema, arguments = min(bound, key=lambda one: one[2].count(Missing.VALUE))
    return Recorded(
        name,
        inputs=tuple(
            value
            for value in _flat(arguments)
            if isinstance(value, (Result, torch.Tensor)) or value is Missing.TENSOR
        ),
        kept=kept,
        shapes={
            edge: tuple(saved[f"{argument.name}_sym_sizes"])
            for argument, edge in zip(schema.arguments, arguments, strict=False)
            if isinstance(edge, Result) and f"{argument.name}_sym_sizes" in saved
        },
        _operator=operator,
        _arguments=tuple(arguments),
    )


def _operator_name(name: str) -> str:
    """Turn ``NllLossBackward0`` into ``nll_loss``.

    Examples
    --------
    >>> _operator_name("torch::autograd::CopySlices")
    'copy_slices'
    >>> _operator_name("MaxPool2DWithIndicesBackward0")
    'max_pool2d_with_indices'
    """
    name = re.sub(r"Backwards?(Autograd\w*?)?\d*(_copy)?$", "", name.split("::")[-1])
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@cache
def _overloads(name: str) -> list[tuple[Any, Any]]:
    """Find the operators of that name that take a tensor and return a new one."""
    packet: Any = getattr(ops.aten, name, None) or getattr(ops.aten, f"_{name}", None)
    if not hasattr(packet, "overloads"):
        return []
    operators = [getattr(packet, overload) for overload in packet.overloads()]
    return [
        (operator, operator._schema)
        for operator in operators
        if any("Tensor" in str(argument.type) for argument in operator._schema.arguments)
        and all(a.has_default_value() for a in operator._schema.arguments if a.kwarg_only)
    ]


@cache
def _saved_names(kind: Any) -> list[str]:
    return [name for name in dir(kind) if name.startswith("_saved_")]


def _saved(function: Any) -> dict[str, Any]:
    """Collect what the derivative needs, by argument name; what was freed is left out."""
    if isinstance(function, torch.autograd.function.BackwardCFunction):
        try:
            return {str(k): tensor for k, tensor in enumerate(function.saved_tensors)}
        except RuntimeError:
            return {}
    saved = {}
    for name in _saved_names(type(function)):  # type: ignore[arg-type] # classes do have a hash
        try:
            saved[name.removeprefix("_saved_")] = getattr(function, name)
        except RuntimeError:  # freed by backward, or changed in place since
            continue
    return saved


def _bind(schema: Any, edges: list[Result | None], saved: dict[str, Any]) -> list[Any] | None:
    """Give each positional argument of the schema its value; None where the schema does not fit."""
    types = {argument.name: str(argument.type) for argument in schema.arguments}
    for name, value in saved.items():
        # ``dim`` was saved: then this is not the overload without dim.
        plain = value is not None and not any(isinstance(v, torch.Tensor) for v in _flat([value]))
        if plain and name not in types and not any(name.startswith(f"{a}_") for a in types):
            return None
    positional = [argument.name for argument in schema.arguments if not argument.kwarg_only]
    # Some tensor arguments have no edge, for nothing can be differentiated in them.
    spare = sum(types[name] in ("Tensor", "Optional[Tensor]") for name in positional) - len(edges)
    waiting = deque(edges)
    arguments: list[Any] = []
    for name in positional:
        kind, value = types[name], saved.get(name)
        if kind in ("Tensor", "Optional[Tensor]"):
            constant = (
                value if isinstance(value, torch.Tensor) and not value.requires_grad else None
            )
            if constant is not None and spare > 0 and not _is_inexact(constant):
                spare -= 1
                arguments.append(constant)
                continue
            edge = waiting.popleft() if waiting else None
            if edge is None and constant is None and kind == "Tensor":
                if not edges or len(arguments) >= len(edges):
                    return None
                arguments.append(Missing.TENSOR)
            else:
                arguments.append(edge if edge is not None else constant)
        elif kind == "List[Tensor]":
            arguments.append([edge or Missing.TENSOR for edge in waiting])
            waiting.clear()
        elif name in saved and ("str" in kind) == isinstance(value, str):
            arguments.append(_signed(value))
        elif kind.removeprefix("Optional[").rstrip("]") in ("number", "float"):
            arguments.append(1)  # which number it was does not change the shape
        elif name == "dtype":
            arguments.append(None)  # nor does the data type
        else:
            arguments.append(Missing.VALUE)
    return None if waiting else arguments


def _is_inexact(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _signed(value: Any) -> Any:
    """Undo that a saved -1 is shown as 2**64 - 1."""
    if isinstance(value, (tuple, list)):
        return [_signed(one) for one in value]
    return value - 2**64 if isinstance(value, int) and value >= 2**63 else value


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (tuple, list)) and not isinstance(value, Result):
            yield from _flat(value)
        else:
            yield value
