"""The reports' official schemas, each as a check of one file; run by the Python of scripts/ensure-validators.sh:

    validators.py FORMAT FILE [FORMAT FILE]...    nothing is printed, and the exit code is 0, where the files are valid

cyclonedx: bom-1.6.schema.json as cyclonedx-python-lib ships it. sarif: the errata schema of 2.1.0 that Microsoft's SDK ships.
spdx: spdx-tools, the SPDX project's own. junit: the XSD of Jenkins' xunit plugin, and the attributes that GitLab reads.
gitlab: no package of a registry ships its schema; what its version 15.2.1 demands is written out here as another schema.
openvex: likewise the schema of 0.2.0, written out here, and vexipy's reader, which knows more than a schema can say.
"""

import json
import os
import sys

SCHEMAS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build", "validators", "schemas")

_TEXT = {"type": "string", "minLength": 1}
_URL = {"type": "string", "pattern": "^(https?|ftp)://.+"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}


def _an_object(required, **properties):
    return {"type": "object", "required": required.split(), "properties": properties}


_TOOL = _an_object("id name version vendor", id=_TEXT, name=_TEXT, version=_TEXT, vendor=_an_object("name", name=_TEXT))
_IDENTIFIER = _an_object("type name value", type=_TEXT, name=_TEXT, value=_TEXT, url=_URL)
_LOCATION = _an_object("dependency operating_system image", operating_system=_TEXT, image=_TEXT, dependency=_an_object(
    "package version", package=_an_object("name", name={"type": "string"}), version={"type": "string"}))
GITLAB = _an_object(
    "scan version vulnerabilities", version={"const": "15.2.1"},
    scan=_an_object("analyzer end_time scanner start_time status type", analyzer=_TOOL, scanner=_TOOL, start_time=_TIME,
                    end_time=_TIME, status={"enum": ["success", "failure"]}, type={"const": "container_scanning"},
                    messages={"type": "array", "items": _an_object(
                        "level value", level={"enum": ["info", "warn", "fatal"]}, value=_TEXT)}),
    vulnerabilities={"type": "array", "items": _an_object(
        "id identifiers location", id=_TEXT, name={"type": "string", "maxLength": 255},
        description={"type": "string", "maxLength": 1048576},
        severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
        solution={"type": "string", "maxLength": 7000},
        identifiers={"type": "array", "minItems": 1, "items": _IDENTIFIER},
        links={"type": "array", "items": _an_object("url", url=_URL)}, location=_LOCATION)},
    remediations={"type": "array", "items": _an_object("fixes summary diff")})


_IRI = {"type": "string", "format": "uri", "pattern": "^[a-z][a-z0-9+.-]*:"}
_HASHES = {"type": "object", "additionalProperties": False, "patternProperties": {"^sha-(256|512)$": {"pattern": "^[0-9a-f]{64,128}$"}}}
_IDENTIFIERS = {"type": "object", "additionalProperties": False, "properties": {"purl": {"type": "string", "pattern": "^pkg:"}}}


def _closed(required, **properties):
    return {**_an_object(required), "properties": properties, "additionalProperties": False}


_PART = _closed("@id", **{"@id": _IRI}, identifiers=_IDENTIFIERS, hashes=_HASHES)
_PRODUCT = _closed("@id subcomponents", **{"@id": _IRI}, identifiers=_IDENTIFIERS, hashes=_HASHES,
                   subcomponents={"type": "array", "uniqueItems": True, "minItems": 1, "items": _PART})
_STATEMENT = {
    **_closed("vulnerability status products",
              vulnerability=_closed("name", **{"@id": _IRI}, name=_TEXT,
                                    aliases={"type": "array", "uniqueItems": True, "items": _TEXT}),
              products={"type": "array", "uniqueItems": True, "items": _PRODUCT}, status_notes=_TEXT, action_statement=_TEXT,
              status={"enum": ["not_affected", "affected", "fixed", "under_investigation"]}, impact_statement=_TEXT,
              justification={"enum": ["component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
                                      "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"]}),
    "allOf": [{"if": {"properties": {"status": {"const": "not_affected"}}},
               "then": {"oneOf": [{"required": ["justification"]}, {"required": ["impact_statement"]}]}},
              {"if": {"properties": {"status": {"const": "affected"}}}, "then": {"required": ["action_statement"]}}]}
