"""Which accounts deserve attention: plain Python, without Django and without the clock.

``facts`` says what is known of an account, ``signals`` what that means, ``card`` how much it weighs, ``base_rate``
makes probabilities of it, ``value`` says how much money is at stake and ``ranking`` puts the accounts in order.
"""
