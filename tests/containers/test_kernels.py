"""What a cell can do: run in real kernels that the image's own server started, under the launcher's own seal."""

from __future__ import annotations

import ast
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from hub.policy.limits import read_limits
from hub.workspace import Workspace
from tests.containers.kernels import TOKEN, Opened, needs_the_image, opened, stand_in_hub, with_limits

pytestmark = pytest.mark.containers

ALICE = Workspace("alice", f"cells-{uuid4().hex[:8]}")
LIMITS = with_limits(read_limits(), file_mb=8, open_files=256)

# What a person may leave in the home for the next server to read. Each would say so.
OF_THEIR_OWN = (
    ".jupyter/jupyter_config.py",
    ".jupyter/jupyter_server_config.py",
    ".jupyter/jupyterhub_config.py",
    ".local/etc/jupyter/jupyter_server_config.py",
    ".local/lib/python3.11/site-packages/usercustomize.py",
    ".local/lib/python3.11/site-packages/sitecustomize.py",
    "jupyter_server_config.py",
    "jupyter_config.py",
    "sitecustomize.py",
    "workspace_contents.py",
    "workspace_use.py",
)
OWN_KERNEL = """{"argv": ["/opt/bulle/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
"display_name": "Mine", "language": "python", "env": {"STOLEN": "${JUPYTERHUB_API_TOKEN}"}}"""


@pytest.fixture(scope="module")
def workspace(engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    needs_the_image()
    root = tmp_path_factory.mktemp("state")
    home = root / "homes" / ALICE.project / ALICE.person
    for name in OF_THEIR_OWN:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"open('/home/researcher/READ', 'a').write('{name} ')\n")
    for name in (".local/share/jupyter/kernels/mine", ".ipython/kernels/python3"):
        (home / name).mkdir(parents=True)
        (home / name / "kernel.json").write_text(OWN_KERNEL)
    for path in (home, *home.rglob("*")):
        os.chown(path, 1000, 1000)
    with (
        stand_in_hub(engine, f"bulle-test-hub-{uuid4().hex[:8]}") as hub,
        opened(root, hub, (ALICE,), limits=LIMITS) as made,
    ):
        yield made[0]


# Which system calls are refused

