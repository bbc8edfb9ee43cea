using CsCheck;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

/// <summary>Any traces at all.</summary>
internal static class RandomTraces
{
    /// <summary>Intervals that follow from each other, with churn.</summary>
    public static Gen<TraceInterval[]> Intervals(int least = 1, int most = 30) =>
        Gen.Select(Gen.Int[0, 9], Gen.Select(Gen.Int[0, 6], Gen.Int[0, 9]).Array[least, most]).Select((first, steps) =>
        {
            int count = first;
            return Array.ConvertAll(steps, step =>
            {
                int removed = Math.Min(step.Item2, count + step.Item1);
                count += step.Item1 - removed;
                return new TraceInterval(step.Item1, removed, count);
            });
        });

    /// <summary>Traces without zones.</summary>
    public static readonly Gen<AvailabilityTrace> Plain =
        Gen.Select(Intervals(), Gen.Int[0, 5].Select(i => ((double[])[60, 1, 0.25, 1.0 / 3, 300, 0.001])[i])).Select((intervals, seconds) => new AvailabilityTrace("t", "random", seconds, intervals));

    /// <summary>Traces of one to four zones.</summary>
    public static readonly Gen<AvailabilityTrace> Zoned =
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 30]).SelectMany((zones, length) => Intervals(length, length).Array[zones]).Select(zones =>
            AvailabilityTrace.FromZones(
                "t", "random", 60, zones.Select((z, i) => (Name: $"z{i}", Zone: z)).ToDictionary(z => z.Name, z => (IReadOnlyList<TraceInterval>)z.Zone),
                new Dictionary<string, TraceSegment> { ["All"] = new(0, zones[0].Length) }));
}
