"""What every source keeps: subclass SourceContract in the source's test file and give it a source."""

import multiprocessing
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from feedline.types import Record, Source


def numbers(data):
    """Bytes as they are, and pixels as numbers, of whatever type."""
    return data if isinstance(data, bytes) else data.tolist()


def plain(record):
    """A record as values that compare: its bytes, or its pixels with their shape and type, its label and path."""
    data = record.data
    if not isinstance(data, bytes):
        data = data.shape, data.dtype.str, data.tobytes()
    return data, record.label, record.path


def rebuild_and_send_all(pickled, environment, pipe):
    """The same in a child of the fork server, whose environment is that of the test for which the server began."""
    os.environ.clear()
    os.environ.update(environment)
    send_all(pickle.loads(pickled), pipe)


def send_all(source, pipe):
    """What a child process does: reads all, one by one and as a batch."""
    single = [plain(source[index]) for index in range(len(source))]
    pipe.send((single, [plain(record) for record in source.read_batch(range(len(source)))]))


class SourceContract:
    """The tests ask for ``source``, of at least 4 samples in at least 2 classes, and ``contents`` (data, label)."""

    @pytest.fixture
    def source(self, tmp_path):
        raise NotImplementedError

    @pytest.fixture
    def contents(self):
        raise NotImplementedError

    def test_it_is_a_source(self, source):
        assert isinstance(source, Source)

    def test_it_holds_what_was_put_in(self, source, contents):
        assert len(source) == len(contents) >= 4
        for index, (data, label) in enumerate(contents):
            record = source[index]
            assert isinstance(record, Record)
            assert numbers(record.data) == numbers(data)
            assert record.label == label
            assert type(record.label) is int

    def test_targets_are_the_labels(self, source, contents):
        assert source.targets.dtype == np.int64
        assert source.targets.tolist() == [label for _, label in contents]

    def test_classes_name_every_label(self, source):
        assert len(source.classes) > source.targets.max() >= 1
        assert all(type(name) is str for name in source.classes)
        assert len(set(source.classes)) == len(source.classes)

    def test_access_is_random_and_repeatable(self, source):
        forth = [plain(source[index]) for index in range(len(source))]
        back = [plain(source[index]) for index in reversed(range(len(source)))]
        assert forth == back[::-1]

    def test_a_numpy_index_will_do(self, source):
        assert plain(source[np.int64(1)]) == plain(source[1])

    def test_a_batch_equals_single_reads(self, source):
        indices = [3, 0, 2, 0]
        assert [plain(record) for record in source.read_batch(indices)] == [plain(source[index]) for index in indices]

    def test_an_empty_batch_is_empty(self, source):
        assert source.read_batch([]) == []

    def test_behind_the_end_is_an_index_error(self, source):
        for index in (len(source), len(source) + 5, -len(source) - 1):
            with pytest.raises(IndexError):
                source[index]
            with pytest.raises(IndexError):
                source.read_batch([0, index])

    def test_a_negative_index_is_never_another_sample(self, source):
        for back in range(1, len(source) + 1):
            try:
                record = source[-back]
            except IndexError:
                continue
            assert plain(record)[:2] == plain(source[len(source) - back])[:2]

    def test_paths_are_those_of_the_records_and_all_differ(self, source):
        paths = [source.path(index) for index in range(len(source))]
        assert paths == [source[index].path for index in range(len(source))]
        assert len(set(paths)) == len(paths)

    def test_groups_are_none_or_one_a_sample(self, source):
        assert source.groups is None or len(source.groups) == len(source)

    def test_the_spec_holds(self, source):
        record = source[0]
        if isinstance(record.data, bytes):
            assert not source.spec.fixed
        else:
            assert not source.has_files
            assert record.data.shape == (source.spec.height, source.spec.width, source.spec.channels)
            assert torch.from_numpy(record.data.copy()).dtype == source.spec.dtype

    def test_its_repr_names_it(self, source):
        assert repr(source).startswith(f"{type(source).__name__}(")

    @pytest.mark.parametrize("read_before", [False, True])
    def test_it_survives_pickling(self, source, read_before):
        if read_before:
            source[0]
        twin = pickle.loads(pickle.dumps(source))
        assert len(twin) == len(source)
        assert twin.classes == source.classes
        assert np.array_equal(twin.targets, source.targets)
        assert [plain(twin[index]) for index in range(len(twin))] == [plain(source[i]) for i in range(len(source))]

    @pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
    @pytest.mark.parametrize("method", ["fork", "forkserver"])
    def test_a_child_process_reads_the_same(self, source, method):
        """A fork has all that is open; a child of the fork server, as one that is spawned, what is pickled alone."""
        expected = [plain(source[index]) for index in range(len(source))]
        context = multiprocessing.get_context(method)
        context.set_forkserver_preload(["feedline"])  # imported once, and not in every child
        here, there = context.Pipe(duplex=False)
        if method == "fork":
            child = context.Process(target=send_all, args=(source, there))
        else:
            arguments = pickle.dumps(source), dict(os.environ), there
            child = context.Process(target=rebuild_and_send_all, args=arguments)
        child.start()
        there.close()
        try:
            assert here.poll(120), "the child says nothing"
            assert here.recv() == (expected, expected)
        finally:
            child.join(30)
            child.kill()
            here.close()
        assert child.exitcode == 0

    def test_eight_threads_read_the_same(self, source):
        source = pickle.loads(pickle.dumps(source))  # nothing is open yet: all threads open it at once
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda index: plain(source[index]), [*range(len(source))] * 50))
        assert found == [plain(source[index]) for index in range(len(source))] * 50
