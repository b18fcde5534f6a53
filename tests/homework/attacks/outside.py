# ran
# prints: nothing written
# %%
import json
import os
import sys

written = []
for place in (
    "/",
    "/usr",
    "/etc",
    "/dev",
    "/root",
    "/home",
    "/proc",
    os.path.dirname(json.__file__),
    sys.prefix,
    "../../..",
):
    try:
        with open(os.path.join(place, "written"), "w"):
            written.append(place)
    except OSError:
        continue
for path in (json.__file__, sys.executable, "/etc/ld.so.cache", "/dev/sda"):
    try:
        with open(path, "r+b"):
            written.append(path)
    except OSError:
        continue
print(written or "nothing written")
