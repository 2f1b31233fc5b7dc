"""gunicorn -c deploy/gunicorn.conf.py: the configuration that `cds-service serve` uses."""

from cds_service.gunicorn_conf import *  # noqa: F403
