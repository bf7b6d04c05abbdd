"""
形狀與記憶體：一排數字怎麼變成表格 · Shape and memory: how a row of numbers becomes a table
===========================================================================================

記憶體裡沒有表格，只有一長排格子。張量把這排數字讀成表格；看懂它怎麼讀，
就知道 ``view`` 為什麼會失敗。

Memory holds no tables, only one long row of cells. A tensor reads that row as a table. See how,
and you will know why ``view`` sometimes fails.

.. mermaid::

   flowchart LR
     accTitle: 一排數字，三種讀法 · One row of numbers, three readings
     accDescr {
       三個張量讀同一排六個數字，只有形狀和步幅不同。 ·
       Three tensors read the same row of six numbers; only shape and strides differ.
     }
     S["記憶體 · memory<br/>1 2 3 4 5 6"]
     S --> X["x<br/>.shape (2, 3)<br/>.stride() (3, 1)"]
     S --> V["x.view(3, 2)<br/>.shape (3, 2)<br/>.stride() (2, 1)"]
     S --> T["x.T<br/>.shape (3, 2)<br/>.stride() (1, 3)"]

讀完這一課，你能從形狀和步幅算出任何一個元素放在哪一格；能說出兩個張量有沒有共用記憶體；
遇到 ``view`` 的錯誤訊息，知道原因，也知道怎麼改。

After this lesson you can find the cell of any element from shape and strides, say whether two
tensors share memory, and explain and mend the error that ``view`` raises.

先備課程：:doc:`/lessons/2_tensors/03_scalars_to_tensors`。時間：約 15 分鐘。

Lessons needed: :doc:`/lessons/2_tensors/03_scalars_to_tensors`. Time: about 15 minutes.
"""

# %%
# 表格是讀出來的 · The table is a way of reading
# ----------------------------------------------
#
# 先做一個小:term:`張量`。它的:term:`形狀`是 ``(2, 3)``：兩個橫列（row）、三個直行（column）。
#
# Here is a small :term:`tensor`. Its :term:`shape` is ``(2, 3)``: two rows, three columns.

# sphinx_gallery_thumbnail_number = 2
import torch

x = torch.tensor([[1, 2, 3], [4, 5, 6]])
print(x.shape)
print(x)

# %%
# 印出來像表格，記憶體裡卻是 1 到 6 排成一排。那 PyTorch 怎麼知道 ``x[1, 2]`` 是第幾格？
# 靠:term:`步幅`：往下一列要跨 3 格，往右一行要跨 1 格。
#
# It prints as a table, yet in memory 1 to 6 stand in one row. How does PyTorch know which cell
# ``x[1, 2]`` is? By its :term:`strides <stride>`: one row down is 3 cells away, one column to the
# right is 1 cell away.

import primer

print(primer.describe(x))

# %%
# 最後兩列到第 08 課才用得到，先看步幅：``x[i, j]`` 在第 ``3 * i + 1 * j`` 格（從 0 數起）。
# 拿 ``x[1, 2]`` 驗算看看。
#
# The last two lines wait for lesson 08; look at the strides: ``x[i, j]`` lies in cell
# ``3 * i + 1 * j``, counted from 0. Check it with ``x[1, 2]``.

row, column = 1, 2
cell = row * x.stride(0) + column * x.stride(1)
print(f"cell {cell} holds {x.view(6)[cell]}, and x[1, 2] is {x[row, column]}")

# %%
# 上排照:term:`索引`的順序，下排是記憶體的格子。線沒有交叉：照順序讀 ``x``，就是從左到右讀記憶體。
# 這樣的張量是:term:`連續`的。
#
# Above, the elements in the order of :term:`indexing`; below, the cells of memory. No lines cross:
# reading ``x`` in order reads memory from left to right. Such a tensor is :term:`contiguous`.

import matplotlib.pyplot as plt

primer.draw_memory(x)
plt.show()

# %%
# ``view``：換個讀法，不搬資料 · ``view``: read differently, move nothing
# -----------------------------------------------------------------------
#
# 同樣六格，也能讀成三列兩行。``view`` 只換形狀和步幅，讀的還是原來那排，
# 所以叫:term:`檢視`。把 100 寫進 ``y``，``x`` 也跟著變。
#
# The same six cells can be read as three rows of two. ``view`` changes shape and strides only and
# reads the same row, hence the name :term:`view`. Write 100 into ``y``, and ``x`` changes too.

