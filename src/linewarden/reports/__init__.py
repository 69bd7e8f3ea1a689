"""What we hand over: one HTML file, and a short summary in the terminal; plain view models, no query of its own."""
