using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using Parcae.Liveput.Planning.Futures;

namespace Parcae.Liveput.Planning.LookAhead;

/// <summary>One step back of the look-ahead for one strategy at a time: the expected samples of what follows an interval, for every count that the interval may begin with.</summary>
/// <remarks>
/// Rows run over the counts that the next interval may begin with, so that several are treated at once. For a strategy the best to change to is found for all losses in one
/// sweep over the strategies: what is left after a loss decides up to which of them no instances need to join, and the best up to there and from there on are running maxima.
/// One instance serves one thread; nothing is allocated per strategy.
/// </remarks>
internal sealed class StrategyStep
{
    private readonly StrategySpace _space;
    private readonly AvailabilityChain _chain;
    private readonly double _interval;
    private readonly int _stride;
    private readonly double[] _unharmed;
    private readonly double[] _harmed;
    private readonly double[] _rerouted;
    private readonly double[] _running;
    private readonly int[] _left;

    /// <summary>Room for the steps of a look-ahead.</summary>
    /// <param name="space">The strategies.</param>
    /// <param name="chain">The futures.</param>
    /// <param name="intervalSeconds">T.</param>
    /// <param name="stride">Length of a row: <see cref="Stride"/>.</param>
    public StrategyStep(StrategySpace space, AvailabilityChain chain, double intervalSeconds, int stride)
    {
        (_space, _chain, _interval, _stride) = (space, chain, intervalSeconds, stride);
        _unharmed = new double[stride];
        _running = new double[stride];
        _harmed = new double[chain.Losses.Length * stride];
        _rerouted = new double[(space.Strategies.Max(s => s.Pipelines) + 1) * stride];
        _left = new int[chain.Losses.Length];
    }

    /// <summary>Length of a row over <paramref name="counts"/> counts: whole vectors, and one more for those that begin late.</summary>
    public static int Stride(int counts) => LossMoves.Padded(counts) + Vector256<double>.Count;

    /// <summary>Fills in the values of a strategy.</summary>
    /// <param name="s">The strategy.</param>
    /// <param name="survival">What losses leave of it; null for the pause.</param>
    /// <param name="moves">What may happen to each count; null: nothing, that count has no chance.</param>
    /// <param name="future">Values of the next interval, <c>[strategy * stride + count]</c>, negative infinity for a strategy that does not fit.</param>
    /// <param name="values">Values of this interval, a row.</param>
    public void Run(int s, SurvivalTable? survival, LossMoves?[] moves, double[] future, Span<double> values)
    {
        Sweep(_space.Unharmed, s, future, 1, _space.Count, _unharmed);
        PauseWhereNothingFits(future, _unharmed);
        if (survival is not null)
        {
            Harmed(s, future);
            Rerouted(s, future);
        }

        for (int count = 0; count < moves.Length; count++)
        {
            if (values[count] == double.NegativeInfinity) continue;
            double value = 0;
            if (moves[count] is { } possible)
            {
                for (int i = 0; i < possible.Count; i++)
                {
                    var (loss, low) = possible.Row(i, out var probabilities);
                    if (survival is null || loss == 0)
                    {
                        value += Expected(probabilities, _unharmed.AsSpan(low));
                        continue;
                    }

                    var chances = survival.Chances(count, loss, out int fewest);
                    value += Expected(probabilities, _harmed.AsSpan((loss * _stride) + low), chances, _rerouted.AsSpan((fewest * _stride) + low));
                }
            }

            values[count] = value;
        }
    }

    /// <summary>For each loss, the best to change to when layers have to move.</summary>
    private void Harmed(int s, double[] future)
    {
        int losses = _left.Length, instances = _space.Strategies[s].Instances;
        for (int loss = 1; loss < losses; loss++) _left[loss] = Math.Max(1, _space.Fitting(instances - _chain.Losses[loss]));

        // The more are lost the fewer are left: from the greatest loss on upwards, from the least on downwards.
        Array.Fill(_running, double.NegativeInfinity);
        int to = 1;
        for (int loss = losses - 1; loss >= 1; loss--)
        {
            Extend(_space.Leaving, s, future, to, _left[loss], _running);
            to = Math.Max(to, _left[loss]);
            _running.CopyTo(_harmed.AsSpan(loss * _stride));
        }

        Array.Fill(_running, double.NegativeInfinity);
        to = _space.Count;
        for (int loss = 1; loss < losses; loss++)
        {
            Extend(_space.Joining, s, future, _left[loss], to, _running);
            to = Math.Min(to, _left[loss]);
            var row = _harmed.AsSpan(loss * _stride, _stride);
            for (int i = 0; i < _stride; i++) row[i] = Math.Max(row[i], _running[i]);
            PauseWhereNothingFits(future, row);
        }
    }

