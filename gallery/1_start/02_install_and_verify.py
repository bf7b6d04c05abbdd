"""
安裝與確認：裝到的是哪一種 PyTorch · Install and verify: which PyTorch did you get?
===================================================================================

裝 PyTorch 只要一行，裝錯了卻不會報錯：程式照樣跑，只是 GPU 一直閒著。這一課教你看出裝到了什麼。

Installing PyTorch takes one line, and a wrong install raises no error: everything runs while the
GPU sits idle. In this lesson you learn to tell what you got.

.. mermaid::

   flowchart TD
     accTitle: 誰決定裝到哪一種組建 · What decides which build you get
     accDescr {
       沒有指定索引，就由平台決定；指定了，就由索引決定。GPU 從頭到尾沒有說話的份。 ·
       Without an index address the platform decides; with one, the index does. The GPU has no say.
     }
     P["pip install torch==2.4.1"] --> I{"有指定索引嗎 · an index given?"}
     I -->|"沒有 · no"| S["看平台 · by platform"]
     I -->|"有 · yes"| X["看索引 · by index"]
     S --> B["組建 · build"]
     X --> B
     G["GPU"] -.-x|"沒人問它 · nobody asks it"| P

讀完這一課，你能從版本號讀出組建；能說出 ``cuda.is_available()`` 為什麼是 ``False``；
也能用 ``primer doctor`` 檢查任何一台電腦，包括 Colab 和 Mac。

After this lesson you can read the build off the version, say why ``cuda.is_available()`` is
``False``, and check any computer with ``primer doctor``, Colab and a Mac among them.

先備課程：:doc:`/lessons/1_start/01_supervised_learning`。時間：約 15 分鐘。

Lessons needed: :doc:`/lessons/1_start/01_supervised_learning`. Time: about 15 minutes.
"""

# %%
# PyTorch 是什麼 · What PyTorch is
# --------------------------------
#
# PyTorch 是開源的 Python 函式庫，專門做:term:`神經網路`。它給你三樣東西：
# 像 NumPy 陣列的:term:`張量`，替你算梯度的:term:`自動微分`，以及讓這兩樣在 GPU 上跑得飛快的程式。
# 名字來自更早的科學計算框架 Torch，那是給 Lua 語言用的。
#
# PyTorch is an open-source Python library for :term:`neural networks <neural network>`. It has
# three things for you: :term:`tensors <tensor>`, which resemble NumPy arrays;
# :term:`automatic differentiation`, which works out gradients; and the code that makes both fast on
# a GPU. The name comes from Torch, an earlier framework for scientific computing in the language
# Lua.
#
# 裝到電腦裡的是編譯好的程式，編譯給哪一種硬體，就叫哪一種組建（build）：只用 CPU 的、
# 給 NVIDIA GPU 的 CUDA 版（有好幾個版本）、給 AMD 的 ROCm 版、給 Apple 晶片的 MPS 版。
# GPU 用不用得到，先看裝到哪一種。
#
# What you install is compiled code, and a *build* is compiled for one kind of hardware: for the CPU
# only, for a certain version of CUDA (NVIDIA GPUs), for ROCm (AMD), or for MPS (Apple silicon).
# Whether you can use a GPU depends first on which build you got.

# %%
# 版本號分兩半 · A version has two halves
# ---------------------------------------
#
# 還沒裝好的話，先照 :doc:`/install` 挑一行來執行，再回來。這一課還要用到 ``primer``：
# 把本課 ZIP 解壓縮，在那個資料夾執行 ``pip install -r requirements.txt``。
# 裝好了，第一件事是看版本。
#
# Not installed yet? Pick your line from :doc:`/install`, run it and come back. This lesson also
# needs ``primer``: unpack the lesson ZIP and run ``pip install -r requirements.txt`` in its folder.
# Once PyTorch is there, the first thing to look at is its version.

# sphinx_gallery_thumbnail_number = 1
import torch

print(torch.__version__)  # 依機器而異 · depends on the machine

# %%
# 加號前面是 PyTorch 的版本，後面是組建：``+cu121`` 附了 CUDA 12.1 的函式庫，
# ``+cpu`` 只會用 CPU，macOS 沒有加號。所以 ``pip install torch==2.4.1`` 固定的只是前半，
# 挑不了 CUDA；要挑 CUDA，得用 ``--index-url`` 指定索引，也就是 pip 去哪個網址拿安裝檔。
#
# Before the plus sign stands PyTorch's version, after it the build: ``+cu121`` carries the
# libraries of CUDA 12.1, ``+cpu`` uses the CPU only, and macOS has no plus. So
# ``pip install torch==2.4.1`` fixes the first half only. To choose a CUDA, name an index with
# ``--index-url``: the address where pip fetches packages.

