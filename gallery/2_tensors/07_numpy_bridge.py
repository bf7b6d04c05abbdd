"""
NumPy 與 PyTorch：同一份資料，兩個名字 · NumPy and PyTorch: one set of numbers, two names
=========================================================================================

圖片、表格、感測器的讀數，常常先是 NumPy 陣列，才變成張量；畫圖的時候又要變回去。
兩邊之間有一座橋，過橋很快，因為多半不搬資料；也因為不搬，改了這邊，那邊會跟著變。

Pictures, tables and sensor readings are often NumPy arrays before they are tensors, and arrays
again when you plot. The bridge between the two is quick because it mostly moves nothing. For the
same reason, a change on one side shows on the other.

.. mermaid::

   flowchart LR
     accTitle: 過橋時共用還是複製 · Shared or copied on the way
     accDescr {
       陣列和 CPU 上的張量用 from_numpy、numpy() 互換，共用記憶體；往返 GPU 一定複製。 ·
       from_numpy and numpy() pass between an array and a tensor on the CPU and share memory;
       the way to a GPU and back copies.
     }
     N["NumPy 陣列 · NumPy array"]
     T["CPU 上的張量 · tensor on the CPU"]
     G["GPU 上的張量 · tensor on a GPU"]
     N -->|"共用 · shared<br/>torch.from_numpy()"| T
     T -->|"共用 · shared<br/>.numpy()"| N
     T -->|"複製 · copied<br/>.to(device)"| G
     G -->|"複製 · copied<br/>.cpu()"| T

讀完這一課，你能在 NumPy 和 PyTorch 之間來回，並說出哪一步共用、哪一步複製；
能避開 ``float64`` 混進來的錯誤；也知道 ``.detach().cpu().numpy()`` 的每一段在做什麼。

After this lesson you can go to NumPy and back and say which step shares and which copies, keep
``float64`` from slipping in, and tell what each part of ``.detach().cpu().numpy()`` does.

先備課程：:doc:`/lessons/2_tensors/05_shape_and_memory`、
:doc:`/lessons/2_tensors/06_operations`。時間：約 20 分鐘。

Lessons needed: :doc:`/lessons/2_tensors/05_shape_and_memory`,
:doc:`/lessons/2_tensors/06_operations`. Time: about 20 minutes.
"""

# %%
# 過去，再回來 · There and back
# -----------------------------
#
# 三天的氣溫，攝氏。``torch.from_numpy`` 把陣列變成:term:`張量`，``.numpy()`` 把張量變回陣列。
#
# Three days' temperatures in Celsius. ``torch.from_numpy`` turns the array into a :term:`tensor`;
# ``.numpy()`` turns a tensor back into an array.

# sphinx_gallery_thumbnail_number = 1
import numpy as np
import torch

celsius = np.array([25.0, 28.0, 31.0])
t = torch.from_numpy(celsius)
print(t)
print((t * 1.8 + 32).numpy())

# %%
# 改一邊，兩邊都變 · Change one side, and both change
# ---------------------------------------------------
#
# **先猜猜看**：把陣列的第一個數字改成 0，張量會變嗎？
#
# **Guess first**: we set the first number of the array to 0. Does the tensor change?

celsius[0] = 0
print(t)

t[2] = 99
print(celsius)

# %%
# 會，反過來也會。橋上沒有搬資料：兩個物件讀的是同一塊記憶體，
# 就像第 05 課的 ``x`` 和 ``x.view(3, 2)``。
#
# It does, and the other way round too. The bridge moved nothing: both objects read the same memory,
# as ``x`` and ``x.view(3, 2)`` did in lesson 05.
#
# 要獨立的一份，就用 ``torch.tensor``：它一定複製。兩個陣列有沒有共用，問 ``np.shares_memory``。
#
# For a copy of your own use ``torch.tensor``: it always copies. ``np.shares_memory`` tells you
# whether two arrays share.

