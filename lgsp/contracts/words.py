"""Changes of a schema in words."""

__all__ = ["WORDS"]

WORDS = {
    "allowed": ("what was forbidden is allowed", "giá trị trước đây bị cấm nay được phép"),
    "forbidden": ("what was allowed is forbidden", "giá trị trước đây được phép nay bị cấm"),
    "type": ("type: {}", "kiểu dữ liệu: {}"),
    "required": ("{} is required now", "{} nay là bắt buộc"),
    "optional": ("{} may be absent now", "{} nay không còn bắt buộc"),
    "added": ("new property {}, which a strict reader refuses", "trường mới {}, bên đọc chặt chẽ sẽ từ chối"),
    "removed": ("property {} is gone, and is refused", "trường {} bị bỏ và sẽ bị từ chối"),
    "opened": ("any other property is allowed now", "nay cho phép trường ngoài danh sách"),
    "closed": ("other properties are refused now", "nay từ chối trường ngoài danh sách"),
    "choice_added": ("one more form: {}", "thêm một dạng: {}"),
    "choice_gone": ("a form is gone: {}", "bỏ một dạng: {}"),
    "enum_added": ("only listed values are allowed now", "nay chỉ cho phép giá trị trong danh mục"),
    "enum_dropped": ("values are no longer limited to a list", "giá trị không còn giới hạn trong danh mục"),
    "enum_narrowed": ("values are gone: {}", "bỏ các giá trị: {}"),
    "enum_widened": ("new values: {}", "thêm các giá trị: {}"),
    "bound_narrowed": ("tighter {}", "giới hạn chặt hơn, {}"),
    "bound_widened": ("looser {}", "giới hạn nới lỏng, {}"),
    "pattern": ("pattern: {}", "mẫu: {}"),
    "format": ("format: {}", "định dạng: {}"),
    "unique": ("whether items must differ has changed", "quy định phần tử không trùng nhau đã đổi"),
    "keyword": ("{} has changed", "{} đã đổi"),
    "gone": ("the schema {} is gone", "lược đồ {} bị bỏ"),
}
"""code -> English, Vietnamese; `{{}}` is the detail."""
