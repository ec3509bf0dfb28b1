"""Where this stand-in is known to differ from the real portal, or to guess."""

from lgsp_mocks.kit.standin import Difference

__all__ = ["DIFFERENCES"]

DIFFERENCES = (
    Difference(
        "session",
        "login gives a session; neither its lifetime nor the error for an old one is public",
        'a session lasts 30 minutes from the login; afterwards error_code -1 with "session không hợp lệ hoặc đã hết hạn"',
        "OpenCPS caches the session for as long as error_code stays 0",
        "assumed",
    ),
    Difference(
        "error codes",
        "no official table; one province's client handles 0, 3 and -3",
        '0 done, 3 "đã tồn tại", -3 "không tồn tại", -1 everything else; always HTTP 200',
        "clients of a provincial portal and of OpenCPS",
        "public code",
    ),
    Difference(
        "packet checks",
        "the official tables of QCVN 120:2019 were not at hand; how strict the portal checks is not known",
        "names, types, lengths and lists are checked; one bad item refuses the whole batch, and the message lists every JSON Pointer",
        "field lists of OpenCPS (27 and 9), lengths of a provincial portal",
        "assumed",
    ),
    Difference(
        "NgayHenTra",
        "mandatory under a condition that is not public",
        "mandatory in the states 2, 4, 9 and 10",
        "QCVN 120:2019 as cited by clients",
        "assumed",
    ),
    Difference(
        "states",
        "which changes of TrangThaiHoSo the portal allows is not public",
        "those of lgsp.standards.dossier_life, else error_code -1; a repeat or an older step is noted; DongBoTrangThaiHoSo 2 moves 1, 5",
        "none",
        "assumed",
    ),
    Difference(
        "TraCuuHoSo",
        "the shape of a row is not public; clients only look whether there is one",
        "a row {MaHoSo, MaTTHC, TrangThaiHoSo}, and an empty list for an unknown number",
        "OpenCPS hasSyncDossier",
        "public code",
    ),
    Difference(
        "nhanhsdvcqg",
        "documented is the form for a business's promotion notice, with an ellipsis in its field list",
        "a citizen's dossier with ChuHoSo, DinhDanhCHS, TrichYeuHoSo, DiaChi and MaDonViTiepNhan added, named as in DongBoHoSoMC",
        "OpenCPS rc-3.0, a provincial portal",
        "assumed",
    ),
    Difference(
        "supplement, withdrawal",
        "the inside of the supplement form is not public; nor is how a withdrawal travels",
        "ThongTinSuaDoi {TrangThai, HoSoBoSungId, NoiDung, ThoiDiem, TaiLieuNop}; a withdrawal is the same form with TrangThai 7",
        "supplement form of OpenCPS rc-3.0",
        "assumed",
    ),
    Difference(
        "payment",
        "a payment runs through PayGov and a bank; documented is the proof that the province gets",
        "no money moves; nhantbthuedvcqg with TrangThaiThanhToan 1 (paid) and the request's number in MaThongBaoThue",
        "payment proof of a provincial portal",
        "assumed",
    ),
    Difference(
        "DanhSachHoSoBoSung",
        "whether an update may leave rows out is not public",
        "rows are kept by HoSoBoSungId; a request for a fee is a row with DanhSachLePhiBoSung",
        "QCVN 120:2019 as cited by clients",
        "assumed",
    ),
    Difference(
        "repeat of nhanhsdvcqg",
        "how often and how long the portal repeats is not public",
        "after 1, 2, 4 … 60 seconds, for ever, until error_code 0; any other error_code ends it as refused",
        "none",
        "assumed",
    ),
    Difference(
        "missing services",
        "questions and answers, DongBoDanhGia, LayTaiLieuPAKN, the remaining LayDanhMuc*, and the personal document store exist",
        "they are refused by name with error_code -1",
        "OpenCPS' service list",
        "public code",
    ),
    Difference(
        "transport",
        "X-Road security servers with client certificates; dstcode selects the provider",
        "plain HTTP; dstcode is optional, only its grammar is checked, and providerurl is ignored",
        "clients' configuration",
        "public code",
    ),
)
