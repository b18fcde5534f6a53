# out of memory: It used more than 0.2 GB of memory.
# limits: memory=200*2**20
# Nobody may look into a process that says so; and it holds its memory in copies of itself.
# %%
import ctypes
import os
import time

PR_SET_DUMPABLE = 4
ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
for _ in range(4):
    if os.fork() == 0:
        held = b"x" * 2**26
        time.sleep(1000)
time.sleep(1000)
