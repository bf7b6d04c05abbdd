"""
從純量到三維張量：要幾個索引 · From scalars to 3-D tensors: how many indices?
=============================================================================

現在的氣溫是一個數字；一天量三次，是一排；量兩天，是一張表；兩座城市，是兩張表。
資料每長大一次，張量就多一個維度。問它三件事，就知道手上拿的是哪一種。

The temperature now is one number. Three readings a day make a row, two days make a table, two
cities make two tables. Each time the data grow, the tensor gains a dimension. Ask it three things,
and you know which kind you hold.

.. mermaid::

   flowchart LR
     accTitle: 每多一層，多一個維度 · One more level, one more dimension
     accDescr {
       純量沒有維度；排成一排是向量，疊成表是矩陣，幾張表疊起來是三維張量。 ·
       A scalar has no dimension; a row is a vector, a table a matrix, a stack of tables 3-D.
     }
     A["純量 · scalar<br/>ndim 0<br/>shape ()"]
     B["向量 · vector<br/>ndim 1<br/>shape (3,)"]
     C["矩陣 · matrix<br/>ndim 2<br/>shape (2, 3)"]
     D["三維張量 · 3-D tensor<br/>ndim 3<br/>shape (2, 2, 3)"]
     A -->|"三次 · 3 times"| B
     B -->|"兩天 · 2 days"| C
     C -->|"兩座城市 · 2 cities"| D

讀完這一課，你能看著一串括號說出形狀；分得清 ``ndim``、``shape``、``numel`` 各說什麼；
會用清單、NumPy 陣列和工廠函式建立張量。

After this lesson you can tell the shape from a heap of brackets, say what ``ndim``, ``shape`` and
``numel`` each mean, and make tensors from lists, NumPy arrays and factory functions.

先備課程：:doc:`/lessons/1_start/02_install_and_verify`。時間：約 15 分鐘。

Lessons needed: :doc:`/lessons/1_start/02_install_and_verify`. Time: about 15 minutes.
"""

# %%
# 一個數字也是張量 · One number is a tensor too
# ---------------------------------------------
#
# 現在 28 度。只裝一個數字的:term:`張量`叫:term:`純量`：它一個:term:`維度`也沒有，
# 所以 ``ndim`` 是 0，:term:`形狀`是空的。形狀是空的，張量可不空：裡面有一個數字，
# ``numel()`` 數給你看。
#
# It is 28 degrees. A :term:`tensor` of a single number is a :term:`scalar`: it has no
# :term:`dimension` at all, so ``ndim`` is 0 and its :term:`shape` is empty. The shape is empty, the
# tensor is not: it holds one number, as ``numel()`` counts.

# sphinx_gallery_thumbnail_number = 1
import torch

now = torch.tensor(28)
print(now)
print(now.ndim, now.shape, now.numel())
print(now.item() + 0.5)  # .item() 取出 Python 數字 · .item() gives the Python number

# %%
# 加一層括號，多一個維度 · One more bracket, one more dimension
# -------------------------------------------------------------
#
# 早上、中午、晚上各量一次，是一個:term:`向量`；臺北量兩天，是一個:term:`矩陣`；再加上高雄，
# 是三維張量。``torch.tensor`` 收巢狀的清單，清單有幾層，張量就有幾維。
#
# Morning, noon and evening make a :term:`vector`; two days in Taipei a :term:`matrix`; with
# Kaohsiung it is a 3-D tensor. ``torch.tensor`` takes nested lists: as many levels, as many
# dimensions.

day = torch.tensor([24, 28, 25])
taipei = torch.tensor([[24, 28, 25], [23, 27, 24]])
both = torch.tensor([[[24, 28, 25], [23, 27, 24]], [[26, 31, 28], [27, 32, 29]]])

readings = {"now": now, "day": day, "taipei": taipei, "both": both}
for name, x in readings.items():
    print(f"{name:6}  ndim {x.ndim}   shape {tuple(x.shape)!s:9}   numel {x.numel()}")

