"""A bill of materials follows CycloneDX, names every package by its address, and is the same twice."""

from __future__ import annotations

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.sbom import bill

FOUND = {
    "debian": [{"name": "libc6", "version": "2.36-9+deb12u14", "architecture": "amd64", "source": "glibc"}],
    "python": [
        {"name": "Foo_bar", "version": "1.0", "license": "MIT"},
        {"name": "odd", "version": "2", "license": "whatever the author liked"},
    ],
    "r": [{"name": "survival", "version": "3.5-3"}],
    "npm": [{"name": "@lumino/widgets", "version": "2.7.2", "license": "BSD-3-Clause"}],
}


def test_every_package_is_named_by_its_address_and_kind() -> None:
    parts = json.loads(bill("workspace", FOUND))["components"]
    assert {(part["purl"], part["properties"][0]["value"]) for part in parts} == {
        ("pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=bookworm", "debian"),
        ("pkg:pypi/foo-bar@1.0", "python"),
        ("pkg:pypi/odd@2", "python"),
        ("pkg:cran/survival@3.5-3", "r"),
        ("pkg:npm/%40lumino/widgets@2.7.2", "npm"),
    }


def test_it_follows_the_published_schema_and_is_the_same_twice() -> None:
    text = bill("workspace", FOUND)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == bill("workspace", FOUND)
    assert json.loads(text)["serialNumber"] != json.loads(bill("hub", FOUND))["serialNumber"]


def test_what_is_no_package_stops_the_build() -> None:
    with pytest.raises(KeyError):
        bill("workspace", {**FOUND, "r": [{"name": "survival"}]})
