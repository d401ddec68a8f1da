import gc
import tracemalloc

import numpy as np
import pytest
import torch

import feedline
from feedline.loader.ring import Ring

SHAPE = (8, 64, 64, 3)


def test_memory_comes_back_when_the_last_reference_is_gone():
    ring = Ring()
    first = ring(SHAPE, torch.float32)
    place = first.data_ptr()
    view = first[3:].permute(0, 3, 1, 2)
    del first
    other = ring(SHAPE, torch.float32)
    assert other.data_ptr() != place
    del view, other
    assert place in {ring(SHAPE, torch.float32).data_ptr() for _ in range(3)}


@pytest.mark.parametrize(
    "keep",
    [
        lambda tensor: tensor.numpy(),
        lambda tensor: tensor.detach()[2],
        lambda tensor: tensor.untyped_storage(),
        lambda tensor: tensor.view(torch.uint8),
        lambda tensor: memoryview(tensor.numpy()),
    ],
    ids=["numpy", "view", "storage", "dtype", "buffer"],
)
def test_whatever_is_kept_of_a_tensor_is_never_written_again(keep):
    ring = Ring()
    tensor = ring(SHAPE, torch.float32)
    tensor.fill_(7)
    kept = keep(tensor)
    del tensor
    gc.collect()
    for _ in range(5):
        ring(SHAPE, torch.float32).fill_(9)
    numbers = torch.tensor(kept).view(torch.float32) if isinstance(kept, torch.UntypedStorage) else kept
    values = np.frombuffer(np.ascontiguousarray(numbers).tobytes(), np.float32)
    assert set(values.tolist()) == {7.0}


def test_blocks_that_nobody_has_do_not_pile_up():
    ring = Ring()
    tracemalloc.start()
    try:
        kept = [ring(SHAPE, torch.float32) for _ in range(20)]
        all_of_them = tracemalloc.get_traced_memory()[0]
        del kept
        last = ring(SHAPE, torch.float32)
        assert tracemalloc.get_traced_memory()[0] < 4 * last.nbytes < 20 * last.nbytes < all_of_them
    finally:
        tracemalloc.stop()


def test_small_ones_and_none():
    ring = Ring()
    assert ring((2, 3), torch.uint8).shape == (2, 3)
    assert ring((0, 64, 64, 3), torch.float32).shape == (0, 64, 64, 3)


def test_a_consumer_that_keeps_its_batches_sees_none_of_them_change(tmp_path):
    images = np.arange(400 * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(400, 32, 32, 3)
    np.savez(tmp_path / "images.npz", images=images, labels=np.arange(400) % 10)
    dataset = feedline.open(tmp_path / "images.npz")
    loader = feedline.DataLoader(dataset, batch_size=50, num_workers=2)
    kept = [batch for _ in range(2) for batch, _ in loader]
    np.testing.assert_array_equal(torch.cat(kept).numpy(), np.concatenate([images, images]))
    places = set()
    for batch, _ in loader:
        places.add(batch.data_ptr())
        del batch
    assert len(places) < 8
