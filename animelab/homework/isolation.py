"""A program of its own, which cuts itself off from the system, starts the runner in there, and watches over it.

The first line of standard input says what to do; the rest is for the runner. How it ended goes to standard error, which
the runner does not have. Three processes: this one waits outside; its child is the first process of new namespaces,
enforces the limits, and takes all others with it when it ends; and that one's child becomes the runner, without any
right.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None, use_errno=True)
NOBODY = 65534  # whom root becomes, since no limit of processes holds for root
TICK = 0.02  # seconds
# From the headers of Linux. Namespaces: mount, cgroup, uts, ipc, user, pid, net.
NAMESPACES = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
NOSUID, NODEV, NOEXEC, BIND, RECURSIVE, PRIVATE, DETACH = 2, 4, 8, 4096, 16384, 1 << 18, 2
MOUNT_SETATTR, HERE, WHOLE_TREE, READ_ONLY = 442, -100, 0x8000, 1
PDEATHSIG, DUMPABLE, SECCOMP, CHILD_SUBREAPER, NO_NEW_PRIVS = 1, 4, 22, 36, 38
LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
KILL, REFUSE, ALLOW = 0x80000000, 0x50001, 0x7FFF0000
# By machine: its own number; mmap, refused for memory shared without a file; and what is refused altogether, since its
# memory belongs to no process and no folder and could not be counted, or since it opens much of the kernel:
# memfd_create memfd_secret shmget msgget, userfaultfd bpf perf_event_open io_uring_setup, add_key request_key keyctl,
# ptrace process_vm_writev mount unshare setns
CALLS = {
    "x86_64": (0xC000003E, 9, 319, 447, 29, 68, 323, 321, 298, 425, 248, 249, 250, 101, 311, 165, 272, 308),
    "aarch64": (0xC00000B7, 222, 279, 447, 194, 186, 282, 280, 241, 425, 217, 218, 219, 117, 271, 40, 97, 268),
}
SETTINGS = """
    PATH=/usr/bin:/bin LANG=C.UTF-8 USER=student LOGNAME=student PYTHONUTF8=1 PYTHONUNBUFFERED=1 PYTHONHASHSEED=0
    PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 LOKY_MAX_CPU_COUNT=1 MPLBACKEND=Agg ANIMELAB_SCALE=smoke
