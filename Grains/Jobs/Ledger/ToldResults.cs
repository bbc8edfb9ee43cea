namespace Parcae.Grains.Jobs.Ledger;

/// <summary>Which of the step results that are told when everyone is halted count.</summary>
internal static class ToldResults
{
    /// <summary>
    /// The results of the current line of steps, in order. Only members of the plan and the vault that follows it speak of that line: what others remember may have been
    /// given up since.
    /// </summary>
    /// <param name="plan">The plan that was committed last, or null.</param>
    /// <param name="reports">What the workers and the vault told.</param>
    public static IEnumerable<StepResult> OfTheLine(GenerationPlan? plan, IEnumerable<HaltReport> reports) => reports
        .Where(r => plan?.Of(r.InstanceId) is not null || plan?.ShardOf(r.InstanceId) is not null)
        .SelectMany(r => r.Results)
        .OrderBy(r => r.Step);

    /// <summary>
    /// The results of the steps from <paramref name="passed"/> to <paramref name="version"/>, whoever told them, in order: for a generation that begins beyond what the line
    /// has passed, with the state of someone who was given up, or of a vault that was left alone, and that came back. Its steps become steps of the line.
    /// </summary>
    public static IEnumerable<StepResult> Beyond(int passed, int version, IEnumerable<HaltReport> reports) => reports
        .SelectMany(r => r.Results)
        .Where(r => r.Step >= passed && r.Step < version)
        .DistinctBy(r => r.Step)
        .OrderBy(r => r.Step);
}
