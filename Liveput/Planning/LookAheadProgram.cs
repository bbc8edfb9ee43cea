namespace Parcae.Liveput.Planning;

/// <summary>
/// The dynamic program over the look-ahead: expected samples of what follows an interval, by count of instances and strategy.
/// </summary>
/// <remarks>
/// Between two intervals some instances are lost and others come, as the chain has it; then, seeing what is left, the best strategy for it is taken. A strategy whose pipelines are intact, or fewer of them, goes
/// on at the price of new routes; manning more pipelines, or another depth, at the price of moving layers; each at its cost, paid at the rate of the strategy that is taken (a cost beyond an interval too). So what may be preempted counts
/// through what it costs to go on, and what comes through what it costs to grow. A job pauses only while nothing fits.
/// </remarks>
internal sealed class LookAheadProgram
{
    private readonly StrategySpace _space;
    private readonly AvailabilityChain _chain;
    private readonly SurvivalTable?[] _survival;
    private readonly double[] _unharmed;
    private readonly double[] _leaving;
    private readonly double[] _joining;
    private readonly double[][] _rerouting;
    private readonly double _interval;

    /// <summary>For (loss, next count), the best that every strategy can change to when it has to move layers; filled once an interval.</summary>
    private readonly double[] _best;
    private readonly int[] _bestOf;
    private readonly double[] _intact;
    private double[][] _next;
    private double[][] _values;

    /// <summary>A program for strategies and futures.</summary>
    /// <param name="space">The strategies.</param>
    /// <param name="chain">The futures.</param>
    /// <param name="intervalSeconds">T.</param>
    public LookAheadProgram(StrategySpace space, AvailabilityChain chain, double intervalSeconds)
    {
        (_space, _chain, _interval) = (space, chain, intervalSeconds);
        _survival = SurvivalTables.For(space.Strategies, chain.Counts, chain.Losses);
        _unharmed = Gains(space.Unharmed);
        _leaving = Gains(space.Leaving);
        _joining = Gains(space.Joining);
        _rerouting = new double[space.Count][];
        int widest = 1;
        for (int s = 0; s < space.Count; s++)
        {
            int[] narrower = space.Narrower[s];
            _rerouting[s] = [.. narrower.Select((to, i) => (intervalSeconds - space.Rerouting[s][i]) * space.Throughput[to])];
            widest = Math.Max(widest, space.Strategies[s].Pipelines + 1);
        }

        _best = new double[chain.Losses.Length * chain.Counts.Length * space.Count];
        _bestOf = new int[chain.Losses.Length * chain.Counts.Length];
        _intact = new double[widest];
        _next = NewValues(chain.Counts.Length, space.Count);
        _values = NewValues(chain.Counts.Length, space.Count);
    }

    /// <summary>Works backwards; afterwards <see cref="Value"/> answers.</summary>
    public void Run()
    {
        for (int interval = _chain.Horizon - 2; interval >= 0; interval--)
        {
            for (int count = 0; count < _chain.Counts.Length; count++)
            {
                if (_chain.Moves[interval][count] is not { } moves) continue;
                var values = _values[count].AsSpan(0, _space.Fitting(_chain.Counts[count]));
                values.Clear();
                foreach (var move in moves) Add(values, count, move, interval);
            }

            (_next, _values) = (_values, _next);
        }
    }

    /// <summary>After <see cref="Run"/>: expected samples when a strategy is taken now at a cost.</summary>
    public double Value(int strategy, double seconds) => ((_interval - seconds) * _space.Throughput[strategy]) + _next[_chain.Start][strategy];

    /// <summary>Liveput of a strategy in the interval that begins now: expected samples per second of the pipelines that are still intact after what may be lost.</summary>
    public double Liveput(int strategy)
    {
        int[] narrower = _space.Narrower[strategy];
        double expected = 0;
        foreach (var (loss, _, probability) in _chain.Moves[0][_chain.Start]!)
        {
            if (loss == 0)
            {
                expected += probability * _space.Throughput[strategy];
                continue;
            }

            var survival = _survival[strategy]!.Chances(_chain.Start, loss, out int fewest);
            for (int broken = fewest; broken < fewest + survival.Length; broken++)
            {
                double best = 0;
                foreach (int to in narrower)
                {
                    if (_space.Strategies[to].Pipelines <= _space.Strategies[strategy].Pipelines - broken) best = Math.Max(best, _space.Throughput[to]);
                }

                expected += probability * survival[broken - fewest] * best;
            }
        }

        return expected;
    }

