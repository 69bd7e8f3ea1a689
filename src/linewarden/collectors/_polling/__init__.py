"""What collectors that ask share: when to ask, how long to wait, when to try again, and what to say of it.

schedule   when each group of tags is due, spread so that not everything is asked at once
loop       asks until it is told to stop; connects again, says gaps
trouble    one line for one trouble
blocks     tags that lie near one another, joined into few requests
values     registers and bytes to numbers and texts
tls        the encrypted way to a machine
"""
