"""Time what a reader waits for: ``import primer``, ``describe``, ``trace`` on 1,000 nodes.

Run by ``nox -s bench``. Times are the median of several rounds; the processes are started anew for
each round, so that nothing is imported already.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

import primer

ROUNDS = 15
NODES = 1000
STARTS = {
    "python -c 'pass'": ["-c", "pass"],
    "import primer": ["-c", "import primer"],
    "import torch": ["-c", "import torch"],
    "python -m primer --help": ["-m", "primer", "--help"],
}


def median_ms(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Call once to warm up, then give the median of `rounds` calls, in milliseconds."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def start(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def chain(nodes: int) -> torch.Tensor:
    """Compute something whose graph has so many operations."""
    value = torch.ones(3, requires_grad=True)
    for _ in range(nodes - 1):
        value = value * 1.001
    return value.sum()


def main() -> None:
    print(f"{'':<28}{'median ms':>12}")
    for name, arguments in STARTS.items():
        print(f"{name:<28}{median_ms(lambda a=arguments: start(a), 5):>12.1f}")
    image, output = torch.rand(3, 224, 224), chain(NODES)
    graph = primer.trace(output)
    calls: dict[str, Callable[[], object]] = {
        "describe": lambda: primer.describe(image),
        "explain_view": lambda: primer.explain_view(image.transpose(0, 2), -1),
        f"trace, {NODES} operations": lambda: primer.trace(output),
        "  its to_mermaid": graph.to_mermaid,
    }
    for name, call in calls.items():
        print(f"{name:<28}{median_ms(call):>12.2f}")


if __name__ == "__main__":
    main()
