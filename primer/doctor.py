"""Say whether this environment is right for PyTorch, and if not, which command cures it.

:func:`diagnose` reads the machine (``primer/_machine.py``), then judges what it read, one cause a
function. It works without PyTorch: that is when it is needed most.

References
----------
- Drivers: NVIDIA, CUDA Compatibility, "Minor Version Compatibility", and the driver table of the
  CUDA Toolkit Release Notes.
- Builds: PyTorch, "Installing previous versions of PyTorch", and the release compatibility
  matrix in PyTorch's RELEASE.md.
- Intel Macs: release notes of PyTorch 2.2, the last version with macOS x86-64 wheels.
- Rosetta: Apple, "About the Rosetta translation environment" (``sysctl.proc_translated``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from primer._machine import Driver, Machine, read
from primer._table import table

__all__ = ["Diagnosis", "Finding", "diagnose"]

Language = Literal["zh-TW", "en", "both"]

VERSION = "2.4.1"  # the PyTorch that the lessons were checked with
OLDEST = (2, 4)  # what this package asks for
NEWEST_PYTHON = (3, 12)  # for which VERSION has wheels

# The CUDA builds that PyTorch publishes for a version, oldest CUDA first.
BUILDS: dict[tuple[int, ...], tuple[str, ...]] = {
    (2, 4): ("cu118", "cu121", "cu124"),
    (2, 5): ("cu118", "cu121", "cu124"),
    (2, 6): ("cu118", "cu124", "cu126"),
    (2, 7): ("cu118", "cu126", "cu128"),
    (2, 8): ("cu126", "cu128", "cu129"),
    (2, 9): ("cu126", "cu128", "cu130"),
}
# The oldest driver that runs programs of a CUDA major version: (Linux, Windows).
DRIVERS = {
    11: ("450.80.02", "452.39"),
    12: ("525.60.13", "528.33"),
    13: ("580", "580"),
}
OLDEST_GPU = (5, 0)  # Maxwell; PyTorch 2.4 has no code for older ones
WHEELS = "https://download.pytorch.org/whl"


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor found.

    Attributes
    ----------
    code : str
        A stable name, such as ``"cpu-build"``.
    level : {"error", "note"}
        An error makes the environment wrong; a note explains something and needs no cure.
    zh, en : str
        The same explanation in both languages.
    commands : tuple of str
        What to type, in this order; empty when nothing can or need be done in a terminal.
    """

    code: str
    level: Literal["error", "note"]
    zh: str
    en: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """The readings of a machine and what follows from them; prints as a report.

    Attributes
    ----------
    machine : Machine
        What was read.
    findings : tuple of Finding
        Errors first, then notes.

    Examples
    --------
    >>> diagnosis = diagnose()
    >>> diagnosis.right == (not diagnosis.errors)
    True
    """

    machine: Machine
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the environment wrong."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def right(self) -> bool:
        """Whether the environment is right: no finding is an error."""
        return not self.errors

    def to_json(self) -> str:
        """Write the diagnosis for programs to read.

        Returns
        -------
        str
            A JSON object with ``schema`` (1), ``right``, ``findings`` and ``machine``. Names are
            only ever added while ``schema`` stays the same.

        Examples
        --------
        >>> json.loads(diagnose().to_json())["schema"]
        1
        """
        content = {
            "schema": 1,
            "right": self.right,
            "findings": [asdict(finding) for finding in self.findings],
            "machine": asdict(self.machine),
        }
        return json.dumps(content, indent=2)

    def report(self, lang: Language = "both") -> str:
        """Write the diagnosis for people to read.

        Parameters
        ----------
        lang : {"both", "zh-TW", "en"}, default "both"
            The language of the report.

        Returns
        -------
        str
            A table of facts, the verdict, then each finding with its commands.

        Raises
        ------
        ValueError
            ``lang`` is none of these.

        Examples
        --------
        >>> "Python" in diagnose().report("en")
        True
        """
        if lang not in ("both", "zh-TW", "en"):
            raise ValueError(
                f"lang 應為 both、zh-TW 或 en，收到 {lang!r}。\n"
                f"lang is one of both, zh-TW and en, got {lang!r}."
            )
        lines = [table([[_say(label, lang), _say(value, lang)] for label, value in self._facts()])]
        lines += ["", self._verdict(lang)]
        for finding in self.findings:
            lines += ["", f"{'✗' if finding.level == 'error' else 'ℹ'} {finding.code}"]
            lines += [f"  {text}" for text in _texts(finding.zh, finding.en, lang)]
            lines += [f"      {command}" for command in finding.commands]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.report()

    def _verdict(self, lang: Language) -> str:
        count = len(self.errors)
        if self.right:
            return "✓ " + _say(("環境正確。", "The environment is right."), lang)
        things = "1 thing" if count == 1 else f"{count} things"
        return "✗ " + _say((f"有 {count} 件事要處理。", f"{things} to put right."), lang)

    def _facts(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        machine, torch = self.machine, self.machine.torch

        def same(text: str) -> tuple[str, str]:
            return text, text

        none = ("無", "none")
        place = " (WSL)" * machine.wsl + " (Rosetta)" * machine.rosetta
        yield same("Python"), same(f"{machine.python} ({machine.bits}-bit)")
        yield ("作業系統", "System"), same(f"{machine.system} {machine.architecture}{place}")
        if torch.error:
            yield same("PyTorch"), same(torch.error.splitlines()[0])
        else:
            yield same("PyTorch"), same(torch.version)
            yield ("組建", "Build"), same(_build(machine))
        driver = machine.driver
        if driver and driver.version:
            text = f"{driver.version} (CUDA {driver.cuda})" if driver.cuda else driver.version
            yield ("NVIDIA 驅動程式", "NVIDIA driver"), same(text)
            for gpu in driver.gpus:
                yield same("GPU"), same(gpu.name)
        else:
            yield ("NVIDIA 驅動程式", "NVIDIA driver"), none
        visible = machine.visible_devices
        yield (
            same("CUDA_VISIBLE_DEVICES"),
            ("未設定", "not set") if visible is None else same(repr(visible)),
        )
        yield same("MPS"), _mps(machine)
        for device in torch.devices:
            worked = ("計算正確", "computes right")
            yield (
                (f"裝置 {device.name}", f"Device {device.name}"),
                same(device.error) if device.error else worked,
            )
        if not torch.error:
            bridge = ("相通", "works") if not torch.numpy_error else same(torch.numpy_error)
            yield (f"NumPy {machine.installed_numpy}".strip(),) * 2, bridge
        compiler = same(machine.compiler) if machine.compiler else none
        yield ("C++ 編譯器", "C++ compiler"), compiler


def diagnose(machine: Machine | None = None) -> Diagnosis:
    """Examine this machine's Python, PyTorch, driver and devices.

    Parameters
    ----------
    machine : Machine, optional
        Readings to judge instead of this machine's: those of another one, or of a test.

    Returns
    -------
    Diagnosis
        Its ``right`` says whether everything works; its ``findings`` say what does not and how to
        cure it; it prints as a report in both languages.

    Examples
    --------
    >>> diagnosis = diagnose()
    >>> diagnosis.machine.torch.version.split(".")[0]
    '2'
    """
    machine = machine or read()
    findings = [
        *_wrong_python(machine),
        *_wrong_torch(machine),
        *_wrong_numpy(machine),
        *_wrong_gpu(machine),
        *_wrong_result(machine),
        *_notes(machine),
    ]
    findings.sort(key=lambda finding: finding.level != "error")
    return Diagnosis(machine, tuple(findings))


# -- Causes, in the order in which they are cured -------------------------------------------------


def _error(code: str, zh: str, en: str, *commands: str) -> Finding:
    return Finding(code, "error", zh, en, commands)


def _note(code: str, zh: str, en: str, *commands: str) -> Finding:
    return Finding(code, "note", zh, en, commands)


def _wrong_python(machine: Machine) -> Iterator[Finding]:
    mac_x86 = machine.system == "Darwin" and machine.architecture == "x86_64"
    if machine.bits == 32:
        yield _error(
            "python-32-bit",
            "這個 Python 是 32 位元的，而 PyTorch 只有 64 位元的 wheel。改用 64 位元的 Python。",
            "This Python is a 32-bit one and PyTorch has 64-bit wheels only. Use a 64-bit Python.",
            *_new_environment(machine),
        )
    elif machine.rosetta:
        yield _error(
            "rosetta",
            "這台 Mac 是 Apple 晶片，這個 Python 卻是 Intel 版，透過 Rosetta 轉譯執行，"
            "因此用不到 MPS，也沒有 PyTorch 2.3 之後的 wheel。改用 arm64 的 Python。",
            "This Mac has Apple silicon, but this Python is built for Intel and runs through "
            "Rosetta: no MPS, and no wheels since PyTorch 2.3. Use an arm64 Python.",
            "python -m pip install uv",
            "uv venv --python cpython-3.12-macos-aarch64-none .venv",
            "source .venv/bin/activate",
            f"uv pip install torch=={VERSION}",
        )
    elif mac_x86 and _number(machine.torch.version) < OLDEST:
        yield _error(
            "intel-mac",
            "這是 Intel 處理器的 Mac：官方 wheel 只到 PyTorch 2.2.2，conda-forge 則還有較新的"
            "版本（只用 CPU）。",
            "This is a Mac with an Intel processor: official wheels end at PyTorch 2.2.2, while "
            "conda-forge still has newer versions (CPU only).",
            "conda create -n primer -c conda-forge python=3.12 pytorch=2.4",
            "conda activate primer",
        )
    elif machine.torch.missing and _number(machine.python) > NEWEST_PYTHON:
        yield _error(
            "python-too-new",
            f"PyTorch {VERSION} 沒有 Python {machine.python} 的 wheel，最新只到 3.12。"
            "另建一個 Python 3.12 的環境。",
            f"PyTorch {VERSION} has no wheel for Python {machine.python}; 3.12 is the newest. "
            "Make an environment with Python 3.12.",
            *_new_environment(machine),
        )


def _wrong_torch(machine: Machine) -> Iterator[Finding]:
    torch = machine.torch
    install = f"python -m pip install torch=={VERSION}"
    wrong_python = any(_wrong_python(machine))
    if len(machine.installed_torch) > 1:
        count, listed = len(machine.installed_torch), ", ".join(machine.installed_torch)
        yield _error(
            "two-torch",
            f"裝了 {count} 份 PyTorch：{listed}。Python 只會用先找到的那一份，兩份的檔案也可能"
            "混在一起。全部移除，再裝一份。",
            f"PyTorch is installed {count} times: {listed}. Python takes the first it finds, and "
            "their files may be mixed. Remove all of them and install one.",
            *["python -m pip uninstall -y torch"] * count,
            install,
        )
    elif wrong_python:
        return  # a PyTorch for the wrong Python needs no cure of its own
    elif torch.missing:
        yield _error(
            "torch-missing",
            f"這個 Python（{machine.executable}）沒有安裝 PyTorch。"
            "如果確定裝過，那是裝在另一個 Python 裡。",
            f"This Python ({machine.executable}) has no PyTorch. If you did install it, you "
            "installed it for another Python.",
            install,
        )
    elif torch.shadow:
        yield _error(
            "torch-shadowed",
            f"{torch.shadow} 與 PyTorch 同名，Python 找到的是它。把它改名。",
            f"{torch.shadow} has PyTorch's name, and Python finds it first. Rename it.",
            f'{"ren" if machine.system == "Windows" else "mv"} "{torch.shadow}" my_torch'
            + ".py" * torch.shadow.endswith(".py"),
        )
    elif torch.error:
        yield _error(
            "torch-broken",
            f"PyTorch 裝了，但匯入失敗：{torch.error}",
            f"PyTorch is installed but cannot be imported: {torch.error}",
            # On Windows a missing DLL is most often one of Microsoft's C++ runtime.
            *["winget install Microsoft.VCRedist.2015+.x64"] * ("WinError" in torch.error),
            f"python -m pip install --force-reinstall torch=={VERSION}",
        )
    elif _number(torch.version) < OLDEST:
        yield _error(
            "torch-too-old",
            f"PyTorch {torch.version} 太舊，課程需要 2.4 以上。",
            f"PyTorch {torch.version} is too old; the lessons need 2.4 or newer.",
            f"python -m pip install --upgrade torch=={VERSION}",
        )


def _wrong_numpy(machine: Machine) -> Iterator[Finding]:
    torch = machine.torch
    if torch.error or not torch.numpy_error or not machine.installed_numpy:
        return
    if _number(machine.installed_numpy) >= (2, 0) and _number(torch.version) < (2, 3):
        yield _error(
            "numpy-2",
            f"PyTorch {torch.version} 是以 NumPy 1 建置的，與 NumPy {machine.installed_numpy} "
            "不相通；PyTorch 2.3 起才支援 NumPy 2。",
            f"PyTorch {torch.version} was built against NumPy 1 and cannot talk to NumPy "
            f"{machine.installed_numpy}; NumPy 2 works from PyTorch 2.3 on.",
            'python -m pip install "numpy<2"',
        )
    else:
        yield _error(
            "numpy-broken",
            f"張量與 NumPy 陣列無法互轉：{torch.numpy_error}",
            f"Tensors and NumPy arrays cannot be converted: {torch.numpy_error}",
            "python -m pip install --force-reinstall numpy",
        )


def _wrong_gpu(machine: Machine) -> Iterator[Finding]:
    """Find why an NVIDIA GPU that is there cannot be used: one cause, the first that holds."""
    torch, driver = machine.torch, machine.driver
    if torch.error or torch.hip or machine.system == "Darwin":
        return
    if driver is None:
        # A container with a CPU build is not meant to have the GPU of its host.
        if machine.nvidia_hardware and not (machine.container and torch.cuda is None):
            yield _no_driver(machine)
    elif driver.error:
        yield _error(
            "driver-broken",
            f"NVIDIA 驅動程式裝了，但沒有回應：{driver.error}",
            f"The NVIDIA driver is installed but does not answer: {driver.error}",
            *_driver_install(machine),
        )
    elif not driver.gpus:
        return
    elif all(gpu.capability and gpu.capability < OLDEST_GPU for gpu in driver.gpus):
        if torch.cuda:
            names = ", ".join(gpu.name for gpu in driver.gpus)
            yield _error(
                "gpu-unsupported",
                f"{names} 是太舊的世代：PyTorch 2.4 起只支援運算能力 5.0 以上的 GPU。改用 CPU 版。",
                f"{names} is of too old a generation: PyTorch 2.4 needs compute capability 5.0 "
                "or higher. Use the CPU build.",
                _install("cpu"),
            )
    elif torch.cuda is None:
        names = ", ".join(gpu.name for gpu in driver.gpus)
        yield _error(
            "cpu-build",
            f"這台電腦有 {names}，裝的卻是只用 CPU 的組建（{torch.version}）。"
            "組建看的是平台，不看硬體；GPU 版要指定 wheel 的來源。",
            f"This machine has {names}, but the build of PyTorch is for CPUs only "
            f"({torch.version}). The build follows the platform, not the hardware: name the "
            "wheel index of a GPU build.",
            *(_gpu_build(machine, driver) or _driver_install(machine)),
        )
    else:
        yield from _wrong_cuda(machine, driver, torch.cuda)


def _wrong_cuda(machine: Machine, driver: Driver, cuda: str) -> Iterator[Finding]:
    """Look for what stands between a CUDA build and a GPU whose driver works."""
    torch = machine.torch
    oldest = _oldest_driver(machine, cuda)
    if _number(driver.version) < _number(oldest):
        yield _error(
            "driver-too-old",
            f"驅動程式 {driver.version} 太舊：這個 PyTorch 用的 CUDA {cuda} 需要 {oldest} "
            "以上。更新驅動程式，或改裝這個驅動程式能用的組建。",
            f"Driver {driver.version} is too old: this PyTorch uses CUDA {cuda}, which "
            f"needs {oldest} or newer. Update the driver, or take a build that it can serve.",
            *(_gpu_build(machine, driver) or _driver_install(machine)),
        )
    elif _hides_all(machine.visible_devices, len(driver.gpus)):
        yield _error(
            "devices-hidden",
            f"環境變數 CUDA_VISIBLE_DEVICES 是 {machine.visible_devices!r}，把 GPU 藏起來了。"
            "取消這個設定，再重新啟動 Python。",
            f"The environment variable CUDA_VISIBLE_DEVICES is {machine.visible_devices!r}, which "
            "hides the GPU. Remove it and start Python again.",
            "Remove-Item Env:CUDA_VISIBLE_DEVICES"
            if machine.system == "Windows"
            else "unset CUDA_VISIBLE_DEVICES",
        )
    elif torch.gpu_error:
        yield _error(
            "gpu-unreachable",
            f"驅動程式看得到 GPU，PyTorch 卻用不到。PyTorch 說：{torch.gpu_error}",
            f"The driver sees the GPU but PyTorch cannot use it. It says: {torch.gpu_error}",
            *_gpu_build(machine, driver),
        )
    for device in torch.devices:
        if device.capability and not _has_code(device.capability, torch.architectures):
            major, minor = device.capability
            newer = device.capability >= (10, 0)
            yield _error(
                "gpu-unsupported",
                f"{device.model} 的運算能力是 {major}.{minor}，這個 PyTorch 只有 "
                f"{'、'.join(torch.architectures)} 的程式碼。換有它的程式碼的組建。",
                f"{device.model} has compute capability {major}.{minor}; this PyTorch has code "
                f"for {', '.join(torch.architectures)} only. Take a build that has code for it.",
                _install("cu128", "2.7.1") if newer else _install("cu118"),
            )
            return


def _wrong_result(machine: Machine) -> Iterator[Finding]:
    """Report a device that fails for a reason that no other cause explains."""
    explained = any(_wrong_gpu(machine))
    for device in machine.torch.devices:
        if device.error and not (explained and device.name.startswith("cuda")):
            yield _error(
                "computation-failed",
                f"在 {device.name} 上做一個 2×2 的矩陣乘法失敗了：{device.error}。"
                "重新開機後仍如此，就重新安裝 PyTorch。",
                f"Multiplying two 2×2 matrices on {device.name} failed: {device.error}. "
                "If it still does after a restart, install PyTorch again.",
                f"python -m pip install --force-reinstall torch=={VERSION}",
            )


def _notes(machine: Machine) -> Iterator[Finding]:
    torch = machine.torch
    if torch.error:
        return
    if len(torch.devices) == 1 and not any(_wrong_gpu(machine)):
        yield _why_no_gpu(machine)
    if not machine.installed_numpy:
        yield _note(
            "numpy-missing",
            "沒有安裝 NumPy：張量照常可用，只有 tensor.numpy() 與 torch.from_numpy() 不行。",
            "NumPy is not installed: tensors work as ever, save tensor.numpy() and "
            "torch.from_numpy().",
            "python -m pip install numpy",
        )
    if not machine.compiler:
        yield _note(
            "no-compiler",
            "找不到 C++ 編譯器：torch.compile 在 CPU 上需要它，其他功能都不受影響。",
            "There is no C++ compiler: torch.compile needs one on a CPU, nothing else does.",
            *_compiler_install(machine),
        )
    if not machine.triton and any(device.capability for device in torch.devices):
        yield _note(
            "no-triton",
            "沒有 Triton：torch.compile 在 GPU 上需要它，其他功能都不受影響。",
            "There is no Triton: torch.compile needs it on a GPU, nothing else does.",
        )


def _why_no_gpu(machine: Machine) -> Finding:
    """Say why ``torch.cuda.is_available()`` is False where that is as it should be."""
    torch = machine.torch
    if machine.system == "Darwin":
        zh = "macOS 的 PyTorch 沒有 CUDA；"
        en = "PyTorch on macOS has no CUDA; "
        if torch.mps_built:
            zh += "這個版本含有 MPS，但要 Apple 晶片與 macOS 12.3 以上才可用。"
            en += "this build has MPS, which needs Apple silicon and macOS 12.3 or newer."
        else:
            zh += "這個版本也不含 MPS。"
            en += "this build has no MPS either."
    elif torch.hip:
        zh = "這是 ROCm 組建，但找不到可用的 AMD GPU。"
        en = "This is a ROCm build, but there is no AMD GPU that it can use."
    elif torch.cuda:
        zh = f"PyTorch 含有 CUDA {torch.cuda}，但這台電腦沒有可用的 NVIDIA GPU，"
        zh += "所以 torch.cuda.is_available() 是 False。"
        en = f"PyTorch has CUDA {torch.cuda}, but this machine has no NVIDIA GPU it can use, so "
        en += "torch.cuda.is_available() is False."
    else:
        zh = "這個組建不含 CUDA，這台電腦也沒有可用的 NVIDIA GPU，"
        zh += "所以 torch.cuda.is_available() 是 False。"
        en = "This build has no CUDA and the machine has no NVIDIA GPU it can use, so "
        en += "torch.cuda.is_available() is False."
    zh += "在 CPU 上一切都能做。"
    en += " Everything works on the CPU."
    if machine.wsl:
        zh += "如果這台電腦有 NVIDIA GPU，把驅動程式裝在 Windows（不要裝在 WSL 裡），再更新 WSL。"
        en += " If this computer does have an NVIDIA GPU, install its driver in Windows, not in "
        en += "WSL, then update WSL."
    return _note("no-gpu", zh, en, *(_driver_install(machine) if machine.wsl else ()))


# -- Cures ----------------------------------------------------------------------------------------


def _install(build: str, version: str = VERSION) -> str:
    index = f"--index-url {WHEELS}/{build}"
    return f"python -m pip install --force-reinstall torch=={version} {index}"


def _new_environment(machine: Machine) -> tuple[str, ...]:
    """Make a virtual environment with a Python that has wheels."""
    if machine.system == "Windows":
        start = ("py -3.12 -m venv .venv", r".venv\Scripts\activate")
    else:
        start = ("python3.12 -m venv .venv", "source .venv/bin/activate")
    return (*start, f"python -m pip install torch=={VERSION}")


def _gpu_build(machine: Machine, driver: Driver) -> tuple[str, ...]:
    """Choose the newest CUDA build that this driver serves, of the installed version if it can."""
    if any(gpu.capability and gpu.capability >= (10, 0) for gpu in driver.gpus):
        return (_install("cu128", "2.7.1"),)  # the first builds with code for these GPUs
    installed = machine.torch.version.partition("+")[0]
    for version in (installed, VERSION):
        for build in reversed(BUILDS.get(_number(version)[:2], ())):
            cuda = _number(_cuda_of(build))
            # Newer than the driver's own CUDA also runs, in a compatibility mode: prefer without.
            fits = not driver.cuda or cuda <= _number(driver.cuda) or cuda[0] == 11
            if fits and _number(driver.version) >= _number(
                _oldest_driver(machine, _cuda_of(build))
            ):
                return (_install(build, version),)
    return ()


def _cuda_of(build: str) -> str:
    """Give the CUDA version of a build's name: ``cu121`` is CUDA 12.1."""
    return f"{build[2:-1]}.{build[-1]}"


def _oldest_driver(machine: Machine, cuda: str) -> str:
    """Name the oldest driver that serves a CUDA version on this system."""
    linux, windows = DRIVERS.get(_number(cuda)[0], DRIVERS[max(DRIVERS)])
    # Under WSL the driver is the one of Windows, and its number too.
    return windows if machine.system == "Windows" or machine.wsl else linux


def _no_driver(machine: Machine) -> Finding:
    zh = "這台電腦有 NVIDIA GPU，但沒有 NVIDIA 驅動程式。"
    en = "This machine has an NVIDIA GPU but no NVIDIA driver."
    if machine.container:
        zh = "這個容器看不到主機的 NVIDIA 驅動程式；啟動容器時要把 GPU 交給它。"
        en = "This container does not see the NVIDIA driver of its host; hand it the GPU at start."
    return _error("no-driver", zh, en, *_driver_install(machine))


def _driver_install(machine: Machine) -> tuple[str, ...]:
    if machine.wsl:
        return ("wsl.exe --update", "wsl.exe --shutdown")
    if machine.system == "Windows":
        return ("start https://www.nvidia.com/drivers",)
    if machine.container:
        return ("docker run --gpus all …",)
    if "ubuntu" in machine.distribution:
        return ("sudo ubuntu-drivers install", "sudo reboot")
    if "debian" in machine.distribution:
        return ("sudo apt install nvidia-driver", "sudo reboot")
    if "arch" in machine.distribution:
        return ("sudo pacman -S nvidia", "sudo reboot")
    return ("xdg-open https://www.nvidia.com/drivers",)


def _compiler_install(machine: Machine) -> tuple[str, ...]:
    if machine.system == "Darwin":
        return ("xcode-select --install",)
    if machine.system == "Windows":
        return ("winget install Microsoft.VisualStudio.2022.BuildTools",)
    if "debian" in machine.distribution:
        return ("sudo apt install g++",)
    if "fedora" in machine.distribution:
        return ("sudo dnf install gcc-c++",)
    return ()


# -- Small helpers --------------------------------------------------------------------------------


def _number(version: str) -> tuple[int, ...]:
    """Read the leading numbers of a version, so that 2.10 is newer than 2.9.

    >>> _number("2.10.1+cu121") > _number("2.9")
    True
    """
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in leading.group().split(".")) if leading else (0,)


