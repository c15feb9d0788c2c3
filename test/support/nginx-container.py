"""Runs one container as a container runtime would, with nothing of the machine but the files that it is given.

The first argument is a JSON file; nginx-pod.ts writes it from a pod's specification. SIGTERM asks the container to stop
with its stop signal, and its exit code becomes the one of this program. It dies with this program.
"""
import ctypes
import json
import os
import signal
import sys

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_MOVE = 1, 2, 4, 32, 4096, 8192
MS_REC, MS_PRIVATE = 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x20000000, 0x40000000,
)
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 1, 24, 38, 47, 4

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    converted = [a.encode() if isinstance(a, str) else a for a in arguments]
    if getattr(libc, name)(*converted) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}{arguments}: {os.strerror(error)}")


def mount(source, target, kind, flags, data=None):
    call("mount", source, target, kind, ctypes.c_ulong(flags), data)


def bind(source, target, read_only):
    mount(source, target, None, MS_BIND)
    flags = MS_NOSUID | MS_NODEV | (MS_RDONLY if read_only else 0)
    mount(None, target, None, MS_REMOUNT | MS_BIND | flags)


def make_file(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def make_root(spec):
    root = spec["root"]
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for path, text in spec["texts"].items():
        make_file(root + path)
        with open(root + path, "w", encoding="utf-8") as file:
            file.write(text)
    for path, source in spec["binaries"].items():
        make_file(root + path)
        bind(source, root + path, True)
    for folder in spec["folders"]:
        os.makedirs(root + folder)
    os.mkdir(root + "/proc")
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV)
    for device in ["null", "zero", "full", "random", "urandom"]:
        make_file(f"{root}/dev/{device}")
        mount(f"/dev/{device}", f"{root}/dev/{device}", None, MS_BIND)
    for link, number in [("stdin", 0), ("stdout", 1), ("stderr", 2)]:
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{link}")
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    for volume in spec["volumes"]:
        target = root + volume["path"]
        os.makedirs(target, exist_ok=True)
        if volume["source"] is None:
            options = f"mode={volume['mode']},gid={volume['group']},size={volume['bytes']}"
            mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options)
        else:
            bind(volume["source"], target, volume["readOnly"])
    if spec["readOnlyRoot"]:
        mount(None, root, None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.chdir(root)
    mount(".", "/", None, MS_MOVE)
    os.chroot(".")
    os.chdir("/")


def become(spec, last_capability):
    # As runc does: the program may have to open its own standard output anew, by /dev/stdout.
    for stream in (1, 2):
        os.fchown(stream, spec["user"], spec["group"])
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(last_capability + 1):
        call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups(spec["groups"])
    os.setresgid(spec["group"], spec["group"], spec["group"])
    os.setresuid(spec["user"], spec["user"], spec["user"])
    if spec["noNewPrivileges"]:
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # After the change of user, which clears it.
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def program(spec):
    name = spec["command"][0]
    candidates = [name] if "/" in name else [f"{folder}/{name}" for folder in spec["environment"]["PATH"].split(":")]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    raise OSError(2, f"no {name} in the container's PATH")


def container(spec):
    try:
        # Python's own files are out of reach in the new root.
        with open("/proc/sys/kernel/cap_last_cap", encoding="utf-8") as file:
            last_capability = int(file.read())
        make_root(spec)
        become(spec, last_capability)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT])
        os.execve(program(spec), spec["command"], spec["environment"])
    except OSError as error:
        print(f"the container cannot start: {error}", file=sys.stderr, flush=True)
    os._exit(127)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    network = os.open(f"/proc/{spec['networkOf']}/ns/net", os.O_RDONLY)
    call("setns", network, CLONE_NEWNET)
    os.close(network)
    call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    child = os.fork()
    if child == 0:
        container(spec)
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: os.kill(child, signal.Signals[spec["stopSignal"]]))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT])
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


main()