# %%
# pip 不看你的 GPU · pip never looks at your GPU
# ----------------------------------------------
#
# **先猜猜看**：同學的 Windows 筆電有一張 RTX 4060，他執行 ``pip install torch==2.4.1``。
# GPU 用得到嗎？
#
# **Guess first**: a classmate's Windows laptop has an RTX 4060, and he runs
# ``pip install torch==2.4.1``. Can he use the GPU?
#
# 用不到。pip 只看作業系統和處理器：Linux x86-64 拿到 CUDA 12.1 的版本，沒有 GPU 也照樣下載 2.7 GB；
# Windows 拿到 CPU 版，有 GPU 也一樣。
#
# He cannot. pip looks at the system and the processor only. Linux x86-64 gets the CUDA 12.1 build,
# all 2.7 GB of it, even without a GPU; Windows gets a CPU build even with one.

import matplotlib.pyplot as plt

platforms = ["Linux x86-64", "Windows", "Linux aarch64", "Mac, Apple silicon"]
gigabytes = [2.7, 0.2, 0.1, 0.1]
builds = ["CUDA 12.1, GPU or not", "CPU, GPU or not", "CPU", "CPU and MPS"]

fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
bars = ax.barh(platforms, gigabytes, color=["#c65d00", "#1f5f99", "#1f5f99", "#1f5f99"])
ax.bar_label(bars, builds, padding=6, fontsize=12)
ax.invert_yaxis()
ax.set(xlim=(0, 4.2), xlabel="download (GB)", title="pip install torch==2.4.1")
ax.tick_params(labelsize=12)
fig.set_label(
    "同一行指令，四個平台拿到的東西 · What one command brings on four platforms\n"
    "長條圖：Linux x86-64 下載 2.7 GB 的 CUDA 12.1 版；Windows、Linux aarch64 和 Mac "
    "下載的都在 0.2 GB 以內，不含 CUDA。 · "
    "Bar chart: Linux x86-64 downloads 2.7 GB with CUDA 12.1; Windows, Linux aarch64 and the Mac "
    "download 0.2 GB or less, without CUDA."
)
plt.show()

# %%
# 能不能用，問 PyTorch · Ask PyTorch what it can use
# --------------------------------------------------
#
# 組建只是一半，另一半是:term:`驅動程式`和 GPU 本身。NVIDIA 的 GPU 問 ``cuda``，
# Apple 晶片的問 ``mps``。
#
# The build is one half; the :term:`driver` and the GPU itself are the other. Ask ``cuda`` about an
# NVIDIA GPU, and ``mps`` about Apple silicon.

print("cuda", torch.cuda.is_available())  # 依機器而異 · depends on the machine
print("mps built    ", torch.backends.mps.is_built())  # 依機器而異 · depends on the machine
print("mps available", torch.backends.mps.is_available())  # 依機器而異 · depends on the machine

# %%
# Mac 的 ``cuda`` 永遠是 ``False``，那不是錯。``mps`` 兩行都是 ``True`` 才能用。
# Apple 晶片的 Mac 若連 ``is_built()`` 都是 ``False``，通常是裝到 Intel 版的 Python，
# 正透過 Rosetta 執行：換成 arm64 的 Python。
#
# On a Mac ``cuda`` is always ``False``, and nothing is wrong. To use ``mps``, both lines must say
# ``True``. If even ``is_built()`` is ``False`` on Apple silicon, Python is usually an Intel one
# that runs through Rosetta: install an arm64 Python.
#
# 挑一個能用的:term:`裝置`，算一次答案已知的:term:`矩陣乘法`。算對了，才是真的能用。
#
# Take a :term:`device` that is available and try a :term:`matrix multiplication` whose result you
# know. Only a right answer shows that it works.

device = "cpu"
if torch.cuda.is_available():
    device = "cuda"
elif torch.backends.mps.is_available():
    device = "mps"

a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
b = torch.tensor([[5.0, 6.0], [7.0, 8.0]], device=device)
print((a @ b).tolist())

# %%
# 失敗：要一個沒有的 GPU · A failure: asking for a GPU that is not there
# ----------------------------------------------------------------------
#
# 網路上的程式常直接寫 ``"cuda"``。我們要第 99 個 GPU，保證每台電腦都失敗。
#
# Programs found on the web often just say ``"cuda"``. We ask for GPU number 99, so that it fails on
# every computer.

