# timed out: It ran for more than 3 seconds.
# limits: wall=3
# %%
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
