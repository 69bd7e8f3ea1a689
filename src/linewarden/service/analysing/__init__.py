"""Process values judged as they come, or over a lake: is what is odd an attack, wear, or somebody's work?

settings    what a person may say: machines, hints, times
tags        values of `reading` records by machine, as columns of numbers
machine     learns and judges one machine
doings      what was done on the network meanwhile: writes, stops, notices
verdict     the rules: attack, wear, change, unclear
analysis    all together; `live` and `over_lake` feed it, `kept` keeps what it learned
shelf       what is kept below the data folder, for pages and the API
"""
