"""What the Python clients do about a connection that is lost: they wait, longer every time, and try again."""
import random
import time

import grpc

PATIENCE_S = 60
"""How long a call is tried again before its error is raised."""


def is_lost(error):
    """Whether trying again can help: the server is away or stopping, or a proxy cut the stream, which gRPC calls CANCELLED or
    INTERNAL with RST_STREAM, depending on how it was cut."""
    code, details = error.code(), error.details() or ""
    if details == "Locally cancelled by application!":
        return False
    if code == grpc.StatusCode.INTERNAL:
        return "RST_STREAM" in details
    return code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


class Waiting:
    """The waits between attempts: about 0.25 s, 0.5 s, 1 s, up to 5 s, for a minute since the last success."""

    def __init__(self, patience_s=PATIENCE_S):
        self._patience_s = patience_s
        self.succeeded()

    def succeeded(self):
        self._wait_s, self._give_up_at = 0.25, None

    def after(self, error):
        """Waits, or raises the error if waiting helps nothing or has helped nothing for too long."""
        now = time.monotonic()
        self._give_up_at = self._give_up_at or now + self._patience_s
        if not is_lost(error) or now >= self._give_up_at:
            raise error
        time.sleep(self._wait_s * random.uniform(0.75, 1.25))
        self._wait_s = min(5, 2 * self._wait_s)


def retried(call, patience_s=PATIENCE_S):
    """Calls until the answer is whole; `call` may run again from its start. Raises grpc.RpcError where that helps nothing."""
    waiting = Waiting(patience_s)
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            waiting.after(error)
