# language: vi
Tính năng: Văn bản qua trục · Documents over the axis
  Văn bản đi, văn bản đến và thu hồi, với các trạng thái theo QĐ 28/2018/QĐ-TTg.

  @flow:outgoing
  Kịch bản: Văn bản đi · Outgoing document
    Khi iOffice phát hành văn bản "V/v kết nối, liên thông phần mềm quản lý văn bản" của 000.00.00.H34 gửi 000.00.00.G22, 000.00.02.H34, 000.00.03.H34
      | tệp          | nội dung  |
      | cong-van.pdf |           |
      | phu-luc.txt  | Phụ lục I |
    Thì 000.00.00.G22 nhận được văn bản với 2 tệp đính kèm
    Và 000.00.02.H34 nhận được văn bản
    Và 000.00.03.H34 nhận được văn bản
    Và nơi gửi nhận được các trạng thái 01, 03, 04, 05, 06 từ 000.00.00.G22, 000.00.02.H34, 000.00.03.H34

  @flow:incoming
  Kịch bản: Văn bản đến · Incoming document
    Khi 000.00.00.G09 gửi văn bản "V/v báo cáo công tác cải cách hành chính" qua trục tới 000.00.00.H34
      | tệp         |
      | bao-cao.pdf |
    Thì 000.00.00.H34 nhận được văn bản với 1 tệp đính kèm
    Và nơi gửi nhận được các trạng thái 01, 03, 04, 05, 06 từ 000.00.00.H34

  @flow:recall
  Kịch bản: Thu hồi văn bản · Recalled document
    Khi iOffice phát hành văn bản "V/v gửi nhầm nơi nhận [chờ]" của 000.00.00.H34 gửi 000.00.00.G22
    Thì 000.00.00.G22 đã tiếp nhận văn bản
    Khi nơi gửi thu hồi văn bản vì "Gửi nhầm nơi nhận"
    Thì 000.00.00.G22 đã trả lại văn bản
