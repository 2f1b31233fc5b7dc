"""The WSGI entry point of gunicorn: `cds_service.wsgi:app`, configured by environment variables."""

from cds_service.app import create_app
from cds_service.settings import read_settings

app = create_app(read_settings())
