"""Whose hours go to which customer: value per hour under capacity; plain Python, without Django and without the clock.

``response`` says what hours change, ``adbudg`` learns that from a squad's own estimates, ``week`` says what may be done
and under which rules, ``options`` lists what could be done for each account, ``knapsack`` picks the best, ``plan``
adds service floors and exploration and says of every account why. ``docs/ranking.md`` has formulas and sources.
"""
