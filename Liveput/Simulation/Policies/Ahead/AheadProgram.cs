using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.Futures;
using Parcae.Liveput.Planning.LookAhead;

namespace Parcae.Liveput.Simulation.Policies.Ahead;

/// <summary>
/// The look-ahead when every interval's strategy must be named before it is known what comes and goes, and is cut to fit where too few come: the paper's liveput to the letter.
/// </summary>
/// <remarks>
/// The strategy of the highest expectation over the losses and arrivals of the chain, of what is left of it after the cut, with the cost of getting there, and of what follows. It looks further than the throughput of the coming
/// interval, and so keeps spares where losses are likely.
/// </remarks>
internal sealed class AheadProgram
{
    private readonly StrategySpace _space;
    private readonly AvailabilityChain _chain;
    private readonly double _interval;
    private readonly int _strategies;
    private readonly SurvivalTable?[] _survival;
    private readonly int[][] _cut;

    /// <summary>Samples of an interval in which the strategy after the cut is reached from each strategy: <c>[loss][count][to * Count + from]</c>.</summary>
    private readonly double[]?[][] _gains;

    /// <summary>A program for strategies and futures.</summary>
    public AheadProgram(StrategySpace space, AvailabilityChain chain, double intervalSeconds)
    {
        (_space, _chain, _interval, _strategies) = (space, chain, intervalSeconds, space.Count);
        _survival = SurvivalTables.For(space.Strategies, chain.Counts, chain.Losses);
        _cut = Array.ConvertAll(chain.Counts, Cut);
        _gains = Array.ConvertAll(chain.Losses, _ => new double[]?[chain.Counts.Length]);
    }

    /// <summary>The expectation of naming each strategy for the interval that begins now, <c>[Count]</c>.</summary>
    /// <param name="current">Index of the strategy in force.</param>
    public double[] Run(int current)
    {
        var next = NewValues();
        var values = NewValues();
        var sum = new double[_strategies];
        for (int interval = _chain.Horizon - 1; interval > 0; interval--)
        {
            for (int count = 0; count < _chain.Counts.Length; count++)
            {
                if (_chain.Moves[interval][count] is not { } moves) continue;
                Array.Fill(values[count], double.NegativeInfinity);
                for (int named = 0; named < _strategies; named++)
                {
                    double future = Expect(sum, named, count, moves, next);
                    for (int from = 0; from < _strategies; from++) values[count][from] = Math.Max(values[count][from], sum[from] + future);
                }
            }

            (next, values) = (values, next);
        }

        var expected = new double[_strategies];
        for (int named = 0; named < _strategies; named++)
        {
            double future = Expect(sum, named, _chain.Start, _chain.Moves[0][_chain.Start]!, next);
            expected[named] = sum[current] + future;
        }

        return expected;
    }

    /// <summary>What naming a strategy brings in the interval from every strategy that may be in force; returns what follows, which is the same for all.</summary>
    private double Expect(double[] sum, int named, int count, List<CountMove> moves, double[][] next)
    {
        Array.Clear(sum);
        double future = 0, weight = 0;
        for (int i = 0; i < moves.Count; i++)
        {
            var (loss, after, probability) = moves[i];
            int to = _cut[after][named];
            future += probability * next[after][to];
            weight += probability;

            // Mostly what is named fits whatever comes: one pass for all of that.
            if (i + 1 < moves.Count && moves[i + 1].Loss == loss && _cut[moves[i + 1].Next][named] == to) continue;
            Lanes.AddScaled(sum, Gains(loss, count).AsSpan(to * _strategies, _strategies), weight);
            weight = 0;
        }

        return future;
    }

    private double[] Gains(int loss, int count)
    {
        if (_gains[loss][count] is { } known) return known;
        var gains = new double[_strategies * _strategies];
        int fitting = _space.Fitting(_chain.Counts[count]);
        for (int from = 0; from < fitting; from++)
        {
            for (int to = 1; to < _strategies; to++) gains[(to * _strategies) + from] = (_interval - Seconds(from, to, loss, count)) * _space.Throughput[to];
        }

        return _gains[loss][count] = gains;
    }

    private double Seconds(int from, int to, int loss, int count)
    {
        int index = (from * _strategies) + to;
        if (loss == 0 || from == 0) return _space.Unharmed[index];
        var (before, after) = (_space.Strategies[from], _space.Strategies[to]);
        double moved = after.Instances <= before.Instances - _chain.Losses[loss] ? _space.Leaving[index] : _space.Joining[index];
        int narrower = Array.IndexOf(_space.Narrower[from], to);
        if (narrower < 0) return moved;

        // As many pipelines as are intact, or fewer, go on at the price of new routes.
        var survival = _survival[from]!.Chances(count, loss, out int fewest);
        double intact = 0;
        for (int d = 0; d < survival.Length && fewest + d <= before.Pipelines - after.Pipelines; d++) intact += survival[d];
        return (intact * _space.Rerouting[from][narrower]) + ((1 - intact) * moved);
    }

    /// <summary>What becomes of each strategy with so many instances.</summary>
    private int[] Cut(int instances)
    {
        var cut = new int[_strategies];
        for (int s = 1; s < cut.Length; s++)
        {
            var (pipelines, depth) = _space.Strategies[s];
            if (pipelines * depth <= instances)
            {
                cut[s] = s;
                continue;
            }

            var fits = instances / depth > 0 ? new Strategy(instances / depth, depth) : new Strategy(1, instances);
            cut[s] = Math.Max(0, Array.IndexOf(_space.Strategies, fits));
        }

        return cut;
    }

    private double[][] NewValues()
    {
        var values = new double[_chain.Counts.Length][];
        for (int i = 0; i < values.Length; i++) values[i] = new double[_strategies];
        return values;
    }
}
