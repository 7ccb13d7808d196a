"""What a period will bring, and how sure that is; plain Python, without Django and without the clock.

``stages`` learns how often a stage is won, ``timing`` how soon, ``shock`` how much the deals of a period move together,
``new_business`` what is neither created yet nor lost, ``simulation`` draws the period from all of it. ``accuracy`` says
who was right, ``coverage`` how much pipeline a target needs, ``phasing`` how a year's target falls on its months.
``docs/forecasting.md`` has formulas and sources.
"""
