"""`ro-crate-metadata.json`: RO-Crate 1.2 for programs that catalogue research data.

What happened is told in the words of the Five Safes RO-Crate profile 1.0, whose draft is not final: the package does
not claim to conform to it. A check or a review (`AssessAction`) never gives leave; the decision (`AuthorizeAction`)
does, and names the checks that it rests on. Agents are organisations or persons; who reviewed has a number and no name.

Written here and not with the library ro-crate-py, which works on folders and puts the time of day into them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from egress.package.contents import PackageContents
from egress.package.described import CRATE
from egress.package.files import FileNote, notes_of
from egress.package.signature import SIGNATURE, SUMS
from egress.package.times import to_the_minute
from egress.release.review import Approval
from egress.release.status import Status

VERSION = "https://w3id.org/ro/crate/1.2"
DISCLOSURE_CHECK = "https://w3id.org/shp#DisclosureCheck"
DONE = "http://schema.org/CompletedActionStatus"
_ENCLAVE, _TERMS, _PROJECT, _EXTRACT, _SOFTWARE = "#enclave", "#terms", "#project", "#extract", "#bulle"

Entity: TypeAlias = dict[str, Any]


def crate(contents: PackageContents, files: Mapping[str, bytes]) -> bytes:
    """The file's content; `files` are all others but the list of digests and its signature."""
    actions = _actions(contents)
    graph = [_descriptor(), _root(contents, files, actions), *_files(contents, files), *_contexts(contents), *actions]
    raw = {"@context": f"{VERSION}/context", "@graph": graph}
    return json.dumps(raw, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"


def _descriptor() -> Entity:
    return {"@id": CRATE, "@type": "CreativeWork", "about": _ref("./"), "conformsTo": _ref(VERSION)}


def _root(contents: PackageContents, files: Mapping[str, bytes], actions: list[Entity]) -> Entity:
    request = contents.request
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Release package {request.id}",
        "description": f"Outputs of project {request.project} that were checked and approved for release.",
        "identifier": request.id,
        "datePublished": _moment(contents, Status.APPROVED),
        "license": _ref(_TERMS),
        "publisher": _ref(_ENCLAVE),
        "sourceOrganization": _ref(_PROJECT),
        "hasPart": [_ref(name) for name in (*sorted(files), SUMS, SIGNATURE)],
        "mentions": [_ref(action["@id"]) for action in actions],
    }


def _files(contents: PackageContents, files: Mapping[str, bytes]) -> list[Entity]:
    notes = notes_of(contents)
    described = [
        _file(name, notes[name], sha256=hashlib.sha256(content).hexdigest(), contentSize=str(len(content)))
        for name, content in sorted(files.items())
    ]
    return [*described, _file(SUMS, notes[SUMS]), _file(SIGNATURE, notes[SIGNATURE])]


def _file(name: str, note: FileNote, **more: str) -> Entity:
    said = {"@id": name, "@type": "File", "name": note.name, "description": note.about, "encodingFormat": note.media}
    families = {"keywords": ", ".join(f"statbarn: {family}" for family in note.statbarns)} if note.statbarns else {}
    return {**said, **families, **more}


