# too many processes: It had more than 64 processes and threads at once.
# %%
import os

while True:
    os.fork()
