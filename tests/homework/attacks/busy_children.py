# timed out: It computed for more than 1 seconds.
# limits: cpu=1
# Each of them alone stays below the limit.
# %%
import os
import time

for _ in range(8):
    if os.fork() == 0:
        end = time.process_time() + 0.5
        while time.process_time() < end:
            pass
        os._exit(0)
time.sleep(1000)
