"""The memory of batches that worker processes make: used again, and never while somebody holds it."""

import gc
import os

import numpy as np
import pytest
import torch
from foreign import Box, Caching, Squares

from feedline import DataLoader
from feedline.loader.memory import Arena, Block, new_block, place

SIZE = 20_000  # floats a sample: more than travels in a message


def mapped():
    """How often our memory is mapped into this process."""
    gc.collect()
    with open("/proc/self/maps") as maps:
        return sum("memfd:feedline" in line for line in maps)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


FORMS = {
    "itself": lambda batch: batch,
    "view": lambda batch: batch[1:, 5:7],
    "detach": lambda batch: batch.detach(),
    "numpy": lambda batch: batch.numpy(),
    "row": lambda batch: batch.numpy()[1, 10:20],
    "storage": lambda batch: batch.untyped_storage(),
    "data": lambda batch: batch.data,
    "buffer": lambda batch: memoryview(batch.numpy()),
    "parameter": lambda batch: torch.nn.Parameter(batch),
    "alias": lambda batch: torch.from_numpy(batch.numpy()),
    "dlpack": lambda batch: torch.from_dlpack(batch),
}


def contents(form):
    if isinstance(form, torch.UntypedStorage):
        return torch.tensor([], dtype=torch.float32).set_(form).clone()
    if isinstance(form, torch.Tensor):
        return form.detach().clone()
    return torch.from_numpy(np.array(form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("num_workers", [1, 2])
def test_what_is_kept_is_never_written_again(form, num_workers):
    batches = iter(DataLoader(Squares(120, SIZE), 2, num_workers=num_workers))
    kept = []
    for number in range(60):
        batch = next(batches)[0]
        assert batch[:, 0].tolist() == [2 * number, 2 * number + 1]
        if number % 9 == 4:
            held = FORMS[form](batch)
            kept.append((held, contents(held)))
            del held
        del batch
    assert len(kept) == 7
    assert all(torch.equal(contents(held), before) for held, before in kept)


def test_a_tensor_inside_a_type_of_the_users_is_kept():
    kept = [batch.same for batch in DataLoader(Squares(80, SIZE), 2, num_workers=2, collate_fn=Box)]
    assert [tensor[:, -1].tolist() for tensor in kept] == [[n, n + 1] for n in range(0, 80, 2)]


def test_a_list_of_all_batches_is_right():
    batches = list(DataLoader(Squares(400, SIZE), 2, num_workers=2))
    assert all(
        torch.equal(batch, torch.tensor([[2 * n], [2 * n + 1]]).float().expand(2, SIZE))
        for n, (batch, _) in enumerate(batches)
    )
    assert len(batches) == 200
    assert len({batch.data_ptr() for batch, _ in batches}) == 200


def test_what_is_kept_outlives_the_workers():
    before = mapped()
    batches = iter(DataLoader(Squares(40, SIZE), 2, num_workers=2))
    kept = next(batches)[0]
    del batches
    assert kept[:, 7].tolist() == [0, 1]
    kept += 5
    assert kept[:, 7].tolist() == [5, 6]
    del kept
    gc.collect()
    assert mapped() == before


@pytest.mark.parametrize("collate_fn", [None, Box], ids=["default", "own"])
@pytest.mark.parametrize("prefetch_factor", [1, 2, 4])
def test_in_a_steady_state_nothing_is_new(collate_fn, prefetch_factor):
    before = mapped()
    loader = DataLoader(*(Squares(400, SIZE), 2), num_workers=2, prefetch_factor=prefetch_factor, collate_fn=collate_fn)
    batches = iter(loader)
    seen, counts, late = set(), set(), set()
    for number in range(200):
        batch = next(batches)
        tensor = batch[0] if collate_fn is None else batch.tensor
        if number < 60:
            seen.add(tensor.data_ptr())
        else:
            late.add(tensor.data_ptr())
            counts.add(descriptors())
        del batch, tensor
    assert late <= seen
    assert len(seen) <= 2 * (prefetch_factor + 2)
    assert len(counts) == 1
    assert mapped() - before <= 2 * (prefetch_factor + 2) or next(batches, None) is None
    del batches
    gc.collect()
    assert mapped() == before


def test_batches_that_grow_and_shrink():
    class Growing(Squares):
        def __getitem__(self, index):
            return torch.full((5000 * (1 + index % 7),), float(index))

    before = mapped()
    for number, batch in enumerate(DataLoader(Growing(100), num_workers=2)):
        assert torch.equal(batch, torch.full((1, 5000 * (1 + number % 7)), float(number)))
        del batch
    gc.collect()
    assert mapped() == before


@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_that_keeps_its_batches(persistent):
    """Its memory is not free then, whatever the consumer does with its own."""
    loader = DataLoader(Caching(24, SIZE), 2, num_workers=1, persistent_workers=persistent, collate_fn=as_made)
    for _ in range(3):
        for number, (batch, labels) in enumerate(loader):
            assert batch[:, -1].tolist() == labels.tolist() == [2 * number, 2 * number + 1]
            del batch, labels


def as_made(batch):
    return batch


def test_a_lease_ends_with_the_last_reference():
    descriptor, block = new_block(1000)
    os.close(descriptor)
    assert block.size == 4096
    released = []
    lease = block.lease(lambda: released.append(True))
    tensor = lease.tensor(64, torch.int32, (2, 3), (3, 1))
    del lease
    view = tensor[1].numpy()[1:]
    del tensor
    assert released == []
    del view
    assert released == [True]


def test_two_mappings_see_each_other():
    descriptor, block = new_block(100)
    other = Block(descriptor, block.size)
    os.close(descriptor)
    block.tensor(64, torch.float64, (3,), (1,)).fill_(2.5)
    assert other.tensor(64, torch.float64, (3,), (1,)).tolist() == [2.5] * 3


def test_an_arena_gives_room_until_there_is_none():
    descriptor, block = new_block(4096)
    os.close(descriptor)
    arena = Arena(block)
    first, second = arena.empty((3,), torch.uint8), arena.empty((10, 100), torch.float16)
    assert [block.offset_of(first), block.offset_of(second)] == [0, 64]
    assert block.offset_of(arena.empty((2100,), torch.uint8)) is None
    assert block.offset_of(arena.empty((0,), torch.uint8)) is None
    assert arena.used == 64 + 2000
    assert Arena(None).empty((2, 3), torch.int16).shape == (2, 3)


def test_places_are_aligned():
    assert place(0, 5) == (0, 5)
    assert place(5, 5) == (64, 69)
    assert place(64, 0) == (64, 64)


def test_a_batch_that_a_forked_child_keeps_is_not_written_again():
    batches = iter(DataLoader(Squares(400, SIZE), 2, num_workers=1))
    batch, reads = next(batches), os.pipe()
    expected, child = batch[0].clone(), os.fork()
    if not child:
        os.read(reads[0], 1)  # the parent went on
        os._exit(0 if torch.equal(batch[0], expected) else 1)
    del batch
    for _ in range(100):
        next(batches)
    os.write(reads[1], b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for end in reads:
        os.close(end)


def test_batches_that_are_kept_cost_no_descriptor():
    kept, counts = [], []
    for _ in range(5):
        kept += list(DataLoader(Squares(8, SIZE), 2, num_workers=2))
        gc.collect()
        counts.append(descriptors())
    assert len(kept) == 20
    assert len(set(counts)) == 1
