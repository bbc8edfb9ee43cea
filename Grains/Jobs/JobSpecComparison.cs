using System.Text.Json;

namespace Parcae.Grains.Jobs;

/// <summary>Compares job specs by content.</summary>
internal static class JobSpecComparison
{
    /// <summary>Whether both ask for the same. Not by the records' own equality, which takes arrays by reference.</summary>
    public static bool Same(JobSpec a, JobSpec b) => JsonSerializer.Serialize(a) == JsonSerializer.Serialize(b);
}
