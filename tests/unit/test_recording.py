"""A recording holds invented people only: the same for the same, in their form, with no way back."""

import base64
import json
import re
import unicodedata

import pytest

from lgsp.errors import ConfigurationError, LgspError
from lgsp.recording import Body, Cleaner, Pseudonyms, RawExchange, RawMessage, load, save
from lgsp.recording.fields import kind_of_field
from lgsp.standards.identifiers import check_citizen_id

pytestmark = pytest.mark.unit

JSON = [("Content-Type", "application/json")]
PERSON = {
    "HoTen": "Nguyễn Thị Kiều Loan", "SoGiayTo": "062195004321", "DienThoai": "0987 654 321", "Email": "loan.ntk@gmail.com",
    "DiaChi": "Số 5, đường Lê Lợi, phường Thắng Lợi, tỉnh Kon Tum", "SoTaiKhoan": "5111000123456", "MaSoThue": "0101243150",
    "NgaySinh": "07/11/1995",
}  # fmt: skip


def recorded(body: object, content_type: str = "application/json", **request):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = RawMessage(
        [("content-type", content_type), *request.pop("headers", [])],
        raw,
        "POST",
        **{"path": "/x", **request},
    )
    return RawExchange(asked, RawMessage(JSON, b"{}", status=200))


def tape(*exchanges):
    return Cleaner().tape("http://a", "2026-11-23", exchanges)


def cleaned(body: object, content_type: str = "application/json", **request):
    [one] = tape(recorded(body, content_type, **request)).exchanges
    return one.request


def in_fields(body: object):
    return cleaned(body).body.json_value


def test_every_field_of_a_person_is_replaced_and_keeps_its_form():
    found = in_fields(PERSON)
    assert all(found[name] != value for name, value in PERSON.items())
    assert re.fullmatch(r"\w+ Thị (\w+ )?\w+", found["HoTen"])
    assert check_citizen_id(found["SoGiayTo"])
    assert found["SoGiayTo"][3] == PERSON["SoGiayTo"][3], "sex and century stay"
    assert re.fullmatch(r"0\d{3} \d{3} \d{3}", found["DienThoai"])
    assert found["Email"].endswith("@example.vn")
    assert re.fullmatch(r"\d{13}", found["SoTaiKhoan"])
    assert re.fullmatch(r"[0-3]\d/[01]\d/19\d\d|[0-3]\d/[01]\d/20\d\d", found["NgaySinh"])


def test_an_invented_tax_code_keeps_its_check_digit():
    digits = [int(digit) for digit in in_fields(PERSON)["MaSoThue"]]
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    assert digits[9] == 10 - sum(a * b for a, b in zip(digits, weights, strict=False)) % 11


def test_what_is_no_person_stays():
    body = {
        "MaHoSo": "000.00.01.H34-191225-0001", "MaTTHC": "1.000001.000.00.00.H34", "ThoiDiem": "20261123083000", "n": 12345,
        "at": "2026-11-23T08:30:00+07:00", "TenThuTuc": "Đăng ký khai sinh", "CoQuan": "UBND tỉnh Hà Giang", "ok": True, "x": None,
        "noi": "Hà Nội, Thành phố Hồ Chí Minh",
    }  # fmt: skip
    assert in_fields(body) == body


def test_the_same_person_is_the_same_everywhere_in_one_recording():
    text = {
        "GhiChu": "Bà Nguyễn Thị Kiều Loan, CCCD 062195004321, đt +84987654321 (0987.654.321), loan.ntk@gmail.com, "
        "STK: 5111000123456; NGUYỄN THỊ KIỀU LOAN; Nguyen Thi Kieu Loan; tệp NguyenThiKieuLoan.pdf",
        "so": 987654321,
    }
    one, two = tape(recorded(PERSON), recorded(text)).exchanges
    person, note = one.request.body.json_value, two.request.body.json_value
    said = note["GhiChu"]
    phone = person["DienThoai"].replace(" ", "")
    for wanted in (
        person["HoTen"], person["HoTen"].upper(), person["SoGiayTo"], f"+84{phone[1:]}", f"{phone[:4]}.{phone[4:7]}.{phone[7:]}",
        person["Email"], person["SoTaiKhoan"],
    ):  # fmt: skip
        assert wanted in said
    assert note["so"] == int(phone)
    for part in ("Loan", "LOAN", "Kieu", "987654321", "987.654"):
        assert part not in said


