"""The base of all canonical URLs that this product coins.

A name, not an address: it need not resolve, so stored overrides and references survive a change of host.
"""

CANONICAL_BASE = "https://w3id.org/neuropathic-cds-hooks"
