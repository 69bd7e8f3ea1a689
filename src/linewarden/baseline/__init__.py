"""What is usual: who does what to whom, learned from records; visible, editable, and a named snapshot when frozen.

    baseline = Baseline()
    for stream, frame in batches: novel = baseline.learn(stream, frame)    # rows of the stream `novelty`

`facts` boils batches down to what is distinct, `entry` is one thing that is usual, `baseline` learns and judges,
`coverage` says how much is known, `expected` holds announced changes and what a person called normal.
"""
