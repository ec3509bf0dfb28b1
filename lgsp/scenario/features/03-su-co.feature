# language: vi
Tính năng: Khi có sự cố · When something goes wrong
  Mỗi sự cố kết thúc đúng chỗ, và nói rõ vì sao.

  @flow:malformed-document
  Kịch bản: edXML sai cú pháp · Malformed edXML
    Khi iOffice gửi một gói edXML sai cú pháp
    Thì trục LGSP từ chối với mã "22"

  @flow:wrong-procedure
  Kịch bản: Sai mã thủ tục · Wrong procedure code
    Khi cổng đẩy hồ sơ có mã thủ tục "not-a-procedure"
    Thì trục LGSP từ chối vì "/MaTTHC"

  @flow:unknown-recipient
  Kịch bản: Nơi nhận không tồn tại · Unknown recipient
    Khi iOffice phát hành văn bản "V/v gửi nhầm địa chỉ" của 000.00.00.H34 gửi 000.00.00.G98
    Thì văn bản thành thư chết của trục

  @flow:system-away @alone
  Kịch bản: Hệ thống ngừng một lúc · A system is away
    Cho cổng ngừng hoạt động
    Khi bộ phận một cửa tiếp nhận hồ sơ thủ tục 1.000001.000.00.00.H34
    Thì hồ sơ đã xong tại iGate và chờ cổng
    Khi cổng hoạt động trở lại
    Thì cổng cho thấy hồ sơ đã trả kết quả
