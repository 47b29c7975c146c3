"""Property tests are judged by what they find, not by how fast a busy machine runs them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient",
    deadline=None,
    max_examples=int(os.environ.get("AUTOANNO_EXAMPLES", "60")),
    # On a build machine the same examples each time; at a desk new ones, whose failures are kept.
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")
