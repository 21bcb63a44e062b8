"""Start the public server, or say why not."""

import sys

from backoffice.crypto import KeysUnusable
from backoffice.logs import configure_logging, log
from backoffice.results.signing import SigningKeysUnusable
from bootstrap.container import start_office
from bootstrap.settings import SettingsUnusable, load_settings
from catalogue.loader import CatalogueError
from gateway.app import create_app


def main() -> None:
    """Run until stopped."""
    try:
        settings = load_settings()
        configure_logging("gateway", settings.log_level)
        office = start_office(settings)
    except (SettingsUnusable, KeysUnusable, SigningKeysUnusable, CatalogueError) as exc:
        sys.exit(str(exc))
    app = create_app(office)
    log("gateway").info("gateway.start", port=settings.port, mode=settings.mode)
    app.run(
        host=settings.host,
        port=settings.port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
