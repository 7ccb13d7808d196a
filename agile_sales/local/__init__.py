"""The embedded servers and the one-command start.

Plain Python: nothing in here imports Django, so the servers can be started before the application can.
"""
