"""What of the knowledge is in force at this site, for discovery, /readyz and the metrics.

A statement that is not in force is silent, and silence otherwise means "checked, nothing to say": so what a site
has switched off, and what waits for approval, is named wherever somebody asks what the service does.
"""

from collections import Counter
from datetime import date
from typing import Any

from cards.knowledge.loader import Knowledge


def in_force(knowledge: Knowledge) -> dict[str, Any]:
    """Topics that are live and off, and how many statements there are, are in force, and are not and why."""
    switched_off = sorted(name for name in knowledge.dormant if knowledge.reason(name) == "switched-off")
    waiting = [name for name in knowledge.dormant if knowledge.reason(name) == "not-approved"]
    return {
        "topics": list(knowledge.topics),
        "topicsOff": sorted(knowledge.policy.topics_off),
        "statements": len(knowledge.statements),
        "inForce": len(knowledge.statements) - len(knowledge.dormant),
        "switchedOff": switched_off,
        "notApproved": len(waiting),
        "requireApproval": knowledge.require_approval,
    }


def in_words(knowledge: Knowledge) -> str:
    """What does not speak at this site, in one or two sentences; "" where everything does."""
    if not knowledge.dormant:
        return ""
    found = in_force(knowledge)
    parts = []
    if found["topicsOff"]:
        parts.append(f"topics turned off: {', '.join(found['topicsOff'])}")
    if found["switchedOff"]:
        parts.append(f"statements switched off: {', '.join(found['switchedOff'])}")
    if found["notApproved"]:
        parts.append(f"{found['notApproved']} statements wait for a clinician's approval")
    return (
        f"At this site {found['inForce']} of {found['statements']} statements are in force ({'; '.join(parts)}). "
        "No card does not mean that the others were checked."
    )


def reviews(knowledge: Knowledge, day: date) -> Counter[str]:
    """How many statements are approved, overdue for review, lapsed, and never approved."""
    found = Counter({"approved": 0, "overdue": 0, "lapsed": 0, "none": 0})
    found.update(one.review.state_on(day) for one in knowledge.statements.values())
    return found