# Arguments with which the kernel itself would have answered something else than EPERM; numbers are those of x86-64.
REFUSED = {
    "ptrace": (101, 16, 999999, 0, 0),
    "process_vm_readv": (310, 999999, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 999999, 0, 0, 0, 0, 0),
    "process_madvise": (440, -1, 0, 0, 0, 0),
    "process_mrelease": (448, -1, 0),
    "pidfd_getfd": (438, -1, 0, 0),
    "kcmp": (312, 999999, 999999, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "bpf": (321, 0, 0, 0),
    "userfaultfd": (323, 0x8000),
    "add_key": (248, 0, 0, 0, 0, 0),
    "request_key": (249, 0, 0, 0, 0),
    "keyctl": (250, 99999, 0, 0, 0, 0),
    "io_uring_setup": (425, 0, 0),
    "io_uring_enter": (426, -1, 0, 0, 0, 0, 0),
    "io_uring_register": (427, -1, 0, 0, 0),
    "io_setup": (206, 0, 0),
    "msgget": (68, 1, 0),
    "mq_open": (240, 0, 0, 0, 0),
    "unshare": (272, 0),
    "setns": (308, -1, 0),
    "clone into a new user namespace": (56, 0x10000000 | 0x10000, 0, 0, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "umount2": (166, 0, 0),
    "pivot_root": (155, 0, 0),
    "chroot": (161, 0),
    "open_tree": (428, -1, 0, 0),
    "move_mount": (429, -1, 0, -1, 0, 0),
    "fsopen": (430, 0, 0),
    "mount_setattr": (442, -1, 0, 0, 0, 0),
    "name_to_handle_at": (303, -1, 0, 0, 0, 0),
    "open_by_handle_at": (304, -1, 0, 0),
    "fanotify_init": (300, 0xFFFFFF, 0),
    "quotactl": (179, 0, 0, 0, 0),
    "personality": (135, 8),
    "modify_ldt": (154, 99, 0, 0),
    "memfd_secret": (447, 0xFFFF),
    "vmsplice": (278, -1, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "socket of the kernel's ciphers": (41, 38, 5, 0),
    "socket of packets": (41, 17, 3, 0),
    "socket of virtual machines": (41, 40, 1, 0),
    "socket of the firewall": (41, 16, 3, 12),
}


def test_no_call_that_a_notebook_never_needs_is_made(workspace: Opened) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the numbers of system calls in this test are those of x86-64")
    told = workspace.cell(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def error(call):\n"
        "    ctypes.set_errno(0)\n    libc.syscall(*map(ctypes.c_long, call))\n    return ctypes.get_errno()\n"
        f"print({{name: error(call) for name, call in {REFUSED!r}.items()}}, error((435, 0, 0)))"
    )
    refused, clone3 = ast.literal_eval(told.replace("} ", "}, "))
    assert {name for name, number in refused.items() if number != 1} == set()
    assert clone3 == 38  # "not there": the C library falls back


def test_no_32_bit_call_is_made(workspace: Opened) -> None:
    """`int 0x80` is another table of numbers, which a list of names for 64 bits does not cover."""
    if platform.machine() != "x86_64":
        pytest.skip("x86-64 only")
    getpid = "b814000000cd80c3"  # mov eax, 20; int 0x80; ret
    code = (
        "import ctypes, mmap; page = mmap.mmap(-1, 4096, prot=7); page.write(bytes.fromhex('%s'));"
        "print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())"
    )
    told = workspace.cell(
        f"import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', {code % getpid!r}]).returncode,"
        f" subprocess.run([sys.executable, '-c', {code % 'b82a000000c3'!r}], capture_output=True).stdout)"
    )
    assert told == "-31 b'42\\n'\n"  # SIGSYS; the same page without the call answers


def test_what_notebooks_do_still_works(workspace: Opened) -> None:
    told = workspace.cell(
        "import concurrent.futures as f, multiprocessing, socket, subprocess, tempfile\n"
        "import duckdb, matplotlib.pyplot as plot, pandas, pyarrow.parquet as parquet, statsmodels.api as sm\n"
        "frame = pandas.DataFrame({'x': range(10), 'y': [2 * x + 1 for x in range(10)]})\n"
        "frame.to_parquet('/tmp/f.parquet')\n"
        "found = [duckdb.sql(\"SELECT sum(y) FROM '/tmp/f.parquet'\").fetchall()[0][0]]\n"
        "found.append(parquet.read_table('/tmp/f.parquet').num_rows)\n"
        "found.append(round(float(sm.OLS(frame.y, sm.add_constant(frame.x)).fit().params['x']), 6))\n"
        "plot.plot(frame.x); plot.savefig('/tmp/f.png')\n"
        "found.append(open('/tmp/f.png', 'rb').read(4))\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: found.append(sum(pool.map(abs, [-1, -2])))\n"
        "with f.ThreadPoolExecutor(4) as pool: found.append(sum(pool.map(abs, range(9))))\n"
        "found.append(subprocess.run(['cat'], input=b'x', capture_output=True).stdout)\n"
        "found.append(socket.gethostbyname('hub') != '')\n"
        "print(found)"
    )
    assert ast.literal_eval(told) == [100, 10, 2.0, b"\x89PNG", 3, 36, b"x", True]


def test_rs_kernel_works_and_has_no_token(workspace: Opened) -> None:
    told = workspace.cell(
        "png('/tmp/r.png'); plot(1:3); invisible(dev.off())\n"
        "cat(coef(lm(y ~ x, data.frame(x = 1:5, y = 2 * (1:5))))[['x']], file.exists('/tmp/r.png'),"
        " paste(Sys.getenv(c('JUPYTERHUB_API_TOKEN', 'JPY_API_TOKEN')), collapse = ''))",
        "ir",
    )
    assert told == "2 TRUE "


def test_researchers_have_their_tools(workspace: Opened) -> None:
    told = workspace.cell(
        "import altair, lifelines, polars, sklearn.linear_model as linear, statsmodels.api as sm\n"
        "found = [polars.DataFrame({'x': [1, 2]}).lazy().select(polars.col('x').sum()).collect().item()]\n"
        "found.append(float(lifelines.KaplanMeierFitter().fit([1, 2, 3], [1, 0, 1]).survival_function_.iloc[-1, 0]))\n"
        "found.append(round(float(linear.LinearRegression().fit([[0], [1]], [1, 3]).coef_[0]), 6))\n"
        "chart = altair.Chart(altair.Data(values=[{'x': 1, 'y': 2}])).mark_bar().encode(x='x:O', y='y:Q')\n"
        "data, _ = get_ipython().display_formatter.format(chart)\n"
        "found.append(sorted(data) + [data['image/svg+xml'][:4]])\n"
        "print(found)"
    )
    assert ast.literal_eval(told) == [3, 0.0, 2.0, ["image/svg+xml", "text/plain", "<svg"]]


def test_researchers_who_work_in_r_have_theirs(workspace: Opened) -> None:
    told = workspace.cell(
        "suppressPackageStartupMessages({library(dplyr); library(ggplot2); library(survival)})\n"
        "frame <- tidyr::pivot_longer(data.frame(id = 1:4, a = 1:4, b = 5:8), c(a, b))\n"
        "means <- frame |> group_by(name) |> summarise(mean = mean(value))\n"
        "ggsave('/tmp/p.png', ggplot(frame, aes(id, value, colour = name)) + geom_line(), width = 3, height = 2)\n"
        "fit <- survfit(Surv(c(1, 2, 3), c(1, 0, 1)) ~ 1)\n"
        "mixed <- lme4::lmer(Reaction ~ Days + (1 | Subject), lme4::sleepstudy)\n"
        "cat(means$mean, min(fit$surv), file.exists('/tmp/p.png'), round(lme4::fixef(mixed)[['Days']], 2))",
        "ir",
    )
    assert told == "2.5 6.5 0 TRUE 10.47"


def test_git_keeps_versions_in_the_projects_folder_and_knows_no_other_place(workspace: Opened) -> None:
    told = workspace.cell(
        "import pathlib, subprocess\n"
        "def git(*words, at='/project/study'):\n"
        "    done = subprocess.run(['git', *words], cwd=at, capture_output=True, text=True)\n"
        "    return (done.stdout + done.stderr).strip()\n"
        "pathlib.Path('/project/study').mkdir()\n"
        "git('init')\n"
        "pathlib.Path('/project/study/notes.md').write_text('x')\n"
        "for hook in ('pre-commit', 'post-commit'):\n"
        "    path = pathlib.Path('/project/study/.git/hooks', hook); path.parent.mkdir(exist_ok=True)\n"
        "    path.write_text('#!/bin/sh\\ntouch /tmp/hooked'); path.chmod(0o755)\n"
        "git('config', 'core.fsmonitor', 'touch /tmp/hooked; true')\n"
        "git('add', '.'); git('commit', '-m', 'first')\n"
        "git('clone', '-q', '/project/study', '/home/researcher/mine', at='/home/researcher')\n"
        "git('remote', 'add', 'out', 'https://hub/x.git')\n"
        "who = git('log', '--format=%an %ae %D', at='/home/researcher/mine').split(' -> ')[0]\n"
        "print([who, git('push', 'out', 'main'), pathlib.Path('/tmp/hooked').exists()])"
    )
    who, pushed, hooked = ast.literal_eval(told)
    assert who == f"alice alice@{ALICE.project} HEAD"
    assert "transport 'https' not allowed" in pushed
    assert hooked is False


# The server's secrets


def test_a_kernel_cannot_look_into_its_server(workspace: Opened) -> None:
    told = workspace.cell(
        "import os\n"
        "def reads(path):\n"
        "    try:\n"
        "        with open(path, 'rb') as file: file.read(1)\n"
        "        return True\n"
        "    except OSError: return False\n"
        "def lists(path):\n"
        "    try: return bool(os.listdir(path))\n"
        "    except OSError: return False\n"
        "server = os.getppid()\n"
        "print('jupyterhub-singleuser' in open(f'/proc/{server}/cmdline').read(), open('/proc/1/comm').read(),\n"
        "      [name for pid in (server, 1) for name in ('environ', 'maps', 'mem', 'auxv', 'syscall', 'stack', 'io')"
        " if reads(f'/proc/{pid}/{name}')],\n"
        "      [pid for pid in (server, 1) if lists(f'/proc/{pid}/fd')], reads('/proc/self/environ'))"
    )
    assert told == "True tini\n [] [] True\n"


def test_no_token_is_anywhere_that_a_kernel_can_read(workspace: Opened) -> None:
    """In no environment, no command line and no file: the server writes its own address and token down by default."""
    told = workspace.cell(
        f"import os\ntoken = {TOKEN[::-1]!r}[::-1].encode()\n"
        "def holds(path):\n"
        "    try: return token in open(path, 'rb').read(1 << 20)\n"
        "    except OSError: return False\n"
        "pids = [pid for pid in os.listdir('/proc') if pid.isdigit()]\n"
        "seen = [f'/proc/{pid}/{name}' for pid in pids for name in ('environ', 'cmdline')]\n"
        "seen += [f'{at}/{name}' for top in ('/tmp', '/home', '/project', '/outbox', '/dev/shm', '/run', '/var')\n"
        "         for at, _, names in os.walk(top) for name in names]\n"
        "print(*(value for name, value in os.environ.items() if 'TOKEN' in name), 'STOLEN' in os.environ,\n"
        "      [path for path in seen if holds(path)], os.listdir('/tmp/jupyter'))"
    )
    environment, files = told.split("[", 1)
    assert environment.strip() == "False"
    found, left = ast.literal_eval("[" + files.replace("] [", "], ["))
    assert found == []
    assert [name for name in left if not name.startswith("kernel-")] == []


def test_a_persons_own_configuration_is_never_read(workspace: Opened) -> None:
    home = Path(workspace.root, "homes", ALICE.project, ALICE.person)
    assert workspace.cell("print(6 * 7)") == "42\n"
    with pytest.raises(AssertionError, match="No such kernel named mine"):
        workspace.cell("print(1)", "mine")
    assert not (home / "READ").exists(), (home / "READ").read_text()


# What one process may use


@pytest.mark.parametrize("folder", ["/home/researcher", "/tmp"])
def test_no_file_is_larger_than_its_limit(workspace: Opened, folder: str) -> None:
    told = workspace.cell(
        f"file = open('{folder}/large', 'wb', buffering=0)\n"
        "file.write(bytes(8 << 20))\n"
        "try:\n    print(file.write(b'x'))\n"
        "except OSError as error: print(error.strerror)\n"
        f"import os; print(os.path.getsize('{folder}/large') >> 20); os.remove('{folder}/large')"
    )
    assert told == "File too large\n8\n"


def test_limits_of_a_process_cannot_be_raised(workspace: Opened) -> None:
    told = workspace.cell(
        "import resource as r\n"
        "print(*(r.getrlimit(getattr(r, f'RLIMIT_{name}')) for name in ('CORE', 'FSIZE', 'NOFILE')))\n"
        "try: r.setrlimit(r.RLIMIT_FSIZE, (16 << 20, 16 << 20))\n"
        "except (OSError, ValueError): print('refused')\n"
        "files = []\n"
        "try:\n    while True: files.append(open('/dev/null'))\n"
        "except OSError as error: print(error.strerror, len(files) < 256)\n"
        "[file.close() for file in files]"
    )
    assert told == "(0, 0) (8388608, 8388608) (256, 256)\nrefused\nToo many open files True\n"
