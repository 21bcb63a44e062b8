"""The Sanic application: what is served where."""

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from sanic import Blueprint, HTTPResponse, Request, Sanic, json
from sanic.response import file
from sqlalchemy import text

from backoffice.clock import china_date
from backoffice.identity.alarms import COUNTED as ALARMS
from backoffice.logs import log
from backoffice.understanding import extract
from backoffice.understanding.alarm import alarm_in
from bootstrap.container import Office, follow_publications
from bootstrap.settings import ROOT
from gateway import chat, demo, devices, me, remembering, screens, staff, verification, video
from gateway.description import describe_interface
from gateway.engine import Engine
from gateway.http import install_errors, office_of, refuse_odd_paths
from integrations.ports import Unavailable

_H5 = ROOT / "web" / "citizen" / "dist" / "build" / "h5"
_MAX_BODY = 11 * 1024 * 1024
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}
_CSP = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)

health = Blueprint("health")


def create_app(office: Office, engine: Engine | None = None) -> Sanic:
    """The public server for this installation."""
    app = Sanic("xiaozheng", configure_logging=False)
    app.config.AUTO_EXTEND = False  # only its OpenAPI part is used, see `description`
    app.config.REQUEST_MAX_SIZE = _MAX_BODY
    app.config.REQUEST_TIMEOUT = 60
    app.config.RESPONSE_TIMEOUT = 60
    app.config.PROXIES_COUNT = office.settings.trusted_proxies
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.ctx.office = office
    app.ctx.stopping = False
    app.ctx.engine = engine or Engine(office.settings)
    public = [chat.bp, video.bp, me.bp, remembering.bp, devices.bp, screens.bp, health]
    app.blueprint([*public, verification.bp, *staff.blueprints()])
    if office.settings.demo:
        app.blueprint([demo.bp, demo.looks])
    describe_interface(app)
    install_errors(app)
    _serve_pages(app)
    app.on_request(refuse_odd_paths)
    app.on_response(_harden)
    app.after_server_start(_warm)
    app.before_server_stop(_close)
    _measure(app)
    return app


async def _harden(request: Request, response: HTTPResponse) -> None:
    if request.app.ctx.stopping and request.stream is not None:
        request.stream.keep_alive = False  # the stop waits for connections that stay open
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _CSP)
    if request.path.startswith(("/api/", "/demo/")):  # conversations and papers are in no cache
        response.headers.setdefault("Cache-Control", "no-store")
    if office_of(request).settings.public_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


async def _warm(app: Sanic) -> None:
    """Load what the first citizen would otherwise wait for, beside serving."""
    extract("你好", (), today=china_date(app.ctx.office.clock.now()))
    alarm_in("你好")
    app.add_task(_warm_vision(app.ctx.office))
    app.add_task(_warm_faces(app.ctx.office))
    app.add_task(follow_publications(app.ctx.office))


async def _warm_vision(office: Office) -> None:
    try:
        await office.vision.warm()
    except Unavailable:
        log("gateway").warning("vision.not_warm")


async def _warm_faces(office: Office) -> None:
    """Read who is remembered, which takes a moment where they are many."""
    if office.looker is not None:
        await office.faces.follow(office.sessions)


async def _close(app: Sanic) -> None:
    app.ctx.stopping = True  # whoever waits for something to happen is answered now
    await app.ctx.engine.close()
    app.ctx.office.vision.close()
    app.ctx.office.fingerprints.close()
    if app.ctx.office.finger_sensor is not None:
        app.ctx.office.finger_sensor.close()
    await app.ctx.office.engine.dispose()


def _serve_pages(app: Sanic) -> None:
    if (_H5 / "index.html").exists():
        app.static("/assets", _H5 / "assets", name="assets")
        if (_H5 / "static").exists():
            app.static("/static", _H5 / "static", name="app_static")

        @app.get("/")
        async def home(request: Request) -> HTTPResponse:
            return await file(_H5 / "index.html", headers={"Cache-Control": "no-cache"})


def _measure(app: Sanic) -> None:
    """Numbers only: no path parameters, so no identifiers, in any label."""
    registry = CollectorRegistry()
    registry.register(ALARMS)
    requests = Counter("xz_requests", "Requests", ["route", "status"], registry=registry)
    seconds = Histogram("xz_request_seconds", "Time to answer", ["route"], registry=registry)

    @app.on_request
    async def begin(request: Request) -> None:
        request.ctx.timer = seconds.labels(request.route.name if request.route else "none").time()
        request.ctx.timer.__enter__()

    @app.on_response
    async def end(request: Request, response: HTTPResponse) -> None:
        if timer := getattr(request.ctx, "timer", None):
            timer.__exit__(None, None, None)
            route = request.route.name if request.route else "none"
            requests.labels(route, str(response.status)).inc()

    @app.after_server_start
    async def serve(app: Sanic) -> None:
        port = app.ctx.office.settings.metrics_port
        if port:
            start_http_server(port, addr="127.0.0.1", registry=registry)


@health.get("/health/live")
async def live(request: Request) -> HTTPResponse:
    return json({"status": "ok"})


@health.get("/health/ready")
async def ready(request: Request) -> HTTPResponse:
    office = office_of(request)
    async with office.sessions.read() as session:
        await session.execute(text("SELECT 1"))
    engine = await request.app.ctx.engine.ready()
    return json({"status": "ok" if engine else "waiting", "engine": engine}, 200 if engine else 503)


@health.get("/api/v1/info")
async def info(request: Request) -> HTTPResponse:
    office = office_of(request)
    hall = office.knowledge.hall
    return json(
        {
            "demo": office.settings.demo,
            "name": "小政",
            "hall": {
                "name": hall.name,
                "address": hall.address.value,
                "phone": hall.phone.value,
                "hours": hall.hours.value,
            },
        },
        ensure_ascii=False,
    )