"""


def main() -> None:
    """Do what standard input says, and report."""
    with open(0, "rb", buffering=0, closefd=False) as line:
        job = json.loads(line.readline())
    os.umask(0o022)
    try:
        if LINUX:
            call("prctl", PDEATHSIG, signal.SIGTERM)  # when whoever started this has ended
            call("prctl", CHILD_SUBREAPER, 1)  # background processes remain descendants
        if job["unsafe"]:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit())
            base = furnished(job, Path(job["place"], "tmp"))
        else:
            own_namespaces()
            own_root(job)
            base = Path("/tmp")
        found = watch(started(job, base), job)
    except (OSError, shutil.Error, KeyError, subprocess.SubprocessError) as problem:
        found = {"status": "not isolated", "why": str(problem)}
    finally:
        while job["unsafe"] and (others := psutil.Process().children(recursive=True)):
            for each in others:
                each.kill()
            psutil.wait_procs(others, 1)
    sys.stderr.write(json.dumps(found))


def call(name: str, *arguments: Any) -> None:
    """A function of the C library; OSError with its name when it fails."""
    if getattr(LIBC, name)(*(ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)) < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def own_namespaces() -> None:
    """Return as the first process of new namespaces of every kind, and outside wait for its end."""
    user, group = os.getuid(), os.getgid()
    unshared, ready = os.pipe()
    helper = os.fork()
    if helper == 0:  # users are mapped from outside: in there, nobody may map a second one
        os.close(ready)
        os.read(unshared, 1)
        place = Path(f"/proc/{os.getppid()}")
        try:
            if user != 0:
                (place / "setgroups").write_text("deny")
            for name, number in (("uid_map", user), ("gid_map", group)):
                known = {number} if user else {number, NOBODY}
                (place / name).write_text("".join(f"{each} {each} 1\n" for each in sorted(known)))
        except OSError:
            os._exit(1)
        os._exit(0)
    call("unshare", NAMESPACES)
    os.close(ready)
    if os.waitpid(helper, 0)[1]:
        raise OSError("no user could be mapped into a user namespace")
    if first := os.fork():
        os.waitpid(first, 0)
        os._exit(0)
    call("prctl", PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what has no handler cannot reach the first process from inside


def own_root(job: dict[str, Any]) -> None:
    """A root folder in memory with what the job shows, for reading only, and /tmp; the system's own is gone."""
    root = job["place"]
    call("mount", None, b"/", None, RECURSIVE | PRIVATE, None)
    for folder, options in ((root, "size=1m,mode=755"), (f"{root}/tmp", f"size={job['room']},nr_inodes=20k,mode=1777")):
        os.makedirs(folder, exist_ok=True)
        call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", NOSUID | NODEV, options.encode())
    furnished(job, Path(root, "tmp"))
    for source in sorted(job["shown"]):  # a folder comes before what it holds
        if os.path.exists(source) and not os.path.lexists(root + source):
            show(source, root + source, READ_ONLY | NOSUID | NODEV)
    for device in ("/dev/null", "/dev/random", "/dev/urandom"):  # memory shared by way of /dev/zero is not counted
        show(device, root + device, NOSUID)
    os.symlink("/tmp", f"{root}/dev/shm")
    os.mkdir(f"{root}/proc")
    call("mount", b"proc", os.fsencode(f"{root}/proc"), b"proc", NOSUID | NODEV | NOEXEC, None)
    os.chdir(root)
    call("pivot_root", b".", b".")
    call("umount2", b".", DETACH)
    os.chdir("/")
    protect("/", 0, READ_ONLY | NOSUID | NODEV)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")  # in another one, all rights would come back
    Path("/proc/self/oom_score_adj").write_text("1000")  # should the machine's memory end, this goes first
    socket.sethostname("sandbox")
    call("prctl", DUMPABLE, 0)  # nobody in there may look into this process


def furnished(job: dict[str, Any], base: Path) -> Path:
    """The folder to write in, with a copy of the submission, an empty home, and links to drawn data."""
    shutil.copytree(job["folder"], base / "submission")
    for name in ("home", "cache/studio"):
        (base / name).mkdir(parents=True)
    for drawn in Path(job["cache"], "studio").glob("*.npy") if job["cache"] else ():
        (base / "cache" / "studio" / drawn.name).symlink_to(drawn)
    for path in base.rglob("*") if os.getuid() == 0 and not job["unsafe"] else ():
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return base


def show(source: str, target: str, attributes: int) -> None:
    """Make a file or folder of the system visible at another place."""
    os.makedirs(target if os.path.isdir(source) else os.path.dirname(target), exist_ok=True)
    if not os.path.isdir(source):
        Path(target).touch()
    call("mount", os.fsencode(source), os.fsencode(target), None, BIND | RECURSIVE, None)
    protect(target, WHOLE_TREE, attributes)


def protect(path: str, how: int, attributes: int) -> None:
    """Take rights from a mount."""
    wanted = struct.pack("4Q", attributes, 0, 0, 0)
    call("syscall", MOUNT_SETATTR, HERE, os.fsencode(path), how, wanted, len(wanted))


