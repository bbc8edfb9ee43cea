namespace Parcae.Liveput.Planning;

/// <summary>
/// The dynamic program over the look-ahead: expected samples from interval i on, by count of instances, strategy and migration time still owed.
/// </summary>
/// <remarks>
/// In an interval of T seconds that begins with n instances and strategy s, some strategy s' that fits is taken at cost c. It brings (T - c) times its liveput: over the losses k of the chain and
/// what they leave of the pipelines, the throughput of the best recovery, taken at once for the whole interval: go on with the pipelines that are intact,
/// man more at the same depth from spares and left-over replicas, or change to the fastest strategy for the n - k that are left, unless that is
/// faster than s'; each at its cost. A job pauses only while nothing fits.
/// Cost beyond an interval is carried into the next ones, rounded up to steps of at least a quarter of an interval; whoever owes more than twice the longest change, which only changing again and
/// again can bring about, is taken to bring nothing.
/// </remarks>
internal sealed class LookAheadProgram
{
    private const int MaxCarryLevels = 12;

    private readonly StrategySpace _space;
    private readonly AvailabilityChain _chain;
    private readonly double _interval;
    private readonly SurvivalTable?[] _survival;
    private readonly int _levels;
    private readonly int _rows;
    private readonly double _carryUnit;
    private readonly double[] _expected;
    private double[][] _next;
    private double[][] _values;

    /// <summary>A program for strategies and futures.</summary>
    /// <param name="space">The strategies.</param>
    /// <param name="chain">The futures.</param>
    /// <param name="intervalSeconds">T.</param>
    /// <param name="longestFirst">The longest first change that will be asked for, with what is owed already, seconds.</param>
    public LookAheadProgram(StrategySpace space, AvailabilityChain chain, double intervalSeconds, double longestFirst)
    {
        (_space, _chain, _interval) = (space, chain, intervalSeconds);
        double longest = longestFirst;
        foreach (double seconds in space.Moves) longest = Math.Max(longest, seconds);
        foreach (double seconds in space.Remans) longest = Math.Max(longest, seconds);
        double carried = longest <= intervalSeconds ? 0 : Math.Max(0, Math.Min(2 * longest, chain.Horizon * intervalSeconds) - intervalSeconds);
        _carryUnit = Math.Max(intervalSeconds / 4, carried / MaxCarryLevels);
        _levels = (int)Math.Ceiling((carried / _carryUnit) - 1e-9) + 1;

        // One more row, of zeros, for whoever owes more than the levels hold.
        _rows = longest <= intervalSeconds ? 1 : _levels + 1;
        _survival = SurvivalTables.For(space.Strategies, chain.Counts, chain.Losses);
        int size = _rows * space.Count;
        _next = NewValues(chain.Counts.Length, size);
        _values = NewValues(chain.Counts.Length, size);
        _expected = new double[chain.Losses.Length * size];
        Rate = new double[space.Count];
        Future = new double[size];
    }

    /// <summary>After <see cref="Run"/>: liveput of each strategy in the first interval, samples per second.</summary>
    public double[] Rate { get; }

    /// <summary>After <see cref="Run"/>: expected samples of what follows the first interval, by time still owed and strategy.</summary>
    private double[] Future { get; }

    /// <summary>Works backwards to the first interval.</summary>
    public void Run()
    {
        for (int interval = _chain.Horizon - 1; interval >= 1; interval--)
        {
            for (int count = 0; count < _chain.Counts.Length; count++)
            {
                if (_chain.Moves[interval][count] is not { } moves) continue;
                Evaluate(count, moves);
                Maximise(count);
            }

            (_next, _values) = (_values, _next);
        }

        Evaluate(_chain.Start, _chain.Moves[0][_chain.Start]!);
    }

    /// <summary>After <see cref="Run"/>: expected samples when a strategy is taken now at a cost.</summary>
    public double Value(int strategy, double seconds) =>
        (Math.Max(0, _interval - seconds) * Rate[strategy]) + Future[(Level(seconds - _interval) * _space.Count) + strategy];

    private static double[][] NewValues(int counts, int size)
    {
        var values = new double[counts][];
        for (int i = 0; i < counts; i++) values[i] = new double[size];
        return values;
    }

    private int Level(double carried) => carried <= 0 ? 0 : (int)Math.Min(_rows - 1, Math.Ceiling((carried / _carryUnit) - 1e-9));

    /// <summary>Rate and future of every strategy that fits a count.</summary>
    private void Evaluate(int count, List<CountMove> moves)
    {
        int strategies = _space.Count, instances = _chain.Counts[count];
        var chances = Expect(moves, instances);
        int fitting = _space.Fitting(instances);
        Rate[0] = 0;
        for (int level = 0; level < _levels; level++) Future[level * strategies] = 0;
        for (int s = 0; s < fitting; s++)
        {
            Rate[s] = 0;
            for (int level = 0; level < _levels; level++) Future[(level * strategies) + s] = 0;
            for (int loss = 0; loss < chances.Length; loss++)
            {
                if (chances[loss] > 0) Suffer(s, count, loss, chances[loss]);
            }
        }
    }

