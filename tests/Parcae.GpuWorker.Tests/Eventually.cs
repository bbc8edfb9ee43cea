namespace Parcae.GpuWorker.Tests;

/// <summary>Waiting for what other threads bring about and nobody tells of.</summary>
internal static class Eventually
{
    /// <summary>Waits until something is so, for no longer than 90 seconds.</summary>
    public static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!condition()) await Task.Delay(5, limit.Token);
    }
}
