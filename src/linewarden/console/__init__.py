"""THE FACE FOR PEOPLE: pages over the API, rendered here, so that they are fast, work without scripts where they can,
and obey a strict content security policy.

`pages/` has one file a page, found by listing the folder: a `router`, and an `ENTRY` if it stands in the list of pages.
What must be drawn is an island (`frontend/src/islands`), built by Vite into `static/`. Texts are English in the
templates; `words/de/` has the German, one file a page.
"""
