"""What is odd: detectors over process values, learned from normal operation alone.

    detector = MultivariateEwma(tags=("flow", "pressure"))
    detector.learn_many(normal, at)            # rows of a time when all was well
    scores = detector.score_many(rows, at)     # score (1 = limit), alarm, confidence, contributions a tag

`contract` is what each detector keeps, `detectors/` holds one file each, `watch` puts them together and tells the
facts of a notice. numpy, scipy and scikit-learn come with the optional extra `analytics`; nothing else loads this
room.
"""
