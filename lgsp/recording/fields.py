"""Which fields hold personal data, by their names as the wires of the four systems (and others) spell them."""

import re

from lgsp.recording.pseudonyms import plain
from lgsp.wirelog import CREDENTIAL_FIELD

__all__ = ["kind_of_field", "looks_like_name"]

_KINDS = (
    ("secret", CREDENTIAL_FIELD + r"|x509(subject|issuer)name"),
    ("email", r"e?mail$|email|thudientu"),
    ("phone", r"dienthoai|didong|^so?dt|sdt|phone|mobile|^tel$|^fax$|sofax"),
    ("bank", r"so(tai)?khoan|^s?tk$|^sotk|accountn(o|umber)|bankaccount|taikhoan(nganhang|thuhuong|nhan)"),
    ("citizen", r"cccd|cmnd|cmt(nd)?$|socancuoc|sogiayto|sodinhdanh|dinhdanhcanhan"
                r"|identity(no|number|card)|idnumber|idcard|citizenid|nationalid|^cid$"),
    ("tax", r"masothue|^mst|taxcode|taxid"),
    ("shape", r"bhyt|bhxh|hochieu|passport|insuranceno|bangthaixe|giaypheplaixe|bienso"),
    ("birth", r"ngaysinh|namsinh|ngaythangnamsinh|dateofbirth|birth|^dob$"),
    ("address", r"diachi|address|noicutru|thuongtru|tamtru|noio|quequan|noisinh|organadd|nguyenquan|hokhau"),
    ("name", r"^ho(va)?ten|hoten|tennguoi|fullname|chuhoso|chuho$|nguoi(ky|nop|nhan|gui|lap|duyet|xuly|lienhe|daidien|thuchien|uyquyen)"
             r"(hoso|vanban)?$"
             r"|tencongdan|tencanbo|canboxuly|applicantname|owner(full)?name|personname|contactname|^staff$|signername|hotencha|hotenme|tenchong|tenvo"
             r"|^(given|family|middle|first|last|sur)name$|^(hodem|holot|tendem)$|^ho$|displayname|nickname"),
    ("login", r"^(preferred)?user(name)?$|tendangnhap|loginname|^login$"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
_NAME = re.compile(r"[^\W\d_]+(?:[ ’'-]+[^\W\d_]+){1,5}")


def kind_of_field(name: str) -> str | None:
    """What a field of this name holds; None: nothing personal by its name."""
    word = re.sub(r"[^a-z0-9]", "", plain(name).lower())
    return next((kind for kind, pattern in _COMPILED if pattern.search(word)), None)


def looks_like_name(text: str) -> bool:
    """Two to six words of letters, each with a capital."""
    return bool(_NAME.fullmatch(text.strip())) and all(word[0].isupper() for word in text.split())
