# timed out: It ran for more than 3 seconds.
# limits: wall=3
# %%
import time

time.sleep(1000)
