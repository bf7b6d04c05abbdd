"""What the doctor reads: facts about this machine, with no judgement and no need of PyTorch.

Every reading that can fail is allowed to: a missing tool, a driver that hangs or an import that
raises becomes a fact (``None`` or the error's text), never an exception.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SECONDS = 10  # the longest we wait for another program
PCI = Path("/sys/bus/pci/devices")  # Linux lists its hardware here, with or without a driver
NVML = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"  # the driver's library
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))  # of Docker and Podman


@dataclass(frozen=True)
class Gpu:
    """An NVIDIA GPU as the driver sees it; ``capability`` is ``None`` where it does not say."""

    name: str
    capability: tuple[int, int] | None


@dataclass(frozen=True)
class Driver:
    """The NVIDIA driver: its version, the newest CUDA it serves, its GPUs, or why it failed."""

    version: str = ""
    cuda: str = ""
    gpus: tuple[Gpu, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Device:
    """A device that PyTorch offers; ``error`` is empty when a small computation came out right."""

    name: str
    model: str = ""
    capability: tuple[int, int] | None = None
    error: str = ""


@dataclass(frozen=True)
class Torch:
    """The PyTorch that Python imports, or, in ``error``, why it cannot.

    ``gpu_error`` holds PyTorch's own words for why a GPU build finds no GPU; ``shadow`` the file
    or folder that Python takes for PyTorch instead of the real one.
    """

    version: str = ""
    cuda: str | None = None
    hip: str | None = None
    mps_built: bool = False
    mps_available: bool = False
    devices: tuple[Device, ...] = ()
    architectures: tuple[str, ...] = ()
    gpu_error: str = ""
    numpy_error: str = ""
    error: str = ""
    missing: bool = False
    shadow: str = ""


@dataclass(frozen=True)
class Machine:
    """All readings together."""

    system: str
    architecture: str
    python: str
    executable: str
    bits: int
    distribution: str
    rosetta: bool
    wsl: bool
    container: bool
    nvidia_hardware: tuple[str, ...]
    driver: Driver | None
    visible_devices: str | None
    installed_torch: tuple[str, ...]
    installed_numpy: str
    compiler: str
    triton: bool
    torch: Torch


def read() -> Machine:
    """Read everything the doctor needs to know about this machine.

    Returns
    -------
    Machine
        The readings, exactly as found.

    Examples
    --------
    >>> read().bits in (32, 64)
    True
    """
    system = platform.system()
    numpy = [d.version for d in metadata.distributions(name="numpy")]
    return Machine(
        system=system,
        architecture=platform.machine(),
        python=platform.python_version(),
        executable=sys.executable,
        bits=64 if sys.maxsize > 2**32 else 32,
        distribution=_distribution(),
        rosetta=system == "Darwin" and _output("sysctl", "-n", "sysctl.proc_translated") == "1",
        wsl=system == "Linux" and "microsoft" in platform.release().lower(),
        container=any(mark.exists() for mark in CONTAINER_MARKS),
        nvidia_hardware=_nvidia_hardware(system),
        driver=_driver(),
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        installed_torch=_installed_torch(),
        installed_numpy=numpy[0] if numpy else "",
        compiler=_compiler(system),
        triton=find_spec("triton") is not None,  # writes torch.compile's GPU code
        torch=_torch(),
    )


def _output(*command: str) -> str | None:
    """Give what a program prints, or ``None`` where it is missing, fails or hangs."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _distribution() -> str:
    """Name the family of a Linux distribution, such as ``ubuntu debian`` or ``fedora``."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".strip()


def _compiler(system: str) -> str:
    """Find the C++ compiler that ``torch.compile`` would call."""
    candidates = ("cl",) if system == "Windows" else ("g++", "clang++", "c++")
    named = os.environ.get("CXX", "")
    return next((name for name in (named, *candidates) if name and shutil.which(name)), "")


def _installed_torch() -> tuple[str, ...]:
    """List every PyTorch that is installed on ``sys.path``: more than one is a trap."""
    copies = metadata.distributions(name="torch")
    # A folder may stand on sys.path twice, once as "", and then lists its packages twice.
    found = dict.fromkeys((d.version, Path(str(d.locate_file(""))).resolve()) for d in copies)
    return tuple(f"{version} ({folder})" for version, folder in found)


# -- NVIDIA: the hardware, then the driver ------------------------------------------------------


def _nvidia_hardware(system: str) -> tuple[str, ...]:
    """List the bus addresses or names of NVIDIA graphics cards, even those without a driver."""
    try:
        if system == "Windows":
            return _windows_adapters()
        return tuple(
            device.name
            for device in sorted(PCI.iterdir())
            if (device / "vendor").read_text().strip() == "0x10de"
            and (device / "class").read_text().startswith("0x03")  # display controllers
        )
    except (OSError, AttributeError):
        return ()


def _windows_adapters() -> tuple[str, ...]:
    """Ask Windows for its display adapters and keep those with NVIDIA's vendor number."""

    class Adapter(ctypes.Structure):  # DISPLAY_DEVICEW
        _fields_ = (
            ("cb", ctypes.c_uint32),
            ("name", ctypes.c_wchar * 32),
            ("text", ctypes.c_wchar * 128),
            ("flags", ctypes.c_uint32),
            ("id", ctypes.c_wchar * 128),
            ("key", ctypes.c_wchar * 128),
        )

    user32: Any = getattr(ctypes, "windll").user32  # noqa: B009 (absent on other systems)
    found: dict[str, str] = {}
    adapter = Adapter(cb=ctypes.sizeof(Adapter))
    index = 0
    while user32.EnumDisplayDevicesW(None, index, ctypes.byref(adapter), 0):
        if "VEN_10DE" in adapter.id.upper():
            found[adapter.id] = adapter.text
        index += 1
    return tuple(found.values())