def test_another_recording_invents_others():
    names = {in_fields(PERSON)["SoGiayTo"] for _ in range(5)}
    assert len(names) == 5


def test_two_people_never_become_one():
    people = [{"SoGiayTo": f"06219500{number:04}"} for number in range(500)]
    found = in_fields(people)
    assert len({one["SoGiayTo"] for one in found}) == 500


def test_no_secret_and_no_table_is_saved(tmp_path):
    pseudonyms = Pseudonyms()
    pseudonyms.stand_in("citizen", "062195004321")
    save(tape(recorded(PERSON)), tmp_path / "a.json")
    saved = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert set(json.loads(saved)) == {"format", "upstream", "recorded_at", "replaced", "exchanges"}
    assert not any(str(value) in saved for value in PERSON.values())


@pytest.mark.parametrize(
    ("before", "personal", "behind", "form"),
    [
        ("Ông ", "Trần Văn Bưởi", " đã nộp", r"\w+ \w+ \w+"), ("ông ", "TRẦN VĂN BƯỞI", " ký", r"[^a-z]+ [^a-z]+ [^a-z]+"),
        ("", "Tran Van Buoi", " nop", r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+"), ("gọi ", "0912.345.678", " nhé", r"0999\.\d{3}\.\d{3}|0999[\d.]+"),
        ("gọi ", "+84 912 345 678", "", r"\+84 999 \d{3} \d{3}"), ("fax ", "0260 3862 123", ";", r"0200 \d{4} \d{3}"),
        ("CMND ", "233123456", "", r"999\d{6}"), ("số căn cước ", "062 195 004 321", "?", r"999 1\d\d \d{3} \d{3}"),
        ("CCCD: ", "062195004321", ".", r"9991\d{8}"), ("STK ", "0011004567890", " VCB", r"\d{13}"),
        ("gửi ", "ab.cd+e@mail.gov.vn", ", rồi", r"[a-z.]+\d{4}@example\.vn"),
        ("trú tại ", "thôn 4, xã Đăk Cấm, thành phố Kon Tum", "", r"Số \d+, đường Mô Phỏng \d+, xã \w+ \w+"),
        ("ở ", "Số 12 Trần Phú, phường Quyết Thắng, tỉnh Kon Tum", ".", r"Số \d+, đường Mô Phỏng \d+, xã \w+ \w+"),
        ("token ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.abc-_1", " end", r"invented-[0-9a-f]{24}"),
    ],
)  # fmt: skip
def test_people_in_running_text_are_found_by_form(before, personal, behind, form):
    found = in_fields({"NoiDung": before + personal + behind})["NoiDung"]
    assert found.startswith(before)
    assert found.endswith(behind)
    invented = found[len(before) : len(found) - len(behind)]
    assert re.fullmatch(form, invented)
    assert personal not in found


def test_a_name_in_decomposed_letters_is_found_too():
    text = unicodedata.normalize("NFD", "Ông Trần Văn Bưởi")
    assert "Bưởi" not in unicodedata.normalize("NFC", in_fields({"x": text})["x"])


def test_xml_is_cleaned_in_text_and_attributes_and_loses_its_comments():
    raw = '<a:D xmlns:a="urn:a" nguoiKy="Lê Thị Mận"><!-- Lê Thị Mận --><a:FullName>Lê Thị Mận</a:FullName><b>ký: Lê Thị Mận</b></a:D>'
    text = cleaned(raw.encode(), "application/xml").body.text
    assert "Mận" not in text
    [name] = set(re.findall(r'FullName>([^<]+)<|nguoiKy="([^"]+)"|ký: ([^<]+)<', text)[0]) - {""}
    assert text.count(name) == 3


def test_what_is_packed_in_base64_is_cleaned_within():
    inner = base64.b64encode("<x><FullName>Lê Thị Mận</FullName></x>".encode()).decode()
    found = in_fields({"data": inner, "list": [{"HoTen": "Lê Thị Mận"}]})
    name = found["list"][0]["HoTen"]
    assert f"<FullName>{name}</FullName>" in base64.b64decode(found["data"]).decode()


def test_a_file_that_nobody_can_read_is_left_out():
    pdf = base64.b64encode(b"%PDF-1.4 Nguyen Van An" + bytes(range(256))).decode()
    image = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256))).decode()
    found = in_fields({"file": pdf, "anh": image})
    assert base64.b64decode(found["file"]).startswith(b"%PDF-1.4\n% left out")
    assert base64.b64decode(found["anh"]) == b"left out by lgsp record"
    assert cleaned(b"\x00\x01\xff" * 9, "application/octet-stream").body.text == "left out by lgsp record"


