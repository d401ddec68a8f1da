"""A batch through structure and memory and back."""

import multiprocessing
import os

import pytest
import torch
from foreign import DTYPES, Frozen, Squares
from hypothesis import given
from hypothesis import strategies as st

from feedline import DataLoader
from feedline.loader.memory import Arena, new_block
from feedline.loader.transport import Opener, pack


def through_message(value):
    parcel = pack(value, Arena(None))
    return Opener(parcel.structure, bytearray(parcel.inline())).load()


def through_block(value, size=None):
    """By way of a block; ``size`` is that of a block that is there already."""
    block = None
    if size is not None:
        descriptor, block = new_block(size)
        os.close(descriptor)
    parcel = pack(value, Arena(block))
    descriptor, block = parcel.into_block()
    if descriptor is not None:
        os.close(descriptor)
    return Opener(parcel.structure, block.lease(lambda: None)).load()


WAYS = {
    "message": through_message,
    "new block": through_block,
    "old block": lambda value: through_block(value, 1 << 20),
    "small block": lambda value: through_block(value, 10),
}


@st.composite
def tensors(draw):
    """Of any dtype and shape, transposed, cut and stretched."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    count = torch.Size(shape).numel()
    tensor = torch.arange(1, count + 1).reshape(shape).to(draw(st.sampled_from(DTYPES)))
    if shape:
        tensor = tensor.permute(*draw(st.permutations(range(len(shape)))))
        side = draw(st.integers(0, len(shape) - 1))
        tensor = tensor.narrow(side, 0, draw(st.integers(0, tensor.shape[side])))
    if draw(st.booleans()):
        tensor = tensor.unsqueeze(0).expand(3, *tensor.shape)
    return tensor


def bits(tensor):
    tensor = tensor.clone(memory_format=torch.contiguous_format)  # sides of 1 may have any stride, and views mind
    return tensor.flatten().view(torch.uint8).tolist() if tensor.numel() else []


values = st.recursive(
    st.one_of(tensors(), st.integers(), st.text(max_size=3), st.binary(max_size=3), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.integers(0, 9), inner, max_size=3),
    ),
    max_leaves=8,
)


def same(found, value):
    if type(found) is not type(value):
        return False
    if isinstance(value, torch.Tensor):
        return (found.shape, found.dtype, bits(found)) == (value.shape, value.dtype, bits(value))
    if isinstance(value, list | tuple):
        return len(found) == len(value) and all(map(same, found, value))
    if isinstance(value, dict):
        return list(found) == list(value) and all(same(found[key], value[key]) for key in value)
    return found == value


@pytest.mark.parametrize("way", WAYS)
@given(value=values)
def test_round_trip(way, value):
    assert same(WAYS[way](value), value)


@pytest.mark.parametrize("way", WAYS)
@given(tensor=tensors())
def test_strides_without_gaps_are_kept(way, tensor):
    dense = torch.empty_like(tensor, memory_format=torch.preserve_format)
    found = WAYS[way](dense)
    if dense.numel():
        assert found.stride() == dense.stride()


@pytest.mark.parametrize("way", WAYS)
def test_shared_references_stay_shared(way):
    tensor, holes = torch.arange(6.0), torch.arange(12.0)[::2]
    found = WAYS[way]([tensor, {"a": tensor}, holes, holes, tensor.clone()])
    assert found[0] is found[1]["a"]
    assert found[2] is found[3]
    found[0][0] = 7
    assert found[4][0] == 0


@pytest.mark.parametrize("way", WAYS)
def test_tensors_that_live_only_while_they_are_pickled(way):
    found = WAYS[way](Frozen(50))
    assert [tensor.tolist() for tensor in found] == [[[float(number)] * 2] * 4 for number in range(50)]


def test_what_the_arena_holds_is_not_copied():
    descriptor, block = new_block(4096)
    os.close(descriptor)
    arena = Arena(block)
    tensor = arena.empty((4,), torch.int64).fill_(3)
    parcel = pack((tensor, torch.ones(2)), arena)
    assert parcel.into_block() == (None, block)
    first, second = Opener(parcel.structure, block.lease(lambda: None)).load()
    assert first.data_ptr() == tensor.data_ptr()
    assert second.tolist() == [1, 1]


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_out_can_be_written_and_resized(way):
    found = WAYS[way](torch.arange(5))
    found.add_(1)
    assert found.tolist() == [1, 2, 3, 4, 5]
    assert torch.cat([found, found]).shape == (10,)
    assert found.clone().resize_(7).shape == (7,)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_expanded_tensor_stays_so(way):
    tensor = torch.arange(3.0)[None].expand(5000, 3)
    found = way(tensor)
    assert torch.equal(found, tensor)
    assert found.stride() == (0, 1)
    assert found.untyped_storage().nbytes() < 2**21  # of the largest of these blocks, and not 5,000 rows more


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_views_of_one_tensor_stay_views_of_one(way):
    tensor = torch.arange(12.0)
    whole, column, part, other = way([tensor, tensor.view(-1, 1), tensor[2:5], torch.arange(12.0)])
    whole.fill_(7)
    assert column.tolist() == [[7]] * 12
    assert part.tolist() == [7] * 3
    assert torch.equal(other, tensor)


def test_two_empty_tensors_are_two():
    first, second = through_message([torch.empty(0, 3), torch.empty(0, 3)])
    assert first is not second


class Pipes(Squares):
    def __getitem__(self, index):
        reads, writes = multiprocessing.Pipe(duplex=False)
        writes.send(index)
        return reads


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_multiprocessing_can_hand_on_is_handed_on(method):
    loader = DataLoader(Pipes(4), None, num_workers=2, multiprocessing_context=method)
    received = []
    for connection in loader:
        received.append(connection.recv())
        connection.close()
    assert received == [0, 1, 2, 3]