try:
    torch.ones(1, device="cuda:99")
except (RuntimeError, AssertionError) as error:
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    print(said)  # 依機器而異 · depends on the machine

# %%
# 同一個錯，訊息隨組建而不同，所以訊息本身就是線索：
#
# One mistake, but the message depends on the build, which makes it a clue:
#
# - ``Torch not compiled with CUDA enabled``：裝到的不是 CUDA 版。換組建。
#
#   ``Torch not compiled with CUDA enabled``: this is no CUDA build. Take another build.
#
# - ``Found no NVIDIA driver on your system``：是 CUDA 版，但沒有驅動程式或 GPU。
#   裝驅動程式，或改用 CPU。
#
#   ``Found no NVIDIA driver on your system``: a CUDA build, but no driver or no GPU. Install the
#   driver, or use the CPU.
#
# - ``invalid device ordinal``：GPU 能用，只是沒有這一號。編號從 0 數起。
#
#   ``invalid device ordinal``: the GPU works, but there is none of this number. Count from 0.
#
# 解法：不要寫死 ``"cuda"``，像前面那樣先問再選。
#
# The cure: do not write ``"cuda"`` outright, but ask and then choose, as we did above.

# %%
# 請醫生看診 · Let the doctor look
# --------------------------------
#
# 線索這麼多，不必每次自己查。在終端機執行 ``python -m primer doctor``，或在 Python 裡：
#
# You need not weigh all these clues by hand. Type ``python -m primer doctor`` in a terminal, or in
# Python:

import primer

diagnosis = primer.diagnose()
print(diagnosis.right)

# %%
# ``True`` 表示環境正確；想看全文就 ``print(diagnosis)``。每台電腦的報告都不同，
# 所以我們拿同學那台筆電的讀數來看：醫生也能替別台電腦看診。下面這些行只是把讀數填進去，
# 不必細讀，看印出來的報告就好。
#
# ``True`` means that the environment is right; ``print(diagnosis)`` shows the whole report. It
# differs on each computer, so let us read the one of the classmate's laptop: the doctor can judge
# the readings of another machine too. The lines below only fill in those readings; skip them and
# read the report.

from dataclasses import replace
from types import SimpleNamespace

gpu = SimpleNamespace(name="NVIDIA GeForce RTX 4060 Laptop GPU", capability=(8, 9))
cpu = SimpleNamespace(name="cpu", capability=None, error="")
torch_there = replace(
    diagnosis.machine.torch,
    version="2.4.1+cpu",
    cuda=None,
    hip=None,
    mps_built=False,
    mps_available=False,
    devices=(cpu,),
)
laptop = replace(
    diagnosis.machine,
    system="Windows",
    architecture="AMD64",
    python="3.12.4",
    rosetta=False,
    wsl=False,
    container=False,
    visible_devices=None,
    installed_torch=("2.4.1+cpu",),
    installed_numpy="2.1.0",
    compiler="cl",
    driver=SimpleNamespace(version="555.85", cuda="12.5", gpus=(gpu,), error=""),
    torch=torch_there,
)
print(primer.diagnose(laptop))

# %%
# 由上往下讀：
#
# From the top:
#
# - ``Python``、``System``：版本與位元數。torch 2.4 要 64 位元的 Python，3.8 到 3.12；
#   這些課要 3.10 以上。
#
#   ``Python``, ``System``: version and bits. torch 2.4 needs a 64-bit Python from 3.8 to 3.12; the
#   lessons need 3.10 or newer.
#
# - ``PyTorch``、``Build``：版本號的兩半。病根在這裡：只有 CPU。
#
#   ``PyTorch``, ``Build``: the two halves of the version. Here is the trouble: CPU only.
#
# - ``NVIDIA driver``：驅動程式的版本；括號裡是它**最高**支援到的 CUDA，不是你裝了的 CUDA。
#
#   ``NVIDIA driver``: its version, and in brackets the *newest* CUDA that it serves. That is not a
#   CUDA that you have installed.
#
# - ``CUDA_VISIBLE_DEVICES``：設成空字串或 ``-1``，PyTorch 就看不到 GPU。
#
#   ``CUDA_VISIBLE_DEVICES``: empty or ``-1`` hides the GPUs from PyTorch.
#
# - ``MPS``：Apple 晶片的 GPU；這台不是 Mac，所以沒有。
#
#   ``MPS``: the GPU of Apple silicon; this is no Mac, so there is none.
#
# - ``Device``：PyTorch 用得到的裝置，醫生在每一個上面真的算過。這台有 GPU，卻只列出 ``cpu``。
#
#   ``Device``: what PyTorch can use; the doctor computed something on each. This laptop has a GPU,
#   yet only ``cpu`` is listed.
#
# - ``NumPy``、``C++ compiler``：張量與 NumPy 能否互轉；``torch.compile`` 要用的編譯器。
#
#   ``NumPy``, ``C++ compiler``: whether tensors can become NumPy arrays and back; the compiler that
#   ``torch.compile`` needs.
#
# - 最後是結論：``✗`` 要處理，附上病名、原因和該輸入的指令；``ℹ`` 只是說明。
#
#   Then the verdict: ``✗`` must be put right, with a name, the cause and what to type; ``ℹ`` only
#   explains.

