"""For those who keep the server running: is it alive, is it ready, and in figures what it does.

`/healthz` and `/readyz` are for a supervisor or a proxy and tell nothing but that. `/metrics` (Prometheus's text
format) tells how busy the office is and needs the right `installation.watch`: a technical admin's token.
"""

import os
import time
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, g, jsonify
from gevent.lock import BoundedSemaphore
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ltsa.ledger import LedgerUnavailableError
from web.live import POLL
from web.logs import method, rule

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

    from web.house import House

BEHIND = 5 * POLL
"""Seconds after which a feed that has not looked at the ledger follows it no more."""

LEAST_ROOM = 50 * 1024 * 1024
"""Bytes that have to be free on the disk of the data folder: a busy year's ledger of one office."""

FRESH = 1.0
"""Seconds for which a finding counts: asking often does not take the ledger's lock more often."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

blueprint = Blueprint("watching", __name__)


class Watch:
    """What is counted, and what is looked at when somebody asks."""

    def __init__(self, house: "House") -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ltsa_requests", "Requests answered", ["method", "rule", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "ltsa_request_seconds",
            "Time until a request was answered",
            ["rule"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.registry.register(_Office(house))
        ProcessCollector(registry=self.registry)
        self._house = house
        self._looking = BoundedSemaphore()
        self._found: tuple[float, list[str]] = (float("-inf"), [])
        # Kept: to look up by labels what is counted costs more than to count it.
        self._counted = cache(lambda *of: (self.requests.labels(*of), self.seconds.labels(of[1])))

    def count(self, answer: Response) -> Response:
        """After each request."""
        requests, seconds = self._counted(method(), rule(), answer.status_code)
        requests.inc()
        seconds.observe(time.perf_counter() - g.began)
        return answer

    def failing(self) -> list[str]:
        """What keeps the office from working: "ledger", "feed", "disk"."""
        with self._looking:
            if time.monotonic() - self._found[0] > FRESH:
                found = self._house.off_loop(_failing_on_disk, self._house)
                self._found = (time.monotonic(), found)
        feed = [] if self._house.feed.age < BEHIND else ["feed"]
        return [*self._found[1], *feed]


@blueprint.record_once
def _install(state: "BlueprintSetupState") -> None:
    watch = Watch(state.app.extensions["ltsa"])
    state.app.extensions["watch"] = watch
    state.app.after_request(watch.count)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The record can be read and written, and pages follow it; 503 otherwise, with what is failing."""
    failing = _watch().failing()
    status = HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK
    return jsonify(ready=not failing, failing=failing), status


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(_watch().registry), content_type=CONTENT_TYPE_LATEST)


def _watch() -> Watch:
    found: Watch = current_app.extensions["watch"]
    return found


def _failing_on_disk(here: "House") -> list[str]:
    failing = []
    try:
        here.ledger.check()
    except LedgerUnavailableError:
        failing.append("ledger")
    if room(here.settings.data) < LEAST_ROOM:
        failing.append("disk")
    return failing


def room(folder: Path) -> int:
    """Bytes that are free on a folder's disk for whom the server runs as."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class _Office(Collector):
    """What is looked at rather than counted."""

    def __init__(self, house: "House") -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        here = self._house
        commands = CounterMetricFamily(
            "ltsa_commands", "Commands by what became of them", labels=["command", "outcome"]
        )
        for (kind, outcome), times in here.outcomes.items():
            commands.add_metric([kind, outcome], times)
        yield commands
        waiting = GaugeMetricFamily("ltsa_waiting", "People waiting now", labels=["office"])
        for office in here.present.offices():
            waiting.add_metric([office], here.today(office).tally["waiting"])
        yield waiting
        yield GaugeMetricFamily("ltsa_sockets", "Pages that are open on the live feed", len(here.feed.watching()))
        late = "How late the loop was, the most of the last ten seconds: whatever is answered waits that long"
        yield GaugeMetricFamily("ltsa_loop_lag_seconds", late, here.pulse.lateness())
        yield GaugeMetricFamily("ltsa_feed_age_seconds", "Since the feed looked at the ledger", here.feed.age)
        yield GaugeMetricFamily(
            "ltsa_ledger_position", "Events in the ledger, as this server shows them", here.position
        )
        yield GaugeMetricFamily("ltsa_disk_free_bytes", "Room on the data folder's disk", room(here.settings.data))
