"""Parts of the lake's benchmark."""
