"""Whether what deploy/ names exists: metrics and labels in the Rust sources, settings in the parts' arguments, files, ports.

Prints what does not and ends with 1. With --expressions it prints the dashboard's expressions as Prometheus rules instead.
"""

import json
import re
import sys
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
# A name and its help, as every metric of ours is made: ("frames_total", "Pictures encoded.")
METRIC = re.compile(r'"([a-z][a-z0-9_]*)",\s*(?:"[A-Z][^"]*\."|[a-z]+_help\b)')
PREFIX = re.compile(r'"(tandem_[a-z]+_)\{name\}"')
HISTOGRAM_SERIES = ("_bucket", "_sum", "_count")
# What Prometheus itself adds to a series.
OWN_LABELS = {"job", "instance", "le"}


def main() -> int:
    if sys.argv[1:] == ["--expressions"]:
        print(json.dumps({"groups": [{"name": "dashboard", "rules": rules()}]}))
        return 0
    findings = [*metrics(), *dashboard_shape(), *settings(), *files(), *ports()]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def yaml(path: Path):
    return YAML(typ="safe").load(path)


def sources() -> list[str]:
    folders = ["src", "protocol", "browser-node", "sfu", "signaling"]
    return [path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.rs"))]


def dashboard():
    return json.loads((DEPLOY / "grafana/tandem.json").read_text())


def expressions() -> list[tuple[str, str]]:
    """Every expression with where it stands."""
    of_panels = [(f"panel “{p['title']}”", t["expr"]) for p in dashboard()["panels"] for t in p.get("targets", [])]
    groups = yaml(DEPLOY / "prometheus/alerts.yaml")["groups"]
    return of_panels + [(f"alert {r['alert']}", r["expr"]) for g in groups for r in g["rules"]]


def rules() -> list[dict]:
    named = enumerate(expr.replace("$__rate_interval", "1m") for _, expr in expressions())
    return [{"record": f"dashboard:expression:{i}", "expr": expr} for i, expr in named]


def metrics():
    known: dict[str, str] = {}
    for path in ROOT.glob("*/src/metrics.rs"):
        text = path.read_text()
        for prefix in PREFIX.findall(text):
            known |= {prefix + name: text for name in METRIC.findall(text)}
    if not known:
        yield "no metric was found in the sources: is names.py still right about how they are made?"
    words = set(re.findall(r'"([a-z_]+)"', "\n".join(sources())))
    for where, expr in expressions():
        for name in re.findall(r"\btandem_[a-z0-9_]+", expr):
            base = next((name.removesuffix(s) for s in HISTOGRAM_SERIES if name.endswith(s)), name)
            if base not in known:
                yield f"{where}: no metric {name} in the sources"
            elif base != name and not base.endswith("_seconds"):
                yield f"{where}: {base} is no histogram"
        labels = re.findall(r"\bby \(([^)]*)\)", expr) + re.findall(r"[{,]\s*([a-z_]+)\s*[=!]", expr)
        for label in {label.strip() for some in labels for label in some.split(",")} - OWN_LABELS:
            texts = [known.get(re.sub(r"_(bucket|sum|count)$", "", n), "") for n in re.findall(r"\btandem_[a-z0-9_]+", expr)]
            if not any(f'"{label}"' in text for text in texts):
                yield f"{where}: no label {label} in the sources"
        for label, values in re.findall(r'([a-z_]+)\s*=~?\s*"([^"]*)"', expr):
            for value in values.split("|") if label not in OWN_LABELS else []:
                if value not in words:
                    yield f"{where}: no {label} “{value}” in the sources"


def dashboard_shape():
    ids = set()
    for panel in dashboard()["panels"]:
        where = f"panel “{panel['title']}”"
        if panel["id"] in ids:
            yield f"{where}: its id is another's"
        ids.add(panel["id"])
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            yield f"{where}: no description"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{where}: no unit"
        for thing in [panel, *panel["targets"]]:
            if thing["datasource"]["uid"] != "${datasource}":
                yield f"{where}: a data source of its own"
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{where}: beyond the right edge"


def settings():
    known = set(re.findall(r'"(TANDEM_[A-Z0-9_]+)"', "\n".join(sources())))
    for path in [DEPLOY / "compose.yaml", *DEPLOY.glob("systemd/*"), *DEPLOY.glob("containers/*")]:
        for name in sorted(set(re.findall(r"\bTANDEM_[A-Z0-9_]+", path.read_text())) - known):
            yield f"{path.relative_to(ROOT)}: no setting {name} in the sources"


def files():
    """What the compose file takes from this folder."""
    services = yaml(DEPLOY / "compose.yaml")["services"]
    for name, service in services.items():
        taken = [v.split(":")[0] for v in service.get("volumes", []) if v.startswith(".")]
        taken += [o.removeprefix("seccomp=") for o in service.get("security_opt", []) if o.startswith("seccomp=")]
        if "build" in service:
            taken.append(f"{service['build']['context']}/{service['build']['dockerfile']}")
        for path in taken:
            if path != "unconfined" and not (DEPLOY / path).exists():
                yield f"compose.yaml: {name} takes {path}, which does not exist"
    for path in DEPLOY.glob("**/*.json"):
        try:
            json.loads(path.read_text())
        except ValueError as error:
            yield f"{path.relative_to(ROOT)}: {error}"
    for path in DEPLOY.glob("grafana/provisioning/*/*.yaml"):
        if yaml(path).get("apiVersion") != 1:
            yield f"{path.relative_to(ROOT)}: no apiVersion 1"


def ports():
    """Prometheus asks where the parts listen."""
    services = yaml(DEPLOY / "compose.yaml")["services"]
    for job in yaml(DEPLOY / "prometheus/prometheus.yaml")["scrape_configs"]:
        for target in (t for s in job["static_configs"] for t in s["targets"]):
            host, port = target.rsplit(":", 1)
            service = services.get(host)
            if service is None:
                yield f"prometheus.yaml: {target} is no service of compose.yaml"
                continue
            listening = service["environment"].get("TANDEM_OPS_LISTEN") or str(service["ports"][0])
            if listening.rsplit(":", 1)[1] != port:
                yield f"prometheus.yaml: {target}, but compose.yaml has it listen at {listening}"


if __name__ == "__main__":
    sys.exit(main())
