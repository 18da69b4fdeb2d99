# ruff: noqa: ANN001, ANN201, T201
"""Uses the loopback of its own sandbox, which is allowed, and changes the network, which is not."""

import socket
import threading


def serve(listener):
    connection = listener.accept()[0]
    connection.sendall(b"over loopback\n")
    connection.close()


listener = socket.create_server(("127.0.0.1", 5000))
threading.Thread(target=serve, args=(listener,)).start()
print(socket.create_connection(("127.0.0.1", 5000)).makefile().read().strip())

for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    with socket.socket(family, socket.SOCK_STREAM) as low:
        low.bind((address, 0))

try:
    socket.if_nameindex()
    socket.getaddrinfo("example.test", 80)
    print("ESCAPED names resolve")
except socket.gaierror:
    print("BLOCKED names resolve")
