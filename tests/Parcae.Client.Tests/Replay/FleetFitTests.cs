using Parcae.Cli.Replay.Fleet;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Replay;

public sealed class FleetFitTests
{
    [Theory]
    [InlineData("scale", 4, "2 4 3 1 0", "t has up to 8 instances, the fleet 4: its counts are scaled by 4/8")]
    [InlineData("clamp", 4, "4 4 4 2 0", "t has up to 8 instances, the fleet 4: its counts are cut off at 4 in 2 of 5 intervals")]
    [InlineData("scale", 8, "4 8 6 2 0", "t has at most 8 instances: its counts are taken as they are")]
    [InlineData("clamp", 9, "4 8 6 2 0", "t has at most 8 instances: its counts are taken as they are; 1 is of the fleet's 9 away all the time")]
    [InlineData("scale", 12, "4 8 6 2 0", "t has at most 8 instances: its counts are taken as they are; 4 are of the fleet's 12 away all the time")]
    public void A_trace_is_made_to_fit_the_fleet_and_that_is_said(string fitting, int fleet, string counts, string text)
    {
        var trace = Trace(4, 8, 6, 2, 0);
        var fit = FleetFit.Of(trace, fleet, Enum.Parse<FleetFitting>(fitting, ignoreCase: true));
        Assert.Equal((counts, text), (string.Join(' ', fit.Counts), fit.Text));
    }

    /// <summary>A trace of minutes, named t.</summary>
    internal static AvailabilityTrace Trace(params int[] counts) => new(
        "t", "a test", 60, [.. counts.Select((c, i) => (Now: c, Before: i == 0 ? c : counts[i - 1])).Select(c => new TraceInterval(Math.Max(0, c.Now - c.Before), Math.Max(0, c.Before - c.Now), c.Now))]);
}
