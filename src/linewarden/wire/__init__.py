"""The bytes: capture files and live ports. A thin Python face on the Rust engine."""
