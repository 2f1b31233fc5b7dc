from browser import chromium, open_page, picture, service  # noqa: F401  fixtures
