#!/usr/bin/env python3
"""Fails where a reader of bytes that others wrote has no fuzz target.

A reader is: a package source (`.name = "…"` below scanner/packages), whose name must stand in a target; a
function that a header declares as Parse…, Decode…, Read…, Stream… or …FromJson of a text, which must stand in
a target or in REACHED or TRUSTED here; a feed, all of which feeds_fuzz takes from the table by name, with a
seed in its corpus each. A target must have a corpus, and what stands here must be there.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ROOT / "tests/fuzz"

# Read on the way by a target that names something above them.
REACHED = {
    "lib/base/clock.h ParseTime": "cloud_answers_fuzz",
    "lib/base/json.h ParseJson": "image_manifest_fuzz",
    "lib/base/toml.h StreamToml": "hosts_toml_fuzz",
    "model/collected_json.h ReadCollected": "scan_child_answer_fuzz",
    "model/finding.h ParseConfidence": "role_messages_fuzz",
    "model/finding.h ParseFindingState": "role_messages_fuzz",
    "model/finding.h ParseSeverity": "role_messages_fuzz",
    "model/finding_json.h ReadFinding": "scan_report_fuzz",
    "policy/formats.h ParsePortRange": "policy_json_fuzz",
    "policy/formats.h ParseSize": "policy_json_fuzz",
    "policy/formats.h ParseUntil": "policy_json_fuzz",
    "policy/parse_exceptions.h ReadException": "scan_exception_fuzz",
    "policy/text_input.h ReadJson": "policy_json_fuzz",
    "policy/text_input.h ReadYaml": "policy_yaml_fuzz",
    "resources/turned_bad.h ReadTurnedBad": "api_answers_fuzz",
    "scanner/advisories/cpe.h ParseCpe": "feeds_fuzz",
    "scanner/advisories/database_signature.h ReadSignature": "database_archive_fuzz",
    "scanner/advisories/feeds/document.h ParseObject": "feeds_fuzz",
    "scanner/advisories/feeds/osv_severity.h ReadVendorWord": "osv_record_fuzz",
    "scanner/advisories/feeds/purl_parts.h ParsePurl": "feeds_fuzz",
    "scanner/advisories/json_fields.h ParseRoot": "feeds_fuzz",
    "scanner/advisories/manifest.h DatabaseInfoFromJson": "database_archive_fuzz",
    "scanner/advisories/manifest.h ReadDatabaseInfo": "database_archive_fuzz",
    "scanner/image/registry_keyring.h ParseKeyringKey": "registry_keyring_fuzz",
    "scanner/layer/pax.h ParseDecimal": "layer_tar_fuzz",
    "scanner/layer/pax.h ParsePax": "layer_tar_fuzz",
    "scanner/layer/tar_header.h ParseGnuSparse": "layer_tar_fuzz",
    "scanner/layer/tar_header.h ParseGnuSparseExtension": "layer_tar_fuzz",
    "scanner/layer/tar_header.h ParseTarHeader": "layer_tar_fuzz",
    "scanner/layer/tar_header.h ParseTarNumber": "layer_tar_fuzz",
    "scanner/layer/tar_reader.h ReadGnuPieces": "layer_tar_fuzz",
    "scanner/packages/control.h ReadLine": "dpkg_fuzz",
    "scanner/packages/file_bytes.h ReadExactly": "rpm_fuzz",
    "scanner/packages/go_modules.h ReadGoModules": "go_fuzz",
    "scanner/packages/java_identity.h ReadArchiveName": "java_fuzz",
    "scanner/packages/json_stream.h StreamJson": "locks_fuzz",
    "scanner/packages/locks/lock.h ReadLock": "locks_fuzz",
    "scanner/packages/locks/maven_model.h DecodeProject": "lock_groups_fuzz",
    "scanner/packages/locks/xml_events.h StreamXml": "locks_fuzz",
    "scanner/packages/locks/yaml_lines.h StreamYaml": "locks_fuzz",
    "scanner/packages/os_release.h ParseAssignment": "os_release_fuzz",
    "scanner/packages/rpm_header.h ParseRpmHeader": "rpm_fuzz",
    "scanner/packages/rpm_records.h ReadRpmBdb": "rpm_fuzz",
    "scanner/packages/rpm_records.h ReadRpmManifest": "rpm_fuzz",
    "scanner/packages/rpm_records.h ReadRpmNdb": "rpm_fuzz",
    "scanner/packages/rpm_sqlite.h ReadRpmSqlite": "rpm_fuzz",
    "scanner/packages/rpm_sqlite.h ReadRpmSqliteWal": "rpm_fuzz",
    "scanner/packages/sbom/collector.h ReadSbomJson": "locks_fuzz",
    "scanner/packages/sbom/collector.h ReadSbomXml": "locks_fuzz",
    "scanner/packages/sbom/collector.h ReadSpdxTagValue": "locks_fuzz",
    "scanner/packages/sbom/purl_text.h ParsePurl": "locks_fuzz",
    "scanner/packages/sqlite_format.h ParseTablePage": "rpm_fuzz",
    "scanner/packages/sqlite_pages.h ReadFrames": "rpm_fuzz",
    "scanner/versions/composer_version.h ReadComposerModifier": "versions_fuzz",
    "scanner/versions/composer_version.h ReadComposerParts": "versions_fuzz",
    "scanner/versions/conan.h ParseConan": "versions_fuzz",
    "scanner/versions/pep440.h ParsePep440": "versions_fuzz",
    "scanner/versions/semver.h ReadSemver": "versions_fuzz",
}
# What whoever runs the program writes himself, or one part of it tells another.
TRUSTED = {
    "cli/database_registry.h ParseDatabaseReference": "an argument",
    "cli/image_argument.h ParseImageArgument": "an argument",
    "cli/outputs.h ParseOutputs": "an argument",
    "cli/judge.h ReadPolicies": "files of the person's own, read as policy_yaml_fuzz reads",
    "cli/known_bases.h ReadBaseList": "a file of the person's own",
    "cli/policy_cases.h ReadTestFile": "reads a file and gives it to ParsePolicyTests",
    "controller/trust/certificate_folder.h ReadCertificateFolder": "the role's own certificates",
    "controller/trust/webhook_file.h ReadWebhookFile": "the chart's file",
    "controller/notify/subscription.h ParseNotifications": "the installer's file",
    "controller/notify/subscription.h ReadNotifications": "the installer's file",
    "lib/base/clock.h ParseDuration": "an argument",
    "lib/base/file.h ReadFile": "reads bytes, whatever they are",
    "lib/base/log.h ParseLevel": "an argument",
    "lib/http/certificates.h ReadCertificate": "a certificate that the program made, or was given",
    "lib/kube/config.h ParseKubeconfig": "a file of the person's own",
    "policy/policy.h ParsePolicyFile": "reads a file and gives it to ParsePolicyYaml",
    "policy/scan_exception.h ParseScanExceptionFile": "a file of the person's own, read as policy_yaml_fuzz reads",
    "scanner/advisories/builder.h ParseFeedSource": "an argument",
    "scanner/advisories/database_signature.h ReadSignatureFile": "a file of the person's own, 64 bytes",
    "scanner/image/cloud/exchange.h ReadSecretFile": "a file that the cloud mounts, passed on as it is",
    "scanner/service/protocol.h StartMessageFromJson": "the parent's word to its child",
    "scanner/versions/scheme.h ParseScheme": "a word of a table",
    "scanner/versions/table.h ParseTableScheme": "a word of a table",
}
# Sources whose parse is given no bytes.
BY_PATH_ALONE = {"dart"}

READER = re.compile(
    r"^\s*(?:static\s+)?(?:Result|std::optional|Status|FileReading|bool|std::vector|void|[A-Z]\w+)[\w:<>, ]*\s+"
    r"((?:Parse|Decode|Read|Stream)[A-Z]\w*|\w+FromJson)"
    r"\((?:[^)]*(?:string_view|const std::string&|const Block&|RandomAccessFile&|JsonFields&)[^)]*)\)[ \w]*;",
    re.M)


def tracked(*patterns: str) -> list[str]:
    done = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


def source_names(path: str) -> list[str]:
    """What package sources a file calls itself, constants looked up in the file."""
    text = (ROOT / path).read_text()
    names = []
    for quoted, constant in re.findall(r'\.name = (?:"([^"]+)"|(k\w+))', text):
        said = re.search(constant + r'\s*=\s*"([^"]+)"', text) if constant else None
        if quoted or said:
            names.append(quoted or said.group(1))
    return names


def main() -> int:
    targets = {path.stem: path.read_text() for path in sorted(TARGETS.glob("*_fuzz.cc"))}
    text = "\n".join([*targets.values(), *(path.read_text() for path in TARGETS.glob("*.h"))])
    faults = []
    for name in targets:
        corpus = TARGETS / "corpus" / name
        if not corpus.is_dir() or not any(corpus.iterdir()):
            faults.append(f"tests/fuzz/{name}.cc has no corpus")
    for path in tracked("scanner/packages/*.cc"):
        for name in source_names(path):
            if f'"{name}"' not in text and name not in BY_PATH_ALONE:
                faults.append(f'{path}: package source "{name}" is in no fuzz target')
    known = {**REACHED, **TRUSTED}
    seen = set()
    for path in tracked("*.h", ":!tests"):
        for name in READER.findall((ROOT / path).read_text()):
            reader = f"{path} {name}"
            seen.add(reader)
            if reader not in known and not re.search(rf"\b{name}\b", text):
                faults.append(f"{path}: {name} is in no fuzz target, nor in scripts/lint/fuzz_targets.py")
    for reader, target in REACHED.items():
        if target not in targets:
            faults.append(f"scripts/lint/fuzz_targets.py: there is no target {target}")
    faults += [f"scripts/lint/fuzz_targets.py: there is no reader {reader}" for reader in known if reader not in seen]
    seeds = [path.read_bytes() for path in (TARGETS / "corpus/feeds_fuzz").iterdir()]
    for feed in re.findall(r'^    \{"([a-z-]+)", FeedScope', (ROOT / "scanner/advisories/feeds/table.cc").read_text(), re.M):
        if feed != "osv" and not any(seed.startswith(feed.encode() + b"\n") for seed in seeds):
            faults.append(f'feed "{feed}" has no seed in tests/fuzz/corpus/feeds_fuzz')
    for fault in faults:
        print(fault)
    print(f"{len(targets)} fuzz targets, {len(seen)} readers in headers")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