ways = {
    "torch.from_numpy(celsius)": torch.from_numpy(celsius),
    "torch.as_tensor(celsius)": torch.as_tensor(celsius),
    "torch.tensor(celsius)": torch.tensor(celsius),
    "torch.from_numpy(celsius).clone()": torch.from_numpy(celsius).clone(),
    "torch.from_numpy(celsius).float()": torch.from_numpy(celsius).float(),
}
for name, tensor in ways.items():
    shared = np.shares_memory(celsius, tensor.numpy())
    print(f"{name:35} {'shared' if shared else 'copied'}")

# %%
# 最後一行也複製了：``float64`` 改成 ``float32``，每個數字占的位元組少了一半，不可能還用原來那塊。
#
# The last line copied too: from ``float64`` to ``float32`` every number takes half the bytes, so
# the old memory will not do.

# %%
# 資料型別也跟著過來 · The data type comes along
# ----------------------------------------------
#
# NumPy 的小數預設是 ``float64``，PyTorch 的是 ``float32``，過橋時:term:`資料型別`不變。
# 第 04 課看過後果：和 ``float32`` 做矩陣乘法會報錯。加減乘除的更難發現：不報錯，
# 結果悄悄變成 ``float64``，記憶體多用一倍。解法是一過橋就轉成 ``float32``；圖片常是會溢位的
# ``uint8``，也一樣。
#
# A decimal number is ``float64`` to NumPy and ``float32`` to PyTorch, and the bridge keeps the
# :term:`data type`. Lesson 04 showed what follows: a matrix product with ``float32`` raises. In
# plain arithmetic the slip is harder to notice: nothing is raised, the result just becomes
# ``float64`` and takes twice the memory. The cure: convert to ``float32`` as soon as you have
# crossed. The same goes for pictures, which are often ``uint8`` and overflow.

inputs = torch.from_numpy(np.array([0.5, 1.5]))
weights = torch.tensor([1.0, 1.0])
print((inputs + weights).dtype)
print((inputs.float() + weights).dtype)

# %%
# 反方向，NumPy 沒有 ``bfloat16``：
#
# The other way round, NumPy has no ``bfloat16``:

half = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
try:
    half.numpy()
except TypeError as error:
    print(error)
print(half.float().numpy())

# %%
# 要求梯度的張量過不去 · A tensor that requires grad may not cross
# ----------------------------------------------------------------
#
# ``requires_grad=True`` 的意思是：PyTorch 要記下對它做的每一步，好算出:term:`梯度`
# （第 08 課細說）。NumPy 不會記，所以 PyTorch 不放行。
#
# ``requires_grad=True`` asks PyTorch to record each step for the :term:`gradient` (lesson 08 says
# more). NumPy records nothing, and so PyTorch lets no such tensor pass.

w = torch.tensor([5.0, -1.0], requires_grad=True)
try:
    w.numpy()
except RuntimeError as error:
    print(error)

# %%
# 訊息說了解法：``detach()`` 給你同一份資料、但不再記錄的張量，這樣就過得去。
#
# The message names the cure: ``detach()`` gives a tensor of the same data that records nothing, and
# that one may cross.

print(w.detach().numpy())

# %%
# 「同一份資料」這句話有陷阱。訓練時常把每一步的:term:`權重`存起來畫圖，
# 下面讓 ``w`` 一步步走向 3，用兩種方式記下來。
#
# "The same data" hides a trap. In training one often keeps the :term:`weights <weight>` of each
# step for a plot. Below, ``w`` walks towards 3, and is kept in two ways.
#
# **先猜猜看**：兩份紀錄一樣嗎？
#
# **Guess first**: do the two records agree?

import matplotlib.pyplot as plt

kept, copied = [], []
for _ in range(20):
    kept.append(w.detach().numpy())
    copied.append(w.detach().numpy().copy())
    with torch.no_grad():
        w -= 0.2 * (w - 3)

fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
for ax, title, record in zip(axes, [".numpy()", ".numpy().copy()"], [kept, copied], strict=True):
    for line, name, style in zip(np.array(record).T, ["w[0]", "w[1]"], ["o-", "s--"], strict=True):
        ax.plot(line, style, markersize=5, label=name)
    ax.set(title=title, xlabel="step", xticks=range(0, 20, 5))
axes[0].set_ylabel("recorded value")
axes[1].legend()
fig.set_label(
    "同一段過程的兩份紀錄 · Two records of the same run\n"
    "左圖沒有複製，兩條線從頭到尾都停在 3 附近；右圖每步複製，兩條線從 5 和 -1 一路彎向 3。 · "
    "At the left, without a copy, both lines stay near 3 from the first step to the last; at the "
    "right, copied at each step, they bend from 5 and -1 towards 3."
)
plt.show()

# %%
# 左邊的二十筆其實是同一塊記憶體的二十個名字，最後看到的都是最後的值。
# 要留住**現在**的值，就加 ``.copy()``，或在張量這邊先 ``.clone()``。``ctypes.data`` 是陣列的位址，
# 數數看有幾個不同的。
#
# At the left are twenty names for one piece of memory, and all show the last value. To keep the
# *present* value, add ``.copy()``, or ``.clone()`` on the tensor side. ``ctypes.data`` is where an
# array starts in memory; count the different places.

print(len({array.ctypes.data for array in kept}), "place in memory")
print(len({array.ctypes.data for array in copied}), "places in memory")

# %%
# GPU 上的張量要先回來 · A tensor on a GPU must come home first
# -------------------------------------------------------------
#
# NumPy 只讀得到主記憶體，別的:term:`裝置`上的張量過不了橋。沒有 GPU 也看得到這個錯誤：
# ``meta`` 裝置只有形狀、沒有資料，每台電腦都有。
#
# NumPy reads main memory only, so a tensor on another :term:`device` cannot cross. You can see the
# error without a GPU: the ``meta`` device, which holds shapes and no data, is on every computer.

try:
    torch.empty(3, device="meta").numpy()
except TypeError as error:
    print(error)

# %%
# 在 GPU 上，訊息裡的 meta 會換成 ``cuda:0`` 之類的名字，照它說的先 ``.cpu()`` 就行
# （``meta`` 沒有資料，搬不回來）。三段合起來，就是別人的程式裡常看到的
# ``.detach().cpu().numpy()``：
#
# On a GPU the message names that device, such as ``cuda:0``, in place of meta. Do as it says and
# call ``.cpu()`` first. (``meta`` has no data to bring back.) Together the three parts make what
# you meet in so many programs, ``.detach().cpu().numpy()``:
#
# - ``.detach()``：不再記錄。
#
#   ``.detach()``: record no more.
#
# - ``.cpu()``：搬回主記憶體；本來就在的話，什麼都不做。
#
#   ``.cpu()``: bring it to main memory; if it is there already, do nothing.
#
# - ``.numpy()``：換成 NumPy 陣列，不複製。
#
#   ``.numpy()``: make it a NumPy array, without a copy.

import primer

device = primer.select()  # 有加速器就用，沒有就是 CPU · the accelerator if there is one, else CPU
scores = torch.tensor([1.0, 2.0, 3.0], device=device, requires_grad=True)
print((scores * 2).detach().cpu().numpy())

