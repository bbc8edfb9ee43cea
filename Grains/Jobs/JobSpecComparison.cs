namespace Parcae.Grains.Jobs;

/// <summary>Compares job specs by content.</summary>
internal static class JobSpecComparison
{
    /// <summary>Whether both ask for the same.</summary>
    public static bool Same(JobSpec a, JobSpec b) =>
        a.Data.Paths.SequenceEqual(b.Data.Paths) && Plain(a) == Plain(b);

    // Records compare their arrays by reference: put both on the same one.
    private static JobSpec Plain(JobSpec spec) => spec with { Data = spec.Data with { Paths = NoPaths } };

    private static readonly string[] NoPaths = [];
}
