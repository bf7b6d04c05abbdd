"""
混合精度與編譯：少用位元，少走冤枉路 · Mixed precision and compiling: fewer bits, fewer trips
=============================================================================================

模型和資料都沒變，訓練還能更省嗎？兩個辦法：大部分的運算改用 16 位元，
以及把許多小運算併成一張圖再算。兩個都只要加一兩行，也都有不報錯的陷阱。

With the same model and data, can training cost less? There are two ways: do most operations in 16
bits, and gather many small operations into one graph. Each takes a line or two, and each has a trap
that raises no error.

.. mermaid::

   flowchart LR
     accTitle: 混合精度的一步 · One step in mixed precision
     accDescr {
       float32 的參數在 autocast 裡用 16 位元運算，損失是 float32；放大損失再反向傳播，
       梯度縮回原來的大小，才更新參數。 ·
       Parameters in float32 are used in 16 bits under autocast, and the loss is float32. Scaled up,
       it is propagated back; the gradients are scaled down again before the parameters change.
     }
     P["參數 · parameters<br/>float32"] -->|"autocast"| H["矩陣乘法 · matrix products<br/>16 bit"]
     H --> L["損失 · loss<br/>float32"]
     L -->|"scale()"| B["反向傳播 · backpropagation<br/>16 bit"]
     B -->|"step()"| P

讀完這一課，你能用 autocast 做混合精度訓練；能解釋 float16 的梯度為什麼會變成 0，
並用 GradScaler 修好；也能用 ``torch.compile`` 把函式變成圖，看出圖斷在哪裡。

After this lesson you can train in mixed precision with autocast, explain why float16 gradients
become 0 and cure that with GradScaler, and turn a function into a graph with ``torch.compile`` and
see where the graph breaks.

先備課程：:doc:`/lessons/2_tensors/04_data_types`、:doc:`/lessons/4_networks/13_training_loop`。
時間：約 20 分鐘。

Lessons needed: :doc:`/lessons/2_tensors/04_data_types`,
:doc:`/lessons/4_networks/13_training_loop`. Time: about 20 minutes.
"""

# %%
# 失敗：自己換型別 · A failure: converting by hand
# ------------------------------------------------
#
# 16 位元只占一半記憶體，GPU 還有專門的電路，算起來快得多。那就把輸入換成 ``bfloat16``：
#
# Sixteen bits take half the memory, and a GPU has circuits for them that are much faster. So
# convert the input to ``bfloat16``:

# sphinx_gallery_thumbnail_number = 1
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(19)
x = torch.rand(256, 2) * 4 - 2
model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))

try:
    model(x.bfloat16())
except RuntimeError as error:
    print(error)

# %%
# :term:`參數`還是 ``float32``。連參數也換呢？那就學不動了：第 04 課看過，
# ``bfloat16`` 的 1 加上 0.001 還是 1。參數要留在 ``float32``，才記得住每一小步。
# 這樣搭配著用，叫:term:`混合精度`。
#
# The :term:`parameters <parameter>` are still ``float32``. Convert them too, and they stop
# learning: in lesson 04, 1 plus 0.001 was still 1 in ``bfloat16``. Parameters stay in ``float32``,
# to remember each small step. Working with both is called :term:`mixed precision`.

# %%
# ``autocast``：該換的才換 · ``autocast``: convert what should be
# ---------------------------------------------------------------
#
# ``torch.autocast`` 裡面的每個運算，各用適合的:term:`資料型別`：:term:`矩陣乘法`用 16 位元，
# 容易捨入出錯的:term:`損失函數`用 ``float32``；加法這類不在名單上的，照輸入的型別算。
#
# Under ``torch.autocast`` each operation gets the :term:`data type` that suits it:
# :term:`matrix multiplication` 16 bits, and a :term:`loss function`, where rounding hurts,
# ``float32``. What is on no list, such as addition, goes by the types of its inputs.
#
# **先猜猜看**：下面四個張量，哪幾個是 ``bfloat16``？
#
# **Guess first**: which of the four tensors below are ``bfloat16``?

