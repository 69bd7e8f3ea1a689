"""Asset Administration Shells of what is in the plant (IEC 63278-1; IDTA 01001-3, 01005-3), by the Eclipse BaSyx SDK.

    environment(assets, values, site)  -> shells with their submodels
    package(...)                       -> the bytes of an AASX file, or of one JSON or XML file

A shell has a Digital Nameplate, what it says and to whom, and its process values, as far as each was seen: what nobody
said is left out, never made up.
"""
