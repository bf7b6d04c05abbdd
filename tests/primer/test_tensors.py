"""`describe`, `explain_view` and `draw_memory` on tensors whose memory is known."""

import re
import sys

import matplotlib.pyplot
import pytest
import torch
from matplotlib import colors

from primer.tensors import describe, draw_memory, explain_view

matplotlib.use("Agg")

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    matplotlib.pyplot.close("all")


# --- describe ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ndim", "name"),
    [
        (0, "純量 · scalar"),
        (1, "向量 · vector"),
        (2, "矩陣 · matrix"),
        (3, "三維張量 · 3-D tensor"),
        (10, "十維張量 · 10-D tensor"),
        (11, "11 維張量 · 11-D tensor"),
    ],
)
def test_a_tensor_is_called_by_its_dimensions(ndim, name):
    assert describe(torch.zeros([1] * ndim)).name == name


def test_a_transposed_slice_shares_the_storage_of_the_whole():
    whole = torch.zeros(4, 6, dtype=torch.float64, requires_grad=True)
    info = describe(whole[:2].T)
    assert info.shape == (6, 2)
    assert info.strides == (1, 6)
    assert not info.contiguous
    assert info.bytes == 6 * 2 * 8
    assert info.storage_bytes == 4 * 6 * 8
    assert info.requires_grad
    assert not info.is_leaf
    assert describe(whole).is_leaf


def test_an_expanded_tensor_has_more_bytes_than_its_storage():
    info = describe(torch.zeros(3, 1).expand(3, 100))
    assert info.strides == (1, 0)
    assert (info.bytes, info.storage_bytes) == (1200, 12)


@pytest.mark.parametrize(
    ("tensor", "size"),
    [
        (torch.tensor(True), 1),
        (torch.zeros(2, 3, dtype=torch.complex128), 96),
        (torch.empty(0, 3), 0),
        (torch.empty(5, device="meta"), 20),
        (torch.quantize_per_tensor(torch.zeros(7), 0.1, 0, torch.quint8), 7),
        (torch.nn.Parameter(torch.zeros(2)), 8),
    ],
)
def test_any_kind_of_dense_tensor_is_described(tensor, size):
    info = describe(tensor)
    assert (info.shape, info.dtype, info.device) == (tensor.shape, tensor.dtype, tensor.device)
    assert info.bytes == size


def test_the_text_lines_up_in_any_font():
    lines = str(describe(torch.zeros(2, 3))).splitlines()
    # What stands before the Chinese column is Latin, so that its width is the same everywhere.
    starts = {HAN.search(line).start() for line in lines[1:]}
    assert len(starts) == 1
    assert all(line[:15].isascii() for line in lines[1:])
    assert lines[1].split()[0] == "shape"
    assert "(2, 3)" in lines[1]


def test_a_notebook_shows_a_table_with_its_languages_marked():
    table = describe(torch.zeros(2, 3))._repr_html_()
    assert table.count("<tr>") == len(str(describe(torch.zeros(2, 3))).splitlines()) - 1
    assert '<span lang="zh-TW">形狀</span> · shape' in table
    assert "<code>(2, 3)</code>" in table


# --- explain_view --------------------------------------------------------------------------------


def test_a_view_of_contiguous_data_only_changes_strides():
    report = explain_view(torch.zeros(2, 3), 3, 2)
    assert report.works
    assert report.strides == (2, 1)
    assert report.copied_bytes == 0
    assert "(3, 1)" in str(report)
    assert "(2, 1)" in str(report)


def test_the_dimensions_that_cannot_be_merged_are_named():
    report = explain_view(torch.arange(6, dtype=torch.float32).view(2, 3).T, 6)
    assert not report.works
    assert report.strides is None
    assert report.blocked == ((0, 1),)
    assert report.copied_bytes == 24
    chinese, english = str(report).splitlines()
    assert "stride[0] = shape[1] × stride[1] = 2 × 3 = 6" in chinese
    assert "merge dimensions 0 and 1" in english
    assert "copies 24 bytes" in english
    assert HAN.search(chinese)
    assert not HAN.search(english)


def test_only_the_blocking_pair_is_named():
    # Dimensions 1 and 2 stay apart in the new shape; dimensions 0 and 1 would have to join.
    tensor = torch.zeros(4, 3, 2).transpose(0, 1)  # shape (3, 4, 2), strides (2, 6, 1)
    assert explain_view(tensor, 12, 2).blocked == ((0, 1),)
    assert explain_view(tensor, 3, 8).blocked == ((1, 2),)
    assert explain_view(tensor, 24).blocked == ((0, 1), (1, 2))
    assert explain_view(tensor, 3, 2, 2, 2).works


def test_a_size_of_one_does_not_block():
    tensor = torch.zeros(2, 3).as_strided((2, 1, 3), (3, 77, 1))
    assert explain_view(tensor, 6).works


@pytest.mark.parametrize("shape", [(-1, 2), ((3, -1),), ([3, 2],), (torch.Size([3, 2]),)])
def test_a_shape_is_read_as_view_reads_it(shape):
    assert explain_view(torch.zeros(2, 3), *shape).shape == (3, 2)


def test_a_tensor_without_dimensions_is_a_shape_too():
    assert explain_view(torch.zeros(1, 1), ()).shape == ()
    assert explain_view(torch.tensor(1.0), 1, 1).strides == (1, 1)


