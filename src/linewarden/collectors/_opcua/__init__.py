"""The parts of the OPC UA client collector (`collectors/opcua.py`).

`pki` whom we trust. `link` a session that can only read. `nodes` what to subscribe to. `feed` the subscription.
`past` what was missed, from the server's history. `values` from the server's values to samples. `decode` the bytes.
"""
