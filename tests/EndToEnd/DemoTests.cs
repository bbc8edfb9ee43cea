using System.Text.Json;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary>The main job with real processes: store, control silo, workers, kills.</summary>
[Collection("one at a time")]
public sealed class DemoTests
{
    [Fact]
    public async Task Workers_that_are_killed_leave_the_loss_where_an_undisturbed_run_has_it()
    {
        await using var demo = new DemoProcess("4 4 3 3 4 3 3", "--instances", "4", "--interval", "2.5", "--unannounced", "0.5", "--seed", "3", "--verify");

        var result = await demo.ResultAsync();

        Assert.Equal(2, result.GetProperty("preemptions").GetProperty("unannounced").GetInt32());
        AssertNothingLost(result);
        Assert.Equal(0, result.GetProperty("reference").GetProperty("maxLossDifference").GetDouble());
        Assert.True(result.GetProperty("finalLoss").GetDouble() < result.GetProperty("firstLoss").GetDouble());
        Assert.True(result.GetProperty("generations").GetArrayLength() >= 2, demo.Progress);
        Assert.Empty(demo.Children());
    }

    [Fact]
    public async Task Faults_at_points_drawn_from_the_seed_leave_the_loss_where_an_undisturbed_run_has_it()
    {
        LongTests.Only();
        await using var demo = new DemoProcess("4 4 4 4 4 4", "--instances", "4", "--interval", "1.5", "--chaos", "3", "--seed", "1", "--verify");

        var result = await demo.ResultAsync();

        Assert.Equal(3, result.GetProperty("chaos").GetProperty("ordered").GetInt32());
        Assert.True(result.GetProperty("chaos").GetProperty("struck").GetInt32() >= 2, demo.Progress);
        AssertNothingLost(result);
        Assert.Equal(0, result.GetProperty("reference").GetProperty("maxLossDifference").GetDouble());
        Assert.Empty(demo.Children());
    }

    [Fact]
    public async Task The_loss_of_the_control_silo_with_every_grain_and_the_vault_does_not_end_the_job()
    {
        LongTests.Only();
        await using var demo = new DemoProcess("3 3 3 3 3 3 3 3 3 3 3 3", "--instances", "3", "--interval", "3", "--steps", "90");
        await demo.SaysAsync("training");
        int control = Assert.Single(demo.Children("--role control"));

        DemoProcess.Signal("-KILL", control);

        var result = await demo.ResultAsync();
        Assert.Equal(90, result.GetProperty("steps").GetInt32());
        AssertNothingLost(result);
        Assert.Empty(demo.Children());
    }

    [Fact]
    public async Task Interrupted_it_stops_everything_that_it_started_and_resumed_it_goes_on_where_it_was()
    {
        await using var demo = new DemoProcess("3 3 3 3 3 3 3 3 3 3 3 3", "--instances", "3", "--interval", "3", "--steps", "40");
        await demo.SaysAsync("  loss ");
        Assert.Equal(5, demo.Children().Length);

        demo.Signal("-INT");
        var (exitCode, _) = await demo.EndAsync();

        Assert.True(exitCode == 130, $"Exit code {exitCode}.{Environment.NewLine}{demo.Progress}");
        Assert.Empty(demo.Children());
        Assert.Contains($"parcae demo --resume {demo.Work}", demo.Progress, StringComparison.Ordinal);

        await using var resumed = new DemoProcess(demo, "--verify");
        var result = await resumed.ResultAsync();
        Assert.Equal(40, result.GetProperty("steps").GetInt32());
        AssertNothingLost(result);
        Assert.Equal(0, result.GetProperty("reference").GetProperty("maxLossDifference").GetDouble());
        Assert.Contains("state from checkpoint", resumed.Progress, StringComparison.Ordinal);
        Assert.Empty(resumed.Children());
    }

    [Fact]
    public async Task Killed_itself_it_takes_everything_along()
    {
        await using var demo = new DemoProcess("3 3 3 3 3 3 3 3 3 3 3 3", "--instances", "3", "--interval", "3");
        await demo.SaysAsync("training");

        demo.Signal("-KILL");
        await demo.EndAsync();

        Assert.True(SpinWait.SpinUntil(() => demo.Children().Length == 0, Patience.Long));
    }

    private static void AssertNothingLost(JsonElement result)
    {
        Assert.Equal(0, result.GetProperty("samplesLost").GetInt64());
        Assert.Equal(0, result.GetProperty("samplesRepeated").GetInt64());
        int steps = result.GetProperty("steps").GetInt32();
        Assert.Equal(steps, result.GetProperty("losses").GetArrayLength());
        Assert.Equal((long)steps * result.GetProperty("globalBatch").GetInt32(), result.GetProperty("samplesCommitted").GetInt64());
    }
}