def _contexts(contents: PackageContents) -> list[Entity]:
    request = contents.request
    versions = request.basis.versions if request.basis else {}
    terms = (
        f"No licence is stated. The permit of project {request.project} says what these results may be used for. "
        "Do not try to learn anything about a person from them."
    )
    extract = {"identifier": f"sha256:{request.rerun.extract}"} if request.rerun else {}
    image = {"softwareRequirements": request.rerun.image} if request.rerun and request.rerun.image else {}
    software = {"name": "Bulle", "version": versions.get("bulle", "unknown"), **image}
    return [
        {"@id": _ENCLAVE, "@type": "Organization", "name": "The enclave whose key signed this package"},
        {"@id": _PROJECT, "@type": "Project", "name": f"Project {request.project}", "identifier": request.project},
        {"@id": _TERMS, "@type": "CreativeWork", "name": "Terms of use", "description": terms},
        {"@id": _EXTRACT, "@type": "CreativeWork", "name": "The project's extract, which stays inside", **extract},
        # no SoftwareApplication: that one must name the address it is published at, and a site may run its own build
        {"@id": _SOFTWARE, "@type": "CreativeWork", **software},
        {"@id": DONE, "@type": "ActionStatusType", "name": "Completed"},
        {"@id": DISCLOSURE_CHECK, "@type": "DefinedTerm", "name": "Disclosure check"},
        {"@id": "#author", "@type": "Person", "name": "The researcher who asked for the release"},
        *({"@id": id_, "@type": "Person", "name": f"Output checker {at}"} for at, id_ in _checkers(contents)),
        *(
            {"@id": f"#approver-{at}", "@type": "Person", "name": f"Approver {at} ({given.role.replace('_', ' ')})"}
            for at, given in _agreed(contents)
        ),
    ]


def _checkers(contents: PackageContents) -> list[tuple[int, str]]:
    """Reviews in the order of their numbers; the same person has another number in another package."""
    return [(at, f"#checker-{at}") for at in range(1, len(contents.request.reviews) + 1)]


def _agreed(contents: PackageContents) -> list[tuple[int, Approval]]:
    """Those whose agreement the source's rules ask for, after the checkers."""
    return list(enumerate((given for given in contents.request.approvals if given.agrees), start=1))


def _actions(contents: PackageContents) -> list[Entity]:
    """Asked, computed, checked by rules, reviewed by people, decided."""
    outputs = [_ref(name) for name in contents.output_files]
    asked = _action("asked", "AskAction", "The release was asked for", "#author", _moment(contents, Status.SUBMITTED))
    computed = _action("computed", "CreateAction", "The outputs were made", _ENCLAVE, _moment(contents, Status.CHECKED))
    checked = _action("checked", "AssessAction", "The rules were applied", _ENCLAVE, _moment(contents, Status.CHECKED))
    reviews = [
        _action(f"review-{at}", "AssessAction", "An output checker looked", id_, to_the_minute(review.at))
        for (at, id_), review in zip(_checkers(contents), contents.request.reviews, strict=True)
    ]
    agreed = [
        _action(f"agreed-{at}", "AuthorizeAction", "Agreed to", f"#approver-{at}", to_the_minute(given.at))
        for at, given in _agreed(contents)
    ]
    decided = _action(
        "decided", "AuthorizeAction", "The release was approved", _ENCLAVE, _moment(contents, Status.APPROVED)
    )
    kind = {"object": outputs, "additionalType": _ref(DISCLOSURE_CHECK)}
    informed = [_ref(action["@id"]) for action in (asked, checked, *reviews, *agreed)]
    return [
        {**asked, "object": outputs, "recipient": _ref(_ENCLAVE)},
        {**computed, "object": _ref(_EXTRACT), "result": outputs, "instrument": _ref(_SOFTWARE)},
        {**checked, **kind, "instrument": [_ref(_SOFTWARE), _ref("criteria.json")]},
        *({**review, **kind} for review in reviews),
        *({**each, "object": outputs} for each in agreed),
        {**decided, "object": outputs, "prov:wasInformedBy": informed},
    ]


def _action(name: str, kind: str, title: str, agent: str, end: str) -> Entity:
    return {
        "@id": f"#{name}",
        "@type": [kind, "prov:Activity"],
        "name": title,
        "agent": _ref(agent),
        "provider": _ref(_ENCLAVE),
        "endTime": end,
        "actionStatus": _ref(DONE),
    }


def _moment(contents: PackageContents, status: Status) -> str:
    return to_the_minute(contents.request.reached[status])


def _ref(identity: str) -> dict[str, str]:
    return {"@id": identity}
