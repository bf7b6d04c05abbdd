"""`explain_view` and `describe` against PyTorch itself, on tensors laid out at random."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from primer.tensors import describe, explain_view

sizes = st.integers(0, 4)


@st.composite
def strided(draw):
    """A tensor with any strides: overlapping, skipping, zero."""
    shape = draw(st.lists(sizes, max_size=4))
    strides = draw(st.lists(st.integers(0, 13), min_size=len(shape), max_size=len(shape)))
    offset = draw(st.integers(0, 3))
    return torch.zeros(200).as_strided(shape, strides, offset)


@st.composite
def viewed(draw):
    """A tensor as programs make them: contiguous, then transposed, sliced, expanded..."""
    tensor = torch.zeros(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(0, 3))):
        d = draw(st.integers(0, tensor.ndim - 1))
        match draw(st.sampled_from(["transpose", "slice", "step", "unsqueeze", "expand"])):
            case "transpose":
                tensor = tensor.transpose(d, draw(st.integers(0, tensor.ndim - 1)))
            case "slice":
                tensor = tensor.narrow(d, 0, draw(st.integers(0, tensor.shape[d])))
            case "step":
                tensor = tensor[(slice(None),) * d + (slice(None, None, 2),)]
            case "unsqueeze":
                tensor = tensor.unsqueeze(d)
            case "expand":
                tensor = tensor.unsqueeze(d).expand(*tensor.shape[:d], 2, *tensor.shape[d:])
    return tensor


@st.composite
def shapes_for(draw, tensor):
    """A shape with as many elements, near to the tensor's own."""
    shape = list(tensor.shape)
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["merge", "split", "one", "open"])):
            case "merge" if len(shape) > 1:
                d = draw(st.integers(0, len(shape) - 2))
                shape[d : d + 2] = [shape[d] * shape[d + 1]]
            case "split" if shape:
                d = draw(st.integers(0, len(shape) - 1))
                factors = [k for k in range(1, shape[d] + 1) if shape[d] % k == 0]
                if factors:
                    k = draw(st.sampled_from(factors))
                    shape[d : d + 1] = [k, shape[d] // k]
            case "one":
                shape.insert(draw(st.integers(0, len(shape))), 1)
            case _:
                pass
    if shape and draw(st.booleans()):
        d = draw(st.integers(0, len(shape) - 1))
        if math.prod(shape[:d] + shape[d + 1 :]):
            shape[d] = -1
    return shape


@settings(max_examples=2000, deadline=None)
@given(st.one_of(strided(), viewed()), st.data())
def test_view_works_exactly_when_the_report_says_so(tensor, data):
    shape = data.draw(shapes_for(tensor))
    report = explain_view(tensor, shape)
    try:
        view = tensor.view(shape)
    except RuntimeError as error:
        assert "spans across two contiguous subspaces" in str(error)  # noqa: PT017
        assert not report.works
        assert report.blocked
        # What reshape copied is a new storage.
        copy = tensor.reshape(shape)
        assert copy.untyped_storage().nbytes() == report.copied_bytes
        for i, j in report.blocked:
            assert tensor.stride(i) != tensor.shape[j] * tensor.stride(j)
            assert all(size == 1 for size in tensor.shape[i + 1 : j])
    else:
        assert report.works
        assert report.shape == view.shape
        assert report.strides == view.stride()
        assert report.blocked == ()
        assert tensor.reshape(shape).data_ptr() == tensor.data_ptr()


anything = st.one_of(
    st.integers(-3, 2**65),
    st.sampled_from([0, 2**62, 2**63 - 1]),
    st.floats(),
    st.none(),
    st.text("ab", max_size=3),
    st.booleans(),
    st.lists(st.integers(-2, 7), max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(strided(), st.lists(anything, max_size=4))
def test_bad_shapes_raise_nothing_but_type_and_value_errors(tensor, shape):
    try:
        report = explain_view(tensor, *shape)
    except (TypeError, ValueError) as error:
        chinese, english = str(error).splitlines()
        assert chinese
        assert english.isascii()
    else:
        assert math.prod(report.shape) == tensor.numel()


@settings(max_examples=300, deadline=None)
@given(st.one_of(strided(), viewed()))
def test_the_description_agrees_with_the_addresses(tensor):
    info = describe(tensor)
    addresses = [
        tensor[tuple(index)].data_ptr() for index in torch.ones(tensor.shape).nonzero().tolist()
    ]
    assert info.bytes == 4 * len(addresses)
    if addresses:
        in_turn = all(a == addresses[0] + 4 * k for k, a in enumerate(addresses))
        assert info.contiguous == in_turn
        end = tensor.untyped_storage().data_ptr() + info.storage_bytes
        assert max(addresses) + 4 <= end
