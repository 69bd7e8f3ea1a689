"""WHO: accounts and how they prove who they are. Pure logic over a store, a clock and randomness that are handed in.

`signing_in` joins the rest: `passwords`, `totp` and `passkeys` prove, `throttle` slows down who guesses, `sessions`
remember. `onboarding` makes accounts and brings lost ones back, `administering` changes them; `tokens` are for
machines. What an account may do is not decided here but in `policy`; here its grants are only kept.

Single sign-on (OIDC) is not built yet: its place is beside `SignIn.with_password`, as a method that ends in the same
`Outcome`.
"""
