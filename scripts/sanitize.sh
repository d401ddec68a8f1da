#!/bin/sh
# Builds the kernel under AddressSanitizer and UBSan in a copy of the sources in FOLDER, and runs a command with it:
#
#     scripts/sanitize.sh FOLDER COMMAND...
#
# PYTHON (python3) builds, with gcc. Leaks are not looked for: the interpreter itself leaves memory behind.
set -eu
test $# -ge 2 || { echo "usage: scripts/sanitize.sh FOLDER COMMAND..." >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

case $(${CC:-gcc} -print-file-name=libasan.so) in
*/*) ;;
*) echo "scripts/sanitize.sh: gcc has no libasan: install it (Debian: libgcc-12-dev)" >&2; exit 1 ;;
esac

rm -rf "$folder/src"
cp -R "$root/src" "$root/setup.py" "$root/pyproject.toml" "$root/README.md" "$root/LICENSE" "$folder"
rm -f "$folder"/src/feedline/native/_kernel.*.so
(cd "$folder" && FEEDLINE_NATIVE=1 FEEDLINE_SANITIZE=address,undefined,float-cast-overflow \
    "${PYTHON:-python3}" setup.py --quiet build_ext --inplace --parallel "$(getconf _NPROCESSORS_ONLN)")

# The sanitizers' own code has to be there before the interpreter's.
first=$(ldd "$folder"/src/feedline/native/_kernel.*.so | awk '/lib(asan|ubsan)/ { print $3 }' | tr '\n' ' ')
FEEDLINE_NATIVE=1 PYTHONPATH="$folder/src" LD_PRELOAD="$first" ASAN_OPTIONS=detect_leaks=0 exec "$@"
