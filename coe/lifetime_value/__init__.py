"""What customers without a contract will buy and are worth: plain Python, without Django and without the clock.

``histories`` turns orders into when and how often somebody bought; ``beta_geometric``, ``pareto`` and ``nbd`` say how
often they will, ``spend`` for how much, ``choice`` which of them holds on later weeks; ``engine`` puts it together and
never fails. ``potential`` and ``whitespace`` say what else a customer could buy. ``docs/lifetime-value.md`` has
formulas and sources.
"""
