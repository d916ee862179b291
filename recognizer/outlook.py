"""Which version is champion and who serves it, for whoever watches the site from outside."""

from recognizer import registry
from recognizer.figures import Reading, gauge, gauges
from recognizer.models import ONLY, Champion


def read() -> Reading:
    """Return the champion and the web processes by what they serve, in two queries."""
    number = Champion.objects.filter(pk=ONLY).values_list("version", flat=True).first()
    counts = {"champion": 0, "another": 0, "none": 0}
    refused = 0
    for version, refuses in registry.live_processes().values_list("version", "refused"):
        counts["none" if version is None else "champion" if version == number else "another"] += 1
        refused += refuses is not None
    metrics = [gauges("model_processes", "Live web processes by what they serve", "serves", counts)]
    if number is not None:
        metrics.append(gauge("model_champion_version", "Version that all should serve", number))
    says = f"{refused} of {sum(counts.values())} web processes refuse version {number}"
    return Reading(tuple(metrics), {"processes": says} if refused else {})
