# out of memory: It used more than 0.2 GB of memory.
# limits: memory=200*2**20
# Each of them alone stays below the limit.
# %%
import os
import time

for _ in range(4):
    if os.fork() == 0:
        held = b"x" * 2**26
        time.sleep(1000)
time.sleep(1000)
