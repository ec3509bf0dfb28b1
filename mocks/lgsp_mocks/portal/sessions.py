"""mapi/login and its sessions: half an hour from the login, not prolonged by use (assumed; no public text names the length)."""

import hmac
from datetime import datetime, timedelta

from pydantic import JsonValue

from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.reply import FAILED, SUCCESS, WireError

__all__ = ["LIFETIME", "check_session", "log_in", "seed_account"]

LIFETIME = timedelta(minutes=30)


def seed_account(context: Context) -> None:
    """The demo account; the password is the demo secret, or `password` of the settings."""
    username = context.settings.get("username", "sim")
    context.state.table("accounts").put(username, {"username": username, "madonvi": "000.00.00.H34"})


def log_in(context: Context, request: dvcqg.LoginRequest) -> dict[str, JsonValue]:
    """A new session, or a refusal that does not say which of the two was wrong."""
    expected = context.settings.get("password", "sim-secret")
    known = request.username in context.state.table("accounts")
    if not hmac.compare_digest(request.password.encode(), expected.encode()) or not known:
        raise WireError(FAILED, "Sai tên đăng nhập hoặc mật khẩu")
    _forget_expired(context)
    session = context.new_id()
    expires = (context.clock.now() + LIFETIME).isoformat()
    context.state.table("sessions").put(session, {"username": request.username, "expires_at": expires})
    return {"session": session, "error_code": 0, "message": SUCCESS}


def check_session(context: Context, session: JsonValue) -> None:
    """Refuse an unknown or expired session; clients log in again upon the word "session" in the text."""
    known = context.state.table("sessions").get(session) if isinstance(session, str) else None
    if known is None or _expired(context, known):
        raise WireError(FAILED, "session không hợp lệ hoặc đã hết hạn, vui lòng đăng nhập lại")


def _expired(context: Context, session: dict[str, JsonValue]) -> bool:
    return datetime.fromisoformat(str(session["expires_at"])) <= context.clock.now()


def _forget_expired(context: Context) -> None:
    sessions = context.state.table("sessions")
    for key, session in sessions.items():
        if _expired(context, session):
            sessions.delete(key)