target = torch.sin(2 * x[:, :1])
with torch.autocast("cpu", dtype=torch.bfloat16):
    output = model(x)
    loss = F.mse_loss(output, target)
loss.backward()

print("weight  ", model[0].weight.dtype)
print("output  ", output.dtype)
print("loss    ", loss.dtype)
print("gradient", model[0].weight.grad.dtype)

# %%
# 只有輸出是。參數和它的:term:`梯度`都是 ``float32``，:term:`最佳化器`什麼都不必改。
# :term:`反向傳播`放在 ``with`` 外面：每個運算會沿用前向時的型別。
#
# Only the output. The parameters and their :term:`gradients <gradient>` are ``float32``, so nothing
# changes for the :term:`optimizer`. Keep :term:`backpropagation` outside of the ``with``: each
# operation goes back in the type that it went forward in.
#
# 省了什麼？前向時存下來、等反向傳播才用的中間結果，最占記憶體。實際數一數：
#
# What is gained? What fills the memory in training is the intermediate results, kept from the
# forward pass for the backward pass. Count them:


def kept_kib(dtype):
    """Run forward, and return the size of the results kept for the backward pass, in KiB."""
    sizes = {}

    def keep(tensor):
        if len(tensor) == len(x):  # 只數中間結果，不數參數 · results only, no parameters
            sizes[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16),
    ):
        model(x)
    return sum(sizes.values()) / 1024


print("float32 ", kept_kib(torch.float32), "KiB")
print("bfloat16", kept_kib(torch.bfloat16), "KiB")

# %%
# 剛好一半。快多少要看硬體：有 16 位元電路的 GPU 快好幾倍，沒有的 CPU 反而可能變慢。
# 請用第 18 課的 ``timed`` 在自己的機器上量。
#
# Exactly half. How much faster it is depends on the hardware: several times on a GPU with 16-bit
# circuits; on a CPU without them it may even be slower. Measure on your own machine, with ``timed``
# of lesson 18.

# %%
# 失敗：``float16`` 的梯度變成 0 · A failure: ``float16`` gradients become 0
# --------------------------------------------------------------------------
#
# 舊一點的 GPU 只有 ``float16``。它比 ``bfloat16`` 精細，範圍卻小得多：
# 比 2⁻²⁵（約 0.00000003）還小的數字，存進去就是 0。這叫:term:`下溢`。
#
# Older GPUs have ``float16`` only. It is finer than ``bfloat16``, but reaches far less: a number
# below 2⁻²⁵, about 0.00000003, is stored as 0. That is :term:`underflow`.

tiny = torch.tensor([1e-4, 1e-6, 1e-8])
for kind in (torch.bfloat16, torch.float16):
    print(f"{kind!s:14}", [f"{number:.0e}" for number in tiny.to(kind).tolist()])

# %%
# 梯度常常這麼小。假設模型預測幾公釐的振動，報告卻要平方公尺的誤差，損失就乘上了 10⁻⁶。
# 同一個起點、同樣 40 步，跑四種方式，看第一步有多少梯度是 0，以及最後的損失是起點的幾倍：
#
# Gradients often are that small. Say a model predicts a vibration of millimetres, while the report
# wants the error in square metres: the loss gets a factor of 10⁻⁶. From the same start, train 40
# steps in four ways. Which share of the first gradients is 0, and what is the last loss, as a
# multiple of the first?

start = {name: value.clone() for name, value in model.state_dict().items()}


def train(dtype, scaled):
    """Train from the start; return the share of zero gradients and last loss over first."""
    model.load_state_dict(start)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scaler = torch.amp.GradScaler("cpu", enabled=scaled)
    losses = []
    for step in range(40):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not torch.float32):
            loss = 1e-6 * F.mse_loss(model(x), target)  # mm² → m²
        scaler.scale(loss).backward()  # 放大損失 · scale the loss up
        if step == 0:
            zeros = torch.cat([p.grad.flatten() for p in model.parameters()]) == 0
        scaler.step(optimizer)  # 梯度縮回去，再更新 · scale gradients back, then update
        scaler.update()  # 調整倍數 · adjust the factor
        losses.append(loss.item())
    return zeros.float().mean().item(), losses[-1] / losses[0]


