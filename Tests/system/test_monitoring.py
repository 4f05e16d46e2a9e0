"""What an operator's Prometheus and Grafana get: metrics that promtool accepts, alerts that fire when they should, and a dashboard whose queries have data."""

import json
import os
import re
import ssl
import subprocess
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from harness import canaries
from harness.certificates import Authority
from harness.cloud import REGION, keys_section
from harness.figures import figure, readiness
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.ports import free_ports
from harness.rgw import Credentials
from harness.service import ROOT, Service
from harness.tenant import AVATARS, Tenant
from harness.tokens import APIKey, Issuer
from harness.waiting import until

MONITORING = ROOT / "deploy/monitoring"
PNG = {"contentType": "image/png"}


def promtool(*arguments, given: str = "") -> str:
    """What it prints; it must be content."""
    done = subprocess.run(["promtool", *map(str, arguments)], input=given, capture_output=True, text=True, timeout=60, env=os.environ | {"GOMAXPROCS": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def check_metrics(service: Service) -> str:
    page = service.admin("/metrics").body.decode()
    assert promtool("check", "metrics", given=page) == ""
    return page


# Alerts


def rules() -> list[dict]:
    return [rule for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def metrics_of(expression: str) -> set[str]:
    """Of a histogram, its own name."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:postern|process)_[a-z_]+\b", expression)}


def test_promtool_accepts_the_alerts_and_their_tests():
    promtool("check", "rules", MONITORING / "alerts.yaml")
    promtool("test", "rules", MONITORING / "alerts.test.yaml")


def test_each_alert_is_tested_to_fire_and_to_be_silent():
    tested = [(expression["expr"], sample["value"]) for test in yaml.safe_load((MONITORING / "alerts.test.yaml").read_text())["tests"]
              for expression in test["promql_expr_test"] for sample in expression["exp_samples"]]
    for rule in rules():
        counts = {value for expression, value in tested if f'alertname="{rule["alert"]}"' in expression}
        assert counts == {0, 1}, rule["alert"]


def test_the_document_has_each_alert_and_the_section_that_it_names():
    text = (ROOT / "docs/operating.md").read_text()
    assert re.findall(r"^\| `(Postern\w+)` \|", text, re.MULTILINE) == [rule["alert"] for rule in rules()]
    for rule in rules():
        notes = rule["annotations"]
        assert notes["summary"] and notes["description"], rule["alert"]
        document, _, anchor = notes["runbook"].partition("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / document).read_text(), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, notes["runbook"]


# The metrics


def test_promtool_accepts_the_metrics_whatever_names_there_are(make_service, tmp_path):
    """Of tenants, rules, issuers, keys, files and profiles: all that is legal."""
    hostile = 'a"b\\c(d="e"),#\u00e9\U0001f600 # HELP x y'
    provider = IdentityProvider(kid='k"1\\\n# TYPE a counter\r\x00\u00e9}').up()
    profile = '{we}ird,na=me#'
    keys = Credentials("AKIACANARYMONITORING", canaries.secret("canary-monitoring-secret/+"))
    (tmp_path / "config").write_text(keys_section(f"profile {profile}", keys))
    store = {"bucket": "acme-uploads", "region": REGION, "credentials": {"profile": profile}}
    long = Tenant("a" + "-0" * 31, issuers=[Issuer(hostile), RemoteIssuer(provider)], store=store, rules={"r_" + "-_" * 30: AVATARS, "0": AVATARS | {"keyPrefix": "b/{user}/"}})
    service = make_service("hostile-names", [long], None, environment={"AWS_CONFIG_FILE": str(tmp_path / "config")})
    with service:
        for rule in long.rules:
            service.ticket(long.issuers[0].token(), rule=rule, **PNG)
            assert service.refusal(long.token(), rule=rule, contentType="text/html")["code"] == "content-type-not-allowed"
        for rule in (hostile, "r\n", "x" * 300):
            assert service.refusal(long.token(), rule=rule, **PNG)["code"] == "rule-unknown"
        assert service.request("GET", "/v1/rules", {"Authorization": f"Bearer {long.issuers[1].token()}"}).status == 200
        page = check_metrics(service)
    provider.close()
    assert figure_of(page, "postern_tickets_refused_total", rule="", code="rule-unknown") == 3
    assert figure_of(page, "postern_issuer_key_info", issuer=long.issuers[0].issuer) == 1
    # Controls of a key's id are shown as escapes.
    assert [value for name, value in labels_of(page, "postern_issuer_key_info") if name == "kid" and "# TYPE a counter" in value]
    assert any(profile in value for _, value in labels_of(page, "postern_credentials_usable"))


def labels_of(page: str, name: str) -> list[tuple[str, str]]:
    return [item for family in text_string_to_metric_families(page) for sample in family.samples if sample.name == name for item in sample.labels.items()]


def figure_of(page: str, name: str, **labels: str) -> float:
    return sum(sample.value for family in text_string_to_metric_families(page) for sample in family.samples
               if sample.name == name and labels.items() <= sample.labels.items())


def test_the_figures_of_the_process_are_its_own(make_service):
    """As the kernel tells them."""
    service = make_service("process-figures", [Tenant("acme")])
    with service:
        pid = service.process.pid

        def processor_time() -> float:
            fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before = processor_time()
        told = figure(service, "process_cpu_seconds_total")
        assert before - 0.02 <= told <= processor_time() + 0.02
        connections = [service.connect(timeout=60) for _ in range(20)]
        for connection in connections:
            assert connection.request("GET", "/healthz").status == 200
        until("they count as open files", lambda: figure(service, "process_open_fds") >= 25, seconds=60)
        # The scrape's own connection has ended by now.
        assert abs(figure(service, "process_open_fds") - len(os.listdir(f"/proc/{pid}/fd"))) <= 3
        assert figure(service, "process_max_fds") == int(re.search(r"Max open files +(\d+)", open(f"/proc/{pid}/limits").read()).group(1))
        pages = [int(field) * os.sysconf("SC_PAGESIZE") for field in open(f"/proc/{pid}/statm").read().split()[:2]]
        assert figure(service, "process_virtual_memory_bytes") == pytest.approx(pages[0], rel=0.2)
        assert figure(service, "process_resident_memory_bytes") == pytest.approx(pages[1], rel=0.2)
        until("loops are measured", lambda: figure(service, "postern_event_loop_lag_seconds_count") > 10, seconds=60)
        for connection in connections:
            connection.close()


# A real Prometheus


class Prometheus:
    """Debian's, on loopback, scraping one service every second; small."""

    def __init__(self, folder, target: int):
        [self.port] = free_ports(1)
        (folder / "alerts.yaml").write_text((MONITORING / "alerts.yaml").read_text())
        (folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}, "rule_files": ["alerts.yaml"],
            "scrape_configs": [{"job_name": "postern", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}]}))
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=1h",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=os.environ | {"GOMAXPROCS": "1", "GOMEMLIMIT": "100MiB"})

    def get(self, path: str, **query: str):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        return [float(sample["value"][1]) for sample in self.get("query", query=expression)["result"]]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def busy(make_service, cloud, tmp_path_factory):
    """A service of which every figure exists, and a Prometheus that has scraped it several times, with traffic in between."""
    folder = tmp_path_factory.mktemp("monitoring")
    certificate = Authority(folder, "monitoring").certify("service")
    provider = IdentityProvider().up()
    later = (datetime.now(timezone.utc) + timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rules = {"avatars": AVATARS | {"limits": {"perUser": "1000/1h"}}, "reports": AVATARS | {"keyPrefix": "reports/{user}/"}}
    tenant = Tenant("acme", issuers=[RemoteIssuer(provider)], api_keys=[APIKey("acme", expires=later)], rules=rules)
    source = cloud.container_open()
    service = make_service("monitored", [tenant], None, environment=cloud.environment(source),
                           arguments=["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key), "--reload", "200ms",
                                      "--audit", str(folder / "audit.jsonl")])
    service.tls = ssl.create_default_context(cafile=str(folder / "monitoring.pem"))
    with service:
        token = tenant.token()

        def ask():
            for credential, more in ((token, {}), (tenant.api_key, {"user": "u2"})):
                for rule in rules:
                    service.ticket(credential, rule=rule, **PNG, **more)
            service.refusal(token, rule="avatars", contentType="text/html")
            service.refusal("nonsense", **PNG)

        ask()
        tenant.rules["avatars"] = tenant.rules["avatars"] | {"maxSize": "2MiB"}
        tenant.write(service.tenants_folder, service.folder / "keys")
        until("the rules are reloaded", lambda: readiness(service)[1]["generation"] == 2, seconds=60)
        prometheus = Prometheus(folder, service.admin_port)
        try:
            def scraped() -> bool:
                ask()
                try:
                    return min(prometheus.values("count_over_time(postern_tickets_issued_total[1m])"), default=0) >= 4
                except OSError:
                    return False

            until("Prometheus has scraped", scraped, seconds=60, every=0.2)
            yield service, prometheus
        finally:
            prometheus.close()
    provider.close()


def panels() -> list[dict]:
    return [panel for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"] if panel["type"] != "row"]


EXPRESSIONS = [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def test_each_query_of_the_dashboard_has_data(busy):
    """A number, and not only a sample: a quantile of nothing would be NaN."""
    _, prometheus = busy
    empty = []
    for title, expression in EXPRESSIONS:
        for variable, value in (("$__rate_interval", "30s"), ("$job", "postern"), ("$tenant", ".*")):
            expression = expression.replace(variable, value)
        assert "$" not in expression, (title, expression)
        values = prometheus.values(expression)
        if not values or any(value != value for value in values):
            empty.append((title, expression, values))
    assert empty == []


def test_the_dashboard_is_whole():
    board = json.loads((MONITORING / "dashboard.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) and len(EXPRESSIONS) >= 40
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24 and panel["title"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
    assert {variable["name"] for variable in board["templating"]["list"]} == {"datasource", "job", "tenant"}


def test_alerts_and_dashboard_name_metrics_that_exist(busy):
    service, prometheus = busy
    page = check_metrics(service)
    known = set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE))
    for name, expression in [(rule["alert"], rule["expr"]) for rule in rules()] + EXPRESSIONS:
        named = metrics_of(expression)
        assert named <= known and (named or "up{" in expression), (name, named - known)


def test_no_alert_fires_for_a_service_that_is_well(busy):
    _, prometheus = busy

    def evaluated() -> list[dict]:
        found = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return found if all(rule["health"] == "ok" for rule in found) else []

    found = until("all rules are evaluated", evaluated, seconds=60)
    assert {rule["name"] for rule in found} == {rule["alert"] for rule in rules()}
    assert [(rule["name"], rule["state"]) for rule in found if rule["state"] != "inactive"] == []
    assert prometheus.values('up{job="postern"}') == [1]


def test_an_alert_fires_when_the_service_is_gone(make_service, tmp_path):
    """Nothing in the rules or in the scrape keeps quiet of it."""
    service = make_service("gone", [Tenant("acme")]).start()
    prometheus = Prometheus(tmp_path, service.admin_port)
    try:
        def up() -> list[float]:
            try:
                return prometheus.values('up{job="postern"}')
            except OSError:
                return []

        until("it is up", lambda: up() == [1], seconds=60)
        service.kill()
        until("it is down", lambda: up() == [0], seconds=60)
        until("the alert is pending", lambda: [alert["labels"]["alertname"] for alert in prometheus.get("alerts")["alerts"]] == ["PosternDown"], seconds=60)
    finally:
        prometheus.close()