# %%
# 在 GPU 上，``.cpu()`` 已經複製了一份；在 CPU 上，整行都還是共用。
# 同一行程式在不同的電腦上有時共用、有時複製，所以要留著用就明白寫 ``.copy()``。
#
# On a GPU, ``.cpu()`` has already made a copy; on a CPU, the whole line still shares. One and the
# same line shares on one computer and copies on another, so write ``.copy()`` if you mean to keep
# the result.

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **07-1 誰跟著變。**先別執行。下面幾行之後，``array[0]``、``shared[0]``、``copied[0]`` 各是多少？
# 依這個順序，用三個數字的 tuple 回答。
#
# **07-1 Who follows?** Without running it: after the lines below, what are ``array[0]``,
# ``shared[0]`` and ``copied[0]``? Answer with a tuple of three numbers, in this order.
#
# .. code-block:: python
#
#    array = np.zeros(3)
#    shared = torch.from_numpy(array)
#    copied = torch.tensor(array)
#    array[0] = 1
#    array = array + 1
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``array[0] = 1`` 寫進共用的記憶體，``shared`` 看得到。``array + 1`` 是一個新的陣列，
#    名字 ``array`` 從此指到別處；寫成 ``array += 1`` 才會留在原地。
#
#    ``array[0] = 1`` writes into shared memory, and ``shared`` sees it. ``array + 1`` is a new
#    array, and the name ``array`` now points elsewhere; ``array += 1`` would have stayed in place.
#
#    .. code-block:: python
#
#       primer.check("07-1", (2, 1, 0))
#
# **07-2 過橋，轉型別，不共用。**寫 ``to_tensor(array)``：任何數值的 NumPy 陣列，回傳同樣形狀、
# 同樣數值的 ``float32`` 張量，而且不和 ``array`` 共用記憶體。``array`` 可能是 ``float32``，
# 也可能是反著讀的 ``pixels[::-1]``。
#
# **07-2 Cross, convert, share nothing.** Write ``to_tensor(array)``: from any NumPy array of
# numbers return a ``float32`` tensor of the same shape and values that shares no memory with
# ``array``. The array may be ``float32`` already, or read backwards like ``pixels[::-1]``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``.float()`` 遇到 ``float32`` 就不複製，還是共用；反著讀的陣列步幅是負的，張量不能有。
#    NumPy 的 ``astype`` 一定複製，複本也沒有負的步幅，兩件事一次解決。
#
#    ``.float()`` copies nothing when the array is ``float32``, so it would share; a reversed array
#    has a negative stride, which no tensor can have. NumPy's ``astype`` always copies, and its
#    copy has no negative strides: both at once.
#
#    .. code-block:: python
#
#       def to_tensor(array):
#           return torch.from_numpy(array.astype("float32"))
#
#       primer.check("07-2", to_tensor)
#
# **07-3 留住現在的值。**寫 ``snapshot(x)``：``x`` 是浮點張量，可能要求梯度，可能是 ``bfloat16``，
# 也可能在 GPU 上。回傳 ``float32`` 的 NumPy 陣列，裝著 ``x`` 現在的值；之後 ``x`` 再變，
# 陣列也不變。``x`` 本身不可改動。
#
# **07-3 Keep the value of now.** Write ``snapshot(x)``: ``x`` is a floating-point tensor that may
# require grad, be ``bfloat16`` or live on a GPU. Return a ``float32`` NumPy array of its present
# values, which stays as it is when ``x`` changes later. Leave ``x`` itself alone.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def snapshot(x):
#           return x.detach().cpu().float().numpy().copy()
#
#       primer.check("07-3", snapshot)

# %%
# 重點回顧 · Summary
# ------------------
#
# - ``torch.from_numpy`` 和 ``.numpy()`` 共用記憶體；``torch.tensor`` 和 ``.copy()`` 複製。
#
#   ``torch.from_numpy`` and ``.numpy()`` share memory; ``torch.tensor`` and ``.copy()`` copy.
#
# - 資料型別會跟著過橋：NumPy 來的小數先 ``.float()``。
#
#   The data type crosses too: call ``.float()`` on decimal numbers from NumPy.
#
# - 往 NumPy 走寫 ``.detach().cpu().numpy()``；要留著用，再加 ``.copy()``。
#
#   Towards NumPy write ``.detach().cpu().numpy()``; add ``.copy()`` to keep the result.
#
# 資料進得來、也出得去了。下一課看 ``requires_grad`` 到底記了什麼：
# :doc:`/lessons/3_autograd/08_computation_graph`。
#
# Data can now come in and go out. Next: what ``requires_grad`` records, in
# :doc:`/lessons/3_autograd/08_computation_graph`.
