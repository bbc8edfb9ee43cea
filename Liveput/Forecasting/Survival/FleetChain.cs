namespace Parcae.Liveput.Forecasting.Survival;

/// <summary>The joint distribution of the count and the ages of the last loss and arrival, interval by interval.</summary>
internal sealed class FleetChain
{
    private const int Ages = FleetHazards.Ages;

    private readonly int _most;
    private readonly double[][] _mass = new double[Ages * Ages][];
    private readonly double[][] _next = new double[Ages * Ages][];
    private readonly double[] _events, _lossChance = new double[Ages * Ages], _lossSizes, _lossSizesReversed;
    private readonly double[]?[] _arrivalSizes, _arrivalChances;
    private readonly FleetHazards _hazards;
    private readonly double _seenSizes;
    private int _low, _high;

    public FleetChain(FleetHazards hazards, int now, int most, double seenSizes)
    {
        (_hazards, _most, _seenSizes, _low, _high) = (hazards, most, seenSizes, now, now);
        _events = new double[most + 1];
        _arrivalSizes = new double[]?[most + 1];
        _arrivalChances = new double[]?[most + 1];
        _lossSizes = hazards.LossSizes.Of(Math.Max(1, now), seenSizes);
        _lossSizesReversed = [.. _lossSizes.Reverse()];
        for (int s = 0; s < _mass.Length; s++)
        {
            (_mass[s], _next[s]) = (new double[most + 1], new double[most + 1]);
            _lossChance[s] = hazards.LossChance(s / Ages, s % Ages);
        }

        _mass[State(FleetHazards.AgeOf(hazards.SinceLoss), FleetHazards.AgeOf(hazards.SinceArrival))][now] = 1;
    }

    /// <summary>The next interval.</summary>
    public IntervalForecast Advance()
    {
        var lost = Lose();
        var joined = new double[]?[_high + 1];
        Arrive(joined);
        var counts = new double[_high + 1];
        foreach (var mass in _mass)
        {
            for (int n = _low; n <= _high; n++) counts[n] += mass[n];
        }

        while (_low < _high && counts[_low] < Distributions.Negligible) _low++;
        while (_high > _low && counts[_high] < Distributions.Negligible) _high--;
        return new IntervalForecast { Available = Distributions.Trimmed(counts), Lost = Distributions.Trimmed(lost), Joined = Array.ConvertAll(joined, row => row is null ? null : Distributions.Trimmed(row)) };
    }

    private static int State(int lossAge, int arrivalAge) => (lossAge * Ages) + arrivalAge;

    private double[] Lose()
    {
        var lost = new double[Math.Min(_lossSizes.Length, _high) + 1];
        int low = Math.Max(0, _low - _lossSizes.Length);
        ClearNext();
        for (int arrival = 0; arrival < Ages; arrival++)
        {
            Array.Clear(_events);
            for (int loss = 0; loss < Ages; loss++)
            {
                int state = State(loss, arrival);
                var mass = _mass[state];
                double ageing = FleetHazards.Ageing(loss);
                double[] same = _next[state], older = _next[State(Math.Min(Ages - 1, loss + 1), arrival)];
                for (int n = _low; n <= _high; n++)
                {
                    if (mass[n] == 0) continue;
                    double quiet = mass[n] * (n == 0 ? 1 : 1 - _lossChance[state]);
                    _events[n] += mass[n] - quiet;
                    lost[0] += quiet;
                    older[n] += quiet * ageing;
                    same[n] += quiet * (1 - ageing);
                }
            }

            var after = _next[State(0, arrival)];
            int wide = _lossSizes.Length;
            double many = 0;
            for (int n = Math.Max(1, _low); n <= _high; n++)
            {
                double p = _events[n];
                if (p < Distributions.Negligible * 0.01)
                {
                    // Too little to follow; it stays where it is.
                    after[n] += p;
                    lost[0] += p;
                }
                else if (n >= wide)
                {
                    many += p;
                    Lanes.AddScaled(after.AsSpan(n - wide, wide), _lossSizesReversed, p);
                }
                else
                {
                    for (int k = 0; k < wide; k++)
                    {
                        int gone = Math.Min(n, k + 1);
                        after[n - gone] += p * _lossSizes[k];
                        lost[gone] += p * _lossSizes[k];
                    }
                }
            }

            if (many > 0) Lanes.AddScaled(lost.AsSpan(1), _lossSizes, many);
        }

        _low = low;
        Swap();
        return lost;
    }

    /// <summary>Lets instances come; what comes to each count goes to <paramref name="joined"/>, not yet divided by the chance of that count.</summary>
    private void Arrive(double[]?[] joined)
    {
        int high = _high;
        ClearNext();
        for (int loss = 0; loss < Ages; loss++)
        {
            Array.Clear(_events);
            for (int arrival = 0; arrival < Ages; arrival++)
            {
                int state = State(loss, arrival);
                var mass = _mass[state];
                double ageing = FleetHazards.Ageing(arrival);
                double[] same = _next[state], older = _next[State(loss, Math.Min(Ages - 1, arrival + 1))];
                for (int n = _low; n <= _high; n++)
                {
                    if (mass[n] == 0) continue;
                    double quiet = mass[n] * (1 - Chances(n)[state]);
                    _events[n] += mass[n] - quiet;
                    (joined[n] ??= new double[_most + 1])[0] += quiet;
                    older[n] += quiet * ageing;
                    same[n] += quiet * (1 - ageing);
                }
            }

            var after = _next[State(loss, 0)];
            for (int n = _low; n <= _high; n++)
            {
                if (_events[n] == 0) continue;
                if (_events[n] < Distributions.Negligible * 0.01)
                {
                    after[n] += _events[n];
                    continue;
                }

                // Up to the greatest count; beyond it only from there.
                int room = n < _hazards.Highest ? _hazards.Highest - n : _most - n;
                if (room == 0)
                {
                    after[n] += _events[n];
                    joined[n]![0] += _events[n];
                    continue;
                }

                var sizes = _arrivalSizes[n] ??= _hazards.ArrivalSizes.Of(room, _seenSizes);
                Lanes.AddScaled(after.AsSpan(n + 1), sizes, _events[n]);
                Lanes.AddScaled(joined[n].AsSpan(1), sizes, _events[n]);
                high = Math.Max(high, n + sizes.Length);
            }
        }

        _high = high;
        Swap();
    }

    private double[] Chances(int n)
    {
        if (_arrivalChances[n] is { } known) return known;
        var chances = new double[Ages * Ages];
        for (int s = 0; s < chances.Length; s++) chances[s] = _hazards.ArrivalChance(s / Ages, s % Ages, Math.Max(0, _hazards.Highest - n));
        return _arrivalChances[n] = chances;
    }

    private void ClearNext()
    {
        foreach (var next in _next) Array.Clear(next);
    }

    private void Swap()
    {
        for (int s = 0; s < _mass.Length; s++) (_mass[s], _next[s]) = (_next[s], _mass[s]);
    }
}
