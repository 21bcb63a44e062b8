"""`/openapi.json`: the interfaces, from the routes and their decorators."""

from sanic import Sanic
from sanic_ext.config import Config as ExtensionDefaults
from sanic_ext.extensions.openapi.blueprint import blueprint_factory
from sanic_ext.extensions.openapi.builders import SpecificationBuilder


def describe_interface(app: Sanic) -> None:
    """Serve the description; without a documentation page, which would load foreign scripts."""
    for name, value in ExtensionDefaults().items():
        if name.startswith(("OAS", "API", "SWAGGER")):
            app.config.setdefault(name, value)
    app.config.OAS_URL_PREFIX = "/"
    app.config.OAS_URI_TO_JSON = "/openapi.json"
    app.config.OAS_UI_REDOC = app.config.OAS_UI_SWAGGER = False
    app.blueprint(blueprint_factory(app.config))
    builder = SpecificationBuilder()
    builder.describe("小政", "1", "A program can play a citizen through this interface.", None)
    builder.add_security_scheme("token", "http", scheme="bearer")
