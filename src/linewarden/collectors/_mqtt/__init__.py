"""What the collectors over MQTT share: the session with a server, and Sparkplug B as state and bytes without I/O."""
