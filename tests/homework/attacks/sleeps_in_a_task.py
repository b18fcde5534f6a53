# timed out: Of task 1 there is no answer within 2 seconds of computing.
# answers: {"1": "no answer within 2 seconds of computing", "2": {"value": 14}}
# limits: cpu=5
# %%
import time


def double(x):
    if x == 21:
        time.sleep(1000)
    return 2 * x
