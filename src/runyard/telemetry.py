"""Logs and metrics: what an operator sees of a running Runyard."""

from __future__ import annotations

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCY_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def configure_logs(*, log_format: str, level: str) -> None:
    """Write structured lines to stderr, from structlog and from the standard library alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        # The default formatter prints local variables, and those hold users' code.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        # The level is looked at with each line, because it may change.
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    if log_format == "json":
        last.insert(1, structlog.processors.format_exc_info)
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
    )
    root = logging.getLogger()
    root.handlers[:] = [output]
    set_log_level(level)
    # Migrations tell each of their steps.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def set_log_level(level: str) -> None:
    logging.getLogger().setLevel(logging.getLevelNamesMapping()[level.upper()])


class Metrics:
    """Each server has a registry of its own, so that several fit into one test process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.executions = Counter(
            "runyard_executions",
            "Finished executions.",
            ["runtime", "outcome"],
            registry=self.registry,
        )
        self.attempts_lost = Counter(
            "runyard_attempts_lost",
            "Attempts that ended without a result of the program.",
            ["reason"],
            registry=self.registry,
        )
        self.queued = Gauge(
            "runyard_queue_length", "Executions that wait for a worker.", registry=self.registry
        )
        self.running = Gauge(
            "runyard_executions_running", "Executions being run here.", registry=self.registry
        )
        self.claim_seconds = self._seconds(
            "runyard_claim_latency_seconds", "From the submission to a worker's claim."
        )
        self.sandbox_seconds = self._seconds(
            "runyard_sandbox_start_seconds", "To get a sandbox that is ready for files."
        )
        self.pool = PoolMetrics(self.registry)
        self.builds = BuildMetrics(self.registry)
        self.step_seconds = self._seconds(
            "runyard_step_seconds", "Wall time of a step as the agent measured it.", ["kind"]
        )
        self.unhandled_errors = Counter(
            "runyard_unhandled_errors",
            "Failures that were only logged.",
            ["where"],
            registry=self.registry,
        )

    def render(self) -> bytes:
        """Return the text exposition format (`text/plain; version=0.0.4`)."""
        return generate_latest(self.registry)

    def _seconds(self, name: str, text: str, labels: list[str] | None = None) -> Histogram:
        return Histogram(name, text, labels or [], buckets=_LATENCY_SECONDS, registry=self.registry)


class PoolMetrics:
    """How well the sandboxes that stand ready meet the demand, and what they take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        kinds = ["runtime", "step", "start"]
        self.hits = Counter(
            "runyard_pool_hits",
            "Steps that began in a sandbox that stood ready.",
            kinds,
            registry=registry,
        )
        self.misses = Counter(
            "runyard_pool_misses",
            "Steps that began in a sandbox made for them, and why.",
            ["runtime", "step", "reason"],
            registry=registry,
        )
        self.ready = Gauge(
            "runyard_pool_ready", "Sandboxes that stand ready.", kinds, registry=registry
        )
        self.wanted = Gauge(
            "runyard_pool_wanted", "Sandboxes that are to stand ready.", kinds, registry=registry
        )
        self.memory_bytes = Gauge(
            "runyard_pool_memory_bytes",
            "Memory of the sandboxes that stand ready, by the measured size of each kind.",
            registry=registry,
        )
        self.dropped = Counter(
            "runyard_pool_dropped",
            "Sandboxes that stood ready and were never used, and why.",
            ["reason"],
            registry=registry,
        )
        self.age_seconds = Histogram(
            "runyard_pool_age_seconds",
            "How long a sandbox had stood ready when it was taken.",
            buckets=(0.01, 0.1, 1, 10, 60, 300, 1800),
            registry=registry,
        )
        self.start_seconds = Histogram(
            "runyard_pool_start_seconds",
            "To make a sandbox ready ahead.",
            kinds,
            buckets=_LATENCY_SECONDS,
            registry=registry,
        )


class BuildMetrics:
    """How often a compile step was spared, and what that takes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.hits = Counter(
            "runyard_build_cache_hits",
            "Compile steps that an owner had run before.",
            registry=registry,
        )
        self.misses = Counter(
            "runyard_build_cache_misses",
            "Compile steps that may be kept and were not there.",
            registry=registry,
        )
        self.bytes = Gauge(
            "runyard_build_cache_bytes", "What all builds take on disk.", registry=registry
        )
