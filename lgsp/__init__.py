"""LGSP: a provincial integration layer (nền tảng tích hợp, chia sẻ dữ liệu cấp tỉnh) that runs on a laptop."""

__version__ = "0.8.0"
