using Parcae.Grains;

namespace Parcae.Cli.Demo.Results;

/// <summary>How a demo ended.</summary>
/// <param name="Result">For programs.</param>
/// <param name="History">Everything about the job.</param>
/// <param name="Verification">The comparison with the undisturbed run, or null.</param>
/// <param name="MemoryBytes">Memory that planning took a worker to have.</param>
/// <param name="SubmittedAt">When the job was submitted.</param>
internal sealed record DemoOutcome(DemoResult Result, JobHistory History, Verification? Verification, long MemoryBytes, DateTimeOffset SubmittedAt)
{
    /// <summary>Promises that were not kept; empty when all is well.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            var faults = new List<string>();
            if (Verification is { Same: false } difference) faults.Add(difference.Text);
            faults.AddRange(Broken(History.Ledger));
            return faults;
        }
    }

    /// <summary>What a job's accounts say against its promises; empty when all is well.</summary>
    public static IEnumerable<string> Broken(JobLedger ledger)
    {
        if (ledger.SamplesLost != 0) yield return $"{ledger.SamplesLost} samples were lost";
        if (ledger.SamplesRepeated != 0) yield return $"{ledger.SamplesRepeated} samples were trained on twice";
        if (ledger.ReplayMismatches != 0) yield return $"{ledger.ReplayMismatches} steps were different when run again";
    }

    /// <summary>What the reader must know about how planning saw the machine.</summary>
    public string PlanningNote =>
        $"Planning treated every worker as an accelerator of its own with a memory limit of {MemoryBytes / 1e6:0.#} MB, so that at least two stages are needed.";
}