# --- draw_memory ---------------------------------------------------------------------------------


def joined(figure):
    """Read the picture: which cell each element's line ends in, by the numbers written below."""
    axes = figure.axes[0]
    below = {round(t.get_position()[0], 6): t.get_text() for t in axes.texts if t._y == -0.5}
    above = {round(t.get_position()[0], 6): t.get_text() for t in axes.texts if t._y == 2.5}
    return {
        above[round(line.get_xdata()[0], 6)]: int(below[round(line.get_xdata()[1], 6)])
        for line in axes.lines
    }


BASE = torch.arange(12, dtype=torch.int32).reshape(3, 4)


@pytest.mark.parametrize(
    "tensor",
    [
        BASE,
        BASE.T,
        BASE[:, 1:3],
        BASE[1:, ::2],
        BASE[:, :1].expand(3, 3),
        BASE[0, 0],
        BASE.view(3, 2, 2),
    ],
    ids=["rows", "transposed", "sliced", "stepped", "expanded", "scalar", "three"],
)
def test_each_line_ends_in_the_cell_that_holds_the_element(tensor):
    lines = joined(draw_memory(tensor))
    assert len(lines) == tensor.numel()
    for name, cell in lines.items():
        place = tuple(int(i) for i in name.split(",")) if name else ()
        # The truth is the address of the element.
        address = tensor[place].data_ptr() - BASE.untyped_storage().data_ptr()
        assert cell == address // 4


def test_values_stand_in_the_cells_and_unread_cells_are_grey():
    axes = draw_memory(BASE[:, 1:3]).axes[0]
    stored = [t.get_text() for t in axes.texts if t._y == 0]
    assert stored == [str(k) for k in range(12)]
    grey = colors.to_rgba("#F2F2F2")
    unread = [p for p in axes.patches if p.get_facecolor() == grey]
    assert len(unread) == 6


def test_a_meta_tensor_is_drawn_without_values():
    axes = draw_memory(torch.empty(2, 2, device="meta")).axes[0]
    assert all(t.get_text() == "" for t in axes.texts if t._y in (0, 2))
    assert len(axes.lines) == 4


def test_a_window_is_drawn_of_a_large_storage():
    piece = torch.arange(10_000.0)[5000:5006]
    assert list(joined(draw_memory(piece)).values()) == list(range(5000, 5006))


def test_the_label_carries_caption_and_text_alternative_in_both_languages():
    caption, alternative = draw_memory(BASE.T).get_label().splitlines()
    for line in (caption, alternative):
        chinese, english = line.split(" · ")
        assert HAN.search(chinese)
        assert not HAN.search(english)
    assert "(4, 3)" in caption
    assert "cross" in alternative
    assert "parallel" in draw_memory(BASE).get_label()
    assert "without a line: 6" in draw_memory(BASE[:, 1:3]).get_label()
    assert "one cell" in draw_memory(BASE[:, :1].expand(3, 3)).get_label()


def test_no_chinese_is_drawn_for_matplotlib_has_no_font_for_it():
    figure = draw_memory(BASE.T)
    axes = figure.axes[0]
    drawn = [*axes.texts, axes.title, *axes.get_yticklabels(), *axes.get_xticklabels()]
    assert not any(HAN.search(text.get_text()) for text in drawn)


def test_drawing_needs_a_readable_size():
    with pytest.raises(ValueError, match="got 0"):
        draw_memory(torch.empty(0))
    with pytest.raises(ValueError, match="got 25"):
        draw_memory(torch.zeros(25))
    with pytest.raises(ValueError, match="spread over 91"):
        draw_memory(torch.zeros(10, 10)[:, 0])


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        draw_memory(torch.zeros(2))


# --- What cannot be answered ---------------------------------------------------------------------


@pytest.mark.parametrize("function", [describe, explain_view, draw_memory])
@pytest.mark.parametrize("value", [[1, 2], None, 3.0, "tensor"])
def test_something_else_than_a_tensor_is_refused(function, value):
    with pytest.raises(TypeError, match=f"got {type(value).__name__}") as caught:
        function(value)
    assert HAN.search(str(caught.value).splitlines()[0])


@pytest.mark.parametrize("function", [describe, lambda t: explain_view(t, 9), draw_memory])
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
def test_a_tensor_without_strides_is_refused(function):
    for tensor in (torch.eye(3).to_sparse(), torch.eye(3).to_sparse_csr()):
        with pytest.raises(TypeError, match="to_dense"):
            function(tensor)


@pytest.mark.parametrize("shape", [(), (2.5,), (True, 6), ("6",), (None,), (torch.int32,)])
def test_a_shape_is_made_of_integers(shape):
    with pytest.raises(TypeError, match="integers"):
        explain_view(torch.zeros(6), *shape)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4,), "6 elements"),
        ((-1, -1), "at most one"),
        ((0, 2**62, 2**62), "multiplied together"),
        ((-2, 3), "from 0 to"),
        ((-1, 4), "-1 cannot be worked out"),
        ((-1, 0), "-1 cannot be worked out"),
        ((2**63,), "from 0 to"),
    ],
)
def test_a_shape_that_no_tensor_can_take_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        explain_view(torch.zeros(6), *shape)
