"""Who may call the REST dialect: a login gives a token for half an hour, each call names its system as well."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.axis.refusal import Refusal
from lgsp_mocks.kit import Context

__all__ = ["Access", "UnauthorizedError"]

LIFE_S = 30 * 60


class UnauthorizedError(Exception):
    """HTTP 401; the client logs in anew, once."""


class LoginBody(BaseModel):
    """`applicationCode`, `otp`, `twoFactorProvider` and `typeObjs` are taken and not looked at."""

    model_config = ConfigDict(extra="ignore")

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=200)]


class Access:
    """Table `rest_tokens`: token -> end of its life. A system's id and secret are also its user's name and password."""

    def __init__(self, context: Context, secret_of: Callable[[str], str | None]) -> None:
        self._context = context
        self._secret_of = secret_of
        self._tokens = context.state.table("rest_tokens")

    def log_in(self, body: bytes) -> str:
        """A token; those that have ended are forgotten.

        Raises:
            UnauthorizedError: no such user, or another password.
        """
        try:
            login = LoginBody.model_validate_json(body)
        except ValidationError as exc:
            raise UnauthorizedError("Thiếu username hoặc password") from exc
        if not self._is_secret(login.username, login.password):
            raise UnauthorizedError("Sai username hoặc password")
        now = self._context.clock.now()
        for token, value in self._tokens.items():
            if datetime.fromisoformat(str(value["end"])) <= now:
                self._tokens.delete(token)
        token = self._context.new_id()
        self._tokens.put(token, {"end": (now + timedelta(seconds=LIFE_S)).isoformat()})
        return token

    def system(self, headers: Mapping[str, str]) -> str:
        """The calling system.

        Raises:
            UnauthorizedError: no token, or one that has ended.
            Refusal: 15.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        found = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if found is None or datetime.fromisoformat(str(found["end"])) <= self._context.clock.now():
            raise UnauthorizedError("Token không hợp lệ hoặc đã hết hạn")
        system = headers.get("x-systemid", "")
        if not self._is_secret(system, headers.get("x-secretkey", "")):
            raise Refusal(ErrorCode.BAD_CREDENTIALS)
        return system

    def _is_secret(self, system: str, claimed: str) -> bool:
        secret = self._secret_of(system)
        return secret is not None and hmac.compare_digest(secret.encode(), claimed.encode())
