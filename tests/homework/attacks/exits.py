# ran
# cell 1: SystemExit: 0
# answers: {"1": "SystemExit: bye", "2": {"value": 14}}
# %%
import sys

sys.exit(0)


# %%
def double(x):
    return sys.exit("bye") if x == 21 else 2 * x
