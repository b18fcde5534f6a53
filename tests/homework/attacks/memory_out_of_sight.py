# ran
# cell 1: PermissionError: Operation not permitted
# cell 2: PermissionError: Operation not permitted
# cell 3: SystemExit: -1
# cell 4: FileNotFoundError: No such file or directory
# cell 5: OSError: No space left on device
# Memory that no process would be seen to hold.
# %%
import ctypes
import mmap
import os

os.memfd_create("hidden")

# %%
mmap.mmap(-1, 2**30)

# %%
raise SystemExit(ctypes.CDLL(None).shmget(0, 2**30, 0o1600))

# %%
with open("/dev/zero", "r+b"):
    pass

# %%
for number in range(1000):
    with open(f"/dev/shm/{number}", "wb") as file:
        file.write(bytes(2**20))
