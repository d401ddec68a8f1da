"""A writer that is killed, or whose system calls fail: nothing is lost or half, and the next one ends the same."""

import collections
import shutil
import signal

import numpy as np
import pytest
import storejob

from feedline.errors import DataError
from feedline.store import StoreSource, journal

pytestmark = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
BASE, ALL = 9, 24


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Stores that nobody interrupted: of one job, and of that with another one appended."""
    root = tmp_path_factory.mktemp("whole")
    storejob.write(root / "first.feed", 0, BASE)
    shutil.copytree(root / "first.feed", root / "both.feed")
    storejob.write(root / "both.feed", BASE, ALL, append=True)
    return root


def read(folder):
    source = StoreSource(folder, "all")
    return [(source[index].data, source[index].label) for index in range(len(source))]


EXPECTED = [(storejob.row(index).image.data, storejob.row(index).label) for index in range(ALL)]


def opens_as_it_must(folder, base, total):
    """The last good state is there: the base, or none that is finished, or all where it was committed."""
    try:
        found = read(folder)
    except DataError as error:
        assert not base
        assert "was not finished" in str(error) or not (folder / journal.NAME).exists()
        return
    assert sorted(map(repr, found)) in (sorted(map(repr, EXPECTED[:base])), sorted(map(repr, EXPECTED[:total])))


class Case:
    """A job that is done in ``folder``: a new store, or one that is appended to."""

    def __init__(self, whole, folder, append):
        self.folder, self.begin = folder, BASE if append else 0
        self.end = ALL if append else BASE
        self.how = {"append": True} if append else {}
        self.expected = storejob.content(whole / ("both.feed" if append else "first.feed"))
        shutil.rmtree(folder, ignore_errors=True)
        if append:
            shutil.copytree(whole / "first.feed", folder)

    def child(self, **how):
        return storejob.Child(self.folder, self.begin, self.end, **self.how, **how)

    def known(self):
        """How many inputs the journal tells of."""
        left = journal.read(self.folder) if self.folder.exists() else None
        return 0 if left is None else left[1].done

    def is_over(self):
        """Whether it came to its end, journal and all, before anybody could kill it."""
        if (self.folder / journal.NAME).exists() or not self.is_committed():
            return False
        assert storejob.content(self.folder) == self.expected
        return True

    def is_committed(self):
        try:
            return len(StoreSource(self.folder, "all")) == self.end
        except DataError:
            return False

    def goes_on(self):
        """Looks at what an interrupted job left, and finishes it; how many inputs were read again."""
        if self.is_over():
            return 0
        known = self.known()
        if self.folder.exists():
            opens_as_it_must(self.folder, self.begin, self.end)
        read, _ = storejob.write(self.folder, self.begin, self.end, **self.how)
        assert read <= self.end - self.begin - known
        assert storejob.content(self.folder) == self.expected
        return read


def killed(whole, folder, number, random):
    """One job, killed at a random instant: (inputs that were noted then, bytes in the folder, whether in between)."""
    case = Case(whole, folder, append=number % 2 == 1)
    child, total = case.child(), case.end - case.begin
    child.wait_for(storejob.BATCH * int(random.integers(0, total // storejob.BATCH)))
    signal.sigtimedwait([], float(random.random()) * 0.008)
    child.kill()
    done, size = case.known(), sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
    between = done > 0 and case.folder.joinpath(journal.NAME).exists() and not case.is_committed()
    case.goes_on()
    return done, size, between


def test_a_job_that_is_killed_is_gone_on_with(whole, tmp_path):
    random = np.random.default_rng(0)
    for number in range(4):
        killed(whole, tmp_path / "x.feed", number, random)


@pytest.mark.slow
def test_fifty_kills(whole, tmp_path):
    random = np.random.default_rng(1)
    instants = [killed(whole, tmp_path / "x.feed", number, random) for number in range(50)]
    for done, size, between in instants:
        print(f"killed when {done} inputs were noted and {size} bytes written: between first and last: {between}")
    print(f"{sum(between for *_, between in instants)} of 50 between the first and the last write")
    assert sum(between for *_, between in instants) >= 30


@pytest.mark.parametrize("append", [False, True])
def test_a_job_that_is_killed_again_and_again(whole, tmp_path, append):
    case = Case(whole, tmp_path / "x.feed", append)
    for done in range(storejob.BATCH, case.end - case.begin, storejob.BATCH):
        child = case.child()
        child.wait_for(done)
        child.kill()
        if case.is_over():
            break
        assert case.known() >= done
    case.goes_on()


def calls(case, log):
    """The system calls of a job that is left alone, each with the files that it is of."""
    case.child(before=storejob.Faults, prepared=(0, "", str(log))).result()
    return [line.split("\t") for line in log.read_text().splitlines()]


def hit_each(whole, tmp_path, append, modes):
    """Each call of the job fails once in each of these ways; gives how often each was hit."""
    names = calls(Case(whole, tmp_path / "x.feed", append), tmp_path / "log")
    hits = collections.Counter()
    for place, (name, *_) in enumerate(names, 1):
        for mode in modes(place):
            case = Case(whole, tmp_path / "x.feed", append)
            told = told_by(case.child(before=storejob.Faults, prepared=(place, mode)))
            if mode.endswith("kill"):
                assert told is None, told
            elif told != WELL or name != "mkdir":  # a folder that is there need not be made
                assert told is not None, (place, name)
                assert told[0] == "OSError", (place, name, *told)
                assert told[1], (place, name, *told)  # it names the file
            case.goes_on()
            hits[name] += 1
    return hits


def told_by(child):
    try:
        child.result()
    except storejob.EndedError as end:
        return end.told
    return WELL


WELL = ("nothing", "", "", "")
MODES = ("error", "kill", "torn", "torn kill")


def test_what_is_told_of_is_on_the_disk_before(whole, tmp_path):
    """The order that a power loss asks for: content before the word of it, names before the manifest, that at last."""
    folder = tmp_path / "x.feed"
    done = [
        (name, *(file.replace(str(folder), "").strip("/") for file in files))
        for name, *files in calls(Case(whole, folder, append=True), tmp_path / "log")
    ]
    manifest = next(n for n, call in enumerate(done) if call[0] == "replace" and call[-1] == "manifest.json")
    shards = [n for n, call in enumerate(done) if call[0] == "replace" and call[-1].endswith(".arrow")]
    assert len(shards) >= 2
    for place in shards:
        before, part = done[:place], done[place][1]
        last_word = max(n for n, call in enumerate(before) if call == ("fsync", ".journal"))
        content = max(n for n, call in enumerate(before) if call == ("fsync", part))
        assert content < last_word
        assert ("write", part) not in done[content:]
        assert done[last_word - 1] == ("write", ".journal")
    folders = [n for n, call in enumerate(done) if call == ("fsync", "")]
    gone = done.index(("unlink", ".journal"))
    assert any(shards[-1] < n < manifest for n in folders)
    assert any(manifest < n < gone for n in folders)
    assert done[manifest - 2][0] == "fsync"
    assert done[manifest - 2][1].startswith(".manifest.json.")


@pytest.mark.parametrize("append", [False, True])
def test_each_system_call_fails_once(whole, tmp_path, append):
    hits = hit_each(whole, tmp_path, append, lambda place: [MODES[(place + append) % len(MODES)]])
    assert {"open", "fsync", "replace", "unlink", "write", "chmod", "open wb", "open ab"} <= set(hits)


@pytest.mark.slow
@pytest.mark.parametrize("append", [False, True])
def test_each_system_call_fails_in_each_way(whole, tmp_path, append):
    hits = hit_each(whole, tmp_path, append, lambda place: MODES)
    print(f"{sum(hits.values())} faults: {dict(hits)}")
