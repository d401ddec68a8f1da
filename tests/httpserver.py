"""A real HTTP server in a thread, that can be told to misbehave."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Behaviour:
    """What is served under any path, and how.

    Attributes:
        content: the bytes.
        tag: the ETag, or None.
        ranges: whether Range is known.
        cuts: for each answer to come, after how many of its bytes the connection ends.
        codes: for each answer to come, an error to give in its place.
        told: whether the length is said.
        asked: the Range and If-Range of each request.
    """

    def __init__(self, content, tag='"1"', ranges=True, cuts=(), codes=(), told=True):
        self.content, self.tag, self.ranges, self.told = content, tag, ranges, told
        self.cuts, self.codes = list(cuts), list(codes)
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        how = self.server.behaviour
        wanted, same = self.headers.get("Range"), self.headers.get("If-Range")
        how.asked.append((wanted, same))
        if how.codes:
            self.send_error(how.codes.pop(0))
            return
        start, total = 0, len(how.content)
        if wanted and how.ranges and same in (None, how.tag):
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        body = how.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if how.tag:
            self.send_header("ETag", how.tag)
        if how.told:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: how.cuts.pop(0)] if how.cuts else body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@contextmanager
def serving(behaviour):
    """The URL that the server listens at."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.behaviour = behaviour
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
