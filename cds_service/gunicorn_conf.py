"""gunicorn's configuration, from the settings: threads, preloading, and metrics over several workers.

`cds-service serve` uses it, and deploy/gunicorn.conf.py imports it. Knowledge and terminology are read once,
by the master, before it forks. Metrics need a folder before prometheus_client is first imported.
"""

import gc
import os
import shutil
import sys
import tempfile
from typing import Any

from cds_service.settings import Settings, SettingsError, check_exposure, read_settings
from cds_service.store.settings import prepare, store_settings

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_MADE_BY = "CDS_METRICS_DIR_MADE_BY"  # pid of the master that made the folder, and may remove it


def _read() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        sys.exit(f"cds-service: {error}")


def _metrics_folder() -> str:
    """The site's folder, or a new one; a master that replaces another (USR2) does not share it."""
    given = os.environ.get(_FOLDER)
    if given and _MADE_BY not in os.environ:
        return given
    folder = tempfile.mkdtemp(prefix="cds-metrics-")
    os.environ[_FOLDER], os.environ[_MADE_BY] = folder, str(os.getpid())
    return folder


settings = _read()
metrics_folder = _metrics_folder()

wsgi_app = "cds_service.wsgi:app"
bind = settings.host if settings.host.startswith("unix:") else f"{settings.host}:{settings.port}"
if ":" in settings.host and not settings.host.startswith(("unix:", "[")):
    bind = f"[{settings.host}]:{settings.port}"
worker_class = "gthread"
workers = settings.workers
threads = settings.threads
preload_app = True
timeout = 30
graceful_timeout = 20 + settings.time_budget_ms // 1000  # a call under way takes its time budget, and more
keepalive = 30  # EHRs call in bursts; a proxy in front should keep connections open for less than this
# A worker is replaced after its share, the workers at different times: whatever a library leaks stays bounded.
max_requests = 100_000
max_requests_jitter = 20_000
# Request lines may be long (never with data of ours) and are never logged.
control_socket_disable = True
accesslog = None
logger_class = "cds_service.observability.gunicorn_log.QuietLogger"
errorlog = "-"
loglevel = "warning" if settings.log_level in ("warning", "error") else "info"
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112  heartbeat off the disk


def on_starting(server: Any) -> None:
    """Refuses an exposed address, also one of gunicorn's own command line; makes the database ready."""
    for address in server.cfg.address:
        host = address[0] if isinstance(address, tuple) else f"unix:{address}"
        try:
            check_exposure(settings, str(host))
        except SettingsError as error:
            sys.exit(f"cds-service: {error}")
    try:
        store = store_settings(settings)
        warning = prepare(store) if store is not None else ""
    except SettingsError as error:
        sys.exit(f"cds-service: {error}")
    if warning:
        server.log.error("cds-service: %s", warning)


def on_reload(server: Any) -> None:
    """Reads the clients in the master too, so that workers can fall back on the last that were right."""
    clients = getattr(server.app.callable, "extensions", {}).get("cds_clients")
    if clients is not None:
        clients.reread()


def post_worker_init(worker: Any) -> None:
    """Opens the store and reads the clients in the new worker, so that HUP renews them before any call."""
    opened = getattr(worker.wsgi, "extensions", {}).get("cds_worker")
    if opened is not None:
        opened.get()
    gc.freeze()  # what the worker has loaded stays, and need not be looked through again
    # One request makes thousands of objects that go without the collector; looking through them is for nothing.
    gc.set_threshold(50_000, 20, 50)


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  signature of gunicorn
    """Writes what waits for the store before the worker is gone."""
    opened = getattr(worker.wsgi, "extensions", {}).get("cds_worker")
    made = opened.made() if opened is not None else None
    if made is not None:
        made.close()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  signature of gunicorn
    """Keeps the counts of a worker that ended, and lets go of its live gauges."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid, path=metrics_folder)  # type: ignore[no-untyped-call,unused-ignore]


def on_exit(server: Any) -> None:  # noqa: ARG001  signature of gunicorn
    """Removes the folder if this master made it."""
    if os.environ.get(_MADE_BY) == str(os.getpid()):
        shutil.rmtree(metrics_folder, ignore_errors=True)
