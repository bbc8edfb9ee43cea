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

    /// <summary>Where each strategy's options begin in a block, by number of losses: one for every number of pipelines that may be broken, <c>[loss][Count + 1]</c>.</summary>
    private readonly int[][] _offsets;

    /// <summary>For (loss, next count), the value of every strategy's best option, by pipelines broken; filled when first asked for in an interval.</summary>
    private readonly double[]?[] _blocks;
    private readonly int[] _blockOf;
    private readonly double[] _mixed;
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
        for (int s = 0; s < space.Count; s++)
        {
            _rerouting[s] = [.. space.Narrower[s].Select((to, i) => (intervalSeconds - space.Rerouting[s][i]) * space.Throughput[to])];
        }

        _offsets = Array.ConvertAll(chain.Losses, lost =>
        {
            var offsets = new int[space.Count + 1];
            for (int s = 0; s < space.Count; s++) offsets[s + 1] = offsets[s] + Math.Min(lost, space.Strategies[s].Pipelines) + 1;
            return offsets;
        });
        _blocks = new double[]?[chain.Losses.Length * chain.Counts.Length];
        _blockOf = new int[_blocks.Length];
        _mixed = new double[_offsets[^1][^1]];
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
                Evaluate(values, count, moves, interval);
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

    /// <summary>The values of all strategies that fit a count: for each number of losses, the options mixed over the counts that may follow, then over the pipelines that may be broken.</summary>
    private void Evaluate(Span<double> values, int count, List<CountMove> moves, int interval)
    {
        for (int i = 0; i < moves.Count;)
        {
            int loss = moves[i].Loss;
            int[] offsets = _offsets[loss];
            var mixed = _mixed.AsSpan(0, offsets[values.Length]);
            mixed.Clear();
            for (; i < moves.Count && moves[i].Loss == loss; i++) Lanes.AddScaled(mixed, Options(loss, moves[i].Next, interval)[..mixed.Length], moves[i].Probability);
            values[0] += mixed[0];
            for (int s = 1; s < values.Length; s++)
            {
                if (loss == 0)
                {
                    values[s] += mixed[s];
                    continue;
                }

                var survival = _survival[s]!.Chances(count, loss, out int fewest);
                double expected = 0;
                for (int d = 0; d < survival.Length; d++) expected += survival[d] * mixed[offsets[s] + fewest + d];
                values[s] += expected;
            }
        }
    }

    private ReadOnlySpan<double> Options(int loss, int next, int interval)
    {
        int key = (loss * _chain.Counts.Length) + next;
        var block = _blocks[key] ??= new double[_offsets[loss][^1]];
        if (_blockOf[key] == interval + 1) return block;
        _blockOf[key] = interval + 1;
        int fitting = _space.Fitting(_chain.Counts[next]);
        var future = _next[next].AsSpan(0, fitting);
        for (int s = 0; s < _space.Count; s++)
        {
            var options = block.AsSpan(_offsets[loss][s], _offsets[loss][s + 1] - _offsets[loss][s]);

            // Nobody pauses while something fits.
            if (fitting == 1) options.Fill(future[0]);
            else WithIntact(s, options, Change(s, loss, future), future);
        }

        return block;
    }

    /// <summary>The best that a strategy can change to when layers must move (when nothing was lost: or to stay).</summary>
    private double Change(int from, int loss, ReadOnlySpan<double> future)
    {
        int row = from * _space.Count, fitting = future.Length;
        if (loss == 0 || from == 0) return Lanes.Greatest(_unharmed.AsSpan(row + 1, fitting - 1), future[1..]);
        int left = Math.Clamp(_space.Fitting(_space.Strategies[from].Instances - _chain.Losses[loss]), 1, fitting);
        return Math.Max(
            Lanes.Greatest(_leaving.AsSpan(row + 1, left - 1), future[1..left]),
            Lanes.Greatest(_joining.AsSpan(row + left, fitting - left), future[left..]));
    }

    /// <summary>The better of changing and of going on with what is intact, by pipelines broken.</summary>
    private void WithIntact(int s, Span<double> options, double best, ReadOnlySpan<double> future)
    {
        int[] narrower = _space.Narrower[s];
        double[] gains = _rerouting[s];
        int pipelines = _space.Strategies[s].Pipelines, i = 0;

        // From all broken to none: whatever fits fewer intact pipelines also fits more.
        for (int broken = options.Length - 1; broken >= 0; broken--)
        {
            for (; i < narrower.Length && _space.Strategies[narrower[i]].Pipelines <= pipelines - broken; i++)
            {
                int to = narrower[i];
                if (to >= future.Length) continue;
                double gain = to == s && broken == 0 ? _interval * _space.Throughput[s] : gains[i];
                best = Math.Max(best, gain + future[to]);
            }

            options[broken] = best;
        }
    }
}
