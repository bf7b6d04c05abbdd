"""
裝置：模型和資料要在同一邊 · Devices: model and data on the same side
=====================================================================

GPU 有自己的記憶體。模型搬過去了，資料卻忘在這邊，訓練的第一行就會停住。
這一課的腳本一個字都不用改，在 CPU、NVIDIA 和 Apple 的 GPU 上都能跑。

A GPU has a memory of its own. Move the model there, leave the data here, and training stops at its
first line. The script of this lesson runs on a CPU, an NVIDIA GPU and an Apple one, unchanged.

.. mermaid::

   flowchart TD
     accTitle: 兩塊記憶體，中間靠 to 和 cpu 搬運 · Two memories, with to and cpu between them
     accDescr {
       資料從 CPU 的記憶體用 to 搬到 GPU 的記憶體，和模型一起算，結果再用 cpu 搬回來。 ·
       Data move from CPU memory to GPU memory with to, meet the model there, and results return
       with cpu.
     }
     subgraph C["CPU 的記憶體 · CPU memory"]
       D["資料 · data"]
       R["結果 · results"]
     end
     subgraph G["GPU 的記憶體 · GPU memory"]
       M["模型與批次 · model and batch"]
     end
     D -->|".to(device)"| M
     M -->|".cpu()"| R

讀完這一課，你能寫出不綁定裝置的訓練迴圈；看得懂「兩個裝置」的錯誤並修好它；
也知道替 GPU 計時為什麼要先等它做完。

After this lesson you can write a training loop that is tied to no device, read and cure the error
about two devices, and say why a GPU must be waited for before the clock is read.

先備課程：:doc:`/lessons/1_start/02_install_and_verify`、
:doc:`/lessons/4_networks/13_training_loop`。時間：約 15 分鐘。

Lessons needed: :doc:`/lessons/1_start/02_install_and_verify`,
:doc:`/lessons/4_networks/13_training_loop`. Time: about 15 minutes.
"""

# %%
# 先問再選 · Ask, then choose
# ---------------------------
#
# 每個:term:`張量`都住在一個:term:`裝置`上，沒有特別說就是 ``cpu``。``select("auto")``
# 先找:term:`加速器`，
# 找不到就用 CPU。整支程式只在這裡決定一次。
#
# Every :term:`tensor` lives on a :term:`device`, which is ``cpu`` unless you say otherwise.
# ``select("auto")`` looks for an :term:`accelerator` first and falls back to the CPU. The whole
# program decides here, once.

# sphinx_gallery_thumbnail_number = 1
import torch
from torch import nn

from primer.device import select, synchronize, timed

torch.manual_seed(18)
device = select("auto")
print(device)  # 依機器而異 · depends on the machine

# %%
# 張量是複製，模型是搬家 · A tensor is copied, a model moves
# ----------------------------------------------------------
#
# 沒有 GPU 也能練習搬東西：每台電腦都有一個叫 ``meta`` 的裝置，它只記形狀、不存數字。
#
# You can practise moving without a GPU: every computer has a device called ``meta``, which keeps
# shapes and stores no numbers.
#
# **先猜猜看**：下面兩個 ``to`` 都沒有接住回傳值。張量和模型，各會在哪裡？
#
# **Guess first**: neither ``to`` below keeps what is returned. Where are the tensor and the model
# afterwards?

x = torch.randn(4, 3)
model = nn.Linear(3, 2)

x.to("meta")
model.to("meta")
print("x      ", x.device)
print("weights", model.weight.device)

# %%
# 張量的 ``to`` 回傳一份新的，原來的不動，所以要寫 ``x = x.to(device)``。
# 模型的 ``to`` 把自己的:term:`參數`原地換掉，不必接。漏寫 ``x =`` 是最常見的錯。
#
# A tensor's ``to`` returns a new one and leaves the old where it was: write ``x = x.to(device)``. A
# model's ``to`` replaces its own :term:`parameters <parameter>`; there is nothing to keep. Leaving
# out the ``x =`` is the most common slip.

# %%
# 失敗：兩個裝置 · A failure: two devices
# ---------------------------------------
#
# 有加速器，就把模型放上去；沒有，就讓 ``meta`` 當第二個裝置。資料還在 CPU。
#
# Where there is an accelerator, the model goes there; where there is none, ``meta`` serves as the
# second device. The data are still on the CPU.

second = device if device.type != "cpu" else torch.device("meta")
model = nn.Linear(3, 2).to(second)
try:
    model(x)
