"""Choose a device, fix the random numbers, and time what runs there.

``diagnose`` stands here for readers, but is written in ``primer.doctor``, which works without
PyTorch.
"""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import dataclass, field
from types import TracebackType

import torch

from primer._messages import both
from primer.doctor import Diagnosis, diagnose

__all__ = [
    "Diagnosis",
    "available",
    "diagnose",
    "seed_everything",
    "select",
    "synchronize",
    "timed",
]

VARIABLE = "PRIMER_DEVICE"  # decides what "auto" means, so that a script need not be edited
_TYPES = ("cpu", "cuda", "mps", "xpu")


def available() -> list[torch.device]:
    """List the devices of this machine that PyTorch can compute on.

    Returns
    -------
    list of torch.device
        Accelerators first, in the order in which ``select("auto")`` prefers them; then the CPU.

    Examples
    --------
    >>> available()[-1]
    device(type='cpu')
    """
    devices = [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append(torch.device("mps"))
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        devices += [torch.device("xpu", index) for index in range(torch.xpu.device_count())]
    return [*devices, torch.device("cpu")]


def select(name: str | torch.device = "auto") -> torch.device:
    """Choose the device to compute on.

    Parameters
    ----------
    name : str or torch.device, default "auto"
        ``"auto"`` takes what the environment variable ``PRIMER_DEVICE`` names; where it is not
        set, the first accelerator, or else the CPU. ``"cpu"``, ``"cuda"``, ``"cuda:1"``,
        ``"mps"`` and ``"xpu"`` ask for that one, whatever the variable says.

    Returns
    -------
    torch.device
        A device on which a tensor can be made now.

    Raises
    ------
    TypeError
        ``name`` is neither a string nor a device.
    ValueError
        The name is not one of a device that this function knows.
    RuntimeError
        The name is right, but this machine or this build of PyTorch has no such device.

    Examples
    --------
    >>> select("cpu")
    device(type='cpu')
    >>> select("auto") in available()
    True
    """
    if not isinstance(name, (str, torch.device)):
        kind = type(name).__name__
        raise TypeError(
            both(
                f"裝置名稱應為字串或 torch.device，收到 {kind}。",
                f"The name of a device is a string or a torch.device, got {kind}.",
            )
        )
    present = available()
    source = ""
    if name == "auto":
        name = os.environ.get(VARIABLE) or "auto"
        if name == "auto":
            return present[0]
        source = f" ({VARIABLE})"
    try:
        wanted = torch.device(name)
    except RuntimeError:
        wanted = None
    if wanted is None or wanted.type not in _TYPES:
        raise ValueError(
            both(
                f"不認得裝置 {str(name)!r}{source}；可用的名稱是 auto、{'、'.join(_TYPES)}，"
                "或加上編號，如 cuda:1。",
                f"Unknown device {str(name)!r}{source}; the names are auto, {', '.join(_TYPES)}, "
                "or one with a number, such as cuda:1.",
            )
        )
    if wanted.type == "cpu":
        return torch.device("cpu")
    same_type = [device for device in present if device.type == wanted.type]
    if wanted.index is None and same_type:
        return same_type[0] if source else wanted  # "auto" always says which one it took
    # "mps:0" is the one MPS device, which available() lists without its number.
    if any((device.index or 0) == wanted.index for device in same_type):
        return wanted
    here = [str(device) for device in present]
    cure = (
        (f"清除 {VARIABLE}", f"Unset {VARIABLE}")
        if source
        else ('改用 select("auto")', 'Use select("auto")')
    )
    raise RuntimeError(
        both(
            f"這裡沒有裝置 {wanted}{source}；有的是 {'、'.join(here)}。"
            f"{cure[0]}，或執行 python -m primer doctor 看原因。",
            f"There is no device {wanted}{source} here; there is {', '.join(here)}. "
            f"{cure[1]}, or run python -m primer doctor to learn why.",
        )
    )


def seed_everything(seed: int, *, deterministic: bool = False) -> None:
    """Fix the random numbers of Python, NumPy (where it is imported) and PyTorch on every device.

    Parameters
    ----------
    seed : int
        From 0 to ``2**32 - 1``, the range that NumPy takes.
    deterministic : bool, default False
        Also let PyTorch refuse operations whose result may differ from run to run on a GPU.

    Raises
    ------
    TypeError
        ``seed`` is not an integer.
    ValueError
        ``seed`` is out of range.

    Examples
    --------
    >>> seed_everything(0)
    >>> first = torch.rand(3)
    >>> seed_everything(0)
    >>> torch.equal(first, torch.rand(3))
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, int):
        kind = type(seed).__name__
        raise TypeError(both(f"種子應為整數，收到 {kind}。", f"A seed is an integer, got {kind}."))
    if not 0 <= seed < 2**32:
        raise ValueError(
            both(
                f"種子應在 0 到 2**32 - 1 之間，收到 {seed}。",
                f"A seed lies between 0 and 2**32 - 1, got {seed}.",
            )
        )
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    torch.manual_seed(seed)  # the CPU and every accelerator
    if deterministic:
        # cuBLAS needs it before its first call:
        # https://docs.nvidia.com/cuda/cublas/#results-reproducibility
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def synchronize(device: str | torch.device = "auto") -> None:
    """Wait until a device has done all that it was given.

    A GPU works on while Python goes on, so a clock that is read without waiting measures how fast
    work was *handed over*. The CPU is never behind: there this function does nothing.

    Parameters
    ----------
    device : str or torch.device, default "auto"
        As in `select`, with the same errors.

    Examples
    --------
    >>> synchronize("cpu")
    """
    chosen = select(device)
    if chosen.type == "cuda":
        torch.cuda.synchronize(chosen)
    elif chosen.type == "mps":
        torch.mps.synchronize()
    elif chosen.type == "xpu":
        torch.xpu.synchronize(chosen)


@dataclass
class timed:
    """Time a block of code, waiting for the device before both readings of the clock.

    Parameters
    ----------
    device : str or torch.device, default "auto"
        As in `select`, with the same errors.

    Attributes
    ----------
    seconds : float
        How long the block took, in seconds; NaN until it has ended.

    Examples
    --------
    >>> with timed("cpu") as watch:
    ...     total = torch.ones(1000).sum()
    >>> watch.seconds > 0
    True
    """

    device: str | torch.device = "auto"
    seconds: float = field(default=float("nan"), init=False)

    def __post_init__(self) -> None:
        self.device = select(self.device)

    def __enter__(self) -> timed:
        synchronize(self.device)
        self._start = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        synchronize(self.device)
        self.seconds = time.perf_counter() - self._start