for dtype, scaled in [
    (torch.float32, False),
    (torch.bfloat16, False),
    (torch.float16, False),
    (torch.float16, True),
]:
    zeros, ratio = train(dtype, scaled)
    name = str(dtype).removeprefix("torch.") + (" + GradScaler" if scaled else "")
    print(f"{name:21}  zero gradients {zeros:4.0%}   loss × {ratio:.1f}")

# %%
# ``float16`` 單獨用，梯度全是 0，40 步都在原地，也沒有任何訊息。連單獨看還存得下的也沒了：
# 反向傳播從輸出開始，那裡的梯度已經是 0，往回乘都是 0。``GradScaler`` 先把損失乘上 65536，
# 依:term:`連鎖律`，每個梯度也跟著放大 65536 倍，就存得下了；更新之前再除回來。
# ``bfloat16`` 的範圍和 ``float32`` 一樣大，不需要它。
#
# With ``float16`` alone all gradients are 0; for 40 steps nothing moves, and no message says so.
# Even those that would have fitted are gone: at the output, where backpropagation starts, the
# gradient is 0 already, and 0 is what is multiplied from there. ``GradScaler`` first multiplies the
# loss by 65536. By the :term:`chain rule` every gradient grows by as much and can be stored; before
# the update it is divided again. ``bfloat16`` reaches as far as ``float32`` and needs none of this.

import matplotlib.pyplot as plt

model.load_state_dict(start)
model.zero_grad()
(1e-6 * F.mse_loss(model(x), target)).backward()
sizes = torch.cat([p.grad.flatten() for p in model.parameters()]).abs().log2()

fig, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
bins = range(-48, 18)
ax.hist(sizes, bins=bins, color="#c65d00", label="gradients")
ax.hist(sizes + 16, bins=bins, color="#1f5f99", label="gradients × 65536")
ax.axvspan(-48, -25, color="0.88", zorder=0)
ax.axvline(16, color="black", linestyle="--")
ax.text(-47.5, ax.get_ylim()[1] * 0.9, "float16 stores 0", size=12)
ax.text(15.6, ax.get_ylim()[1] * 0.9, "overflow", size=12, ha="right")
ax.set(xlabel="size of a gradient, as a power of 2", ylabel="number of gradients", xlim=(-48, 18))
ax.legend(loc="center", bbox_to_anchor=(0.79, 0.6), frameon=False)
fig.set_label(
    "放大之後，梯度移進存得下的範圍 · Scaled up, the gradients move into the range that is stored\n"
    "兩個同樣形狀的直方圖：原來的梯度大多落在左邊灰色、會變成 0 的區域；"
    "乘上 65536 之後整個往右移 16 格，幾乎都離開灰色，離右邊的溢位線還很遠。 · "
    "Two histograms of the same shape: the gradients lie mostly in the grey region at the left, "
    "where float16 stores 0; times 65536 they move 16 to the right, nearly all out of the grey and "
    "still far from the line of overflow."
)
plt.show()

# %%
# 倍數太大也不行：梯度放大到超過 65504，就變成無限大。``GradScaler`` 更新前會檢查，遇到 ``inf``
# 就跳過這一步，把倍數減半，下次再試。故意從太大的倍數開始：
#
# Nor may the factor be too large: a gradient scaled past 65504 becomes infinity. ``GradScaler``
# looks before each update; where it finds ``inf``, it skips the step and halves the factor. Start
# too high on purpose:

weight = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**18)
for _ in range(4):
    optimizer.zero_grad()
    scaler.scale(weight.half().sum()).backward()  # 真正的梯度是 1 · the true gradient is 1
    scaler.step(optimizer)
    scaler.update()
    print(f"weight {weight.item():.1f}   next factor {scaler.get_scale():.0f}")