def started(job: dict[str, Any], base: Path) -> int:
    """The number of the process that becomes the runner."""
    limits, safe = job["limits"], not job["unsafe"]
    most = {"CPU": limits["cpu"] + 5, "FSIZE": limits["file"], "NOFILE": 256}
    most["CORE"] = 1  # with 0, a program of the system might still be given the memory of what crashed
    if LINUX:
        most |= {"AS": limits["memory"] + 8 * 2**30, "MSGQUEUE": 0}  # PyTorch reserves much more than it takes
    if safe:
        most["NPROC"] = 8 * limits["processes"]  # the watch comes first

    def confine() -> None:
        for name, number in most.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (int(number), int(number)))
        os.nice(5)  # before the watch, not behind it
        if safe and os.getuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        if safe:
            call("prctl", NO_NEW_PRIVS, 1, 0, 0, 0)
            refuse_calls()

    environment = dict(each.split("=") for each in SETTINGS.split()) | {"HOME": f"{base}/home", "TMPDIR": str(base)}
    environment |= {"ANIMELAB_CACHE": f"{base}/cache", "PYTHONPATH": job["library"]}
    process = subprocess.Popen(
        [sys.executable, job["runner"], str(job["channel"])], cwd=base / "submission", env=environment,
        stderr=subprocess.STDOUT, pass_fds=[job["channel"]], start_new_session=True, preexec_fn=confine,
    )  # fmt: skip
    os.close(job["channel"])
    return process.pid


def refuse_calls() -> None:
    """Have the kernel refuse the calls in CALLS to this process and to all that come of it."""
    machine, mmap, *refused = CALLS[platform.machine()]
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0), (EQUAL, 0, 5, mmap)]
    steps += [(LOAD, 0, 0, 40), (AND, 0, 0, 0x21), (EQUAL, 0, 1, 0x21), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    steps += [(EQUAL, len(refused) - place + 1, 0, number) for place, number in enumerate(refused)]
    steps += [(AT_LEAST, 1, 0, 0x40000000), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]  # numbers of a second kind
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    call("prctl", SECCOMP, 2, struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(program)))


def watch(runner: int, job: dict[str, Any]) -> dict[str, Any]:
    """Wait for the runner's end, or for the first limit that all processes together exceed."""
    limits, began = job["limits"], time.monotonic()
    while True:
        reaped = -1
        while reaped:
            reaped, code = os.waitpid(-1, os.WNOHANG)
            if reaped == runner:
                return {"code": os.waitstatus_to_exitcode(code)}
        threads, memory, cpu = used(job)
        for status, value, most, words in (
            ("too many processes", threads, limits["processes"], "had more than {} processes and threads at once"),
            ("out of memory", memory / 2**30, limits["memory"] / 2**30, "used more than {:.1f} GB of memory"),
            ("timed out", cpu, limits["cpu"], "computed for more than {:g} seconds"),
            ("timed out", time.monotonic() - began, limits["wall"], "ran for more than {:g} seconds"),
        ):
            if value > most:
                return {"status": status, "why": f"It {words.format(most)}."}
        time.sleep(TICK)


def used(job: dict[str, Any]) -> tuple[int, int, float]:
    """Processes and threads, bytes of memory and of files in it, and seconds of computing, of all together."""
    if job["unsafe"]:
        others = psutil.Process().children(recursive=True)
    else:
        others = [each for each in psutil.process_iter() if each.pid != os.getpid()]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    threads, memory, cpu = len(others), 0, ended.ru_utime + ended.ru_stime
    for each in others[: job["limits"]["processes"]]:
        with suppress(psutil.Error):  # it has ended
            cpu += sum(each.cpu_times()[:4])
            threads += each.num_threads() - 1
            memory += each.memory_info().rss
    files = 0 if job["unsafe"] else shutil.disk_usage("/tmp").used
    if memory + files > job["limits"]["memory"]:  # what they share was counted more than once
        memory = sum(map(share, others))
    return threads, memory + files, cpu


def share(process: psutil.Process) -> int:
    """Of the resident memory, in bytes, a process' part: what several share, is divided by their number."""
    with suppress(psutil.NoSuchProcess):
        found = process.memory_info()
        with suppress(psutil.AccessDenied):
            found = process.memory_full_info()
        return getattr(found, "pss", found.rss)
    return 0


if __name__ == "__main__":
    main()
