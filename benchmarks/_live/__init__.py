"""What `_analytics/live.py` runs beside the service: a broker, edge nodes, an OPC UA server."""