def test_forms_multipart_query_and_path_are_cleaned():
    form = cleaned(b"hoTen=Nguy%E1%BB%85n+V%C4%83n+M%C3%ADt&a=1", "application/x-www-form-urlencoded")
    assert form.body.text.endswith("&a=1")
    assert "M%C3%ADt" not in form.body.text
    found = cleaned(
        {"HoTen": "Nguyễn Văn Mít"},
        path="/ho-so/Nguy%E1%BB%85n V%C4%83n M%C3%ADt/062195004321",
        query="sdt=0912345678&p=1",
    )
    assert "062195004321" not in found.path
    assert "M%C3%ADt" not in found.path
    assert re.fullmatch(r"sdt=0999\d{6}&p=1", found.query)
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="hoTen"\r\n\r\nNguy\xe1\xbb\x85n V\xc4\x83n M\xc3\xadt\r\n'
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="NguyenVanMit.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        b"%PDF secret\r\n--b--\r\n"
    )
    text = cleaned(parts, "multipart/form-data; boundary=b").body.text
    assert "Mít" not in text
    assert "%PDF secret" not in text
    assert text.count("--b") == 3


def test_secrets_are_invented_too_and_stay_usable():
    login = recorded({"username": "canbo.loan", "password": "Kontum@2019"})
    login = RawExchange(
        login.request,
        RawMessage(
            [*JSON, ("Set-Cookie", "SID=abc123; Path=/")], b'{"access_token":"tok-12345678"}', status=200
        ),
    )
    call = recorded(
        {},
        headers=[
            ("Authorization", "Bearer tok-12345678"),
            ("Cookie", "SID=abc123; x=1"),
            ("X-Forwarded-For", "1.2.3.4"),
        ],
    )
    one, two = tape(login, call).exchanges
    token = one.response.body.json_value["access_token"]
    headers = dict(two.request.headers)
    assert headers["authorization"] == f"Bearer {token}"
    assert token.startswith("invented-")
    assert dict(one.response.headers)["set-cookie"].split(";")[0] == headers["cookie"].split(";")[0]
    assert "x-forwarded-for" not in headers
    assert "Kontum@2019" not in one.model_dump_json()


def test_nothing_is_saved_where_something_personal_would_be_left(monkeypatch):
    monkeypatch.setattr("lgsp.recording.cleaning.Cleaner._clean", lambda _self, text, _kind: text)
    with pytest.raises(LgspError, match="nothing was saved"):
        tape(recorded(PERSON))


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("HoTen", "name"), ("Họ và tên", "name"), ("soDienThoai", "phone"), ("E-mail", "email"), ("DiaChiThuongTru", "address"),
        ("CMND", "citizen"), ("applicant_identity_number", "citizen"), ("SoTaiKhoan", "bank"), ("access_token", "secret"),
        ("MaHoSo", None), ("TenThuTuc", None), ("code", None), ("TrangThai", None), ("DocumentId", None), ("OrganId", None),
    ],
)  # fmt: skip
def test_fields_are_known_by_name(field, kind):
    assert kind_of_field(field) == kind


def test_a_saved_recording_is_read_back_whole(tmp_path):
    before = tape(recorded({"a": None, "b": [None, 1.5, True, "ạ"]}), recorded(b"plain", "text/plain"))
    save(before, tmp_path / "a.json")
    assert load(tmp_path / "a.json") == before
    assert (tmp_path / "a.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{", '{"format": "other"}', "[]"])
def test_what_is_no_recording_is_one_clear_line(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ConfigurationError, match="no recording"):
        load(tmp_path / "a.json")
    with pytest.raises(ConfigurationError, match="can't be read"):
        load(tmp_path / "none.json")
    with pytest.raises(ConfigurationError, match="can't be written"):
        save(tape(), tmp_path / "none" / "a.json")


def test_a_body_is_one_of_three():
    assert Body(json_value={"a": 1}).content() == b'{"a": 1}'
    assert Body(text="ạ").content() == "ạ".encode()
    assert Body(base64="AAE=").content() == b"\x00\x01"