except RuntimeError as error:
    said = str(error).splitlines()[0]
    print(said)  # 依機器而異 · depends on the machine

# %%
# 在 NVIDIA 的 GPU 上，這句話是 ``Expected all tensors to be on the same device``，
# 後面列出 ``cpu`` 和 ``cuda:0``。說法不同，意思一樣：PyTorch 不會偷偷替你搬，
# 因為搬一趟往往比算一次還慢。
#
# On an NVIDIA GPU it says ``Expected all tensors to be on the same device`` and names ``cpu`` and
# ``cuda:0``. Other words, the same meaning: PyTorch never moves data behind your back, since a move
# often takes longer than the computation.
#
# 解法：算之前，把輸入送到模型那一邊。問模型在哪裡，就不必記。
#
# The cure: before computing, send the input to where the model is. Ask the model, and there is
# nothing to remember.

where = next(model.parameters()).device
print(tuple(model(x.to(where)).shape))

# %%
# 不綁定裝置的訓練迴圈 · A training loop tied to no device
# ---------------------------------------------------------
#
# 和第 13 課的:term:`訓練迴圈`比，只多了兩處 ``to(device)``：模型搬一次，
# 每個:term:`批次`用到才搬。資料集留在 CPU，不必全部塞進:term:`顯示記憶體`。
#
# Compared with the :term:`training loop` of lesson 13, ``to(device)`` is new in just two places:
# the model moves once, each :term:`batch` when its turn comes. The dataset stays on the CPU and
# need not fit into :term:`video memory`.
#
# 順序也有講究：先搬模型，再建:term:`最佳化器`，它才會拿到搬好的參數。
#
# The order matters: move the model first, then make the :term:`optimizer`, so that it gets the
# parameters in their new place.

from torch.utils.data import DataLoader, TensorDataset

points = torch.randn(256, 2)
labels = (points.norm(dim=1) > 1.1).long()  # 圓內 0，圓外 1 · 0 inside a circle, 1 outside
loader = DataLoader(TensorDataset(points, labels), batch_size=64)

model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)).to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)

for _ in range(30):
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()

with torch.no_grad():
    predictions = model(points.to(device)).argmax(dim=1).cpu()
print("on the", predictions.device)
print("at least 95% right:", (predictions == labels).float().mean().item() >= 0.95)

# %%
# ``.cpu()`` 把結果搬回來，才能和留在 CPU 的 ``labels`` 比。NumPy 與 matplotlib 也只認得 CPU：
# 對別處的張量呼叫 ``numpy()``，訊息直接告訴你解法。
#
# ``.cpu()`` brings the result back to ``labels``, which stayed on the CPU. NumPy and matplotlib
# know the CPU only. Call ``numpy()`` on a tensor from elsewhere, and the message names the cure.

try:
    torch.ones(2, device=second).numpy()
except TypeError as error:
    print(error)  # 依機器而異 · depends on the machine

# %%
# GPU 在背後做事 · A GPU works behind your back
# ---------------------------------------------
#
# Python 把工作交給 GPU，不等它做完就往下走。所以太早看錶，量到的是「交代」要多久，
# 不是「做完」要多久。下圖是示意：交代一件工作花 1 格，做一件花 4 格。
#
# Python hands work to a GPU and goes on without waiting. Read the clock too early and it tells how
# long the *handing over* took, not the work. The picture is a sketch: one unit of time to hand over
# a job, four to do it.

import matplotlib.pyplot as plt

jobs, hand_over, work = 4, 1, 4
handed = [(i * hand_over, hand_over) for i in range(jobs)]
done = [(hand_over + i * work, work) for i in range(jobs)]
too_early, right = sum(handed[-1]), sum(done[-1])

fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.broken_barh(handed, (1.1, 0.6), color="#9cc3e6", edgecolor="black")
ax.broken_barh(done, (0.1, 0.6), color="#f3b27a", edgecolor="black")
for time, side, text in [
    (too_early, "left", "clock read too early"),
    (right, "right", "after synchronize()"),
]:
    ax.axvline(time, color="black", linestyle="--")
    ax.text(time, 2.0, f"  {text}: {time}  ", ha=side, size=12)
ax.set(xlabel="time (units)", yticks=[0.4, 1.4], yticklabels=["GPU", "Python"])
ax.set(xlim=(0, 18), ylim=(0, 2.4))
ax.tick_params(labelsize=12)
fig.set_label(
    "太早看錶，只量到交代的時間 · Read too early, the clock measures the handing over\n"
    "時間軸：Python 在第 4 格就交代完四件工作，GPU 到第 17 格才全部做完；"
    "synchronize 之後看錶才對。 · "
    "Timeline: Python has handed over four jobs at time 4, the GPU finishes at 17; the clock is "
    "right only after synchronize."
)
plt.show()

