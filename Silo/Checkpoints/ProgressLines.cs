using System.Diagnostics;

namespace Parcae.Silo.Checkpoints;

/// <summary>Progress as lines like <c> 42 %  reading</c>, for work that takes longer than a moment; the command line makes a bar of them.</summary>
internal static class ProgressLines
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(250);

    /// <summary>Takes in shares from 0 to 1.</summary>
    public static Action<double> Of(TextWriter output, string work)
    {
        long last = Stopwatch.GetTimestamp();
        return share =>
        {
            if (Stopwatch.GetElapsedTime(last) < Often) return;
            last = Stopwatch.GetTimestamp();
            output.WriteLine($"{share * 100,3:0} %  {work}");
        };
    }
}
