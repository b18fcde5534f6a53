# ran
# prints: []
# %%
import os

KNOWN = {
    "PATH", "LANG", "LC_CTYPE", "USER", "LOGNAME", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONUTF8", "PYTHONUNBUFFERED",
    "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS", "LOKY_MAX_CPU_COUNT", "MPLBACKEND",
    "ANIMELAB_SCALE", "ANIMELAB_CACHE",
}  # fmt: skip
print(sorted(set(os.environ) - KNOWN) + os.listdir(os.path.expanduser("~")))
