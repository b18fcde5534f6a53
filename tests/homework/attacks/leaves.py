# crashed: Its process ended by itself, with code 0, before all was asked.
# %%
import os

os._exit(0)
