"""The demo account, plainly marked."""

import hmac

__all__ = ["same"]

USERNAME, PASSWORD = "sim", "sim-secret"


def same(username: str, password: str) -> bool:
    """Whether it is the demo account."""
    right_name = hmac.compare_digest(username.encode(), USERNAME.encode())
    return hmac.compare_digest(password.encode(), PASSWORD.encode()) and right_name