# %%
# 真的量一次：先暖身，再交代 20 次:term:`矩陣乘法`；看一次錶，``synchronize`` 等它做完，再看一次。
#
# Now for real: warm up, hand over 20 products (:term:`matrix multiplication`), read the clock, wait
# with ``synchronize``, read it again.

from time import perf_counter

square = torch.randn(512, 512, device=device)
square @ square  # 第一次要載入程式，不算 · the first call loads code: not counted
synchronize(device)

start = perf_counter()
for _ in range(20):
    square @ square
too_early = perf_counter() - start
synchronize(device)
right = perf_counter() - start
print("still busy at the first reading:", right > 2 * too_early)  # depends on the machine

# %%
# CPU 自己就是做事的人，兩次差不多，是 ``False``；GPU 多半是 ``True``。``timed`` 前後都替你等，
# 想看秒數就印出 ``watch.seconds``。``loss.item()`` 也會等，所以別在每一步都印損失。
#
# A CPU does the work itself, so both readings nearly agree: ``False``. A GPU mostly gives ``True``.
# ``timed`` waits on both sides for you; print ``watch.seconds`` to see your own time.
# ``loss.item()`` waits as well, so do not print the loss at every step.

with timed(device) as watch:
    for _ in range(20):
        square @ square
print(watch.seconds > 0)

# %%
# 練習 · Exercises
# ----------------
#
# 先 ``import primer``，答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))``
# 才看得到結果。
#
# ``import primer`` and let ``primer.check`` mark your answers. In a script,
# ``print(primer.check(...))`` shows the verdict.
#
# **18-1 整批搬過去。**一個批次常是一包東西。寫 ``move(batch, device)``：``batch`` 可能是張量、
# list、tuple、dict，也可能一層包一層。把裡面的張量都搬到 ``device``，容器照舊，其他東西不動。
#
# **18-1 Move a whole batch.** A batch often holds several things. Write ``move(batch, device)``:
# ``batch`` may be a tensor, a list, a tuple, a dict, or one inside another. Move every tensor to
# ``device``, keep the containers as they are, and leave anything else alone.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def move(batch, device):
#           if isinstance(batch, torch.Tensor):
#               return batch.to(device)
#           if isinstance(batch, dict):
#               return {key: move(value, device) for key, value in batch.items()}
#           if isinstance(batch, (list, tuple)):
#               return type(batch)(move(value, device) for value in batch)
#           return batch
#
#       primer.check("18-1", move)
#
# **18-2 模型在哪裡。**寫 ``devices_of(model)``，回傳一個 set，裝著模型用到的裝置種類，
# 例如 ``{"cpu"}``。別忘了 BatchNorm 的平均值這類緩衝區（buffer）：它們不是參數，卻也會擺錯地方，
# 用 ``model.buffers()`` 才找得到。
#
# **18-2 Where is the model?** Write ``devices_of(model)`` that returns the set of the types of
# device that a model uses, such as ``{"cpu"}``. Remember buffers, such as the means of a BatchNorm:
# they are no parameters, yet can be in the wrong place too. ``model.buffers()`` yields them.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def devices_of(model):
#           tensors = [*model.parameters(), *model.buffers()]
#           return {tensor.device.type for tensor in tensors}
#
#       primer.check("18-2", devices_of)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 一起算的張量要在同一個裝置上；PyTorch 不會偷偷替你搬。
#
#   Tensors that compute together must share a device; PyTorch never moves them silently.
#
# - 張量要寫 ``x = x.to(device)``，模型寫 ``model.to(device)`` 就夠，而且要在建最佳化器之前。
#
#   A tensor needs ``x = x.to(device)``; ``model.to(device)`` is enough for a model, before the
#   optimizer is made.
#
# - 替 GPU 計時，看錶前先 ``synchronize``。
#
#   To time a GPU, ``synchronize`` before you read the clock.
#
# 裝置選好了，還能更快嗎？下一課用更少的位元、編譯過的程式來算：
# :doc:`/lessons/6_scale/19_mixed_precision_and_compile`。
#
# With the device chosen, can it be faster still? Next: fewer bits and compiled code, in
# :doc:`/lessons/6_scale/19_mixed_precision_and_compile`.
