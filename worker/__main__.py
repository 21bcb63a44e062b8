"""Start the worker, or say why not."""

import asyncio
import signal
import sys
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import start_http_server

from backoffice.crypto import KeysUnusable
from backoffice.logs import configure_logging, log
from backoffice.results.signing import SigningKeysUnusable
from bootstrap.container import Office, follow_publications, start_office
from bootstrap.settings import SettingsUnusable, load_settings
from catalogue.loader import CatalogueError
from worker.jobs import Jobs

OUTBOX_EVERY_S = 0.5
QUEUE_EVERY_S = 2


def main() -> None:
    """Run until stopped."""
    try:
        settings = load_settings()
        configure_logging("worker", settings.log_level)
        office = start_office(settings)
    except (SettingsUnusable, KeysUnusable, SigningKeysUnusable, CatalogueError) as exc:
        sys.exit(str(exc))
    asyncio.run(_run(office))


async def _run(office: Office) -> None:
    jobs = Jobs(office)
    scheduler = AsyncIOScheduler(timezone=UTC)
    now = datetime.now(UTC)
    # One at a time each: a slow delivery is not overtaken by the next round.
    common = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(jobs.deliver, "interval", seconds=OUTBOX_EVERY_S, **common)
    scheduler.add_job(jobs.watch_queue, "interval", seconds=QUEUE_EVERY_S, **common)
    scheduler.add_job(jobs.close_queue, "interval", minutes=1, next_run_time=now, **common)
    scheduler.add_job(jobs.clock_steps, "interval", minutes=1, next_run_time=now, **common)
    scheduler.add_job(jobs.ask_departments, "interval", minutes=1, next_run_time=now, **common)
    scheduler.add_job(jobs.watch_delegations, "interval", minutes=1, next_run_time=now, **common)
    scheduler.add_job(jobs.keep_ledger, "interval", minutes=1, next_run_time=now, **common)
    scheduler.add_job(jobs.short_lived, "interval", minutes=1, next_run_time=now, **common)
    scheduler.add_job(jobs.retention, "interval", minutes=10, next_run_time=now, **common)
    scheduler.add_job(jobs.watch_calendar, "interval", hours=6, next_run_time=now, **common)
    scheduler.add_job(jobs.count_faces, "interval", minutes=10, next_run_time=now, **common)
    scheduler.start()
    if office.settings.worker_metrics_port:
        start_http_server(office.settings.worker_metrics_port, addr="127.0.0.1")
    following = asyncio.create_task(follow_publications(office))
    log("worker").info("worker.start", mode=office.settings.mode)
    stopping = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stopping.set)
    await stopping.wait()
    following.cancel()
    scheduler.shutdown(wait=False)
    await office.engine.dispose()


if __name__ == "__main__":
    main()
