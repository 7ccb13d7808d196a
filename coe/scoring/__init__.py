"""Which accounts deserve attention: plain Python, without Django and without the clock.

``facts`` says what is known of an account, ``signals`` what that means, ``card`` how much it weighs, ``base_rate``
makes probabilities of it, ``value`` says how much money is at stake and ``ranking`` puts the accounts in order.

What is learnt from outcomes: ``table`` and ``encoding`` make a matrix of columns, ``leaks`` and ``personal`` say what
must not be learnt from, ``learners`` are the rungs of the ladder, ``folds`` and ``trials`` put them to the proof,
``calibration`` makes their probabilities mean what they say, ``measures`` judges them and ``selection`` chooses.
"""