# %%
# 三個名字，說的是三件事：
#
# Three names, for three different things:
#
# - ``ndim``，:term:`維度數`：要幾個:term:`索引`才指得到一個數字；也就是開頭連續有幾個 ``[``。
#
#   ``ndim``, the :term:`number of dimensions`: how many :term:`indices <indexing>` it takes to
#   reach one number. It is also how many ``[`` stand at the very beginning.
#
# - ``shape``：每個維度有多大，從最外層寫到最裡層。
#
#   ``shape``: the size of each dimension, from the outermost to the innermost.
#
# - ``numel()``：總共有幾個數字，就是形狀裡的數全部乘起來。
#
#   ``numel()``: how many numbers there are, all sizes multiplied.

# %%
# 索引的順序就是形狀的順序：城市、日子、時段，都從 0 數起。三個索引給齊，得到純量；
# 只給一個，就剩一座城市的表。
#
# Indices come in the order of the shape: city, day, time, each counted from 0. All three give a
# scalar; one alone leaves the table of a city.

print(both[1, 0, 2])  # 高雄，第一天，晚上 · Kaohsiung, the first day, evening
print(both[1])

# %%
# 畫出來看。最右邊的兩張表是兩座城市；每張表的橫列（row）是日子，直行（column）是時段。
#
# Now as a picture. The two tables at the right are the cities; in each, a row is a day and a column
# a time of day.

import matplotlib.pyplot as plt


def draw(ax, name, tensor):
    """Draw a tensor of up to three dimensions: its last two as a table, the first as sheets."""
    sheets = tensor.reshape((1,) * (3 - tensor.ndim) + tensor.shape)
    rows = sheets.shape[1]
    for k, sheet in enumerate(sheets.tolist()):
        for i, row in enumerate(sheet):
            for j, number in enumerate(row):
                x, y = j + 0.5 * k, rows - 1 - i + 2.3 * k
                colour = ["#fdebd0", "#dbe9f6"][k]
                ax.add_patch(plt.Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="#444"))
                ax.text(x + 0.5, y + 0.5, number, ha="center", va="center", size=14)
    ax.set_xlabel(f"{name}\nndim {tensor.ndim}, shape {tuple(tensor.shape)}", size=12)
    middle = (sheets.shape[2] + 0.5 * (len(sheets) - 1)) / 2
    ax.set(
        xlim=(middle - 1.85, middle + 1.85), ylim=(-0.1, 4.4), xticks=[], yticks=[], aspect="equal"
    )
    ax.spines[:].set_visible(False)


fig, axes = plt.subplots(1, 4, figsize=(10, 3.6), layout="constrained")
for ax, (name, x) in zip(axes, readings.items(), strict=True):
    draw(ax, name, x)
fig.set_label(
    "從零維到三維 · From 0-D to 3-D\n"
    "由左到右：一個格子、一排三格、兩列三行的表、兩張同樣大小的表，格子裡寫著氣溫。 · "
    "From left to right: one cell, a row of three, a table of two rows and three columns, and two "
    "such tables, with temperatures in the cells."
)
plt.show()

# %%
# 同一個數字，三種形狀 · The same number, three shapes
# ----------------------------------------------------
#
# **先猜猜看**：``5``、``[5]``、``[[5]]`` 都只有一個 5。做成張量，``ndim`` 各是多少？
#
# **Guess first**: ``5``, ``[5]`` and ``[[5]]`` all hold a single 5. Make a tensor of each: what is
# its ``ndim``?

for data in (5, [5], [[5]]):
    x = torch.tensor(data)
    print(f"{data!s:6} ndim {x.ndim}   shape {tuple(x.shape)}")

