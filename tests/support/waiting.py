"""Waiting for what a host does in its own time."""
import time


def wait_until(condition, limit=60):
    """The first answer of `condition` that is not empty; a failed test if there is none within `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"this did not happen in {limit} s"
        time.sleep(0.02)
