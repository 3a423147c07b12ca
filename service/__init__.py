"""The service that shows a worklist exactly as it was written, and records what people decide about it."""
