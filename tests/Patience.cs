namespace Parcae;

/// <summary>How long tests wait for what must come. It never decides whether one passes: it is longer than anything takes on a machine that does a hundred other things, and only ends a test for which nothing comes any more.</summary>
internal static class Patience
{
    /// <summary>For everything.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(4);

    /// <summary>Waits for what other threads bring about and nobody tells of.</summary>
    public static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Long);
        while (!condition()) await Task.Delay(5, limit.Token);
    }
}