    /// <summary>Fills in the expected value of the next interval given each loss; returns the chance of each.</summary>
    private double[] Expect(List<CountMove> moves, int instances)
    {
        int strategies = _space.Count, size = _rows * strategies;
        var chances = new double[_chain.Losses.Length];
        foreach (var move in moves) chances[move.Loss] += move.Probability;
        int previous = -1;
        foreach (var (loss, next, probability) in moves)
        {
            var row = _expected.AsSpan(loss * size, size);
            if (loss != previous) row.Clear();
            previous = loss;

            // What goes on after the loss fits what is left; nothing else is asked for.
            int fitting = _space.Fitting(Math.Max(0, instances - _chain.Losses[loss]));
            for (int level = 0; level < _levels; level++)
            {
                Lanes.AddScaled(row.Slice(level * strategies, fitting), _next[next].AsSpan(level * strategies, fitting), probability / chances[loss]);
            }
        }

        return chances;
    }

    /// <summary>Adds what strategy <paramref name="s"/> brings when <paramref name="loss"/> happens.</summary>
    private void Suffer(int s, int count, int loss, double chance)
    {
        int lost = _chain.Losses[loss], left = Math.Max(0, _chain.Counts[count] - lost);
        if (s == 0 || lost == 0)
        {
            Take(s, s, loss, 0, chance);
            return;
        }

        int strategies = _space.Count;
        var (pipelines, depth) = _space.Strategies[s];
        var survival = _survival[s]!.Chances(count, loss, out int fewest);
        if (fewest == 0) Take(s, s, loss, 0, chance * survival[0]);
        if (fewest + survival.Length == 1) return;

        // Manning again costs the same however much is broken, and so does growing or changing the depth; a loss is no occasion to become faster than before, that can be had without.
        int manned = _space.BestAtMost(Math.Min(pipelines, left / depth), depth), other = _space.BestFitting(left);
        var mannedWay = Way(manned, loss, _space.Remans[(s * strategies) + manned]);
        bool manning = _space.Strategies[other].Depth == depth && _space.Strategies[other].Pipelines <= pipelines;
        bool gains = manned != 0 && _space.Throughput[other] > _space.Throughput[s];
        var otherWay = manning || gains ? Recovery.Impossible : Way(other, loss, _space.Moves[(s * strategies) + other]);
        for (int broken = Math.Max(1, fewest); broken < fewest + survival.Length; broken++)
        {
            int intact = _space.BestAtMost(pipelines - broken, depth);
            var best = Way(intact, loss, _space.Moves[(s * strategies) + intact]);
            if (_space.Strategies[manned].Pipelines > pipelines - broken && mannedWay.Worth > best.Worth) best = mannedWay;
            if (otherWay.Worth > best.Worth) best = otherWay;
            Take(s, best.Strategy, loss, best.Seconds, chance * survival[broken - fewest]);
        }
    }

    /// <summary>A way to go on after a loss; a pause only where there is no other.</summary>
    private Recovery Way(int strategy, int loss, double seconds) => strategy == 0
        ? new Recovery(0, 0, -1)
        : new Recovery(strategy, seconds, (Math.Max(0, _interval - seconds) * _space.Throughput[strategy]) + _expected[(((loss * _rows) + Level(seconds - _interval)) * _space.Count) + strategy]);

    private void Take(int s, int strategy, int loss, double seconds, double chance)
    {
        Rate[s] += chance * _space.Throughput[strategy] * Math.Max(0, 1 - (seconds / _interval));
        double carried = Math.Max(0, seconds - _interval);
        for (int level = 0; level < _levels; level++)
        {
            int owed = carried == 0 ? level : Level((level * _carryUnit) + carried);
            Future[(level * _space.Count) + s] += chance * _expected[(((loss * _rows) + owed) * _space.Count) + strategy];
        }
    }

    /// <summary>The best choice from every strategy that may be in force at a count.</summary>
    private void Maximise(int count)
    {
        int strategies = _space.Count, fitting = _space.Fitting(_chain.Counts[count]);
        int states = _chain.Grouped ? strategies : fitting;
        var values = _values[count];

        // Nobody pauses while something fits.
        int first = Math.Min(1, fitting - 1);
        for (int s = 0; s < states; s++)
        {
            var moves = _space.Moves.AsSpan(s * strategies, fitting);
            if (_rows == 1)
            {
                values[s] = Lanes.Best(moves[first..], Rate.AsSpan(first), Future.AsSpan(first), _interval);
                continue;
            }

            for (int level = 0; level < _levels; level++)
            {
                double best = 0;
                for (int to = first; to < fitting; to++) best = Math.Max(best, Value(to, moves[to] + (level * _carryUnit)));
                values[(level * strategies) + s] = best;
            }
        }
    }

    private readonly record struct Recovery(int Strategy, double Seconds, double Worth)
    {
        public static Recovery Impossible => new(0, 0, double.NegativeInfinity);
    }
}