# %%
# 沒有 GPU：借 Colab 的 · No GPU: borrow one from Colab
# -----------------------------------------------------
#
# 這個課程用 CPU 就跑得完。想試 GPU，可以借用 Google Colab，免費但有時間限制：
#
# The whole course runs on a CPU. To try a GPU, borrow one from Google Colab, which is free but
# limits how long you may use it:
#
# 1. 下載這一頁的筆記本，在 colab.research.google.com 選「上傳」打開它。
#
#    Download this page's notebook; at colab.research.google.com choose Upload and open it.
#
# 2. 選單「執行階段 → 變更執行階段類型」，硬體加速器選 T4 GPU（或其他 GPU，不要選 TPU），儲存。
#
#    Menu Runtime → Change runtime type; as hardware accelerator choose T4 GPU (or another GPU, not
#    a TPU), and save.
#
# 3. 從頁尾下載 primer 套件（``.whl`` 檔），拖進左邊的檔案欄，
#    執行 ``!pip install torch_primer-*.whl``。
#
#    Download the primer package (a ``.whl`` file) at the foot of this page, drag it into the file
#    panel on the left, then run ``!pip install torch_primer-*.whl``.
#
# 4. 從頭執行這一課。``cuda`` 那一行現在應該是 ``True``；PyTorch 比 2.4 新也沒關係。
#
#    Run this lesson from the top. The ``cuda`` line should now say ``True``; a PyTorch newer than
#    2.4 is fine.
#
# 換執行階段或閒置太久，電腦就還回去了，上傳的檔案也會消失。
#
# Change the runtime, or leave it idle for long, and the machine is taken back; the files that you
# uploaded go with it.

# %%
# 練習 · Exercises
# ----------------
#
# **02-1 環境正確嗎。**在你的電腦上安裝 PyTorch，把 ``primer.diagnose()`` 的結果交出來。
# 沒過的話，照報告裡的指令處理，重新啟動 Python，再交一次。
#
# **02-1 Is the environment right?** Install PyTorch on your computer and hand in what
# ``primer.diagnose()`` returns. If it does not pass, do what the report says, start Python again
# and hand it in once more.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       primer.check("02-1", primer.diagnose())
#
# **02-2 版本號說了什麼。**寫 ``cuda_of(version)``：``"2.4.1+cu121"`` 回傳 ``"12.1"``；
# 不是 CUDA 的組建，如 ``"2.4.1+cpu"``、``"2.4.1+rocm6.1"`` 和 ``"2.4.1"``，回傳 ``None``。
#
# **02-2 What the version says.** Write ``cuda_of(version)``: ``"12.1"`` for ``"2.4.1+cu121"``, and
# ``None`` for a build that is not CUDA, such as ``"2.4.1+cpu"``, ``"2.4.1+rocm6.1"`` and
# ``"2.4.1"``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def cuda_of(version):
#           build = version.partition("+")[2]
#           if not build.startswith("cu"):
#               return None
#           return f"{build[2:-1]}.{build[-1]}"
#
#       primer.check("02-2", cuda_of)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 組建由平台或索引決定，pip 不看 GPU；加號後面就是它。
#
#   The platform or the index decides the build; pip never looks at the GPU. The build stands after
#   the plus sign.
#
# - ``cuda.is_available()`` 是 ``False`` 有好幾種原因；Mac 要問的是 ``mps``。
#
#   ``cuda.is_available()`` is ``False`` for one of several causes; on a Mac, ask ``mps``.
#
# - 不確定時執行 ``python -m primer doctor``：原因和指令都在報告裡。
#
#   When in doubt, run ``python -m primer doctor``: cause and command are in its report.
#
# 環境好了，就從張量開始：:doc:`/lessons/2_tensors/03_scalars_to_tensors`。
#
# The environment is ready. Tensors come first:
# :doc:`/lessons/2_tensors/03_scalars_to_tensors`.
