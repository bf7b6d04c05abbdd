"""The doctor, run as a reader runs it on machines that are made up file by file.

Each test writes what the doctor reads: a PyTorch package with its metadata, an ``nvidia-smi`` on
PATH, a PCI tree, environment variables. Python starts without its own site-packages, so nothing
of the machine that runs the tests shows through.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import primer
from primer import _machine
from primer._machine import Driver, Gpu
from primer.doctor import BUILDS, Diagnosis, _gpu_build, _has_code, diagnose

ROOT = Path(primer.__file__).parents[1]

FAKE_TORCH = """
    import warnings

    __version__ = {version!r}
    CUDA, HIP, WORKS, BROKEN, CAPABILITY = {cuda!r}, {hip!r}, {works!r}, {broken!r}, {capability!r}
    if {import_error!r}:
        raise OSError({import_error!r})

    class Named:
        def __init__(self, **names):
            self.__dict__.update(names)

    class Tensor:
        # Nested lists with the two operations that the doctor tries.
        def __init__(self, rows):
            self.rows = rows

        def reshape(self, n, m):
            return Tensor([self.rows[i * m : (i + 1) * m] for i in range(n)])

        def __matmul__(self, other):
            columns = list(zip(*other.rows))
            return Tensor([[sum(a * b for a, b in zip(r, c)) for c in columns] for r in self.rows])

        def sum(self):
            return Named(item=lambda: sum(map(sum, self.rows)) + (1.0 if BROKEN else 0.0))

        def numpy(self):
            if {numpy_error!r}:
                raise RuntimeError({numpy_error!r})
            return self

    def arange(stop, device):
        if device.startswith("cuda") and not WORKS:
            raise RuntimeError("No CUDA GPUs are available")
        return Tensor([float(i) for i in range(int(stop))])

    def available():
        if not WORKS:
            warnings.warn("CUDA initialization: something is wrong")
        return WORKS

    ones = lambda n: Tensor([1.0] * n)
    from_numpy = lambda array: array
    version = Named(cuda=CUDA, hip=HIP)
    cuda = Named(
        is_available=available,
        device_count=lambda: 1 if WORKS else 0,
        get_device_name=lambda index: "NVIDIA Fake",
        get_device_capability=lambda index: CAPABILITY,
        get_arch_list=lambda: {architectures!r},
    )
    backends = Named(mps=Named(is_built=lambda: {mps!r}, is_available=lambda: {mps!r}))
