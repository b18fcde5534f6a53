# too many processes: It had more than 64 processes and threads at once.
# %%
import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
