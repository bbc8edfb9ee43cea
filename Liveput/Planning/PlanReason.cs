using System.Globalization;

namespace Parcae.Liveput.Planning;

/// <summary>Says in a sentence why a strategy was chosen.</summary>
internal static class PlanReason
{
    public static string For(PlanRequest request, int intact, PlanCandidate chosen, PlanCandidate[] candidates, int horizon)
    {
        var current = request.Current;
        int spares = request.Available - chosen.Strategy.Instances;
        string with = spares == 0 ? "no spare" : spares == 1 ? "1 spare" : $"{spares} spares";
        string what = $"{chosen.Strategy} on {Instances(request.Available)} ({with}): {Rate(chosen.Throughput)} samples/s, {Rate(chosen.Liveput)} over what may be lost";
        string why = current.IsPause ? "starts"
            : chosen.Strategy == current && intact == current.Pipelines ? "keeps the current plan"
            : chosen.Strategy == current ? $"keeps the strategy, {current.Pipelines - intact} of {current.Pipelines} pipelines to be manned again"
            : current.Instances > request.Available ? $"{current} no longer fits"
            : $"leaves {current} for {Seconds(chosen.MigrationSeconds)} of migration";
        var rival = Array.Find(candidates, c => c.Strategy != chosen.Strategy);
        if (rival is null || chosen.ExpectedSamples <= 0) return $"{what}; {why}; nothing else fits";
        double gain = (chosen.ExpectedSamples - rival.ExpectedSamples) / chosen.ExpectedSamples;
        string margin = gain < 0 ? $"{Percent(-gain)} less than {rival.Strategy} would, too little to change for" : $"{Percent(gain)} more than {rival.Strategy}";
        return $"{what}; {why}; brings {margin} over {horizon} intervals";
    }

    public static string Instances(int count) => count == 1 ? "1 instance" : $"{count} instances";

    public static string Strategies(int count) => count == 1 ? "1 strategy" : $"{count} strategies";

    public static string Beyond(int count, Limits.HourlyBudget budget) =>
        $"{Instances(count)} beyond the budget of {budget.UsdPerHour.ToString("0.###", CultureInfo.InvariantCulture)} USD/h {(count == 1 ? "is" : "are")} not worth renting";

    private static string Rate(double value) => value.ToString(value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Seconds(double value) => value.ToString("0.0#", CultureInfo.InvariantCulture) + " s";

    private static string Percent(double value) => (100 * value).ToString(value < 0.1 ? "0.0#" : "0", CultureInfo.InvariantCulture) + " %";
}
