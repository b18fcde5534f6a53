# crashed: Its process was ended (Killed) before all was asked.
# %%
import os
import signal

os.killpg(0, signal.SIGKILL)
