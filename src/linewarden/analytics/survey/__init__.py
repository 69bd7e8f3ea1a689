"""A first look at values that nobody explained: what is wrong with the data, what belongs together, when the process
changed, and which moments stand out. Pure: rows in, findings out."""
