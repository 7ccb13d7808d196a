"""The pages about people: members, units, invitations, the organisation itself, and who looks in from outside."""
