# ran
# prints: no connection
# %%
import contextlib
import os
import socket

with open("where") as file:
    folder = file.read()
with open("port") as file:
    port = int(file.read())
addresses = [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET, ("1.1.1.1", 53)), (socket.AF_INET6, ("::1", port))]
addresses += [(socket.AF_UNIX, f"\0{os.path.basename(folder)}"), (socket.AF_UNIX, f"{folder}/socket")]
addresses += [(socket.AF_UNIX, "/run/docker.sock"), (socket.AF_UNIX, "/var/run/docker.sock")]
found = []
for family, address in addresses:
    try:
        socket.socket(family).connect(address)
        found.append(address)
    except OSError:
        continue
with contextlib.suppress(OSError):
    found.append(socket.getaddrinfo("example.org", 80))
print(found or "no connection")
