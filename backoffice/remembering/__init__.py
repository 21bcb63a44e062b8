"""Being remembered: templates of faces and fingers, kept because their owners asked for it."""
