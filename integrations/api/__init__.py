"""The conventions of the API: tokens, problems, parameters, pages, and how all of it is described."""