def _driver() -> Driver | None:
    """Ask nvidia-smi, and where it is missing or says too little, the driver's library."""
    smi = _nvidia_smi()
    if smi and not smi.error and all(gpu.capability for gpu in smi.gpus):
        return smi
    try:
        return _nvml(ctypes.CDLL(NVML)) or smi
    except (OSError, AttributeError):
        return smi


def _nvidia_smi() -> Driver | None:
    wsl = Path("/usr/lib/wsl/lib/nvidia-smi")  # not always on PATH
    command = shutil.which("nvidia-smi") or (str(wsl) if wsl.exists() else None)
    if command is None:
        return None
    try:
        banner = subprocess.run(
            [command], capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return Driver(error=f"nvidia-smi: no answer in {SECONDS} s")
    except OSError as error:
        return Driver(error=f"nvidia-smi: {error}")
    if banner.returncode != 0 or "Driver Version:" not in banner.stdout:
        text = (banner.stdout + banner.stderr).strip()
        return Driver(error=text or f"nvidia-smi: exit code {banner.returncode}")
    query = [command, "--format=csv,noheader", "--query-gpu"]
    names = _output(*query[:2], f"{query[2]}=name,compute_cap")
    if names is None:  # drivers before 510 do not know compute_cap
        names = _output(*query[:2], f"{query[2]}=name") or ""
    return Driver(
        version=_after("Driver Version:", banner.stdout),
        cuda=_after("CUDA Version:", banner.stdout),
        gpus=tuple(_gpu(line) for line in names.splitlines() if line.strip()),
    )


def _after(label: str, text: str) -> str:
    words = text.partition(label)[2].split()
    return words[0] if words else ""


def _gpu(line: str) -> Gpu:
    name, _, capability = line.partition(",")
    major, _, minor = capability.strip().partition(".")
    known = major.isdecimal() and minor.isdecimal()
    return Gpu(name.strip(), (int(major), int(minor)) if known else None)


def _nvml(library: Any) -> Driver | None:
    """Ask the driver's own library (NVML), which nvidia-smi itself stands on."""
    if library.nvmlInit_v2() != 0:
        return None
    try:
        text = ctypes.create_string_buffer(96)
        number, count = ctypes.c_int(), ctypes.c_uint()
        library.nvmlSystemGetDriverVersion(text, ctypes.c_uint(96))
        version = text.value.decode()
        library.nvmlSystemGetCudaDriverVersion(ctypes.byref(number))
        cuda = f"{number.value // 1000}.{number.value % 1000 // 10}"  # 12020 means 12.2
        library.nvmlDeviceGetCount_v2(ctypes.byref(count))
        gpus = []
        for index in range(count.value):
            handle, major, minor = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
            library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle))
            library.nvmlDeviceGetName(handle, text, ctypes.c_uint(96))
            library.nvmlDeviceGetCudaComputeCapability(
                handle, ctypes.byref(major), ctypes.byref(minor)
            )
            capability = (major.value, minor.value) if major.value else None
            gpus.append(Gpu(text.value.decode(errors="replace"), capability))
        return Driver(version, cuda, tuple(gpus))
    finally:
        library.nvmlShutdown()


# -- PyTorch ------------------------------------------------------------------------------------


def _torch() -> Torch:
    spec = find_spec("torch")
    if spec is None:
        return Torch(error="ModuleNotFoundError: No module named 'torch'", missing=True)
    if Path(spec.origin or "").name != "__init__.py":  # torch.py, or a folder without code
        shadow = spec.origin or ", ".join(spec.submodule_search_locations or [])
        return Torch(error=f"ImportError: {shadow} is not PyTorch", shadow=shadow)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say is in the readings
        try:
            torch: Any = importlib.import_module("torch")
        except Exception as error:  # a broken wheel may raise anything
            return Torch(error=f"{type(error).__name__}: {error}")
        gpu = torch.cuda.is_available()
        return Torch(
            version=str(torch.__version__),
            cuda=torch.version.cuda,
            hip=torch.version.hip,
            mps_built=torch.backends.mps.is_built(),
            mps_available=torch.backends.mps.is_available(),
            devices=tuple(_devices(torch)),
            architectures=tuple(torch.cuda.get_arch_list()) if gpu else (),
            gpu_error=""
            if gpu or not (torch.version.cuda or torch.version.hip)
            else _compute(torch, "cuda"),
            numpy_error=_attempt(lambda: torch.from_numpy(torch.ones(2).numpy())),
        )


def _devices(torch: Any) -> Iterator[Device]:
    yield Device("cpu", error=_compute(torch, "cpu"))
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            name = f"cuda:{index}"
            model = torch.cuda.get_device_name(index)
            capability = torch.cuda.get_device_capability(index)
            yield Device(name, model, capability, _compute(torch, name))
    if torch.backends.mps.is_available():
        yield Device("mps", error=_compute(torch, "mps"))
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        yield Device("xpu", error=_compute(torch, "xpu"))


def _compute(torch: Any, device: str) -> str:
    """Square [[0, 1], [2, 3]] and add up; the sum, 2 + 3 + 6 + 11, is known beforehand."""

    def square() -> None:
        matrix = torch.arange(4.0, device=device).reshape(2, 2)
        total = (matrix @ matrix).sum().item()
        if total != 22.0:
            raise ArithmeticError(f"[[0, 1], [2, 3]] squared sums to {total}, not 22")

    return _attempt(square)


def _attempt(call: Callable[[], object]) -> str:
    """Give the text of the exception that a call raises, or an empty text."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return ""
