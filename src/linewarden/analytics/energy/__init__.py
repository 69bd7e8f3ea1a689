"""Energy of a plant: what comes next, what it consists of, what is wasted, and what that costs.

    meter = Meter(at, kwh, 900.0)              # energy of each quarter of an hour
    LoadForecast().rolling(meter, begin)       # the next quarter of an hour, with intervals
    profile.profile(meter, clock)              # base load, peaks, weekdays and shifts
    waste.found(meter, clock, tariff)          # idle running, weekends, leaks, reactive power: in money

`load` makes a `Meter` of power or of a counter, `tariff` is what a person configures. numpy and LightGBM come with the
extra `analytics`.
"""
