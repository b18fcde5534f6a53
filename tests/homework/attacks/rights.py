# ran
# prints: no right
# %%
import ctypes
import os
import subprocess

C = ctypes.CDLL(None, use_errno=True)
found = []
for name, arguments in {
    "setuid": (0,),
    "setgid": (0,),
    "chroot": (b"/tmp",),
    "unshare": (0x10000000,),
    "mount": (b"x", b"/tmp", b"tmpfs", 0, None),
    "sethostname": (b"x", 1),
    "ptrace": (16, 1, 0, 0),
    "umount2": (b"/proc", 2),
    "reboot": (0,),
}.items():
    if getattr(C, name)(*arguments) >= 0 and name != ("setuid" if os.getuid() == 0 else ""):
        found.append(name)
for command in (["unshare", "-Ur", "true"], ["su", "-c", "true"], ["mount", "-t", "tmpfs", "x", "/tmp"]):
    try:
        if subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
            found.append(command)
    except FileNotFoundError:
        continue
with open("/proc/self/status") as file:
    lines = dict(line.split(":", 1) for line in file.read().splitlines())
found += [name for name in ("CapInh", "CapPrm", "CapEff", "CapAmb") if int(lines[name], 16)]
found += ["root"] if os.getuid() == 0 else []
print(found or "no right")