# %%
# 是 0、1、2。括號不是裝飾：大小是 1 的維度也是維度，而形狀不同，往後的運算就不同。
# 另一個常見的誤會是把 ``[24, 28, 25]`` 叫做三維：數學上它是三維空間的一個向量，
# 但張量的維度數問的是要幾個索引，一個就夠了，所以 ``ndim`` 是 1。
#
# They are 0, 1 and 2. Brackets are no ornament: a dimension of size 1 is a dimension too, and later
# operations depend on the shape. A common mistake is to call ``[24, 28, 25]`` 3-D. In
# mathematics it is a vector in three-dimensional space; for a tensor the question is how many
# indices it takes. One is enough, so ``ndim`` is 1.
#
# 兩列兩行與兩列三行，``ndim`` 相同，形狀不同。``len()`` 只數最外層，不是數字的個數。
#
# Two rows of two and two rows of three agree in ``ndim``, not in shape. ``len()`` counts the
# outermost level only, not the numbers.

square = torch.tensor([[1, 2], [3, 4]])
wide = torch.tensor([[1, 2, 3], [4, 5, 6]])
print(square.shape, square.ndim)
print(wide.shape, wide.ndim)
print(f"len {len(wide)}, numel {wide.numel()}")

# %%
# 失敗：長短不齊的清單 · A failure: a ragged list
# -----------------------------------------------
#
# 第二天晚上忘了量，那一列少了一個數字。
#
# On the second day nobody took the evening reading, so one number is missing.

try:
    torch.tensor([[24, 28, 25], [23, 27]])
except ValueError as error:
    print(error)

# %%
# 訊息說：第 1 維應該是 3，卻遇到 2。張量是整齊的格子，每一列一樣長，不然就沒有形狀可寫。
# 解法是補一個值，並且看得出是補的，例如 ``nan``（不是數字）。
#
# The message: in dimension 1 the length should be 3, but one row has only 2. A tensor is a regular
# grid with rows of one length; otherwise there is no shape to write down. The cure is to fill the
# gap with a value that shows it was filled, such as ``nan`` (not a number).

filled = torch.tensor([[24, 28, 25], [23, 27, float("nan")]])
print(filled.shape)
print(filled)

# %%
# 工廠函式：給形狀，不給內容 · Factories: give the shape, not the content
# -----------------------------------------------------------------------
#
# 要一百萬個 0，不必打一百萬個 0。``zeros``、``ones``、``full`` 收的是**形狀**，
# ``torch.tensor`` 收的是**內容**；弄混了會報錯。
#
# To get a million zeros, nobody types a million zeros. ``zeros``, ``ones`` and ``full`` take a
# **shape**, ``torch.tensor`` takes the **content**. Mix them up and it raises.

print(torch.zeros(2, 3))
print(torch.ones(2))
print(torch.full((2, 2), 7))

try:
    torch.tensor(2, 3)
except TypeError as error:
    print(error)

# %%
# 大寫的 ``torch.Tensor(2, 3)`` 不報錯，給的卻是沒有清理過的記憶體，裡面什麼數字都有可能。
# 所以用小寫的 ``torch.tensor``。
#
# With a capital, ``torch.Tensor(2, 3)`` raises nothing, but hands you memory that nobody cleared,
# holding whatever was there. So use ``torch.tensor`` in lower case.
#
# 排成數列用 ``arange`` 或 ``linspace``：前者給間隔，**不含**終點；後者給個數，**包含**終點。
# ``zeros_like`` 照著別人的形狀做；``eye`` 是對角線為 1 的矩陣。
#
# For sequences, ``arange`` takes the step and leaves the end *out*; ``linspace`` takes the count
# and has the end *in*. ``zeros_like`` copies another's shape; ``eye`` is a matrix with ones on the
# diagonal.

print(torch.arange(0, 10, 2))
print(torch.linspace(0, 1, 5))
print(torch.zeros_like(taipei))
print(torch.eye(2))

# %%
# 亂數也有工廠：``rand`` 均勻分布在 0 到 1，``randn`` 是標準常態分布。先設:term:`隨機種子`，
# 下次就得到同樣的數字。
#
# Random numbers have factories too: ``rand`` is uniform from 0 to 1, ``randn`` standard normal. Set
# the :term:`random seed` first, and the same numbers come again.

torch.manual_seed(0)
first = torch.rand(2, 3)
torch.manual_seed(0)
print(first.shape, torch.equal(first, torch.rand(2, 3)))

