"""What a cell tries against the machine under it, and against the limits of its container."""

from __future__ import annotations

from tests.journeys.attacks.model import Attack, alarm

NOBODY_SEES = "the kernel of this machine refuses it and tells nobody"
MACHINE = (
    Attack(
        "setuid",
        "programs that run as root",
        "def said(*command):\n"
        '    return subprocess.run(command, capture_output=True, text=True, input="").stdout\n'
        'for path in said("find", "/", "-xdev", "-perm", "/6000", "-type", "f").split():\n'
        '    got = got or "uid=0" in said(path, "-c", "id")\n'
        "os.setuid(0)\ngot = True",
        "no new privileges; no capabilities",
        NOBODY_SEES,
    ),
    Attack(
        "mount",
        "a mount, a new root, a namespace",
        "calls = ((165, 0, 0, 0, 0, 0), (161, 0), (155, 0, 0), (272, 0x10000000), (308, -1, 0))\n"
        "got = [each for each in calls if call(*each)]",
        "a list of system calls",
        NOBODY_SEES,
    ),
    Attack(
        "devices",
        "disks, memory and the log of the machine",
        'names = ("mem", "kmsg", "sda", "vda", "fuse", "kvm", "port")\n'
        'got = opened(*(f"/dev/{name}" for name in names), "/proc/kcore")\n'
        'os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0))\ngot.append("made")',
        "no devices; no capabilities",
        NOBODY_SEES,
    ),
    Attack(
        "kernel-settings",
        "settings of the machine's kernel, and the ways out that lead through them",
        'got = opened("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper",\n'
        '    *glob.glob("/sys/fs/cgroup/*/release_agent"), *glob.glob("/sys/fs/cgroup/*/cgroup.procs"), mode="w")',
        "read-only /proc/sys, /sys and control groups",
        NOBODY_SEES,
    ),
    Attack(
        "modules",
        "code in the machine's kernel",
        "got = call(175, 0, 0, 0) or call(321, 0, 0, 0) or call(246, 0, 0, 0)",
        "a list of system calls",
        NOBODY_SEES,
    ),
    Attack(
        "engine-socket",
        "the container engine's socket, and the launcher's",
        'got = [path for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/launcher/socket",'
        ' "/run/containerd/containerd.sock") if os.path.exists(path)]',
        "no process of researchers has them",
        NOBODY_SEES,
    ),
    Attack(
        "system-files",
        "files of the system, rewritten",
        'got = opened("/etc/passwd", "/usr/bin/python3", "/opt/bulle/x", "/etc/jupyter/x", "/x", mode="w")',
        "a read-only root",
        NOBODY_SEES,
    ),
    Attack(
        "extract-changed",
        "the extract, changed for the re-run",
        'got = opened(*glob.glob("/data/*"), "/data/x", mode="w")\n'
        'os.chmod("/data/manifest.json", 0o777)\ngot.append("made writable")',
        "mounted read-only; re-runs read the manifest's digests",
        NOBODY_SEES,
    ),
    Attack(
        "other-projects",
        "files of other projects and people",
        'got = set(os.listdir("/home")) - {"researcher"} | set(os.listdir("/data/..")) & {"homes", "extracts"}\n'
        'mounted = open("/proc/self/mountinfo").read()\n'
        'got |= {name for name in ("autre-etude", "alice") if name in mounted}',
        "only the project's own folders are mounted",
        NOBODY_SEES,
    ),
    Attack(
        "project-link",
        "a link in the project's folder to files of the machine, for a colleague's server or the launcher to follow",
        'os.symlink("/etc/shadow", "/project/rows.py")\nos.symlink("/", "/project/all")\n'
        'got = opened("/project/rows.py") or os.path.exists("/project/all/var/lib/docker")\n'
        'os.remove("/project/rows.py")\nos.remove("/project/all")',
        "a link leads to where its reader is: a sealed container; the launcher goes through none",
        "links are everyday things",
    ),
    Attack(
        "packages",
        "packages from outside",
        'got = [m for m in ("pip", "uv", "conda") if subprocess.run([sys.executable, "-m", m, "--version"],'
        " capture_output=True).returncode == 0]",
        "no installer, no network",
        "people try it in good faith",
    ),
)
BOMBS = (
    Attack(
        "processes",
        "processes without end",
        "pids = []\n"
        "try:\n"
        "    while len(pids) < 1000:\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n            time.sleep(60); os._exit(0)\n"
        "        pids.append(pid)\n"
        "except OSError: pass\n"
        "for pid in pids: os.kill(pid, 9); os.waitpid(pid, 0)\n"
        "got = len(pids) >= 256",
        "a limit of processes for each container",
        "the engine tells nobody that it was reached",
    ),
    Attack(
        "memory",
        "memory without end",
        'got = subprocess.run([sys.executable, "-c", "x = [b\'x\' * (1 << 28) for _ in range(64)]"]).returncode == 0',
        "a limit of memory for each container",
        alarm("engine", "memory"),
    ),
    Attack(
        "disk",
        "files without end: a memory folder, and one file beyond its limit",
        "sizes = []\n"
        'for path, step, most in (("/tmp/full", 1 << 24, 512 << 20), ("/dev/shm/full", 1 << 24, 128 << 20)):\n'
        '    with open(path, "wb", buffering=0) as file:\n'
        "        try:\n"
        "            while file.tell() < most: file.write(bytes(step))\n"
        "        except OSError: pass\n"
        "        sizes.append(file.tell() >= most)\n"
        "    os.remove(path)\n"
        'with open("/home/researcher/large", "wb", buffering=0) as file:\n'
        "    file.seek(2 << 30)\n"
        '    try: sizes.append(file.write(b"x") == 1)\n'
        "    except OSError: pass\n"
        "os.remove('/home/researcher/large')\n"
        "got = any(sizes)",
        "sizes of memory folders, of files, and of folders where the site sets a quota",
        "large files are everyday things; a full folder is told to its person",
    ),
    Attack(
        "open-files",
        "open files without end",
        "files = []\n"
        "try:\n    while len(files) < 5000: files.append(os.open('/dev/null', 0))\n"
        "except OSError: pass\n"
        "[os.close(each) for each in files]\ngot = len(files) >= 5000",
        "a limit for each process",
        "nothing is harmed but the process itself",
    ),
)
