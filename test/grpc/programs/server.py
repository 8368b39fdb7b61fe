"""A gRPC server that takes its listener from the control plane: server.py NAME PORT. It answers with its name."""

import concurrent.futures
import sys

import grpc

name, port = sys.argv[1], sys.argv[2]


class Named(grpc.GenericRpcHandler):
    def service(self, _):
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: name.encode())


server = grpc.server(concurrent.futures.ThreadPoolExecutor(), handlers=[Named()], xds=True)
fallback = grpc.insecure_server_credentials()
server.add_secure_port(f"127.0.0.1:{port}", grpc.xds_server_credentials(fallback))
server.start()
server.wait_for_termination()