y = x.view(3, 2)
print(y)

y[0, 0] = 100
print(x)
y[0, 0] = 1

# %%
# 轉置也不搬資料 · A transpose moves nothing either
# -------------------------------------------------
#
# **先猜猜看**：``x.T`` 把列和行對調。六個數字在記憶體裡搬家了嗎？
#
# **Guess first**: ``x.T`` swaps rows and columns. Did the six numbers move in memory?

t = x.T
print(t)
print(f"x strides {x.stride()}, t strides {t.stride()}")

t[0, 1] = 40
print(x)
t[0, 1] = 4

# %%
# 一個都沒搬。:term:`轉置`只是把兩個步幅對調，所以寫進 ``t[0, 1]``，改到的是 ``x[1, 0]``。
# 圖上的線交叉了：照順序讀 ``t``，得在記憶體裡跳來跳去。
#
# None did. A :term:`transpose` only swaps the two strides, so writing ``t[0, 1]`` changed
# ``x[1, 0]``. Now the lines cross: reading ``t`` in order jumps to and fro in memory.

primer.draw_memory(t)
plt.show()

# %%
# 常見的誤會是「轉置就是重塑成 3×2」。形狀一樣，內容不一樣：``view`` 照原來的順序重新斷行，
# ``.T`` 沿對角線翻面。
#
# A common mistake: "a transpose is a reshape to 3×2". The shapes agree, the contents do not:
# ``view`` keeps the order and breaks the lines elsewhere, ``.T`` flips along the diagonal.

print(x.view(3, 2).tolist())
print(x.T.tolist())

# %%
# ``view`` 失敗了 · ``view`` fails
# --------------------------------
#
# 把 ``t`` 攤平成一排，應該不難吧？
#
# Flattening ``t`` to one row should be easy, should it not?

try:
    t.view(6)
except RuntimeError as error:
    print(error)

# %%
# 訊息說形狀和步幅不相容，怎麼個不相容？算一次就懂。照順序讀 ``t`` 是 1 4 2 5 3 6，
# 它們依序在下面這幾格。
#
# The message says that size and stride are not compatible. Why not? Work it out once. In order,
# ``t`` reads 1 4 2 5 3 6, which lie in these cells:

cells = [i * t.stride(0) + j * t.stride(1) for i in range(3) for j in range(2)]
print("cells", cells)
print("jumps", torch.tensor(cells).diff().tolist())

# %%
# 一維張量只有一個步幅，每次都得跨同樣的格數；這裡卻是 +3、-2 輪流跨，沒有哪一個步幅辦得到。
# ``view`` 答應過不搬資料，只好拒絕。``primer.explain_view`` 用步幅說同一件事。
#
# A 1-D tensor has one stride and takes the same jump every time. Here the jumps are +3, -2, +3, -2:
# no single stride does that. ``view`` promised to move nothing, so it has to refuse.
# ``primer.explain_view`` says the same in terms of strides.

print(primer.explain_view(t, 6))

# %%
# 解法：需要時才複製 · The cure: copy when it is needed
# -----------------------------------------------------
#
# ``reshape``（:term:`重塑`）肯複製：照 ``t`` 的順序把數字抄到新的一排。抄出來的是另一份，
# 改它不會動到 ``x``。
#
# ``reshape`` (see :term:`reshape`) is willing to copy: it writes the numbers to a new row, in the
# order of ``t``. The copy is a tensor of its own; changing it leaves ``x`` alone.

flat = t.reshape(6)
flat[1] = 400
print(flat)
print(x)

# %%
# ``contiguous()`` 也是複製：先排成連續的一排，之後 ``view`` 就行了。
#
# ``contiguous()`` copies too: it lays the numbers out in order, and then ``view`` works.

print(t.contiguous().view(6))

# %%
# ``reshape`` 不一定複製 · ``reshape`` does not always copy
# ---------------------------------------------------------
#
# **先猜猜看**：``x`` 是連續的。把 0 寫進 ``x.reshape(6)``，``x`` 會變嗎？
#
# **Guess first**: ``x`` is contiguous. We write 0 into ``x.reshape(6)``. Will ``x`` change?

x.reshape(6)[0] = 0
print(x)
x[0, 0] = 1