def _hides_all(visible: str | None, count: int) -> bool:
    """Say whether a CUDA_VISIBLE_DEVICES leaves none of ``count`` GPUs: it ends at a bad entry.

    >>> _hides_all("", 1), _hides_all("-1", 1), _hides_all("0", 1), _hides_all("3", 2)
    (True, True, False, True)
    """
    if visible is None:
        return False
    first = visible.split(",")[0].strip()
    by_name = first.startswith(("GPU-", "MIG-"))
    return not by_name and not (first.isdecimal() and int(first) < count)


def _has_code(capability: tuple[int, int], architectures: tuple[str, ...]) -> bool:
    """Say whether a build runs on a GPU of this compute capability.

    Machine code (``sm_80``) runs on GPUs of the same major version and the same or a higher minor
    one; intermediate code (``compute_90``) is translated for every newer GPU.

    >>> _has_code((8, 9), ("sm_80",)), _has_code((12, 0), ("sm_80", "sm_90"))
    (True, False)
    """
    for architecture in architectures:
        known = re.fullmatch(r"(sm|compute)_(\d+)(\d)([a-z]?)", architecture)
        if known is None:
            continue
        has = (int(known[2]), int(known[3]))
        if known[4]:  # sm_90a: for that GPU alone
            fits = capability == has
        elif known[1] == "compute":
            fits = capability >= has
        else:
            fits = capability[0] == has[0] and capability[1] >= has[1]
        if fits:
            return True
    return False


def _build(machine: Machine) -> str:
    torch = machine.torch
    if torch.cuda:
        return f"CUDA {torch.cuda}"
    if torch.hip:
        return f"ROCm {torch.hip}"
    return "CPU + MPS" if torch.mps_built else "CPU"


def _mps(machine: Machine) -> tuple[str, str]:
    if machine.torch.mps_available:
        return "可用", "available"
    if machine.torch.mps_built:
        return "版本裡有，這裡不可用", "built, not available here"
    return "版本裡沒有", "not built"


def _texts(zh: str, en: str, lang: Language) -> list[str]:
    return {"zh-TW": [zh], "en": [en], "both": [zh] if zh == en else [zh, en]}[lang]


def _say(pair: tuple[str, str], lang: Language) -> str:
    return " · ".join(_texts(*pair, lang))
