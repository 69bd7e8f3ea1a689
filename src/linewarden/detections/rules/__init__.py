"""A site's own rules: what they look at, kept as data, run as detections beside ours."""
