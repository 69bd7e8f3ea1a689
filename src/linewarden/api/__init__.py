"""THE FACE FOR PROGRAMS: HTTP over the service, described by OpenAPI 3.1.

`routes/` has one file a subject; each has a `router`, and is found by listing the folder. What an endpoint may show or
change is asked of `Caller`, and of nothing else. The console calls the same functions, so that a page never shows what
the API would not.
"""