"""
LINUX_DEFAULT = {"version": "2.4.1+cu121", "cuda": "12.1"}  # what pip installs on Linux x86-64
CPU_ONLY = {"version": "2.4.1+cpu", "cuda": None}
RTX = "NVIDIA GeForce RTX 3060, 8.6"


class MadeUp:
    """A machine in a folder."""

    def __init__(self, folder: Path) -> None:
        self.packages, self.bin = folder / "packages", folder / "bin"
        self.pci, self.nvml, self.prelude = folder / "pci", folder / "libnvidia-ml.so.1", ""
        self.packages.mkdir()
        self.bin.mkdir()
        self.pci.mkdir()
        self.environment: dict[str, str] = {}
        self.program("g++", "exit 0")
        self.package("numpy", "2.1.0", "")

    def package(self, name: str, version: str, code: str) -> None:
        (self.packages / name).mkdir(exist_ok=True)
        (self.packages / name / "__init__.py").write_text(textwrap.dedent(code))
        self.metadata(name, version)

    def metadata(self, name: str, version: str, folder: Path | None = None) -> None:
        place = (folder or self.packages) / f"{name}-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )

    def torch(self, version: str, cuda: str | None = None, **facts: object) -> None:
        known = {"hip": None, "works": False, "broken": False, "capability": (8, 6), "mps": False}
        known |= {"architectures": ["sm_50", "sm_80", "sm_86", "sm_90"]}
        known |= {"numpy_error": "", "import_error": ""} | facts
        self.package("torch", version, FAKE_TORCH.format(version=version, cuda=cuda, **known))

    def program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def nvidia_smi(self, driver: str, cuda: str, *gpus: str) -> None:
        banner = f"| NVIDIA-SMI {driver}   Driver Version: {driver}   CUDA Version: {cuda}  |"
        listed = "\n".join(gpus)
        self.program(
            "nvidia-smi", f"case \"$*\" in *query*) echo '{listed}' ;; *) echo '{banner}' ;; esac"
        )

    def nvidia_card(self) -> None:
        card = self.pci / "0000:01:00.0"
        card.mkdir()
        (card / "vendor").write_text("0x10de\n")
        (card / "class").write_text("0x030000\n")

    def reads(self, **answers: object) -> None:
        """Let the standard library say something else about the platform."""
        for name, value in answers.items():
            self.prelude += f"import platform; platform.{name} = lambda: {value!r}\n"

    def doctor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # -S leaves site-packages out; only this folder and primer itself are on the path.
        script = (
            "import pathlib, sys\n"
            f"sys.path[:0] = [{str(self.packages)!r}, {str(ROOT)!r}]\n"
            "from primer import _machine\n"
            f"_machine.PCI = pathlib.Path({str(self.pci)!r})\n"
            f"_machine.NVML = {str(self.nvml)!r}\n"
            "_machine.CONTAINER_MARKS = ()\n"
            f"{self.prelude}"
            "from primer.__main__ import main\n"
            f"sys.exit(main({['doctor', *arguments]!r}))\n"
        )
        return subprocess.run(
            [sys.executable, "-S", "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.packages,
            env={"PATH": str(self.bin), "PYTHONIOENCODING": "utf-8"} | self.environment,
        )

    def findings(self) -> dict[str, dict]:
        """Give the findings by code, after checking that the exit code says the same."""
        done = self.doctor("--json")
        assert done.stderr == ""
        report = json.loads(done.stdout)
        errors = [f for f in report["findings"] if f["level"] == "error"]
        assert report["right"] is (not errors)
        assert done.returncode == (1 if errors else 0)
        return {finding["code"]: finding for finding in report["findings"]}

    def only_error(self) -> dict:
        errors = [f for f in self.findings().values() if f["level"] == "error"]
        assert len(errors) == 1, errors
        return errors[0]


@pytest.fixture
def machine(tmp_path):
    if os.name != "posix":
        pytest.skip("the made-up programs are shell scripts")
    return MadeUp(tmp_path)


# -- Environments that are right ------------------------------------------------------------------


def test_gpu_machine_is_right(machine):
    machine.torch(**LINUX_DEFAULT, works=True)
    machine.package("triton", "3.0.0", "")
    machine.nvidia_smi("535.104.05", "12.2", RTX)
    assert machine.findings() == {}
    report = machine.doctor("--lang", "en").stdout
    assert "535.104.05 (CUDA 12.2)" in report
    assert "CUDA 12.1" in report
    assert "The environment is right." in report


@pytest.mark.parametrize("build", [LINUX_DEFAULT, CPU_ONLY])
def test_cpu_machine_is_right_and_says_why_there_is_no_gpu(machine, build):
    machine.torch(**build)
    findings = machine.findings()
    assert list(findings) == ["no-gpu"]
    assert "torch.cuda.is_available() is False" in findings["no-gpu"]["en"]
    assert "torch.cuda.is_available() 是 False" in findings["no-gpu"]["zh"]


def test_empty_visible_devices_without_a_gpu_is_right(machine):
    machine.torch(**LINUX_DEFAULT)
    machine.environment["CUDA_VISIBLE_DEVICES"] = ""
    assert list(machine.findings()) == ["no-gpu"]


def test_apple_silicon_is_right(machine):
    machine.reads(system="Darwin", machine="arm64")
    machine.torch("2.4.1", mps=True)
    assert machine.findings() == {}
    assert "mps" in machine.doctor().stdout


def test_rocm_is_right(machine):
    machine.torch("2.4.1+rocm6.1", hip="6.1", works=True, architectures=["gfx90a"])
    machine.package("triton", "3.0.0", "")
    assert machine.findings() == {}


def test_card_too_old_for_every_build_is_right_with_the_cpu_build(machine):
    machine.torch(**CPU_ONLY)
    machine.nvidia_smi("470.256.02", "11.4", "Tesla K80, 3.7")
    assert list(machine.findings()) == ["no-gpu"]


def test_notes_do_not_make_it_wrong(machine):
    machine.torch(**CPU_ONLY, numpy_error="Numpy is not available")
    (machine.bin / "g++").unlink()
    for path in (machine.packages / "numpy-2.1.0.dist-info").iterdir():
        path.unlink()
    (machine.packages / "numpy-2.1.0.dist-info").rmdir()
    assert set(machine.findings()) == {"no-gpu", "numpy-missing", "no-compiler"}


def test_wsl_without_driver_gets_a_hint(machine):
    machine.reads(release="5.15.153.1-microsoft-standard-WSL2")
    machine.torch(**LINUX_DEFAULT)
    note = machine.findings()["no-gpu"]
    assert note["commands"] == ["wsl.exe --update", "wsl.exe --shutdown"]
    assert "install its driver in Windows" in note["en"]


# -- Causes ---------------------------------------------------------------------------------------


def test_torch_missing(machine):
    machine.reads(python_version="3.11.9")
    error = machine.only_error()
    assert error["code"] == "torch-missing"
    assert error["commands"] == ["python -m pip install torch==2.4.1"]
    assert sys.executable in error["en"]


def test_python_too_new(machine):
    machine.reads(python_version="3.13.1")
    error = machine.only_error()
    assert error["code"] == "python-too-new"
    assert error["commands"][0] == "python3.12 -m venv .venv"
    machine.reads(system="Windows")
    assert machine.only_error()["commands"][0] == "py -3.12 -m venv .venv"


def test_new_python_with_its_own_torch_is_right(machine):
    machine.reads(python_version="3.13.1")
    machine.torch("2.9.0+cpu")
    assert list(machine.findings()) == ["no-gpu"]


def test_torch_cannot_be_imported(machine):
    machine.torch(**CPU_ONLY, import_error="libcudnn.so.9: cannot open shared object file")
    error = machine.only_error()
    assert error["code"] == "torch-broken"
    assert "libcudnn.so.9" in error["en"]
    assert "--force-reinstall" in error["commands"][-1]


def test_missing_dll_on_windows_names_the_runtime(machine):
    machine.reads(system="Windows")
    machine.torch(**CPU_ONLY, import_error="[WinError 126] Error loading fbgemm.dll")
    assert "VCRedist" in machine.only_error()["commands"][0]


def test_file_of_the_readers_shadows_torch(machine):
    (machine.packages / "torch.py").write_text("print('my first program')")
    error = machine.only_error()
    assert error["code"] == "torch-shadowed"
    assert "torch.py" in error["commands"][0]


def test_folder_shadows_torch(machine):
    (machine.packages / "torch").mkdir()
    assert machine.only_error()["code"] == "torch-shadowed"


def test_torch_too_old(machine):
    machine.torch("2.3.1+cpu")
    error = machine.only_error()
    assert error["code"] == "torch-too-old"
    assert error["commands"] == ["python -m pip install --upgrade torch==2.4.1"]


def test_cpu_build_on_a_gpu_machine(machine):
    machine.torch(**CPU_ONLY)
    machine.nvidia_smi("535.104.05", "12.2", RTX)
    error = machine.only_error()
    assert error["code"] == "cpu-build"
    assert "RTX 3060" in error["zh"]
    assert error["commands"] == [
        "python -m pip install --force-reinstall torch==2.4.1 "
        "--index-url https://download.pytorch.org/whl/cu121"
    ]


def test_no_driver(machine):
    machine.torch(**LINUX_DEFAULT)
    machine.nvidia_card()
    machine.reads(freedesktop_os_release={"ID": "ubuntu", "ID_LIKE": "debian"})
    error = machine.only_error()
    assert error["code"] == "no-driver"
    assert error["commands"] == ["sudo ubuntu-drivers install", "sudo reboot"]


def test_container_without_its_hosts_gpu(machine):
    machine.torch(**LINUX_DEFAULT)
    machine.nvidia_card()
    machine.prelude += f"_machine.CONTAINER_MARKS = (pathlib.Path({str(machine.pci)!r}),)\n"
    assert "--gpus all" in machine.only_error()["commands"][0]


@pytest.mark.parametrize(
    "script",
    [
        "echo 'NVIDIA-SMI has failed because it could not communicate with the driver.'; exit 9",
        "exit 12",
    ],
)
def test_driver_does_not_answer(machine, script):
    machine.torch(**LINUX_DEFAULT)
    machine.program("nvidia-smi", script)
    error = machine.only_error()
    assert error["code"] == "driver-broken"
    assert error["commands"]


def test_driver_hangs(machine):
    machine.torch(**LINUX_DEFAULT)
    machine.program("nvidia-smi", "exec /bin/sleep 60")
    machine.prelude += "_machine.SECONDS = 0.2\n"
    error = machine.only_error()
    assert error["code"] == "driver-broken"
    assert "no answer" in error["en"]


@pytest.mark.parametrize(
    ("driver", "cuda", "command"),
    [
        ("470.256.02", "11.4", "whl/cu118"),  # serves CUDA 11, not 12
        ("440.33.01", "10.2", "reboot"),  # serves neither: a new driver
    ],
)
def test_driver_too_old(machine, driver, cuda, command):
    machine.reads(freedesktop_os_release={"ID": "debian"})
    machine.torch(**LINUX_DEFAULT)
    machine.nvidia_smi(driver, cuda, RTX)
    error = machine.only_error()
    assert error["code"] == "driver-too-old"
    assert "525.60.13" in error["en"]
    assert command in error["commands"][-1]


@pytest.mark.parametrize(("wsl", "right"), [(True, False), (False, True)])
def test_wsl_has_the_driver_of_windows_and_its_numbers(machine, wsl, right):
    machine.reads(release="5.15.153.1-microsoft-standard-WSL2" if wsl else "6.1.0-amd64")
    machine.torch(**LINUX_DEFAULT, works=True)
    machine.nvidia_smi("526.86", "12.0", RTX)  # new enough for Linux, too old for Windows
    assert ("driver-too-old" not in machine.findings()) is right


@pytest.mark.parametrize("hidden", ["", "-1", "1", "none"])
def test_devices_hidden(machine, hidden):
    machine.torch(**LINUX_DEFAULT)
    machine.nvidia_smi("535.104.05", "12.2", RTX)
    machine.environment["CUDA_VISIBLE_DEVICES"] = hidden
    error = machine.only_error()
    assert error["code"] == "devices-hidden"
    assert error["commands"] == ["unset CUDA_VISIBLE_DEVICES"]


def test_gpu_unreachable_for_a_reason_of_its_own(machine):
    machine.torch(**LINUX_DEFAULT)
    machine.nvidia_smi("535.104.05", "12.2", RTX)
    machine.environment["CUDA_VISIBLE_DEVICES"] = "0"
    error = machine.only_error()
    assert error["code"] == "gpu-unreachable"
    assert "No CUDA GPUs are available" in error["en"]


@pytest.mark.parametrize(
    ("capability", "command"),
    [
        ((12, 0), "torch==2.7.1 --index-url https://download.pytorch.org/whl/cu128"),
        ((7, 0), "torch==2.4.1 --index-url https://download.pytorch.org/whl/cu118"),
    ],
)
def test_gpu_without_code_in_this_build(machine, capability, command):
    machine.torch(**LINUX_DEFAULT, works=True, capability=capability)
    machine.nvidia_smi("570.86.10", "12.8", f"NVIDIA Fake, {capability[0]}.{capability[1]}")
    error = machine.only_error()
    assert error["code"] == "gpu-unsupported"
    assert f"{capability[0]}.{capability[1]}" in error["zh"]
    assert error["commands"][0].endswith(command)


def test_gpu_too_old_for_every_build(machine):
    machine.torch(**LINUX_DEFAULT)
    machine.nvidia_smi("470.256.02", "11.4", "Tesla K80, 3.7")
    error = machine.only_error()
    assert error["code"] == "gpu-unsupported"
    assert error["commands"][0].endswith("whl/cpu")


def test_intel_mac(machine):
    machine.reads(system="Darwin", machine="x86_64")
    error = machine.only_error()
    assert error["code"] == "intel-mac"
    assert "conda-forge" in error["commands"][0]
    machine.torch("2.4.1", mps=False)  # conda-forge's
    assert list(machine.findings()) == ["no-gpu"]


def test_rosetta(machine):
    machine.reads(system="Darwin", machine="x86_64")
    machine.program("sysctl", 'test "$*" = "-n sysctl.proc_translated" && echo 1')
    error = machine.only_error()
    assert error["code"] == "rosetta"
    assert "macos-aarch64" in error["commands"][1]


def test_32_bit_python(machine):
    machine.prelude += "sys.maxsize = 2**31 - 1\n"
    assert machine.only_error()["code"] == "python-32-bit"


def test_two_torch_installs(machine, tmp_path):
    machine.torch(**CPU_ONLY)
    machine.metadata("torch", "2.3.0")
    error = machine.only_error()
    assert error["code"] == "two-torch"
    assert error["commands"] == [
        "python -m pip uninstall -y torch",
        "python -m pip uninstall -y torch",
        "python -m pip install torch==2.4.1",
    ]
    assert "2.3.0" in error["en"]


def test_two_torch_installs_in_two_folders(machine, tmp_path):
    machine.torch(**CPU_ONLY)
    machine.metadata("torch", "2.4.1+cpu", tmp_path / "other")
    machine.prelude += f"sys.path.append({str(tmp_path / 'other')!r})\n"
    assert machine.only_error()["code"] == "two-torch"


def test_one_folder_twice_on_the_path_is_one_torch(machine):
    machine.torch(**CPU_ONLY)
    machine.prelude += f"sys.path.append({str(machine.packages)!r})\n"
    assert list(machine.findings()) == ["no-gpu"]


def test_numpy_2_against_an_old_torch(machine):
    machine.torch("2.2.2+cpu", numpy_error="Numpy is not available")
    findings = machine.findings()
    assert findings["numpy-2"]["commands"] == ['python -m pip install "numpy<2"']
    assert "torch-too-old" in findings


def test_numpy_broken_otherwise(machine):
    machine.torch(**CPU_ONLY, numpy_error="Numpy is not available")
    assert machine.only_error()["code"] == "numpy-broken"


def test_device_that_computes_wrong(machine):
    machine.torch(**CPU_ONLY, broken=True)
    error = machine.only_error()
    assert error["code"] == "computation-failed"
    assert "23.0, not 22" in error["en"]


# -- The driver's library, where nvidia-smi is missing or too old to say all ----------------------

FAKE_NVML = """
    #include <stdio.h>
    #include <string.h>
    int nvmlInit_v2(void) { return 0; }
    int nvmlShutdown(void) { return 0; }
    int nvmlSystemGetDriverVersion(char *t, unsigned n) { strncpy(t, "470.256.02", n); return 0; }
    int nvmlSystemGetCudaDriverVersion(int *v) { *v = 11040; return 0; }
    int nvmlDeviceGetCount_v2(unsigned *n) { *n = 2; return 0; }
    int nvmlDeviceGetHandleByIndex_v2(unsigned i, long *d) { *d = i + 1; return 0; }
    int nvmlDeviceGetName(long d, char *t, unsigned n) { snprintf(t, n, "GPU %ld", d); return 0; }
    int nvmlDeviceGetCudaComputeCapability(void *d, int *a, int *b) { *a = 3; *b = 7; return 0; }