# %%
# 會。``view`` 走得通，``reshape`` 就給你檢視；走不通才複製。所以別指望它一定共用，
# 也別指望它一定不共用：要共用就寫 ``view``，要獨立的一份就寫 ``clone()``。
#
# It does. Where a view is possible, ``reshape`` gives a view; it copies only where none is. So rely
# on neither: write ``view`` when memory must be shared, ``clone()`` when you need your own copy.

# %%
# 換成你來點：選一種寫法，再點一個元素，看它落在記憶體的哪一格。轉置、切片、
# ``expand``（把大小是 1 的維度當成重複許多次，第 06 課會用）都只換形狀、步幅和起點
# （從第幾格讀起）；同一種顏色是同一列。
#
# Your turn: choose an expression, then an element, and see its cell in memory. Transpose, slices
# and ``expand`` (which repeats a dimension of size 1; lesson 06 uses it) only change shape, strides
# and offset, the cell where the reading starts; one colour is one row.
#
# .. moving-graph:: strides

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **05-1 預測步幅。**設 ``x = torch.arange(24).reshape(4, 6)``。先別執行：
# ``x.t().stride()`` 是哪兩個整數？``x.t()`` 就是二維張量的 ``x.T``。
#
# **05-1 Predict the strides.** Let ``x = torch.arange(24).reshape(4, 6)``. Without running it:
# which two integers are ``x.t().stride()``? For a 2-D tensor, ``x.t()`` is ``x.T``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``x`` 的步幅是 ``(6, 1)``，轉置把它們對調。
#
#    The strides of ``x`` are ``(6, 1)``; the transpose swaps them.
#
#    .. code-block:: python
#
#       primer.check("05-1", (1, 6))
#
# **05-2 攤平，能不複製就不複製。**寫 ``flatten(x)``：任何張量都攤成一維，照索引的順序；
# 做得成檢視就共用記憶體，做不成才複製。
#
# **05-2 Flatten, copying only when needed.** Write ``flatten(x)``: any tensor becomes 1-D, in index
# order. Share memory wherever a view can; copy only where none can.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def flatten(x):
#           return x.reshape(-1)  # -1：由 PyTorch 算 · -1: PyTorch works it out
#
#       primer.check("05-2", flatten)
#
# **05-3 兩個張量共用記憶體嗎。**寫 ``shares_memory(a, b)``：兩個張量用同一塊儲存空間就回傳
# ``True``，例如 ``x`` 和 ``x[1:]``；否則 ``False``。
# 提示：``a.untyped_storage().data_ptr()`` 是那塊空間的位址。
#
# **05-3 Do two tensors share memory?** Write ``shares_memory(a, b)``: ``True`` when both stand on
# the same storage, as ``x`` and ``x[1:]`` do, else ``False``. Hint:
# ``a.untyped_storage().data_ptr()`` is the address of that storage.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    只比 ``a.data_ptr()`` 不夠：``x[1:]`` 從第二列開始，位址不同，卻在同一塊空間裡。
#
#    ``a.data_ptr()`` alone is not enough: ``x[1:]`` starts at the second row, at another address
#    within the same storage.
#
#    .. code-block:: python
#
#       def shares_memory(a, b):
#           return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
#
#       primer.check("05-3", shares_memory)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 張量 = 一排數字 + 形狀 + 步幅；從起點數起，
#   ``x[i, j]`` 在第 ``i * stride[0] + j * stride[1]`` 格。
#
#   A tensor is a row of numbers, a shape and strides: counted from its start, ``x[i, j]`` lies in
#   cell ``i * stride[0] + j * stride[1]``.
#
# - ``view`` 和 ``.T`` 都不搬資料，改一個，另一個也變；只靠步幅讀不出來時，``view`` 就失敗。
#
#   ``view`` and ``.T`` move nothing: change one tensor and the other changes. Where no strides can
#   do the reading, ``view`` fails.
#
# - ``reshape`` 先試檢視，不行才複製。
#
#   ``reshape`` tries a view first and copies only when it must.
#
# 張量怎麼存數字，你已經知道了。下一課拿整個張量來算：
# :doc:`/lessons/2_tensors/06_operations`。
#
# You know how a tensor stores numbers. Next: computing with whole tensors, in
# :doc:`/lessons/2_tensors/06_operations`.
