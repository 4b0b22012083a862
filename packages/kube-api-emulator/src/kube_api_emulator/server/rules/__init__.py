"""The content of objects: types, defaults, validation, patches, and the owners of fields. Pure."""
