# ran
# answers: {"1": {"value": 42}, "2": {"value": 14}}
# %%
import os
import subprocess
import sys

with open("where") as file:
    mark = os.path.basename(file.read())
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in range(256):
        try:
            os.close(number)
        except OSError:
            continue
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(1000)", mark])
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", mark], start_new_session=True)


def double(x):
    return 2 * x
