"""Calls of iGate's own wire, shaped as they were recorded."""

from datetime import datetime
from typing import Any

import httpx

from lgsp.clock import VIETNAM

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
TOKEN = "/auth/realms/digo/protocol/openid-connect/token"
LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
PLAIN, FIELD, UNIT, OTHER = "1.000001.000.00.00.H34", "G15-TP03", "000.07.00.H34", "000.00.04.H34"
FIRST = f"{UNIT}-261123-0001"
ID = "62a5b244eb1b8f76b46069a5"
Body = dict[str, Any]


def named(name: str) -> list[Body]:
    return [{"languageId": 228, "name": name}, {"languageId": 46, "name": "x"}]


def body(code: str = FIRST) -> Body:
    """Shaped as the recorded request."""
    return {
        "code": code,
        "codePattern": {"id": ID},
        "procedure": {
            "id": ID, "code": PLAIN, "translate": named("Đăng ký"),
            "sector": {"id": ID, "code": FIELD, "name": named("Hộ tịch")},
        },
        "dossierFormFile": [], "dossierFee": [], "dossierReceivingKind": {"id": ID, "name": named("Nhận trực tiếp")},
        "applicant": {"userId": ID, "eformId": ID, "data": {
            "ownerFullname": "Nguyễn Văn A", "birthday": "1990-01-01T17:00:00.000+0000", "gender": "", "email": "a@example.vn",
            "phoneNumber": "+84900000000", "fullname": "Trần Thị B", "identityNumber": "999000000001",
            "identityDate": "2011-01-01T17:00:00.000+0000",
            "identityAgency": {"id": ID, "name": "Công an", "code": None, "parent": None}, "note": "",
            "noidungyeucaugiaiquyet": "Xin cấp bản sao", "chonDoiTuong": 1, "chonDoiTuong1": 2,
            "nation": {"label": "Việt Nam", "value": ID}, "address": "Số 1",
        }},
        "eForm": {"id": ID, "data": {"soBan": 2}},
        "agency": {"parent": {"id": ID, "code": UNIT, "name": named("UBND xã"), "tag": [{"id": ID, "name": named("x")}]},
                   "ancestors": [{"id": ID, "name": named("UBND tỉnh")}]},
        "paymentData": {"Ip": "0.0.0.0", "MaTienTe": ""}, "paymentMethod": {"id": ID, "name": "Trực tuyến", "code": None},
        "procedureProcessDefinition": {"id": ID, "processDefinition": {
            "id": ID, "name": "Quy trình", "processingTime": 3, "processingTimeUnit": "d", "activiti": {"id": "Process_1:304:x"},
        }},
        "agencyLevel": {"id": ID, "code": "XA", "status": 1, "name": named("Xã")},
        "dossierStatus": 0,
    }  # fmt: skip


def changed(path: str, value: object, code: str = FIRST) -> Body:
    made = body(code)
    *way, last = path.split("/")
    inner = made
    for step in way:
        inner = inner[step]
    inner[last] = value
    return made


async def log_in(client: httpx.AsyncClient) -> None:
    token = (await client.post(TOKEN, data=LOGIN)).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
