"""What a service's admin listener says: figures of /metrics by name and labels, and /readyz."""

import statistics
import time

from prometheus_client.parser import text_string_to_metric_families

from .service import Service


def figures(service: Service, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Samples of that name whose labels include these, by all their labels."""
    answer = service.admin("/metrics")
    assert answer.status == 200
    return {tuple(sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.body.decode()) for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()}


def figure(service: Service, name: str, **labels: str) -> float | None:
    """Their sum; None where there is no such sample."""
    found = figures(service, name, **labels)
    return sum(found.values()) if found else None


def risen(service: Service, name: str, before: dict) -> dict[tuple[tuple[str, str], ...], float]:
    """By how much each sample of that name has risen since `before`, which `figures` gave; what has not risen is left out."""
    return {labels: value - before.get(labels, 0) for labels, value in figures(service, name).items() if value != before.get(labels, 0)}


def readiness(service: Service) -> tuple[int, dict]:
    answer = service.admin("/readyz")
    assert answer.status in (200, 503) and answer.headers["content-type"] == "application/json", (answer.status, answer.body[:300])
    body = answer.json()
    assert (body["status"] == "ready") == (answer.status == 200), body
    return answer.status, body


def issuer_state(service: Service, issuer: str) -> dict:
    found = [each for each in readiness(service)[1]["issuers"] if each["issuer"] == issuer]
    assert len(found) == 1, found
    return found[0]


def latencies(service: Service, credential: str, seconds: float, pause: float = 0.004) -> list[float]:
    """Milliseconds of one user's tickets on one connection, with a pause between them; each must be given."""
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        answer = service.post("/v1/tickets", {"contentType": "image/png"}, credential)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status == 201, answer.body
        time.sleep(pause)
    return taken


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
