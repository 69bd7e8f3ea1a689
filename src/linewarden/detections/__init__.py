"""What is wrong: one file a behaviour, in the folder of its ATT&CK-for-ICS tactic. Pure; records in, findings out."""
