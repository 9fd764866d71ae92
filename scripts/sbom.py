"""A software bill of materials (CycloneDX 1.6, JSON) of what `scripts/installed.py` found in an image.

    python -m scripts.sbom IMAGE < FOUND > sbom.cdx.json

The same packages make the same bytes: no time and no random number in it.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Mapping
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

Found = Mapping[str, list[dict[str, str]]]
KINDS = ("debian", "python", "r", "npm")


def bill(image: str, found: Found) -> str:
    """The bill of `image` as JSON text. Raises: ValueError when it does not follow CycloneDX's schema."""
    made = Bom(components=[_component(kind, one) for kind in KINDS for one in found[kind]])
    whole = Component(name=f"bulle/{image}", type=ComponentType.CONTAINER, bom_ref=f"bulle/{image}")
    made.metadata.component = whole
    made.register_dependency(whole, made.components)
    made.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([image, found], sort_keys=True))
    written: dict[str, Any] = json.loads(JsonV1Dot6(made).output_as_string())
    del written["metadata"]["timestamp"]
    text = json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the bill of {image} does not follow CycloneDX: {wrong}")
    return text


def _component(kind: str, one: Mapping[str, str]) -> Component:
    address = _address(kind, one)
    made = Component(
        name=one["name"],
        version=one["version"],
        purl=address,
        bom_ref=str(address),
        licenses=[LicenseFactory().make_from_string(one["license"])] if one.get("license") else (),
        properties=[Property(name="bulle:kind", value=kind)],
    )
    if one.get("source"):
        made.properties.add(Property(name="bulle:source", value=one["source"]))
    return made


def _address(kind: str, one: Mapping[str, str]) -> PackageURL:
    name, version = one["name"], one["version"]
    match kind:
        case "debian":
            place = {"arch": one["architecture"], "distro": "bookworm"}
            return PackageURL("deb", "debian", name, version, qualifiers=place)
        case "python":
            return PackageURL("pypi", None, re.sub(r"[-_.]+", "-", name).lower(), version)
        case "r":
            return PackageURL("cran", None, name, version)
        case _:
            scope, _, plain = name.rpartition("/")
            return PackageURL("npm", scope or None, plain, version)


if __name__ == "__main__":
    sys.stdout.write(bill(sys.argv[1], json.load(sys.stdin)))
