"""The action server: rasa-sdk behind a shared secret, on loopback."""

import hmac
import sys

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from backoffice.crypto import KeysUnusable
from backoffice.logs import configure_logging, log
from backoffice.results.signing import SigningKeysUnusable
from bootstrap.container import follow_publications, office, start_office
from bootstrap.settings import SettingsUnusable, load_settings
from catalogue.loader import CatalogueError

HEADER = "X-Xiaozheng-Secret"


def main() -> None:
    """Start, or say why not."""
    try:
        settings = load_settings()
        configure_logging("actions", settings.log_level)
        start_office(settings)
    except (SettingsUnusable, KeysUnusable, SigningKeysUnusable, CatalogueError) as exc:
        sys.exit(str(exc))
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app(executor)
    secret = settings.actions_secret.get_secret_value().encode()

    @app.on_request
    async def check_secret(request: Request) -> HTTPResponse | None:
        if request.path == "/health":
            return None
        given = request.headers.get(HEADER, "").encode()
        if hmac.compare_digest(given, secret):
            return None
        return json({"error": {"code": "unauthorized"}}, status=401)

    @app.after_server_start
    async def follow(app: Sanic) -> None:
        app.add_task(follow_publications(office()))

    log("actions").info("actions.start", port=settings.actions_port)
    app.run(
        host="127.0.0.1",
        port=settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
