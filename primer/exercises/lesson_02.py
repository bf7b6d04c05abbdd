"""Exercises of lesson 02, install and verify; they run without PyTorch."""

from __future__ import annotations

import platform
from importlib import metadata

from primer.doctor import Diagnosis
from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 02-1 -----------------------------------------------------------------------------------------


def _says(python: str, torch: str, errors: list[str]) -> Words:
    environment = f"Python {python}, PyTorch {torch.partition('+')[0]}"
    if errors:
        codes = ", ".join(errors)
        return Words(f"{environment}，要處理 {codes}", f"{environment}, to put right: {codes}")
    return Words(f"{environment}，一切正確", f"{environment}, all right")


def _this_environment() -> Words:
    """Read the versions in another way than the doctor does."""
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        torch = "2.4"
    return _says(platform.python_version(), torch, [])


def _summary(answer: object) -> object:
    if isinstance(answer, Diagnosis):
        errors = [finding.code for finding in answer.errors]
        return _says(answer.machine.python, answer.machine.torch.version, errors)
    # Every version string is the same mistake.
    return "…" if isinstance(answer, str) else answer


# -- 02-2 -----------------------------------------------------------------------------------------

_VERSIONS = {
    "2.4.1+cu121": "12.1",
    "2.4.1+cu118": "11.8",
    "2.4.0+cu124": "12.4",
    "2.9.0+cu130": "13.0",
    "2.4.1+cpu": None,
    "2.4.1+rocm6.1": None,
    "2.4.1": None,
}


def _cuda(version: str) -> str | None:
    return _VERSIONS[version]


EXERCISES = (
    Exercise(
        id="02-1",
        title=("環境正確嗎", "Is the environment right?"),
        task=(
            "安裝 PyTorch，再把 primer.diagnose() 的結果交出來。",
            "Install PyTorch, then hand in what primer.diagnose() returns.",
        ),
        truth=_this_environment,
        observe=_summary,
        hint=(
            "執行 python -m primer doctor，照每一項底下的指令處理，再重新啟動 Python。",
            "Run python -m primer doctor, do what stands under each item, start Python again.",
        ),
        mistakes=(
            Mistake(
                "True 或 False 說不出環境哪裡對、哪裡不對。交出 primer.diagnose() 的結果。",
                "True or False cannot say what is right or wrong. Hand in primer.diagnose().",
                wrong=True,
            ),
            Mistake(
                "torch.cuda.is_available() 是 False 不代表環境壞了。交出 primer.diagnose()。",
                "That torch.cuda.is_available() is False does not make the environment wrong. "
                "Hand in primer.diagnose().",
                wrong=False,
            ),
            Mistake(
                "版本字串只說裝了什麼，沒說能不能算。交出 primer.diagnose() 的結果。",
                "A version says what is installed, not whether it computes. Hand in "
                "primer.diagnose().",
                wrong="2.4.1",
            ),
        ),
    ),
    Exercise(
        id="02-2",
        title=("版本號說了什麼", "What the version says"),
        task=(
            '寫 cuda_of(version)："2.4.1+cu121" 回傳 "12.1"；不是 CUDA 的組建回傳 None。',
            'Write cuda_of(version): "12.1" for "2.4.1+cu121"; None for a build that is not CUDA.',
        ),
        name="cuda_of",
        truth=_cuda,
        cases=lambda: ((version,) for version in _VERSIONS),
        hint=(
            "先取出 + 後面的部分；只有 cu 加上數字才是 CUDA，最後一位數字是次版號。",
            "Take what follows the +; only cu and digits mean CUDA, and the last digit is the "
            "minor version.",
        ),
        mistakes=(
            Mistake(
                "cu121 是 CUDA 12.1：最後一位數字前要加小數點。",
                "cu121 means CUDA 12.1: a dot stands before the last digit.",
                wrong=lambda version: (_cuda(version) or "").replace(".", "") or None,
            ),
            Mistake(
                "小數點的位置不對：cu121 是 12.1，不是 1.21。",
                "The dot is in the wrong place: cu121 is 12.1, not 1.21.",
                wrong=lambda version: (
                    (cuda := _cuda(version)) and f"{cuda[0]}.{cuda[1:].replace('.', '')}"
                ),
            ),
            Mistake(
                "+cpu 與 +rocm6.1 不是 CUDA 版，應回傳 None。",
                "+cpu and +rocm6.1 are not CUDA builds: return None.",
                wrong=lambda version: _cuda(version) or version.partition("+")[2] or None,
            ),
            Mistake(
                "rocm6.1 的 6.1 是 ROCm 的版本，不是 CUDA 的。",
                "The 6.1 of rocm6.1 is ROCm's version, not CUDA's.",
                wrong=lambda version: "6.1" if "rocm" in version else _cuda(version),
            ),
            Mistake(
                "有的版本號沒有 +：用 partition，或先檢查。",
                "Some versions have no +: use partition, or look first.",
                error="IndexError|not enough values|substring not found",
            ),
        ),
    ),
)
