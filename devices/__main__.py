"""`python -m devices`: serve this kiosk. `python -m devices key`: its public key, to register it."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from backoffice.devices.signing import device_id, public_bytes
from backoffice.logs import configure_logging, log
from devices.card_desk import CardDesk
from devices.keys import KeyUnusable, ensure_key
from devices.server import Server
from devices.settings import DeviceSettings
from devices.tray import follow, only_with_a_demonstration
from integrations.devices.samv.driver import SamvReader
from integrations.devices.samv.reader import SerialIdCardReader
from integrations.devices.wlt import NoWltDecoder, ProgramWltDecoder


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devices", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "key"], default="serve")
    given = parser.parse_args(arguments)
    settings = DeviceSettings()
    try:
        key = ensure_key(settings.key_file)
    except (KeyUnusable, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    public = public_bytes(key)
    if given.command == "key":
        sys.stdout.write(f"{public.hex()}\n")
        return 0
    configure_logging("devices", settings.log_level)
    log("devices").info("devices.start", device=device_id(public), reader=settings.card_reader)
    return asyncio.run(_serve(settings, Server(settings.server_url, key)))


async def _serve(settings: DeviceSettings, server: Server) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    reader = SerialIdCardReader(SamvReader(settings.card_reader, baud=settings.card_reader_baud))
    decoder = ProgramWltDecoder(settings.wlt_decoder) if settings.wlt_decoder else NoWltDecoder()
    work: list[asyncio.Task[None]] = []
    if settings.card_reader:
        work.append(asyncio.create_task(CardDesk(reader, decoder, server).run()))
        if settings.simulated_tray is not None:
            work.append(asyncio.create_task(_simulate(settings, settings.simulated_tray)))
    else:
        log("devices").warning("devices.nothing_connected")
    for one in work:
        one.add_done_callback(lambda _: stopping.set())  # a fault of ours: end, and be restarted
    await stopping.wait()
    faults = [one for one in work if one.done()]
    for one in work:
        one.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    reader.close()
    await server.close()
    for one in faults:
        log("devices").error("devices.failed", error=type(one.exception()).__name__)
    return 1 if faults else 0


async def _simulate(settings: DeviceSettings, tray: Path) -> None:
    await only_with_a_demonstration(settings.server_url)
    await follow(tray, Path(settings.card_reader))


if __name__ == "__main__":
    sys.exit(main())