    /// <summary>For each number of broken pipelines, the best to go on with that is intact.</summary>
    private void Rerouted(int s, double[] future)
    {
        int[] narrower = _space.Narrower[s];
        int pipelines = _space.Strategies[s].Pipelines, i = 0;
        Array.Fill(_running, double.NegativeInfinity);
        for (int broken = pipelines; broken >= 0; broken--)
        {
            for (; i < narrower.Length && _space.Strategies[narrower[i]].Pipelines <= pipelines - broken; i++)
            {
                // Only the strategy itself needs no new routes, when nothing is broken.
                double seconds = narrower[i] == s ? 0 : _space.Rerouting[s][i];
                Raise(_running, future.AsSpan(narrower[i] * _stride, _stride), (_interval - seconds) * _space.Throughput[narrower[i]]);
            }

            _running.CopyTo(_rerouted.AsSpan(broken * _stride));
        }
    }

    private void Sweep(double[] seconds, int s, double[] future, int from, int to, double[] best)
    {
        Array.Fill(best, double.NegativeInfinity);
        Extend(seconds, s, future, from, to, best);
    }

    /// <summary>Takes the strategies [from, to) into a running maximum.</summary>
    private void Extend(double[] seconds, int s, double[] future, int from, int to, double[] best)
    {
        for (int t = from; t < to; t++) Raise(best, future.AsSpan(t * _stride, _stride), (_interval - seconds[(s * _space.Count) + t]) * _space.Throughput[t]);
    }

    /// <summary>A job pauses only while nothing fits.</summary>
    private static void PauseWhereNothingFits(double[] future, Span<double> best)
    {
        for (int i = 0; i < best.Length; i++)
        {
            if (best[i] == double.NegativeInfinity) best[i] = future[i];
        }
    }

    /// <summary>best = max(best, future + gain), of whole vectors.</summary>
    private static void Raise(Span<double> best, ReadOnlySpan<double> future, double gain)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(future.Length, best.Length);
        ref double target = ref MemoryMarshal.GetReference(best), source = ref MemoryMarshal.GetReference(future);
        var added = Vector256.Create(gain);
        for (nuint i = 0; i < (nuint)best.Length; i += (nuint)Vector256<double>.Count)
        {
            Vector256.MaxNative(Vector256.LoadUnsafe(ref target, i), Vector256.LoadUnsafe(ref source, i) + added).StoreUnsafe(ref target, i);
        }
    }

    /// <summary>Sum of probability * value.</summary>
    private static double Expected(ReadOnlySpan<double> probabilities, ReadOnlySpan<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probabilities.Length, values.Length);
        ref double weights = ref MemoryMarshal.GetReference(probabilities), source = ref MemoryMarshal.GetReference(values);
        var sum = Vector256<double>.Zero;
        for (nuint i = 0; i < (nuint)probabilities.Length; i += (nuint)Vector256<double>.Count)
        {
            sum = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref weights, i), Vector256.LoadUnsafe(ref source, i), sum);
        }

        return Vector256.Sum(sum);
    }

    /// <summary>Sum of probability * chance * the better of changing and of going on with what is intact.</summary>
    private double Expected(ReadOnlySpan<double> probabilities, ReadOnlySpan<double> changed, ReadOnlySpan<double> chances, ReadOnlySpan<double> rerouted)
    {
        if (chances.Length == 0) return 0;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probabilities.Length, changed.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(((chances.Length - 1) * _stride) + probabilities.Length, rerouted.Length);
        ref double weights = ref MemoryMarshal.GetReference(probabilities), other = ref MemoryMarshal.GetReference(changed);
        ref double intact = ref MemoryMarshal.GetReference(rerouted), broken = ref MemoryMarshal.GetReference(chances);
        var sum = Vector256<double>.Zero;
        for (nuint i = 0; i < (nuint)probabilities.Length; i += (nuint)Vector256<double>.Count)
        {
            var change = Vector256.LoadUnsafe(ref other, i);
            var expected = Vector256<double>.Zero;
            nuint row = i;
            for (int b = 0; b < chances.Length; b++, row += (nuint)_stride)
            {
                expected = Vector256.FusedMultiplyAdd(Vector256.Create(Unsafe.Add(ref broken, b)), Vector256.MaxNative(change, Vector256.LoadUnsafe(ref intact, row)), expected);
            }

            sum = Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref weights, i), expected, sum);
        }

        return Vector256.Sum(sum);
    }
}
