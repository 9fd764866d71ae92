"""Settings of every Python kernel in the workspace. Nothing is imported here: kernels start no later for it."""

from typing import Any


def drawn(chart: Any) -> Any:
    """An Altair chart as a picture drawn here, unless the person chose a renderer: the usual one loads scripts."""
    from altair import renderers  # noqa: PLC0415 -- half a second, and most notebooks draw no chart

    if renderers.active == "default":
        renderers.enable("svg")
    return chart._repr_mimebundle_()


c = get_config()  # noqa: F821 -- given by IPython
c.MimeBundleFormatter.deferred_printers = {("altair.vegalite.v6.api", "TopLevelMixin"): drawn}
