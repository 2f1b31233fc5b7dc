"""The WSGI entry point of gunicorn: `cds_service.wsgi:app`, configured by environment variables."""

from cds_service.app import create_app
from cds_service.hooks.routes import now_utc
from cds_service.settings import read_settings
from cds_service.warm_up import settle, warm_up

app = create_app(read_settings())
warm_up(app.extensions["cds_engine"], now_utc())
settle()
