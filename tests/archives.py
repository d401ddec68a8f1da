"""Real archives, made by tarfile and zipfile."""

import io
import tarfile
import zipfile

TREE = {f"root/{name}/{number}.png": f"{name}{number}".encode() * 300 for name in "ba" for number in (2, 10, 1)}
TREE_CONTENTS = [(TREE[f"root/{name}/{number}.png"], "ab".index(name)) for name in "ab" for number in (1, 10, 2)]


def tar(path, files, **options):
    with tarfile.open(path, "w", **options) as out:
        add(out, files)
    return path


def add(out, files):
    for name, data in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        out.addfile(info, io.BytesIO(data))


def compressed_tar(path, files, kind="gz"):
    with tarfile.open(path, f"w:{kind}") as out:
        add(out, files)
    return path


def zipped(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path
