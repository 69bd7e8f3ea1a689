"""What runs collectors: samples to a log on disk, from there once a second into the lake, each once (ADR 21).

collector --put--> Sink --block, fsync--> SampleLog --once a second--> Forwarder --Parquet--> lake
(thread each)      (group commit)         (segments)                   (intent, files, mark)
"""
