"""The official Cedar cases through our `evaluate`: it must say what Cedar says, and our `allowed` never more."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
from pathlib import Path

import cedarpy
import pytest

from linewarden.policy.cedar import evaluate
from tests.effort import examples
from tests.policy.cedar_cases import (
    Case,
    crate_cases,
    crate_texts,
    crate_validations,
    folder_suites,
    folder_texts,
    suite_cases,
    suite_policies,
)

CRATE, FOLDER = crate_texts(), folder_texts()
SUITES = folder_suites(FOLDER)
ONE_IN = max(5 // examples(1), 1)
"""Of the suites in the full run; all of them in `make properties`."""
CHOSEN = sorted(SUITES)[::ONE_IN]
AT_ONCE = 500
no_crate = pytest.mark.skipif(not CRATE, reason="the crate is not here: scripts/cedar-cases.sh fetches it")
no_folder = pytest.mark.skipif(
    not SUITES, reason="no suites are here: scripts/cedar-cases.sh fetches the generated ones"
)


def hold(case: Case) -> None:
    verdict = evaluate(case.request, case.policies, case.entities, case.schema)
    assert verdict.decision == case.decision, (case.name, verdict)
    assert case.reasons is None or verdict.reasons == case.reasons, (case.name, verdict)
    assert case.errors is None or len(verdict.errors) == case.errors, (case.name, verdict)
    assert verdict.allowed <= (case.decision == "Allow"), case.name


@no_crate
def test_the_cases_of_the_crate() -> None:
    cases = list(crate_cases(CRATE))
    assert len(cases) > 50  # the tests are still read as they are written
    for case in cases:
        hold(case)


@no_crate
def test_the_validations_of_the_crate() -> None:
    validations = list(crate_validations(CRATE))
    assert len(validations) > 10
    for one in validations:
        assert cedarpy.validate_policies(one.policies, one.schema).validation_passed is one.fits, one


def test_a_folder_in_the_official_format_is_read_with_its_archive(tmp_path: Path) -> None:
    """With a suite of our own, as no package has one: all of it is asked, and a wrong expectation is noticed."""
    asked = {
        "principal": {"type": "User", "id": "a"}, "action": {"type": "Action", "id": "see"},
        "resource": {"type": "Photo", "id": "p"}, "context": {}, "description": "own",
    }  # fmt: skip
    suite = {
        "policies": "corpus-tests/1.cedar", "entities": "corpus-tests/1.entities.json",
        "schema": "corpus-tests/1.cedarschema", "shouldValidate": False,
        "requests": [
            {**asked, "decision": "allow", "reason": ["policy0"], "errors": []},
            {**asked, "resource": {"type": "Album", "id": "x"}, "validateRequest": False, "decision": "deny",
             "reason": [], "errors": ["policy0"]},
        ],
    }  # fmt: skip
    photo = {"uid": {"type": "Photo", "id": "p"}, "attrs": {"n": 1}, "parents": []}
    members = {
        "1.json": json.dumps(suite), "1.entities.json": json.dumps([photo]),
        "1.cedar": "permit(principal, action, resource) when { resource.n == 1 };",
        "1.cedarschema": "entity User, Album; entity Photo = {n: Long}; "
        "action see appliesTo {principal: User, resource: [Photo, Album]};",
    }  # fmt: skip
    with tarfile.open(tmp_path / "corpus-tests.tar.gz", "w:gz") as tar:
        for name, text in members.items():
            info = tarfile.TarInfo(f"corpus-tests/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    texts = folder_texts(tmp_path)
    ((name, found),) = folder_suites(texts).items()
    cases = list(suite_cases(texts, name, found))
    assert len(cases) == 2
    for case in cases:
        hold(case)
    with pytest.raises(AssertionError):
        hold(dataclasses.replace(cases[0], decision="Deny"))


@no_folder
@pytest.mark.parametrize("first", range(0, len(CHOSEN), AT_ONCE))
def test_the_suites_of_the_folder(first: int) -> None:
    for name in CHOSEN[first : first + AT_ONCE]:
        suite = SUITES[name]
        fits = cedarpy.validate_policies(suite_policies(FOLDER, suite), FOLDER[suite["schema"]]).validation_passed
        assert fits or not suite["shouldValidate"], name
        for case in suite_cases(FOLDER, name, suite):
            hold(case)


def test_a_policy_that_fails_is_no_permission_even_where_cedar_would_allow() -> None:
    """Cedar's own case of this (cedar-policy-cli, allow with errors): it allows, with an error. We do not."""
    policies = "permit(principal, action, resource); forbid(principal, action, resource) when { resource.isPublic };"
    request = {"principal": 'User::"alice"', "action": 'Action::"view"', "resource": 'Photo::"pic"', "context": {}}
    verdict = evaluate(request, policies, [])
    assert (verdict.decision, len(verdict.errors), verdict.allowed) == ("Allow", 1, False)
