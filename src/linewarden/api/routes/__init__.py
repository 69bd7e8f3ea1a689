"""One file a subject, each with a `router`. Adding one is no edit elsewhere."""
