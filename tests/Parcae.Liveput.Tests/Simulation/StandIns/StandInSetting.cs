using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Checkpointing;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation.StandIns;

/// <summary>Settings whose figures can be worked out by hand: a restart takes 1 s and the transfer of the whole model 2 s more, a checkpoint 4 s.</summary>
internal static class StandInSetting
{
    public static CheckpointOptions EveryTwoMinutes { get; } = new() { Seconds = 120 };

    /// <summary>Four layers of 12 kB, 24 kB/s, 20 samples a step, intervals of 60 s.</summary>
    public static SimulationSetting Of((int Pipelines, int Depth, double SamplesPerSecond)[] table, params int[] available)
    {
        var profile = PlanningProfile.FromTable(
            "by hand", [.. Enumerable.Repeat(new LayerCost(1000, 1, 0, 0), 4)], 20, [.. table.Select(e => new MeasuredThroughput(e.Pipelines, e.Depth, e.SamplesPerSecond))], 24_000,
            new ProfileExtras
            {
                Reconfiguration = new ReconfigurationConstants
                {
                    RendezvousMs = 0,
                    ModelBuildMs = table.Select(e => e.Depth).Distinct().ToDictionary(p => p, _ => 1000.0),
                    CheckpointMs = 4000,
                    Groups = new InstanceSetup(0, 0) { ExtraMs = 0 },
                    Transfers = TransferTable.OfBandwidth(24_000),
                },
            });
        var intervals = available.Select((n, i) => new TraceInterval(Math.Max(0, n - (i == 0 ? 0 : available[i - 1])), i == 0 ? 0 : Math.Max(0, available[i - 1] - n), n)).ToArray();
        return new SimulationSetting(profile, new AvailabilityTrace("by hand", "test", 60, intervals), new ArtifactCosts(profile));
    }

    public static void Trains(IPolicy policy, SimulationSetting setting, params double[] samples)
    {
        var result = Simulator.Run(policy, setting);
        Assert.Equal(samples.Length, result.Intervals.Count);
        for (int i = 0; i < samples.Length; i++) Assert.Equal(samples[i], result.Intervals[i].Samples, 1e-6);
    }

    /// <summary>Every subset of <paramref name="count"/> of <paramref name="instances"/>.</summary>
    public static IEnumerable<bool[]> Subsets(int instances, int count)
    {
        for (int bits = 0; bits < 1 << instances; bits++)
        {
            if (int.PopCount(bits) == count) yield return [.. Enumerable.Range(0, instances).Select(i => (bits >> i & 1) != 0)];
        }
    }
}
