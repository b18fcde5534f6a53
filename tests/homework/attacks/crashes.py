# crashed: Its process was ended (Segmentation fault) before all was asked.
# %%
import ctypes

ctypes.string_at(0)
