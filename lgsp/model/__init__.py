"""The canonical data model: what the bus itself understands, strict, in English snake_case."""