# %%
# 頭三步沒有更新，不是壞了，是在找倍數。要剪裁或查看梯度，先呼叫 ``scaler.unscale_(optimizer)``，
# 否則看到的是放大過的。換到 NVIDIA 的 GPU，照第 18 課搬模型和資料，再把 ``autocast`` 和
# ``GradScaler`` 的 ``"cpu"`` 改成 ``"cuda"``。
#
# The first three steps updated nothing: not broken, but searching for the factor. To clip or to
# look at gradients, call ``scaler.unscale_(optimizer)`` first, or you see them scaled. On an NVIDIA
# GPU, move model and data as in lesson 18, and give ``"cuda"`` to ``autocast`` and ``GradScaler``
# instead of ``"cpu"``.

# %%
# ``torch.compile``：先記成圖，再一起算 · ``torch.compile``: first a graph, then run it
# -------------------------------------------------------------------------------------
#
# Python 一次交代一個運算，每個都把資料從記憶體讀一遍、寫一遍。``torch.compile`` 第一次呼叫時，
# 把整串運算記成一張圖，交給後端；後端可以把它們併成一趟。後端只是一個函式，我們自己寫一個：
# 報告收到幾個運算，然後照原樣執行。
#
# Python hands over one operation at a time, and each reads and writes all the data once. At the
# first call, ``torch.compile`` records the operations in a graph and gives it to a backend, which
# may merge them into a single trip. A backend is only a function. Here is one of our own: it
# reports how many operations it got, and runs them unchanged.


def report(graph, inputs):
    """Say how many operations arrived; change nothing."""
    print("graph of", sum(node.op.startswith("call") for node in graph.graph.nodes), "operations")
    return graph.forward


def bend(x):
    """Approximate the activation function GELU."""
    return 0.5 * x * (1 + torch.tanh(0.798 * (x + 0.0447 * x**3)))


fast = torch.compile(bend, backend=report)
print(torch.allclose(fast(x), bend(x)))
print(torch.allclose(fast(x + 1), bend(x + 1)))

# %%
# 八個運算，一張圖；第二次呼叫沒有再記一次。``report`` 和內建的 ``backend="eager"`` 一樣，
# 並不會變快，但不需要編譯器，適合檢查圖記得對不對。預設的後端 ``inductor`` 才會產生併好的程式碼：
# CPU 上需要 C++ 編譯器，NVIDIA 的 GPU 上需要 Triton。它的第一次呼叫要等好幾秒，之後每次都省，
# 所以跑很多次才划算。
#
# Eight operations, one graph, and the second call recorded nothing. Like the built-in
# ``backend="eager"``, ``report`` makes nothing faster; it needs no compiler, and is good for
# checking what is recorded. The default backend, ``inductor``, writes merged code. It needs a C++
# compiler on a CPU and Triton on an NVIDIA GPU. Its first call takes many seconds and each later
# one saves time, so it pays where the function runs many times.

# %%
# 失敗：圖斷了 · A failure: the graph breaks
# ------------------------------------------
#
# **先猜猜看**：下面的 ``if`` 要看張量的數字才知道往哪走。會記成幾張圖？
#
# **Guess first**: the ``if`` below must look at the numbers of a tensor. How many graphs will there
# be?


def lower(x):
    """Double, take 1 off where the sum is positive, and cut at 0."""
    y = x * 2
    if y.sum() > 0:
        y = y - 1
    return torch.relu(y)


broken = torch.compile(lower, backend=report)
print(broken(torch.tensor([1.0, 2.0])))

# %%
# 兩張。記圖的時候還沒有數字，``if`` 沒辦法決定，只好停在這裡，回到 Python，走完 ``if`` 再記下一張。
# 這叫圖中斷（graph break）：答案沒錯，只是併不起來，也不會告訴你。``print`` 張量和 ``.item()``
# 也會這樣。加上 ``fullgraph=True``，它就會說。先 ``reset``，免得沿用剛才記下的圖：
#
# Two. While it is recorded, a graph has no numbers, so the ``if`` cannot be decided: recording
# stops, Python decides, and a second graph starts. That is a *graph break*: the result is right,
# but nothing merges across it, and nobody tells you. Printing a tensor and ``.item()`` do the same.
# With ``fullgraph=True`` you are told. Call ``reset`` first, or the graphs recorded above are used
# again:

torch.compiler.reset()
try:
    torch.compile(lower, backend=report, fullgraph=True)(torch.tensor([1.0, 2.0]))
