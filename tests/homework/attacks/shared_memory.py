# ran
# answers: {"1": {"value": 42}, "2": {"value": 14}}
# limits: memory=200*2**20
# No attack: copies of a process share its memory, which counts once.
# %%
import os
import time

held = b"x" * 2**26
children = []
for _ in range(4):
    children.append(os.fork())
    if children[-1] == 0:
        time.sleep(1)
        os._exit(0)
for child in children:
    os.waitpid(child, 0)


def double(x):
    return 2 * x
