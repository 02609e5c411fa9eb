"""The steps of examples/ci as their systems run them: what is run comes out of the files themselves, and inputs go
where the system puts them (into the environment, or between the arguments of a command without a shell)."""

import os
import re
import subprocess

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(ROOT, "examples", "ci")
INPUTS = ("image", "database", "policy", "severity", "ignore-unfixed")  # what every step has


def read(*path):
    with open(os.path.join(EXAMPLES, *path), encoding="utf-8") as f:
        return f.read()


class Done:
    """Of the processes of a step: how the last one ended, what all printed, which files are in the folder now."""

    def __init__(self, processes, folder):
        self.code = processes[-1].returncode
        self.output = "".join(p.stdout + p.stderr for p in processes)
        self.files = sorted(os.path.relpath(os.path.join(where, name), folder)
                            for where, _, names in os.walk(folder) for name in names)


def _run(argv, folder, environment):
    """In `folder`, with nothing of this process's environment but the way to the program."""
    return subprocess.run(argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=120, check=False)


class GitHub:
    """A composite action: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax"""
    name = "GitHub Actions"
    reports = ["landwaiter-reports/landwaiter" + end for end in (".sarif", ".html", "-junit.xml", ".md", ".json")]
    text = read("github", "landwaiter-scan", "action.yml")
    action = yaml.safe_load(text)
    scripts = [s["run"] for s in action["runs"]["steps"] if "run" in s]

    def run(self, folder, environment, **inputs):
        values = {name: str(about.get("default", "")) for name, about in self.action["inputs"].items()}
        values.update({name.replace("_", "-"): value for name, value in inputs.items()})
        files = {name: os.path.join(environment["HOME"], name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            open(path, "w", encoding="utf-8").close()
        self.outputs, self.summary, processes = {}, "", []
        for step in (s for s in self.action["runs"]["steps"] if "run" in s):
            def value(match):
                source, *path = match[1].strip().split(".")
                return values[path[0]] if source == "inputs" else self.outputs.get(path[-1], "")
            env = {k: re.sub(r"\$\{\{(.*?)\}\}", value, v) for k, v in step["env"].items()}
            if step.get("if") == "inputs.fail != 'false'" and values["fail"] == "false":
                continue
            script = os.path.join(environment["HOME"], "step.sh")
            with open(script, "w", encoding="utf-8") as f:
                f.write(step["run"])
            processes.append(_run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script], folder,
                                  {**environment, **files, **env}))
            with open(files["GITHUB_OUTPUT"], encoding="utf-8") as f:
                self.outputs.update(line.split("=", 1) for line in f.read().splitlines())
            with open(files["GITHUB_STEP_SUMMARY"], encoding="utf-8") as f:
                self.summary = f.read()
            if processes[-1].returncode:
                break
        return Done(processes, folder)


class GitLab:
    """A component: https://docs.gitlab.com/ci/components/, https://docs.gitlab.com/ci/yaml/#specinputs"""
    name = "GitLab"
    reports = ["landwaiter-reports/" + name for name in ("gl-container-scanning-report.json", "landwaiter.html",
                                                         "landwaiter-junit.xml", "landwaiter.json")]
    text = read("gitlab", "templates", "landwaiter-scan", "template.yml")
    spec, template = yaml.safe_load_all(text)
    (job,) = template.values()
    scripts = job["script"]
    shell = "sh"

    def run(self, folder, environment, **inputs):
        values = {name: about.get("default", "") for name, about in self.spec["spec"]["inputs"].items()}
        values.update({name.replace("_", "-"): value for name, value in inputs.items()})

        def filled(text):
            return re.sub(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]",
                          lambda m: str(values[m[1]]).lower() if isinstance(values[m[1]], bool) else str(values[m[1]]), text)
        env = {k: filled(v) for k, v in self.job["variables"].items()}
        script = os.path.join(environment["HOME"], "step.sh")
        with open(script, "w", encoding="utf-8") as f:
            f.write("\n".join(["set -e", *self.scripts]))
        return Done([_run([self.shell, script], folder, {**environment, **env})], folder)


class GitLabInBash(GitLab):
    name = "GitLab, an image with bash"
    shell = "bash"


class Jenkins:
    """A declarative pipeline: https://www.jenkins.io/doc/book/pipeline/syntax/. Its parameters are environment of `sh`."""
    name = "Jenkins"
    reports = ["landwaiter-reports/landwaiter" + end for end in (".html", "-junit.xml", ".json")]
    text = read("jenkins", "Jenkinsfile")
    scripts = re.findall(r"\bsh '''\n(.*?)'''", text, re.S)
    parameters = dict(re.findall(r"name: '(\w+)', defaultValue: '?([^',]*)'?,", text))

    def run(self, folder, environment, **inputs):
        env = {**self.parameters, **{name.upper(): value for name, value in inputs.items()}}
        (script,) = self.scripts
        # Of a Groovy literal in ''' only the backslash means something.
        path = os.path.join(environment["HOME"], "script.sh")
        with open(path, "w", encoding="utf-8") as f:
            f.write(script.replace("\\\\", "\\"))
        return Done([_run(["sh", "-xe", path], folder, {**environment, **env})], folder)


class Tekton:
    """A Task: https://tekton.dev/docs/pipelines/tasks/. Parameters are put between arguments; there is no shell."""
    name = "Tekton"
    reports = ["landwaiter" + end for end in (".html", ".sarif", "-junit.xml", ".json")]
    text = read("tekton", "task.yaml")
    task = yaml.safe_load(text)
    scripts = [s["script"] for s in task["spec"]["steps"] if "script" in s]

    def arguments(self, step, values):
        for word in (*step["command"], *step["args"]):
            whole = re.fullmatch(r"\$\(params\.([\w-]+)\[\*\]\)", word)
            if whole:
                yield from values[whole[1]]
            else:
                yield re.sub(r"\$\(params\.([\w-]+)\)", lambda m: values[m[1]], word)

    def run(self, folder, environment, **inputs):
        args = [f"--policy={inputs['policy']}"] if inputs.get("policy") else []
        args += [f"--severity={inputs['severity']}"] if inputs.get("severity") else []
        args += ["--ignore-unfixed"] if inputs.get("ignore_unfixed") == "true" else []
        values = {p["name"]: p.get("default", "") for p in self.task["spec"]["params"]}
        values.update(image=inputs.get("image", ""), database=inputs.get("database", ""), args=args)
        processes = []
        for step in self.task["spec"]["steps"]:
            # A database of the tests is there already, unless it is to be pulled.
            if step["name"] == "database" and not values["database"].startswith("oci://"):
                environment = {**environment, "LANDWAITER_DB": values["database"] or environment.get("LANDWAITER_DB", "")}
                continue
            processes.append(_run(list(self.arguments(step, values)), folder, environment))
            if processes[-1].returncode:
                break
        return Done(processes, folder)


STEPS = (GitHub, GitLab, GitLabInBash, Jenkins, Tekton)
