# language: vi
Tính năng: Hồ sơ thủ tục hành chính · Dossiers
  Hồ sơ trực tuyến và tại một cửa, từ khi nộp đến khi trả kết quả hoặc rút.

  @flow:online
  Kịch bản: Hồ sơ trực tuyến · Online dossier
    Khi công dân nộp hồ sơ thủ tục 1.000001.000.00.00.H34 trên cổng
      | tệp     |
      | don.pdf |
    Thì iGate có hồ sơ
    Và cổng cho thấy hồ sơ đã trả kết quả

  @flow:counter
  Kịch bản: Hồ sơ một cửa · One-stop dossier
    Khi bộ phận một cửa tiếp nhận hồ sơ thủ tục 1.000001.000.00.00.H34
      | tệp     |
      | don.pdf |
    Thì cổng cho thấy hồ sơ đã trả kết quả

  @flow:supplement
  Kịch bản: Bổ sung hồ sơ, nộp lệ phí · Supplement and fee
    Khi công dân nộp hồ sơ thủ tục 1.000001.000.00.00.H34 trên cổng về việc "Cấp bản sao [bổ sung] [lệ phí]"
      | tệp     |
      | don.pdf |
    Thì cổng cho thấy hồ sơ đã trả kết quả
    Và cổng cho thấy hồ sơ đã qua các trạng thái 5, 6
    Và iGate có 2 giấy tờ của hồ sơ
    Và 2 lần tạm dừng đã kết thúc, iGate và cổng có cùng ngày hẹn trả

  @flow:withdrawn
  Kịch bản: Rút hồ sơ · Withdrawn dossier
    Khi công dân nộp hồ sơ thủ tục 1.000001.000.00.00.H34 trên cổng về việc "Cấp bản sao [bổ sung] [không trả lời]"
      | tệp     |
      | don.pdf |
    Thì hồ sơ ở trạng thái 5 tại cổng
    Khi công dân rút hồ sơ vì "Không còn nhu cầu"
    Thì hồ sơ ở trạng thái 7 tại iGate
    Và hồ sơ ở trạng thái 7 tại cổng

  @flow:signed-result
  Kịch bản: Ký kết quả (iGate - iOffice) · Result signed in iOffice
    Khi bộ phận một cửa tiếp nhận hồ sơ thủ tục 1.000002.000.00.00.H34
      | tệp     |
      | don.pdf |
    Thì iOffice có dự thảo kết quả
    Và cổng cho thấy hồ sơ đã trả kết quả
    Và iOffice đã ký kết quả
