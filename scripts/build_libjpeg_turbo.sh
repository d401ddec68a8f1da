#!/bin/sh
# A static libjpeg-turbo for wheels: scripts/build_libjpeg_turbo.sh PREFIX; then FEEDLINE_JPEG=PREFIX pip wheel .
# Needs curl, cmake, a C compiler and, for its SIMD on x86, nasm.
set -eu

prefix=$1
version=2.1.5
url=https://deb.debian.org/debian/pool/main/libj/libjpeg-turbo/libjpeg-turbo_$version.orig.tar.gz
sha256=254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
curl --fail --location --silent --show-error --output "$folder/source.tar.gz" "$url"
echo "$sha256  $folder/source.tar.gz" | (sha256sum --check --quiet 2>/dev/null || shasum --algorithm 256 --check --quiet)
mkdir "$folder/source"
tar --extract --gzip --file "$folder/source.tar.gz" --directory "$folder/source" --strip-components 1
cmake -S "$folder/source" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" \
    "-DCMAKE_INSTALL_LIBDIR=$prefix/lib" -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF \
    -DREQUIRE_SIMD=ON -DCMAKE_POLICY_VERSION_MINIMUM=3.5 # which cmake 4 asks for: the sources name an older one
cmake --build "$folder/build" --parallel
cmake --install "$folder/build"