OPENVEX = _closed("@context @id author timestamp version statements", **{"@context": {"const": "https://openvex.dev/ns/v0.2.0"}, "@id": _IRI},
                  author=_TEXT, role=_TEXT, tooling=_TEXT, version={"type": "integer", "minimum": 1},
                  timestamp={"type": "string", "format": "date-time"},
                  statements={"type": "array", "uniqueItems": True, "minItems": 1, "items": _STATEMENT})


def _read(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def _against(validator, document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:400]}" for e in validator.iter_errors(document)]


def cyclonedx(path):
    import cyclonedx.schema  # pylint: disable=import-outside-toplevel
    import jsonschema
    from referencing import Registry, Resource
    folder = os.path.join(os.path.dirname(cyclonedx.schema.__file__), "_res")
    schema = _read(os.path.join(folder, "bom-1.6.SNAPSHOT.schema.json"))
    others = [_read(os.path.join(folder, name)) for name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")]
    registry = Registry().with_resources((other["$id"], Resource.from_contents(other)) for other in others)
    document = _read(path)
    errors = _against(jsonschema.Draft7Validator(schema, registry=registry, format_checker=jsonschema.FormatChecker()), document)
    # What no schema can say: every reference is to something, and none is taken twice.
    refs = [document["metadata"]["component"]["bom-ref"], *(c["bom-ref"] for c in document["components"])]
    if len(refs) != len(set(refs)):
        errors.append("a bom-ref is taken twice")
    used = [d["ref"] for d in document["dependencies"]] + [r for d in document["dependencies"] for r in d["dependsOn"]]
    used += [a["ref"] for v in document["vulnerabilities"] for a in v["affects"]]
    return errors + [f"{ref} is nowhere" for ref in set(used) - set(refs)]


def sarif(path):
    import jsonschema  # pylint: disable=import-outside-toplevel
    schema = _read(os.path.join(SCHEMAS, "sarif-2.1.0.json"))
    document = _read(path)
    validator = jsonschema.validators.validator_for(schema)
    errors = _against(validator(schema, format_checker=jsonschema.FormatChecker()), document)
    for result in document["runs"][0]["results"]:
        rule = document["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]
        if rule["id"] != result["ruleId"]:
            errors.append(f"rule {result['ruleIndex']} is {rule['id']}, not {result['ruleId']}")
    return errors


def spdx(path):
    from spdx_tools.spdx.parser.error import SPDXParsingError  # pylint: disable=import-outside-toplevel
    from spdx_tools.spdx.parser.json.json_parser import parse_from_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
    try:
        document = parse_from_file(path)
    except SPDXParsingError as error:
        return error.get_messages()
    return [f"{m.validation_message} ({m.context.spdx_id})" for m in validate_full_spdx_document(document, "SPDX-2.3")]


def junit(path):
    import xmlschema  # pylint: disable=import-outside-toplevel
    schema = xmlschema.XMLSchema(os.path.join(SCHEMAS, "junit-10.xsd"))
    errors = [f"{e.path}: {e.reason}" for e in schema.iter_errors(path)]
    for suite in xmlschema.XMLResource(path, lazy=False).root:
        cases = suite.findall("testcase")
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if int(suite.get(name)) != sum(case.find(tag) is not None for case in cases):
                errors.append(f"{suite.get('name')}: {name} is miscounted")
        if int(suite.get("tests")) != len(cases):
            errors.append(f"{suite.get('name')}: tests are miscounted")
    return errors


def openvex(path):
    import warnings  # pylint: disable=import-outside-toplevel
    import jsonschema
    import pydantic
    import vexipy
    errors = _against(jsonschema.Draft202012Validator(OPENVEX, format_checker=jsonschema.FormatChecker()), _read(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an impact statement without a label, which is what some documents say
            with open(path, encoding="utf-8") as f:
                vexipy.Document.from_json(f.read())
    except pydantic.ValidationError as error:
        errors.append(str(error)[:2000])
    return errors


def gitlab(path):
    import jsonschema  # pylint: disable=import-outside-toplevel
    document = _read(path)
    ids = [v["id"] for v in document["vulnerabilities"]]
    return _against(jsonschema.Draft7Validator(GITLAB), document) + (["an id is taken twice"] if len(ids) != len(set(ids)) else [])


CHECKS = {check.__name__: check for check in (cyclonedx, sarif, spdx, junit, gitlab, openvex)}

if __name__ == "__main__":
    found = [f"{name}: {fault}" for name, path in zip(sys.argv[1::2], sys.argv[2::2]) for fault in CHECKS[name](path)[:20]]
    print("\n".join(found), end="")
    sys.exit(1 if found else 0)
