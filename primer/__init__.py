"""A small library to learn PyTorch with.

``import primer`` costs almost nothing: a module, and PyTorch with it, is imported when one of
its names is first used (PEP 562). So ``python -m primer doctor`` can run where PyTorch cannot.

What lessons use stands here too, save one function: ``primer.diagram`` is the module, and a model
is drawn by :func:`primer.mlp.diagram`.

Examples
--------
>>> import primer
>>> primer.count_parameters(primer.MLP(50, 3))
2213
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what type checkers and editors read
    from primer import autograd as autograd
    from primer import device as device
    from primer import diagram as diagram
    from primer import doctor as doctor
    from primer import exercises as exercises
    from primer import mlp as mlp
    from primer import tensors as tensors
    from primer import training as training
    from primer.autograd import ChainRule as ChainRule
    from primer.autograd import GradientReport as GradientReport
    from primer.autograd import Graph as Graph
    from primer.autograd import check_gradients as check_gradients
    from primer.autograd import trace as trace
    from primer.autograd import walk as walk
    from primer.device import seed_everything as seed_everything
    from primer.device import select as select
    from primer.device import synchronize as synchronize
    from primer.device import timed as timed
    from primer.diagram import Diagram as Diagram
    from primer.doctor import Diagnosis as Diagnosis
    from primer.doctor import diagnose as diagnose
    from primer.exercises import check as check
    from primer.mlp import MLP as MLP
    from primer.mlp import Summary as Summary
    from primer.mlp import count_parameters as count_parameters
    from primer.mlp import summary as summary
    from primer.tensors import TensorInfo as TensorInfo
    from primer.tensors import ViewReport as ViewReport
    from primer.tensors import describe as describe
    from primer.tensors import draw_memory as draw_memory
    from primer.tensors import explain_view as explain_view
    from primer.training import CheckpointError as CheckpointError
    from primer.training import History as History
    from primer.training import NonFiniteLossError as NonFiniteLossError
    from primer.training import accuracy as accuracy
    from primer.training import evaluate as evaluate
    from primer.training import fit as fit
    from primer.training import load_checkpoint as load_checkpoint
    from primer.training import predict as predict
    from primer.training import save_checkpoint as save_checkpoint

    __version__: str

_HOME = {
    name: module
    for module, names in {
        "tensors": ("TensorInfo", "ViewReport", "describe", "draw_memory", "explain_view"),
        "autograd": ("ChainRule", "GradientReport", "Graph", "check_gradients", "trace", "walk"),
        "mlp": ("MLP", "Summary", "count_parameters", "summary"),
        "training": (
            "CheckpointError",
            "History",
            "NonFiniteLossError",
            "accuracy",
            "evaluate",
            "fit",
            "load_checkpoint",
            "predict",
            "save_checkpoint",
        ),
        "device": ("seed_everything", "select", "synchronize", "timed"),
        "diagram": ("Diagram",),
        "doctor": ("Diagnosis", "diagnose"),
        "exercises": ("check",),
    }.items()
    for name in names
}
_MODULES = frozenset(_HOME.values())

__all__ = ["__version__", *sorted(_MODULES), *sorted(_HOME)]

if not TYPE_CHECKING:  # a checker that saw this function would accept any name

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"primer.{name}")  # the import itself binds the name
        if name in _HOME:
            value = getattr(import_module(f"primer.{_HOME[name]}"), name)
        elif name == "__version__":
            from importlib.metadata import version

            value = version("torch-primer")
        else:
            raise AttributeError(f"module 'primer' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
