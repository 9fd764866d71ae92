"""The server inside a sealed workspace. Second line only: what it refuses, the container's walls refuse as well.

Everything a page shows can be read by the person before it; what this closes are the comfortable ways out.
"""

import ctypes
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

import jupyter_server.serverapp

sys.path.insert(0, str(Path(__file__).parent))  # /etc/jupyter
from workspace_contents import StudyContents
from workspace_use import last_used

PR_SET_DUMPABLE = 4
# Kernels run as the same user: without this a cell could read this process's memory and its hub token.
ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

# By default the server writes its token and its cookies' key down, in files of the user that kernels run as.
jupyter_server.serverapp.ServerApp.write_server_info_file = lambda _: None
jupyter_server.serverapp.ServerApp.write_browser_open_files = lambda _: None

# The page shows the home; what colleagues share appears in it. Somebody's own file of that name stays.
with suppress(OSError):
    Path(os.environ["HOME"], "project").symlink_to("/project")

# What the hub is told of use, each minute.
jupyter_server.serverapp.ServerWebApplication.last_activity = last_used

c = get_config()  # noqa: F821 -- given by jupyter_server

for service in ("files", "nbconvert", "view"):  # raw downloads and conversions
    jupyter_server.serverapp.JUPYTER_SERVICE_HANDLERS[service] = None

c.ServerApp.cookie_secret = secrets.token_bytes(32)
c.HubAuth.cache_max_age = 10  # seconds for which the hub's word on a cookie is believed: a logout acts within them
c.ServerApp.root_dir = "/home/researcher"
c.ServerApp.contents_manager_class = StudyContents
c.ServerApp.terminals_enabled = False
c.ServerApp.jpserver_extensions = {
    "jupyter_server_terminals": False,
    "jupyter_lsp": False,
    "jupyterlab": True,
    "workspace_lab": True,
}
c.ServerApp.allow_origin = ""
c.ServerApp.disable_check_xsrf = False
# A page of one project must not script another project's, open windows, save files or call out.
c.ServerApp.tornado_settings = {
    "headers": {
        "Content-Security-Policy": "; ".join(
            (
                "frame-ancestors 'none'",
                "sandbox allow-scripts allow-same-origin allow-forms allow-modals",
                "connect-src 'self'",
                "img-src 'self' data: blob:",
                "form-action 'self'",
            )
        )
    }
}
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.lock_all_plugins = True
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 1_000_000  # bytes per second of one kernel
