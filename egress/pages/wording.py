"""How pages of several rooms say things."""

from __future__ import annotations

from types import MappingProxyType

from hub.policy.model import Role
from hub.words import say

# What was tried and refused, by its kind in `policies/alarms.toml`.
TRIED = MappingProxyType(
    {
        "files": say("a raw file of a workspace"),
        "conversion": say("a notebook as a file, or shown raw"),
        "terminals": say("a terminal in a workspace"),
        "extensions": say("an extension of JupyterLab"),
        "proxied": say("a port inside a workspace"),
        "spelling": say("an address in a spelling that programs may read differently"),
        "workspace": say("a route of a workspace that is not on the list"),
        "hub-api": say("the hub's API beyond what its pages ask"),
        "route": say("the hub's pages or API, from inside a workspace"),
        "token": say("the hub's API from inside a workspace, without a token"),
        "others": say("another person's workspace or account"),
        "memory": say("more memory than a workspace has"),
    }
)
# What a permit makes a person on its project.
ROLES = MappingProxyType(
    {
        Role.RESEARCHER: say("researcher"),
        Role.OUTPUT_CHECKER: say("output checker"),
        Role.DATA_HOLDER: say("data holder"),
        Role.EXTRACTOR: say("extractor"),
        Role.OPERATOR: say("operator"),
        Role.AUDITOR: say("auditor"),
        Role.OVERSIGHT: say("oversight"),
        Role.REPRODUCIBILITY_REVIEWER: say("reproducibility reviewer"),
        Role.DPO: say("data protection officer"),
    }
)
