"""The steps that are ready for CI systems (examples/ci), run by the shell that the system runs them with, and the pages
that show them."""

import functools
import glob
import json
import os
import re
import shutil
import subprocess

import jsonschema
import pytest
import yaml

from ci_steps import EXAMPLES, ROOT, STEPS, GitHub, GitLab, Jenkins, Tekton, read
from imagewriter import write_layout
from making import BAD, CRITICAL, build_database, debian_image
from roles import landwaiter

POLICY = {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanPolicy", "metadata": {"name": "baseline"}, "spec": {
    "enforcement": "Enforce", "rules": [{"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}}]}}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ci") / "db"
    build_database(folder)
    return folder


@pytest.fixture(params=STEPS, ids=lambda s: s.name)
def step(request):
    return request.param()


class Workplace:
    """A job's folder with images and a policy, and its environment: `landwaiter` on PATH, a home of its own."""

    def __init__(self, folder, database):
        self.folder, self.home, tools = folder / "work", folder / "home", folder / "tools"
        for one in (self.folder, self.home, tools):
            one.mkdir()
        os.symlink(os.path.abspath(landwaiter()), tools / "landwaiter")
        for name, image in (("bad", debian_image(BAD)), ("good", debian_image()),
                            ("unread", debian_image(files={"var/lib/dpkg/status": b"Package: x\nSta"}))):
            write_layout(image, str(self.folder / name), "app:1")
        write_layout(debian_image(), str(self.folder / "cut"), "app:1")
        for blob in (self.folder / "cut" / "blobs" / "sha256").iterdir():
            os.truncate(blob, blob.stat().st_size - 1)
        (self.folder / "policy.yaml").write_text(json.dumps(POLICY))
        self.environment = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(self.home), "LANDWAITER_DB": str(database),
                            "LANDWAITER_LAYER_CACHE": "off", "LC_ALL": "C.UTF-8"}
        self.before = set(self.files())

    def files(self):
        return [os.path.relpath(os.path.join(where, name), self.folder) for where, _, names in os.walk(self.folder) for name in names]

    def run(self, step, **inputs):
        return step.run(str(self.folder), self.environment, **inputs)


@pytest.fixture
def workplace(tmp_path, database):
    return Workplace(tmp_path, database)


@pytest.mark.parametrize("what,inputs,code", [
    ("an image without faults passes", {"image": "oci:good", "policy": "policy.yaml"}, 0),
    ("a policy that fails is 1", {"image": "oci:bad", "policy": "policy.yaml"}, 1),
    ("without a policy findings alone do not fail", {"image": "oci:bad", "policy": ""}, 0),
    ("what could not be read is never clean", {"image": "oci:unread", "policy": ""}, 3),
    ("findings that are not listed are judged all the same", {"image": "oci:bad", "policy": "policy.yaml", "ignore_unfixed": "true",
                                                             "severity": "Critical"}, 1),
])
def test_a_step_ends_as_the_scan_does_and_leaves_its_reports(step, workplace, what, inputs, code):
    done = workplace.run(step, **inputs)
    assert done.code == code, f"{what}: {done.output}"
    assert set(done.files) - workplace.before == set(step.reports), what
    for report in step.reports:
        assert (workplace.folder / report).stat().st_size > 0
    written = json.loads((workplace.folder / next(r for r in step.reports if r.endswith("landwaiter.json"))).read_text())
    assert (CRITICAL in json.dumps(written)) == (inputs["image"] == "oci:bad")
    assert CRITICAL in done.output or inputs["image"] != "oci:bad", "the log has the table"


def test_a_scan_that_cannot_be_done_fails_and_leaves_no_report_of_an_earlier_one(step, workplace):
    assert workplace.run(step, image="oci:good", policy="policy.yaml").code == 0
    done = workplace.run(step, image="oci:cut", policy="policy.yaml")
    assert done.code == 3 and "sha256:" in done.output, done.output
    left = set(done.files) - workplace.before
    assert not left or isinstance(step, Tekton), "Tekton's task has no shell that could remove them: docs/ci/tekton.md"
    assert workplace.run(step, image="oci:good", policy="no-such.yaml").code == 2


def test_a_database_is_pulled_from_a_registry(step, workplace, registry, database):
    reference = f"oci://{registry.host}/ci/database:{os.path.basename(workplace.folder.parent)}".lower()
    pushed = subprocess.run([landwaiter(), "db", "push", "--db", str(database), reference], capture_output=True, text=True, check=False)
    assert pushed.returncode == 0, pushed.stderr
    if isinstance(step, Tekton):
        workplace.environment["LANDWAITER_DB"] = str(workplace.home / "volume" / "current")  # the task's emptyDir
        (workplace.home / "volume").mkdir()
    else:
        del workplace.environment["LANDWAITER_DB"]
    workplace.environment["RUNNER_TEMP"] = str(workplace.home)
    done = workplace.run(step, image="oci:bad", policy="policy.yaml", database=reference)
    assert done.code == 1 and CRITICAL in done.output, done.output


# Each text is a command for a careless shell, or a flag for a careless command line.
HOSTILE = ["$(touch pwned)", "`touch pwned`", "x; touch pwned", "x' ; touch pwned ; '", 'x" ; touch pwned ; "', "x\ntouch pwned\n",
           "x && touch pwned", "--output=pwned", "-opwned", "--format=json=pwned", "*", "${IFS}", "'''; touch pwned; '''",
           "$[[ inputs.image ]]", "${{ inputs.image }}", "$(params.image)", "x\nexit-code=0", "\x1b[2J\x07"]


@pytest.mark.parametrize("name", ["image", "policy", "severity", "database", "reports"])
def test_no_input_reaches_a_shell_or_becomes_a_flag(step, workplace, name):
    for text in HOSTILE:
        if name == "reports" and not isinstance(step, (GitHub, GitLab)):
            continue
        inputs = {"image": "oci:bad", "policy": "policy.yaml", name: text}
        done = workplace.run(step, **inputs)
        made = set(done.files) - workplace.before
        assert not [f for f in made if os.path.basename(f) == "pwned" and not f.startswith(text)], (text, made, done.output)
        assert not os.path.exists(workplace.folder / "pwned") and not os.path.exists(workplace.home / "pwned"), text
        assert done.code != 0, (text, done.output)
        if isinstance(step, GitHub):
            assert set(step.outputs) <= {"exit-code", "reports", "sarif"}, "no output of an input's own"
            assert step.outputs.get("exit-code", "?") != "0", text
        if name == "reports":
            for entry in set(os.listdir(workplace.folder)) - {"bad", "cut", "good", "unread", "policy.yaml"}:
                shutil.rmtree(workplace.folder / entry)


def test_no_script_has_an_input_written_into_it():
    for step, marks in ((GitHub, ["${{"]), (GitLab, ["$[["]), (Jenkins, ["${", "$params"]), (Tekton, ["$("])):
        for script in step.scripts:
            found = [mark for mark in marks if mark in script.replace("${DOCKER_CONFIG:-", "").replace("${RUNNER_TEMP:-", "")]
            assert not found, f"{step.name}: {found}"
    assert Tekton.scripts == [], "the image has no shell"
    assert '"""' not in Jenkins.text, "in which Groovy would put values"


def test_the_actions_outputs_and_summary(workplace):
    step = GitHub()
    assert workplace.run(step, image="oci:bad", policy="policy.yaml", fail="false").code == 0
    assert step.outputs == {"exit-code": "1", "reports": "landwaiter-reports", "sarif": "landwaiter-reports/landwaiter.sarif"}
    assert CRITICAL in step.summary
    assert workplace.run(step, image="oci:bad", policy="\npolicy.yaml\n\n").code == 1, "policies, one a line"
    done = workplace.run(step, image="oci:bad", exit_code="7")
    assert done.code == 7 and step.outputs["exit-code"] == "7"


DOCKER = """#!/bin/bash
# Stands in for docker: notes how it was called, and runs the program where the image would.
printf '%s\\n' "$@" >>"$HOME/docker-calls"
while [ "$1" != -- ]; do shift; done
shift 2
exec landwaiter "$@"
"""


def test_the_action_runs_landwaiters_own_image(workplace, database):
    docker = workplace.home.parent / "tools" / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (workplace.home / ".docker").mkdir()
    (workplace.home / ".docker" / "config.json").write_text("{}")
    done = workplace.run(GitHub(), image="oci:bad", policy="policy.yaml", database=str(database), landwaiter_image="landwaiter:0.1.0")
    assert done.code == 1 and CRITICAL in done.output, done.output
    calls = (workplace.home / "docker-calls").read_text().split("\n")
    flags = calls[:calls.index("--")]
    assert flags[0] == "run" and "--rm" in flags and f"{os.getuid()}:{os.getgid()}" in flags
    assert f"{workplace.folder}:{workplace.folder}" in flags and f"{database}:{database}" in flags
    assert f"{workplace.home}/.docker:/docker-config:ro" in flags
    assert calls[calls.index("--") + 1:][:2] == ["landwaiter:0.1.0", "scan"]


def test_gitlabs_job_logs_in_to_its_own_registry_and_leaves_no_password(workplace, private_registry):
    from objects import PASSWORD
    private_registry.push(debian_image(BAD), "ci/app", "1")
    workplace.environment.update(CI_REGISTRY=private_registry.host, CI_REGISTRY_USER="robot", CI_REGISTRY_PASSWORD=PASSWORD,
                                 TMPDIR=str(workplace.home))
    done = workplace.run(GitLab(), image=f"{private_registry.host}/ci/app:1", policy="policy.yaml")
    assert done.code == 1 and CRITICAL in done.output, done.output
    assert PASSWORD not in done.output
    assert sorted(os.listdir(workplace.home)) == ["step.sh"], "the credentials went with the job"
    workplace.environment["CI_REGISTRY_PASSWORD"] = "wrong"
    assert workplace.run(GitLab(), image=f"{private_registry.host}/ci/app:1", policy="policy.yaml").code == 3


@pytest.fixture(scope="session")
def schema():
    folder = subprocess.run([os.path.join(ROOT, "scripts", "ensure-ci-schemas.sh")], check=True, capture_output=True, text=True).stdout.strip()

    def check(name, document):
        with open(os.path.join(folder, f"{name}.json"), encoding="utf-8") as f:
            read_schema = json.load(f)
        jsonschema.validators.validator_for(read_schema)(read_schema).validate(document)
    return check


@pytest.mark.parametrize("name,path", [("github-actions", "github/landwaiter-scan/action.yml"), ("github-workflows", "github/workflow.yml"),
                                       ("gitlab-ci", "gitlab/gitlab-ci.yml"), ("gitlab-ci", "gitlab/templates/landwaiter-scan/template.yml")])
def test_files_are_valid_by_their_systems_schemas(schema, name, path):
    for document in yaml.safe_load_all(read(path)):
        # What the schema cannot know is filled in before GitLab checks a job.
        document = json.loads(json.dumps(document).replace('"$[[ inputs.allow-failure ]]"', "false"))
        if "true" in document:
            document["on"] = document.pop("true")  # which PyYAML takes for a truth value, as YAML 1.1 says
        schema(name, document)
        broken = {**document, "jobs": 3, "runs": {"using": "nothing"}, "stages": 3}
        with pytest.raises(jsonschema.ValidationError):
            schema(name, broken)


def test_the_workflow_gives_the_action_inputs_that_it_has():
    steps = yaml.safe_load(read("github", "workflow.yml"))["jobs"]["scan"]["steps"]
    (used,) = [s for s in steps if "landwaiter-scan" in s.get("uses", "")]
    assert set(used["with"]) <= set(GitHub.action["inputs"])
    (include,) = yaml.safe_load(read("gitlab", "gitlab-ci.yml"))["include"]
    assert set(include["inputs"]) <= set(GitLab.spec["spec"]["inputs"])


def test_the_task_and_its_run_fit_each_other():
    spec, run = Tekton.task["spec"], yaml.safe_load(read("tekton", "taskrun.yaml"))["spec"]
    assert run["taskRef"]["name"] == Tekton.task["metadata"]["name"]
    params = {p["name"]: p for p in spec["params"]}
    assert {p["name"] for p in run["params"]} <= set(params)
    assert {n for n, p in params.items() if "default" not in p} <= {p["name"] for p in run["params"]}, "those without a default are given"
    for given in run["params"]:
        assert isinstance(given["value"], list) == (params[given["name"]]["type"] == "array")
    assert {w["name"] for w in run["workspaces"]} <= {w["name"] for w in spec["workspaces"]}
    used = set(re.findall(r"\$\((?:params|workspaces)\.([\w-]+)", Tekton.text))
    assert used == set(params) | {w["name"] for w in spec["workspaces"]}, "each is declared and used"
    volumes = {v["name"] for v in spec["volumes"]}
    assert {m["name"] for m in spec["stepTemplate"]["volumeMounts"]} == volumes


def test_the_pipeline_is_whole():
    """Without Jenkins there is no parser of it here: brackets and quotes close, and what it publishes is what the script makes."""
    text = re.sub(r"'''.*?'''", "''", re.sub(r"//[^\n]*", "", re.sub(r"'[^'\n]*://[^'\n]*'", "''", Jenkins.text)), flags=re.S)
    text = re.sub(r"'[^'\n]*'", "''", text)
    stack = []
    for c in text:
        if c in "{[(":
            stack.append(c)
        elif c in "}])":
            assert stack and stack.pop() + c in ("{}", "[]", "()")
    assert not stack and text.count("'") % 2 == 0 and '"' not in text
    assert re.findall(r"^\s*(\w+) \{", text, re.M)[0] == "pipeline"
    for published in ("landwaiter-reports/landwaiter-junit.xml", "reportFiles: 'landwaiter.html'", "landwaiter-reports/*"):
        assert published in Jenkins.text
    assert set(Jenkins.parameters) == {"IMAGE", "POLICY", "SEVERITY", "IGNORE_UNFIXED", "DATABASE"}
    (script,) = Jenkins.scripts
    assert set(re.findall(r"\$(?:\{)?([A-Z_]+)", script)) - {"PWD"} == set(Jenkins.parameters)


@functools.cache
def pages():
    return {os.path.basename(p): open(p, encoding="utf-8").read() for p in glob.glob(os.path.join(ROOT, "docs", "ci", "*.md"))}


@pytest.mark.parametrize("page,path", [("github-actions.md", "github/workflow.yml"), ("gitlab.md", "gitlab/gitlab-ci.yml"),
                                       ("jenkins.md", "jenkins/Jenkinsfile"), ("tekton.md", "tekton/taskrun.yaml"),
                                       ("gitlab.md", "shell-image/Dockerfile")])
def test_what_a_page_shows_to_be_copied_is_the_file(page, path):
    assert read(path).strip("\n") in pages()[page], f"docs/ci/{page} shows examples/ci/{path} as it is"


def test_each_input_is_described_on_its_page():
    for page, names in (("github-actions.md", GitHub.action["inputs"]), ("gitlab.md", GitLab.spec["spec"]["inputs"]),
                        ("jenkins.md", Jenkins.parameters), ("tekton.md", [p["name"] for p in Tekton.task["spec"]["params"]])):
        missing = [name for name in names if f"`{name}`" not in pages()[page]]
        assert not missing, f"docs/ci/{page}: {missing}"
    assert EXAMPLES and len(pages()) == 4
