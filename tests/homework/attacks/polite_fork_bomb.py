# too many processes: It had more than 64 processes and threads at once.
# Every copy survives what the system refuses.
# %%
import os
import time

while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
