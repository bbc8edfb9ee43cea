using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>Files and folders that a job names: whoever may submit one would else have this process read whatever it may read.</summary>
internal static class JobFiles
{
    /// <summary>Does nothing where all of them lie in folders that are allowed.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="allowed">The folders; null: all.</param>
    /// <exception cref="ArgumentException">One lies elsewhere; the message names the job's member, the file and the folders.</exception>
    public static void Check(JobSpec spec, AllowedFolders? allowed)
    {
        if (allowed is null) return;
        foreach (var (member, path) in Of(spec))
        {
            if (!allowed.Hold(path)) throw new ArgumentException($"{member}: {path} is not used: it must lie in one of the folders of this silo's --data-folders, {allowed}", nameof(spec));
        }
    }

    private static IEnumerable<(string Member, string Path)> Of(JobSpec spec) =>
    [
        .. spec.Data.Paths.Select(p => ("data.paths", p)),
        .. Named(("data.cacheFolder", spec.Data.CacheFolder), ("data.vocabularyFile", spec.Data.VocabularyFile), ("data.mergesFile", spec.Data.MergesFile), ("model.initialWeights", spec.Model.InitialWeights)),
    ];

    private static IEnumerable<(string, string)> Named(params IEnumerable<(string Member, string? Path)> members) => members.Where(m => m.Path is not null).Select(m => (m.Member, m.Path!));
}
