"""Pictures: read from photographs of any format, cropped, and checked."""
