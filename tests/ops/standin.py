"""A process that stands in for ours: answers 200 on every path of each port in its arguments."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Ok(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


for port in sys.argv[1:]:
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), _Ok)
    threading.Thread(target=server.serve_forever).start()
