# crashed: Its process was ended by SIGSEGV before all was asked.
# %%
import ctypes

ctypes.string_at(0)