except RuntimeError as error:
    print(str(error).split(". ")[0].splitlines()[0])  # 依機器而異 · depends on the machine

# %%
# 各版 PyTorch 說法不同，但都會指出是哪一行。解法：用張量的運算來選，不用 Python 的 ``if``。
#
# Each release of PyTorch words it differently, but each names the line. The cure: choose with a
# tensor operation, not with Python's ``if``.


def whole(x):
    """Do what ``lower`` does, without asking for numbers."""
    y = x * 2
    return torch.relu(torch.where(y.sum() > 0, y - 1, y))


compiled = torch.compile(whole, backend=report, fullgraph=True)
for numbers in (torch.tensor([1.0, 2.0]), torch.tensor([1.0, -3.0])):
    print(torch.equal(compiled(numbers), lower(numbers)))

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
# **19-1 預測型別。**先別執行：下面的 ``h.dtype``、``s.dtype``、``e.dtype``、``w.grad.dtype``
# 各是什麼？用四項的 tuple 回答。
#
# **19-1 Predict the types.** Without running it: what are ``h.dtype``, ``s.dtype``, ``e.dtype`` and
# ``w.grad.dtype``? Answer with a tuple of four.
#
# .. code-block:: python
#
#    w = torch.ones(3, 2, requires_grad=True)
#    with torch.autocast("cpu", dtype=torch.bfloat16):
#        h = torch.ones(4, 3) @ w
#        s = h + torch.ones(4, 2)
#        e = F.mse_loss(h, torch.zeros(4, 2))
#    e.backward()
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    矩陣乘法用 16 位元；加法不在 autocast 的名單上，照一般的:term:`型別提升`，
#    兩種浮點數取位元多的；損失用 ``float32``；梯度的型別跟著參數。
#
#    The matrix product is in 16 bits. Addition is not on autocast's list: ordinary
#    :term:`type promotion` takes the float with more bits. The loss is in ``float32``, and a
#    gradient has its parameter's type.
#
#    .. code-block:: python
#
#       primer.check("19-1", (torch.bfloat16, torch.float32, torch.float32, torch.float32))
#
# **19-2 找倍數。**寫 ``find_factor(gradients)``：從 65536.0 開始，``float32`` 的梯度乘上倍數、
# 換成 ``float16`` 之後，只要有 ``inf`` 就把倍數減半，直到沒有為止。回傳倍數。
#
# **19-2 Find the factor.** Write ``find_factor(gradients)``: start from 65536.0; while the
# ``float32`` gradients, times the factor and converted to ``float16``, hold an ``inf``, halve the
# factor. Return it.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    正負都可能溢位，所以看的是 ``isfinite``，而且要換成 ``float16`` 再看。
#
#    Overflow comes in both signs, so use ``isfinite``, and look at the ``float16`` numbers.
#
#    .. code-block:: python
#
#       def find_factor(gradients):
#           factor = 65536.0
#           while not (gradients * factor).half().isfinite().all():
#               factor /= 2
#           return factor
#
#       primer.check("19-2", find_factor)

# %%
# 重點回顧 · Summary
# ------------------
#
# - autocast 讓矩陣乘法用 16 位元，參數、損失與梯度留在 ``float32``；中間結果的記憶體減半。
#
#   Autocast does matrix products in 16 bits; parameters, loss and gradients stay ``float32``. The
#   intermediate results take half the memory.
#
# - ``float16`` 的小梯度會變成 0，``GradScaler`` 先放大再縮回；``bfloat16`` 不需要。
#
#   Small ``float16`` gradients become 0; ``GradScaler`` scales up and back. ``bfloat16`` does not
#   need it.
#
# - ``torch.compile`` 把運算記成圖；看張量數字的 ``if`` 會把圖弄斷，``fullgraph=True`` 會說出來。
#
#   ``torch.compile`` records a graph; an ``if`` on a tensor's numbers breaks it, and
#   ``fullgraph=True`` says so.
#
# 一台裝置省到底了，就用好幾台：:doc:`/lessons/6_scale/20_distributed_training`。
#
# When one device gives all it has, take several:
# :doc:`/lessons/6_scale/20_distributed_training`.