    private static double[][] NewValues(int counts, int size)
    {
        var values = new double[counts][];
        for (int i = 0; i < counts; i++) values[i] = new double[size];
        return values;
    }

    /// <summary>Samples of an interval in which a change is paid for.</summary>
    private double[] Gains(double[] seconds)
    {
        var gains = new double[seconds.Length];
        for (int i = 0; i < gains.Length; i++) gains[i] = (_interval - seconds[i]) * _space.Throughput[i % _space.Count];
        return gains;
    }

    /// <summary>Adds what follows one move of the chain to the values of all strategies that fit a count.</summary>
    private void Add(Span<double> values, int count, CountMove move, int interval)
    {
        var best = Best(move.Loss, move.Next, interval);
        if (move.Loss == 0)
        {
            Lanes.AddScaled(values, best[..values.Length], move.Probability);
            return;
        }

        var future = _next[move.Next];
        int fitting = _space.Fitting(_chain.Counts[move.Next]);
        values[0] += move.Probability * best[0];
        for (int s = 1; s < values.Length; s++)
        {
            var survival = _survival[s]!.Chances(count, move.Loss, out int fewest);
            values[s] += move.Probability * WithIntact(s, survival, fewest, best[s], future, fitting);
        }
    }

    /// <summary>The better of going on with what is intact and of changing, over what may be broken.</summary>
    private double WithIntact(int s, ReadOnlySpan<double> survival, int fewest, double other, double[] future, int fitting)
    {
        int[] narrower = _space.Narrower[s];
        double[] gains = _rerouting[s];
        int pipelines = _space.Strategies[s].Pipelines, i = 0;
        double expected = 0, best = other;

        // From all broken to none: whatever fits fewer intact pipelines also fits more.
        for (int broken = fewest + survival.Length - 1; broken >= fewest; broken--)
        {
            for (; i < narrower.Length && _space.Strategies[narrower[i]].Pipelines <= pipelines - broken; i++)
            {
                int to = narrower[i];
                if (to >= fitting) continue;
                double gain = to == s && broken == 0 ? _interval * _space.Throughput[s] : gains[i];
                best = Math.Max(best, gain + future[to]);
            }

            expected += survival[broken - fewest] * best;
        }

        return expected;
    }

    /// <summary>For every strategy, the best to change to for a count after a loss (after none: or to stay).</summary>
    private ReadOnlySpan<double> Best(int loss, int next, int interval)
    {
        int strategies = _space.Count, key = (loss * _chain.Counts.Length) + next;
        var best = _best.AsSpan(key * strategies, strategies);
        if (_bestOf[key] == interval + 1) return best;
        _bestOf[key] = interval + 1;
        int fitting = _space.Fitting(_chain.Counts[next]);
        var future = _next[next].AsSpan(0, fitting);

        // Nobody pauses while something fits.
        if (fitting == 1)
        {
            best.Fill(future[0]);
            return best;
        }

        for (int from = 0; from < strategies; from++)
        {
            int row = from * strategies;
            if (loss == 0 || from == 0)
            {
                best[from] = Lanes.Greatest(_unharmed.AsSpan(row + 1, fitting - 1), future[1..]);
                continue;
            }

            int left = Math.Clamp(_space.Fitting(_space.Strategies[from].Instances - _chain.Losses[loss]), 1, fitting);
            best[from] = Math.Max(
                Lanes.Greatest(_leaving.AsSpan(row + 1, left - 1), future[1..left]),
                Lanes.Greatest(_joining.AsSpan(row + left, fitting - left), future[left..]));
        }

        return best;
    }
}
