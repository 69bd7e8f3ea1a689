"""ATT&CK for ICS: the names, tactics and numbers of techniques that a detection may state.

Source: MITRE ATT&CK for ICS, version 18.1 (STIX, attack.mitre.org; (c) The MITRE Corporation, under its terms of use).
The v19 numbers are inferred from equal names in both versions, not taken from a published table: check one before you
rely on it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique: its v18.1 id, name and tactics (folder names of `detections/`), and its v19 id as inferred."""

    id: str
    name: str
    tactics: tuple[str, ...]
    v19: str


_LISTED = """
T0800|Activate Firmware Update Mode|inhibit_response_function|T0800
T0801|Monitor Process State|collection|T0801
T0802|Automated Collection|collection|T0802
T0803|Block Command Message|inhibit_response_function|T1691.001
T0804|Block Reporting Message|inhibit_response_function|T1691.002
T0805|Block Serial COM|inhibit_response_function|T1695.001
T0806|Brute Force I/O|impair_process_control|T0806
T0807|Command-Line Interface|execution|T0807
T0809|Data Destruction|inhibit_response_function|T0809
T0811|Data from Information Repositories|collection|T0811
T0812|Default Credentials|lateral_movement|T1694.001
T0813|Denial of Control|impact|T0813
T0814|Denial of Service|inhibit_response_function|T0814
T0815|Denial of View|impact|T0815
T0816|Device Restart/Shutdown|inhibit_response_function|T0816
T0817|Drive-by Compromise|initial_access|T0817
T0819|Exploit Public-Facing Application|initial_access|T0819
T0820|Exploitation for Evasion|evasion|T0820
T0821|Modify Controller Tasking|execution|T0821
T0822|External Remote Services|initial_access|T0822
T0823|Graphical User Interface|execution|T0823
T0826|Loss of Availability|impact|T0826
T0827|Loss of Control|impact|T0827
T0828|Loss of Productivity and Revenue|impact|T0828
T0829|Loss of View|impact|T0829
T0830|Adversary-in-the-Middle|collection|T0830
T0831|Manipulation of Control|impact|T0831
T0832|Manipulation of View|impact|T0832
T0834|Native API|execution|T0834
T0835|Manipulate I/O Image|inhibit_response_function|T0835
T0836|Modify Parameter|impair_process_control|T0836
T0837|Loss of Protection|impact|T0837
T0838|Modify Alarm Settings|inhibit_response_function|T0838
T0839|Module Firmware|persistence impair_process_control|T1693.002
T0840|Network Connection Enumeration|discovery|T0840
T0842|Network Sniffing|discovery|T0842
T0843|Program Download|lateral_movement|T0843
T0845|Program Upload|collection|T0845
T0846|Remote System Discovery|discovery|T0846
T0847|Replication Through Removable Media|initial_access|T0847
T0848|Rogue Master|initial_access|T0848
T0849|Masquerading|evasion|T0849
T0851|Rootkit|evasion inhibit_response_function|T0851
T0852|Screen Capture|collection|T0852
T0853|Scripting|execution|T0853
T0855|Unauthorized Command Message|impair_process_control|T1692.001
T0856|Spoof Reporting Message|evasion impair_process_control|T1692.002
T0857|System Firmware|persistence inhibit_response_function|T1693.001
T0858|Change Operating Mode|execution evasion|T0858
T0859|Valid Accounts|persistence lateral_movement|T0859
T0860|Wireless Compromise|initial_access|T0860
T0861|Point & Tag Identification|collection|T0861
T0862|Supply Chain Compromise|initial_access|T0862
T0863|User Execution|execution|T0863
T0864|Transient Cyber Asset|initial_access|T0864
T0865|Spearphishing Attachment|initial_access|T0865
T0866|Exploitation of Remote Services|initial_access lateral_movement|T0866
T0867|Lateral Tool Transfer|lateral_movement|T0867
T0868|Detect Operating Mode|collection|T0868
T0869|Standard Application Layer Protocol|command_and_control|T0869
T0871|Execution through API|execution|T0871
T0872|Indicator Removal on Host|evasion|T0872
T0873|Project File Infection|persistence|T0873
T0874|Hooking|execution privilege_escalation|T0874
T0877|I/O Image|collection|T0877
T0878|Alarm Suppression|inhibit_response_function|T0878
T0879|Damage to Property|impact|T0879
T0880|Loss of Safety|impact|T0880
T0881|Service Stop|inhibit_response_function|T0881
T0882|Theft of Operational Information|impact|T0882
T0883|Internet Accessible Device|initial_access|T0883
T0884|Connection Proxy|command_and_control|T0884
T0885|Commonly Used Port|command_and_control|T0885
T0886|Remote Services|initial_access lateral_movement|T0886
T0887|Wireless Sniffing|discovery collection|T0887
T0888|Remote System Information Discovery|discovery|T0888
T0889|Modify Program|persistence|T0889
T0890|Exploitation for Privilege Escalation|privilege_escalation|T0890
T0891|Hardcoded Credentials|lateral_movement persistence|T1694.002
T0892|Change Credential|inhibit_response_function|T0892
T0893|Data from Local System|collection|T0893
T0894|System Binary Proxy Execution|evasion|T0894
T0895|Autorun Image|execution|T0895
"""

# ATT&CK for ICS has no technique of its own for guessing passwords: the Enterprise one stands in.
_ENTERPRISE = (Technique("T1110", "Brute Force (Enterprise)", ("lateral_movement",), "T1110"),)


def _technique(line: str) -> Technique:
    number, name, tactics, v19 = line.split("|")
    return Technique(number, name, tuple(tactics.split()), v19)


TECHNIQUES = {t.id: t for t in (*map(_technique, _LISTED.split("\n")[1:-1]), *_ENTERPRISE)}
"""By v18.1 id."""

TACTICS = frozenset(tactic for t in TECHNIQUES.values() for tactic in t.tactics)
"""The folders in which detections may stand."""
