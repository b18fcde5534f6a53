# crashed: Its process was ended by SIGKILL before all was asked.
# %%
import os
import signal

os.killpg(0, signal.SIGKILL)
