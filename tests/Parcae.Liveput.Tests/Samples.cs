using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests;

/// <summary>Small inputs that tests share.</summary>
internal static class Samples
{
    public static PlanningProfile Table(int layers, params (int Pipelines, int Depth, double SamplesPerSecond)[] entries) =>
        PlanningProfile.FromTable(
            "table", [.. Enumerable.Repeat(new LayerCost(1000, 1, 0, 0), layers)], 16, [.. entries.Select(e => new MeasuredThroughput(e.Pipelines, e.Depth, e.SamplesPerSecond))], 1e6);

    public static PlanningProfile Gpt15B() => BuiltInProfiles.Get("gpt-1.5b");

    /// <summary>The count is certain in every interval, and so are the losses.</summary>
    public static AvailabilityForecast Certain(IEnumerable<(int Available, int Lost)> intervals) =>
        new([.. intervals.Select(i => new IntervalForecast { Available = Point(i.Available), Lost = Point(i.Lost) })]);

    public static double[] Point(int at)
    {
        var p = new double[at + 1];
        p[at] = 1;
        return p;
    }

    public static PlanRequest Request(int available, AvailabilityForecast forecast, Strategy current = default, double intervalSeconds = 60, int? intact = null) => new()
    {
        Current = current,
        Available = available,
        IntactPipelines = intact ?? current.Pipelines,
        Forecast = forecast,
        IntervalSeconds = intervalSeconds,
    };
}

/// <summary>One price for each kind of change.</summary>
internal sealed record FlatCosts(double Intra, double Inter, double Pipeline, double Start) : IMigrationCostModel
{
    public double Seconds(MigrationCase migration) => migration.Kind switch
    {
        MigrationCaseKind.IntraStage => Intra,
        MigrationCaseKind.InterStage => Inter,
        MigrationCaseKind.Pipeline => Pipeline,
        _ => Start,
    };
}
