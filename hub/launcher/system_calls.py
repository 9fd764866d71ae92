"""The system calls that a sealed container may make: a seccomp profile of our own, as the engine takes it. Pure.

Begun from the allow-list that Docker ships (moby 26.1.5, profiles/seccomp/default.json, Apache-2.0), written here as
data. What that list allows only with a capability is not in it: a sealed container has none. Taken away beyond that,
because no notebook needs it: looking into other processes (ptrace, process_vm_*, process_mrelease), asynchronous I/O
(io_setup and its kin; io_uring is not in the list either), message queues, 32-bit and x32 entry points with the calls
that only they have, sockets other than those below, file handles, fanotify, secret memory, vmsplice and tee,
descriptor tables (modify_ldt), clock adjustment, old page remapping, execution domains.
What is not named is refused with EPERM.
"""

from __future__ import annotations

import json
from typing import Any

_ALLOWED = """
accept accept4 access alarm bind brk cachestat capget capset chdir chmod chown clock_getres clock_gettime
clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fork fremovexattr
fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue futex_wait futex_waitv futex_wake futimesat
get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer
getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid
getsockname getsockopt gettid gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1
inotify_rm_watch ioctl ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self
lchown lgetxattr link linkat listen listxattr llistxattr lremovexattr lseek lsetxattr lstat madvise map_shadow_stack
membarrier memfd_create mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mprotect mremap msync munlock
munlockall munmap nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc
pkey_free pkey_mprotect poll ppoll prctl pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read
readahead readlink readlinkat readv recvfrom recvmmsg recvmsg removexattr rename renameat renameat2 restart_syscall
rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
seccomp select semctl semget semop semtimedop sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area
set_tid_address setfsgid setfsuid setgid setgroups setitimer setpgid setpriority setregid setresgid setresuid setreuid
setrlimit setsid setsockopt setuid setxattr shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4
socketpair splice stat statfs statx symlink symlinkat sync sync_file_range syncfs sysinfo tgkill time timer_create
timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill
truncate umask uname unlink unlinkat utime utimensat utimes vfork wait4 waitid write writev
"""

_ENOSYS = 38
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET
_ASK_PERSONALITY = 0xFFFFFFFF
_UNIX, _INET, _INET6, _NETLINK, _NETLINK_ROUTE = 1, 2, 10, 16, 0  # the route family lists a machine's own addresses


def seccomp_profile() -> str:
    """The profile's content, as the engine takes it after `seccomp=`: a name of a file would be read by the client."""
    return json.dumps(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 1,
            "archMap": [
                {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
                {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
            ],
            "syscalls": [
                _allow(_ALLOWED),
                {**_allow("arch_prctl"), "includes": {"arches": ["amd64"]}},
                _allow("socket", _equal(0, _UNIX)),
                _allow("socket", _equal(0, _INET)),
                _allow("socket", _equal(0, _INET6)),
                _allow("socket", _equal(0, _NETLINK), _equal(2, _NETLINK_ROUTE)),
                _allow("personality", _equal(0, 0)),
                _allow("personality", _equal(0, _ASK_PERSONALITY)),
                _allow("clone", _without(0, _NEW_NAMESPACES)),
                # its flags lie in memory, where no filter reads them: "not there" makes the C library call clone
                {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
            ],
        },
        separators=(",", ":"),
    )


def _allow(names: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"names": names.split(), "action": "SCMP_ACT_ALLOW", "args": list(conditions)}


def _equal(argument: int, value: int) -> dict[str, Any]:
    return {"index": argument, "value": value, "op": "SCMP_CMP_EQ"}


def _without(argument: int, bits: int) -> dict[str, Any]:
    return {"index": argument, "value": bits, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
