using Parcae.Cli.Commands;
using Parcae.Cli.Profiling;
using Parcae.Grains;
using Parcae.Grains.Profiling;
using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Client.Tests.Profiling;

public sealed class ProfileAssemblyTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly ProfileRequest Request = new()
    {
        Spec = new JobSpec { Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 4 }, Planning = new PlanningSpec { MemoryBytes = 1 << 20 } },
        MaxPipelines = 3,
        MaxDepth = 8,
    };

    // Three layers of 1000 parameters; forward 1 ms, backward 2 ms a sample, the update 0.5 ms; the last layer was not measured.
    private static readonly ProfileMeasurements Measured = new()
    {
        Outline = new ModelOutline
        {
            Description = "three layers",
            Layers = [new("a", 1000, 100, 1 << 10, 100, 1e-3, 2e-3), new("b", 1000, 100, 1 << 10, 100, 1e-3, 2e-3), new("c", 1000, 200, 1 << 10, 0)],
            StateBytesPerParameter = 12,
            Parameters = 3000,
        },
        UpdateSeconds = [5e-4, 5e-4, null],
        Links = [new LinkTime(1000, 0.1), new LinkTime(1_000_000, 10)],
        Strategies = [new StrategyTime(1, 1, 0.2, 30, 50_000_000), new StrategyTime(1, 2, 0.1, 24, 40_000_000)],
        ProcessStartMs = 800,
        ConnectMs = 7,
        CheckpointMs = 90,
        Machine = "2 cores",
    };

    [Fact]
    public void What_was_run_is_as_measured_and_the_rest_computed_and_corrected_by_the_runs()
    {
        var profile = new ProfileAssembly(Request, Measured);
        Assert.Equal(9, profile.Rows.Count);
        var one = profile.Rows[0];

        // 4 micro-batches of 2 samples of (3 + 3 + 6) ms, and the updates; the last one by its operations, 20 a parameter, at 300 in 3 ms.
        Assert.Equal((4 * 2 * 12e-3) + 5e-4 + 5e-4 + (1000 * 20 * 1e-5), one.ComputedSeconds, 1e-9);
        Assert.Equal(0.2, one.StepSeconds);
        double first = 0.2 / one.ComputedSeconds, second = 0.1 / profile.Rows.Single(r => (r.Pipelines, r.Depth) == (1, 2)).ComputedSeconds;
        Assert.Equal((first + second) / 2, profile.Correction, 1e-9);
        var other = profile.Rows.Single(r => (r.Pipelines, r.Depth) == (3, 2));
        Assert.Equal(other.ComputedSeconds * profile.Correction, other.StepSeconds, 1e-12);
        Assert.Equal(1, new ProfileAssembly(Request, Measured with { Strategies = [] }).Correction);
    }

    [Fact]
    public void The_document_can_be_read_again_and_holds_the_constants_of_reconfiguration()
    {
        var document = new ProfileAssembly(Request, Measured).ToDocument("three", Now);
        var profile = ProfileFile.Parse("written", System.Text.Encoding.UTF8.GetBytes(ProfileWriter.Text(document)));
        Assert.Equal(("three", 8, 3, 12, 1e8), (profile.Model, profile.GlobalBatch, profile.LayerCount, profile.StateBytesPerParameter, profile.LinkBytesPerSecond));
        Assert.Equal((8 / 0.2, 8 / 0.1), (profile.Throughput(1, 1), profile.Throughput(1, 2)));
        Assert.Equal((1, 3, 3), (profile.MinDepth, profile.MaxDepth, profile.MaxPipelines));

        var constants = profile.Reconfiguration!;
        Assert.Equal((800, 90, 0, 30, 24), (constants.ProcessStartMs, constants.CheckpointMs, constants.RendezvousMs, constants.ModelBuild(1), constants.ModelBuild(2)));
        Assert.Equal(24 / 2, constants.ModelBuild(3)); // in proportion to the largest stage, 1000 parameters in place of 2000
        Assert.Equal(7, constants.Groups.Milliseconds(new(2, 2), joining: true));
        Assert.Equal(10, constants.Transfers.Milliseconds(1_000_000));
        Assert.Equal([(2.0, 4.0, 0.5), (2.0, 4.0, 0.5), (4.0, 8.0, 0.0)], document.Layers.Select(l => (Math.Round(l.ForwardMs, 9), Math.Round(l.BackwardMs, 9), l.OptimizerMs)));
        Assert.Equal(2048.0 / (1 << 20), document.Layers[0].ActivationMiB);
    }

    [Fact]
    public void The_source_says_what_was_measured_and_what_computed()
    {
        string source = new ProfileAssembly(Request, Measured).ToDocument("three", Now).Source!;
        Assert.Contains("2026-03-01", source, StringComparison.Ordinal);
        Assert.Contains("times of 2 of 3 layers alone", source, StringComparison.Ordinal);
        Assert.Contains("steps of 1x1, 1x2 with real workers (at most 50 MB resident in one)", source, StringComparison.Ordinal);
        Assert.Contains("Computed: 7 of 9 strategies", source, StringComparison.Ordinal);
        Assert.InRange(source.Length, 1, ProfileLimits.MaxTextLength);
    }

    [Fact]
    public void Strategies_that_need_more_memory_than_an_instance_has_are_left_out()
    {
        // 16 bytes a parameter, 2 samples of 1 KiB a layer and micro-batch in flight.
        ProfileAssembly With(long bytes) => new(Request with { Spec = Request.Spec with { Planning = new PlanningSpec { MemoryBytes = bytes } } }, Measured with { Strategies = [] });
        Assert.DoesNotContain(With(48_000 + 6143).Rows, r => r.Depth == 1);
        Assert.Contains(With(48_000 + 6144).Rows, r => r.Depth == 1);
        var none = Assert.Throws<CommandFailedException>(() => With(1000).ToDocument("three", Now));
        Assert.Contains("1.0 KB", none.Message, StringComparison.Ordinal);
    }
}
