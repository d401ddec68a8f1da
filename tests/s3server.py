"""A real S3 server in this process, for tests of sources behind URLs."""

from contextlib import contextmanager

import fsspec
import pytest


@contextmanager
def s3_server(bucket):
    """Options for a bucket on a server that ends with the block."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    pytest.importorskip("s3fs")
    server.start()
    try:
        host, port = server.get_host_and_port()
        options = {
            "key": "a",
            "secret": "b",
            "endpoint_url": f"http://{host}:{port}",
            "client_kwargs": {"region_name": "x"},
        }
        fsspec.filesystem("s3", **options).makedirs(bucket, exist_ok=True)  # buckets outlive their server
        yield options
    finally:
        server.stop()


def fill(url, files, **options):
    """Writes objects, {name: content}, below the URL."""
    system, root = fsspec.core.url_to_fs(url, **options)
    for name, data in files.items():
        system.pipe_file(f"{root}/{name}", data)
    return url
