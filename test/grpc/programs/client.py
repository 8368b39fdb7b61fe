"""A gRPC client without a proxy that calls what a test tells it to, over HTTP.

POST {"target", "calls", "method", "metadata", "timeout" in seconds, "mesh"} on the port of the first argument; the
answer is how often each reply, or status, came: {"v1": 3, "UNAVAILABLE": 1}. `mesh` asks for the mesh's certificates
where the control plane says so.
"""

import collections
import http.server
import json
import sys

import grpc
import grpc.experimental

channels = {}


def channel_to(target, mesh):
    if (target, mesh) not in channels:
        credentials = grpc.xds_channel_credentials(grpc.experimental.insecure_channel_credentials())
        channels[target, mesh] = (
            grpc.secure_channel(target, credentials) if mesh else grpc.insecure_channel(target)
        )
    return channels[target, mesh]


def call(target, method="/echo.Echo/Call", metadata=None, timeout=20, mesh=False):
    ask = channel_to(target, mesh).unary_unary(method)
    try:
        return ask(b"", metadata=tuple((metadata or {}).items()), timeout=timeout).decode()
    except grpc.RpcError as error:
        print(error.details(), file=sys.stderr, flush=True)
        return error.code().name


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        calls = asked.pop("calls", 1)
        answers = json.dumps(collections.Counter(call(**asked) for _ in range(calls))).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answers)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
