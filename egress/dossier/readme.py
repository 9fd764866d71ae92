"""`README.txt` of a dossier, in both languages: what is here, and how it is run again."""

from __future__ import annotations

from egress.dossier.contents import Dossier
from hub.language import LANGUAGES, render
from hub.words import Message, say


def readme(dossier: Dossier) -> bytes:
    """English, then French."""
    sentences = _sentences(dossier)
    parts = ("\n".join(render(sentence, language) for sentence in sentences) for language in LANGUAGES)
    return "\n\n".join(parts).encode() + b"\n"


def _sentences(dossier: Dossier) -> tuple[Message, ...]:
    request, rerun = dossier.request, dossier.request.rerun
    return (
        say(
            "Reproduction dossier of request {request}, project {project}", request=request.id, project=request.project
        ),
        say("It stays inside the enclave: code and extract are not for those who read the release package."),
        say("study/notebook.ipynb is the notebook as it was handed in as {name}.", name=request.notebook.name),
        say("Beside it in study/ stand its helper files: {count}.", count=len(request.files)),
        say(
            "extract-manifest.json describes the extract in folder {folder}; its SHA-256 is {digest}.",
            folder=rerun.folder if rerun else "-",
            digest=rerun.extract if rerun else "-",
        ),
        say("The notebook ran in the image {image}.", image=(rerun.image if rerun else "") or "-"),
        say(
            "environment.txt lists the Python packages of that image, as the runner named them before the notebook "
            "began."
        ),
        say(
            "rules.json are the disclosure rules of the day; dossier.json names everything by digest, outputs as well."
        ),
        say("criteria-inside.json tells what criteria.json of the package may not: prices, reviews, who decided."),
        say("To run it again, somebody whose permit says so types: bulle rerun {request}", request=request.id),
        say(
            "That runs the notebook in the same image on the same extract, without a network, computes every output "
            "again, and says of each whether it has the same bytes. Outputs with noise are not drawn again."
        ),
        say("By hand: python -m egress.rerun.inside, with study/ at /work, the extract at /data, and no network."),
    )