"""


@pytest.mark.parametrize("smi", [False, True])
def test_nvml(machine, tmp_path, smi):
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler to make a driver library")
    source = tmp_path / "nvml.c"
    source.write_text(FAKE_NVML)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", machine.nvml, source], check=True)
    if smi:  # an old one that does not know compute_cap
        machine.program(
            "nvidia-smi",
            'case "$*" in *compute_cap*) exit 2 ;; *query*) echo "GPU 1" ;;'
            ' *) echo "Driver Version: 470.256.02  CUDA Version: 11.4" ;; esac',
        )
    machine.torch(**CPU_ONLY)
    driver = json.loads(machine.doctor("--json").stdout)["machine"]["driver"]
    assert driver["version"] == "470.256.02"
    assert driver["cuda"] == "11.4"
    assert [gpu["name"] for gpu in driver["gpus"]] == ["GPU 1", "GPU 2"]
    assert driver["gpus"][0]["capability"] == [3, 7]
    assert machine.findings()["no-gpu"]  # a Kepler card and the CPU build: right


def test_windows_lists_its_adapters(monkeypatch):
    """A stand-in for user32 that fills the structure as Windows describes it."""
    adapters = [
        ("Intel(R) UHD Graphics", r"PCI\VEN_8086&DEV_9A60"),
        ("Microsoft Basic Display Adapter", r"PCI\VEN_10DE&DEV_2504&SUBSYS_397D1462"),
        ("Microsoft Basic Display Adapter", r"PCI\VEN_10DE&DEV_2504&SUBSYS_397D1462"),
    ]

    class User32:
        def EnumDisplayDevicesW(self, device, index, reference, flags):
            adapter = reference._obj
            # 840 bytes on Windows, where a wide character takes two
            assert adapter.cb == 8 + (32 + 128 * 3) * ctypes.sizeof(ctypes.c_wchar)
            if index >= len(adapters):
                return 0
            adapter.text, adapter.id = adapters[index]
            return 1

    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(user32=User32()), raising=False)
    assert _machine._nvidia_hardware("Windows") == ("Microsoft Basic Display Adapter",)


# -- Rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "architectures", "runs"),
    [
        ((8, 0), ("sm_80",), True),
        ((8, 9), ("sm_80", "sm_86"), True),
        ((8, 0), ("sm_86",), False),  # a lower minor version
        ((9, 0), ("sm_80", "sm_86"), False),  # another major version
        ((9, 0), ("sm_80", "compute_80"), True),  # translated
        ((7, 5), ("compute_80",), False),
        ((9, 0), ("sm_90a",), True),
        ((10, 0), ("sm_90", "sm_90a"), False),
        ((12, 0), ("sm_90", "sm_100", "sm_120"), True),
        ((8, 0), ("gfx90a",), False),
    ],
)
def test_compute_capability(capability, architectures, runs):
    assert _has_code(capability, architectures) is runs


@pytest.mark.parametrize(
    ("version", "driver", "cuda", "build"),
    [
        ("2.4.1+cpu", "525.60.13", "12.0", "torch==2.4.1 --index-url {}/cu118"),
        ("2.4.1+cpu", "530.30.02", "12.1", "torch==2.4.1 --index-url {}/cu121"),
        ("2.4.1+cpu", "550.54.14", "12.4", "torch==2.4.1 --index-url {}/cu124"),
        ("2.4.1+cpu", "580.65.06", "13.0", "torch==2.4.1 --index-url {}/cu124"),
        ("2.9.1+cpu", "580.65.06", "13.0", "torch==2.9.1 --index-url {}/cu130"),
        ("2.8.0+cpu", "470.256.02", "11.4", "torch==2.4.1 --index-url {}/cu118"),
        ("9.9.9", "550.54.14", "12.4", "torch==2.4.1 --index-url {}/cu124"),
    ],
)
def test_build_for_a_driver(version, driver, cuda, build):
    here = _machine.read()
    there = replace(here, wsl=False, torch=replace(here.torch, version=version))
    (command,) = _gpu_build(there, Driver(driver, cuda, (Gpu("Fake", (8, 6)),)))
    assert command.endswith(build.format("https://download.pytorch.org/whl"))


def test_table_of_builds_is_in_order():
    for builds in BUILDS.values():
        assert list(builds) == sorted(builds, key=lambda build: int(build[2:]))


# -- The report -----------------------------------------------------------------------------------


def test_report_in_one_language_or_both(machine):
    machine.reads(python_version="3.11.9")
    zh, en, both = (machine.doctor("--lang", lang).stdout for lang in ("zh-TW", "en", "both"))
    assert "這個 Python" in zh
    assert "This Python" not in zh
    assert "This Python" in en
    assert not any("\u4e00" <= character <= "\u9fff" for character in en)
    assert "這個 Python" in both
    assert "This Python" in both


def test_report_columns_line_up(machine):
    from primer._table import width

    machine.torch(**CPU_ONLY)
    facts = machine.doctor().stdout.split("\n\n")[0].splitlines()
    cells = [line.split("  ", 1) for line in facts]
    starts = {
        width(line) - width(cell[1].lstrip()) for line, cell in zip(facts, cells, strict=True)
    }
    assert len(starts) == 1


def test_this_machine():
    diagnosis = diagnose()
    assert isinstance(diagnosis, Diagnosis)
    torch = diagnosis.machine.torch
    assert torch.error == ""
    assert torch.devices[0].name == "cpu"
    assert torch.devices[0].error == ""
    assert torch.numpy_error == ""
    assert "PyTorch" in repr(diagnosis)
    assert json.loads(diagnosis.to_json())["right"] is diagnosis.right


def test_unknown_language():
    with pytest.raises(ValueError, match="got 'fr'"):
        diagnose().report("fr")
