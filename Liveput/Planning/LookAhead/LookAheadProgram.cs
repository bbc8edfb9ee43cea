using System.Collections.Concurrent;

using Parcae.Liveput.Planning.Futures;

namespace Parcae.Liveput.Planning.LookAhead;

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
    private readonly double _interval;
    private readonly int _stride;
    private double[] _next;
    private double[] _values;

    /// <summary>A program for strategies and futures.</summary>
    /// <param name="space">The strategies.</param>
    /// <param name="chain">The futures.</param>
    /// <param name="intervalSeconds">T.</param>
    public LookAheadProgram(StrategySpace space, AvailabilityChain chain, double intervalSeconds)
    {
        (_space, _chain, _interval) = (space, chain, intervalSeconds);
        _survival = SurvivalTables.For(space.Strategies, chain.Counts, chain.Losses);
        _stride = StrategyStep.Stride(chain.Counts.Length);
        _next = NothingFollows();
        _values = NothingFollows();
    }

    /// <summary>Works backwards; afterwards <see cref="Value"/> answers.</summary>
    public void Run()
    {
        var known = new Dictionary<List<CountMove>, LossMoves>(ReferenceEqualityComparer.Instance);
        var idle = new ConcurrentBag<StrategyStep>();
        for (int interval = _chain.Horizon - 2; interval >= 0; interval--)
        {
            var moves = Array.ConvertAll(_chain.Moves[interval], Dense);

            // Every strategy fills in its own values: the result does not depend on who computes them.
            Parallel.For(
                0, _space.Count, () => idle.TryTake(out var step) ? step : new StrategyStep(_space, _chain, _interval, _stride),
                (s, _, step) =>
                {
                    step.Run(s, _survival[s], moves, _next, _values.AsSpan(s * _stride, _stride));
                    return step;
                },
                idle.Add);
            (_next, _values) = (_values, _next);
        }

        LossMoves? Dense(List<CountMove>? moves)
        {
            if (moves is null) return null;
            if (!known.TryGetValue(moves, out var dense)) known[moves] = dense = new LossMoves(moves);
            return dense;
        }
    }

    /// <summary>After <see cref="Run"/>: expected samples when a strategy is taken now at a cost.</summary>
    public double Value(int strategy, double seconds) => ((_interval - seconds) * _space.Throughput[strategy]) + _next[(strategy * _stride) + _chain.Start];

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

    /// <summary>Values of 0 for every strategy and count that holds it, <c>[strategy * stride + count]</c>; negative infinity where it does not fit.</summary>
    private double[] NothingFollows()
    {
        var values = new double[_space.Count * _stride];
        for (int count = 0; count < _chain.Counts.Length; count++)
        {
            for (int s = _space.Fitting(_chain.Counts[count]); s < _space.Count; s++) values[(s * _stride) + count] = double.NegativeInfinity;
        }

        return values;
    }
}