# %%
# 從 NumPy 來 · From NumPy
# ------------------------
#
# ``torch.tensor`` 也收 NumPy 陣列，形狀照舊。它一定複製，所以改張量不會動到陣列；
# 想共用記憶體，見 :doc:`/lessons/2_tensors/07_numpy_bridge`。
#
# ``torch.tensor`` takes a NumPy array too and keeps its shape. It always copies: changing the
# tensor leaves the array alone. To share memory, see :doc:`/lessons/2_tensors/07_numpy_bridge`.

import numpy as np

array = np.array([[24.5, 28.0, 25.5], [23.0, 27.5, 24.0]])
copied = torch.tensor(array)
copied[0, 0] = 0
print(array.shape, copied.shape)
print(array[0, 0], copied[0, 0].item())

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
# **03-1 看括號說形狀。**先別執行：``torch.tensor([[[1, 2], [3, 4], [5, 6]]])`` 的形狀是什麼？
# 用 tuple 回答。
#
# **03-1 Tell the shape from the brackets.** Without running it: what is the shape of
# ``torch.tensor([[[1, 2], [3, 4], [5, 6]]])``? Answer with a tuple.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    開頭三個括號，所以有三個數：最外層裝 1 張表，表有 3 列，每列 2 個數字。
#
#    Three brackets at the beginning, so three sizes: the outermost holds 1 table of 3 rows with 2
#    numbers each.
#
#    .. code-block:: python
#
#       primer.check("03-1", (1, 3, 2))
#
# **03-2 自己算形狀。**寫 ``shape_of(nested)``：``nested`` 是一個數字，或整齊的巢狀清單
# （沒有空的）。不用 PyTorch，回傳它做成張量之後的形狀，是一個 tuple；數字的形狀是 ``()``。
#
# **03-2 Work out the shape yourself.** Write ``shape_of(nested)``: ``nested`` is a number or a
# regular nested list, never empty. Without PyTorch, return the shape that its tensor has, as a
# tuple; a number has shape ``()``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    一份清單的形狀，是自己的長度，後面接裡面任何一項的形狀。
#
#    The shape of a list is its own length, followed by the shape of any one of its items.
#
#    .. code-block:: python
#
#       def shape_of(nested):
#           if not isinstance(nested, list):
#               return ()
#           return (len(nested), *shape_of(nested[0]))
#
#       primer.check("03-2", shape_of)
#
# **03-3 補齊。**寫 ``pad(rows)``：``rows`` 是長短不一的數字清單。回傳二維張量，
# 每個清單一列，短的在**右邊**補 0，補到和最長的一樣長。
#
# **03-3 Fill up.** Write ``pad(rows)``: ``rows`` holds lists of numbers of different lengths.
# Return a 2-D tensor with a row for each list; fill the short ones with 0 *on the right*, up to the
# length of the longest.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def pad(rows):
#           longest = max(len(row) for row in rows)
#           return torch.tensor([row + [0] * (longest - len(row)) for row in rows])
#
#       primer.check("03-3", pad)

# %%
# 重點回顧 · Summary
# ------------------
#
# - ``ndim`` 是要幾個索引，``shape`` 是每個維度多大（由外往內），``numel()`` 是總共幾個數字。
#
#   ``ndim`` is how many indices, ``shape`` the size of each dimension from the outside in,
#   ``numel()`` how many numbers in all.
#
# - ``5``、``[5]``、``[[5]]`` 是三種形狀；長短不齊的清單做不成張量。
#
#   ``5``, ``[5]`` and ``[[5]]`` have three different shapes; a ragged list makes no tensor.
#
# - ``torch.tensor`` 收內容，也收 NumPy 陣列；``zeros``、``full``、``rand`` 收形狀。
#
#   ``torch.tensor`` takes content, NumPy arrays included; ``zeros``, ``full`` and ``rand`` take a
#   shape.
#
# 形狀說有幾個數字，還沒說每個數字怎麼存。下一課：:doc:`/lessons/2_tensors/04_data_types`。
#
# A shape says how many numbers there are, not how each is stored. That is the next lesson:
# :doc:`/lessons/2_tensors/04_data_types`.
