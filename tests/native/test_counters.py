import threading

from feedline.native import counting
from feedline.native.counters import count


def test_what_is_counted_within_a_block_alone():
    count("stages")
    with counting() as counters:
        assert counters.stages == 0
        count("stages")
        count("pixels_decoded", 40)
    count("stages")
    assert (counters.stages, counters.pixels_decoded, counters.resamplings) == (1, 40, 0)


def test_blocks_within_blocks():
    with counting() as outer:
        count("copies")
        with counting() as inner:
            count("copies")
    assert (outer.copies, inner.copies) == (2, 1)


def test_no_count_of_any_thread_is_lost():
    def work():
        for _ in range(2000):
            count("float_passes")

    with counting() as counters:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counters.float_passes == 16000


def test_an_error_within_the_block_leaves_the_counts():
    try:
        with counting() as counters:
            count("shrinks")
            raise KeyError
    except KeyError:
        pass
    assert counters.shrinks == 1
