"""One file a page, or a few that belong together. Adding one is no edit elsewhere."""
